"""Numbers, texts and dates as a mapping sees them: exact, bounded, never a float.

All arithmetic goes through one decimal context of our own, so that it depends neither on the
thread's context nor on the order of calls. Every function is pure and raises ``Failed`` with a
message that names kinds, never values: they may be a customer's.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from bridge.mapping.codes import Failed, said_type

# 38 digits: what fits a DECIMAL(38) and is twice the digits of Shopify's widest number, an
# UnsignedInt64 (20), so that a product of two such numbers is still exact within a few digits.
DIGITS = 38
ARITHMETIC = Context(
    prec=DIGITS, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow]
)

# One text that a mapping makes. Shopify's own largest text fields hold 65,535 characters; with
# this bound a replacement inside such a text cannot grow into gigabytes.
MAX_TEXT = 1_000_000

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\s*")


def number(value: object) -> Decimal:
    """A Decimal of a number or of a text that is one (``"9.99"``; no exponent, no thousands)."""
    if isinstance(value, Decimal):
        found = value
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 4 * DIGITS:  # before str(), which is slow and refuses long ones
            raise Failed(f"a number of more than {DIGITS} digits")
        found = Decimal(value)
    elif isinstance(value, float):
        found = Decimal(repr(value))  # the shortest decimal that is this float
    elif isinstance(value, str):
        if len(value) > 4 * DIGITS or _NUMBER.fullmatch(value) is None:
            raise Failed("a text that is not a number")
        found = Decimal(value.strip())
    else:
        raise Failed(f"{said_type(value)}, not a number")
    if not found.is_finite() or (found and abs(found.adjusted()) >= DIGITS):
        raise Failed(f"a number of more than {DIGITS} digits")
    return found


def whole(value: object) -> int:
    """An int of a whole number; 3.0 is one, 3.5 is not."""
    found = number(value)
    if found != found.to_integral_value():
        raise Failed("a number with a fraction, not a whole number")
    return int(found)


def plain(value: Decimal) -> str:
    """A Decimal as people write it: never with an exponent."""
    return format(value, "f")


def rfc3339(value: datetime) -> str:
    """``2026-01-31T12:00:00+01:00``; a time without an offset is refused."""
    if value.utcoffset() is None:
        raise Failed("a time without an offset from UTC")
    return value.isoformat()


def moment(value: object) -> datetime:
    """An aware datetime of a datetime or an ISO 8601 text with offset."""
    if isinstance(value, str) and len(value) <= 40:  # the longest ISO form has 32
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Failed("a text that is not an ISO 8601 time") from None
    if not isinstance(value, datetime):
        raise Failed(f"{said_type(value)}, not a time")
    if value.utcoffset() is None:
        raise Failed("a time without an offset from UTC")
    return value


def text(value: object) -> str:
    """A text of any single value: numbers plain, dates in RFC 3339, booleans true and false."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal, float)):
        return plain(number(value))
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    raise Failed(f"{said_type(value)}, not a single value")


def bounded(value: str) -> str:
    """The text itself, unless it is longer than ``MAX_TEXT``."""
    if len(value) > MAX_TEXT:
        raise Failed(f"a text of more than {MAX_TEXT:,} characters")
    return value


# Kinds are asked for in tuples here and in its neighbours: ``int | Decimal`` is a new object
# each time, and a value is asked some thousand times in a page of orders.
def is_empty(value: object) -> bool:
    """Whether a value counts as no value: null, empty text, empty list, empty object."""
    return not value and (value is None or isinstance(value, (str, list, dict, tuple)))
