"""The store's time: the real clock, moved forward on demand (``POST /_sandbox/clock``)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SandboxClock:
    """Calling it gives the time now, aware, in UTC.

    ``base`` is the clock that goes on by itself; a test gives one that stands still.
    """

    def __init__(self, base: Callable[[], datetime] = _utc_now) -> None:
        self._base = base
        self._offset = timedelta(0)

    def __call__(self) -> datetime:
        """The time now."""
        return self._base() + self._offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock forward; gives the new time. It never goes back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward: 'advance' must be 0 or more seconds")
        self._offset += timedelta(seconds=seconds)
        return self()

    def set(self, at: datetime) -> datetime:
        """Move the clock to ``at``, which must be aware and not in the past of this clock."""
        if at.tzinfo is None:
            raise ValueError("'set' needs a time with a zone, such as 2026-11-23T12:00:00Z")
        return self.advance((at - self()).total_seconds())
