"""catalog_push: which product is meant, what moves, what goes; and images."""

from __future__ import annotations

from pathlib import Path

from tests.stories.catalogue import by_sku, exists, look, product, push, variant, written
from tests.support import world

TEE = "TEE-TRL-S-MOSS"
IMAGE = "https://images.example/"


def removing(folder: Path, how: str) -> dict[str, Path]:
    """A merchant's mapping that removes what the feed does not list."""
    own = folder / "mappings"
    own.mkdir()
    (own / "catalog_push.toml").write_text(f"[catalog.products]\nremove = \"'{how}'\"\n")
    return {"mappings_dir": own}


async def test_a_sku_of_two_products_is_nobody_s(tmp_path: Path) -> None:
    """Nothing is written, and the message names both; a handle in the feed tells which."""
    async with world(tmp_path) as w:
        answer = await push(w, {"variants": [variant("CNDL-CEDAR", "20.00")]})
        assert answer.codes == ["SKU_AMBIGUOUS"]
        assert "cedar-candle-gift-wrapped" in answer.events[0]["message"]
        assert await written(w) == []
        named = product("cedar-candle", variant("CNDL-CEDAR", "20.00"), title="Cedar Candle")
        assert (await push(w, named)).events == []
        assert by_sku(await look(w, "cedar-candle"))["CNDL-CEDAR"]["price"] == "20.00"
        other = by_sku(await look(w, "cedar-candle-gift-wrapped"))
        assert other["CNDL-CEDAR"]["price"] == "23.00"


async def test_matched_by_handle(tmp_path: Path) -> None:
    """The handle decides, even when the product has none of the SKUs."""
    async with world(tmp_path, catalog={"match": "handle"}) as w:
        feed = product("hand-axe", variant("AXE-HAND", "95.00"), title="Hand Axe, forged")
        assert (await push(w, feed)).events == []
        assert (await look(w, "hand-axe"))["title"] == "Hand Axe, forged"
        assert by_sku(await look(w, "hand-axe"))["AXE-HAND"]["price"] == "95.00"


async def test_matched_by_a_metafield(tmp_path: Path) -> None:
    """A unique metafield names the product; SKU and handle may both be others."""
    mine = [{"namespace": "retailops", "key": "style", "type": "id", "value": "S9"}]
    policy = {"match": "metafield", "match_metafield": "retailops.style"}
    async with world(tmp_path, catalog=policy) as w:
        assert (await push(w, product("oil-lamp", variant("OIL-1"), metafields=mine))).events == []
        await w.advance(10)
        renamed = product("lamp-of-oil", variant("OIL-1"), metafields=mine, title="Lamp of Oil")
        assert (await push(w, renamed)).events == []
        assert (await look(w, "lamp-of-oil"))["title"] == "Lamp of Oil"
        assert not await exists(w, "oil-lamp")


async def test_a_variant_of_another_product_is_left_there(tmp_path: Path) -> None:
    """Without leave to remove nothing moves by itself."""
    async with world(tmp_path) as w:
        feed = product("hand-axe", variant("AXE-HAND"), variant(TEE), title="Hand Axe")
        answer = await push(w, feed)
        assert answer.about("VARIANT_ELSEWHERE") == [TEE]
        assert TEE in by_sku(await look(w, "trail-tee"))
        assert TEE not in by_sku(await look(w, "hand-axe"))


async def test_a_variant_moves(tmp_path: Path) -> None:
    """Remove = 'delete': it is made in its new product first, then deleted in the old one."""
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        await push(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))
        await push(w, product("hat", variant("H-S", size="S")))
        await w.advance(10)
        await written(w)
        feed = product("hat", variant("H-S", size="S"), variant("C-M", size="M"))
        assert (await push(w, feed)).events == []
        assert await written(w) == ["ProductVariantsCreate", "ProductVariantsDelete"]
        assert by_sku(await look(w, "hat")).keys() == {"H-S", "C-M"}
        assert by_sku(await look(w, "cap")).keys() == {"C-S"}


async def test_a_move_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    """The deleting failed: the SKU is in two products, and the next push knows which is left."""
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        await push(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))
        await push(w, product("hat", variant("H-S", size="S")))
        await w.advance(10)
        await w.fault("ProductVariantsDelete", "drop_reply")
        feed = product("hat", variant("H-S", size="S"), variant("C-M", size="M"))
        await push(w, feed)
        await w.advance(10)
        assert (await push(w, feed)).events == []
        assert by_sku(await look(w, "cap")).keys() == {"C-S"}
        assert by_sku(await look(w, "hat")).keys() == {"H-S", "C-M"}


