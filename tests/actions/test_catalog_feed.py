"""A feed becomes families: the bridge's own shape, the merging, and what cannot be used."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge.actions.catalog_feed import read_feed
from bridge.actions.catalog_target import MAX_MEDIA, MAX_VARIANTS
from tests.actions.feeds import codes, families, mapping, one, product, read, variant

# ---- the native shape


def test_every_field_of_the_native_shape_arrives() -> None:
    """All names of Shopify's product that the shape has are read under their own names."""
    found = product(
        {
            "handle": "Shirt",
            "title": "Shirt",
            "descriptionHtml": "<p>Linen</p>",
            "vendor": "Acme",
            "productType": "Shirts",
            "status": "active",
            "category": "gid://shopify/TaxonomyCategory/aa-1-13",
            "seo": {"title": "Linen shirt", "description": "A shirt"},
            "templateSuffix": "linen",
            "giftCard": False,
            "requiresSellingPlan": True,
            "tags": ["linen", "summer"],
            "options": ["Size"],
            "media": [{"originalSource": "https://x/1.jpg", "alt": "Front"}, "https://x/2.jpg"],
            "metafields": [
                {
                    "namespace": "custom",
                    "key": "care",
                    "type": "list.single_line_text_field",
                    "value": ["30°", 'no "tumbler"', 1.5, None, {"a": True}],
                }
            ],
            "collections": ["summer"],
            "publications": "Online Store",
            "variants": [
                {
                    "sku": " S-1 ",
                    "barcode": 4006381333931,
                    "price": "19.90",
                    "compareAtPrice": Decimal("25"),
                    "cost": 7,
                    "taxable": "true",
                    "inventoryPolicy": "continue",
                    "tracked": True,
                    "requiresShipping": True,
                    "weight": {"value": "0.2", "unit": "kg"},
                    "countryCodeOfOrigin": "PT",
                    "provinceCodeOfOrigin": "11",
                    "harmonizedSystemCode": "620520",
                    "optionValues": [{"optionName": "Size", "name": "S"}],
                    "metafields": [
                        {"namespace": "custom", "key": "fit", "type": "boolean", "value": True}
                    ],
                    "image": "https://x/2.jpg",
                }
            ],
        }
    )
    assert found.model_dump(by_alias=True, exclude_defaults=True) == {
        "handle": "shirt",
        "title": "Shirt",
        "descriptionHtml": "<p>Linen</p>",
        "vendor": "Acme",
        "productType": "Shirts",
        "status": "ACTIVE",
        "category": "gid://shopify/TaxonomyCategory/aa-1-13",
        "seo": {"title": "Linen shirt", "description": "A shirt"},
        "templateSuffix": "linen",
        "giftCard": False,
        "requiresSellingPlan": True,
        "tags": ("linen", "summer"),
        "options": ("Size",),
        "media": (
            {"originalSource": "https://x/1.jpg", "alt": "Front"},
            {"originalSource": "https://x/2.jpg"},
        ),
        "metafields": (
            {
                "namespace": "custom",
                "key": "care",
                "type": "list.single_line_text_field",
                "value": '["30°","no \\"tumbler\\"",1.5,null,{"a":true}]',
            },
        ),
        "collections": ("summer",),
        "publications": ("Online Store",),
        "variants": (
            {
                "sku": "S-1",
                "barcode": "4006381333931",
                "price": Decimal("19.90"),
                "compareAtPrice": Decimal("25"),
                "cost": Decimal("7"),
                "taxable": True,
                "inventoryPolicy": "CONTINUE",
                "tracked": True,
                "requiresShipping": True,
                "weight": {"value": Decimal("0.2"), "unit": "KILOGRAMS"},
                "countryCodeOfOrigin": "PT",
                "provinceCodeOfOrigin": "11",
                "harmonizedSystemCode": "620520",
                "optionValues": ({"optionName": "Size", "name": "S"},),
                "metafields": (
                    {"namespace": "custom", "key": "fit", "type": "boolean", "value": "true"},
                ),
                "image": "https://x/2.jpg",
            },
        ),
    }


def test_what_a_feed_does_not_mention_is_absent() -> None:
    """A price-only feed says nothing of anything else."""
    (family,) = families({"products": [{"variants": [{"sku": "A", "price": "5"}]}]})
    assert family.product.model_dump(exclude_defaults=True) == {
        "variants": ({"sku": "A", "price": Decimal(5)},)
    }
    assert family.key == "sku A"
    assert family.skus == ("A",)


def test_tags_may_be_a_text_with_commas() -> None:
    """Split at commas, without blanks, empty ones and what differs only in case."""
    assert product({"handle": "a", "tags": "Red, blue,,red "}).tags == ("Red", "blue")


def test_null_clears_only_where_the_key_is() -> None:
    """`compareAtPrice: null` empties it; no key, an empty text or a value does not."""
    assert [c.field for c in variant({"compareAtPrice": None, "cost": None}).clear] == [
        "compareAtPrice",
        "cost",
    ]
    assert variant({"price": 5, "barcode": ""}).clear == ()
    assert variant({"compareAtPrice": 9, "cost": 0}).clear == ()


