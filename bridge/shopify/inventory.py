"""Stock: variants by SKU with their levels, the writes, and the orders that reserve units.

Documents: VariantsBySku and NewestVariants (46 points for 250 variants at one location, 22 for
each further location), InventorySet (10 for up to 250 rows), InventoryActivate (10 an item),
ReservedOrders (101 for 250 orders with 20 lines), ReservedLines, ReservedLocations.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, batch, operation
from bridge.shopify.protocol import MAX_QUERY_POINTS
from bridge.shopify.replies import next_cursor, whole
from bridge.shopify.search import any_of
from bridge.shopify.values import plain

Node = Mapping[str, Any]

ROWS_AT_ONCE: Final = 250  # Shopify takes no longer list
HIGHEST_QUANTITY: Final = 1_000_000_000  # INVALID_QUANTITY_TOO_HIGH above it (captured)
PAGE: Final = 250

# A search by words brings more variants than were asked for ("A-1" also finds "A-1 RED"): a
# small look-up asks for this many rows more, so that one page is nearly always enough.
SPARE_HITS: Final = 10


@dataclass(frozen=True, slots=True)
class Level:
    """An item at a location: whether it is stocked there, and the available quantity."""

    active: bool
    available: int


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant with its inventory item (GID) and its level at each location asked for.

    A location where the item never was has None. A bundle's stock is that of its components
    and cannot be set. ``fields`` are all that was asked of it but its levels, as Python values,
    when a mapping shall read them.
    """

    gid: str
    sku: str
    item: str
    tracked: bool
    levels: Mapping[str, Level | None]
    bundle: bool = False
    fields: Node | None = None


@dataclass(frozen=True, slots=True)
class SetRow:
    """One row of InventorySet: ``before`` is what was read, and guards the write."""

    item: str
    location: str
    quantity: int
    before: int


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order: its status, its location's GID (None: gone), units by line GID.

    ``more``: it has more lines than were read.
    """

    status: str
    location: str | None
    units: Mapping[str, int]
    more: bool = False


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Orders that may reserve units. ``more_lines``: per order GID, where its lines go on."""

    orders: Sequence[Node]
    cursor: str | None
    more_lines: Mapping[str, str]


