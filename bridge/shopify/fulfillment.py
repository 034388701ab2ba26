"""Shipping: what an order has left to ship, what was shipped, and the writes.

Documents: ShipmentState (121 points), FulfillmentOrderLines (25 for 250 lines),
FulfillmentOrderOpen (10), FulfillmentCreate (10), FulfillmentTrackingUpdate (50), OrderClose (10).
None of the writes takes an idempotency key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, operation
from bridge.shopify.values import plain

Node = Mapping[str, Any]

LINES_AT_ONCE: Final = 512  # rows in one fulfillmentCreate (Shopify: FulfillmentInput)


@dataclass(frozen=True, slots=True)
class Tracking:
    """How a package travels. ``company`` is as Shopify spells it where it knows the carrier."""

    number: str = ""
    company: str = ""
    url: str = ""

    def __bool__(self) -> bool:
        """Whether the package can be followed; a carrier alone is no tracking."""
        return bool(self.number or self.url)


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Units of one line in a fulfillment order. ``id`` is the row's, ``line`` the line item's."""

    id: str
    line: str
    sku: str
    remaining: int
    total: int


@dataclass(frozen=True, slots=True)
class Work:
    """One fulfillment order. ``location`` is a GID, or a name when the location is gone."""

    id: str
    status: str
    request_status: str
    location: str
    place: str
    method: str
    holds: tuple[str, ...] = ()
    lines: tuple[WorkLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Shipped:
    """One fulfillment. ``lines``: units by line item, at most the first 50 of ``total`` units."""

    id: str
    status: str
    created_at: datetime
    total: int
    tracking: tuple[Tracking, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def cancelled(self) -> bool:
        """Whether its units went back to be shipped again."""
        return self.status == "CANCELLED"

    def holds(self, lines: Mapping[str, int]) -> bool:
        """Whether these and no other units are in it, as far as its lines can be seen."""
        return self.total == sum(lines.values()) and all(
            lines.get(line) == quantity for line, quantity in self.lines.items()
        )

    def within(self, lines: Mapping[str, int]) -> bool:
        """Whether all of its units are among these."""
        return self.total <= sum(lines.values()) and all(
            lines.get(line, 0) >= quantity for line, quantity in self.lines.items()
        )

    def bears(self, number: str) -> bool:
        """Whether it has this tracking number; with ``""``: whether it has none."""
        numbers = {t.number for t in self.tracking if t.number}
        return number in numbers if number else not numbers


@dataclass(frozen=True, slots=True)
class OrderWork:
    """An order as a shipment sees it. ``node`` is Shopify's order as plain values."""

    gid: str
    legacy_id: str
    name: str
    cancelled: bool
    closed: bool
    shipped: tuple[Shipped, ...] = ()
    work: tuple[Work, ...] = ()
    node: Node = field(default_factory=dict)


async def order_work(client: ShopifyClient, budget: CallBudget, gid: str) -> OrderWork | None:
    """All fulfillment orders and the newest 50 fulfillments; None when there is no such order."""
    op = operation("ShipmentState")
    work: list[Work] = []
    after: str | None = None
    while True:
        reply = await client.execute(op, {"id": gid, "after": after}, budget=budget)
        order = plain(reply.data, op)["order"]
        if order is None:
            return None
        raw = reply.data["order"]["fulfillmentOrders"]
        for node, whole in zip(order["fulfillmentOrders"], raw["nodes"], strict=True):
            rows = list(node["lineItems"])
            info = whole["lineItems"]["pageInfo"]
            if info["hasNextPage"]:
                rows += await _more_lines(client, budget, node["id"], info["endCursor"])
            work.append(_work(node, rows))
        if not raw["pageInfo"]["hasNextPage"]:
            break
        after = raw["pageInfo"]["endCursor"]
    return OrderWork(
        gid=order["id"],
        legacy_id=str(order["legacyResourceId"]),
        name=order["name"],
        cancelled=order["cancelledAt"] is not None,
        closed=order["closed"],
        shipped=tuple(_shipped(node) for node in order["fulfillments"]),
        work=tuple(work),
        node=order,
    )


async def _more_lines(
    client: ShopifyClient, budget: CallBudget, gid: str, after: str | None
) -> list[Node]:
    op = operation("FulfillmentOrderLines")
    rows: list[Node] = []
    while after is not None:
        reply = await client.execute(op, {"id": gid, "after": after}, budget=budget)
        found = plain(reply.data, op)["fulfillmentOrder"]
        if found is None:  # replaced by a hold or a move since: what was read stands
            break
        rows += found["lineItems"]
        info = reply.data["fulfillmentOrder"]["lineItems"]["pageInfo"]
        after = info["endCursor"] if info["hasNextPage"] else None
    return rows


def _work(node: Node, rows: Sequence[Node]) -> Work:
    assigned = node["assignedLocation"]
    location = assigned["location"]
    method = node["deliveryMethod"]
    return Work(
        id=node["id"],
        status=node["status"],
        request_status=node["requestStatus"],
        location=location["id"] if location else assigned["name"],
        place=assigned["name"],
        method=method["methodType"] if method else "NONE",
        holds=tuple(h["reason"] for h in node["fulfillmentHolds"]),
        lines=tuple(
            WorkLine(
                id=row["id"],
                line=row["lineItem"]["id"],
                sku=row["sku"] or "",
                remaining=row["remainingQuantity"],
                total=row["totalQuantity"],
            )
            for row in rows
        ),
    )


def _shipped(node: Node) -> Shipped:
    lines: dict[str, int] = {}
    for row in node["fulfillmentLineItems"]:
        line = row["lineItem"]["id"]
        lines[line] = lines.get(line, 0) + (row["quantity"] or 0)
    return Shipped(
        id=node["id"],
        status=node["status"],
        created_at=node["createdAt"],
        total=node["totalQuantity"],
        tracking=tuple(
            Tracking(t["number"] or "", t["company"] or "", str(t["url"] or ""))
            for t in node["trackingInfo"]
        ),
        lines=lines,
    )


def fulfilling(
    rows: Mapping[str, Mapping[str, int]], tracking: Tracking, *, notify: bool
) -> tuple[Operation, dict[str, Any]]:
    """One package of one location and method: units by row, by fulfillment order (GIDs)."""
    groups = [
        {
            "fulfillmentOrderId": work,
            "fulfillmentOrderLineItems": [{"id": i, "quantity": q} for i, q in units.items()],
        }
        for work, units in rows.items()
    ]
    fulfillment: dict[str, Any] = {"lineItemsByFulfillmentOrder": groups, "notifyCustomer": notify}
    info = _tracking_input(tracking)
    if info:
        fulfillment["trackingInfo"] = info
    return operation("FulfillmentCreate"), {"fulfillment": fulfillment}


def retracking(
    fulfillment: str, tracking: Tracking, *, notify: bool
) -> tuple[Operation, dict[str, Any]]:
    """Another tracking number, carrier or link for a package; replaces what it had."""
    return operation("FulfillmentTrackingUpdate"), {
        "fulfillmentId": fulfillment,
        "tracking": _tracking_input(tracking),
        "notifyCustomer": notify,
    }


def _tracking_input(tracking: Tracking) -> dict[str, str]:
    given = {"company": tracking.company, "number": tracking.number, "url": tracking.url}
    return {name: value for name, value in given.items() if value}


def opening(work: str) -> tuple[Operation, dict[str, Any]]:
    """Let work that was scheduled for later be shipped now."""
    return operation("FulfillmentOrderOpen"), {"id": work}


def closing(order: str) -> tuple[Operation, dict[str, Any]]:
    """Archive an order."""
    return operation("OrderClose"), {"input": {"id": order}}
