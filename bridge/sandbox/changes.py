"""What happens to an order after it was placed; each function changes stock and lines together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.sandbox.model import Location
from bridge.sandbox.model_fulfillment import (
    Fulfillment,
    FulfillmentHold,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Refund,
    RefundLine,
    RefundShippingLine,
    Return,
    ReturnLine,
)
from bridge.sandbox.model_lines import LineItem, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_SHIPPING = "SHIPPING"


def _default_location(store: Store) -> Location:
    """The first active location: where what nobody stocks is sent from."""
    return next(place for place in store.locations.values() if place.is_active)


def open_fulfillment_orders(
    store: Store,
    order: Order,
    at: datetime,
    *,
    delivery: str = _SHIPPING,
    location: Location | None = None,
    lines: Sequence[LineItem] | None = None,
) -> None:
    """One fulfillment order a location and delivery method, over the lines' current units.

    What needs no shipping gets one too, OPEN (captured); its method is NONE (documented enum).
    """
    presented = order.shipping_line_list[0].title if order.shipping_line_list else None
    groups: dict[tuple[int, str], list[LineItem]] = {}
    for line in order.lines if lines is None else lines:
        if line.current_quantity == 0:
            continue
        where = line.stocked_at or location or _default_location(store)
        method = delivery if line.requires_shipping or delivery != _SHIPPING else "NONE"
        groups.setdefault((where.number_id, method), []).append(line)
    for (number, method), members in groups.items():
        made = FulfillmentOrder(
            number_id=store.new_id("FulfillmentOrder"),
            order=order,
            location=store.locations[number],
            created_at=at,
            updated_at=at,
            fulfill_at=at.replace(minute=0, second=0, microsecond=0),
            method_type=method,
            presented_name=presented if method != "NONE" else None,
        )
        for line in members:
            row = FulfillmentOrderLine(
                number_id=store.new_id("FulfillmentOrderLineItem"),
                line_item=line,
                total_quantity=line.current_quantity,
                remaining_quantity=line.current_quantity,
            )
            made.lines.append(row)
            store.keep(row)
        order.fulfillment_order_list.append(made)
        store.keep(made)


def _stock(line: LineItem, *, available: int = 0, committed: int = 0) -> None:
    if line.variant is None or line.stocked_at is None:
        return
    level = line.variant.inventory_item.levels[line.stocked_at.number_id]
    level.available += available
    level.committed += committed


def _take_off(order: Order, line: LineItem, quantity: int, *, shrink: bool) -> None:
    """Units leave the open fulfillment orders: shipped, or (``shrink``) not wanted any more."""
    for fulfillment_order in order.fulfillment_order_list:
        if fulfillment_order.status == "CLOSED":
            continue
        for row in fulfillment_order.lines:
            if row.line_item is line and quantity:
                units = min(quantity, row.remaining_quantity)
                quantity -= units
                row.remaining_quantity -= units
                if shrink:
                    row.total_quantity -= units
        if all(row.remaining_quantity == 0 for row in fulfillment_order.lines):
            fulfillment_order.status = "CLOSED"
        elif not shrink:
            fulfillment_order.status = "IN_PROGRESS"


def fulfil(
    store: Store,
    order: Order,
    at: datetime,
    *,
    quantities: Mapping[int, int] | None = None,
    tracking: Sequence[Mapping[str, str | None]] = (),
) -> Fulfillment:
    """Ship units of lines, by position (all that is left when not given): stock leaves."""
    wanted = [
        (line, line.unfulfilled_quantity if quantities is None else quantities.get(n, 0))
        for n, line in enumerate(order.lines)
    ]
    lines = [(line, units) for line, units in wanted if units]
    where = next((line.stocked_at for line, _ in lines if line.stocked_at), None)
    made = Fulfillment(
        number_id=store.new_id("Fulfillment"),
        order=order,
        name=f"{order.name}-F{len(order.fulfillment_list) + 1}",
        location=where or _default_location(store),
        created_at=at,
        updated_at=at,
        tracking=[dict(row) for row in tracking],
    )
    for line, units in lines:
        _take_off(order, line, units, shrink=False)
        _stock(line, committed=-units)
        made.line_items.append(
            FulfillmentLine(
                number_id=store.new_id("FulfillmentLineItem"), line_item=line, quantity=units
            )
        )
    order.fulfillment_list.append(made)
    order.updated_at = at
    store.keep(made)
    return made


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
        _take_off(order, line, unshipped, shrink=True)
        back = units if restock != "NO_RESTOCK" else 0
        _stock(line, available=back, committed=-unshipped)
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
            _take_off(order, line, units, shrink=True)
            _stock(line, available=units if restock else 0, committed=-units)
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


def hold(
    store: Store,
    order: Order,
    at: datetime,
    *,
    reason: str,
    notes: str | None = None,
    only: int = 0,
) -> None:
    """Hold the first ``only`` fulfillment orders (all for 0). ``Order.updatedAt`` stays."""
    chosen = order.fulfillment_order_list[: only or None]
    for fulfillment_order in chosen:
        made = FulfillmentHold(
            number_id=store.new_id("FulfillmentHold"), reason=reason, reason_notes=notes
        )
        fulfillment_order.fulfillment_holds.append(made)
        fulfillment_order.status = "ON_HOLD"
        fulfillment_order.updated_at = at
        store.keep(made)


def schedule(order: Order, until: datetime) -> None:
    """Make the open fulfillment orders wait until a date, cut to the hour (captured)."""
    for fulfillment_order in order.fulfillment_order_list:
        fulfillment_order.status = "SCHEDULED"
        fulfillment_order.fulfill_at = until.replace(minute=0, second=0, microsecond=0)


def reduce_line(order: Order, position: int, units: int, at: datetime) -> None:
    """An edit takes units off a line; its quantity stays, the current one falls (captured)."""
    line = order.lines[position]
    _take_off(order, line, units, shrink=True)
    _stock(line, available=units, committed=-units)
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
