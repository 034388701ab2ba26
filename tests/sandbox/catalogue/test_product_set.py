"""``productSet``: what is given replaces, what is not given stays; identifiers; refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import parse

from bridge.schema import load_schema
from bridge.schema.cost import requested_cost
from tests.sandbox.catalogue.harness import (
    SET,
    SHIRT,
    by_handle,
    options,
    send,
    set_errors,
    set_product,
    titles,
    variant,
)
from tests.sandbox.state.harness import Bench


def shirt(**more: Any) -> dict[str, Any]:
    """The shirt, to be changed."""
    return {**json.loads(json.dumps(SHIRT)), **more}


def value(option: str, name: str) -> dict[str, str]:
    """One option value of a variant."""
    return {"optionName": option, "name": name}


def test_omitted_variants_are_deleted(seeded: Bench) -> None:
    """The variants given are all that is left; the one that stays keeps its id."""
    found = set_product(seeded, shirt())
    kept, gone = found.variant_list
    given = shirt(id=found.id)
    del given["variants"][1]
    set_product(seeded, given)
    assert found.variant_list == [kept]
    assert seeded.store.find(gone.id) is None
    assert seeded.store.by_sku("LIN-M-BLUE") == []
    # captured for options in general: values without variants are listed and not used
    assert options(found) == [("Size", ["S", "M"]), ("Color", ["Red", "Blue"])]
    assert found.option_list[0].values == ["S"]


def test_what_is_not_given_stays(seeded: Bench) -> None:
    """A title alone leaves variants, options, tags, metafields, images and collections."""
    field = {"namespace": "custom", "key": "note", "type": "single_line_text_field", "value": "x"}
    collection = next(iter(seeded.store.collections.values()))
    file = {"originalSource": "https://images.example.com/a.jpg"}
    given = shirt(tags=["b", "a"], metafields=[field], collections=[collection.id], files=[file])
    found = set_product(seeded, given)
    before = (titles(found), options(found), list(found.media_list), list(found.metafields_by_key))
    set_product(seeded, {"id": found.id, "title": "Renamed"})
    after = (titles(found), options(found), list(found.media_list), list(found.metafields_by_key))
    assert after == before
    assert (found.title, found.handle, found.tags) == ("Renamed", "linen-shirt", ["a", "b"])
    assert collection.holds(found)


def test_lists_replace(seeded: Bench) -> None:
    """Tags, metafields, files and collections that are given are all that there is."""
    home, new = list(seeded.store.collections.values())[:2]

    def field(key: str) -> dict[str, str]:
        return {"namespace": "custom", "key": key, "type": "number_integer", "value": "1"}

    def file(name: str) -> dict[str, str]:
        return {"originalSource": f"https://images.example.com/{name}"}

    given = shirt(
        tags=["one"],
        metafields=[field("one"), field("two")],
        collections=[home.id],
        files=[file("1.png"), file("2.png")],
    )
    found = set_product(seeded, given)
    second = found.media_list[1]
    change = {
        "id": found.id,
        "tags": ["two"],
        "metafields": [field("two"), field("three")],
        "collections": [new.id],
        "files": [{"id": second.id, "alt": "Second"}, file("3.png")],
    }
    set_product(seeded, change)
    assert found.tags == ["two"]
    assert [key for _, key in found.metafields_by_key] == ["two", "three"]
    assert (home.holds(found), new.holds(found)) == (False, True)
    assert [image.filename for image in found.media_list] == ["2.png", "3.png"]
    assert (found.media_list[0], second.alt) == (second, "Second")
    assert len(seeded.store.files) == 3  # what was taken off stays in the shop


def test_options_are_replaced(seeded: Bench) -> None:
    """Renamed by id, moved by position, dropped; variants keep ids that they are given by."""
    found = set_product(seeded, shirt())
    size, color = found.option_list
    first, second = found.variant_list
    given = {
        "id": found.id,
        "productOptions": [
            {"id": color.id, "name": "Shade", "position": 1, "values": [{"name": "Red"}]},
            {"id": size.id, "position": 2, "values": [{"name": "L"}, {"name": "S"}]},
        ],
        "variants": [
            {"id": first.id, "optionValues": [value("Shade", "Red"), value("Size", "L")]},
            {"id": second.id, "optionValues": [value("Shade", "Red"), value("Size", "S")]},
        ],
    }
    set_product(seeded, given)
    assert options(found) == [("Shade", ["Red"]), ("Size", ["L", "S"])]
    assert found.option_list == [color, size]
    assert (first.title, second.title) == ("Red / L", "Red / S")


def test_variants_are_matched_by_their_values(seeded: Bench) -> None:
    """Sent again without ids nothing is made anew, and nothing is touched."""
    found = set_product(seeded, shirt())
    variants, updated, journal = (
        list(found.variant_list),
        found.updated_at,
        len(seeded.store.journal),
    )
    seeded.clock.forward(60)
    set_product(seeded, shirt(handle="linen-shirt"), identifier={"handle": "linen-shirt"})
    assert found.variant_list == variants
    assert (found.updated_at, len(seeded.store.journal)) == (updated, journal)


def test_stock_of_new_variants(seeded: Bench) -> None:
    """Where it is told; at the first location, at 0, when it is not."""
    first, second, *_ = seeded.store.locations.values()
    given = shirt()
    rows = [{"locationId": second.id, "name": "available", "quantity": 7}]
    given["variants"][0]["inventoryQuantities"] = rows
    one, other = set_product(seeded, given).variant_list
    assert {key: row.available for key, row in one.inventory_item.levels.items()} == {
        second.number_id: 7
    }
    assert {key: row.available for key, row in other.inventory_item.levels.items()} == {
        first.number_id: 0
    }


def test_stock_of_a_variant_that_is_there(seeded: Bench) -> None:
    """Only where it is stocked already."""
    first, second, *_ = seeded.store.locations.values()
    found = set_product(seeded, shirt())
    given = shirt(id=found.id)
    rows = [{"locationId": second.id, "name": "available", "quantity": 7}]
    given["variants"][0]["inventoryQuantities"] = rows
    (error,) = set_errors(seeded, given)
    assert error["field"][-2:] == ["0", "locationId"]
    rows[0]["locationId"] = first.id
    set_product(seeded, given)
    assert found.variant_list[0].inventory_quantity == 7


def test_every_field_of_a_variant(seeded: Bench) -> None:
    """All of them are kept and read back through the API."""
    given = shirt()
    row = given["variants"][0]
    row |= {
        "barcode": "4006381333931",
        "compareAtPrice": "55.5",
        "taxable": False,
        "inventoryPolicy": "CONTINUE",
        "inventoryItem": {
            "cost": "12.345",
            "tracked": True,
            "requiresShipping": False,
            "countryCodeOfOrigin": "PT",
            "provinceCodeOfOrigin": "11",
            "harmonizedSystemCode": "620520",
            "measurement": {"weight": {"value": 0.25, "unit": "POUNDS"}},
        },
        "metafields": [{"namespace": "custom", "key": "fit", "type": "boolean", "value": "true"}],
    }
    found = set_product(seeded, given)
    text = """query($id: ID!) { productVariant(id: $id) {
      barcode compareAtPrice taxable inventoryPolicy position
      selectedOptions { name value optionValue { name } }
      metafields(first: 5) { nodes { namespace key value } }
      inventoryItem {
        tracked requiresShipping countryCodeOfOrigin provinceCodeOfOrigin harmonizedSystemCode
        unitCost { amount currencyCode } measurement { weight { value unit } }
      }
    } }"""
    reply = seeded.run(text, {"id": found.variant_list[0].id})
    assert reply["data"]["productVariant"] == {
        "barcode": "4006381333931",
        "compareAtPrice": "55.50",
        "taxable": False,
        "inventoryPolicy": "CONTINUE",
        "position": 1,
        "selectedOptions": [
            {"name": "Size", "value": "S", "optionValue": {"name": "S"}},
            {"name": "Color", "value": "Red", "optionValue": {"name": "Red"}},
        ],
        "metafields": {"nodes": [{"namespace": "custom", "key": "fit", "value": "true"}]},
        "inventoryItem": {
            "tracked": True,
            "requiresShipping": False,
            "countryCodeOfOrigin": "PT",
            "provinceCodeOfOrigin": "11",
            "harmonizedSystemCode": "620520",
            "unitCost": {"amount": "12.35", "currencyCode": "USD"},
            "measurement": {"weight": {"value": 0.25, "unit": "POUNDS"}},
        },
    }


def test_a_variants_own_image(seeded: Bench) -> None:
    """It must be among the product's files; the same file is meant, not another one."""
    source = "https://images.example.com/red.jpg"
    given = shirt(files=[{"originalSource": source, "alt": "Red"}])
    given["variants"][0]["file"] = {"originalSource": source}
    found = set_product(seeded, given)
    assert found.variant_list[0].media_list == found.media_list
    given["variants"][0]["file"] = {"originalSource": "https://images.example.com/blue.jpg"}
    (error,) = set_errors(seeded, given)
    assert error["field"] == ["input", "variants", "0", "file"]