@pytest.mark.parametrize("nothing", [{}, [], None, "", {"products": []}])
def test_nothing_in_nothing_to_tell(nothing) -> None:
    """An empty feed, and a feed of no products, tell nothing."""
    found = read(nothing)
    assert (found.families, found.events) == ((), ())


# ---- families


def test_items_of_one_family_are_one_product() -> None:
    """Parent's fields first, then the first that gives one; lists joined; variants in order."""
    (family,) = families(
        {
            "products": [
                one("A", family="f", title="Shirt A", vendor="Acme", tags=["a"], media=["1", "2"]),
                one("B", family="f", title="Shirt B", productType="Shirts", tags=["b", "A"]),
                {"family": "f", "title": "Shirt", "tags": ["p"], "seo": {"title": "S"}},
                one("C", family="f", seo={"title": "no", "description": "D"}, media=["2", "3"]),
            ]
        }
    )
    made = family.product
    assert (made.title, made.vendor, made.product_type) == ("Shirt", "Acme", "Shirts")
    assert (made.seo.title, made.seo.description) == ("S", "D")
    assert made.tags == ("p", "a", "b")
    assert [m.original_source for m in made.media] == ["1", "2", "3"]
    assert family.key == "family f"
    assert family.skus == ("A", "B", "C")
    assert family.complete


def test_metafields_are_joined_by_namespace_and_key() -> None:
    """The first value of a metafield counts, whatever comes later."""
    fields = {"namespace": "custom", "type": "single_line_text_field"}
    (family,) = families(
        {
            "products": [
                one("A", family="f", metafields=[{**fields, "key": "a", "value": "1"}]),
                one("B", family="f", metafields=[{**fields, "key": "a", "value": "2"}]),
                one("C", family="f", metafields=[{**fields, "key": "b", "value": "3"}]),
            ]
        }
    )
    assert [(m.key, m.value) for m in family.product.metafields] == [("a", "1"), ("b", "3")]


def test_an_image_keeps_the_first_text_that_is_told_for_it() -> None:
    """The same address twice is one image; its alt comes from where there is one."""
    (family,) = families(
        {
            "products": [
                one("A", family="f", media=["1"]),
                one("B", family="f", media=[{"originalSource": "1", "alt": "Front"}]),
            ]
        }
    )
    assert [(m.original_source, m.alt) for m in family.product.media] == [("1", "Front")]


def test_items_without_a_family_go_by_their_handle_then_their_sku() -> None:
    """Without a family the handle makes one; without both, each item is its own product."""
    found = families({"products": [one("A", handle="x"), one("B", handle="X"), one("C"), one("D")]})
    assert [(f.key, f.skus) for f in found] == [
        ("handle x", ("A", "B")),
        ("sku C", ("C",)),
        ("sku D", ("D",)),
    ]


def test_an_inferred_order_of_options_is_not_a_mentioned_one() -> None:
    """`option_names` has them in any case, `product.options` only when the feed lists them."""
    values = [{"optionName": "Size", "name": "S"}, {"optionName": "Color", "name": "Red"}]
    item = {"handle": "a", "variants": [{"sku": "A", "optionValues": values}]}
    (inferred,) = families({"products": [item]})
    (told,) = families({"products": [{**item, "options": ["Color", "Size"]}]})
    assert (inferred.option_names, inferred.product.options) == (("Size", "Color"), ())
    assert told.option_names == told.product.options == ("Color", "Size")


def test_an_option_twice_in_a_variant_counts_once() -> None:
    """The first value of an option is the variant's."""
    values = [{"optionName": "Size", "name": "S"}, {"optionName": "Size", "name": "M"}]
    assert [v.name for v in variant({"optionValues": values}).option_values] == ["S"]


def test_a_variants_image_is_no_gallery() -> None:
    """`images` has it, so that it can be made; `product.media` does not, so nothing is cleared."""
    item = {"handle": "a", "variants": [{"sku": "A", "image": "1"}]}
    (family,) = families({"products": [item]})
    assert family.product.media == ()
    assert [i.original_source for i in family.images] == ["1"]
    (family,) = families({"products": [{**item, "media": ["2", "1"]}]})
    assert [i.original_source for i in family.images] == ["2", "1"]


# ---- what cannot be used


def test_the_last_of_a_sku_in_one_family_counts() -> None:
    """It is told when the two differ, and only then."""
    first, last = {"sku": "A", "price": 1}, {"sku": "A", "price": 2}
    found = read({"products": [{"handle": "a", "variants": [first, last]}]})
    assert [v.price for v in found.families[0].product.variants] == [2]
    assert codes(found) == [("SKU_REPEATED", ["A"])]
    assert families({"products": [{"handle": "a", "variants": [first, first]}]})


