"""What can be given back of an order, and the mutation that gives it.

Documents: RefundState (30 points, 104 with returns), RefundCreate (26; Shopify knows a repeat by
its idempotency key for 24 hours, and we know it by its note for ever).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, operation
from bridge.shopify.values import plain

Node = Mapping[str, Any]

LINES_READ: Final = 100  # RefundState's page of lines


@dataclass(frozen=True, slots=True)
class RefundState:
    """An order's refunds, returns and suggestion (``values.plain``).

    ``all_lines``: the order has no lines beyond the first hundred.
    """

    order: Node
    all_lines: bool


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Units of a line that are taken off.

    ``restock`` is a RefundLineItemRestockType;
    ``location`` (GID) is where RETURN puts them.
    """

    line: str
    quantity: int
    restock: str = "NO_RESTOCK"
    location: str | None = None

    def given(self) -> dict[str, Any]:
        """As ``RefundLineItemInput``."""
        row = {"lineItemId": self.line, "quantity": self.quantity, "restockType": self.restock}
        return row if self.location is None else {**row, "locationId": self.location}


@dataclass(frozen=True, slots=True)
class Part:
    """Money for one tender: the transaction that took it, its gateway, and how much goes back."""

    parent: str
    gateway: str
    amount: Decimal


async def refund_state(
    client: ShopifyClient,
    budget: CallBudget,
    gid: str,
    *,
    lines: Iterable[RefundLine] = (),
    shipping: Decimal | None = None,
    with_returns: bool = False,
) -> RefundState | None:
    """What can be refunded, and what Shopify suggests for ``lines`` and ``shipping``.

    None: there is no such order.
    """
    op = operation("RefundState")
    asked = [{"lineItemId": row.line, "quantity": row.quantity} for row in lines]
    variables = {
        "id": gid,
        "refundLineItems": asked,
        "shippingAmount": shipping,
        "allocation": "ORIGINAL_PAYMENT_METHODS",
        "withReturns": with_returns,
    }
    reply = await client.execute(op, variables, budget=budget)
    order = plain(reply.data, op)["order"]
    if order is None:
        return None
    return RefundState(order, not reply.data["order"]["lineItems"]["pageInfo"]["hasNextPage"])


def refund_create() -> Operation:
    """``refundCreate``; idempotent at Shopify."""
    return operation("RefundCreate")


def refund_variables(
    order_gid: str,
    *,
    note: str,
    currency: str,
    lines: Sequence[RefundLine] = (),
    parts: Sequence[Part] = (),
    shipping: Decimal | None = None,
    store_credit: Decimal | None = None,
    notify: bool = False,
    discrepancy_reason: str | None = None,
) -> dict[str, Any]:
    """The input of ``refundCreate``, without the idempotency key (the engine's).

    Amounts are in ``currency``, the customer's. ``shipping`` says how much of the money is for
    shipping, before tax; the money itself is ``parts`` and ``store_credit``, nothing else.
    """
    given: dict[str, Any] = {
        "orderId": order_gid,
        "note": note,
        "currency": currency,
        "notify": notify,
        "refundLineItems": [row.given() for row in lines],
        "transactions": [
            {
                "orderId": order_gid,
                "kind": "REFUND",
                "gateway": part.gateway,
                "parentId": part.parent,
                "amount": part.amount,
            }
            for part in parts
        ],
    }
    if shipping is not None:
        given["shipping"] = {"amount": shipping}
    if store_credit is not None:
        given["refundMethods"] = [store_credit_method(store_credit, currency)]
    if discrepancy_reason is not None:
        given["discrepancyReason"] = discrepancy_reason
    return {"input": given}


def store_credit_method(amount: Decimal, currency: str) -> dict[str, Any]:
    """``RefundMethodInput``: to the store credit account of the order's customer."""
    return {"storeCreditRefund": {"amount": {"amount": amount, "currencyCode": currency}}}
