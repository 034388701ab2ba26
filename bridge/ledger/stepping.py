"""The ledger's side of a mutation: written before it is sent, ended once its outcome is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bridge.errors import LedgerError
from bridge.ledger import steps
from bridge.ledger.model import Effect, EndedStep, NewStep, StepRow, to_millis
from bridge.ledger.writer import Writer

# What a row says whose process died while it was sent.
LEFT: Final = (
    "its process ended while it was being sent; it only says what shall be true, and the next call "
    "reads the store and sends what still differs"
)


class Stepping:
    """The part of ``Ledger`` that is about steps."""

    def __init__(
        self, writer: Writer, *, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._new_id = new_id

    async def begin_step(self, step: NewStep) -> str:
        """Write a step before it is sent; its id. Once this returns it is on the disk.

        StepOpen when a step of the same effect is open. ValueError or TypeError when
        ``pre_image`` or ``expect`` is not JSON, or has more than 64 KiB. If the caller is
        cancelled meanwhile the step counts as not sent.
        """
        step_id = self._new_id()
        row = steps.row_of(step, step_id, self._now(), self._id)
        try:
            await self._writer.write("begin_step", lambda c: steps.begin(c, row))
        except asyncio.CancelledError:
            # It may be written all the same, and nobody will send it.
            now = self._now()
            self._writer.promise(
                "fail_step", lambda c: steps.fail(c, step_id, "cancelled before it was sent", now)
            )
            raise
        return step_id

    async def complete_step(self, step_id: str, effect: Effect, *, request_id: str = "") -> None:
        """The step was applied: end it and record its effect, both or neither.

        Of equal effects the first is kept. It also ends a step that counted as failed: a reply
        that came is stronger than one that did not. When the disk fails the error is raised,
        and both are still written as soon as the disk works, as long as this process lives.
        ``request_id`` is Shopify's. ValueError when the effect is another one than the step's.
        """
        now = self._now()
        await self._writer.write(
            "complete_step",
            lambda c: steps.complete(c, step_id, effect, request_id, now),
            owed=True,
        )

    async def fail_step(self, step_id: str, *, note: str) -> None:
        """The step was definitely not applied. Owed like ``complete_step``; see there.

        One that ended already stays as it ended.
        """
        now = self._now()
        await self._writer.write(
            "fail_step", lambda c: steps.fail(c, step_id, note, now), owed=True
        )

    async def doubt_step(self, step_id: str, *, note: str) -> None:
        """The step was sent and its reply was lost. Owed like ``complete_step``; see there."""
        now = self._now()
        await self._writer.write(
            "doubt_step", lambda c: steps.doubt(c, step_id, note, now), owed=True
        )

    async def note_step(self, step_id: str, note: str) -> None:
        """Say more about an open step, for the person who will look at it."""
        await self._writer.write("note_step", lambda c: steps.annotate(c, step_id, note))

    async def begin_convergent(
        self, begun: Sequence[NewStep], *, ended: Sequence[EndedStep] = ()
    ) -> list[str]:
        """Write steps of no kind before they are sent, in one commit; their ids.

        ``ended`` is what became of earlier ones: a call that sends many costs one commit a step.
        ValueError when a step has a kind: such a one ends with its effect. Cancelled: as with
        ``begin_step``. The ends are owed, like those of other steps.
        """
        if any(step.kind for step in begun):
            raise ValueError("a step with a kind is begun by begin_step")
        ids = [self._new_id() for _ in begun]
        now, owner = self._now(), self._id
        rows = [steps.row_of(s, id_, now, owner) for s, id_ in zip(begun, ids, strict=True)]
        try:
            await self._writer.write("begin_step", lambda c: steps.turn(c, ended, rows, now))
        except (LedgerError, asyncio.CancelledError):
            unsent = [EndedStep(i, "failed", note="cancelled before it was sent") for i in ids]
            self.end_convergent([*ended, *unsent])
            raise
        return ids

    def end_convergent(self, ended: Sequence[EndedStep]) -> None:
        """What became of steps of no kind. Not waited for: nothing depends on it."""
        if ended:
            kept, now = tuple(ended), self._now()
            self._writer.promise("end_step", lambda c: steps.turn(c, kept, (), now))

    async def forget_abandoned(self) -> int:
        """End the steps of no kind that dead processes were sending; how many there were.

        Nobody needs to know what became of them: they only said what shall be true.
        """
        owners = await self._writer.read(lambda c: steps.abandoned(c, self._is_alive))
        if not owners:
            return 0
        now = self._now()
        return await self._writer.write("end_step", lambda c: steps.forget(c, owners, LEFT, now))

    async def resolve_step(
        self,
        step_id: str,
        *,
        applied: bool,
        who: str,
        note: str,
        effect_detail: Mapping[str, Any] | None = None,
        alone: bool = False,
    ) -> StepRow:
        """A person's word on an open step; the step as it is then.

        ``applied`` records the effect with ``effect_detail``. ``alone``: the caller holds the
        order's lock, so that nobody is sending it; without it a step that a living process is
        sending is refused. LedgerError when the step has ended already.
        """
        word = "applied" if applied else "not applied"
        said = steps.Resolution(
            step_id,
            applied,
            f"{word}, says {who}: {note}",
            dict(effect_detail or {}),
            alone,
            self._now(),
        )
        return await self._writer.write(
            "resolve_step", lambda c: steps.resolve(c, said, self._is_alive)
        )

    async def step(self, step_id: str) -> StepRow:
        """One step; LedgerError when there is none of that id."""
        return await self._writer.read(lambda c: steps.one(c, step_id))

    async def open_steps(
        self, shop: str | None = None, order_gid: str | None = None
    ) -> list[StepRow]:
        """Steps with a kind whose outcome is not known, oldest first.

        With ``order_gid``: all, also what is marked as being sent; the caller holds the order's
        lock, so nobody is sending it any more. Without: only what is in doubt, and what a
        process that died left behind. ``shop`` None: of all shops.
        """
        return await self._writer.read(
            lambda c: steps.open_steps(c, shop, order_gid, self._is_alive)
        )

    async def steps(
        self,
        *,
        channel: int | None = None,
        shop: str | None = None,
        order_gid: str | None = None,
        states: Collection[str] | None = None,
        limit: int = 100,
    ) -> list[StepRow]:
        """Steps, newest first. None leaves a filter out."""
        ask = steps.Listing(channel, shop, order_gid, states, limit)
        return await self._writer.read(lambda c: steps.listed(c, ask))

    @property
    def _id(self) -> str:
        return self._writer.owner.id

    def _is_alive(self, owner_id: str) -> bool:
        return self._writer.owner.is_alive(owner_id)

    def _now(self) -> int:
        return to_millis(self._clock())
