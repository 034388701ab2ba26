"""The statements that tell how the ledger is, and that it can be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bridge.ledger.model import from_millis

Alive = Callable[[str], bool]

PULSE = "INSERT INTO pulse (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at"
RUNNING = """
SELECT owner, count(*), min(claimed_at) FROM calls WHERE state = 'running' GROUP BY owner
"""
FINISHED = """
SELECT count(*), count(*) - count(answer) FROM calls WHERE state = 'finished'
"""
OPEN_STEPS = """
SELECT owner, state, count(*), min(sent_at) FROM steps
WHERE state IN ('sending', 'doubt') AND kind <> ''
GROUP BY owner, state
"""
BORN = "SELECT value FROM meta WHERE name = 'born'"
COUNTS = """
SELECT (SELECT count(*) FROM effects), (SELECT count(*) FROM held_back),
  (SELECT count(*) FROM tickets)
"""


def pulse(connection: sqlite3.Connection, now: int) -> None:
    """Write one row, to know that writing works."""
    connection.execute(PULSE, (now,))


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by kind, as the fields of ``Stats`` are named."""

    running: int
    oldest_running: datetime | None
    left: int
    finished: int
    in_doubt: int
    oldest_in_doubt: datetime | None
    effects: int
    held_back: int
    tickets: int


def counts(connection: sqlite3.Connection, alive: Alive) -> Counts:
    """Count all rows; the running ones by whether their process lives."""
    running, left = 0, 0
    oldest: int | None = None
    for owner, number, since in connection.execute(RUNNING).fetchall():
        if alive(owner):
            running += number
            oldest = since if oldest is None else min(oldest, since)
        else:
            left += number
    in_doubt = 0
    oldest_in_doubt: int | None = None
    for owner, state, number, since in connection.execute(OPEN_STEPS).fetchall():
        if state == "doubt" or not alive(owner):
            in_doubt += number
            oldest_in_doubt = since if oldest_in_doubt is None else min(oldest_in_doubt, since)
    finished, doubtful = connection.execute(FINISHED).fetchone()
    effects, held_back, tickets = connection.execute(COUNTS).fetchone()
    return Counts(
        running=running,
        oldest_running=None if oldest is None else from_millis(oldest),
        left=left + doubtful,
        finished=finished - doubtful,
        in_doubt=in_doubt,
        oldest_in_doubt=None if oldest_in_doubt is None else from_millis(oldest_in_doubt),
        effects=effects,
        held_back=held_back,
        tickets=tickets,
    )


def born(connection: sqlite3.Connection) -> datetime:
    """When the file was made."""
    (at,) = connection.execute(BORN).fetchone()
    return from_millis(at)
