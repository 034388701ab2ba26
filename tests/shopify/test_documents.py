"""The shipped operations: valid on every API version that we support, priced, composable."""

import gzip
import json
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    parse,
    validate,
    visit,
)
from graphql.language import ArgumentNode, EnumValueNode, FieldNode, Node, ObjectFieldNode

from bridge.config.models import DEFAULT_API_VERSION, OLDEST_API_VERSION
from bridge.schema import load_schema
from bridge.schema.cost import requested_cost
from bridge.shopify import documents
from bridge.shopify.documents import Operation, batch, names, operation
from tests.shared import SHARED, needs_shared

VERSIONS = ("2026-07", "2026-10")
FOLDER = "bridge/shopify/documents"

ACKNOWLEDGE = ("OrderAcknowledge", "tagsAdd", "t", ("id",))
ACTIVATE = (
    "InventoryActivate",
    "inventoryActivate",
    "a",
    ("inventoryItemId", "locationId", "idempotencyKey"),
)
LEVELS = ("VariantsBySku", "level", "level", ("location",))
PRODUCTS = ("ProductByIdentifier", "productByIdentifier", "p", ("identifier",))


@cache
def official(version: str) -> GraphQLSchema:
    """Shopify's own schema. It deprecates fields that its interfaces keep, hence assume_valid."""
    with gzip.open(SHARED / "shopify" / f"admin_{version}.json.gz") as file:
        data = json.load(file)
    return build_client_schema(data.get("data", data), assume_valid=True)


def source(name: str) -> str:
    """A document as it lies in the package."""
    return (resources.files("bridge.shopify") / "documents" / f"{name}.graphql").read_text("utf-8")


def batches() -> list[Operation]:
    """Every operation, and every batch that the actions compose, of several sizes."""
    out = [operation(name) for name in names()]
    for name, field, prefix, own in (ACKNOWLEDGE, ACTIVATE, LEVELS, PRODUCTS):
        out += [batch(operation(name), n, field=field, prefix=prefix, own=own) for n in (2, 25)]
    return out


class Deprecated(Visitor):
    """Collects what a document uses although Shopify wants it gone."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.found: list[str] = []

    def note(self, what: str, definition: object) -> None:
        """Keep it when it is marked."""
        reason = getattr(definition, "deprecation_reason", None)
        if reason:
            self.found.append(f"{what}: {reason}")

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """A selected field."""
        self.note(f"{self.info.get_parent_type()}.{node.name.value}", self.info.get_field_def())

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """An argument of a field or directive."""
        argument = self.info.get_argument()
        assert argument is None or isinstance(argument, GraphQLArgument)
        self.note(f"argument {node.name.value}", argument)

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """A field of an input object."""
        kind: Any = self.info.get_parent_input_type()
        field = getattr(kind, "fields", {}).get(node.name.value)
        assert field is None or isinstance(field, GraphQLInputField)
        self.note(f"input field {node.name.value}", field)

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        """An enum's value."""
        self.note(f"enum value {node.value}", self.info.get_enum_value())


def deprecated(schema: GraphQLSchema, document: Node) -> list[str]:
    """Every deprecated field, argument, input field and enum value of a document."""
    info = TypeInfo(schema)
    visitor = Deprecated(info)
    visit(document, TypeInfoVisitor(info, visitor))
    return visitor.found


@needs_shared
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("op", batches(), ids=lambda o: f"{o.name}x{o.repeated}")
def test_documents_are_valid_at_shopify(op: Operation, version: str) -> None:
    """Valid on each version that it does not exclude, with nothing deprecated on any.

    A document that needs a newer version says so in its header, and then must be invalid on
    the older one: a needless restriction is a mistake too.
    """
    schema = official(version)
    errors = validate(schema, parse(op.text))
    if op.needs and version < op.needs:
        assert errors, f"{op.name} says it needs {op.needs}, but is valid on {version}"
        return
    assert [str(e) for e in errors] == []
    assert deprecated(schema, op.document) == []


