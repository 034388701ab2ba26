"""order_shipment_submit: every package of a shipment is a fulfillment in Shopify, once.

Points: ShipmentState 121, FulfillmentCreate 10 for each package and location; a repeat reads and
sends nothing. Source: RetailOps' order_shipment_submit_v1.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bridge.actions.captures import capture_events
from bridge.actions.effects import FULFILLMENT, TRACKING
from bridge.actions.packages import MAPPING, Parcel, natural_id, parcels
from bridge.actions.shipment_capture import (
    Capture,
    capture_all,
    capture_at,
    capture_next,
    units_waiting,
)
from bridge.actions.shipment_known import Ground, units_of
from bridge.actions.shipment_plan import Shipping, plan_packages
from bridge.actions.shipment_telling import step_events
from bridge.engine import Call, OrderAction, Plan, Result, Step
from bridge.ledger import Effect
from bridge.retailops.answers import OrderShipmentSubmitAnswer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderShipmentSubmitRequest, Shipment
from bridge.shopify.fulfillment import order_work

# A package's value is captured in a round of its own, so that each capture is known before the
# next is reckoned: 13 points and half a second each. A hundred are the points of the smallest
# plan's bucket and the better part of a minute; what is left is told, and the repeat takes it.
MOST_CAPTURES: Final = 100


async def ground_of(call: Call, refnum: str | None) -> Ground | None:
    """What a plan of packages stands on, read now; None when there is no such order."""
    order = await order_work(call.channel.client, call.budget, call.order_gid)
    if order is None:
        return None
    return Ground(
        shop=call.channel.shop,
        refnum=refnum or order.legacy_id,
        order=order,
        effects=await call.effects([FULFILLMENT, TRACKING]),
        born=await call.ledger.born(),
        now=call.clock(),
    )


@dataclass(slots=True)
class Planned:
    """What a call wants done with its packages: told in the answer, whatever comes after it."""

    steps: tuple[Step, ...] = ()
    effects: tuple[Effect, ...] = ()
    notices: tuple[Event, ...] = ()
    parcels: Sequence[Parcel] = field(default_factory=tuple)

    def outcome(self, results: Sequence[Result], refnum: str | None) -> list[Event]:
        """The notices, and what became of the steps."""
        told = list(self.notices)
        # Work that could not be opened cannot be fulfilled: that is told, once.
        for step in (s for s in self.steps if s.kind):
            told += step_events([step], results, {step.key: _name(step)}, refnum)
        return told

    def refused(self, results: Sequence[Result]) -> list[Step]:
        """The fulfillments that Shopify understood and would not make."""
        answered = {r.step.key: r for r in results if r.data is not None and r.detail is None}
        return [s for s in self.steps if s.kind == FULFILLMENT and s.key in answered]


async def planned_again(
    call: Call,
    shipments: Sequence[Shipment],
    ground: Ground,
    planned: Planned,
    results: Sequence[Result],
) -> tuple[Ground, Planned, tuple[Step, ...]] | None:
    """Another plan where Shopify refused a fulfillment because the order changed meanwhile.

    A hold, a move or an edit replaces fulfillment orders: what was read is then no longer there.
    Gives what it stands on, everything that is planned by now, and the steps that are new; None
    when nothing was refused, or when the order as it is now gives nothing else to tell.
    """
    refused = planned.refused(results)
    fresh = await ground_of(call, ground.refnum) if refused else None
    if fresh is None:
        return None
    made = plan_shipments(call, shipments, fresh)
    if [s.variables for s in made.steps] == [s.variables for s in refused]:
        return None
    known = Code.ALREADY_APPLIED  # it is so since the first plan was sent
    whole = Planned(
        steps=(*(s for s in planned.steps if s not in refused), *made.steps),
        effects=made.effects,
        notices=(
            *(n for n in planned.notices if n.code == known),
            *(n for n in made.notices if n.code != known),
        ),
        parcels=made.parcels,
    )
    return fresh, whole, made.steps


def plan_shipments(call: Call, shipments: Iterable[Shipment], ground: Ground) -> Planned:
    """The plan for all packages of some shipments. Pure."""
    made = parcels(shipments, call.channel.mappings[MAPPING], ground.order.node)
    shipping: Shipping = plan_packages(made.rows, ground)
    return Planned(
        tuple(shipping.steps),
        tuple(shipping.found),
        (*made.notices, *shipping.notices),
        made.rows,
    )


def _name(step: Step) -> str:
    """What a step is about, at the beginning of a sentence."""
    if isinstance(step.subject, Parcel):
        what = "the tracking of " if step.kind == TRACKING else ""
        name = f"{what}{step.subject.name}"
        return name[0].upper() + name[1:]
    return "The opening of work that was scheduled for later"


def unknown_order(call: Call, refnum: str | None) -> Event:
    """The event for an order that is not in the store."""
    message = f"there is no order {refnum} in {call.channel.shop}"
    return event(Code.ORDER_NOT_FOUND, message, event_type="error", order_refnum=refnum)


@dataclass(slots=True)
class Progress:
    """What one call has found out and planned so far; kept between its rounds.

    ``latest`` are the shipping steps that stand on ``ground``. ``uncaptured`` are the packages
    (keys) whose value was not looked at; None before that.
    """

    ground: Ground
    planned: Planned
    replanned: bool = False
    latest: tuple[Step, ...] = ()
    uncaptured: list[str] | None = None
    sent: list[Step] = field(default_factory=list)
    notices: list[Event] = field(default_factory=list)
    steps: tuple[Step, ...] = ()


class OrderShipmentSubmit(OrderAction[OrderShipmentSubmitRequest, Progress | None]):
    """See the module."""

    name = "order_shipment_submit"

    def refnum(self, request: OrderShipmentSubmitRequest) -> str | None:
        """The order's refnum."""
        return request.channel_order_refnum

    def key(self, request: OrderShipmentSubmitRequest) -> str | None:
        """The packages' identities."""
        return natural_id([request.shipment])

    def rounds(self, request: OrderShipmentSubmitRequest) -> int:
        """One for the capture of each package, where the merchant captures with the shipment."""
        return min(len(request.shipment.packages), MOST_CAPTURES)

    async def read(
        self, call: Call, request: OrderShipmentSubmitRequest, results: Sequence[Result]
    ) -> Progress | None:
        """The order's work and packages; after shipping, the money. None: there is no order."""
        progress: Progress | None = call.memo.get("progress")
        if progress is None:
            ground = await ground_of(call, self.refnum(request))
            if ground is None:
                return None
            progress = Progress(ground, plan_shipments(call, [request.shipment], ground))
            call.memo["progress"] = progress
            progress.steps = progress.latest = progress.planned.steps
            if progress.steps:
                return progress
        if not progress.replanned:
            progress.replanned = True
            shipments = [request.shipment]
            again = await planned_again(call, shipments, progress.ground, progress.planned, results)
            if again is not None:
                progress.ground, progress.planned, progress.steps = again
                if progress.steps:
                    progress.latest = progress.steps
                    return progress
        progress.steps = ()
        await self._capture(call, progress, results)
        return progress

    async def _capture(self, call: Call, progress: Progress, results: Sequence[Result]) -> None:
        """The next captures, where the merchant captures with each shipment."""
        ground = progress.ground
        if progress.uncaptured is None:
            progress.uncaptured = []
            when = capture_at(call, ground.refnum)
            if isinstance(when, Event):
                progress.notices.append(when)
            elif when == "ship" and not ground.order.cancelled:
                made = [r.detail for r in results if r.step in progress.latest and r.detail]
                units = sum(sum(units_of(d.get("lines", {})).values()) for d in made)
                if units >= units_waiting(ground.order):
                    self._take(progress, await capture_all(call, ground.refnum))
                    return
                progress.uncaptured = [p.key for p in progress.planned.parcels]
        if progress.uncaptured:
            self._take(progress, await capture_next(call, progress.uncaptured, ground.refnum))

    @staticmethod
    def _take(progress: Progress, capture: Capture) -> None:
        progress.steps = capture.steps
        progress.notices += capture.events

    def plan(
        self,
        call: Call,
        request: OrderShipmentSubmitRequest,
        state: Progress | None,
        results: Sequence[Result],
    ) -> Plan:
        """The packages that are missing, and tracking that differs; then what is captured."""
        if state is None:
            return Plan()
        state.sent += state.steps
        return Plan(state.steps, again=True, effects=state.planned.effects)

    def answer(
        self,
        call: Call,
        request: OrderShipmentSubmitRequest,
        state: Progress | None,
        results: Sequence[Result],
    ) -> OrderShipmentSubmitAnswer:
        """What became of every package."""
        refnum = self.refnum(request)
        if state is None:
            call.tell(unknown_order(call, refnum))
            return self.refused(call, request)
        told = state.planned.outcome(results, refnum) + state.notices
        told += capture_events(results, state.sent, refnum)
        for key in state.uncaptured or ():
            message = f"the value of {key} is not captured yet; send the call again"
            told.append(event(Code.NOT_REACHED, message, order_refnum=refnum))
        for one in told:
            call.tell(one)
        return self.refused(call, request)

    def refused(self, call: Call, request: OrderShipmentSubmitRequest) -> OrderShipmentSubmitAnswer:
        """The events alone."""
        return OrderShipmentSubmitAnswer(events=tuple(call.events))
