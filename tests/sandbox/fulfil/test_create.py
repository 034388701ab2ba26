"""``fulfillmentCreate``, tracking, cancelling, archiving: states, texts and stock."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.store import Store
from tests.sandbox.fulfil.harness import (
    CANCEL,
    CLOSE,
    CREATE,
    OPEN,
    TRACK,
    UNKNOWN,
    group,
    level,
    message,
    place,
    refused,
    run,
    ship,
    works,
)
from tests.sandbox.state.harness import Bench, Clock

ALBANY, BROOKLYN = "Albany Warehouse", "Brooklyn Store"
MUG, KNIFE, TEE = "MUG-ENM-GRN", "KNIFE-FLD-M", "TEE-TRL-XL-MOSS"


def test_everything_that_remains(seeded: Bench) -> None:
    """Without lines all of it goes; the fulfillment order closes with nothing left."""
    order = place(seeded)
    payload = ship(seeded, group(works(order)[0]))
    made = payload["fulfillment"]
    assert payload["userErrors"] == []
    assert (made["status"], made["displayStatus"]) == ("SUCCESS", "FULFILLED")
    assert made["name"] == f"{order.name}-F1"
    assert [row["quantity"] for row in made["fulfillmentLineItems"]["nodes"]] == [3]
    assert (works(order)[0].status, works(order)[0].remaining) == ("CLOSED", 0)
    assert order.display_fulfillment_status == "FULFILLED"


def test_a_part_and_then_the_rest(seeded: Bench) -> None:
    """A part leaves it IN_PROGRESS; progress does not stop the next package."""
    order = place(seeded)
    work = works(order)[0]
    ship(seeded, group(work, 2))
    assert (work.status, work.remaining, work.lines[0].total_quantity) == ("IN_PROGRESS", 1, 3)
    assert order.display_fulfillment_status == "PARTIALLY_FULFILLED"
    ship(seeded, group(work))
    assert work.status == "CLOSED"
    assert [row.quantity for f in order.fulfillment_list for row in f.line_items] == [2, 1]


def test_stock_leaves_and_available_stays(seeded: Bench) -> None:
    """Committed units go, on hand falls with them, available does not move."""
    before = level(seeded, MUG, ALBANY)
    available, on_hand, committed = before.available, before.on_hand, before.committed
    order = place(seeded)
    assert (before.available, before.committed) == (available - 3, committed + 3)
    ship(seeded, group(works(order)[0], 2))
    assert (before.available, before.committed) == (available - 3, committed + 1)
    assert before.on_hand == on_hand - 2


def test_several_fulfillment_orders_of_one_place(seeded: Bench) -> None:
    """One package, quantities of one line summed."""
    order = place(seeded)
    run(
        seeded,
        """mutation M($id: ID!, $hold: FulfillmentOrderHoldInput!) {
             fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } }
           }""",
        id=works(order)[0].id,
        hold={
            "reason": "OTHER",
            "fulfillmentOrderLineItems": [{"id": works(order)[0].lines[0].id, "quantity": 1}],
        },
    )
    first, second = works(order)
    first.fulfillment_holds.clear()
    first.status = "OPEN"
    made = ship(seeded, group(first), group(second))["fulfillment"]
    assert [row["quantity"] for row in made["fulfillmentLineItems"]["nodes"]] == [3]
    assert [work.status for work in works(order)] == ["CLOSED", "CLOSED"]


def test_a_closed_one_is_refused(seeded: Bench) -> None:
    """In the captured words, with its number."""
    order = place(seeded)
    work = works(order)[0]
    ship(seeded, group(work))
    payload = ship(seeded, group(work))
    assert payload["fulfillment"] is None
    assert payload["userErrors"] == [
        {
            "field": ["fulfillment"],
            "message": f"Fulfillment order {work.number_id} has an unfulfillable status= closed.",
        }
    ]


@pytest.mark.parametrize("kind", ["on_hold", "scheduled"])
def test_what_waits_is_refused(seeded: Bench, kind: str) -> None:
    """Held and scheduled work cannot be shipped."""
    work = works(seeded.order(kind))[0]
    text = f"has an unfulfillable status= {kind}."
    assert message(ship(seeded, group(work))).endswith(text)


def test_quantities(seeded: Bench) -> None:
    """Too many, also when the row is named twice; zero before anything else is looked at."""
    order = place(seeded)
    work = works(order)[0]
    over = "Invalid fulfillment order line item quantity requested."
    assert message(ship(seeded, group(work, 4))) == over
    assert message(ship(seeded, group(work, 2), group(work, 2))) == over
    unknown = {"id": f"gid://shopify/FulfillmentOrderLineItem/{UNKNOWN}", "quantity": 0}
    foreign = {
        "fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{UNKNOWN}",
        "fulfillmentOrderLineItems": [unknown],
    }
    payload = ship(seeded, group(work, 1), foreign)
    assert payload["userErrors"] == [
        {
            "field": [
                "fulfillment",
                "lineItemsByFulfillmentOrder",
                "1",
                "fulfillmentOrderLineItems",
                "0",
                "quantity",
            ],
            "message": "Quantity must be greater than 0",
        }
    ]
    assert work.remaining == 3
    assert seeded.store.journal == []


def test_unknown_order_and_line(seeded: Bench) -> None:
    """Each in its own words; a line of another fulfillment order is unknown here."""
    work = works(place(seeded))[0]
    other = works(place(seeded))[0]
    gone = {"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{UNKNOWN}"}
    assert message(ship(seeded, group(work), gone)) == "Fulfillment order does not exist."
    strange = {
        **group(work),
        "fulfillmentOrderLineItems": [{"id": other.lines[0].id, "quantity": 1}],
    }
    line = "Fulfillment order line item does not exist."
    assert message(ship(seeded, strange)) == line


def test_other_orders_places_and_methods(seeded: Bench) -> None:
    """One order, one location, one delivery method; the numbers are named, lowest first."""
    one, two = place(seeded), place(seeded)
    text = message(ship(seeded, group(works(two)[0]), group(works(one)[0])))
    assert text == (
        "All fulfillment orders must belong to the same order. "
        f"Multiple orders with ids [{one.number_id}, {two.number_id}] were found."
    )
    split = place(seeded, {"sku": TEE, "quantity": 2, "locations": {ALBANY: 1, BROOKLYN: 1}})
    first, second = works(split)
    text = message(ship(seeded, group(second), group(first)))
    places = sorted([first.location.number_id, second.location.number_id])
    assert text == (
        "All fulfillment orders must be assigned to a single location. "
        f"Multiple locations with ids {places} were found."
    )
    mixed = place(seeded, {"sku": MUG}, {"sku": KNIFE, "location": ALBANY, "delivery": "LOCAL"})
    text = message(ship(seeded, *map(group, works(mixed))))
    assert text == (
        "All fulfillment orders must have the same delivery method type. "
        'Multiple delivery method types ["local", "shipping"] were found.'
    )


@pytest.mark.parametrize(
    "identifier", ["gid://shopify/FulfillmentOrder/0", "gid://shopify/Order/1"]
)
def test_id_zero(seeded: Bench, identifier: str) -> None:
    """A top-level error, lower case and without the id."""
    given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": identifier}]}
    reply = seeded.run(CREATE, {"fulfillment": given})
    assert reply["errors"] == [{"message": "invalid id", "code": "RESOURCE_NOT_FOUND"}]
    assert reply["data"] == {"fulfillmentCreate": None}


UPS = "https://www.ups.com/track?tracknum="


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"number": "1Z", "company": "UPS"}, [("1Z", f"{UPS}1Z", "UPS")]),
        ({"number": "1Z", "company": "ups"}, [("1Z", None, "ups")]),
        (
            {"number": "7", "company": "Hermes", "url": "https://e.com/7"},
            [("7", "https://e.com/7", "Hermes")],
        ),
        (
            {"numbers": ["a", "b"], "company": "UPS"},
            [("a", f"{UPS}a", "UPS"), ("b", f"{UPS}b", "UPS")],
        ),
        (
            {"numbers": ["a", "b"], "urls": ["https://e.com/a"], "company": "X"},
            [("a", "https://e.com/a", "X"), ("b", None, "X")],
        ),
        ({"company": "UPS"}, []),
        ({}, []),
    ],
)
def test_tracking(seeded: Bench, given: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    """One entry a number, one company; a link only for carriers spelt as on Shopify's list."""
    payload = ship(seeded, group(works(place(seeded))[0]), tracking=given)
    rows = payload["fulfillment"]["trackingInfo"]
    assert [(row["number"], row["url"], row["company"]) for row in rows] == expected


