"""What an expression with ``default`` can be: what stands before it, or what stands behind it.

A mistake in one of them is as certain as in a value that stands alone: it only waits for the order
that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.mapping.evaluate import Evaluate
from bridge.mapping.shapes import Family, family
from bridge.schema.shape import Shape


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the values. ``fixed``: how a literal evaluates, None of what reads a source.

    ``place`` is (offset, length) of a default in the expression; None of what has one behind it.
    """

    shape: Shape | None
    fixed: Evaluate | None = None
    place: tuple[int, int] | None = None


def families(shape: Shape | None, branches: Sequence[Branch]) -> list[Family]:
    """The families that a value can have, as far as they are known, each once."""
    found = [family(branch.shape) for branch in branches] or [family(shape)]
    return [one for one in dict.fromkeys(found) if one is not None]
