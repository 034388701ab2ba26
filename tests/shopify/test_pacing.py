"""The cost bucket against a simulated Shopify, in virtual time."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import CostExceeded, DeadlineExceeded
from bridge.shopify.budget import Deadline
from bridge.shopify.pacing import PATIENCE, CostBucket, Reservation
from bridge.shopify.protocol import Cost
from tests.shopify.virtual import now, run


class Shopify:
    """Shopify's bucket: takes the requested cost on arrival, gives back the rest at the end.

    Network and execution take random times, so replies overtake each other.
    """

    def __init__(self, maximum: float = 2000, rate: float = 100, *, seed: int = 0) -> None:
        self.maximum, self.rate = maximum, rate
        self.available = maximum
        self.throttled = 0
        self.spent = 0.0
        self._at = 0.0
        self._random = random.Random(seed)

    def _refill(self) -> None:
        self.available = min(self.maximum, self.available + (now() - self._at) * self.rate)
        self._at = now()

    async def run(self, requested: int, actual: int) -> Cost:
        """One request, from sending to reply."""
        await asyncio.sleep(self._random.uniform(0.005, 0.08))
        self._refill()
        ran = self.available >= requested
        if ran:
            self.available -= requested
            await asyncio.sleep(self._random.uniform(0.01, 0.6))
            self._refill()
            self.available = min(self.maximum, self.available + requested - actual)
            self.spent += actual
        else:
            self.throttled += 1
        told = int(self.available)
        await asyncio.sleep(self._random.uniform(0.005, 0.08))
        return Cost(requested, actual if ran else None, self.maximum, told, self.rate)


@dataclass
class Run:
    """What one simulation gave: how long each request waited for its points."""

    shopify: Shopify
    bucket: CostBucket
    foreground: list[float] = field(default_factory=list)
    background: list[float] = field(default_factory=list)
    order: list[str] = field(default_factory=list)


def bucket(maximum: float = 2000, rate: float = 100) -> CostBucket:
    """A bucket on the running virtual loop."""
    return CostBucket(maximum, rate, clock=now, sleep=asyncio.sleep)


async def send(
    sim: Run, requested: int, actual: int, *, background: bool = False, seconds: float = 1e6
) -> bool:
    """Reserve, run and settle one request, again if it was throttled. False: no time left."""
    deadline = Deadline(now() + seconds, now)
    again = False
    while True:
        try:
            place = await sim.bucket.reserve(
                requested, deadline=deadline, background=background, again=again
            )
        except DeadlineExceeded:
            return False
        (sim.background if background else sim.foreground).append(place.waited)
        cost = await sim.shopify.run(requested, actual)
        sim.bucket.settle(place, cost)
        if cost.actual is not None:
            return True
        again = True


Jobs = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=1000),  # requested
        st.floats(min_value=0, max_value=1),  # part of it that is really used
        st.floats(min_value=0, max_value=30),  # when it comes
        st.booleans(),  # background
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(Jobs, st.sampled_from([(2000, 100), (4000, 200), (20000, 1000)]), st.integers(0, 9))
def test_a_single_client_is_never_throttled(
    jobs: Sequence[tuple[int, float, float, bool]], plan: tuple[float, float], seed: int
) -> None:
    """Whatever comes and however replies overtake each other: no THROTTLED, and all are served."""

    async def main() -> None:
        sim = Run(Shopify(*plan, seed=seed), bucket(*plan))

        async def job(requested: int, part: float, at: float, background: bool) -> None:
            await asyncio.sleep(at)
            actual = int(requested * part)
            assert await send(sim, requested, actual, background=background)

        await asyncio.gather(*(job(*j) for j in jobs))
        assert sim.shopify.throttled == 0
        assert len(sim.foreground) + len(sim.background) == len(jobs)
        assert sim.bucket.waiting() == 0
        # Conservation: at rest, we never believe in more points than Shopify has.
        sim.shopify._refill()
        assert sim.bucket.available() <= sim.shopify.available + 1
        await asyncio.sleep(60)
        assert sim.bucket.available() == pytest.approx(sim.bucket.maximum)

    run(main())


@pytest.mark.parametrize("seed", range(5))
def test_a_long_load_uses_the_whole_rate(seed: int) -> None:
    """Caution does not cost throughput: under load at least 95 % of the restored points flow."""

    async def main() -> None:
        sim = Run(Shopify(seed=seed), bucket())
        chance = random.Random(seed)

        async def worker() -> None:
            while now() < 300:
                requested = chance.choice([10, 10, 10, 46, 101, 434])
                await send(sim, requested, int(requested * chance.uniform(0.3, 1)))

        await asyncio.gather(*(worker() for _ in range(24)))
        assert sim.shopify.throttled == 0
        assert sim.shopify.spent >= 0.95 * (2000 + 300 * 100)

    run(main())


def test_another_plan_is_learnt_from_the_first_reply() -> None:
    """A Plus shop's bucket is ten times as large: after one reply we use all of it."""

    async def main() -> None:
        sim = Run(Shopify(20000, 1000), bucket(2000, 100))
        await send(sim, 10, 10)
        assert (sim.bucket.maximum, sim.bucket.restore_rate) == (20000, 1000)
        await asyncio.gather(*(send(sim, 900, 900) for _ in range(20)))
        assert max(sim.foreground) < 1.0, "18,000 points were there at once"

    run(main())


