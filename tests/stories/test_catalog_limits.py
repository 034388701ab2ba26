"""catalog_push: what is longer than Shopify takes is told before it is sent, and alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.actions.catalog_limits import MAX_TAGS, MAX_TEXT
from tests.stories.catalogue import by_sku, exists, look, product, push, variant, written
from tests.stories.test_catalog_matching import removing
from tests.support import world

TEE = "TEE-TRL-S-MOSS"
OTHER = "TEE-TRL-M-MOSS"
LONG = "x" * (MAX_TEXT + 1)
MANY = 123456789012345678901234567890


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


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"barcode": LONG}, f"the barcode of {TEE} is not written: 256 characters"),
        ({"harmonizedSystemCode": "none"}, f'the HS code of {TEE} is not written: "none"'),
        ({"harmonizedSystemCode": "61.09"}, '"6109", and Shopify takes a number of 6 to 13 digits'),
        ({"harmonizedSystemCode": "61091000" * 2}, "HS code"),
        ({"compareAtPrice": MANY}, "the compare-at price of"),
        ({"cost": MANY}, f"the cost of {TEE} is not written: it is 123,456,789"),
        ({"weight": {"value": 2000000000}}, "and Shopify takes less than 2,000,000,000"),
    ],
)
async def test_a_field_of_a_variant_costs_itself(
    tmp_path: Path, fields: dict[str, Any], says: str
) -> None:
    """Told with the SKU before it is sent; the store keeps what it has, the rest is written."""
    async with world(tmp_path) as w:
        have = {"barcode": "4006381333931", "harmonizedSystemCode": "610910", "cost": "7.00"}
        have |= {"compareAtPrice": "60.00", "weight": {"value": 2, "unit": "kg"}}
        assert (await push(w, {"variants": [{"sku": TEE, **have}]})).events == []
        await w.advance(5)
        before = by_sku(await look(w, "trail-tee"))[TEE]
        answer = await push(w, {"variants": [{"sku": TEE, "price": "51.00", **fields}]})
        assert answer.about("FEED_ITEM_INVALID") == [TEE]
        assert says in answer.events[0]["message"]
        assert len(answer.events) == 1
        assert by_sku(await look(w, "trail-tee"))[TEE] == {**before, "price": "51.00"}
        feed = product("cap", variant("C-S", size="S", **fields))
        assert (await push(w, feed)).about("FEED_ITEM_INVALID") == ["C-S"]
        assert by_sku(await look(w, "cap")).keys() == {"C-S"}


@pytest.mark.parametrize("code", ["6109.10.00", "6109 10 00", "6109-10/00", 61091000])
async def test_a_grouped_customs_code_is_its_digits(tmp_path: Path, code: object) -> None:
    """As tariffs print it; a second push finds no difference."""
    async with world(tmp_path) as w:
        feeds = [
            {"variants": [{"sku": TEE, "harmonizedSystemCode": code}]},
            product("cap", variant("C-S", harmonizedSystemCode=code)),
        ]
        assert (await push(w, *feeds)).events == []
        found = by_sku(await look(w, "trail-tee")) | by_sku(await look(w, "cap"))
        assert {found[s]["inventoryItem"]["harmonizedSystemCode"] for s in (TEE, "C-S")} == {
            "61091000"
        }
        await w.advance(5)
        await written(w)
        assert (await push(w, *feeds)).events == []
        assert await written(w) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"price": MANY}, "its price is 123,456,789"),
        ({"price": 10**18}, "and Shopify takes less than 1,000,000,000,000,000,000"),
        ({"sku": LONG}, "its SKU has 256 characters"),
    ],
)
async def test_what_a_variant_cannot_be_without(
    tmp_path: Path, wrong: dict[str, Any], says: str
) -> None:
    """The row is told and not sent, the others are written; no new product is made without it."""
    async with world(tmp_path) as w:
        row = {"sku": TEE, "barcode": "1", **wrong}
        before = by_sku(await look(w, "trail-tee"))
        answer = await push(w, {"variants": [row]}, {"variants": [{"sku": OTHER, "price": 52}]})
        assert answer.about("FEED_ITEM_INVALID") == [row["sku"]]
        assert says in answer.events[0]["message"]
        after = by_sku(await look(w, "trail-tee"))
        assert after == {**before, OTHER: {**before[OTHER], "price": "52.00"}}
        rows = [variant("H-S", size="S"), {**variant("H-X", size="X"), **wrong}]
        answer = await push(w, product("hat", *rows))
        assert answer.about("FEED_ITEM_INVALID") == [rows[1]["sku"], "H-S"]
        assert not await exists(w, "hat")


@pytest.mark.parametrize(
    "gap", [{"originalSource": None}, {"originalSource": ""}, {}], ids=["null", "empty", "absent"]
)
async def test_an_image_without_an_address(tmp_path: Path, gap: dict[str, Any]) -> None:
    """It is left out, and told if the feed says something of it; then no image is removed."""
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        address = "https://merchant.example/front.jpg"
        both = [address, {"originalSource": "https://merchant.example/back.jpg", "alt": "Back"}]
        assert (await push(w, product("cap", variant("C-S"), media=both))).events == []
        await w.advance(5)
        feed = product("cap", variant("C-S", "11.00"), media=[address, {**gap, "alt": "Back"}])
        answer = await push(w, feed)
        assert answer.about("FEED_ITEM_INVALID") == ["C-S"]
        assert "the image Back is not sent: the feed gives no address" in str(answer.events)
        found = await look(w, "cap")
        assert [i["alt"] for i in found["media"]] == [None, "Back"]
        assert by_sku(found)["C-S"]["price"] == "11.00"
        feed = product("cap", variant("C-S", "12.00"), media=[address, gap])
        assert (await push(w, feed)).events == []
        found = await look(w, "cap")
        assert len(found["media"]) == 1, "what says nothing lists nothing: the other is removed"
        assert by_sku(found)["C-S"]["price"] == "12.00"
