"""What is certain of a comparison and of a filter's arguments before there is data.

Numbers compare with numbers, texts with texts, times with times. What compares anything else
fails for every order, or never holds: both are found here, from the shapes alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from bridge.mapping import shapes
from bridge.mapping.codes import Failed
from bridge.mapping.filters import Filter
from bridge.mapping.shapes import FAMILY_NAMES, Family
from bridge.mapping.values import number
from bridge.schema.shape import Shape

# Scalars that come as Shopify sends them: as a text, although they are written as a date or a
# number in its reference. What they compare with is left to run time.
_AS_SENT = frozenset({"Date", "BigInt"})
_ORDERED = frozenset({"number", "text", "date"})

Wrong = tuple[str, str, str]
"""Code, message, hint."""


def family_of(shape: Shape | None) -> Family | None:
    """The family that a value of this shape has for certain when it is compared."""
    return None if shape is not None and shape.type_name in _AS_SENT else shapes.family(shape)


def wrong_comparison(
    operation: str, left: Shape | None, right: Shape | None, literal: object = None
) -> Wrong | None:
    """What is wrong with ``left operation right``, or nothing.

    ``operation`` is the name of python-liquid's node; ``literal`` the side that is written out.
    """
    one, other = family_of(left), family_of(right)
    if operation == "ContainsExpression":
        return _wrong_contains(left, one, other)
    if operation in ("EqExpression", "NeExpression"):
        if one is None or other is None or one == other:
            return None
        holds = "never" if operation == "EqExpression" else "always"
        message = f"{FAMILY_NAMES[one]} never equals {FAMILY_NAMES[other]}: this {holds} holds"
        return "M602", message, _quotes(one, other, literal)
    for found in (one, other):
        if found is not None and found not in _ORDERED:
            message = f"{FAMILY_NAMES[found]} is neither greater nor less than anything"
            return "M302", message, "< and > compare numbers, texts and times"
    if one is None or other is None or one == other:
        return None
    message = f"{FAMILY_NAMES[one]} cannot be compared with {FAMILY_NAMES[other]}"
    return "M302", message, _quotes(one, other, literal)


def _wrong_contains(left: Shape | None, one: Family | None, other: Family | None) -> Wrong | None:
    if one not in (None, "text", "list"):
        message = f"{FAMILY_NAMES[one or 'text']} contains nothing"
        return "M302", message, "contains asks a text for a part, a list for an element"
    if one == "text" and other in ("list", "object"):
        message = f"a text does not contain {FAMILY_NAMES[other or 'list']}"
        return "M302", message, "name the list first: list contains text"
    element = family_of(left.of) if one == "list" and left is not None else None
    if element is None or other is None or element == other:
        return None
    return "M602", f"a list of {element}s never contains {FAMILY_NAMES[other]}", ""


def _quotes(one: Family, other: Family, literal: object) -> str:
    """The remedy for a number or a boolean that was written as a text, or the reverse."""
    kinds = {one, other} - {"text"}
    if kinds == {"number"} and isinstance(literal, int | Decimal):
        return f"write '{literal}' in quotes"
    if not isinstance(literal, str) or len(kinds) != 1:
        return ""
    if kinds == {"boolean"} and literal in ("true", "false"):
        return f"write {literal} without quotes"
    if kinds == {"number"}:
        try:
            number(literal)
        except Failed:
            return ""
        return f"write {literal} without quotes"
    return ""


# A value of each kind with which a filter's fixed arguments are tried.
_SAMPLES: Mapping[str, object] = MappingProxyType(
    {"number": Decimal(1), "text": "1", "list": (), "date": datetime(2026, 1, 1, tzinfo=UTC)}
)


def wrong_arguments(spec: Filter, values: Sequence[object]) -> str:
    """What the filter says of fixed arguments that fit no value; nothing when it takes them."""
    if not spec.pure or spec.takes not in _SAMPLES:
        return ""
    try:
        spec.function(_SAMPLES[spec.takes], *values)
    except Failed as failed:
        return failed.message
    return ""


def wrong_argument(spec: Filter, name: str, shape: Shape | None) -> str:
    """What is wrong with an argument of this shape; nothing when it may fit."""
    found = shapes.family(shape)
    if found is None or not spec.pure or spec.field:
        return ""
    fits = {
        "number": found in ("number", "text"),
        "text": found not in ("list", "object"),
        "list": found == "list" if name == "concat" else found not in ("list", "object"),
    }.get(spec.takes, True)
    if fits:
        return ""
    wanted = "a list" if name == "concat" else "one text"
    wanted = "a number" if spec.takes == "number" else wanted
    return f'"{name}" takes {wanted}, this is {FAMILY_NAMES[found]}'
