"""What one rendering may do: a bound on its time and on its size, counted and not measured.

A mapping is a merchant's, a value may be anybody's: a note of 5,000 characters, split into
letters, once for each letter, is 25 million elements. So every filter, every rule and every
element of an ``each`` takes from a budget, as much as its value is large. Counting gives the
same answer on every machine and costs less than a clock.

Only what filters of other packages take is measured: nothing else is known of them. They run in
the server's process, so that one which never comes back cannot be stopped, only one that did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge.mapping.codes import Failed

WORK: Final = ""
"""Under this name a frame carries its budget: no expression can write it."""

# About a microsecond each on a machine of 2025. An order of 250 lines with all that the shipped
# mapping has takes 12,000; a product of 2,000 variants with 40 fields each about 250,000.
MAX_WORK: Final = 1_000_000

# A text filter goes through some hundred characters in that time.
CHARACTERS_A_UNIT: Final = 100

# Characters of all texts of one output. 2,000 variants with 4,000 characters each fit in.
MAX_OUTPUT: Final = 10_000_000

# Elements of a list that a filter makes: 20 times what a feed of 5,000 products lists.
MAX_ELEMENTS: Final = 100_000


# Seconds that filters of other packages may take in one rendering. Everything else waits for
# them, every call and the health checks too: a second of that is noticed.
MAX_FOREIGN: Final = 1.0

# Seconds of one call of such a filter that are worth a line in the log: a shipped one takes
# some microseconds, and a whole order a millisecond.
SLOW: Final = 0.01


class Work:
    """The budget of one rendering. ``slow`` are slow filters since the last ``slow_at``."""

    __slots__ = ("_foreign", "_left", "_output", "_worst", "slow")

    def __init__(self) -> None:
        self._left = MAX_WORK
        self._output = MAX_OUTPUT
        self._foreign = MAX_FOREIGN
        self._worst: dict[tuple[str, str], float] = {}
        self.slow: dict[str, float] = {}

    def took(self, name: str, seconds: float) -> None:
        """Take the time of another package's filter."""
        if seconds > SLOW:
            self.slow[name] = max(seconds, self.slow.get(name, 0.0))
        self._foreign -= seconds
        if self._foreign < 0:
            raise Failed(
                f"filters of other packages took more than {MAX_FOREIGN:g} s in one rendering"
            )

    def slow_at(self, place: str) -> None:
        """The slow filters were called at this place."""
        for name, seconds in self.slow.items():
            self._worst[name, place] = max(seconds, self._worst.get((name, place), 0.0))
        self.slow = {}

    @property
    def worst(self) -> Mapping[tuple[str, str], float]:
        """By filter and place the longest of its slow calls, in seconds."""
        return self._worst

    def spend(self, value: object) -> None:
        """Take what it costs to go through ``value``. Raises Failed when nothing is left."""
        if isinstance(value, str):
            self._left -= 1 + len(value) // CHARACTERS_A_UNIT
        elif isinstance(value, (list, dict, tuple)):
            self._left -= 1 + len(value)
        else:
            self._left -= 1
        if self._left < 0:
            raise _too_much()

    def write(self, value: object) -> None:
        """Take the size of what goes into the output."""
        self._left -= 1
        if self._left < 0:
            raise _too_much()
        if isinstance(value, str):
            self._output -= len(value)
            if self._output < 0:
                raise Failed(f"the output has more than {MAX_OUTPUT:,} characters")


def _too_much() -> Failed:
    return Failed(f"the mapping does too much: more than {MAX_WORK:,} steps")


def bounded_size(size: int) -> None:
    """Raises Failed when a list of this size is more than a filter may make."""
    if size > MAX_ELEMENTS:
        raise Failed(f"a list of more than {MAX_ELEMENTS:,} elements")


def bounded_list(value: object) -> object:
    """The value itself, unless it is too long a list."""
    if isinstance(value, list):
        bounded_size(len(value))
    return value
