"""What each call of an order's life costs at Shopify: shipped, settled, completed and the rest.

Each job places an order of its own first; only what the call itself asks of the store counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.figure import Figure, Limit, done, figure
from tests.support import Answer, World, world

Order = dict[str, Any]

TEE = "TEE-TRL-S-MOSS"
KNIFE = "KNIFE-FLD-M"
PACKAGE = 5


@asynccontextmanager
async def _with_order(
    folder: Path, *, payment: str = "paid"
) -> AsyncIterator[tuple[World, Order, int]]:
    """A store with an order of two shirts and a knife; and how many requests there were before."""
    lines = [
        {"sku": TEE, "quantity": 2, "price": "50.00"},
        {"sku": KNIFE, "quantity": 1, "price": "30.00"},
    ]
    async with world(folder) as w:
        order = await w.place(lines=lines, payment=payment)
        await w.advance(5)  # Shopify makes fulfillment orders a moment later
        yield w, order, len(await w.requests())


def _item(order: Order, line: int, quantity: int) -> dict[str, Any]:
    row = order["lines"][line]
    return {"channel_item_refnum": row["id"], "sku": row["sku"], "quantity": quantity}


def _package(order: Order, *, knife: int = 1) -> dict[str, Any]:
    items = [_item(order, 0, 2), _item(order, 1, knife)]
    return {
        "retailops_package_id": PACKAGE,
        "carrier_name": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "package_items": [i for i in items if i["quantity"]],
    }


async def _ship(w: World, order: Order, *, shipment: int = 9, knife: int = 1) -> Answer:
    packages = [_package(order, knife=knife)]
    answer = await w.post(
        "order_shipment_submit",
        channel_order_refnum=order["id"],
        shipment={"retailops_shipment_id": shipment, "packages": packages},
    )
    done(answer, expected=not answer.events or answer.codes == ["ALREADY_APPLIED"])
    return answer


async def _complete(w: World, order: Order, *, knife: int) -> Answer:
    unshipped = {**_item(order, 1, 0), "ordered_quantity": 1, "unshipped_quantity": 1}
    shipments = [{"retailops_shipment_id": 9, "packages": [_package(order, knife=knife)]}]
    body = {
        "channel_order_refnum": order["id"],
        "shipments": shipments,
        "unshipped_items": [] if knife else [unshipped],
    }
    answer = await w.post("order_complete", order=body)
    done(answer, expected=answer.body.get("status") == "success")
    return answer


async def ship(folder: Path) -> Figure:
    """One package: what is there is read, one fulfillment is made."""
    async with _with_order(folder) as (w, order, before):
        await _ship(w, order)
        limit = Limit(requests=2, points=140, mutations=1)
        return await figure(w, "one package shipped", limit, after=before)


async def ship_again(folder: Path) -> Figure:
    """The same package in another body, to a bridge that has been restarted: read, not written."""
    async with _with_order(folder) as (w, order, _):
        await _ship(w, order)
        await w.restart()
        before = len(await w.requests())
        answer = await _ship(w, order, shipment=10)
        done(answer, expected=answer.codes == ["ALREADY_APPLIED"])
        limit = Limit(requests=1, points=130, mutations=0)
        return await figure(w, "that package again", limit, after=before)


async def settle(folder: Path) -> Figure:
    """The authorised money of an order is captured."""
    async with _with_order(folder, payment="authorized") as (w, order, before):
        tender = {
            "payment_processing_type": "channel_payment",
            "transaction_type": "auth",
            "payment_type": "Visa",
            "amount": 100,
        }
        answer = await w.post(
            "order_settle_payment",
            order={"channel_order_refnum": order["id"]},
            payment={
                "payment_series_id": 1,
                "payment_transactions": [tender],
                "currency_code": "USD",
            },
        )
        captured = await w.journal("orderCapture")
        done(answer, expected=len(captured) == 1)
        limit = Limit(requests=3, points=50, mutations=1)
        return await figure(w, "a payment settled", limit, after=before)


async def complete(folder: Path) -> Figure:
    """Everything was shipped before: the order is archived."""
    async with _with_order(folder) as (w, order, _):
        await _ship(w, order)
        before = len(await w.requests())
        await _complete(w, order, knife=1)
        return await figure(w, "a shipped order completed", after=before)


async def complete_short(folder: Path) -> Figure:
    """One unit was not shipped: its money goes back, and the order is archived."""
    async with _with_order(folder) as (w, order, _):
        await _ship(w, order, knife=0)
        before = len(await w.requests())
        await _complete(w, order, knife=0)
        return await figure(w, "an order completed, a unit short", after=before)


async def returned(folder: Path) -> Figure:
    """One unit of a shipped order comes back, and its money goes back."""
    async with _with_order(folder) as (w, order, _):
        await _ship(w, order)
        before = len(await w.requests())
        given = {
            "retailops_return_id": 87,
            "refund_amt": 50,
            "refund_action": "refund",
            "items": [_item(order, 0, 1)],
        }
        answer = await w.post(
            "order_returned", order={"channel_order_refnum": order["id"]}, **{"return": given}
        )
        done(answer, expected=not answer.events and len(await w.journal("refundCreate")) == 1)
        limit = Limit(requests=3, points=215, mutations=1)
        return await figure(w, "a return", limit, after=before)


async def update(folder: Path) -> Figure:
    """One unit less of a line, and a further line: one edit of the order."""
    async with _with_order(folder) as (w, order, before):
        lines = [
            {**_item(order, 0, 1), "order_item_id": 901},
            {"order_item_id": 902, "sku": "TEE-TRL-M-MOSS", "quantity": 1},
        ]
        answer = await w.post(
            "order_update", order={"channel_order_refnum": order["id"], "order_items": lines}
        )
        done(answer, expected=len(answer.body.get("line_items", [])) == 2 and not answer.events)
        return await figure(w, "a line lowered and one added", after=before)


async def cancel(folder: Path) -> Figure:
    """A paid order is cancelled; its job is followed to the end."""
    async with _with_order(folder) as (w, order, before):
        answer = await w.post("order_cancel", order={"channel_order_refnum": order["id"]})
        done(answer, expected=answer.body == {"status": "success", "events": []})
        return await figure(w, "an order cancelled", after=before)
