"""catalog_push, products that the store has: the difference and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.stories.catalogue import (
    ask,
    by_sku,
    look,
    names,
    product,
    push,
    spoil,
    values,
    variant,
    written,
)
from tests.support import World, world

TEE = "TEE-TRL-S-MOSS"


async def test_a_price_is_one_row_of_one_mutation(tmp_path: Path) -> None:
    """Only the variant that differs is sent, and only its price."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        rows = [{"sku": sku, "price": "28.00"} for sku in by_sku(before)]
        rows[3]["price"] = "31.50"
        assert (await push(w, {"variants": rows})).events == []
        assert await written(w) == ["ProductVariantsUpdate"]
        after = await look(w, "trail-tee")
        changed = [sku for sku, v in by_sku(after).items() if v != by_sku(before)[sku]]
        assert changed == [rows[3]["sku"]]
        assert by_sku(after)[rows[3]["sku"]]["price"] == "31.50"


async def test_rows_without_a_family_find_their_product(tmp_path: Path) -> None:
    """A flat feed of SKUs: those of one product are written in one mutation."""
    async with world(tmp_path) as w:
        rows = [{"variants": [{"sku": s, "price": "30.00"}]} for s in (TEE, "TEE-TRL-M-MOSS")]
        assert (
            await push(w, *rows, {"variants": [{"sku": "AXE-HAND", "price": "1"}]})
        ).events == []
        assert await written(w) == ["ProductVariantsUpdate"] * 2


async def test_every_field_of_a_variant_follows(tmp_path: Path) -> None:
    """Each mentioned field, once; then nothing more is sent."""
    async with world(tmp_path) as w:
        row = variant(
            TEE,
            "33.00",
            compareAtPrice="40.00",
            barcode="4006381333931",
            cost="9.90",
            weight={"value": "220", "unit": "g"},
            inventoryPolicy="CONTINUE",
            taxable=False,
            countryCodeOfOrigin="PT",
            harmonizedSystemCode="610910",
            requiresShipping=True,
            metafields=[
                {"namespace": "custom", "key": "fit", "type": "json", "value": {"cut": "slim"}}
            ],
        )
        assert (await push(w, {"variants": [row]})).events == []
        found = by_sku(await look(w, "trail-tee"))[TEE]
        assert (found["price"], found["compareAtPrice"]) == ("33.00", "40.00")
        assert (found["taxable"], found["inventoryPolicy"]) == (False, "CONTINUE")
        weight = found["inventoryItem"]["measurement"]["weight"]
        assert weight == {"value": 220.0, "unit": "GRAMS"}
        await written(w)
        assert (await push(w, {"variants": [row]})).events == []
        assert await written(w) == []


async def test_an_ended_sale_is_cleared(tmp_path: Path) -> None:
    """Null where the feed has the key empties the field; an absent key leaves it."""
    async with world(tmp_path) as w:
        await push(w, {"variants": [variant(TEE, "20.00", compareAtPrice="28.00")]})
        await push(w, {"variants": [variant(TEE, "28.00")]})
        assert by_sku(await look(w, "trail-tee"))[TEE]["compareAtPrice"] == "28.00"
        await push(w, {"variants": [variant(TEE, "28.00", compareAtPrice=None)]})
        assert by_sku(await look(w, "trail-tee"))[TEE]["compareAtPrice"] is None
        await written(w)
        await push(w, {"variants": [variant(TEE, "28.00", compareAtPrice=None)]})
        assert await written(w) == []


async def test_the_product_s_own_fields_follow(tmp_path: Path) -> None:
    """One productUpdate for all of them, tags added, collections joined, channels published."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        wanted = {
            "handle": "trail-tee",
            "title": "Trail Tee II",
            "descriptionHtml": "<p>Second edition.</p>",
            "vendor": "Cedar & Pine",
            "productType": "T-shirts",
            "status": "DRAFT",
            "seo": {"title": "Tees"},
            "tags": ["edition-2"],
            "publications": ["Online Store", "Point of Sale"],
            "variants": [{"sku": TEE}],
        }
        assert (await push(w, wanted)).events == []
        sent = await written(w)
        assert sent[:2] == ["ProductUpdate", "ProductTagsAdd"]
        found = await look(w, "trail-tee")
        assert (found["title"], found["status"]) == ("Trail Tee II", "DRAFT")
        assert found["seo"]["title"] == "Tees"
        assert set(found["tags"]) == {*before["tags"], "edition-2"}
        assert found["variants"] == before["variants"]
        await written(w)
        assert (await push(w, wanted)).events == []
        assert await written(w) == []


async def edit(w: World) -> None:
    """What a merchant and other apps do to a product by hand."""
    found = await look(w, "trail-tee")
    gid = found["id"]
    await ask(
        w,
        """
        mutation Hand($p: ProductUpdateInput!, $media: [CreateMediaInput!]) {
          productUpdate(product: $p, media: $media) { product { id } userErrors { field message } }
        }
        """,
        p={
            "id": gid,
            "title": "The Merchant's Own Title",
            "tags": ["by-hand"],
            "metafields": [
                {
                    "namespace": "other_app",
                    "key": "score",
                    "type": "number_integer",
                    "value": "7",
                }
            ],
        },
        media=[
            {"originalSource": f"https://merchant.example/{n}.jpg", "mediaContentType": "IMAGE"}
            for n in ("z", "a")
        ],
    )
    await ask(
        w,
        """
        mutation Hand($id: ID!, $rows: [ProductVariantsBulkInput!]!) {
          productVariantsBulkCreate(productId: $id, variants: $rows) {
            userErrors { field message }
          }
        }
        """,
        id=gid,
        rows=[
            {
                "price": "99.00",
                "inventoryItem": {"sku": "BY-HAND"},
                "optionValues": [
                    {"optionName": option["name"], "name": "By hand"} for option in found["options"]
                ],
            }
        ],
    )
    await w.advance(60)


async def test_a_product_edited_by_hand_survives_a_hundred_pushes(tmp_path: Path) -> None:
    """Title, image order, a variant, a tag, another app's metafield: not mentioned, not touched."""
    async with world(tmp_path) as w:
        await edit(w)
        before = await look(w, "trail-tee")
        assert [m["image"]["url"].rsplit("/", 1)[-1][0] for m in before["media"]] == ["z", "a"]
        await written(w)
        for n in range(100):
            price = f"{20 + n % 7}.00"
            answer = await push(w, {"variants": [variant(TEE, price)], "vendor": f"V{n % 3}"})
            assert answer.events == []
        assert await written(w) != []
        after = await look(w, "trail-tee")
        assert by_sku(after)[TEE].pop("price") != by_sku(before)[TEE].pop("price") or True
        for found in (before, after):
            by_sku(found)[TEE].pop("price", None)
            found.pop("vendor")
        assert after == before


