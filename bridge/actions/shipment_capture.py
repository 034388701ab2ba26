"""Capturing at shipping or at completion, where the merchant's mapping says so.

With each shipment where the gateway captures in parts: each package's own value, under a series
of its own, so that a repeat takes nothing more. Otherwise once: everything that is owed, with the
shipment that leaves nothing to ship, or when RetailOps completes the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bridge.actions.captures import (
    open_authorisations,
    owed,
    package_series,
    package_value,
    package_want,
    plan_captures,
    shortfall,
)
from bridge.actions.effects import CAPTURE, FULFILLMENT
from bridge.actions.money import MoneyMismatch, PricedOrder, price_order
from bridge.actions.order_settle_payment_target import CaptureAt, settlement
from bridge.actions.shipment_known import package_of, units_of
from bridge.actions.shipment_plan import HELD, INCOMPLETE, OPEN
from bridge.engine import Call, Step
from bridge.errors import MappingError
from bridge.ledger import Effect
from bridge.retailops.events import Code, Event, event
from bridge.shopify.fulfillment import OrderWork
from bridge.shopify.orders import OrderReader
from bridge.shopify.payments import payment_state

Node = Mapping[str, Any]

MAPPING: Final = "order_settle_payment"

WHOLE: Final = "whole order"
"""The series of what is captured at the end: no number, so it is no settlement's."""


WAITING: Final = OPEN | {HELD, INCOMPLETE}


@dataclass(frozen=True, slots=True)
class Capture:
    """The captures of a call, and what there is to tell of them."""

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()


def capture_at(call: Call, refnum: str | None) -> CaptureAt | Event:
    """When the merchant captures, or the event that says why nobody knows."""
    try:
        return settlement(call.channel.mappings[MAPPING], subject=f"order {refnum}").capture_at
    except MappingError as error:
        message = f"nothing is captured: {error}"
        return event(Code(error.code), message, event_type="error", order_refnum=refnum)


def units_waiting(order: OrderWork) -> int:
    """How many units can still be shipped, now or later; what needs no shipping is none."""
    return sum(
        row.remaining
        for work in order.work
        if work.status in WAITING and work.method != "NONE"
        for row in work.lines
    )


async def capture_all(call: Call, refnum: str | None) -> Capture:
    """All that the order still owes, from whatever is open."""
    order = await payment_state(call.channel.client, call.budget, call.order_gid)
    if order is None or owed(order) <= 0:
        return Capture()
    effects = await call.effects([CAPTURE])
    now = call.clock()
    made = plan_captures(order, None, series=WHOLE, effects=effects, now=now, refnum=refnum)
    events = list(made.events)
    if made.short > 0:
        events.append(shortfall(order, owed(order), made.short, now, refnum))
    return Capture(made.steps, tuple(events))


async def capture_next(call: Call, keys: list[str], refnum: str | None) -> Capture:
    """The value of the first of these packages that is not captured yet.

    ``keys`` is left with the packages that were not looked at: one package a round, so that each
    capture is known before the next is reckoned.
    """
    order = await payment_state(call.channel.client, call.budget, call.order_gid)
    now = call.clock()
    if order is None or owed(order) <= 0:
        keys.clear()
        return Capture()
    if not any(auth.multi for auth in open_authorisations(order, now)):
        keys.clear()  # it can be captured once: with the last shipment
        return Capture()
    effects = await call.effects([CAPTURE])
    shipped = await call.effects([FULFILLMENT])
    if "priced" not in call.memo:
        call.memo["priced"] = await _priced(call)
    priced: PricedOrder | Event | None = call.memo["priced"]
    if not isinstance(priced, PricedOrder):
        keys.clear()
        return Capture((), (priced,) if priced is not None else ())
    while keys:
        key = keys.pop(0)
        mine = [e for e in shipped if package_of(e) == key]
        if not mine:
            continue
        series = package_series(key)
        value = package_value(priced, _units(mine), first=package_of(shipped[0]) == key)
        want = package_want(order, value, series, effects)
        made = plan_captures(
            order, want, series=series, effects=effects, now=now, refnum=refnum, multi_only=True
        )
        if made.steps:
            return Capture(made.steps, made.events)
    return Capture()


def _units(effects: Sequence[Effect]) -> dict[str, int]:
    units: dict[str, int] = {}
    for effect in effects:
        for line, count in units_of(effect.detail.get("lines", {})).items():
            units[line] = units.get(line, 0) + count
    return units


async def _priced(call: Call) -> PricedOrder | Event | None:
    """The order's prices; None when it cannot be read whole, an event when they do not add up."""
    settings = call.channel.settings
    reader = OrderReader(
        call.channel.client,
        call.budget,
        presentment=True,
        namespace=settings.order_acknowledge.namespace,
        lines=settings.order_pull.lines_per_order,
    )
    page = await reader.named([call.order_gid])
    if not page.orders:
        return None
    node = page.orders[0]
    cursor = page.more_lines.get(node["id"])
    if cursor is not None:
        further = await reader.more_lines(node, cursor)
        if further is None:
            return None
        node = {**node, "lineItems": [*node["lineItems"], *further]}
    try:
        return price_order(node, mode="net", shop_currency=False)
    except MoneyMismatch as error:
        return event(Code.MONEY_MISMATCH, f"nothing is captured for this shipment: {error}")
