"""Sends one step and says what became of it: done, refused, failed, or in doubt.

A step with a kind is in the ledger before its first byte leaves and is completed there after
its reply. When the reply is lost the step is in doubt; a Shopify idempotency key lets it be
sent again as it is, anything else is settled by reading (``settling``), never by sending.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from bridge.engine.model import Call, Result, Step
from bridge.errors import (
    DeadlineExceeded,
    IdempotencyConflict,
    OutcomeUnknown,
    ShopifyError,
)
from bridge.ledger import Effect, NewStep

log = structlog.get_logger()

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
            return await self._try(call, step, 0)
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

    def _row(self, call: Call, step: Step, attempt: int) -> NewStep:
        key = idempotency_key(call.execution, step, attempt) if step.idempotent else ""
        return NewStep(
            execution_id=call.execution,
            channel=call.channel.settings.id,
            shop=call.channel.shop,
            order_gid=call.order_gid,
            key=step.key,
            kind=step.kind,
            natural_id=step.natural_id,
            operation=step.operation.name,
            idempotency_key=key,
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
                if not conflict.reuse and step.kind:
                    break
                if conflict.reuse:  # the first sending still runs: same key, a little later
                    await self._sleep(min(float(sends), call.budget.deadline.remaining()))
                else:
                    attempt += 1
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

    @staticmethod
    def _variables(call: Call, step: Step, attempt: int) -> dict[str, Any]:
        variables = dict(step.variables)
        if step.idempotent:
            for name in step.operation.variable_names:
                if name.startswith("idempotencyKey"):
                    variables[name] = idempotency_key(call.execution, step, attempt, name)
        return variables
