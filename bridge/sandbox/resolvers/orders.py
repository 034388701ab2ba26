"""Orders and all that hangs on them: the fields that take arguments or are derived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, Unpack

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model import Product
from bridge.sandbox.model_fulfillment import Fulfillment, FulfillmentOrder, Refund, Return
from bridge.sandbox.model_lines import LineItem, TaxLine, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag
from bridge.sandbox.resolvers.catalogue import metafield, metafields

# What may be done in each status; those of captured.md for a hold, the rest documented.
_ACTIONS = {
    "OPEN": ("CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"),
    "IN_PROGRESS": ("CREATE_FULFILLMENT", "REPORT_PROGRESS", "HOLD", "MARK_AS_OPEN"),
    "SCHEDULED": ("MARK_AS_OPEN", "MOVE"),
    "ON_HOLD": ("RELEASE_HOLD", "HOLD", "MOVE"),
}


def _lines(order: Order, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(order.lines, **page)


def _shipping_lines(
    order: Order, info: Info, includeRemovals: bool | None = None, **page: Unpack[Page]
) -> object:
    rows = [line for line in order.shipping_line_list if includeRemovals or not line.is_removed]
    return info.context.paginate(rows, **page)


T = TypeVar("T")


def _first(rows: Sequence[T], first: int | None) -> list[T]:
    return list(rows if first is None else rows[:first])


def _no_query(query: str | None, field: str) -> None:
    if query:
        raise NotModelled(f"the argument query of {field}")


def _transactions(
    order: Order,
    _info: object,
    first: int | None = None,
    capturable: bool | None = None,
    manuallyResolvable: bool | None = None,
) -> list[Transaction]:
    rows = order.transaction_list
    if capturable is not None:
        rows = [row for row in rows if bool(row.left) is capturable]
    if manuallyResolvable:
        rows = []
    return _first(rows, first)


def _fulfillments(
    order: Order, _info: object, first: int | None = None, query: str | None = None
) -> list[Fulfillment]:
    """Newest first (captured)."""
    _no_query(query, "fulfillments")
    return _first(order.fulfillment_list[::-1], first)


def _refunds(order: Order, _info: object, first: int | None = None) -> list[Refund]:
    return _first(order.refund_list, first)


def _fulfillment_orders(
    order: Order,
    info: Info,
    displayable: bool | None = None,
    query: str | None = None,
    **page: Unpack[Page],
) -> object:
    """Oldest first (captured). ``displayable`` leaves out what closed with nothing in it."""
    _no_query(query, "fulfillmentOrders")
    rows = [row for row in order.fulfillment_order_list if row.lines or not displayable]
    return info.context.paginate(rows, **page)


def _returns(order: Order, info: Info, query: str | None = None, **page: Unpack[Page]) -> object:
    """Oldest first (captured)."""
    _no_query(query, "returns")
    return info.context.paginate(order.return_list, **page)


def _line_taxes(line: LineItem, _info: object, first: int | None = None) -> list[TaxLine]:
    return _first(line.tax_line_list, first)


def _line_product(line: LineItem, _info: object) -> Product | None:
    return line.variant.product if line.variant is not None else None


def _line_discount(line: LineItem, _info: object) -> Bag:
    """Line-level discounts only (documented): those over the whole order are not counted."""
    own = line.order.currencies.zero
    for row in line.discount_allocations:
        if not row.across_order:
            own = own + row.allocated_amount_set
    return own


def _line_discounted(line: LineItem, info: object, withCodeDiscounts: bool | None = None) -> Bag:
    """Without the discounts over the whole order, unless they are asked for (documented)."""
    if withCodeDiscounts:
        return line.net
    return line.original_total_set - _line_discount(line, info)


def _fulfillment_order_lines(row: FulfillmentOrder, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(row.lines, **page)


def _supported_actions(row: FulfillmentOrder, _info: object) -> list[dict[str, str]]:
    """SPLIT for more than one unit, MERGE with another open one of the place (captured)."""
    actions = list(_ACTIONS.get(row.status, ()))
    if row.status == "OPEN":
        if row.remaining > 1:
            actions.append("SPLIT")
        kin = (
            other
            for other in row.order.fulfillment_order_list
            if other is not row
            and other.status == "OPEN"
            and other.location is row.location
            and other.method_type == row.method_type
        )
        if any(kin):
            actions.append("MERGE")
    return [{"action": action} for action in actions]


def _fulfillment_lines(row: Fulfillment, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(row.line_items, **page)


def _tracking(
    row: Fulfillment, _info: object, first: int | None = None
) -> list[dict[str, str | None]]:
    return _first(row.tracking, first)


def _total_quantity(row: Fulfillment | Return, _info: object) -> int:
    lines: Sequence[Any] = row.line_items if isinstance(row, Fulfillment) else row.lines
    return sum(line.quantity for line in lines)


def _refund_lines(row: Refund, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(row.line_items, **page)


def _refund_transactions(row: Refund, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(row.transaction_list, **page)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "Order": {
        "lineItems": _lines,
        "shippingLines": _shipping_lines,
        "transactions": _transactions,
        "fulfillments": _fulfillments,
        "fulfillmentOrders": _fulfillment_orders,
        "refunds": _refunds,
        "returns": _returns,
        "metafield": metafield,
        "metafields": metafields,
    },
    "LineItem": {
        "taxLines": _line_taxes,
        "product": _line_product,
        "totalDiscountSet": _line_discount,
        "discountedTotalSet": _line_discounted,
    },
    "FulfillmentOrder": {
        "lineItems": _fulfillment_order_lines,
        "supportedActions": _supported_actions,
    },
    "Fulfillment": {
        "fulfillmentLineItems": _fulfillment_lines,
        "trackingInfo": _tracking,
        "totalQuantity": _total_quantity,
    },
    "Refund": {"refundLineItems": _refund_lines, "transactions": _refund_transactions},
    "Return": {"totalQuantity": _total_quantity},
}
