"""What is beside the products: publications, collections, a piece of the product taxonomy."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from bridge.sandbox.model_products import Category, Collection, Publication
from bridge.sandbox.naming import handle_of

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_APPAREL: Final = "Apparel & Accessories"
_OUTDOOR: Final = ("Sporting Goods", "Outdoor Recreation")

# The form of the codes is Shopify's; a dozen of its more than ten thousand categories.
_CATEGORIES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("aa", (_APPAREL,)),
    ("aa-1", (_APPAREL, "Clothing")),
    ("aa-1-13", (_APPAREL, "Clothing", "Clothing Tops")),
    ("aa-1-13-8", (_APPAREL, "Clothing", "Clothing Tops", "T-Shirts")),
    ("aa-1-13-13", (_APPAREL, "Clothing", "Clothing Tops", "Hoodies")),
    ("aa-8", (_APPAREL, "Shoes")),
    ("aa-8-3", (_APPAREL, "Shoes", "Boots")),
    ("hg", ("Home & Garden",)),
    ("hg-11", ("Home & Garden", "Kitchen & Dining")),
    ("hg-11-10", ("Home & Garden", "Kitchen & Dining", "Tableware")),
    ("hg-11-10-2", ("Home & Garden", "Kitchen & Dining", "Tableware", "Drinkware")),
    ("lb", ("Luggage & Bags",)),
    ("lb-1", ("Luggage & Bags", "Backpacks")),
    ("sg", _OUTDOOR[:1]),
    ("sg-4", _OUTDOOR),
    ("sg-4-4", (*_OUTDOOR, "Camping & Hiking")),
    ("sg-4-4-16", (*_OUTDOOR, "Camping & Hiking", "Tents")),
)
# name, publishes on a date to come (documented: the online store can)
_PUBLICATIONS: Final = (("Online Store", True), ("Point of Sale", False), ("Shop", False))
# title, the rule of a smart one
_COLLECTIONS: Final[tuple[tuple[str, tuple[str, str] | None], ...]] = (
    ("Home page", None),
    ("New arrivals", None),
    ("Clearance", None),
    ("Camping", ("product_type", "Camping")),
    ("Ridgeway Forge", ("vendor", "Ridgeway Forge")),
    ("Sale", ("tags", "sale")),
)
_ON_HOME_PAGE: Final = 8
# The first two of the publications have everything that the seed sells.
_SOLD_ON: Final = 2


def categories() -> dict[str, Category]:
    """The taxonomy by global id."""
    parents = {code.rsplit("-", 1)[0] for code, _ in _CATEGORIES if "-" in code}
    rows = [Category(code, names, is_leaf=code not in parents) for code, names in _CATEGORIES]
    return {row.id: row for row in rows}


def furnish(store: Store) -> None:
    """What every shop has, an unseeded one too: publications and the taxonomy."""
    for code, category in categories().items():
        store.categories[code] = store.nodes[code] = category
    for title, future in _PUBLICATIONS:
        number = store.new_id("Publication")
        store.keep(Publication(number_id=number, title=title, supports_future_publishing=future))


def shelve(store: Store, at: datetime) -> None:
    """The seed's collections; its products are published."""
    for title, rule in _COLLECTIONS:
        number = store.new_id("Collection")
        handle = handle_of(title)
        if rule is None and title == "Home page":
            handle = "frontpage"  # Shopify's own name for it
        store.keep(
            Collection(number_id=number, title=title, handle=handle, updated_at=at, rule=rule)
        )
    products = list(store.products.values())
    home = next(iter(store.collections.values()))
    for product in products[:_ON_HOME_PAGE]:
        home.members[product.number_id] = product
    for product in products:
        product.published = dict.fromkeys(list(store.publications)[:_SOLD_ON], at)
