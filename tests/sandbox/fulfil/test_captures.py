"""The recorded situations of fulfilment, played with the recorded documents: same words and keys.

What our schema leaves out of a recorded selection is taken out of both; ids, times, names and
tracking numbers are compared by their form.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from bridge.sandbox.model_fulfillment import FulfillmentOrder
from bridge.sandbox.model_orders import Order
from tests.sandbox.fulfil.harness import CANCEL, CREATE, TRACK, group, location, place, run, works
from tests.sandbox.state.harness import Bench
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

TEE = "TEE-TRL-XL-MOSS"
ALBANY, BROOKLYN = "Albany Warehouse", "Brooklyn Store"
# Fields that our schema does not have, as they stand in the recorded documents.
_ABSENT = re.compile(
    r"\bheldByApp \{[^}]*\}|\b(?:fulfillBy|handle|displayReason|fulfillableQuantity)\b"
)
_ABSENT_KEYS = {"heldByApp", "fulfillBy", "handle", "displayReason", "fulfillableQuantity"}
_ANY = {"title", "name", "email", "note", "tags", "number", "url", "company", "reasonNotes"}


def captured(name: str) -> dict[str, Any]:
    """One capture; its document without what our schema leaves out."""
    path = SHARED / "shopify" / "captures" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["document"] = _ABSENT.sub("", re.sub(r"\s+", " ", content["document"]))
    return content


def form(value: Any, key: str = "") -> Any:
    """A reply with what differs from store to store replaced; the order of keys is kept."""
    if isinstance(value, dict):
        return [(k, form(v, k)) for k, v in value.items() if k not in _ABSENT_KEYS]
    if isinstance(value, list):
        return "list" if key == "tags" else [form(item, key) for item in value]
    if isinstance(value, str) and key in _ANY:
        return key
    if isinstance(value, str):
        value = re.sub(r"gid://shopify/(\w+)/\d+", r"gid \1", value)
        value = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "time", value)
        value = re.sub(r"\d{6,}", "number", value)
    return value


def replay(bench: Bench, capture: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """Send the recorded document; the reply, after comparing it with the recorded one."""
    reply = bench.run(capture["document"], variables)
    recorded = capture["response"]
    assert form(reply.get("data")) == form(recorded["data"])
    assert [error["message"] for error in reply.get("errors", ())] == [
        error["message"]
        for error in recorded.get("errors", ())
        if not _ABSENT_KEYS & set(map(str, error["path"]))
    ]
    return reply


def with_group(capture: dict[str, Any], *groups: dict[str, Any]) -> dict[str, Any]:
    """The recorded variables over our fulfillment orders."""
    variables: dict[str, Any] = copy.deepcopy(capture["variables"])
    variables["fulfillment"]["lineItemsByFulfillmentOrder"] = list(groups)
    return variables


def one(bench: Bench, quantity: int = 1) -> tuple[Order, FulfillmentOrder]:
    """A paid order with one fulfillment order."""
    order = place(bench, {"sku": TEE, "quantity": quantity}, note="As recorded")
    return order, works(order)[0]


def test_create_success(seeded: Bench) -> None:
    """fulfillmentCreate__success_full: own URL and a company that is on no list."""
    capture = captured("fulfillmentCreate__success_full")
    _, work = one(seeded)
    reply = replay(seeded, capture, with_group(capture, group(work)))
    given = capture["variables"]["fulfillment"]["trackingInfo"]
    made = reply["data"]["fulfillmentCreate"]["fulfillment"]
    assert made["trackingInfo"] == [
        {"number": given["number"], "url": given["url"], "company": given["company"]}
    ]


def test_create_on_a_closed_one(seeded: Bench) -> None:
    """fulfillmentCreate__closed_fulfillment_order: the order was cancelled."""
    capture = captured("fulfillmentCreate__closed_fulfillment_order")
    order, work = one(seeded)
    seeded.store.happen(order.id, "cancel")
    replay(seeded, capture, with_group(capture, group(work)))


def test_create_with_id_zero(seeded: Bench) -> None:
    """fulfillmentCreate__gid_zero_invalid_id."""
    capture = captured("fulfillmentCreate__gid_zero_invalid_id")
    reply = replay(seeded, capture, capture["variables"])
    assert reply["errors"][0]["code"] == "RESOURCE_NOT_FOUND"


def test_create_over_two_places(seeded: Bench) -> None:
    """fulfillmentCreate__two_locations_rejected."""
    capture = captured("fulfillmentCreate__two_locations_rejected")
    line = {"sku": TEE, "quantity": 2, "locations": {ALBANY: 1, BROOKLYN: 1}}
    first, second = works(place(seeded, line))
    replay(seeded, capture, with_group(capture, group(second, 1), group(first, 1)))


def test_cancel_story(seeded: Bench) -> None:
    """fulfillmentCancel__auto_archived_before and …order_reopened_replacement_fo."""
    order, work = one(seeded)
    tracking = {"number": "A-1", "url": "https://example.com/track/A-1", "company": "Hermes"}
    given = {"lineItemsByFulfillmentOrder": [group(work)], "trackingInfo": {"number": "A"}}
    made = run(seeded, CREATE, fulfillment=given)["fulfillment"]
    run(seeded, TRACK, id=made["id"], tracking=tracking)
    seeded.clock.forward(1)
    before = captured("fulfillmentCancel__auto_archived_before")
    replay(seeded, before, {"id": order.id})
    run(seeded, CANCEL, id=made["id"])
    after = captured("fulfillmentCancel__order_reopened_replacement_fo")
    replay(seeded, after, {"id": order.id})


def test_several_tracking_numbers(seeded: Bench) -> None:
    """fulfillmentTrackingInfoUpdate__multi_numbers_read_after."""
    order, work = one(seeded)
    given = {"lineItemsByFulfillmentOrder": [group(work)]}
    made = run(seeded, CREATE, fulfillment=given)["fulfillment"]
    urls = ["https://example.com/1", "https://example.com/2"]
    rows = {"numbers": ["M-1", "M-2"], "urls": urls, "company": "DHL"}
    run(seeded, TRACK, id=made["id"], tracking=rows)
    capture = captured("fulfillmentTrackingInfoUpdate__multi_numbers_read_after")
    reply = replay(seeded, capture, {"id": order.id})
    shown = reply["data"]["order"]["fulfillments"][0]["trackingInfo"]
    assert [(row["number"], row["url"], row["company"]) for row in shown] == [
        ("M-1", urls[0], "DHL"),
        ("M-2", urls[1], "DHL"),
    ]


def test_hold_story(seeded: Bench) -> None:
    """fulfillmentOrderHold__partial_splits, then …ReleaseHold__merges_back."""
    order, work = one(seeded, 2)
    capture = captured("fulfillmentOrderHold__partial_splits")
    variables = copy.deepcopy(capture["variables"])
    variables["id"] = work.id
    variables["fulfillmentHold"]["fulfillmentOrderLineItems"][0]["id"] = work.lines[0].id
    replay(seeded, capture, variables)
    text = "mutation M($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { userErrors { code } } }"
    run(seeded, text, id=work.id)
    replay(seeded, captured("fulfillmentOrderReleaseHold__merges_back"), {"id": order.id})


def test_partial_move(seeded: Bench) -> None:
    """fulfillmentOrderMove__partial."""
    _, work = one(seeded, 2)
    capture = captured("fulfillmentOrderMove__partial")
    variables = copy.deepcopy(capture["variables"])
    variables["id"], variables["newLocationId"] = work.id, location(seeded, BROOKLYN)
    variables["fulfillmentOrderLineItems"][0]["id"] = work.lines[0].id
    replay(seeded, capture, variables)


def test_a_long_story(seeded: Bench) -> None:
    """order_node__partially_fulfilled_with_cancelled_fulfillments: four packages, two lines."""
    capture = captured("order_node__partially_fulfilled_with_cancelled_fulfillments")
    order = place(
        seeded,
        {"sku": TEE, "quantity": 1},
        {
            "title": "Custom installation service",
            "price": "10",
            "quantity": 2,
            "location": BROOKLYN,
        },
    )
    first, second = works(order)
    tracking = {"number": "H", "url": "https://example.com/track/H", "company": "Hermes"}

    def ship(work: FulfillmentOrder, *units: int) -> str:
        given = {"lineItemsByFulfillmentOrder": [group(work, *units)], "trackingInfo": tracking}
        return str(run(seeded, CREATE, fulfillment=given)["fulfillment"]["id"])

    for work, units in ((first, 1), (second, 1)):
        run(seeded, CANCEL, id=ship(work, units))
    ship(second, 1)
    replay(seeded, capture, {**capture["variables"], "id": order.id})
