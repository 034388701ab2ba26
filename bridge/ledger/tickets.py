"""The statements of named locks: a queue of tickets, one row a waiter.

The lowest ticket of a living owner holds the lock. A new ticket is always higher than all that
exist, so none ever appears ahead of another, and a look is enough to know one's turn.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from bridge.errors import LedgerError

Alive = Callable[[str], bool]

QUEUE = "SELECT ticket, token, owner FROM tickets WHERE name = ? ORDER BY ticket"
OWNERS = "SELECT DISTINCT owner FROM tickets"
INSERT = "INSERT INTO tickets (name, token, owner, taken_at) VALUES (?, ?, ?, ?)"
DELETE = "DELETE FROM tickets WHERE token = ? RETURNING name, ticket"
DELETE_OWNER = "DELETE FROM tickets WHERE owner = ?"
BEHIND = "SELECT token, owner FROM tickets WHERE name = ? AND ticket > ? ORDER BY ticket"


@dataclass(frozen=True, slots=True)
class Ahead:
    """The living waiter or holder just before one's own ticket."""

    token: str
    owner: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new place in the queue of ``name``; ``now`` in milliseconds."""

    name: str
    token: str
    owner: str
    now: int


def take(connection: sqlite3.Connection, ticket: Ticket, alive: Alive) -> Ahead | None:
    """Queue up; None when it is our turn at once. Tickets of the dead are cleared away."""
    for _, other, holder in connection.execute(QUEUE, (ticket.name,)).fetchall():
        if not alive(holder):
            connection.execute(DELETE, (other,)).fetchall()
    connection.execute(INSERT, (ticket.name, ticket.token, ticket.owner, ticket.now))
    return look(connection, ticket.name, ticket.token, alive)


def look(connection: sqlite3.Connection, name: str, token: str, alive: Alive) -> Ahead | None:
    """Who is just ahead of us; None when it is our turn. LedgerError when our ticket is gone."""
    ahead: Ahead | None = None
    for _, other, owner in connection.execute(QUEUE, (name,)).fetchall():
        if other == token:
            return ahead
        if alive(owner):
            ahead = Ahead(other, owner)
    raise LedgerError(
        f'lock "{name}": its ticket was removed from the ledger by another program; repeat the call'
    )


def leave(connection: sqlite3.Connection, token: str, alive: Alive) -> str | None:
    """Give the ticket back; the token of the next living waiter, if there is one."""
    gone = connection.execute(DELETE, (token,)).fetchall()
    if not gone:
        return None
    behind = connection.execute(BEHIND, gone[0]).fetchall()
    return next((other for other, owner in behind if alive(owner)), None)


def sweep(connection: sqlite3.Connection, alive: Alive) -> int:
    """Remove the tickets of the dead; how many there were."""
    owners = [owner for (owner,) in connection.execute(OWNERS).fetchall()]
    dead = [(owner,) for owner in owners if not alive(owner)]
    return sum(connection.execute(DELETE_OWNER, owner).rowcount for owner in dead)