async def test_a_feed_without_children_unlinks_none(tmp_path: Path) -> None:
    """A parent alone changes the parent, even where the mapping removes what is gone."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        answer = await push(w, {"handle": "trail-tee", "title": "Trail Tee III"})
        assert answer.events == []
        after = await look(w, "trail-tee")
        assert after["title"] == "Trail Tee III"
        assert after["variants"] == before["variants"]


async def test_a_variant_joins_its_family(tmp_path: Path) -> None:
    """A further variant with a new option value; the others stay as they are."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        old = values(by_sku(before)[TEE])
        new = [{"optionName": n, "name": v} for n, v in old.items()]
        new[0]["name"] = "3XL"
        row = {"sku": "TEE-TRL-3XL", "price": "30.00", "optionValues": new}
        feed = product("trail-tee", {"sku": TEE}, row, title="Trail Tee")
        assert (await push(w, feed)).events == []
        assert await written(w) == ["ProductVariantsCreate"]
        after = await look(w, "trail-tee")
        assert len(after["variants"]) == len(before["variants"]) + 1
        assert values(by_sku(after)["TEE-TRL-3XL"]) == {r["optionName"]: r["name"] for r in new}
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == [], "the index does not know it yet, and it is not sent again"


async def test_a_variant_without_all_values_is_told(tmp_path: Path) -> None:
    """The product has two options, the feed's variant one: it is not added."""
    async with world(tmp_path) as w:
        feed = product("trail-tee", {"sku": TEE}, variant("TEE-X", size="S"), title="Trail Tee")
        answer = await push(w, feed)
        assert (answer.codes, answer.about("OPTIONS_MISMATCH")) == (["OPTIONS_MISMATCH"], ["TEE-X"])


async def test_options_are_renamed_added_and_reordered(tmp_path: Path) -> None:
    """By their values the old ones are known; the order that the feed states is made."""
    async with world(tmp_path) as w:
        await push(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))
        await w.advance(10)

        def row(sku: str, size: str) -> dict[str, object]:
            given = [("Fabric", "Wool"), ("Head size", size)]
            return {"sku": sku, "optionValues": [{"optionName": n, "name": v} for n, v in given]}

        feed = product("cap", row("C-S", "S"), row("C-M", "M"), options=["Fabric", "Head size"])
        await written(w)
        assert (await push(w, feed)).events == []
        found = await look(w, "cap")
        assert names(found["options"], "name") == ["Fabric", "Head size"]
        assert values(by_sku(found)["C-M"]) == {"Fabric": "Wool", "Head size": "M"}
        assert "ProductOptionUpdate" in await written(w)
        await w.advance(10)
        assert (await push(w, feed)).events == []
        assert await written(w) == []


async def test_names_that_do_not_exist_are_told(tmp_path: Path) -> None:
    """Collection, channel, category: the product is written without them."""
    async with world(tmp_path) as w:
        answer = await push(
            w,
            product(
                "trail-tee",
                {"sku": TEE, "price": "44.00"},
                title="Trail Tee",
                collections=["no-such-collection"],
                publications=["Nowhere"],
                category="No > Such > Category",
            ),
        )
        assert answer.codes == ["PLACE_UNKNOWN"] * 3
        assert by_sku(await look(w, "trail-tee"))[TEE]["price"] == "44.00"


async def test_a_row_that_shopify_refuses_is_told_and_the_others_are_written(
    tmp_path: Path,
) -> None:
    """allowPartialUpdates: one bad row costs itself, under its SKU."""
    async with world(tmp_path) as w:
        other = "TEE-TRL-M-MOSS"
        await spoil(w, "trail-tee", TEE)
        rows = [variant(TEE, "50.00"), variant(other, "51.00")]
        answer = await push(w, {"variants": rows})
        assert answer.about("SHOPIFY_USER_ERROR") == [TEE]
        assert by_sku(await look(w, "trail-tee"))[other]["price"] == "51.00"


async def test_nothing_in_the_feed_is_nothing_to_do(tmp_path: Path) -> None:
    """{} and null: no events, no request."""
    async with world(tmp_path) as w:
        for feed in ({}, None, [], {"products": []}):
            answer = await w.post("catalog_push", template_output=feed)
            assert (answer.status, answer.body) == (200, {"events": []}), feed
        assert (await w.spent()).requests == 0
        answer = await w.post("catalog_push", template_output={"goods": [{"number": 1}]})
        assert answer.codes == ["FEED_UNREADABLE"]
        assert "goods" in answer.events[0]["message"]
