"""catalog_push, what would make it write forever, lose something, or never come to an end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.actions import catalog_bulk
from bridge.shopify.catalogue import BY_ID_AT_ONCE, PRODUCTS_BY_ID_AT_ONCE
from bridge.shopify.documents import operation
from bridge.shopify.protocol import MAX_QUERY_POINTS
from tests.stories.catalogue import (
    ask,
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
from tests.stories.test_catalog_matching import removing
from tests.support import World, world

TEE = "TEE-TRL-S-MOSS"


async def settled(w: World, *feed: dict[str, Any]) -> None:
    """The feed is pushed, and pushed again: nothing is told, and the second one writes nothing."""
    assert (await push(w, *feed)).events == []
    await w.advance(60)
    await written(w)
    assert (await push(w, *feed)).events == []
    assert await written(w) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "  Cap  ", "vendor": " Acme\t", "productType": "Hats "},
        {"tags": ["a, b", " c ", "A"]},
        {"descriptionHtml": "<p>One<p>Two<table><tr><td>1<td>2</table>"},
        {"seo": {"title": " Caps ", "description": "Caps. "}},
    ],
)
async def test_what_the_store_tidies_is_written_once(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    """Blanks around a text, tags with commas, end tags left out: the same, not a difference."""
    async with world(tmp_path) as w:
        await settled(w, product("cap", variant("C-1"), **fields))
        found = await look(w, "cap")
        if "descriptionHtml" in fields:
            closed = (
                "<p>One</p><p>Two</p><table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
            )
            await ask(w, HAND, p={"id": found["id"], "descriptionHtml": closed})
            await settled(w, product("cap", variant("C-1"), **fields))


HAND = """mutation Hand($p: ProductUpdateInput!) {
  productUpdate(product: $p) { userErrors { field message } } }"""


@pytest.mark.parametrize("price", ["9.994", "9.995", "9.985", "9.999", 0.1])
async def test_an_amount_of_more_places_is_written_once(tmp_path: Path, price: object) -> None:
    """The store rounds, half a cent up; whichever way it does, it is the feed's price."""
    async with world(tmp_path) as w:
        await settled(w, {"variants": [variant(TEE, price, cost=price, compareAtPrice=price)]})


async def test_values_that_differ_in_their_capitals_are_the_same(tmp_path: Path) -> None:
    """``s`` is ``S``, ``size`` is ``Size``: the store's spelling stays, no second one is made."""
    async with world(tmp_path) as w:
        await settled(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))

        def row(sku: str, size: str) -> dict[str, Any]:
            return {"sku": sku, "optionValues": [{"optionName": " size", "name": size}]}

        feed = product("cap", row("C-S", "s"), row("C-M", "m "), row("C-L", "L"))
        await settled(w, {**feed, "options": ["SIZE"]})
        found = await look(w, "cap")
        assert names(found["options"], "name") == ["Size"]
        assert [values(v) for v in found["variants"]] == [{"Size": s} for s in "SML"]


async def test_a_handle_in_other_letters_is_the_same(tmp_path: Path) -> None:
    """The store makes handles of small letters; signs and other scripts are its own affair."""
    async with world(tmp_path) as w:
        for n, handle in enumerate(("Été Shirt_100%", "商品-1a", "no--end-")):
            await settled(w, {**product("x", variant(f"H-{n}")), "handle": handle})
        assert await exists(w, "ete-shirt-100")


async def test_two_handles_that_the_store_makes_one_of_are_two_products(tmp_path: Path) -> None:
    """The second is refused: as the same product it would take the place of the first."""
    async with world(tmp_path) as w:
        for first, other in (("日本語", "製品"), ("a_b", "a-b")):
            feed = {**product("x", variant(f"H-{first}")), "handle": first}
            await settled(w, feed)
            state = (await w.state())["products"]
            again = {**product("y", variant(f"H-{other}")), "handle": other}
            answer = await push(w, again)
            assert answer.codes in (["SHOPIFY_USER_ERROR"], ["HANDLE_TAKEN"])
            assert (await w.state())["products"] == state
            await settled(w, feed)


@pytest.mark.parametrize("handle", ["日本語", "Blue_Tee"])
async def test_matched_by_a_handle_that_the_store_writes_in_its_own_way(
    tmp_path: Path, handle: str
) -> None:
    """Its SKU says that it is the one."""
    async with world(tmp_path, catalog={"match": "handle"}) as w:
        await settled(w, {**product("x", variant("H-1")), "handle": handle})
        await settled(w, {**product("x", variant("H-1", "12.00")), "handle": handle})
        found = [p for p in (await w.state())["products"] if p["title"] == "X"]
        assert [float(v["price"]) for p in found for v in p["variants"]] == [12.0]


