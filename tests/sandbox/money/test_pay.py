"""Captures, voids, sales by hand: what is allowed, how it is refused, what it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.money.harness import ask, authorization, capture, messages, order, payload
from tests.sandbox.state.harness import Bench

VOID = """mutation V($id: ID!) { transactionVoid(parentTransactionId: $id) {
  transaction { kind } userErrors { field message code } } }"""
PAID = """mutation P($id: ID!) { orderMarkAsPaid(input: {id: $id}) {
  order { displayFinancialStatus } userErrors { field message } } }"""
HELD = [{"kind": "AUTHORIZATION"}]
MULTI = [{"kind": "AUTHORIZATION", "multi_capturable": True}]
NO_FINAL = (
    "Setting final capture is not supported for this transaction's payment gateway. "
    "Please remove the parameter or set it to null, then try again."
)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"currency": None}, ["currency"], "Currency Currency must match parent transaction EUR"),
        ({"currency": "USD"}, ["currency"], "Currency Currency must match parent transaction EUR"),
        ({"parentTransactionId": "gid://shopify/OrderTransaction/9"}, None,
         "Unable to find parent transaction"),
        ({"amount": "0.00"}, None, "Amount must be greater than zero for capture transactions"),
        ({"amount": "99.99"}, None,
         "Cannot capture more than the authorized 35.00 for this payment."),
        ({"finalCapture": True}, None, NO_FINAL),
        ({"finalCapture": False}, None, NO_FINAL),
        ({"id": "gid://shopify/Order/9"}, ["id"], "Order does not exist"),
    ],
)  # fmt: skip
def test_refused_captures(
    shop: Bench, changes: dict[str, Any], field: list[str] | None, message: str
) -> None:
    """The recorded texts and places; nothing is taken and nothing noted."""
    found = order(shop, HELD, currency="EUR")
    given = {"id": found.id, "parentTransactionId": authorization(found).id}
    given |= {"amount": "5.00", "currency": "EUR", **changes}
    refused = payload(shop, "OrderCapture", input=given)
    assert refused == {
        "transaction": None,
        "userErrors": [{"field": field, "message": message}],
    }
    assert len(found.transaction_list) == 1
    assert shop.store.journal == []


def test_not_an_authorization(shop: Bench) -> None:
    """A sale cannot be captured."""
    found = order(shop)
    sale = found.transaction_list[0].id
    given = {"id": found.id, "parentTransactionId": sale, "amount": "1.00"}
    refused = payload(shop, "OrderCapture", input=given)
    assert messages(refused) == ["Parent transaction should be a successful authorization"]


def test_an_authorization_of_another_order(shop: Bench) -> None:
    """The parent must be of the order."""
    found, other = order(shop, HELD), order(shop, HELD)
    given = {"id": found.id, "parentTransactionId": authorization(other).id, "amount": "1.00"}
    assert messages(payload(shop, "OrderCapture", input=given)) == [
        "Unable to find parent transaction"
    ]


def test_one_capture_and_the_rest_is_released(shop: Bench) -> None:
    """Without multi-capture the first capture uses the authorisation up (documented)."""
    found = order(shop, HELD)
    assert found.display_financial_status == "AUTHORIZED"
    assert messages(capture(shop, found, "20.00")) == []
    assert not found.capturable
    assert found.display_financial_status == "PARTIALLY_PAID"
    assert str(found.total_outstanding_set.presentment) == "15.00"
    assert messages(capture(shop, found, "15.00")) == ["Can only capture successful authorizations"]
    (entry,) = shop.store.journal
    assert (entry["mutation"], entry["order"]) == ("orderCapture", found.legacy_resource_id)
    assert entry["detail"]["amount"] == "20.00"
    assert entry["detail"]["parent"] == authorization(found).legacy_resource_id


def test_several_captures(shop: Bench) -> None:
    """With multi-capture the rest stays, and is the bound of the next capture."""
    found = order(shop, MULTI)
    assert messages(capture(shop, found, "20.00")) == []
    state = ask(shop, "PaymentState", id=found.id)["data"]["order"]
    held = state["transactions"][0]
    assert held["multiCapturable"] is True
    assert held["totalUnsettledSet"]["presentmentMoney"]["amount"] == "15.0"
    assert state["totalCapturableSet"]["presentmentMoney"]["amount"] == "15.0"
    assert messages(capture(shop, found, "15.01")) == [
        "Cannot capture more than the authorized 15.00 for this payment."
    ]
    assert messages(capture(shop, found, "15.00")) == []
    assert found.display_financial_status == "PAID"


def test_the_final_capture_releases_the_rest(shop: Bench) -> None:
    """The uncaptured rest is voided (documented)."""
    found = order(shop, MULTI)
    capture(shop, found, "20.00", finalCapture=True)
    assert [row.kind for row in found.transaction_list] == ["AUTHORIZATION", "CAPTURE", "VOID"]
    assert not found.capturable
    assert str(found.total_outstanding_set.presentment) == "15.00"


def test_an_authorization_ends(shop: Bench) -> None:
    """By the store's clock, at the time that the transaction tells."""
    found = order(shop, [{"kind": "AUTHORIZATION", "expires_in": 3600}])
    told = ask(shop, "PaymentState", id=found.id)["data"]["order"]["transactions"][0]
    assert told["authorizationExpiresAt"] == "2026-11-23T09:00:00Z"
    shop.clock.forward(3597)
    shop.store.settle()
    assert found.capturable
    before = found.updated_at
    shop.clock.forward(1)
    assert messages(capture(shop, found, "1.00")) == ["Can only capture successful authorizations"]
    assert found.display_financial_status == "EXPIRED"
    assert found.updated_at > before


