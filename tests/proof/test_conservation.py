"""Whatever RetailOps calls in whatever order: no unit and no cent appears or goes (``books``).

CONSERVATION_EXAMPLES=2000 plays that many random sequences instead of the few of ``make test``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.sandbox.faults import Fault
from tests.proof.calls import (
    PAYMENTS,
    Acknowledge,
    Again,
    Box,
    Cancel,
    Complete,
    GiveBack,
    Kind,
    Meanwhile,
    Pull,
    Settle,
    Ship,
    Shopping,
    Step,
    Stock,
    Stranger,
    Update,
)
from tests.proof.child import quiet
from tests.proof.conservation import play
from tests.proof.lab import lab

DEEP = int(os.environ.get("CONSERVATION_EXAMPLES", "0"))

# Some 20 s on one core: each example is an order and up to a dozen calls about it.
EXAMPLES = 60

# Those after which nobody waits for a reply: a hanging one costs real seconds each.
QUICK = [f.value for f in Fault if f not in {Fault.TIMEOUT, Fault.APPLY_LATE}]
FAULTS = [f.value for f in Fault] if DEEP else QUICK
PATIENCE = 3.0 if DEEP else 10.0

money = st.sampled_from(["0", "5", "16", "20", "24.90", "31.37", "60", "84.90", "500"]).map(Decimal)
boxes = st.lists(
    st.builds(Box, st.integers(1, 4), st.integers(0, 5), st.integers(0, 3), st.integers(0, 1)),
    max_size=3,
).map(tuple)
few = st.integers(0, 3)
calls = st.one_of(
    st.builds(Ship, boxes),
    st.builds(Ship, boxes),
    st.builds(Complete, boxes, st.none() | st.tuples(st.integers(0, 5), st.integers(0, 3))),
    st.builds(Settle, st.integers(0, 2), money),
    st.builds(Settle, st.integers(0, 2), money),
    st.builds(
        GiveBack,
        st.integers(0, 3),
        money,
        few,
        few,
        st.sampled_from(["refund", "refund", "storecredit", "exchange"]),
        st.sampled_from(["0", "0", "2.50", "4.90"]).map(Decimal),
    ),
    st.builds(GiveBack, st.integers(1, 3), money, few, few),
    st.builds(
        Update,
        st.none() | st.integers(0, 6),
        st.none() | st.integers(0, 4),
        st.lists(st.tuples(st.integers(501, 503), few), max_size=2, unique_by=lambda o: o[0]).map(
            tuple
        ),
        st.sampled_from([False, False, False, True]),
    ),
    st.builds(Cancel),
    st.builds(Acknowledge),
    st.builds(Pull),
    st.builds(Stock, st.integers(0, 900)),
    st.builds(Stranger, st.sampled_from(["order_shipment_submit", "order_complete"])),
    st.builds(Again, st.integers(0, 3)),
)
steps = st.lists(
    st.builds(Step, calls, st.none() | st.none() | st.sampled_from(FAULTS)), min_size=3, max_size=12
)
shoppings = st.builds(
    Shopping,
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from(sorted(PAYMENTS)),
    st.booleans(),
)


class Table:
    """A store and a bridge; each example has an order of its own.

    Another pair now and then: the more orders a store has, the longer a look at all of them takes.
    """

    ORDERS = 60

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._open = AsyncExitStack()
        self._orders = 0

    def play(self, shopping: Shopping, steps: Sequence[Step]) -> None:
        """One example."""
        if self._orders % self.ORDERS == 0:
            self.close()
            self._runner.run(self._start())
        self._orders += 1
        self._runner.run(play(self._store, self._bridge, shopping, steps))

    async def _start(self) -> None:
        self._store = await self._open.enter_async_context(lab(timeout_seconds=PATIENCE))
        self._bridge = await self._open.enter_async_context(self._store.here())

    def close(self) -> None:
        """Stop both."""
        self._runner.run(self._open.aclose())


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """Where the examples are played."""
    logging_before = structlog.get_config()
    quiet()
    with asyncio.Runner() as runner:
        made = Table(runner)
        try:
            yield made
        finally:
            made.close()
            structlog.configure(**logging_before)


def found(payment: str, *calls: Kind) -> tuple[Shopping, list[Step]]:
    """A sequence that went wrong once."""
    return Shopping(2, 1, payment), [Step(call) for call in calls]


FOUND = {
    "money went back before units were taken off": found(
        "paid", GiveBack(1, Decimal(16), 1, 0), Complete((), (1, 1))
    ),
    "only a part was paid": found("partly paid", Complete((), (2, 1))),
    "only a part was captured": found("held", Settle(1, Decimal(20)), Complete((), (2, 1))),
    "a package that came back": found(
        "paid",
        Ship((Box(1, 2, 1),)),
        GiveBack(1, Decimal(20), 1, 0),
        Update(2, None),
        Complete((Box(1, 2, 1),), (1, 0)),
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_went_wrong_once(table: Table, name: str) -> None:
    """Sequences that hypothesis found."""
    table.play(*FOUND[name])


def test_the_books_see_a_difference(table: Table) -> None:
    """A unit that somebody else ships is not what RetailOps was told: it can fail."""
    with pytest.raises(AssertionError, match="by what RetailOps was told"):
        table.play(Shopping(2, 1, "paid"), [Step(Stock(5)), Step(Meanwhile("reduce"))])


@settings(
    max_examples=DEEP or EXAMPLES,
    deadline=None,
    derandomize=not DEEP,
    phases=[Phase.generate] if DEEP else [Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(shopping=shoppings, steps=steps)
def test_units_and_money_are_conserved(table: Table, shopping: Shopping, steps: list[Step]) -> None:
    """After each call the store is what RetailOps was told, and each effect is there once."""
    table.play(shopping, steps)
