"""The filters of the mapping language: what each takes, gives, and does.

Rules that hold for all of them. Null in, null out, so that ``default`` at the end of a chain
catches every gap; only ``default`` itself looks at null. Numbers are Decimal (python-liquid's
own numeric filters make 0 of a Decimal). A filter reads nothing but its arguments: no clock, no
environment, no file; so ``date`` knows no ``now``, and Liquid's ``sort`` (mixed types),
``base64_…``, ``escapejs`` and ``safe`` are left out. Texts stay under ``values.MAX_TEXT``.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from liquid.utils.html import strip_tags

from bridge.mapping.codes import Failed, said_type
from bridge.mapping.objects import (
    MAX_NAMES,
    as_json,
    as_list,
    entries,
    mentions,
    nonzero,
    nulls,
    pick,
    then,
    values_of,
)
from bridge.mapping.values import (
    ARITHMETIC,
    DIGITS,
    MAX_TEXT,
    bounded,
    is_empty,
    moment,
    number,
    text,
    whole,
)
from bridge.mapping.work import bounded_size

Takes = Literal["number", "text", "list", "date", "any"]
Gives = Literal[
    "number", "text", "boolean", "texts", "same", "element", "field", "any", "argument", "default"
]
FieldOf = Callable[[object, object], object]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: ``function(value, *arguments)``, called only with a value that is not null.

    ``least`` and ``most`` bound the positional arguments. ``field`` says that the first one
    names a field of the list's elements, so that it can be checked before there is any data.
    ``pure`` is False of a merchant's own filter: nobody knows what it reads. Nor how long it
    takes: ``clock`` (seconds) measures it.
    """

    function: Callable[..., Any]
    takes: Takes
    gives: Gives
    least: int = 0
    most: int = 0
    field: bool = False
    keywords: frozenset[str] = frozenset()
    pure: bool = True
    clock: Callable[[], float] | None = None

    def on_any(self) -> Filter:
        """The filter for a value of any shape: a field that an element lacks is null."""
        if not self.field:
            return self
        return replace(self, function=partial(self.function, field_of=_field_or_null))


# Numbers


def _arithmetic(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., Any]:
    def calculate(value: object, other: object) -> Decimal | None:
        if other is None:
            return None
        try:
            return operation(number(value), number(other))
        except InvalidOperation:
            raise Failed("a division by zero, or a result that is no number") from None
        except ArithmeticError as problem:
            kind = type(problem).__name__
            raise Failed("a division by zero" if "Zero" in kind else "too large a number") from None

    return calculate


def _plus(value: object, other: object) -> Decimal:
    return number(value) if other is None else ARITHMETIC.add(number(value), number(other))


def _minus(value: object, other: object) -> Decimal:
    return number(value) if other is None else ARITHMETIC.subtract(number(value), number(other))


def _at_least(value: object, other: object) -> Decimal:
    return number(value) if other is None else max(number(value), number(other))


def _at_most(value: object, other: object) -> Decimal:
    return number(value) if other is None else min(number(value), number(other))


# The smallest amounts of 0, 1, 2 … decimal places.
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(DIGITS + 1))