def test_identifier_by_handle(seeded: Bench) -> None:
    """Made when nobody has it, found when somebody has; input and identifier must agree."""
    made = set_product(seeded, {"title": "T", "handle": "up"}, identifier={"handle": "up"})
    again = set_product(seeded, {"title": "U", "handle": "up"}, identifier={"handle": "up"})
    assert (again, made.title) == (made, "U")
    (error,) = set_errors(seeded, {"title": "T"}, identifier={"handle": "up"})
    assert error["code"] == "MISSING_FIELD_REQUIRED"
    (error,) = set_errors(seeded, {"title": "T", "handle": "down"}, identifier={"handle": "up"})
    assert error["code"] == "INPUT_MISMATCH"


def test_identifier_by_a_unique_metafield(seeded: Bench) -> None:
    """Made with the metafield, found by it; metafields that lack the value are refused."""
    custom = {"namespace": "custom", "key": "ref", "value": "R-1"}
    made = set_product(seeded, {"title": "T"}, identifier={"customId": custom})
    assert made.metafields_by_key["custom", "ref"].type == "id"
    assert set_product(seeded, {"title": "U"}, identifier={"customId": custom}) is made
    text = """query($i: ProductIdentifierInput!) { productByIdentifier(identifier: $i) { id } }"""
    reply = seeded.run(text, {"i": {"customId": custom}})
    assert reply["data"]["productByIdentifier"] == {"id": made.id}
    other = {"namespace": "custom", "key": "ref", "type": "id", "value": "R-2"}
    (error,) = set_errors(
        seeded, {"title": "T", "metafields": [other]}, identifier={"customId": custom}
    )
    assert error["code"] == "METAFIELD_MISMATCH"
    taken = {**other, "value": "R-1"}
    (error,) = set_errors(seeded, {"title": "Other", "metafields": [taken]})
    assert error["field"] == ["input", "metafields", "0", "value"]


