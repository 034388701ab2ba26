"""Units that are sold in Shopify while RetailOps does not know it yet.

RetailOps' quantity is net of its own orders. An order that it has not taken, or took so lately
that an older push may still be on its way, is not among them: its units would be sold twice.
Unpaid, held and unsendable orders count too: Shopify has committed their units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bridge.actions.effects import ACKNOWLEDGED
from bridge.engine import Call
from bridge.shopify.inventory import (
    Work,
    reserved_lines,
    reserved_locations,
    reserved_orders,
)
from bridge.shopify.search import quoted

Node = Mapping[str, Any]

# FulfillmentOrderStatus of work that will take its units from its location.
WORKING: Final = frozenset({"OPEN", "IN_PROGRESS", "ON_HOLD", "SCHEDULED"})


@dataclass(slots=True)
class Reserved:
    """Units by SKU: ``everywhere`` counts at every location, ``at`` (by GID) only there."""

    everywhere: Counter[str] = field(default_factory=Counter)
    at: dict[str, Counter[str]] = field(default_factory=dict)

    def units(self, sku: str, location: str) -> int:
        """What is reserved of a SKU at a location."""
        return self.everywhere[sku] + self.at.get(location, Counter())[sku]


async def reserved(call: Call, skus: Collection[str], *, by_location: bool) -> Reserved:
    """The units of ``skus`` that unacknowledged orders hold, on fresh state.

    101 points for the 250 newest orders; as many again for every 250 older unacknowledged ones;
    48 for each order with one of the SKUs when ``by_location``.
    """
    now = call.clock()
    reader = _Reader(call, now)
    orders = await reader.unknown_orders()
    lines = [(o["id"], line) for o in orders for line in o["lineItems"] if line["sku"] in skus]
    held = [(gid, line, units) for gid, line in lines if (units := open_units(line))]
    if not by_location or not held:
        return Reserved(everywhere=_sum((line["sku"], units) for _, line, units in held))
    ids = list(dict.fromkeys(gid for gid, _, _ in held))
    work = await reserved_locations(call.channel.client, call.budget, ids)
    return spread(held, work)


def open_units(line: Node) -> int:
    """Units of a line that are neither removed nor shipped."""
    return max(0, min(int(line["currentQuantity"]), int(line["unfulfilledQuantity"])))


def is_unknown(
    order: Node, acknowledged_at: Mapping[str, datetime], now: datetime, minutes: int
) -> bool:
    """Whether RetailOps' quantities may still be without this order's units.

    The ledger knows when an order was acknowledged. Where only the metafield says that it was,
    it was at the order's last change at the latest.
    """
    if order["cancelledAt"] is not None or order["test"]:
        return False
    at = acknowledged_at.get(order["id"])
    if at is None:
        if order["acknowledged"] is None:
            return True
        at = order["updatedAt"]
    return now - at < timedelta(minutes=minutes)


def older_query(before: datetime, *, tag: str, now: datetime, minutes: int) -> str:
    """The search for older orders that may be unknown: not tagged, or changed a moment ago."""
    terms = [
        f"created_at:<={_time(before)}",
        "-status:cancelled",
        "-fulfillment_status:fulfilled",
    ]
    untagged = f"-tag:{quoted(tag)}"
    if minutes:
        changed = f"updated_at:>={_time(now - timedelta(minutes=minutes))}"
        untagged = f"({untagged} OR {changed})"
    return " AND ".join([*terms, untagged])


def _time(at: datetime) -> str:
    return quoted(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def spread(held: Sequence[tuple[str, Node, int]], work: Mapping[str, Sequence[Work]]) -> Reserved:
    """Units by the location that will ship them; what is assigned nowhere counts everywhere.

    Shopify makes fulfillment orders a moment after the order: until then the units could be
    taken from any location. Lines that did not come along with a long fulfillment order are
    taken to be in it, when it is the only long one.
    """
    out = Reserved()
    for gid, line, units in held:
        left = units
        busy = [w for w in work.get(gid, ()) if w.status in WORKING and w.location is not None]
        for part in busy:
            taken = min(left, part.units.get(line["id"], 0))
            _add(out, part.location, line["sku"], taken)
            left -= taken
        long = [w for w in busy if w.more]
        _add(out, long[0].location if len(long) == 1 else None, line["sku"], left)
    return out


def _add(out: Reserved, location: str | None, sku: str, units: int) -> None:
    at = out.everywhere if location is None else out.at.setdefault(location, Counter())
    at[sku] += units


def _sum(units: Iterable[tuple[str, int]]) -> Counter[str]:
    out: Counter[str] = Counter()
    for sku, count in units:
        out[sku] += count
    return out


class _Reader:
    """Reads the orders that RetailOps does not know, with all their lines."""

    def __init__(self, call: Call, now: datetime) -> None:
        self._call = call
        self._now = now
        self._minutes = call.channel.settings.inventory_push.reserve_minutes
        self._marks = call.channel.settings.order_acknowledge

    async def unknown_orders(self) -> list[Node]:
        """The newest 250 from the database; older ones by search, since there may be many."""
        orders: dict[str, Node] = {}
        more: dict[str, str] = {}
        cursor = await self._page(orders, more, query=None, after=None)
        if cursor is not None and orders:
            oldest = min(o["createdAt"] for o in orders.values())
            query = older_query(oldest, tag=self._marks.tag, now=self._now, minutes=self._minutes)
            after: str | None = None
            while True:
                after = await self._page(orders, more, query=query, after=after)
                if after is None:
                    break
        unknown = await self._unknown(orders.values())
        return [await self._whole(order, more) for order in unknown]

    async def _page(
        self,
        orders: dict[str, Node],
        more: dict[str, str],
        *,
        query: str | None,
        after: str | None,
    ) -> str | None:
        page = await reserved_orders(
            self._call.channel.client,
            self._call.budget,
            namespace=self._marks.namespace,
            query=query,
            after=after,
        )
        orders.update({o["id"]: o for o in page.orders})
        more.update(page.more_lines)
        return page.cursor

    async def _unknown(self, orders: Collection[Node]) -> list[Node]:
        if not orders:
            return []
        effects = await self._call.ledger.effects(
            self._call.channel.shop, ACKNOWLEDGED, order_gids=[o["id"] for o in orders]
        )
        at = {e.order_gid: e.at for e in effects}
        return [o for o in orders if is_unknown(o, at, self._now, self._minutes)]

    async def _whole(self, order: Node, more: Mapping[str, str]) -> Node:
        after = more.get(order["id"])
        if after is None or order["displayFulfillmentStatus"] == "FULFILLED":
            return order
        further = await reserved_lines(
            self._call.channel.client, self._call.budget, order["id"], after
        )
        return {**order, "lineItems": [*order["lineItems"], *further]}
