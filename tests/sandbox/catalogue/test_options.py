"""``productOptionsCreate``, ``productOptionUpdate``, ``productOptionsReorder``, ``…Delete``."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox.model import Product
from tests.sandbox.catalogue.harness import (
    ERRORS,
    SHIRT,
    done,
    options,
    send,
    set_product,
    titles,
)
from tests.sandbox.state.harness import Bench

_PRODUCT = """product { id options { id name position values optionValues { id name hasVariants } }
  variants(first: 10) { nodes { id title selectedOptions { name value } } } }"""

CREATE = f"""
mutation($p: ID!, $o: [OptionCreateInput!]!, $s: ProductOptionCreateVariantStrategy) {{
  productOptionsCreate(productId: $p, options: $o, variantStrategy: $s) {{ {_PRODUCT} {ERRORS} }}
}}"""
UPDATE = f"""
mutation(
  $p: ID!, $o: OptionUpdateInput!, $add: [OptionValueCreateInput!],
  $update: [OptionValueUpdateInput!], $delete: [ID!], $s: ProductOptionUpdateVariantStrategy
) {{
  productOptionUpdate(
    productId: $p, option: $o, optionValuesToAdd: $add, optionValuesToUpdate: $update,
    optionValuesToDelete: $delete, variantStrategy: $s
  ) {{ {_PRODUCT} {ERRORS} }}
}}"""
REORDER = f"""
mutation($p: ID!, $o: [OptionReorderInput!]!) {{
  productOptionsReorder(productId: $p, options: $o) {{ {_PRODUCT} {ERRORS} }}
}}"""
DELETE = f"""
mutation($p: ID!, $o: [ID!]!, $s: ProductOptionDeleteStrategy) {{
  productOptionsDelete(productId: $p, options: $o, strategy: $s) {{
    deletedOptionsIds {_PRODUCT} {ERRORS}
  }}
}}"""


def option(name: str, *values: str) -> dict[str, Any]:
    """``OptionCreateInput``."""
    return {"name": name, "values": [{"name": value} for value in values]}


def bare(bench: Bench, *rows: dict[str, Any]) -> Product:
    """A product with these options on the variant that it began with."""
    found = set_product(bench, {"title": "Bare"})
    if rows:
        done(bench, CREATE, {"p": found.id, "o": list(rows)}, "productOptionsCreate")
    return found


def test_first_options_of_a_product(seeded: Bench) -> None:
    """Captured: the variant stays and gets the first values; the others have no variants."""
    found = bare(seeded)
    only = found.variant_list[0]
    rows = [option("Color", "Red", "Blue"), option("Size", "Small", "Large")]
    payload = done(seeded, CREATE, {"p": found.id, "o": rows}, "productOptionsCreate")
    assert titles(found) == ["Red / Small"]
    assert found.variant_list == [only]
    color = payload["product"]["options"][0]
    assert (color["name"], color["position"], color["values"]) == ("Color", 1, ["Red"])
    assert [(one["name"], one["hasVariants"]) for one in color["optionValues"]] == [
        ("Red", True),
        ("Blue", False),
    ]


def test_a_further_option(seeded: Bench) -> None:
    """Behind the others, or where it is said; every variant gets its first value."""
    found = set_product(seeded, SHIRT)
    rows = [{**option("Cut", "Slim", "Wide"), "position": 1}]
    done(seeded, CREATE, {"p": found.id, "o": rows, "s": "LEAVE_AS_IS"}, "productOptionsCreate")
    assert [name for name, _ in options(found)] == ["Cut", "Size", "Color"]
    assert titles(found) == ["Slim / S / Red", "Slim / M / Blue"]


def test_create_makes_all_combinations(seeded: Bench) -> None:
    """CREATE: every combination is a variant, those that are there keep their ids."""
    found = bare(seeded, option("Color", "Red"))
    only = found.variant_list[0]
    rows = [option("Size", "S", "M")]
    done(seeded, CREATE, {"p": found.id, "o": rows, "s": "CREATE"}, "productOptionsCreate")
    assert titles(found) == ["Red / S", "Red / M"]
    assert found.variant_list[0] is only


@pytest.mark.parametrize(
    ("there", "rows", "field", "message", "code"),
    [
        (
            [],
            [option("Color", "Red"), option("Color", "Blue")],
            ["options", "1"],
            "Duplicated option name.",
            "DUPLICATED_OPTION_NAME",
        ),
        (
            [],
            [option("Color")],
            ["options", "0"],
            "Option 'Color' must specify at least one option value.",
            "OPTION_VALUES_MISSING",
        ),
        (
            [],
            [option("N" * 256, "Red")],
            ["options", "0"],
            "Option name is too long.",
            "OPTION_NAME_TOO_LONG",
        ),
        (
            [option("Color", "Red")],
            [option("Color", "Blue")],
            ["options", "0"],
            "Option 'Color' already exists.",
            "OPTION_ALREADY_EXISTS",
        ),
        (
            [option(name, "x") for name in ("Color", "Size", "Material")],
            [option("Finish", "Matte")],
            ["options"],
            "Can only specify a maximum of 3 options",
            "OPTIONS_OVER_LIMIT",
        ),
    ],
)
def test_create_refusals(
    seeded: Bench,
    there: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    field: list[str],
    message: str,
    code: str,
) -> None:
    """Captured (2025-01/products/product-options-create-limits-and-duplicates-parity)."""
    found = bare(seeded, *there)
    before = options(found)
    payload = send(seeded, CREATE, {"p": found.id, "o": rows}, "productOptionsCreate")
    assert payload["product"]["id"] == found.id
    assert payload["userErrors"] == [{"field": field, "message": message, "code": code}]
    assert options(found) == before


def test_update_renames_moves_adds_and_removes(seeded: Bench) -> None:
    """Captured (2025-01/products/product-option-update-parity)."""
    found = bare(seeded, option("Color", "Red", "Green"), option("Size", "Small"))
    color, size = found.option_list
    red, green = color.value_list
    variables = {
        "p": found.id,
        "o": {"id": color.id, "name": "Shade", "position": 2},
        "add": [{"name": "Blue"}],
        "update": [{"id": red.id, "name": "Crimson"}],
        "delete": [green.id],
    }
    payload = done(seeded, UPDATE, variables, "productOptionUpdate")
    assert found.option_list == [size, color]
    assert options(found) == [("Size", ["Small"]), ("Shade", ["Crimson", "Blue"])]
    (row,) = payload["product"]["variants"]["nodes"]
    assert row["title"] == "Small / Crimson"
    assert row["selectedOptions"] == [
        {"name": "Size", "value": "Small"},
        {"name": "Shade", "value": "Crimson"},
    ]


def test_update_of_an_unknown_option(seeded: Bench) -> None:
    """Captured: the payload has the product."""
    found = bare(seeded)
    variables = {"p": found.id, "o": {"id": "gid://shopify/ProductOption/9"}}
    payload = send(seeded, UPDATE, variables, "productOptionUpdate")
    assert payload["product"]["id"] == found.id
    assert payload["userErrors"] == [
        {
            "field": ["option"],
            "message": "Option does not exist",
            "code": "OPTION_DOES_NOT_EXIST",
        }
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Size"}, "OPTION_ALREADY_EXISTS"),
        ({"name": " "}, "INVALID_NAME"),
        ({"position": 3}, "INVALID_POSITION"),
        ({"add": [{"name": "Red"}]}, "OPTION_VALUE_ALREADY_EXISTS"),
        ({"update": [{"id": "gid://shopify/ProductOptionValue/9"}]}, "OPTION_VALUE_DOES_NOT_EXIST"),
        ({"delete": ["Red"]}, "OPTION_VALUE_HAS_VARIANTS"),
        ({"delete": ["Red", "Blue"]}, "CANNOT_DELETE_ALL_OPTION_VALUES_IN_OPTION"),
    ],
)
def test_update_refusals(seeded: Bench, change: dict[str, Any], code: str) -> None:
    """Nothing is changed; the code is one of the schema's."""
    found = set_product(seeded, SHIRT)
    color = found.option_list[1]
    ids = {value.name: value.id for value in color.value_list}
    if "delete" in change:
        change = {"delete": [ids[name] for name in change["delete"]]}
    lists = {name: change[name] for name in ("add", "update", "delete") if name in change}
    own = {name: value for name, value in change.items() if name not in lists}
    variables = {"p": found.id, "o": {"id": color.id, **own}, **lists}
    payload = send(seeded, UPDATE, variables, "productOptionUpdate")
    assert payload["userErrors"][0]["code"] == code
    assert options(found) == [("Size", ["S", "M"]), ("Color", ["Red", "Blue"])]


