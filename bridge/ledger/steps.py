"""The statements about steps: begin, end, doubt, look, prune. Each runs in a transaction.

A step of kind '' is convergent: it may be begun and ended with others in one go, is never in
doubt, and no one settles or resolves it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.errors import LedgerError, StepOpen
from bridge.ledger import records
from bridge.ledger.model import Effect, EndedStep, NewStep, StepRow, from_millis

Alive = Callable[[str], bool]

# A pre-image names what existed before, some 60 bytes a thing: this is a thousand things, more
# than Shopify lets one order have. Whatever is larger is a mistake, not an order.
LARGEST_JSON = 64 * 1024

OPEN_ONE = """
SELECT id, operation, state, sent_at FROM steps
WHERE shop = ? AND order_gid = ? AND kind = ? AND natural_id = ? AND state IN ('sending', 'doubt')
  AND kind <> ''
"""
INSERT = """
INSERT INTO steps (id, execution, channel, shop, order_gid, key, kind, natural_id, operation,
  idempotency_key, pre_image, expect, state, sent_at, owner)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'sending', ?, ?)
"""
ONE = "SELECT * FROM steps WHERE id = :id"
# What is read back after "not done" may still be overtaken by a reply; nothing overtakes "done".
COMPLETE = """
UPDATE steps SET state = 'done', ended_at = ?,
  request_id = coalesce(nullif(?, ''), request_id),
  note = CASE state WHEN 'failed' THEN note || '; its reply came after all' ELSE note END
WHERE id = ? AND state <> 'done'
"""
END = """
UPDATE steps SET state = ?, ended_at = ?, note = ? WHERE id = ? AND state IN ('sending', 'doubt')
"""
END_CONVERGENT = """
UPDATE steps SET state = ?, ended_at = ?, request_id = ?, note = ?
WHERE id = ? AND kind = '' AND state = 'sending'
"""
SENDERS = "SELECT DISTINCT owner FROM steps WHERE state = 'sending' AND kind = ''"
FORGET = """
UPDATE steps SET state = 'forgotten', ended_at = ?, note = ?
WHERE state = 'sending' AND kind = '' AND owner = ?
"""
DOUBT = """
UPDATE steps SET state = 'doubt', doubt_at = coalesce(doubt_at, ?), note = ?
WHERE id = ? AND state IN ('sending', 'doubt')
"""
NOTE = "UPDATE steps SET note = ? WHERE id = ? AND state IN ('sending', 'doubt')"
OPEN = """
SELECT * FROM steps
WHERE state IN ('sending', 'doubt') AND kind <> '' AND (:shop IS NULL OR shop = :shop)
  AND (:order_gid IS NULL OR order_gid = :order_gid)
