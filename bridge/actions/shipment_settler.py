"""Knows packages and their tracking in a fresh read of the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bridge.actions.effects import CLOSED, FULFILLMENT, TRACKING
from bridge.actions.shipment_known import units_of
from bridge.actions.shipment_lines import number_of
from bridge.actions.shipment_plan import has_tracking
from bridge.engine import Applied, Call, NotApplied, Unclear, Verdict
from bridge.ledger import StepRow
from bridge.shopify.fulfillment import OrderWork, Tracking, order_work


@dataclass(frozen=True, slots=True)
class Look:
    """The order now, and the fulfillments (GIDs) that are known as somebody's."""

    order: OrderWork | None
    claimed: frozenset[str]


class ShipmentSettler:
    """Settles fulfillments, tracking updates and the closing of an order."""

    kinds = frozenset({FULFILLMENT, TRACKING, CLOSED})

    async def look(self, call: Call) -> Look:
        """Read the order's fulfillments, newest first."""
        order = await order_work(call.channel.client, call.budget, call.order_gid)
        known = await call.effects([FULFILLMENT])
        return Look(order, frozenset(str(e.detail.get("fulfillment", "")) for e in known))

    def judge(self, step: StepRow, state: Look) -> Verdict:
        """Whether the step's own effect is there."""
        if state.order is None:
            return Unclear("the order cannot be found in Shopify any more")
        if step.kind == FULFILLMENT:
            return _fulfillment(step, state, state.order)
        if step.kind == TRACKING:
            return _tracking(step.expect, state.order)
        return Applied({}) if state.order.closed else NotApplied()


def _fulfillment(step: StepRow, state: Look, order: OrderWork) -> Verdict:
    """A fulfillment that was not there before, is nobody's, and has these units and number."""
    lines = units_of(step.expect["lines"])
    before = {*step.pre_image["fulfillments"], *state.claimed}
    found = [
        s
        for s in order.shipped
        if s.id not in before and s.bears(step.expect["tracking"]) and s.holds(lines)
    ]
    if len(found) > 1:
        numbers = ", ".join(number_of(s.id) for s in found)
        return Unclear(
            f"the fulfillments {numbers} of order {order.name} all look like it: one of them, or "
            "none, is this package"
        )
    if found:
        return Applied({**step.expect, "fulfillment": found[0].id})
    return NotApplied()


def _tracking(expect: Mapping[str, Any], order: OrderWork) -> Verdict:
    wanted = Tracking(expect["number"], expect["company"], expect["url"])
    for shipped in order.shipped:
        if shipped.id == expect["fulfillment"]:
            return Applied(dict(expect)) if has_tracking(shipped, wanted) else NotApplied()
    return Unclear(
        f"order {order.name} shows no fulfillment {number_of(expect['fulfillment'])} any more"
    )
