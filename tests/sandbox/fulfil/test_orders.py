"""Holds, moves, dates: what becomes of fulfillment orders and of the stock behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.fulfil.harness import (
    HOLD,
    MOVE,
    RELEASE,
    START,
    UNKNOWN,
    group,
    level,
    location,
    message,
    place,
    refused,
    run,
    ship,
    works,
)
from tests.sandbox.state.harness import Bench

ALBANY, BROOKLYN, RENO = "Albany Warehouse", "Brooklyn Store", "Reno Overflow"
TEE, KNIFE = "TEE-TRL-XL-MOSS", "KNIFE-FLD-M"


def actions(work: dict[str, Any]) -> list[str]:
    """What may be done with it."""
    return [row["action"] for row in work["supportedActions"]]


def units(work: dict[str, Any]) -> list[int]:
    """Remaining units of its rows."""
    return [row["remainingQuantity"] for row in work["lineItems"]["nodes"]]


def test_hold_of_all(seeded: Bench) -> None:
    """It is held by this app, nothing remains; the order shows it, its updatedAt does not."""
    order = place(seeded)
    updated = order.updated_at
    seeded.clock.forward(3)
    payload = run(seeded, HOLD, id=works(order)[0].id, hold={"reason": "OTHER"})
    assert payload["remainingFulfillmentOrder"] is None
    assert payload["fulfillmentOrder"]["status"] == "ON_HOLD"
    assert payload["fulfillmentHold"]["heldByRequestingApp"] is True
    assert actions(payload["fulfillmentOrder"]) == ["RELEASE_HOLD", "HOLD", "MOVE"]
    assert order.display_fulfillment_status == "ON_HOLD"
    assert order.lines[0].fulfillable_quantity == 0
    assert order.updated_at == updated


def test_hold_of_a_part_and_release(seeded: Bench) -> None:
    """The held part keeps the id; release brings it all back and closes the other with 0/0."""
    order = place(seeded)
    work = works(order)[0]
    rows = [{"id": work.lines[0].id, "quantity": 1}]
    hold = {"reason": "OTHER", "fulfillmentOrderLineItems": rows}
    payload = run(seeded, HOLD, id=work.id, hold=hold)
    held, rest = payload["fulfillmentOrder"], payload["remainingFulfillmentOrder"]
    assert (held["id"], units(held), rest["status"], units(rest)) == (work.id, [1], "OPEN", [2])
    assert held["lineItems"]["nodes"][0]["id"] == rows[0]["id"]
    assert actions(rest) == ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT"]
    assert order.display_fulfillment_status == "UNFULFILLED"
    assert order.lines[0].fulfillable_quantity == 2
    released = run(seeded, RELEASE, id=work.id)["fulfillmentOrder"]
    assert (released["status"], units(released)) == ("OPEN", [3])
    old, other = works(order)
    assert (old.status, other.status) == ("OPEN", "CLOSED")
    assert (other.lines[0].total_quantity, other.lines[0].remaining_quantity) == (0, 0)


def test_hold_over_several_lines(seeded: Bench) -> None:
    """A line held whole leaves nothing in the other one; one not named goes there whole."""
    order = place(seeded, {"sku": TEE, "quantity": 2}, {"sku": TEE, "quantity": 3}, {"sku": TEE})
    work = works(order)[0]
    rows = [{"id": row.id, "quantity": n} for row, n in zip(work.lines, (2, 1), strict=False)]
    hold = {"reason": "OTHER", "fulfillmentOrderLineItems": rows}
    payload = run(seeded, HOLD, id=work.id, hold=hold)
    assert units(payload["fulfillmentOrder"]) == [2, 1]
    assert units(payload["remainingFulfillmentOrder"]) == [2, 1]
    run(seeded, RELEASE, id=work.id)
    assert sorted(row.remaining_quantity for row in work.lines) == [1, 2, 3]


def test_what_was_shipped_meanwhile_stays_apart(seeded: Bench) -> None:
    """A part that is begun does not merge back."""
    order = place(seeded)
    work = works(order)[0]
    rows = [{"id": work.lines[0].id, "quantity": 1}]
    run(seeded, HOLD, id=work.id, hold={"reason": "OTHER", "fulfillmentOrderLineItems": rows})
    ship(seeded, group(works(order)[1], 1))
    run(seeded, RELEASE, id=work.id)
    assert [(row.status, row.remaining) for row in works(order)] == [
        ("OPEN", 1),
        ("IN_PROGRESS", 1),
    ]


def test_two_holds(seeded: Bench) -> None:
    """One released leaves it held; a hold of somebody else is not of this app."""
    work = works(seeded.order("on_hold"))[0]
    (theirs,) = work.fulfillment_holds
    assert theirs.held_by_requesting_app is False
    made = run(seeded, HOLD, id=work.id, hold={"reason": "OTHER"})["fulfillmentHold"]
    left = run(seeded, RELEASE, id=work.id, holds=[made["id"]])["fulfillmentOrder"]
    assert left["status"] == "ON_HOLD"
    assert [row["id"] for row in left["fulfillmentHolds"]] == [theirs.id]
    assert run(seeded, RELEASE, id=work.id)["fulfillmentOrder"]["status"] == "OPEN"


def hold_errors(bench: Bench, work: str, hold: dict[str, Any]) -> list[dict[str, Any]]:
    """The user errors of a hold that must fail with null payloads."""
    payload = run(bench, HOLD, id=work, hold={"reason": "OTHER", **hold})
    assert [payload[key] for key in list(payload)[:3]] == [None, None, None]
    found: list[dict[str, Any]] = payload["userErrors"]
    return found


def test_hold_errors(seeded: Bench) -> None:
    """Field, text and code, as captured."""
    work = works(place(seeded))[0]
    row = work.lines[0].id
    lines = ["fulfillmentHold", "fulfillmentOrderLineItems"]
    assert hold_errors(
        seeded, work.id, {"fulfillmentOrderLineItems": [{"id": row, "quantity": 0}]}
    ) == [
        {
            "field": [*lines, "0", "quantity"],
            "message": "You must select at least one item to place on partial hold.",
            "code": "GREATER_THAN_ZERO",
        }
    ]
    twice = [{"id": row, "quantity": 1}, {"id": row, "quantity": 1}]
    assert hold_errors(seeded, work.id, {"fulfillmentOrderLineItems": twice}) == [
        {
            "field": lines,
            "message": "must contain unique line item ids",
            "code": "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS",
        }
    ]
    run(seeded, HOLD, id=work.id, hold={"reason": "OTHER", "handle": "h0"})
    part = {"handle": "h1", "fulfillmentOrderLineItems": [{"id": row, "quantity": 1}]}
    (error,) = hold_errors(seeded, work.id, part)
    assert error["code"] == "FULFILLMENT_ORDER_NOT_SPLITTABLE"
    assert error["message"] == "The fulfillment order is not in a splittable state."
    (error,) = hold_errors(seeded, work.id, {"handle": "h0"})
    assert error["code"] == "DUPLICATE_FULFILLMENT_HOLD_HANDLE"
    for n in range(1, 10):
        run(seeded, HOLD, id=work.id, hold={"reason": "OTHER", "handle": f"h{n}"})
    (error,) = hold_errors(seeded, work.id, {"handle": "h10"})
    assert (error["field"], error["code"]) == (["id"], "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    unknown = f"gid://shopify/FulfillmentOrder/{UNKNOWN}"
    assert hold_errors(seeded, unknown, {})[0]["code"] == "FULFILLMENT_ORDER_NOT_FOUND"
    released = run(seeded, RELEASE, id=unknown)["userErrors"][0]
    assert released["code"] == "FULFILLMENT_ORDER_NOT_FOUND"


def test_id_zero(seeded: Bench) -> None:
    """Unlike fulfillmentCreate's: capital letter, with the id."""
    error = refused(seeded, START, id="gid://shopify/FulfillmentOrder/0")
    assert error == {
        "message": "Invalid id: gid://shopify/FulfillmentOrder/0",
        "code": "RESOURCE_NOT_FOUND",
    }


