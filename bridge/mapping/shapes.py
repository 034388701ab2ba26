"""What a value will be, as far as it is known before there is data.

A shape is ``bridge.schema.shape.Shape``, or None where nothing is known. *Certain* mistakes are
found with it at load; what is uncertain is left to run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bridge.mapping.codes import listing, suggestion
from bridge.schema.shape import Shape

Family = Literal["text", "number", "boolean", "date", "list", "object"]

# Shopify's scalars by what a mapping can do with them. Not listed, so not judged: JSON, and
# UnsignedInt64, whose values are texts of digits and serve as both.
_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "String": "text",
        "ID": "text",
        "URL": "text",
        "HTML": "text",
        "FormattedString": "text",
        "Color": "text",
        "Int": "number",
        "Float": "number",
        "Decimal": "number",
        "Money": "number",
        "BigInt": "number",
        "Boolean": "boolean",
        "DateTime": "date",
        "Date": "date",
    }
)

FAMILY_NAMES: Mapping[Family, str] = MappingProxyType(
    {
        "text": "a text",
        "number": "a number",
        "boolean": "a boolean",
        "date": "a date",
        "list": "a list",
        "object": "an object",
    }
)

# A value of any shape: whoever sends it decides, so no name below it is unknown, and what is not
# there is null. Everything that is taken out of such a value is one too.
ANY = Shape(kind="scalar", type_name="Any", nullable=True)
TEXT = Shape(kind="scalar", type_name="String", nullable=True)
NUMBER = Shape(kind="scalar", type_name="Decimal", nullable=True)
BOOLEAN = Shape(kind="scalar", type_name="Boolean", nullable=True)
TEXTS = Shape(kind="list", type_name="String", nullable=True, of=TEXT)


def family(shape: Shape | None) -> Family | None:
    """The family of a shape; None when it is not known."""
    if shape is None:
        return None
    if shape.kind != "scalar":
        return shape.kind
    if shape.values:
        return "text"
    return _FAMILIES.get(shape.type_name)


def step(shape: Shape | None, segment: str | int) -> tuple[Shape | None, str, str]:
    """One segment of a path: (shape behind it, what is wrong or nothing, hint)."""
    known = family(shape)
    found: Shape | None = None
    wrong = hint = ""
    if shape == ANY:
        found = ANY
    elif shape is None or known is None or (known == "object" and not shape.fields):
        pass  # JSON, or a scalar that we do not know: judged at run time
    elif known == "object" and isinstance(segment, str) and segment in shape.fields:
        found = shape.fields[segment]
    elif segment == "size" and known in ("list", "text"):
        found = NUMBER
    elif known == "list" and (isinstance(segment, int) or segment in ("first", "last")):
        found = shape.of
    elif known == "object":
        wrong = f'unknown field "{segment}" of {shape.type_name}'
        hint = suggestion(str(segment), shape.fields) or f"it has {listing(shape.fields)}"
    elif known == "list":
        wrong = f'a list of {shape.type_name} has no field "{segment}"'
        hint = "take one element ([0], first), or map it"
    else:
        wrong = f'{FAMILY_NAMES[known]} ({shape.type_name}) has no field "{segment}"'
    return found, wrong, hint


def either(one: Shape | None, other: Shape | None) -> Shape | None:
    """The shape of a value that is the one or the other: known only when both are alike."""
    if ANY in (one, other):
        return ANY
    return one if one is not None and family(one) == family(other) else None
