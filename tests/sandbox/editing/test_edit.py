"""Order editing: sessions, staged changes, commits; the captured sums, texts and shapes."""

from __future__ import annotations

import pytest

from tests.sandbox.editing.edits import (
    ADD,
    ALBANY,
    BEGIN,
    COMMIT,
    DISCOUNT,
    KNIFE,
    MUG,
    SET,
    amount,
    begin,
    calculated,
    commit,
    error,
    reduce,
    variant,
)
from tests.sandbox.fulfil.harness import group, level, message, place, run, ship, works
from tests.sandbox.state.harness import Bench

# ---- sessions


def test_begin(seeded: Bench) -> None:
    """The session and its calculated order share a number, a line keeps its own."""
    order = place(seeded)
    payload = run(seeded, BEGIN, id=order.id)
    made = payload["calculatedOrder"]
    assert payload["orderEditSession"]["id"] == made["id"].replace(
        "CalculatedOrder", "OrderEditSession"
    )
    assert made["originalOrder"] == {"id": order.id}
    lines = [{"id": calculated(order), "quantity": 3, "editableQuantity": 3}]
    assert made["lineItems"]["nodes"] == lines
    assert made["addedLineItems"]["nodes"] == []


def test_a_session_without_commit_leaves_nothing(seeded: Bench) -> None:
    """Whatever is staged, the order and the stock are as before, and the journal is empty."""
    order = place(seeded)
    before = seeded.store.state()
    session = reduce(seeded, order, 1)
    run(seeded, ADD, id=session, variantId=variant(seeded, KNIFE), quantity=1)
    assert seeded.store.state() == before
    assert seeded.store.journal == []
    assert [row["quantity"] for row in begin(seeded, order)["lineItems"]["nodes"]] == [3]


def test_the_session_id_is_taken_too(seeded: Bench) -> None:
    """Documented: the id of the calculated order, or of the session."""
    order = place(seeded)
    session = reduce(seeded, order, 1).replace("CalculatedOrder", "OrderEditSession")
    assert commit(seeded, session)["userErrors"] == []


def test_refusals_of_sessions(seeded: Bench) -> None:
    """Unknown order, cancelled order, unknown session: the captured words and fields."""
    for unknown in ("gid://shopify/Order/0", "gid://shopify/Order/9"):
        found = error(run(seeded, BEGIN, id=unknown))
        assert found == (["id"], "The order does not exist.")
    cancelled = seeded.order("cancelled_refunded")
    assert error(run(seeded, BEGIN, id=cancelled.id)) == (None, "The order cannot be edited.")
    missing = {"id": "gid://shopify/CalculatedOrder/999999999999999"}
    line = {"lineItemId": "gid://shopify/CalculatedLineItem/9"}
    off = {"discount": {"percentValue": 10}}
    words = (["id"], "The calculated order does not exist.")
    assert error(run(seeded, SET, **missing, **line, quantity=1)) == words
    assert error(run(seeded, ADD, **missing, variantId=variant(seeded, MUG), quantity=1)) == words
    assert error(run(seeded, DISCOUNT, **missing, **line, **off)) == words
    assert error(run(seeded, COMMIT, **missing)) == words


def test_refusals_of_lines_and_quantities(seeded: Bench) -> None:
    """The captured words; nothing is staged by what was refused."""
    order = place(seeded)
    session = begin(seeded, order)["id"]
    at = {"id": session}
    unknown = "gid://shopify/CalculatedLineItem/9"
    words = "The line item does not exist on the order."
    assert error(run(seeded, SET, **at, lineItemId=unknown, quantity=1)) == (["lineItemId"], words)
    off = {"percentValue": 10}
    assert error(run(seeded, DISCOUNT, **at, lineItemId=unknown, discount=off)) == (["id"], words)
    found = error(run(seeded, SET, **at, lineItemId=calculated(order), quantity=-1))
    assert found == (["quantity"], "must be greater than or equal to 0")
    mug = variant(seeded, MUG)
    found = error(run(seeded, ADD, **at, variantId=mug, quantity=0))
    assert found == (["quantity"], "must be greater than 0")
    payload = run(seeded, ADD, **at, variantId=mug, quantity=-3)
    assert [row["message"] for row in payload["userErrors"]] == [
        "must be greater than 0",
        "must be greater than or equal to 0",
    ]
    found = error(run(seeded, ADD, **at, variantId="gid://shopify/ProductVariant/9", quantity=1))
    assert found == (["variantId"], "The variant does not exist in the shop.")
    found = error(run(seeded, ADD, **at, variantId="gid://shopify/ProductVariant/0", quantity=1))
    assert found[1].startswith("can't convert Integer[0] to a positive Integer")
    found = error(run(seeded, ADD, **at, variantId=mug, quantity=1, allowDuplicates=False))
    title = order.lines[0].title
    assert found == (["id"], f"{title} was not added because it's already on the order.")
    found = error(commit(seeded, session))
    assert found == (["id"], "There must be at least one change to be made.")


