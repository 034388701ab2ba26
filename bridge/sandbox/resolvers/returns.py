"""Returns: what can be sent back, what is on its way, and the library of reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Unpack

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model import gid
from bridge.sandbox.model_fulfillment import Fulfillment, Return
from bridge.sandbox.model_orders import Order
from bridge.sandbox.returning import REASONS, ReturnReason, returnable

_KEYS: dict[str, Callable[[ReturnReason], Any]] = {
    "ID": lambda reason: reason.number_id,
    "HANDLE": lambda reason: reason.handle,
    "NAME": lambda reason: reason.name,
}


@dataclass(frozen=True)
class _Package:
    """``ReturnableFulfillment``; its number is the package's (assumed)."""

    fulfillment: Fulfillment
    rows: list[dict[str, object]]

    @property
    def id(self) -> str:
        return gid("ReturnableFulfillment", self.fulfillment.number_id)


def _returnable(_root: object, info: Info, *, orderId: str, **page: Unpack[Page]) -> object:
    """Packages with something that can still be returned; none for an unknown order (assumed)."""
    store = info.context.store
    store.settle()
    order = store.find(orderId)
    packages: dict[int, _Package] = {}
    for item in returnable(order) if isinstance(order, Order) else ():
        number = item.package.number_id
        package = packages.setdefault(number, _Package(item.package, []))
        package.rows.append({"fulfillmentLineItem": item.row, "quantity": item.units})
    return info.context.paginate(list(packages.values()), **page)


def _rows(package: _Package, info: Info, **page: Unpack[Page]) -> object:
    return info.context.paginate(package.rows, **page)


def _reasons(
    _root: object,
    info: Info,
    *,
    handles: list[str] | None = None,
    ids: list[str] | None = None,
    query: str | None = None,
    sortKey: str | None = None,
    **page: Unpack[Page],
) -> object:
    if query:
        raise NotModelled("the argument query of returnReasonDefinitions")
    rows = [row for row in REASONS if ids is None or row.id in ids]
    rows = [row for row in rows if handles is None or row.handle in handles]
    rows.sort(key=_KEYS[sortKey or "ID"])
    return info.context.paginate(rows, **page)


def _return(_root: object, info: Info, id: str) -> object:
    info.context.store.settle()
    found = info.context.store.find(id)
    return found if isinstance(found, Return) else None


def _lines(
    row: Return, info: Info, processingStatus: object = None, **page: Unpack[Page]
) -> object:
    if processingStatus:
        raise NotModelled("the argument processingStatus of returnLineItems")
    return info.context.paginate(row.lines, **page)


def _refunds(row: Return, info: Info, **page: Unpack[Page]) -> object:
    refunds = [refund for refund in row.order.refund_list if refund.of_return is row]
    return info.context.paginate(refunds, **page)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "QueryRoot": {
        "return": _return,
        "returnableFulfillments": _returnable,
        "returnReasonDefinitions": _reasons,
    },
    "Return": {"returnLineItems": _lines, "refunds": _refunds},
    "ReturnableFulfillment": {"returnableFulfillmentLineItems": _rows},
    "ReturnReasonDefinition": {"deleted": lambda _reason, _info: False},
}
