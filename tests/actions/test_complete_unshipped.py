"""Which units are taken off an order, and what is given back for them: pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest

from bridge.actions.effects import UNSHIPPED
from bridge.actions.shipment_lines import lines_of
from bridge.actions.unshipped import (
    NOTE,
    TakeOff,
    Unit,
    UnshippedSettler,
    asked_of,
    due,
    left_to_ship,
    removed_before,
    take_off,
    units_in,
)
from bridge.engine import Applied, NotApplied, Unclear
from bridge.ledger import Effect
from bridge.retailops.requests import UnshippedItem
from bridge.shopify.refunds import RefundState
from tests.actions.parcels import NOW, ORDER, SHOP, gid, order, shipped, work
from tests.actions.test_shipment_settler import row


def unit(unfulfilled: int, fulfilled: int = 0, *, virtual: bool = False) -> Unit:
    """A line."""
    return Unit(unfulfilled, fulfilled, virtual)


def effect(refund: int, units: dict[int, int]) -> Effect:
    """What order_complete took off before."""
    lines = {gid(line): count for line, count in units.items()}
    detail = {"refund": f"gid://shopify/Refund/{refund}", "lines": lines, "marker": "m"}
    return Effect(SHOP, ORDER, UNSHIPPED, str(refund), detail, NOW)


def refund(number: int, units: dict[int, int], note: str = f"{NOTE} abc") -> dict[str, Any]:
    """A refund as RefundState shows it."""
    rows = [{"quantity": n, "lineItem": {"id": gid(line)}} for line, n in units.items()]
    return {"id": f"gid://shopify/Refund/{number}", "note": note, "refundLineItems": rows}


def off(asked: int, removed: int, line: Unit, promised: int = 0) -> TakeOff:
    """What is taken off one line."""
    return take_off({gid(1): asked}, {gid(1): removed}, {gid(1): line}, {gid(1): promised}, "1")


@pytest.mark.parametrize(
    ("asked", "removed", "line", "promised", "units", "codes"),
    [
        (1, 0, unit(1, 2), 0, 1, []),
        (2, 1, unit(2), 0, 1, []),  # one of them was taken off before
        (2, 2, unit(2), 0, 0, []),
        (1, 2, unit(2), 0, 0, []),  # told less than before: nothing comes back
        (5, 0, unit(3), 0, 3, ["OVER_UNSHIPPED"]),
        (3, 0, unit(3), 2, 1, ["OVER_UNSHIPPED"]),  # two are in a package that is not made yet
        (1, 0, unit(1, 2), 2, 1, []),  # the package's two are made
        (1, 0, unit(1, virtual=True), 0, 0, ["NOTHING_TO_SHIP"]),
    ],
)
def test_how_many(  # one row a rule
    asked: int, removed: int, line: Unit, promised: int, units: int, codes: list[str]
) -> None:
    """Told less taken off before, at most what is left and nobody's; never what is virtual."""
    made = off(asked, removed, line, promised)
    assert made.lines.get(gid(1), 0) == units
    assert [e.code for e in made.notices] == codes


def test_natural_id_is_the_target() -> None:
    """One more unit is another effect; the same target is the same, whatever came before it."""
    assert off(1, 0, unit(5)).natural_id == "1:1"
    assert off(2, 1, unit(4)).natural_id == "1:2"
    assert off(2, 0, unit(5)).natural_id == off(2, 1, unit(4)).natural_id
    assert off(2, 0, unit(5)).marker != off(3, 0, unit(5)).marker
    long = TakeOff(lines={gid(n): 1 for n in range(100)})
    assert len(long.natural_id) == 64


def test_removed_before_by_ledger_and_by_note() -> None:
    """A refund that both know counts once; other refunds of the order do not count."""
    refunds = [
        refund(1, {1: 1}),
        refund(2, {1: 2, 2: 1}),
        refund(3, {1: 4}, note="RetailOps return 77"),
        refund(4, {1: 4}, note=None),
    ]
    assert removed_before([effect(1, {1: 1})], refunds) == {gid(1): 3, gid(2): 1}
    assert removed_before([effect(1, {1: 1})], []) == {gid(1): 1}


def test_lines_that_are_not_told() -> None:
    """Extras and 0 are no matter; an unknown line is told; two rows of a line are added."""
    lines = lines_of(order(work(1, {1: 3, 2: 1})))
    items = [
        UnshippedItem.model_validate(
            {"channel_item_refnum": ref, "unshipped_quantity": n, "sku": s}
        )
        for ref, n, s in (
            ("1", 1, None),
            ("1", 1, None),
            ("tip", 1, None),
            ("1-shipped", 1, None),
            ("2", 0, None),
            ("9", 1, None),
            (None, 1, "SKU-2"),
        )
    ]
    asked, notices = asked_of(items, lines, "1")
    assert asked == {gid(1): 2, gid(2): 1}
    assert [e.code for e in notices] == ["ITEM_NOT_FOUND"]


