"""``productVariantsBulkCreate``, ``…Update`` and ``…Delete``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.catalogue.harness import (
    SHIRT,
    VARIANTS_CREATE,
    VARIANTS_DELETE,
    VARIANTS_UPDATE,
    done,
    image,
    options,
    send,
    set_product,
    titles,
    variant,
)
from tests.sandbox.state.harness import Bench


def row(size: str, color: str, **more: Any) -> dict[str, Any]:
    """A variant's input by its two values."""
    values = [{"optionName": "Size", "name": size}, {"optionName": "Color", "name": color}]
    return {"optionValues": values, **more}


def create(bench: Bench, identifier: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Create variants, which must succeed."""
    variables = {"productId": identifier, "variants": list(rows), **more}
    return done(bench, VARIANTS_CREATE, variables, "productVariantsBulkCreate")


def create_errors(bench: Bench, identifier: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """What a creation is refused with."""
    variables = {"productId": identifier, "variants": list(rows)}
    payload = send(bench, VARIANTS_CREATE, variables, "productVariantsBulkCreate")
    assert (payload["product"], payload["productVariants"]) == (None, [])
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


def update(bench: Bench, identifier: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Update variants, which must succeed."""
    variables = {"productId": identifier, "variants": list(rows), **more}
    return done(bench, VARIANTS_UPDATE, variables, "productVariantsBulkUpdate")


def test_new_variants_with_new_values(seeded: Bench) -> None:
    """At the end, the values behind those that are there; stocked where it is said."""
    found = set_product(seeded, SHIRT)
    location = next(iter(seeded.store.locations.values()))
    quantities = [{"locationId": location.id, "availableQuantity": 4}]
    payload = create(
        seeded,
        found.id,
        row("L", "Green", inventoryQuantities=quantities, inventoryItem={"sku": "LIN-L"}),
        row("S", "Blue"),
    )
    assert [one["title"] for one in payload["productVariants"]] == ["L / Green", "S / Blue"]
    assert titles(found) == ["S / Red", "M / Blue", "L / Green", "S / Blue"]
    assert options(found) == [("Size", ["S", "M", "L"]), ("Color", ["Red", "Blue", "Green"])]
    assert variant(found, "L / Green").inventory_quantity == 4
    assert seeded.store.by_sku("LIN-L") == [variant(found, "L / Green")]
    assert variant(found, "S / Blue").price == 40  # that of the first, assumed


@pytest.mark.parametrize(
    ("rows", "field", "code"),
    [
        ([row("S", "Red")], ["variants", "0"], "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"),
        (
            [row("L", "Red"), row("L", "Red")],
            ["variants", "1"],
            "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE",
        ),
        (
            [{"optionValues": [{"optionName": "Size", "name": "S"}]}],
            ["variants", "0"],
            "NEED_TO_ADD_OPTION_VALUES",
        ),
        ([{}], ["variants", "0"], "NEED_TO_ADD_OPTION_VALUES"),
        (
            [row("L", "Red", price="-1")],
            ["variants", "0", "price"],
            "GREATER_THAN_OR_EQUAL_TO",
        ),
        (
            [row("L", "Red", mediaSrc=["https://images.example.com/x.jpg"])],
            ["variants", "0", "mediaSrc"],
            "INVALID_INPUT",
        ),
        (
            [
                row(
                    "L",
                    "Red",
                    inventoryQuantities=[
                        {"locationId": "gid://shopify/Location/9", "availableQuantity": 1}
                    ],
                )
            ],
            ["variants", "0", "inventoryQuantities", "0", "locationId"],
            "TRACKED_VARIANT_LOCATION_NOT_FOUND",
        ),
    ],
)
def test_create_refusals(
    seeded: Bench, rows: list[dict[str, Any]], field: list[str], code: str
) -> None:
    """All or none; the place and the code."""
    found = set_product(seeded, SHIRT)
    (error,) = create_errors(seeded, found.id, *rows)
    assert (error["field"], error["code"]) == (field, code)
    assert (len(found.variant_list), len(found.option_list[0].value_list)) == (2, 2)


@pytest.mark.parametrize(
    ("strategy", "kept"),
    [
        (None, []),
        ("DEFAULT", []),
        ("REMOVE_STANDALONE_VARIANT", []),
        ("PRESERVE_STANDALONE_VARIANT", ["Default Title"]),
    ],
)
def test_strategies_for_the_default_variant(
    seeded: Bench, strategy: str | None, kept: list[str]
) -> None:
    """What becomes of the one that every product has."""
    found = set_product(seeded, {"title": "Bare"})
    given = {"optionValues": [{"optionName": "Title", "name": "New"}]}
    create(seeded, found.id, given, strategy=strategy)
    assert titles(found) == [*kept, "New"]


def test_strategies_for_a_custom_variant(seeded: Bench) -> None:
    """A lone variant with options goes only when it is asked for."""
    one = {**SHIRT, "variants": SHIRT["variants"][:1]}
    for strategy, left in (("DEFAULT", 2), ("REMOVE_STANDALONE_VARIANT", 1)):
        found = set_product(seeded, one)
        create(seeded, found.id, row("M", "Red"), strategy=strategy)
        assert len(found.variant_list) == left


def test_a_list_of_251(seeded: Bench) -> None:
    """Refused at the top, as all lists but productSet's variants."""
    found = set_product(seeded, {"title": "Bare"})
    rows = [{"optionValues": [{"optionName": "Title", "name": f"{n}"}]} for n in range(251)]
    (error,) = seeded.run(VARIANTS_CREATE, {"productId": found.id, "variants": rows})["errors"]
    assert error["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_2048_variants_are_the_limit(seeded: Bench) -> None:
    """The 2049th is refused."""
    names = [f"V{n}" for n in range(100)], [f"W{n}" for n in range(21)]
    pairs = [(a, b) for a in names[0] for b in names[1]][:2048]
    given = {
        "title": "Full",
        "productOptions": [
            {"name": "Size", "values": [{"name": one} for one in names[0]]},
            {"name": "Color", "values": [{"name": one} for one in names[1]]},
        ],
        "variants": [row(a, b) for a, b in pairs],
    }
    found = set_product(seeded, given)
    assert len(found.variant_list) == 2048
    (error,) = create_errors(seeded, found.id, row("V99", "W20"))
    assert error["message"] == "Product cannot have more than 2048 variants"


def test_options_of_variants_change(seeded: Bench) -> None:
    """To a new value by name, to one that is there by id; what nobody has any more goes."""
    found = set_product(seeded, SHIRT)
    red, blue = found.variant_list
    size = found.option_list[0]
    medium = {"optionId": size.id, "id": size.value_list[1].id}
    violet = {"optionName": "Color", "name": "Violet"}
    update(
        seeded,
        found.id,
        {"id": red.id, "optionValues": [medium]},
        {"id": blue.id, "optionValues": [violet]},
    )
    assert (red.title, blue.title) == ("M / Red", "M / Violet")
    assert options(found) == [("Size", ["M"]), ("Color", ["Red", "Violet"])]


def test_two_variants_may_swap(seeded: Bench) -> None:
    """What counts is how it is afterwards; a combination that stays taken is refused."""
    found = set_product(seeded, SHIRT)
    red, blue = found.variant_list
    update(seeded, found.id, {"id": red.id, **row("M", "Blue")}, {"id": blue.id, **row("S", "Red")})
    assert (red.title, blue.title) == ("M / Blue", "S / Red")
    variables = {"productId": found.id, "variants": [{"id": red.id, **row("S", "Red")}]}
    payload = send(seeded, VARIANTS_UPDATE, variables, "productVariantsBulkUpdate")
    (error,) = payload["userErrors"]
    assert (error["field"], error["code"]) == (["variants", "0"], "VARIANT_ALREADY_EXISTS")


def test_sku_and_search(seeded: Bench) -> None:
    """The store knows the new SKU at once, the index two seconds later; "" is no SKU."""
    found = set_product(seeded, SHIRT)
    seeded.clock.forward(5)
    one, other = found.variant_list
    update(
        seeded,
        found.id,
        {"id": one.id, "inventoryItem": {"sku": "NEW-1"}},
        {"id": other.id, "inventoryItem": {"sku": ""}},
    )
    assert (seeded.store.by_sku("NEW-1"), seeded.store.by_sku("LIN-S-RED")) == ([one], [])
    assert other.sku is None
    text = """query($q: String!) { productVariants(first: 5, query: $q) { nodes { id sku } } }"""
    old = seeded.run(text, {"q": "sku:'LIN-S-RED'"})["data"]["productVariants"]["nodes"]
    assert old == [{"id": one.id, "sku": "NEW-1"}]  # captured: found by the past, shown as it is
    seeded.clock.forward(2)
    assert seeded.run(text, {"q": "sku:'LIN-S-RED'"})["data"]["productVariants"]["nodes"] == []
    new = seeded.run(text, {"q": "sku:'NEW-1'"})["data"]["productVariants"]["nodes"]
    assert new == [{"id": one.id, "sku": "NEW-1"}]


def test_null_clears(seeded: Bench) -> None:
    """Fields that can be empty are emptied by null; the price stays."""
    found = set_product(seeded, SHIRT)
    one = found.variant_list[0]
    given = {"id": one.id, "compareAtPrice": "50", "barcode": "1", "inventoryItem": {"cost": "2"}}
    update(seeded, found.id, given)
    assert (one.compare_at_price, one.barcode, one.inventory_item.cost) == (50, "1", 2)
    empty = {"cost": None}
    given = {"id": one.id, "compareAtPrice": None, "barcode": None, "price": None}
    update(seeded, found.id, {**given, "inventoryItem": empty})
    assert (one.compare_at_price, one.barcode, one.inventory_item.cost) == (None, None, None)
    assert one.price == 40


def test_images_of_variants(seeded: Bench) -> None:
    """One that comes along by its address; one of the gallery by its id; another's is refused."""
    found = set_product(seeded, SHIRT)
    one, other = found.variant_list
    source = image("red.jpg")
    update(
        seeded,
        found.id,
        {"id": one.id, "mediaSrc": [source["originalSource"]]},
        media=[source],
    )
    assert one.media_list == found.media_list
    update(seeded, found.id, {"id": other.id, "mediaId": found.media_list[0].id})
    assert other.media_list == found.media_list
    alien = {"id": one.id, "mediaId": "gid://shopify/MediaImage/9"}
    variables = {"productId": found.id, "variants": [alien]}
    payload = send(seeded, VARIANTS_UPDATE, variables, "productVariantsBulkUpdate")
    assert payload["userErrors"][0]["field"] == ["variants", "0", "mediaId"]


def test_partial_updates_write_what_is_good(seeded: Bench) -> None:
    """A row that breaks and one for nobody are told; the third is written."""
    found = set_product(seeded, SHIRT)
    one, other = found.variant_list
    rows = [
        {"id": "gid://shopify/ProductVariant/9"},
        {"id": one.id, "price": "-1"},
        {"id": other.id, "price": "43.5"},
    ]
    variables = {"productId": found.id, "variants": rows, "partial": True}
    payload = send(seeded, VARIANTS_UPDATE, variables, "productVariantsBulkUpdate")
    codes = [(error["field"][1], error["code"]) for error in payload["userErrors"]]
    assert codes == [("0", "PRODUCT_VARIANT_DOES_NOT_EXIST"), ("1", "GREATER_THAN_OR_EQUAL_TO")]
    assert [variant_["price"] for variant_ in payload["productVariants"]] == ["40.00", "43.50"]
    variables["partial"] = False
    rows[2]["price"] = "44"
    payload = send(seeded, VARIANTS_UPDATE, variables, "productVariantsBulkUpdate")
    assert (str(other.price), len(payload["userErrors"])) == ("43.50", 2)


def test_an_update_that_changes_nothing(seeded: Bench) -> None:
    """No journal, no new time."""
    found = set_product(seeded, SHIRT)
    one = found.variant_list[0]
    journal, updated = len(seeded.store.journal), one.updated_at
    seeded.clock.forward(60)
    given = {"id": one.id, "price": "40", "inventoryItem": {"sku": one.sku, "tracked": False}}
    update(seeded, found.id, given)
    assert (len(seeded.store.journal), one.updated_at) == (journal, updated)
    update(seeded, found.id, {**given, "price": "41"})
    assert one.updated_at == found.updated_at == seeded.clock.now
    assert seeded.store.journal[-1]["detail"] == {
        "product": [],
        "changed": {one.legacy_resource_id: ["price"]},
    }


def test_delete(seeded: Bench) -> None:
    """The variant with its item and its value; never the last one."""
    found = set_product(seeded, SHIRT)
    one, other = found.variant_list
    variables = {"productId": found.id, "variantsIds": [one.id]}
    done(seeded, VARIANTS_DELETE, variables, "productVariantsBulkDelete")
    assert found.variant_list == [other]
    assert seeded.store.find(one.inventory_item.id) is None
    assert options(found) == [("Size", ["M"]), ("Color", ["Blue"])]
    variables["variantsIds"] = [other.id]
    payload = send(seeded, VARIANTS_DELETE, variables, "productVariantsBulkDelete")
    assert payload["userErrors"][0]["code"] == "CANNOT_DELETE_LAST_VARIANT"
    assert found.variant_list == [other]