def test_managed_values_take_variants_along(seeded: Bench) -> None:
    """MANAGE: a new value makes a variant for each combination, one that goes takes its own."""
    found = set_product(seeded, SHIRT)
    size, color = found.option_list
    variables: dict[str, Any] = {"p": found.id, "o": {"id": color.id}, "s": "MANAGE"}
    added = {**variables, "add": [{"name": "Green"}]}
    done(seeded, UPDATE, added, "productOptionUpdate")
    assert titles(found) == ["S / Red", "M / Blue", "S / Green", "M / Green"]
    removed = {**variables, "o": {"id": size.id}, "delete": [size.value_list[0].id]}
    done(seeded, UPDATE, removed, "productOptionUpdate")
    assert titles(found) == ["M / Blue", "M / Green"]


def test_reorder(seeded: Bench) -> None:
    """Options by name, values of those that list them; the variants follow."""
    found = set_product(seeded, SHIRT)
    rows = [
        {"name": "Color", "values": [{"name": "Blue"}, {"name": "Red"}]},
        {"name": "Size"},
    ]
    done(seeded, REORDER, {"p": found.id, "o": rows}, "productOptionsReorder")
    assert options(found) == [("Color", ["Blue", "Red"]), ("Size", ["S", "M"])]
    assert titles(found) == ["Blue / M", "Red / S"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"name": "Cut"}], "OPTION_NAME_DOES_NOT_EXIST"),
        ([{"id": "gid://shopify/ProductOption/9"}], "OPTION_ID_DOES_NOT_EXIST"),
        ([{"name": "Size"}], "MISSING_OPTION_NAME"),
        ([{"name": "Size"}, {"name": "Size"}], "DUPLICATED_OPTION_NAME"),
        (
            [{"name": "Size", "values": [{"name": "S"}]}, {"name": "Color"}],
            "MISSING_OPTION_VALUE",
        ),
        (
            [{"name": "Size", "values": [{"name": "XL"}]}, {"name": "Color"}],
            "OPTION_VALUE_DOES_NOT_EXIST",
        ),
    ],
)
def test_reorder_refusals(seeded: Bench, rows: list[dict[str, Any]], code: str) -> None:
    """All options must be named, and once."""
    found = set_product(seeded, SHIRT)
    payload = send(seeded, REORDER, {"p": found.id, "o": rows}, "productOptionsReorder")
    assert payload["userErrors"][0]["code"] == code
    assert titles(found) == ["S / Red", "M / Blue"]


