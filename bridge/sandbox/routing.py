"""How the lines of a placed order are spread over fulfillment orders.

A line goes to the location that has stock, by the order's delivery method. ``POST
/_sandbox/orders`` may ask for more: other locations, several of them, another method, a hold, a
date (see ``docs/sandbox.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bridge.sandbox.model import Location
from bridge.sandbox.model_fulfillment import (
    FulfillmentHold,
    FulfillmentOrder,
    FulfillmentOrderLine,
)
from bridge.sandbox.model_lines import LineItem, Routing
from bridge.sandbox.model_orders import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.sandbox.store import Store

LINE_KEYS = frozenset({"location", "locations", "delivery", "hold", "scheduled"})
METHODS = ("SHIPPING", "PICK_UP", "LOCAL", "RETAIL", "NONE", "PICKUP_POINT")
HOLD_REASONS = (
    "AWAITING_PAYMENT",
    "AWAITING_RETURN_ITEMS",
    "HIGH_RISK_OF_FRAUD",
    "INCORRECT_ADDRESS",
    "INVENTORY_OUT_OF_STOCK",
    "ONLINE_STORE_POST_PURCHASE_CROSS_SELL",
    "OTHER",
    "UNKNOWN_DELIVERY_DATE",
)
_SHIPPING = "SHIPPING"


def _one_of(value: object, known: tuple[str, ...], where: str) -> str | None:
    if value is None or value in known:
        return None if value is None else str(value)
    raise ValueError(f"{where} {value!r}: known are {', '.join(known)}")


def routing_of(
    row: Mapping[str, Any], where: str, line: LineItem, named: Callable[[object], Location | None]
) -> Routing:
    """What the specification asks for ``line``; ``named`` gives a location by its name.

    Raises ValueError with a sentence for the reader.
    """
    quantity, item = line.quantity, line.variant.inventory_item if line.variant else None
    shares: list[tuple[Location, int]] = []
    if "location" in row and "locations" in row:
        raise ValueError(f"{where}: give 'location' or 'locations', not both")
    asked = row.get("locations", {row["location"]: quantity} if "location" in row else {})
    for name, units in dict(asked).items():
        place = named(name)
        if not isinstance(units, int) or isinstance(units, bool) or units < 1:
            raise ValueError(f"{where}.locations: {name!r} needs 1 or more units")
        if place is None:
            continue
        if item is not None and item.tracked and place.number_id not in item.levels:
            raise ValueError(f"{where}: {line.sku} is not stocked at {place.name}")
        shares.append((place, units))
    if shares and sum(units for _, units in shares) != quantity:
        raise ValueError(f"{where}.locations: the units must add up to {quantity}")
    days = row.get("scheduled")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        raise ValueError(f"{where}.scheduled: must be 1 or more days")
    return Routing(
        shares=tuple(shares),
        delivery=_one_of(row.get("delivery"), METHODS, f"{where}.delivery"),
        hold=_one_of(row.get("hold"), HOLD_REASONS, f"{where}.hold"),
        days=days,
    )


def _default_location(store: Store) -> Location:
    """The first active location: where what nobody stocks is sent from."""
    return next(place for place in store.locations.values() if place.is_active)


def _shares(line: LineItem, elsewhere: Location) -> list[tuple[Location, int]]:
    """The current units by location; units that were taken off are missing at the last ones."""
    left, found = line.current_quantity, []
    wanted = line.routing.shares or ((line.stocked_at or elsewhere, left),)
    for place, units in wanted:
        if min(units, left):
            found.append((place, min(units, left)))
            left -= min(units, left)
    return found


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
    Lines that ask for a hold or a date get fulfillment orders of their own.
    """
    groups: dict[tuple[int, str, str | None, int | None], list[tuple[LineItem, int]]] = {}
    elsewhere = location or _default_location(store)
    for line in order.lines if lines is None else lines:
        asked = line.routing
        usual = delivery if line.requires_shipping or delivery != _SHIPPING else "NONE"
        for place, units in _shares(line, elsewhere):
            key = (place.number_id, asked.delivery or usual, asked.hold, asked.days)
            groups.setdefault(key, []).append((line, units))
    for (number, method, reason, days), members in groups.items():
        made = new_fulfillment_order(store, order, store.locations[number], method, at)
        for line, units in members:
            add_row(store, made, line, units)
        if days is not None:
            defer(store, made, at + timedelta(days=days))
        if reason is not None:
            hold = FulfillmentHold(number_id=store.new_id("FulfillmentHold"), reason=reason)
            made.fulfillment_holds.append(hold)
            made.status = "ON_HOLD"
            store.keep(hold)


def new_fulfillment_order(
    store: Store, order: Order, location: Location, method: str, at: datetime
) -> FulfillmentOrder:
    """An OPEN fulfillment order without lines, kept and listed last."""
    presented = order.shipping_line_list[0].title if order.shipping_line_list else None
    made = FulfillmentOrder(
        number_id=store.new_id("FulfillmentOrder"),
        order=order,
        location=location,
        created_at=at,
        updated_at=at,
        fulfill_at=at.replace(minute=0, second=0, microsecond=0),  # captured: cut to the hour
        method_type=method,
        presented_name=presented if method != "NONE" else None,
    )
    order.fulfillment_order_list.append(made)
    store.keep(made)
    return made


def add_row(
    store: Store, work: FulfillmentOrder, line: LineItem, units: int
) -> FulfillmentOrderLine:
    """A row of ``units``, all of them still to be shipped."""
    row = FulfillmentOrderLine(
        number_id=store.new_id("FulfillmentOrderLineItem"),
        line_item=line,
        total_quantity=units,
        remaining_quantity=units,
    )
    work.lines.append(row)
    store.keep(row)
    return row


def defer(store: Store, work: FulfillmentOrder, until: datetime) -> None:
    """Schedule a fulfillment order; it opens by itself when ``until``, cut to the hour, comes."""
    work.status = "SCHEDULED"
    work.fulfill_at = until.replace(minute=0, second=0, microsecond=0)

    def due(at: datetime) -> None:
        if work.status == "SCHEDULED" and work.fulfill_at <= at:
            work.status, work.updated_at = "OPEN", at
            store.index.touch(work.order.gql_type, work.order.id)

    store.later(work.fulfill_at, due)
