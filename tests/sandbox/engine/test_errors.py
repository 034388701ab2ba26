"""Errors before and while a request runs, against the captures."""

import json

import pytest

from bridge.sandbox.errors import StoreError, expect_gid
from bridge.sandbox.resolvers import RESOLVERS
from tests.sandbox.engine.harness import direct
from tests.shared import SHARED, needs_shared

SET = """mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}"""


def capture(name):
    """One captured case."""
    path = SHARED / "shopify" / "captures" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


@needs_shared
def test_a_parse_error_is_shopifys(shop):
    """Captured: errors alone, the end of the file placed at the last token."""
    case = capture("protocol__parse_error")
    assert shop.ask(case["document"].rstrip()).body == case["response"]


@needs_shared
def test_an_unknown_field_of_a_user_error_is_shopifys(shop):
    """Captured: plain UserError has no code; path, place and extensions are the same."""
    text = """mutation TagsPlainUserErrorNoCode($id: ID!) {
  update: tagsAdd(id: $id, tags: ["a"]) {
    userErrors {
      code
    }
  }
}"""
    expected = capture("protocol__plain_user_error_has_no_code")["response"]["errors"][0]
    expected["locations"] = [{"line": 4, "column": 7}]
    expected["path"][0] = "mutation TagsPlainUserErrorNoCode"
    body = shop.ask(text).body
    assert body == {"errors": [expected]}
    assert list(body["errors"][0]) == ["message", "locations", "path", "extensions"]


@pytest.mark.parametrize(
    ("text", "message", "path", "code"),
    [
        (
            "query Foo { shop { nope } }",
            "Field 'nope' doesn't exist on type 'Shop'",
            ["query Foo", "shop", "nope"],
            "undefinedField",
        ),
        (
            "{ orders(first: 1, nope: 1) { nodes { id } } }",
            "Field 'orders' doesn't accept argument 'nope'",
            ["query", "orders", "nope"],
            "argumentNotAccepted",
        ),
        (
            "{ order { id } }",
            "Field 'order' is missing required arguments: id",
            ["query", "order"],
            "missingRequiredArguments",
        ),
        (
            "{ shop }",
            "Field must have selections (field 'shop' returns Shop but has no selections.",
            ["query", "shop"],
            "selectionMismatch",
        ),
        (
            "query F($x: Int) { shop { id } }",
            "Variable $x is declared by F but not used",
            ["query F"],
            "variableNotUsed",
        ),
        (
            "query F { order(id: $x) { id } }",
            "Variable $x is used by F but not declared",
            ["query F", "order", "id"],
            "variableNotDefined",
        ),
        (
            "{ shop @nope { id } }",
            "Directive @nope is not defined",
            ["query", "shop"],
            "undefinedDirective",
        ),
        (
            'mutation M @idempotent(key: "k") { tagsAdd(id: "gid://shopify/Order/1", tags: "a")'
            " { node { id } } }",
            "'@idempotent' can't be applied to mutations (allowed: fields)",
            ["mutation M"],
            "directiveCannotBeApplied",
        ),
        (
            'mutation M { tagsAdd(id: "gid://shopify/Order/1", tags: "a") @idempotent'
            " { node { id } } }",
            "Directive 'idempotent' is missing required arguments: key",
            ["mutation M", "tagsAdd"],
            "missingRequiredArguments",
        ),
        (
            '{ orders(first: "x") { nodes { id } } }',
            "Argument 'first' on Field 'orders' has an invalid value (\"x\"). Expected type 'Int'.",
            ["query", "orders", "first"],
            "argumentLiteralsIncompatible",
        ),
        (
            '{ order(id: "not-a-gid") { id } }',
            "Invalid global id 'not-a-gid'",
            ["query", "order", "id"],
            "argumentLiteralsIncompatible",
        ),
        (
            'mutation { metafieldsSet(metafields: [{key: "abc", value: "1"}])'
            " { metafields { id } } }",
            "Argument 'ownerId' on InputObject 'MetafieldsSetInput' is required",
            ["mutation", "metafieldsSet", "metafields"],
            "missingRequiredInputObjectAttribute",
        ),
    ],
)
def test_static_errors(shop, text, message, path, code):
    """HTTP 200 with errors alone: no data, no cost; the path begins with the operation."""
    body = shop.ask(text).body
    assert list(body) == ["errors"]
    error = body["errors"][0]
    assert error["message"].startswith(message)
    assert error["path"] == path
    assert error["extensions"]["code"] == code
    assert error["locations"][0].keys() == {"line", "column"}


