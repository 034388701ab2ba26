"""Tags and metafields beyond the captures that lie in ``shared``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.state.harness import Bench

TAGS_ADD = """
mutation M($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) {
    node { id ... on Order { tags updatedAt } ... on Product { tags } }
    userErrors { field message }
  }
}
"""
SET = """
mutation M($rows: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $rows) {
    metafields { id namespace key type value compareDigest }
    userErrors { field message code elementIndex }
  }
}
"""


def add(bench: Bench, owner: str, *tags: str) -> dict[str, Any]:
    """Add tags; the payload."""
    payload: dict[str, Any] = bench.run(TAGS_ADD, {"id": owner, "tags": list(tags)})["data"][
        "tagsAdd"
    ]
    return payload


def test_tags_are_split_trimmed_and_sorted(seeded: Bench) -> None:
    """Commas split, blanks go, the order ignores case (captured)."""
    order = seeded.order("gift_with_notes")
    payload = add(seeded, order.id, " zebra ,Apple", "", "GIFT")
    assert payload["node"]["tags"] == ["Apple", "gift", "VIP", "zebra"]


def test_a_tag_moves_updated_at_and_is_journalled_once(seeded: Bench) -> None:
    """The first call counts; a repeat changes nothing, not even updatedAt."""
    order = seeded.order("plain_paid")
    seeded.clock.forward(5)
    first = add(seeded, order.id, "retailops-acked")
    assert first["node"]["updatedAt"] == "2026-11-23T08:00:05Z"
    seeded.clock.forward(5)
    assert add(seeded, order.id, "Retailops-Acked") == first
    assert seeded.store.journal == [
        {
            "n": 1,
            "mutation": "tagsAdd",
            "order": order.legacy_resource_id,
            "ids": [order.legacy_resource_id],
            "detail": {"tags": ["retailops-acked"]},
        }
    ]


def test_tags_of_an_unknown_order(seeded: Bench) -> None:
    """No node, and an error in the words of the captured ones for products."""
    assert add(seeded, "gid://shopify/Order/1", "x") == {
        "node": None,
        "userErrors": [{"field": ["id"], "message": "Order does not exist"}],
    }


def test_product_tags_are_removed_in_any_case(seeded: Bench) -> None:
    """Unlike an order's (captured)."""
    product = next(iter(seeded.store.products.values()))
    add(seeded, product.id, "Red")
    text = TAGS_ADD.replace("tagsAdd", "tagsRemove")
    reply = seeded.run(text, {"id": product.id, "tags": ["red"]})["data"]["tagsRemove"]
    assert reply["node"]["tags"] == []


def write(bench: Bench, *rows: dict[str, Any]) -> dict[str, Any]:
    """Set metafields; the payload."""
    payload: dict[str, Any] = bench.run(SET, {"rows": list(rows)})["data"]["metafieldsSet"]
    return payload


def field(owner: str, value: str = "4711", **changes: Any) -> dict[str, Any]:
    """One row."""
    made = {"namespace": "retailops", "key": "order_id", "type": "single_line_text_field"}
    return {"ownerId": owner, "value": value, **made, **changes}


def test_metafield_is_read_with_the_order(seeded: Bench) -> None:
    """What was set is there at once, beside any index; updatedAt of the order stays (assumed)."""
    order = seeded.order("plain_paid")
    before = order.updated_at
    assert write(seeded, field(order.id))["userErrors"] == []
    text = """query Q($id: ID!) { order(id: $id) {
      metafield(namespace: "retailops", key: "order_id") { value type }
      other: metafield(namespace: "retailops", key: "other") { value }
    } }"""
    found = seeded.run(text, {"id": order.id})["data"]["order"]
    assert found["metafield"] == {"value": "4711", "type": "single_line_text_field"}
    assert found["other"] is None
    assert order.updated_at == before
    entry = seeded.store.journal[-1]
    assert (entry["mutation"], entry["order"]) == ("metafieldsSet", order.legacy_resource_id)


def test_repeat_is_no_effect(seeded: Bench) -> None:
    """The same value again is answered and leaves no trace in the journal."""
    order = seeded.order("plain_paid")
    first = write(seeded, field(order.id))
    assert write(seeded, field(order.id)) == first
    assert len(seeded.store.journal) == 1


