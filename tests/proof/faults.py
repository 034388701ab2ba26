"""The fault matrix: every fault of the store at every mutation of every scenario.

    python -m tests.proof.faults [WORD …]     all scenarios, or those whose name has a word

The call is made, and one of its mutations goes wrong on its way. Then the call is repeated: at
once, and after the settle window until it is done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from bridge.sandbox.faults import Fault
from tests.proof.child import quiet
from tests.proof.judging import codes, says_done
from tests.proof.lab import Here, Lab, lab
from tests.proof.playing import LATE, WINDOW, Player
from tests.proof.scenarios import SCENARIOS, Scenario
from tests.proof.tally import Tally, play_all

FAULTS = tuple(Fault)
WRITES = [scenario for scenario in SCENARIOS if scenario.effects]

# Of nine: the sample takes three faults at each mutation, the next mutation the next three.
SOME = 3

# How long the bridge waits for a reply, which takes milliseconds: a fault that hangs costs it.
PATIENCE = 0.5


class Faulty(Player):
    """One scenario, and a bridge in this process."""

    def __init__(self, scenario: Scenario, place: Lab, bridge: Here) -> None:
        super().__init__(scenario, place)
        self._bridge = bridge

    async def alive(self) -> Here:
        """The bridge."""
        return self._bridge

    async def mutations(self) -> list[tuple[str, int]]:
        """Play it undisturbed; the mutations it sends, each with its number among its like."""
        run = await self.prepare()
        begun = self.lab.sent()
        answer = await self.call(run)
        found = self.lab.writes(since=begun)
        await self.usual(run, answer)
        return found

    async def strike(self, operation: str, nth: int, fault: Fault) -> None:
        """Let one mutation go wrong."""
        where = f"{fault} at {operation} {nth}"
        run = await self.prepare()
        await self.lab.fault(operation, fault.value, nth=nth, delay=LATE)
        answer = await self.call(run)
        self.tally.points += 1
        self.tally.told.update(codes(answer))
        self.hold(run, answer, where, first=True)
        waiting = self.lab.store.sandbox.faults.waiting()
        assert waiting == [], f"{where}: it did not strike: {waiting}"
        if answer.status == 503:  # nothing was done, and will not be
            await self.lab.advance(WINDOW)
            if run.seen():
                self.blame(f"{where}: HTTP 503, and yet {dict(run.seen())}")
        await self.repeat(run, where)
        if not says_done(answer) and fault is Fault.THROTTLE:
            self.blame(f"{where}: nothing was done, and it was not sent again: {answer.body}")
        await self.lab.advance(LATE)  # nothing is on its way any more
        await self.close(run, where)


async def strike(scenario: Scenario) -> Tally:
    """Each of the faults at each mutation of a scenario."""
    return await _strike(scenario, lambda _: FAULTS)


async def strike_some(scenario: Scenario, first: int) -> Tally:
    """Every third fault at each mutation; ``first`` and each mutation begin with another one."""
    return await _strike(scenario, lambda n: some_faults(first + n))


def some_faults(first: int) -> Sequence[Fault]:
    """Every third fault: three of them make the round."""
    return FAULTS[first % SOME :: SOME]


async def _strike(scenario: Scenario, faults: Callable[[int], Sequence[Fault]]) -> Tally:
    started = time.monotonic()
    async with (
        lab(timeout_seconds=PATIENCE, mappings=scenario.mappings, **scenario.policies) as place,
        place.here() as bridge,
    ):
        faulty = Faulty(scenario, place, bridge)
        for n, (operation, nth) in enumerate(await faulty.mutations()):
            for fault in faults(n):
                await faulty.strike(operation, nth, fault)
    faulty.tally.seconds = time.monotonic() - started
    return faulty.tally


def main(words: Sequence[str]) -> int:
    """Play the whole matrix and print it; 1 when anything was wrong."""
    quiet()
    return play_all(WRITES, words, strike)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
