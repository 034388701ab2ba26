"""catalog_push: one bad metafield costs itself, wherever it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.catalogue import by_sku, exists, look, product, push, spoil, variant, written
from tests.stories.test_catalog_matching import removing
from tests.support import Answer, world

TEE, OTHER = "TEE-TRL-S-MOSS", "TEE-TRL-M-MOSS"
IMAGE = "https://images.example/a.jpg"


def metafield(key: str, value: str = "7", kind: str = "number_integer") -> dict[str, Any]:
    """A custom value; "many" is no integer."""
    return {"namespace": "custom", "key": key, "type": kind, "value": value}


def kept(found: dict[str, Any]) -> dict[str, str]:
    """A product's or variant's custom values."""
    return {m["key"]: m["value"] for m in found["metafields"] if m["namespace"] == "custom"}


def named(answer: Answer) -> list[tuple[str, str, tuple[str, ...]]]:
    """Code, the metafield that the message names, and the SKUs of each event."""
    out = []
    for event in answer.events:
        assert " was not written: " in event["message"], event["message"]
        name = event["message"].partition("the metafield ")[2].split()[0]
        skus = tuple(a["identifier"] for a in event["associations"])
        out.append((event["code"], name, skus))
    return out


GOOD_AND_BAD = [metafield("good"), metafield("bad", "many"), metafield("more", "8")]
BAD = "SHOPIFY_USER_ERROR", "custom.bad"


async def test_the_rest_of_a_product_follows(tmp_path: Path) -> None:
    """Title, image and the other metafields are written at once; the bad one is told each time."""
    async with world(tmp_path) as w:
        feed = product("trail-tee", {"sku": TEE}, title="Tee Six", media=[IMAGE])
        feed["metafields"] = GOOD_AND_BAD
        before = await look(w, "trail-tee")
        answer = await push(w, feed)
        assert named(answer) == [(*BAD, (TEE,))]
        found = await look(w, "trail-tee")
        assert found["title"] == "Tee Six"
        assert kept(found) == {**kept(before), "good": "7", "more": "8"}
        assert len(found["media"]) == len(before["media"]) + 1
        await w.advance(60)
        await written(w)
        assert named(await push(w, feed)) == [(*BAD, (TEE,))]
        assert await written(w) == ["ProductUpdate"], "with the bad one alone, and no image"
        assert len((await look(w, "trail-tee"))["media"]) == len(before["media"]) + 1


async def test_the_rest_of_a_row_follows(tmp_path: Path) -> None:
    """Of a variant that is there, the price is written; but not beside another mistake."""
    async with world(tmp_path) as w:
        row = variant(TEE, "44.00", metafields=GOOD_AND_BAD)
        answer = await push(w, {"variants": [row]}, {"variants": [variant(OTHER, "45.00")]})
        assert named(answer) == [(*BAD, (TEE,))]
        found = by_sku(await look(w, "trail-tee"))
        assert (found[TEE]["price"], found[OTHER]["price"]) == ("44.00", "45.00")
        assert kept(found[TEE]) == {"good": "7", "more": "8"}
        await spoil(w, "trail-tee", TEE)
        row = variant(TEE, "46.00", metafields=GOOD_AND_BAD)
        answer = await push(w, {"variants": [row]}, {"variants": [variant(OTHER, "47.00")]})
        assert answer.about("SHOPIFY_USER_ERROR") == [TEE]
        assert "Harmonized" in answer.events[0]["message"]
        found = by_sku(await look(w, "trail-tee"))
        assert (found[TEE]["price"], found[OTHER]["price"]) == ("44.00", "47.00")


async def test_new_variants_come_and_what_follows_them(tmp_path: Path) -> None:
    """One bad value would refuse them all; what stands behind them in the plan is done as well."""
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        await push(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))
        await w.advance(10)
        rows = [variant("C-L", size="L", metafields=GOOD_AND_BAD), variant("C-X", size="X")]
        feed = product("cap", variant("C-S", size="S"), *rows, publications=["Online Store"])
        await written(w)
        assert named(await push(w, feed)) == [(*BAD, ("C-L",))]
        created = ["ProductVariantsCreate", "ProductVariantsCreate"]
        assert await written(w) == [*created, "ProductVariantsDelete", "Publish"]
        found = by_sku(await look(w, "cap"))
        assert found.keys() == {"C-S", "C-L", "C-X"}
        assert kept(found["C-L"]) == {"good": "7", "more": "8"}


@pytest.mark.parametrize("asynchronous_from", [100, 1])
async def test_a_new_product_is_made_and_sold(tmp_path: Path, asynchronous_from: int) -> None:
    """At once and in the background: its own bad value and a variant's, each told by its owner."""
    policy = {"asynchronous_from": asynchronous_from}
    async with world(tmp_path, catalog=policy) as w:
        row = variant("C-S", size="S", metafields=[metafield("bad", "few")])
        feed = product("cap", row, variant("C-M", size="M"), publications=["Online Store"])
        answer = await push(w, {**feed, "metafields": GOOD_AND_BAD, "media": [IMAGE]})
        assert sorted(named(answer)) == [(*BAD, ("C-S",)), (*BAD, ("C-S", "C-M"))]
        found = await look(w, "cap")
        assert kept(found) == {"good": "7", "more": "8"}
        assert len(found["media"]) == 1
        assert found["resourcePublicationsV2"]


async def test_no_product_without_what_it_is_known_by(tmp_path: Path) -> None:
    """Made without its unique metafield, the next push would make it a second time."""
    policy = {"match": "metafield", "match_metafield": "custom.bad"}
    async with world(tmp_path, catalog=policy) as w:
        answer = await push(w, product("cap", variant("C-S"), metafields=GOOD_AND_BAD))
        assert answer.about("SHOPIFY_USER_ERROR") == ["C-S"]
        assert "cap was not written as asked" in answer.events[0]["message"]
        assert not await exists(w, "cap")
