"""Sends one step and says what became of it: done, refused, failed, or in doubt.

Every step is in the ledger before its first byte leaves and is ended there after its reply.
When the reply of a step with a kind is lost the step is in doubt; a Shopify idempotency key lets
it be sent again as it is, anything else is settled by reading (``settling``), never by sending.
A step without a kind converges: its end is written with the beginning of the next one, so that
hundreds of them cost one commit each, and one whose outcome is not known is forgotten.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from bridge.engine.bulk import send_rows
from bridge.engine.model import Call, Result, Step
from bridge.errors import (
    DeadlineExceeded,
    IdempotencyConflict,
    OutcomeUnknown,
    ShopifyError,
)
from bridge.ledger import Effect, EndedStep, EndState, NewStep
from bridge.shopify.protocol import user_errors

log = structlog.get_logger()

# Why a convergent step without a known outcome is not looked for.
CONVERGES: Final = "the next call reads the store and sends what still differs"

# A repeatable step whose reply was lost is sent again this often: Shopify's own advice for a
# lost reply is a handful of attempts, and the call's deadline bounds it anyhow.
MAX_SENDS: Final = 4

# Namespace of our idempotency keys (RFC 4122, version 5); any fixed value would do.
KEYS: Final = uuid.UUID("6f0cbd0e-51f4-5f0a-8a0e-6c0a86a4f8d1")


def idempotency_key(execution: str, step: Step, attempt: int, name: str = "idempotencyKey") -> str:
    """The same for every resend of one step of one execution; new after a definite failure.

    ``name`` is the variable that it is for: each mutation of a batch has a key of its own.
    """
    canonical = json.dumps(step.variables, sort_keys=True, separators=(",", ":"), default=str)
    return str(uuid.uuid5(KEYS, f"{execution}|{step.key}|{canonical}|{attempt}|{name}"))


class Sender:
    """Sends the steps of calls."""

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep

    async def send(self, call: Call, step: Step) -> Result:
        """Send one step until its outcome is known, or known to be unknown."""
        if not step.kind:
            return await self._send_convergent(call, step)
        self.close(call)
        result = Result(step)
        for attempt in range(MAX_SENDS):
            step_id = await call.ledger.begin_step(self._row(call, step, attempt))
            result = await self._try(call, step, attempt)
            if result.in_doubt:
                await call.ledger.doubt_step(step_id, note=str(result.error))
                return result
            if result.data is None:
                await call.ledger.fail_step(step_id, note=str(result.error))
                if isinstance(result.error, IdempotencyConflict) and not result.error.reuse:
                    continue  # Shopify: that attempt failed for good; a new key may be used
                return result
            detail = step.effect(result.data)
            if detail is None:
                await call.ledger.fail_step(step_id, note="refused by Shopify")
                return result
            effect = Effect(
                call.channel.shop, call.order_gid, step.kind, step.natural_id, detail, call.clock()
            )
            await call.ledger.complete_step(step_id, effect, request_id=result.request_id)
            return Result(step, result.data, None, result.request_id, detail)
        return result

    async def _send_convergent(self, call: Call, step: Step) -> Result:
        result = Result(step)
        for attempt in range(MAX_SENDS):
            row = self._row(call, step, attempt)
            ended, call.ended = call.ended, []
            (step_id,) = await call.ledger.begin_convergent([row], ended=ended)
            try:
                if step.rows:
                    result = await send_rows(call, step)
                else:
                    result = await self._try(call, step, attempt)
            except BaseException as cut:
                note = f"{type(cut).__name__}; {CONVERGES}"
                call.ended.append(EndedStep(step_id, "forgotten", note=note))
                raise
            call.ended.append(_end_of(step_id, result))
            if not isinstance(result.error, IdempotencyConflict) or result.error.reuse:
                break
        return result

    @staticmethod
    def close(call: Call) -> None:
        """Have the ends written that no further step has taken along."""
        ended, call.ended = call.ended, []
        call.ledger.end_convergent(ended)

    def _row(self, call: Call, step: Step, attempt: int) -> NewStep:
        keys = self._keys(call, step, attempt).values()
        return NewStep(
            execution_id=call.execution,
            channel=call.channel.settings.id,
            shop=call.channel.shop,
            order_gid=call.order_gid,
            key=step.key,
            kind=step.kind,
            natural_id=step.natural_id if step.kind else step.key,
            operation=step.operation.name,
            idempotency_key=" ".join(keys),
            pre_image=step.pre_image,
            expect=step.expect,
        )

    async def _try(self, call: Call, step: Step, attempt: int) -> Result:
        """Send, and send again as long as a second sending cannot have a second effect."""
        error: Exception = OutcomeUnknown(step.operation.name, "never sent")
        for sends in range(1, MAX_SENDS + 1):
            try:
                call.budget.deadline.check(step.operation.name)
                reply = await call.channel.client.execute(
                    step.operation, self._variables(call, step, attempt), budget=call.budget
                )
            except IdempotencyConflict as conflict:
                error = conflict
                if not conflict.reuse:
                    break
                # The first sending still runs: same key, a little later.
                await self._sleep(min(float(sends), call.budget.deadline.remaining()))
            except OutcomeUnknown as lost:
                error = lost
                if not step.repeatable:
                    break
            except DeadlineExceeded as late:
                # Before the first sending nothing was done; afterwards the reply is still lost.
                error = error if sends > 1 else late
                break
            except ShopifyError as refused:
                if sends > 1 and isinstance(error, OutcomeUnknown):
                    break  # this sending did nothing, an earlier one may have
                error = refused
                break
            else:
                return Result(step, reply.data, None, reply.request_id)
        log.warning("step_failed", step=step.key, operation=step.operation.name, cause=str(error))
        lost_reply = isinstance(error, OutcomeUnknown) or (
            isinstance(error, IdempotencyConflict) and error.reuse
        )
        return Result(
            step,
            error=error,
            request_id=getattr(error, "request_id", ""),
            in_doubt=bool(step.kind) and lost_reply,
        )

    def _variables(self, call: Call, step: Step, attempt: int) -> dict[str, Any]:
        return {**step.variables, **self._keys(call, step, attempt)}

    @staticmethod
    def _keys(call: Call, step: Step, attempt: int) -> dict[str, str]:
        """Shopify's idempotency keys by the names of their variables."""
        if not step.idempotent:
            return {}
        names = sorted(n for n in step.operation.variable_names if n.startswith("idempotencyKey"))
        return {name: idempotency_key(call.execution, step, attempt, name) for name in names}


def _end_of(step_id: str, result: Result) -> EndedStep:
    """How a convergent step ends in the ledger; Shopify's words are for the answer only."""
    error = result.error
    if result.data is not None:
        bad = [root for root, payload in result.data.items() if _refused(payload)]
        state: EndState = "failed" if len(bad) == len(result.data) else "done"
        note = f"refused by Shopify: {len(bad)} of {len(result.data)}" if bad else ""
        return EndedStep(step_id, state, result.request_id, note)
    lost = isinstance(error, OutcomeUnknown)
    if lost or (isinstance(error, IdempotencyConflict) and error.reuse):
        return EndedStep(step_id, "forgotten", result.request_id, f"{error}; {CONVERGES}")
    return EndedStep(step_id, "failed", result.request_id, str(error))


def refused(data: Mapping[str, Any]) -> bool:
    """Whether Shopify refused any part of a mutation."""
    return any(_refused(payload) for payload in data.values())


def _refused(payload: Mapping[str, Any] | None) -> bool:
    return payload is None or bool(user_errors(payload))
