"""A client on a clock of its own, against a server that misbehaves; and what it asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr

from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import Exchange, ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import StaticToken, Store, TokenSource
from tests.shopify.server import (
    BadShopify,
)

READ = operation("OrderIdsByName")
WRITE = operation("OrderAcknowledge")
TOKEN = "shpat_very_secret"
VARIABLES: dict[str, Any] = {"query": "name:'#1001'"}
WRITING: dict[str, Any] = {"id": "gid://shopify/Order/1", "tags": ["x"], "metafields": []}


class Time:
    """Sleeping takes no time, but is written down."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Advance at once."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@asynccontextmanager
async def client_for(
    shop: BadShopify,
    time: Time,
    *,
    tokens: TokenSource | None = None,
    seen: list[Exchange] | None = None,
    patience: float = 5.0,
) -> AsyncIterator[ShopifyClient]:
    """A client whose store is the bad server."""
    async with aiohttp.ClientSession() as http:
        yield ShopifyClient(
            http=http,
            store=Store.at("example", "2026-10", endpoint=shop.url),
            tokens=tokens or StaticToken(SecretStr(TOKEN)),
            bucket=CostBucket(2000, 100, clock=time.clock, sleep=time.sleep),
            timeout_seconds=patience,
            observe=seen.append if seen is not None else None,
            clock=time.clock,
            sleep=time.sleep,
            chance=lambda: 0.5,
        )


def budget(time: Time, seconds: float = 60.0) -> CallBudget:
    """A call's budget on the test's clock."""
    return CallBudget(Deadline.after(seconds, time.clock))
