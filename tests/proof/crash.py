"""The crash matrix: a bridge is killed at its n-th write or request, for every n.

    python -m tests.proof.crash [WORD …]     all scenarios, or those whose name has a word

For each point: an order is placed, the call is made, the bridge kills itself (SIGKILL) at the
n-th side of a ledger commit or of a request to Shopify. Another bridge is started on the same
ledger file, and the call is repeated: at once, and after the settle window until it is done.
Every answer on the way must be honest, and in the end the store must look as after a call that
nobody disturbed, with each effect in its journal exactly once.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.proof.judging import codes, effects, looks, says_done, stock
from tests.proof.lab import Bridge, Killed, Lab, lab
from tests.proof.scenarios import SCENARIOS, Case, Scenario
from tests.support import Answer

# Past the settle window of 60 s: what was not seen by then counts as not done.
WINDOW = 61.0

# Shopify goes on with a cancellation by itself: its job takes a second or two.
JOB = 5.0

# One repeat at once, one after the window, and two to go on with what is left.
REPEATS = 4


@dataclass
class Tally:
    """What was seen of a scenario, over all its points."""

    scenario: Scenario
    points: int = 0
    duplicates: int = 0
    lost: int = 0
    unknown: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Run:
    """One playing of a scenario: its order, and how the store was before the call."""

    lab: Lab
    case: Case
    begun: int

    def seen(self) -> Counter[str]:
        """The effects since the call was first made."""
        about = self.case.order or None
        return effects(self.lab.journal()[self.begun :], about)

    def looks(self) -> Mapping[str, Any]:
        """How the order looks now."""
        return looks(self.lab.state(), self.case.order) if self.case.order else {}


class Matrix:
    """One scenario in a lab. ``bridge`` is the one that lives."""

    def __init__(self, scenario: Scenario, place: Lab) -> None:
        self.scenario = scenario
        self.lab = place
        self.tally = Tally(scenario)
        self._bridge: Bridge | None = None
        self._number = 0
        self._usual: Mapping[str, Any] = {}

    async def untouched(self) -> list[str]:
        """Play it without a kill; the points that there are. It must come out as stated."""
        run = await self._prepare(0)
        bridge = await self._alive()
        answer = await bridge.post(self.scenario.action, self.scenario.body(run.case))
        points: list[str] = await bridge.ask("points")
        assert says_done(answer), (answer.status, answer.body)
        assert run.seen() == Counter(self.scenario.effects), run.seen()
        await self.lab.advance(JOB)
        self._usual = run.looks()
        return points

    async def killed_at(self, nth: int) -> bool:
        """Play it with a kill at the n-th point; False when it came through."""
        run = await self._prepare(nth)
        bridge = await self._alive()
        body = self.scenario.body(run.case)
        where = f"point {nth}"
        try:
            answer = await bridge.post(self.scenario.action, body)
            self._hold(run, answer, where)  # it may still be killed after its answer
            await bridge.ask("points")
        except Killed as killed:
            where = f"point {nth} ({killed})"
            await self.lab.bury(bridge)
            self._bridge = None
        else:
            await bridge.ask("arm", 0)
            await self._close(run, where)
            return False
        self.tally.points += 1
        await self._repeat(run, body, where)
        await self._close(run, where)
        return True

    async def killed_again_at(self, first: int, nth: int) -> bool:
        """Killed at the point ``first``, and the bridge that recovers from it at its n-th.

        The points of a recovery are those of its start, of settling what was left, and of the
        repeated call. False when it came through.
        """
        run = await self._prepare(first)
        bridge = await self._alive()
        body = self.scenario.body(run.case)
        where = f"killed at point {first}, and then at {nth}"
        try:
            await bridge.post(self.scenario.action, body)
        except Killed:
            await self.lab.bury(bridge)
        self._bridge = None
        through = False
        try:
            bridge = await self.lab.start(nth)
            answer = await bridge.post(self.scenario.action, body)
            self._hold(run, answer, where)
            await bridge.ask("points")
            through = True
            self._bridge = bridge
            await bridge.ask("arm", 0)
        except Killed as killed:
            where += f" ({killed})"
            if bridge in self.lab.bridges:
                await self.lab.bury(bridge)
            self.tally.points += 1
        await self._repeat(run, body, where)
        await self._close(run, where)
        return not through

    async def _repeat(self, run: Run, body: Mapping[str, Any], where: str) -> None:
        """RetailOps calls again, until it is told that all is done."""
        for repeat in range(REPEATS):
            if repeat:
                await self.lab.advance(WINDOW)
            bridge = await self._alive()
            before = run.seen()
            answer = await bridge.post(self.scenario.action, body)
            self.tally.told.update(codes(answer))
            self._hold(run, answer, f"{where}, repeat {repeat + 1}")
            if answer.status != 200 and run.seen() != before:
                self._wrong(f"{where}: HTTP {answer.status}, and yet {run.seen() - before}")
            if says_done(answer):
                return
        self.tally.unknown += 1
        self._wrong(f"{where}: not done after {REPEATS} repeats: {answer.status} {answer.body}")

    def _hold(self, run: Run, answer: Answer, where: str) -> None:
        """What an answer says must be so."""
        if answer.status >= 500 and answer.status != 503:
            self._wrong(f"{where}: HTTP {answer.status}")
        if says_done(answer) and run.seen() != Counter(self.scenario.effects):
            self.tally.unknown += 1
            self._wrong(f"{where}: said to be done, but {dict(run.seen())}")

    async def _close(self, run: Run, where: str) -> None:
        """Each effect exactly once, and the order as after a call that nobody disturbed."""
        await self.lab.advance(JOB)
        wanted, seen = Counter(self.scenario.effects), run.seen()
        self.tally.duplicates += (seen - wanted).total()
        self.tally.lost += (wanted - seen).total()
        if seen != wanted:
            self._wrong(f"{where}: effects {dict(seen)}")
        elif run.looks() != self._usual:
            self._wrong(f"{where}: the order looks {run.looks()}")
        if self.scenario.stock is not None:
            asked = self.scenario.stock(run.case)
            if stock(self.lab.state(), asked) != asked:
                self._wrong(f"{where}: stock is {stock(self.lab.state(), asked)}")

    def _wrong(self, what: str) -> None:
        self.tally.wrong.append(f"{self.scenario.name}, {what}")

    async def _alive(self) -> Bridge:
        if self._bridge is None:
            self._bridge = await self.lab.start()
        return self._bridge

    async def _prepare(self, nth: int) -> Run:
        """A fresh order with what came before; the bridge is armed."""
        self._number += 1
        order = {}
        if self.scenario.order is not None:
            order = await self.lab.place(self.scenario.order)
        case = Case(order, self._number)
        bridge = await self._alive()
        for action, body in self.scenario.before:
            answer = await bridge.post(action, body(case))
            assert says_done(answer), answer.body
        run = Run(self.lab, case, len(self.lab.journal()))
        await bridge.ask("arm", nth)
        return run


async def crash(scenario: Scenario, *, every: int = 1) -> Tally:
    """Kill at every ``every``-th point of a scenario; 1: at all, until a run is untouched."""
    started = time.monotonic()
    async with lab() as place:
        matrix = Matrix(scenario, place)
        points = await matrix.untouched()
        if every == 1:
            nth = 1
            while await matrix.killed_at(nth):
                nth += 1
        else:
            # Another first point for each scenario, so that all kinds of points are met.
            first = 1 + sum(scenario.name.encode()) % every
            for nth in range(first, len(points) + 1, every):
                await matrix.killed_at(nth)
    matrix.tally.seconds = time.monotonic() - started
    return matrix.tally


async def crash_twice(scenario: Scenario, at: str, *, every: int = 1) -> Tally:
    """Kill at the point named ``at``, then kill the recovery at each of its points."""
    started = time.monotonic()
    async with lab() as place:
        matrix = Matrix(scenario, place)
        first = (await matrix.untouched()).index(at) + 1
        nth = 1
        while await matrix.killed_again_at(first, nth):
            nth += every
    matrix.tally.seconds = time.monotonic() - started
    return matrix.tally


def table(tallies: Sequence[Tally]) -> str:
    """The tallies for a person."""
    head = ("action", "scenario", "points", "duplicates", "lost", "unknown", "told meanwhile")
    rows = [
        (
            t.scenario.action,
            t.scenario.name,
            str(t.points),
            str(t.duplicates),
            str(t.lost),
            str(t.unknown),
            ", ".join(f"{code} {n}" for code, n in sorted(t.told.items())),
        )
        for t in tallies
    ]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def main(words: Sequence[str]) -> int:
    """Play the whole matrix and print it; 1 when anything was wrong."""
    tallies = []
    for scenario in SCENARIOS:
        if words and not any(word in scenario.name for word in words):
            continue
        tally = asyncio.run(crash(scenario))
        tallies.append(tally)
        sys.stderr.write(f"{scenario.name}: {tally.points} points, {tally.seconds:.0f} s\n")
    wrong = [line for tally in tallies for line in tally.wrong]
    points = sum(t.points for t in tallies)
    sys.stdout.write(f"{table(tallies)}\n\n{points} points survived, {len(wrong)} wrong\n")
    sys.stdout.writelines(f"  {line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