async def test_variants_that_are_gone_from_the_feed_stay(tmp_path: Path) -> None:
    """Without leave to remove; with it they are deleted, images of the feed's product too."""
    images = [f"{IMAGE}{n}.jpg" for n in "ab"]
    feed = product("cap", variant("C-S", size="S"), variant("C-M", size="M"), media=images)
    less = product("cap", variant("C-S", size="S"), media=images[:1])
    async with world(tmp_path) as w:
        await push(w, feed)
        await w.advance(30)
        assert (await push(w, less)).events == []
        found = await look(w, "cap")
        assert (len(found["variants"]), len(found["media"])) == (2, 2)
    away = tmp_path / "away"
    away.mkdir()
    async with world(away, **removing(away, "delete")) as w:
        await push(w, feed)
        await w.advance(30)
        assert (await push(w, less)).events == []
        found = await look(w, "cap")
        assert by_sku(found).keys() == {"C-S"}
        assert [m["image"]["url"].split("?")[0][-5:] for m in found["media"]] == ["a.jpg"]
        await written(w)
        assert (await push(w, less)).events == []
        assert await written(w) == []
        await push(w, product("cap", variant("C-S", size="S")))
        assert len((await look(w, "cap"))["media"]) == 1, "no images in the feed clear no gallery"


async def test_archived_variants_are_only_off_their_channels(tmp_path: Path) -> None:
    """Remove = 'archive': they are there, and not for sale."""
    feed = product(
        "cap",
        variant("C-S", size="S"),
        variant("C-M", size="M"),
        publications=["Online Store"],
    )
    async with world(tmp_path, **removing(tmp_path, "archive")) as w:
        await push(w, feed)
        await w.advance(30)
        less = product("cap", variant("C-S", size="S"), publications=["Online Store"])
        assert (await push(w, less)).events == []
        found = await look(w, "cap")
        assert by_sku(found).keys() == {"C-S", "C-M"}
        await written(w)
        assert (await push(w, less)).events == []
        assert await written(w) == []


async def test_an_image_is_sent_once(tmp_path: Path) -> None:
    """Pushed while it is being made, when it is made, and under another's name."""
    async with world(tmp_path) as w:
        feed = product("hand-axe", {"sku": "AXE-HAND"}, title="Hand Axe", media=[f"{IMAGE}axe.jpg"])
        for _ in range(4):
            assert (await push(w, feed)).events == []
            await w.advance(3)
        assert len((await look(w, "hand-axe"))["media"]) == 1
        feed["media"] = [f"{IMAGE}axe.jpg", {"originalSource": f"{IMAGE}axe2.jpg", "alt": "Two"}]
        await push(w, feed)
        await w.advance(30)
        found = (await look(w, "hand-axe"))["media"]
        assert [m["alt"] for m in found] == [None, "Two"]
        feed["media"][1]["alt"] = "The second"
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == ["FilesUpdate"]
        assert (await look(w, "hand-axe"))["media"][1]["alt"] == "The second"


async def test_an_image_whose_reply_was_lost_is_there_once(tmp_path: Path) -> None:
    """Applied or not, late or at once: after a minute and a push there is one."""
    for fault in ("drop_reply", "http_502_before", "timeout", "apply_late", "internal_error"):
        folder = tmp_path / fault
        folder.mkdir()
        async with world(folder, timeout_seconds=0.4) as w:
            feed = product(
                "hand-axe", {"sku": "AXE-HAND"}, title="Hand Axe", media=[f"{IMAGE}x.jpg"]
            )
            await w.fault("ProductUpdate", fault, delay=1.0)
            await push(w, feed)
            await push(w, feed)
            await w.advance(70)
            assert (await push(w, feed)).codes == [], fault
            await w.advance(70)
            assert (await push(w, feed)).codes == [], fault
            assert len((await look(w, "hand-axe"))["media"]) == 1, fault


