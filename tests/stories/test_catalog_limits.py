"""catalog_push: what is longer than Shopify takes is told before it is sent, and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.actions.catalog_limits import MAX_TAGS, MAX_TEXT
from tests.stories.catalogue import by_sku, exists, look, product, push, variant, written
from tests.support import world

TEE = "TEE-TRL-S-MOSS"
LONG = "x" * (MAX_TEXT + 1)


def metafield(namespace: str, key: str) -> dict[str, Any]:
    """A custom value."""
    return {"namespace": namespace, "key": key, "type": "single_line_text_field", "value": "1"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": LONG}, "its title is not written: 256 characters"),
        ({"vendor": LONG}, "its vendor"),
        ({"productType": LONG}, "its product type"),
        ({"handle": LONG}, "its handle"),
        ({"tags": ["new", LONG]}, "the tag"),
        ({"metafields": [metafield("custom", "k")]}, "its key has 1 characters"),
        ({"metafields": [metafield("c" * 256, "key")]}, "its namespace has 256 characters"),
        ({"media": ["photos/tee.jpg"]}, "the image photos/tee.jpg is not sent"),
        ({"media": ["//cdn.example/tee.jpg"]}, "with http:// or https://"),
    ],
)
async def test_what_is_too_long_costs_itself(
    tmp_path: Path, fields: dict[str, Any], says: str
) -> None:
    """One event with the SKU; nothing of it is sent, and everything else is written."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        feed = product("trail-tee", {"sku": TEE, "price": "51.00"}, templateSuffix="new")
        feed = {**feed, "title": before["title"], **fields}
        answer = await push(w, feed)
        assert answer.about("FEED_ITEM_INVALID") == [TEE]
        assert says in answer.events[0]["message"]
        assert len(answer.events) == 1
        after = await look(w, "trail-tee")
        assert (after["templateSuffix"], by_sku(after)[TEE]["price"]) == ("new", "51.00")
        same = ("title", "vendor", "productType", "handle", "metafields", "media")
        assert [after[name] for name in same] == [before[name] for name in same]
        await w.advance(5)
        await written(w)
        assert len((await push(w, feed)).events) == 1
        assert await written(w) == []


async def test_exactly_as_long_as_shopify_takes(tmp_path: Path) -> None:
    """255 characters and 250 tags are none too many, of a new product and of one that is there."""
    async with world(tmp_path) as w:
        most = {"title": LONG[1:], "vendor": LONG[1:], "productType": LONG[1:]}
        tags = [f"t{n:03}" for n in range(MAX_TAGS - 1)]
        feed = product("cap", variant("C-S", size=LONG[1:]), **most, tags=[*tags, LONG[1:]])
        assert (await push(w, feed)).events == []
        await w.advance(5)
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == []
        assert len((await look(w, "cap"))["tags"]) == MAX_TAGS


async def test_more_tags_than_a_product_may_have(tmp_path: Path) -> None:
    """As many as there is room for; the others are told, by each push, and nothing is written."""
    tags = [f"t{n:03}" for n in range(MAX_TAGS + 2)]
    async with world(tmp_path) as w:
        before = (await look(w, "trail-tee"))["tags"]
        feeds = [
            product("trail-tee", {"sku": TEE}, title="Trail Tee", tags=tags),
            product("cap", variant("C-S"), tags=tags),
        ]
        for feed, over in zip(feeds, (len(before) + 2, 2), strict=True):
            for _ in range(2):
                answer = await push(w, feed)
                assert answer.codes == ["FEED_ITEM_INVALID"]
                assert f"{over} are not added" in answer.events[0]["message"]
                await w.advance(5)
            found = (await look(w, feed["handle"]))["tags"]
            assert len(found) == MAX_TAGS
        assert set(before) <= set((await look(w, "trail-tee"))["tags"])
        await written(w)
        await push(w, *feeds)
        assert await written(w) == []


async def test_a_variant_with_a_long_option_value(tmp_path: Path) -> None:
    """It is told alone; a new product that would lack it is not made, as with any bad item."""
    async with world(tmp_path) as w:
        await push(w, product("cap", variant("C-S", size="S")))
        await w.advance(5)
        rows = [variant("C-S", "12.00", size="S"), variant("C-X", size=LONG)]
        answer = await push(w, product("cap", *rows))
        assert answer.about("FEED_ITEM_INVALID") == ["C-X"]
        assert by_sku(await look(w, "cap"))["C-S"]["price"] == "12.00"
        answer = await push(w, product("hat", variant("H-S", size="S"), variant("H-X", size=LONG)))
        assert answer.about("FEED_ITEM_INVALID") == ["H-X", "H-S"]
        assert not await exists(w, "hat")
