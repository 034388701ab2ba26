"""What happens to the shipping of an order: packages, holds, moves, archiving; stock goes along.

Each function changes stock and fulfillment orders together and checks nothing: the mutations do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.sandbox.model import Location
from bridge.sandbox.model_fulfillment import (
    Fulfillment,
    FulfillmentHold,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Pick,
)
from bridge.sandbox.model_lines import LineItem
from bridge.sandbox.model_orders import Order
from bridge.sandbox.routing import add_row, defer, new_fulfillment_order

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Captured: an order that is paid and shipped is closed about a second later.
CLOSE_DELAY = 1.0
# PAID is captured; the others are assumed: their money is settled too.
_SETTLED = frozenset({"PAID", "PARTIALLY_REFUNDED", "REFUNDED"})

Tracking = Sequence[Mapping[str, str | None]]


# ---- stock


def stock(
    line: LineItem, where: Location | None, *, available: int = 0, committed: int = 0
) -> None:
    """Move units of a line's item at a location; nothing for what is not tracked."""
    if line.variant is None or line.stocked_at is None or where is None:
        return
    level = line.variant.inventory_item.levels.get(where.number_id)
    if level is not None:
        level.available += available
        level.committed += committed


def withdraw(order: Order, line: LineItem, units: int, *, restock: bool) -> None:
    """Units that nobody will ship leave the fulfillment orders and are not committed any more."""
    left = units
    for pick in take_off(order, line, units, shrink=True):
        left -= pick.units
        back = pick.units if restock else 0
        stock(line, pick.source.location, available=back, committed=-pick.units)
    # In the second before the fulfillment orders are there.
    stock(line, line.stocked_at, available=left if restock else 0, committed=-left)


def take_off(order: Order, line: LineItem, units: int, *, shrink: bool) -> list[Pick]:
    """Units leave the open fulfillment orders, oldest first: shipped, or (``shrink``) unwanted."""
    picks = []
    for work in order.fulfillment_order_list:
        for row in work.lines:
            taken = min(units, row.remaining_quantity)
            if work.is_closed or row.line_item is not line or not taken:
                continue
            units -= taken
            picks.append(Pick(work, row, taken))
    for pick in picks:
        pick.row.remaining_quantity -= pick.units
        if shrink:
            pick.row.total_quantity -= pick.units
    for work in {id(pick.source): pick.source for pick in picks}.values():
        if not work.remaining:
            work.status = "CLOSED"
        elif not shrink:
            work.status = "IN_PROGRESS"
    return picks


# ---- packages


def ship(
    store: Store, order: Order, picks: Iterable[Pick], at: datetime, *, tracking: Tracking = ()
) -> Fulfillment:
    """One package of these units: they are no longer committed and no longer on hand.

    Units of one line from several fulfillment orders are one line of the package (captured).
    """
    picks = list(picks)
    made = Fulfillment(
        number_id=store.new_id("Fulfillment"),
        order=order,
        name=f"{order.name}-F{len(order.fulfillment_list) + 1}",
        location=picks[0].source.location,
        created_at=at,
        updated_at=at,
        tracking=[dict(row) for row in tracking],
    )
    rows: dict[int, FulfillmentLine] = {}
    for pick in picks:
        line = pick.row.line_item
        if line.number_id not in rows:
            number = store.new_id("FulfillmentLineItem")
            row = FulfillmentLine(number_id=number, line_item=line, quantity=0)
            rows[line.number_id] = row
            made.line_items.append(row)
            store.keep(row)
        rows[line.number_id].quantity += pick.units
        rows[line.number_id].picks.append(pick)
        pick.row.remaining_quantity -= pick.units
        stock(line, pick.source.location, committed=-pick.units)
    for work in _works(picks):
        work.status = "IN_PROGRESS" if work.remaining else "CLOSED"
        work.updated_at = at
    order.fulfillment_list.append(made)
    order.updated_at = at
    store.keep(made)
    return made