def test_a_quantity_as_it_was_is_no_change(seeded: Bench) -> None:
    """Set to fewer and back again."""
    order = place(seeded)
    session = reduce(seeded, order, 1)
    run(seeded, SET, id=session, lineItemId=calculated(order), quantity=3)
    assert message(commit(seeded, session)) == "There must be at least one change to be made."


# ---- quantities


@pytest.mark.parametrize("restock", [True, False])
def test_fewer_units(seeded: Bench, restock: bool) -> None:
    """The quantity stays, the current one falls, the fulfillment order is 1/1 (captured)."""
    order = place(seeded)
    available, committed = (
        level(seeded, MUG, ALBANY).available,
        level(seeded, MUG, ALBANY).committed,
    )
    session = reduce(seeded, order, 1, restock=restock)
    payload = commit(seeded, session, notifyCustomer=False)
    assert payload["successMessages"] == ["Order updated"]
    line, (work,) = order.lines[0], works(order)
    assert (line.quantity, line.current_quantity, line.unfulfilled_quantity) == (3, 1, 1)
    assert (work.lines[0].total_quantity, work.lines[0].remaining_quantity) == (1, 1)
    assert level(seeded, MUG, ALBANY).committed == committed - 2
    assert level(seeded, MUG, ALBANY).available == available + (2 if restock else 0)
    assert order.edited


def test_to_zero(seeded: Bench) -> None:
    """The line stays listed; its fulfillment order closes."""
    order = place(seeded, {"sku": MUG, "quantity": 2}, {"sku": KNIFE})
    commit(seeded, reduce(seeded, order, 0))
    assert [line.current_quantity for line in order.lines] == [0, 1]
    again = begin(seeded, order)["lineItems"]["nodes"]
    assert [row["quantity"] for row in again] == [0, 1]


def test_a_paid_order_is_owed_money(seeded: Bench) -> None:
    """Captured: 20.0 paid, one of two taken off: outstanding -10.0, PAID."""
    order = place(seeded, {"title": "Thing", "price": "10.00", "quantity": 2}, shipping=None)
    session = reduce(seeded, order, 1)
    payload = commit(seeded, session)
    assert amount(payload["order"]["totalOutstandingSet"]) == "-10.0"
    assert order.total_price_set.presentment == 20
    assert order.current_total_price_set.presentment == 10


def test_taxes(seeded: Bench) -> None:
    """Captured: two units of 100.00 at 13 %, one taken off."""
    thing = {"title": "Thing", "price": "100.00", "quantity": 2, "tax_rate": "0.13"}
    order = place(seeded, thing, payment="pending", shipping=None)
    session = begin(seeded, order)
    assert (amount(session["subtotalPriceSet"]), amount(session["totalPriceSet"])) == (
        "200.0",
        "226.0",
    )
    payload = run(seeded, SET, id=session["id"], lineItemId=calculated(order), quantity=1)
    staged = payload["calculatedOrder"]
    assert (amount(staged["subtotalPriceSet"]), amount(staged["totalPriceSet"])) == (
        "100.0",
        "113.0",
    )
    assert staged["subtotalLineItemsQuantity"] == 1
    commit(seeded, session["id"])
    assert order.current_total_price_set.presentment == 113
    assert order.total_price_set.presentment == 226
    assert order.lines[0].tax_line_list[0].price_set.presentment == 26
    assert [row.price_set.presentment for row in order.current_tax_lines] == [13]


