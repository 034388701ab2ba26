"""One day of RetailOps, played through a bridge over HTTP, with what every call cost.

The player is RetailOps: it knows the bridge's address and key, and nothing else. What a call
cost at Shopify is read afterwards from the embedded store's own list of requests.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp

JSON = Any  # what came over the wire; the table and the checks look at its parts

# Stock levels that a push sets: varied, so that a table of them looks like a shop's.
LEVELS: Final = (0, 3, 12, 40, 7, 25, 110, 1)

# How far the store's clock is moved so that its search index has caught up and fulfillment
# orders are made: beyond the default lag of both.
SETTLE_SECONDS: Final = 30

# A bridge that gives more pages than this for the demo's orders goes round in circles.
MAX_PAGES: Final = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One call: what was asked, how it went, what it cost."""

    action: str
    about: str
    status: int
    events: Mapping[str, int]
    shopify_calls: int
    points: int
    milliseconds: float
    refused: int = 0
    failure: str = ""

    @property
    def failed(self) -> bool:
        """Whether the call went wrong as a whole."""
        return bool(self.failure) or self.status != 200

    @property
    def outcome(self) -> str:
        """``ok``, ``partial`` where single rows were refused, or what is wrong."""
        if self.status != 200:
            return f"HTTP {self.status}"
        return self.failure or ("partial" if self.refused else "ok")


@dataclass(slots=True)
class Day:
    """RetailOps' side of the conversation."""

    http: aiohttp.ClientSession
    bridge: str
    store: str
    auth_key: str
    channel: int
    taken: Counter[str] = field(default_factory=Counter)
    _seen: int = 0

    async def play(self) -> AsyncIterator[Row]:
        """The day, call by call."""
        await self._cost()  # what start-up asked of the store is nobody's call
        row, _ = await self._call("catalog_get_config", {}, "how to push the catalogue")
        yield row
        row, _ = await self._push_stock()
        yield row
        async for row in self._pull_and_acknowledge("orders of the night"):
            yield row
        yield await self._nothing_left()
        number = await self._place_order()
        await self._settle()
        async for row in self._pull_and_acknowledge(f"a shopper has ordered {number}"):
            yield row
        yield await self._nothing_left()

    async def _push_stock(self) -> tuple[Row, Any]:
        state = await self._get("/_sandbox/state")
        skus = _skus(state)
        updates: list[dict[str, JSON]] = [
            {"sku": sku, "quantity_available": LEVELS[n % len(LEVELS)], "quantity_detail": []}
            for n, sku in enumerate(skus)
        ]
        # A bundle's stock is its components': its row is refused, and costs no other row.
        return await self._call(
            "inventory_push",
            {"inventory_updates": updates},
            f"stock of {len(updates)} SKUs",
            rows=True,
        )

    async def _pull_and_acknowledge(self, about: str) -> AsyncIterator[Row]:
        """Page by page until the token is blank, each page acknowledged as RetailOps does."""
        token = ""
        for page in range(1, MAX_PAGES + 1):
            row, answer = await self._call(
                "order_pull",
                {"page_token": token, "specific_orders": []},
                f"{about}, page {page}",
            )
            orders = answer.get("orders", [])
            yield _told(row, f"{row.about}: {len(orders)} orders")
            if orders:
                yield await self._acknowledge(orders)
            token = answer.get("next_page_token", "")
            if not token:
                return

    async def _acknowledge(self, orders: Sequence[Mapping[str, Any]]) -> Row:
        refnums = [o["channel_order_refnum"] for o in orders]
        twice = [r for r in refnums if self.taken[r]]
        self.taken.update(refnums)
        body = {
            "orders": [
                {"channel_order_refnum": r, "retailops_order_id": 7000 + len(self.taken)}
                for r in refnums
            ]
        }
        row, _ = await self._call("order_acknowledge", body, f"{len(refnums)} orders taken")
        return _told(row, row.about, f"offered twice: {', '.join(twice)}" if twice else "")

    async def _nothing_left(self) -> Row:
        row, answer = await self._call(
            "order_pull", {"page_token": ""}, "again, a moment later: nothing comes back"
        )
        orders = answer.get("orders", [])
        return _told(row, row.about, f"{len(orders)} orders came back" if orders else "")

    async def _place_order(self) -> str:
        """What a shopper does, who knows nothing of any of this."""
        state = await self._get("/_sandbox/state")
        sku = next(iter(_skus(state)))
        async with self.http.post(
            f"{self.store}/_sandbox/orders",
            json={"lines": [{"sku": sku, "quantity": 2}], "email": "grace@example.com"},
        ) as reply:
            placed = await reply.json()
        return str(placed.get("name", "an order"))

    async def _settle(self) -> None:
        """Let the store's index and its fulfillment orders catch up."""
        async with self.http.post(
            f"{self.store}/_sandbox/clock", json={"advance": SETTLE_SECONDS}
        ) as reply:
            reply.raise_for_status()

    async def _call(
        self, action: str, body: Mapping[str, Any], about: str, *, rows: bool = False
    ) -> tuple[Row, dict[str, Any]]:
        """One call; with ``rows`` an error event is about one row, not about the call."""
        asked = {
            "integration_auth_token": self.auth_key,
            "action": action,
            "version": 1,
            "client_id": 1,
            "channel_info": {"id": self.channel},
            **body,
        }
        begin = time.perf_counter()
        async with self.http.post(f"{self.bridge}/{action}_v1", json=asked) as reply:
            answer = await reply.json()
            status = reply.status
        milliseconds = (time.perf_counter() - begin) * 1000
        calls, points = await self._cost()
        events = answer.get("events") or []
        failed = [e["message"] for e in events if e["event_type"] == "error"]
        row = Row(
            action,
            about,
            status,
            Counter(e["code"] for e in events),
            calls,
            points,
            milliseconds,
            len(failed),
            failed[0] if failed and not rows else "",
        )
        return row, answer

    async def _cost(self) -> tuple[int, int]:
        """Shopify requests and points since the last look."""
        requests = await self._get("/_sandbox/requests")
        fresh = [r for r in requests if r["n"] > self._seen]
        self._seen = max((r["n"] for r in requests), default=0)
        return len(fresh), sum(r["actual_cost"] or 0 for r in fresh)

    async def _get(self, path: str) -> JSON:
        async with self.http.get(self.store + path) as reply:
            reply.raise_for_status()
            found: JSON = await reply.json()
            return found


def _skus(state: Mapping[str, Any]) -> list[str]:
    """The SKUs of tracked items that only one item has, as the catalogue lists them."""
    counted = Counter(i["sku"] for i in state["inventory"] if i["sku"] and i["tracked"])
    return [sku for sku, items in counted.items() if items == 1]


def _told(row: Row, about: str, failure: str = "") -> Row:
    return replace(row, about=about, failure=row.failure or failure)
