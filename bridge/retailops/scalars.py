"""Tolerant scalars: what RetailOps really sends, read into what we can work with.

The official request schemas say ``integer``; the callers send ``"24"``, ``24.0`` and ``null``
(design notes: protocol, "For every action"). Each type here takes every spelling that means
one thing, and refuses what means nothing. A boolean is never a number. Messages name no
value, because a value may be a customer's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationError, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

T = TypeVar("T")

# Largest power of ten that a number may reach. No price, quantity or id comes near; without
# a bound the six bytes 1e9999 would be written out as ten thousand digits.
MAX_EXPONENT = 18
MAX_DIGITS = 40  # a double written in full has 17; a generous twice of it
INT64 = 2**63  # ids and quantities are 64-bit integers at Shopify

# A unix time above this is in milliseconds: in seconds it would be the year 5138.
MILLISECONDS_FROM = 100_000_000_000
YEAR_9999 = 253_402_300_799  # the last second that datetime can hold

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0", "", "null", "none"})


def read_number(value: object) -> Decimal | None:
    """A finite Decimal, or None for null and blank text.

    Takes ``24``, ``24.0``, ``"24"``, ``" 24.50 "``, ``"1e2"``. Floats are read by their
    shortest decimal text, so that 9.99 stays 9.99.

    Raises:
        PydanticCustomError: A boolean, other text, a list or object, NaN, or out of range.
    """
    match value:
        case None:
            return None
        case bool():
            raise PydanticCustomError("not_a_number", "is a boolean where a number belongs")
        case int() | float() | Decimal():
            number = _finite(value)
        case str() if not value.strip():
            return None
        case str():
            number = _from_text(value.strip())
        case _:
            raise PydanticCustomError("not_a_number", "is not a number")
    if number and (abs(number.adjusted()) > MAX_EXPONENT or len(number.as_tuple()[1]) > MAX_DIGITS):
        raise PydanticCustomError("number_range", "is out of every sensible range")
    return number if number else Decimal(0)


def _finite(value: float | Decimal) -> Decimal:
    if isinstance(value, int) and abs(value) >= 10 ** (MAX_EXPONENT + 1):
        raise PydanticCustomError("number_range", "is out of every sensible range")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise PydanticCustomError("not_a_number", "is not a finite number")
    return number


def _from_text(text: str) -> Decimal:
    if len(text) > 2 * MAX_DIGITS or not _NUMBER.fullmatch(text):
        raise PydanticCustomError("not_a_number", "is text that is not a number")
    return Decimal(text)


def read_integer(value: object) -> int | None:
    """A 64-bit integer, or None for null and blank text. ``24.0`` and ``"24.0"`` are 24.

    Raises:
        PydanticCustomError: Not a number, or one with a fraction, or beyond 64 bits.
    """
    if type(value) is int and -INT64 <= value < INT64:
        return value  # nearly always: a push of 500 rows has some thousand of them
    number = read_number(value)
    if number is None:
        return None
    whole = int(number)
    if whole != number:
        raise PydanticCustomError("not_whole", "is not a whole number")
    if not -INT64 <= whole < INT64:
        raise PydanticCustomError("number_range", "is out of every sensible range")
    return whole


def read_id(value: object) -> int | None:
    """A positive id. 0, which the official examples carry, is as good as absent."""
    number = read_integer(value)
    return number if number is not None and number > 0 else None


def read_text(value: object) -> str | None:
    """Text as it stands; blank text and null are None. A number is its plain decimal text.

    Raises:
        PydanticCustomError: A boolean, a list or an object.
    """
    if isinstance(value, str):
        return value if value.strip() else None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("not_text", "is not text")
    number = read_number(value)
    if number is None or not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def read_refnum(value: object) -> str | None:
    """A reference number: text without blanks around it, or None."""
    text = read_text(value)
    return text.strip() if text is not None else None


def read_rma_id(value: object) -> str | None:
    """An RMA id. The official example says ``"null"``, as text, for none; 0 is none too."""
    text = read_refnum(value)
    return None if text is None or text.lower() in {"null", "0"} else text


def read_flag(value: object) -> bool:
    """A boolean in any spelling: true, 1, ``"true"``, ``"1"``, ``"yes"``; null is False.

    Three official schemas type ``removed`` as a string whose only values are booleans, so
    that nothing satisfies them; callers send what their language makes of it.

    Raises:
        PydanticCustomError: A number other than 0 and 1, other text, a list or an object.
    """
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    elif isinstance(value, int | float | Decimal) and read_number(value) in (0, 1):
        return bool(value)
    raise PydanticCustomError("not_a_flag", "is neither true nor false")


def read_moment(value: object) -> datetime | None:
    """An aware datetime from ISO 8601 or unix time, or None when it cannot be read.

    Dates of RetailOps inform and decide nothing, and the official example's
    ``estimated_availability_date`` is the word ``string``: an unreadable one is absent.
    Without an offset UTC is meant. Numbers (also as text) are seconds, or milliseconds
    from 100,000,000,000 on.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        texts = isinstance(value, str) and not _NUMBER.fullmatch(value.strip())
        seconds = None if texts else read_number(value)
    except PydanticCustomError:
        seconds = None
    if seconds is not None:
        if seconds >= MILLISECONDS_FROM:
            seconds /= 1000
        # 0 is how several languages write "no date"
        if not 0 < seconds <= YEAR_9999:
            return None
        return datetime.fromtimestamp(float(seconds), UTC)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_list(value: object) -> object:
    """A list; null, ``""`` and ``{}`` are empty, null elements are dropped.

    Raises:
        PydanticCustomError: Anything else.
    """
    if value is None or value in ("", {}):
        return ()
    if isinstance(value, list | tuple):
        return tuple(element for element in value if element is not None)
    raise PydanticCustomError("not_a_list", "is not a list")