def quantised(value: Decimal, places: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """``value`` with exactly ``places`` decimal places; halves go away from zero."""
    try:
        return value.quantize(_UNITS[places], rounding=rounding, context=ARITHMETIC)
    except InvalidOperation:
        raise Failed(f"a number of more than {DIGITS} digits") from None


def _rounding(rounding: str) -> Callable[..., Decimal]:
    def to_places(value: object, places: object = 0) -> Decimal:
        wanted = whole(0 if places is None else places)
        if not 0 <= wanted <= DIGITS // 2:
            raise Failed(f"decimal places are 0 to {DIGITS // 2}")
        return quantised(number(value), wanted, rounding)

    return to_places


# Texts


def _textual(function: Callable[..., str]) -> Callable[..., str]:
    """A text filter: everything becomes a text first, a null argument the empty one."""

    def on_texts(value: object, *arguments: object) -> str:
        return bounded(function(text(value), *("" if a is None else text(a) for a in arguments)))

    return on_texts


def _replace(value: str, old: str, new: str = "", count: int = -1) -> str:
    if not old:
        return value
    found = value.count(old) if count < 0 else count
    if len(value) + found * max(0, len(new) - len(old)) > MAX_TEXT:  # before it is built
        raise Failed(f"a text of more than {MAX_TEXT:,} characters")
    return value.replace(old, new, count)


def _replace_last(value: str, old: str, new: str = "") -> str:
    before, found, after = value.rpartition(old) if old else ("", "", value)
    return before + new + after if found else value


def _slice(value: object, start: object, length: object = 1) -> object:
    first, count = whole(start), whole(1 if length is None else length)
    sequence = value if isinstance(value, list | tuple) else text(value)
    if first < 0:
        first += len(sequence)
    return sequence[max(0, first) : max(0, first + max(0, count))]


def _split(value: object, separator: object) -> list[str]:
    whole_text, mark = text(value), "" if separator is None else text(separator)
    bounded_size(whole_text.count(mark))  # an empty mark is found between all letters
    if not mark:
        return list(whole_text)
    return whole_text.split(None if mark == " " else mark) if whole_text else []


def _truncate(value: object, length: object = 50, ellipsis_mark: object = "...") -> str:
    whole_text, most = text(value), max(0, whole(50 if length is None else length))
    mark = "" if ellipsis_mark is None else text(ellipsis_mark)
    if len(whole_text) <= most:
        return whole_text
    return whole_text[: max(0, most - len(mark))] + mark[:most]


def _truncatewords(value: object, count: object = 15, ellipsis_mark: object = "...") -> str:
    words, most = text(value).split(), max(1, whole(15 if count is None else count))
    mark = "" if ellipsis_mark is None else text(ellipsis_mark)
    return " ".join(words) if len(words) <= most else " ".join(words[:most]) + mark


# Directives that mean the same on every machine: no names of months or days, no local zone.
_DATE_DIRECTIVES = frozenset("YmdHMSyjz%")


def date_format_problem(template: str) -> str:
    """What is wrong with a ``date`` format, or nothing."""
    used = set(re.findall(r"%(.?)", template, re.DOTALL))
    wrong = sorted(used - _DATE_DIRECTIVES)
    if not wrong:
        return ""
    known = " ".join(f"%{d}" for d in sorted(_DATE_DIRECTIVES))
    return f"date knows no %{wrong[0]}; it knows {known}"


def _date(value: object, template: object) -> str:
    pattern = "" if template is None else text(template)
    if problem := date_format_problem(pattern):
        raise Failed(problem)
    return bounded(moment(value).strftime(bounded(pattern)))


# Lists


def _elements(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    raise Failed(f"{said_type(value)}, not a list")


def _field(element: object, name: object) -> object:
    """A field of a list's element; null of a null element, a failure when there is no such."""
    if element is None:
        return None
    if not isinstance(element, Mapping):
        raise Failed(f"{said_type(element)} has no fields")
    try:
        return element[name]
    except (KeyError, TypeError):
        raise Failed(f"unknown field {name!r} of a list's element") from None


def _field_or_null(element: object, name: object) -> object:
    """A field of an element of any shape: null when there is none."""
    return element.get(name) if isinstance(element, Mapping) else None


def _sum(value: object, field: object = None, *, field_of: FieldOf = _field) -> Decimal:
    total = Decimal(0)
    for element in _elements(value):
        part = element if field is None else field_of(element, field)
        if part is not None:
            total = ARITHMETIC.add(total, number(part))
    return total


def _matches(element: object, name: object, wanted: tuple[object, ...], field_of: FieldOf) -> bool:
    found = field_of(element, name)
    if not wanted or wanted[0] is None:
        return found is not None and found is not False
    return bool(found == wanted[0]) and isinstance(found, bool) == isinstance(wanted[0], bool)


def _where(
    value: object, name: object, *wanted: object, field_of: FieldOf = _field
) -> list[object]:
    return [e for e in _elements(value) if _matches(e, name, wanted, field_of)]


def _reject(
    value: object, name: object, *wanted: object, field_of: FieldOf = _field
) -> list[object]:
    return [e for e in _elements(value) if not _matches(e, name, wanted, field_of)]


def _find(value: object, name: object, *wanted: object, field_of: FieldOf = _field) -> object:
    return next((e for e in _elements(value) if _matches(e, name, wanted, field_of)), None)


def _has(value: object, name: object, *wanted: object, field_of: FieldOf = _field) -> bool:
    return any(_matches(e, name, wanted, field_of) for e in _elements(value))


def _map(value: object, name: object, *, field_of: FieldOf = _field) -> list[object]:
    return [field_of(e, name) for e in _elements(value)]


def _uniq(value: object, name: object = None, *, field_of: FieldOf = _field) -> list[object]:
    kept: dict[object, object] = {}
    try:
        for element in _elements(value):
            kept.setdefault(_frozen(element if name is None else field_of(element, name)), element)
    except RecursionError:
        raise Failed("an element that is nested too deeply to compare") from None
    return list(kept.values())


def _frozen(value: object) -> object:
    """What is equal for equal values, and can be looked up: no list is searched."""
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(inside)) for key, inside in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(inside) for inside in value)
    return value


