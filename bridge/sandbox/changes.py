"""What happens to an order after it was placed; each function changes stock and lines together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bridge.sandbox.model_lines import LineItem
from bridge.sandbox.model_orders import Order
from bridge.sandbox.paying import void
from bridge.sandbox.refunding import refund
from bridge.sandbox.routing import open_fulfillment_orders
from bridge.sandbox.shipping import withdraw

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def cancel(
    store: Store,
    order: Order,
    at: datetime,
    *,
    reason: str = "CUSTOMER",
    note: str | None = None,
    restock: bool = True,
    give_back: bool = True,
) -> None:
    """Cancel at once and whole: units off, authorisations voided, order closed.

    With ``give_back`` what was paid goes back the way it came.
    """
    everything = [
        (n, line.current_quantity, "CANCEL" if restock else "NO_RESTOCK")
        for n, line in enumerate(order.lines)
        if line.current_quantity
    ]
    if order.refundable and give_back:
        refund(
            store,
            order,
            at,
            lines=everything,
            shipping=True,
            amount=order.refundable_set,
        )
    else:
        for n, units, _ in everything:
            line = order.lines[n]
            withdraw(order, line, units, restock=restock)
            line.removed += units
    for parent in [t for t in order.transaction_list if t.left]:
        void(store, parent, at)
    for fulfillment_order in order.fulfillment_order_list:
        fulfillment_order.status = "CLOSED"
        fulfillment_order.updated_at = at
    order.cancelled_at = order.closed_at = order.updated_at = at
    order.cancel_reason, order.cancel_note = reason, note
    order.cancellation_done = True


def reduce_line(order: Order, position: int, units: int, at: datetime) -> None:
    """An edit takes units off a line; its quantity stays, the current one falls (captured)."""
    line = order.lines[position]
    withdraw(order, line, units, restock=True)
    line.removed += units
    order.edited = True
    order.updated_at = at


def add_line(store: Store, order: Order, line: LineItem, at: datetime) -> None:
    """An edit adds a line; it gets a fulfillment order of its own (captured)."""
    order.lines.append(line)
    store.keep(line)
    open_fulfillment_orders(store, order, at, lines=[line])
    order.edited = True
    order.updated_at = at
