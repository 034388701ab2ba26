"""A merchant's own filters, from packages that are installed beside the bridge.

A filter is a function behind an entry point of the group ``retailops_bridge.filters``; the entry
point's name is the filter's:

    [project.entry-points."retailops_bridge.filters"]
    acme_sku = "acme_filters:sku"

    def sku(value: str, prefix: str = "A") -> str:
        '''The SKU as our warehouse writes it.'''
        return f"{prefix}-{value.strip().upper()}"

Its signature is its declaration: what it takes and gives is checked at load like that of a shipped
filter, and its value is given to it as that type. It must be pure: the same arguments, the same
result, nothing read and nothing kept. It is never called with null. It runs in the server's own
process and is measured (``work``): what takes too long fails once it is back.
"""

from __future__ import annotations

import inspect
import re
import time
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Final

from bridge.errors import Finding
from bridge.mapping.codes import Failed, said_type
from bridge.mapping.evaluate import guarded
from bridge.mapping.filters import FILTERS, Filter, Gives, Takes
from bridge.mapping.values import bounded, moment, number, text

GROUP: Final = "retailops_bridge.filters"

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One filter of somebody else's: what it does in its own words, and whose it is."""

    name: str
    filter: Filter
    summary: str
    origin: str


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that are installed, by name, and what is wrong with any."""

    found: Mapping[str, Plugin]
    findings: tuple[Finding, ...] = ()

    @property
    def filters(self) -> dict[str, Filter]:
        """For the compiler."""
        return {name: plugin.filter for name, plugin in self.found.items()}


class _Wrong(Exception):
    """Why an entry point is no filter: (what is wrong, what to do)."""


@cache
def installed() -> Plugins:
    """The filters of this Python environment, looked for once a process."""
    return read_plugins(entry_points(group=GROUP))


def read_plugins(points: Iterable[EntryPoint]) -> Plugins:
    """The filters behind entry points. What cannot be used is a finding (M107), not an error."""
    found: dict[str, Plugin] = {}
    findings: list[Finding] = []
    for point in sorted(points, key=lambda p: (p.name, p.value)):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        try:
            found[point.name] = _plugin(point, origin, found)
        except _Wrong as wrong:
            said, hint = wrong.args
            message = f'the filter "{point.name}" ({point.value}) {said}'
            findings.append(Finding(origin, 0, 0, "M107", message, hint))
    return Plugins(MappingProxyType(found), tuple(findings))


def _plugin(point: EntryPoint, origin: str, known: Mapping[str, Plugin]) -> Plugin:
    if point.name in known:
        raise _Wrong("is given twice", f"{known[point.name].origin} has it too")
    if not _NAME.fullmatch(point.name):
        raise _Wrong("has a name that no expression can write", "small letters, digits and _")
    if point.name in FILTERS or point.name == "table":
        raise _Wrong("has the name of a shipped filter", "give it another one, acme_sku say")
    try:
        function = point.load()
    except Exception as error:  # another's code: whatever it does, it is told with its name
        raise _Wrong(f"cannot be imported: {type(error).__name__}", "mend the package") from None
    if not callable(function):
        raise _Wrong("is no function", "an entry point names module:function")
    doc = inspect.getdoc(function) or ""
    if not doc.strip():
        raise _Wrong("has no docstring", "say in one line what it gives")
    return Plugin(point.name, filter_of(point.name, function), doc.splitlines()[0], origin)


_TAKES: Final[Mapping[object, Takes]] = MappingProxyType(
    {str: "text", Decimal: "number", list: "list", datetime: "date", object: "any", Any: "any"}
)
_GIVES: Final[Mapping[object, Gives]] = MappingProxyType(
    {
        str: "text",
        Decimal: "number",
        int: "number",
        bool: "boolean",
        list[str]: "texts",
        list: "any",
        object: "any",
        Any: "any",
    }
)


def filter_of(
    name: str, function: Callable[..., Any], clock: Callable[[], float] = time.perf_counter
) -> Filter:
    """The filter that a function is, by its signature. Raises ``_Wrong`` when it is none."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
        hints = typing.get_type_hints(function)
    except (TypeError, ValueError, NameError):
        raise _Wrong("has no signature that can be read", "write a plain function") from None
    if not parameters or parameters[0].kind not in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    ):
        raise _Wrong("takes no value", "its first parameter is the value")
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        raise _Wrong("takes any number of arguments", "name each of them")
    takes = _TAKES.get(_bare(hints.get(parameters[0].name)))
    gives = _GIVES.get(_without_none(hints.get("return")))
    if takes is None or gives is None:
        kinds = "value: str, Decimal, list, datetime or object; result: also int, bool, list[str]"
        raise _Wrong("does not say the types of its value and its result", kinds)
    more = [p for p in parameters[1:] if p.kind is not p.KEYWORD_ONLY]
    keywords = [p for p in parameters[1:] if p.kind is p.KEYWORD_ONLY]
    if any(p.default is p.empty for p in keywords):
        raise _Wrong("has a keyword argument without a default", "give it one")
    return Filter(
        _typed(guarded(name, function), takes, gives),
        takes,
        gives,
        sum(p.default is p.empty for p in more),
        len(more),
        keywords=frozenset(p.name for p in keywords),
        pure=False,
        clock=clock,
    )


def _bare(hint: object) -> object:
    """``list`` of ``list[str]``; anything else as it is."""
    return typing.get_origin(hint) or hint


def _without_none(hint: object) -> object:
    """``str`` of ``str | None``: a filter may always give nothing."""
    kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 and type(None) in typing.get_args(hint) else hint


_READ: Final[Mapping[Takes, Callable[[object], object]]] = MappingProxyType(
    {"text": text, "number": number, "date": moment}
)


def _typed(function: Callable[..., Any], takes: Takes, gives: Gives) -> Callable[..., Any]:
    """The function with its value made what it takes, and its result checked."""
    read = _READ.get(takes)

    def run(value: object, *arguments: object, **keywords: object) -> object:
        given = value if read is None else read(value)
        if takes == "list" and not isinstance(given, list | tuple):
            raise Failed(f"{said_type(given)}, not a list")
        return _checked(function(given, *arguments, **keywords), gives)

    return run


def _checked(made: object, gives: Gives) -> object:
    """A result as the language knows it; a float or anything unknown fails."""
    if made is None:
        return None
    if isinstance(made, str):
        made = bounded(made)
    fits = {
        "text": isinstance(made, str),
        "number": isinstance(made, Decimal | int) and not isinstance(made, bool),
        "boolean": isinstance(made, bool),
        "texts": isinstance(made, list) and all(isinstance(e, str) for e in made),
    }.get(gives, isinstance(made, str | Decimal | int | bool | datetime | list | dict))
    if not fits:
        raise Failed(f"the result is {said_type(made)}, not what it says that it gives")
    return number(made) if gives == "number" else made
