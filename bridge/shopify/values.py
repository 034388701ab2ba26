"""Answers as Python values: what mappings and actions compute with.

Typed by the operation's own shape, not by guessing: a connection becomes the list of its nodes,
``Decimal``, ``Money`` and ``Float`` become Decimal, ``DateTime`` an aware datetime, ``Date`` a
date. Ids, enums and 64-bit numbers stay the strings that Shopify sends. What is null stays null,
what is absent (``@include``) stays absent. Read ``pageInfo`` from the raw data before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from bridge.errors import ShopifyBroken
from bridge.schema.shape import Shape
from bridge.shopify.documents import Operation

Convert = Callable[[Any], Any]


def plain(data: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """A whole ``Reply.data`` of ``operation`` as Python values; the raw data is not touched.

    Raises ShopifyBroken when a value is not what the schema says it is.
    """
    convert = _converter(operation)
    return dict(data) if convert is None else convert(data)


@lru_cache(maxsize=512)  # some 60 operations, batches of each size; reloads make further ones
def _converter(operation: Operation) -> Convert | None:
    """One converter an operation: its shape does not change."""
    return _compile(operation.shape())


def _compile(shape: Shape) -> Convert | None:
    """What turns a value of this shape into Python's; None when it stays as it is.

    Compiled once, so that an order of 200 fields costs only the 40 that change.
    """
    if shape.kind == "scalar":
        convert = _SCALARS.get(shape.type_name)
        return None if convert is None else _checked(convert, shape.type_name)
    if shape.kind == "list":
        return _list(shape)
    fields = {name: _compile(field) for name, field in shape.fields.items() if not _apart(field)}
    changed = [(name, convert) for name, convert in fields.items() if convert is not None]
    apart = next(((name, field) for name, field in shape.fields.items() if _apart(field)), None)
    if apart is not None:
        return _with_metafields(_object(changed), *apart)
    return _object(changed) if changed else None


def _apart(shape: Shape) -> bool:
    """Whether a field's own fields stand beside it in the raw answer: metafields."""
    return shape.kind == "object" and bool(shape.via)


def _with_metafields(whole: Convert, gathered: str, shape: Shape) -> Convert:
    names = [(name, f"{shape.via[0]}{name}") for name in shape.fields]

    def convert(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
        out = whole(value)
        if out is None:
            return None
        found = {name: out.pop(raw, None) for name, raw in names}
        out[gathered] = {name: one and one["value"] for name, one in found.items()}
        return dict(out)

    return convert


def _object(changed: list[tuple[str, Convert]]) -> Convert:
    def convert(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        out = dict(value)
        for name, field in changed:
            if (found := out.get(name)) is not None:
                out[name] = field(found)
        return out

    return convert


def _list(shape: Shape) -> Convert | None:
    element = _compile(shape.of) if shape.of is not None else None
    if not shape.via and element is None:
        return None
    first, *rest = shape.via or ("nodes",)

    def convert(value: Mapping[str, Any] | Sequence[Any] | None) -> list[Any] | None:
        if value is None:
            return None
        rows: Sequence[Any] = value[first] if isinstance(value, Mapping) else value
        for step in rest:
            rows = [row[step] for row in rows]
        return list(rows) if element is None else [element(row) for row in rows]

    return convert


def _checked(convert: Convert, type_name: str) -> Convert:
    def checked(value: object) -> object:
        if value is None:
            return None
        try:
            return convert(value)
        except (ValueError, TypeError, InvalidOperation):
            raise ShopifyBroken(f"Shopify sent a {type_name} that is none") from None

    return checked


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time


def _number(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


_SCALARS: Final[Mapping[str, Convert]] = {
    "Decimal": _number,
    "Money": _number,
    "Float": _number,
    "DateTime": _time,
    "Date": date.fromisoformat,
}