def test_a_field_that_the_sandbox_leaves_out_says_so(shop):
    """Whoever asks for more than the sandbox has learns that Shopify may have it."""
    (error,) = shop.errors("{ shop { contactEmail } }")
    assert "the sandbox does not model it" in error["message"]


@pytest.mark.parametrize(
    ("text", "variables", "message", "problems"),
    [
        (
            "query Q($id: ID!) { order(id: $id) { id } }",
            {},
            "Variable $id of type ID! was provided invalid value",
            [{"path": [], "explanation": "Expected value to not be null"}],
        ),
        (
            "query Q($id: ID!) { order(id: $id) { id } }",
            {"id": "gid://shopify/Product"},
            "Variable $id of type ID! was provided invalid value",
            [{"path": [], "explanation": "Invalid global id 'gid://shopify/Product'"}],
        ),
        (
            "mutation M($m: [MetafieldsSetInput!]!) {"
            " metafieldsSet(metafields: $m) { metafields { id } } }",
            {"m": [{"ownerId": "gid://shopify/Order/1", "key": "abc", "nope": 1}]},
            "Variable $m of type [MetafieldsSetInput!]! was provided invalid value for "
            "0.nope (Field is not defined on MetafieldsSetInput), "
            "0.value (Expected value to not be null)",
            [
                {"path": [0, "nope"], "explanation": "Field is not defined on MetafieldsSetInput"},
                {"path": [0, "value"], "explanation": "Expected value to not be null"},
            ],
        ),
        (
            "query Q($n: Int!) { orders(first: $n) { nodes { id } } }",
            {"n": True},
            "Variable $n of type Int! was provided invalid value",
            [{"path": [], "explanation": "Could not coerce value true to Int"}],
        ),
        (
            "query Q($k: OrderSortKeys) { orders(first: 1, sortKey: $k) { nodes { id } } }",
            {"k": "NOPE"},
            "Variable $k of type OrderSortKeys was provided invalid value",
            None,
        ),
    ],
)
def test_bad_variables(shop, text, variables, message, problems):
    """Captured: INVALID_VARIABLE with the value and each problem, without a path."""
    body = shop.ask(text, variables).body
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert list(error) == ["message", "locations", "extensions"]
    assert error["message"] == message
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    assert problems is None or error["extensions"]["problems"] == problems


def test_lists_over_250_are_refused(shop):
    """Captured: the words, the code, and an actual cost of null."""
    row = {"ownerId": shop.order, "namespace": "abc", "key": "abc", "value": "1"}
    text = (
        "mutation M($m: [MetafieldsSetInput!]!) {"
        " metafieldsSet(metafields: $m) { userErrors { code } } }"
    )
    body = shop.ask(text, {"m": [row] * 251}).body
    assert "data" not in body
    (error,) = body["errors"]
    assert error["message"] == (
        "The input array size of 251 is greater than the maximum allowed of 250."
    )
    assert error["path"] == ["metafieldsSet", "metafields"]
    assert error["extensions"] == {"code": "MAX_INPUT_SIZE_EXCEEDED"}
    assert body["extensions"]["cost"]["actualQueryCost"] is None
    assert "errors" not in shop.ask(text, {"m": [row] * 250}).body


