"""What one call sees while it runs, kept for its recording and mixed with no other call's.

The recording of a call lies in a context variable: tasks that the call starts inherit it, calls
beside it have their own, and chores that belong to no call have none. Three things are tapped:
the exchanges with the store, the clock, and what the ledger is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bridge.engine.model import Learned
from bridge.ledger import Effect, Ledger, NewStep, Standing
from bridge.ledger.model import HeldBack, StepRow
from bridge.shopify.exchange import MOST_KEPT, Exchange
from bridge.shopify.places import KnownPlaces

# What one call may hold in memory for its recording. A pull of 100 orders is some 2 MiB.
MAX_BYTES: Final = MOST_KEPT


@dataclass(slots=True)
class Recording:
    """One call as it went, unscrubbed: it never leaves the memory in this form.

    ``reads`` are the times that the call was told, in order. ``learned`` is what the process
    knew of the store when the call began, ``effects``, ``held`` and ``steps`` what the ledger
    knew of it and was asked for, ``begun`` the call's own steps. ``too_large``: it is not written.
    """

    action: str
    channel: int
    request_id: str
    request: Mapping[str, Any]
    started: datetime
    learned: Mapping[str, Any] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    reads: list[datetime] = field(default_factory=list)
    effects: dict[tuple[str, str, str], Effect] = field(default_factory=dict)
    held: tuple[HeldBack, ...] = ()
    steps: dict[str, StepRow] = field(default_factory=dict)
    born: datetime | None = None
    status: int = 0
    outcome: str = ""
    answer: bytes = b""
    too_large: bool = False
    closed: bool = False
    _bytes: int = 0
    _own_effects: set[tuple[str, str, str]] = field(default_factory=set)
    begun: list[NewStep] = field(default_factory=list)
    _own_steps: set[str] = field(default_factory=set)

    def take(self, exchange: Exchange) -> None:
        """One exchange with the store or its storage."""
        rows = exchange.form.size if exchange.form is not None else 0
        self._bytes += len(exchange.request) + len(exchange.reply) + rows
        if self._bytes > MAX_BYTES or not exchange.whole:
            self.too_large = True
            self.exchanges.clear()
        if not self.too_large:
            self.exchanges.append(exchange)

    def answered(self, status: int, outcome: str, answer: bytes) -> None:
        """What RetailOps was told."""
        self.status, self.outcome, self.answer = status, outcome, answer

    def made(self, effects: Collection[Effect]) -> None:
        """Effects of the call itself: a replay makes them again."""
        self._own_effects.update(_key(e) for e in effects)

    def knew(self, effects: Collection[Effect]) -> None:
        """Effects that the ledger knew."""
        for effect in effects:
            if _key(effect) not in self._own_effects:
                self.effects.setdefault(_key(effect), effect)

    def began(self, step_id: str, step: NewStep) -> None:
        """A step of the call itself."""
        self._own_steps.add(step_id)
        self.begun.append(step)

    def doubted(self, rows: Collection[StepRow]) -> None:
        """Steps that were open before the call."""
        for row in rows:
            if row.id not in self._own_steps:
                self.steps.setdefault(row.id, row)


def _key(effect: Effect) -> tuple[str, str, str]:
    return effect.order_gid, effect.kind, effect.natural_id


_CURRENT: Final[ContextVar[Recording | None]] = ContextVar("recording", default=None)


def current() -> Recording | None:
    """The recording of the call that runs in this context, if it is recorded and not over."""
    found = _CURRENT.get()
    return None if found is None or found.closed else found


@contextmanager
def recording(one: Recording) -> Iterator[Recording]:
    """Record what happens in this block and in the tasks that it starts."""
    token = _CURRENT.set(one)
    try:
        yield one
    finally:
        one.closed = True
        _CURRENT.reset(token)


def observe(exchange: Exchange) -> None:
    """For the clients of the stores (``assemble(observe=…)``)."""
    if (one := current()) is not None:
        one.take(exchange)


def tapped(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """A clock that notes what it told a recorded call."""

    def told() -> datetime:
        now = clock()
        if (one := current()) is not None:
            one.reads.append(now)
        return now

    return told


def learned_of(learned: Learned) -> dict[str, Any]:
    """A copy of what a process has learnt of a store, as far as it changes what is asked."""
    return {
        "sizes": dict(learned.sizes),
        "locations": learned.locations,
        "locations_at": learned.locations_at,
        "swept_at": learned.swept_at,
        "sweep_cursor": learned.sweep_cursor,
        "sweep_owed": learned.sweep_owed,
        "suspects": dict(learned.suspects),
        "places": _copied(learned.places),
        "stocked": list(learned.stocked),
    }


def _copied(places: KnownPlaces | None) -> dict[str, Any] | None:
    """Names of publications, collections and categories with their GIDs."""
    if places is None:
        return None
    return {
        "at": places.at,
        "publications": dict(places.publications),
        "collections": dict(places.collections),
        "categories": dict(places.categories),
    }


class TappedLedger(Ledger):
    """The ledger, noting for the recorded call what it was told and what it has done."""

    async def born(self) -> datetime:
        """When the file was made."""
        at = await super().born()
        if (one := current()) is not None:
            one.born = at
        return at

    async def effects(
        self,
        shop: str,
        kinds: str | Collection[str],
        *,
        order_gids: Collection[str] | None = None,
        since: datetime | None = None,
    ) -> list[Effect]:
        """A shop's effects of one or several kinds, oldest first."""
        found = await super().effects(shop, kinds, order_gids=order_gids, since=since)
        if (one := current()) is not None:
            one.knew(found)
        return found

    async def standing(
        self, shop: str, channel: int, order_gids: Collection[str], kinds: Collection[str]
    ) -> Standing:
        """Effects of these kinds and orders, and which of the orders cannot be sent."""
        found = await super().standing(shop, channel, order_gids, kinds)
        if (one := current()) is not None:
            one.knew(found.effects)
        return found

    async def record_effects(self, effects: Sequence[Effect]) -> list[Effect]:
        """Store what was done; the ones that were new."""
        new = await super().record_effects(effects)
        if (one := current()) is not None:
            one.made(new)
        return new

    async def complete_step(self, step_id: str, effect: Effect, *, request_id: str = "") -> None:
        """The step was applied."""
        if (one := current()) is not None:
            one.made([effect])
        await super().complete_step(step_id, effect, request_id=request_id)

    async def begin_step(self, step: NewStep) -> str:
        """Write a step before it is sent; its id."""
        begun = await super().begin_step(step)
        if (one := current()) is not None:
            one.began(begun, step)
        return begun

    async def open_steps(
        self, shop: str | None = None, order_gid: str | None = None
    ) -> list[StepRow]:
        """Steps with a kind whose outcome is not known, oldest first."""
        found = await super().open_steps(shop, order_gid)
        if (one := current()) is not None:
            one.doubted(found)
        return found

    async def held_back(self, channel: int) -> list[HeldBack]:
        """A channel's orders that cannot be sent."""
        found = await super().held_back(channel)
        if (one := current()) is not None and not one.held:
            one.held = tuple(found)
        return found