def test_twenty_six_rows_are_refused(seeded: Bench) -> None:
    """Captured: metafields null and one error; nothing is written. Twenty-five are written."""
    order = seeded.order("plain_paid")
    rows = [field(order.id, key=f"k{n:02d}") for n in range(26)]
    assert write(seeded, *rows) == {
        "metafields": None,
        "userErrors": [
            {
                "field": ["metafields"],
                "message": "Exceeded the maximum metafields input limit of 25.",
                "code": "LESS_THAN_OR_EQUAL_TO",
                "elementIndex": None,
            }
        ],
    }
    assert not order.metafields_by_key
    assert len(write(seeded, *rows[:25])["metafields"]) == 25


def test_same_key_twice(seeded: Bench) -> None:
    """Both rows come back, the last one wins (captured)."""
    order = seeded.order("plain_paid")
    payload = write(seeded, field(order.id, "1"), field(order.id, "2"))
    assert len(payload["metafields"]) == 2
    assert order.metafields_by_key["retailops", "order_id"].value == "2"


@pytest.mark.parametrize(
    ("changes", "at", "message", "code"),
    [
        (
            {"namespace": "ab"},
            "namespace",
            "Namespace is too short (minimum is 3 characters)",
            "TOO_SHORT",
        ),
        (
            {"namespace": "n" * 256},
            "namespace",
            "Namespace is too long (maximum is 255 characters)",
            "TOO_LONG",
        ),
        ({"key": "x"}, "key", "Key is too short (minimum is 2 characters)", "TOO_SHORT"),
        ({"key": "k" * 65}, "key", "Key is too long (maximum is 64 characters)", "TOO_LONG"),
        (
            {"namespace": "protected"},
            "namespace",
            "Namespace protected is a reserved namespace",
            None,
        ),
        ({"type": None}, "type", "Type can't be blank", "BLANK"),
        (
            {"type": "number_integer", "value": "not a number"},
            "value",
            "Value must be an integer.",
            "INVALID_VALUE",
        ),
        (
            {"type": "boolean", "value": "yes"},
            "value",
            "Value must be true or false.",
            "INVALID_VALUE",
        ),
        (
            {"type": "date_time", "value": "tomorrow"},
            "value",
            "Value must be in “YYYY-MM-DDTHH:MM:SS” format. For example: 2022-06-01T15:30:00",
            "INVALID_VALUE",
        ),
        (
            {"type": "number_decimal", "value": "NaN"},
            "value",
            "Value must be a decimal.",
            "INVALID_VALUE",
        ),
        ({"type": "json", "value": "{nope"}, "value", "Value is invalid JSON.", "INVALID_VALUE"),
        ({"value": ""}, "value", "Value can't be blank.", "BLANK"),
        (
            {"type": "temper"},
            "type",
            "Type temper is not modelled by the embedded store",
            "INVALID_TYPE",
        ),
    ],
)
def test_bad_rows(
    seeded: Bench, changes: dict[str, Any], at: str, message: str, code: str | None
) -> None:
    """The captured words and codes; the good row beside the bad one is not written."""
    order = seeded.order("plain_paid")
    payload = write(seeded, field(order.id, key="good"), field(order.id, **changes))
    assert payload["metafields"] == []
    assert payload["userErrors"] == [
        {"field": ["metafields", "1", at], "message": message, "code": code, "elementIndex": None}
    ]
    assert not order.metafields_by_key


def test_digest(seeded: Bench) -> None:
    """CompareDigest guards against a change in between (captured codes and texts)."""
    order = seeded.order("plain_paid")
    assert write(seeded, field(order.id, "1", compareDigest="0" * 64))["userErrors"][0]["code"] == (
        "INVALID_COMPARE_DIGEST"
    )
    digest = write(seeded, field(order.id, "1"))["metafields"][0]["compareDigest"]
    assert len(digest) == 64
    assert write(seeded, field(order.id, "2", compareDigest=digest))["userErrors"] == []
    stale = write(seeded, field(order.id, "3", compareDigest=digest))["userErrors"][0]
    assert (stale["code"], stale["field"]) == ("STALE_OBJECT", ["metafields", "0"])
    assert order.metafields_by_key["retailops", "order_id"].value == "2"
