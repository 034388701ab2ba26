"""Variants come and go, with their inventory items and levels."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.sandbox.model import InventoryItem, InventoryLevel, Location, Product, Variant
from bridge.sandbox.model_products import OptionValue
from bridge.sandbox.options import choose, drop_option

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def new_variant(store: Store, product: Product, values: Iterable[OptionValue]) -> Variant:
    """A variant at the end of the product: price 0, untracked, without a SKU (captured)."""
    now = store.clock()
    item = InventoryItem(
        number_id=store.new_id("InventoryItem"),
        sku=None,
        created_at=now,
        updated_at=now,
        tracked=False,
    )
    variant = Variant(
        number_id=store.new_id("ProductVariant"),
        product=product,
        title="",
        price=Decimal(0),
        inventory_item=item,
        created_at=now,
        updated_at=now,
    )
    item.owner = variant
    product.variant_list.append(variant)
    choose(variant, values)
    store.keep(item)
    store.keep(variant)
    return variant


def stock(store: Store, variant: Variant, quantities: Iterable[tuple[Location, str, int]]) -> None:
    """Put a variant on shelves: each location with ``available`` or ``on_hand`` and a quantity.

    Without any it is stocked, at 0, at the shop's first location (assumed). Quantities are kept
    for an untracked item too (captured).
    """
    rows = list(quantities)
    if not rows:
        first = next(iter(store.locations.values()))
        rows = [(first, "available", 0)] if not variant.inventory_item.levels else []
    item, now = variant.inventory_item, store.clock()
    for location, name, quantity in rows:
        level = item.levels.get(location.number_id)
        if level is None:
            level = InventoryLevel(item=item, location=location, created_at=now, updated_at=now)
            item.levels[location.number_id] = level
            store.nodes[level.id] = level
        level.is_active = True
        level.available += quantity - getattr(level, name)
        level.updated_at = now
    store.index.touch(item.gql_type, item.id)


def delete_variant(store: Store, variant: Variant) -> None:
    """A variant with its item, levels and metafields; lines of orders lose sight of it.

    That the lines stay, with a null variant, is documented.
    """
    product, item = variant.product, variant.inventory_item
    product.variant_list = [one for one in product.variant_list if one is not variant]
    for level in item.levels.values():
        store.nodes.pop(level.id, None)
    for metafield in variant.metafields_by_key.values():
        store.drop(metafield)
    store.drop(item)
    store.drop(variant)
    for order in store.orders.values():
        for line in order.lines:
            if line.variant is variant:
                line.variant = None


def delete_product(store: Store, product: Product) -> None:
    """A product with everything that is its own; its images stay in the shop's files."""
    for variant in list(product.variant_list):
        delete_variant(store, variant)
    for option in product.option_list:
        drop_option(store, option)
    for metafield in product.metafields_by_key.values():
        store.drop(metafield)
    for collection in store.collections.values():
        collection.members.pop(product.number_id, None)
    store.drop(product)
