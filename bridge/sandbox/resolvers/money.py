"""Money of orders: what Shopify suggests to refund, refunds, store credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Unpack

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model import Customer
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import total
from bridge.sandbox.mutations.pay import decimal_of
from bridge.sandbox.paying import Share, shares
from bridge.sandbox.refunding import Units, shipping_worth, suggested, worth


def _units(order: Order, rows: Sequence[Mapping[str, Any]]) -> list[Units]:
    """The units that can be refunded; more is cut, unknown lines are left out (assumed)."""
    asked: dict[str, int] = {}
    for row in rows:
        asked[row["lineItemId"]] = asked.get(row["lineItemId"], 0) + row["quantity"]
    wanted = ((line, min(asked.get(line.id, 0), line.refundable_quantity)) for line in order.lines)
    return [Units(line, count) for line, count in wanted if count > 0]


def _suggested_refund(
    order: Order,
    _info: object,
    *,
    refundLineItems: Sequence[Mapping[str, Any]] | None = None,
    shippingAmount: object = None,
    refundShipping: bool | None = None,
    suggestFullRefund: bool | None = None,
    refundMethodAllocation: str | None = None,
    refundDuties: object = None,
) -> dict[str, object]:
    """What is due for units and shipping, and over which payments it would go back.

    Never more than was received less refunded (documented). With store credit as the method no
    transaction is suggested (assumed). The sums of goods and taxes are not cut to what was received
    (assumed); the taxes are those of the shipping too.
    """
    if refundDuties:
        raise NotModelled("the argument refundDuties of suggestedRefund")
    rows: Sequence[Mapping[str, Any]] = refundLineItems or ()
    most = order.current_shipping_price_set
    asked = Decimal(0)
    if suggestFullRefund:
        rows = [{"lineItemId": line.id, "quantity": line.quantity} for line in order.lines]
    if refundShipping or suggestFullRefund:
        asked = most.presentment
    if shippingAmount is not None:
        asked = min(decimal_of(shippingAmount), most.presentment)
    units = _units(order, rows)
    due = suggested(order, units, asked)
    goods = [worth(row.line, row.quantity) for row in units]
    taxes = [tax for _, tax in goods] + [tax for _, _, tax in shipping_worth(order, asked)]
    original = refundMethodAllocation != "STORE_CREDIT"
    return {
        "amountSet": due,
        "discountedSubtotalSet": total((price for price, _ in goods), order.currencies),
        "totalTaxSet": total(taxes, order.currencies),
        "maximumRefundableSet": order.refundable_set,
        "shipping": {
            "amountSet": most.ratio(asked, most.presentment),
            "maximumRefundableSet": most,
        },
        "suggestedTransactions": (
            [_transaction(row) for row in shares(order, due.presentment)] if original else []
        ),
    }


def _transaction(row: Share) -> dict[str, object]:
    return {
        "kind": "SUGGESTED_REFUND",
        "gateway": row.parent.gateway,
        "formattedGateway": row.parent.formatted_gateway,
        "amountSet": row.parent.share(row.presentment),
        "maximumRefundableSet": row.parent.share(row.room),
        "parentTransaction": row.parent,
    }


def _accounts(
    customer: Customer, info: Info, query: str | None = None, **page: Unpack[Page]
) -> object:
    if query:
        raise NotModelled("the argument query of storeCreditAccounts")
    return info.context.paginate(customer.store_credit, **page)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "Order": {"suggestedRefund": _suggested_refund},
    "Customer": {"storeCreditAccounts": _accounts},
}
