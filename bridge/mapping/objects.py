"""Filters for values whose shape somebody else decides: objects, and what is one or many.

Feeds hold lists by name (``{"simple": [...], "configurable": [...]}``), one thing where several
may be, and keys that are there with null. Every function is called with a value that is not null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from bridge.mapping.codes import Failed, said_type
from bridge.mapping.values import bounded, is_empty, number, plain, text

MAX_NAMES: Final = 32  # arguments of a filter that takes names; a Shopify product has three options
_MAX_DEPTH: Final = 64  # of JSON: as deep as a request may be nested


def as_list(value: object, mark: object = None) -> list[object]:
    """A list of whatever comes: a list as it is, a text split at ``mark``, one thing alone."""
    if isinstance(value, list | tuple):
        return list(value)
    if mark is not None and isinstance(value, str):
        parts = value.split(text(mark)) if text(mark) else [value]
        return [part.strip() for part in parts if part.strip()]
    return [] if is_empty(value) else [value]


def values_of(value: object) -> list[object]:
    """The values of an object; a list as it is."""
    return list(value) if isinstance(value, list | tuple) else list(_object(value).values())


def entries(value: object, field: object = None) -> list[object]:
    """``{key, value}`` of every entry of an object; a list in it gives one for each element.

    With ``field``, ``value`` is that field of it. An empty list is an empty object, as some
    languages write it.
    """
    name = None if field is None else text(field)
    found: list[object] = []
    for key, inside in _object(value).items():
        for one in inside if isinstance(inside, list | tuple) else (inside,):
            kept = one
            if name is not None:
                kept = one.get(name) if isinstance(one, Mapping) else None
            found.append({"key": key, "value": kept})
    return found


def pick(value: object, *names: object) -> list[object]:
    """``{key, value}`` of the named entries that have a value, in the order of the names."""
    known = _object(value)
    return [
        {"key": name, "value": known[name]}
        for name in _names(names)
        if not is_empty(known.get(name))
    ]


def mentions(value: object, *names: object) -> list[str]:
    """Those of the names that the object has, whatever their value: null too."""
    known = _object(value)
    return [name for name in _names(names) if name in known]


def nulls(value: object, *names: object) -> list[str]:
    """Those of the names that the object has with null."""
    known = _object(value)
    return [name for name in _names(names) if name in known and known[name] is None]


def nonzero(value: object) -> object:
    """Null for 0 (``"0.00"`` is 0), else the value; a list without its zeros."""
    if isinstance(value, list | tuple):
        return [element for element in value if not _is_zero(element)]
    return None if _is_zero(value) else value


def then(value: object, other: object) -> object:
    """``other`` when the value is there and neither false nor 0."""
    return None if is_empty(value) or value is False or _is_zero(value) else other


def _is_zero(value: object) -> bool:
    try:
        return isinstance(value, str | int | float | Decimal) and number(value) == 0
    except Failed:
        return False


def as_json(value: object) -> str:
    """Lists and objects as JSON; anything else as the text that it is."""
    if not isinstance(value, list | tuple | Mapping):
        return bounded(text(value))
    return bounded("".join(_written(value, 0)))


def _written(value: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        raise Failed("nested too deeply for JSON")
    if isinstance(value, Mapping):
        mark = "{"
        for key, inside in value.items():
            yield f"{mark}{json.dumps(str(key), ensure_ascii=False)}:"
            yield from _written(inside, depth + 1)
            mark = ","
        yield "{}" if mark == "{" else "}"
    elif isinstance(value, list | tuple):
        mark = "["
        for inside in value:
            yield mark
            yield from _written(inside, depth + 1)
            mark = ","
        yield "[]" if mark == "[" else "]"
    elif value is None or isinstance(value, bool):
        yield json.dumps(value)
    elif isinstance(value, int | Decimal | float):
        yield plain(number(value))
    else:
        yield json.dumps(text(value), ensure_ascii=False)


def _object(value: object) -> Mapping[object, object]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list | tuple) and not value:
        return {}
    raise Failed(f"{said_type(value)}, not an object")


def _names(given: tuple[object, ...]) -> Iterator[str]:
    """Each name once; an argument is a name or a list of names, and null is none."""
    seen: dict[str, None] = {}
    for one in given:
        for name in one if isinstance(one, list | tuple) else (one,):
            if name is not None:
                seen[text(name)] = None
    return iter(seen)
