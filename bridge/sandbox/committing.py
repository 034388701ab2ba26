"""The commit of an edit: lines, fulfillment orders, stock and money change together.

Captured: units that go leave their fulfillment order; an added line gets another one; a closed
order opens. Assumed: further units of a line join its open fulfillment order, or get another one
when it has none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sandbox.editing import CalculatedLine, EditSession, end
from bridge.sandbox.model_lines import LineItem
from bridge.sandbox.model_orders import Order
from bridge.sandbox.routing import add_row, new_fulfillment_order, open_fulfillment_orders
from bridge.sandbox.shipping import stock, withdraw

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]


def commit(store: Store, session: EditSession, at: datetime) -> Row:
    """Make the order so; gives what the journal tells of it."""
    order = session.order
    changed = [_change(store, order, row, at) for row in session.existing if row.changed]
    added = [_add(store, order, row, at) for row in session.added]
    order.edited, order.closed_at = True, None
    for line in [row.line for row in [*session.existing, *session.added] if row.changed]:
        if line.variant is not None:
            store.index.touch("ProductVariant", line.variant.id)
    end(store, order)
    store.touch(order, at)
    return {"changed": changed, "added": added}


def _change(store: Store, order: Order, row: CalculatedLine, at: datetime) -> Row:
    line, delta, terms = row.line, row.delta, row.terms
    told = {
        "line": line.legacy_resource_id,
        "sku": line.sku,
        "from": line.current_quantity,
        "to": terms.units,
        "restock": row.restock,
        "discounts": _told_discounts(row),
    }
    line.quantity = terms.quantity
    line.discount_allocations = list(terms.allocations)
    line.tax_line_list = list(terms.taxes)
    if delta < 0:
        withdraw(order, line, -delta, restock=row.restock)
        line.removed -= delta
    elif delta > 0:
        stock(line, line.stocked_at, available=-delta, committed=delta)
        _ship_more(store, order, line, delta, at)
    return told


def _ship_more(store: Store, order: Order, line: LineItem, units: int, at: datetime) -> None:
    works = order.fulfillment_order_list
    mine = [(work, row) for work in works for row in work.lines if row.line_item is line]
    for work, row in mine:
        if not work.is_closed:
            row.total_quantity += units
            row.remaining_quantity += units
            work.updated_at = at
            return
    if mine:
        last = mine[-1][0]
        made = new_fulfillment_order(store, order, last.location, last.method_type, at)
        add_row(store, made, line, units)
    elif works:
        _open(store, order, line, at)
    # Otherwise the order is younger than its fulfillment orders, which will have it.


def _add(store: Store, order: Order, row: CalculatedLine, at: datetime) -> Row:
    line, terms = row.line, row.terms
    line.number_id = store.new_id("LineItem")
    line.discount_allocations = list(terms.allocations)
    line.tax_line_list = list(terms.taxes)
    order.lines.append(line)
    store.keep(line)
    stock(line, line.stocked_at, available=-line.quantity, committed=line.quantity)
    if order.fulfillment_order_list:
        _open(store, order, line, at)
    return {
        "line": line.legacy_resource_id,
        "sku": line.sku,
        "quantity": line.quantity,
        "discounts": _told_discounts(row),
    }


def _open(store: Store, order: Order, line: LineItem, at: datetime) -> None:
    """A fulfillment order for a line, by the method of the others."""
    methods = [work.method_type for work in order.fulfillment_order_list]
    usual = next((method for method in methods if method != "NONE"), "SHIPPING")
    open_fulfillment_orders(store, order, at, delivery=usual, lines=[line])


def _told_discounts(row: CalculatedLine) -> list[Row]:
    return [
        {
            "fixed": None if discount.fixed is None else f"{discount.fixed:f}",
            "percent": None if discount.fixed is not None else f"{discount.percent:f}",
            "description": discount.description,
        }
        for discount in row.discounts
    ]
