"""Plays scenarios in a lab, and holds every answer and the store against what must be so."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.proof.judging import codes, effects, looks, says_done, stock
from tests.proof.lab import Lab
from tests.proof.scenarios import Case, Scenario
from tests.proof.tally import Tally
from tests.support import Answer

# Past the settle window of 60 s: what was not seen by then counts as not done.
WINDOW = 61.0

# Applied long after we have read back, and before the settle window is over.
LATE = 30.0

# Shopify goes on with a cancellation by itself: its job takes a second or two.
JOB = 5.0

# One repeat at once, one after the window, and two to go on with what is left.
REPEATS = 4


class Callee(Protocol):
    """A bridge that answers calls."""

    async def post(self, action: str, body: Mapping[str, Any]) -> Answer:
        """Call an action as RetailOps does."""
        ...


@dataclass
class Run:
    """One playing of a scenario: its order, and how long the journal was before the call."""

    lab: Lab
    case: Case
    begun: int

    def seen(self) -> Counter[str]:
        """The effects since the call was first made."""
        return effects(self.lab.journal()[self.begun :], self.case.order or None)


class Player(ABC):
    """One scenario in a lab, played again and again."""

    def __init__(self, scenario: Scenario, place: Lab) -> None:
        self.scenario = scenario
        self.lab = place
        self.tally = Tally(scenario)
        self._number = 0
        self._usual: Any = None

    @abstractmethod
    async def alive(self) -> Callee:
        """The bridge that runs now, or a new one."""

    async def usual(self, run: Run, answer: Answer) -> None:
        """``answer`` came undisturbed: it must come out as stated, and all others like it."""
        if self.scenario.then is not None:
            assert says_done(answer), (answer.status, answer.body)
            answer = await self.call_again(run)
        assert self.over(answer), (answer.status, answer.body)
        assert run.seen() == Counter(self.scenario.effects), run.seen()
        await self.lab.advance(JOB)
        self._usual = self.looks(run)
        await self.close(run, "undisturbed")

    async def prepare(self) -> Run:
        """A fresh order with what came before."""
        self._number += 1
        order = {}
        if self.scenario.order is not None:
            order = await self.lab.place(self.scenario.order)
        case = Case(order, self._number)
        bridge = await self.alive()
        for action, body in self.scenario.before:
            answer = await bridge.post(action, body(case))
            assert says_done(answer), answer.body
        for what, given in self.scenario.happens:
            self.lab.happen(order, what, given)
        return Run(self.lab, case, len(self.lab.journal()))

    def looks(self, run: Run) -> Any:
        """How the order looks now, or what else the call is about."""
        if self.scenario.shows is not None:
            return self.scenario.shows(self.lab.state(), run.case)
        return looks(self.lab.state(), run.case.order) if run.case.order else None

    async def call(self, run: Run) -> Answer:
        """The scenario's call."""
        bridge = await self.alive()
        return await bridge.post(self.scenario.action, self.scenario.body(run.case))

    async def call_again(self, run: Run) -> Answer:
        """What RetailOps calls next: the same, or what the scenario says."""
        if self.scenario.then is None:
            return await self.call(run)
        action, body = self.scenario.then
        bridge = await self.alive()
        return await bridge.post(action, body(run.case))

    def over(self, answer: Answer) -> bool:
        """Whether RetailOps has no reason to call again."""
        if self.scenario.refused:
            return codes(answer) == [self.scenario.refused]
        return says_done(answer)

    async def repeat(self, run: Run, where: str) -> None:
        """RetailOps calls again, until it is told that all is done."""
        for repeat in range(REPEATS):
            if repeat:
                await self.lab.advance(WINDOW)
            before = run.seen()
            answer = await self.call_again(run)
            self.tally.told.update(codes(answer))
            self.hold(run, answer, f"{where}, repeat {repeat + 1}")
            if answer.status != 200 and run.seen() != before:
                self.blame(f"{where}: HTTP {answer.status}, and yet {run.seen() - before}")
            if self.over(answer):
                return
        self.tally.unknown += 1
        self.blame(f"{where}: not done after {REPEATS} repeats: {answer.status} {answer.body}")

    async def go_on(self, run: Run, where: str) -> None:
        """Repeat until it is over, and look at what there is in the end."""
        await self.repeat(run, where)
        await self.close(run, where)

    def hold(self, run: Run, answer: Answer, where: str, *, first: bool = False) -> None:
        """What an answer says must be so. ``first``: others may follow, with effects to come."""
        if answer.status not in {200, 503}:
            self.blame(f"{where}: HTTP {answer.status} {answer.body}")
        if "INTERNAL_ERROR" in codes(answer):
            self.blame(f"{where}: the bridge broke")
        if says_done(answer) and self.scenario.refused:
            self.tally.unknown += 1
            self.blame(f"{where}: done, in place of {self.scenario.refused}")
        if first and self.scenario.then is not None:
            return
        if says_done(answer) and run.seen() != Counter(self.scenario.effects):
            self.tally.unknown += 1
            self.blame(f"{where}: said to be done, but {dict(run.seen())}")

    async def close(self, run: Run, where: str) -> None:
        """Each effect exactly once, and the order as after a call that nobody disturbed."""
        await self.lab.advance(JOB)
        wanted, seen = Counter(self.scenario.effects), run.seen()
        self.tally.duplicates += (seen - wanted).total()
        self.tally.lost += (wanted - seen).total()
        if seen != wanted:
            self.blame(f"{where}: effects {dict(seen)}")
        elif self.looks(run) != self._usual:
            self.blame(f"{where}: it looks like {self.looks(run)}, not {self._usual}")
        if self.scenario.stock is not None:
            asked = self.scenario.stock(run.case)
            if stock(self.lab.state(), asked) != asked:
                self.blame(f"{where}: stock is {stock(self.lab.state(), asked)}")

    def blame(self, what: str) -> None:
        """Note what is wrong."""
        self.tally.wrong.append(f"{self.scenario.name}, {what}")