def fulfil(
    store: Store,
    order: Order,
    at: datetime,
    *,
    quantities: Mapping[int, int] | None = None,
    tracking: Tracking = (),
) -> Fulfillment:
    """Ship units of lines, by position (all that is left when not given), as people do."""
    picks: list[Pick] = []
    for n, line in enumerate(order.lines):
        left = line.unfulfilled_quantity if quantities is None else quantities.get(n, 0)
        for work in order.fulfillment_order_list:
            for row in work.lines:
                units = min(left, row.remaining_quantity)
                if not work.is_closed and row.line_item is line and units:
                    picks.append(Pick(work, row, units))
                    left -= units
    if not picks:
        raise ValueError(f"order {order.name}: nothing of that is left to ship")
    return ship(store, order, picks, at, tracking=tracking)


def _works(picks: Iterable[Pick]) -> list[FulfillmentOrder]:
    return list({id(pick.source): pick.source for pick in picks}.values())


def unship(store: Store, package: Fulfillment, at: datetime) -> None:
    """Cancel a package; the order opens again.

    Captured: a fulfillment order that it closed stays CLOSED, shows its units as remaining, and
    another one takes them over; one in progress takes them back, and is OPEN when it is whole.
    """
    package.status, package.display_status, package.updated_at = "CANCELLED", "CANCELED", at
    picks = [pick for row in package.line_items for pick in row.picks]
    for work in _works(picks):
        mine = [pick for pick in picks if pick.source is work]
        another = None
        if work.is_closed:
            another = new_fulfillment_order(store, work.order, work.location, work.method_type, at)
        for pick in mine:
            pick.row.remaining_quantity += pick.units
            stock(pick.row.line_item, work.location, committed=pick.units)
            if another is not None:
                add_row(store, another, pick.row.line_item, pick.units)
        if another is None:
            work.status = resting_status(work, at)
        work.updated_at = at
    package.order.closed_at = None
    package.order.updated_at = at


def resting_status(work: FulfillmentOrder, at: datetime) -> str:
    """What a fulfillment order is when nothing holds it."""
    if work.progress_reported or work.is_begun:
        return "IN_PROGRESS"
    return "SCHEDULED" if work.fulfill_at > at else "OPEN"


# ---- holds, places, dates


def split(
    store: Store, work: FulfillmentOrder, kept: Mapping[int, int], at: datetime
) -> FulfillmentOrder | None:
    """Leave ``kept`` units (by row number) in ``work``; the rest goes to a new one, if any is left.

    Captured: the part that was asked for keeps the id, and its rows keep theirs.
    """
    if all(kept.get(row.number_id, 0) == row.remaining_quantity for row in work.lines):
        return None
    other = new_fulfillment_order(store, work.order, work.location, work.method_type, at)
    other.fulfill_at = work.fulfill_at
    for row in list(work.lines):
        units = kept.get(row.number_id, 0)
        rest = row.remaining_quantity - units
        if rest:
            add_row(store, other, row.line_item, rest)
        if units:
            row.total_quantity = row.remaining_quantity = units
        else:
            work.lines.remove(row)
    work.updated_at = at
    return other


def hold_one(
    store: Store, work: FulfillmentOrder, made: FulfillmentHold, at: datetime
) -> FulfillmentHold:
    """Hold a fulfillment order. ``Order.updatedAt`` stays (reported)."""
    work.fulfillment_holds.append(made)
    work.status, work.updated_at = "ON_HOLD", at
    store.keep(made)
    return made


def hold(
    store: Store,
    order: Order,
    at: datetime,
    *,
    reason: str,
    notes: str | None = None,
    only: int = 0,
) -> None:
    """Hold the first ``only`` fulfillment orders (all for 0) that are not closed."""
    chosen = [work for work in order.fulfillment_order_list if not work.is_closed]
    for work in chosen[: only or None]:
        number = store.new_id("FulfillmentHold")
        hold_one(
            store, work, FulfillmentHold(number_id=number, reason=reason, reason_notes=notes), at
        )


