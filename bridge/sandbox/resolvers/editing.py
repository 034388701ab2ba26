"""What goes on at orders: jobs, and edits that are being prepared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from bridge.sandbox.editing import EditSession
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model_orders import Order


def _job(_root: object, info: Info, id: str) -> object:
    """A job; one that nobody knows reports that it is done (captured)."""
    store = info.context.store
    store.settle()
    return store.jobs.get(id) or {"id": id, "done": True, "query": {}}


def _lines(
    session: EditSession, info: Info, query: str | None = None, **page: Unpack[Page]
) -> object:
    """The lines that the order had before (captured: without those that are added)."""
    if query:
        raise NotModelled("the argument query of lineItems")
    return info.context.paginate(session.existing, **page)


def _added(session: EditSession, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(session.added, **page)


def _units(order: Order, _info: object) -> int:
    """The current units of all lines (captured after an edit)."""
    return sum(line.current_quantity for line in order.lines)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "QueryRoot": {"job": _job},
    "Order": {"currentSubtotalLineItemsQuantity": _units},
    "CalculatedOrder": {"lineItems": _lines, "addedLineItems": _added},
}
