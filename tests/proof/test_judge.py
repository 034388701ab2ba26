"""The proofs can fail: what is wrong in the store or in an answer is seen and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bridge.sandbox.faults import Fault
from tests.proof.faults import PATIENCE, Faulty
from tests.proof.lab import lab
from tests.proof.scenarios import SCENARIOS, SHIP, Scenario, scenario_named, submit
from tests.proof.tally import Tally, table, total
from tests.support import Answer

SHIPMENT = scenario_named("ship one package")


@asynccontextmanager
async def playing(
    scenario: Scenario = SHIPMENT, settle_seconds: float = 60.0
) -> AsyncIterator[Faulty]:
    """A scenario that was played once undisturbed."""
    async with (
        lab(timeout_seconds=PATIENCE, settle_seconds=settle_seconds) as place,
        place.here() as bridge,
    ):
        faulty = Faulty(scenario, place, bridge)
        await faulty.mutations()
        assert faulty.tally.wrong == []
        yield faulty


async def test_a_late_request_without_a_settle_window() -> None:
    """It has its effect twice then, and the matrix says so."""
    async with playing(settle_seconds=0.0) as faulty:
        await faulty.strike("FulfillmentCreate", 1, Fault.APPLY_LATE)
    assert faulty.tally.duplicates == 1
    with pytest.raises(AssertionError, match=r"effects \{'fulfillmentCreate': 2\}"):
        faulty.tally.check()


async def test_one_package_too_many() -> None:
    """A second shipment that the scenario does not have is a duplicate."""
    async with playing() as faulty:
        run = await faulty.prepare()
        bridge = await faulty.alive()
        await faulty.call(run)
        await bridge.post(SHIP, submit(run.case, run.case.package(2, tee=2)))
        await faulty.close(run, "here")
    assert (faulty.tally.duplicates, faulty.tally.lost) == (1, 0)


async def test_a_package_that_never_was() -> None:
    """Nothing was called: what should be there is lost, and an answer that says done is a lie."""
    async with playing() as faulty:
        run = await faulty.prepare()
        faulty.hold(run, Answer(200, {"events": []}, {}), "here")
        await faulty.close(run, "here")
    assert (faulty.tally.lost, faulty.tally.unknown) == (1, 1)
    assert "said to be done" in faulty.tally.wrong[0]


async def test_the_same_effect_with_other_numbers() -> None:
    """One shipment, but of other units: the order does not look as it should."""
    async with playing() as faulty:
        run = await faulty.prepare()
        bridge = await faulty.alive()
        await bridge.post(SHIP, submit(run.case, run.case.package(1, tee=1)))
        await faulty.close(run, "here")
    assert faulty.tally.duplicates == faulty.tally.lost == 0
    assert "it looks like" in faulty.tally.wrong[0]


def test_the_table_tells_each_scenario() -> None:
    """What is printed: one line a scenario under the heads, and their sum."""
    one = SCENARIOS[0]
    lines = table([Tally(one, points=7, duplicates=1)]).splitlines()
    assert lines[0].split()[:3] == ["action", "scenario", "points"]
    assert lines[1].split()[0] == one.action
    assert " 7 " in lines[1]
    both = [Tally(one, points=7, duplicates=1), Tally(one, points=2, wrong=["a", "b"])]
    assert total(both) == "9 points survived, 1 duplicates, 0 lost, 0 unknown; 2 wrong"
