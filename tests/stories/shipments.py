"""Calls about shipments as RetailOps makes them, and what people do in Shopify beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import Answer, World

TEE = "TEE-TRL-S-MOSS"  # stocked at Albany Warehouse and Brooklyn Store
KNIFE = "KNIFE-FLD-M"

ALBANY = "Albany Warehouse"
BROOKLYN = "Brooklyn Store"

Order = dict[str, Any]


async def place(w: World, **spec: Any) -> Order:
    """An order whose fulfillment orders are there: those come a second later."""
    order = await w.place(**spec)
    await w.advance(2)
    return await order_of(w, order)


async def order_of(w: World, order: Order) -> Order:
    """The order as it is now."""
    return next(o for o in (await w.state())["orders"] if o["id"] == order["id"])


def line(order: Order, position: int = 0) -> str:
    """The refnum of a line."""
    return str(order["lines"][position]["id"])


def item(refnum: str | None, quantity: Any, sku: str | None = None) -> dict[str, Any]:
    """One element of package_items."""
    return {"channel_item_refnum": refnum, "sku": sku, "quantity": quantity}


def package(
    number: int | None,
    tracking: str | None,
    *items: Mapping[str, Any],
    carrier: str | None = "UPS",
) -> dict[str, Any]:
    """One element of packages."""
    return {
        "retailops_package_id": number,
        "carrier_name": carrier,
        "tracking_number": tracking,
        "date_shipped": "2026-11-23T10:00:00Z",
        "weight_kg": 0.4,
        "package_items": [dict(i) for i in items],
    }


async def submit(w: World, order: Order, *packages: Any, shipment: int = 9) -> Answer:
    """order_shipment_submit."""
    return await w.post(
        "order_shipment_submit",
        channel_order_refnum=order["id"],
        retailops_order_id=7001,
        shipment={"retailops_shipment_id": shipment, "packages": list(packages)},
    )


def unshipped(refnum: str, quantity: int, ordered: int = 9) -> dict[str, Any]:
    """One element of unshipped_items."""
    return {
        "channel_item_refnum": refnum,
        "sku": None,
        "ordered_quantity": ordered,
        "unshipped_quantity": quantity,
    }


async def complete(
    w: World, order: Order, *packages: Any, unshipped_items: Any = None, shipment: int = 9
) -> Answer:
    """order_complete; ``unshipped_items`` "absent" leaves the key out."""
    body: dict[str, Any] = {
        "channel_order_refnum": order["id"],
        "retailops_order_id": 7001,
        "shipments": [{"retailops_shipment_id": shipment, "packages": list(packages)}],
        "unshipped_items": unshipped_items,
    }
    if unshipped_items == "absent":
        del body["unshipped_items"]
    return await w.post("order_complete", order=body)


async def admin(w: World, document: str, **variables: Any) -> Any:
    """What a person, or another app, does in the store meanwhile."""
    payload = next(iter((await ask(w, document, **variables)).values()))
    assert not payload["userErrors"], payload
    return payload


async def ask(w: World, document: str, **variables: Any) -> Any:
    """The data of a GraphQL document."""
    async with w.http.post(
        f"{w.store.url}/admin/api/2026-10/graphql.json",
        json={"query": document, "variables": variables},
        headers={"X-Shopify-Access-Token": "shpat_sandbox"},
    ) as reply:
        answer = await reply.json()
    assert "errors" not in answer, answer
    return answer["data"]


async def fulfillments(w: World, order: Order) -> list[dict[str, Any]]:
    """The order's fulfillments as the state shows them, oldest first."""
    found = [f for f in (await w.state())["fulfillments"] if f["order"] == order["id"]]
    return sorted(found, key=lambda f: int(f["id"]))


async def shipped(w: World, order: Order) -> list[dict[str, int]]:
    """Units by line of each fulfillment that was made, by the journal."""
    journal = await w.journal("fulfillmentCreate")
    return [dict(e["detail"]["lines"]) for e in journal if e["order"] == order["id"]]


def outcomes(answer: Answer) -> list[tuple[str, str]]:
    """Type and code of each event."""
    return [(e["event_type"], e["code"]) for e in answer.events]


async def lose_ledger(w: World, folder: Path) -> None:
    """Another bridge on a new ledger file, an hour later."""
    await w.stop()
    _remove_ledger(folder)
    await w.advance(3600)
    await w.start()


def _remove_ledger(folder: Path) -> None:
    for file in folder.glob("ledger.sqlite3*"):
        if file.is_file():
            file.unlink()
