"""catalog_push of feeds that were made for Magento and for Mozu, from the feed to the store."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.stories.catalogue import by_sku, look, names, values, written
from tests.support import Answer, World, world

Feed = dict[str, Any]

MAGENTO: Feed = {
    "data": {
        "configurable": [
            {
                "feed_data": {
                    "sku": "SHIRT",
                    "name": "Linen shirt",
                    "url_key": "linen-shirt",
                    "status": 1,
                    "visibility": 4,
                    "description": "<p>Washed linen.</p>",
                    "manufacturer": "Acme",
                    "tags": "linen, summer",
                    "configurable_attributes": ["color", "size"],
                    "categories": [[{"name": "Tops"}, {"name": "Clearance", "link": 1}]],
                    "media": [{"download_url": "https://cdn.example/shirt.jpg", "label": "Front"}],
                }
            }
        ],
        "simple": [
            {
                "feed_data": {
                    "sku": f"SHIRT-{size}",
                    "name": f"Linen shirt red {size}",
                    "configurable_sku": ["SHIRT"],
                    "visibility": 1,
                    "color": "Red",
                    "size": size,
                    "price": "49.00",
                    "special_price": "39.00",
                    "weight": "0.3",
                    "weight_unit": "kg",
                    "upc": "4006381333931",
                    "media": [{"download_url": "https://cdn.example/shirt.jpg"}],
                }
            }
            for size in ("S", "M")
        ],
    }
}
MOZU: Feed = {
    "data": {
        "product": [
            {
                "feed_data": {
                    "productCode": "SHIRT",
                    "productType": "Shirts",
                    "isActive": True,
                    "isTaxable": True,
                    "content": {
                        "productName": "Linen shirt",
                        "productFullDescription": "<p>Washed linen.</p>",
                        "seoFriendlyUrl": "linen-shirt",
                        "productImages": [
                            {"imageUrl": "https://cdn.example/shirt.jpg", "altText": "Front"}
                        ],
                    },
                    "price": {"price": 49, "salePrice": 39},
                    "properties": [
                        {"attributeFQN": "tenant~brand", "values": [{"value": "Acme"}]},
                        {
                            "attributeFQN": "tenant~tags",
                            "values": [{"value": "linen"}, {"value": "summer"}],
                        },
                    ],
                    "categories": [{"name": "Clearance"}],
                    "options": [{"attributeFQN": "tenant~size"}],
                    "variations": [
                        {
                            "variationProductCode": f"SHIRT-{size}",
                            "upc": "4006381333931",
                            "packageWeight": {"value": "0.3", "unit": "kg"},
                            "options": [{"attributeFQN": "tenant~size", "value": size}],
                        }
                        for size in ("S", "M")
                    ],
                }
            }
        ]
    }
}
FEEDS = {"magento": MAGENTO, "mozu": MOZU}
both = pytest.mark.parametrize("preset", list(FEEDS))


async def push(w: World, feed: Feed) -> Answer:
    """One catalog_push."""
    answer = await w.post("catalog_push", template_output=feed)
    assert answer.status == 200
    return answer


async def settled(w: World, feed: Feed) -> None:
    """Pushed, with nothing to tell; then, images made, once more: nothing is written."""
    assert (await push(w, feed)).events == []
    await w.advance(60)
    assert (await push(w, feed)).events == []
    await written(w)
    assert (await push(w, feed)).events == []
    assert await written(w) == []


def parent(preset: str, feed: Feed) -> Feed:
    """The parent's own record."""
    rows = feed["data"]["configurable" if preset == "magento" else "product"]
    found: Feed = rows[0]["feed_data"]
    return found


@both
async def test_a_product_is_made_and_left_alone(tmp_path: Path, preset: str) -> None:
    """The parent with its children is one product, whole; the same feed writes nothing more."""
    async with world(tmp_path, catalog={"preset": preset}) as w:
        await settled(w, FEEDS[preset])
        found = await look(w, "linen-shirt")
        assert (found["title"], found["vendor"]) == ("Linen shirt", "Acme")
        assert found["descriptionHtml"] == "<p>Washed linen.</p>"
        assert (found["status"], found["tags"]) == ("ACTIVE", ["linen", "summer"])
        assert names(found["media"], "alt") == ["Front"]
        assert "clearance" in names(found["collections"], "handle")
        assert list(by_sku(found)) == ["SHIRT-S", "SHIRT-M"]
        small = by_sku(found)["SHIRT-S"]
        assert (small["price"], small["compareAtPrice"]) == ("39.00", "49.00")
        assert small["barcode"] == "4006381333931"
        assert small["inventoryItem"]["measurement"]["weight"] == {
            "value": 0.3,
            "unit": "KILOGRAMS",
        }
        sizes = {"Size": "S"} if preset == "mozu" else {"Color": "Red", "Size": "S"}
        assert values(small) == sizes