def test_what_was_captured_does_not_end(shop: Bench) -> None:
    """An authorisation that is used up does not turn the order into an expired one."""
    found = order(shop, [{"kind": "AUTHORIZATION", "expires_in": 3600}])
    capture(shop, found, "35.00")
    shop.clock.forward(4000)
    shop.store.settle()
    assert found.display_financial_status == "PAID"


def test_a_pending_capture(shop: Bench) -> None:
    """Accepted, not money: nothing received, nothing left to capture, unsettled until it is."""
    tender = {"kind": "AUTHORIZATION", "captures": "PENDING", "settles_in": 600}
    found = order(shop, [tender])
    made = capture(shop, found, "35.00")
    assert made["transaction"]["status"] == "PENDING"
    assert made["userErrors"] == []
    assert found.display_financial_status == "PENDING"
    assert not found.capturable
    assert not found.total_received_set
    assert not found.total_outstanding_set
    unsettled = authorization(found).total_unsettled_set
    assert unsettled is not None
    assert str(unsettled.presentment) == "35.00"
    assert messages(capture(shop, found, "35.00")) == ["Can only capture successful authorizations"]
    shop.clock.forward(600)
    shop.store.settle()
    assert found.display_financial_status == "PAID"
    assert authorization(found).total_unsettled_set is None


def test_a_gateway_that_declines(shop: Bench) -> None:
    """A failed transaction with a code, no user error; the authorisation is as it was."""
    found = order(shop, [{"kind": "AUTHORIZATION", "captures": "FAILURE"}])
    made = capture(shop, found, "35.00")
    assert made["userErrors"] == []
    assert made["transaction"]["status"] == "FAILURE"
    assert made["transaction"]["errorCode"] == "CARD_DECLINED"
    assert found.display_financial_status == "AUTHORIZED"
    assert found.capturable


def void(bench: Bench, identifier: str) -> dict[str, Any]:
    """The payload of a void."""
    found: dict[str, Any] = bench.run(VOID, {"id": identifier})["data"]["transactionVoid"]
    return found


def test_voids_that_are_refused(shop: Bench) -> None:
    """The recorded texts and codes, one for each reason."""
    paid, held = order(shop), order(shop, HELD)
    capture(shop, held, "35.00")
    for identifier, message, code in (
        ("gid://shopify/OrderTransaction/9", "Transaction does not exist", "TRANSACTION_NOT_FOUND"),
        (
            paid.transaction_list[0].id,
            "Parent transaction must be a successful authorization",
            "AUTH_NOT_SUCCESSFUL",
        ),
        (
            authorization(held).id,
            "Parent transaction require a parent_id referring to a voidable transaction",
            "AUTH_NOT_VOIDABLE",
        ),
    ):
        error = {"field": ["parentTransactionId"], "message": message, "code": code}
        assert void(shop, identifier) == {"transaction": None, "userErrors": [error]}


def test_a_void_only_once(shop: Bench) -> None:
    """What was voided is not voidable, and not capturable."""
    found = order(shop, HELD)
    assert void(shop, authorization(found).id)["userErrors"] == []
    assert void(shop, authorization(found).id)["userErrors"][0]["code"] == "AUTH_NOT_VOIDABLE"
    assert messages(capture(shop, found, "1.00")) == ["Can only capture successful authorizations"]


@pytest.mark.parametrize(
    ("payment", "kinds", "gateway"),
    [
        ("none", ["SALE"], "manual"),
        ("pending", ["SALE", "SALE"], "bank_deposit"),
        ("authorized", ["AUTHORIZATION", "CAPTURE"], "shopify_payments"),
    ],
)
def test_marked_as_paid(shop: Bench, payment: str, kinds: list[str], gateway: str) -> None:
    """A sale of what is outstanding, or a capture of what is authorised; only once."""
    found = order(shop, payment)
    first = shop.run(PAID, {"id": found.id})["data"]["orderMarkAsPaid"]
    assert first == {"order": {"displayFinancialStatus": "PAID"}, "userErrors": []}
    assert [row.kind for row in found.transaction_list] == kinds
    assert found.transaction_list[-1].gateway == gateway
    assert str(found.total_received_set.presentment) == "35.00"
    again = shop.run(PAID, {"id": found.id})["data"]["orderMarkAsPaid"]
    assert again["userErrors"] == [{"field": ["id"], "message": "Order cannot be marked as paid."}]
    assert len(found.transaction_list) == len(kinds)


def test_a_cancelled_order_is_not_marked_as_paid(shop: Bench) -> None:
    """As the reference says of canMarkAsPaid."""
    found = order(shop, "none")
    shop.store.happen(found.id, "cancel")
    refused = shop.run(PAID, {"id": found.id})["data"]["orderMarkAsPaid"]
    assert messages(refused) == ["Order cannot be marked as paid."]


def test_a_payment_that_cannot_be_read(shop: Bench) -> None:
    """A tender with an unknown word is refused with a sentence; nothing was placed."""
    before = len(shop.store.orders)
    for tender, text in (
        ({"gatway": "x"}, "payment[0]: unknown gatway"),
        ({"kind": "REFUND"}, "payment[0].kind: 'REFUND' is not known"),
        ({"captures": "MAYBE"}, "payment[0].captures: 'MAYBE' is not known"),
        ({"expires_in": "soon"}, "payment[0].expires_in: 'soon' is not a number"),
        ({"amount": "much"}, "payment[0].amount: 'much' is not an amount"),
    ):
        with pytest.raises(ValueError, match="payment") as caught:
            shop.store.place_order({"payment": [tender]})
        assert str(caught.value).startswith(text)
    assert len(shop.store.orders) == before
