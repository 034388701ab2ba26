"""Is a package whose reply was lost in the store? Never somebody else's, and late ones too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.actions.shipment_settler import Look, ShipmentSettler
from bridge.engine import Applied, NotApplied, Unclear, Verdict
from bridge.ledger import StepRow
from bridge.shopify.fulfillment import OrderWork, Shipped
from tests.actions.parcels import NOW, ORDER, SHOP, gid, order, shipped


def row(kind: str, pre_image: Mapping[str, Any], expect: Mapping[str, Any]) -> StepRow:
    """A step as the ledger has it."""
    return StepRow(
        execution_id="e1",
        channel=21,
        shop=SHOP,
        order_gid=ORDER,
        key="k",
        kind=kind,
        natural_id="n",
        operation="FulfillmentCreate",
        idempotency_key="",
        pre_image=pre_image,
        expect=expect,
        id="s1",
        state="doubt",
        sent_at=NOW,
        doubt_at=NOW,
        ended_at=None,
        request_id="",
        note="",
        owner="o",
    )


def judged(
    *fulfillments: Shipped, before: tuple[int, ...] = (), claimed: tuple[int, ...] = (), number: str
) -> Verdict:
    """The verdict on a package of two units of line 1 with this number."""
    step = row(
        "fulfillment",
        {"fulfillments": [f"gid://shopify/Fulfillment/{n}" for n in before]},
        {"package": "package 5", "shipment": "9", "lines": {gid(1): 2}, "tracking": number},
    )
    known = frozenset(f"gid://shopify/Fulfillment/{n}" for n in claimed)
    return ShipmentSettler().judge(step, Look(order(*fulfillments), known))


def test_a_new_one_with_the_same_units_and_number() -> None:
    """Applied, with the detail that the reply would have given."""
    verdict = judged(shipped(7, {1: 2}, "T"), number="T")
    assert isinstance(verdict, Applied)
    assert verdict.detail["fulfillment"] == "gid://shopify/Fulfillment/7"
    assert verdict.detail["lines"] == {gid(1): 2}


def test_what_was_there_before_is_not_ours() -> None:
    """An older fulfillment, another package's, another number, other units: not applied."""
    for made in (
        judged(shipped(7, {1: 2}, "T"), before=(7,), number="T"),
        judged(shipped(7, {1: 2}, "T"), claimed=(7,), number="T"),
        judged(shipped(7, {1: 2}, "X"), number="T"),
        judged(shipped(7, {1: 2}, "X"), number=""),
        judged(shipped(7, {1: 1}, "T"), number="T"),
        judged(shipped(7, {1: 2, 2: 1}, "T"), number="T"),
        judged(number="T"),
    ):
        assert isinstance(made, NotApplied)


def test_two_that_look_like_it() -> None:
    """A person has to tell them apart."""
    verdict = judged(shipped(7, {1: 2}), shipped(8, {1: 2}), number="")
    assert isinstance(verdict, Unclear)
    assert "7, 8" in verdict.reason


def test_tracking() -> None:
    """Applied when the fulfillment has it; gone, nobody can tell."""
    expect = {
        "fulfillment": "gid://shopify/Fulfillment/7",
        "number": "T",
        "company": "UPS",
        "url": "",
    }
    step = row("tracking", {"tracking": []}, expect)
    settler = ShipmentSettler()

    def verdict(*fulfillments: Shipped) -> Verdict:
        return settler.judge(step, Look(order(*fulfillments), frozenset()))

    assert verdict(shipped(7, {1: 1}, "T", company="UPS")) == Applied(expect)
    assert isinstance(verdict(shipped(7, {1: 1}, "T", company="FedEx")), NotApplied)
    assert isinstance(verdict(), Unclear)


def test_closed_and_gone() -> None:
    """A closed order is closed; one that is not found cannot be judged."""
    step = row("closed", {}, {"closed": True})
    settler = ShipmentSettler()
    is_open = order()
    closed = OrderWork(ORDER, "1", "#1001", cancelled=False, closed=True)
    assert isinstance(settler.judge(step, Look(is_open, frozenset())), NotApplied)
    assert isinstance(settler.judge(step, Look(closed, frozenset())), Applied)
    assert isinstance(settler.judge(step, Look(None, frozenset())), Unclear)
