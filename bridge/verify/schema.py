"""JSON Schema, as much of it as our own answers need, with findings in plain words.

A keyword that is not known here is an error, not ignored: a rule that is silently skipped
would let a wrong answer pass. A test compares the verdicts with the jsonschema package, which
the bridge itself does not need.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Words about the schema, not rules.
_NO_RULES = frozenset({"title", "description", "default", "examples", "$defs", "properties"})

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_SAID = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


# In this order: a boolean is an int in Python.
_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("boolean", (bool,)),
    ("integer", (int,)),
    ("number", (float, Decimal)),
    ("string", (str,)),
    ("array", (list, tuple)),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer. ``place`` is like ``events[0].code``, empty for the whole."""

    place: str
    message: str

    def __str__(self) -> str:
        """``events[0].code: is a whole number, must be text``."""
        return f"{self.place}: {self.message}" if self.place else self.message


def faults(schema: Mapping[str, Any], value: object) -> list[Fault]:
    """Everything that ``schema`` has against ``value`` (JSON; numbers may be Decimal)."""
    return list(_Check(schema.get("$defs", {})).run(schema, value, ""))


def kind(value: object) -> str:
    """The JSON type of a value; ``integer`` for a number written without a fraction."""
    if value is None:
        return "null"
    return next((name for name, types in _KINDS if isinstance(value, types)), "object")


class _Check:
    """One run; ``definitions`` are the schema's ``$defs``."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions

    def run(self, schema: Mapping[str, Any], value: object, at: str) -> Iterator[Fault]:
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            yield from self.run(self._definitions[name], value, at)
        if "type" in schema:
            wrong = _wrong_type(schema["type"], value)
            if wrong:
                yield Fault(at, wrong)
                return  # the other rules are about that type
        for keyword, rule in schema.items():
            if keyword in ("type", "$ref") or keyword in _NO_RULES:
                continue
            simple = _SIMPLE.get(keyword)
            if simple is not None:
                message = simple(rule, value)
                if message:
                    yield Fault(at, message)
            elif keyword == "required":
                yield from self._required(rule, value, at)
            elif keyword == "items":
                yield from self._items(rule, value, at)
            elif keyword == "additionalProperties":
                yield from self._unknown(schema, value, at)
            else:
                raise ValueError(f"JSON Schema keyword {keyword!r} is not known here")
        yield from self._properties(schema, value, at)

    def _properties(self, schema: Mapping[str, Any], value: object, at: str) -> Iterator[Fault]:
        if isinstance(value, Mapping):
            for name, rule in schema.get("properties", {}).items():
                if name in value:
                    yield from self.run(rule, value[name], f"{at}.{name}" if at else name)

    def _items(self, rule: Mapping[str, Any], value: object, at: str) -> Iterator[Fault]:
        if isinstance(value, list):
            for index, element in enumerate(value):
                yield from self.run(rule, element, f"{at}[{index}]")

    def _required(self, names: list[str], value: object, at: str) -> Iterator[Fault]:
        if isinstance(value, Mapping):
            for name in names:
                if name not in value:
                    yield Fault(f"{at}.{name}" if at else name, "is missing")

    def _unknown(self, schema: Mapping[str, Any], value: object, at: str) -> Iterator[Fault]:
        if schema["additionalProperties"] is not False:
            raise ValueError("additionalProperties is known here only as false")
        if isinstance(value, Mapping):
            for name in value.keys() - schema.get("properties", {}).keys():
                yield Fault(f"{at}.{name}" if at else str(name), "is not a field")


def _wrong_type(expected: str, value: object) -> str:
    found = kind(value)
    if found == expected or (expected == "number" and found == "integer"):
        return ""
    if found == "null":
        return f"is null, must be {_SAID[expected]} or be left out"
    return f"is {_SAID[found]}, must be {_SAID[expected]}"


def _enum(allowed: list[object], value: object) -> str:
    if any(kind(one) == kind(value) and one == value for one in allowed):
        return ""
    return f"is none of {', '.join(str(one) for one in allowed)}"


def _shortest(limit: int, value: object) -> str:
    if isinstance(value, str) and len(value) < limit:
        return "is empty" if not value else f"has fewer than {limit} characters"
    return ""


def _longest(limit: int, value: object) -> str:
    if isinstance(value, str) and len(value) > limit:
        return f"has {len(value)} characters, at most {limit} are allowed"
    return ""


def _most(limit: int, value: object) -> str:
    if isinstance(value, list) and len(value) > limit:
        return f"has {len(value)} elements, at most {limit} are allowed"
    return ""


def _least(limit: int, value: object) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and value < limit:
        return f"is less than {limit}"
    return ""


def _format(name: str, value: object) -> str:
    if name != "date-time":
        raise ValueError(f"format {name!r} is not known here")
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        return "is not a date like 2026-11-23T10:00:00-05:00"
    return ""


_SIMPLE: Mapping[str, Callable[[Any, object], str]] = {
    "enum": _enum,
    "minLength": _shortest,
    "maxLength": _longest,
    "maxItems": _most,
    "minimum": _least,
    "format": _format,
}
