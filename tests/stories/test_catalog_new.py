"""catalog_push, products that the store does not have: made whole, once, and then left alone."""

from __future__ import annotations

from pathlib import Path

from tests.stories.catalogue import (
    by_sku,
    exists,
    look,
    names,
    product,
    push,
    values,
    variant,
    written,
)
from tests.support import world

HEADLAMP = product(
    "head-lamp",
    variant(
        "LAMP-S-RED",
        "39.00",
        size="S",
        color="Red",
        compareAtPrice="49.00",
        barcode="4006381333931",
        cost="14.20",
        weight={"value": "0.3", "unit": "kg"},
        inventoryPolicy="continue",
        countryCodeOfOrigin="PT",
        harmonizedSystemCode="851310",
        tracked=True,
        image="https://images.example/lamp-red.jpg",
        metafields=[
            {"namespace": "custom", "key": "lumen", "type": "number_integer", "value": "400"}
        ],
    ),
    variant("LAMP-M-RED", "41.00", size="M", color="Red"),
    descriptionHtml="<p>Bright, <b>light</b>.</p>",
    vendor="Ridgeway Forge",
    productType="Lighting",
    tags=["camp", "light"],
    options=["Size", "Color"],
    seo={"title": "Head lamps", "description": "Bright lamps."},
    media=[
        {"originalSource": "https://images.example/lamp-red.jpg", "alt": "In red"},
        {"originalSource": "https://images.example/lamp-back.jpg"},
    ],
    metafields=[
        {"namespace": "custom", "key": "care", "type": "single_line_text_field", "value": "Wipe"}
    ],
    publications=["Online Store"],
)


async def test_a_new_product_is_made_whole(tmp_path: Path) -> None:
    """Everything that the feed says is there, from one productSet and one publishing."""
    async with world(tmp_path) as w:
        answer = await push(w, HEADLAMP)
        assert answer.events == []
        assert await written(w) == ["ProductSet", "Publish"]
        found = await look(w, "head-lamp")
        assert found["title"] == "Head Lamp"
        assert found["descriptionHtml"] == "<p>Bright, <b>light</b>.</p>"
        assert (found["vendor"], found["productType"]) == ("Ridgeway Forge", "Lighting")
        assert (found["status"], sorted(found["tags"])) == ("ACTIVE", ["camp", "light"])
        assert found["seo"] == {"title": "Head lamps", "description": "Bright lamps."}
        assert names(found["options"], "name") == ["Size", "Color"]
        assert names(found["media"], "alt") == ["In red", None]
        assert [m["value"] for m in found["metafields"]] == ["Wipe"]
        places = [p["publication"]["catalog"]["title"] for p in found["resourcePublicationsV2"]]
        assert places == ["Online Store"]
        small = by_sku(found)["LAMP-S-RED"]
        assert (small["price"], small["compareAtPrice"]) == ("39.00", "49.00")
        assert (small["barcode"], small["inventoryPolicy"]) == ("4006381333931", "CONTINUE")
        assert values(small) == {"Size": "S", "Color": "Red"}
        item = small["inventoryItem"]
        assert item["measurement"]["weight"] == {"value": 0.3, "unit": "KILOGRAMS"}
        assert (item["unitCost"]["amount"], item["tracked"]) == ("14.2", True)
        assert (item["countryCodeOfOrigin"], item["harmonizedSystemCode"]) == ("PT", "851310")
        assert [m["value"] for m in small["metafields"]] == ["400"]
        assert small["media"][0]["id"] == found["media"][0]["id"]


async def test_the_second_push_writes_nothing(tmp_path: Path) -> None:
    """At once, when the index does not know the product; and later, when its images are made."""
    async with world(tmp_path) as w:
        await push(w, HEADLAMP)
        await written(w)
        for seconds in (0, 1, 5, 60, 3600):
            await w.advance(seconds)
            answer = await push(w, HEADLAMP)
            assert answer.events == []
            assert await written(w) == [], f"after {seconds} s"
        assert len((await look(w, "head-lamp"))["media"]) == 2


async def test_a_push_that_another_bridge_repeats_writes_nothing(tmp_path: Path) -> None:
    """Nothing that counts is kept in the process."""
    async with world(tmp_path) as w:
        await push(w, HEADLAMP)
        await w.advance(30)
        await w.restart()
        await written(w)
        assert (await push(w, HEADLAMP)).events == []
        assert await written(w) == []


async def test_without_a_handle_shopify_s_own_is_taken(tmp_path: Path) -> None:
    """The handle is made of the title; when that is another product's, of the SKU too."""
    async with world(tmp_path) as w:
        lamp = {"title": "Head Lamp", "variants": [variant("HL-1")]}
        other = {"title": "Trail Tee", "variants": [variant("TT-NEW")]}
        assert (await push(w, lamp, other)).events == []
        assert by_sku(await look(w, "head-lamp")).keys() == {"HL-1"}
        assert by_sku(await look(w, "trail-tee-tt-new")).keys() == {"TT-NEW"}
        await written(w)
        assert (await push(w, lamp, other)).events == []
        assert await written(w) == []


