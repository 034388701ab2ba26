"""What can be captured, what is still to be captured, and was it: pure."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.captures import (
    CaptureSettler,
    authorisations,
    capture_events,
    captured,
    owed,
    package_series,
    package_value,
    package_want,
    plan_captures,
    series_want,
    shortfall,
)
from bridge.actions.money import Extra, LinePrice, PricedOrder, Totals
from bridge.engine import Applied, NotApplied, Result, Unclear
from bridge.errors import OutcomeUnknown
from tests.actions.payments import (
    NOW,
    captured_effect,
    payment_order,
    step_row,
    transaction,
)

HOUR = timedelta(hours=1)


def left_of(*transactions, now=NOW):
    """What is left of the order's first authorisation, and whether it expired."""
    first = authorisations(payment_order(transactions), now)[0]
    return first.left, first.expired


def test_what_is_left_of_an_authorisation() -> None:
    """Captures, pending ones too, are taken off; a gateway that captures once releases the rest."""
    auth = transaction(1, "AUTHORIZATION", 100, multi=True)
    once = transaction(1, "AUTHORIZATION", 100)
    capture = transaction(2, "CAPTURE", 60, parent=1)
    pending = transaction(2, "CAPTURE", 60, parent=1, status="PENDING")
    failed = transaction(2, "CAPTURE", 60, parent=1, status="FAILURE")
    assert left_of(auth) == (D(100), False)
    assert left_of(auth, capture) == (D(40), False)
    assert left_of(auth, pending) == (D(40), False)
    assert left_of(auth, failed) == (D(100), False)
    assert left_of(once, capture) == (D(0), False)
    assert left_of(once, pending) == (D(0), False)
    assert left_of(once, failed) == (D(100), False)
    assert left_of(auth, transaction(3, "VOID", 0, parent=1)) == (D(0), False)


def test_what_shopify_says_is_left_bounds_it() -> None:
    """TotalUnsettledSet and the order's total both bound what is captured."""
    told = transaction(1, "AUTHORIZATION", 100, multi=True, left=30)
    assert left_of(told) == (D(30), False)
    order = payment_order([transaction(1, "AUTHORIZATION", 100)], capturable=70)
    assert plan_captures(order, D(100), series="", effects=(), now=NOW).amount == 70


def test_an_authorisation_that_expired() -> None:
    """At the moment it ends; one that was used up before did not expire."""
    ends = transaction(1, "AUTHORIZATION", 100, expires=NOW)
    assert left_of(ends) == (D(100), True)
    assert left_of(ends, now=NOW - HOUR) == (D(100), False)
    assert left_of(ends, transaction(2, "CAPTURE", 100, parent=1)) == (D(0), False)
    order = payment_order([ends])
    assert plan_captures(order, D(50), series="", effects=(), now=NOW).steps == ()
    assert shortfall(order, D(50), D(50), NOW, "1").code == "AUTH_EXPIRED"
    lapsed = payment_order([], displayFinancialStatus="EXPIRED")
    assert shortfall(lapsed, D(50), D(50), NOW, "1").code == "AUTH_EXPIRED"
    gone = payment_order([], cancelledAt=NOW)
    assert "cancelled" in shortfall(gone, D(50), D(50), NOW, "1").message


def test_shopifys_own_tenders_do_not_count() -> None:
    """A gift card's sale is neither captured by a gateway nor open, but it pays the order."""
    card = transaction(1, "SALE", 20, gateway="gift_card")
    credit = transaction(2, "SALE", 5, gateway="shopify_store_credit")
    sale = transaction(3, "SALE", 30)
    cash = transaction(4, "SALE", 45, gateway="manual", status="PENDING")
    order = payment_order([card, credit, sale, cash])
    assert captured(order) == 30
    assert owed(order) == 45
    back = transaction(5, "REFUND", 10, parent=3)
    assert captured(payment_order([sale, back])) == 30, "before refunds"
    assert owed(payment_order([sale, back], total=30)) == 10


@pytest.mark.parametrize(
    ("target", "series", "want"),
    [
        (60, "1", 0),  # taken under series 1
        (70, "1", 10),  # a higher target of it
        (40, "2", 30),  # series 2 accumulates; 10 that nobody's series took count against it
        (80, "", 10),  # without a series everything counts
        (70, "", 0),
    ],
)
def test_series(target: int, series: str, want: int) -> None:
    """60 under series 1, 10 captured in the admin, of an authorisation of 200."""
    order = payment_order(
        [
            transaction(1, "AUTHORIZATION", 200, multi=True),
            transaction(2, "CAPTURE", 60, parent=1),
            transaction(3, "CAPTURE", 10, parent=1),
        ]
    )
    known = [captured_effect(2, 60, "1")]
    if series == "1":
        order["transactions"].pop()
    assert series_want(order, D(target), series, known) == want


