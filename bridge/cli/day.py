"""One day of RetailOps, played through a bridge over HTTP: from the feed of the night to a return.

The player is RetailOps: it knows the bridge's address and key, and the orders that it pulled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from bridge.cli.caller import Caller, Row

Order = Mapping[str, Any]

# Stock levels that a push sets: varied, so that a table of them looks like a shop's.
LEVELS: Final = (0, 3, 12, 40, 7, 25, 110, 1)

# What the catalog push of the night brings, in the bridge's own feed shape.
NEW_PRODUCT: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "handle": "camp-lantern",
        "title": "Camp Lantern",
        "descriptionHtml": "<p>Burns all night.</p>",
        "tags": ["camping"],
        "publications": ["Online Store"],
        "variants": [
            {
                "sku": f"LANTERN-{size}",
                "price": price,
                "optionValues": [{"optionName": "Size", "name": size}],
            }
            for size, price in (("S", "39.00"), ("L", "49.00"))
        ],
    }
)

# How far the store's clock is moved so that its search index has caught up and fulfillment
# orders are made: beyond the default lag of both.
SETTLE_SECONDS: Final = 30

# A bridge that gives more pages than this for the demo's orders goes round in circles.
MAX_PAGES: Final = 20


@dataclass(slots=True)
class Day:
    """The day, call by call; ``orders`` are those that RetailOps has taken."""

    caller: Caller
    taken: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Order] = field(default_factory=dict)
    _packages: int = 500

    async def play(self) -> AsyncIterator[Row]:
        """The day, call by call."""
        await self.caller.cost()  # what start-up asked of the store is nobody's call
        row, _ = await self.caller.call("catalog_get_config", {}, "how to push the catalogue")
        yield row
        async for row in self._push_catalog():
            yield row
        yield await self._push_stock()
        async for row in self._pull_and_acknowledge("orders of the night"):
            yield row
        yield await self._nothing_left()
        number = await self._place_order()
        await self._settle()
        async for row in self._pull_and_acknowledge(f"a shopper has ordered {number}"):
            yield row
        yield await self._nothing_left()
        for scene in (
            self._authorised,
            self._short,
            self._returned,
            self._updated,
            self._cancelled,
        ):
            async for row in scene():
                yield row

    # -- the catalog ---------------------------------------------------------------------------

    async def _push_catalog(self) -> AsyncIterator[Row]:
        """A product that the store does not have; and the same feed again, as every night."""
        body = {"template_output": {"products": [dict(NEW_PRODUCT)]}}
        row, _ = await self.caller.call("catalog_push", body, "a new product in two sizes")
        yield row
        writes = await self._writes()
        row, _ = await self.caller.call("catalog_push", body, "the same feed: nothing is written")
        more = await self._writes() - writes
        yield _told(row, row.about, f"{more} writes" if more else "")

    async def _writes(self) -> int:
        """How many mutations the store was sent so far."""
        requests = await self.caller.get("/_sandbox/requests")
        return sum(bool(r["mutation"]) for r in requests)

    # -- stock and orders ----------------------------------------------------------------------

    async def _push_stock(self) -> Row:
        state = await self.caller.get("/_sandbox/state")
        skus = _skus(state)
        updates: list[dict[str, Any]] = [
            {"sku": sku, "quantity_available": LEVELS[n % len(LEVELS)], "quantity_detail": []}
            for n, sku in enumerate(skus)
        ]
        # A bundle's stock is that of its components: its row is told, and costs no other row.
        row, _ = await self.caller.call(
            "inventory_push",
            {"inventory_updates": updates},
            f"stock of {len(updates)} SKUs",
            rows=True,
        )
        return row

    async def _pull_and_acknowledge(self, about: str) -> AsyncIterator[Row]:
        """Page by page until the token is blank, each page acknowledged as RetailOps does."""
        token = ""
        for page in range(1, MAX_PAGES + 1):
            row, answer = await self.caller.call(
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

    async def _acknowledge(self, orders: Sequence[Order]) -> Row:
        refnums = [o["channel_order_refnum"] for o in orders]
        twice = [r for r in refnums if self.taken[r]]
        self.taken.update(refnums)
        self.orders |= {o["channel_order_refnum"]: o for o in orders}
        body = {
            "orders": [
                {"channel_order_refnum": r, "retailops_order_id": 7000 + n}
                for n, r in enumerate(refnums, len(self.taken))
            ]
        }
        row, _ = await self.caller.call("order_acknowledge", body, f"{len(refnums)} orders taken")
        return _told(row, row.about, f"offered twice: {', '.join(twice)}" if twice else "")

    async def _nothing_left(self) -> Row:
        row, answer = await self.caller.call(
            "order_pull", {"page_token": ""}, "again, a moment later: nothing comes back"
        )
        orders = answer.get("orders", [])
        return _told(row, row.about, f"{len(orders)} orders came back" if orders else "")

    async def _place_order(self) -> str:
        """What a shopper does, who knows nothing of any of this."""
        state = await self.caller.get("/_sandbox/state")
        body = {"lines": [{"sku": _skus(state)[0], "quantity": 2}], "email": "grace@example.com"}
        async with self.caller.http.post(
            f"{self.caller.store}/_sandbox/orders", json=body
        ) as reply:
            placed = await reply.json()
        return str(placed.get("name", "an order"))

    async def _settle(self) -> None:
        """Let the store's index and its fulfillment orders catch up."""
        async with self.caller.http.post(
            f"{self.caller.store}/_sandbox/clock", json={"advance": SETTLE_SECONDS}
        ) as reply:
            reply.raise_for_status()

    # -- the life of an order ------------------------------------------------------------------

    async def _authorised(self) -> AsyncIterator[Row]:
        """Shipped, paid for, finished; and the shipment sent twice, as happens."""
        order = self._take(lambda o: [p["transaction_type"] for p in _payments(o)] == ["auth"])
        package = self._package(order, [(i, i["quantity"]) for i in _to_ship(order)])
        name = _name(order)
        yield await self._ship(order, [package], f"{name} leaves in one package")
        yield await self._ship(order, [package], f"{name} again: RetailOps repeats a call")
        row, _ = await self.caller.call(
            "order_settle_payment",
            {
                "order": _head(order),
                "payment": {
                    "currency_code": order["currency_code"],
                    "payment_series_id": 1,
                    "payment_transactions": [
                        {**p, "transaction_type": "charge"} for p in _payments(order)
                    ],
                },
            },
            f"{name}: the authorised money is taken",
        )
        yield row
        yield await self._complete(order, [package], [], f"{name} is finished")

    async def _short(self) -> AsyncIterator[Row]:
        """One unit cannot be found in the warehouse."""
        order = self._take(lambda o: len(_to_ship(o)) == 1 and _to_ship(o)[0]["quantity"] > 1)
        item = _to_ship(order)[0]
        package = self._package(order, [(item, item["quantity"] - 1)])
        missing = {
            "channel_item_refnum": item["channel_item_refnum"],
            "sku": item["sku"],
            "ordered_quantity": item["quantity"],
            "unshipped_quantity": 1,
        }
        name = _name(order)
        yield await self._ship(order, [package], f"{name} leaves, one unit short")
        yield await self._complete(
            order, [package], [missing], f"{name}: the missing unit is paid back"
        )

    async def _returned(self) -> AsyncIterator[Row]:
        """A customer sends one unit back, and RetailOps repeats the call."""
        order = self._take(lambda o: bool(_to_ship(o)) and _charged(o))
        items = _to_ship(order)
        package = self._package(order, [(i, i["quantity"]) for i in items])
        name = _name(order)
        yield await self._ship(order, [package], f"{name} leaves")
        money = items[0]["currency_values"]
        amount = Decimal(str(money["unit_price"])) + Decimal(str(money.get("unit_tax", 0)))
        body = {
            "order": _head(order),
            "return": {
                "retailops_return_id": 87,
                "refund_action": "refund",
                "refund_amt": float(round(amount, 2)),
                "items": [
                    {
                        "channel_item_refnum": items[0]["channel_item_refnum"],
                        "sku": items[0]["sku"],
                        "quantity": 1,
                    }
                ],
            },
        }
        for about in ("one unit comes back", "again: nothing is paid twice"):
            row, _ = await self.caller.call("order_returned", body, f"{name}: {about}")
            yield row

    async def _updated(self) -> AsyncIterator[Row]:
        """The customer calls: one less of this, one of that as well."""
        order = self._take(lambda o: bool(_to_ship(o)) and _to_ship(o)[0]["quantity"] > 1)
        item = _to_ship(order)[0]
        lines = [
            {
                "channel_item_refnum": item["channel_item_refnum"],
                "order_item_id": 901,
                "sku": item["sku"],
                "quantity": item["quantity"] - 1,
            },
            {"order_item_id": 902, "sku": self._other_sku(order), "quantity": 1},
        ]
        row, answer = await self.caller.call(
            "order_update",
            {"order": {**_head(order), "order_items": lines}},
            f"{_name(order)}: one less, and a line more",
        )
        known = {line["order_item_id"] for line in answer.get("line_items", [])}
        yield _told(row, row.about, "" if known == {901, 902} else "a line was not answered")

    async def _cancelled(self) -> AsyncIterator[Row]:
        """Nobody wants it any more."""
        order = self._take(lambda o: bool(_to_ship(o)) and _charged(o))
        row, answer = await self.caller.call(
            "order_cancel", {"order": _head(order)}, f"{_name(order)} is cancelled and paid back"
        )
        ended = answer.get("status")
        yield _told(row, row.about, "" if ended == "success" else f"status {ended}")

    # -- parts of calls ------------------------------------------------------------------------

    async def _ship(self, order: Order, packages: Sequence[Any], about: str) -> Row:
        row, _ = await self.caller.call(
            "order_shipment_submit",
            {
                "channel_order_refnum": order["channel_order_refnum"],
                "shipment": {"retailops_shipment_id": 300, "packages": packages},
            },
            about,
        )
        return row

    async def _complete(
        self, order: Order, packages: Sequence[Any], missing: Sequence[Any], about: str
    ) -> Row:
        shipments = [{"retailops_shipment_id": 300, "packages": packages}]
        row, answer = await self.caller.call(
            "order_complete",
            {"order": {**_head(order), "shipments": shipments, "unshipped_items": missing}},
            about,
        )
        ended = answer.get("status")
        return _told(row, row.about, "" if ended == "success" else f"status {ended}")

    def _package(self, order: Order, items: Sequence[tuple[Any, int]]) -> dict[str, Any]:
        self._packages += 1
        return {
            "retailops_package_id": self._packages,
            "carrier_name": "UPS",
            "carrier_class_name": "Ground",
            "tracking_number": f"1Z999AA1{self._packages:010d}",
            "package_items": [
                {
                    "channel_item_refnum": item["channel_item_refnum"],
                    "sku": item["sku"],
                    "quantity": quantity,
                }
                for item, quantity in items
            ],
        }

    def _take(self, fits: Callable[[Order], bool]) -> Order:
        """An order that this scene is played with, and no other."""
        for refnum, order in self.orders.items():
            if fits(order) and order["currency_code"] == "USD":
                return self.orders.pop(refnum)
        raise LookupError("no order of the day fits this scene")

    def _other_sku(self, order: Order) -> str:
        """A SKU that another order has and this one has not."""
        mine = {i["sku"] for i in order["order_items"]}
        others = [i["sku"] for o in self.orders.values() for i in _to_ship(o)]
        found = (s for s in others if s not in mine and not s.startswith("SHOPIFY-"))
        return str(next(found))


def _to_ship(order: Order) -> list[Any]:
    return [i for i in order["order_items"] if i["item_type"] == "ship"]


def _payments(order: Order) -> list[Any]:
    return list(order["payment_transactions"])


def _charged(order: Order) -> bool:
    """Paid with one card, and nothing else."""
    rows = [(p["payment_processing_type"], p["transaction_type"]) for p in _payments(order)]
    return rows == [("channel_payment", "charge")]


def _head(order: Order) -> dict[str, Any]:
    return {"channel_order_refnum": order["channel_order_refnum"], "retailops_order_id": 7000}


def _name(order: Order) -> str:
    names = [a["value"] for a in order["attributes"] if a["handle"] == "shopify_order_name"]
    return str(names[0] if names else order["channel_order_refnum"])


def _skus(state: Mapping[str, Any]) -> list[str]:
    """The SKUs of tracked items that only one item has, as the catalogue lists them."""
    counted = Counter(i["sku"] for i in state["inventory"] if i["sku"] and i["tracked"])
    return [sku for sku, items in counted.items() if items == 1]


def _told(row: Row, about: str, failure: str = "") -> Row:
    return replace(row, about=about, failure=row.failure or failure)
