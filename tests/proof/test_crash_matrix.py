"""Killed at any write or request, started again, repeated: every effect once (see ``crash``).

Here after every mutation, and before or after every kind of commit and request. ``make crash``
plays the whole matrix.
"""

from __future__ import annotations

import pytest

from bridge.actions.table import SERVED
from bridge.retailops.actions import ACTIONS
from tests.proof.crash import SIDES, crash, crash_at_some, crash_twice
from tests.proof.scenarios import SCENARIOS, of_action, scenario_named

# What a shipment has in common with the other actions on an order.
COMMON = frozenset({"claim", "lock", "begin_step", "complete_step", "unlock+finish"})


async def test_killed_at_every_point_of_a_shipment() -> None:
    """No duplicate, nothing acknowledged and lost, no silent unknown."""
    tally = await crash(scenario_named("ship one package"))
    tally.check()
    assert {f"ledger:{side} {what}" for side in SIDES for what in COMMON} <= set(tally.met)


@pytest.mark.parametrize("action", [name for name in SERVED if ACTIONS[name].has_events])
async def test_killed_at_points_of_an_action(action: str) -> None:
    """The same for each of its scenarios, each met at one point at least."""
    seen = set(COMMON)
    for scenario in of_action(action):
        tally = await crash_at_some(scenario, seen)
        tally.check()
        assert tally.points


async def test_killed_while_pulling() -> None:
    """A pull that was cut off is made again."""
    (await crash(scenario_named("pull"))).check()


async def test_killed_while_recovering() -> None:
    """The bridge that settles what a dead one left may be killed too, at its start or later."""
    scenario = scenario_named("ship one package")
    tally = await crash_twice(scenario, "shopify:after FulfillmentCreate", every=6)
    tally.check()
    assert tally.points > 2


def test_every_served_action_is_in_the_matrix() -> None:
    """An action that is served has at least one scenario, and no two have one name."""
    assert {s.action for s in SCENARIOS} == set(SERVED)
    assert len({s.name for s in SCENARIOS}) == len(SCENARIOS)