def release(
    store: Store, work: FulfillmentOrder, holds: Iterable[FulfillmentHold], at: datetime
) -> None:
    """Take holds off. With the last one, what the hold had split off comes back (captured)."""
    for gone in holds:
        work.fulfillment_holds.remove(gone)
    work.updated_at = at
    if work.fulfillment_holds:
        return
    work.status = resting_status(work, at)
    for other in work.order.fulfillment_order_list:
        if other.split_from is work and other.status == "OPEN" and not other.is_begun:
            _merge(store, work, other, at)


def _merge(store: Store, work: FulfillmentOrder, other: FulfillmentOrder, at: datetime) -> None:
    """All of ``other`` goes to ``work``; its rows stay with 0 units (captured)."""
    rows = {row.line_item.number_id: row for row in work.lines}
    for row in other.lines:
        units = row.remaining_quantity
        mine = rows.get(row.line_item.number_id)
        if mine is None:
            add_row(store, work, row.line_item, units)
        else:
            mine.total_quantity += units
            mine.remaining_quantity += units
        row.total_quantity = row.remaining_quantity = 0
    other.status, other.split_from, other.updated_at = "CLOSED", None, at


def relocate(
    work: FulfillmentOrder, rows: Iterable[tuple[FulfillmentOrderLine, int]], to: Location
) -> None:
    """The stock side of a move: units are committed at the new place and free at the old one."""
    for row, units in rows:
        stock(row.line_item, work.location, available=units, committed=-units)
        stock(row.line_item, to, available=-units, committed=units)


def move(
    store: Store, work: FulfillmentOrder, units: Mapping[int, int], to: Location, at: datetime
) -> FulfillmentOrder:
    """Move units (by row number) to another location; gives the fulfillment order that has them.

    Captured: a whole one keeps its id, a part becomes a new one. What is shipped stays where it
    was (documented), so the rest of one in progress becomes a new one too.
    """
    rows = [(row, units[row.number_id]) for row in work.lines if units.get(row.number_id)]
    relocate(work, rows, to)
    work.updated_at = at
    if not work.is_begun and sum(units.values()) == work.remaining:
        work.location = to
        return work
    made = new_fulfillment_order(store, work.order, to, work.method_type, at)
    made.fulfill_at = work.fulfill_at
    for row, count in rows:
        add_row(store, made, row.line_item, count)
        row.total_quantity -= count
        row.remaining_quantity -= count
        if not row.total_quantity:
            work.lines.remove(row)
    if not work.remaining:
        work.status = "CLOSED"
    return made


def schedule(store: Store, order: Order, until: datetime) -> None:
    """Make the open fulfillment orders wait until a date, cut to the hour (captured)."""
    for work in order.fulfillment_order_list:
        if not work.is_closed:
            defer(store, work, until)


def open_now(work: FulfillmentOrder, at: datetime) -> None:
    """Work may begin; what was said of its progress is taken back."""
    work.status, work.progress_reported, work.updated_at = "OPEN", False, at
    work.fulfill_at = min(work.fulfill_at, at.replace(minute=0, second=0, microsecond=0))


def report_progress(order: Order, at: datetime) -> None:
    """Somebody says that the open fulfillment orders are being worked on."""
    for work in order.fulfillment_order_list:
        if work.status == "OPEN":
            work.status, work.progress_reported, work.updated_at = "IN_PROGRESS", True, at


# ---- archiving


def close_when_done(store: Store, order: Order) -> None:
    """Close the order a moment from now if it is settled and shipped then.

    To be called after a package and after money moved. Captured for PAID and FULFILLED; a setting
    of the shop, on unless ``auto_close`` is off.
    """
    if not store.auto_close:
        return

    def due(at: datetime) -> None:
        done = order.display_fulfillment_status == "FULFILLED"
        settled = order.display_financial_status in _SETTLED
        if done and settled and order.closed_at is None and order.cancelled_at is None:
            order.closed_at = at
            store.touch(order, at)

    store.later(store.clock() + timedelta(seconds=CLOSE_DELAY), due)
