"""The leaky bucket of points: one for each store, as Shopify keeps one for app and store.

Documented: restore rates of the plans (100, 200, 1000, 2000 points a second) and that a query may
cost at most 1000. Captured: 2000 points at 100 a second on development stores, whole numbers.
Assumed for the other plans: a bucket of twenty seconds, as captured for the first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

PLANS: Final = {"standard": 100, "advanced": 200, "plus": 1000, "enterprise": 2000}
"""Points restored a second, by plan (documented)."""

BUCKET_SECONDS: Final = 20  # captured: 2000 points at 100 a second
MAX_QUERY_COST: Final = 1000  # documented: one query may not cost more, whatever the plan


class Bucket:
    """Points left. ``clock`` gives aware datetimes; the bucket refills with it."""

    def __init__(self, restore_rate: int, clock: Callable[[], datetime]) -> None:
        self.restore_rate = restore_rate
        self.maximum = restore_rate * BUCKET_SECONDS
        self._clock = clock
        self._left = float(self.maximum)
        self._at = clock()

    def available(self) -> float:
        """Points in the bucket now."""
        now = self._clock()
        passed = max(0.0, (now - self._at).total_seconds())
        self._left = min(float(self.maximum), self._left + passed * self.restore_rate)
        self._at = now
        return self._left

    def take(self, points: int) -> bool:
        """Take ``points`` if they are there; False, and nothing taken, if not."""
        if self.available() < points:
            return False
        self._left -= points
        return True

    def give_back(self, points: int) -> None:
        """Return what was taken and not used."""
        self._left = min(float(self.maximum), self.available() + points)

    def refill(self) -> None:
        """Full again, as after a reset."""
        self._left = float(self.maximum)
        self._at = self._clock()

    def status(self) -> dict[str, int]:
        """``throttleStatus`` of a reply."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available()),
            "restoreRate": self.restore_rate,
        }
