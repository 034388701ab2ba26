"""The root fields of queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from bridge.sandbox.context import SUPPORTED_VERSIONS
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model import Location

# Listed without being supported: the release candidate and the one that never is (documented).
_UNSUPPORTED_VERSIONS = ("2027-01", "unstable")


def _search(kind: str) -> Callable[..., object]:
    def resolve(
        _root: object,
        info: Info,
        query: str | None = None,
        sortKey: str | None = None,
        savedSearchId: str | None = None,
        **page: Unpack[Page],
    ) -> object:
        if savedSearchId:
            raise NotModelled("savedSearchId")
        info.context.store.settle()
        return info.context.search(kind, query=query, sort_key=sortKey, **page)

    return resolve


def _by_id(kind: str) -> Callable[..., object]:
    """A read by id: null for what does not exist, or is of another type (captured)."""

    def resolve(_root: object, info: Info, id: str) -> object:
        info.context.store.settle()
        found = info.context.store.find(id)
        return found if found is not None and found.gql_type == kind else None

    return resolve


def _node(_root: object, info: Info, id: str) -> object:
    info.context.store.settle()
    return info.context.store.find(id)


def _nodes(_root: object, info: Info, ids: list[str]) -> list[object]:
    info.context.store.settle()
    return [info.context.store.find(identifier) for identifier in ids]


def _shop(_root: object, info: Info) -> object:
    return info.context.store.shop


def _installation(_root: object, info: Info) -> dict[str, object]:
    return {
        "id": "gid://shopify/AppInstallation/604320000001",
        "accessScopes": [{"handle": handle} for handle in info.context.store.shop.access_scopes],
    }


def _count(kind: str) -> Callable[..., object]:
    def resolve(
        _root: object,
        info: Info,
        query: str | None = None,
        limit: int | None = None,
        savedSearchId: str | None = None,
    ) -> object:
        if savedSearchId:
            raise NotModelled("savedSearchId")
        info.context.store.settle()
        return info.context.count(kind, query=query, limit=limit)

    return resolve


def _versions(_root: object, _info: object) -> list[dict[str, Any]]:
    return [
        {"handle": handle, "displayName": handle, "supported": handle in SUPPORTED_VERSIONS}
        for handle in (*SUPPORTED_VERSIONS, *_UNSUPPORTED_VERSIONS)
    ]


def _location(_root: object, info: Info, id: str | None = None) -> object:
    """One location; without an id the shop's first, which stands for its primary one."""
    store = info.context.store
    if id is None:
        return next(iter(store.locations.values()))
    found = store.find(id)
    return found if isinstance(found, Location) else None


def _locations(
    _root: object,
    info: Info,
    query: str | None = None,
    sortKey: str | None = None,
    includeInactive: bool | None = None,
    includeLegacy: bool | None = None,
    **page: Unpack[Page],
) -> object:
    """By name (captured); inactive ones and those of fulfilment services when asked for."""
    if query:
        raise NotModelled("the argument query of locations")
    rows: list[Location] = list(info.context.store.locations.values())
    rows = [row for row in rows if row.is_active or includeInactive]
    rows = [row for row in rows if includeLegacy or not row.is_fulfillment_service]
    rows.sort(key=(lambda row: row.number_id) if sortKey == "ID" else (lambda row: row.name))
    return info.context.paginate(rows, **page)


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "QueryRoot": {
        "shop": _shop,
        "currentAppInstallation": _installation,
        "publicApiVersions": _versions,
        "location": _location,
        "locations": _locations,
        "node": _node,
        "nodes": _nodes,
        "fulfillmentOrder": _by_id("FulfillmentOrder"),
        "customer": _by_id("Customer"),
        "order": _by_id("Order"),
        "product": _by_id("Product"),
        "productVariant": _by_id("ProductVariant"),
        "inventoryItem": _by_id("InventoryItem"),
        "collections": _search("Collection"),
        "orders": _search("Order"),
        "products": _search("Product"),
        "productVariants": _search("ProductVariant"),
        "inventoryItems": _search("InventoryItem"),
        "ordersCount": _count("Order"),
        "productsCount": _count("Product"),
        "productVariantsCount": _count("ProductVariant"),
    }
}