def test_more_units(seeded: Bench) -> None:
    """They join the open fulfillment order, take stock, and are owed."""
    order = place(seeded, {"sku": MUG, "quantity": 3, "discount": "3.00"}, shipping=None)
    available, unit = level(seeded, MUG, ALBANY).available, order.lines[0].net.part(1, 3)
    session = reduce(seeded, order, 5)
    payload = commit(seeded, session, notifyCustomer=True)
    assert payload["successMessages"] == ["Order updated", "Invoice sent"]
    assert payload["order"]["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert (order.lines[0].quantity, order.lines[0].current_quantity) == (5, 5)
    assert order.total_outstanding_set.presentment == unit.presentment * 2
    (work,) = works(order)
    assert (work.lines[0].total_quantity, work.lines[0].remaining_quantity) == (5, 5)
    assert level(seeded, MUG, ALBANY).available == available - 2


def test_more_units_of_a_shipped_line(seeded: Bench) -> None:
    """Its fulfillment order is closed: the new units get another one."""
    order = place(seeded)
    ship(seeded, group(works(order)[0]))
    commit(seeded, reduce(seeded, order, 4))
    first, second = works(order)
    assert first.status == "CLOSED"
    assert (second.status, second.lines[0].remaining_quantity) == ("OPEN", 1)
    assert order.display_fulfillment_status == "PARTIALLY_FULFILLED"


def test_not_below_what_is_shipped(seeded: Bench) -> None:
    """Two of three are shipped: two may stay, one may not; also when shipped after staging."""
    order = place(seeded)
    late = reduce(seeded, order, 1)
    ship(seeded, group(works(order)[0], 2))
    session = begin(seeded, order)
    assert session["lineItems"]["nodes"][0]["editableQuantity"] == 1
    at = {"id": session["id"], "lineItemId": calculated(order)}
    assert error(run(seeded, SET, **at, quantity=1))[0] == ["quantity"]
    assert error(commit(seeded, late))[0] == ["id"]
    assert order.lines[0].current_quantity == 3
    assert run(seeded, SET, **at, quantity=2)["userErrors"] == []
    commit(seeded, session["id"])
    assert order.display_fulfillment_status == "FULFILLED"


# ---- commits


def test_a_closed_order_opens(seeded: Bench) -> None:
    """And the messages come in the captured order."""
    order = seeded.order("fulfilled")
    assert order.closed
    session = begin(seeded, order)["id"]
    run(seeded, ADD, id=session, variantId=variant(seeded, KNIFE), quantity=1)
    payload = commit(seeded, session, notifyCustomer=True)
    assert payload["successMessages"] == ["Order updated", "Order unarchived", "Invoice sent"]
    assert payload["order"]["closed"] is False


def test_the_customer_is_told(seeded: Bench) -> None:
    """Nothing to pay: a notification."""
    order = place(seeded)
    payload = commit(seeded, reduce(seeded, order, 1), notifyCustomer=True)
    assert payload["successMessages"] == ["Order updated", "Notification sent"]


def test_a_commit_ends_every_session(seeded: Bench) -> None:
    """The same commit again finds no session, and changes nothing a second time."""
    order = place(seeded)
    first, second = reduce(seeded, order, 2), reduce(seeded, order, 1)
    commit(seeded, first)
    words = (["id"], "The calculated order does not exist.")
    assert error(commit(seeded, first)) == words
    assert error(commit(seeded, second)) == words
    assert order.lines[0].current_quantity == 2
    assert len(seeded.store.journal) == 1


def test_a_cancelled_order_is_not_edited(seeded: Bench) -> None:
    """Not when it was cancelled after the beginning either."""
    order = place(seeded)
    session = reduce(seeded, order, 1)
    seeded.store.happen(order.id, "cancel")
    assert error(commit(seeded, session)) == (None, "The order cannot be edited.")


def test_journal(seeded: Bench) -> None:
    """One entry a commit: what was changed and what was added, for whom."""
    order = place(seeded)
    session = reduce(seeded, order, 1)
    run(seeded, ADD, id=session, variantId=variant(seeded, KNIFE), quantity=2)
    commit(seeded, session, staffNote="note")
    (entry,) = seeded.store.journal
    assert (entry["mutation"], entry["order"]) == ("orderEditCommit", order.legacy_resource_id)
    changed, added = order.lines
    assert entry["detail"] == {
        "changed": [
            {
                "line": changed.legacy_resource_id,
                "sku": MUG,
                "from": 3,
                "to": 1,
                "restock": False,
                "discounts": [],
            }
        ],
        "added": [{"line": added.legacy_resource_id, "sku": KNIFE, "quantity": 2, "discounts": []}],
        "notify": False,
        "staff_note": "note",
    }
