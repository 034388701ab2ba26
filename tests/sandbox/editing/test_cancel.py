"""``orderCancel`` and ``job``: what is seen at once, what a second later, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.fulfil.harness import group, level, place, run, ship, works
from tests.sandbox.state.harness import Bench
from tests.sandbox.state.test_captures import captured, form
from tests.shared import needs_shared

ALBANY, MUG = "Albany Warehouse", "MUG-ENM-GRN"

CANCEL = """
mutation M(
  $orderId: ID!, $reason: OrderCancelReason! = OTHER, $restock: Boolean! = false
  $refund: Boolean, $refundMethod: OrderCancelRefundMethodInput, $staffNote: String
) {
  orderCancel(
    orderId: $orderId, reason: $reason, restock: $restock, refund: $refund
    refundMethod: $refundMethod, staffNote: $staffNote
  ) {
    job { id done }
    orderCancelUserErrors { field message code }
    userErrors { field message }
  }
}
"""
JOB = "query Q($id: ID!) { job(id: $id) { id done query { __typename } } }"
READ = """
query Q($id: ID!) {
  order(id: $id) {
    closed closedAt cancelledAt cancelReason cancellation { staffNote }
    displayFinancialStatus displayFulfillmentStatus
    totalOutstandingSet { shopMoney { amount } }
    currentTotalPriceSet { shopMoney { amount } }
    fulfillmentOrders(first: 5) {
      nodes { status lineItems(first: 5) { nodes { totalQuantity remainingQuantity } } }
    }
  }
}
"""
ORIGINAL = {"originalPaymentMethodsRefund": True}


def cancel(bench: Bench, order_id: str, **given: Any) -> dict[str, Any]:
    """``orderCancel``; the payload."""
    return run(bench, CANCEL, orderId=order_id, **given)


def later(bench: Bench) -> None:
    """When the job is over."""
    bench.clock.forward(1)
    bench.store.settle()


def refusal(payload: dict[str, Any]) -> tuple[Any, str, str]:
    """The only error, which must stand in both lists."""
    (coded,), (plain,) = payload["orderCancelUserErrors"], payload["userErrors"]
    assert payload["job"] is None
    assert {"field": coded["field"], "message": coded["message"]} == plain
    return coded["field"], coded["message"], coded["code"]


def test_it_is_seen_in_between(seeded: Bench) -> None:
    """At once cancelled with its fulfillment order closed, and nothing else; then the rest."""
    order = place(seeded)
    cancel(seeded, order.id, refundMethod=ORIGINAL, staffNote="why")
    seen = run(seeded, READ, id=order.id)
    assert seen["cancelledAt"] == "2026-11-23T08:00:02Z"
    assert (seen["cancelReason"], seen["cancellation"]) == ("OTHER", {"staffNote": "why"})
    assert (seen["closed"], seen["closedAt"]) == (False, None)
    assert seen["displayFinancialStatus"] == "PAID"
    rows = [{"totalQuantity": 3, "remainingQuantity": 3}]
    assert seen["fulfillmentOrders"]["nodes"] == [
        {"status": "CLOSED", "lineItems": {"nodes": rows}}
    ]
    assert order.lines[0].fulfillable_quantity == 3
    later(seeded)
    seen = run(seeded, READ, id=order.id)
    assert seen["cancelledAt"] == "2026-11-23T08:00:02Z"
    assert seen["closed"] is True
    assert seen["displayFinancialStatus"] == "REFUNDED"
    assert seen["displayFulfillmentStatus"] == "UNFULFILLED"
    assert seen["totalOutstandingSet"] == {"shopMoney": {"amount": "0.0"}}
    assert seen["currentTotalPriceSet"] == {"shopMoney": {"amount": "0.0"}}
    rows = [{"totalQuantity": 0, "remainingQuantity": 0}]
    assert seen["fulfillmentOrders"]["nodes"] == [
        {"status": "CLOSED", "lineItems": {"nodes": rows}}
    ]


def test_its_job(seeded: Bench) -> None:
    """Pending without a query, then done with one."""
    made = cancel(seeded, place(seeded).id)["job"]
    assert made["done"] is False
    assert run(seeded, JOB, id=made["id"]) == {**made, "query": None}
    later(seeded)
    done = {"id": made["id"], "done": True, "query": {"__typename": "QueryRoot"}}
    assert run(seeded, JOB, id=made["id"]) == done


def test_orders_in_a_row_share_a_job(seeded: Bench) -> None:
    """It is done when the last one is; afterwards there is another one."""
    first, second, third = place(seeded), place(seeded), place(seeded)
    job = cancel(seeded, first.id)["job"]["id"]
    seeded.clock.forward(0.5)
    assert cancel(seeded, second.id)["job"]["id"] == job
    seeded.clock.forward(0.5)
    assert run(seeded, JOB, id=job)["done"] is False
    assert (first.cancellation_done, second.cancellation_done) == (True, False)
    later(seeded)
    assert run(seeded, JOB, id=job)["done"] is True
    assert cancel(seeded, third.id)["job"]["id"] != job


@pytest.mark.parametrize("restock", [True, False])
@pytest.mark.parametrize("payment", ["paid", "none"])
def test_stock(seeded: Bench, restock: bool, payment: str) -> None:
    """Nothing stays committed; available comes back only with restock."""
    before = level(seeded, MUG, ALBANY).available
    order = place(seeded, payment=payment)
    committed = level(seeded, MUG, ALBANY).committed
    cancel(seeded, order.id, restock=restock, refundMethod=ORIGINAL)
    assert level(seeded, MUG, ALBANY).committed == committed
    later(seeded)
    assert level(seeded, MUG, ALBANY).committed == committed - 3
    assert level(seeded, MUG, ALBANY).available == (before if restock else before - 3)


def test_every_tender_goes_back(seeded: Bench) -> None:
    """A gift card, a card that was charged, and one that was only authorised."""
    order = place(
        seeded,
        payment=[
            {"gateway": "gift_card", "amount": "5.00"},
            {"amount": "6.00"},
            {"gateway": "paypal", "kind": "AUTHORIZATION"},
        ],
    )
    cancel(seeded, order.id, refundMethod=ORIGINAL)
    later(seeded)
    made = [(row.kind, row.gateway) for row in order.transaction_list[3:]]
    back = [("REFUND", "gift_card"), ("REFUND", "shopify_payments"), ("VOID", "paypal")]
    assert made == back
    assert len(order.refund_list) == 1
    assert order.net_payment_set.presentment == 0


@pytest.mark.parametrize("given", [{}, {"refund": False}])
def test_without_a_refund(seeded: Bench, given: dict[str, Any]) -> None:
    """The money stays, the order stays PAID with nothing outstanding; authorisations go."""
    paid, held = place(seeded), place(seeded, payment="authorized")
    cancel(seeded, paid.id, **given)
    cancel(seeded, held.id, **given)
    later(seeded)
    assert (paid.refund_list, paid.display_financial_status) == ([], "PAID")
    assert paid.total_outstanding_set.presentment == 0
    assert paid.lines[0].current_quantity == 0
    assert held.display_financial_status == "VOIDED"


def test_unpaid_stays_without_a_status(seeded: Bench) -> None:
    """Captured: null before and after."""
    order = place(seeded, payment="none")
    cancel(seeded, order.id, refundMethod=ORIGINAL)
    later(seeded)
    assert order.display_financial_status is None


def test_before_the_fulfillment_orders(seeded: Bench) -> None:
    """An order that is cancelled in its first second never gets any."""
    placed = seeded.store.place_order({"lines": [{"sku": MUG, "quantity": 2}]})
    before = level(seeded, MUG, ALBANY).committed
    cancel(seeded, placed["gid"], restock=True)
    seeded.clock.forward(3)
    seeded.store.settle()
    order = seeded.store.orders[int(placed["id"])]
    assert order.fulfillment_order_list == []
    assert level(seeded, MUG, ALBANY).committed == before - 2


def test_refusals_of_orders(seeded: Bench) -> None:
    """Running, cancelled, shipped, returned, unknown."""
    order = place(seeded)
    cancel(seeded, order.id)
    running = (None, "Cancellation is already in progress", "INVALID")
    assert refusal(cancel(seeded, order.id)) == running
    later(seeded)
    words = "Cannot cancel an order that has"
    done = (["orderId"], f"{words} already been canceled", "INVALID")
    assert refusal(cancel(seeded, order.id)) == done
    shipped = place(seeded)
    ship(seeded, group(works(shipped)[0], 1))
    out = (["orderId"], f"{words} outstanding fulfillments", "INVALID")
    assert refusal(cancel(seeded, shipped.id)) == out
    unknown = (["orderId"], "Order does not exist", "NOT_FOUND")
    assert refusal(cancel(seeded, "gid://shopify/Order/9")) == unknown
    assert [row["mutation"] for row in seeded.store.journal] == ["orderCancel", "fulfillmentCreate"]


def test_refusal_of_returns(seeded: Bench) -> None:
    """A return stands in the way, also when its package was cancelled afterwards."""
    order = seeded.order("return_requested")
    for package in order.fulfillment_list:
        package.status = "CANCELLED"
    found = refusal(cancel(seeded, order.id))
    assert found == (["orderId"], "Cannot cancel an order that has returns", "INVALID")


def test_refusals_of_arguments(seeded: Bench) -> None:
    """A note of 255 characters is taken; both ways to refund are not, even with false."""
    order = place(seeded)
    field, message, _ = refusal(cancel(seeded, order.id, staffNote="x" * 256))
    assert (field, message) == (
        ["staffNote"],
        "Staff note is too long. Maximum length is 255 characters.",
    )
    for value in (True, False):
        field, message, _ = refusal(cancel(seeded, order.id, refund=value, refundMethod=ORIGINAL))
        assert field == ["refund"]
        assert message == "Only one of the arguments `refund` or `refund_method` is allowed."
    assert cancel(seeded, order.id, staffNote="x" * 255)["job"]


def test_what_is_not_modelled(seeded: Bench) -> None:
    """Store credit is refused as a request, before anything happens."""
    order = place(seeded)
    given = {"orderId": order.id, "refundMethod": {"storeCreditRefund": {}}}
    (error,) = seeded.run(CANCEL, given)["errors"]
    assert error["code"] == "SANDBOX_NOT_MODELLED"
    assert order.cancelled_at is None


def test_journal_and_state(seeded: Bench) -> None:
    """What was asked for is in the journal; the state shows the order as it is."""
    order = place(seeded)
    cancel(seeded, order.id, reason="FRAUD", refundMethod=ORIGINAL, staffNote="n")
    entry = seeded.store.journal[-1]
    assert (entry["mutation"], entry["order"]) == ("orderCancel", order.legacy_resource_id)
    detail = {**entry["detail"]}
    assert detail.pop("job")
    assert detail == {
        "reason": "FRAUD",
        "restock": False,
        "refund": True,
        "notify": False,
        "staff_note": "n",
    }
    shown = next(row for row in seeded.store.state()["orders"] if row["gid"] == order.id)
    assert (shown["cancelled_at"], shown["closed"]) == ("2026-11-23T08:00:02Z", False)


# ---- the captures


@needs_shared
@pytest.mark.parametrize("name", ["already_cancelled", "outstanding_fulfillments"])
def test_captured_refusals(seeded: Bench, name: str) -> None:
    """Word for word, in both lists."""
    capture = captured(f"orderCancel__{name}")
    kind = {
        "already_cancelled": "cancelled_refunded",
        "outstanding_fulfillments": "partly_fulfilled",
    }
    variables = {**capture["variables"], "orderId": seeded.order(kind[name]).id}
    reply = seeded.run(capture["document"], variables)
    assert reply == {"data": capture["response"]["data"]}


@needs_shared
def test_captured_acceptance(seeded: Bench) -> None:
    """The job's form, and the order as the recording read it before the job was done."""
    first = captured("orderCancel__accepted_job_not_done")
    order = place(seeded, {"title": "Thing", "price": "1.00"}, email="a@example.com")
    reply = seeded.run(first["document"], {**first["variables"], "orderId": order.id})
    job = reply["data"]["orderCancel"]["job"]
    assert len(job["id"]) == len(first["response"]["data"]["orderCancel"]["job"]["id"])
    reply["data"]["orderCancel"]["job"] = {**job, "id": "id"}
    expected = first["response"]["data"]
    expected["orderCancel"]["job"]["id"] = "id"
    assert form(reply["data"]) == form(expected)
    second = captured("orderCancel__intermediate_state_before_job_done")
    work = works(order)[0]
    reply = seeded.run(second["document"], {"id": work.id})
    ours = reply["data"]["fulfillmentOrder"]["order"]
    theirs = second["response"]["data"]["fulfillmentOrder"]["order"]
    assert list(ours) == list(theirs)
    same = ("closed", "closedAt", "cancelReason", "displayFinancialStatus")
    same += ("displayFulfillmentStatus", "fulfillments")
    assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}
    ours, theirs = (node["fulfillmentOrders"]["nodes"] for node in (ours, theirs))
    theirs[0]["lineItems"]["nodes"][0]["lineItem"]["title"] = "Thing"
    assert form(ours) == form(theirs)


