"""The writes that the store models; a root field that is not here is refused by the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sandbox.mutations import inventory, metafields, tags

MUTATIONS: dict[str, Callable[..., Any]] = {
    "inventoryActivate": inventory.activate,
    "inventorySetQuantities": inventory.set_quantities,
    "metafieldsDelete": metafields.delete,
    "metafieldsSet": metafields.set_metafields,
    "tagsAdd": tags.add,
    "tagsRemove": tags.remove,
}
