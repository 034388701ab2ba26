"""A small HTTP server that behaves as badly as told, reply by reply."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


def cost(requested: int = 6, actual: int | None = 5, available: int = 1990) -> dict[str, Any]:
    """An ``extensions`` object with Shopify's cost block."""
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": 2000,
                "currentlyAvailable": available,
                "restoreRate": 100,
            },
        }
    }


GOOD = {"data": {"orders": {"nodes": []}}, "extensions": cost()}
DONE = {"data": {"tagsAdd": {"userErrors": []}, "metafieldsSet": {"userErrors": []}}}


def answer(body: object, status: int = 200, *, version: str = "2026-10", **headers: str) -> Reply:
    """Answer with JSON, or with text as it is."""

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status,
            text=body if isinstance(body, str) else json.dumps(body),
            headers={"X-Request-Id": "req-7", "X-Shopify-API-Version": version, **headers},
        )

    return reply


def throttled(available: int = 0, requested: int = 6) -> Reply:
    """THROTTLED, with the points that are there."""
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    return answer({"errors": errors, "extensions": cost(requested, None, available)})


async def drop(request: web.Request) -> web.StreamResponse:
    """Read the request, then cut the connection without a word."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    """Promise a whole body, send half of it, cut the connection."""
    body = json.dumps(GOOD).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


@dataclass
class BadShopify:
    """Answers the n-th request with the n-th reply; every further one with the last."""

    replies: list[Reply]
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    tokens: list[Reply] = field(default_factory=list)

    async def graphql(self, request: web.Request) -> web.StreamResponse:
        """POST /admin/api/{version}/graphql.json."""
        self.seen.append(await request.json())
        self.headers.append(dict(request.headers))
        self.paths.append(request.path)
        return await self.replies[min(len(self.seen), len(self.replies)) - 1](request)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """POST /admin/oauth/access_token."""
        self.forms.append({k: str(v) for k, v in (await request.post()).items()})
        return await self.tokens[min(len(self.forms), len(self.tokens)) - 1](request)


@asynccontextmanager
async def bad_shopify(*replies: Reply, tokens: tuple[Reply, ...] = ()) -> AsyncIterator[BadShopify]:
    """Serve on a free port of this machine."""
    shop = BadShopify(list(replies), tokens=list(tokens))
    app = web.Application()
    app.router.add_post("/admin/api/{version}/graphql.json", shop.graphql)
    app.router.add_post("/admin/oauth/access_token", shop.token)
    async with TestServer(app) as server:
        shop.url = str(server.make_url("")).rstrip("/")
        yield shop
