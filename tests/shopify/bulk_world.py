"""A client of an embedded store whose clock moves when somebody sleeps."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from graphql import parse
from pydantic import SecretStr

from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.runner import RunningSandbox, start_sandbox
from bridge.sandbox.server import StoreSettings
from bridge.shopify import bulk
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.bulk_file import Row
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import StaticToken, Store

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, UTC)
NAME = "catalog-21-test"

TAG = Operation(
    "RowTags",
    "mutation",
    parse(
        """mutation RowTags($id: ID!, $tags: [String!]!) {
          tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
        }""",
        no_location=True,
    ),
)


@dataclass
class BulkWorld:
    """A store and a client. ``sleep`` moves the store's clock and the call's own."""

    store: RunningSandbox
    http: aiohttp.ClientSession
    client: ShopifyClient
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Let time go by, without waiting."""
        self.slept.append(seconds)
        self.store.sandbox.clock.advance(seconds)

    def budget(self, seconds: float = 600.0) -> CallBudget:
        """A call's budget on the clock that ``sleep`` moves."""
        return CallBudget(Deadline.after(seconds, lambda: sum(self.slept)))

    def products(self) -> list[str]:
        """Global ids of the store's products."""
        return [product.id for product in self.store.sandbox.store.products.values()]

    def tags(self, product: str) -> list[str]:
        """A product's tags as they are now."""
        return list(self.store.sandbox.store.find(product).tags)

    def rows(self, count: int, *, broken: tuple[int, ...] = ()) -> list[dict[str, Any]]:
        """``count`` rows for TAG, over all products in turn; ``broken`` ones name none."""
        products = self.products()
        rows = [
            {"id": products[n % len(products)], "tags": [f"t{n // len(products):04d}"]}
            for n in range(count)
        ]
        for number in broken:
            rows[number]["id"] = "gid://shopify/Product/1"
        return rows

    async def start(self, rows: list[dict[str, Any]], name: str = NAME) -> bulk.BulkRun:
        """Begin one with TAG."""
        return await bulk.start(self.client, self.budget(), TAG, rows, client_identifier=name)

    async def follow(self, run: bulk.BulkRun, seconds: float = 600.0) -> bulk.BulkState:
        """Wait for its end."""
        return await bulk.follow(self.client, self.budget(seconds), run.id, sleep=self.sleep)

    async def results(self, end: bulk.BulkState) -> list[Row]:
        """All that the results say."""
        return [row async for row in bulk.results(self.client, self.budget(), end)]

    async def control(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST below /_sandbox."""
        async with self.http.post(f"{self.store.url}/_sandbox/{path}", json=body) as reply:
            assert reply.status < 300, await reply.text()
            return await reply.json()

    async def fault(self, operation: str, fault: str, nth: int = 1) -> None:
        """Let a coming request go wrong."""
        await self.control("faults", {"operation": operation, "fault": fault, "nth": nth})

    async def operations(self) -> list[dict[str, Any]]:
        """GET /_sandbox/requests."""
        async with self.http.get(f"{self.store.url}/_sandbox/requests") as reply:
            found: list[dict[str, Any]] = await reply.json()
            return found


@asynccontextmanager
async def bulk_world(settings: StoreSettings | None = None) -> AsyncIterator[BulkWorld]:
    """A seeded store on a free port, on a clock that stands still until somebody sleeps."""
    store = await start_sandbox(clock=SandboxClock(lambda: NOW), settings=settings)
    try:
        async with aiohttp.ClientSession() as http:
            made: list[BulkWorld] = []

            async def sleep(seconds: float) -> None:
                await made[0].sleep(seconds)

            client = ShopifyClient(
                http=http,
                store=Store.at("sandbox", "2026-10", endpoint=store.url),
                tokens=StaticToken(SecretStr("shpat_sandbox")),
                bucket=CostBucket(2000, 100),
                timeout_seconds=5.0,
                sleep=sleep,
            )
            made.append(BulkWorld(store, http, client))
            yield made[0]
    finally:
        await store.stop()