@needs_shared
def test_missing_change_from_quantity_is_shopifys(shop):
    """Captured: top level, the field and the variable as places, the payload null."""
    case = capture("inventorySetQuantities__missing_changeFromQuantity")
    body = shop.ask("\n" + case["document"], case["variables"]).body
    (expected,) = case["response"]["errors"]
    (error,) = body["errors"]
    assert error["message"] == expected["message"]
    assert error["extensions"] == expected["extensions"]
    assert error["path"] == expected["path"]
    assert len(error["locations"]) == len(expected["locations"])
    assert body["data"] == case["response"]["data"]


def test_the_argument_check_comes_before_the_key(shop):
    """Captured: without both, only changeFromQuantity is reported; an explicit null passes."""
    item = next(iter(shop.store.items.values()))
    location = next(iter(shop.store.locations.values()))
    row = {"inventoryItemId": item.id, "locationId": location.id, "quantity": 5}
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    text = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
    (error,) = shop.errors(text, {"input": given})
    assert error["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    row["changeFromQuantity"] = None
    (error,) = shop.errors(text, {"input": given})
    assert error["extensions"]["code"] == "BAD_REQUEST"
    assert shop.store.journal == []


def test_ids_of_another_type_and_ids_that_are_missing(shop):
    """Captured: reads give null for what is well-formed and not there."""
    text = "query Q($id: ID!) { order(id: $id) { id } }"
    assert shop.data(text, {"id": "gid://shopify/Order/0"}) == {"order": None}
    assert shop.data(text, {"id": "gid://shopify/Order/999"}) == {"order": None}


@pytest.mark.usefixtures("own_schema")
def test_a_mutation_that_is_not_modelled_is_refused(monkeypatch):
    """What the store cannot do is never answered with a success."""
    monkeypatch.delitem(RESOLVERS["Mutation"], "tagsRemove")
    text = 'mutation { tagsRemove(id: "gid://shopify/Order/1", tags: ["a"]) { node { id } } }'
    body = direct().ask(text).body
    assert body["data"] == {"tagsRemove": None}
    (error,) = body["errors"]
    assert error["message"].startswith("the sandbox does not model the mutation tagsRemove")
    assert error["extensions"]["code"] == "SANDBOX_NOT_MODELLED"


@pytest.mark.usefixtures("own_schema")
def test_a_fault_of_the_sandbox_shows_as_an_internal_error(shop, caplog):
    """A resolver that breaks is logged and answered as Shopify answers: with the request id."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    shop.engine.schema.query_type.fields["shop"].resolve = broken
    body = shop.ask("{ shop { id } }").body
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-1"}
    assert "secret detail" not in json.dumps(body)
    assert "the sandbox failed at" in caplog.text


def test_arguments_that_nothing_reads_are_refused(shop):
    """An argument is honoured or refused, never silently dropped."""
    text = "query Q($id: ID!) { order(id: $id) { totalDiscountsSet { shopMoney { amount } } } }"
    shop.data(text, {"id": shop.order})
    (error,) = shop.errors(
        '{ orders(first: 1, savedSearchId: "gid://shopify/SavedSearch/1") { nodes { id } } }'
    )
    assert error["extensions"]["code"] == "SANDBOX_NOT_MODELLED"


@pytest.mark.parametrize(
    ("value", "kinds", "zero"),
    [
        ("gid://shopify/Return/5", ("Order",), False),
        ("gid://shopify/FulfillmentOrder/0", ("FulfillmentOrder",), True),
        ("not-a-gid", (), False),
    ],
)
def test_ids_that_an_operation_does_not_take(value, kinds, zero):
    """Captured: a wrong type, and 0 where 0 counts as wrong, are RESOURCE_NOT_FOUND."""
    with pytest.raises(StoreError, match=f"Invalid id: {value}") as raised:
        expect_gid(value, *kinds, zero_is_wrong=zero)
    assert raised.value.code == "RESOURCE_NOT_FOUND"
    assert expect_gid("gid://shopify/Order/0", "Order", "Return") == "gid://shopify/Order/0"
