"""What goes into the ledger and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

StepState = Literal["sending", "doubt", "done", "failed", "forgotten"]
EndState = Literal["done", "failed", "forgotten"]
CallState = Literal["running", "left", "finished"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_millis(at: datetime) -> int:
    """Whole milliseconds since 1970 UTC, rounded down; ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError(f"a time without its zone cannot be stored: {at.isoformat()}")
    return (at - EPOCH) // MILLISECOND


def from_millis(at: int) -> datetime:
    """The aware datetime (UTC) of a stored time."""
    return EPOCH + at * MILLISECOND


@dataclass(frozen=True, slots=True)
class CallKey:
    """What makes two calls the same call.

    ``natural_id`` is RetailOps' own name for the thing (refnum, package ids, …); a call that
    must never be taken for another one is given a fresh UUID.
    """

    channel: int
    action: str
    natural_id: str

    def __str__(self) -> str:
        """For messages: ``order_acknowledge "1234" of channel 21``."""
        return f'{self.action} "{self.natural_id}" of channel {self.channel}'


@dataclass(frozen=True, slots=True)
class Claimed:
    """The call is ours to run, once. It must end in ``finish`` or ``withdraw``.

    ``recovered``: an earlier execution of this key, ``previous``, was begun and nobody knows
    how it ended (its process died, or it ended without an answer): look at the store first.
    """

    execution_id: str
    previous: str | None = None

    @property
    def recovered(self) -> bool:
        """True when an earlier execution was left without a known outcome."""
        return self.previous is not None


@dataclass(frozen=True, slots=True)
class Replay:
    """The call was run already: its answer, byte for byte."""

    answer: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """Another execution holds the key: whose process, and since when."""

    execution_id: str
    owner: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that was done in a store, unique by (shop, order_gid, kind, natural_id).

    ``detail`` is a JSON object without customer data. ``at`` is aware.
    """

    shop: str
    order_gid: str
    kind: str
    natural_id: str
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of some orders: what was done to them, and which cannot be sent."""

    effects: Sequence[Effect]
    held: frozenset[str]


@dataclass(frozen=True, slots=True)
class NewStep:
    """One mutation that is about to be sent, on its way to one effect.

    (shop, order_gid, kind, natural_id) is the effect's key. ``kind`` is empty for a convergent
    step, which is no effect of its own and only says what shall be true; ``order_gid`` may be
    empty too then. ``key`` names the step within its execution. ``idempotency_key`` is what is
    sent to Shopify (several with blanks between), or empty. ``pre_image`` (what was
    there before) and ``expect`` (how the effect will look) are JSON objects of at most 64 KiB,
    without customer data: after a crash they are all that is known of the step.
    """

    execution_id: str
    channel: int
    shop: str
    order_gid: str
    key: str
    kind: str
    natural_id: str
    operation: str
    idempotency_key: str
    pre_image: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EndedStep:
    """What became of a convergent step.

    ``done``: Shopify answered it. ``failed``: nothing of it was applied. ``forgotten``: nobody
    knows, and nobody needs to: the next call reads the store and sends what still differs.
    """

    id: str
    state: EndState
    request_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(NewStep):
    """A step as the ledger has it.

    ``sent_at`` is when it was written, just before it was sent. ``doubt_at`` is when its reply
    was first known to be lost. ``request_id`` is Shopify's, ``note`` is for a person, ``owner``
    is the process that sent it.
    """

    id: str
    state: StepState
    sent_at: datetime
    doubt_at: datetime | None
    ended_at: datetime | None
    request_id: str
    note: str
    owner: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call for a listing, without its answer.

    ``state`` is ``running``, ``left`` (its outcome is not known: its process died, or it ended
    without an answer) or ``finished``. ``previous`` is the newest execution that was left.
    """

    channel: int
    action: str
    natural_id: str
    state: CallState
    execution_id: str
    previous: str | None
    final: bool
    claimed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An order that cannot be sent to RetailOps.

    ``code`` is an event code, ``reason`` is for a person and without customer data, ``place``
    is file:line:column of a mapping or empty. Seen ``times`` times, ``first_at`` to ``at``.
    """

    channel: int
    order_gid: str
    refnum: str
    code: str
    reason: str
    place: str
    first_at: datetime
    at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows ``prune`` removed."""

    answers: int
    steps: int
    effects: int
    held_back: int
    tickets: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The state of the ledger, for health, metrics and the command line.

    ``left`` are calls whose outcome nobody told: begun by a process that died, or ended
    without an answer. ``in_doubt`` are steps whose outcome nobody knows, those that a dead
    process was sending among them; ``oldest_in_doubt`` is when the first of them was sent.
    ``file_bytes`` counts the write-ahead log too. ``commits`` and
    ``operations`` are this process's own: operations a commit is how well it groups.
    """

    schema_version: int
    running: int
    oldest_running: datetime | None
    left: int
    finished: int
    in_doubt: int
    oldest_in_doubt: datetime | None
    effects: int
    held_back: int
    tickets: int
    file_bytes: int
    commits: int
    operations: int
    owed: int