ORDER BY seq
"""
LISTED = """
SELECT * FROM steps
WHERE (:channel IS NULL OR channel = :channel) AND (:shop IS NULL OR shop = :shop)
  AND (:order_gid IS NULL OR order_gid = :order_gid)
  AND (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
ORDER BY seq DESC LIMIT :limit
"""
PRUNE = """
DELETE FROM steps WHERE seq IN (
  SELECT seq FROM steps WHERE state IN ('done', 'failed', 'forgotten') AND ended_at < ? LIMIT ?)
"""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which steps to list; None leaves a filter out."""

    channel: int | None
    shop: str | None
    order_gid: str | None
    states: Collection[str] | None
    limit: int


def row_of(step: NewStep, step_id: str, now: int, owner: str) -> Row:
    """A step as the table has it; TypeError or ValueError when its JSON cannot be stored."""
    return (
        step_id,
        step.execution_id,
        step.channel,
        step.shop,
        step.order_gid,
        step.key,
        step.kind,
        step.natural_id,
        step.operation,
        step.idempotency_key,
        _json(step, "pre_image", step.pre_image),
        _json(step, "expect", step.expect),
        now,
        owner,
    )


def _json(step: NewStep, name: str, value: Mapping[str, Any]) -> str:
    text = json.dumps(dict(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text) > LARGEST_JSON:  # ASCII: one byte a character
        raise ValueError(
            f"{name} of step {step.key} has {len(text)} bytes; the ledger takes {LARGEST_JSON}"
        )
    return text


def begin(connection: sqlite3.Connection, row: Row) -> None:
    """Write a step that is about to be sent; StepOpen when one of its effect is open."""
    effect = (row[3], row[4], row[6], row[7])
    other = connection.execute(OPEN_ONE, effect).fetchone()
    if other is not None:
        step_id, operation, state, sent_at = other
        shop, order_gid, kind, natural_id = effect
        raise StepOpen(
            f'{kind} "{natural_id}" of {order_gid} in {shop} is open in step {step_id} already '
            f"({operation}, {state}, sent {from_millis(sent_at):%Y-%m-%d %H:%M:%S} UTC): settle "
            "that one first",
            step_id=step_id,
        )
    connection.execute(INSERT, row)


def complete(
    connection: sqlite3.Connection, step_id: str, effect: Effect, request_id: str, now: int
) -> None:
    """The step was applied: it is done, and its effect is known, both or neither."""
    step = one(connection, step_id)
    mine = (step.shop, step.order_gid, step.kind, step.natural_id)
    if (effect.shop, effect.order_gid, effect.kind, effect.natural_id) != mine:
        raise ValueError(
            f"step {step_id} is {step.kind} {step.natural_id} of {step.order_gid}, the effect is "
            f"{effect.kind} {effect.natural_id} of {effect.order_gid}"
        )
    connection.execute(COMPLETE, (now, request_id, step_id))
    records.record(connection, [records.row_of(effect)])


def fail(connection: sqlite3.Connection, step_id: str, note: str, now: int) -> None:
    """The step was not applied. One that ended stays as it ended."""
    _known(connection, step_id, connection.execute(END, ("failed", now, note, step_id)))


def doubt(connection: sqlite3.Connection, step_id: str, note: str, now: int) -> None:
    """Nobody knows whether it was applied. One that ended stays as it ended."""
    _known(connection, step_id, connection.execute(DOUBT, (now, note, step_id)))


def turn(
    connection: sqlite3.Connection, ended: Sequence[EndedStep], begun: Sequence[Row], now: int
) -> None:
    """End convergent steps and write those that are about to be sent. An end counts once."""
    for end in ended:
        values = (end.state, now, end.request_id, end.note, end.id)
        connection.execute(END_CONVERGENT, values)
    connection.executemany(INSERT, begun)


def abandoned(connection: sqlite3.Connection, alive: Alive) -> list[str]:
    """The dead processes that left convergent steps on their way."""
    return [owner for (owner,) in connection.execute(SENDERS).fetchall() if not alive(owner)]


def forget(connection: sqlite3.Connection, owners: Collection[str], note: str, now: int) -> int:
    """End the convergent steps of dead processes; how many there were."""
    return sum(connection.execute(FORGET, (now, note, owner)).rowcount for owner in owners)


def annotate(connection: sqlite3.Connection, step_id: str, note: str) -> None:
    """Say more about an open step. One that ended keeps what was said."""
    _known(connection, step_id, connection.execute(NOTE, (note, step_id)))


def _known(connection: sqlite3.Connection, step_id: str, done: sqlite3.Cursor) -> None:
    if not done.rowcount:
        one(connection, step_id)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person says of an open step. ``alone``: the caller holds the order's lock."""

    step_id: str
    applied: bool
    note: str
    detail: Mapping[str, Any]
    alone: bool
    now: int


def resolve(connection: sqlite3.Connection, said: Resolution, alive: Alive) -> StepRow:
    """End an open step by a person's word; the step as it is then."""
    step = one(connection, said.step_id)
    if step.ended_at is not None:
        raise LedgerError(
            f"step {step.id} has ended already, {step.ended_at:%Y-%m-%d %H:%M:%S} UTC: it is "
            f"{step.state}" + (f" ({step.note})" if step.note else "")
        )
    if not step.kind:
        raise LedgerError(
            f"step {step.id} ({step.operation}) needs nobody's word: it only says what shall be "
            "true, and the next call reads the store and sends what still differs"
        )
    if step.state == "sending" and not said.alone and alive(step.owner):
        raise LedgerError(
            f"step {step.id} is being sent just now by a bridge that runs; wait for its outcome"
        )
    state = "done" if said.applied else "failed"
    connection.execute(END, (state, said.now, said.note, step.id))
    if said.applied:
        effect = Effect(
            step.shop,
            step.order_gid,
            step.kind,
            step.natural_id,
            said.detail,
            from_millis(said.now),
        )
        records.record(connection, [records.row_of(effect)])
    return one(connection, step.id)


def one(connection: sqlite3.Connection, step_id: str) -> StepRow:
    """One step; LedgerError when the ledger has none of that id."""
    for step in _select(connection, ONE, {"id": step_id}):
        return step
    raise LedgerError(
        f"the ledger has no step {step_id}; it may have been pruned, or another ledger has it"
    )


def open_steps(
    connection: sqlite3.Connection, shop: str | None, order_gid: str | None, alive: Alive
) -> list[StepRow]:
    """Steps without an outcome, oldest first; without an order only what nobody is sending."""
    found = _select(connection, OPEN, {"shop": shop, "order_gid": order_gid})
    return [s for s in found if order_gid or s.state == "doubt" or not alive(s.owner)]


def listed(connection: sqlite3.Connection, ask: Listing) -> list[StepRow]:
    """Steps, newest first."""
    states = None if ask.states is None else json.dumps(list(ask.states))
    named = {
        "channel": ask.channel,
        "shop": ask.shop,
        "order_gid": ask.order_gid,
        "states": states,
        "limit": ask.limit,
    }
    return _select(connection, LISTED, named)


def prune(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Remove at most ``limit`` steps that ended before a time; how many there were."""
    return connection.execute(PRUNE, (before, limit)).rowcount


def _select(
    connection: sqlite3.Connection, statement: str, named: Mapping[str, object]
) -> list[StepRow]:
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return [_step(row) for row in cursor.execute(statement, named).fetchall()]


def _step(row: sqlite3.Row) -> StepRow:
    return StepRow(
        execution_id=row["execution"],
        channel=row["channel"],
        shop=row["shop"],
        order_gid=row["order_gid"],
        key=row["key"],
        kind=row["kind"],
        natural_id=row["natural_id"],
        operation=row["operation"],
        idempotency_key=row["idempotency_key"],
        pre_image=json.loads(row["pre_image"]),
        expect=json.loads(row["expect"]),
        id=row["id"],
        state=row["state"],
        sent_at=from_millis(row["sent_at"]),
        doubt_at=_time(row["doubt_at"]),
        ended_at=_time(row["ended_at"]),
        request_id=row["request_id"],
        note=row["note"],
        owner=row["owner"],
    )


def _time(at: int | None) -> datetime | None:
    return None if at is None else from_millis(at)
