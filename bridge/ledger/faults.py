"""From what SQLite and the operating system say to a message that says what to do."""

from __future__ import annotations

import copy
import errno
import sqlite3
from pathlib import Path

from bridge.errors import LedgerBusy, LedgerError

BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

# The ground under the file, not the one statement: the whole transaction is lost with it.
GROUND = BUSY | {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}

REMEDIES = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space, the bridge goes on by itself",
    sqlite3.SQLITE_IOERR: (
        "the disk could not be read or written; look at free space, quota and the system's log "
        "for disk faults, the bridge goes on by itself once it can write"
    ),
    sqlite3.SQLITE_READONLY: (
        "it is read-only; make the file and its folder writable for the bridge's user and see "
        "that the file system is not mounted read-only"
    ),
    sqlite3.SQLITE_PERM: (
        "access is denied; make the file and its folder the bridge's user's own (modes 0600, 0700)"
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened; see that the file and its folder are there and belong to the "
        "bridge's user"
    ),
    sqlite3.SQLITE_CORRUPT: (
        "it is damaged; stop the bridge, keep a copy of the file with its -wal, and restore a "
        "backup or salvage it with: sqlite3 FILE .recover"
    ),
    sqlite3.SQLITE_NOTADB: (
        "it is no SQLite database; set [ledger] path to the right file, or move this one away "
        "if it was damaged and restore a backup"
    ),
    sqlite3.SQLITE_PROTOCOL: (
        "its locks do not work; the ledger needs a local disk, not a network file system"
    ),
    sqlite3.SQLITE_NOMEM: "there is no memory left for it; give the bridge more memory",
}

OS_CODES = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_PERM,
    errno.EPERM: sqlite3.SQLITE_PERM,
    errno.ENOENT: sqlite3.SQLITE_CANTOPEN,
    errno.ENOTDIR: sqlite3.SQLITE_CANTOPEN,
    errno.EIO: sqlite3.SQLITE_IOERR,
}


def code_of(error: BaseException) -> int | None:
    """SQLite's primary result code of an error, or the nearest one for an OSError."""
    if isinstance(error, sqlite3.Error):
        code: int | None = getattr(error, "sqlite_errorcode", None)
        # The low byte is the primary code; the rest says which kind of it.
        return None if code is None else code & 0xFF
    if isinstance(error, OSError):
        return OS_CODES.get(error.errno or 0, sqlite3.SQLITE_IOERR)
    return None


def is_busy(error: BaseException) -> bool:
    """Another connection holds the file just now."""
    return code_of(error) in BUSY


def is_ground(error: BaseException) -> bool:
    """The file or its disk failed, rather than one operation on it."""
    return code_of(error) in GROUND


def is_passing(error: BaseException) -> bool:
    """The connection itself is sound: the same statement may succeed on it later."""
    return code_of(error) in BUSY | {sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}


def explain(error: BaseException, path: Path, busy_seconds: float) -> BaseException:
    """The error to raise: LedgerBusy or LedgerError with path, cause and remedy.

    A LedgerError says all already; it is copied, for several callers may be told the same.
    Anything that is none of SQLite's, of the system's or of the values given is a bug, and is
    returned as it is.
    """
    code = code_of(error)
    said: LedgerError
    if code in BUSY:
        said = LedgerBusy(
            f"ledger {path}: another process has been writing to it for more than "
            f"{busy_seconds:g} s; repeat the call, and if this stays, look for a program that "
            "holds the file open in a transaction (a backup, a sqlite3 shell)"
        )
    elif code in REMEDIES:
        said = LedgerError(f"ledger {path}: {REMEDIES[code]} ({error})")
    elif isinstance(error, sqlite3.Error | UnicodeError | OverflowError):
        said = LedgerError(f"ledger {path}: a value was refused: {error}")
    elif isinstance(error, LedgerError):
        said = copy.copy(error)
    else:
        return error
    said.__cause__ = error
    return said
