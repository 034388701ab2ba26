"""``orderClose`` and ``orderOpen``: archiving; a repeat succeeds and changes nothing (captured)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model_orders import Order

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]


def _missing() -> Row:
    return {"order": None, "userErrors": [{"field": ["id"], "message": "Order does not exist"}]}


def close(_root: object, info: Info, input: Row) -> Row:
    """Close an order, whatever is left to do in it; ``closedAt`` stays at the first (captured)."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, input["id"])
    if order is None:
        return _missing()
    if order.closed_at is None:
        order.closed_at = store.clock()
        store.touch(order)
        store.record("orderClose", order=order.id, ids=[order.id])
    return {"order": order, "userErrors": []}


def reopen(_root: object, info: Info, input: Row) -> Row:
    """Open a closed order."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, input["id"])
    if order is None:
        return _missing()
    if order.cancelled_at is not None:
        raise NotModelled("opening an order that was cancelled")
    if order.closed_at is not None:
        order.closed_at = None
        store.touch(order)
        store.record("orderOpen", order=order.id, ids=[order.id])
    return {"order": order, "userErrors": []}
