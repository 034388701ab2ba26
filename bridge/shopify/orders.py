"""Reading orders: the page of a pull, orders by id, their further lines, the sweep.

Every function takes the client and the call's budget and gives plain values (``values.plain``):
connections are lists, money is Decimal, times are aware. What Shopify refused to show
(``ACCESS_DENIED`` on a nested field) is told per order, never taken for an empty value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, operation
from bridge.shopify.protocol import Reply
from bridge.shopify.replies import next_cursor
from bridge.shopify.values import plain

Node = Mapping[str, Any]

# One query above this is refused by Shopify, whatever is in the bucket (CostExceeded).
MOST_POINTS = 1_000

# nodes(ids) is priced per id: one order with 50 lines is about 75 points of the 1,000.
NAMED_AT_ONCE = 13


def pull_variables(*, first: int, lines: int) -> dict[str, Any]:
    """OrderPull as a first page asks for it, with all that may come along: its highest price."""
    return {
        "byQuery": True,
        "byIds": False,
        "withCancelled": True,
        "withRecent": True,
        "presentment": True,
        "namespace": "",
        "first": first,
        "lines": lines,
    }


@dataclass(frozen=True, slots=True)
class Swept:
    """A page of the sweep: the header fields of orders, newest change first."""

    orders: Sequence[Node]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """What one OrderPull request brought.

    ``cursor`` continues the page, None at its end. ``more_lines`` gives, per order GID, the
    cursor of the lines that did not come along; ``denied`` what Shopify refused to show.
    """

    orders: Sequence[Node] = ()
    cursor: str | None = None
    cancelled: Sequence[str] = ()
    recent: Swept | None = None
    more_lines: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderReader:
    """Reads orders for one call, in one currency and with one metafield namespace.

    ``pull`` and ``further`` are OrderPull and OrderLines, or the same with more fields.
    """

    client: ShopifyClient
    budget: CallBudget
    presentment: bool
    namespace: str
    lines: int
    pull: Operation = field(default_factory=lambda: operation("OrderPull"))
    further: Operation = field(default_factory=lambda: operation("OrderLines"))

    @property
    def at_once(self) -> int:
        """How many orders can be asked for by id in one request."""
        asked = self._asked(byIds=True, ids=[""])
        return max(1, min(NAMED_AT_ONCE, MOST_POINTS // self.pull.cost(asked)))

    async def page(
        self,
        *,
        query: str,
        first: int,
        after: str | None,
        cancelled_query: str | None,
        recent: bool,
    ) -> OrderPage:
        """A page of ``query``, oldest first; on request what was cancelled and newly changed."""
        reply = await self._pull(
            byQuery=True,
            query=query,
            first=first,
            after=after,
            withCancelled=cancelled_query is not None,
            cancelledQuery=cancelled_query,
            withRecent=recent,
        )
        data = plain(reply.data, self.pull)
        raw = reply.data["page"]
        more, denied = _leftovers(reply, "page", raw["nodes"])
        return OrderPage(
            orders=data["page"],
            cursor=next_cursor(raw),
            cancelled=[n["id"] for n in data.get("cancelled") or ()],
            recent=Swept(data["recent"], next_cursor(reply.data["recent"])) if recent else None,
            more_lines=more,
            denied=denied,
        )

    async def named(self, ids: Sequence[str]) -> OrderPage:
        """Orders by GID, straight from the database; unknown ids are left out."""
        orders: list[Node] = []
        more: dict[str, str] = {}
        denied: dict[str, str] = {}
        size = self.at_once
        for start in range(0, len(ids), size):
            reply = await self._pull(byIds=True, ids=list(ids[start : start + size]))
            found = plain(reply.data, self.pull)["named"]
            orders += [n for n in found if n is not None and n["__typename"] == "Order"]
            cursors, refused = _leftovers(reply, "named", reply.data["named"])
            more |= cursors
            denied |= refused
        return OrderPage(orders=orders, more_lines=more, denied=denied)

    async def _pull(self, **variables: object) -> Reply:
        return await self.client.execute(self.pull, self._asked(**variables), budget=self.budget)

    def _asked(self, **variables: object) -> dict[str, object]:
        return {
            "byQuery": False,
            "byIds": False,
            "withCancelled": False,
            "withRecent": False,
            "presentment": self.presentment,
            "namespace": self.namespace,
            "lines": self.lines,
        } | variables

    async def more_lines(self, order: Node, after: str) -> Sequence[Node] | None:
        """All further lines of ``order``; None when it changed while they were read."""
        lines: list[Node] = []
        cursor: str | None = after
        op = self.further
        while cursor is not None:
            reply = await self.client.execute(
                op,
                {"id": order["id"], "after": cursor, "presentment": self.presentment},
                budget=self.budget,
            )
            data = plain(reply.data, op)["order"]
            if data is None or data["updatedAt"] != order["updatedAt"]:
                return None
            lines += data["lineItems"]
            cursor = next_cursor(reply.data["order"]["lineItems"])
        return lines


async def sweep(client: ShopifyClient, budget: CallBudget, *, after: str | None) -> Swept:
    """One page of all orders, newest change first, without the search index."""
    op = operation("OrderSweep")
    reply = await client.execute(op, {"after": after}, budget=budget)
    return Swept(plain(reply.data, op)["recent"], next_cursor(reply.data["recent"]))


async def held_orders(
    client: ShopifyClient, budget: CallBudget, gids: Sequence[str], *, namespace: str
) -> dict[str, Node]:
    """The headers of orders by GID, straight from the database; unknown ids are left out."""
    op = operation("HeldOrders")
    variables = {"ids": list(gids), "namespace": namespace}
    reply = await client.execute(op, variables, budget=budget)
    nodes = plain(reply.data, op)["nodes"]
    return {n["id"]: n for n in nodes if n is not None and n["__typename"] == "Order"}


async def ids_by_name(
    client: ShopifyClient, budget: CallBudget, *, query: str, first: int
) -> Sequence[Node]:
    """Orders that the search finds by name: ``id``, ``name``. Compare the name exactly."""
    op = operation("OrderIdsByName")
    reply = await client.execute(op, {"query": query, "first": first}, budget=budget)
    found: Sequence[Node] = plain(reply.data, op)["orders"]
    return found


def _leftovers(
    reply: Reply, root: str, nodes: Sequence[Mapping[str, Any] | None]
) -> tuple[dict[str, str], dict[str, str]]:
    """Cursors of lines still to be read, and refused fields, by order GID."""
    more: dict[str, str] = {}
    for node in nodes:
        if node and node.get("lineItems"):
            cursor = next_cursor(node["lineItems"])
            if cursor is not None:
                more[node["id"]] = cursor
    denied: dict[str, str] = {}
    for error in reply.errors:
        index = next((p for p in error.path if isinstance(p, int)), None)
        if error.path[:1] == (root,) and index is not None and index < len(nodes):
            node = nodes[index]
            if node is not None:
                denied[node["id"]] = error.message
    return more, denied
