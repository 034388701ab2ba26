"""One thread that owns the SQLite connection and commits in groups.

What is asked for while a commit is under way is carried out together in the next one: one
``BEGIN IMMEDIATE``, a savepoint for each operation so that one that fails takes no other with
it, one flush to the disk, and only then are the callers told. Reads run in the same thread,
after the commit; small ones need not (see ``glance``). No transaction is ever open while Python
code awaits.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from bridge.errors import LedgerError
from bridge.ledger import database
from bridge.ledger.faults import explain, is_ground, is_passing
from bridge.ledger.glance import Elsewhere, Glance
from bridge.ledger.owners import Owner

T = TypeVar("T")

# Operations in one transaction: enough that the flush no longer counts, few enough that a
# neighbour process waits some milliseconds only.
LARGEST_GROUP = 256

# How soon a promise that could not be written is tried again, in seconds.
OWED_PAUSE = 0.25


@dataclass(slots=True, eq=False)
class Operation(Generic[T]):
    """One thing to do with the connection, and whom to tell. ``what`` is its name.

    ``owed``: it must happen even if its caller was told of a failure or went away; it is tried
    again until it succeeds or the ledger closes. ``after`` runs in the writer thread once the
    operation is durable.
    """

    what: str
    act: Callable[[sqlite3.Connection], T]
    writes: bool
    owed: bool = False
    after: Callable[[T], None] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    future: asyncio.Future[T] | None = None


@dataclass(slots=True)
class Outcome:
    """What became of an operation: its value or its error, as SQLite or Python gave it.

    ``lost``: it failed with the file or the disk, through no fault of its own.
    """

    operation: Operation[Any]
    value: Any = None
    error: BaseException | None = None
    lost: bool = False


class Writer:
    """The thread, its queue and its connection.

    ``owner`` is checked before every group of writes; ``start`` opens the file. ``now`` is the
    time in milliseconds. ``hook`` is a test's: it is called in the thread with ``ledger:before
    claim+finish`` once a group's statements were carried out and are about to be committed,
    and with ``ledger:after claim+finish`` once they are on the disk and nobody was told yet.
    """

    def __init__(
        self,
        path: Path,
        owner_id: str,
        busy_seconds: float,
        *,
        now: Callable[[], int],
        hook: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._owner_id = owner_id
        self._busy_seconds = busy_seconds
        self._now = now
        self._hook = hook
        self._pid = os.getpid()
        self._queue: queue.SimpleQueue[Operation[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._identity: database.Identity | None = None
        self._owner: Owner | None = None
        self._owed: list[Operation[Any]] = []
        self._under_way = 0  # queued, or taken from the queue and not yet carried out
        self._glance = Glance(path)
        self._thread: threading.Thread | None = None
        self.schema_version = 0
        self.commits = 0
        self.operations = 0

    # -- the callers' side ------------------------------------------------------------------

    async def start(self) -> None:
        """Open the file and take our place among its owners; LedgerError when that fails."""
        loop = asyncio.get_running_loop()
        opened: Operation[None] = Operation("open", lambda _: None, writes=True, loop=loop)
        opened.future = loop.create_future()
        self._thread = threading.Thread(
            target=self._serve, args=(opened,), name="ledger", daemon=True
        )
        self._thread.start()
        try:
            await opened.future
        except BaseException:
            await self.stop()
            raise

    @property
    def owner(self) -> Owner:
        """Our sign of life; only after ``start``."""
        if self._owner is None:
            raise LedgerError(f"ledger {self._path}: it is not open")
        return self._owner

    @property
    def owed(self) -> int:
        """How many promises wait for the disk to work again."""
        return len(self._owed)

    async def write(
        self,
        what: str,
        act: Callable[[sqlite3.Connection], T],
        *,
        owed: bool = False,
        after: Callable[[T], None] | None = None,
    ) -> T:
        """Carry it out in the next group; return when it is on the disk."""
        return await self._submit(Operation(what, act, writes=True, owed=owed, after=after))

    async def read(self, act: Callable[[sqlite3.Connection], T], *, few: bool = False) -> T:
        """Carry out something that only reads, after all that was asked for before it.

        ``few``: some rows by their key, so that no one is kept waiting if it is done at once.
        """
        if few and not (self._under_way or self._owed or self._closed or self._forked()):
            with suppress(Elsewhere):
                return self._glance.read(act)
        return await self._submit(Operation("read", act, writes=False))

    def promise(
        self,
        what: str,
        act: Callable[[sqlite3.Connection], T],
        *,
        after: Callable[[T], None] | None = None,
    ) -> None:
        """Carry it out soon, with no one waiting; nothing to do once the ledger is closed."""
        with suppress(LedgerError):
            self._put(Operation(what, act, writes=True, owed=True, after=after))

    async def stop(self) -> None:
        """Carry out what is queued, then close the file. A second call does nothing."""
        if self._forked():
            return  # a forked child has neither the thread nor the lock
        self._glance.close()
        with self._gate:
            first = not self._closed
            self._closed = True
            if first:
                self._queue.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    async def _submit(self, operation: Operation[T]) -> T:
        operation.loop = asyncio.get_running_loop()
        operation.future = operation.loop.create_future()
        self._put(operation)
        return await operation.future

    def _forked(self) -> bool:
        return os.getpid() != self._pid

    def _put(self, operation: Operation[Any]) -> None:
        if self._forked():
            raise LedgerError(
                f"ledger {self._path}: it was opened before this process was forked; open it in "
                "the process that uses it"
            )
        with self._gate:
            if self._closed:
                raise LedgerError(f"ledger {self._path}: it is closed")
            self._under_way += 1
            self._queue.put(operation)

    # -- the thread -------------------------------------------------------------------------

    def _serve(self, opened: Operation[None]) -> None:
        try:
            self._open(opened)
        except Exception as error:
            self._tell([Outcome(opened, error=error)])
        else:
            self._tell([Outcome(opened)])
            self._serve_until_told()
        finally:
            self._drop_connection()
            if self._owner is not None:
                self._owner.leave()

    def _serve_until_told(self) -> None:
        serving = True
        while serving:
            group, serving = self._next_group()
            try:
                outcomes = self._carry_out(group)
            except Exception as error:  # a bug of ours must not leave callers waiting for ever
                outcomes = [Outcome(operation, error=error) for operation in group]
            with self._gate:  # before the callers are told: the next thing they do is a read
                self._under_way -= len(group)
            self._tell(outcomes)
        if self._owed:
            self._tell(self._carry_out(()))

    def _open(self, opened: Operation[None]) -> None:
        database.create_private(self._path)
        self._identity = database.identity(self._path)
        connection = self._ready()
        self._tell_hook("before", [opened])
        self.schema_version = database.migrate(
            connection, self._path, self._busy_seconds, self._now()
        )
        database.try_writing(connection, self._busy_seconds)
        self._tell_hook("after", [opened])
        self._owner = Owner(self._path, self._owner_id)
        self._owner.sweep()

    def _ready(self) -> sqlite3.Connection:
        """The connection, opened again when it was dropped, to the file that we started with."""
        if self._owner is not None:
            self._owner.check()
        there = database.identity(self._path)
        if there != self._identity:
            what = "it is gone" if there is None else "another file stands in its place"
            raise LedgerError(
                f"ledger {self._path}: {what} since the bridge opened it; put the old file back, "
                "or restart the bridge if that was meant"
            )
        if self._connection is None:
            self._connection = database.connect(self._path, self._busy_seconds)
        return self._connection

    def _recover(self, error: BaseException) -> None:
        """Undo what is half done; after a fault of the file, open it anew next time."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop_connection()
            return
        if is_ground(error) and not is_passing(error):
            self._drop_connection()

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _next_group(self) -> tuple[list[Operation[Any]], bool]:
        """Wait for one operation, then take what else is there; False when told to stop."""
        group: list[Operation[Any]] = []
        try:
            operation = self._queue.get(timeout=OWED_PAUSE if self._owed else None)
            while operation is not None:
                group.append(operation)
                if len(group) == LARGEST_GROUP:
                    return group, True
                operation = self._queue.get_nowait()
        except queue.Empty:
            return group, True
        return group, False

    def _carry_out(self, group: Sequence[Operation[Any]]) -> list[Outcome]:
        writes = [*self._owed, *(o for o in group if o.writes)]
        outcomes = self._commit(writes) if writes else []
        self._owed = [o.operation for o in outcomes if o.lost and o.operation.owed]
        return outcomes + [self._look(o) for o in group if not o.writes]

    def _commit(self, group: Sequence[Operation[Any]]) -> list[Outcome]:
        begun = False
        try:
            connection = self._ready()
            database.insist(lambda: connection.execute("BEGIN IMMEDIATE"), self._busy_seconds)
            begun = True
            outcomes = [self._one(connection, operation) for operation in group]
            self._tell_hook("before", group)
            connection.execute("COMMIT")
        except Exception as error:
            self._recover(error)
            if begun and len(group) > 1:
                # One too large for the space that is left must not take the small ones with it.
                return [outcome for operation in group for outcome in self._commit([operation])]
            return [Outcome(operation, error=error, lost=True) for operation in group]
        self._tell_hook("after", group)
        self.commits += 1
        self.operations += len(group)
        return outcomes

    def _tell_hook(self, when: str, group: Sequence[Operation[Any]]) -> None:
        if self._hook is not None:
            self._hook(f"ledger:{when} {'+'.join(operation.what for operation in group)}")

    def _one(self, connection: sqlite3.Connection, operation: Operation[Any]) -> Outcome:
        connection.execute("SAVEPOINT operation")
        try:
            value = operation.act(connection)
        except Exception as error:
            # Some failures end the whole transaction, others make it worthless.
            if is_ground(error) or not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO operation")
            connection.execute("RELEASE operation")
            return Outcome(operation, error=error)
        connection.execute("RELEASE operation")
        return Outcome(operation, value)

    def _look(self, operation: Operation[Any]) -> Outcome:
        try:
            connection = self._ready()
            value = database.insist(lambda: operation.act(connection), self._busy_seconds)
        except Exception as error:
            self._recover(error)
            return Outcome(operation, error=error)
        return Outcome(operation, value)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        """Resolve the futures: one call into each loop for the whole group."""
        by_loop: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
        for outcome in outcomes:
            operation = outcome.operation
            if outcome.error is None and operation.after is not None:
                try:
                    operation.after(outcome.value)
                except Exception as error:
                    outcome.error = error
            if outcome.error is not None:
                outcome.error = explain(outcome.error, self._path, self._busy_seconds)
            if operation.loop is not None:
                by_loop.setdefault(operation.loop, []).append(outcome)
        for loop, told in by_loop.items():
            with suppress(RuntimeError):  # a closed loop has no one left to tell
                loop.call_soon_threadsafe(_resolve, told)


def _resolve(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.operation.future
        if future is None or future.done():  # cancelled: the caller went away
            continue
        if outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