async def test_a_handle_of_another_product_is_refused(tmp_path: Path) -> None:
    """The feed's handle is that of a product with none of its SKUs: nothing is overwritten."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        answer = await push(w, product("trail-tee", variant("NEW-1")))
        assert answer.codes == ["HANDLE_TAKEN"]
        assert answer.about("HANDLE_TAKEN") == ["NEW-1"]
        assert await written(w) == []
        assert await look(w, "trail-tee") == before


async def test_a_price_for_an_unknown_sku_makes_no_product(tmp_path: Path) -> None:
    """Without a title there is nothing to make; it is told by SKU, and the others go on."""
    async with world(tmp_path) as w:
        answer = await push(
            w,
            {"variants": [variant("NOBODY-1")]},
            {"variants": [variant("AXE-HAND", "91.00")]},
        )
        assert (answer.codes, answer.about("SKU_NOT_FOUND")) == (["SKU_NOT_FOUND"], ["NOBODY-1"])
        assert await written(w) == ["ProductVariantsUpdate"]


async def test_a_product_that_shopify_refuses_is_told_and_the_others_are_made(
    tmp_path: Path,
) -> None:
    """One event with its SKUs; the reason is Shopify's."""
    async with world(tmp_path) as w:
        bad = {**product("bad-one", variant("BAD-1")), "title": " "}
        answer = await push(
            w, product("first", variant("F-1")), bad, product("last", variant("L-1"))
        )
        assert answer.codes == ["SHOPIFY_USER_ERROR"]
        assert answer.about("SHOPIFY_USER_ERROR") == ["BAD-1"]
        assert await exists(w, "first")
        assert await exists(w, "last")
        assert not await exists(w, "bad-one")


async def test_variants_that_cannot_stand_beside_each_other(tmp_path: Path) -> None:
    """Two with the same values, one without: each is told, the rest makes the product."""
    async with world(tmp_path) as w:
        answer = await push(
            w,
            product(
                "cap",
                variant("CAP-S", size="S"),
                variant("CAP-S2", size="s"),
                variant("CAP-X"),
                variant("CAP-M", size="M"),
            ),
        )
        assert sorted(answer.about("OPTIONS_MISMATCH")) == ["CAP-S2", "CAP-X"]
        assert by_sku(await look(w, "cap")).keys() == {"CAP-S", "CAP-M"}


async def test_a_large_product_is_made_in_the_background(tmp_path: Path) -> None:
    """From ``asynchronous_from`` variants on Shopify is not waited for in one request."""
    policy = {"asynchronous_from": 100}
    sizes = [variant(f"CORD-{n}", size=f"{n % 50} m", color=f"{n // 50}") for n in range(300)]
    async with world(tmp_path, catalog=policy, plan="plus") as w:
        answer = await push(w, product("cord", *sizes, publications=["Online Store"]))
        assert answer.events == []
        spent = await w.spent()
        assert "ProductOperationState" in spent.operations
        assert spent.operations[-1] == "Publish"
        await w.advance(5)
        again = await push(w, product("cord", *sizes))
        assert again.events == []
        assert await written(w) == []


async def test_two_thousand_and_forty_eight_variants(tmp_path: Path) -> None:
    """Shopify's limit is reached and not passed: one more is told, and nothing is written."""
    rows = [variant(f"BEAD-{n}", size=f"{n % 100}", color=f"{n // 100}") for n in range(2049)]
    async with world(tmp_path, plan="plus", timeout_seconds=60.0) as w:
        over = await push(w, product("bead", *rows))
        assert over.codes == ["FEED_ITEM_INVALID"]
        assert await written(w) == []
        assert (await push(w, product("bead", *rows[:-1]))).events == []
        assert not await exists(w, "bead-1")
        await w.advance(5)
        changed = [{**row, "price": "12.00"} for row in rows[:-1]]
        assert (await push(w, product("bead", *changed))).events == []
        sent = await written(w)
        assert sent == ["ProductSet", *["ProductVariantsUpdate"] * 9], "nine chunks of 250"


async def test_a_sales_channel_that_is_not_there_is_told_of_a_new_product_too(
    tmp_path: Path,
) -> None:
    """The product is made, and sold on the channel that there is."""
    async with world(tmp_path) as w:
        feed = product("cap", variant("C-1"), publications=["Online Store", "Moon Shop"])
        answer = await push(w, feed)
        assert answer.about("PLACE_UNKNOWN") == ["C-1"]
        assert "Moon Shop" in answer.events[0]["message"]
        assert (await look(w, "cap"))["resourcePublicationsV2"]
