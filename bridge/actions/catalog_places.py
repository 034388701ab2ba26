"""What the feed's names of sales channels, collections and categories mean in the shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from bridge.actions.catalog_state import Places
from bridge.actions.catalog_target import WantedProduct
from bridge.engine import Call
from bridge.shopify import places as shop_places
from bridge.shopify.places import KnownPlaces

# A shop changes its channels and collections a few times a week.
KNOWN_FOR: Final = timedelta(minutes=10)

GID_OF_CATEGORY: Final = "gid://shopify/TaxonomyCategory/"


async def places(call: Call, products: Iterable[WantedProduct]) -> Places:
    """The names that these products mention, each with its GID; remembered for ten minutes."""
    known = _fresh(call)
    listed = list(products)
    client, budget = call.channel.client, call.budget
    archive = any(p.remove == "archive" for p in listed)
    if (archive or any(p.publications for p in listed)) and not known.publications:
        known.publications = await shop_places.publications(client, budget)
    names = {name for p in listed for name in p.collections} - known.collections.keys()
    if names:
        rows = await shop_places.collections(client, budget, sorted(names))
        for name in names:
            known.collections[name] = _collection(name, rows)
    for name in sorted({p.category for p in listed if p.category} - known.categories.keys()):
        if name.startswith(GID_OF_CATEGORY):
            known.categories[name] = name
        else:
            known.categories[name] = await shop_places.category(client, budget, name)
    return Places(
        known.publications,
        {name: gid for name, gid in known.collections.items() if gid},
        {name: gid for name, gid in known.categories.items() if gid},
    )


def _fresh(call: Call) -> KnownPlaces:
    known, now = call.channel.learned.places, call.clock()
    if known is None or now - known.at >= KNOWN_FOR:
        known = call.channel.learned.places = KnownPlaces(now)
    return known


def _collection(name: str, rows: Sequence[shop_places.Collection]) -> str | None:
    """By its handle, else by its title, which several collections may have: then by none."""
    for row in rows:
        if row.handle == name:
            return row.gid
    titled = [row.gid for row in rows if row.title.casefold() == name.casefold()]
    return titled[0] if len(titled) == 1 else None
