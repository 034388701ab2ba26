"""The engine: one call from its claim to its answer.

What escapes from ``Engine.run`` means that nothing was done, and the caller may call again:
the edge answers 503. Everything after the first effect is told in the answer, item by item.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bridge.engine.model import (
    Action,
    Call,
    Channel,
    DryRun,
    OrderAction,
    Outcome,
    Plan,
    Result,
    Settler,
    Step,
)
from bridge.engine.sending import Sender, refused
from bridge.engine.settling import Settling
from bridge.engine.telling import doubt_event, mapping_event, shopify_event, status_of
from bridge.errors import BridgeError, DeadlineExceeded, MappingError, ShopifyError
from bridge.ledger import CallKey, Claimed, Ledger, Replay
from bridge.mapping.module import MappingModule
from bridge.retailops.actions import ACTIONS
from bridge.retailops.answers import Answer
from bridge.retailops.events import Code, event
from bridge.retailops.protocol import encode
from bridge.retailops.requests import Request
from bridge.shopify.budget import CallBudget, Deadline, Meter

log = structlog.get_logger()

# A plan is made again after its steps were sent, for what depends on them (a refund on what was
# shipped, a commit on what was staged) and for rows whose state changed in between. The longest
# action takes five rounds; eight leave room for rows that are sold while we write them. An order
# action may ask for more (``OrderAction.rounds``).
MAX_ROUNDS: Final = 8

FindOrder = Callable[[Call, str], Awaitable[str | None]]


def body_hash(request: Request) -> bytes:
    """SHA-256 of the canonical request without its token."""
    body = request.model_dump(mode="json", exclude={"integration_auth_token"})
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()


class Engine:
    """All channels of one process, and the actions that they serve.

    ``find_order`` turns a refnum into an order's GID, or None when there is no such order.
    """

    def __init__(
        self,
        channels: Mapping[int, Channel],
        actions: Mapping[str, Action[Any, Any] | OrderAction[Any, Any]],
        ledger: Ledger,
        *,
        find_order: FindOrder,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        settlers: Sequence[Settler[Any]] = (),
        settle_window: timedelta = timedelta(seconds=60),
        new_id: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self.channels = dict(channels)
        self.ledger = ledger
        self._actions = dict(actions)
        self._find_order = find_order
        self._clock = clock
        self._new_id = new_id
        self._sleep = sleep
        self._sender = Sender(sleep=sleep)
        self._settling = Settling(settlers, settle_window)

    @property
    def served(self) -> tuple[str, ...]:
        """The actions that are served, in RetailOps' order."""
        return tuple(name for name in ACTIONS if name in self._actions)

    def use_mappings(self, mappings: Mapping[int, Mapping[str, MappingModule]]) -> None:
        """Use these mappings for calls that begin from now on; others keep what they have."""
        for id_, modules in mappings.items():
            self.channels[id_] = replace(self.channels[id_], mappings=modules)

    async def run(
        self, channel_id: int, action: str, request: Request, *, request_id: str, deadline: Deadline
    ) -> Outcome:
        """Run one call to its answer. Raises only when nothing was done."""
        act = self._actions[action]
        call = self._new_call(channel_id, request_id, deadline, background=act.background)
        if isinstance(act, OrderAction):
            return await self._run_order(act, call, request)
        lock = act.serial(request)
        if lock is None:
            return await self._run_rows(act, call, request)
        name = f"{call.channel.settings.id}:{lock}"
        async with self.ledger.lock(name, wait_seconds=deadline.remaining()):
            return await self._run_rows(act, call, request)

    async def _run_rows(self, act: Action[Any, Any], call: Call, request: Request) -> Outcome:
        """Run a call that is about no single order."""
        natural_id = act.key(request)
        if natural_id is None:
            return _outcome(call, encode(ACTIONS[act.name], await self._rounds(act, call, request)))
        return await self._claimed(
            act, call, request, natural_id, lambda: self._rounds(act, call, request)
        )

    def _new_call(
        self, channel_id: int, request_id: str, deadline: Deadline, *, background: bool
    ) -> Call:
        return Call(
            channel=self.channels[channel_id],
            ledger=self.ledger,
            request_id=request_id,
            budget=CallBudget(deadline, background=background, meter=Meter()),
            clock=self._clock,
            execution=self._new_id(),
            sleep=self._sleep,
        )

    async def settle(self, *, deadline: Deadline) -> int:
        """Settle what dead processes and lost replies left, order by order; how many stay.

        Called at the start, before traffic, and now and then: a call for an order settles that
        order's steps itself, before it does anything else. Convergent steps that a dead process
        was sending are ended without a look: whoever calls next reads the store anyhow.
        """
        forgotten = await self.ledger.forget_abandoned()
        if forgotten:
            log.info("steps_forgotten", count=forgotten)
        left = 0
        for id_, channel in self.channels.items():
            rows = await self.ledger.open_steps(channel.shop)
            for gid in dict.fromkeys(r.order_gid for r in rows if r.channel == id_):
                call = self._new_call(id_, "settle", deadline, background=True)
                call.order_gid = gid
                wait = deadline.remaining()
                async with self.ledger.order_lock(channel.shop, gid, wait_seconds=wait):
                    left += len(await self._settling.order(call))
        return left

    async def dry_run(
        self, channel_id: int, action: str, request: Request, *, deadline: Deadline
    ) -> DryRun:
        """What a call would send now, and what it would say of it. Nothing is sent or written.

        Only the first round is known: what later ones do depends on Shopify's answers.
        """
        act = self._actions[action]
        call = self._new_call(channel_id, "plan", deadline, background=act.background)
        if isinstance(act, OrderAction):
            refnum = act.refnum(request)
            if not await self._locate(call, refnum):
                return DryRun(Plan(), tuple(call.events))
            for row in await self.ledger.open_steps(call.channel.shop, call.order_gid):
                call.tell(doubt_event(row, refnum))  # the call itself would settle it first
        state = await act.read(call, request, [])
        plan = act.plan(call, request, state, [])
        if isinstance(act, OrderAction) and not plan.steps:
            act.answer(call, request, state, [])  # for its events: why there is nothing to send
        return DryRun(plan, tuple(call.events))

    # -- one order ----------------------------------------------------------------------------

    async def _run_order(self, act: OrderAction[Any, Any], call: Call, request: Request) -> Outcome:
        refnum = act.refnum(request)
        found = await self._locate(call, refnum)
        if not found:
            return _outcome(call, encode(ACTIONS[act.name], act.refused(call, request)))
        natural_id = act.key(request)
        if natural_id is None:  # only calls in flight are the same: equal bodies
            natural_id = f"body {body_hash(request).hex()}"
        return await self._claimed(
            act,
            call,
            request,
            f"{call.order_gid} {natural_id}",
            lambda: self._alone(act, call, request, refnum),
            keep=act.key(request) is not None,
        )

    async def _locate(self, call: Call, refnum: str | None) -> bool:
        """Find the order, or tell why there is none."""
        if refnum is None:
            call.tell(event(Code.REFNUM_MISSING, "the call names no channel_order_refnum"))
            return False
        gid = await self._find_order(call, refnum)
        if gid is None:
            message = f"there is no order {refnum} in {call.channel.shop}"
            call.tell(event(Code.ORDER_NOT_FOUND, message, event_type="error", order_refnum=refnum))
            return False
        call.order_gid = gid
        return True

    async def _alone(
        self, act: OrderAction[Any, Any], call: Call, request: Request, refnum: str | None
    ) -> Answer:
        """Run while nobody else writes to the order, once nothing of it is in doubt."""
        wait = call.budget.deadline.remaining()
        async with self.ledger.order_lock(call.channel.shop, call.order_gid, wait_seconds=wait):
            doubts = await self._settling.order(call)
            if doubts:
                for row in doubts:
                    call.tell(doubt_event(row, refnum))
                return act.refused(call, request)
            answer = await self._rounds(act, call, request)
            if act.ends_offers and act.final(call):
                await self.ledger.release(call.channel.settings.id, [call.order_gid])
            return answer

    # -- claims -------------------------------------------------------------------------------

    async def _claimed(
        self,
        act: Action[Any, Any] | OrderAction[Any, Any],
        call: Call,
        request: Request,
        natural_id: str,
        work: Callable[[], Awaitable[Answer]],
        *,
        keep: bool = False,
    ) -> Outcome:
        """Run once what equal calls ask at once; a final answer is kept for every repeat."""
        claimed = await self.ledger.claim(
            CallKey(call.channel.settings.id, act.name, natural_id),
            body_hash(request),
            wait_seconds=call.budget.deadline.remaining(),
        )
        if isinstance(claimed, Replay):
            return Outcome(claimed.answer, "replayed", (), call.budget.meter)
        body = await self._answer(act, call, claimed, work)
        if keep and isinstance(act, OrderAction) and act.final(call):
            await self.ledger.finish(claimed.execution_id, body, final=True)
        else:
            self.ledger.let_go(claimed.execution_id, body)
        return _outcome(call, body)

    async def _answer(
        self,
        act: Action[Any, Any] | OrderAction[Any, Any],
        call: Call,
        claimed: Claimed,
        work: Callable[[], Awaitable[Answer]],
    ) -> bytes:
        """The answer's bytes; a call that does not come to one ends as if never claimed."""
        try:
            return encode(ACTIONS[act.name], await work())
        except (BridgeError, ValueError):
            await self.ledger.withdraw(claimed.execution_id)
            raise
        except BaseException:
            await self.ledger.finish(claimed.execution_id, None, final=False)
            raise

    # -- rounds -------------------------------------------------------------------------------

    async def _rounds(
        self, act: Action[Any, Any] | OrderAction[Any, Any], call: Call, request: Request
    ) -> Answer:
        """Read, plan and apply until nothing is missing, then answer."""
        results: list[Result] = []
        state, seen = None, False
        more = act.rounds(request) if isinstance(act, OrderAction) else 0
        for _ in range(MAX_ROUNDS + more):
            try:
                state, seen = await act.read(call, request, results), True
                plan = await _planned(act, call, request, state, results)
            except (ShopifyError, DeadlineExceeded) as error:
                if not ACTIONS[act.name].has_events or (error.retryable and not results):
                    raise
                call.tell(shopify_event(error))
                break
            except MappingError as error:
                if not isinstance(act, OrderAction):
                    raise
                call.tell(mapping_event(error))
                if not results:
                    return act.refused(call, request)
                break
            if plan.effects:
                await self.ledger.record_effects(plan.effects)
            in_doubt = await self._apply(call, plan, results)
            if in_doubt or not plan.steps or not plan.again:
                break
        if not seen:
            if isinstance(act, OrderAction):
                return act.refused(call, request)
            return ACTIONS[act.name].answer.model_validate({"events": call.events})
        if not isinstance(act, OrderAction):
            await act.remember(call, request, state, results)
        return act.answer(call, request, state, results)

    async def _apply(self, call: Call, plan: Plan, results: list[Result]) -> bool:
        """Send the steps in their order; True when one is in doubt, and no more were sent."""
        if not plan.steps:
            return False
        try:
            for step in plan.steps:
                if step.lane:
                    continue
                result = await self._sender.send(call, step)
                results.append(result)
                if result.in_doubt and not await self._seen(call, results):
                    return True
            await self._apply_lanes(call, plan, results)
        finally:
            self._sender.close(call)
        return False

    async def _apply_lanes(self, call: Call, plan: Plan, results: list[Result]) -> None:
        """Send the steps that have a lane, lanes side by side; results as they come."""
        lanes: dict[str, list[Step]] = {}
        for step in plan.steps:
            if step.lane:
                lanes.setdefault(step.lane, []).append(step)
        waiting = iter(lanes.values())

        async def work() -> None:
            for lane in waiting:
                for step in lane:
                    result = await self._sender.send(call, step)
                    results.append(result)
                    if result.data is None or (step.vital and refused(result.data)):
                        break

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(plan.abreast, len(lanes))):
                    group.create_task(work())
        except BaseExceptionGroup as several:  # what one lane raised ends the call, as a step does
            raise several.exceptions[0] from None

    async def _seen(self, call: Call, results: list[Result]) -> bool:
        """Look at once whether the last step's effect is there; its result then says so."""
        left = await self._settling.order(call)
        step = results[-1].step
        if any((r.kind, r.natural_id) == (step.kind, step.natural_id) for r in left):
            return False
        known = await call.effects([step.kind])
        detail = next((e.detail for e in known if e.natural_id == step.natural_id), None)
        if detail is None:
            return False
        results[-1] = Result(step, data=None, detail=detail)
        return True


async def _planned(
    act: Action[Any, Any] | OrderAction[Any, Any],
    call: Call,
    request: Request,
    state: object,
    results: Sequence[Result],
) -> Plan:
    """The plan; of an action in the background beside the event loop.

    Thousands of products or rows of stock are compared in some tenths of a second, in which calls
    for orders go on.
    """
    if not act.background:
        return act.plan(call, request, state, results)
    return await asyncio.to_thread(act.plan, call, request, state, results)


def _outcome(call: Call, body: bytes) -> Outcome:
    return Outcome(body, status_of(call.events), tuple(call.events), call.budget.meter)
