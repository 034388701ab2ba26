"""Shopify's search syntax."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.matching import matcher, words
from bridge.sandbox.search import Fields, parse

ZONE = ZoneInfo("America/Toronto")
NAMES = "id name tag tag_not sku status test created_at updated_at total default email"
FIELDS = Fields(frozenset(NAMES.split()), frozenset({"risk_level"}), "things")
DOC = {
    "id": 1001,
    "name": words("#1001"),
    "tag": frozenset({"vip", "gift wrap"}),
    "sku": words("SHIRT-RED-XL MUG-01"),
    "status": frozenset({"open", "not_closed", "any"}),
    "test": False,
    "created_at": datetime(2026, 10, 1, 12, 30, tzinfo=UTC),
    "total": Decimal("12.50"),
    "default": words("#1001 nora@example.com SHIRT-RED-XL"),
}


def found(query: str) -> bool:
    """Whether the document matches a query."""
    return matcher(parse(query, FIELDS, ZONE).used, ZONE)(DOC)


@pytest.mark.parametrize(
    "query",
    [
        "tag:vip",
        "tag:'gift wrap'",
        "tag:VIP status:open",
        "tag:vip AND status:open",
        "tag:nope OR status:open",
        "tag:nope status:nope OR tag:vip",  # AND binds tighter (captured)
        "(tag:nope OR tag:vip) AND (status:open OR status:closed)",
        "-tag:nope",
        "-(tag:nope OR tag:other)",
        "NOT tag:nope",
        "tag_not:nope",
        "id:1001",
        "id:>=1000 id:<=1002",
        "name:1001",  # captured: without the prefix
        "name:#1001",
        "name:'#1001'",
        "test:false",
        "sku:shirt-red-xl",
        "sku:'SHIRT-RED'",  # a phrase within: the caller must compare exactly
        "sku:SHIRT*",
        "total:12.5",
        "total:>12",
        "created_at:>='2026-10-01T12:00:00Z'",
        "created_at:<'2026-10-02T00:00:00Z'",
        "created_at:>=2026-10-01",
        "nora",
        "tag:vip OR",  # a dangling OR is ignored (captured)
        "(tag:vip",  # an unclosed parenthesis is ignored (captured)
        "",
    ],
)
def test_what_is_found(query):
    """Each of these finds the document."""
    assert found(query)


@pytest.mark.parametrize(
    "query",
    [
        "tag:vi",
        "tag:gift",
        "tag:(x",  # captured: finds nothing
        "-tag:vip",
        "tag:vip AND status:closed",
        "tag:vip -status:open",
        "tag_not:vip",
        "id:1002",
        "id:abc",
        "name:100",
        "test:true",
        "sku:'RED-SHIRT'",
        "sku:SHIRT-BLUE",
        "email:nora@example.com",
        "created_at:>='2026-10-01T13:00:00Z'",
        "NOT (tag:vip)",
    ],
)
def test_what_is_not_found(query):
    """None of these finds the document."""
    assert not found(query)


def test_an_unquoted_timestamp_is_cut_at_its_colons():
    """Captured: midnight of the shop's zone, the rest an unknown field with a warning."""
    query = parse("updated_at:>=2026-01-01T00:00:00Z", FIELDS, ZONE)
    warning = {
        "field": "00",
        "message": "Invalid search field for this query.",
        "code": "invalid_field",
    }
    assert query.report(["orders"]) == {
        "path": ["orders"],
        "query": "updated_at:>=2026-01-01T00:00:00Z",
        "parsed": {
            "and": [
                {"field": "updated_at", "range_gte": "2026-01-01T00:00:00-05:00"},
                {"field": "00", "match_all": "00Z"},
            ]
        },
        "warnings": [warning],
    }
    assert found("created_at:>=2026-10-01T23:59:59Z")
    assert not found("created_at:>='2026-10-01T23:59:59Z'")


def test_a_quoted_timestamp_stays_whole():
    """Documented: quoted, it is taken to the second and in its own zone."""
    query = parse("created_at:>='2026-10-01T12:30:00Z'", FIELDS, ZONE)
    assert query.warnings == []
    assert found("created_at:>='2026-10-01T12:30:00Z'")
    assert found("created_at:>='2026-10-01T08:30:00-04:00'")
    assert not found("created_at:>='2026-10-01T12:30:01Z'")


def test_unknown_fields_are_ignored_with_a_warning():
    """Captured: the result gets wider, never empty; also inside OR and behind a minus."""
    query = parse("notafield:x tag:vip", FIELDS, ZONE)
    assert [w["field"] for w in query.warnings] == ["notafield"]
    assert query.report(["draftOrders"])["parsed"] == {
        "and": [
            {"field": "notafield", "match_all": "x"},
            {"field": "tag", "match_all": "vip"},
        ]
    }
    assert found("notafield:x tag:vip")
    assert found("notafield:x")
    assert found("-notafield:x")


@pytest.mark.parametrize("query", ["risk_level:high", "metafields.a.b:1", "created_at:<now"])
def test_what_only_shopify_can_search_is_refused(query):
    """A field that exists at Shopify is never ignored as if it did not."""
    with pytest.raises(NotModelled, match="the sandbox does not model"):
        found(query)


def test_only_ids_are_answered_by_the_database():
    """Captured: id alone reads the database, id with anything else the index."""
    assert parse("id:1", FIELDS, ZONE).by_id_only
    assert not parse("id:1 tag:x", FIELDS, ZONE).by_id_only
    assert not parse("tag:x", FIELDS, ZONE).by_id_only
    assert not parse("", FIELDS, ZONE).by_id_only


@given(st.text(alphabet="abA-1:<>='\"() \\*OR\nü", max_size=40))
def test_no_text_breaks_the_parser(text):
    """Whatever a caller sends is read somehow, as Shopify does."""
    query = parse(text, FIELDS, ZONE)
    matcher(query.used, ZONE)(DOC)
    query.report(["x"])


@given(st.text(min_size=1, max_size=20).filter(lambda s: "\0" not in s))
def test_a_quoted_and_escaped_value_is_found_as_a_whole(value):
    """What the bridge quotes and escapes reaches the comparison unaltered."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"tag:'{escaped}'", FIELDS, ZONE)
    assert query.warnings == []
    wanted = {"tag": frozenset({value})}
    assert matcher(query.used, ZONE)(wanted)


@given(
    st.lists(st.sampled_from(["A-1", "a-1-xl", "B", "1", "B 1", "Z"]), min_size=1, max_size=6),
    st.sampled_from(["A-1", "A-1-XL", "B-1", "Z-B", "", "1-A"]),
)
def test_a_long_or_finds_what_its_parts_find(wanted, sku):
    """Looking phrases up changes nothing but the time."""
    document = {"sku": words(sku)}
    parts = [f"sku:'{one}'" for one in wanted]
    whole = matcher(parse(" OR ".join(parts), FIELDS, ZONE).used, ZONE)(document)
    each = [matcher(parse(part, FIELDS, ZONE).used, ZONE)(document) for part in parts]
    assert whole == any(each)
