"""What an expression reads: its paths and what they lead to. For people, not for traffic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from liquid import Environment
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path, tokenize
from liquid.exceptions import LiquidError
from liquid.expression import Expression as Node
from liquid.stream import TokenStream
from liquid.token import Token

from bridge.mapping.codes import Failed
from bridge.mapping.evaluate import Frame, walk_any


@dataclass(frozen=True, slots=True)
class Reading:
    """One path of an expression, and what lay there."""

    path: str
    value: object


def readings(expression: str, frame: Frame) -> list[Reading]:
    """The paths of an expression in their order, each once, with their values in ``frame``.

    A rule that is no expression (a TOML number) reads nothing.
    """
    found: dict[str, Reading] = {}
    for node in _paths(expression):
        segments = [s for s in node.path if isinstance(s, str | int)]
        if len(segments) != len(node.path) or not isinstance(segments[0], str):
            continue  # a path inside a path, which no compiled expression has
        try:
            value = walk_any(segments[0], tuple(segments[1:]))(frame)
        except Failed:
            continue
        found.setdefault(str(node), Reading(str(node), value))
    return list(found.values())


def _paths(expression: str) -> Iterator[Path]:
    for parse in (FilteredExpression.parse, BooleanExpression.parse):
        try:
            tokens = tokenize(expression, Token("expression", expression, 0, expression))
            stream = TokenStream(iter(list(tokens)))
            yield from _below(parse(Environment(), stream))
        except LiquidError:
            continue  # a condition is no value, and the reverse
        return


def _below(node: Node) -> Iterator[Path]:
    if isinstance(node, Path):
        yield node
    for child in node.children():
        yield from _below(child)
