"""order_settle_payment: take the money that the gateways hold, up to what RetailOps asks for.

RetailOps names a target, not a difference: what was captured already counts against it, so a
repeat takes nothing. Documents: PaymentState (3 points) and one OrderCapture (20) for each
authorisation that is needed. Source: RetailOps' order_settle_payment_v1.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge.actions.captures import capture_events, plan_captures, series_want, shortfall
from bridge.actions.currency import exchange, said
from bridge.actions.effects import CAPTURE
from bridge.actions.money import ZERO
from bridge.actions.order_settle_payment_target import Settlement, settlement
from bridge.engine import Call, OrderAction, Plan, Result, Step
from bridge.errors import MappingError
from bridge.ledger import Effect
from bridge.retailops.answers import OrderSettlePaymentAnswer
from bridge.retailops.events import Code, Event, EventType, event
from bridge.retailops.requests import OrderSettlePaymentRequest, Payment
from bridge.shopify.payments import payment_state

Node = Mapping[str, Any]


@dataclass(slots=True)
class SettleState:
    """``settled`` is the mapping's word on the request; None when it failed.

    ``order`` is PaymentState's node; None when it was not read (nothing is captured at settling)
    or when there is no such order. ``planned`` are the steps that this call wants sent.
    """

    settled: Settlement | None = None
    order: Node | None = None
    missing: bool = False
    effects: Sequence[Effect] = ()
    planned: list[Step] = field(default_factory=list)


class OrderSettlePayment(OrderAction[OrderSettlePaymentRequest, SettleState]):
    """See the module."""

    name = "order_settle_payment"

    def refnum(self, request: OrderSettlePaymentRequest) -> str | None:
        """The order's refnum."""
        return request.order.channel_order_refnum

    def key(self, request: OrderSettlePaymentRequest) -> str | None:
        """The series; a settlement without one is the order's."""
        series = _series(request.payment)
        return f"series {series}" if series else "order"

    async def read(
        self, call: Call, request: OrderSettlePaymentRequest, results: Sequence[Result]
    ) -> SettleState:
        """The order's money, unless the mapping captures it elsewhere."""
        state = SettleState()
        try:
            state.settled = settlement(
                call.channel.mappings[self.name],
                request.payment,
                request.order,
                subject=f"order {self.refnum(request)}",
            )
        except MappingError as error:
            call.tell(_event(request, Code(error.code), f"nothing is captured: {error}"))
            return state
        if state.settled.capture_at == "settle":
            client = call.channel.client
            state.order = await payment_state(client, call.budget, call.order_gid)
            state.missing = state.order is None
            state.effects = await call.effects([CAPTURE])
        return state

    def plan(
        self,
        call: Call,
        request: OrderSettlePaymentRequest,
        state: SettleState,
        results: Sequence[Result],
    ) -> Plan:
        """The captures that are still missing."""
        if state.settled is None:
            return Plan()
        if state.missing:
            message = f"there is no order {self.refnum(request)} in {call.channel.shop}"
            call.tell(_event(request, Code.ORDER_NOT_FOUND, message, event_type="error"))
            return Plan()
        if state.order is None:
            message = f"money is captured at '{state.settled.capture_at}' here, not at settling"
            call.tell(_event(request, Code.CAPTURED_ELSEWHERE, message))
            return Plan()
        target = self._target(call, request, state.settled, state.order)
        if target is None:
            return Plan()
        series = _series(request.payment)
        want = series_want(state.order, target, series, state.effects)
        if want <= 0:
            currency = state.order["presentmentCurrencyCode"]
            message = f"{said(target, currency)} of order {state.order['name']} is taken already"
            call.tell(_event(request, Code.ALREADY_APPLIED, message))
            return Plan()
        now, refnum = call.clock(), self.refnum(request)
        capturing = plan_captures(
            state.order, want, series=series, effects=state.effects, now=now, refnum=refnum
        )
        for told in capturing.events:
            call.tell(told)
        if capturing.short > 0:
            call.tell(shortfall(state.order, want, capturing.short, now, refnum))
        state.planned = list(capturing.steps)
        return Plan(capturing.steps)

    def _target(
        self, call: Call, request: OrderSettlePaymentRequest, settled: Settlement, order: Node
    ) -> Decimal | None:
        """What shall have been taken, in the customer's currency; None and an event: no telling."""
        for tender in settled.tenders:
            if tender.taken == "retailops":
                message = f"a row of {tender.type or 'no type'} is settled by RetailOps, not here"
                call.tell(_event(request, Code.PAYMENT_NOT_OURS, message))
        rows = [t.amount for t in settled.tenders if t.taken == "capture"]
        ours = [amount for amount in rows if amount is not None]
        others = sum((t.amount or ZERO for t in settled.tenders if t.taken != "capture"), ZERO)
        total = request.order.grand_total
        asked, trouble = ZERO, ""
        if ours:
            asked = sum(ours, ZERO)
            if len(ours) < len(rows):
                trouble = "a row of payment_transactions has no amount"
        elif total is not None:
            asked = max(ZERO, total - others)
        elif rows:
            trouble = "payment_transactions have no amount, and the order no grand_total"
        elif not settled.tenders:  # others are only those that Shopify took at the checkout
            trouble = "the call has no payment_transactions and no grand_total"
        if asked < 0:
            trouble = "payment_transactions come to less than zero"
        if trouble:
            call.tell(_event(request, Code.INVALID_FIELD, f"nothing is captured: {trouble}"))
            return None
        rate = exchange(
            order,
            told=request.payment.currency_code,
            shop_currency=call.channel.settings.order_pull.currency == "shop",
        )
        if rate is None:
            paid, shop = order["presentmentCurrencyCode"], order["currencyCode"]
            message = (
                f"nothing is captured: the call says {request.payment.currency_code}, the customer "
                f"pays in {paid} and the shop counts in {shop}"
            )
            call.tell(_event(request, Code.CURRENCY_MISMATCH, message))
            return None
        return rate.from_retailops(asked)

    def answer(
        self,
        call: Call,
        request: OrderSettlePaymentRequest,
        state: SettleState,
        results: Sequence[Result],
    ) -> OrderSettlePaymentAnswer:
        """What became of every capture."""
        for told in capture_events(results, state.planned, self.refnum(request)):
            call.tell(told)
        return self.refused(call, request)

    def refused(self, call: Call, request: OrderSettlePaymentRequest) -> OrderSettlePaymentAnswer:
        """The events alone."""
        return OrderSettlePaymentAnswer(events=tuple(call.events))

    def final(self, call: Call) -> bool:
        """Not while a capture is pending: the next call must look whether it failed."""
        pending = any(e.code == Code.PAYMENT_PENDING for e in call.events)
        return super().final(call) and not pending


def _series(payment: Payment) -> str:
    """``payment_series_id``; blank when it is absent or 0."""
    return str(payment.payment_series_id) if payment.payment_series_id else ""


def _event(
    request: OrderSettlePaymentRequest,
    code: Code,
    message: str,
    *,
    event_type: EventType | None = None,
) -> Event:
    refnum = request.order.channel_order_refnum
    return event(code, message, event_type=event_type, order_refnum=refnum)
