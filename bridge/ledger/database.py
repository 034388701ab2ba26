"""The file: created private, opened durable, brought to this version's schema."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TypeVar

from bridge.errors import LedgerError
from bridge.ledger.faults import is_busy

T = TypeVar("T")

# STRICT tables came with 3.37; RETURNING and the rest are older.
OLDEST_SQLITE = (3, 37, 0)

# "RSBl" in ASCII: tells our ledger from any other SQLite file that a path may point at.
APPLICATION_ID = 0x5253426C

# A write transaction lasts one flush, 0.1 to 10 ms. Asking every millisecond finds the gap
# between two of a busy neighbour's; SQLite's own handler sleeps up to 100 ms and can starve.
BUSY_PAUSE = 0.001

# What the write-ahead log shrinks to after a burst.
JOURNAL_LIMIT = 16 * 1024 * 1024

Identity = tuple[int, int]


def insist(act: Callable[[], T], busy_seconds: float) -> T:
    """Do it again while another connection holds the file, for at most ``busy_seconds``."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            return act()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= end:
                raise
        time.sleep(BUSY_PAUSE)


def identity(path: Path) -> Identity | None:
    """Which file stands at the path (device and inode); None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


def size(path: Path) -> int:
    """Bytes on the disk, the write-ahead log included."""
    total = 0
    for name in (path.name, path.name + "-wal"):
        with suppress(FileNotFoundError):
            total += path.with_name(name).stat().st_size
    return total


def create_private(path: Path) -> None:
    """Make the file when it is not there, and see that only its owner can read it.

    SQLite gives its -wal and -shm files the same mode. An existing file is never opened here:
    closing it would drop the POSIX locks of any other connection of this process.
    """
    if not path.parent.is_dir():
        raise LedgerError(
            f"ledger {path}: the folder {path.parent} does not exist; create it, owned by the "
            "bridge's user, or set [ledger] path"
        )
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise LedgerError(
                f"ledger {path}: this is not a file; set [ledger] path to a file"
            ) from None
        if stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """Open the existing file: WAL, every commit flushed to the disk. Never creates it."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise LedgerError(
            f"ledger {path}: SQLite {sqlite3.sqlite_version} is too old; use a Python built "
            f"with SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer"
        )
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=0,  # insist() waits, see BUSY_PAUSE
        isolation_level=None,  # transactions are begun and ended by name only
        check_same_thread=False,  # opened and used by the writer thread, closed by its last act
    )
    try:
        insist(lambda: _configure(connection, path), busy_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise LedgerError(
            f"ledger {path}: this file system cannot hold a write-ahead log (it gave {mode!r}); "
            "put the ledger on a local disk"
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: its plain fsync does not flush
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT}")


def try_writing(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """A read-only file is refused at start: BEGIN IMMEDIATE alone would accept it."""
    insist(lambda: connection.execute("DELETE FROM pulse WHERE id = 0"), busy_seconds)


def shipped_schema() -> str:
    """The text of schema.sql."""
    return resources.files("bridge.ledger").joinpath("schema.sql").read_text(encoding="utf-8")


def sections(script: str) -> list[str]:
    """The script's "-- version N" sections, in order; they must count from 1."""
    parts = re.split(r"^-- version (\d+)$", script, flags=re.MULTILINE)
    numbers = [int(n) for n in parts[1::2]]
    if numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"schema.sql: versions must count from 1, found {numbers}")
    return parts[2::2]


def statements(section: str) -> Iterator[str]:
    """One statement at a time (``executescript`` would commit the transaction it runs in)."""
    statement = ""
    for line in section.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if re.sub(r"--.*", "", statement).strip():
        raise ValueError(f"schema.sql: a statement does not end: {statement.strip()[:80]}")


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    busy_seconds: float,
    now: int,
    script: str | None = None,
) -> int:
    """Bring the file to the newest version in one transaction; return that version.

    ``now`` (milliseconds) is what the script calls ``:now``.
    LedgerError for a file that a newer bridge wrote or that is not a ledger: neither is touched.
    """
    steps = sections(shipped_schema() if script is None else script)
    if insist(lambda: _version(connection, path, len(steps)), busy_seconds) == len(steps):
        return len(steps)
    insist(lambda: connection.execute("BEGIN IMMEDIATE"), busy_seconds)
    try:
        # Asked again: another process may have done it while we waited.
        done = _version(connection, path, len(steps))
        for step in steps[done:]:
            for statement in statements(step):
                connection.execute(statement, {"now": now})
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return len(steps)


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if tables and application != APPLICATION_ID:
        raise LedgerError(
            f"ledger {path}: this is another program's database; set [ledger] path to a file "
            "of the bridge's own"
        )
    if version > newest:
        raise LedgerError(
            f"ledger {path}: a newer bridge wrote it (schema {version}, this one knows "
            f"{newest}); start that version again, or restore the backup made before it"
        )
    return int(version)
