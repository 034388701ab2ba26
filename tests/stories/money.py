"""What the stories of money share: RetailOps' two calls, and what the store says moved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any

from tests.stories.caller import PLAIN, placed
from tests.support import Answer, World

Order = dict[str, Any]

# What may happen to a mutation, and whether it was applied at once.
FAULTS = {
    "drop_reply": True,
    "http_502_after": True,
    "http_502_before": False,
    "timeout": False,
    "apply_late": False,
    "throttle": False,
    "half_body": True,
    "garbage": True,
    "internal_error": False,
}


def tender(amount: object, kind: str = "channel_payment") -> dict[str, Any]:
    """One row of a settlement."""
    return {
        "payment_processing_type": kind,
        "transaction_type": "auth",
        "payment_type": "Visa",
        "amount": amount,
    }


async def settle(
    w: World,
    order: Order,
    *tenders: Mapping[str, Any],
    series: object = 2572,
    currency: str | None = "USD",
    **fields: Any,
) -> Answer:
    """RetailOps asks for the money; ``fields`` go into its ``order``."""
    payment: dict[str, Any] = {
        "payment_series_id": series,
        "payment_transactions": list(tenders),
        "currency_code": currency,
    }
    answer = await w.post(
        "order_settle_payment",
        order={"channel_order_refnum": order["id"], **fields},
        payment=payment,
    )
    assert answer.status == 200, answer.body
    return answer


async def give_back(
    w: World,
    order: Order,
    amount: object,
    *,
    number: object = 87,
    units: object = 1,
    action: object = "refund",
    **fields: Any,
) -> Answer:
    """RetailOps returns units of the order's first line; ``fields`` go into its ``return``."""
    first = {
        "retailops_item_id": 7395,
        "channel_item_refnum": order["lines"][0]["id"],
        "sku": order["lines"][0]["sku"],
        "quantity": units,
        "reason": "CustomerReturn",
    }
    given: dict[str, Any] = {
        "retailops_return_id": number,
        "refund_amt": amount,
        "refund_action": action,
        "items": [first] if units else [],
        **fields,
    }
    answer = await w.post(
        "order_returned", order={"channel_order_refnum": order["id"]}, **{"return": given}
    )
    assert answer.status == 200, answer.body
    return answer


async def shipped(w: World, **order: Any) -> Order:
    """A paid order of two shirts at 50.00 that has left the house."""
    lines = [{"sku": PLAIN, "quantity": 2, "price": "50.00"}]
    made = await placed(w, **{"lines": lines, "shipping": None, "payment": "paid", **order})
    w.store.sandbox.store.happen(made["id"], "fulfil", {})
    return made


async def authorised(w: World, **order: Any) -> Order:
    """An order of two shirts at 50.00 whose card is only authorised."""
    lines = [{"sku": PLAIN, "quantity": 2, "price": "50.00"}]
    given = {"lines": lines, "shipping": None, "payment": "authorized", **order}
    return await placed(w, **given)


async def moved(w: World, order: Order, *kinds: str) -> list[D]:
    """The amounts of the order's transactions of these kinds that did not fail, in order."""
    return [
        D(t["amount"]["amount"])
        for t in (await w.state())["transactions"]
        if t["order"] == order["id"] and t["kind"] in kinds and t["status"] != "FAILURE"
    ]


async def captured(w: World, order: Order) -> list[D]:
    """What was captured of the order, capture by capture."""
    return await moved(w, order, "CAPTURE")


async def refunded(w: World, order: Order) -> list[D]:
    """What went back for the order, transaction by transaction."""
    return await moved(w, order, "REFUND")


async def refunds_of(w: World, order: Order) -> list[dict[str, Any]]:
    """The order's refunds, as the state shows them."""
    return [r for r in (await w.state())["refunds"] if r["order"] == order["id"]]