def test_units_of_lines_by_their_work_and_by_the_order() -> None:
    """The order's own lines decide; lines beyond its page are known by their work."""
    state = order(
        work(1, {1: 2}, status="CLOSED"),
        work(2, {1: 2, 2: 1}),
        work(3, {3: 1}, method="NONE"),
        shipped(1, {1: 1}),
        shipped(2, {1: 1}, status="CANCELLED"),
    )
    assert units_in(state, None) == {
        gid(1): unit(2, 1),
        gid(2): unit(1),
        gid(3): unit(1, virtual=True),
    }
    line = {
        "id": gid(1),
        "currentQuantity": 4,
        "unfulfilledQuantity": 3,
        "refundableQuantity": 2,
        "requiresShipping": True,
    }
    assert units_in(state, {"lineItems": [line]})[gid(1)] == unit(2, 1)
    # One that was shipped has come back: it was shipped all the same.
    came_back = {**line, "currentQuantity": 3}
    assert units_in(state, {"lineItems": [came_back]})[gid(1)] == unit(2, 1)
    assert left_to_ship(units_in(state, None), {gid(1): 1}) == {gid(1): 1, gid(2): 1}


def bag(amount: str) -> dict[str, Any]:
    """A MoneyBag."""
    return {"presentmentMoney": {"amount": D(amount), "currencyCode": "USD"}}


@pytest.mark.parametrize(
    ("worth", "received", "outstanding", "held", "pending", "given"),
    [
        ("20", "100", "0", "0", "0", "20"),  # all paid
        ("0", "0", "0", "100", "0", "0"),  # authorised only
        ("20", "60", "0", "40", "0", "0"),  # 40 are not captured: they will not be
        ("20", "60", "0", "0", "40", "0"),  # nor are these, yet
        ("20", "60", "40", "0", "0", "0"),  # nobody has paid these
        ("50", "60", "0", "40", "0", "10"),
        ("80", "60", "0", "40", "0", "40"),  # Shopify suggests 60, all that was received
        ("100", "15", "85", "0", "0", "15"),  # nothing is left of the order: all of it
        ("20", "110", "-10", "0", "0", "20"),  # 10 are an earlier edit's, not these units'
        ("20", "84", "0", "0", "0", "20"),  # 16 went back before, for goods that came back
        ("20", "15", "0", "0", "0", "15"),  # never more than was received
    ],
)
def test_what_is_given_back(
    worth: str, received: str, outstanding: str, held: str, pending: str, given: str
) -> None:
    """Only money that was received for these units."""
    overpaid = max(D(0), -D(outstanding))
    state = {
        "refundable": True,
        "taxesIncluded": False,
        "netPaymentSet": bag(received),
        "suggestedRefund": {
            "amountSet": bag(str(min(D(worth) + overpaid, D(received)))),
            "maximumRefundableSet": bag(received),
            "discountedSubtotalSet": bag(str(D(worth) - 5)),
            "totalTaxSet": bag("3"),
            "shipping": {"amountSet": bag("2")},
        },
    }
    payment = {
        "totalOutstandingSet": bag(outstanding),
        "totalCapturableSet": bag(held),
        "transactions": [{"kind": "CAPTURE", "status": "PENDING", "amountSet": bag(pending)}],
    }
    assert due(state, payment) == D(given)


def test_settler() -> None:
    """A new refund with the step's marker is ours; others are not, and no order cannot tell."""
    step = row(
        UNSHIPPED,
        {"refunds": ["gid://shopify/Refund/1"]},
        {"marker": "abc", "lines": {gid(1): 1}},
    )
    step = replace(step, operation="RefundCreate")
    settler = UnshippedSettler()

    def verdict(*refunds: dict[str, Any]) -> Any:
        return settler.judge(step, RefundState({"refunds": list(refunds)}, all_lines=True))

    mine = verdict(refund(2, {1: 1}, note=f"{NOTE} abc: ask Jo"))
    assert isinstance(mine, Applied)
    assert mine.detail["refund"] == "gid://shopify/Refund/2"
    assert isinstance(verdict(refund(1, {1: 1})), NotApplied)
    assert isinstance(verdict(refund(2, {1: 1}, note=f"{NOTE} abd")), NotApplied)
    assert isinstance(verdict(), NotApplied)
    assert isinstance(settler.judge(step, None), Unclear)
