"""The crash matrix: a bridge is killed at its n-th write or request, for every n.

    python -m tests.proof.crash [WORD …]     all scenarios, or those whose name has a word

For each point: an order is placed, the call is made, the bridge kills itself (SIGKILL) at the
n-th side of a ledger commit or of a request to Shopify. Another bridge is started on the same
ledger file, and the call is repeated: at once, and after the settle window until it is done.
Then the same for a bridge that is killed while it waits for the reply to a mutation, which the
store applies half a minute later.
Every answer on the way must be honest, and in the end the store must look as after a call that
nobody disturbed, with each effect in its journal exactly once.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

from tests.proof.lab import Bridge, Killed, Lab, lab
from tests.proof.playing import LATE, Player
from tests.proof.scenarios import SCENARIOS, Scenario
from tests.proof.tally import Tally, play_all

SIDES = ("before", "after")


class Matrix(Player):
    """One scenario, and the child process that plays it until it is killed."""

    def __init__(self, scenario: Scenario, place: Lab) -> None:
        super().__init__(scenario, place)
        self.mutations: list[tuple[str, int]] = []
        self._bridge: Bridge | None = None

    async def alive(self) -> Bridge:
        """The child that lives, or a new one on the same ledger file."""
        if self._bridge is None:
            self._bridge = await self.lab.start()
        return self._bridge

    async def untouched(self) -> list[str]:
        """Play it without a kill; the points that there are. ``mutations`` are known then."""
        run = await self.prepare()
        bridge = await self.alive()
        await bridge.ask("arm", 0)
        begun = self.lab.sent()
        answer = await self.call(run)
        points: list[str] = await bridge.ask("points")
        self.mutations = self.lab.writes(since=begun)
        await self.usual(run, answer)
        return points

    async def killed_at(self, nth: int) -> bool:
        """Play it with a kill at the n-th point; False when it came through."""
        run = await self.prepare()
        bridge = await self.alive()
        await bridge.ask("arm", nth)
        where = f"point {nth}"
        try:
            # It may still be killed after its answer.
            self.hold(run, await self.call(run), where, first=True)
            await bridge.ask("points")
            await bridge.ask("arm", 0)
            through = True
        except Killed as killed:
            where, through = f"point {nth} ({killed})", False
            self.tally.met.append(str(killed))
            await self._bury(bridge)
        await self.go_on(run, where)
        return not through

    async def killed_waiting(self, operation: str, nth: int) -> None:
        """Killed while it waits for the reply to a mutation, which the store applies later."""
        where = f"waiting for {operation} {nth}"
        run = await self.prepare()
        bridge = await self.alive()
        await self.lab.fault(operation, "apply_late", nth=nth, delay=LATE)
        call = asyncio.create_task(self.call(run))
        await self.lab.all_struck()
        bridge.process.kill()
        try:
            raise AssertionError(f"{where}: an answer came: {(await call).body}")
        except Killed:
            self.tally.met.append(where)
            await self._bury(bridge)
        await self.repeat(run, where)
        await self.lab.advance(LATE)  # nothing is on its way any more
        await self.close(run, where)

    async def killed_again_at(self, first: int, nth: int) -> bool:
        """Killed at the point ``first``, and the bridge that recovers from it at its n-th.

        The points of a recovery are those of its start, of settling what was left, and of the
        repeated call. False when it came through.
        """
        run = await self.prepare()
        bridge = await self.alive()
        await bridge.ask("arm", first)
        try:
            await self.call(run)
            raise AssertionError(f"there is no point {first}")
        except Killed:
            await self._bury(bridge)
        where, through = f"point {first}, then {nth}", True
        heir = None
        try:
            heir = self._bridge = await self.lab.start(nth)
            self.hold(run, await self.call_again(run), where)
            await heir.ask("points")
            await heir.ask("arm", 0)
        except Killed as killed:
            where, through = f"{where} ({killed})", False
            await self._bury(heir)
        await self.go_on(run, where)
        return not through

    async def _bury(self, bridge: Bridge | None) -> None:
        """Count a kill; None: it died at its start, and the lab has seen to it."""
        self.tally.points += 1
        self._bridge = None
        if bridge is not None:
            await self.lab.bury(bridge)


async def crash(scenario: Scenario) -> Tally:
    """Kill at every point of a scenario until a run is untouched, and while a reply is awaited."""
    started = time.monotonic()
    async with lab(mappings=scenario.mappings, **scenario.policies) as place:
        matrix = Matrix(scenario, place)
        await matrix.untouched()
        nth = 1
        while await matrix.killed_at(nth):
            nth += 1
        for operation, number in matrix.mutations:
            await matrix.killed_waiting(operation, number)
    matrix.tally.seconds = time.monotonic() - started
    return matrix.tally


async def crash_at_some(scenario: Scenario, seen: set[str]) -> Tally:
    """Kill after every mutation, around each commit and request, and while a reply is awaited.

    What is in ``seen`` is not met again, save what comes after a mutation. A commit or a request
    is met before it or after it, in turn: what is after the one is before the next. What was met
    is added to ``seen``. At least one point is met, the last if need be.
    """
    started = time.monotonic()
    async with lab(mappings=scenario.mappings, **scenario.policies) as place:
        matrix = Matrix(scenario, place)
        points = await matrix.untouched()
        after_writes = {f"shopify:after {name}" for name, _ in matrix.mutations}
        chosen = []
        for nth, name in enumerate(points, start=1):
            side, _, what = name.rpartition(":")[2].partition(" ")
            if name in after_writes or (what not in seen and side == SIDES[len(seen) % 2]):
                chosen.append(nth)
                seen.add(what)
        for nth in chosen or ([len(points)] if points else []):
            await matrix.killed_at(nth)
        for operation, nth in matrix.mutations:
            if f"waiting for {operation}" not in seen:
                await matrix.killed_waiting(operation, nth)
                seen.add(f"waiting for {operation}")
    matrix.tally.seconds = time.monotonic() - started
    return matrix.tally


async def crash_twice(scenario: Scenario, at: str, *, every: int = 1) -> Tally:
    """Kill at the point named ``at``, then kill the recovery at each of its points."""
    started = time.monotonic()
    async with lab(mappings=scenario.mappings, **scenario.policies) as place:
        matrix = Matrix(scenario, place)
        first = (await matrix.untouched()).index(at) + 1
        nth = 1
        while await matrix.killed_again_at(first, nth):
            nth += every
    matrix.tally.seconds = time.monotonic() - started
    return matrix.tally


def main(words: Sequence[str]) -> int:
    """Play the whole matrix and print it; 1 when anything was wrong."""
    return play_all(SCENARIOS, words, crash)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
