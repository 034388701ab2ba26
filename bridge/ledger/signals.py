"""Wake those who wait in this process, from any thread, without a poll."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress


class Watch:
    """One waiter: set from any thread, waited for in the loop that made it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake the waiter; safe from any thread, and after its loop was closed."""
        with suppress(RuntimeError):  # a closed loop has no one left to wake
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> None:
        """Return when woken, or after ``seconds``. A wake before the call counts too."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        # Cleared before the waiter looks again, so that a wake during the look is not lost.
        self._event.clear()


class Signals:
    """Who waits for what, in one process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._watches: dict[Hashable, set[Watch]] = {}

    @contextmanager
    def watch(self, topic: Hashable) -> Iterator[Watch]:
        """Listen to a topic. Open it before the first look, or a wake may be missed."""
        watch = Watch()
        with self._guard:
            self._watches.setdefault(topic, set()).add(watch)
        try:
            yield watch
        finally:
            with self._guard:
                left = self._watches[topic]
                left.discard(watch)
                if not left:
                    del self._watches[topic]

    def wake(self, topic: Hashable) -> None:
        """Wake all who listen to a topic; from any thread."""
        with self._guard:
            watches = tuple(self._watches.get(topic, ()))
        for watch in watches:
            watch.set()