@both
async def test_a_change_is_written_and_nothing_else(tmp_path: Path, preset: str) -> None:
    """A title and a price that change; everything else is as it was."""
    async with world(tmp_path, catalog={"preset": preset}) as w:
        await settled(w, FEEDS[preset])
        before = await look(w, "linen-shirt")
        feed = copy.deepcopy(FEEDS[preset])
        if preset == "magento":
            parent(preset, feed)["name"] = "Linen shirt II"
            feed["data"]["simple"][1]["feed_data"]["special_price"] = "35.00"
        else:
            parent(preset, feed)["content"]["productName"] = "Linen shirt II"
            mine = {"price": 49, "salePrice": 35}
            parent(preset, feed)["variations"][1]["price"] = mine
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == ["ProductUpdate", "ProductVariantsUpdate"]
        after = await look(w, "linen-shirt")
        assert (after.pop("title"), before.pop("title")) == ("Linen shirt II", "Linen shirt")
        medium = by_sku(after)["SHIRT-M"]
        assert (medium["price"], medium["compareAtPrice"]) == ("35.00", "49.00")
        medium["price"] = "39.00"
        assert after == before


@both
async def test_the_end_of_a_sale(tmp_path: Path, preset: str) -> None:
    """A sale price that is there and empty: the price is back, the compare-at price gone."""
    async with world(tmp_path, catalog={"preset": preset}) as w:
        await settled(w, FEEDS[preset])
        feed = copy.deepcopy(FEEDS[preset])
        if preset == "magento":
            for row in feed["data"]["simple"]:
                row["feed_data"]["special_price"] = ""
        else:
            parent(preset, feed)["price"]["salePrice"] = 0
        await settled(w, feed)
        found = (await look(w, "linen-shirt"))["variants"]
        assert [(v["price"], v["compareAtPrice"]) for v in found] == [("49.00", None)] * 2


@both
@pytest.mark.parametrize("remove", ["", "archive", "delete"])
async def test_a_parent_without_its_children_unlinks_none(
    tmp_path: Path, preset: str, remove: str
) -> None:
    """Even where the merchant lets the feed remove variants and images."""
    own = tmp_path / "mappings"
    own.mkdir()
    rule = f"[catalog.products]\nremove = \"'{remove}'\"\n" if remove else ""
    (own / "catalog_push.toml").write_text(rule)
    async with world(tmp_path, catalog={"preset": preset}, mappings_dir=own) as w:
        await settled(w, FEEDS[preset])
        before = await look(w, "linen-shirt")
        feed = copy.deepcopy(FEEDS[preset])
        for key in ("simple", "variations"):
            feed["data"].pop(key, None)
            parent(preset, feed).pop(key, None)
        parent(preset, feed).pop("price", None)
        assert (await push(w, feed)).events == []
        assert await look(w, "linen-shirt") == before


@both
@pytest.mark.parametrize("nothing", [None, [], "absent"])
async def test_no_images_never_clear_a_gallery(
    tmp_path: Path, preset: str, nothing: object
) -> None:
    """Absent, null or an empty list: the images stay, even with remove = 'delete'."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "catalog_push.toml").write_text("[catalog.products]\nremove = \"'delete'\"\n")
    async with world(tmp_path, catalog={"preset": preset}, mappings_dir=own) as w:
        await settled(w, FEEDS[preset])
        before = await look(w, "linen-shirt")
        assert len(before["media"]) == 1
        feed = copy.deepcopy(FEEDS[preset])
        rows = [parent(preset, feed).get("content", parent(preset, feed))]
        rows += [row["feed_data"] for row in feed["data"].get("simple", [])]
        for row in rows:
            for key in ("media", "productImages"):
                if key in row:
                    row[key] = nothing
                    if nothing == "absent":
                        del row[key]
        assert (await push(w, feed)).events == []
        assert await look(w, "linen-shirt") == before
