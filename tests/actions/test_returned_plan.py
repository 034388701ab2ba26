"""What a return gives back, over which tenders, in which mutation: pure."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.currency import pulled_in
from bridge.actions.order_returned_plan import Giver, Giving, asked_lines, refund_effect
from bridge.actions.order_returned_target import Returned, ReturnedLine
from bridge.actions.refund_money import marked, refund_marked, refundable, spread
from bridge.actions.refund_settler import RefundSettler
from bridge.engine import Applied, NotApplied, Unclear
from bridge.shopify.refunds import RefundState
from tests.actions.payments import bag, refund_order, step_row, suggestion

GID = "gid://shopify/LineItem/"


def line(number: int, *, units: int = 2, to_ship: int = 0, sku: str = "A", **fields: Any) -> dict:
    """A line of RefundState; everything has left the house by default."""
    return {
        "id": f"{GID}{number}",
        "sku": sku,
        "quantity": units,
        "currentQuantity": units,
        "unfulfilledQuantity": to_ship,
        "refundableQuantity": units,
        "requiresShipping": True,
        **fields,
    }


def plan(order: dict, *, all_lines: bool = True, **given: Any) -> Giving:
    """The plan of return 87: by default 50.00 for one unit of line 1."""
    rows = given.pop("lines", [ReturnedLine(refnum="1", quantity=1)])
    wanted = Returned(**{"action": "refund", "amount": D(50), "lines": rows, **given})
    return Giver(
        return_id="87",
        refnum="1",
        returned=wanted,
        state=RefundState(order, all_lines),
        rate=pulled_in(order, shop_currency=False),
    ).plan()


def sent(giving: Giving) -> dict:
    """The input of the only step."""
    (step,) = giving.steps
    return step.variables["input"]


# ---- money


@given(
    tenders=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
    amount=st.integers(0, 200),
)
def test_the_parts_make_up_the_amount(tenders, amount: int) -> None:
    """Exactly the amount, or all that there is; no tender gets more than its room."""
    rows = [(min(a, b), b) for a, b in tenders]
    parts = spread(refund_order(suggestedRefund=suggestion(*rows)), D(amount))
    assert sum((p.amount for p in parts), D(0)) == min(amount, sum(b for _, b in rows))
    rooms = {f"gid://shopify/OrderTransaction/{n}": b for n, (_, b) in enumerate(rows)}
    assert all(0 < p.amount <= rooms[p.parent] for p in parts)


def test_shopifys_suggestion_comes_first() -> None:
    """Above the suggestion each tender gives what it has room for, in Shopify's order."""
    order = refund_order(suggestedRefund=suggestion((30, 30), (20, 70)))
    assert [p.amount for p in spread(order, D(40))] == [30, 10]
    order = refund_order(suggestedRefund=suggestion((10, 30), (20, 70)))
    assert [p.amount for p in spread(order, D(40))] == [20, 20]


def test_what_is_refundable() -> None:
    """The smaller of what was paid and what Shopify lets go; nothing where it says no."""
    assert refundable(refund_order()) == 100
    assert refundable(refund_order(netPaymentSet=bag(30))) == 30
    assert refundable(refund_order(suggestedRefund=suggestion((0, 9), most=9))) == 9
    assert refundable(refund_order(refundable=False)) == 0
    assert refundable(refund_order(suggestedRefund=None)) == 100


def test_shipping_never_adds_to_the_amount() -> None:
    """It is said to be inside, at most what is left of it and at most the amount."""
    order = refund_order(lineItems=[line(1)], suggestedRefund=suggestion((0, 100), shipping=10))
    given = sent(plan(order, shipping=D(15)))
    assert given["shipping"] == {"amount": D(10)}
    assert [t["amount"] for t in given["transactions"]] == [D(50)]
    assert "shipping" not in sent(plan(order, shipping=D(0)))
    assert sent(plan(order, amount=D(4), shipping=D(9)))["shipping"] == {"amount": D(4)}


