"""The pace: never send what Shopify would throttle, and let orders go before stock.

Shopify keeps a leaky bucket for each app and store: ``maximum`` points, refilled with
``restore_rate`` points a second; a query is refused (THROTTLED) unless its requested cost is in
the bucket, and what it did not use is given back with its reply (shopify.dev, "API limits").
``CostBucket`` is that bucket as seen from here. All tasks of a process that talk to one store
share one.

The order of going:

* one queue for orders (foreground), one for stock and catalog (background), each first come,
  first served: a dear request at the head is not passed by a cheap one behind it;
* foreground goes first, and background leaves ``headroom`` points in the bucket, so that an
  order's request finds points when it comes;
* background does not starve: its head goes next, like foreground, when since the last background
  request (or since its own arrival) ``PATIENCE`` seconds have passed, and four times as long as
  the refill of its own cost takes. So stock gets a fifth of the points while orders queue.

What is in the bucket is told twice, and the lower figure counts:

* by Shopify: ``currentlyAvailable`` of the newest reply less everything still in flight. It sees
  what other processes spend, and heals itself with every reply; but a reply may overtake
  another one, and then it is too high;
* by our own account: what was reserved and given back. It is never too high for what this
  process spends; it is set to Shopify's figure by a request that had the line to itself.

Before the first reply only one request goes at a time: nobody knows how full the bucket is.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from bridge.errors import CostExceeded, DeadlineExceeded
from bridge.shopify.budget import Deadline
from bridge.shopify.protocol import MAX_QUERY_POINTS, Cost

# What background leaves is the price of the dearest query that Shopify runs: no order's request
# ever finds too few points because of stock. On the smallest plan that is half of the bucket, on
# the largest a twentieth; of a bucket that is smaller than any plan's, half must do.
HEADROOM: Final = MAX_QUERY_POINTS
LARGEST_HEADROOM: Final = 0.5

# RetailOps waits minutes for an inventory push, and a push of 1,000 SKUs is twelve requests.
PATIENCE: Final = 5.0

# Background's part is one in (1 + this) while foreground queues.
FOREGROUND_SHARE: Final = 4.0

# The bucket of the smallest plan holds twenty seconds of its rate; so do the others'.
SECONDS_OF_RATE: Final = 20.0

_DUST: Final = 1e-6  # what sums of floating points and seconds may be off


def headroom(maximum: float) -> float:
    """The points that background leaves untouched in a bucket of this size."""
    return min(LARGEST_HEADROOM * maximum, HEADROOM)


@dataclass(slots=True, eq=False)
class Reservation:
    """Points taken for one request, until ``settle`` says what became of it."""

    cost: int
    background: bool
    waited: float = 0.0
    alone: bool = True  # nothing else was in flight, from its sending to its reply


@dataclass(slots=True, eq=False)
class _Waiter:
    reservation: Reservation
    arrived: float
    until: float
    granted: asyncio.Future[None] = field(repr=False)


class CostBucket:
    """One store's query points, shared by all tasks that ask it.

    ``clock`` and ``sleep`` belong together (seconds); tests pass a virtual pair.
    """

    def __init__(
        self,
        maximum: float,
        restore_rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._maximum = maximum
        self._rate = restore_rate
        self._clock = clock
        self._sleep = sleep
        self._told = maximum  # Shopify's figure
        self._own = maximum  # our account
        self._at = clock()
        self._anchored = False
        self._flying: set[Reservation] = set()
        self._held_until = 0.0
        self._queues: tuple[deque[_Waiter], deque[_Waiter]] = (deque(), deque())
        self._last_background = -math.inf
        self._alarm: asyncio.Task[None] | None = None

    @property
    def maximum(self) -> float:
        """The most that the bucket holds; Shopify's figure after the first reply."""
        return self._maximum

    @property
    def restore_rate(self) -> float:
        """Points a second; Shopify's figure after the first reply."""
        return self._rate

    def available(self) -> float:
        """Points that are there now, as far as is known. May be negative while all is in flight."""
        self._refill()
        return min(self._told, self._own)

    def waiting(self) -> int:
        """How many requests wait for points."""
        return sum(map(len, self._queues))

    async def reserve(
        self, cost: int, *, deadline: Deadline, background: bool = False, again: bool = False
    ) -> Reservation:
        """Wait until ``cost`` points are there, and take them.

        ``again``: this request was throttled and has waited before; it goes to the head of its
        queue. Raises CostExceeded at once when the bucket can never hold so much, and
        DeadlineExceeded when the deadline comes first: then nothing is taken.
        """
        if cost > self._maximum:
            raise CostExceeded(
                f"this would cost {cost} points; the shop's bucket holds {self._maximum:g}",
                cost=cost,
                maximum=int(self._maximum),
            )
        deadline.check("a Shopify request")
        now = self._clock()
        waiter = _Waiter(
            Reservation(cost, background),
            arrived=now,
            until=now + deadline.remaining(),
            granted=asyncio.get_running_loop().create_future(),
        )
        queue = self._queues[background]
        if again:
            queue.appendleft(waiter)
        else:
            queue.append(waiter)
        self._pump()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if waiter in queue:
                queue.remove(waiter)
            self.settle(waiter.reservation, None, ran=False)  # it may just have been granted
            self._pump()
            raise
        waiter.reservation.waited = self._clock() - now
        return waiter.reservation

    def settle(self, reservation: Reservation, cost: Cost | None, *, ran: bool = True) -> None:
        """A request is over. ``cost`` is what its reply told, None when there was none.

        Without a reply the points count as spent if the request may have reached Shopify
        (``ran``), and are given back if it has not. Settling twice changes nothing.
        """
        if reservation not in self._flying:
            return
        self._flying.discard(reservation)
        self._refill()
        if cost is not None:
            self._anchor(reservation, cost)
        elif not ran:
            self._told += reservation.cost
            self._own += reservation.cost
        self._pump()

    def hold(self, seconds: float) -> None:
        """Send nothing for so long: Shopify said so without telling points (HTTP 429)."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        self._pump()

    def _anchor(self, reservation: Reservation, cost: Cost) -> None:
        inflight = sum(r.cost for r in self._flying)
        grown = (cost.maximum, cost.restore_rate) != (self._maximum, self._rate)
        self._maximum, self._rate = cost.maximum, cost.restore_rate
        self._told = min(cost.available - inflight, self._maximum)
        unused = reservation.cost - (cost.actual or 0)
        self._own = min(self._own + unused, self._maximum)
        if grown or reservation.alone:
            self._own = self._told
        self._anchored = True

    def _refill(self) -> None:
        now = self._clock()
        gained = (now - self._at) * self._rate
        self._at = now
        self._told = min(self._told + gained, self._maximum)
        self._own = min(self._own + gained, self._maximum)

    def _pump(self) -> None:
        """Let go who may go, turn away who is too late, and set the alarm for the next look."""
        self._refill()
        self._turn_away()
        while (head := self._head()) is not None:
            queue, need = head
            if self._shut() or min(self._told, self._own) + _DUST < need:
                break
            waiter = queue.popleft()
            self._told -= waiter.reservation.cost
            self._own -= waiter.reservation.cost
            if self._flying:
                for other in (*self._flying, waiter.reservation):
                    other.alone = False
            self._flying.add(waiter.reservation)
            if waiter.reservation.background:
                self._last_background = self._at
            waiter.granted.set_result(None)
        self._set_alarm()

    def _shut(self) -> bool:
        return self._at < self._held_until or (not self._anchored and bool(self._flying))

    def _head(self) -> tuple[deque[_Waiter], float] | None:
        """Whose turn it is, and how many points must be there for it."""
        foreground, background = self._queues
        due = bool(background) and self._at + _DUST >= self._due_at(background[0])
        if foreground and not due:
            return foreground, foreground[0].reservation.cost
        if not background:
            return None
        cost = background[0].reservation.cost
        if due:
            return background, cost
        return background, min(cost + headroom(self._maximum), self._maximum)

    def _due_at(self, waiter: _Waiter) -> float:
        refill = waiter.reservation.cost / self._rate
        patience = max(PATIENCE, FOREGROUND_SHARE * refill)
        return max(waiter.arrived, self._last_background) + patience

    def _turn_away(self) -> None:
        for queue in self._queues:
            for waiter in [w for w in queue if w.granted.done() or w.until <= self._at + _DUST]:
                queue.remove(waiter)
                if not waiter.granted.done():
                    waiter.granted.set_exception(
                        DeadlineExceeded(
                            f"no time left to wait for {waiter.reservation.cost} query points"
                            f" of the shop ({min(self._told, self._own):.0f} there,"
                            f" {self.waiting()} others waiting): nothing of it was done"
                        )
                    )

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        head = self._head()
        if head is None:
            return
        _, need = head
        moments = [w.until for queue in self._queues for w in queue]
        if self._at < self._held_until:
            moments.append(self._held_until)
        elif not self._shut():
            missing = need - min(self._told, self._own)
            moments.append(self._at + missing / self._rate)
        background = self._queues[True]
        if background and self._due_at(background[0]) > self._at + _DUST:
            moments.append(self._due_at(background[0]))
        # At least a millisecond: clocks are coarse, and a look that comes too early is wasted.
        wait = max(min(moments) - self._at, 0.001)
        self._alarm = asyncio.get_running_loop().create_task(self._look_again(wait))

    async def _look_again(self, wait: float) -> None:
        await self._sleep(wait)
        self._alarm = None
        self._pump()
