"""Settles steps whose reply was lost: by reading the store, never by sending again.

Applied: the effect is recorded as if the reply had come. Not applied: believed only once the
settle window is over, because Shopify may still commit a request that we gave up on. Whatever
cannot be told stays in doubt, blocks its own order and nothing else, and waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from bridge.engine.model import Applied, Call, NotApplied, Settler, Unclear
from bridge.errors import DeadlineExceeded, ShopifyError
from bridge.ledger import Effect, StepRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settling:
    """The settlers, by the kind of effect that they know."""

    settlers: Sequence[Settler[Any]]
    window: timedelta

    async def order(self, call: Call) -> Sequence[StepRow]:
        """Settle what can be settled of the call's order; the steps that stay in doubt.

        The order's lock must be held. One fresh read serves all steps of a settler.
        """
        rows = await call.ledger.open_steps(call.channel.shop, call.order_gid)
        left: list[StepRow] = []
        known: dict[int, object] = {}
        for row in rows:
            settler = self._by_kind().get(row.kind)
            if settler is None:
                left.append(row)
                continue
            if id(settler) not in known:
                try:
                    known[id(settler)] = await settler.look(call)
                except (ShopifyError, DeadlineExceeded) as error:
                    left.append(await _noted(call, row, f"could not be read back: {error}"))
                    continue
            why = await self._judge(call, row, settler, known[id(settler)])
            if why is not None:
                left.append(await _noted(call, row, why))
        return left

    def _by_kind(self) -> Mapping[str, Settler[Any]]:
        return {kind: s for s in self.settlers for kind in s.kinds}

    async def _judge(
        self, call: Call, row: StepRow, settler: Settler[Any], state: object
    ) -> str | None:
        """None when the step is settled now, else why it stays in doubt."""
        match settler.judge(row, state):
            case Applied(detail):
                effect = Effect(
                    row.shop, row.order_gid, row.kind, row.natural_id, detail, call.clock()
                )
                await call.ledger.complete_step(row.id, effect, request_id=row.request_id)
                outcome = "applied"
            case NotApplied() if call.clock() - (row.doubt_at or row.sent_at) >= self.window:
                await call.ledger.fail_step(row.id, note="read back: it did not happen")
                outcome = "not applied"
            case NotApplied():
                seconds = int(self.window.total_seconds())
                return f"not seen yet; it counts as not done {seconds} s after it was sent"
            case Unclear(reason):
                return reason
        log.info("step_settled", step=row.id, operation=row.operation, outcome=outcome)
        return None


async def _noted(call: Call, row: StepRow, why: str) -> StepRow:
    """The step as it is from now on: in doubt for this reason."""
    await call.ledger.note_step(row.id, why)
    return replace(row, note=why)
