"""The shape of an answer, from the document and the schema alone."""

import pytest
from graphql import DocumentNode, GraphQLSchema, build_schema, parse

from bridge.schema.shape import Shape, shape_of

SCHEMA = """
scalar Decimal
scalar DateTime
interface Node { id: ID! }
type Money { amount: Decimal! currencyCode: Currency! }
enum Currency { USD JPY }
type PageInfo { hasNextPage: Boolean! }
type Line implements Node { id: ID! sku: String quantity: Int! price: Money! }
type LineConnection { nodes: [Line!]! edges: [LineEdge!]! pageInfo: PageInfo! }
type LineEdge { cursor: String! node: Line! }
type Order implements Node {
  id: ID!
  name: String!
  placedAt: DateTime!
  tags: [String!]!
  lineItems(first: Int): LineConnection!
  refunds: LineConnection
}
type Product implements Node { id: ID! title: String! }
union Payable = Order | Product
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type Query {
  order(id: ID!): Order
  orders(first: Int): OrderConnection!
  nodes(ids: [ID!]!): [Node]!
  payable: Payable
}
"""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """A small store: connections both ways, an interface, a union, an enum."""
    return build_schema(SCHEMA)


def test_connections_are_plain_lists(schema: GraphQLSchema) -> None:
    """`nodes` and `edges { node }` both become the list of what they carry, by any alias."""
    document = parse(
        """{ order(id: 1) {
              lineItems { pageInfo { hasNextPage } nodes { sku } }
              old: refunds { parts: edges { cursor it: node { sku quantity } } }
        } }"""
    )
    lines = shape_of(schema, document, ("order", "lineItems"))
    assert (lines.kind, lines.type_name, lines.nullable) == ("list", "Line", False)
    assert lines.via == ("nodes",)
    assert lines.of is not None
    assert dict(lines.of.fields) == {"sku": Shape("scalar", "String", nullable=True)}
    old = shape_of(schema, document, ("order", "old"))
    assert (old.kind, old.nullable, old.via) == ("list", True, ("parts", "it"))
    assert old.of is not None
    assert list(old.of.fields) == ["sku", "quantity"]
    assert old.of.nullable is False


def test_a_path_may_name_or_omit_the_connections_own_words(schema: GraphQLSchema) -> None:
    """Mapping authors write order.lineItems.sku; code may write the raw path: both are found."""
    document = parse("{ orders { nodes { lineItems { edges { node { price { amount } } } } } } }")
    short = shape_of(schema, document, ("orders", "lineItems", "price", "amount"))
    long = shape_of(
        schema,
        document,
        ("orders", "nodes", "lineItems", "edges", "node", "price", "amount"),
    )
    assert short == long == Shape("scalar", "Decimal", nullable=False)


def test_a_connection_without_its_nodes_stays_an_object(schema: GraphQLSchema) -> None:
    """Asking only for pageInfo gives no list: there is nothing to list."""
    document = parse("{ orders { pageInfo { hasNextPage } } }")
    assert shape_of(schema, document, ("orders", "pageInfo", "hasNextPage")).kind == "scalar"


def test_lists_enums_and_typename(schema: GraphQLSchema) -> None:
    """A plain list keeps its elements' type, an enum its values, and __typename is a String."""
    document = parse(
        "{ order(id: 1) { __typename tags lineItems { nodes { price { currencyCode } } } } }"
    )
    tags = shape_of(schema, document, ("order", "tags"))
    assert tags == Shape(
        "list", "String", nullable=False, of=Shape("scalar", "String", nullable=False)
    )
    code = shape_of(schema, document, ("order", "lineItems", "price", "currencyCode"))
    assert code.values == ("USD", "JPY")
    assert shape_of(schema, document, ("order", "__typename")).type_name == "String"


def test_fragments_are_merged_field_by_field(schema: GraphQLSchema) -> None:
    """The same object selected in two fragments has the fields of both."""
    document = parse(
        """{ order(id: 1) { ...A ...B } }
        fragment A on Order { lineItems { nodes { sku } } }
        fragment B on Order { name lineItems { nodes { quantity } } }"""
    )
    lines = shape_of(schema, document, ("order", "lineItems"))
    assert lines.of is not None
    assert list(lines.of.fields) == ["sku", "quantity"]
    assert shape_of(schema, document, ("order", "name")).nullable is False


def test_a_fragment_on_one_of_several_types_is_not_sure(schema: GraphQLSchema) -> None:
    """nodes(ids) may give anything: what only an Order has is nullable, what every Node has not."""
    document = parse("{ nodes(ids: [1]) { ... on Node { id } ... on Order { name } } }")
    assert shape_of(schema, document, ("nodes", "id")).nullable is False
    assert shape_of(schema, document, ("nodes", "name")).nullable is True
    union = parse("{ payable { ... on Order { name } ... on Product { title } } }")
    assert set(shape_of(schema, union, ("payable",)).fields) == {"name", "title"}


CONDITIONAL = """query Q($wide: Boolean!, $deep: Boolean! = false) {
  order(id: 1) {
    name @include(if: $wide)
    tags @skip(if: $wide)
    id @include(if: $deep)
    placedAt @include(if: true)
  }
}"""


def test_conditions_are_open_without_variables(schema: GraphQLSchema) -> None:
    """With no variables every field that can come is told, and is nullable."""
    order = shape_of(schema, parse(CONDITIONAL), ("order",))
    assert set(order.fields) == {"name", "tags", "id", "placedAt"}
    assert order.fields["name"].nullable
    assert order.fields["placedAt"].nullable is False


@pytest.mark.parametrize(
    ("variables", "fields"),
    [
        ({"wide": True}, {"name", "placedAt"}),
        ({"wide": False}, {"tags", "placedAt"}),
        ({"wide": False, "deep": True}, {"tags", "id", "placedAt"}),
    ],
)
def test_variables_decide_conditions(
    schema: GraphQLSchema, variables: dict[str, bool], fields: set[str]
) -> None:
    """@skip and @include are settled by the variables and the operation's own defaults."""
    order = shape_of(schema, parse(CONDITIONAL), ("order",), variables=variables)
    assert set(order.fields) == fields
    assert all(not field.nullable for field in order.fields.values())


def test_an_unknown_step_says_what_there_is(schema: GraphQLSchema) -> None:
    """The message names the operation, the place and the fields that could have been meant."""
    document = parse("query Find { order(id: 1) { name tags } }")
    with pytest.raises(LookupError, match=r"Find selects no 'nam' at order; there is name, tags"):
        shape_of(schema, document, ("order", "nam"))
    with pytest.raises(LookupError, match="it is a String"):
        shape_of(schema, document, ("order", "name", "first"))


def test_the_operation_is_named_when_there_are_several(schema: GraphQLSchema) -> None:
    """Two operations in a document need a name; one needs none."""
    document: DocumentNode = parse(
        "query A { order(id: 1) { id } } query B { payable { __typename } }"
    )
    assert set(shape_of(schema, document, (), "B").fields) == {"payable"}
    with pytest.raises(LookupError, match="exactly one"):
        shape_of(schema, document, ())