@needs_shared
def test_the_deprecation_check_can_fail() -> None:
    """A field and an argument that Shopify deprecates are found: the check above is not blind."""
    document = parse(
        'mutation { orderCancel(orderId: "1", refund: true, restock: true, reason: OTHER)'
        " { job { id } } } query Q { customer(id: 1) { email } }"
    )
    found = deprecated(official("2026-10"), document)
    assert any("refund" in line for line in found)
    assert any("Customer.email" in line for line in found)


@needs_shared
def test_the_versions_tested_are_those_supported() -> None:
    """Oldest and newest supported API version are the ones that the documents are held against."""
    assert (OLDEST_API_VERSION, DEFAULT_API_VERSION) == VERSIONS


@pytest.mark.parametrize("name", names())
def test_one_operation_a_file_named_after_it(name: str) -> None:
    """The file's name is the operation's name, which is what Shopify and our logs show."""
    op = operation(name)
    assert op.name == name
    assert len(re.findall(r"^(query|mutation)\b", source(name), re.MULTILINE)) == 1
    assert operation(name) is op, "loaded once"


@pytest.mark.parametrize("name", names())
def test_the_price_in_the_header_is_the_price(name: str) -> None:
    """The first line tells the requested cost with the variables that it was computed for."""
    first = source(name).splitlines()[0]
    found = re.fullmatch(r"# cost: (\d+) requested (\{.*\})", first)
    assert found, f"{FOLDER}/{name}.graphql:1: {first!r} does not state a price and its variables"
    op = operation(name)
    variables = json.loads(found[2])
    assert set(variables) <= op.variable_names, "a price for variables that do not exist"
    assert int(found[1]) == op.cost(variables)
    assert 0 < int(found[1]) <= 1000, "Shopify runs no query above 1,000 points"


