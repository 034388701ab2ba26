"""What happens to an order after it was placed; each function changes stock and lines together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.sandbox.model_fulfillment import (
    Refund,
    RefundLine,
    RefundShippingLine,
    Return,
    ReturnLine,
)
from bridge.sandbox.model_lines import LineItem, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag
from bridge.sandbox.routing import open_fulfillment_orders
from bridge.sandbox.shipping import stock, withdraw

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def _pay_back(
    store: Store, refund: Refund, amount: Bag, at: datetime, *, gateway: str | None
) -> None:
    """Give ``amount`` back over what was paid, gift cards first, as Shopify suggests."""
    order = refund.order
    paid = [
        t for t in order.transaction_list if t.kind in {"SALE", "CAPTURE"} and t.status == "SUCCESS"
    ]
    left = amount
    for parent in sorted(paid, key=lambda t: t.gateway != "gift_card"):
        if gateway is not None and parent.gateway != gateway:
            continue
        back = (t.amount_set for t in order.transaction_list if t.parent_transaction is parent)
        room = parent.amount_set
        for earlier in back:
            room = room - earlier
        give = left if left.presentment <= room.presentment else room
        if give.presentment <= 0:
            continue
        left = left - give
        made = Transaction(
            number_id=store.new_id("OrderTransaction"),
            order=order,
            kind="REFUND",
            status="SUCCESS",
            gateway=parent.gateway,
            formatted_gateway=parent.formatted_gateway,
            amount_set=give,
            created_at=at,
            processed_at=at,
            parent_transaction=parent,
            test=order.test,
            card_company=parent.card_company,
        )
        order.transaction_list.append(made)
        refund.transaction_list.append(made)
        store.keep(made)


def refund(
    store: Store,
    order: Order,
    at: datetime,
    *,
    lines: Sequence[tuple[int, int, str]] = (),
    shipping: bool = False,
    amount: Bag | None = None,
    note: str | None = None,
    gateway: str | None = None,
) -> Refund:
    """Refund goods (position, units, restock type), shipping, or money alone.

    ``amount`` replaces what the goods and the shipping are worth; zero moves none.
    """
    outstanding, zero = order.total_outstanding_set, order.currencies.zero
    made = Refund(
        number_id=store.new_id("Refund"),
        order=order,
        created_at=at,
        updated_at=at,
        overpaid=-outstanding if outstanding.presentment < 0 else zero,
        note=note,
    )
    for position, units, restock in lines:
        line = order.lines[position]
        before, whole = line.current_quantity, line.quantity
        after = before - units
        row = RefundLine(
            number_id=store.new_id("RefundLineItem"),
            line_item=line,
            quantity=units,
            restock_type=restock,
            # By difference, so that what is left and what went back make up the line exactly.
            subtotal_set=line.net.part(before, whole) - line.net.part(after, whole),
            total_tax_set=line.tax.part(before, whole) - line.tax.part(after, whole),
            location=line.stocked_at if restock != "NO_RESTOCK" else None,
        )
        unshipped = min(units, line.unfulfilled_quantity) if restock != "RETURN" else 0
        restocked = restock != "NO_RESTOCK"
        withdraw(order, line, unshipped, restock=restocked)
        stock(line, line.stocked_at, available=units - unshipped if restocked else 0)
        made.line_items.append(row)
    order.refund_list.append(made)
    if shipping:
        for item in order.shipping_line_list:
            made.shipping_lines.append(
                RefundShippingLine(
                    number_id=store.new_id("RefundShippingLine"),
                    shipping_line=item,
                    subtotal_amount_set=item.current_discounted_price_set,
                    tax_amount_set=item.current(item.tax),
                )
            )
    owed = made.suggested if amount is None else amount
    _pay_back(store, made, owed, at, gateway=gateway)
    order.updated_at = at
    store.keep(made)
    return made


def cancel(
    store: Store,
    order: Order,
    at: datetime,
    *,
    reason: str = "CUSTOMER",
    note: str | None = None,
    restock: bool = True,
) -> None:
    """Cancel at once and whole: money back, authorisations voided, units off, order closed."""
    everything = [
        (n, line.current_quantity, "CANCEL" if restock else "NO_RESTOCK")
        for n, line in enumerate(order.lines)
        if line.current_quantity
    ]
    if order.net_payment_set:
        refund(
            store,
            order,
            at,
            lines=everything,
            shipping=True,
            amount=order.net_payment_set,
        )
    else:
        for n, units, _ in everything:
            line = order.lines[n]
            withdraw(order, line, units, restock=restock)
            line.removed += units
    for parent in [t for t in order.transaction_list if t.left]:
        void = Transaction(
            number_id=store.new_id("OrderTransaction"),
            order=order,
            kind="VOID",
            status="SUCCESS",
            gateway=parent.gateway,
            formatted_gateway=parent.formatted_gateway,
            amount_set=order.currencies.zero,  # captured: a void has the amount 0.0
            created_at=at,
            processed_at=at,
            parent_transaction=parent,
            test=order.test,
        )
        order.transaction_list.append(void)
        store.keep(void)
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


def add_return(
    store: Store, order: Order, at: datetime, *, lines: Sequence[tuple[int, int, str]]
) -> Return:
    """An open return over units of lines: (position, units, reason)."""
    made = Return(
        number_id=store.new_id("Return"),
        order=order,
        name=f"{order.name}-R{len(order.return_list) + 1}",
        created_at=at,
    )
    for position, units, reason in lines:
        made.lines.append(
            ReturnLine(
                number_id=store.new_id("ReturnLineItem"),
                line_item=order.lines[position],
                quantity=units,
                return_reason=reason,
            )
        )
    order.return_list.append(made)
    order.updated_at = at
    store.keep(made)
    return made