def test_a_capture_that_failed_later_is_captured_again_under_another_name() -> None:
    """A pending capture that the gateway declined does not count, and its id is not used twice."""
    auth = transaction(1, "AUTHORIZATION", 100)
    order = payment_order([auth])
    first = plan_captures(order, D(60), series="7", effects=(), now=NOW).steps[0]
    assert first.natural_id == "7: 1 to 60"
    failed = payment_order([auth, transaction(2, "CAPTURE", 60, parent=1, status="FAILURE")])
    effect = captured_effect(2, 60, "7")
    known = [effect.__class__(**{**_fields(effect), "natural_id": first.natural_id})]
    assert series_want(failed, D(60), "7", known) == 60
    second = plan_captures(failed, D(60), series="7", effects=known, now=NOW).steps[0]
    assert second.natural_id == "7: 1 to 60, attempt 2"


def _fields(effect):
    return {name: getattr(effect, name) for name in effect.__slots__}


def test_natural_ids_of_one_series_differ_by_what_they_reach() -> None:
    """A repeat of a target is the same effect, a higher target another."""
    auth = transaction(1, "AUTHORIZATION", 100, multi=True)
    order = payment_order([auth])
    one = plan_captures(order, D("60.00"), series="7", effects=(), now=NOW).steps[0]
    same = plan_captures(order, D("60"), series="7", effects=(), now=NOW).steps[0]
    assert one.natural_id == same.natural_id
    later = payment_order([auth, transaction(2, "CAPTURE", 60, parent=1)])
    more = plan_captures(later, D(10), series="7", effects=(), now=NOW).steps[0]
    assert more.natural_id == "7: 1 to 70"


def test_the_currency_is_named_where_it_is_foreign() -> None:
    """Shopify refuses a foreign capture without it and needs none at home."""
    home = payment_order([transaction(1, "AUTHORIZATION", 100)])
    (step,) = plan_captures(home, D(100), series="", effects=(), now=NOW).steps
    assert "currency" not in step.variables["input"]
    abroad = payment_order([transaction(1, "AUTHORIZATION", 100, currency="EUR")], currency="EUR")
    (step,) = plan_captures(abroad, D(100), series="", effects=(), now=NOW).steps
    assert step.variables["input"]["currency"] == "EUR"


def test_all_that_is_owed() -> None:
    """The last shipment takes what the order is worth now, not what was authorised."""
    auth = transaction(1, "AUTHORIZATION", 100)
    order = payment_order([auth, transaction(2, "SALE", 20, gateway="gift_card")], total=90)
    capturing = plan_captures(order, None, series="", effects=(), now=NOW)
    assert capturing.amount == 70
    assert [e.code for e in capturing.events] == ["AUTH_REMAINDER_RELEASED"]
    paid = payment_order([transaction(1, "SALE", 100)])
    assert plan_captures(paid, None, series="", effects=(), now=NOW).steps == ()


def test_a_shipment_that_is_not_the_last_touches_only_multi_capture() -> None:
    """An authorisation that captures once waits for the last shipment."""
    order = payment_order(
        [transaction(1, "AUTHORIZATION", 50), transaction(2, "AUTHORIZATION", 50, multi=True)]
    )
    capturing = plan_captures(
        order, D(60), series="package 9", effects=(), now=NOW, multi_only=True
    )
    assert [s.expect["amount"] for s in capturing.steps] == ["50"]
    assert capturing.short == 10


def test_a_packages_value() -> None:
    """Units with their tax after discounts; the order's own money with the first package."""
    line = LinePrice(D(10), D(0), D("0.8000"), D(10), D(12))
    priced = PricedOrder(
        "USD",
        {"a": line},
        (Extra("tip", "Tip", D(3)),),
        Totals(D(5), D("0.40"), D("0.10"), D(100)),
    )
    assert package_value(priced, {"a": 2, "gone": 1}, first=False) == D("21.60")
    assert package_value(priced, {"a": 2}, first=True) == D("29.90")


def test_what_of_a_package_is_still_to_be_taken() -> None:
    """Its series' captures are taken off, and never more than the order owes."""
    auth = transaction(1, "AUTHORIZATION", 100, multi=True)
    series = package_series("p1")
    assert package_want(payment_order([auth], total=100), D(30), series, ()) == 30
    assert package_want(payment_order([auth], total=20), D(30), series, ()) == 20
    taken = payment_order([auth, transaction(2, "CAPTURE", 30, parent=1)])
    assert package_want(taken, D(30), series, [captured_effect(2, 30, series)]) == 0
    assert package_want(taken, D(30), package_series("p2"), [captured_effect(2, 30, series)]) == 30