ORDERS = {
    "byQuery": True,
    "byIds": False,
    "withCancelled": True,
    "withRecent": False,
    "presentment": True,
    "namespace": "retailops",
    "first": 50,
    "lines": 50,
}


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("OrderPull", ORDERS, ORDERS | {"first": 1}),
        ("OrderPull", ORDERS, ORDERS | {"withCancelled": False}),
        ("OrderPull", ORDERS | {"byIds": True, "ids": ["1"]}, ORDERS | {"byIds": True, "ids": []}),
        (
            "ProductSet",
            {"input": {}, "synchronous": True, "withMedia": False},
            {"input": {"files": [{}] * 9}, "synchronous": True, "withMedia": False},
        ),
    ],
)
def test_a_price_that_is_kept_is_that_of_the_same_sizes(
    name: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Prices are kept by all that they depend on: asked in turns, each stays what it is."""
    schema = load_schema()
    op = replace(operation(name))  # nothing kept yet
    for variables in (one, other, one, other):
        assert op.cost(variables) == requested_cost(schema, op.document, variables, op.name)


def test_an_operation_is_priced_once_for_equal_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page after a page costs no second walk through a large query; another size does."""
    walks: list[Any] = []

    def counted(*given: Any) -> int:
        walks.append(given)
        return requested_cost(*given)

    monkeypatch.setattr(documents, "requested_cost", counted)
    op = replace(operation("OrderPull"))
    for cursor in ("a", "b", "c"):
        op.cost(ORDERS | {"after": cursor, "query": f"tag:{cursor}"})
    assert len(walks) == 1
    op.cost(ORDERS | {"first": 10})
    assert len(walks) == 2


def test_as_many_ids_are_priced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other ids of the same number cost no second walk; one more of them does."""
    walks: list[Any] = []

    def counted(*given: Any) -> int:
        walks.append(given)
        return requested_cost(*given)

    monkeypatch.setattr(documents, "requested_cost", counted)
    op = replace(operation("AcknowledgementState"))
    named = {"namespace": "retailops"}
    first = op.cost(named | {"ids": ["1", "2"]})
    assert op.cost(named | {"ids": ["3", "4"]}) == first
    assert len(walks) == 1
    assert op.cost(named | {"ids": ["1", "2", "3"]}) > first
    assert len(walks) == 2


@pytest.mark.parametrize("name", names())
def test_scopes_are_named(name: str) -> None:
    """Every file says which access scopes it needs; a write scope where it writes."""
    assert re.search(r"^# scopes: \S", source(name), re.MULTILINE)
    op = operation(name)
    assert all(re.fullmatch(r"(read|write)_[a-z_]+", scope) for scope in op.scopes)
    if op.kind == "mutation":
        assert any(scope.startswith("write_") for scope in op.scopes)


def test_an_unknown_operation_says_what_there_is() -> None:
    """A misspelt name tells the names that exist."""
    with pytest.raises(LookupError, match=r"no operation OrderPul; there is .*OrderPull"):
        operation("OrderPul")


def test_a_batch_repeats_one_field_and_numbers_its_variables() -> None:
    """The field tagsAdd comes twice with its own $id0, $id1; $tags is shared, the rest stays."""
    name, field, prefix, own = ACKNOWLEDGE
    op = batch(operation(name), 2, field=field, prefix=prefix, own=own)
    assert op.variable_names == {"id0", "id1", "tags", "metafields"}
    text = " ".join(op.text.split())
    assert "t0: tagsAdd(id: $id0, tags: $tags)" in text
    assert "t1: tagsAdd(id: $id1, tags: $tags)" in text
    assert text.count("metafieldsSet(metafields: $metafields)") == 1
    assert (op.name, op.kind, op.repeated) == ("OrderAcknowledge", "mutation", 2)
    assert op is batch(operation(name), 2, field=field, prefix=prefix, own=own), "composed once"


def test_a_batch_costs_what_its_copies_cost() -> None:
    """25 orders are 25 times tagsAdd and one metafieldsSet: 260 points."""
    name, field, prefix, own = ACKNOWLEDGE
    op = batch(operation(name), 25, field=field, prefix=prefix, own=own)
    assert op.cost({"metafields": [{}] * 25}) == 260


def test_a_batch_leaves_the_original_alone() -> None:
    """Composing works on a copy: the file's own document is unchanged afterwards."""
    before = operation("VariantsBySku").text
    batch(operation("VariantsBySku"), 4, field="level", prefix="level", own=("location",))
    assert operation("VariantsBySku").text == before
    assert "level3" not in before


def test_a_batch_reaches_nested_fields_and_directives() -> None:
    """Levels lie deep in the query; the idempotency key of a copy is its own."""
    name, field, prefix, own = LEVELS
    text = " ".join(batch(operation(name), 2, field=field, prefix=prefix, own=own).text.split())
    assert "level1: inventoryLevel(locationId: $location1, includeInactive: true)" in text
    assert "$location:" not in text
    name, field, prefix, own = ACTIVATE
    text = " ".join(batch(operation(name), 2, field=field, prefix=prefix, own=own).text.split())
    assert "@idempotent(key: $idempotencyKey1)" in text


@pytest.mark.parametrize(
    ("count", "field", "own", "message"),
    [
        (0, "tagsAdd", ("id",), "a batch of 0 OrderAcknowledge is none"),
        (2, "tagsRemove", ("id",), "has 0 fields tagsRemove"),
        (2, "userErrors", (), "has 2 fields userErrors"),
        (2, "tagsAdd", ("metafields",), r"tagsAdd does not use \$metafields"),
    ],
)
def test_a_batch_that_cannot_be_says_why(
    count: int, field: str, own: tuple[str, ...], message: str
) -> None:
    """Mistakes of ours are told where they are made, not by Shopify."""
    with pytest.raises(ValueError, match=message):
        batch(operation("OrderAcknowledge"), count, field=field, prefix="t", own=own)


def test_the_shape_of_an_answer_is_the_documents() -> None:
    """An operation knows its answer: connections as lists, aliases as names."""
    lines = operation("OrderPull").shape(("page", "lineItems"))
    assert (lines.kind, lines.type_name) == ("list", "LineItem")
    assert lines.of is not None
    assert "sku" in lines.of.fields