def test_move_of_all(seeded: Bench) -> None:
    """It keeps its id, nothing remains, and the stock is committed at the new place."""
    order = place(seeded, {"sku": TEE, "quantity": 3})
    work = works(order)[0]
    old, new = level(seeded, TEE, ALBANY), level(seeded, TEE, BROOKLYN)
    before = (old.available, old.committed, new.available, new.committed)
    payload = run(seeded, MOVE, id=work.id, to=location(seeded, BROOKLYN))
    assert payload["movedFulfillmentOrder"] == payload["originalFulfillmentOrder"]
    assert payload["movedFulfillmentOrder"]["id"] == work.id
    assert payload["remainingFulfillmentOrder"] is None
    assert (old.available, old.committed, new.available, new.committed) == (
        before[0] + 3,
        before[1] - 3,
        before[2] - 3,
        before[3] + 3,
    )
    ship(seeded, group(work))
    assert new.committed == before[3]
    assert old.committed == before[1] - 3


def test_move_of_a_part(seeded: Bench) -> None:
    """The moved one is new; original and remaining are the old one."""
    order = place(seeded, {"sku": TEE, "quantity": 3})
    work = works(order)[0]
    rows = [{"id": work.lines[0].id, "quantity": 1}]
    payload = run(seeded, MOVE, id=work.id, to=location(seeded, BROOKLYN), lines=rows)
    moved, left = payload["movedFulfillmentOrder"], payload["remainingFulfillmentOrder"]
    assert payload["originalFulfillmentOrder"] == left
    assert (left["id"], units(left), units(moved)) == (work.id, [2], [1])
    assert moved["id"] != work.id
    assert moved["assignedLocation"]["location"]["id"] == location(seeded, BROOKLYN)
    assert actions(moved) == ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD"]