def test_journal_and_state(seeded: Bench) -> None:
    """Units by line, tracking, place; the state shows the package the same way."""
    order = place(seeded)
    tracking = {"number": "1Z", "company": "UPS"}
    made = ship(seeded, group(works(order)[0], 2), tracking=tracking)["fulfillment"]
    line = order.lines[0].legacy_resource_id
    (entry,) = seeded.store.journal
    rows = [{"number": "1Z", "url": UPS + "1Z", "company": "UPS"}]
    number = made["id"].rsplit("/", 1)[1]
    assert entry == {
        "n": 1,
        "mutation": "fulfillmentCreate",
        "order": order.legacy_resource_id,
        "ids": [number],
        "detail": {
            "lines": {line: 2},
            "tracking": rows,
            "location": works(order)[0].location.legacy_resource_id,
            "fulfillment_orders": [works(order)[0].legacy_resource_id],
            "notify": False,
            "message": None,
        },
    }
    shown = seeded.store.state()["fulfillments"][-1]
    assert (shown["id"], shown["tracking"], shown["lines"]) == (
        number,
        rows,
        [{"line": line, "quantity": 2}],
    )


def test_tracking_is_replaced(seeded: Bench) -> None:
    """The whole list, of a cancelled package too; the same list again leaves no trace."""
    order = place(seeded)
    made = ship(seeded, group(works(order)[0]), tracking={"numbers": ["a", "b"]})["fulfillment"]
    payload = run(seeded, TRACK, id=made["id"], tracking={"number": "c", "company": "FedEx"})
    (row,) = payload["fulfillment"]["trackingInfo"]
    assert (row["number"], row["company"]) == ("c", "FedEx")
    assert row["url"].endswith("c")
    entries = len(seeded.store.journal)
    run(seeded, TRACK, id=made["id"], tracking={"number": "c", "company": "FedEx"})
    assert len(seeded.store.journal) == entries
    run(seeded, CANCEL, id=made["id"])
    payload = run(seeded, TRACK, id=made["id"], tracking={"number": "d"})
    assert payload["fulfillment"]["trackingInfo"][0]["number"] == "d"
    unknown = run(seeded, TRACK, id=f"gid://shopify/Fulfillment/{UNKNOWN}", tracking={})
    assert unknown == {
        "fulfillment": None,
        "userErrors": [{"field": ["fulfillmentId"], "message": "Fulfillment does not exist."}],
    }