async def test_a_wrong_category_costs_only_itself(tmp_path: Path) -> None:
    """By its GID too, which is not looked up."""
    async with world(tmp_path) as w:
        for n, category in enumerate(("gid://shopify/TaxonomyCategory/zz-99", "Nonsense")):
            answer = await push(
                w, product("trail-tee", {"sku": TEE}, title=f"{n}", category=category)
            )
            assert len(answer.codes) == 1
            found = await look(w, "trail-tee")
            assert (found["title"], found["category"]) == (f"{n}", None)
        right = "gid://shopify/TaxonomyCategory/aa-1"
        await settled(w, product("trail-tee", {"sku": TEE}, title="Tee", category=right))
        assert (await look(w, "trail-tee"))["category"] is not None


async def test_metafields_with_units_are_written_once(tmp_path: Path) -> None:
    """The store writes units out, in lists as well."""
    rows = [
        ("tank", "volume", {"value": 2, "unit": "us_gal"}),
        ("sides", "list.dimension", [{"value": 2, "unit": "cm"}, {"value": 3.50, "unit": "in"}]),
    ]
    metafields = [{"namespace": "custom", "key": k, "type": t, "value": v} for k, t, v in rows]
    async with world(tmp_path) as w:
        await settled(w, {"variants": [{"sku": TEE, "metafields": metafields}]})


async def test_a_handle_that_another_product_has_costs_only_itself(tmp_path: Path) -> None:
    """It is told, the other product keeps it, and all other fields are written."""
    async with world(tmp_path) as w:
        before = await look(w, "hand-axe")
        feed = product("hand-axe", {"sku": TEE, "price": "31.00"}, title="Tee Five")
        answer = await push(w, feed)
        assert answer.codes == ["SHOPIFY_USER_ERROR"]
        assert "already in use" in answer.events[0]["message"]
        found = await look(w, "trail-tee")
        assert (found["title"], by_sku(found)[TEE]["price"]) == ("Tee Five", "31.00")
        assert await look(w, "hand-axe") == before


async def test_a_new_variant_of_an_ended_sale(tmp_path: Path) -> None:
    """Null at once, though the store would give it the compare-at price of the first variant."""
    async with world(tmp_path) as w:
        await settled(w, product("cap", variant("C-S", size="S", compareAtPrice="99.00")))
        more = variant("C-M", size="M", compareAtPrice=None)
        await settled(w, product("cap", {"sku": "C-S"}, more))
        assert by_sku(await look(w, "cap"))["C-M"]["compareAtPrice"] is None


async def test_new_variants_with_the_values_of_others_are_told_alone(tmp_path: Path) -> None:
    """The store would refuse all that come with them."""
    async with world(tmp_path) as w:
        await settled(w, product("cap", variant("C-S", size="S")))
        rows = [variant("C-S2", size="s"), variant("C-M", size="M"), variant("C-M2", size="M")]
        answer = await push(w, product("cap", variant("C-S", size="S"), *rows))
        assert answer.about("OPTIONS_MISMATCH") == ["C-S2", "C-M2"]
        assert by_sku(await look(w, "cap")).keys() == {"C-S", "C-M"}


async def test_a_lone_variant_gets_no_values_of_others(tmp_path: Path) -> None:
    """A product without options, of whose variant the feed says none: told, and left alone."""
    async with world(tmp_path, catalog={"match": "handle"}) as w:
        await settled(w, product("mug", variant("MUG-1")))
        before = await look(w, "mug")
        for rows in ([variant("MUG-S", size="S")], [{"sku": "MUG-1"}, variant("MUG-S", size="S")]):
            answer = await push(w, product("mug", *rows))
            assert set(answer.codes) == {"OPTIONS_MISMATCH"}
            assert await look(w, "mug") == before


async def test_nothing_goes_before_what_takes_its_place_is_there(tmp_path: Path) -> None:
    """Remove = 'delete', and the feed's new variants do not fit: the old ones stay."""
    async with world(tmp_path, **removing(tmp_path, "delete")) as w:
        await settled(w, product("cap", variant("C-S", size="S"), variant("C-M", size="M")))
        answer = await push(w, product("cap", variant("C-S", size="S"), variant("C-L")))
        assert answer.codes == ["OPTIONS_MISMATCH"]
        assert by_sku(await look(w, "cap")).keys() == {"C-S", "C-M"}


async def test_an_upload_that_failed_is_nobody_s_image(tmp_path: Path) -> None:
    """A merchant's broken image in the gallery does not stand for an image of the feed."""
    async with world(tmp_path) as w:
        gid = (await look(w, "trail-tee"))["id"]
        query = HAND.replace("!) {", "!, $m: [CreateMediaInput!]) {", 1)
        query = query.replace("product: $p", "product: $p, media: $m")
        media = [{"originalSource": "https://m.example/broken.jpg", "mediaContentType": "IMAGE"}]
        await ask(w, query, p={"id": gid}, m=media)
        await w.advance(60)
        before = len((await look(w, "trail-tee"))["media"])
        image = "https://images.example/tee.jpg"
        await settled(w, product("trail-tee", {"sku": TEE}, title="Trail Tee", media=[image]))
        assert len((await look(w, "trail-tee"))["media"]) == before + 1


