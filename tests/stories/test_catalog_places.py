"""catalog_push, a product in more collections and on more publications than come along with it."""

from __future__ import annotations

from pathlib import Path

from bridge.sandbox.model_products import Collection, Publication
from tests.stories.catalogue import product, push, written
from tests.support import World, world

COLLECTIONS = [f"Edition {n:03}" for n in range(320)]
CHANNELS = [f"Outlet {n:02}" for n in range(30)]
FEED = product("trail-tee", {"sku": "TEE-TRL-S-MOSS"}, title="Trail Tee")


async def furnish(w: World) -> None:
    """Collections and publications, of which the seed has a handful."""
    store = w.store.sandbox.store
    for title in COLLECTIONS:
        handle, number = title.lower().replace(" ", "-"), store.new_id("Collection")
        made = Collection(number_id=number, title=title, handle=handle, updated_at=w.clock())
        store.keep(made)
        store.index.touch("Collection", made.id)
    for title in CHANNELS:
        store.keep(Publication(number_id=store.new_id("Publication"), title=title))
    await w.advance(10)


async def test_a_product_of_many_places_is_written_once(tmp_path: Path) -> None:
    """What did not come along is read: the second push finds nothing to do, for little more."""
    async with world(tmp_path, plan="plus") as w:
        await furnish(w)
        feed = {**FEED, "collections": COLLECTIONS, "publications": CHANNELS}
        assert (await push(w, feed)).events == []
        await w.advance(10)
        await written(w)
        few = {**FEED, "collections": COLLECTIONS[-1:], "publications": CHANNELS[-1:]}
        assert (await push(w, few)).events == []
        spent = await w.spent()
        assert [o for o in spent.operations if o.startswith("Product")] == ["ProductPlaces"] * 2


async def test_only_what_the_feed_mentions_is_read_on(tmp_path: Path) -> None:
    """Many collections cost nothing when the feed names none, or the product has few."""
    async with world(tmp_path, plan="plus") as w:
        await furnish(w)
        await push(w, {**FEED, "collections": COLLECTIONS[:60], "publications": CHANNELS[:1]})
        await w.advance(10)
        await written(w)
        other = product("hand-axe", {"sku": "AXE-HAND"}, title="Hand Axe", collections=["sale"])
        for feed in ({**FEED, "publications": CHANNELS[:1]}, other):
            await push(w, feed)
            assert "ProductPlaces" not in (await w.spent()).operations