def test_tracking_is_dear(seeded: Bench) -> None:
    """50 points, whatever is selected (captured)."""
    text = TRACK.replace("trackingInfo { number url company }", "status")
    request = seeded.engine.read(text, {"id": "gid://shopify/Fulfillment/1", "tracking": {}}, None)
    assert request.cost == 50


def test_cancel_of_a_whole_one(seeded: Bench) -> None:
    """The old one stays CLOSED with its units shown, another takes over; the order opens."""
    order = place(seeded)
    stock = level(seeded, MUG, ALBANY)
    committed, on_hand = stock.committed, stock.on_hand
    made = ship(seeded, group(works(order)[0]))["fulfillment"]
    seeded.clock.forward(1)
    seeded.store.settle()
    assert order.closed
    payload = run(seeded, CANCEL, id=made["id"])
    assert payload["fulfillment"]["status"] == "CANCELLED"
    assert payload["fulfillment"]["displayStatus"] == "CANCELED"
    old, new = works(order)
    assert (old.status, old.remaining, old.lines[0].total_quantity) == ("CLOSED", 3, 3)
    assert (new.status, new.remaining) == ("OPEN", 3)
    assert not order.closed
    assert order.display_fulfillment_status == "UNFULFILLED"
    assert (stock.committed, stock.on_hand) == (committed, on_hand)
    entries = len(seeded.store.journal)
    assert run(seeded, CANCEL, id=made["id"]) == payload
    assert len(seeded.store.journal) == entries
    missing = run(seeded, CANCEL, id=f"gid://shopify/Fulfillment/{UNKNOWN}")
    assert missing["userErrors"] == [{"field": ["id"], "message": "Fulfillment not found."}]


