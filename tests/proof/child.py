"""A bridge in a process of its own that can be killed at its n-th write or request.

It is forked from a server process that has imported everything (``warm``), so that a start
costs a fraction of a second. The parent speaks to it over a pipe:

    ("arm", n)          kill yourself at the n-th hook from now on
    ("advance", s)      the store's clock has moved by so many seconds; answered by "moved"
    ("points", None)    answered by the names of the hooks since "arm", once all is written
    ("stop", None)      stop in good order
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from bridge.config.models import Settings
from bridge.sandbox.clock import SandboxClock
from bridge.server.running import serving

Message = tuple[str, Any]


class Fuse:
    """The hook: counts once it is armed, and kills the process at its number.

    Pruning is the bridge's own chore beside the calls: it would make the count depend on when
    it runs, so it counts only for who asks for the start (``chores``).
    """

    def __init__(self, pipe: Connection, nth: int | None = None, *, chores: bool = False) -> None:
        self._pipe = pipe
        self._nth = nth
        self._chores = chores
        self.points: list[str] = []

    def arm(self, nth: int) -> None:
        """Count from here; 0 never kills."""
        self.points.clear()
        self._nth = nth

    def __call__(self, name: str) -> None:
        """One side of a commit or of a request."""
        what = name.partition(" ")[2]
        if self._nth is None or (set(what.split("+")) == {"prune"} and not self._chores):
            return
        self.points.append(name)
        if len(self.points) == self._nth:
            self._pipe.send(("killed", name))
            os.kill(os.getpid(), signal.SIGKILL)


def run(pipe: Connection, settings: Settings, ahead: float, nth: int | None) -> None:
    """The process. ``ahead``: seconds of the store's clock before the real one.

    ``nth`` kills it at that point of its start.
    """
    quiet()
    asyncio.run(_serve(pipe, settings, ahead, nth))


def quiet() -> None:
    """No log lines: the tests look at answers and at the store."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


async def _serve(pipe: Connection, settings: Settings, ahead: float, nth: int | None) -> None:
    clock = SandboxClock()
    clock.advance(max(0.0, ahead))
    fuse = Fuse(pipe, nth, chores=nth is not None)
    inbox: deque[Message] = deque()
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        try:
            inbox.append(pipe.recv())
        except EOFError:  # the parent is gone
            loop.remove_reader(pipe.fileno())
            inbox.append(("stop", None))
        told.set()

    async with serving(settings, now=clock, registry=CollectorRegistry(), hook=fuse) as bridge:
        pipe.send(("listening", bridge.url))
        loop.add_reader(pipe.fileno(), hear)
        while True:
            await told.wait()
            told.clear()
            while inbox:
                match inbox.popleft():
                    case "arm", nth:
                        await bridge.parts.ledger.stats()
                        fuse.arm(nth)
                        pipe.send(("armed", None))
                    case "advance", seconds:
                        clock.advance(seconds)
                        pipe.send(("moved", None))
                    case "points", _:
                        # A read stands behind all that is queued: promises are written then.
                        await bridge.parts.ledger.stats()
                        pipe.send(("points", list(fuse.points)))
                    case _:
                        loop.remove_reader(pipe.fileno())
                        return
