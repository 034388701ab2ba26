"""Killed at any write or request, started again, repeated: every effect once (see ``crash``).

Here at every fifth point, and at all of them for what is played in no time. ``make crash``
plays the whole matrix.
"""

from __future__ import annotations

import pytest

from bridge.actions.table import SERVED
from bridge.retailops.actions import ACTIONS
from tests.proof.crash import crash, crash_twice
from tests.proof.playing import Tally, table
from tests.proof.scenarios import SCENARIOS, Scenario

# About twenty points a scenario, a third of a second each: every fifth is a minute in all.
SAMPLE = 5


def faultless(tally: Tally) -> None:
    """Nothing wrong, and something shown."""
    assert tally.wrong == [], "\n".join(tally.wrong)
    assert (tally.duplicates, tally.lost, tally.unknown) == (0, 0, 0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
async def test_killed_at_points_of_a_call(scenario: Scenario) -> None:
    """No duplicate, nothing acknowledged and lost, no silent unknown."""
    whole = scenario.name in {"pull", "ship one package"}
    tally = await crash(scenario, every=1 if whole else SAMPLE)
    faultless(tally)
    if ACTIONS[scenario.action].has_events:  # a read of nothing has no points
        assert tally.points > 1


async def test_killed_while_recovering() -> None:
    """The bridge that settles what a dead one left may be killed too, at its start or later."""
    scenario = next(s for s in SCENARIOS if s.name == "ship one package")
    tally = await crash_twice(scenario, "shopify:after FulfillmentCreate", every=4)
    faultless(tally)
    assert tally.points > 3


def test_every_served_action_is_in_the_matrix() -> None:
    """An action that is served has at least one scenario."""
    assert {s.action for s in SCENARIOS} == set(SERVED)


def test_the_table_tells_each_scenario() -> None:
    """What ``make crash`` prints: one line a scenario under the heads."""
    one = SCENARIOS[0]
    lines = table([Tally(one, points=7, duplicates=1)]).splitlines()
    assert lines[0].split()[:3] == ["action", "scenario", "points"]
    assert lines[1].split()[0] == one.action
    assert " 7 " in lines[1]
