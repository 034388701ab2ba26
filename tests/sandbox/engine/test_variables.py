"""Values of variables against their types."""

import pytest
from graphql import build_schema, parse

from bridge.sandbox.variables import list_errors, variable_errors

SCHEMA = build_schema("""
scalar DateTime
scalar Decimal
scalar JSON
enum Kind { A B }
input Inner { id: ID!, kind: Kind = A, at: DateTime, price: Decimal, n: Int, f: Float }
type Query { q(inner: [Inner!], flag: Boolean, name: String, any: JSON): Int }
""")
GID = "gid://shopify/Order/1"


def problems(kind, value):
    """What is wrong with a value, as (path, explanation)."""
    (operation,) = parse(f"query Q($v: {kind}) {{ q }}").definitions
    errors = variable_errors(SCHEMA, operation, {"v": value})
    return [
        (problem["path"], problem["explanation"])
        for error in errors
        for problem in error["extensions"]["problems"]
    ]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Boolean", True),
        ("Boolean", None),
        ("String", ""),
        ("Int", 2**31 - 1),
        ("Float", 1),
        ("ID", GID),
        ("Kind", "A"),
        ("DateTime", "2026-11-23T12:00:00Z"),
        ("DateTime", "2026-11-23"),
        ("Decimal", "12.50"),
        ("Decimal", 12.5),
        ("JSON", {"a": [1]}),
        ("[Inner!]", [{"id": GID, "kind": "B", "n": 1}]),
        ("[Inner!]", {"id": GID}),  # a single value counts as a list of one
    ],
)
def test_what_fits(kind, value):
    """Nothing is wrong with these."""
    assert problems(kind, value) == []


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Boolean!", None, ([], "Expected value to not be null")),
        ("Boolean", "true", ([], 'Could not coerce value "true" to Boolean')),
        ("String", 1, ([], "Could not coerce value 1 to String")),
        ("Int", 2**31, ([], "Could not coerce value 2147483648 to Int")),
        ("Int", 1.5, ([], "Could not coerce value 1.5 to Int")),
        ("Float", "1", ([], 'Could not coerce value "1" to Float')),
        ("ID", 5, ([], "Could not coerce value 5 to ID")),
        ("ID", "5", ([], "Invalid global id '5'")),
        ("Kind", "C", ([], 'Expected "C" to be one of: A, B')),
        ("Kind", ["A"], ([], 'Expected ["A"] to be one of: A, B')),
        ("DateTime", "noon", ([], 'Could not coerce value "noon" to DateTime')),
        ("Decimal", "NaN", ([], 'Could not coerce value "NaN" to Decimal')),
        ("Decimal", "x", ([], 'Could not coerce value "x" to Decimal')),
        ("[Inner!]", ["x"], ([0], 'Expected "x" to be a key-value object.')),
        ("[Inner!]", [{}], ([0, "id"], "Expected value to not be null")),
        ("[Inner!]", [{"id": GID, "x": 1}], ([0, "x"], "Field is not defined on Inner")),
        ("[Inner!]", [{"id": GID}, None], ([1], "Expected value to not be null")),
    ],
)
def test_what_does_not_fit(kind, value, expected):
    """Each is told with its place and Shopify's explanation."""
    assert problems(kind, value) == [expected]


def test_a_default_stands_in_for_a_missing_value():
    """A variable with a default, or one that may be null, need not be given."""
    (operation,) = parse("query Q($a: Int! = 1, $b: Int, $c: Int!) { q }").definitions
    (error,) = variable_errors(SCHEMA, operation, {})
    assert error["message"] == "Variable $c of type Int! was provided invalid value"


def test_long_lists_are_found_wherever_they_are():
    """In variables, in literals, inside objects; once for each root field."""
    text = """query Q($rows: [Inner!]) {
      a: q(inner: $rows) b: q(any: {deep: {list: $rows}}) c: q(inner: [])
    }"""
    (operation,) = parse(text).definitions
    rows = [{"id": GID}] * 251
    assert [e["path"] for e in list_errors(operation, {"rows": rows})] == [
        ["a", "inner"],
        ["b", "any", "deep", "list"],
    ]
    assert list_errors(operation, {"rows": rows[:250]}) == []