@given(
    amounts=st.lists(st.integers(1, 500), min_size=1, max_size=4),
    want=st.integers(0, 2500),
    multi=st.booleans(),
)
def test_captures_never_exceed_what_is_wanted_or_open(amounts, want, multi) -> None:
    """Steps and what is short make up what is wanted; no authorisation gives more than it has."""
    rows = [transaction(n, "AUTHORIZATION", a, multi=multi) for n, a in enumerate(amounts)]
    order = payment_order(rows, total=want)
    capturing = plan_captures(order, D(want), series="", effects=(), now=NOW)
    taken = [D(s.expect["amount"]) for s in capturing.steps]
    assert sum(taken) == capturing.amount == min(want, sum(amounts))
    assert capturing.amount + capturing.short == want
    assert all(amount <= limit for amount, limit in zip(taken, amounts, strict=False))
    assert len({s.natural_id for s in capturing.steps}) == len(taken)


# ---- a lost reply


def a_step():
    """A capture of 60 of authorisation 1, sent when only that was there."""
    order = payment_order([transaction(1, "AUTHORIZATION", 100, multi=True)])
    (step,) = plan_captures(order, D(60), series="7", effects=(), now=NOW).steps
    return step_row("capture", step.natural_id, pre_image=step.pre_image, expect=step.expect)


@pytest.mark.parametrize("status", ["SUCCESS", "PENDING"])
def test_a_lost_capture_is_found(status: str) -> None:
    """A new capture of that authorisation and amount is ours, pending or not."""
    order = payment_order(
        [
            transaction(1, "AUTHORIZATION", 100, multi=True),
            transaction(5, "CAPTURE", 60, parent=1, status=status),
        ]
    )
    verdict = CaptureSettler().judge(a_step(), order)
    assert isinstance(verdict, Applied)
    assert verdict.detail["transaction"] == "gid://shopify/OrderTransaction/5"
    assert (verdict.detail["series"], verdict.detail["status"]) == ("7", status)


@pytest.mark.parametrize(
    "other",
    [
        transaction(5, "CAPTURE", 61, parent=1),
        transaction(5, "CAPTURE", 60, parent=2),
        transaction(5, "CAPTURE", 60, parent=1, status="FAILURE"),
        transaction(5, "SALE", 60),
    ],
    ids=["another amount", "another authorisation", "declined", "a sale"],
)
def test_somebody_elses_transaction_is_not_ours(other) -> None:
    """Nothing is taken for ours that cannot be."""
    order = payment_order([transaction(1, "AUTHORIZATION", 100, multi=True), other])
    assert CaptureSettler().judge(a_step(), order) == NotApplied()


def test_what_was_there_before_is_not_ours() -> None:
    """A capture of the pre-image never settles a step."""
    order = payment_order([transaction(1, "AUTHORIZATION", 100, multi=True)])
    order["transactions"].append(transaction(5, "CAPTURE", 60, parent=1))
    row = a_step()
    seen = {"transactions": [*row.pre_image["transactions"], order["transactions"][1]["id"]]}
    again = step_row("capture", "x", pre_image=seen, expect=row.expect)
    assert CaptureSettler().judge(again, order) == NotApplied()
    assert isinstance(CaptureSettler().judge(again, None), Unclear)


def test_what_is_told_of_captures() -> None:
    """Refused, declined, pending, lost, not reached: each has its event; a capture has none."""
    order = payment_order([transaction(1, "AUTHORIZATION", 100)])
    (step,) = plan_captures(order, D(60), series="7", effects=(), now=NOW).steps

    def told(**result):
        return [e.code for e in capture_events([Result(step, **result)], [step], "1")]

    def data(transaction, *errors):
        rows = [{"field": None, "message": m} for m in errors]
        return {"orderCapture": {"transaction": transaction, "userErrors": rows}}

    assert told(data={}, detail={"status": "SUCCESS"}) == []
    assert told(detail={"status": "PENDING"}) == ["PAYMENT_PENDING"]
    assert told(data=data(None, "Order does not exist")) == ["SHOPIFY_USER_ERROR"]
    assert told(data=data({"id": "x", "status": "FAILURE"})) == ["PAYMENT_FAILED"]
    assert told(error=OutcomeUnknown("OrderCapture", "time-out"), in_doubt=True) == ["IN_DOUBT"]
    assert [e.code for e in capture_events([], [step], "1")] == ["NOT_REACHED"]
    assert step.effect(data({"id": "x", "status": "FAILURE"})) is None
    assert step.effect(data(None, "no")) is None
