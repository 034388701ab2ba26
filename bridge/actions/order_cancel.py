"""order_cancel: the whole order, refunded the way it was paid, without touching the stock.

Shopify cancels asynchronously: the job is followed for a while, then the answer is success with
an info event, and a repeat sees how it ended. Already cancelled is success. What was shipped
cannot be cancelled: ``fail``, with the way out (order_complete, order_returned).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bridge.actions.effects import CANCELLED, THE_ORDER
from bridge.actions.sources import plain_dump, shape_from_model
from bridge.engine import (
    Applied,
    Call,
    NotApplied,
    OrderAction,
    Plan,
    Result,
    Step,
    Verdict,
    shopify_event,
)
from bridge.errors import DeadlineExceeded, ShopifyError
from bridge.ledger import StepRow
from bridge.mapping.module import MappingModule
from bridge.retailops.answers import Answer, OrderCancelAnswer
from bridge.retailops.events import Code, event
from bridge.retailops.requests import OrderCancelRequest
from bridge.schema import load_schema
from bridge.schema.shape import Shape, shape_of
from bridge.shopify.cancelling import cancel_state, job_is_done
from bridge.shopify.documents import operation
from bridge.shopify.protocol import user_errors

Node = Mapping[str, Any]

# The SDK's verifier waits 15 seconds for an answer; Shopify's job takes about one.
FOLLOW_SECONDS: Final = 10.0
LOOK_EVERY: Final = 0.5

# Shopify's words for what is no failure (captured): it is cancelled, or about to be.
ALREADY: Final = "already been canceled"
RUNNING: Final = "already in progress"


class Cancellation(BaseModel):
    """What mappings/order_cancel.toml makes of the call: how the order is cancelled.

    ``refund``: give the money back the way it came. ``restock``: RetailOps owns the stock, so
    no by default. ``staff_note`` is seen by staff only; Shopify takes 255 characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Literal["CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"] = "OTHER"
    staff_note: str | None = Field(None, max_length=255)
    notify_customer: bool = False
    refund: bool = True
    restock: bool = False


def sources() -> Mapping[str, Shape]:
    """The names that mappings/order_cancel.toml may use."""
    order = shape_of(load_schema(), operation("CancelState").document, ("order",))
    return MappingProxyType({"request": shape_from_model(OrderCancelRequest), "order": order})


