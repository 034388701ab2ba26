"""Who is alive: each open ledger holds an operating-system lock on a file of its own.

The kernel drops the lock when the process ends, however it ends, so the living are never
taken for dead and no clock or process id is trusted. ``flock`` is used because its lock
belongs to the open file: two ledgers in one process do not see each other as dead, and a
probe that opens and closes the file takes nothing away (POSIX record locks do both).
"""

from __future__ import annotations

import fcntl
import os
import weakref
from contextlib import suppress
from pathlib import Path

from bridge.errors import LedgerError


def owners_dir(ledger: Path) -> Path:
    """The folder of owner files that belongs to a ledger file."""
    return ledger.with_name(ledger.name + "-owners")


def _stands_at(path: Path, fd: int) -> bool:
    """Whether the open file is the one that the path names."""
    mine = os.fstat(fd)
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)


class Owner:
    """This ledger's own sign of life, and the judge of others'."""

    def __init__(self, ledger: Path, owner_id: str) -> None:
        self.id = owner_id
        self._ledger = ledger
        self._folder = owners_dir(ledger)
        self._path = self._folder / owner_id
        self._pid = os.getpid()
        self._fd = -1
        self._sign()
        # A fork copies the descriptor, and with it the lock: a child that outlives us would
        # keep us alive. Closing the child's copy leaves the lock with the parent.
        here = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget(here()))

    def _sign(self) -> None:
        """Create and lock our file; OSError when the folder cannot be written."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._give(self._folder)
        while True:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._give(fd)
                fcntl.flock(fd, fcntl.LOCK_EX)
                os.ftruncate(fd, 0)
                os.write(fd, b"pid %d\n" % self._pid)  # for the person who looks
                if _stands_at(self._path, fd):
                    break
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # swept away between opening and locking: make it again
        self._drop()
        self._fd = fd

    def _give(self, target: Path | int) -> None:
        """What root makes (a command run with sudo) is the bridge's user's, who must read it.

        SQLite does the same with the files beside the database.
        """
        if os.geteuid() == 0:
            whose = self._ledger.stat()
            os.chown(target, whose.st_uid, whose.st_gid)

    def check(self) -> None:
        """Before every write: we are who opened it, and our sign of life is in its place.

        LedgerError in a forked child. A file that someone deleted is made anew, for without
        it others would take our rows for those of the dead.
        """
        if os.getpid() != self._pid:
            raise LedgerError(
                "the ledger was opened before this process was forked; open it in the process "
                "that uses it"
            )
        if self._fd < 0 or not _stands_at(self._path, self._fd):
            self._sign()

    def is_alive(self, owner_id: str) -> bool:
        """Whether the ledger that wrote ``owner_id`` into its rows is still open somewhere."""
        if owner_id == self.id:
            return True
        try:
            fd = os.open(self._folder / owner_id, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that two who ask at once do not take each other for the owner.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def sweep(self) -> None:
        """Remove the files of the dead. A missing file and an unlocked one mean the same."""
        for path in list(self._folder.iterdir()):
            if path.name == self.id:
                continue
            with suppress(FileNotFoundError):
                fd = os.open(path, os.O_RDONLY)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _stands_at(path, fd):  # else its owner has made it anew
                        path.unlink()
                except BlockingIOError:
                    continue
                finally:
                    os.close(fd)

    def leave(self) -> None:
        """Give up the sign of life: rows still running are then those of the dead."""
        if os.getpid() == self._pid:
            with suppress(OSError):
                self._path.unlink()
        self._drop()

    def _drop(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def forget_in_child(self) -> None:
        """Close a forked child's copy of the lock."""
        self._drop()


def _forget(owner: Owner | None) -> None:
    if owner is not None:
        owner.forget_in_child()