def read_object(value: object) -> object:
    """An object; null, ``""`` and ``[]`` are the empty one."""
    return {} if value is None or value in ("", [], ()) else value


def _or_none(value: object, handler: Callable[[object], object]) -> object:
    try:
        return handler(value)
    except ValidationError:
        return None


# What we really take, for the OpenAPI document: a schema that said "integer" would be wrong.
_NUMERIC = r"^\s*([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?)?\s*$"
_TEXTUAL: Mapping[str, Any] = {"type": ["string", "number", "null"]}
_WHOLE: Mapping[str, Any] = {
    "anyOf": [
        {"type": "number", "multipleOf": 1},
        {"type": "string", "pattern": r"^\s*([+-]?\d+(\.0*)?)?\s*$"},
        {"type": "null"},
    ]
}

Number = Annotated[
    Decimal | None,
    BeforeValidator(read_number),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _NUMERIC}, {"type": "null"}]}
    ),
]
"""Decimal or None: a number, a numeric string or null."""

Integer = Annotated[int | None, BeforeValidator(read_integer), WithJsonSchema(dict(_WHOLE))]
"""int or None: a whole number in any spelling, or null."""

Id = Annotated[int | None, BeforeValidator(read_id), WithJsonSchema(dict(_WHOLE))]
"""A positive int or None: 0, negative and null are absent."""

Text = Annotated[str | None, BeforeValidator(read_text), WithJsonSchema(dict(_TEXTUAL))]
"""str or None: text or a number; blank and null are absent."""

Refnum = Annotated[str | None, BeforeValidator(read_refnum), WithJsonSchema(dict(_TEXTUAL))]
"""str or None, without blanks around it."""

RmaId = Annotated[str | None, BeforeValidator(read_rma_id), WithJsonSchema(dict(_TEXTUAL))]
"""str or None; ``"null"`` and 0 are absent."""

Flag = Annotated[
    bool,
    BeforeValidator(read_flag),
    WithJsonSchema({"enum": [True, False, 0, 1, "true", "false", "0", "1", "yes", "no", "", None]}),
]
"""bool: true and false in any spelling; null is False."""

Moment = Annotated[
    datetime | None,
    BeforeValidator(read_moment),
    WithJsonSchema({"type": ["string", "number", "null"], "description": "ISO 8601 or unix time"}),
]
"""An aware datetime or None."""

Many = Annotated[tuple[T, ...], BeforeValidator(read_list)]
"""A tuple: a list, or null for the empty one."""

Child = Annotated[T, BeforeValidator(read_object)]
"""An object: null and ``[]`` are the empty one."""

Courtesy = Annotated[T, WrapValidator(_or_none)]
"""Something that we never refuse a call for: what cannot be read is None."""