def test_a_smaller_bucket_than_believed_is_obeyed() -> None:
    """The configuration says Plus, the shop is Standard: only the probing request goes blindly."""

    async def main() -> None:
        sim = Run(Shopify(2000, 100), bucket(20000, 1000))
        await asyncio.gather(*(send(sim, 400, 400) for _ in range(12)))
        assert sim.shopify.throttled == 0

    run(main())


def test_a_used_up_bucket_is_noticed_before_anything_else_is_sent() -> None:
    """After a restart the bucket may be empty: one request finds out, the others wait for it."""

    async def main() -> None:
        sim = Run(Shopify(), bucket())
        sim.shopify.available = 60
        await asyncio.gather(*(send(sim, 50, 50) for _ in range(10)))
        assert sim.shopify.throttled == 0

    run(main())


def test_points_spent_by_others_are_seen() -> None:
    """Another process of the same app drains the bucket: the next reply tells, and we wait."""

    async def main() -> None:
        sim = Run(Shopify(), bucket())
        await send(sim, 10, 10)
        sim.shopify.available = 100
        await send(sim, 10, 10)
        before = len(sim.foreground)
        await send(sim, 500, 500)
        assert sim.foreground[before] == pytest.approx(4.0, abs=0.5)
        assert sim.shopify.throttled == 0

    run(main())


def test_first_come_first_served() -> None:
    """A dear request is not passed by the cheap ones that came after it."""

    async def main() -> list[int]:
        sim = Run(Shopify(), bucket())
        await send(sim, 1000, 1000)
        await send(sim, 900, 900)
        done: list[int] = []

        async def job(cost: int) -> None:
            place = await sim.bucket.reserve(cost, deadline=Deadline(1e6, now))
            done.append(cost)
            sim.bucket.settle(place, await sim.shopify.run(cost, cost))

        tasks = []
        for cost in (700, 1, 2, 3):
            tasks.append(asyncio.create_task(job(cost)))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return done

    assert run(main()) == [700, 1, 2, 3]


def test_a_throttled_request_keeps_its_turn() -> None:
    """Who was refused and waited goes before those who came later."""

    async def main() -> list[str]:
        pace = bucket()
        order: list[str] = []
        first = await pace.reserve(10, deadline=Deadline(1e6, now))
        pace.settle(first, Cost(10, None, 2000, 0, 100))  # throttled, nothing left

        async def job(name: str, again: bool) -> None:
            pace.settle(await pace.reserve(50, deadline=Deadline(1e6, now), again=again), None)
            order.append(name)

        later = asyncio.create_task(job("later", False))
        await asyncio.sleep(0)
        await asyncio.gather(later, job("refused before", True))
        return order

    assert run(main()) == ["refused before", "later"]


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=1, max_value=1000), st.integers(min_value=0, max_value=99))
def test_orders_do_not_wait_for_stock(flood: int, seed: int) -> None:
    """However much stock is pushed: an order's request now and then finds its points at once.

    The flood is of requests of any price up to the largest; the orders' are of 434 points, a
    page of order_pull, every ten seconds. At most one background request goes before one.
    """

    async def main() -> None:
        sim = Run(Shopify(seed=seed), bucket())
        chance = random.Random(seed)
        await send(sim, 10, 10)

        async def stock() -> None:
            cost = chance.randint(1, flood)
            await send(sim, cost, cost, background=True, seconds=120)

        async def orders() -> None:
            for _ in range(10):
                await asyncio.sleep(10)
                await send(sim, 434, 300)

        tasks = [asyncio.create_task(stock()) for _ in range(400)]
        await orders()
        await asyncio.gather(*tasks)
        assert sim.shopify.throttled == 0
        # The bound: one background request that was due, and the restoring of our own points.
        assert max(sim.foreground) <= (flood + 434) / 100 + 0.5

    run(main())


