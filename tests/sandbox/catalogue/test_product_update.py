"""``productUpdate`` and ``productDelete``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.catalogue.harness import (
    SHIRT,
    UPDATE,
    by_handle,
    done,
    image,
    product,
    send,
    set_product,
)
from tests.sandbox.state.harness import Bench


def test_all_fields(seeded: Bench) -> None:
    """Each is changed and read back; what is not given stays."""
    found = by_handle(seeded, "trail-tee")
    change = {
        "id": found.id,
        "title": "Trail Tee II",
        "descriptionHtml": "<p>New</p>",
        "vendor": "Else",
        "productType": "Tees",
        "status": "UNLISTED",
        "tags": ["b, a", "A"],
        "templateSuffix": "wide",
        "requiresSellingPlan": True,
        "seo": {"title": "Tee", "description": "A tee."},
        "category": "gid://shopify/TaxonomyCategory/aa-1-13-8",
    }
    done(seeded, UPDATE, {"product": change}, "productUpdate")
    text = """query($id: ID!) { product(id: $id) {
      title handle descriptionHtml vendor productType status tags templateSuffix
      requiresSellingPlan seo { title description } category { id fullName level isLeaf }
    } }"""
    reply = seeded.run(text, {"id": found.id})["data"]["product"]
    assert reply == {
        **{name: change[name] for name in change if name not in {"id", "tags", "category"}},
        "handle": "trail-tee",
        "tags": ["a", "b"],
        "category": {
            "id": change["category"],
            "fullName": "Apparel & Accessories > Clothing > Clothing Tops > T-Shirts",
            "level": 4,
            "isLeaf": True,
        },
    }
    assert len(found.variant_list) == 20


def test_metafields_are_upserted(seeded: Bench) -> None:
    """Those of others stay; one that is there may leave its type out."""
    found = set_product(seeded, {"title": "T"})

    def row(key: str, value: str, kind: str | None = "number_integer") -> dict[str, Any]:
        return {"namespace": "custom", "key": key, "value": value, "type": kind}

    for rows in ([row("one", "1"), row("two", "2")], [row("two", "3", None)]):
        change = {"id": found.id, "metafields": rows}
        done(seeded, UPDATE, {"product": change}, "productUpdate")
    values = {key: field.value for (_, key), field in found.metafields_by_key.items()}
    assert values == {"one": "1", "two": "3"}
    by_id = {"id": found.metafields_by_key["custom", "one"].id, "value": "9"}
    done(seeded, UPDATE, {"product": {"id": found.id, "metafields": [by_id]}}, "productUpdate")
    assert found.metafields_by_key["custom", "one"].value == "9"


def test_collections_to_join_and_leave(seeded: Bench) -> None:
    """Joining twice and leaving where it is not change nothing."""
    home, new, _ = (row for row in seeded.store.collections.values() if row.rule is None)
    found = by_handle(seeded, "trail-tee")
    change = {
        "id": found.id,
        "collectionsToJoin": [new.id],
        "collectionsToLeave": [home.id],
    }
    for _ in range(2):
        done(seeded, UPDATE, {"product": change}, "productUpdate")
    assert (home.holds(found), new.holds(found)) == (False, True)
    assert len(seeded.store.journal) == 1


def test_media_are_added(seeded: Bench) -> None:
    """Behind those that are there; a wrong address refuses all of it."""
    found = set_product(seeded, {"title": "T"})
    for name in ("a.jpg", "b.jpg"):
        variables = {"product": {"id": found.id}, "media": [image(name, name)]}
        done(seeded, UPDATE, variables, "productUpdate")
    assert [one.alt for one in found.media_list] == ["a.jpg", "b.jpg"]
    wrong = {"mediaContentType": "IMAGE", "originalSource": "ftp://x"}
    payload = send(
        seeded,
        UPDATE,
        {"product": {"id": found.id, "title": "U"}, "media": [wrong]},
        "productUpdate",
    )
    assert payload["userErrors"][0]["field"] == ["media", "0", "originalSource"]
    assert (found.title, len(found.media_list)) == ("T", 2)


def test_new_handle_with_a_redirect(seeded: Bench) -> None:
    """The old one is remembered only when asked for; a title alone keeps the handle."""
    found = by_handle(seeded, "trail-tee")
    for handle, redirect in (("tee-1", False), ("tee-2", True)):
        change = {"id": found.id, "handle": handle, "redirectNewHandle": redirect}
        done(seeded, UPDATE, {"product": change}, "productUpdate")
    assert found.handle == "tee-2"
    assert seeded.store.state()["redirects"] == [{"from": "tee-1", "to": "tee-2"}]


@pytest.mark.parametrize("name", ["handle", "customId", "id"])
def test_identifiers(seeded: Bench, name: str) -> None:
    """The product may be named beside the input; an unknown name finds nothing."""
    custom = {"namespace": "custom", "key": "ref", "value": "R-1"}
    found = set_product(seeded, {"title": "T"}, identifier={"customId": custom})
    known = {"handle": found.handle, "customId": custom, "id": found.id}[name]
    done(
        seeded,
        UPDATE,
        {"product": {"title": "U"}, "identifier": {name: known}},
        "productUpdate",
    )
    assert found.title == "U"
    unknown = {
        "handle": "nobody",
        "customId": {**custom, "value": "R-2"},
        "id": "gid://shopify/Product/9",
    }[name]
    variables = {"product": {"title": "V"}, "identifier": {name: unknown}}
    assert send(seeded, UPDATE, variables, "productUpdate")["product"] is None


def test_updated_at_moves_only_on_change(seeded: Bench) -> None:
    """The same again is no change; metafields alone do not move it."""
    found = by_handle(seeded, "trail-tee")
    before = found.updated_at
    field = {"namespace": "custom", "key": "no", "type": "number_integer", "value": "1"}
    for change in ({"title": found.title, "vendor": found.vendor}, {"metafields": [field]}):
        seeded.clock.forward(10)
        done(seeded, UPDATE, {"product": {"id": found.id, **change}}, "productUpdate")
        assert found.updated_at == before
    done(seeded, UPDATE, {"product": {"id": found.id, "title": "Else"}}, "productUpdate")
    assert found.updated_at == seeded.clock.now


def test_variants_are_found_by_the_new_title_later(seeded: Bench) -> None:
    """The index learns of a product's change for its variants too."""
    found = set_product(seeded, SHIRT)
    seeded.clock.forward(5)
    done(seeded, UPDATE, {"product": {"id": found.id, "title": "Quilted"}}, "productUpdate")
    text = '{ productVariants(first: 5, query: "title:quilted") { nodes { id } } }'
    assert seeded.run(text)["data"]["productVariants"]["nodes"] == []
    seeded.clock.forward(2)
    assert len(seeded.run(text)["data"]["productVariants"]["nodes"]) == 2


