"""What is known of an expression's value before there is data: null or not, and which texts.

``Known`` goes along with every expression. It is a claim only where it is certain; where nothing
is known, nothing is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from liquid.builtin.expressions import Path as PathNode
from liquid.builtin.expressions.logical import LogicalAndExpression
from liquid.builtin.expressions.primitive import Blank, Empty, Nil
from liquid.expression import Expression as Node

from bridge.mapping.codes import Problem
from bridge.mapping.shapes import family
from bridge.mapping.values import text
from bridge.schema.shape import Shape

Names = Mapping[str, Shape | None]
SurePath = tuple[str, ...]

# Filters that may give null of a value that is not: an end of an empty list, a test that fails.
MAYBE_NOTHING: Final = frozenset({"first", "last", "find", "then", "nonzero"})

# Filters that change every text they are given in a way that can be foretold.
_FORETOLD: Final[Mapping[str, Callable[[str], str]]] = {
    "upcase": str.upper,
    "downcase": str.lower,
    "strip": str.strip,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One text that a value can be; of a lookup table's entry, the table and the key."""

    table: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a value.

    ``nullable``: it can be null; None when nobody knows. ``choices``: the only texts it can be,
    besides null; of a list, the only ones that its elements can be. ``pending``: warnings that a
    ``default`` behind it settles.
    """

    nullable: bool | None = None
    choices: Mapping[str, Choice] | None = None
    pending: tuple[Problem, ...] = ()

    def or_else(self, other: Known, *, empty: bool) -> Known:
        """With ``default``: null never passes; ``empty`` texts do not either."""
        choices = None
        if self.choices is not None and other.choices is not None:
            mine = {k: c for k, c in self.choices.items() if k or not empty}
            choices = {**mine, **other.choices}
        return Known(other.nullable, choices, other.pending)


UNKNOWN: Final = Known()


def of_constant(value: object) -> Known:
    """A literal's."""
    return Known(value is None, {value: Choice()} if isinstance(value, str) else None)


def of_shape(shape: Shape | None, *, nullable: bool | None) -> Known:
    """A source's: the texts of an enum are its values."""
    choices = dict.fromkeys(shape.values, Choice()) if shape is not None and shape.values else None
    return Known(nullable, choices)


def stepped(before: bool | None, shape: Shape | None, segment: str | int) -> bool | None:
    """Whether a path can be null behind one more segment; ``shape`` is what lies there."""
    if shape is None or shape.type_name in ("Any", "JSON"):
        return None
    if isinstance(segment, int) or segment in ("first", "last"):
        return True  # the list may be shorter
    return before or (shape.nullable and segment != "size")


def filtered(left: Known, arguments: Iterable[Known], name: str, *, pure: bool) -> Known:
    """What a filter other than ``default`` and ``table`` leaves of it."""
    foretold = _FORETOLD.get(name)
    choices: Mapping[str, Choice] | None = None
    if foretold is not None and left.choices is not None:
        choices = {foretold(choice): Choice() for choice in left.choices}
    elif name in ("first", "last"):
        choices = left.choices  # of a list they are its elements'
    parts = [left.nullable, *(a.nullable for a in arguments)]
    nullable: bool | None = True
    if not pure:
        nullable = None
    elif name not in MAYBE_NOTHING:
        nullable = True if True in parts else None if None in parts else False
    return Known(nullable, choices, left.pending)


def looked_up(
    left: Known, name: str, entries: Mapping[str, object], *, strict: bool, gap: Problem | None
) -> Known:
    """What a lookup gives: its entries' texts, null without one unless it is ``strict``."""
    found = {k: v for k, v in entries.items() if left.choices is None or k in left.choices}
    choices = None
    if all(isinstance(v, str) for v in found.values()):
        choices = {text(v): Choice(name, k) for k, v in found.items()}
    pending = (*left.pending, gap) if gap is not None else left.pending
    return Known(left.nullable if strict else True, choices, pending)


def gaps(left: Known, entries: Mapping[str, object]) -> list[str]:
    """The texts that a value can be and a table does not have."""
    return [choice for choice in left.choices or () if choice not in entries]


def never_nothing(known: Known, shape: Shape | None) -> bool:
    """Whether a ``default`` behind this can never be used."""
    if known.nullable is not False:
        return False
    if known.choices is not None and all(known.choices):
        return True
    return family(shape) in ("number", "date", "object")


# -- what a condition makes sure of ---------------------------------------------------------------


def sure_of(node: Node) -> frozenset[SurePath]:
    """The paths that are not null wherever this condition holds."""
    if isinstance(node, LogicalAndExpression):
        return sure_of(node.left) | sure_of(node.right)
    if isinstance(node, PathNode):
        return _prefixes(node)
    if type(node).__name__ in _COMPARED:
        left, right = node.children()
        if isinstance(left, PathNode) and not isinstance(right, PathNode | Nil | Blank | Empty):
            return _prefixes(left)
    if type(node).__name__ == "NeExpression":
        left, right = node.children()
        if isinstance(left, PathNode) and isinstance(right, Nil | Blank):
            return _prefixes(left)
    return frozenset()


_COMPARED: Final = frozenset(
    {"EqExpression", "LtExpression", "GtExpression", "LeExpression", "GeExpression"}
) | {"ContainsExpression"}


def _prefixes(node: PathNode) -> frozenset[SurePath]:
    names: list[str] = []
    found: list[SurePath] = []
    for segment in node.path:
        if not isinstance(segment, str):
            break
        names.append(segment)
        found.append(tuple(names))
    return frozenset(found)


def narrowed(names: Names, sure: Iterable[SurePath]) -> Names:
    """The names, with those paths not null that a condition has made sure of."""
    out = dict(names)
    for path in sure:
        if path[0] in out:
            out[path[0]] = _certain(out[path[0]], path[1:])
    return out


def _certain(shape: Shape | None, path: SurePath) -> Shape | None:
    if shape is None:
        return None
    if not path:
        return replace(shape, nullable=False) if shape.type_name != "Any" else shape
    inside = shape.fields.get(path[0])
    if inside is None:
        return shape
    made = _certain(inside, path[1:])
    return replace(shape, fields={**shape.fields, path[0]: made}) if made is not None else shape