def _compact(value: object, name: object = None, *, field_of: FieldOf = _field) -> list[object]:
    marked = ((e, e if name is None else field_of(e, name)) for e in _elements(value))
    return [e for e, mark in marked if mark is not None]


def _join(value: object, separator: object = " ") -> str:
    parts = [text(e) for e in _elements(value) if e is not None]
    mark = "" if separator is None else text(separator)
    if sum(map(len, parts)) + len(parts) * len(mark) > MAX_TEXT:
        raise Failed(f"a text of more than {MAX_TEXT:,} characters")
    return mark.join(parts)


def _first(value: object) -> object:
    elements = _elements(value)
    return elements[0] if elements else None


def _last(value: object) -> object:
    elements = _elements(value)
    return elements[-1] if elements else None


def _concat(value: object, other: object) -> list[object]:
    return _elements(value) + ([] if other is None else _elements(other))


def _flatten(value: object) -> list[object]:
    """One level of lists in a list taken apart; nulls are dropped."""
    flat: list[object] = []
    for element in _elements(value):
        flat += element if isinstance(element, list | tuple) else [element]
    return [e for e in flat if e is not None]


def found_in(value: object, *, entries: Mapping[str, object]) -> list[object]:
    """The entries of a table for the elements of a list, in the list's order."""
    known = (entries.get(text(e)) for e in _elements(value) if e is not None)
    return [entry for entry in known if entry is not None]


