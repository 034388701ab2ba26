"""Every fault of the store at every mutation of every action: each effect once (see ``faults``)."""

from __future__ import annotations

import pytest

from bridge.sandbox.faults import Fault
from tests.proof.faults import PATIENCE, Faulty, strike
from tests.proof.lab import lab
from tests.proof.scenarios import SCENARIOS, Scenario

WRITES = [scenario for scenario in SCENARIOS if scenario.effects]


@pytest.mark.parametrize("scenario", WRITES, ids=str)
async def test_every_fault_at_every_mutation(scenario: Scenario) -> None:
    """Answers are honest on the way, and in the end each effect is there exactly once."""
    tally = await strike(scenario)
    assert tally.wrong == [], "\n".join(tally.wrong)
    assert tally.points >= len(Fault)


async def test_the_matrix_sees_a_duplicate() -> None:
    """Without a settle window a late request has its effect twice, and the matrix says so."""
    scenario = next(s for s in WRITES if s.name == "ship one package")
    async with (
        lab(timeout_seconds=PATIENCE, settle_seconds=0.0) as place,
        place.here() as bridge,
    ):
        faulty = Faulty(scenario, place, bridge)
        await faulty.mutations()
        assert faulty.tally.wrong == []
        await faulty.strike("FulfillmentCreate", 1, Fault.APPLY_LATE)
    assert faulty.tally.duplicates == 1
    assert faulty.tally.wrong != []
