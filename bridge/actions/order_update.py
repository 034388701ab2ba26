"""order_update: lines changed by one order edit, RMAs opened as returns.

begin → stage → commit, in rounds: nothing is committed when a line cannot be done, and a crash
before the commit leaves nothing behind. A line that RetailOps made is added once: its
order_item_id is an effect, found again by what the commit added if the reply was lost.
Every line is answered with its refnum: that is how RetailOps learns a new one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.actions.effects import EDIT, LINE_ADDED, RMA
from bridge.actions.order_update_lines import Known, Wanted, number, wanted
from bridge.actions.order_update_rmas import Returns, RmaWords, open_returns, rma_id
from bridge.actions.order_update_stages import (
    Stage,
    begin_step,
    commit_step,
    new_lines,
    refusals,
    stage_steps,
)
from bridge.actions.order_update_target import Update, updated
from bridge.engine import Call, OrderAction, Plan, Result, Step, shopify_event
from bridge.ledger import Effect
from bridge.retailops.answers import Answer, OrderUpdateAnswer, UpdatedLine
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderUpdateRequest
from bridge.shopify.editing import edit_state, return_reasons, return_state, variants_by_sku

Node = Mapping[str, Any]


@dataclass(slots=True)
class UpdateState:
    """What a round knows: the order, what it shall become, and how far the edit is."""

    order: Node | None = None
    wanted: Wanted = field(default_factory=Wanted)
    variants: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)
    returns: Returns = field(default_factory=Returns)
    how: Update = field(default_factory=Update)
    stage: Stage = Stage.BEGIN


class OrderUpdate(OrderAction[OrderUpdateRequest, UpdateState]):
    """The action; see ``bridge.engine.OrderAction`` for its shape."""

    name = "order_update"

    def refnum(self, request: OrderUpdateRequest) -> str | None:
        """The order's own."""
        return request.order.channel_order_refnum

    def key(self, request: OrderUpdateRequest) -> str | None:
        """Numbers are absolute and may rightly be sent again: only calls in flight are equal."""
        return None

    async def read(
        self, call: Call, request: OrderUpdateRequest, results: Sequence[Result]
    ) -> UpdateState:
        """The order at first and after the commit; in between, what was read before."""
        state: UpdateState | None = call.memo.get("state")
        if state is None:
            state = await self._first(call, request)
            call.memo["state"] = state
            return state
        if state.order is None:
            return state
        state.stage = state.stage.after(results, state.wanted, state.order, state.variants)
        if state.stage is Stage.DONE and not state.fresh:
            await self._after_commit(call, state, results)
        return state

    async def _first(self, call: Call, request: OrderUpdateRequest) -> UpdateState:
        policy = call.channel.settings.order_pull
        order = await edit_state(
            call.channel.client,
            call.budget,
            call.order_gid,
            presentment=policy.currency == "presentment",
        )
        if order is None:
            return UpdateState()
        how = updated(call.channel.mappings["order_update"], request)
        state = UpdateState(order=order, how=how)
        known = await call.effects([EDIT, LINE_ADDED, RMA])
        state.added = {e.natural_id: str(e.detail["line"]) for e in known if e.kind == LINE_ADDED}
        # A commit whose reply was lost has added lines that no effect names yet.
        for edit in (e for e in known if e.kind == EDIT):
            state.fresh |= new_lines(order, edit.detail, state.added)
        state.added |= state.fresh
        facts = Known(
            order,
            state.added,
            policy.price_mode,
            policy.currency == "shop",
            request.order.channel_order_refnum,
        )
        state.wanted = wanted(request.order.order_items, facts)
        skus = list(dict.fromkeys(a.sku for a in state.wanted.additions))
        state.variants = await variants_by_sku(call.channel.client, call.budget, skus)
        await self._returns(call, request, state, frozenset(e.natural_id for e in known))
        return state

    async def _returns(
        self, call: Call, request: OrderUpdateRequest, state: UpdateState, known: frozenset[str]
    ) -> None:
        if all(rma_id(r) in known for r in request.rmas):
            return
        there = await return_state(call.channel.client, call.budget, call.order_gid)
        reasons = await return_reasons(call.channel.client, call.budget)
        words = [RmaWords(r.reason, r.note or "") for r in state.how.rmas]
        state.returns = open_returns(
            request.rmas,
            words,
            there,
            reasons,
            known=known,
            order_gid=call.order_gid,
            refnum=request.order.channel_order_refnum,
        )

    async def _after_commit(
        self, call: Call, state: UpdateState, results: Sequence[Result]
    ) -> None:
        """Read the order again, for the ids of the lines that were added."""
        detail = next((r.detail for r in results if r.step.kind == EDIT and r.detail), None)
        if detail is None:
            return
        presentment = call.channel.settings.order_pull.currency == "presentment"
        order = await edit_state(
            call.channel.client, call.budget, call.order_gid, presentment=presentment
        )
        state.order = order
        if order is not None:
            state.fresh = new_lines(order, detail, state.added)
            state.added |= state.fresh

    def plan(
        self,
        call: Call,
        request: OrderUpdateRequest,
        state: UpdateState,
        results: Sequence[Result],
    ) -> Plan:
        """The next stage of the edit, then the returns; effects for lines found added."""
        if state.order is None or state.wanted.failed or not self._addable(call, request, state):
            return Plan()
        effects = tuple(
            Effect(
                call.channel.shop, call.order_gid, LINE_ADDED, item, {"line": line}, call.clock()
            )
            for item, line in state.fresh.items()
        ) + tuple(
            Effect(call.channel.shop, call.order_gid, RMA, name, {"return": gid}, call.clock())
            for name, gid in state.returns.adopted.items()
        )
        if refusals(results) or any(r.error is not None for r in results):
            return Plan(effects=effects)  # nothing is committed when a stage is not whole
        if state.wanted.anything and state.stage is not Stage.DONE:
            return Plan(self._edit(call, state, state.order, results), again=True, effects=effects)
        opened = {r.step.key for r in results}
        steps = tuple(s for s in state.returns.steps if s.key not in opened)
        return Plan(steps, effects=effects)

    def _edit(
        self, call: Call, state: UpdateState, order: Node, results: Sequence[Result]
    ) -> tuple[Step, ...]:
        if state.stage is Stage.BEGIN:
            return (begin_step(call.order_gid),)
        if state.stage is Stage.COMMIT:
            return (commit_step(call.execution, order, state.wanted, state.how, results),)
        return stage_steps(state.stage, order, state.wanted, state.variants, results)

    def _addable(self, call: Call, request: OrderUpdateRequest, state: UpdateState) -> bool:
        """Whether every SKU to be added is exactly one variant; what is not is told once."""
        for addition in state.wanted.additions:
            found = state.variants.get(addition.sku, ())
            if len(found) == 1:
                continue
            code = Code.SKU_AMBIGUOUS if found else Code.SKU_NOT_FOUND
            why = f"{len(found)} variants have" if found else "no variant has"
            state.wanted.events.append(
                event(
                    code,
                    f"order {request.order.channel_order_refnum}: {why} the SKU {addition.sku}; "
                    "nothing of this update was done",
                    event_type="error",
                    order_refnum=request.order.channel_order_refnum,
                    item_id=addition.item,
                    sku=addition.sku,
                )
            )
            state.wanted.failed = True
        return not state.wanted.failed

    def answer(
        self,
        call: Call,
        request: OrderUpdateRequest,
        state: UpdateState,
        results: Sequence[Result],
    ) -> Answer:
        """Every line with its refnum, and what could not be done."""
        refnum = request.order.channel_order_refnum
        if state.order is None:
            message = f"there is no order {refnum} in {call.channel.shop}"
            call.tell(event(Code.ORDER_NOT_FOUND, message, event_type="error", order_refnum=refnum))
            return self.refused(call, request)
        for told in (*state.wanted.events, *state.returns.events):
            call.tell(told)
        for told in _troubles(results, state, refnum):
            call.tell(told)
        changed = state.wanted.anything or state.returns.steps or state.returns.adopted
        if not changed and not call.events:
            message = f"order {refnum} is already as this update wants it"
            call.tell(event(Code.ALREADY_APPLIED, message, order_refnum=refnum))
        return OrderUpdateAnswer(
            events=tuple(call.events), line_items=tuple(_lines(request, state, state.order))
        )

    def refused(self, call: Call, request: OrderUpdateRequest) -> Answer:
        """The events that say why, and no line."""
        return OrderUpdateAnswer(events=tuple(call.events))