async def variants_by_sku(
    client: ShopifyClient,
    budget: CallBudget,
    skus: Sequence[str],
    locations: Sequence[str],
    *,
    size: int = PAGE,
    by: Operation | None = None,
) -> list[Variant]:
    """The variants that have exactly one of these SKUs (all of them, when several have one).

    ``size`` is the longest page to ask for. Search is case-insensitive and knows words, not
    SKUs; a variant of a moment ago may be missing (``newest_variants``). ``by`` is VariantsBySku,
    perhaps with further fields, when the variants' ``fields`` are wanted.
    """
    op = at_locations(by or operation("VariantsBySku"), len(locations))
    wanted = frozenset(skus)
    variables: dict[str, Any] = {
        "query": any_of("sku", skus),
        "first": min(size, len(skus) + max(SPARE_HITS, len(skus) // 4)),
        **_numbered("location", locations),
    }
    found: list[Variant] = []
    after: str | None = None
    while True:
        reply = whole(await client.execute(op, {**variables, "after": after}, budget=budget))
        page = reply.data["productVariants"]
        nodes = _with_fields(reply.data, op) if by else ((n, None) for n in page["nodes"])
        found += [_variant(n, locations, more) for n, more in nodes if n["sku"] in wanted]
        after = next_cursor(page)
        if after is None:
            return found


async def newest_variants(
    client: ShopifyClient,
    budget: CallBudget,
    locations: Sequence[str],
    *,
    by: Operation | None = None,
) -> list[Variant]:
    """The shop's newest variants, read without the search index.

    250 of them; fewer when ``by``, NewestVariants with further fields, cannot be asked for so many.
    """
    op = at_locations(by or operation("NewestVariants"), len(locations))
    variables = _numbered("location", locations)
    if by is not None:
        variables["first"] = max(1, longest_page(by, len(locations)))
    reply = whole(await client.execute(op, variables, budget=budget))
    page = reply.data["productVariants"]
    nodes = _with_fields(reply.data, op) if by else ((n, None) for n in page["nodes"])
    return [_variant(n, locations, more) for n, more in nodes if n["sku"]]


def longest_page(by: Operation, locations: int, most: int = PAGE) -> int:
    """The longest page of a look-up, up to ``most``, that Shopify does not refuse; 0: none."""
    op = at_locations(by, locations)
    return bisect_right(range(1, most + 1), MAX_QUERY_POINTS, key=lambda n: op.cost({"first": n}))


def at_locations(by: Operation, count: int) -> Operation:
    """A look-up that asks for the levels at so many locations."""
    return batch(by, count, field="level", prefix="level", own=("location",))


def _with_fields(data: Node, op: Operation) -> Iterator[tuple[Node, Node]]:
    """The variants as they came, each with its fields as Python values."""
    values = plain(data, op)["productVariants"]
    for node, made in zip(data["productVariants"]["nodes"], values, strict=True):
        item = {k: v for k, v in made["inventoryItem"].items() if not re.match(r"level\d+$", k)}
        yield node, {**made, "inventoryItem": item}


def _numbered(name: str, values: Sequence[Any]) -> dict[str, Any]:
    return {f"{name}{number}": value for number, value in enumerate(values)}


def _variant(node: Node, locations: Sequence[str], fields: Node | None) -> Variant:
    item = node["inventoryItem"]
    return Variant(
        gid=node["id"],
        sku=node["sku"],
        item=item["id"],
        tracked=item["tracked"],
        levels={gid: level_of(item.get(f"level{n}")) for n, gid in enumerate(locations)},
        bundle=node["requiresComponents"],
        fields=fields,
    )


def level_of(node: Node | None) -> Level | None:
    """An InventoryLevel as it was read; None where there is none."""
    if node is None:
        return None
    available = next((q["quantity"] for q in node["quantities"] if q["name"] == "available"), 0)
    return Level(active=node["isActive"], available=int(available))


def setting(rows: Sequence[SetRow], *, reference: str) -> tuple[Operation, dict[str, Any]]:
    """The mutation that sets *available* for up to 250 rows; it is refused as a whole.

    ``reference`` is a ``gid://app/Entity/id`` that the shop's inventory history shows.
    """
    if len(rows) > ROWS_AT_ONCE:
        raise ValueError(f"{len(rows)} rows in one InventorySet; Shopify takes {ROWS_AT_ONCE}")
    quantities = [
        {
            "inventoryItemId": row.item,
            "locationId": row.location,
            "quantity": row.quantity,
            "changeFromQuantity": row.before,
        }
        for row in rows
    ]
    given = {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": reference,
        "quantities": quantities,
    }
    return operation("InventorySet"), {"input": given}


def activating(places: Sequence[tuple[str, str]]) -> tuple[Operation, dict[str, Any]]:
    """The mutation that stocks items at locations, each (item, location) under ``a{n}``."""
    op = batch(
        operation("InventoryActivate"),
        len(places),
        field="inventoryActivate",
        prefix="a",
        own=("inventoryItemId", "locationId", "idempotencyKey"),
    )
    variables = _numbered("inventoryItemId", [item for item, _ in places])
    return op, variables | _numbered("locationId", [location for _, location in places])


def activations_at_once() -> int:
    """How many activations fit into half of what one request may cost."""
    one = operation("InventoryActivate").cost(
        {"inventoryItemId": "", "locationId": "", "idempotencyKey": ""}
    )
    return max(1, MAX_QUERY_POINTS // 2 // one)


async def reserved_orders(
    client: ShopifyClient,
    budget: CallBudget,
    *,
    namespace: str,
    query: str | None = None,
    after: str | None = None,
) -> OrdersPage:
    """250 orders, newest first; without ``query`` straight from the database."""
    op = operation("ReservedOrders")
    variables = {"namespace": namespace, "query": query, "after": after}
    reply = whole(await client.execute(op, variables, budget=budget))
    page = reply.data["orders"]
    more = {n["id"]: c for n in page["nodes"] if (c := next_cursor(n["lineItems"])) is not None}
    return OrdersPage(plain(reply.data, op)["orders"], next_cursor(page), more)


async def reserved_lines(
    client: ShopifyClient, budget: CallBudget, gid: str, after: str
) -> list[Node]:
    """An order's lines behind a cursor, all of them."""
    op = operation("ReservedLines")
    lines: list[Node] = []
    cursor: str | None = after
    while cursor is not None:
        reply = whole(await client.execute(op, {"id": gid, "after": cursor}, budget=budget))
        order = reply.data["order"]
        if order is None:
            break
        lines += order["lineItems"]["nodes"]
        cursor = next_cursor(order["lineItems"])
    return lines


async def reserved_locations(
    client: ShopifyClient, budget: CallBudget, gids: Sequence[str]
) -> dict[str, list[Work]]:
    """The fulfillment orders of orders, by order GID; as many a request as it may cost."""
    op = operation("ReservedLocations")
    at_once = max(1, MAX_QUERY_POINTS // max(1, op.cost({"ids": [""]})))
    out: dict[str, list[Work]] = {}
    for start in range(0, len(gids), at_once):
        ids = list(gids[start : start + at_once])
        reply = whole(await client.execute(op, {"ids": ids}, budget=budget))
        for node in reply.data["nodes"]:
            if node is not None and node["__typename"] == "Order":
                out[node["id"]] = [_work(n) for n in node["fulfillmentOrders"]["nodes"]]
    return out


def _work(node: Node) -> Work:
    units: dict[str, int] = {}
    for part in node["lineItems"]["nodes"]:
        line = part["lineItem"]["id"]
        units[line] = units.get(line, 0) + int(part["remainingQuantity"])
    location = node["assignedLocation"]["location"]
    return Work(
        status=node["status"],
        location=location["id"] if location else None,
        units=units,
        more=next_cursor(node["lineItems"]) is not None,
    )
