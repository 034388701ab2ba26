"""``inventorySetQuantities`` and ``inventoryActivate``, with the captured errors and texts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import InventoryItem, InventoryLevel, Location, gid
from bridge.sandbox.state import stamp

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Captured: the list that Shopify's message ends in, in its order.
REASONS = (
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
)
# Captured bounds of a quantity.
HIGHEST = 1_000_000_000
LOWEST = -1_000_000_000
_NAMES = ("available", "on_hand")

Row = dict[str, Any]


def _error(field: list[str], message: str, code: str) -> Row:
    return {"field": field, "message": message, "code": code}


def _input_errors(given: Row) -> list[Row]:
    if given["name"] not in _NAMES:
        message = "The quantity name must be either 'available' or 'on_hand'."
        return [_error(["input", "name"], message, "INVALID_NAME")]
    if given["reason"] not in REASONS:
        message = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
        return [_error(["input", "reason"], message, "INVALID_REASON")]
    return []


def _quantity_errors(name: str, rows: list[Row]) -> list[Row]:
    errors = []
    for n, row in enumerate(rows):
        at, value = ["input", "quantities", str(n), "quantity"], row["quantity"]
        if value < LOWEST:
            message = "The quantity can't be lower than -1,000,000,000."
            errors.append(_error(at, message, "INVALID_QUANTITY_TOO_LOW"))
        elif value > HIGHEST:
            message = "The quantity can't be higher than 1,000,000,000."
            errors.append(_error(at, message, "INVALID_QUANTITY_TOO_HIGH"))
        elif value < 0 and name == "on_hand":
            message = "The quantity can't be negative."
            errors.append(_error(at, message, "INVALID_QUANTITY_NEGATIVE"))
    pairs = Counter((row["inventoryItemId"], row["locationId"]) for row in rows)
    for n, row in enumerate(rows):
        if pairs[row["inventoryItemId"], row["locationId"]] > 1:
            message = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            errors.append(_error(["input", "quantities", str(n), "locationId"], message, code))
    return errors


def _existence_errors(store: Store, rows: list[Row]) -> list[Row]:
    errors = []
    for n, row in enumerate(rows):
        at = ["input", "quantities", str(n)]
        item = store.find_as(InventoryItem, row["inventoryItemId"])
        if item is None:
            message = "The specified inventory item could not be found."
            errors.append(_error([*at, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM"))
        elif item.variant is not None and item.variant.requires_components:
            message = "The specified inventory item is not allowed to be adjusted via API."
            errors.append(_error([*at, "inventoryItemId"], message, "NON_MUTABLE_INVENTORY_ITEM"))
        location = store.find_as(Location, row["locationId"])
        if location is None or not location.is_active:
            message = "The specified location could not be found."
            errors.append(_error([*at, "locationId"], message, "INVALID_LOCATION"))
    return errors


def _stale_errors(store: Store, name: str, rows: list[Row]) -> list[Row]:
    errors = []
    for n, row in enumerate(rows):
        expected = row["changeFromQuantity"]
        item = store.find_as(InventoryItem, row["inventoryItemId"])
        location = store.find_as(Location, row["locationId"])
        level = item.levels.get(location.number_id) if item and location else None
        stored = getattr(level, name) if level is not None else 0
        if expected is not None and expected != stored:
            message = "The changeFromQuantity argument no longer matches the persisted quantity."
            at = ["input", "quantities", str(n), "changeFromQuantity"]
            errors.append(_error(at, message, "CHANGE_FROM_QUANTITY_STALE"))
    return errors


def _level(store: Store, item: InventoryItem, location: Location) -> InventoryLevel:
    """The level, made inactive when the item never was at the location."""
    level = item.levels.get(location.number_id)
    if level is None:
        now = store.clock()
        level = InventoryLevel(
            item=item, location=location, created_at=now, updated_at=now, is_active=False
        )
        item.levels[location.number_id] = level
        store.nodes[level.id] = level
    return level


def set_quantities(_root: object, info: Info, input: Row) -> Row:
    """Set quantities; one bad row refuses all (captured).

    A row that changes nothing leaves no trace, and a call of only such rows gives no group
    (captured). The engine has seen to it that every row has a ``changeFromQuantity``.
    """
    store: Store = info.context.store
    given = input
    store.settle()
    name, rows = given["name"], given["quantities"]
    errors = (
        _input_errors(given)
        or _quantity_errors(name, rows)
        or _existence_errors(store, rows)
        or _stale_errors(store, name, rows)
    )
    if errors:
        return {"inventoryAdjustmentGroup": None, "userErrors": errors}
    changes = [change for row in rows for change in _apply(store, name, row)]
    group = None
    if changes:
        group = {
            "id": gid("InventoryAdjustmentGroup", store.new_id("InventoryAdjustmentGroup")),
            "createdAt": stamp(store.clock()),
            "reason": given["reason"],
            "referenceDocumentUri": given.get("referenceDocumentUri"),
            "changes": changes,
        }
        store.record(
            "inventorySetQuantities",
            ids=[change["item"].id for change in changes if change["name"] == name],
            detail={
                "name": name,
                "reason": given["reason"],
                "changes": [
                    {
                        "item": change["item"].legacy_resource_id,
                        "sku": change["item"].sku,
                        "location": change["location"].legacy_resource_id,
                        "delta": change["delta"],
                        "to": change["to"],
                    }
                    for change in changes
                    if change["name"] == name
                ],
            },
        )
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _apply(store: Store, name: str, row: Row) -> list[Row]:
    """Write one row; ``available`` and its mirror ``on_hand``, each with its delta (captured)."""
    item = store.find_as(InventoryItem, row["inventoryItemId"])
    location = store.find_as(Location, row["locationId"])
    if item is None or location is None or not item.tracked:
        return []
    level = _level(store, item, location)
    delta = row["quantity"] - getattr(level, name)
    if delta == 0:
        return []
    level.available += delta
    level.updated_at = store.clock()
    store.index.touch("InventoryItem", item.id)
    return [
        {
            "name": changed,
            "delta": delta,
            "quantityAfterChange": None,  # captured: always null
            "item": item,
            "location": location,
            "to": getattr(level, changed),
        }
        for changed in _NAMES
    ]


def activate(
    _root: object,
    info: Info,
    *,
    inventoryItemId: str,
    locationId: str,
    available: int | None = None,
    onHand: int | None = None,
    stockAtLegacyLocation: bool | None = None,
) -> Row:
    """Stock an item at a location.

    Captured: an inactive level comes back with its old quantities; an active one is returned as
    it is, with an error only when ``available`` was given; an untracked item starts at 0
    whatever was asked for.
    """
    if stockAtLegacyLocation:
        raise NotModelled("legacy locations")
    store: Store = info.context.store
    store.settle()
    item = store.find_as(InventoryItem, inventoryItemId)
    location = store.find_as(Location, locationId)
    if item is None:
        message = "The product couldn't be stocked because the inventory item wasn't found."
        return _activated(None, ["inventoryItemId"], message)
    if location is None or not location.is_active:
        message = "The product couldn't be stocked because the location wasn't found."
        return _activated(None, ["locationId"], message)
    level = item.levels.get(location.number_id)
    asked = {"available": available, "on_hand": onHand}
    given = {name: quantity for name, quantity in asked.items() if quantity is not None}
    if level is not None and level.is_active:
        for name in given:
            label = name.replace("_", " ")
            message = (
                f"Not allowed to set {label} quantity when the item is already active "
                "at the location."
            )
            return _activated(level, ["available" if name == "available" else "onHand"], message)
        return _activated(level)
    now, level = store.clock(), _level(store, item, location)
    level.is_active, level.updated_at = True, now
    if item.tracked:
        for name, quantity in given.items():
            level.available += quantity - getattr(level, name)
    store.index.touch("InventoryItem", item.id)
    detail = {
        "location": location.legacy_resource_id,
        "sku": item.sku,
        "available": level.available,
    }
    store.record("inventoryActivate", ids=[item.id], detail=detail)
    return _activated(level)


def _activated(
    level: InventoryLevel | None, field: list[str] | None = None, message: str = ""
) -> Row:
    errors = [{"field": field, "message": message}] if message else []
    return {"inventoryLevel": level, "userErrors": errors}
