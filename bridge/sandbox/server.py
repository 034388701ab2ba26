"""The embedded store over HTTP: Shopify's endpoints, with faults, tokens and a request log.

``create_store_app`` wires it; ``/_sandbox/*`` is in ``control``. Captured: HTTP 200 for every
GraphQL reply, errors included. Documented: 401 for a wrong token; a version out of its window is
answered by the oldest supported one, named in ``X-Shopify-API-Version``. Assumed: the bodies of
401, 404 and 400.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from bridge.sandbox.bulk_http import add_bulk_routes
from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.context import SUPPORTED_VERSIONS, StoreLike
from bridge.sandbox.control import add_control_routes
from bridge.sandbox.execute import Answer, Engine, Request
from bridge.sandbox.faults import Fault, Planned
from bridge.sandbox.journal import Entry
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.service import SANDBOX, Late, Sandbox, StoreSettings
from bridge.sandbox.throttle import PLANS, Bucket
from bridge.sandbox.tokens import GrantRefused, Tokens

MAX_BODY: Final = 10 * 1024 * 1024  # far above any request of ours; aiohttp's 1 MiB is too small
_VERSION: Final = re.compile(r"\d{4}-(01|04|07|10)")
_CANDIDATES: Final = ("2027-01", "unstable")  # release candidate and unstable (November 2026)
_HUNG_LOOK: Final = 0.2  # seconds between looks whether a hung client has gone


def create_store_app(
    store: StoreLike, clock: SandboxClock, index: LaggedIndex, settings: StoreSettings | None = None
) -> web.Application:
    """An aiohttp application that answers as the store.

    ``store`` must have been made with this ``clock`` and this ``index``.
    """
    settings = settings or StoreSettings()
    bucket = Bucket(PLANS[settings.plan], clock)
    engine = Engine(
        store, index, bucket, scopes=settings.scopes, protected_data=settings.protected_data
    )
    tokens = Tokens(
        clock,
        static=settings.token,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        scopes=settings.scopes,
    )
    app = web.Application(client_max_size=MAX_BODY)
    app[SANDBOX] = Sandbox(store, clock, index, engine, tokens)
    app.router.add_post("/admin/api/{version}/graphql.json", _graphql)
    app.router.add_post("/admin/oauth/access_token", _access_token)
    add_control_routes(app)
    add_bulk_routes(app)
    app.on_shutdown.append(_close)
    return app


async def _close(app: web.Application) -> None:
    app[SANDBOX].closing.set()


def served_version(asked: str) -> str | None:
    """The version that answers: the one asked for, or the oldest supported one for older ones."""
    if asked in SUPPORTED_VERSIONS or asked in _CANDIDATES:
        return asked
    if _VERSION.fullmatch(asked) and asked < SUPPORTED_VERSIONS[0]:
        return SUPPORTED_VERSIONS[0]
    return None


async def _access_token(request: web.Request) -> web.Response:
    raw: Mapping[str, Any]
    if request.content_type == "application/json":
        content = _object(await request.read())
        raw = content if content is not None else {}
    else:
        raw = await request.post()
    try:
        return web.json_response(request.app[SANDBOX].tokens.grant(raw))
    except GrantRefused as refused:
        body = {"error": refused.error, "error_description": str(refused)}
        return web.json_response(body, status=400)


async def _graphql(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    version = served_version(request.match_info["version"])
    if version is None:
        return web.json_response({"errors": "Not Found"}, status=404)
    if not sandbox.tokens.opens(request.headers.get("X-Shopify-Access-Token", "")):
        message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return web.json_response({"errors": message}, status=401)
    content = _object(await request.read())
    query = content.get("query") if content is not None else None
    variables = (content or {}).get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        message = "Required parameter missing or invalid"
        return web.json_response({"errors": {"query": message}}, status=400)
    sandbox.apply_late()
    parsed = sandbox.engine.read(query, variables, (content or {}).get("operationName"))
    entry = sandbox.log.add(parsed.name, mutation=parsed.is_mutation)
    reply = _Reply(request, sandbox, parsed, entry, version)
    refused = sandbox.engine.refuse(parsed)
    if refused is not None:
        return reply.json(refused)
    struck = sandbox.faults.strike([parsed.name, *parsed.root_fields])
    if struck is None:
        return reply.json(reply.run())
    entry.fault = struck.fault.value
    return await reply.fail(struck)


@dataclass(slots=True)
class _Reply:
    """One request on its way out."""

    request: web.Request
    sandbox: Sandbox
    parsed: Request
    entry: Entry
    version: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def run(self) -> Answer:
        """Apply the request."""
        engine = self.sandbox.engine
        return engine.run(self.parsed, api_version=self.version, request_id=self.request_id)

    def json(self, answer: Answer) -> web.Response:
        """The answer as it should be."""
        self._note(answer, 200)
        return self._response(_encode(answer.body))

    async def fail(self, struck: Planned) -> web.StreamResponse:
        """The answer as the fault has it."""
        response: web.StreamResponse
        match struck.fault:
            case Fault.THROTTLE:
                answer = self.sandbox.engine.refuse(self.parsed, throttle=True)
                response = self.json(answer or Answer({"errors": []}))
            case Fault.HTTP_502_BEFORE:
                response = self._bad_gateway()
            case Fault.HTTP_502_AFTER:
                self._note(self.run(), 502)
                response = self._bad_gateway()
            case Fault.INTERNAL_ERROR:
                response = self._internal_error()
            case Fault.GARBAGE:
                self._note(self.run(), 200)
                response = self._response(_PAGE, content_type="text/html")
            case Fault.HALF_BODY:
                response = await self._half()
            case Fault.DROP_REPLY:
                self._note(self.run(), None)
                response = self._hang_up()
            case Fault.TIMEOUT:
                response = await self._never()
            case Fault.APPLY_LATE:
                self._later(struck.delay)
                response = await self._never()
        return response

    def _note(self, answer: Answer, status: int | None) -> None:
        entry = self.entry
        entry.requested_cost = answer.requested_cost
        entry.actual_cost = answer.actual_cost
        entry.throttled = answer.throttled
        entry.status = status
        codes = (error.get("extensions", {}) for error in answer.body.get("errors", ()))
        entry.errors = [str(found.get("code", "")) for found in codes]

    def _response(
        self, body: bytes, *, status: int = 200, content_type: str = "application/json"
    ) -> web.Response:
        return web.Response(
            body=body,
            status=status,
            headers=self._headers(),
            content_type=content_type,
            charset="utf-8",
        )

    def _headers(self) -> dict[str, str]:
        return {"X-Request-Id": self.request_id, "X-Shopify-API-Version": self.version}

    def _bad_gateway(self) -> web.Response:
        self.entry.status = 502
        return self._response(_PAGE, status=502, content_type="text/html")

    def _internal_error(self) -> web.Response:
        """Documented shape: no data, the request id; keys that came along are spent (assumed)."""
        engine = self.sandbox.engine
        for key in engine.take_in(self.parsed, api_version=self.version):
            engine.keys.broke(key)
        error = {
            "message": "Internal error. Looks like something went wrong on our end.\n"
            f"Request ID: {self.request_id} (include this in support requests).",
            "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": self.request_id},
        }
        return self.json(Answer({"errors": [error]}))

    async def _half(self) -> web.StreamResponse:
        answer = self.run()
        self._note(answer, 200)
        body = _encode(answer.body)
        response = web.StreamResponse(headers=self._headers())
        response.content_type = "application/json"
        response.content_length = len(body)
        await response.prepare(self.request)
        await response.write(body[: len(body) // 2])
        return self._hang_up(response)

    def _hang_up(self, response: web.StreamResponse | None = None) -> web.StreamResponse:
        if self.request.transport is not None:
            self.request.transport.close()
        return response or web.Response()

    async def _never(self) -> web.StreamResponse:
        """Wait until the client has gone, or the store closes."""
        closing = self.sandbox.closing
        while not closing.is_set():
            transport = self.request.transport
            if transport is None or transport.is_closing():
                break
            try:
                await asyncio.wait_for(closing.wait(), _HUNG_LOOK)
            except TimeoutError:
                continue
        return self._hang_up()

    def _later(self, delay: float) -> None:
        sandbox = self.sandbox
        keys = sandbox.engine.take_in(self.parsed, api_version=self.version)
        due = sandbox.clock() + timedelta(seconds=delay)
        sandbox.late.append(Late(due, self.parsed, keys, self.version))
        asyncio.get_running_loop().call_later(delay, sandbox.apply_late)


_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"


def _encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(raw)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
