"""What a test expects of a mapping's output: paths into it, and what must lie there. Pure.

A path is written as in the target: ``order_items[0].currency_values.unit_price``; ``[-1]`` is the
last element. Numbers are equal by value (``9.9`` is ``9.90``), times by instant, all else exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from bridge.mapping.codes import Failed, listing, suggestion
from bridge.mapping.layers import Origin
from bridge.mapping.targets import Target
from bridge.mapping.values import moment, number, plain

Path = tuple[str | int, ...]
Matcher = Literal["equals", "contains", "count", "absent"]

MATCHERS: Final[tuple[Matcher, ...]] = ("equals", "contains", "count", "absent")
"""The words of an expectation that is a table; a bare value means ``equals``."""

_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(-?[0-9]+)\]")


class Missing:
    """Nothing lies at a path: neither is there null in an output."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold. ``written`` is the path as the test has it."""

    written: str
    path: Path
    matcher: Matcher
    wanted: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold; ``at`` is the path, its indexes counted from 0."""

    expectation: Expectation
    at: Path
    actual: object


def parse_path(written: str) -> Path | None:
    """The steps of a path; None when it is none."""
    steps: list[str | int] = []
    at = 0
    while at < len(written):
        found = _STEP.match(written, at)
        if found is None or (at == 0) == found[0].startswith((".", "[")):
            return None
        steps.append(found[1] if found[1] is not None else int(found[2]))
        at = found.end()
    return tuple(steps) or None


def said_path(path: Path) -> str:
    """A path as it is written."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".")


def stranger(path: Path, target: Target) -> tuple[str, str]:
    """(what is wrong with a path in this target or nothing, hint)."""
    for step in path:
        if isinstance(step, int):
            if target.kind != "list" or target.of is None:
                return f"[{step}] asks {target.name} for an element", "only lists have them"
            target = target.of
        elif target.kind == "object":
            field = target.fields.get(step)
            if field is None:
                hint = suggestion(step, target.fields) or f"it has {listing(target.fields)}"
                return f'unknown field "{step}" of {target.name}', hint
            target = field.target
        elif target.kind == "map" and target.of is not None:
            target = target.of
        elif target.kind == "list":
            return f'a list has no field "{step}"', "take one element: [0]"
        elif target.family is not None:
            return f'{target.name} has no field "{step}"', ""
    return "", ""


def find(output: object, path: Path) -> tuple[object, Path]:
    """What lies at a path, and the path with indexes from 0; MISSING where nothing is."""
    at: list[str | int] = []
    for step in path:
        if isinstance(step, int) and isinstance(output, list | tuple):
            index = step + len(output) if step < 0 else step
            if not 0 <= index < len(output):
                return MISSING, path
            output = output[index]
            at.append(index)
        elif isinstance(output, Mapping) and step in output:
            output = output[step]
            at.append(step)
        else:
            return MISSING, path
    return output, tuple(at)


def check(expectation: Expectation, output: object) -> Failure | list[Path]:
    """A failure, or the places of the output that the expectation has looked at."""
    actual, at = find(output, expectation.path)
    wanted = expectation.wanted
    seen: list[Path] | None = None
    match expectation.matcher:
        case "equals":
            seen = [at] if same(actual, wanted) else None
        case "contains":
            seen = None if actual is MISSING else _includes(actual, wanted, at)
        case "count":
            size = len(actual) if isinstance(actual, list | tuple) else 0
            seen = [] if size == wanted and (actual is MISSING or _is_list(actual)) else None
        case "absent":
            seen = [] if (actual is MISSING) == bool(wanted) else None
    return Failure(expectation, at, actual) if seen is None else seen


def same(actual: object, wanted: object) -> bool:
    """Whether two values are equal as a mapping means it."""
    if actual is MISSING or isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, Mapping) and isinstance(wanted, Mapping):
        return actual.keys() == wanted.keys() and all(same(actual[k], wanted[k]) for k in wanted)
    if isinstance(actual, list | tuple) and isinstance(wanted, list | tuple):
        pairs = zip(actual, wanted, strict=False)
        return len(actual) == len(wanted) and all(same(a, w) for a, w in pairs)
    if isinstance(actual, datetime):
        return _same_time(actual, wanted)
    if _is_number(actual) and _is_number(wanted):
        return number(actual) == number(wanted)
    return type(actual) is type(wanted) and actual == wanted


def _same_time(actual: datetime, wanted: object) -> bool:
    try:
        return actual == moment(wanted)
    except Failed:
        return False


def _includes(actual: object, wanted: object, at: Path) -> list[Path] | None:
    """Where ``wanted`` was found inside ``actual``: a part of a text, elements, fields."""
    if isinstance(actual, str) and isinstance(wanted, str):
        return [at] if wanted in actual else None
    if isinstance(actual, Mapping) and isinstance(wanted, Mapping):
        seen: list[Path] = []
        for key, value in wanted.items():
            found = _holds(actual[key], value, (*at, key)) if key in actual else None
            if found is None:
                return None
            seen += found
        return seen
    if _is_list(actual):
        return _among(actual, wanted if isinstance(wanted, list | tuple) else [wanted], at)
    return None


def _among(
    actual: object, wanted: list[object] | tuple[object, ...], at: Path
) -> list[Path] | None:
    """Each wanted element, in any place of a list."""
    seen: list[Path] = []
    rows = list(actual) if isinstance(actual, list | tuple) else []
    for one in wanted:
        hits = (_holds(row, one, (*at, index)) for index, row in enumerate(rows))
        found = next((hit for hit in hits if hit is not None), None)
        if found is None:
            return None
        seen += found
    return seen


def _holds(actual: object, wanted: object, at: Path) -> list[Path] | None:
    """An element or a field: an object has at least these fields, anything else is equal."""
    if isinstance(wanted, Mapping):
        return _includes(actual, wanted, at)
    return [at] if same(actual, wanted) else None


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def jsonable(value: object) -> object:
    """An output as JSON shows it: numbers exact, as JSON numbers where they can be."""
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(v) for v in value]
    if isinstance(value, Decimal):
        return float(value) if number(float(value)) == value else plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def said(value: object) -> str:
    """A value in one line, as a test would write it."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(jsonable(value), ensure_ascii=False)


def flattened(
    table: Mapping[str, object], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    """The expectations of a table, by their keys; tables inside a table are longer paths."""
    for key, value in table.items():
        keys = (*before, key)
        if isinstance(value, Mapping) and value and not set(value) <= set(MATCHERS):
            yield from flattened(value, keys)
        else:
            yield keys, value
