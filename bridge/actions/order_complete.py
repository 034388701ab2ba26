"""order_complete: RetailOps is done with an order.

Ship what is missing, take off what never will be shipped, capture where the merchant captures
then, archive the order: each in a round of its own, on what the one before made. What fails
stops the archiving; a repeat goes on from there. Source: RetailOps' order_complete_v1.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from bridge.actions.captures import capture_events
from bridge.actions.currency import as_text, presentment
from bridge.actions.effects import CLOSED, THE_ORDER, UNSHIPPED
from bridge.actions.money import ZERO
from bridge.actions.order_complete_target import Completion, completion
from bridge.actions.order_shipment_submit import (
    Planned,
    ground_of,
    plan_shipments,
    planned_again,
    unknown_order,
)
from bridge.actions.refund_money import spread, suggested_shipping
from bridge.actions.shipment_capture import Capture, capture_all, capture_at
from bridge.actions.shipment_known import Ground
from bridge.actions.shipment_lines import lines_of, number_of
from bridge.actions.shipment_telling import step_events
from bridge.actions.unshipped import (
    TakeOff,
    Unit,
    asked_of,
    due,
    left_to_ship,
    promised_to,
    removed_before,
    rows_of,
    take_off,
    take_off_step,
    units_in,
)
from bridge.engine import Call, OrderAction, Plan, Result, Step
from bridge.retailops.answers import OrderCompleteAnswer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderCompleteRequest
from bridge.shopify.fulfillment import closing
from bridge.shopify.payments import payment_state
from bridge.shopify.protocol import user_errors
from bridge.shopify.refunds import refund_state

Node = Mapping[str, Any]
Stage = Literal["ship", "take off", "capture", "close"]

# Shopify suggests a refund for exactly the units that are taken off. They are known before it is
# asked, but for what only its answer shows: then it is asked once more, and once for the shipping.
SUGGESTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Money:
    """The order as a refund sees it, and the shipping (before tax) that goes back with it."""

    order: Node
    payment: Node
    shipping: Decimal = ZERO


@dataclass(slots=True)
class Progress:
    """What one call has found out and planned so far; kept between its rounds.

    ``ship`` are the packages' steps of this round, ``sent`` the steps of the stages so far.
    ``units`` is every line as it was before units were taken off, ``wish`` the merchant's; None
    when its mapping failed.
    """

    ground: Ground
    planned: Planned
    wish: Completion | None = None
    stage: Stage = "ship"
    ship: tuple[Step, ...] = ()
    replanned: bool = False
    units: Mapping[str, Unit] = field(default_factory=dict)
    off: TakeOff = field(default_factory=TakeOff)
    money: Money | None = None
    capture: Capture = field(default_factory=Capture)
    close: bool = False
    notices: list[Event] = field(default_factory=list)
    sent: dict[Stage, tuple[Step, ...]] = field(default_factory=dict)

    def events(self, results: Sequence[Result]) -> list[Event]:
        """What there is to tell by now."""
        refnum = self.ground.refnum
        told = [*self.planned.outcome(results, refnum), *self.off.notices]
        told += self._of("take off", "The taking off of units", results)
        told += [*self.capture.events, *capture_events(results, self.capture.steps, refnum)]
        told += self._of("close", "The archiving of the order", results)
        return [*told, *self.notices]

    def _of(self, stage: Stage, name: str, results: Sequence[Result]) -> list[Event]:
        steps = self.sent.get(stage, ())
        return step_events(steps, results, {s.key: name for s in steps}, self.ground.refnum)

    def failed(self, results: Sequence[Result]) -> bool:
        """Whether something that was asked for is not done."""
        return any(e.event_type == "error" for e in self.events(results))


class OrderComplete(OrderAction[OrderCompleteRequest, Progress | None]):
    """See the module."""

    name = "order_complete"
    ends_offers = True

    def refnum(self, request: OrderCompleteRequest) -> str | None:
        """The order's refnum."""
        return request.order.channel_order_refnum

    def key(self, request: OrderCompleteRequest) -> str | None:
        """An order is completed once; a corrected call is planned again on what is true then."""
        return THE_ORDER

    # -- reading -------------------------------------------------------------------------------

    async def read(
        self, call: Call, request: OrderCompleteRequest, results: Sequence[Result]
    ) -> Progress | None:
        """Go on to the next stage that has something to send; None: there is no such order."""
        progress: Progress | None = call.memo.get("progress")
        if progress is None:
            ground = await ground_of(call, self.refnum(request))
            if ground is None:
                return None
            progress = Progress(ground, plan_shipments(call, request.order.shipments, ground))
            wish = completion(call, request, ground.order.node)
            if isinstance(wish, Event):
                progress.notices.append(wish)
            else:
                progress.wish = wish
            call.memo["progress"] = progress
            progress.ship = progress.planned.steps
            if progress.ship:
                return progress
        await self._advance(call, request, progress, results)
        return progress

    async def _advance(
        self,
        call: Call,
        request: OrderCompleteRequest,
        progress: Progress,
        results: Sequence[Result],
    ) -> None:
        if progress.stage == "ship":
            if progress.planned.steps and not progress.replanned:
                progress.replanned = True
                shipments = request.order.shipments
                again = await planned_again(
                    call, shipments, progress.ground, progress.planned, results
                )
                if again is not None:
                    progress.ground, progress.planned, progress.ship = again
                    if progress.ship:
                        return
            if progress.planned.steps:
                # What was shipped just now is not left to be taken off.
                ground = await ground_of(call, self.refnum(request))
                progress.ground = ground or progress.ground
            progress.stage = "take off"
            await self._unshipped(call, request, progress)
            if progress.off.lines:
                return
        if progress.stage == "take off":
            progress.stage = "capture"
            if not progress.failed(results):
                await self._capture(call, progress)
            if progress.capture.steps:
                return
        if progress.stage == "capture":
            progress.stage = "close"
            await self._end(call, progress, results)

    async def _unshipped(
        self, call: Call, request: OrderCompleteRequest, progress: Progress
    ) -> None:
        """What is to be taken off, and what Shopify would give back for it."""
        ground, order = progress.ground, progress.ground.order
        lines = lines_of(order)
        progress.units = units_in(order, None)
        asked, notices = asked_of(request.order.unshipped_items, lines, ground.refnum)
        progress.notices += notices
        if not asked or progress.wish is None or order.cancelled:
            return
        effects = await call.effects([UNSHIPPED])
        promised = promised_to(progress.planned.parcels, lines)
        refunds: Sequence[Node] = ()
        shipping: Decimal | None = None
        before: tuple[dict[str, int], Decimal | None] | None = None
        for _ in range(SUGGESTIONS):
            removed = removed_before(effects, refunds)
            off = take_off(asked, removed, progress.units, promised, ground.refnum)
            progress.off = off
            if not off.lines or before == (off.lines, shipping):
                return
            state = await refund_state(
                call.channel.client,
                call.budget,
                call.order_gid,
                lines=rows_of(off.lines),
                shipping=shipping,
            )
            payment = await payment_state(call.channel.client, call.budget, call.order_gid)
            if state is None or payment is None:
                progress.off = TakeOff()
                return
            before = dict(off.lines), shipping
            progress.money = Money(state.order, payment, shipping or ZERO)
            progress.units = units_in(order, state.order)
            refunds = state.order["refunds"]
            if self._gives_shipping(progress):
                shipping = suggested_shipping(state.order) or None

    @staticmethod
    def _gives_shipping(progress: Progress) -> bool:
        """Whether the shipping goes back too: nothing was shipped, and nothing will be."""
        wish = progress.wish
        if wish is None or not wish.refund_unshipped or wish.refund_shipping == "never":
            return False
        shipped = any(
            line in progress.units and not progress.units[line].virtual
            for fulfillment in progress.ground.order.shipped
            if not fulfillment.cancelled
            for line in fulfillment.lines
        )
        return not shipped and not left_to_ship(progress.units, progress.off.lines)

    async def _capture(self, call: Call, progress: Progress) -> None:
        if progress.ground.order.cancelled:
            return
        when = capture_at(call, progress.ground.refnum)
        if isinstance(when, Event):
            progress.notices.append(when)
        elif when in {"ship", "complete"}:
            progress.capture = await capture_all(call, progress.ground.refnum)

    async def _end(self, call: Call, progress: Progress, results: Sequence[Result]) -> None:
        """Whether the order is archived, and what is not as it should be at the end."""
        order, refnum = progress.ground.order, progress.ground.refnum
        if progress.failed(results):
            return
        if order.cancelled:
            message = f"order {refnum} is cancelled in Shopify: nothing of it is left to be done"
            progress.notices.append(
                event(Code.ORDER_CANCELLED, message, event_type="info", order_refnum=refnum)
            )
            return
        taken = progress.off.lines if progress.sent.get("take off") else {}
        for line, units in left_to_ship(progress.units, taken).items():
            progress.notices.append(
                event(
                    Code.NOT_SHIPPED,
                    f"{units} of line {number_of(line)} of order {refnum} are neither shipped nor "
                    "told as never to be shipped; they are left as they are",
                    order_refnum=refnum,
                    item_refnum=number_of(line),
                )
            )
        payment = await payment_state(call.channel.client, call.budget, call.order_gid)
        open_amount = ZERO if payment is None else presentment(payment["totalCapturableSet"])
        if payment is not None and open_amount > 0:
            currency = payment["presentmentCurrencyCode"]
            progress.notices.append(
                event(
                    Code.NOT_CAPTURED,
                    f"{as_text(open_amount)} {currency} of order {refnum} is authorised and not "
                    "captured",
                    order_refnum=refnum,
                )
            )
        known = await call.effects([CLOSED])
        wants = progress.wish is not None and progress.wish.close
        progress.close = wants and not order.closed and not known

    # -- planning ------------------------------------------------------------------------------

    def plan(
        self,
        call: Call,
        request: OrderCompleteRequest,
        state: Progress | None,
        results: Sequence[Result],
    ) -> Plan:
        """The steps of the stage that was reached."""
        if state is None:
            return Plan()
        steps: tuple[Step, ...] = ()
        if state.stage == "ship":
            steps = state.ship
        elif state.stage == "take off":
            steps = (_take_off(state),)
        elif state.stage == "capture":
            steps = state.capture.steps
        elif state.close:
            steps = (_close(state),)
        state.sent[state.stage] = steps
        return Plan(steps, again=state.stage != "close", effects=state.planned.effects)

    # -- answering -----------------------------------------------------------------------------

    def answer(
        self,
        call: Call,
        request: OrderCompleteRequest,
        state: Progress | None,
        results: Sequence[Result],
    ) -> OrderCompleteAnswer:
        """What became of every package and unit; success when nothing failed."""
        if state is None:
            call.tell(unknown_order(call, self.refnum(request)))
            return self.refused(call, request)
        told = state.events(results)
        if not results and not told:
            message = f"order {state.ground.refnum} is complete already; nothing was changed"
            told.append(event(Code.ALREADY_APPLIED, message, order_refnum=state.ground.refnum))
        for one in told:
            call.tell(one)
        return self.refused(call, request)

    def refused(self, call: Call, request: OrderCompleteRequest) -> OrderCompleteAnswer:
        """The events, and fail when one of them is an error."""
        failed = any(e.event_type == "error" for e in call.events)
        status: Literal["success", "fail"] = "fail" if failed else "success"
        return OrderCompleteAnswer(status=status, events=tuple(call.events))


def _take_off(state: Progress) -> Step:
    money, wish = state.money, state.wish
    if money is None or wish is None:
        raise RuntimeError("units are taken off without having been looked at")
    amount = due(money.order, money.payment) if wish.refund_unshipped else ZERO
    return take_off_step(
        money.order,
        state.off,
        spread(money.order, amount),
        shipping=money.shipping if amount else ZERO,
        note=wish.note or "",
        notify=wish.notify_customer,
    )


def _close(state: Progress) -> Step:
    op, variables = closing(state.ground.order.gid)
    return Step(
        key="close",
        operation=op,
        variables=variables,
        repeatable=True,
        kind=CLOSED,
        natural_id=THE_ORDER,
        expect={"closed": True},
        effect=_closed,
    )


def _closed(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data["orderClose"]
    return {} if payload and payload["order"] and not user_errors(payload) else None
