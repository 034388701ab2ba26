"""catalog_push: SKUs that move from one product to another, and what is left if that is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.catalogue import ask, by_sku, look, product, push, variant, written
from tests.stories.test_catalog_matching import removing
from tests.support import World, world

BY_HANDLE = {"match": "handle"}
CAP = product("cap", variant("C-S", size="S"), variant("C-M", size="M"))
REST = product("cap", variant("C-S", size="S"))
HAT = product("hat", variant("H-S", size="S"), variant("C-M", size="M"))
CHANNEL = ["Online Store"]


async def skus(w: World, handle: str) -> set[str]:
    """The SKUs of a product."""
    return set(by_sku(await look(w, handle)))


async def pushed(w: World, *feed: dict[str, Any]) -> None:
    """A feed is in the store, and in its search."""
    assert (await push(w, *feed)).events == []
    await w.advance(10)
    await written(w)


@pytest.mark.parametrize("asynchronous_from", [100, 1])
async def test_a_variant_moves_into_a_new_product(tmp_path: Path, asynchronous_from: int) -> None:
    """In one push: the product is made and sold, and only then the variant goes where it was."""
    policy = {**BY_HANDLE, "asynchronous_from": asynchronous_from}
    async with world(tmp_path, catalog=policy, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        feed = {**HAT, "publications": CHANNEL}
        assert (await push(w, feed)).events == []
        assert await written(w) == ["ProductSet", "Publish", "ProductVariantsDelete"]
        assert (await skus(w, "hat"), await skus(w, "cap")) == ({"H-S", "C-M"}, {"C-S"})
        await written(w)
        assert (await push(w, feed)).events == []
        assert await written(w) == []


@pytest.mark.parametrize("new", [True, False])
async def test_who_loses_a_variant_leaves_it_until_it_has_moved(tmp_path: Path, new: bool) -> None:
    """Both products are in the feed: the old one, too, would delete what it does not list."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        if not new:
            await pushed(w, product("hat", variant("H-S", size="S")))
        assert (await push(w, REST, HAT)).events == []
        making = "ProductSet" if new else "ProductVariantsCreate"
        assert await written(w) == [making, "ProductVariantsDelete"]
        assert (await skus(w, "hat"), await skus(w, "cap")) == ({"H-S", "C-M"}, {"C-S"})


async def test_what_cannot_move_stays(tmp_path: Path) -> None:
    """The new product is not made: its variant is still where it was, though not listed there."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        await w.fault("ProductSet", "internal_error")
        assert (await push(w, REST, HAT)).codes != []
        assert await skus(w, "cap") == {"C-S", "C-M"}


async def test_the_last_variant_of_a_product_cannot_go(tmp_path: Path) -> None:
    """Shopify keeps a product's last one: told by each push, with both products."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, product("cap", variant("C-M", size="M")))
        for _ in range(2):
            answer = await push(w, HAT)
            assert answer.about("SHOPIFY_USER_ERROR") == ["C-M"]
            assert "C-M is in two products now, hat and cap" in answer.events[0]["message"]
            await w.advance(10)
        assert await skus(w, "hat") == {"H-S", "C-M"}


@pytest.mark.parametrize("fault", ["drop_reply", "http_502_before", "internal_error"])
async def test_the_deleting_fails_and_the_answer_says_so(tmp_path: Path, fault: str) -> None:
    """The SKU, both products, and what will be done; the next push finishes it at once."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        await w.fault("ProductVariantsDelete", fault)
        answer = await push(w, HAT)
        assert answer.about(answer.codes[0]) == ["C-M"]
        assert len(answer.events) == 1
        assert "C-M is in two products now, hat and cap" in answer.events[0]["message"]
        assert (await push(w, HAT)).events == []  # the search knows nothing of hat yet
        assert (await skus(w, "hat"), await skus(w, "cap")) == ({"H-S", "C-M"}, {"C-S"})


async def test_a_product_whose_making_was_lost_gets_its_variant_later(tmp_path: Path) -> None:
    """Made, and its reply lost: nothing is deleted on a guess; the next push does it."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        await w.fault("ProductSet", "drop_reply")
        assert (await push(w, HAT)).codes != []
        assert "ProductVariantsDelete" not in await written(w)
        assert await skus(w, "cap") == {"C-S", "C-M"}
        assert (await push(w, HAT)).events == []
        assert (await skus(w, "hat"), await skus(w, "cap")) == ({"H-S", "C-M"}, {"C-S"})


async def test_what_is_left_of_a_move_stays_once_the_mapping_removes_nothing(
    tmp_path: Path,
) -> None:
    """The merchant has thought otherwise: told, with both products and a remedy, not deleted."""
    own = removing(tmp_path, "delete")
    async with world(tmp_path, catalog=BY_HANDLE, **own) as w:
        await pushed(w, CAP)
        await pushed(w, product("hat", variant("H-S", size="S")))
        await w.fault("ProductVariantsDelete", "http_502_before")
        await push(w, HAT)
        await w.advance(10)
        (own["mappings_dir"] / "catalog_push.toml").unlink()
        await w.restart()
        await written(w)
        answer = await push(w, HAT)
        assert await written(w) == []
        assert answer.about("VARIANT_ELSEWHERE") == ["C-M"]
        (event,) = answer.events
        assert event["event_type"] == "warning"
        assert event["message"].startswith("hat: C-M is in two products")
        assert "deleting it in cap" in event["message"]
        assert "C-M" in await skus(w, "cap")


async def test_a_sku_that_two_products_share_is_no_move(tmp_path: Path) -> None:
    """Nobody moved it: leave to delete does not delete the merchant's own second one."""
    async with world(tmp_path, catalog=BY_HANDLE, **removing(tmp_path, "delete")) as w:
        await pushed(w, CAP)
        await pushed(w, product("hat", variant("H-S", size="S")))
        gid = (await look(w, "hat"))["id"]
        await ask(w, ADD, id=gid)
        before = await look(w, "cap")
        assert (await push(w, HAT)).events == []  # the search knows one of the two
        assert await look(w, "cap") == before


ADD = """mutation Add($id: ID!) {
  productVariantsBulkCreate(productId: $id, variants: [{
    price: "10.00", inventoryItem: {sku: "C-M"}, optionValues: [{optionName: "Size", name: "M"}]
  }]) { userErrors { field message } } }"""