def _troubles(results: Sequence[Result], state: UpdateState, refnum: str | None) -> list[Event]:
    """What Shopify refused, what is in doubt, and what was not reached because of it."""
    told = [
        event(
            Code.SHOPIFY_USER_ERROR,
            f"order {refnum}: {said}; nothing of the edit was committed",
            event_type="error",
            order_refnum=refnum,
        )
        for said in refusals(results)
    ]
    told += [shopify_event(r.error, order_refnum=refnum) for r in results if r.error is not None]
    stopped = any(r.error is not None for r in results)
    sent = {r.step.key for r in results}
    missing = [s.subject for s in state.returns.steps if s.key not in sent]
    if missing and (stopped or told):
        names = ", ".join(str(m) for m in missing)
        told.append(
            event(
                Code.NOT_REACHED,
                f"order {refnum}: the RMA(s) {names} were not opened",
                event_type="error",
                order_refnum=refnum,
            )
        )
    return told


def _lines(request: OrderUpdateRequest, state: UpdateState, order: Node) -> list[UpdatedLine]:
    """What RetailOps learns of each of its lines; one without an order_item_id has no answer."""
    quantities = {line["id"]: int(line["currentQuantity"]) for line in order["lineItems"]}
    out = []
    for position, item in enumerate(request.order.order_items):
        if item.order_item_id is None:
            continue
        line = state.wanted.lines.get(position) or state.added.get(str(item.order_item_id))
        if line is not None and line in quantities:
            out.append(
                UpdatedLine(
                    order_item_id=item.order_item_id,
                    refnum=number(line),
                    quantity=quantities[line],
                )
            )
    return out