def test_why_the_money_differs_is_said_where_the_mapping_says_it() -> None:
    """A discrepancy reason goes along, and none by default."""
    order = refund_order(lineItems=[line(1)])
    assert "discrepancyReason" not in sent(plan(order))
    assert sent(plan(order, discrepancy_reason="RESTOCK"))["discrepancyReason"] == "RESTOCK"


# ---- units


def test_units_of_the_same_line_are_one_row() -> None:
    """By number, by GID, by the part that was shipped before; Shopify wants a line once."""
    rows = [
        ReturnedLine(refnum="1", quantity=1),
        ReturnedLine(refnum=f"{GID}1", quantity=1),
        ReturnedLine(refnum="1-shipped", quantity=1),
    ]
    order = refund_order(lineItems=[line(1, units=5)])
    (row,) = sent(plan(order, lines=rows))["refundLineItems"]
    assert (row["lineItemId"], row["quantity"]) == (f"{GID}1", 3)
    (asked,) = asked_lines(rows)
    assert (asked.line, asked.quantity) == (f"{GID}1", 3)


@pytest.mark.parametrize("quantity", [None, 0, -1])
def test_rows_of_no_units_are_passed_over(quantity) -> None:
    """Money alone, and nothing is asked for."""
    rows = [ReturnedLine(refnum="1", quantity=quantity)]
    assert asked_lines(rows) == []
    assert sent(plan(refund_order(lineItems=[line(1)]), lines=rows))["refundLineItems"] == []


def test_a_line_beyond_the_first_hundred() -> None:
    """Its number is trusted where not all lines were read; Shopify checks it."""
    rows = [ReturnedLine(refnum="777", quantity=1)]
    order = refund_order(lineItems=[line(1)])
    (row,) = sent(plan(order, lines=rows, all_lines=False))["refundLineItems"]
    assert row["lineItemId"] == f"{GID}777"
    known = plan(order, lines=rows)
    assert sent(known)["refundLineItems"] == []
    assert [e.code for e in known.events] == ["ITEM_NOT_FOUND"]


def test_full_refund_where_only_a_part_was_unshipped() -> None:
    """A peer's bug: units to be shipped are not taken off, and the amount is the return's."""
    order = refund_order(lineItems=[line(1, units=3, to_ship=1)])
    giving = plan(order)
    assert sent(giving)["refundLineItems"] == []
    assert [e.code for e in giving.events] == ["RETURN_NOT_RECORDED"]
    assert [t["amount"] for t in sent(giving)["transactions"]] == [D(50)]


def test_what_is_never_shipped_can_be_taken_off() -> None:
    """A line without shipping stays unfulfilled for ever; it can be returned all the same."""
    order = refund_order(lineItems=[line(1, to_ship=2, requiresShipping=False)])
    assert len(sent(plan(order))["refundLineItems"]) == 1


# ---- the shop's own returns


def open_return(*rows: tuple[int, int, int], status: str = "OPEN") -> dict:
    """(line, processable, processed) of each row."""
    return {
        "id": "gid://shopify/Return/1",
        "name": "#1001-R1",
        "status": status,
        "returnLineItems": [
            {
                "id": f"gid://shopify/ReturnLineItem/{n}",
                "quantity": left + done,
                "processedQuantity": done,
                "processableQuantity": left,
                "fulfillmentLineItem": {"id": "f", "lineItem": {"id": f"{GID}{number}"}},
            }
            for n, (number, left, done) in enumerate(rows)
        ],
    }


def test_a_line_that_is_in_a_return_twice() -> None:
    """Units are taken from its rows in order, and the return closes when it has no more."""
    order = refund_order(lineItems=[line(1)], returns=[open_return((1, 1, 0), (1, 2, 1))])
    giving = plan(order, lines=[ReturnedLine(refnum="1", quantity=3)])
    process, close = giving.steps
    rows = process.variables["input"]["returnLineItems"]
    assert [(r["id"][-1], r["quantity"]) for r in rows] == [("0", 1), ("1", 2)]
    assert close.variables == {"id": "gid://shopify/Return/1"}
    assert close.kind == ""


