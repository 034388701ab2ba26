"""What a test writes, made into what a mapping reads: whole, typed, and checked by its shape.

A test names only what it is about. ``complete`` fills in the rest: a field that may be null is
null, a list is empty, an object that must be there is made of its own fields, and a scalar gets a
value that is plainly nobody's. Shopify's JSON and plain lists are both taken for a connection, so
that an order as Shopify answers it can be pasted. A name that the shape does not have is reported:
a misspelt field would otherwise be a null that nobody meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from bridge.mapping.codes import Failed, listing, said_type, suggestion
from bridge.mapping.values import moment, number, text
from bridge.schema.shape import Shape

Path = tuple[str | int, ...]
Report = Callable[[Path, str, str], None]
"""``report(path, message, hint)``: what is wrong at a place of the input."""

Prepare = Callable[[Shape, object, Path], object]
"""What is known beyond the shape: gives the value with further fields filled in."""

# Nobody's: before the bridge existed, and recognisable in an output.
SAMPLE_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def as_written(_: Shape, value: object, __: Path) -> object:
    """Nothing is known beyond the shape."""
    return value


def complete(
    value: object,
    shape: Shape,
    report: Report,
    *,
    path: Path = (),
    strict: bool = True,
    prepare: Prepare = as_written,
) -> object:
    """``value`` as a source of this shape, with everything that the shape has.

    ``strict``: unknown names are reported. What is reported is null in the result.
    """
    return _Completer(report, prepare, strict=strict).value(value, shape, path)


class _Completer:
    """One input at work."""

    def __init__(self, report: Report, prepare: Prepare, *, strict: bool) -> None:
        self._report = report
        self._prepare = prepare
        self._strict = strict

    def value(self, given: object, shape: Shape, path: Path) -> object:
        """Any value."""
        if given is None:
            if not shape.nullable:
                self._report(path, f"{_name(path)} is never null", "leave it out")
            return None
        if shape.kind == "object":
            return self._object(self._prepare(shape, given, path), shape, path)
        if shape.kind == "list":
            return self._list(given, shape, path)
        return self._scalar(given, shape, path)

    def _object(self, given: object, shape: Shape, path: Path) -> object:
        if not isinstance(given, Mapping):
            self._wrong(path, given, f"an object ({shape.type_name})")
            return None
        for name in given if self._strict else ():
            if name not in shape.fields:
                hint = suggestion(name, shape.fields) or f"it has {listing(shape.fields)}"
                self._report((*path, name), f'unknown field "{name}" of {shape.type_name}', hint)
        return {
            name: self.value(given[name], inside, (*path, name))
            if name in given
            else self._absent(inside, (*path, name))
            for name, inside in shape.fields.items()
        }

    def _list(self, given: object, shape: Shape, path: Path) -> object:
        """A list; of a connection also as Shopify answers it, ``{nodes = […]}``."""
        if isinstance(given, Mapping) and shape.via:
            first, *rest = shape.via
            path = (*path, first)
            given = given.get(first, [])
            if rest and isinstance(given, list):
                given = [row.get(rest[0]) if isinstance(row, dict) else row for row in given]
        if not isinstance(given, list | tuple):
            self._wrong(path, given, "a list")
            return None
        of = shape.of
        if of is None:
            return list(given)
        return [self.value(element, of, (*path, i)) for i, element in enumerate(given)]

    def _scalar(self, given: object, shape: Shape, path: Path) -> object:
        if isinstance(given, Mapping | list) and shape.type_name != "JSON":
            self._wrong(path, given, "one value")
            return None
        if shape.values and given not in shape.values:
            hint = suggestion(str(given), shape.values) or f"it may be {listing(shape.values)}"
            self._report(path, f"{shape.type_name} has no value {text(given)!r}", hint)
        convert = _CONVERT.get(shape.type_name)
        if convert is None:
            return given
        try:
            return convert(given)
        except (Failed, ValueError) as error:
            said = error.message if isinstance(error, Failed) else "not an ISO 8601 date"
            self._report(path, f"{_name(path)}: {said}", "")
            return None

    def _absent(self, shape: Shape, path: Path) -> object:
        """What stands where the test says nothing."""
        if shape.nullable:
            return None
        if shape.kind == "list":
            return []
        if shape.kind == "object":
            return self._object(self._prepare(shape, {}, path), shape, path)
        if shape.values:
            return shape.values[0]
        return _SAMPLES.get(shape.type_name, "")

    def _wrong(self, path: Path, given: object, wanted: str) -> None:
        self._report(path, f"{_name(path)} is {wanted}, this is {said_type(given)}", "")


def strangers(value: object, shape: Shape, report: Report, path: Path = ()) -> None:
    """Report the names in a request that its shape does not have; values are judged elsewhere."""
    if isinstance(value, Mapping) and shape.kind == "object":
        for name, inside in value.items():
            known = shape.fields.get(name)
            if known is None:
                hint = suggestion(name, shape.fields) or f"it has {listing(shape.fields)}"
                report((*path, name), f'unknown field "{name}" of {shape.type_name}', hint)
            else:
                strangers(inside, known, report, (*path, name))
    elif isinstance(value, list) and shape.of is not None:
        for index, element in enumerate(value):
            strangers(element, shape.of, report, (*path, index))


def _name(path: Path) -> str:
    """The last name of a path, with the index behind it."""
    names = [p for p in path if isinstance(p, str)]
    return f'"{names[-1]}"' if names else "the input"


def _whole(value: object) -> int:
    return int(number(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Failed(f"{said_type(value)}, not true or false")
    return value


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(text(value))


_CONVERT: Final[Mapping[str, Callable[[object], object]]] = {
    "String": text,
    "ID": text,
    "UnsignedInt64": text,
    "Int": _whole,
    "Decimal": number,
    "Money": number,
    "Float": number,
    "DateTime": moment,
    "Date": _day,
    "Boolean": _flag,
}

_SAMPLES: Final[Mapping[str, object]] = {
    "Int": 0,
    "Decimal": Decimal(0),
    "Money": Decimal(0),
    "Float": Decimal(0),
    "Boolean": False,
    "DateTime": SAMPLE_TIME,
    "Date": SAMPLE_TIME.date(),
    "UnsignedInt64": "0",
}
