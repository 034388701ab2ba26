"""What one RetailOps call may still spend, and what it has spent: time, points, requests.

Passed down with every Shopify request of the call, so that nothing is sent after the caller
stopped waiting and so that the call's log line, metrics and answer can say what it cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bridge.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock. ``clock`` is passed in so that tests own the time."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """A deadline ``seconds`` from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Seconds left; never below zero."""
        return max(0.0, self.at - self.clock())

    def check(self, doing: str) -> None:
        """Raise ``DeadlineExceeded`` when no time is left to begin ``doing``."""
        if self.remaining() <= 0:
            raise DeadlineExceeded(f"no time left to begin {doing}: nothing of it was done")


@dataclass(slots=True)
class Meter:
    """What a call has cost so far. Points are Shopify's actual ones once the reply is there."""

    requests: int = 0
    points: int = 0
    throttled: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CallBudget:
    """Deadline, priority and meter of one call.

    ``background`` requests (inventory, catalog) yield to foreground ones (orders).
    """

    deadline: Deadline
    background: bool = False
    meter: Meter = field(default_factory=Meter)
