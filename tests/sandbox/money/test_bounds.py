"""Whatever is done in whatever order: no tender gives back more than it brought."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.model_orders import Order
from tests.sandbox.money.harness import (
    authorization,
    capture,
    order,
    over,
    refund,
    suggestion,
    units,
)
from tests.sandbox.state.harness import Bench, bench

CENT = Decimal("0.01")
_AMOUNTS = st.integers(0, 4500).map(lambda cents: Decimal(cents) / 100)
_HELD = [{"kind": "AUTHORIZATION", "multi_capturable": many} for many in (True, False)]
_TENDERS = st.sampled_from(
    [
        [{}],
        [{"refunds": "PENDING", "settles_in": 5}],
        [{"gateway": "gift_card", "amount": "8.01"}, {}],
        [{"gateway": "gift_card", "amount": "12.34"}, _HELD[0]],
        [{"gateway": "paypal", "amount": "20.00"}, _HELD[1]],
        [{"kind": "AUTHORIZATION", "multi_capturable": True, "captures": "PENDING"}],
    ]
)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(("capture", "suggested", "over", "credit", "units", "edit", "wait")),
        _AMOUNTS,
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=7,
)


def _capture(shop: Bench, found: Order, amount: Decimal, n: int) -> None:
    if any(row.kind == "AUTHORIZATION" for row in found.transaction_list):
        left = authorization(found).left.presentment
        asked = (amount, left, left + CENT, amount)[n]
        currency = found.currencies.presentment
        capture(shop, found, str(asked), currency=currency, finalCapture=True if n == 3 else None)


def _suggested(shop: Bench, found: Order, amount: Decimal, n: int) -> None:
    rows = [units(found.lines[0], n)] if n else []
    wanted = suggestion(shop, found, rows, shippingAmount=str(amount))
    most = Decimal(wanted["most"])
    assert 0 <= Decimal(wanted["amount"]) <= most
    assert sum(Decimal(row[1]) for row in wanted["over"]) == Decimal(wanted["amount"])
    assert all(Decimal(given) <= Decimal(room) <= most for _, given, room in wanted["over"])
    parents = [row for row in found.transaction_list if row.room > 0]
    parents.sort(key=lambda row: row.gateway != "gift_card")
    pairs = zip(parents, wanted["over"], strict=False)
    back = [over(parent, row[1]) for parent, row in pairs if Decimal(row[1])]
    left = found.lines[0].refundable_quantity
    made = refund(
        shop,
        found,
        currency=found.currencies.presentment,
        refundLineItems=rows if n <= left else [],
        transactions=back,
    )
    if back:
        assert made["userErrors"] == []


def _over(shop: Bench, found: Order, amount: Decimal, n: int) -> None:
    rows = found.transaction_list
    parent = rows[int(amount * 100) % len(rows)]
    asked = (amount, parent.room, parent.room + CENT, found.refundable_set.presentment)[n]
    back = [over(parent, str(asked))]
    refund(shop, found, currency=found.currencies.presentment, transactions=back)


def _credit(shop: Bench, found: Order, amount: Decimal, _n: int) -> None:
    currency = found.currencies.presentment
    money = {"amount": str(amount), "currencyCode": currency}
    refund(shop, found, currency=currency, refundMethods=[{"storeCreditRefund": {"amount": money}}])


def _units(shop: Bench, found: Order, _amount: Decimal, n: int) -> None:
    rows = [units(found.lines[0], n, ("RETURN", "CANCEL", "NO_RESTOCK", "CANCEL")[n])]
    refund(shop, found, currency=found.currencies.presentment, refundLineItems=rows)


def _edit(shop: Bench, found: Order, _amount: Decimal, n: int) -> None:
    if found.lines[0].unfulfilled_quantity > n > 0:
        shop.store.happen(found.id, "reduce", {"position": 0, "units": n})


def _wait(shop: Bench, _found: Order, _amount: Decimal, n: int) -> None:
    shop.clock.forward(86_400 * n + 5)
    shop.store.settle()


_DO: dict[str, Callable[[Bench, Order, Decimal, int], None]] = {
    "capture": _capture,
    "suggested": _suggested,
    "over": _over,
    "credit": _credit,
    "units": _units,
    "edit": _edit,
    "wait": _wait,
}


def check(found: Order) -> None:
    """What must hold of an order's money and units at any time."""
    live = [row for row in found.transaction_list if row.status in {"SUCCESS", "PENDING"}]
    for row in found.transaction_list:
        assert row.room >= 0
        taken = sum((c.amount_set.presentment for c in row.children("CAPTURE")), Decimal(0))
        assert taken <= row.amount_set.presentment
        assert row.left.presentment >= 0
    back = sum((r.amount_set.presentment for r in live if r.kind == "REFUND"), Decimal(0))
    assert back <= found.total_received_set.presentment
    assert found.refundable_set.presentment >= 0
    for line in found.lines:
        assert 0 <= line.unfulfilled_quantity <= line.current_quantity <= line.quantity
        remaining = sum(
            row.remaining_quantity
            for work in found.fulfillment_order_list
            if not work.is_closed
            for row in work.lines
            if row.line_item is line
        )
        assert remaining == line.unfulfilled_quantity


@pytest.fixture(scope="module")
def long_lived() -> Bench:
    """One store for all examples; each places an order of its own."""
    return bench()


@settings(max_examples=60, deadline=None)
@given(tenders=_TENDERS, currency=st.sampled_from(("USD", "EUR")), steps=_STEPS)
def test_nothing_goes_back_that_did_not_come(
    long_lived: Bench,
    tenders: list[dict[str, object]],
    currency: str,
    steps: list[tuple[str, Decimal, int]],
) -> None:
    """Received less refunded is never negative, for any tender and for the order."""
    found = order(long_lived, tenders, currency=currency)
    for name, amount, n in steps:
        _DO[name](long_lived, found, amount, n)
        check(found)
