"""Connections: windows, cursors and pages, as Shopify cuts them.

Captured: a cursor is base64 of ``{"last_id", "last_value"}``; ordered by a time, ``last_value`` is
``"2026-06-22 22:34:00.609599"`` when the database answered and whole milliseconds when the search
index did; an empty page has two null cursors. Neither or both of ``first`` and ``last`` is an
error. Assumed: the words for a cursor that cannot be read and for a window over 250.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bridge.sandbox.documents import SortValue
from bridge.sandbox.errors import window_error

MAX_WINDOW: Final = 250  # documented: at most 250 rows a page


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: the object, its number, and what the list is ordered by."""

    node: object
    number: int
    value: SortValue


@dataclass(frozen=True, slots=True)
class Window:
    """The paging arguments of a connection field."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    reverse: bool = False

    def check(self) -> None:
        """Raise Shopify's error for a window that cannot be cut."""
        if self.first is None and self.last is None:
            raise window_error("you must provide one of first or last")
        if self.first is not None and self.last is not None:
            raise window_error("providing both first and last is not supported")
        for name, size in (("first", self.first), ("last", self.last)):
            if size is not None and size > MAX_WINDOW:
                raise window_error(f"{name} cannot exceed {MAX_WINDOW}, but {size} was given")
            if size is not None and size < 0:
                raise window_error(f"{name} must be 0 or more, but {size} was given")


class Connection(dict[str, Any]):
    """One page: ``nodes`` and ``pageInfo``, and ``edges`` made when they are asked for."""

    def __init__(self, rows: Sequence[Row], *, indexed: bool, before: bool, after: bool) -> None:
        self.rows = rows
        self.indexed = indexed
        super().__init__(
            nodes=[row.node for row in rows],
            pageInfo={
                "hasNextPage": after,
                "hasPreviousPage": before,
                "startCursor": encode(rows[0], indexed=indexed) if rows else None,
                "endCursor": encode(rows[-1], indexed=indexed) if rows else None,
            },
        )

    def __missing__(self, key: str) -> list[dict[str, Any]]:
        """``edges``: each row with its cursor."""
        if key != "edges":
            raise KeyError(key)
        return [
            {"cursor": encode(row, indexed=self.indexed), "node": row.node} for row in self.rows
        ]


def sorted_page(rows: Sequence[Row], window: Window, *, indexed: bool) -> Connection:
    """A page of a list that has a sort order: found again by value, even if the row has gone."""
    window.check()
    keyed = sorted(
        ((_comparable(row.value, indexed), row.number, row) for row in rows),
        key=lambda item: item[:2],
        reverse=window.reverse,
    )
    start, stop = 0, len(keyed)
    for cursor, is_start in ((window.after, True), (window.before, False)):
        if cursor is None:
            continue
        at = decode(cursor)
        limit = (_comparable(at.value, indexed), at.number)
        try:
            passed = sum(
                (item[:2] > limit) if window.reverse else (item[:2] < limit) for item in keyed
            )
        except TypeError as error:
            raise _bad_cursor() from error
        if is_start:
            start = passed + sum(item[:2] == limit for item in keyed)
        else:
            stop = passed
    return _cut([item[2] for item in keyed], start, stop, window, indexed=indexed)


def listed_page(nodes: Sequence[Any], window: Window) -> Connection:
    """A page of a list in its own order, such as the lines of an order."""
    window.check()
    rows = [Row(node, _number(node, n), _number(node, n)) for n, node in enumerate(nodes, 1)]
    if window.reverse:
        rows.reverse()
    start, stop = 0, len(rows)
    if window.after is not None:
        start = _place(rows, window.after) + 1
    if window.before is not None:
        stop = _place(rows, window.before)
    return _cut(rows, start, stop, window, indexed=False)


def _number(node: object, default: int) -> int:
    number = getattr(node, "number_id", default)
    return number if isinstance(number, int) else default


def _place(rows: Sequence[Row], cursor: str) -> int:
    number = decode(cursor).number
    found = next((i for i, row in enumerate(rows) if row.number == number), None)
    if found is None:
        raise _bad_cursor()
    return found


def _cut(
    rows: Sequence[Row], start: int, stop: int, window: Window, *, indexed: bool
) -> Connection:
    if window.first is not None:
        stop = min(stop, start + window.first)
    elif window.last is not None:
        start = max(start, stop - window.last)
    return Connection(
        rows[start:stop],
        indexed=indexed,
        before=bool(rows) and start > 0,
        after=stop < len(rows),
    )


def _comparable(value: SortValue, indexed: bool) -> SortValue:
    """The index knows times to the second only (captured)."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0) if indexed else value
    return value.lower() if isinstance(value, str) else value


def encode(row: Row, *, indexed: bool) -> str:
    """The cursor of a row."""
    value: int | str
    if isinstance(row.value, datetime):
        moment = row.value.astimezone(UTC)
        value = (
            int(moment.timestamp()) * 1000 if indexed else moment.strftime("%Y-%m-%d %H:%M:%S.%f")
        )
    else:
        value = row.value
    # captured cursors have no blanks between the members
    text = json.dumps({"last_id": row.number, "last_value": value}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def decode(cursor: str) -> Row:
    """What a cursor says, without its node."""
    try:
        content: Mapping[str, Any] = json.loads(base64.b64decode(cursor, validate=True))
        number, value = int(content["last_id"]), content["last_value"]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise _bad_cursor() from error
    return Row(None, number, _sort_value(number, value))


def _sort_value(number: int, value: object) -> SortValue:
    if isinstance(value, str):
        try:
            return datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
        except ValueError:
            return value
    if isinstance(value, int):
        # milliseconds since 1970 from the index; an id orders a list by itself
        return value if value == number else _moment(value)
    raise _bad_cursor()


def _moment(value: int) -> SortValue:
    # order numbers and quantities stay far below the milliseconds of any year after 1980
    return datetime.fromtimestamp(value / 1000, UTC) if value > 315_532_800_000 else value


def _bad_cursor() -> Exception:
    return window_error("Invalid cursor for current pagination sort.")
