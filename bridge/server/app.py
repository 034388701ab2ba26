"""The application: routes, middleware, and what they need, under typed keys."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry

from bridge import __version__
from bridge.config.models import Settings
from bridge.recording.recorder import Recorder
from bridge.retailops.actions import ACTIONS
from bridge.server import docs_page, keys, openapi
from bridge.server.auth import Authenticator
from bridge.server.edge import ActionHandler, NotServed
from bridge.server.health import Ping, Readiness
from bridge.server.metrics import Metrics
from bridge.server.middleware import request_id
from bridge.server.paths import TolerantResource


def create_app(
    settings: Settings,
    *,
    engine: keys.Runner,
    pings: Sequence[Ping] = (),
    clock: Callable[[], float] = time.monotonic,
    registry: CollectorRegistry | None = None,
    limits: keys.Limits | None = None,
    recorder: Recorder | None = None,
    console: keys.Console | None = None,
    tracing: keys.Tracing | None = None,
) -> web.Application:
    """The bridge as an aiohttp application. It owns nothing that must be closed.

    ``clock`` counts seconds monotonically. ``pings`` are what /health/ready asks. ``recorder``
    sees every call of a recorded channel, ``console`` and ``tracing`` every call.
    """
    if limits is None:
        limits = keys.Limits(body_bytes=settings.server.max_body_mebibytes * 2**20)
    app = web.Application(
        middlewares=[request_id],
        client_max_size=limits.body_bytes,
        handler_args={"auto_decompress": False},  # see unpacking.py
    )
    app[keys.SETTINGS] = settings
    app[keys.ENGINE] = engine
    app[keys.AUTHENTICATOR] = Authenticator(settings)
    app[keys.METRICS] = Metrics(registry or CollectorRegistry())
    app[keys.RECORDER] = recorder
    app[keys.CONSOLE] = console
    app[keys.TRACING] = tracing
    if recorder is not None:
        recorder.told = app[keys.METRICS].recorded
    app[keys.READINESS] = Readiness(pings, clock)
    app[keys.LIMITS] = limits
    app[keys.CLOCK] = clock
    app[keys.STOPPING] = asyncio.Event()
    app.on_shutdown.append(_stopping)

    def route(method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, path, handler)  # found at once
        tolerant = TolerantResource(path, settings.server.prefix)
        tolerant.add_route(method, handler)
        app.router.register_resource(tolerant)

    for name, spec in ACTIONS.items():
        for path in (f"/{name}_v1", f"/{name}"):
            if name in engine.served:
                route("POST", path, ActionHandler(spec).handle)
            else:
                route("*", path, NotServed(spec).handle)
    route("GET", "/health/live", live)
    route("GET", "/health/ready", ready)
    route("GET", "/metrics", metrics)
    route("GET", "/openapi.json", openapi_json)
    for path, handler in docs_page.ROUTES:
        route("GET", path, handler)
    for method, path, handler in console.routes() if console is not None else ():
        route(method, path, handler)
    return app


async def _stopping(app: web.Application) -> None:
    app[keys.STOPPING].set()


async def live(request: web.Request) -> web.Response:
    """The process runs and its loop turns; nothing else is asked."""
    served = list(request.app[keys.ENGINE].served)
    return web.json_response({"status": "ok", "version": __version__, "served": served})


async def ready(request: web.Request) -> web.Response:
    """What works and what does not, with reasons; 503 when nothing can be served."""
    health = await request.app[keys.READINESS].ask()
    body = health.body(request.app[keys.ENGINE].served, __version__)
    return web.json_response(body, status=503 if health.status == "unavailable" else 200)


async def metrics(request: web.Request) -> web.Response:
    """The metrics, for Prometheus."""
    body, content_type = request.app[keys.METRICS].exposition()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def openapi_json(request: web.Request) -> web.Response:
    """The API described by itself."""
    body = openapi.encoded(tuple(request.app[keys.ENGINE].served))
    return web.Response(body=body, content_type="application/json")
