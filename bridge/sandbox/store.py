"""The store's memory: every object by its global id, the clock, and what is still to come."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from bridge.sandbox import seed, seed_play, state
from bridge.sandbox.cancelling import Job
from bridge.sandbox.editing import EditSession
from bridge.sandbox.model import (
    Customer,
    InventoryItem,
    InventoryLevel,
    Location,
    Node,
    Product,
    Shop,
    Tagged,
    Variant,
    number_of,
)
from bridge.sandbox.model_orders import Order
from bridge.sandbox.model_products import (
    Category,
    Collection,
    MediaImage,
    ProductSetOperation,
    Publication,
)
from bridge.sandbox.placing import place
from bridge.sandbox.routing import open_fulfillment_orders
from bridge.sandbox.seed_shelves import furnish
from bridge.sandbox.shipping import close_when_done

# Real ids are far apart and share the low bits; so are ours, in case anyone counts on neither.
_ID_STEP = 32_768
_FIRST_ID = {
    "Order": 5_954_000_003_073,
    "LineItem": 14_880_000_000_001,
    "Product": 8_310_000_000_513,
    "ProductVariant": 44_870_000_000_257,
    "InventoryItem": 46_990_000_000_257,
    "Location": 71_200_000_001,
    "Customer": 7_480_000_000_769,
    "OrderTransaction": 7_150_000_000_001,
    "FulfillmentOrder": 6_880_000_000_001,
}
_OTHER_FIRST_ID = 1_090_000_000_001

# Shopify makes fulfillment orders after the order; about a second (captured for auto-close).
FULFILLMENT_ORDER_DELAY = 1.0


Found: TypeAlias = Node | InventoryLevel | Category
FoundT = TypeVar("FoundT", bound=Found)


class Index(Protocol):
    """What the search index must offer to the store."""

    def touch(self, kind: str, gid: str) -> None:
        """The object ``gid`` of GraphQL type ``kind`` was written just now."""


class NoIndex:
    """For a store that nobody searches."""

    def touch(self, kind: str, gid: str) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is beyond the seed: bulk variants, bulk orders, a file of one's own."""

    variants: int = 0
    orders: int = 0
    file: Path | None = None


