"""``bulkOperation`` and ``bulkOperations``.

Captured: the newest first, and ``reverse`` turns that round; what has no ``completedAt`` comes
last; cursors as from the database; a value that a filter does not know gives nothing and a
warning, an unknown filter everything and a warning; the id of another type is an error, an
unknown one null. Assumed: that the case of a filter's value does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Unpack
from zoneinfo import ZoneInfo

from bridge.sandbox.bulk import BulkOperation
from bridge.sandbox.errors import expect_gid
from bridge.sandbox.info import Info, Page
from bridge.sandbox.matching import Value, matcher
from bridge.sandbox.paging import Row, Window, sorted_page
from bridge.sandbox.search import All, Fields, Not, Query, Some, Term, Tree, parse

_FIELDS: Final = Fields(
    frozenset({"id", "status", "operation_type", "created_at"}), frozenset(), "bulk operations"
)
_ACCEPTED: Final[Mapping[str, frozenset[str]]] = {
    "operation_type": frozenset({"query", "mutation"}),
    "status": frozenset({"canceled", "canceling", "completed", "created", "failed", "running"}),
}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _by_id(_root: object, info: Info, id: str) -> object:
    wanted = expect_gid(id, BulkOperation.gql_type)
    return next((one for one in info.context.bulk.operations if one.id == wanted), None)


def _list(
    _root: object,
    info: Info,
    query: str | None = None,
    sortKey: str | None = None,
    **page: Unpack[Page],
) -> object:
    context = info.context
    found: list[BulkOperation] = list(context.bulk.operations)
    if query is not None and query.strip():
        zone = ZoneInfo(context.store.shop.iana_timezone)
        parsed = parse(query, _FIELDS, zone)
        bad = list(_unaccepted(parsed.used))
        parsed.warnings += bad
        if parsed.warnings:
            context.searches.append(parsed.report(list(context.path)))
        found = [] if bad else _matching(found, parsed, zone)
    by_end = sortKey == "COMPLETED_AT"
    rows = [
        Row(one, one.number_id, (one.completed_at or _NEVER) if by_end else one.created_at)
        for one in found
    ]
    window = Window(
        page.get("first"),
        page.get("last"),
        page.get("after"),
        page.get("before"),
        not page.get("reverse"),  # the newest first is the list's own order
    )
    return sorted_page(rows, window, indexed=False)


def _matching(found: list[BulkOperation], query: Query, zone: ZoneInfo) -> list[BulkOperation]:
    fits = matcher(query.used, zone)
    return [one for one in found if fits(_values(one))]


def _values(one: BulkOperation) -> dict[str, Value]:
    return {
        "id": one.number_id,
        "status": frozenset({one.status.lower()}),
        "operation_type": frozenset({one.type.lower()}),
        "created_at": one.created_at,
    }


def _unaccepted(tree: Tree) -> Iterator[dict[str, str]]:
    """A warning for each value that its filter does not know."""
    match tree:
        case Term(name, _, value, _):
            accepted = _ACCEPTED.get(name)
            if accepted is not None and value.lower() not in accepted:
                message = f"Input `{value}` is not an accepted value."
                yield {"field": name, "message": message, "code": "invalid_value"}
        case Not(inner):
            yield from _unaccepted(inner)
        case All(parts) | Some(parts):
            for part in parts:
                yield from _unaccepted(part)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "QueryRoot": {"bulkOperation": _by_id, "bulkOperations": _list}
}