def test_unknown_id(seeded: Bench) -> None:
    """By the input or by the identifier: the same code."""
    gone = "gid://shopify/Product/999"
    (error,) = set_errors(seeded, {"id": gone, "title": "T"})
    assert (error["field"], error["code"]) == (["input", "id"], "PRODUCT_DOES_NOT_EXIST")
    (error,) = set_errors(seeded, {"title": "T"}, identifier={"id": gone})
    assert (error["field"], error["code"]) == (["identifier", "id"], "PRODUCT_DOES_NOT_EXIST")


_SMALL = {"name": "Size", "values": [{"name": "S"}]}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"variants": SHIRT["variants"]}, "PRODUCT_OPTIONS_INPUT_MISSING"),
        (
            {
                "productOptions": [{"name": n, "values": [{"name": "a"}]} for n in "abcd"],
                "variants": [],
            },
            "OPTIONS_OVER_LIMIT",
        ),
        ({"productOptions": [_SMALL, _SMALL], "variants": []}, "DUPLICATED_OPTION_NAME"),
        ({"productOptions": [{"name": "Size"}], "variants": []}, "OPTION_VALUES_MISSING"),
        (
            {
                "productOptions": [{"name": "Size", "values": [{"name": "S"}, {"name": "S"}]}],
                "variants": [],
            },
            "DUPLICATED_OPTION_VALUE",
        ),
        (
            {"productOptions": [_SMALL], "variants": [{"optionValues": [value("Size", "M")]}]},
            "OPTION_VALUE_DOES_NOT_EXIST",
        ),
        (
            {"productOptions": [_SMALL], "variants": [{"optionValues": [value("Cut", "S")]}]},
            "OPTION_DOES_NOT_EXIST",
        ),
        (
            {"productOptions": [_SMALL], "variants": [{"optionValues": []}]},
            "INVALID_VARIANT",
        ),
        (
            {
                "productOptions": [_SMALL],
                "variants": [
                    {"id": "gid://shopify/ProductVariant/9", "optionValues": [value("Size", "S")]}
                ],
            },
            "PRODUCT_VARIANT_DOES_NOT_EXIST",
        ),
        (
            {
                "productOptions": [_SMALL],
                "variants": [{"price": "-1", "optionValues": [value("Size", "S")]}],
            },
            "INVALID_VARIANT",
        ),
        ({"metafields": [{"namespace": "custom", "key": "k", "value": "v"}]}, "INVALID_METAFIELD"),
        ({"files": [{"originalSource": "not an address"}]}, "INVALID_INPUT"),
        ({"files": [{"id": "gid://shopify/MediaImage/9"}]}, "INVALID_INPUT"),
        ({"collections": ["gid://shopify/Collection/9"]}, "INVALID_INPUT"),
        ({"title": " "}, "INVALID_PRODUCT"),
    ],
)
def test_refusals(seeded: Bench, given: dict[str, Any], code: str) -> None:
    """One wrong part refuses all; the code is one of the schema's."""
    (error,) = set_errors(seeded, {"title": "T", **given})
    assert error["code"] == code


