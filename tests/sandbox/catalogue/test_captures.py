"""The captured situations of products, played with the captured documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.catalogue.harness import (
    SET,
    SHIRT,
    UPDATE,
    VARIANTS_CREATE,
    VARIANTS_DELETE,
    VARIANTS_UPDATE,
    by_handle,
    done,
    send,
    set_errors,
    set_product,
    variant,
)
from tests.sandbox.state.harness import Bench
from tests.sandbox.state.test_captures import captured, form
from tests.shared import needs_shared


def copied(value: Any) -> Any:
    """A copy of captured JSON, to be filled with our ids."""
    return json.loads(json.dumps(value))


@needs_shared
def test_product_set_at_once(seeded: Bench) -> None:
    """Created with its variants and stock; the operation is null."""
    capture = captured("productSet__create_sync")
    variables, location = copied(capture["variables"]), next(iter(seeded.store.locations.values()))
    for row in variables["input"]["variants"]:
        row["inventoryQuantities"][0]["locationId"] = location.id
    reply = seeded.run(capture["document"], variables)
    assert form(reply) == form({"data": capture["response"]["data"]})


@needs_shared
def test_product_set_as_an_operation(seeded: Bench) -> None:
    """CREATED in the payload, COMPLETE with the product later; nothing is there before."""
    created, complete = (
        captured("productSet__async_created"),
        captured("productSet__async_complete"),
    )
    reply = seeded.run(created["document"], created["variables"])
    assert form(reply) == form({"data": created["response"]["data"]})
    operation = reply["data"]["productSet"]["productSetOperation"]["id"]
    early = seeded.run(complete["document"], {"id": operation})
    assert early["data"]["productOperation"]["status"] == "ACTIVE"
    assert early["data"]["productOperation"]["product"] is None
    seeded.clock.forward(2)
    late = seeded.run(complete["document"], {"id": operation})
    assert form(late) == form({"data": complete["response"]["data"]})


@needs_shared
def test_partial_update(seeded: Bench) -> None:
    """The good row is written, the other refused; the payload shows both."""
    capture = captured("productVariantsBulkUpdate__allow_partial")
    found = set_product(seeded, SHIRT)
    red, blue = found.variant_list
    variables = copied(capture["variables"])
    variables["productId"] = found.id
    variables["variants"][0]["id"], variables["variants"][1]["id"] = red.id, blue.id
    red.inventory_item.tracked = True
    reply = seeded.run(capture["document"], variables)
    expected = copied(capture["response"]["data"])
    expected["productVariantsBulkUpdate"]["productVariants"][1].update(
        {"sku": "LIN-M-BLUE", "price": "42.00"}
    )
    assert form(reply) == form({"data": expected})


@needs_shared
def test_unknown_publication(seeded: Bench) -> None:
    """The payload has the product, the error names the row."""
    capture = captured("publishablePublish__unknown_publication")
    found = set_product(seeded, {"title": "Unpublished"})
    # deprecated in the version that we serve
    text = capture["document"].replace("publishedOnCurrentPublication", "")
    reply = seeded.run(text, {**capture["variables"], "id": found.id})
    expected = copied(capture["response"]["data"])
    del expected["publishablePublish"]["publishable"]["publishedOnCurrentPublication"]
    assert form(reply) == form({"data": expected})


@needs_shared
def test_metafields_are_atomic(seeded: Bench) -> None:
    """A missing owner keeps the good row from being written."""
    capture = captured("metafieldsSet__missing_owner_atomic")
    found = set_product(seeded, {"title": "With metafields"})
    variables = copied(capture["variables"])
    variables["metafields"][0]["ownerId"] = found.id
    reply = seeded.run(capture["document"], variables)
    assert reply == {"data": capture["response"]["data"]}
    assert found.metafields_by_key == {}


def test_search_sees_a_tag_later(seeded: Bench) -> None:
    """The product shows its tag at once, the search two seconds later."""
    found = set_product(seeded, {"title": "Tagged later"})
    seeded.clock.forward(5)
    tag = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["late"]) { userErrors { message } } }'
    seeded.run(tag, {"id": found.id})
    text = """query($id: ID!) {
      product(id: $id) { tags }
      products(first: 5, query: "tag:late") { nodes { id } }
    }"""
    first = seeded.run(text, {"id": found.id})["data"]
    assert (first["product"]["tags"], first["products"]["nodes"]) == (["late"], [])
    seeded.clock.forward(2)
    assert seeded.run(text, {"id": found.id})["data"]["products"]["nodes"] == [{"id": found.id}]


# ---- texts of recordings that are not among our files; each names the one that it is from


@pytest.mark.parametrize(
    ("name", "errors"),
    [
        (
            "title",
            [
                (["input", "title"], "is too long (maximum is 255 characters)"),
                (["input"], "Handle is too long (maximum is 255 characters)"),
            ],
        ),
        ("handle", [(["input"], "Handle is too long (maximum is 255 characters)")]),
        ("vendor", [(["input"], "Vendor is too long (maximum is 255 characters)")]),
        (
            "productType",
            [
                (["input"], "Product type is too long (maximum is 255 characters)"),
                (["input"], "Custom product type is too long (maximum is 255 characters)"),
            ],
        ),
    ],
)
def test_lengths(seeded: Bench, name: str, errors: list[tuple[list[str], str]]) -> None:
    """2025-01/products/product-set-input-length-validation."""
    got = set_errors(seeded, {"title": "A title", name: "x" * 256})
    assert [(one["field"], one["message"]) for one in got] == errors


@pytest.mark.parametrize(
    ("given", "handle"),
    [("  Weird Handle / 100%  ", "weird-handle-100"), ("   ", "a-title"), ("%%%", "product")],
)
def test_handles(seeded: Bench, given: str, handle: str) -> None:
    """2026-04/products/product-create-parity."""
    assert set_product(seeded, {"title": "A title", "handle": given}).handle == handle


def test_defaults(seeded: Bench) -> None:
    """2026-04/products/product-create-parity: ACTIVE, the shop as vendor, one variant at 0.00."""
    found = set_product(seeded, {"title": "Bare"})
    assert (found.status, found.vendor, found.product_type) == ("ACTIVE", "Cedar & Pine Supply", "")
    (only,) = found.variant_list
    assert (only.title, only.price, only.inventory_item.tracked) == ("Default Title", 0, False)
    assert [one["name"] for one in only.selected_options] == ["Title"]


def test_the_same_title_again(seeded: Bench) -> None:
    """2025-01/products/product-handle-dedup-parity: the handle gets the next number."""
    handles = [set_product(seeded, {"title": "Twice"}).handle for _ in range(3)]
    assert handles == ["twice", "twice-1", "twice-2"]


def test_a_handle_that_is_taken(seeded: Bench) -> None:
    """2026-04/products/product-create-parity, 2025-01/products/product-update-parity."""
    message = "Handle 'trail-tee' already in use. Please provide a new handle."
    (error,) = set_errors(seeded, {"title": "Other", "handle": "Trail Tee"})
    assert (error["field"], error["message"]) == (["input", "handle"], message)
    found = by_handle(seeded, "wool-beanie")
    payload = send(
        seeded, UPDATE, {"product": {"id": found.id, "handle": "trail-tee"}}, "productUpdate"
    )
    assert payload["product"]["id"] == found.id
    assert payload["userErrors"] == [{"field": ["input", "handle"], "message": message}]


def test_update_refusals(seeded: Bench) -> None:
    """2025-01/products/product-update-parity: unknown, and without a title."""
    unknown = {"id": "gid://shopify/Product/999999999999999", "title": "Ghost"}
    payload = send(seeded, UPDATE, {"product": unknown}, "productUpdate")
    error = {"field": ["id"], "message": "Product does not exist"}
    assert payload == {"product": None, "userErrors": [error]}
    found = by_handle(seeded, "trail-tee")
    payload = send(seeded, UPDATE, {"product": {"id": found.id, "title": ""}}, "productUpdate")
    assert payload == {
        "product": {"id": found.id, "title": "Trail Tee"},
        "userErrors": [{"field": ["title"], "message": "Title can't be blank"}],
    }


def test_id_beside_an_identifier(seeded: Bench) -> None:
    """2026-04/products/product-set-id-not-allowed."""
    given = {"id": "gid://shopify/Product/999999999999", "title": "T", "handle": "t"}
    assert set_errors(seeded, given, identifier={"handle": "t"}) == [
        {
            "field": ["input"],
            "message": "The id field is not allowed if identifier is provided.",
            "code": "ID_NOT_ALLOWED",
        }
    ]


@pytest.mark.parametrize("sync", [True, False])
def test_unknown_category(seeded: Bench, sync: bool) -> None:
    """2025-01/products/product-category-validation: a top-level error, the payload null."""
    given = {"title": "T", "category": "gid://shopify/TaxonomyCategory/zz-999999999"}
    reply = seeded.run(SET, {"input": given, "sync": sync})
    assert reply["data"] == {"productSet": None}
    assert reply["errors"] == [
        {
            "message": "Invalid product_taxonomy_node_id",
            "code": "INVALID_PRODUCT_TAXONOMY_NODE_ID",
        }
    ]


def test_options_without_variants(seeded: Bench) -> None:
    """Design notes: 2025-01/products/product-set-*."""
    (error,) = set_errors(seeded, {"title": "T", "productOptions": SHIRT["productOptions"]})
    assert error["field"] == ["input", "variants"]
    assert error["message"] == "Variants input is required when updating product options"


def test_a_combination_twice(seeded: Bench) -> None:
    """2025-01/products/product-set-duplicate-variants-parity."""
    given = copied(SHIRT)
    given["variants"].append({"optionValues": given["variants"][0]["optionValues"]})
    (error,) = set_errors(seeded, given)
    assert error["field"] == ["input", "variants", "2"]
    assert error["message"] == (
        "The variant 'S / Red' already exists. Please change at least one option value."
    )


def test_over_2048_variants(seeded: Bench) -> None:
    """Top-level, as for the other lists; 2048 are priced and taken in."""
    row = {"optionValues": [{"optionName": "Size", "name": "S"}]}
    given = {"title": "Huge", "productOptions": [], "variants": [row] * 2049}
    (error,) = seeded.run(SET, {"input": given})["errors"]
    assert error == {
        "message": "The input array size of 2049 is greater than the maximum allowed of 2048.",
        "code": "MAX_INPUT_SIZE_EXCEEDED",
    }


def test_default_variant_makes_way(seeded: Bench) -> None:
    """2026-04/products/productVariantsBulkCreate-omitted-strategy-default-standalone."""
    found = set_product(seeded, {"title": "Bare"})
    option = found.option_list[0]
    row = {
        "optionValues": [{"optionName": "Title", "name": "Default Blue"}],
        "price": "25.00",
        "inventoryItem": {"sku": "ONLY", "tracked": True, "requiresShipping": True},
    }
    payload = done(
        seeded,
        VARIANTS_CREATE,
        {"productId": found.id, "variants": [row]},
        "productVariantsBulkCreate",
    )
    (made,) = payload["productVariants"]
    assert (made["title"], made["sku"], made["price"]) == ("Default Blue", "ONLY", "25.00")
    assert [one.id for one in found.variant_list] == [made["id"]]
    assert found.option_list == [option]
    assert [value.name for value in option.value_list] == ["Default Blue"]
    assert found.tracks_inventory


def test_compare_at_price_of_the_first(seeded: Bench) -> None:
    """very-big-test-store…/2025-01/products/product-variants-bulk-create-parity."""
    found = set_product(seeded, SHIRT)
    change = {"id": found.variant_list[0].id, "compareAtPrice": "60.00"}
    done(
        seeded,
        VARIANTS_UPDATE,
        {"productId": found.id, "variants": [change]},
        "productVariantsBulkUpdate",
    )
    row = {
        "price": "41.00",
        "optionValues": [
            {"optionName": "Size", "name": "S"},
            {"optionName": "Color", "name": "Blue"},
        ],
    }
    done(
        seeded,
        VARIANTS_CREATE,
        {"productId": found.id, "variants": [row]},
        "productVariantsBulkCreate",
    )
    made = variant(found, "S / Blue")
    assert (made.price, made.compare_at_price) == (41, 60)


_LARGE = "1000000000000000000"
_LONG = "x" * 256


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"price": "-5"}, [("price", "Price must be greater than or equal to 0")]),
        ({"price": _LARGE}, [("price", f"Price must be less than {_LARGE}")]),
        ({"compareAtPrice": _LARGE}, [("compareAtPrice", f"must be less than {_LARGE}")]),
        ({"weight": -1}, [("", "Weight must be greater than or equal to 0")]),
        ({"weight": 2000000000}, [("", "Weight must be less than 2000000000")]),
        (
            {"sku": _LONG},
            [
                ("", "SKU is too long (maximum is 255 characters)"),
                ("", "is too long (maximum is 255 characters)"),
            ],
        ),
        ({"barcode": _LONG}, [("barcode", "Barcode is too long (maximum is 255 characters)")]),
        ({"color": _LONG}, [("optionValues.0.name", "Option value name is too long")]),
    ],
)
def test_bounds_of_a_variant(
    seeded: Bench, fields: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    """2025-01/products/productVariantsBulkCreate-validation: places, texts, codes, nothing made."""
    found = set_product(seeded, SHIRT)
    row: dict[str, Any] = {"price": "10", **fields, "inventoryItem": {}}
    if "weight" in row:
        weight = {"value": row.pop("weight"), "unit": "KILOGRAMS"}
        row["inventoryItem"]["measurement"] = {"weight": weight}
    if "sku" in row:
        row["inventoryItem"]["sku"] = row.pop("sku")
    values = {"Color": row.pop("color", "Blue"), "Size": "S"}
    row["optionValues"] = [{"optionName": name, "name": value} for name, value in values.items()]
    payload = send(
        seeded,
        VARIANTS_CREATE,
        {"productId": found.id, "variants": [row]},
        "productVariantsBulkCreate",
    )
    assert payload["productVariants"] == []
    codes = ["GREATER_THAN_OR_EQUAL_TO" if "greater" in errors[0][1] else "INVALID_INPUT", None]
    assert payload["userErrors"] == [
        {
            "field": ["variants", "0", *(field.split(".") if field else [])],
            "message": message,
            "code": code,
        }
        for (field, message), code in zip(errors, codes, strict=False)
    ]
    assert len(found.variant_list) == 2


_GONE = "gid://shopify/ProductVariant/999999999999999999"
_COTTON = {"optionValues": [{"optionName": "Material", "name": "Cotton"}]}


@pytest.mark.parametrize(
    ("rows", "field", "message", "code"),
    [
        (
            [{"optionValues": [{"optionName": "Color", "name": c} for c in ("Blue", "Red")]}],
            ["variants", "0", "optionValues"],
            "Duplicated option name 'Color'",
            "INVALID_INPUT",
        ),
        (
            [_COTTON],
            ["variants", "0", "optionValues", "0"],
            "Option does not exist",
            "INVALID_INPUT",
        ),
    ],
)
def test_create_refusals(
    seeded: Bench, rows: list[dict[str, Any]], field: list[str], message: str, code: str
) -> None:
    """2025-01/products/product-variants-bulk-validation-atomicity: the payload is empty."""
    found = set_product(seeded, SHIRT)
    payload = send(
        seeded,
        VARIANTS_CREATE,
        {"productId": found.id, "variants": rows},
        "productVariantsBulkCreate",
    )
    error = {"field": field, "message": message, "code": code}
    assert payload == {"product": None, "productVariants": [], "userErrors": [error]}
    assert len(found.variant_list) == 2


@pytest.mark.parametrize(
    ("more", "field", "message", "code"),
    [
        ({"id": _GONE}, "id", "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST"),
        (
            {
                "inventoryQuantities": [
                    {"availableQuantity": 4, "locationId": "gid://shopify/Location/1"}
                ]
            },
            "inventoryQuantities",
            "Inventory quantities can only be provided during create. To update inventory for "
            "existing variants, use inventoryAdjustQuantities.",
            "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        ),
        (_COTTON, "optionValues", "Option does not exist", "OPTION_DOES_NOT_EXIST"),
    ],
)
def test_update_rows_refused(
    seeded: Bench, more: dict[str, Any], field: str, message: str, code: str
) -> None:
    """2025-01/products/product-variants-bulk-validation-atomicity: the product, no variants."""
    found = set_product(seeded, SHIRT)
    good = {"id": found.variant_list[0].id, "price": "1.00"}
    bad = {"id": found.variant_list[1].id, **more}
    payload = send(
        seeded,
        VARIANTS_UPDATE,
        {"productId": found.id, "variants": [good, bad]},
        "productVariantsBulkUpdate",
    )
    place = ["variants", "1", field, *(["0"] if field == "optionValues" else [])]
    error = {"field": place, "message": message, "code": code}
    assert payload == {
        "product": {"id": found.id},
        "productVariants": None,
        "userErrors": [error],
    }
    assert found.variant_list[0].price == 40


def test_delete_refusals(seeded: Bench) -> None:
    """2025-01/products/product-variants-bulk-validation-atomicity: all or none."""
    found = set_product(seeded, SHIRT)
    payload = send(
        seeded,
        VARIANTS_DELETE,
        {"productId": found.id, "variantsIds": [found.variant_list[0].id, _GONE]},
        "productVariantsBulkDelete",
    )
    error = {
        "field": ["variantsIds", "1"],
        "message": "At least one variant does not belong to the product",
        "code": "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT",
    }
    assert payload == {"product": None, "userErrors": [error]}
    assert len(found.variant_list) == 2


def test_empty_lists(seeded: Bench) -> None:
    """The same recording: nothing to create is fine, nothing to update is an error."""
    found = set_product(seeded, SHIRT)
    payload = send(
        seeded,
        VARIANTS_CREATE,
        {"productId": found.id, "variants": []},
        "productVariantsBulkCreate",
    )
    assert payload == {"product": {"id": found.id}, "productVariants": [], "userErrors": []}
    payload = send(
        seeded,
        VARIANTS_UPDATE,
        {"productId": found.id, "variants": []},
        "productVariantsBulkUpdate",
    )
    message = "Something went wrong, please try again."
    error = {"field": None, "message": message, "code": None}
    assert payload == {"product": None, "productVariants": None, "userErrors": [error]}
