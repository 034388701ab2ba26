"""Products, variants, inventory items, levels; and the metafields of any owner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.model import (
    APP_NAMESPACE,
    InventoryItem,
    InventoryLevel,
    Location,
    Metafield,
    Owner,
    Variant,
)
from bridge.sandbox.money import scalar_text
from bridge.sandbox.state import stamp

# The states that inventoryLevel.quantities knows, in Shopify's words.
QUANTITY_NAMES = (
    "available",
    "on_hand",
    "committed",
    "incoming",
    "reserved",
    "damaged",
    "quality_control",
    "safety_stock",
)


def metafield(
    owner: Owner, _info: object, key: str, namespace: str | None = None
) -> Metafield | None:
    """One metafield; without a namespace, the app's own one is meant (documented)."""
    return owner.metafields_by_key.get((namespace or APP_NAMESPACE, key))


def metafields(
    owner: Owner,
    info: Info,
    namespace: str | None = None,
    keys: list[str] | None = None,
    **page: Unpack[Page],
) -> object:
    """An owner's metafields, oldest first."""
    rows: Sequence[Metafield] = list(owner.metafields_by_key.values())
    if namespace:
        rows = [row for row in rows if row.namespace == namespace]
    if keys:
        rows = [row for row in rows if f"{row.namespace}.{row.key}" in keys]
    return info.context.paginate(rows, **page)


def _level(
    item: InventoryItem,
    info: Info,
    locationId: str,
    includeInactive: bool | None = None,
) -> InventoryLevel | None:
    location = info.context.store.find(locationId)
    level = item.levels.get(location.number_id) if isinstance(location, Location) else None
    if level is None or not (level.is_active or includeInactive):
        return None
    return level


def _levels(
    item: InventoryItem,
    info: Info,
    query: str | None = None,
    includeInactive: bool | None = None,
    **page: Unpack[Page],
) -> object:
    if query:
        raise NotModelled("the argument query of inventoryLevels")
    rows = [level for level in item.levels.values() if level.is_active or includeInactive]
    return info.context.paginate(rows, **page)


def _quantities(level: InventoryLevel, _info: object, names: list[str]) -> list[dict[str, Any]]:
    """Unknown names give 0 rows; ``updatedAt`` only for ``available`` (captured)."""
    rows = []
    for name in names:
        if name in QUANTITY_NAMES:
            base = level.id.replace("/InventoryLevel/", "/InventoryQuantity/")
            rows.append(
                {
                    "id": f"{base}&name={name}",
                    "name": name,
                    "quantity": getattr(level, name),
                    "updatedAt": stamp(level.updated_at) if name == "available" else None,
                }
            )
    return rows


def _price(variant: Variant, _info: object) -> str:
    return scalar_text(variant.price)


def _changes(
    group: dict[str, Any],
    _info: object,
    inventoryItemIds: list[str] | None = None,
    locationIds: list[str] | None = None,
    quantityNames: list[str] | None = None,
) -> list[dict[str, Any]]:
    return [
        row
        for row in group["changes"]
        if (inventoryItemIds is None or row["item"].id in inventoryItemIds)
        and (locationIds is None or row["location"].id in locationIds)
        and (quantityNames is None or row["name"] in quantityNames)
    ]


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "ProductVariant": {"price": _price},
    "InventoryItem": {"inventoryLevel": _level, "inventoryLevels": _levels},
    "InventoryAdjustmentGroup": {"changes": _changes},
    "InventoryLevel": {"quantities": _quantities},
}
