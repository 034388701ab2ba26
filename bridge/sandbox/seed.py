"""The seed: the shop, its places, what it sells, and about sixty orders of every kind.

Deterministic: the same clock gives the same store. Orders lie in the two weeks before the
clock's present, so that ``pull_since`` and Shopify's 60 days never hide them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.sandbox import seed_catalogue as catalogue
from bridge.sandbox.model import (
    Address,
    InventoryItem,
    InventoryLevel,
    Location,
    Product,
    Shop,
    Variant,
)
from bridge.sandbox.model_products import DEFAULT_OPTION
from bridge.sandbox.naming import free_handle, handle_of
from bridge.sandbox.options import choose, new_option, option_named, value_for
from bridge.sandbox.placing import place
from bridge.sandbox.routing import open_fulfillment_orders
from bridge.sandbox.seed_play import play
from bridge.sandbox.seed_shelves import shelve

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# The catalogue is older than every order.
_CATALOGUE_AGE = timedelta(days=400)
_BULK_AGE = timedelta(hours=12)
_BULK_LINES = 10  # what the "100 orders of 10 lines" measurement asks for


def shop() -> Shop:
    """The shop: US dollars, New York time, prices without tax."""
    return Shop(
        number_id=68_400_000_001,
        name="Cedar & Pine Supply",
        email="hello@cedar-and-pine.example.com",
        myshopify_domain="sandbox.myshopify.com",
        currency_code="USD",
        iana_timezone="America/New_York",
        plan_name="Basic",
    )


_PLACES = (
    # name, address, active, fulfils online orders
    ("Albany Warehouse", ("12 Depot Road", "Albany", "New York", "NY", "12204"), True, True),
    ("Brooklyn Store", ("215 Court Street", "Brooklyn", "New York", "NY", "11201"), True, True),
    ("Reno Overflow", ("4400 Vista Blvd", "Sparks", "Nevada", "NV", "89436"), True, True),
    ("Old Depot", ("7 Mill Lane", "Troy", "New York", "NY", "12180"), False, False),
)
# Captured: the number in a level's id belongs to the location, not to the level.
_FIRST_LEVEL_NUMBER = 104_875_000_041


def locations(store: Store) -> None:
    """Three active locations and a closed one; the first is the one that ships."""
    for n, (name, (street, city, state, code, postcode), active, online) in enumerate(_PLACES):
        store.keep(
            Location(
                number_id=store.new_id("Location"),
                name=name,
                level_number=_FIRST_LEVEL_NUMBER + n * 32_768,
                is_active=active,
                fulfills_online_orders=online,
                address=Address(
                    address1=street,
                    city=city,
                    province=state,
                    province_code=code,
                    zip=postcode,
                    country="United States",
                    country_code="US",
                ),
            )
        )


def _level(
    store: Store,
    item: InventoryItem,
    place: Location,
    available: int,
    at: datetime,
    *,
    active: bool,
) -> None:
    level = InventoryLevel(
        item=item,
        location=place,
        created_at=at,
        updated_at=at,
        available=available,
        is_active=active,
    )
    item.levels[place.number_id] = level
    store.nodes[level.id] = level


def add_variant(
    store: Store,
    product: Product,
    *,
    sku: str | None,
    title: str,
    price: Decimal,
    at: datetime,
    tracked: bool = True,
    ships: bool = True,
    taxable: bool = True,
    bundle: bool = False,
    options: Sequence[str] = (),
) -> Variant:
    """A variant with its inventory item; it is stocked nowhere yet.

    ``options`` names the options that the parts of its title are values of.
    """
    item = InventoryItem(
        number_id=store.new_id("InventoryItem"),
        sku=sku,
        created_at=at,
        updated_at=at,
        tracked=tracked,
        requires_shipping=ships,
    )
    variant = Variant(
        number_id=store.new_id("ProductVariant"),
        product=product,
        title=title,
        price=price,
        inventory_item=item,
        created_at=at,
        updated_at=at,
        taxable=taxable,
        requires_components=bundle,
    )
    item.owner = variant
    product.variant_list.append(variant)
    names = options or (DEFAULT_OPTION,)
    labels = title.split(" / ") if options else [title]
    choose(
        variant,
        [
            value_for(store, option_named(product, name) or new_option(store, product, name), label)
            for name, label in zip(names, labels, strict=True)
        ],
    )
    store.keep(item)
    store.keep(variant)
    return variant


def add_product(
    store: Store, title: str, vendor: str, kind: str, at: datetime, *, gift_card: bool = False
) -> Product:
    """A product without variants; a handle that is taken gets a number."""
    taken = {product.handle for product in store.products.values()}
    product = Product(
        number_id=store.new_id("Product"),
        title=title,
        handle=free_handle(handle_of(title), taken),
        vendor=vendor,
        product_type=kind,
        created_at=at,
        updated_at=at,
        is_gift_card=gift_card,
    )
    store.keep(product)
    return product


def _stock(store: Store, variant: Variant, row: catalogue.Seeded, n: int, at: datetime) -> None:
    """Most at the first location, some in the store, a few at the overflow; some exceptions."""
    first, shop_floor, overflow, _ = store.locations.values()
    sku, item = variant.sku, variant.inventory_item
    if row.bundle:
        return
    if sku not in catalogue.NOT_AT_FIRST:
        amount = row.stock + n % 7 if row.tracked else 0
        _level(store, item, first, amount, at, active=sku not in catalogue.INACTIVE_AT_FIRST)
    third = n % 3 == 0 and row.tracked and sku not in catalogue.NOT_AT_FIRST
    if third or sku in catalogue.INACTIVE_AT_FIRST:
        active = sku not in catalogue.INACTIVE_IN_STORE
        _level(store, item, shop_floor, 10 + n % 5, at, active=active)
    if (n % 10 == 0 and row.tracked) or sku in catalogue.NOT_AT_FIRST:
        _level(store, item, overflow, 40, at, active=True)
    if sku in catalogue.INACTIVE_IN_STORE:
        _level(store, item, shop_floor, 0, at, active=False)


def _catalogue(store: Store, at: datetime) -> None:
    count = 0
    for row in catalogue.PRODUCTS:
        product = add_product(store, row.title, row.vendor, row.kind, at, gift_card=row.gift_card)
        product.tags = sorted(row.tags, key=str.casefold)
        for sku, title in row.variants():
            variant = add_variant(
                store,
                product,
                sku=sku,
                title=title,
                price=Decimal(catalogue.PRICES.get(sku or "", row.price)),
                at=at,
                tracked=row.tracked,
                ships=row.ships,
                taxable=row.taxable,
                bundle=row.bundle,
                options=row.options,
            )
            _stock(store, variant, row, count, at)
            count += 1


def _bulk_variants(store: Store, wanted: int, at: datetime) -> None:
    """BULK-000001 …: 100 to a product, tracked, stocked at the first location only."""
    first = next(iter(store.locations.values()))
    product: Product | None = None
    for n in range(1, wanted + 1):
        if product is None or n % 100 == 1:
            title = f"Bulk Goods {(n - 1) // 100 + 1:04d}"
            product = add_product(store, title, "Cedar & Pine", "Bulk", at)
        sku = f"BULK-{n:06d}"
        price = Decimal(500 + n * 7 % 4500) / 100
        variant = add_variant(store, product, sku=sku, title=sku, price=price, at=at)
        # 7 and 997 have no common factor: neighbours differ, a thousand variants rarely meet.
        _level(store, variant.inventory_item, first, 100 + n * 7 % 997, at, active=True)


def _bulk_orders(store: Store, wanted: int, now: datetime) -> None:
    """Paid, unfulfilled orders of ten lines each, evenly over the last twelve hours."""
    skus = [sku for sku in (v.sku for v in store.variants.values()) if sku and "BULK-" in sku]
    if not skus:
        skus = [
            row.sku for row in store.variants.values() if row.sku and row.inventory_item.tracked
        ]
    for n in range(wanted):
        at = now - _BULK_AGE + _BULK_AGE * n / wanted
        rows = [
            {"sku": skus[(n * _BULK_LINES + k) % len(skus)], "quantity": 1 + (n + k) % 3}
            for k in range(_BULK_LINES)
        ]
        spec = {
            "kind": "bulk",
            "lines": rows,
            "email": f"bulk-{n + 1:06d}@example.com",
            "first_name": "Bulk",
            "last_name": f"Buyer {n + 1}",
            "tax_rate": "0.08",
        }
        order = place(store, spec, at=at)
        open_fulfillment_orders(store, order, at)


def seed(store: Store, *, variants: int = 0, orders: int = 0) -> None:
    """Fill an empty store: catalogue, the varied orders, then the bulk that was asked for."""
    now = store.clock()
    _catalogue(store, now - _CATALOGUE_AGE)
    shelve(store, now - _CATALOGUE_AGE)
    _bulk_variants(store, variants, now - _CATALOGUE_AGE / 2)
    play(store, now)
    if orders:
        _bulk_orders(store, orders, now)


def from_file(store: Store, path: Path) -> None:
    """Add what a JSON file lists: ``{"variants": [...], "orders": [...]}``.

    A variant: ``sku``, ``title``, ``price``, ``quantity`` (at the first location), ``tracked``,
    ``requires_shipping``. An order: as for ``POST /_sandbox/orders``. Raises ValueError with the
    file and the entry when one is wrong.
    """
    now = store.clock()
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(given, dict) or set(given) - {"variants", "orders"}:
        raise ValueError(f"{path}: must be an object with 'variants' and 'orders', both lists")
    for n, row in enumerate(given.get("variants", [])):
        _file_variant(store, row, f"{path}: variants[{n}]", now)
    for n, spec in enumerate(given.get("orders", [])):
        try:
            order = place(store, spec, at=now)
        except ValueError as error:
            raise ValueError(f"{path}: orders[{n}]: {error}") from None
        open_fulfillment_orders(store, order, now)


def _file_variant(store: Store, row: Mapping[str, Any], where: str, now: datetime) -> None:
    unknown = set(row) - {"sku", "title", "price", "quantity", "tracked", "requires_shipping"}
    if unknown or "sku" not in row:
        raise ValueError(f"{where}: needs 'sku'; unknown: {', '.join(sorted(unknown)) or 'none'}")
    product = add_product(store, row.get("title", row["sku"]), "Cedar & Pine", "Seed file", now)
    variant = add_variant(
        store,
        product,
        sku=row["sku"],
        title="Default Title",
        price=Decimal(str(row.get("price", "10.00"))),
        at=now,
        tracked=row.get("tracked", True),
        ships=row.get("requires_shipping", True),
    )
    first = next(iter(store.locations.values()))
    _level(store, variant.inventory_item, first, row.get("quantity", 0), now, active=True)
