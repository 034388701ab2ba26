"""The store's faults at every mutation of every scenario: each effect once (see ``faults``).

Here three of the nine faults at each mutation, in turn. ``make faults`` plays the whole matrix.
"""

from __future__ import annotations

import pytest

from bridge.sandbox.faults import Fault
from tests.proof.faults import FAULTS, SOME, WRITES, some_faults, strike_some
from tests.proof.scenarios import Scenario


@pytest.mark.parametrize(("scenario", "first"), [(s, n) for n, s in enumerate(WRITES)], ids=str)
async def test_faults_at_every_mutation(scenario: Scenario, first: int) -> None:
    """Answers are honest on the way, and in the end each effect is there exactly once."""
    tally = await strike_some(scenario, first)
    tally.check()
    assert tally.points >= len(FAULTS) // SOME


def test_the_sample_has_every_fault() -> None:
    """Three mutations in a row are struck by all the faults, none of them twice."""
    assert sorted(f for n in range(SOME) for f in some_faults(n)) == sorted(Fault)
