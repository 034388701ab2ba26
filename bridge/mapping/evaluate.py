"""The closures that a compiled expression consists of: paths, filter calls, comparisons.

A frame holds the names that an expression may read. Sources are plain Python values: dicts,
lists, texts, Decimals, ints, booleans, aware datetimes, None.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any

from bridge.mapping.codes import Failed, said_type
from bridge.mapping.filters import Filter, default
from bridge.mapping.values import number
from bridge.mapping.work import WORK, Work, bounded_list

Frame = Mapping[str, Any]
Evaluate = Callable[[Frame], Any]


class Nothing(Enum):
    """Liquid's two words for "nothing there", to compare with: ``x == blank``."""

    EMPTY = "empty"
    BLANK = "blank"


def no_value(_: Frame) -> None:
    """Stands where a problem was found, so that the rest can still be checked."""


def constant(value: object) -> Evaluate:
    """Always the same value."""
    return lambda _: value


def walk(root: str, segments: tuple[str | int, ...]) -> Evaluate:
    """A path: null on it is null, an unknown name on it fails."""

    def from_root(frame: Frame) -> object:
        try:
            value = frame[root]
        except KeyError:
            raise Failed(f'unknown source name "{root}"') from None
        for segment in segments:
            if value is None:
                return None
            if type(value) is dict:
                try:
                    value = value[segment]
                except KeyError:
                    raise Failed(f'unknown field "{segment}" below "{root}"') from None
            else:
                value = _step(value, segment, root)
        return value

    return from_root


def walk_any(root: str, segments: tuple[str | int, ...]) -> Evaluate:
    """A path into a value of any shape: whatever is not there is null."""

    def from_root(frame: Frame) -> object:
        value = frame.get(root)
        for segment in segments:
            if value is None:
                return None
            if type(value) is dict:  # most of what a feed lacks: not worth an exception
                value = value.get(segment)
                continue
            try:
                value = _step(value, segment, root)
            except Failed:
                return None
        return value

    return from_root


_ENDS: Mapping[str | int, int] = MappingProxyType({"first": 0, "last": -1})


def _step(value: object, segment: str | int, root: str) -> object:
    if isinstance(value, (list, tuple)):
        if segment == "size":
            return len(value)
        index = _ENDS.get(segment, segment)
        if isinstance(index, int):
            return value[index] if -len(value) <= index < len(value) else None
    elif isinstance(value, Mapping):
        if segment in value:
            return value[segment]
    elif segment == "size" and isinstance(value, str):
        return len(value)
    raise Failed(f'{said_type(value)} below "{root}" has no field "{segment}"')


def call(
    name: str,
    spec: Filter,
    left: Evaluate,
    positional: Sequence[Evaluate],
    keywords: Mapping[str, Evaluate],
) -> Evaluate:
    """One filter applied: null stays null, except for ``default``."""
    function, clock = spec.function, spec.clock
    takes_null = function is default
    arguments = tuple(positional)

    def apply(frame: Frame) -> object:
        value = left(frame)
        if value is None and not takes_null:
            return None
        work = frame.get(WORK)
        if work is not None:
            work.spend(value)
        run = function if clock is None else _measured(name, function, clock, work)
        try:
            if keywords:
                named = {k: e(frame) for k, e in keywords.items()}
                return bounded_list(run(value, *[e(frame) for e in arguments], **named))
            return bounded_list(run(value, *[e(frame) for e in arguments]))
        except Failed as failed:
            raise Failed(f'filter "{name}": {failed.message}', failed.code) from None

    return apply


def _measured(
    name: str, function: Callable[..., Any], clock: Callable[[], float], work: Work | None
) -> Callable[..., Any]:
    """Another package's filter: its time is taken from the budget, even if it fails."""

    def run(*arguments: object, **keywords: object) -> object:
        began = clock()
        try:
            return function(*arguments, **keywords)
        finally:
            if work is not None:
                work.took(name, clock() - began)

    return run


def guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A merchant's own filter: whatever it raises becomes this one value's failure."""

    def run(*arguments: object, **keywords: object) -> object:
        try:
            return function(*arguments, **keywords)
        except Failed:
            raise
        except Exception as error:
            raise Failed(f'the filter "{name}" raised {type(error).__name__}') from error

    return run


def truth(evaluate: Evaluate) -> Evaluate:
    """Liquid's truth: everything but null and false, so 0 and the empty text too."""

    def decide(frame: Frame) -> bool:
        value = evaluate(frame)
        return value is not None and value is not False

    return decide


def both(left: Evaluate, right: Evaluate) -> Evaluate:
    """``and``."""
    return lambda frame: left(frame) and right(frame)


def one_of(left: Evaluate, right: Evaluate) -> Evaluate:
    """``or``."""
    return lambda frame: left(frame) or right(frame)


def compare(operation: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """A comparison of ``COMPARISONS``."""
    decide = COMPARISONS[operation]
    return lambda frame: decide(left(frame), right(frame))


def _is(value: object, what: Nothing) -> bool:
    if isinstance(value, str):
        return not (value if what is Nothing.EMPTY else value.strip())
    if value is None:
        return what is Nothing.BLANK
    return isinstance(value, (list, dict, tuple)) and not value


def _equal(left: object, right: object) -> bool:
    if isinstance(right, Nothing):
        return _is(left, right)
    if isinstance(left, Nothing):
        return _is(right, left)
    if isinstance(left, bool) or isinstance(right, bool):  # Python's 1 == True is no equality
        return left is right
    if isinstance(left, float) or isinstance(right, float):
        return _is_number(left) and _is_number(right) and number(left) == number(right)
    return left == right


def _is_number(value: object) -> bool:
    return isinstance(value, (int, Decimal, float)) and not isinstance(value, bool)


def _ordered(compare_values: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def decide(left: object, right: object) -> bool:
        if left is None or right is None:
            return False
        if _is_number(left) and _is_number(right):
            return compare_values(number(left), number(right))
        same = (isinstance(left, str) and isinstance(right, str)) or (
            isinstance(left, datetime) and isinstance(right, datetime)
        )
        if not same:
            raise Failed(f"cannot compare {said_type(left)} with {said_type(right)}")
        try:
            return compare_values(left, right)
        except TypeError:  # one of two times without an offset
            raise Failed("cannot compare a time with offset and one without") from None

    return decide


def _contains(left: object, right: object) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str):
        return str(right) in left
    if isinstance(left, (list, tuple)):
        return any(_equal(e, right) for e in left)
    raise Failed(f"{said_type(left)} contains nothing; contains asks a text or a list")


COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "EqExpression": _equal,
    "NeExpression": lambda left, right: not _equal(left, right),
    "LtExpression": _ordered(operator.lt),
    "GtExpression": _ordered(operator.gt),
    "LeExpression": _ordered(operator.le),
    "GeExpression": _ordered(operator.ge),
    "ContainsExpression": _contains,
}
