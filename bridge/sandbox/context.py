"""What a resolver gets as ``info.context``: the store, and how to search it and page through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from bridge.sandbox.bulk import Bulk
from bridge.sandbox.documents import FIELDS, SORTS, Document, document
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.idempotency import Keys
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.matching import matcher
from bridge.sandbox.model import Shop
from bridge.sandbox.paging import Connection, Row, Window, listed_page, sorted_page
from bridge.sandbox.search import Query, parse

SUPPORTED_VERSIONS: Final = ("2026-01", "2026-04", "2026-07", "2026-10")
"""Versions of the Admin API that are in their support window (November 2026), oldest first."""

DEFAULT_SCOPES: Final = (
    "read_all_orders",
    "read_customers",
    "read_inventory",
    "read_locations",
    "read_merchant_managed_fulfillment_orders",
    "read_orders",
    "read_products",
    "read_publications",
    "read_returns",
    "read_store_credit_accounts",
    "write_files",
    "write_inventory",
    "write_merchant_managed_fulfillment_orders",
    "write_order_edits",
    "write_orders",
    "write_products",
    "write_publications",
    "write_returns",
)
"""What the sandbox's app may do unless it is told otherwise."""

_ALL_ORDERS_AFTER: Final = timedelta(days=60)  # documented

_TABLES: Final[Mapping[str, str]] = {
    "Order": "orders",
    "ProductVariant": "variants",
    "Product": "products",
    "InventoryItem": "items",
    "Collection": "collections",
}


class StoreLike(Protocol):
    """What the engine needs of the store's state."""

    clock: Callable[[], datetime]
    shop: Shop
    journal: list[dict[str, Any]]

    def find(self, identifier: str) -> object:
        """The object of a global id, or None."""

    def settle(self) -> None:
        """Do what is due by now."""

    def reset(self) -> None:
        """Forget everything and seed again."""

    def state(self) -> dict[str, Any]:
        """Everything as JSON."""

    def place_order(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Place an order."""


def tables(store: StoreLike) -> dict[str, Iterable[object]]:
    """Every searchable object of a store, by kind."""
    return {kind: getattr(store, name).values() for kind, name in _TABLES.items()}


@dataclass(slots=True)
class Context:
    """One request. ``path`` is the root field that is being resolved.

    ``begun`` are the idempotency keys that it began; with ``stop`` no mutation runs.
    """

    store: Any
    index: LaggedIndex
    keys: Keys
    bulk: Bulk
    api_version: str
    scopes: frozenset[str]
    request_id: str
    path: list[str] = field(default_factory=list)
    searches: list[dict[str, Any]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    stop: bool = False

    def may(self, scope: str) -> bool:
        """Whether the token has a scope; a write scope includes its read scope (documented)."""
        return scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes

    def paginate(
        self,
        nodes: Sequence[Any],
        *,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        reverse: bool = False,
    ) -> Connection:
        """A page of ``nodes`` in their own order, cut by a connection field's arguments."""
        return listed_page(nodes, Window(first, last, after, before, reverse))

    def search(
        self,
        kind: str,
        query: str | None = None,
        sort_key: str | None = None,
        *,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        reverse: bool = False,
    ) -> Connection:
        """A page of all objects of a GraphQL type, narrowed by Shopify's search syntax.

        Without a query, or with nothing but ids in it, the database answers; otherwise the search
        index does, which lags (captured). Unknown search fields end up in ``searches``.
        """
        order = SORTS[kind].get(sort_key or "ID")
        if order is None:
            raise NotModelled(f"the order {sort_key} of {FIELDS[kind].what}")
        cut = Window(first, last, after, before, reverse)
        cut.check()
        parsed = self._parse(kind, query)
        if parsed is None:
            return sorted_page(
                [Row(node, node.number_id, order(node)) for node in self._table(kind)],
                cut,
                indexed=False,
            )
        rows = [
            Row(self.store.find(doc.gid), doc.number, doc.sort[sort_key or "ID"])
            for doc in self._matching(kind, parsed)
        ]
        return sorted_page(rows, cut, indexed=not parsed.by_id_only)

    def count(
        self, kind: str, query: str | None = None, limit: int | None = None
    ) -> dict[str, object]:
        """``Count``: exact, or ``AT_LEAST`` the limit when there are more (captured)."""
        parsed = self._parse(kind, query)
        if parsed is None:
            number = len(list(self._table(kind)))
        else:
            number = len(self._matching(kind, parsed))
        if limit is not None and number > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": number, "precision": "EXACT"}

    def _table(self, kind: str) -> Iterable[Any]:
        nodes = getattr(self.store, _TABLES[kind]).values()
        oldest = self._oldest(kind)
        return [node for node in nodes if oldest is None or node.created_at >= oldest]

    def _oldest(self, kind: str) -> datetime | None:
        """Without ``read_all_orders`` older orders are absent from lists (documented)."""
        if kind != "Order" or self.may("read_all_orders"):
            return None
        now: datetime = self.store.clock()
        return now - _ALL_ORDERS_AFTER

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.store.shop.iana_timezone)

    def _parse(self, kind: str, query: str | None) -> Query | None:
        """The query, reported if Shopify would warn of it; None when there is none."""
        if query is None or not query.strip():
            return None
        parsed = parse(query, FIELDS[kind], self._zone())
        if parsed.warnings:
            self.searches.append(parsed.report(list(self.path)))
        return parsed

    def _matching(self, kind: str, query: Query) -> list[Document]:
        if query.by_id_only:
            found = [document(node) for node in self._table(kind)]
        else:
            found = list(self.index.documents(kind))
        fits, oldest = matcher(query.used, self._zone()), self._oldest(kind)
        return [
            doc
            for doc in found
            if doc is not None and fits(doc.values) and (oldest is None or doc.created_at >= oldest)
        ]