async def test_an_image_that_cannot_be_made_is_told_on_the_next_push(tmp_path: Path) -> None:
    """A warning each time, without the address's signature, and it is not sent again."""
    async with world(tmp_path) as w:
        bad = f"{IMAGE}broken.jpg?signature=secret"
        feed = product("hand-axe", {"sku": "AXE-HAND"}, title="Hand Axe", media=[bad])
        assert (await push(w, feed)).events == []
        await w.advance(60)
        await written(w)
        for _ in range(2):
            answer = await push(w, feed)
            assert answer.codes == ["MEDIA_FAILED"]
            assert "secret" not in str(answer.body)
        assert await written(w) == []


async def test_a_variant_s_image_follows_once_it_is_made(tmp_path: Path) -> None:
    """The image is sent with the product, and given to the variant by the next push."""
    async with world(tmp_path) as w:
        row = {"sku": TEE, "image": f"{IMAGE}moss.jpg"}
        feed = product("trail-tee", row, title="Trail Tee")
        await push(w, feed)
        await w.advance(30)
        assert (await push(w, feed)).events == []
        found = await look(w, "trail-tee")
        assert by_sku(found)[TEE]["media"][0]["id"] == found["media"][-1]["id"]
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == []


async def test_collections_are_joined_and_never_left(tmp_path: Path) -> None:
    """By handle or by title; what else the product is in stays."""
    async with world(tmp_path) as w:
        feed = product("trail-tee", {"sku": TEE}, title="Trail Tee", collections=["Clearance"])
        before = {c["handle"] for c in (await look(w, "trail-tee"))["collections"]}
        assert (await push(w, feed)).events == []
        feed["collections"] = ["new-arrivals"]
        assert (await push(w, feed)).events == []
        after = {c["handle"] for c in (await look(w, "trail-tee"))["collections"]}
        assert after == before | {"clearance", "new-arrivals"}
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == []


async def test_a_smart_collection_cannot_be_joined(tmp_path: Path) -> None:
    """It chooses its products itself: that is told, and the rest is written."""
    async with world(tmp_path) as w:
        feed = product("trail-tee", {"sku": TEE}, title="Tee Four", collections=["Camping"])
        answer = await push(w, feed)
        assert answer.codes == ["SHOPIFY_USER_ERROR"]
        assert (await look(w, "trail-tee"))["title"] == "Tee Four"


async def test_peers_bug_galleries_cleared_and_variants_unlinked_by_a_partial_feed(
    tmp_path: Path,
) -> None:
    """A parent alone, and a feed without images: even leave to remove removes nothing then."""
    whole = product(
        "cap",
        variant("C-S", size="S"),
        variant("C-M", size="M"),
        media=[f"{IMAGE}{n}.jpg" for n in "ab"],
    )
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        await push(w, whole)
        await w.advance(60)
        before = await look(w, "cap")
        assert (len(before["variants"]), len(before["media"])) == (2, 2)
        assert (await push(w, {"handle": "cap", "title": "Cap", "variants": []})).events == []
        assert (await push(w, {**whole, "media": []})).events == []
        assert await look(w, "cap") == before


async def test_two_families_of_one_product_are_neither(tmp_path: Path) -> None:
    """One event with both and the product; nothing of them is written, SKUs by themselves are."""
    async with world(tmp_path) as w:
        before = await look(w, "trail-tee")
        rows = [{"sku": "TEE-TRL-L-MOSS", "price": "61.00"}, {"sku": TEE, "price": "62.00"}]
        one = product("trail-tee", rows[0], title="Tee of one")
        other = {"family": "T2", "title": "Tee of the other", "variants": [rows[1]]}
        alone = {"variants": [{"sku": "TEE-TRL-M-MOSS", "price": "63.00"}]}
        answer = await push(w, one, other, alone)
        assert answer.codes == ["SKU_AMBIGUOUS"]
        assert answer.about("SKU_AMBIGUOUS") == ["TEE-TRL-L-MOSS", TEE]
        message = answer.events[0]["message"]
        assert message.startswith("trail-tee and the family T2 are not written")
        assert "the product trail-tee of the shop" in message
        after = await look(w, "trail-tee")
        prices = {sku: found["price"] for sku, found in by_sku(after).items()}
        assert prices["TEE-TRL-M-MOSS"] == "63.00"
        was = {sku: found["price"] for sku, found in by_sku(before).items()}
        assert {**prices, "TEE-TRL-M-MOSS": was["TEE-TRL-M-MOSS"]} == was
        assert after["title"] == before["title"]
        assert (await push(w, one, alone)).events == []
        assert (await look(w, "trail-tee"))["title"] == "Tee of one"