def test_move_of_what_is_left_of_a_package(seeded: Bench) -> None:
    """What is shipped stays at the old place; the rest becomes a new one."""
    order = place(seeded, {"sku": TEE, "quantity": 3})
    work = works(order)[0]
    ship(seeded, group(work, 2))
    payload = run(seeded, MOVE, id=work.id, to=location(seeded, BROOKLYN))
    old, new = works(order)
    assert payload["movedFulfillmentOrder"]["id"] == new.id
    assert (old.status, old.lines[0].total_quantity, new.remaining) == ("CLOSED", 2, 1)


def test_move_errors(seeded: Bench) -> None:
    """Unknown place, reported progress, closed: captured words, fields and codes."""
    order = place(seeded)
    work = works(order)[0]
    to = location(seeded, BROOKLYN)
    missing = run(seeded, MOVE, id=work.id, to=f"gid://shopify/Location/{UNKNOWN}")
    assert missing["userErrors"] == [
        {"field": ["id"], "message": "Location not found.", "code": None}
    ]
    seeded.store.happen(order.id, "progress")
    (error,) = run(seeded, MOVE, id=work.id, to=to)["userErrors"]
    assert error["code"] == "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS"
    assert run(seeded, START, id=work.id)["fulfillmentOrder"]["status"] == "OPEN"
    ship(seeded, group(work))
    closed = run(seeded, MOVE, id=work.id, to=to)
    assert closed["userErrors"] == [
        {"field": None, "message": "Cannot change location.", "code": None}
    ]


def test_moves_that_are_not_modelled(seeded: Bench) -> None:
    """Refused clearly: to the same place, to one without the item, more than there is."""
    order = place(seeded, {"sku": "AXE-HAND", "quantity": 2, "location": ALBANY})
    work = works(order)[0]
    for variables in (
        {"to": location(seeded, ALBANY)},
        {"to": location(seeded, BROOKLYN)},
        {"to": location(seeded, RENO), "lines": [{"id": work.lines[0].id, "quantity": 3}]},
    ):
        error = refused(seeded, MOVE, id=work.id, **variables)
        assert error["code"] == "SANDBOX_NOT_MODELLED"
    assert work.location.name == ALBANY


