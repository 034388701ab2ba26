"""Refunds: what can be given back, what Shopify suggests for some lines, and giving it.

Documents: RefundState (30 points, 104 with returns), RefundCreate (26, with an idempotency key).
Amounts are in the customer's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, operation
from bridge.shopify.protocol import user_errors
from bridge.shopify.values import plain

Node = Mapping[str, Any]

Restock = Literal["NO_RESTOCK", "RETURN", "CANCEL"]


@dataclass(frozen=True, slots=True)
class Tender:
    """Money over one payment: ``parent`` is the GID of the transaction that took it."""

    parent: str
    gateway: str
    amount: Decimal


async def refund_state(
    client: ShopifyClient,
    budget: CallBudget,
    gid: str,
    *,
    lines: Mapping[str, int] | None = None,
    restock: Restock = "NO_RESTOCK",
    shipping: Decimal | None = None,
    allocation: str | None = None,
    with_returns: bool = False,
) -> Node | None:
    """The order as a refund sees it (``values.plain``), with what Shopify suggests.

    ``lines``: units by line item (GID). ``shipping``: an amount of it, before tax.
    ``allocation``: a RefundMethodAllocation. None: there is no such order.
    """
    op = operation("RefundState")
    variables = {
        "id": gid,
        "refundLineItems": _rows(lines or {}, restock),
        "shippingAmount": shipping,
        "allocation": allocation,
        "withReturns": with_returns,
    }
    reply = await client.execute(op, variables, budget=budget)
    found: Node | None = plain(reply.data, op)["order"]
    return found


def _rows(
    lines: Mapping[str, int], restock: Restock, put_back: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for line, units in lines.items():
        row: dict[str, Any] = {"lineItemId": line, "quantity": units, "restockType": restock}
        if put_back and line in put_back:
            row |= {"restockType": "RETURN", "locationId": put_back[line] or None}
        rows.append(row)
    return rows


def refund_create(
    order: str,
    *,
    note: str,
    lines: Mapping[str, int] | None = None,
    restock: Restock = "NO_RESTOCK",
    tenders: Sequence[Tender] = (),
    methods: Sequence[Mapping[str, Any]] = (),
    shipping: Decimal | None = None,
    currency: str | None = None,
    notify: bool = False,
    put_back: Mapping[str, str] | None = None,
    discrepancy_reason: str | None = None,
) -> tuple[Operation, dict[str, Any]]:
    """Take lines away and give money back; no tenders and no methods move no money.

    ``methods`` are RefundMethodInput rows (store credit). ``currency`` is demanded where the
    customer does not pay in the shop's currency; None leaves it out.
    ``put_back``: the location (GID; blank: where it came from) of lines that return to stock.
    ``discrepancy_reason``: why the money is not what the lines were worth.
    """
    given: dict[str, Any] = {
        "orderId": order,
        "note": note,
        "notify": notify,
        "transactions": [
            {
                "orderId": order,
                "parentId": tender.parent,
                "gateway": tender.gateway,
                "kind": "REFUND",
                "amount": tender.amount,
            }
            for tender in tenders
        ],
    }
    if lines:
        given["refundLineItems"] = _rows(lines, restock, put_back)
    if methods:
        given["refundMethods"] = [dict(row) for row in methods]
    if shipping:
        given["shipping"] = {"amount": shipping}
    if currency is not None:
        given["currency"] = currency
    if discrepancy_reason is not None:
        given["discrepancyReason"] = discrepancy_reason
    return operation("RefundCreate"), {"input": given}


def store_credit(amount: Decimal, currency: str) -> dict[str, Any]:
    """RefundMethodInput: to the store credit account of the order's customer."""
    return {"storeCreditRefund": {"amount": {"amount": amount, "currencyCode": currency}}}


def refund_made(data: Mapping[str, Any]) -> Node | None:
    """The refund of a RefundCreate's data; None when Shopify refused it."""
    payload = data["refundCreate"]
    made: Node | None = payload and payload["refund"]
    return None if not made or user_errors(payload) else made