def test_delete(seeded: Bench) -> None:
    """Gone with its variants and from searches at once; again: an error."""
    found = set_product(seeded, SHIRT)
    seeded.clock.forward(5)
    text = """mutation($i: ProductDeleteInput!) { productDelete(input: $i) {
      deletedProductId userErrors { field message }
    } }"""
    payload = done(seeded, text, {"i": {"id": found.id}}, "productDelete")
    assert payload["deletedProductId"] == found.id
    search = '{ productVariants(first: 5, query: "sku:LIN*") { nodes { id } } }'
    assert seeded.run(search)["data"]["productVariants"]["nodes"] == []
    assert seeded.store.by_sku("LIN-S-RED") == []
    again = send(seeded, text, {"i": {"id": found.id}}, "productDelete")
    assert again["userErrors"] == [{"field": ["id"], "message": "Product does not exist"}]


@pytest.mark.parametrize(
    "change",
    [{"deleteConflictingConstrainedMetafields": True}, {"giftCardTemplateSuffix": "x"}],
)
def test_what_is_not_modelled(seeded: Bench, change: dict[str, Any]) -> None:
    """Refused at the top."""
    found = product(seeded, by_handle(seeded, "trail-tee").id)
    (error,) = seeded.run(UPDATE, {"product": {"id": found.id, **change}})["errors"]
    assert error["code"] == "SANDBOX_NOT_MODELLED"


@pytest.mark.parametrize("tags", [["t" * 256], [f"t{n}" for n in range(249)]])
def test_tags_that_a_product_cannot_have(seeded: Bench, tags: list[str]) -> None:
    """Too long, or with those that it has too many: none of them is added, by either mutation."""
    found = set_product(seeded, {"title": "T", "tags": ["a", "b"]})
    add = """mutation($id: ID!, $tags: [String!]!) {
      tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } } }"""
    refused = [{"field": ["tags"], "message": "Product tags is invalid"}]
    reply = seeded.run(add, {"id": found.id, "tags": ["c", *tags]})["data"]["tagsAdd"]
    assert reply == {"node": {"id": found.id}, "userErrors": refused}
    change = {"id": found.id, "tags": [",".join(["a", "b", "c", *tags])]}
    assert send(seeded, UPDATE, {"product": change}, "productUpdate")["userErrors"] == refused
    assert found.tags == ["a", "b"]


def test_an_image_that_is_listed_twice(seeded: Bench) -> None:
    """Assumed: Shopify does not look at addresses; it is there twice."""
    found = set_product(seeded, {"title": "T"})
    variables = {"product": {"id": found.id}, "media": [image("a.jpg"), image("a.jpg")]}
    done(seeded, UPDATE, variables, "productUpdate")
    assert len(found.media_list) == 2