class OrderCancel(OrderAction[OrderCancelRequest, Node | None]):
    """The action; see ``bridge.engine.OrderAction`` for its shape."""

    name = "order_cancel"
    ends_offers = True

    def refnum(self, request: OrderCancelRequest) -> str | None:
        """The order's own."""
        return request.order.channel_order_refnum

    def key(self, request: OrderCancelRequest) -> str | None:
        """An order is cancelled once."""
        return THE_ORDER

    async def read(
        self, call: Call, request: OrderCancelRequest, results: Sequence[Result]
    ) -> Node | None:
        """The order; once cancelling was accepted, after following its job."""
        done = next((r for r in results if r.detail is not None), None)
        if done is not None and done.detail is not None and done.detail.get("job"):
            call.memo["running"] = not await _follow(call, str(done.detail["job"]))
        return await cancel_state(call.channel.client, call.budget, call.order_gid)

    def plan(
        self,
        call: Call,
        request: OrderCancelRequest,
        state: Node | None,
        results: Sequence[Result],
    ) -> Plan:
        """Cancel, unless it is cancelled, being cancelled, or partly shipped."""
        if results or state is None or state["cancelledAt"] is not None or _shipped(state):
            return Plan()
        how = cancellation(call.channel.mappings["order_cancel"], request, state)
        variables = {
            "orderId": call.order_gid,
            "reason": how.reason,
            "restock": how.restock,
            "notifyCustomer": how.notify_customer,
            "staffNote": how.staff_note,
        }
        if how.refund:
            variables["refundMethod"] = {"originalPaymentMethodsRefund": True}
        step = Step(
            key="cancel",
            operation=operation("OrderCancel"),
            variables=variables,
            repeatable=False,
            kind=CANCELLED,
            natural_id=THE_ORDER,
            pre_image={"cancelled": False},
            expect={"cancelled": True},
            effect=_effect,
        )
        return Plan((step,), again=True)

    def answer(
        self,
        call: Call,
        request: OrderCancelRequest,
        state: Node | None,
        results: Sequence[Result],
    ) -> Answer:
        """Success when it is cancelled or about to be; else fail, with the reason."""
        refnum = request.order.channel_order_refnum
        if state is None:
            message = f"there is no order {refnum} in {call.channel.shop}"
            call.tell(event(Code.ORDER_NOT_FOUND, message, event_type="error", order_refnum=refnum))
            return self.refused(call, request)
        if results and results[-1].error is not None:
            call.tell(shopify_event(results[-1].error, order_refnum=refnum))
            return self.refused(call, request)
        refusals = user_errors((results[-1].data or {}).get("orderCancel")) if results else ()
        if any(RUNNING in e.message for e in refusals):
            call.memo["running"] = True
        elif refusals and not any(ALREADY in e.message for e in refusals):
            text = "; ".join(e.message for e in refusals)
            call.tell(event(Code.SHOPIFY_USER_ERROR, text, event_type="error", order_refnum=refnum))
            return self.refused(call, request)
        elif not results and state["cancelledAt"] is None:
            message = (
                f"order {refnum} is partly or wholly shipped, and Shopify cancels only orders "
                "without shipments; take back what was shipped with order_returned, or leave "
                "out the rest with order_complete"
            )
            call.tell(event(Code.ALREADY_SHIPPED, message, event_type="error", order_refnum=refnum))
            return self.refused(call, request)
        self._tell_success(call, refnum, fresh=bool(results) and not refusals)
        return OrderCancelAnswer(status="success", events=tuple(call.events))

    def _tell_success(self, call: Call, refnum: str | None, *, fresh: bool) -> None:
        if call.memo.get("running"):
            message = f"Shopify has accepted to cancel order {refnum} and is still at it"
            call.tell(event(Code.CANCEL_RUNNING, message, order_refnum=refnum))
        elif not fresh:
            message = f"order {refnum} is cancelled already"
            call.tell(event(Code.ALREADY_APPLIED, message, order_refnum=refnum))

    def refused(self, call: Call, request: OrderCancelRequest) -> Answer:
        """Fail, with the events that say why."""
        return OrderCancelAnswer(status="fail", events=tuple(call.events))

    def final(self, call: Call) -> bool:
        """Not while Shopify is still at it: a repeat shall see how it ended."""
        return super().final(call) and not call.memo.get("running")


class CancelSettler:
    """Knows a cancellation by the order itself."""

    kinds = frozenset({CANCELLED})

    async def look(self, call: Call) -> Node | None:
        """The order."""
        return await cancel_state(call.channel.client, call.budget, call.order_gid)

    def judge(self, step: StepRow, state: Node | None) -> Verdict:
        """Whoever cancelled it: it is cancelled, and there is nothing to send again."""
        if state is not None and state["cancelledAt"] is not None:
            return Applied({})
        return NotApplied()


def _shipped(order: Node) -> bool:
    return any(f["status"] != "CANCELLED" and f["totalQuantity"] for f in order["fulfillments"])


def cancellation(mapping: MappingModule, request: OrderCancelRequest, order: Node) -> Cancellation:
    """The mapping's word on a call. Raises MappingError when an expression fails."""
    scope = {"request": plain_dump(request), "order": order}
    rendered = mapping.render(scope, subject=f"order {request.order.channel_order_refnum}")
    return Cancellation.model_validate(rendered)


def _effect(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data.get("orderCancel")
    if user_errors(payload) or not isinstance(payload, Mapping):
        return None
    return {"job": (payload.get("job") or {}).get("id")}


async def _follow(call: Call, job: str) -> bool:
    """Look at the job until it is done; False when it is still running."""
    waited = 0.0
    while waited < FOLLOW_SECONDS and call.budget.deadline.remaining() > LOOK_EVERY:
        try:
            if await job_is_done(call.channel.client, call.budget, job, call.order_gid):
                return True
        except (ShopifyError, DeadlineExceeded):
            return False  # accepted all the same; a repeat shall see how it ended
        await call.sleep(LOOK_EVERY)
        waited += LOOK_EVERY
    return False