@pytest.mark.parametrize("status", ["REQUESTED", "CLOSED", "CANCELED", "DECLINED"])
def test_returns_that_are_not_open_are_left_alone(status: str) -> None:
    """Only an open return is processed."""
    order = refund_order(lineItems=[line(1)], returns=[open_return((1, 1, 0), status=status)])
    (step,) = plan(order).steps
    assert step.operation.name == "RefundCreate"


def test_money_alone_processes_no_return() -> None:
    """A return without units belongs to no return of the shop."""
    order = refund_order(lineItems=[line(1)], returns=[open_return((1, 1, 0))])
    (step,) = plan(order, lines=[]).steps
    assert step.operation.name == "RefundCreate"


# ---- found again


def test_a_note_names_one_return_only() -> None:
    """87 is not 8 and not 870, and words may follow."""
    marker = "RetailOps return 87"
    assert marked("RetailOps return 87", marker)
    assert marked(" RetailOps return 87: R-1 ", marker)
    assert not marked("RetailOps return 870", marker)
    assert not marked("see RetailOps return 87", marker)
    assert not marked(None, marker)
    assert (
        refund_marked(refund_order(refunds=[{"id": "r", "note": marker}]), marker, but=["r"])
        is None
    )


def row_of(giving: Giving):
    """The ledger's row of the plan's first step."""
    step = giving.steps[0]
    return step_row("refund", "87", pre_image=step.pre_image, expect=step.expect)


def test_a_lost_refund_is_found_by_its_note() -> None:
    """A refund that was not there before and names the return; no other."""
    order = refund_order(lineItems=[line(1)], refunds=[{"id": "old", "note": None}])
    row = row_of(plan(order))
    judge = RefundSettler().judge
    assert judge(row, RefundState(order, True)) == NotApplied()
    by_hand = {"id": "new", "note": "sorry", "totalRefundedSet": bag(50)}
    order["refunds"].append(by_hand)
    assert judge(row, RefundState(order, True)) == NotApplied(), "somebody else's"
    order["refunds"].append({"id": "ours", "note": "RetailOps return 87"})
    verdict = judge(row, RefundState(order, True))
    assert isinstance(verdict, Applied)
    assert verdict.detail["refund"] == "ours"
    assert D(verdict.detail["amount"]) == 50
    assert isinstance(judge(row, None), Unclear)


def test_a_lost_processing_is_found_by_its_units() -> None:
    """Units and money: ours. Units without the money: only a person can tell."""
    order = refund_order(lineItems=[line(1)], returns=[open_return((1, 2, 0))])
    row = row_of(plan(order))
    judge = RefundSettler().judge
    assert judge(row, RefundState(order, True)) == NotApplied()
    after = refund_order(returns=[open_return((1, 1, 1))])
    assert isinstance(judge(row, RefundState(after, True)), Unclear)
    made = {"id": "new", "note": None, "totalRefundedSet": bag(50)}
    paid = refund_order(returns=[open_return((1, 1, 1))], refunds=[made])
    assert isinstance(judge(row, RefundState(paid, True)), Applied)
    free = row_of(plan(order, amount=D(0)))
    assert isinstance(judge(free, RefundState(after, True)), Applied)


def test_a_refund_object_does_not_prove_that_money_moved() -> None:
    """Its transactions say; userErrors are a definite no."""

    def made(*statuses: str) -> dict:
        nodes = [{"status": s, "amountSet": bag(10)} for s in statuses]
        refund = {"id": "r", "transactions": {"nodes": nodes}}
        return {"refundCreate": {"refund": refund, "userErrors": []}}

    detail = {"amount": "20"}
    assert refund_effect(detail, made("SUCCESS", "SUCCESS")) == {"amount": "20", "refund": "r"}
    assert refund_effect(detail, made("FAILURE", "PENDING")) == {
        "amount": "20",
        "refund": "r",
        "unpaid": "10",
        "pending": "10",
    }
    errors = [{"field": None, "message": "no"}]
    assert refund_effect(detail, {"refundCreate": {"refund": None, "userErrors": errors}}) is None
    assert refund_effect(detail, {"returnProcess": {"return": None, "userErrors": []}}) is None
    processed = {"returnProcess": {"return": {"id": "x"}, "userErrors": []}}
    assert refund_effect(detail, processed) == detail