def _size(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else len(text(value))


def default(value: object, otherwise: object = None, *, allow_false: object = False) -> object:
    """Liquid's own rule: ``otherwise`` for null, the empty text, the empty list, and false."""
    if is_empty(value) or (value is False and allow_false is not True):
        return otherwise
    return value


LOOKUPS: Mapping[str, str] = MappingProxyType({"table": "any", "table_each": "list"})
"""The filters that look something up in ``[tables]``: by name, what each takes."""


def _text_filter(function: Callable[..., str], least: int = 0, most: int = 0) -> Filter:
    return Filter(_textual(function), "text", "text", least, most)


def _list_filter(function: Callable[..., Any], gives: Gives, *, optional: int = 0) -> Filter:
    """A filter whose first argument names a field; ``optional`` counts those that may lack."""
    least = 0 if function in (_sum, _uniq, _compact) else 1
    return Filter(function, "list", gives, least, least + optional, field=True)


FILTERS: Mapping[str, Filter] = MappingProxyType(
    {
        "plus": Filter(_plus, "number", "number", 1, 1),
        "minus": Filter(_minus, "number", "number", 1, 1),
        "times": Filter(_arithmetic(ARITHMETIC.multiply), "number", "number", 1, 1),
        "divided_by": Filter(_arithmetic(ARITHMETIC.divide), "number", "number", 1, 1),
        "modulo": Filter(_arithmetic(ARITHMETIC.remainder), "number", "number", 1, 1),
        "round": Filter(_rounding(ROUND_HALF_UP), "number", "number", 0, 1),
        "floor": Filter(_rounding(ROUND_FLOOR), "number", "number", 0, 1),
        "ceil": Filter(_rounding(ROUND_CEILING), "number", "number", 0, 1),
        "abs": Filter(lambda value: ARITHMETIC.abs(number(value)), "number", "number"),
        "at_least": Filter(_at_least, "number", "number", 1, 1),
        "at_most": Filter(_at_most, "number", "number", 1, 1),
        "sum": _list_filter(_sum, "number", optional=1),
        "append": _text_filter(lambda a, b: a + b, 1, 1),
        "prepend": _text_filter(lambda a, b: b + a, 1, 1),
        "capitalize": _text_filter(str.capitalize),
        "downcase": _text_filter(str.lower),
        "upcase": _text_filter(str.upper),
        "strip": _text_filter(str.strip),
        "lstrip": _text_filter(str.lstrip),
        "rstrip": _text_filter(str.rstrip),
        "squish": _text_filter(lambda a: " ".join(a.split())),
        "strip_html": _text_filter(strip_tags),
        "strip_newlines": _text_filter(lambda a: re.sub(r"\r?\n", "", a)),
        "newline_to_br": _text_filter(lambda a: re.sub(r"\r?\n", "<br />\n", a)),
        "escape": _text_filter(html.escape),
        "replace": _text_filter(_replace, 1, 2),
        "replace_first": _text_filter(lambda a, b, c="": _replace(a, b, c, 1), 1, 2),
        "replace_last": _text_filter(_replace_last, 1, 2),
        "remove": _text_filter(_replace, 1, 1),
        "remove_first": _text_filter(lambda a, b: _replace(a, b, "", 1), 1, 1),
        "remove_last": _text_filter(_replace_last, 1, 1),
        "url_encode": _text_filter(urllib.parse.quote_plus),
        "url_decode": _text_filter(urllib.parse.unquote_plus),
        "slice": Filter(_slice, "any", "same", 1, 2),
        "split": Filter(_split, "text", "texts", 1, 1),
        "truncate": Filter(_truncate, "text", "text", 0, 2),
        "truncatewords": Filter(_truncatewords, "text", "text", 0, 2),
        "date": Filter(_date, "date", "text", 1, 1),
        "first": Filter(_first, "list", "element"),
        "last": Filter(_last, "list", "element"),
        "join": Filter(_join, "list", "text", 0, 1),
        "reverse": Filter(lambda value: _elements(value)[::-1], "list", "same"),
        "concat": Filter(_concat, "list", "any", 1, 1),
        "map": _list_filter(_map, "field"),
        "where": _list_filter(_where, "same", optional=1),
        "reject": _list_filter(_reject, "same", optional=1),
        "find": _list_filter(_find, "element", optional=1),
        "has": _list_filter(_has, "boolean", optional=1),
        "uniq": _list_filter(_uniq, "same", optional=1),
        "compact": _list_filter(_compact, "same", optional=1),
        "flatten": Filter(_flatten, "list", "any"),
        "list": Filter(as_list, "any", "any", 0, 1),
        "values": Filter(values_of, "any", "any"),
        "entries": Filter(entries, "any", "any", 0, 1),
        "pick": Filter(pick, "any", "any", 1, MAX_NAMES),
        "mentions": Filter(mentions, "any", "texts", 1, MAX_NAMES),
        "nulls": Filter(nulls, "any", "texts", 1, MAX_NAMES),
        "nonzero": Filter(nonzero, "any", "same"),
        "then": Filter(then, "any", "argument", 1, 1),
        "json": Filter(as_json, "any", "text"),
        "size": Filter(_size, "any", "number"),
        "default": Filter(default, "any", "default", 1, 1, keywords=frozenset({"allow_false"})),
    }
)
