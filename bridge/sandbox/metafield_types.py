"""The types of metafields, and a light check of a value against each.

The names are Shopify's (documented). The messages of integer, boolean and date_time are captured;
the others, and what exactly is refused, are assumed: Shopify looks closer at JSON, references and
rich text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlsplit

_GID: Final = re.compile(r"gid://shopify/[A-Za-z]+/[^/\s]+")
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_ID: Final = re.compile(r"[^\s].*", re.DOTALL)
_MAX_LIST: Final = 128  # values of a list metafield; documented


def _is_integer(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", value) is not None


def _is_decimal(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value


def _content(value: str) -> object:
    """The JSON of a value; None when it is none."""
    try:
        return json.loads(value)
    except ValueError:
        return None


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    if parts.scheme in {"http", "https"}:
        return bool(parts.netloc)
    return parts.scheme in {"mailto", "sms", "tel"}


_UNITS: Final[Mapping[str, Mapping[str, str]]] = {
    "dimension": {
        "mm": "MILLIMETERS",
        "cm": "CENTIMETERS",
        "m": "METERS",
        "in": "INCHES",
        "ft": "FEET",
        "yd": "YARDS",
    },
    "volume": {
        "ml": "MILLILITERS",
        "cl": "CENTILITERS",
        "l": "LITERS",
        "m3": "CUBIC_METERS",
        "us_fl_oz": "FLUID_OUNCES",
        "us_pt": "PINTS",
        "us_qt": "QUARTS",
        "us_gal": "GALLONS",
        "imp_fl_oz": "IMPERIAL_FLUID_OUNCES",
        "imp_pt": "IMPERIAL_PINTS",
        "imp_qt": "IMPERIAL_QUARTS",
        "imp_gal": "IMPERIAL_GALLONS",
    },
    "weight": {"g": "GRAMS", "kg": "KILOGRAMS", "oz": "OUNCES", "lb": "POUNDS"},
}
"""What is measured, in short (documented for input) and in full (what is read)."""


def _unit(kind: str, unit: object) -> str | None:
    """The full name of a unit, given in short or in full."""
    units, wanted = _UNITS[kind], str(unit)
    if wanted.upper() in units.values():
        return wanted.upper()
    return units.get(wanted.lower())


def _measures(kind: str) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        content = _content(value)
        return (
            isinstance(content, Mapping)
            and _is_decimal(content.get("value"))
            and _unit(kind, content.get("unit")) is not None
        )

    return fits


def _is_money(value: str) -> bool:
    content = _content(value)
    return (
        isinstance(content, Mapping)
        and _is_decimal(content.get("amount"))
        and re.fullmatch(r"[A-Z]{3}", str(content.get("currency_code", ""))) is not None
    )


def _is_rating(value: str) -> bool:
    content = _content(value)
    if not isinstance(content, Mapping):
        return False
    parts = [content.get(name) for name in ("scale_min", "value", "scale_max")]
    if not all(_is_decimal(part) for part in parts):
        return False
    low, actual, high = (Decimal(str(part)) for part in parts)
    return low <= actual <= high


def _is_rich_text(value: str) -> bool:
    content = _content(value)
    return (
        isinstance(content, Mapping)
        and content.get("type") == "root"
        and isinstance(content.get("children"), list)
    )


def _refers(*kinds: str) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        return _GID.fullmatch(value) is not None and (
            not kinds or value.removeprefix("gid://shopify/").split("/", 1)[0] in kinds
        )

    return fits


def _is_text(value: str) -> bool:
    return bool(value)


Check = tuple[Callable[[str], bool], str]

_REFERENCE: Final = "Value must be a valid reference."
_MEASURE: Final = "Value must have a value and a unit that Shopify knows."

TYPES: Final[Mapping[str, Check]] = {
    "single_line_text_field": (
        lambda value: "\n" not in value,
        "Value must be a single line text string.",
    ),
    "multi_line_text_field": (_is_text, ""),
    "rich_text_field": (_is_rich_text, "Value must be a rich text document."),
    "number_integer": (_is_integer, "Value must be an integer."),
    "number_decimal": (_is_decimal, "Value must be a decimal."),
    "boolean": (lambda value: value in {"true", "false"}, "Value must be true or false."),
    "date": (_is_date, "Value must be in “YYYY-MM-DD” format. For example: 2022-06-01"),
    "date_time": (
        _is_date_time,
        "Value must be in “YYYY-MM-DDTHH:MM:SS” format. For example: 2022-06-01T15:30:00",
    ),
    "json": (_is_json, "Value is invalid JSON."),
    "id": (lambda value: _ID.fullmatch(value) is not None, "Value must be an identifier."),
    "url": (_is_url, "Value must be a URL with one of: http, https, mailto, sms, tel."),
    "color": (
        lambda value: _COLOR.fullmatch(value) is not None,
        "Value must be a hex color code, such as #fff123.",
    ),
    "money": (_is_money, "Value must have an amount and a currency_code."),
    "rating": (_is_rating, "Value must be within scale_min and scale_max."),
    "dimension": (_measures("dimension"), _MEASURE),
    "volume": (_measures("volume"), _MEASURE),
    "weight": (_measures("weight"), _MEASURE),
    "article_reference": (_refers("Article"), _REFERENCE),
    "collection_reference": (_refers("Collection"), _REFERENCE),
    "customer_reference": (_refers("Customer"), _REFERENCE),
    "file_reference": (_refers(), _REFERENCE),
    "metaobject_reference": (_refers("Metaobject"), _REFERENCE),
    "mixed_reference": (_refers(), _REFERENCE),
    "page_reference": (_refers("Page"), _REFERENCE),
    "product_reference": (_refers("Product"), _REFERENCE),
    "product_taxonomy_value_reference": (_refers("TaxonomyValue"), _REFERENCE),
    "variant_reference": (_refers("ProductVariant"), _REFERENCE),
}
"""A check and what to say for each type."""

_NO_LIST: Final = frozenset({"multi_line_text_field", "rich_text_field", "boolean", "json", "id"})
_MONEY_LIST: Final = frozenset({"money"})


def known(kind: str) -> bool:
    """Whether there is such a type; ``list.`` goes before most of them (documented)."""
    base = kind.removeprefix("list.")
    if base == kind:
        return kind in TYPES
    return base in TYPES and base not in _NO_LIST | _MONEY_LIST


def problem(kind: str, value: str) -> str | None:
    """What is wrong with a value of a known type, or None."""
    base = kind.removeprefix("list.")
    fits, message = TYPES[base]
    if base == kind:
        return None if fits(value) else message
    content = _content(value)
    if not isinstance(content, list):
        return "Value must be an array."
    if len(content) > _MAX_LIST:
        return f"Value must have at most {_MAX_LIST} elements."
    texts = [one if isinstance(one, str) else json.dumps(one) for one in content]
    return None if all(fits(text) for text in texts) else message


def stored(kind: str, value: str) -> str:
    """How a valid value is kept: measures as ``{"value":2.5,"unit":"KILOGRAMS"}``.

    Assumed, after what developers report; all else is kept as it came.
    """
    base = kind.removeprefix("list.")
    if base not in _UNITS:
        return value
    content = json.loads(value)
    rows = content if isinstance(content, list) else [content]
    kept = [{"value": float(row["value"]), "unit": _unit(base, row["unit"])} for row in rows]
    return json.dumps(kept if isinstance(content, list) else kept[0], separators=(",", ":"))
