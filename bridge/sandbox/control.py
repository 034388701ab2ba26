"""``/_sandbox/*``: what tests and demonstrations need, never part of Shopify."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from bridge.sandbox.faults import BadFault
from bridge.sandbox.limits import LIMITS
from bridge.sandbox.service import SANDBOX


def add_control_routes(app: web.Application) -> None:
    """Add the endpoints that contract.md names."""
    app.router.add_get("/_sandbox/state", _state)
    app.router.add_get("/_sandbox/journal", _journal)
    app.router.add_get("/_sandbox/requests", _requests)
    app.router.add_get("/_sandbox/limits", _limits)
    app.router.add_get("/_sandbox/faults", _waiting_faults)
    app.router.add_get("/_sandbox/clock", _now)
    app.router.add_post("/_sandbox/reset", _reset)
    app.router.add_post("/_sandbox/orders", _place_order)
    app.router.add_post("/_sandbox/faults", _plan_fault)
    app.router.add_post("/_sandbox/clock", _set_clock)


async def _state(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    sandbox.apply_late()
    return web.json_response(sandbox.store.state())


async def _journal(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    sandbox.apply_late()
    return web.json_response(sandbox.store.journal)


async def _requests(request: web.Request) -> web.Response:
    return web.json_response([entry.as_json() for entry in request.app[SANDBOX].log.entries])


async def _limits(_request: web.Request) -> web.Response:
    return web.json_response([{"area": area, "limit": text} for area, text in LIMITS])


async def _waiting_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[SANDBOX].faults.waiting())


async def _now(request: web.Request) -> web.Response:
    return web.json_response({"now": _iso(request.app[SANDBOX].clock())})


async def _reset(request: web.Request) -> web.Response:
    request.app[SANDBOX].reset()
    return web.json_response({"reset": True})


async def _place_order(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    sandbox.apply_late()
    try:
        order = sandbox.store.place_order(await _body(request))
    except ValueError as error:
        return _bad(str(error))
    sandbox.index.flush()
    return web.json_response(order, status=201)


async def _plan_fault(request: web.Request) -> web.Response:
    try:
        planned = request.app[SANDBOX].faults.plan(await _body(request))
    except BadFault as error:
        return _bad(str(error))
    return web.json_response(planned.as_json(), status=201)


async def _set_clock(request: web.Request) -> web.Response:
    """``{"advance": seconds}`` or ``{"set": "2026-11-23T12:00:00Z"}``; gives ``{"now"}``."""
    sandbox = request.app[SANDBOX]
    try:
        body = await _body(request)
        if set(body) - {"advance", "set"}:
            return _bad("the members are 'advance' (seconds) and 'set' (a time)")
        if "advance" in body:
            sandbox.clock.advance(float(body["advance"]))
        if "set" in body:
            sandbox.clock.set(datetime.fromisoformat(str(body["set"]).replace("Z", "+00:00")))
    except (ValueError, TypeError) as error:
        return _bad(str(error))
    sandbox.store.settle()
    sandbox.index.flush()
    sandbox.apply_late()
    return web.json_response({"now": _iso(sandbox.clock())})


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _bad(message: str) -> web.Response:
    return web.json_response({"error": message}, status=400)


async def _body(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent; an empty body counts as an empty object."""
    raw = await request.read()
    try:
        content = json.loads(raw or b"{}")
    except ValueError as error:
        raise BadFault(f"the body is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise BadFault("the body must be a JSON object")
    return content
