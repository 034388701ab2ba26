"""A shop's stock in memory, with Shopify's rules for writing it: for tests of pure plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.actions.inventory_push import InventoryPush, PushState
from bridge.actions.inventory_target import Stock
from bridge.actions.inventory_wants import Want, sources
from bridge.config.models import ChannelSettings, InventoryPushPolicy, ShopifySettings
from bridge.engine import Call, Channel, Plan, Result
from bridge.mapping.module import MappingModule, load_module
from bridge.retailops.requests import InventoryPushRequest
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.inventory import Level, Variant

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]

MAIN = "gid://shopify/Location/1"
WEST = "gid://shopify/Location/2"
LOCATIONS = [
    {"id": MAIN, "legacyResourceId": "1", "name": "Main", "fulfillsOnlineOrders": True},
    {"id": WEST, "legacyResourceId": "2", "name": "West", "fulfillsOnlineOrders": True},
]


def shipped_mapping() -> MappingModule:
    """mappings/inventory_push.toml as it is shipped."""
    path = ROOT / "mappings" / "inventory_push.toml"
    return load_module("inventory_push", [path], target=Stock, sources=sources())


def a_call(policy: InventoryPushPolicy | None = None, **settings: Any) -> Call:
    """A call whose store and ledger are never asked: for plans and answers."""
    channel = ChannelSettings(
        id=21,
        shop="example.myshopify.com",
        auth_key="a" * 32,
        shopify=ShopifySettings(token="shpat_test"),
        inventory_push=policy or InventoryPushPolicy(),
        **settings,
    )
    never: Any = None
    return Call(
        channel=Channel(channel, never, {}),
        ledger=never,
        request_id="r1",
        budget=CallBudget(Deadline(60.0, lambda: 0.0), background=True),
        clock=lambda: NOW,
        execution="e1",
    )


def want(sku: str, quantity: int, *, location: str = MAIN, safety: int = 0) -> Want:
    """Set this quantity for this SKU."""
    return Want(sku, sku, location, quantity, safety)


@dataclass(slots=True)
class Held:
    """One inventory level of the shop."""

    available: int
    active: bool = True


@dataclass(slots=True)
class Shop:
    """Variants by SKU (several may share one) and the levels of their items."""

    items: dict[str, list[str]] = field(default_factory=dict)
    levels: dict[tuple[str, str], Held] = field(default_factory=dict)
    untracked: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)
    written: list[tuple[str, str, int]] = field(default_factory=list)
    requests: int = 0

    def stock(self, sku: str, available: int, *, location: str = MAIN, active: bool = True) -> str:
        """Put an item with this SKU at a location; its GID."""
        number = len(self.levels) + 1
        item = f"gid://shopify/InventoryItem/{number}"
        self.items.setdefault(sku, []).append(item)
        self.levels[item, location] = Held(available, active)
        return item

    def variants(self, skus: Sequence[str]) -> dict[str, list[Variant]]:
        """What a look-up of these SKUs would give now."""
        places = [location["id"] for location in LOCATIONS]
        return {
            sku: [
                Variant(
                    gid=item.replace("InventoryItem", "ProductVariant"),
                    sku=sku,
                    item=item,
                    tracked=item not in self.untracked,
                    levels={
                        place: Level(held.active, held.available)
                        if (held := self.levels.get((item, place)))
                        else None
                        for place in places
                    },
                )
                for item in self.items[sku]
            ]
            for sku in skus
            if sku in self.items
        }

    def send(self, plan: Plan) -> list[Result]:
        """Apply the plan's steps as Shopify would."""
        out = []
        for step in plan.steps:
            self.requests += 1
            apply = self._set if step.operation.name == "InventorySet" else self._activate
            out.append(Result(step, data=apply(step.variables), request_id=f"q{self.requests}"))
        return out

    def _set(self, variables: Any) -> dict[str, Any]:
        rows = variables["input"]["quantities"]
        assert len(rows) <= 250
        assert len({(r["inventoryItemId"], r["locationId"]) for r in rows}) == len(rows)
        errors = []
        for number, row in enumerate(rows):
            at = ["input", "quantities", str(number)]
            held = self.levels[row["inventoryItemId"], row["locationId"]]
            if row["inventoryItemId"] in self.bad:
                code = "NON_MUTABLE_INVENTORY_ITEM"
                errors.append({"code": code, "field": at, "message": "not allowed"})
            elif held.available != row["changeFromQuantity"]:
                code = "CHANGE_FROM_QUANTITY_STALE"
                errors.append({"code": code, "field": at, "message": "stale"})
        if not errors:
            for row in rows:
                place = row["inventoryItemId"], row["locationId"]
                self.levels[place].available = row["quantity"]
                self.written.append((*place, row["quantity"]))
        return {"inventorySetQuantities": {"inventoryAdjustmentGroup": None, "userErrors": errors}}

    def _activate(self, variables: Any) -> dict[str, Any]:
        out: dict[str, Any] = {}
        count = sum(name.startswith("locationId") for name in variables)
        for n in range(count):
            place = variables[f"inventoryItemId{n}"], variables[f"locationId{n}"]
            if place[0] in self.bad:
                errors = [{"field": ["inventoryItemId"], "message": "cannot be stocked"}]
                out[f"a{n}"] = {"inventoryLevel": None, "userErrors": errors}
                continue
            held = self.levels.setdefault(place, Held(0))
            held.active = True
            quantities = [{"name": "available", "quantity": held.available}]
            level = {"id": "x", "isActive": True, "quantities": quantities}
            out[f"a{n}"] = {"inventoryLevel": level, "userErrors": []}
        return out


def plan(
    state: PushState, results: Sequence[Result] = (), policy: InventoryPushPolicy | None = None
) -> tuple[Plan, Call]:
    """The action's plan for a state; the call has what it told."""
    call = a_call(policy)
    return InventoryPush().plan(call, InventoryPushRequest(), state, results), call