async def test_an_unknown_country_costs_its_own_row(tmp_path: Path) -> None:
    """The store would refuse the request as a whole, with every other variant in it."""
    async with world(tmp_path) as w:
        rows = [variant(TEE, "41.00", countryCodeOfOrigin="Portugal")]
        other = [variant("TEE-TRL-M-MOSS", "42.00", countryCodeOfOrigin=" pt ")]
        answer = await push(w, {"variants": rows}, {"variants": other})
        assert answer.about("MAPPING_FAILED") == [TEE]
        assert by_sku(await look(w, "trail-tee"))["TEE-TRL-M-MOSS"]["price"] == "42.00"


async def test_a_metafield_of_another_type_is_told(tmp_path: Path) -> None:
    """Shopify decides; what it refuses is told with its words, and everything else goes on."""
    async with world(tmp_path) as w:
        bad = [{"namespace": "custom", "key": "number", "type": "number_integer", "value": "many"}]
        feed = product(
            "trail-tee", {"sku": TEE, "price": "43.00"}, title="Trail Tee", metafields=bad
        )
        for _ in range(2):
            answer = await push(w, feed)
            assert answer.codes == ["SHOPIFY_USER_ERROR"]
        assert by_sku(await look(w, "trail-tee"))[TEE]["price"] == "43.00"


async def test_looking_up_alone_takes_longer_than_a_call(tmp_path: Path) -> None:
    """Each push begins with what the one before did not come to, so that all are reached."""
    async with world(tmp_path, plan="plus", variants=450) as w:
        short = w.settings.server.model_copy(update={"deadline_seconds": 2.0})
        w.settings = w.settings.model_copy(update={"server": short})
        await w.restart()
        w.hook("before", "CatalogVariants", _slowly)
        skus = [f"BULK-{n:06d}" for n in range(1, 451)]
        feed = [{"variants": [{"sku": sku, "price": "88.00"}]} for sku in skus]
        pushes, done = 0, False
        while not done:
            pushes += 1
            assert pushes < 8, "no progress"
            assert set((await push(w, *feed)).codes) == {"NOT_REACHED"}
            done = await _all_cost(w, "88.00")
        assert pushes > 1


async def _all_cost(w: World, price: str) -> bool:
    """Whether every variant of the seed's bulk goods has this price."""
    found = (await w.state())["products"]
    bulk = [v for p in found for v in p["variants"] if (v["sku"] or "").startswith("BULK-")]
    return len(bulk) == 450 and all(float(v["price"]) == float(price) for v in bulk)


async def test_bulk_with_products_that_are_made_in_the_background(tmp_path: Path) -> None:
    """Rows that Shopify makes later are followed, and published where the feed says."""
    policy = {"bulk_from": 3, "asynchronous_from": 4}
    rows = [variant(f"B-{n}", size=str(n)) for n in range(5)]
    feed = [product(f"small-{n}", variant(f"S-{n}")) for n in range(3)]
    feed = [product("big", *rows), *feed]
    for one in feed:
        one["publications"] = ["Online Store"]
    async with world(tmp_path, plan="plus", catalog=policy) as w:
        assert (await push(w, *feed)).events == []
        sent = (await w.spent()).operations
        assert "ProductOperationState" in sent
        assert "ProductSet" not in sent
        for one in feed:
            found = await look(w, one["handle"])
            assert len(found["resourcePublicationsV2"]) == 1, one["handle"]
        await w.advance(10)
        await written(w)
        assert (await push(w, *feed)).events == []
        assert await written(w) == []


async def test_more_than_a_file_may_hold_is_two_bulk_operations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of long descriptions: Shopify takes 100 MB in a file."""
    monkeypatch.setattr(catalog_bulk, "MAX_FILE", 3_000)
    feed = [
        product(f"long-{n}", variant(f"L-{n}"), descriptionHtml="<p>" + "x" * 700 + "</p>")
        for n in range(4)
    ]
    async with world(tmp_path, plan="plus", catalog={"bulk_from": 3}) as w:
        assert (await push(w, *feed)).events == []
        assert await written(w) == ["BulkRun"] * 2
        for one in feed:
            assert await exists(w, one["handle"])


def test_what_is_read_by_id_stays_below_a_query_s_limit() -> None:
    """With everything, and as many metafields as a page may have."""
    flags = ("Options", "Item", "Cost", "Weight", "Media", "Metafields", "Seo", "Category")
    flags += ("Collections", "Publications")
    every: dict[str, Any] = {f"with{flag}": True for flag in flags}
    every |= {"byQuery": False, "newest": False, "byIds": True, "keyCount": 250}
    for name, count in (
        ("CatalogVariants", BY_ID_AT_ONCE),
        ("CatalogProducts", PRODUCTS_BY_ID_AT_ONCE),
    ):
        asked = operation(name)
        given = {k: v for k, v in every.items() if k in asked.variable_names}
        assert asked.cost({**given, "ids": ["gid"] * count}) <= MAX_QUERY_POINTS


async def _slowly(_: object) -> None:
    await asyncio.sleep(0.8)