def test_scheduled_is_opened(seeded: Bench) -> None:
    """By hand or when its day comes; afterwards it can be shipped."""
    work = works(seeded.order("scheduled"))[0]
    payload = run(seeded, START, id=work.id)
    assert payload["fulfillmentOrder"]["status"] == "OPEN"
    assert ship(seeded, group(work))["userErrors"] == []
    other = works(place(seeded, {"sku": TEE}, scheduled=3))[0]
    assert other.status == "SCHEDULED"
    seeded.clock.now += timedelta(days=3)
    seeded.store.settle()
    assert other.status == "OPEN"


@pytest.mark.parametrize("status", ["open", "closed", "on_hold"])
def test_nothing_else_is_opened(seeded: Bench, status: str) -> None:
    """The captured sentence with the status in it, without a field."""
    work = works(place(seeded))[0]
    work.status = status.upper()
    payload = run(seeded, START, id=work.id)
    text = f"Expected fulfillment order status to be valid but it was {status}."
    assert payload["userErrors"] == [{"field": None, "message": text}]
    assert payload["fulfillmentOrder"] is None


def test_lines_over_places_methods_holds_and_dates(seeded: Bench) -> None:
    """Each combination is a fulfillment order of its own; stock is committed where it is sent."""
    stock = level(seeded, TEE, BROOKLYN)
    committed = stock.committed
    order = place(
        seeded,
        {"sku": TEE, "quantity": 3, "locations": {ALBANY: 1, BROOKLYN: 2}},
        {"sku": KNIFE, "location": ALBANY, "delivery": "PICK_UP"},
        {"sku": KNIFE, "location": ALBANY, "hold": "INCORRECT_ADDRESS"},
        {"sku": KNIFE, "location": ALBANY, "scheduled": 5},
    )
    shown = [(w.location.name, w.method_type, w.status, w.remaining) for w in works(order)]
    assert shown == [
        (ALBANY, "SHIPPING", "OPEN", 1),
        (BROOKLYN, "SHIPPING", "OPEN", 2),
        (ALBANY, "PICK_UP", "OPEN", 1),
        (ALBANY, "SHIPPING", "ON_HOLD", 1),
        (ALBANY, "SHIPPING", "SCHEDULED", 1),
    ]
    assert stock.committed == committed + 2
    seeded.store.happen(order.id, "refund", {"lines": [(0, 3, "CANCEL")]})
    assert stock.committed == committed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"locations": {ALBANY: 1}}, "must add up to 2"),
        ({"locations": {"Nowhere": 2}}, "there is none of that name"),
        ({"locations": {ALBANY: 2}, "location": ALBANY}, "not both"),
        ({"delivery": "DRONE"}, "known are SHIPPING"),
        ({"hold": "MOOD"}, "known are AWAITING_PAYMENT"),
        ({"scheduled": 0}, "1 or more days"),
        ({"sku": "STOVE-MINI", "location": ALBANY}, "STOVE-MINI is not stocked at Albany"),
    ],
)
def test_a_wrong_routing_is_refused(seeded: Bench, line: dict[str, Any], words: str) -> None:
    """With a sentence; no order is placed."""
    before = len(seeded.store.orders)
    with pytest.raises(ValueError, match=words):
        seeded.store.place_order({"lines": [{"sku": TEE, "quantity": 2, **line}]})
    assert len(seeded.store.orders) == before


def test_message_helper_needs_one_error(seeded: Bench) -> None:
    """A closed fulfillment order is told once, however many are wrong."""
    work = works(place(seeded))[0]
    ship(seeded, group(work))
    assert "closed" in message(ship(seeded, group(work), group(work)))
