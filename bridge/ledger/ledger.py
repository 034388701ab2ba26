"""The ledger as the engine sees it: asynchronous, durable, shared by any number of processes.

Every method that writes returns once the row is flushed to the disk, and raises LedgerError
(or LedgerBusy) before any effect when that cannot be done; it works again by itself when the
cause is gone. One file belongs to one host.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.errors import LedgerBusy
from bridge.ledger import calls, database, health, records, steps, tickets
from bridge.ledger.model import (
    CallKey,
    CallRow,
    Claimed,
    Effect,
    HeldBack,
    Pruned,
    Replay,
    Running,
    Standing,
    Stats,
    to_millis,
)
from bridge.ledger.signals import Signals, Watch
from bridge.ledger.stepping import Stepping
from bridge.ledger.writer import Writer

# A change in another process is noticed by looking: soon at first, since most calls are short,
# then rarely enough that a hundred waiters cost next to nothing.
FIRST_LOOK = 0.01
LONGEST_LOOK = 0.1

# In this process one is woken; the look is for a wake that never came.
SAFETY_LOOK = 1.0

# Rows removed in one go, so that pruning a year never holds up a call.
PRUNE_AT_ONCE = 500

# Orders whose rows are read without asking the writer: those of a page of 100, some rows each,
# take a millisecond at most.
FEW_ORDERS = 100


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return secrets.token_hex(16)


class Ledger(Stepping):
    """One open ledger file. Made by ``open``, given back by ``close``.

    Safe to use from several event loops and threads of the process that opened it.
    """

    def __init__(
        self,
        writer: Writer,
        path: Path,
        *,
        answer_hours: int,
        effect_days: int,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(writer, clock=clock, new_id=new_id)
        self.path = path
        self._answers_for = timedelta(hours=answer_hours)
        self._effects_for = timedelta(days=effect_days)
        self._signals = Signals()

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        busy_seconds: float = 5.0,
        answer_hours: int = 72,
        effect_days: int = 400,
        clock: Callable[[], datetime] = _utc_now,
        new_id: Callable[[], str] = _new_id,
        hook: Callable[[str], None] | None = None,
    ) -> Ledger:
        """Open the file, made with mode 0600 when absent, and bring it to this schema.

        ``busy_seconds``: how long a statement waits for another process. ``answer_hours`` and
        ``effect_days``: what ``prune`` keeps. ``clock`` gives aware datetimes. ``hook`` is for
        tests that kill the process at a certain write (see ``Writer``). LedgerError when the
        file cannot be used; the message says what to do.
        """
        writer = Writer(path, new_id(), busy_seconds, now=lambda: to_millis(clock()), hook=hook)
        await writer.start()
        return cls(
            writer,
            path,
            answer_hours=answer_hours,
            effect_days=effect_days,
            clock=clock,
            new_id=new_id,
        )

    async def close(self) -> None:
        """Write what is queued and give the file back. Calls still running count as left."""
        await self._writer.stop()

    async def born(self) -> datetime:
        """When the file was made: what is older may have been done and be unknown here."""
        return await self._writer.read(health.born)

    async def ping(self) -> None:
        """Write one row. LedgerError when the ledger cannot be written just now."""
        now = self._now()
        await self._writer.write("ping", lambda c: health.pulse(c, now))

    # -- calls ------------------------------------------------------------------------------

    async def claim(
        self, key: CallKey, body_hash: bytes, *, wait_seconds: float
    ) -> Claimed | Replay:
        """Take the call to run it, or get the answer that it was given before.

        ``body_hash`` is 32 bytes (SHA-256 of the canonical body without the token). While a
        living process runs the same key this waits, at most ``wait_seconds``, then LedgerBusy.
        Who waited with the same body is given the answer, final or not; later callers only a
        final one. Another body is claimed anew once the key is free.
        """
        execution = self._new_id()
        end = asyncio.get_running_loop().time() + wait_seconds
        waited_for: str | None = None
        try:
            with self._signals.watch(key) as watch:
                while True:
                    found = await self._try_claim(key, body_hash, execution, waited_for)
                    if not isinstance(found, Running):
                        return found
                    waited_for = found.execution_id
                    if not await self._until_free(watch, key, found, end):
                        raise LedgerBusy(
                            f"{key} is still running, since {found.since:%Y-%m-%d %H:%M:%S} UTC; "
                            f"it was waited for {wait_seconds:g} s; repeat the call later"
                        )
        except asyncio.CancelledError:
            # The row may be written all the same: without this no one would ever finish it.
            self._promise_withdrawal(execution)
            raise

    async def finish(self, execution_id: str, answer: bytes | None, *, final: bool) -> None:
        """End a claimed call with its answer; whoever waits for it is told.

        ``final``: every item was applied, or was so already; the answer is given again to
        every repeat. Otherwise only to those who wait now. ``answer`` None: how it ended is not
        known, and the next claim of the key is ``recovered``. LedgerError when the call is not
        ours any more. When the disk fails the error is raised, and the answer is still written
        as soon as the disk works, as long as this process lives.
        """
        if final and answer is None:
            raise ValueError("a final outcome needs its answer")
        end = calls.Finish(execution_id, self._id, answer, final, self._now())
        await self._writer.write(
            "finish", lambda c: calls.finish(c, end), owed=True, after=self._signals.wake
        )

    def let_go(self, execution_id: str, answer: bytes) -> None:
        """As ``finish`` with an answer that is not final, written soon: it is not waited for.

        No later call is given such an answer, so nothing is lost with it: a process that dies
        first leaves the call as if it had died before it answered.
        """
        end = calls.Finish(execution_id, self._id, answer, final=False, now=self._now())
        self._writer.promise("finish", lambda c: calls.finish(c, end), after=self._signals.wake)

    async def withdraw(self, execution_id: str) -> None:
        """Give a claimed call back as if it had not been claimed: nothing of it was begun.

        Nothing happens when it is not ours any more, or finished.
        """
        now, owner = self._now(), self._id
        await self._writer.write(
            "withdraw",
            lambda c: calls.withdraw(c, execution_id, owner, now),
            owed=True,
            after=self._signals.wake,
        )

    async def _try_claim(
        self, key: CallKey, body_hash: bytes, execution: str, waited_for: str | None
    ) -> Claimed | Replay | Running:
        ask = calls.Claim(key, body_hash, execution, self._id, self._now(), waited_for)
        return await self._writer.write("claim", lambda c: calls.claim(c, ask, self._is_alive))

    async def _until_free(self, watch: Watch, key: CallKey, found: Running, end: float) -> bool:
        loop = asyncio.get_running_loop()
        pause = SAFETY_LOOK if found.owner == self._id else FIRST_LOOK
        while (left := end - loop.time()) > 0:
            await watch.wait(min(left, pause))
            if not await self._writer.read(
                lambda c: calls.is_running(c, key, found.execution_id, self._is_alive)
            ):
                return True
            pause = min(pause * 2, LONGEST_LOOK if found.owner != self._id else SAFETY_LOOK)
        return False

    def _promise_withdrawal(self, execution: str) -> None:
        now, owner = self._now(), self._id
        self._writer.promise(
            "withdraw", lambda c: calls.withdraw(c, execution, owner, now), after=self._signals.wake
        )

    async def calls(
        self,
        *,
        channel: int | None = None,
        order_gid: str | None = None,
        states: Collection[str] | None = None,
        limit: int = 100,
    ) -> list[CallRow]:
        """Calls without their answers, newest first. None leaves a filter out.

        ``order_gid``: calls whose natural id is the GID, alone or with more behind a blank.
        """
        ask = calls.Listing(channel, order_gid, states, limit)
        return await self._writer.read(lambda c: calls.listed(c, ask, self._is_alive))

    # -- named locks ------------------------------------------------------------------------

    @asynccontextmanager
    async def lock(self, name: str, *, wait_seconds: float) -> AsyncIterator[None]:
        """Hold a name alone, first come first served among all tasks and processes.

        LedgerBusy when it was not free within ``wait_seconds``. It is free again when the block
        ends, is cancelled, or the process dies. Not re-entrant.
        """
        token = self._new_id()
        try:
            await self._queue_up(name, token, wait_seconds)
            yield
        finally:
            # Not awaited: leaving must not fail or be cancelled, and the queue keeps the order.
            self._writer.promise(
                "unlock",
                lambda c: tickets.leave(c, token, self._is_alive),
                after=self._signals.wake,
            )

    async def _queue_up(self, name: str, token: str, wait_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_seconds
        ticket = tickets.Ticket(name, token, self._id, self._now())
        with self._signals.watch(token) as watch:
            ahead = await self._writer.write(
                "lock", lambda c: tickets.take(c, ticket, self._is_alive)
            )
            pause = FIRST_LOOK
            while ahead is not None:
                left = end - loop.time()
                if left <= 0:
                    raise LedgerBusy(
                        f'lock "{name}" was not free within {wait_seconds:g} s; repeat the call '
                        "later"
                    )
                await watch.wait(min(left, SAFETY_LOOK if ahead.owner == self._id else pause))
                pause = min(pause * 2, LONGEST_LOOK)
                ahead = await self._writer.read(
                    lambda c: tickets.look(c, name, token, self._is_alive)
                )

    def order_lock(
        self, shop: str, order_gid: str, *, wait_seconds: float
    ) -> AbstractAsyncContextManager[None]:
        """The lock of one order: whoever writes to it, or settles it, holds this."""
        return self.lock(f"{shop}:{order_gid}", wait_seconds=wait_seconds)

    # -- effects ----------------------------------------------------------------------------

    async def record_effects(self, effects: Sequence[Effect]) -> list[Effect]:
        """Store what was done; the ones that were new. Of equal keys the first is kept."""
        rows = [records.row_of(effect) for effect in effects]
        new = await self._writer.write("record_effects", lambda c: records.record(c, rows))
        return [effects[n] for n in new]

    async def effects(
        self,
        shop: str,
        kinds: str | Collection[str],
        *,
        order_gids: Collection[str] | None = None,
        since: datetime | None = None,
    ) -> list[Effect]:
        """A shop's effects of one or several kinds, oldest first.

        ``order_gids`` None: of all orders; ``since`` None: of all times.
        """
        names = _names(kinds)
        start = None if since is None else to_millis(since)
        return await self._writer.read(
            lambda c: records.effects(c, shop, names, order_gids, start),
            few=order_gids is not None and len(order_gids) <= FEW_ORDERS,
        )

    async def standing(
        self, shop: str, channel: int, order_gids: Collection[str], kinds: Collection[str]
    ) -> Standing:
        """Effects of these kinds and orders, and which of the orders ``channel`` cannot send.

        In any order. What ``effects`` and the list tell, in one look: every pull and every
        acknowledgement asks for both.
        """
        return await self._writer.read(
            lambda c: records.standing(c, shop, channel, order_gids, kinds),
            few=len(order_gids) <= FEW_ORDERS,
        )

    async def order_effects(self, shop: str, order_gid: str) -> list[Effect]:
        """All that is known to have been done to one order, oldest first."""
        return await self._writer.read(lambda c: records.of_order(c, shop, order_gid), few=True)

    async def forget_effects(self, shop: str, order_gid: str, kinds: str | Collection[str]) -> int:
        """Remove an order's effects of these kinds; how many there were."""
        names = _names(kinds)
        return await self._writer.write(
            "forget_effects", lambda c: records.forget(c, shop, order_gid, names)
        )

    # -- orders that cannot be sent ---------------------------------------------------------

    async def hold_back(
        self,
        channel: int,
        order_gid: str,
        refnum: str,
        *,
        code: str,
        reason: str,
        place: str = "",
        at: datetime | None = None,
    ) -> None:
        """Note that an order cannot be sent. A repeat keeps the first time and counts."""
        seen = self._now() if at is None else to_millis(at)
        row = (channel, order_gid, refnum, code, reason, place, seen)
        await self._writer.write("hold_back", lambda c: records.hold_back(c, row))

    async def held_back(self, channel: int) -> list[HeldBack]:
        """A channel's orders that cannot be sent, those held longest first."""
        return await self._writer.read(lambda c: records.held_back(c, channel))

    async def release(self, channel: int, order_gids: Collection[str]) -> int:
        """Strike orders off the list; how many were on it. Nothing is written when none was."""
        held = await self._writer.read(
            lambda c: records.held_back_of(c, channel, order_gids),
            few=len(order_gids) <= FEW_ORDERS,
        )
        if not held:
            return 0
        return await self._writer.write(
            "release", lambda c: records.release(c, channel, order_gids)
        )

    # -- upkeep -----------------------------------------------------------------------------

    async def prune(self, now: datetime | None = None) -> Pruned:
        """Remove what is older than it must be kept, and what the dead left in queues.

        Calls that run, and calls and steps without a known outcome, stay whatever their age.
        """
        at = self._clock() if now is None else now
        answers_before = to_millis(at - self._answers_for)
        effects_before = to_millis(at - self._effects_for)
        return Pruned(
            answers=await self._in_parts(calls.prune, answers_before),
            steps=await self._in_parts(steps.prune, answers_before),
            effects=await self._in_parts(records.prune_effects, effects_before),
            held_back=await self._in_parts(records.prune_held_back, effects_before),
            tickets=await self._writer.write("prune", lambda c: tickets.sweep(c, self._is_alive)),
        )

    async def _in_parts(
        self, remove: Callable[[sqlite3.Connection, int, int], int], before: int
    ) -> int:
        total = 0
        while True:
            removed = await self._writer.write("prune", lambda c: remove(c, before, PRUNE_AT_ONCE))
            total += removed
            if removed < PRUNE_AT_ONCE:
                return total

    async def stats(self) -> Stats:
        """Counts for health, metrics and the command line."""
        found = await self._writer.read(lambda c: health.counts(c, self._is_alive))
        return Stats(
            schema_version=self._writer.schema_version,
            running=found.running,
            oldest_running=found.oldest_running,
            left=found.left,
            finished=found.finished,
            in_doubt=found.in_doubt,
            oldest_in_doubt=found.oldest_in_doubt,
            effects=found.effects,
            held_back=found.held_back,
            tickets=found.tickets,
            file_bytes=await asyncio.to_thread(database.size, self.path),
            commits=self._writer.commits,
            operations=self._writer.operations,
            owed=self._writer.owed,
        )


def _names(kinds: str | Collection[str]) -> tuple[str, ...]:
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)