def test_deleting_all_options(seeded: Bench) -> None:
    """Captured (2025-01/products/product-options-delete-parity): the variant stays.

    Values without variants do not count as several.
    """
    found = bare(seeded, option("Size", "Small"), option("Shade", "Crimson", "Blue"))
    only = found.variant_list[0]
    ids = [one.id for one in found.option_list]
    payload = done(seeded, DELETE, {"p": found.id, "o": ids}, "productOptionsDelete")
    assert payload["deletedOptionsIds"] == ids
    assert options(found) == [("Title", ["Default Title"])]
    assert (found.variant_list, only.title) == ([only], "Default Title")


def test_delete_of_an_unknown_option(seeded: Bench) -> None:
    """Captured: nothing deleted, the payload has the product."""
    found = bare(seeded)
    variables = {"p": found.id, "o": ["gid://shopify/ProductOption/9"]}
    payload = send(seeded, DELETE, variables, "productOptionsDelete")
    assert (payload["deletedOptionsIds"], payload["product"]["id"]) == ([], found.id)
    assert payload["userErrors"][0]["field"] == ["options", "0"]


@pytest.mark.parametrize(
    ("strategy", "code", "left"),
    [
        ("DEFAULT", "CANNOT_DELETE_OPTION_WITH_MULTIPLE_VALUES", 3),
        ("NON_DESTRUCTIVE", "CANNOT_USE_NON_DESTRUCTIVE_STRATEGY", 3),
        ("POSITION", None, 2),
    ],
)
def test_deleting_an_option_with_values(
    seeded: Bench, strategy: str, code: str | None, left: int
) -> None:
    """Refused, or the later ones of variants that become the same go (documented)."""
    found = set_product(seeded, SHIRT)
    first = found.variant_list[0]
    make = """mutation($p: ID!, $v: [ProductVariantsBulkInput!]!) {
      productVariantsBulkCreate(productId: $p, variants: $v) { userErrors { message } }
    }"""
    values = [{"optionName": "Size", "name": "S"}, {"optionName": "Color", "name": "Blue"}]
    done(
        seeded, make, {"p": found.id, "v": [{"optionValues": values}]}, "productVariantsBulkCreate"
    )
    variables = {"p": found.id, "o": [found.option_list[1].id], "s": strategy}
    payload = send(seeded, DELETE, variables, "productOptionsDelete")
    assert [error["code"] for error in payload["userErrors"]] == ([code] if code else [])
    assert len(found.variant_list) == left
    assert found.variant_list[0] is first
    if code is None:
        assert titles(found) == ["S", "M"]
