"""The captured situations, played on our store with the captured documents: same words, same keys.

Each test brings the store into the state that the recorded one was in, sends the recorded document
with our ids, and compares the replies. Ids, times and cursors are compared by their form.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type

from bridge.sandbox.model import InventoryItem, Metafield, Product
from bridge.schema import load_schema
from tests.sandbox.state.harness import Bench
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

_FORMS = (
    (re.compile(r"gid://shopify/(\w+)/\d+\?inventory_item_id=\d+"), r"gid \1 of item"),
    (re.compile(r"gid://shopify/(\w+)/\d+"), r"gid \1"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "time"),
    (re.compile(r"[0-9a-f]{64}"), "digest"),
)


# Parts of the captured documents about types that our schema leaves out.
_UNKNOWN_TYPES = re.compile(r"\.\.\. on (?:Article|DraftOrder|Customer) \{[^}]*\}")


def captured(name: str) -> dict[str, Any]:
    """One capture, by the name of its file."""
    path = SHARED / "shopify" / "captures" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def form(value: Any) -> Any:
    """A reply with its ids, times and digests replaced by what they are; key order is kept."""
    if isinstance(value, dict):
        return [(key, form(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [form(item) for item in value]
    if isinstance(value, str):
        for pattern, name in _FORMS:
            value = pattern.sub(name, value)
    return value


def with_stock(bench: Bench, available: int) -> InventoryItem:
    """An item that has ``available`` at the first location, and nothing committed."""
    item = bench.store.by_sku("PEG-ALU")[0].inventory_item
    level = next(iter(item.levels.values()))
    level.available, level.committed = available, 0
    return item


def first_location(bench: Bench) -> str:
    """Where the captured calls wrote to."""
    return next(iter(bench.store.locations.values())).id


def set_input(capture: dict[str, Any], item: str, location: str) -> dict[str, Any]:
    """The captured variables with our ids."""
    variables: dict[str, Any] = json.loads(json.dumps(capture["variables"]))
    for row in variables["input"]["quantities"]:
        row["inventoryItemId"], row["locationId"] = item, location
    return variables


def test_set_success(seeded: Bench) -> None:
    """Rows for available and its mirror, each with the delta; quantityAfterChange is null."""
    capture = captured("inventorySetQuantities__success")
    item = with_stock(seeded, 0)
    variables = set_input(capture, item.id, first_location(seeded))
    reply = seeded.run(capture["document"], variables)
    expected = capture["response"]["data"]
    for group in (reply["data"], expected):
        for change in group["inventorySetQuantities"]["inventoryAdjustmentGroup"]["changes"]:
            change["location"]["name"] = "name"
    assert form(reply) == form({"data": expected})
    level = next(iter(item.levels.values()))
    assert (level.available, level.on_hand) == (5, 5)


def test_set_without_change_from(seeded: Bench) -> None:
    """The whole field is refused at the top, and null."""
    capture = captured("inventorySetQuantities__missing_changeFromQuantity")
    item = with_stock(seeded, 0)
    reply = seeded.run(capture["document"], set_input(capture, item.id, first_location(seeded)))
    error = capture["response"]["errors"][0]
    assert reply["data"] == capture["response"]["data"]
    assert reply["errors"] == [{"message": error["message"], "code": error["extensions"]["code"]}]


def test_set_unknown_item(seeded: Bench) -> None:
    """No group, the captured text and code at the captured path."""
    capture = captured("inventorySetQuantities__unknown_item")
    item = capture["variables"]["input"]["quantities"][0]["inventoryItemId"]
    reply = seeded.run(capture["document"], set_input(capture, item, first_location(seeded)))
    assert form(reply) == form({"data": capture["response"]["data"]})


def test_activate_with_on_hand(seeded: Bench) -> None:
    """A new level with the quantities; updatedAt only for available."""
    capture = captured("inventoryActivate__on_hand_success")
    variables = dict(capture["variables"])
    variables["inventoryItemId"] = seeded.store.by_sku("STOVE-MINI")[0].inventory_item.id
    variables["locationId"] = first_location(seeded)
    reply = seeded.run(capture["document"], variables)
    assert form(reply) == form({"data": capture["response"]["data"]})


def test_locations_sorted_by_name(seeded: Bench) -> None:
    """The same keys, active ones only, by name."""
    capture = captured("locations__sorted_by_name")
    reply = seeded.run(capture["document"], capture["variables"])
    rows = reply["data"]["locations"]["nodes"]
    expected = capture["response"]["data"]["locations"]["nodes"]
    assert [list(row) for row in rows] == [list(expected[0])] * 3
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    assert [row["name"] for row in expected] == sorted(row["name"] for row in expected)


def test_metafields_set_is_atomic(seeded: Bench) -> None:
    """One owner that is not there: nothing is written, the captured error is given."""
    capture = captured("metafieldsSet__missing_owner_atomic")
    owner = next(iter(seeded.store.products.values()))
    rows = json.loads(json.dumps(capture["variables"]["metafields"]))
    rows[0]["ownerId"] = owner.id
    reply = seeded.run(capture["document"], {"metafields": rows})
    assert form(reply) == form({"data": capture["response"]["data"]})
    assert not owner.metafields_by_key


def test_metafields_delete_gives_null_in_place(seeded: Bench) -> None:
    """The row that was there by its identifier, the other one null, no error."""
    capture = captured("metafieldsDelete__missing_rows_are_null")
    owner = next(iter(seeded.store.products.values()))
    now = seeded.clock.now
    field = Metafield(
        number_id=1,
        namespace="custom",
        key="material",
        type="single_line_text_field",
        value="Wool",
        owner_id=owner.id,
        created_at=now,
        updated_at=now,
    )
    owner.metafields_by_key["custom", "material"] = field
    seeded.store.keep(field)
    rows = [{**row, "ownerId": owner.id} for row in capture["variables"]["metafields"]]
    reply = seeded.run(capture["document"], {"metafields": rows})
    assert form(reply) == form({"data": capture["response"]["data"]})
    assert not owner.metafields_by_key


@pytest.mark.parametrize(
    "name", ["tagsAdd__order_case_insensitive_dedupe", "tagsRemove__order_case_sensitive"]
)
def test_order_tags(seeded: Bench, name: str) -> None:
    """``red`` is not added beside ``Red``, and does not remove it from an order."""
    capture = captured(name)
    order = seeded.order("plain_paid")
    order.name, order.tags = "#1425", ["Red"]
    document = _UNKNOWN_TYPES.sub("", capture["document"])
    reply = seeded.run(document, {**capture["variables"], "id": order.id})
    assert form(reply) == form({"data": capture["response"]["data"]})


def test_product_tag_is_there_before_the_search_knows(seeded: Bench) -> None:
    """The node shows a new tag at once; the search finds it only after the lag."""
    early, late = captured("tagsAdd__search_lag_immediate"), captured("tagsAdd__search_lag_later")
    product: Product = next(iter(seeded.store.products.values()))
    tag = early["variables"]["query"].removeprefix("tag:")
    product.tags = [t for t in early["response"]["data"]["product"]["tags"] if t != tag]
    variables = {"id": product.id, "query": early["variables"]["query"]}
    adding = "mutation M($id: ID!, $t: [String!]!) { tagsAdd(id: $id, tags: $t) { node { id } } }"
    seeded.run(adding, {"id": product.id, "t": [tag]})
    reply = seeded.run(early["document"], variables)
    assert form(reply) == form({"data": early["response"]["data"]})
    seeded.clock.forward(30)
    reply = seeded.run(late["document"], variables)
    for data in (reply["data"], late["response"]["data"]):
        data["products"]["edges"][0]["cursor"] = "cursor"
        data["products"]["pageInfo"].update(startCursor="cursor", endCursor="cursor")
    assert form(reply) == form({"data": late["response"]["data"]})


def test_unknown_job_is_done(seeded: Bench) -> None:
    """A job that nobody knows says that it is done."""
    capture = captured("job__unknown_id_reports_done")
    text = "query Q($id: ID!) { job(id: $id) { id done query { __typename } } }"
    reply = seeded.run(text, {"id": capture["variables"]["jobId"]})
    assert reply["data"]["job"] == capture["response"]["data"]["job"]


_ORDER_KEYS = re.compile(r"^(gid|time)")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("order_node__partially_refunded", "partly_refunded"),
        ("order_node__cancelled_and_refunded", "cancelled_refunded"),
        ("order_node__edited_tax_reduced", "edited_removed"),
        ("order_node__edited_added_line_second_fulfillment_order", "edited_added"),
        ("order_node__no_shipping_address_email_customer", "no_shipping_address"),
    ],
)
def test_order_fields_have_the_captured_form(seeded: Bench, name: str, kind: str) -> None:
    """What our schema has of a captured order has the same type and format in ours."""
    theirs = captured(name)["response"]["data"]["order"]
    order = seeded.order(kind)
    plain = [
        key
        for key, value in theirs.items()
        if not isinstance(value, (dict, list)) and key in _scalars("Order")
    ]
    money = [key for key, value in theirs.items() if key.endswith("Set") and value]
    bag = "{ shopMoney { amount currencyCode } }"
    text = f"query Q($id: ID!) {{ order(id: $id) {{ {' '.join(plain)} "
    text += " ".join(f"{key} {bag}" for key in money) + " } }"
    ours = seeded.run(text, {"id": order.id})["data"]["order"]
    for key in plain:
        if theirs[key] is not None and ours[key] is not None:
            assert type(ours[key]) is type(theirs[key]), key
            if _ORDER_KEYS.match(str(form(theirs[key]))):
                assert form(ours[key]) == form(theirs[key])
    for key in money:
        amount = ours[key]["shopMoney"]["amount"]
        assert re.fullmatch(r"-?\d+\.(\d|\d*[1-9])", amount), (key, amount)


def _scalars(kind: str) -> set[str]:
    fields = load_schema().type_map[kind].fields
    return {name for name, field in fields.items() if is_leaf_type(get_named_type(field.type))}