@needs_shared
def test_captured_end(seeded: Bench) -> None:
    """The order as the recording read it afterwards: money, statuses, quantities."""
    capture = captured("order_node__cancelled_and_refunded")
    theirs = capture["response"]["data"]["order"]
    note = theirs["cancellation"]["staffNote"]
    line = {"title": "Order cancel restock/refundMethod item", "price": "10.00", "quantity": 2}
    order = place(seeded, line, payment=[{"gateway": "manual"}], shipping=None)
    cancel(seeded, order.id, restock=True, refundMethod=ORIGINAL, staffNote=note)
    later(seeded)
    ours = seeded.run(capture["document"], {"id": order.id})["data"]["order"]
    text = form({**ours, "name": "#1"})
    assert text == form({**json_usd(theirs), "name": "#1"})


def json_usd(value: Any) -> Any:
    """The captured shop sells in Canadian dollars, ours in US dollars."""
    if isinstance(value, dict):
        return {key: json_usd(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_usd(item) for item in value]
    return "USD" if value == "CAD" else value


@needs_shared
def test_captured_unknown_job(seeded: Bench) -> None:
    """It reports that it is done."""
    capture = captured("job__unknown_id_reports_done")
    theirs = capture["response"]["data"]["job"]
    assert run(seeded, JOB, id=theirs["id"]) == theirs