def test_with_the_usual_prices_an_order_waits_for_nothing() -> None:
    """Look-ups (46) and writes (10) without end: a page of orders still goes within 0.1 s."""

    async def main() -> None:
        sim = Run(Shopify(), bucket())
        await send(sim, 10, 10)

        async def stock(cost: int) -> None:
            await send(sim, cost, cost, background=True, seconds=200)

        tasks = [asyncio.create_task(stock(46 if n % 2 else 10)) for n in range(800)]
        for _ in range(10):
            await asyncio.sleep(10)
            await send(sim, 434, 434)
        assert max(sim.foreground) < 0.1
        await asyncio.gather(*tasks)

    run(main())


@pytest.mark.parametrize(
    ("maximum", "rate", "at_once"), [(2000, 100, 20), (4000, 200, 60), (20000, 1000, 380)]
)
def test_background_leaves_room_for_the_dearest_query(
    maximum: int, rate: int, at_once: int
) -> None:
    """All but 1,000 points go to stock without a wait; an order of 1,000 points then has none.

    A large plan does not keep stock waiting for points that no order could use.
    """

    async def main() -> None:
        sim = Run(Shopify(maximum, rate), bucket(maximum, rate))
        await send(sim, 10, 10)
        await asyncio.sleep(1)
        jobs = [send(sim, 50, 50, background=True) for _ in range(2 * at_once)]
        tasks = [asyncio.create_task(job) for job in jobs]
        await asyncio.sleep(0)
        assert sum(waited == 0 for waited in sim.background) == at_once
        await send(sim, 1000, 1000)
        assert sim.foreground[-1] == 0
        await asyncio.gather(*tasks)
        assert sim.shopify.throttled == 0

    run(main())


def test_stock_does_not_starve_behind_orders() -> None:
    """Orders queue for minutes on end: stock still moves, about one request each PATIENCE."""

    async def main() -> None:
        sim = Run(Shopify(), bucket())
        end = 120.0

        async def orders() -> None:
            while now() < end:
                await send(sim, 200, 200)

        async def stock() -> None:
            while now() < end:
                await send(sim, 46, 46, background=True)

        await asyncio.gather(*(orders() for _ in range(20)), stock())
        assert end / (PATIENCE + 4) <= len(sim.background) <= end / PATIENCE + 25
        assert len(sim.foreground) * 200 >= 0.75 * end * 100, "and orders keep most of the rate"

    run(main())


def test_a_cost_above_the_bucket_is_refused_at_once() -> None:
    """What can never fit must not wait for ever."""

    async def main() -> None:
        pace = bucket()
        with pytest.raises(CostExceeded, match="2001 points; the shop's bucket holds 2000"):
            await pace.reserve(2001, deadline=Deadline(1e6, now))
        assert now() == 0

    run(main())


def test_the_deadline_is_kept_while_waiting() -> None:
    """No time left: DeadlineExceeded at that moment, the place given up, nothing taken."""

    async def main() -> None:
        pace = bucket()
        first = await pace.reserve(10, deadline=Deadline(1e6, now))
        pace.settle(first, Cost(10, 10, 2000, 0, 100))
        started = now()
        with pytest.raises(DeadlineExceeded, match="nothing of it was done"):
            await pace.reserve(1000, deadline=Deadline(started + 2.5, now))
        assert now() == pytest.approx(started + 2.5, abs=0.01)
        assert pace.waiting() == 0
        assert pace.available() == pytest.approx(250, abs=2)
        with pytest.raises(DeadlineExceeded):
            await pace.reserve(1, deadline=Deadline(now(), now))

    run(main())


