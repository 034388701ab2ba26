"""``[select]`` of inventory_push over HTTP: what Shopify knows of a product decides its stock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import ConfigError
from tests.actions.test_inventory_store import ALBANY, RENO, TWICE, available, update
from tests.mapping.test_select_variant import DEAR, TAGS, TOO_DEAR
from tests.stories.test_selecting import set_metafield
from tests.support import World, world

BY_TAG = (
    TAGS
    + """
[stock]
safety_stock = "variant.product.tags | table_each: 'keep_back' | first | default: 1"
[tables.keep_back]
fragile = 5
all-goes = 0
"""
)
TO_RENO = (
    TAGS
    + """
[stock]
location = "variant.product.tags | table_each: 'place' | first"
[tables.place]
far = "Reno Overflow"
"""
)
OFF = {"reserve_unacknowledged": False}


def write(folder: Path, text: str) -> Path:
    """A merchant's folder with an inventory_push.toml."""
    own = folder / "mappings"
    own.mkdir()
    (own / "inventory_push.toml").write_text(text, "utf-8")
    return own


def variant_of(w: World, sku: str) -> Any:
    """The store's own variant with this SKU; of several the first."""
    return w.store.sandbox.store.by_sku(sku)[0]


def tag(w: World, sku: str, *tags: str) -> None:
    """As a person does in Shopify's admin."""
    variant_of(w, sku).product.tags = list(tags)


def three(w: World) -> list[str]:
    """SKUs of three different products whose stock Albany has and that can be set."""
    found: dict[int, str] = {}
    variants = w.store.sandbox.store.variants.values()
    skus = [v.sku for v in variants]
    for variant in variants:
        tracked = variant.inventory_item.tracked and not variant.requires_components
        if variant.sku and tracked and skus.count(variant.sku) == 1:
            found.setdefault(variant.product.number_id, variant.sku)
    return list(found.values())[:3]


async def stock(w: World, location: str = ALBANY) -> Mapping[str, list[int]]:
    """What is available at a location, by SKU."""
    return available(await w.state(), location)


async def test_tags_of_the_product_keep_units_back(tmp_path: Path) -> None:
    """Two products with tags, one without, one SKU that the shop does not have: one look-up."""
    async with world(tmp_path, mappings_dir=write(tmp_path, BY_TAG), inventory_push=OFF) as w:
        fragile, goes, other = three(w)
        tag(w, fragile, "fragile", "gift")
        tag(w, goes, "all-goes")
        tag(w, other)
        rows = [update(s, 20) for s in (fragile, goes, other, "NO-SUCH", "NO-SUCH")]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.codes == ["SKU_NOT_FOUND", "SKU_REPEATED"]
        assert answer.about("SKU_NOT_FOUND") == ["NO-SUCH"]
        now = await stock(w)
        assert (now[fragile], now[goes], now[other]) == ([15], [20], [19])
        spent = await w.spent()
        assert spent.operations.count("VariantsBySku") == 1
        assert spent.operations.count("NewestVariants") == 1  # for the SKU that is not there


async def test_a_metafield_of_the_variant_itself(tmp_path: Path) -> None:
    """A number in a metafield; a variant without it has what the settings say."""
    text = """[select.metafields]
variant = { keep_back = "custom.keep_back" }
[stock]
safety_stock = "variant.metafields.keep_back | plus: 0 | default: policy.safety_stock"
"""
    policy = {**OFF, "safety_stock": 2}
    async with world(tmp_path, mappings_dir=write(tmp_path, text), inventory_push=policy) as w:
        one, other, _ = three(w)
        gid = f"gid://shopify/ProductVariant/{variant_of(w, one).number_id}"
        await set_metafield(w, gid, "keep_back", "7")
        rows = [update(one, 20), update(other, 20)]
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        now = await stock(w)
        assert (now[one], now[other]) == ([13], [18])


async def test_a_variant_of_a_moment_ago_has_its_fields_too(tmp_path: Path) -> None:
    """Search does not know it yet: it comes with the newest variants, with the same fields."""
    own = write(tmp_path, BY_TAG)
    async with world(tmp_path, lag=3600, mappings_dir=own, inventory_push=OFF) as w:
        old, *_ = three(w)
        tag(w, old, "fragile")
        variant_of(w, old).inventory_item.sku = "FRESH-1"
        answer = await w.post("inventory_push", inventory_updates=[update("FRESH-1", 12)])
        assert answer.events == []
        assert (await stock(w))["FRESH-1"] == [7]
        assert (await w.spent()).operations.count("NewestVariants") == 1


async def test_a_location_that_the_fields_decide(tmp_path: Path) -> None:
    """Its levels were not asked for: they are read once more. The next push knows where to look."""
    async with world(tmp_path, mappings_dir=write(tmp_path, TO_RENO), inventory_push=OFF) as w:
        near, far, _ = three(w)
        tag(w, near)
        tag(w, far, "far")
        before = await stock(w)
        rows = [update(near, 21), update(far, 22)]
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        assert (await stock(w))[near] == [21]
        assert (await stock(w))[far] == before[far]
        assert (await stock(w, RENO))[far] == [22]
        assert (await w.spent()).operations.count("VariantsBySku") == 2
        rows = [update(near, 31), update(far, 32)]
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        assert (await stock(w, RENO))[far] == [32]
        assert (await w.spent()).operations.count("VariantsBySku") == 1


