"""What the ledger's tests share: a clock that is set by hand, and worker processes."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bridge.ledger import CallKey, Effect, Ledger, NewStep

ROOT = Path(__file__).resolve().parents[2]
BODY = b"a" * 32
OTHER_BODY = b"b" * 32
START = datetime(2026, 10, 1, 12, tzinfo=UTC)
KEY = CallKey(21, "order_acknowledge", "1001")
SHOP = "one.myshopify.com"
GID = "gid://shopify/Order/1"


def step(**values: Any) -> NewStep:
    """A package on its way; ``values`` change what it is."""
    usual = {
        "execution_id": "execution",
        "channel": 21,
        "shop": SHOP,
        "order_gid": GID,
        "key": "ship",
        "kind": "fulfillment",
        "natural_id": "p1",
        "operation": "FulfillmentCreate",
        "idempotency_key": "",
        "pre_image": {},
        "expect": {},
    }
    return NewStep(**{**usual, **values})


def effect_of(
    step: NewStep, detail: Mapping[str, Any] | None = None, at: datetime = START
) -> Effect:
    """The effect that a step aims at."""
    key = (step.shop, step.order_gid, step.kind, step.natural_id)
    return Effect(*key, detail or {}, at)


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
