"""What was seen of a scenario, and how it is printed."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.proof.scenarios import Scenario


@dataclass
class Tally:
    """What was seen of a scenario, over all its playings.

    ``points``: playings with something broken. ``unknown``: an answer that said done when it
    was not, or no answer that said done at all. ``told``: the errors that RetailOps was told
    on the way. ``wrong``: a sentence for each thing that must not be.
    """

    scenario: Scenario
    points: int = 0
    duplicates: int = 0
    lost: int = 0
    unknown: int = 0
    told: Counter[str] = field(default_factory=Counter)
    met: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def check(self) -> None:
        """AssertionError with every sentence when anything was wrong."""
        assert self.wrong == [], "\n".join(self.wrong)
        assert (self.duplicates, self.lost, self.unknown) == (0, 0, 0)


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


def total(tallies: Sequence[Tally]) -> str:
    """The last line: all of them together."""
    points = sum(t.points for t in tallies)
    duplicates = sum(t.duplicates for t in tallies)
    lost = sum(t.lost for t in tallies)
    unknown = sum(t.unknown for t in tallies)
    wrong = sum(len(t.wrong) for t in tallies)
    return (
        f"{points} points survived, {duplicates} duplicates, {lost} lost, {unknown} unknown; "
        f"{wrong} wrong"
    )


Played = Callable[[Scenario], Awaitable[Tally]]


def play_all(scenarios: Iterable[Scenario], words: Sequence[str], play: Played) -> int:
    """Play those whose name has one of the words, print the table.

    1 when anything was wrong, 2 when there was nothing to play.
    """
    tallies = []
    for scenario in scenarios:
        if not words or any(word in scenario.name for word in words):
            tally = asyncio.run(_one(scenario, play))
            tallies.append(tally)
            sys.stderr.write(f"{scenario.name}: {tally.points} points, {tally.seconds:.0f} s\n")
    if not tallies:
        sys.stderr.write(f"no scenario has a name with {' or '.join(words)}\n")
        return 2
    wrong = [line for tally in tallies for line in tally.wrong]
    sys.stdout.write(f"{table(tallies)}\n\n{total(tallies)}\n")
    sys.stdout.writelines(f"  {line}\n" for line in wrong)
    return 1 if wrong else 0


async def _one(scenario: Scenario, play: Played) -> Tally:
    return await play(scenario)