def test_cancel_of_a_part(seeded: Bench) -> None:
    """The same one takes its units back and is OPEN again."""
    order = place(seeded)
    made = ship(seeded, group(works(order)[0], 2))["fulfillment"]
    run(seeded, CANCEL, id=made["id"])
    (work,) = works(order)
    assert (work.status, work.remaining) == ("OPEN", 3)
    assert ship(seeded, group(work))["fulfillment"]["name"] == f"{order.name}-F2"


def test_closes_itself_a_second_later(seeded: Bench) -> None:
    """Paid and shipped: not in the same breath, but a second on; orderOpen keeps it open."""
    order = place(seeded)
    ship(seeded, group(works(order)[0]))
    assert not order.closed
    seeded.clock.forward(1)
    seeded.store.settle()
    assert order.closed_at == seeded.clock()
    run(seeded, OPEN, input={"id": order.id})
    seeded.clock.forward(60)
    seeded.store.settle()
    assert not order.closed


def test_stays_open_while_money_is_missing(seeded: Bench) -> None:
    """Only authorised: open after shipping, closed after the capture."""
    order = place(seeded, payment="authorized")
    ship(seeded, group(works(order)[0]))
    seeded.clock.forward(5)
    seeded.store.settle()
    assert not order.closed
    seeded.store.happen(order.id, "capture")
    seeded.clock.forward(1)
    seeded.store.settle()
    assert order.closed


def test_a_shop_that_does_not_close(seeded: Bench) -> None:
    """The setting off: the order stays open."""
    seeded.store.auto_close = False
    order = place(seeded)
    ship(seeded, group(works(order)[0]))
    seeded.clock.forward(5)
    seeded.store.settle()
    assert not order.closed
    clock = Clock()
    assert (
        Store(clock, seeded=False, index=LaggedIndex(clock), auto_close=False).auto_close is False
    )


def test_close_and_open_again(seeded: Bench) -> None:
    """A repeat changes nothing, not even the times; whatever is left does not matter."""
    order = place(seeded)
    first = run(seeded, CLOSE, input={"id": order.id})
    seeded.clock.forward(10)
    assert run(seeded, CLOSE, input={"id": order.id}) == first
    run(seeded, OPEN, input={"id": order.id})
    assert run(seeded, OPEN, input={"id": order.id})["order"]["closedAt"] is None
    assert [entry["mutation"] for entry in seeded.store.journal] == ["orderClose", "orderOpen"]
    missing = run(seeded, CLOSE, input={"id": f"gid://shopify/Order/{UNKNOWN}"})
    assert missing["userErrors"] == [{"field": ["id"], "message": "Order does not exist"}]


@pytest.mark.parametrize(
    "given",
    [
        {"lineItemsByFulfillmentOrder": []},
        {"originAddress": {"countryCode": "US"}},
        {"trackingInfo": {"number": "a", "numbers": ["b"]}},
    ],
)
def test_what_is_not_modelled_is_refused(seeded: Bench, given: dict[str, Any]) -> None:
    """Clearly, and nothing is shipped."""
    order = place(seeded)
    whole = {"lineItemsByFulfillmentOrder": [group(works(order)[0])], **given}
    error = refused(seeded, CREATE, fulfillment=whole)
    assert error["code"] == "SANDBOX_NOT_MODELLED"
    assert order.fulfillment_list == []
