"""Plays the seeded orders: places each at its time, then does to it what its kind says.

``act`` is the same for tests: what people do to an order in the admin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sandbox import changes, paying, refunding, returning, shipping
from bridge.sandbox.model_lines import LineItem
from bridge.sandbox.model_orders import Order
from bridge.sandbox.placing import place
from bridge.sandbox.routing import open_fulfillment_orders
from bridge.sandbox.seed_kinds import Play
from bridge.sandbox.seed_orders import money
from bridge.sandbox.seed_orders_work import work

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# The first order is thirteen days old, the newest six hours.
_FIRST, _LAST = timedelta(days=13), timedelta(hours=6)
_STEP = timedelta(minutes=40)


def _fulfil(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    number = given.get("tracking")
    row = {
        "company": "UPS",
        "number": number,
        "url": f"https://www.ups.com/track?tracknum={number}",
    }
    shipping.fulfil(
        store, order, at, quantities=given.get("quantities"), tracking=[row] if number else []
    )


def _refund(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    amount = given.get("amount")
    refunding.refund(
        store,
        order,
        at,
        lines=given.get("lines", ()),
        shipping=given.get("shipping", False),
        amount=None if amount is None else order.currencies.bag(Decimal(amount)),
        note=given.get("note"),
        gateway=given.get("gateway"),
    )


def _cancel(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    changes.cancel(store, order, at, **given)


def _hold(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    shipping.hold(store, order, at, **given)


def _schedule(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    shipping.schedule(store, order, at + timedelta(days=given["days"]))


def _progress(_store: Store, order: Order, at: datetime, _given: Mapping[str, Any]) -> None:
    shipping.report_progress(order, at)


def _reduce(_store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    changes.reduce_line(order, given["position"], given["units"], at)


def _add(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    variant = store.by_sku(given["sku"])[0]
    line = LineItem(
        number_id=store.new_id("LineItem"),
        order=order,
        title=variant.product.title,
        quantity=given["units"],
        original_unit_price_set=order.currencies.bag(variant.price / order.currencies.rate),
        variant=variant,
        variant_title=None if variant.title == "Default Title" else variant.title,
        sku=variant.sku,
        vendor=variant.product.vendor,
    )
    changes.add_line(store, order, line, at)


def _return(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    returning.add_return(store, order, at, lines=given["lines"])


def _close(_store: Store, order: Order, at: datetime, _given: Mapping[str, Any]) -> None:
    order.closed_at = order.updated_at = at


def _pay(store: Store, order: Order, at: datetime, given: Mapping[str, Any]) -> None:
    """Capture ``amount`` (all when absent) of the first authorisation that has something left."""
    parent = next(t for t in order.transaction_list if t.left)
    amount = given.get("amount")
    take = parent.left.presentment if amount is None else Decimal(amount)
    paying.capture(store, parent, take, at)
    order.updated_at = at


_ACTIONS: dict[str, Callable[[Store, Order, datetime, Mapping[str, Any]], None]] = {
    "fulfil": _fulfil,
    "refund": _refund,
    "cancel": _cancel,
    "hold": _hold,
    "schedule": _schedule,
    "progress": _progress,
    "reduce": _reduce,
    "add": _add,
    "return": _return,
    "close": _close,
    "capture": _pay,
}


def act(store: Store, order: Order, at: datetime, action: str, given: Mapping[str, Any]) -> None:
    """Let something happen to an order at ``at``. Raises ValueError for an unknown action."""
    if action not in _ACTIONS:
        raise ValueError(f"action {action!r}: known are {', '.join(sorted(_ACTIONS))}")
    _ACTIONS[action](store, order, at, given)


def _play(store: Store, play: Play, at: datetime) -> None:
    order = place(store, {"kind": play.kind, **play.spec}, at=at)
    place_of_pickup = order.retail_location
    open_fulfillment_orders(
        store,
        order,
        at + timedelta(seconds=1),
        delivery=play.spec.get("delivery", "SHIPPING"),
        location=place_of_pickup,
    )
    order.updated_at = at + timedelta(seconds=1)
    for n, (action, given) in enumerate(play.then, start=1):
        act(store, order, at + n * _STEP, action, given)


def plays() -> list[Play]:
    """Every seeded order, mixed so that kinds that belong together do not sit together."""
    groups = [*money(), *work()]
    longest = max(len(group) for group in groups)
    return [group[n] for n in range(longest) for group in groups if n < len(group)]


def play(store: Store, now: datetime) -> None:
    """All of them, oldest first, evenly over the two weeks before ``now``."""
    rows = plays()
    start, span = now - _FIRST, _FIRST - _LAST
    for n, row in enumerate(rows):
        _play(store, row, (start + span * n / (len(rows) - 1)).replace(microsecond=609_599))