class Store:
    """One shop. Everything is in memory; ``reset`` brings the seed back.

    ``clock`` gives aware datetimes and is the only source of time. ``seeded=False`` gives the
    shop and its locations without products or orders. ``auto_close``: the shop closes orders
    that are paid and shipped (Shopify's default).
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        scale: Scale | None = None,
        seeded: bool = True,
        index: Index | None = None,
        auto_close: bool = True,
    ) -> None:
        self.clock = clock
        self.scale = scale or Scale()
        self.seeded = seeded
        self.index: Index = index or NoIndex()
        self.auto_close = auto_close
        self.reset()

    def reset(self) -> None:
        """Forget everything and seed again, at the clock's present time."""
        self.nodes: dict[str, Found] = {}
        self.orders: dict[int, Order] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.items: dict[int, InventoryItem] = {}
        self.locations: dict[int, Location] = {}
        self.customers: dict[int, Customer] = {}
        self.jobs: dict[str, Job] = {}
        self.edits: dict[str, EditSession] = {}
        self.collections: dict[int, Collection] = {}
        self.publications: dict[int, Publication] = {}
        self.categories: dict[str, Category] = {}
        self.files: dict[int, MediaImage] = {}
        self.product_operations: dict[int, ProductSetOperation] = {}
        self.redirects: list[dict[str, str]] = []
        self._tables: dict[type[Node], dict[int, Any]] = {
            Order: self.orders,
            Product: self.products,
            Variant: self.variants,
            InventoryItem: self.items,
            Location: self.locations,
            Customer: self.customers,
            Collection: self.collections,
            Publication: self.publications,
            MediaImage: self.files,
            ProductSetOperation: self.product_operations,
        }
        self._skus: dict[str, list[Variant]] = {}
        self.journal: list[dict[str, Any]] = []
        self._next_id: dict[str, int] = {}
        self._next_order_number = 1001
        self._coming: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._coming_count = 0
        self.shop: Shop = seed.shop()
        seed.locations(self)
        furnish(self)
        if self.seeded:
            seed.seed(self, variants=self.scale.variants, orders=self.scale.orders)
            if self.scale.file is not None:
                seed.from_file(self, self.scale.file)

    # ---- identity

    def new_id(self, kind: str) -> int:
        """The next number for a GraphQL type."""
        number = self._next_id.get(kind, _FIRST_ID.get(kind, _OTHER_FIRST_ID))
        self._next_id[kind] = number + _ID_STEP
        return number

    def new_order_number(self) -> int:
        """The next number for an order's name."""
        self._next_order_number += 1
        return self._next_order_number - 1

    def keep(self, node: Node) -> None:
        """Remember an object under its global id, and in its table."""
        self.nodes[node.id] = node
        if isinstance(node, Variant) and node.sku is not None:
            self._skus.setdefault(node.sku, []).append(node)
        table = self._tables.get(type(node))
        if table is not None:
            table[node.number_id] = node

    def drop(self, node: Node) -> None:
        """Forget an object; the index finds it no more (captured: at once)."""
        self.nodes.pop(node.id, None)
        if isinstance(node, Variant) and node.sku is not None:
            self._skus[node.sku].remove(node)
        table = self._tables.get(type(node))
        if table is not None:
            table.pop(node.number_id, None)

    def set_sku(self, variant: Variant, sku: str | None) -> None:
        """Give a variant another SKU, and find it by that one from now on."""
        item = variant.inventory_item
        if item.sku is not None and self.find(variant.id) is not None:
            self._skus[item.sku].remove(variant)
        item.sku = sku
        if sku is not None and self.find(variant.id) is not None:
            self._skus.setdefault(sku, []).append(variant)

    def find(self, identifier: str) -> Found | None:
        """The object of a global id, or None."""
        return self.nodes.get(identifier)

    def by_sku(self, sku: str) -> list[Variant]:
        """Every variant with exactly this SKU; more than one when the shop repeats it."""
        return self._skus.get(sku, [])

    def find_as(self, kind: type[FoundT], identifier: str) -> FoundT | None:
        """The object of a global id if it is of the class ``kind``."""
        found = self.nodes.get(identifier)
        return found if isinstance(found, kind) else None

    # ---- time

    def later(self, at: datetime, action: Callable[[datetime], None]) -> None:
        """Do ``action(at)`` when the clock has reached ``at``."""
        self._coming_count += 1
        heapq.heappush(self._coming, (at, self._coming_count, action))

    def settle(self) -> None:
        """Do what is due by now. Called before anything is read or written."""
        now = self.clock()
        while self._coming and self._coming[0][0] <= now:
            at, _, action = heapq.heappop(self._coming)
            action(at)

    # ---- writing

    def touch(self, node: Tagged, at: datetime | None = None) -> None:
        """``node`` was changed: its ``updatedAt`` moves, and the index learns of it."""
        node.updated_at = at or self.clock()
        self.index.touch(node.gql_type, node.id)

    def record(
        self,
        mutation: str,
        order: str | None = None,
        ids: Sequence[str] = (),
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one effect to the journal; ``order`` and ``ids`` as numbers or global ids."""
        self.journal.append(
            {
                "n": len(self.journal) + 1,
                "mutation": mutation,
                "order": number_of(order) if order else None,
                "ids": [number_of(identifier) for identifier in ids],
                "detail": dict(detail or {}),
            }
        )

    # ---- /_sandbox

    def place_order(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Place an order as a shopper would; see ``docs/sandbox.md`` for the keys.

        Returns the order as ``state`` shows it. Raises ValueError with a sentence for the reader
        when the specification is wrong; nothing has happened then.
        """
        self.settle()
        now = self.clock()
        order = place(self, spec, at=now)
        delivery = str(spec.get("delivery", "SHIPPING"))
        self.later(
            now + timedelta(seconds=FULFILLMENT_ORDER_DELAY),
            lambda at: self._open(order, at, delivery),
        )
        self.touch(order, now)
        for line in order.lines:
            if line.variant is not None:
                self.index.touch("ProductVariant", line.variant.id)
        return state.order_json(order)

    def happen(
        self, order: str, action: str, given: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Do to an order (global id or number) what someone in Shopify's admin would do.

        ``action`` is one of ``seed_play``'s: cancel, hold, fulfil, refund, reduce, add, capture,
        schedule, progress, return, close; ``given`` are its arguments there. Not in the journal,
        which is of mutations. Returns the order as ``state`` shows it; raises ValueError when there
        is no such order or action.
        """
        self.settle()
        found = self.orders.get(int(number_of(order)))
        if found is None:
            raise ValueError(f"order {order!r}: there is none")
        seed_play.act(self, found, self.clock(), action, given or {})
        self.index.touch(found.gql_type, found.id)
        if action in {"fulfil", "capture", "refund"}:
            close_when_done(self, found)
        return state.order_json(found)

    def _open(self, order: Order, at: datetime, delivery: str) -> None:
        """The fulfillment orders of an order come after it; one cancelled meanwhile gets none."""
        if order.cancelled_at is None:
            where = order.retail_location
            open_fulfillment_orders(self, order, at, delivery=delivery, location=where)
            self.touch(order, at)

    def state(self) -> dict[str, Any]:
        """Everything, for ``GET /_sandbox/state``."""
        self.settle()
        return state.state_json(self)
