"""What a store says of itself, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bridge.errors import AccessDenied, ShopifyBroken
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import ShopifyClient
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import StaticToken, Store
from bridge.shopify.shop import bootstrap, locations
from tests.shopify.server import BadShopify, Reply, answer, bad_shopify


@asynccontextmanager
async def shop_of(*replies: Reply) -> AsyncIterator[tuple[ShopifyClient, BadShopify, CallBudget]]:
    """A client on a server that gives these replies."""
    async with bad_shopify(*replies) as shop, aiohttp.ClientSession() as http:
        client = ShopifyClient(
            http=http,
            store=Store.at("example", "2026-10", endpoint=shop.url),
            tokens=StaticToken(SecretStr("t")),
            bucket=CostBucket(2000, 100),
        )
        yield client, shop, CallBudget(Deadline.after(10))


FACTS: dict[str, Any] = {
    "shop": {
        "id": "gid://shopify/Shop/1",
        "name": "Example",
        "myshopifyDomain": "example.myshopify.com",
        "currencyCode": "CAD",
        "ianaTimezone": "America/Toronto",
        "taxesIncluded": False,
        "plan": {"publicDisplayName": "Basic"},
    },
    "currentAppInstallation": {
        "id": "gid://shopify/AppInstallation/1",
        "accessScopes": [{"handle": "write_orders"}, {"handle": "read_products"}],
    },
    "publicApiVersions": [
        {"handle": "2026-10", "supported": True},
        {"handle": "unstable", "supported": False},
    ],
}


async def test_bootstrap_tells_shop_scopes_and_versions() -> None:
    """One request brings all that the readiness check and the currency rules need."""
    async with shop_of(answer({"data": FACTS})) as (client, shop, call):
        facts = await bootstrap(client, call)
    assert (facts.domain, facts.currency, facts.plan) == ("example.myshopify.com", "CAD", "Basic")
    assert facts.scopes == {"write_orders", "read_products"}
    assert facts.versions == ("2026-10",)
    assert len(shop.seen) == 1


async def test_a_token_without_an_app_is_no_good() -> None:
    """A token of something else than an installed app cannot be used, and the error says so."""
    data = FACTS | {"currentAppInstallation": None}
    async with shop_of(answer({"data": data})) as (client, _, call):
        with pytest.raises(AccessDenied, match="no installed app"):
            await bootstrap(client, call)


def page(names: list[str], cursor: str | None, *, more: bool) -> Reply:
    """A page of locations."""
    nodes = [{"id": f"gid://shopify/Location/{n}", "name": n} for n in names]
    info = {"hasNextPage": more, "endCursor": cursor}
    return answer({"data": {"locations": {"pageInfo": info, "nodes": nodes}}})


async def test_locations_are_read_to_the_last_page() -> None:
    """A shop may have a thousand locations: all pages, in Shopify's order."""
    pages = (page(["A", "B"], "c1", more=True), page(["C"], "c2", more=False))
    async with shop_of(*pages) as (client, shop, call):
        found = await locations(client, call)
    assert [place["name"] for place in found] == ["A", "B", "C"]
    assert [seen["variables"]["after"] for seen in shop.seen] == [None, "c1"]


@pytest.mark.parametrize("cursor", [None, "c1"])
async def test_paging_that_does_not_move_is_stopped(cursor: str | None) -> None:
    """More to come, but no new place to go on from: an error, not an endless loop."""
    pages = (page(["A"], "c1", more=True), page(["A"], cursor, more=True))
    async with shop_of(*pages) as (client, shop, call):
        with pytest.raises(ShopifyBroken, match="but not where"):
            await locations(client, call)
    assert len(shop.seen) == 2
