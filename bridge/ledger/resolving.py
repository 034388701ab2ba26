"""A person's word on a step in doubt: one way for the command line and the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.ledger.ledger import Ledger
from bridge.ledger.model import StepRow


async def resolve_by_person(
    ledger: Ledger,
    step_id: str,
    *,
    applied: bool,
    who: str,
    note: str,
    detail: Mapping[str, Any],
    wait_seconds: float,
) -> StepRow:
    """Settle an open step as ``who`` says; the step as it is then.

    ``note`` says how they know. ``applied`` records the effect as the step expected it, with
    ``detail`` over it. Waits ``wait_seconds`` for whoever works on the order just now.

    Raises ValueError without a note, or with a detail of what was not done; LedgerError when
    there is no such step or it has ended, LedgerBusy when its order was not free.
    """
    if not note.strip():
        raise ValueError("the note must say how you know")
    if detail and not applied:
        raise ValueError("a detail goes with applied: what was not done has no effect")
    step = await ledger.step(step_id)
    # With the order's lock nobody is sending it, whatever the row says.
    async with ledger.order_lock(step.shop, step.order_gid, wait_seconds=wait_seconds):
        return await ledger.resolve_step(
            step_id,
            applied=applied,
            who=who,
            note=note,
            effect_detail=_as_expected(step) | dict(detail) if applied else {},
            alone=True,
        )


def _as_expected(step: StepRow) -> dict[str, Any]:
    """The effect as the step would have recorded it, but for what only Shopify's reply knows."""
    inner = step.expect.get("detail")
    return dict(inner if isinstance(inner, Mapping) else step.expect)