def test_a_sku_in_two_families_belongs_to_the_first() -> None:
    """In the second nothing of it is written; a family of which nothing is left goes too."""
    found = read({"products": [one("A", handle="x"), one("A", handle="y"), one("B", handle="y")]})
    assert [(f.key, f.skus) for f in found.families] == [
        ("handle x", ("A",)),
        ("handle y", ("B",)),
    ]
    assert codes(found) == [("SKU_TWICE_IN_FEED", ["A"])]
    assert "the product x" in found.events[0].message
    assert "the product y" in found.events[0].message
    alone = read({"products": [one("A", handle="x"), one("A", handle="y", title="lost")]})
    assert [f.key for f in alone.families] == ["handle x"]


def test_two_families_cannot_have_one_handle() -> None:
    """The first has it, whatever its letters' case; nothing of the second is written."""
    found = read(
        {
            "products": [
                one("A", handle="Shirt", family="1"),
                one("B", handle="shirt", family="2"),
            ]
        }
    )
    assert [f.key for f in found.families] == ["family 1"]
    assert codes(found) == [("FEED_ITEM_INVALID", ["B"])]


def test_an_item_that_names_nothing_is_told() -> None:
    """No family, no handle, no SKU: one event, and the others go on."""
    found = read({"products": [{"title": "?"}, one("A")]})
    assert [f.key for f in found.families] == ["sku A"]
    assert codes(found) == [("FEED_ITEM_INVALID", [])]
    assert "item 1" in found.events[0].message


def many(count: int, **fields):
    """A family of so many variants."""
    return {"handle": "big", "variants": [{"sku": f"S{n}", **fields} for n in range(count)]}


def test_a_family_beyond_shopifys_limits_is_not_written() -> None:
    """One event for the family, with one SKU; at the limit it is written."""
    assert len(families({"products": [many(MAX_VARIANTS)]})[0].skus) == MAX_VARIANTS
    too_many = read({"products": [many(MAX_VARIANTS + 1), one("A")]})
    assert [f.key for f in too_many.families] == ["sku A"]
    assert codes(too_many) == [("FEED_ITEM_INVALID", ["S0"])]
    assert "2,049 variants" in too_many.events[0].message
    options = [{"optionName": str(n), "name": "x"} for n in range(4)]
    assert "4 options" in read({"products": [many(1, optionValues=options)]}).events[0].message
    images = [str(n) for n in range(MAX_MEDIA)]
    assert families({"products": [{"handle": "a", "media": images}]})
    over = read({"products": [{**many(1, image="one more"), "media": images}]})
    assert "251 images" in over.events[0].message


def test_one_bad_item_costs_only_itself() -> None:
    """One event an item, with the SKU of the variant that failed and the rule's place."""
    found = read(
        {
            "products": [
                {
                    "handle": "a",
                    "variants": [{"sku": "A1"}, {"sku": "A2", "price": "n/a", "cost": "?"}],
                },
                one("B"),
                {"handle": "c", "title": {"en": "?"}, "variants": [None, {"sku": "C"}]},
                {"handle": "d", "variants": [{"sku": "", "price": 3}, {"sku": "D2"}]},
                one("E", status="SOLD"),
            ]
        }
    )
    assert [f.key for f in found.families] == ["sku B"]
    assert codes(found) == [
        ("MAPPING_FAILED", ["A2"]),
        ("MAPPING_FAILED", ["C"]),
        ("MAPPING_MISSING", ["D2"]),
        ("MAPPING_FAILED", ["E"]),
    ]
    assert "catalog_push.toml:" in found.events[0].message
    assert "catalog.products[0].variants[1].price" in found.events[0].message
    assert all("n/a" not in e.message and "SOLD" not in e.message for e in found.events)


def test_nothing_is_removed_from_a_family_that_was_not_read_whole(tmp_path) -> None:
    """With an item lost, what the feed's product lacks is no longer known."""
    own = tmp_path / "catalog_push.toml"
    own.write_text("[catalog.products]\nremove = \"'delete'\"\n")
    module = mapping("native", own)
    whole = read_feed({"products": [one("A", family="f"), one("B", family="g")]}, module)
    assert [(f.product.remove, f.complete) for f in whole.families] == [("delete", True)] * 2
    bad = {"family": "f", "title": [], "variants": [{"sku": "X", "price": "?"}]}
    lost = read_feed({"products": [one("A", family="f"), one("B", family="g"), bad]}, module)
    assert [(f.key, f.product.remove, f.complete) for f in lost.families] == [
        ("family f", None, False),
        ("family g", "delete", True),
    ]
    unknown = {"family": {}, "variants": [{"sku": "?", "price": "?"}, "text"]}
    twice = read_feed(
        {"products": [one("A", family="f"), one("A", family="g"), one("B", family="g"), unknown]},
        module,
    )
    assert [(f.key, f.complete) for f in twice.families] == [
        ("family f", True),
        ("family g", False),
    ]
    assert twice.families[1].product.remove is None
