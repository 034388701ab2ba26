"""The statements about calls: claim, look, finish, withdraw, prune. Each runs in a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from bridge.errors import LedgerError
from bridge.ledger.model import (
    CallKey,
    CallRow,
    CallState,
    Claimed,
    Replay,
    Running,
    from_millis,
)

Alive = Callable[[str], bool]

SELECT = """
SELECT state, execution, owner, previous, body_hash, answer, final, claimed_at
FROM calls WHERE channel = ? AND action = ? AND natural_id = ?
"""
INSERT = """
INSERT INTO calls (channel, action, natural_id, body_hash, state, execution, owner, claimed_at)
VALUES (?, ?, ?, ?, 'running', ?, ?, ?)
"""
CLAIM_ANEW = """
UPDATE calls SET body_hash = ?, state = 'running', execution = ?, owner = ?, claimed_at = ?,
  previous = ?, answer = NULL, final = 0, finished_at = NULL
WHERE channel = ? AND action = ? AND natural_id = ?
"""
SELECT_EXECUTION = """
SELECT channel, action, natural_id, state, owner FROM calls WHERE execution = ?
"""
FINISH = """
UPDATE calls SET state = 'finished', answer = ?, final = ?, previous = ?, finished_at = ?
WHERE execution = ?
"""
# Nothing was begun: the row says again what it said before, or nothing at all.
RESTORE = """
UPDATE calls SET state = 'finished', finished_at = ? WHERE execution = ? AND previous IS NOT NULL
"""
DELETE = "DELETE FROM calls WHERE execution = ?"
# A row without an answer is in doubt, whatever its age.
PRUNE = """
DELETE FROM calls WHERE rowid IN (
  SELECT rowid FROM calls
  WHERE state = 'finished' AND answer IS NOT NULL AND finished_at < ? LIMIT ?)
"""
LISTED = """
SELECT channel, action, natural_id, state, owner, answer IS NULL, execution, previous, final,
  claimed_at, finished_at
FROM calls
WHERE (:channel IS NULL OR channel = :channel)
  AND (:order_gid IS NULL OR natural_id = :order_gid
    OR substr(natural_id, 1, length(:order_gid) + 1) = :order_gid || ' ')
ORDER BY claimed_at DESC, rowid DESC
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to claim. ``waited_for`` is the execution that the caller has waited for."""

    key: CallKey
    body_hash: bytes
    execution: str
    owner: str
    now: int
    waited_for: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of an execution, as ``Ledger.finish`` describes it."""

    execution: str
    owner: str
    answer: bytes | None
    final: bool
    now: int


def claim(connection: sqlite3.Connection, ask: Claim, alive: Alive) -> Claimed | Replay | Running:
    """Take the key, or say what stands in the way."""
    key = (ask.key.channel, ask.key.action, ask.key.natural_id)
    row = connection.execute(SELECT, key).fetchone()
    if row is None:
        connection.execute(INSERT, (*key, ask.body_hash, ask.execution, ask.owner, ask.now))
        return Claimed(ask.execution)
    state, execution, owner, previous, body_hash, answer, final, claimed_at = row
    if state == "running":
        if alive(owner):
            return Running(execution, owner, from_millis(claimed_at))
        previous = execution
    elif (
        body_hash == ask.body_hash and answer is not None and (final or execution == ask.waited_for)
    ):
        # An answer that is not final is for those who waited while it was made, and no others.
        return Replay(answer)
    connection.execute(
        CLAIM_ANEW, (ask.body_hash, ask.execution, ask.owner, ask.now, previous, *key)
    )
    return Claimed(ask.execution, previous)


def is_running(connection: sqlite3.Connection, key: CallKey, execution: str, alive: Alive) -> bool:
    """Whether that execution still holds the key."""
    row = connection.execute(SELECT, (key.channel, key.action, key.natural_id)).fetchone()
    return row is not None and row[:2] == ("running", execution) and alive(row[2])


def finish(connection: sqlite3.Connection, end: Finish) -> CallKey:
    """Store the outcome; None as answer leaves the call in doubt. A repeat changes nothing."""
    key, state = _ours(connection, end.execution, end.owner)
    if state == "running":
        previous = None if end.answer is not None else end.execution
        connection.execute(FINISH, (end.answer, int(end.final), previous, end.now, end.execution))
    return key


def withdraw(
    connection: sqlite3.Connection, execution: str, owner: str, now: int
) -> CallKey | None:
    """Free the key as if it had not been claimed; None when it is not held any more."""
    try:
        key, state = _ours(connection, execution, owner)
    except LedgerError:
        return None
    if state != "running":
        return None
    if not connection.execute(RESTORE, (now, execution)).rowcount:
        connection.execute(DELETE, (execution,))
    return key


def _ours(connection: sqlite3.Connection, execution: str, owner: str) -> tuple[CallKey, str]:
    row = connection.execute(SELECT_EXECUTION, (execution,)).fetchone()
    if row is None or row[4] != owner:
        raise LedgerError(
            f"execution {execution} is not this process's any more: it was withdrawn, or "
            "another process took it over; repeat the call to learn its outcome"
        )
    return CallKey(row[0], row[1], row[2]), row[3]


def prune(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Remove at most ``limit`` answers finished before a time; how many there were."""
    return connection.execute(PRUNE, (before, limit)).rowcount


@dataclass(frozen=True, slots=True)
class Listing:
    """Which calls to list; None leaves a filter out."""

    channel: int | None
    order_gid: str | None
    states: Collection[str] | None
    limit: int


def listed(connection: sqlite3.Connection, ask: Listing, alive: Alive) -> list[CallRow]:
    """Calls without their answers, newest first."""
    found: list[CallRow] = []
    names = {"channel": ask.channel, "order_gid": ask.order_gid}
    for row in connection.execute(LISTED, names).fetchall():
        if len(found) == ask.limit:
            break
        call = _call(row, alive)
        if ask.states is None or call.state in ask.states:
            found.append(call)
    return found


def _call(row: tuple[Any, ...], alive: Alive) -> CallRow:
    channel, action, natural_id, state, owner, unanswered, execution, previous, final = row[:9]
    claimed_at, finished_at = row[9:]
    says: CallState = "left"
    if state == "running":
        says = "running" if alive(owner) else "left"
    elif not unanswered:
        says = "finished"
    return CallRow(
        channel,
        action,
        natural_id,
        says,
        execution,
        previous,
        bool(final),
        from_millis(claimed_at),
        None if finished_at is None else from_millis(finished_at),
    )
