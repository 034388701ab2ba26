"""order_returned: give money back for goods that came back, once for each RetailOps return.

``refund_amt`` is the whole amount: nothing is added to it, and it may be less than the goods were
worth (a fee). Known by ``retailops_return_id``: in the ledger, and in Shopify by the refund's
note. Documents: RefundState (104 points with returns), RefundCreate (26), or ReturnProcess and
ReturnClose (10 each). Source: RetailOps' order_returned_v1.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge.actions.currency import as_text, presentment, pulled_in, said
from bridge.actions.effects import REFUND
from bridge.actions.locations import shop_locations
from bridge.actions.order_returned_plan import (
    Giver,
    Giving,
    asked_lines,
    close_step,
    marker_of,
)
from bridge.actions.order_returned_target import Returned, returned
from bridge.actions.refund_money import refund_marked
from bridge.engine import Call, OrderAction, Plan, Result, Step, shopify_event
from bridge.errors import MappingError, OutcomeUnknown, QueryRejected
from bridge.ledger import Effect
from bridge.retailops.answers import OrderReturnedAnswer, ReturnOutcome
from bridge.retailops.events import Code, Event, EventType, event
from bridge.retailops.requests import OrderReturnedRequest
from bridge.shopify.protocol import user_errors
from bridge.shopify.refunds import RefundState, refund_state

Node = Mapping[str, Any]


@dataclass(slots=True)
class ReturnState:
    """``shop`` is None when Shopify was not asked, or (``missing``) has no such order.

    ``known`` is the effect of an earlier call. ``detail`` is what this return comes to by this
    call's word; ``planned`` are the steps that it wants sent.
    """

    returned: Returned | None = None
    shop: RefundState | None = None
    missing: bool = False
    known: Effect | None = None
    places: Sequence[Node] = ()
    planned: list[Step] = field(default_factory=list)
    detail: Mapping[str, Any] | None = None


class OrderReturned(OrderAction[OrderReturnedRequest, ReturnState]):
    """See the module."""

    name = "order_returned"

    def refnum(self, request: OrderReturnedRequest) -> str | None:
        """The order's refnum."""
        return request.order.channel_order_refnum

    def key(self, request: OrderReturnedRequest) -> str | None:
        """The return's id; without one no money moves, and nothing is kept."""
        return _id(request) or None

    async def read(
        self, call: Call, request: OrderReturnedRequest, results: Sequence[Result]
    ) -> ReturnState:
        """What can be given back; Shopify is not asked for what cannot or need not be done."""
        state = ReturnState()
        if not _id(request):
            message = "the return has no retailops_return_id: no money is given back"
            call.tell(_event(request, Code.RETURN_ID_MISSING, message))
            return state
        try:
            state.returned = returned(call.channel.mappings[self.name], request)
        except MappingError as error:
            message = f"nothing is given back: {error}"
            call.tell(_event(request, Code(error.code), message, event_type="error"))
            return state
        effects = await call.effects([REFUND])
        state.known = next((e for e in effects if e.natural_id == _id(request)), None)
        if state.known is not None:
            if state.known.detail.get("return"):
                state.shop = await self._state(call, state.returned, suggest=False)
            return state
        if not self._sound(call, request, state.returned):
            state.returned = None
            return state
        state.shop = await self._state(call, state.returned, suggest=True)
        state.missing = state.shop is None
        if any(row.location for row in state.returned.lines if row.restock == "RETURN"):
            state.places = await shop_locations(call)
        return state

    def _sound(self, call: Call, request: OrderReturnedRequest, wanted: Returned) -> bool:
        """Whether the request says what is to be given back, and how."""
        if wanted.action is None:
            action = request.return_.refund_action or "nothing"
            message = (
                f"refund_action says {action}, which the mapping does not know: no money moves"
            )
            call.tell(_event(request, Code.REFUND_ACTION_UNKNOWN, message))
        elif wanted.amount is None or wanted.amount < 0:
            what = "no refund_amt" if wanted.amount is None else "a refund_amt below zero"
            message = f"the return has {what}: no money is given back"
            call.tell(_event(request, Code.INVALID_FIELD, message))
        else:
            return True
        return False

    async def _state(self, call: Call, wanted: Returned, *, suggest: bool) -> RefundState | None:
        """RefundState, with Shopify's suggestion for the lines where it can suggest for them."""
        client, gid = call.channel.client, call.order_gid
        lines = asked_lines(wanted.lines) if suggest else []
        if lines:
            try:
                state = await refund_state(client, call.budget, gid, lines=lines, with_returns=True)
                if state is None or state.order["suggestedRefund"] is not None:
                    return state
            except QueryRejected:
                # A line that is none of the order's: the suggestion is asked for without lines.
                pass
        return await refund_state(client, call.budget, gid, with_returns=True)

    # -- plan ---------------------------------------------------------------------------------

    def plan(
        self,
        call: Call,
        request: OrderReturnedRequest,
        state: ReturnState,
        results: Sequence[Result],
    ) -> Plan:
        """The refund, unless the ledger or a note in Shopify says that it was made."""
        if state.returned is None:
            return Plan()
        if state.known is not None:
            return self._known(call, request, state, state.known.detail)
        if state.shop is None:
            message = f"there is no order {self.refnum(request)} in {call.channel.shop}"
            call.tell(_event(request, Code.ORDER_NOT_FOUND, message, event_type="error"))
            return Plan()
        order = state.shop.order
        made = refund_marked(order, marker_of(_id(request)))
        if made is not None:
            return self._found(call, request, state, made)
        shop_currency = call.channel.settings.order_pull.currency == "shop"
        giving = Giver(
            return_id=_id(request),
            refnum=self.refnum(request),
            returned=state.returned,
            state=state.shop,
            rate=pulled_in(order, shop_currency=shop_currency),
            places=state.places,
        ).plan()
        return self._given(call, request, state, giving)

    def _given(
        self, call: Call, request: OrderReturnedRequest, state: ReturnState, giving: Giving
    ) -> Plan:
        for told in giving.events:
            call.tell(told)
        if giving.done:
            state.detail = giving.detail
            return Plan(effects=(self._effect(call, request, giving.detail),))
        state.planned = giving.steps
        return Plan(tuple(giving.steps))

    def _known(
        self, call: Call, request: OrderReturnedRequest, state: ReturnState, detail: Node
    ) -> Plan:
        """Done before: say so, and close the return if only that is missing."""
        state.detail = detail
        amount = said(Decimal(detail["amount"]), detail["currency"])
        message = f"return {_id(request)} is recorded already, with {amount} given back"
        call.tell(_event(request, Code.ALREADY_APPLIED, message))
        self._tell_money(call, request, detail)
        if state.shop is None:
            return Plan()
        opened = next(
            (r for r in state.shop.order["returns"] or () if r["id"] == detail["return"]), None
        )
        rows = () if opened is None else opened["returnLineItems"]
        if opened is None or opened["status"] != "OPEN":
            return Plan()
        if any(row["processableQuantity"] > 0 for row in rows):
            return Plan()
        state.planned = [close_step(opened["id"])]
        return Plan(tuple(state.planned))

    def _found(
        self, call: Call, request: OrderReturnedRequest, state: ReturnState, made: Node
    ) -> Plan:
        """A refund with our note that the ledger does not know: the ledger was lost."""
        amount = presentment(made["totalRefundedSet"])
        currency = made["totalRefundedSet"]["presentmentMoney"]["currencyCode"]
        as_credit = state.returned is not None and state.returned.action == "storecredit"
        detail = {
            "amount": as_text(amount),
            "currency": currency,
            "refund": made["id"],
            "store_credit": as_text(amount) if as_credit else None,
        }
        self._known(call, request, ReturnState(), detail)
        state.detail = detail
        return Plan(effects=(self._effect(call, request, detail),))

    def _effect(self, call: Call, request: OrderReturnedRequest, detail: Node) -> Effect:
        shop = call.channel.shop
        return Effect(shop, call.order_gid, REFUND, _id(request), detail, call.clock())

    # -- answer -------------------------------------------------------------------------------

    def answer(
        self,
        call: Call,
        request: OrderReturnedRequest,
        state: ReturnState,
        results: Sequence[Result],
    ) -> OrderReturnedAnswer:
        """What became of the money, and what was given as store credit."""
        by_key = {r.step.key: r for r in results}
        for step in state.planned:
            result = by_key.get(step.key)
            if result is not None and result.detail is not None and step.kind == REFUND:
                state.detail = result.detail
                self._tell_money(call, request, result.detail)
            elif result is None or result.data is None:
                self._tell_lost(call, request, step, result)
            else:
                self._tell_refused(call, request, step, result)
        credit = (state.detail or {}).get("store_credit")
        outcome = None
        if credit is not None:
            outcome = ReturnOutcome(channel_store_credit_amount=Decimal(credit))
        return OrderReturnedAnswer.model_validate({"events": call.events, "return": outcome})

    def refused(self, call: Call, request: OrderReturnedRequest) -> OrderReturnedAnswer:
        """The events alone."""
        return OrderReturnedAnswer(events=tuple(call.events))

    def final(self, call: Call) -> bool:
        """Not while a refund is pending: the next call tells it again."""
        pending = any(e.code == Code.PAYMENT_PENDING for e in call.events)
        return super().final(call) and not pending

    def _tell_money(self, call: Call, request: OrderReturnedRequest, detail: Node) -> None:
        """Money that Shopify has not moved, or not yet."""
        currency = detail["currency"]
        if "unpaid" in detail:
            amount = said(Decimal(detail["unpaid"]), currency)
            message = (
                f"return {_id(request)} is recorded, and the gateway did not give back {amount}"
            )
            call.tell(_event(request, Code.PAYMENT_FAILED, message))
        if "pending" in detail:
            amount = said(Decimal(detail["pending"]), currency)
            message = f"the gateway has yet to give back {amount} for return {_id(request)}"
            call.tell(_event(request, Code.PAYMENT_PENDING, message))

    def _tell_lost(
        self, call: Call, request: OrderReturnedRequest, step: Step, result: Result | None
    ) -> None:
        if result is None:
            message = f"{step.operation.name} was not sent: the step before it is in doubt"
            call.tell(_event(request, Code.NOT_REACHED, message, event_type="error"))
            return
        error = result.error or OutcomeUnknown(step.operation.name, "no reply")
        call.tell(shopify_event(error, order_refnum=self.refnum(request)))

    def _tell_refused(
        self, call: Call, request: OrderReturnedRequest, step: Step, result: Result
    ) -> None:
        """Shopify's words; those to a closing of what is closed do not matter."""
        payloads = (result.data or {}).values()
        words = "; ".join(e.message for p in payloads for e in user_errors(p))
        if not words and not step.kind:
            return
        message = f"{step.operation.name}: Shopify says: {words or 'no reason'}"
        diagnostic = f"shopify request {result.request_id}" if result.request_id else ""
        call.tell(
            _event(
                request,
                Code.SHOPIFY_USER_ERROR,
                message,
                event_type="error" if step.kind else "warning",
                diagnostic=diagnostic,
            )
        )


def _id(request: OrderReturnedRequest) -> str:
    """The return's id; blank when it is absent or 0."""
    number = request.return_.retailops_return_id
    return str(number) if number else ""


def _event(
    request: OrderReturnedRequest,
    code: Code,
    message: str,
    *,
    event_type: EventType | None = None,
    diagnostic: str = "",
) -> Event:
    return event(
        code,
        message,
        event_type=event_type,
        diagnostic=diagnostic,
        order_refnum=request.order.channel_order_refnum,
    )
