"""order_shipment_submit: every package of a shipment is a fulfillment in Shopify, once.

Points: ShipmentState 121, FulfillmentCreate 10 for each package and location; a repeat reads and
sends nothing. Source: RetailOps' order_shipment_submit_v1.json.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge.actions.effects import FULFILLMENT, TRACKING
from bridge.actions.packages import MAPPING, Parcel, natural_id, parcels
from bridge.actions.shipment_known import Ground
from bridge.actions.shipment_plan import Shipping, plan_packages
from bridge.actions.shipment_telling import step_events
from bridge.engine import Call, OrderAction, Plan, Result, Step
from bridge.ledger import Effect
from bridge.retailops.answers import OrderShipmentSubmitAnswer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderShipmentSubmitRequest, Shipment
from bridge.shopify.fulfillment import order_work


@dataclass(frozen=True, slots=True)
class ShipmentState:
    """The order and what the ledger knows of its packages; ``ground`` None: no such order."""

    ground: Ground | None = None


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
        for step in self.steps:
            told += step_events([step], results, {step.key: _name(step)}, refnum)
        return told


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


class OrderShipmentSubmit(OrderAction[OrderShipmentSubmitRequest, ShipmentState]):
    """See the module."""

    name = "order_shipment_submit"

    def refnum(self, request: OrderShipmentSubmitRequest) -> str | None:
        """The order's refnum."""
        return request.channel_order_refnum

    def key(self, request: OrderShipmentSubmitRequest) -> str | None:
        """The packages' identities."""
        return natural_id([request.shipment])

    async def read(
        self, call: Call, request: OrderShipmentSubmitRequest, results: Sequence[Result]
    ) -> ShipmentState:
        """The order's work and fulfillments, and its packages in the ledger."""
        return ShipmentState(await ground_of(call, self.refnum(request)))

    def plan(
        self,
        call: Call,
        request: OrderShipmentSubmitRequest,
        state: ShipmentState,
        results: Sequence[Result],
    ) -> Plan:
        """The packages that are missing, and tracking that differs."""
        if state.ground is None:
            return Plan()
        planned = plan_shipments(call, [request.shipment], state.ground)
        call.memo["planned"] = planned
        return Plan(planned.steps, effects=planned.effects)

    def answer(
        self,
        call: Call,
        request: OrderShipmentSubmitRequest,
        state: ShipmentState,
        results: Sequence[Result],
    ) -> OrderShipmentSubmitAnswer:
        """What became of every package."""
        if state.ground is None:
            call.tell(unknown_order(call, self.refnum(request)))
        planned: Planned = call.memo.get("planned", Planned())
        for told in planned.outcome(results, self.refnum(request)):
            call.tell(told)
        return self.refused(call, request)

    def refused(self, call: Call, request: OrderShipmentSubmitRequest) -> OrderShipmentSubmitAnswer:
        """The events alone."""
        return OrderShipmentSubmitAnswer(events=tuple(call.events))
