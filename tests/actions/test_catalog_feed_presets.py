"""Feeds that were made for Magento and for Mozu, as the presets read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge.actions.catalog_limits import within
from bridge.wiring import load_mappings
from tests.actions.feeds import FILES, codes, families, read
from tests.actions.test_order_offer import channel


def frame(**types):
    """``data["<type>"][].feed_data``."""
    return {"data": {name: [{"feed_data": row} for row in rows] for name, rows in types.items()}}


PARENT = {
    "sku": "SHIRT",
    "name": "Linen shirt",
    "description": "<p>Linen</p>",
    "status": "1",
    "visibility": "4",
    "url_key": "Linen-Shirt",
    "manufacturer": "Acme",
    "meta_title": "Linen shirts",
    "configurable_attributes": ["size", "color", "fabric"],
    "categories": [
        [{"name": "Tops"}, {"name": "Shirts", "link": 1}],
        [{"name": "Sale", "link": 1}],
    ],
    "media": [{"download_url": "https://x/shirt.jpg", "label": "Front", "mediakey": "1"}],
}
CHILD = {
    "sku": "SHIRT-S",
    "name": "Linen shirt S",
    "status": 2,
    "visibility": 1,
    "price": "20.00",
    "special_price": "15.00",
    "weight": "0.3000",
    "tax_class_id": "2",
    "upc": "012345678905",
    "configurable_sku": ["SHIRT"],
    "color": "Red",
    "size": "S",
    "media": [{"download_url": "https://x/s.jpg"}],
}
OTHER = {"sku": "SHIRT-M", "configurable_sku": ["SHIRT"], "color": "Red", "size": "M", "price": 20}


# ---- Magento


def test_rows_of_a_configurable_are_one_product() -> None:
    """The parent gives the product, each child a variant; the parent is no variant itself."""
    (family,) = families(frame(simple=[CHILD, OTHER], configurable=[PARENT]), "magento")
    made = family.product
    assert family.skus == ("SHIRT-S", "SHIRT-M")
    assert made.model_dump(exclude_defaults=True, exclude={"variants"}) == {
        "family": "SHIRT",
        "handle": "linen-shirt",
        "title": "Linen shirt",
        "description_html": "<p>Linen</p>",
        "vendor": "Acme",
        "status": "ACTIVE",
        "seo": {"title": "Linen shirts"},
        "options": ("Size", "Color", "fabric"),
        "media": ({"original_source": "https://x/shirt.jpg", "alt": "Front"},),
        "collections": ("Shirts", "Sale"),
    }
    assert made.variants[0].model_dump(exclude_defaults=True) == {
        "sku": "SHIRT-S",
        "barcode": "012345678905",
        "price": Decimal("15.00"),
        "compare_at_price": Decimal("20.00"),
        "taxable": True,
        "weight": {"value": Decimal("0.3000")},
        "option_values": (
            {"option_name": "Color", "name": "Red"},
            {"option_name": "Size", "name": "S"},
        ),
        "image": "https://x/s.jpg",
    }


def test_a_variant_without_its_parent_says_nothing_of_the_product() -> None:
    """A push of one size renames no product, changes no status and clears no gallery."""
    (family,) = families(frame(simple=[CHILD]), "magento")
    assert family.key == "family SHIRT"
    assert family.product.model_dump(exclude_defaults=True, exclude={"variants"}) == {
        "family": "SHIRT"
    }


def test_a_parent_without_its_variants_is_a_product_without_them() -> None:
    """Nothing is concluded from the children that are not there."""
    (family,) = families(frame(configurable=[PARENT]), "magento")
    assert (family.skus, family.product.title) == ((), "Linen shirt")


@pytest.mark.parametrize("associations", [["B", "A"], "B, A"])
def test_a_parent_can_name_its_variants(associations) -> None:
    """Rows that name no parent are found by its list, and are then only variants."""
    parent = {**PARENT, "associations": associations}
    rows = [
        {"sku": "A", "name": "no", "configurable_attributes": ["size", "fit"], "size": "S"},
        {"sku": "B", "name": "no", "url_key": "no", "color": "Red"},
        {"sku": "C", "name": "Mug"},
    ]
    shirt, mug = families(frame(simple=rows, configurable=[parent]), "magento")
    assert (shirt.key, shirt.skus, shirt.product.title) == (
        "family SHIRT",
        ("A", "B"),
        "Linen shirt",
    )
    values = [v.option_values for v in shirt.product.variants]
    assert [(o.option_name, o.name) for o in values[0]] == [("Size", "S")]
    assert (mug.key, mug.product.title) == ("sku C", "Mug")


def test_the_variants_of_a_parent_that_cannot_be_read_stay_its_variants() -> None:
    """They do not become products by themselves; their family is known to be incomplete."""
    parent = {**PARENT, "status": "?", "associations": ["A"]}
    found = read(frame(simple=[{"sku": "A", "name": "no"}], configurable=[parent]), "magento")
    (shirt,) = found.families
    assert (shirt.key, shirt.skus, shirt.complete) == ("family SHIRT", ("A",), False)
    assert shirt.product.title is None
    assert codes(found) == [("MAPPING_MISSING", ["SHIRT"])]


def test_a_variant_of_two_parents_belongs_to_the_first() -> None:
    """In Shopify a variant is in one product: the second parent is told."""
    parents = [
        {"sku": "P1", "associations": ["A"], "url_key": "p1"},
        {"sku": "P2", "associations": ["A"], "url_key": "p2"},
    ]
    found = read(frame(simple=[{"sku": "A"}], configurable=parents), "magento")
    assert {f.key: f.skus for f in found.families} == {"family P1": ("A",), "family P2": ()}
    assert codes(found) == [("SKU_TWICE_IN_FEED", ["A"])]


def test_a_product_by_itself_has_no_options() -> None:
    """A color does not make an option of a product that has one variant."""
    (family,) = families(
        frame(simple=[{"sku": "MUG", "name": "Mug", "color": "Blue", "status": "Disabled"}]),
        "magento",
    )
    assert (family.key, family.product.status) == ("sku MUG", "DRAFT")
    assert family.option_names == ()


@pytest.mark.parametrize("none", [None, "", 0, "0.0000"])
def test_a_special_price_that_is_over_is_cleared(none) -> None:
    """Empty or 0 is no price to sell at: the price counts, compare-at is emptied."""
    row = {"sku": "A", "price": "20.00", "special_price": none}
    (family,) = families(frame(simple=[row]), "magento")
    (made,) = family.product.variants
    assert (made.price, made.compare_at_price) == (Decimal("20.00"), None)
    assert [c.field for c in made.clear] == ["compareAtPrice"]
    (silent,) = families(frame(simple=[{"sku": "A", "price": 5}]), "magento")
    assert silent.product.variants[0].clear == ()


def test_the_type_may_stand_in_the_row() -> None:
    """`type_id` goes before the name of the list."""
    rows = [{**PARENT, "type_id": "configurable"}, {**CHILD, "type_id": "simple"}]
    (family,) = families(frame(product=rows), "magento")
    assert family.skus == ("SHIRT-S",)


def test_one_row_may_stand_where_a_list_belongs() -> None:
    """A type with one record, not in a list, is one row."""
    (family,) = families({"data": {"simple": {"feed_data": {"sku": "A"}}}}, "magento")
    assert family.skus == ("A",)


def test_bad_rows_cost_only_themselves() -> None:
    """A row without feed_data, one without SKU, an unknown status, an unknown unit.

    An image without an address costs not even its row: it is left to ``catalog_limits``.
    """
    feed = frame(
        simple=[
            {"sku": "A"},
            {"name": "no SKU"},
            {"sku": "B", "status": "7"},
            {"sku": "C", "weight": 1, "weight_unit": "stone"},
            {"sku": "D", "media": [{"mediakey": "1"}]},
        ]
    )
    feed["data"]["simple"].append({"sku": "E"})
    found = read(feed, "magento")
    assert [f.key for f in found.families] == ["sku A", "sku D"]
    assert codes(found) == [
        ("MAPPING_MISSING", []),
        ("MAPPING_MISSING", ["B"]),
        ("MAPPING_MISSING", ["C"]),
        ("FEED_ITEM_INVALID", []),
    ]
    told = within(found).events[-1]
    assert 'the image {"mediakey":"1"} is not sent' in told.message


# ---- Mozu


MOZU = {
    "productCode": "SHIRT",
    "productType": "Shirts",
    "isActive": True,
    "isTaxable": True,
    "content": {
        "productName": "Linen shirt",
        "productFullDescription": "<p>Linen</p>",
        "metaTagTitle": "Linen shirts",
        "seoFriendlyUrl": "linen-shirt",
        "productImages": [{"imageUrl": "https://x/1.jpg", "altText": "Front"}],
    },
    "price": {"price": Decimal("20"), "salePrice": Decimal("15")},
    "packageWeight": {"value": 1, "unit": "lbs"},
    "properties": [
        {"attributeFQN": "tenant~brand", "values": [{"value": "Acme"}]},
        {"attributeFQN": "tenant~tags", "values": [{"value": "linen"}, {"value": "summer"}]},
    ],
    "categories": [{"name": "Shirts"}],
    "options": [{"attributeFQN": "tenant~size", "values": [{"value": "S"}, {"value": "M"}]}],
    "variations": [
        {"productCode": "SHIRT-S", "options": [{"attributeFQN": "tenant~size", "value": "S"}]},
        {
            "variationProductCode": "SHIRT-M",
            "upc": "1",
            "price": {"price": "22.00", "salePrice": "0.00"},
            "options": [{"attributeFQN": "tenant~fit", "value": "m", "stringValue": "Slim"}],
        },
    ],
}


def test_a_product_with_variations() -> None:
    """Content, price, weight and properties are the product's; a variation's own price is its."""
    (family,) = families(frame(product=[MOZU]), "mozu")
    made = family.product
    assert (family.key, family.skus) == ("family SHIRT", ("SHIRT-S", "SHIRT-M"))
    assert made.model_dump(exclude_defaults=True, exclude={"variants"}) == {
        "family": "SHIRT",
        "handle": "linen-shirt",
        "title": "Linen shirt",
        "description_html": "<p>Linen</p>",
        "vendor": "Acme",
        "product_type": "Shirts",
        "status": "ACTIVE",
        "seo": {"title": "Linen shirts"},
        "tags": ("linen", "summer"),
        "media": ({"original_source": "https://x/1.jpg", "alt": "Front"},),
        "collections": ("Shirts",),
    }
    small, medium = (v.model_dump(exclude_defaults=True) for v in made.variants)
    weight = {"value": Decimal(1), "unit": "POUNDS"}
    assert small == {
        "sku": "SHIRT-S",
        "price": Decimal(15),
        "compare_at_price": Decimal(20),
        "taxable": True,
        "weight": weight,
        "option_values": ({"option_name": "Size", "name": "S"},),
    }
    assert medium == {
        "sku": "SHIRT-M",
        "barcode": "1",
        "price": Decimal("22.00"),
        "taxable": True,
        "weight": weight,
        "option_values": ({"option_name": "fit", "name": "Slim"},),
        "clear": ({"field": "compareAtPrice"},),
    }


def test_a_product_without_variations_is_its_own_variant() -> None:
    """With options and no variations it has none: they are not in this feed."""
    plain = {"productCode": "MUG", "price": {"price": 5}, "variations": []}
    parent = {"productCode": "HAT", "options": [{"attributeFQN": "tenant~size"}]}
    mug, hat = families(frame(product=[plain, parent]), "mozu")
    assert [(v.sku, v.price) for v in mug.product.variants] == [("MUG", 5)]
    assert hat.product.variants == ()


# ---- choosing one


@pytest.mark.parametrize("preset", FILES)
def test_a_channel_chooses_its_preset(preset) -> None:
    """catalog.preset decides which file reads the feed."""
    own = channel().model_copy(
        update={"catalog": channel().catalog.model_copy(update={"preset": preset})}
    )
    rules = load_mappings(own)["catalog_push"].rules
    assert {rule.place.rsplit("/", 1)[1].split(":")[0] for rule in rules} == {
        FILES[preset].rsplit("/", 1)[-1]
    }


def test_a_merchants_file_lies_over_the_preset(tmp_path) -> None:
    """A name of the preset is known in the merchant's file, and its rules stay."""
    (tmp_path / "catalog_push.toml").write_text(
        '[catalog.products]\ntitle = "row.value.display_name | default: row.value.name"\n'
        '[tables.option_name]\nshoe_size = "Size"\n'
    )
    chosen = channel().catalog.model_copy(update={"preset": "magento"})
    own = channel().model_copy(update={"catalog": chosen, "mappings_dir": tmp_path})
    module = load_mappings(own)["catalog_push"]
    titles = [rule.text for rule in module.rules if rule.target == "catalog.products[].title"]
    assert titles == ["row.value.display_name | default: row.value.name"]