def test_a_cancelled_wait_gives_up_its_place() -> None:
    """A call that is abandoned holds up nobody behind it, and keeps no points."""

    async def main() -> None:
        pace = bucket()
        first = await pace.reserve(10, deadline=Deadline(1e6, now))
        pace.settle(first, Cost(10, 10, 2000, 0, 100))
        blocker = asyncio.create_task(pace.reserve(2000, deadline=Deadline(1e6, now)))
        await asyncio.sleep(0)
        behind = asyncio.create_task(pace.reserve(10, deadline=Deadline(1e6, now)))
        await asyncio.sleep(0)
        blocker.cancel()
        place = await behind
        assert place.waited == pytest.approx(0.1, abs=0.01)
        assert blocker.cancelled()

    run(main())


def test_a_cancellation_just_after_the_grant_gives_the_points_back() -> None:
    """The points were taken, the task never learnt of it: they must not be lost."""

    async def main() -> None:
        pace = bucket()
        first = await pace.reserve(100, deadline=Deadline(1e6, now))
        waiting = asyncio.create_task(pace.reserve(500, deadline=Deadline(1e6, now)))
        await asyncio.sleep(0)
        pace.settle(first, Cost(100, 100, 2000, 1900, 100))  # grants the waiting one
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert pace.available() == pytest.approx(1900)

    run(main())


@pytest.mark.parametrize(("ran", "left"), [(True, 1500), (False, 2000)])
def test_a_request_without_a_reply(ran: bool, left: float) -> None:
    """Points count as spent when the request may have reached Shopify, else they come back."""

    async def main() -> None:
        pace = bucket()
        place = await pace.reserve(500, deadline=Deadline(1e6, now))
        pace.settle(place, None, ran=ran)
        pace.settle(place, None, ran=ran)
        assert pace.available() == left

    run(main())


def test_settling_what_was_never_reserved_changes_nothing() -> None:
    """A reservation counts once; a foreign one not at all."""

    async def main() -> None:
        pace = bucket()
        pace.settle(Reservation(500, background=False), Cost(500, 0, 2000, 0, 100))
        assert pace.available() == 2000

    run(main())


def test_hold_stops_everybody() -> None:
    """HTTP 429 tells seconds but no points: nothing is sent before they are over."""

    async def main() -> None:
        pace = bucket()
        pace.hold(3.0)
        place = await pace.reserve(1, deadline=Deadline(1e6, now))
        assert place.waited == pytest.approx(3.0)

    run(main())


def test_what_is_in_flight_is_not_in_the_bucket() -> None:
    """Another process drained the bucket; a reply that saw it leaves out what we still have out."""

    async def main() -> None:
        pace = bucket()
        pace.settle(
            await pace.reserve(10, deadline=Deadline(1e6, now)), Cost(10, 10, 2000, 1990, 100)
        )
        first = await pace.reserve(100, deadline=Deadline(1e6, now))
        await pace.reserve(300, deadline=Deadline(1e6, now))
        pace.settle(first, Cost(100, 100, 2000, 500, 100))  # before the 300 arrived there
        assert pace.available() == 200

    run(main())


def test_a_reply_that_was_overtaken_does_not_give_points_back() -> None:
    """Shopify wrote reply one before it ran request two, and it arrives after reply two."""

    async def main() -> None:
        pace = bucket()
        pace.settle(
            await pace.reserve(10, deadline=Deadline(1e6, now)), Cost(10, 10, 2000, 1990, 100)
        )
        one = await pace.reserve(90, deadline=Deadline(1e6, now))
        two = await pace.reserve(900, deadline=Deadline(1e6, now))
        pace.settle(two, Cost(900, 900, 2000, 1000, 100))
        assert pace.available() == 910, "2,000 - 10 - 90 (still out) - 900, less what is out"
        pace.settle(one, Cost(90, 90, 2000, 1900, 100))
        assert pace.available() <= 1000

    run(main())
