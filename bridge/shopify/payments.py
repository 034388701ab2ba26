"""What was authorised, captured and refunded, and the mutation that takes money.

Documents: PaymentState (3 points), OrderCapture (20 points; no idempotency key at Shopify, so a
lost reply is settled by reading the transactions again).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, operation
from bridge.shopify.values import plain

Node = Mapping[str, Any]

DEAD: Final = frozenset({"FAILURE", "ERROR"})
"""OrderTransactionStatus: no money moved and none will. Every other status may mean money."""


async def payment_state(client: ShopifyClient, budget: CallBudget, gid: str) -> Node | None:
    """An order's money and its transactions (``values.plain``); None: there is no such order."""
    op = operation("PaymentState")
    reply = await client.execute(op, {"id": gid}, budget=budget)
    found: Node | None = plain(reply.data, op)["order"]
    return found


def order_capture() -> Operation:
    """``orderCapture``."""
    return operation("OrderCapture")


def capture_variables(
    order_gid: str, parent: str, amount: Decimal, *, currency: str | None
) -> dict[str, Any]:
    """Take ``amount`` of the authorisation ``parent``.

    ``currency`` is demanded by Shopify when the customer does not pay in the shop's currency
    ("Currency must match parent transaction"); None leaves it out.
    """
    given: dict[str, Any] = {"id": order_gid, "parentTransactionId": parent, "amount": amount}
    if currency is not None:
        given["currency"] = currency
    return {"input": given}