def test_a_smart_collection_takes_nobody(seeded: Bench) -> None:
    """It takes what fits its rule, whoever asks."""
    smart = next(row for row in seeded.store.collections.values() if row.rule)
    (error,) = set_errors(seeded, {"title": "T", "collections": [smart.id]})
    assert error["message"] == "Can't manually add products to a smart collection"
    found = set_product(seeded, {"title": "T", "productType": "camping"})
    assert smart.holds(found)


def test_errors_of_an_operation(seeded: Bench) -> None:
    """They are read with the operation; nothing was made."""
    given = {"title": "T", "collections": ["gid://shopify/Collection/9"]}
    payload = send(seeded, SET, {"input": given, "sync": False}, "productSet")
    assert payload["userErrors"] == []
    seeded.clock.forward(3)
    text = """query($id: ID!) { productOperation(id: $id) {
      status product { id } ... on ProductSetOperation { userErrors { field code } }
    } }"""
    reply = seeded.run(text, {"id": payload["productSetOperation"]["id"]})
    assert reply["data"]["productOperation"] == {
        "status": "COMPLETE",
        "product": None,
        "userErrors": [{"field": ["input", "collections", "0"], "code": "INVALID_INPUT"}],
    }


@pytest.mark.parametrize(
    "given",
    [
        {"giftCard": True},
        {"claimOwnership": {"bundles": True}},
        {"combinedListingRole": "PARENT"},
        {"files": [{"originalSource": "https://e.example/v.mp4", "contentType": "VIDEO"}]},
        {
            "productOptions": [_SMALL],
            "variants": [{"requiresComponents": True, "optionValues": [value("Size", "S")]}],
        },
    ],
)
def test_what_is_not_modelled(seeded: Bench, given: dict[str, Any]) -> None:
    """Refused at the top, with the code that says so."""
    (error,) = seeded.run(SET, {"input": {"title": "T", **given}})["errors"]
    assert error["code"] == "SANDBOX_NOT_MODELLED"


def test_what_the_input_costs(seeded: Bench) -> None:
    """0.2 a variant, 1.9 a file, 0.6 a variant's file, 0.4 a metafield; whole points of the sum."""
    document, row = parse(SET), {"optionValues": []}

    def cost(**given: Any) -> int:
        return requested_cost(load_schema(), document, {"input": {"title": "T", **given}})

    base = cost()
    assert cost(variants=[row] * 4) == base  # 0.8
    assert cost(variants=[row] * 5) == base + 1
    assert cost(variants=[row] * 100) == base + 20
    assert cost(files=[{}] * 10) == base + 19
    with_file = {**row, "file": {"originalSource": "https://e.example/a.jpg"}}
    assert cost(variants=[with_file] * 10) == base + 8
    assert cost(metafields=[{}] * 5) == base + 2
    assert cost(variants=[{**row, "metafields": [{}] * 5}] * 5) == base + 11
    assert len(by_handle(seeded, "trail-tee").variant_list) == 20


def test_journal_of_a_change(seeded: Bench) -> None:
    """One line: the product's fields, and what happened to which variant."""
    found = set_product(seeded, shirt())
    made = seeded.store.journal[-1]
    assert made["detail"]["made"] is True
    assert len(made["detail"]["created"]) == 2
    given = shirt(id=found.id, vendor="Else")
    given["variants"][0]["price"] = "39.00"
    gone = found.variant_list[1].legacy_resource_id
    del given["variants"][1]
    set_product(seeded, given)
    line = seeded.store.journal[-1]
    assert line["mutation"] == "productSet"
    assert line["ids"][0] == found.legacy_resource_id
    assert line["detail"] == {
        "product": ["variantOrder", "vendor"],
        "changed": {found.variant_list[0].legacy_resource_id: ["price"]},
        "deleted": [gone],
    }


def test_lines_of_orders_lose_a_deleted_variant(seeded: Bench) -> None:
    """The line stays, its variant is null."""
    line = next(
        line
        for order in seeded.store.orders.values()
        for line in order.lines
        if line.variant is not None and len(line.variant.product.variant_list) > 1
    )
    assert line.variant is not None
    gone, sku = line.variant, line.sku
    delete = """mutation($p: ID!, $v: [ID!]!) {
      productVariantsBulkDelete(productId: $p, variantsIds: $v) { userErrors { message } }
    }"""
    seeded.run(delete, {"p": gone.product.id, "v": [gone.id]})
    assert (line.variant, line.sku) == (None, sku)
    assert variant(gone.product, gone.product.variant_list[0].title)
