"""What the ledger's tests share: a clock that is set by hand, and worker processes."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.ledger import CallKey, Ledger

ROOT = Path(__file__).resolve().parents[2]
BODY = b"a" * 32
OTHER_BODY = b"b" * 32
START = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = CallKey(21, "order_acknowledge", "1001")


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time now."""
        return self.now

    def pass_by(self, **step: float) -> None:
        """Let time pass: ``hours=1``, as for timedelta."""
        self.now += timedelta(**step)


@asynccontextmanager
async def opened(path: Path, **options) -> AsyncIterator[Ledger]:
    """A ledger that is closed at the end, whatever happens."""
    ledger = await Ledger.open(path, **options)
    try:
        yield ledger
    finally:
        await ledger.close()


class Worker:
    """A process of its own that runs one part of ``worker.py`` and talks in JSON lines."""

    def __init__(self, *words: object, wrap: tuple[str, ...] = ()) -> None:
        command = [*wrap, sys.executable, "-W", "error", "-m", "tests.ledger.worker"]
        self.process = subprocess.Popen(
            [*command, *map(str, words)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> object:
        """The next thing it says; an error when it ended without a word."""
        line = self.process.stdout.readline()
        assert line, f"the worker ended with {self.process.wait()} and said nothing"
        return json.loads(line)

    def tell(self, word: str = "go") -> None:
        """Let it go on from where it waits."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more when this returns."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Kill it if it still runs, and close its pipes."""
        if self.process.poll() is None:
            self.kill()
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def worker(*words: object, wrap: tuple[str, ...] = ()) -> Iterator[Worker]:
    """A worker that is gone at the end."""
    started = Worker(*words, wrap=wrap)
    try:
        yield started
    finally:
        started.end()