async def test_each_variant_of_a_sku_by_its_own_product(tmp_path: Path) -> None:
    """Of two variants with one SKU, where all are written, each has its own product's tags."""
    policy = {**OFF, "duplicate_sku": "all"}
    async with world(tmp_path, mappings_dir=write(tmp_path, BY_TAG), inventory_push=policy) as w:
        found = w.store.sandbox.store.by_sku(TWICE)
        one, other = found[0], next(v for v in found if v.product is not found[0].product)
        one.product.tags = ["fragile"]
        other.product.tags = []
        answer = await w.post("inventory_push", inventory_updates=[update(TWICE, 40)])
        assert answer.events == []
        assert sorted((await stock(w))[TWICE]) == [35, 39]


async def test_two_variants_of_a_sku_are_told_before_the_mapping(tmp_path: Path) -> None:
    """Neither is written, and none of the other rules is asked."""
    text = TAGS + "[stock]\nsafety_stock = \"variant.product.tags[9] | append: 'x' | plus: 0\"\n"
    async with world(tmp_path, mappings_dir=write(tmp_path, text), inventory_push=OFF) as w:
        answer = await w.post("inventory_push", inventory_updates=[update(TWICE, 40)])
        assert answer.codes == ["SKU_AMBIGUOUS"]
        assert await w.journal() == []


async def test_a_sale_between_read_and_write_is_read_without_the_fields(tmp_path: Path) -> None:
    """The mapping has been rendered: what is read again are levels, at the old price."""
    async with world(tmp_path, mappings_dir=write(tmp_path, BY_TAG)) as w:
        sku, *_ = three(w)
        tag(w, sku, "fragile")
        await w.post("inventory_push", inventory_updates=[update(sku, 50)])
        before = (await stock(w))[sku][0]
        sales = iter([2])

        async def sell(_: Mapping[str, Any]) -> None:
            for quantity in sales:
                await w.place(lines=[{"sku": sku, "quantity": quantity}])

        await w.spent()
        w.hook("after", "ReservedOrders", sell)
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 60)])
        assert answer.events == []
        assert (await stock(w))[sku] == [before + 10 - 2]
        first, again = [r for r in await w.requests() if r["operation"] == "VariantsBySku"][-2:]
        assert first["requested_cost"] > again["requested_cost"]


async def test_1000_skus_with_their_tags(tmp_path: Path) -> None:
    """As many requests as without, and 11 points more for each look-up."""
    own = write(tmp_path, BY_TAG)
    async with world(tmp_path, variants=1000, mappings_dir=own) as w:
        rows = [update(f"BULK-{n:06d}", 90) for n in range(1, 1001)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        spent = await w.spent()
        assert answer.events == []
        assert spent.operations.count("VariantsBySku") == 4
        assert spent.requests <= 11
        assert spent.points <= 348 + 4 * 11
        assert spent.throttled == 0


async def test_dear_fields_are_asked_for_in_smaller_requests(tmp_path: Path) -> None:
    """No request passes 1,000 points, none is refused, and every row is written."""
    text = DEAR + '[stock]\nsafety_stock = "variant.product.variants | size"\n'
    own = write(tmp_path, text)
    async with world(
        tmp_path, variants=200, mappings_dir=own, inventory_push=OFF, plan="plus"
    ) as w:
        rows = [update(f"BULK-{n:06d}", 300) for n in range(1, 201)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.events == []
        looked = [r for r in await w.requests() if r["operation"] == "VariantsBySku"]
        assert len(looked) == 3  # 90, 90, 20
        assert all(r["requested_cost"] <= 1000 for r in looked)
        now = await stock(w)
        assert all(299 >= now[f"BULK-{n:06d}"][0] >= 200 for n in range(1, 201))


async def test_too_dear_fields_stop_the_start(tmp_path: Path) -> None:
    """The bridge does not begin to serve: the finding says the price, and where it stands."""
    with pytest.raises(ConfigError, match=r"inventory_push.toml:1:2: error\[M512\]"):
        async with world(tmp_path, mappings_dir=write(tmp_path, TOO_DEAR)):
            pass


async def test_the_start_tells_what_the_fields_cost(tmp_path: Path) -> None:
    """One line a look-up, with and without; the store charges what was foretold."""
    with capture_logs() as logs:
        async with world(tmp_path, mappings_dir=write(tmp_path, BY_TAG)):
            pass
    told = {e["operation"]: e for e in logs if e["event"] == "fields_selected"}
    assert set(told) == {"VariantsBySku", "NewestVariants"}
    assert (told["VariantsBySku"]["points_without"], told["VariantsBySku"]["points"]) == (46, 57)


async def test_without_select_the_variant_has_what_is_fetched_anyway(tmp_path: Path) -> None:
    """Its own fields can be named, at the price of a push without them."""
    text = "[stock]\nsafety_stock = \"variant.id | split: '/' | size\"\n"
    async with world(tmp_path, mappings_dir=write(tmp_path, text), inventory_push=OFF) as w:
        sku, *_ = three(w)
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 20)])
        assert answer.events == []
        assert (await stock(w))[sku] == [15]  # gid:, nothing, shopify, ProductVariant, a number
        (one,) = [r for r in await w.requests() if r["operation"] == "VariantsBySku"]
        assert one["requested_cost"] == 18


async def test_a_shop_without_a_location(tmp_path: Path) -> None:
    """There is nowhere to look for levels: that is told once, and no SKU is looked up."""
    async with world(tmp_path, mappings_dir=write(tmp_path, BY_TAG), inventory_push=OFF) as w:
        for location in w.store.sandbox.store.locations.values():
            location.is_active = False
        rows = [update(sku, 20) for sku in three(w)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.codes == ["LOCATION_UNKNOWN"]
        assert set((await w.spent()).operations) == {"Locations"}
