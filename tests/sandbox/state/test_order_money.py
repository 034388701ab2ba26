"""Orders placed with the figures of the recorded ones must show the recorded sums.

Our shop counts in US dollars and the recorded one in Canadian, so the customer's amounts are
compared; with the rate 1 the shop's are the same figures.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bridge.sandbox.money import Bag, amount_text
from bridge.sandbox.placing import place
from tests.sandbox.state.harness import Bench
from tests.shared import SHARED, needs_shared

pytestmark = needs_shared

CAD: dict[str, Any] = {"currency": "CAD", "rate": 1, "shipping": None}


def recorded(name: str) -> dict[str, Any]:
    """The order in a capture, whatever operation brought it."""
    path = SHARED / "shopify" / "captures" / f"{name}.json"
    data = json.loads(path.read_text(encoding="utf-8"))["response"]["data"]
    found: dict[str, Any] = data.get("order") or next(iter(data.values()))["order"]
    return found


def custom(price: str, quantity: int = 1, **more: object) -> dict[str, object]:
    """A line by title, as the recorded orders have."""
    return {"title": "Line", "price": price, "quantity": quantity, **more}


PLACED: dict[str, tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
    "order_node__paid_tax_and_shipping_line": (
        {
            "lines": [custom("12.00", 2)],
            "tax_rate": "0.1",
            "shipping": {"title": "Math Ground", "price": "5.00", "taxed": True},
        },
        [],
    ),
    "order_node__authorized_capturable": (
        {"lines": [custom("18.00")], "payment": "authorized"},
        [],
    ),
    "order_node__unpaid_no_transactions_null_financial_status": (
        {"lines": [custom("10.00", 2)], "payment": "none"},
        [],
    ),
    "order_node__edited_tax_reduced": (
        {"lines": [custom("100.00", 2)], "tax_rate": "0.13"},
        [("reduce", {"position": 0, "units": 1})],
    ),
    "order_node__partially_refunded": (
        {"lines": [custom("10.00", 2)], "shipping": {"title": "Post", "price": "5.00"}},
        [("refund", {"lines": [(0, 1, "RETURN")], "shipping": True})],
    ),
    "order_node__cancelled_and_refunded": (
        {"lines": [custom("10.00", 2)]},
        [("cancel", {"reason": "OTHER"})],
    ),
    "orderEditCommit__paid_becomes_partially_paid": (
        {
            "lines": [custom("10.00"), custom("5.00")],
            "payment": [{"gateway": "manual", "amount": "10.00"}],
        },
        [],
    ),
    "orderCapture__read_after": (
        {"lines": [custom("25.00")], "payment": "authorized"},
        [("capture", {})],
    ),
}


@pytest.mark.parametrize("name", PLACED)
def test_sums_and_statuses_as_recorded(seeded: Bench, name: str) -> None:
    """Every sum and status that the recorded order shows, ours shows too."""
    theirs = recorded(name)
    spec, then = PLACED[name]
    answer = seeded.store.place_order({**CAD, **spec})
    seeded.clock.forward(2)
    for action, given in then:
        seeded.store.happen(answer["id"], action, given)
    order = seeded.store.orders[int(answer["id"])]
    compared = 0
    for key, value in theirs.items():
        mine = getattr(order, re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(), None)
        if isinstance(mine, Bag):
            money = value.get("presentmentMoney") or value["shopMoney"]
            assert amount_text(mine.presentment) == money["amount"], key
            assert mine.shop == mine.presentment
            compared += 1
        elif key in {"displayFinancialStatus", "displayFulfillmentStatus", "closed", "capturable"}:
            assert mine == value, key
            compared += 1
    assert compared >= 3


def test_refund_line_as_recorded(seeded: Bench) -> None:
    """The goods' worth and the money of a refund with shipping."""
    path = SHARED / "shopify" / "captures" / "refundCreate__partial_with_shipping_and_restock.json"
    data = json.loads(path.read_text(encoding="utf-8"))["response"]["data"]["refundCreate"]
    spec, then = PLACED["order_node__partially_refunded"]
    answer = seeded.store.place_order({**CAD, **spec})
    seeded.store.happen(answer["id"], *then[0])
    made = seeded.store.orders[int(answer["id"])].refund_list[0]
    theirs = data["refund"]
    row = theirs["refundLineItems"]["nodes"][0]
    assert (
        amount_text(made.line_items[0].subtotal_set.presentment)
        == (row["subtotalSet"]["shopMoney"]["amount"])
    )
    assert (made.line_items[0].restock_type, made.line_items[0].restocked) == (
        row["restockType"],
        row["restocked"],
    )
    assert (
        amount_text(made.total_refunded_set.presentment)
        == (theirs["totalRefundedSet"]["shopMoney"]["amount"])
    )


def test_current_tax_lines_as_recorded(seeded: Bench) -> None:
    """They shrink with the line; the line's own tax lines keep what was ordered."""
    theirs = recorded("order_node__edited_tax_reduced")
    order = place(
        seeded.store,
        {**CAD, "lines": [custom("100.00", 2)], "tax_rate": "0.13", "tax_title": "Line tax"},
        at=seeded.clock.now,
    )
    order.lines[0].removed = 1
    rows = [
        (tax.title, float(tax.rate), amount_text(tax.price_set.presentment))
        for tax in order.current_tax_lines
    ]
    assert rows == [
        (tax["title"], tax["rate"], tax["priceSet"]["shopMoney"]["amount"])
        for tax in theirs["currentTaxLines"]
    ]
    own = theirs["lineItems"]["nodes"][0]["taxLines"][0]["priceSet"]["shopMoney"]["amount"]
    assert amount_text(order.lines[0].tax_line_list[0].price_set.presentment) == own


def test_fulfillment_order_lines_after_cancelling(seeded: Bench) -> None:
    """Closed, with 0 of 0 (captured in order_node__cancelled_and_refunded)."""
    theirs = recorded("order_node__cancelled_and_refunded")["fulfillmentOrders"]["nodes"][0]
    order = seeded.order("cancelled_refunded")
    mine = order.fulfillment_order_list[0]
    row, other = mine.lines[0], theirs["lineItems"]["nodes"][0]
    assert (mine.status, mine.request_status) == (theirs["status"], theirs["requestStatus"])
    assert (row.total_quantity, row.remaining_quantity) == (
        other["totalQuantity"],
        other["remainingQuantity"],
    )
    assert row.line_item.fulfillable_quantity == other["lineItem"]["fulfillableQuantity"]
