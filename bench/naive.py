"""The same jobs by a naive client: ShopifyAPI's ``GraphQL.execute``, one thing at a time.

It looks a SKU up and sets it, lists orders and reads each, reads what is to be shipped and ships
it; it checks nothing, repeats nothing and forgets everything. Its operations are in
``naive_documents/``. The catalogue's naive client is in ``catalog.py``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import shopify

from bench.figure import Figure, figure
from tests.support import World, world

Json = dict[str, Any]
Job = Callable[[Path], Awaitable[Figure]]

SKUS: Final = 100  # of the 1,000 that the bridge is given: each costs the same
DOCUMENTS: Final = Path(__file__).parent / "naive_documents"


class Refused(Exception):
    """The store refused what the naive client sent, so its cost says nothing."""


class Naive:
    """A client as scripts have it. Blocks: run it beside the loop of the store."""

    def __init__(self, store: str) -> None:
        shopify.ShopifyResource.set_site(f"{store}/admin/api/2026-10")
        self._graphql = shopify.GraphQL()
        self._graphql.headers = {"X-Shopify-Access-Token": "shpat_sandbox"}

    def ask(self, name: str, **variables: object) -> Json:
        """The ``data`` of one operation."""
        text = (DOCUMENTS / f"{name}.graphql").read_text("utf-8")
        reply = json.loads(self._graphql.execute(text, variables))
        refused = [p["userErrors"] for p in (reply.get("data") or {}).values() if _refused(p)]
        if reply.get("errors") or refused:
            raise Refused(f"{name}: {str(reply.get('errors') or refused)[:500]}")
        data: Json = reply["data"]
        return data

    def push(self, quantities: Mapping[str, int], location: str) -> None:
        """Every SKU is looked up and set."""
        for sku, quantity in quantities.items():
            found = self.ask("FindVariant", query=f"sku:{sku}")["productVariants"]["nodes"]
            row = {
                "inventoryItemId": found[0]["inventoryItem"]["id"],
                "locationId": location,
                "quantity": quantity,
                "changeFromQuantity": None,
            }
            given = {"name": "available", "reason": "correction", "quantities": [row]}
            self.ask("SetQuantity", input=given, key=f"naive-{sku}")

    def pull(self, query: str, count: int) -> list[Json]:
        """Orders are listed, and each is read."""
        nodes = self.ask("ListOrders", query=query, first=count)["orders"]["nodes"]
        return [self.ask("ReadOrder", id=node["id"])["order"] for node in nodes]

    def ship(self, order: str) -> None:
        """What is open is read, and all of it shipped in one package."""
        found = self.ask("OrderToShip", id=order)["order"]["fulfillmentOrders"]["nodes"]
        groups = [{"fulfillmentOrderId": row["id"]} for row in _open(found)]
        tracking = {"company": "UPS", "number": "1Z999AA10123456784"}
        given = {"lineItemsByFulfillmentOrder": groups, "trackingInfo": tracking}
        self.ask("Ship", fulfillment=given)


def _refused(payload: object) -> bool:
    return isinstance(payload, dict) and bool(payload.get("userErrors"))


def _open(rows: Iterable[Json]) -> list[Json]:
    return [row for row in rows if row["status"] == "OPEN"]


async def push(folder: Path, skus: int = SKUS) -> Figure:
    """A tenth of what the bridge is given."""
    async with world(folder, variants=skus, plan="enterprise") as w:
        state = await w.state()
        place = f"gid://shopify/Location/{state['locations'][0]['id']}"
        before = len(await w.requests())
        levels = {f"BULK-{n:06d}": 100 + n % 90 for n in range(1, skus + 1)}
        await asyncio.to_thread(Naive(w.store.url).push, levels, place)
        return await figure(w, f"naively, {skus} SKUs pushed, a tenth of them", after=before)


async def pull(folder: Path) -> Figure:
    """The hundred orders that the bridge pulls."""
    since = datetime.now(UTC) - timedelta(hours=5.5)
    async with world(folder, orders=230, plan="enterprise") as w:
        before = len(await w.requests())
        query = f"created_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'"
        got = await asyncio.to_thread(Naive(w.store.url).pull, query, 100)
        if [len(o["lineItems"]["nodes"]) for o in got] != [10] * 100:
            raise Refused(f"pulled {len(got)} orders, not 100 of 10 lines")
        return await figure(w, "naively, 100 orders of 10 lines pulled", after=before)


async def ship(folder: Path) -> Figure:
    """The package that the bridge ships."""
    async with world(folder) as w:
        lines = [
            {"sku": "TEE-TRL-S-MOSS", "quantity": 2, "price": "50.00"},
            {"sku": "KNIFE-FLD-M", "quantity": 1, "price": "30.00"},
        ]
        order = await w.place(lines=lines, payment="paid")
        await w.advance(5)  # Shopify makes fulfillment orders a moment later
        return await _shipped(w, f"gid://shopify/Order/{order['id']}")


async def _shipped(w: World, order: str) -> Figure:
    before = len(await w.requests())
    await asyncio.to_thread(Naive(w.store.url).ship, order)
    return await figure(w, "naively, one package shipped", after=before)


JOBS: Final[Mapping[str, Job]] = {"push_naively": push, "pull_naively": pull, "ship_naively": ship}
