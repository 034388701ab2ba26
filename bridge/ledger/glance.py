"""Small reads in the caller's own thread.

A read through the writer's queue costs two changes of thread, some hundred microseconds where a
sleeping core has to be woken; the SELECT of a few rows by their key takes a few. So such a read
is done on the spot, through a connection of its own, while nothing is queued that it would have
to see. It never waits: whatever is in its way (a lock, a fault of the file) is the writer's to
meet, which has the patience and the words for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from bridge.errors import LedgerError
from bridge.ledger import database

T = TypeVar("T")


class Elsewhere(Exception):
    """It cannot be read here and now: ask the writer."""


class Glance:
    """A second connection to the ledger's file, for one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: database.Identity | None = None

    def read(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """What ``act`` selects. Raises ``Elsewhere`` when that needs patience or fails."""
        try:
            return act(self._ready())
        except (sqlite3.Error, LedgerError, OSError) as error:
            self.close()
            raise Elsewhere from error

    def close(self) -> None:
        """Give the connection back; the next read opens another."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _ready(self) -> sqlite3.Connection:
        """The connection, while the file that it was opened to stands in its place."""
        there = database.identity(self._path)
        if self._connection is None:
            self._connection = database.connect(self._path, busy_seconds=0)
            self._connection.execute("PRAGMA query_only = ON")
            self._identity = there
        elif there != self._identity:
            raise Elsewhere
        return self._connection
