"""What the console remembers of this process: the last calls, and an hour of each store's bucket.

Bounded, in memory, gone with the process. Of a call it keeps what its log line has: never a
message, a body or anything that a customer typed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from bridge.server.replies import Reply

# A bucket of any plan is full again after 20 s: four looks in that time show its shape.
SAMPLE_SECONDS: Final = 5.0

# An hour. RetailOps calls every few minutes, so it shows a dozen rounds.
SAMPLES: Final = 720


class Bucket(Protocol):
    """What is asked of a store's ``CostBucket``."""

    @property
    def maximum(self) -> float:
        """The most that it holds."""
        ...

    def available(self) -> float:
        """What is in it now; negative while requests in flight have taken more."""
        ...

    def waiting(self) -> int:
        """How many requests wait for points."""
        ...


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One finished call. ``events`` are codes with their counts, in the order they were told."""

    at: datetime
    action: str
    request_id: str
    outcome: str
    status: int
    seconds: float
    events: tuple[tuple[str, int], ...]
    requests: int
    points: int
    throttled: int
    retries: int
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class Sample:
    """``SAMPLE_SECONDS`` of a store's bucket, ending at ``at``.

    ``low`` is the lowest level that was seen: now, and at the end of each call. ``waiting`` are
    requests that wait for points now; the others are sums.
    """

    at: datetime
    low: float
    maximum: float
    waiting: int
    calls: int
    points: int
    throttled: int


@dataclass(slots=True)
class _Sums:
    low: float = float("inf")
    calls: int = 0
    points: int = 0
    throttled: int = 0


@dataclass(slots=True)
class _Kept:
    bucket: Bucket
    calls: deque[CallSeen]
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    sums: _Sums = field(default_factory=_Sums)


class History:
    """The rings of one process. ``buckets`` are the stores' by channel; ``keep`` calls of each."""

    def __init__(self, buckets: Mapping[int, Bucket], *, keep: int) -> None:
        self.keep = keep
        self._kept = {
            channel: _Kept(bucket, deque(maxlen=keep)) for channel, bucket in buckets.items()
        }
        self._refused: deque[CallSeen] = deque(maxlen=keep)

    def finished(
        self, action: str, reply: Reply, seconds: float, *, request_id: str, at: datetime
    ) -> None:
        """Note a call that was answered."""
        meter = reply.meter
        seen = CallSeen(
            at=at,
            action=action,
            request_id=request_id,
            outcome=reply.outcome,
            status=int(reply.status),
            seconds=seconds,
            events=tuple(Counter(str(one.code) for one in reply.events).items()),
            requests=meter.requests,
            points=meter.points,
            throttled=meter.throttled,
            retries=meter.retries,
            waited_seconds=meter.waited_seconds,
        )
        kept = self._kept.get(reply.channel) if reply.channel is not None else None
        if kept is None:
            self._refused.append(seen)
            return
        kept.calls.append(seen)
        sums = kept.sums
        sums.low = min(sums.low, kept.bucket.available())
        sums.calls += 1
        sums.points += meter.points
        sums.throttled += meter.throttled

    def sample(self, at: datetime) -> None:
        """Look at every bucket, and close the interval that ends now."""
        for kept in self._kept.values():
            sums, kept.sums = kept.sums, _Sums()
            bucket = kept.bucket
            kept.samples.append(
                Sample(
                    at=at,
                    low=min(sums.low, bucket.available()),
                    maximum=bucket.maximum,
                    waiting=bucket.waiting(),
                    calls=sums.calls,
                    points=sums.points,
                    throttled=sums.throttled,
                )
            )

    def calls(self, channel: int) -> list[CallSeen]:
        """A channel's last calls, the newest first."""
        return list(reversed(self._kept[channel].calls))

    def refused(self) -> list[CallSeen]:
        """The last calls that belong to no channel (a wrong key, no JSON), the newest first."""
        return list(reversed(self._refused))

    def samples(self, channel: int) -> list[Sample]:
        """A channel's samples, the oldest first."""
        return list(self._kept[channel].samples)
