"""order_complete, through HTTP on both sides: shipped, taken off, given back and archived, once.

Told in docs/explanation/stories/completing.md.
"""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.stories.money import give_back
from tests.stories.shipments import (
    KNIFE,
    TEE,
    admin,
    complete,
    fulfillments,
    item,
    line,
    lose_ledger,
    order_of,
    outcomes,
    package,
    place,
    shipped,
    submit,
    unshipped,
)
from tests.support import World, world

ARCHIVE_AGAIN = "mutation($i: OrderOpenInput!) { orderOpen(input: $i) { userErrors { message } } }"


async def refunds(w: World, order: dict[str, Any]) -> list[dict[str, Any]]:
    """What each refund of an order gave and took off, by the journal."""
    journal = await w.journal("refundCreate")
    return [e["detail"] for e in journal if e["order"] == order["id"]]


def taken_off(refund: dict[str, Any]) -> dict[str, int]:
    """Units by line of a refund."""
    return {row["line"]: row["quantity"] for row in refund["lines"]}


async def test_short_ship_then_complete(tmp_path: Path) -> None:
    """Two of three shipped, the third never: taken off, its money back, the order archived."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await submit(w, order, box)
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        assert outcomes(answer) == [("info", "ALREADY_APPLIED")]  # the package
        [refund] = await refunds(w, order)
        assert (refund["amount"], refund["shipping"]) == ("20.00", "0.00")
        assert taken_off(refund) == {tee: 1}
        assert [row["restock_type"] for row in refund["lines"]] == ["NO_RESTOCK"]
        assert refund["note"].startswith("RetailOps unshipped ")
        now = await order_of(w, order)
        assert now["closed"]
        assert now["fulfillment_status"] == "FULFILLED"
        assert len(await shipped(w, order)) == 1
        again = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("told", ["absent", None, []])
async def test_complete_without_unshipped_items(tmp_path: Path, told: Any) -> None:
    """Nothing is cancelled and nothing refunded; what is left is told, the order archived."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        box = package(5, "T", item(line(order), 2))
        answer = await complete(w, order, box, unshipped_items=told)
        assert answer.body["status"] == "success"
        assert outcomes(answer) == [("warning", "NOT_SHIPPED")]
        assert "1 of line" in answer.events[0]["message"]
        assert await refunds(w, order) == []
        now = await order_of(w, order)
        assert now["closed"]
        assert now["lines"][0]["unfulfilled_quantity"] == 1


async def test_complete_whose_shipment_call_was_lost(tmp_path: Path) -> None:
    """The package is made by order_complete, and known when the shipment comes after all."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = package(5, "T", item(line(order), 2))
        answer = await complete(w, order, box)
        assert (answer.body["status"], answer.events) == ("success", [])
        assert outcomes(await submit(w, order, box)) == [("info", "ALREADY_APPLIED")]
        assert await shipped(w, order) == [{line(order): 2}]


@pytest.mark.parametrize("fault", ["drop_reply", "apply_late"])
async def test_complete_whose_shipment_reply_was_lost(tmp_path: Path, fault: str) -> None:
    """Submitted, the reply lost; complete lists the package: it is made once."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await w.fault("FulfillmentCreate", fault, delay=30.0)
        await submit(w, order, box)
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        if fault == "apply_late":
            assert answer.body["status"] == "fail"
            assert outcomes(answer) == [("error", "IN_DOUBT")]
            await w.advance(61)
            answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        assert await shipped(w, order) == [{tee: 2}]
        assert [taken_off(r) for r in await refunds(w, order)] == [{tee: 1}]


async def test_nothing_was_shipped(tmp_path: Path) -> None:
    """All of it unshipped: the shipping goes back too, all the money with it."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[{"sku": TEE, "quantity": 2}, {"sku": KNIFE}],
            tax_rate="0.08",
            shipping={"title": "Standard", "price": "6.90", "taxed": True},
        )
        off = [unshipped(line(order), 2), unshipped(line(order, 1), 1)]
        answer = await complete(w, order, unshipped_items=off)
        assert (answer.body["status"], answer.events) == ("success", [])
        [refund] = await refunds(w, order)
        assert refund["shipping"] == "6.90"
        assert D(refund["amount"]) == D(order["total"]["amount"])
        assert (await order_of(w, order))["financial_status"] == "REFUNDED"


async def test_an_authorised_order_is_reduced_without_money(tmp_path: Path) -> None:
    """Nothing is captured: units are taken off, no money moves, and it is told what is open."""
    async with world(tmp_path) as w:
        order = await place(
            w, lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}], payment="authorized"
        )
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        assert outcomes(answer) == [("warning", "NOT_CAPTURED")]
        [refund] = await refunds(w, order)
        assert refund["transactions"] == []
        assert D((await order_of(w, order))["current_total"]["amount"]) == D("46.90")


async def test_captured_at_completion(tmp_path: Path) -> None:
    """capture_at = complete: what is left of the order is taken, after units were taken off."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_settle_payment.toml").write_text("[settle]\ncapture_at = \"'complete'\"\n")
    async with world(tmp_path, mappings_dir=own) as w:
        order = await place(
            w, lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}], payment="authorized"
        )
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        [capture] = await w.journal("orderCapture")
        assert D(capture["detail"]["amount"]) == D("46.90")


async def test_unshipped_grows(tmp_path: Path) -> None:
    """One more unit is told in a second call: one more is taken off, not two."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 5, "price": "10.00"}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 2)])
        assert answer.body["status"] == "success"
        assert [(r["amount"], taken_off(r)) for r in await refunds(w, order)] == [
            ("10.00", {tee: 1}),
            ("10.00", {tee: 1}),
        ]


async def test_more_unshipped_than_is_left(tmp_path: Path) -> None:
    """At most what is unfulfilled, and what a package of the call holds stays with it."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        tee = line(order)
        answer = await complete(
            w, order, package(5, "T", item(tee, 2)), unshipped_items=[unshipped(tee, 3)]
        )
        assert outcomes(answer) == [("warning", "OVER_UNSHIPPED")]
        assert [taken_off(r) for r in await refunds(w, order)] == [{tee: 1}]


async def test_less_than_nothing_unshipped(tmp_path: Path) -> None:
    """A mistake somewhere: it is told, and nothing is taken off."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        answer = await complete(
            w,
            order,
            package(5, "T", item(line(order), 3)),
            unshipped_items=[unshipped(line(order), -1)],
        )
        assert answer.codes == ["INVALID_QUANTITY"]
        assert await refunds(w, order) == []


async def test_virtual_lines_are_never_unshipped(tmp_path: Path) -> None:
    """An e-book that RetailOps lists as unshipped keeps its money."""
    async with world(tmp_path) as w:
        state = await w.state()
        order = next(o for o in state["orders"] if o["kind"] == "digital_and_physical")
        book = next(row for row in order["lines"] if not row["requires_shipping"])
        rope = next(row for row in order["lines"] if row["requires_shipping"])
        answer = await complete(
            w,
            order,
            package(5, "T", item(str(rope["id"]), rope["quantity"])),
            unshipped_items=[unshipped(str(book["id"]), 1)],
        )
        assert answer.body["status"] == "success"
        assert outcomes(answer) == [("info", "NOTHING_TO_SHIP")]
        assert await refunds(w, order) == []


async def test_a_hold_keeps_the_order_open(tmp_path: Path) -> None:
    """A package that cannot go makes it fail: what is unshipped is taken off, nothing archived."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}, {"sku": KNIFE, "hold": "OTHER"}])
        tee, knife = line(order), line(order, 1)
        box = package(5, "T", item(tee, 1), item(knife, 1))
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "fail"
        assert outcomes(answer) == [("error", "ORDER_ON_HOLD")]
        assert not (await order_of(w, order))["closed"]
        assert [taken_off(r) for r in await refunds(w, order)] == [{tee: 1}]


async def test_an_order_that_closed_itself(tmp_path: Path) -> None:
    """Paid and shipped orders archive themselves: nothing is sent."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 1}])
        box = package(5, "T", item(line(order), 1))
        await submit(w, order, box)
        await w.advance(5)
        assert (await complete(w, order, box)).body["status"] == "success"
        assert await w.journal("orderClose") == []


async def test_an_order_that_a_person_opened_again(tmp_path: Path) -> None:
    """What order_complete archived once is not archived again against a person's will."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}], payment="authorized")
        box = package(5, "T", item(line(order), 1))
        await complete(w, order, box)
        assert (await order_of(w, order))["closed"]
        await admin(w, ARCHIVE_AGAIN, i={"id": order["gid"]})
        await complete(w, order, box, shipment=10)
        assert not (await order_of(w, order))["closed"]


async def test_a_merchant_keeps_money_and_orders_open(tmp_path: Path) -> None:
    """refund_unshipped and close are the merchant's to choose, and a note for staff."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_complete.toml").write_text(
        "[complete]\nrefund_unshipped = false\nclose = false\nnote = \"'ask Jo'\"\n"
    )
    async with world(tmp_path, mappings_dir=own) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        answer = await complete(w, order, unshipped_items=[unshipped(line(order), 2)])
        assert answer.body["status"] == "success"
        [refund] = await refunds(w, order)
        assert (refund["amount"], refund["shipping"]) == ("0.00", "0.00")
        assert refund["note"].endswith(": ask Jo")
        assert not (await order_of(w, order))["closed"]


async def test_the_ledger_is_lost(tmp_path: Path) -> None:
    """The refund's note says what was taken off: it is not taken off again."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 5}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        await lose_ledger(w, tmp_path)
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        assert len(await refunds(w, order)) == 1
        assert len(await fulfillments(w, order)) == 1


async def test_foreign_currency(tmp_path: Path) -> None:
    """The customer's euros come back as euros."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            currency="EUR",
            taxes_included=True,
            tax_rate="0.19",
            lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}],
        )
        tee = line(order)
        answer = await complete(
            w, order, package(5, "T", item(tee, 2)), unshipped_items=[unshipped(tee, 1)]
        )
        assert answer.body["status"] == "success"
        [refund] = await refunds(w, order)
        assert (refund["amount"], refund["currency"]) == ("20.00", "EUR")


async def test_two_tenders(tmp_path: Path) -> None:
    """A gift card and a card: the parts that Shopify suggests, summing to the units' worth."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}],
            payment=[{"gateway": "gift_card", "amount": "30.00"}, {}],
        )
        tee = line(order)
        await complete(w, order, package(5, "T", item(tee, 1)), unshipped_items=[unshipped(tee, 2)])
        [refund] = await refunds(w, order)
        assert sum(D(t["amount"]) for t in refund["transactions"]) == D("40.00")


async def test_an_order_that_was_partly_paid(tmp_path: Path) -> None:
    """15.00 came in, and nothing will be shipped: 15.00 go back."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[{"sku": TEE, "quantity": 2, "price": "20.00"}],
            payment=[{"amount": "15.00"}],
        )
        answer = await complete(w, order, unshipped_items=[unshipped(line(order), 2)])
        assert answer.body["status"] == "success"
        assert [D(r["amount"]) for r in await refunds(w, order)] == [D("15.00")]


async def test_a_package_that_came_back_holds_no_unit(tmp_path: Path) -> None:
    """Shipped, returned, and one more ordered: that one can be taken off."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2, "price": "20.00"}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await submit(w, order, box)
        await give_back(w, order, 20.0)
        await w.post(
            "order_update",
            order={
                "channel_order_refnum": order["id"],
                "order_items": [{"channel_item_refnum": tee, "quantity": 2, "order_item_id": 1}],
            },
        )
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert outcomes(answer) == [("info", "ALREADY_APPLIED")]
        assert taken_off((await refunds(w, order))[-1]) == {tee: 1}


async def test_money_that_went_back_before(tmp_path: Path) -> None:
    """Goods that came back while others were to be shipped: the rest's money is whole."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3, "price": "20.00"}])
        tee = line(order)
        await submit(w, order, package(5, "T", item(tee, 1)))
        await give_back(w, order, 16.0)
        answer = await complete(
            w, order, package(6, "U", item(tee, 1)), unshipped_items=[unshipped(tee, 1)]
        )
        assert answer.body["status"] == "success"
        assert [D(r["amount"]) for r in await refunds(w, order)] == [D("16.00"), D("20.00")]


@pytest.mark.parametrize("operation", ["RefundCreate", "OrderClose"])
@pytest.mark.parametrize("fault", ["drop_reply", "http_502_before", "apply_late"])
async def test_replies_lost_at_the_end(tmp_path: Path, operation: str, fault: str) -> None:
    """Whatever is lost: one refund, one archiving, and a repeat a minute later says success."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        tee = line(order)
        box = package(5, "T", item(tee, 2))
        await w.fault(operation, fault, delay=30.0)
        await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        await w.advance(61)
        answer = await complete(w, order, box, unshipped_items=[unshipped(tee, 1)])
        assert answer.body["status"] == "success"
        assert [taken_off(r) for r in await refunds(w, order)] == [{tee: 1}]
        assert (await order_of(w, order))["closed"]
        assert await shipped(w, order) == [{tee: 2}]


async def test_an_order_that_does_not_exist(tmp_path: Path) -> None:
    """HTTP 200, fail, and an error event."""
    async with world(tmp_path) as w:
        answer = await complete(w, {"id": "999999999999"}, unshipped_items=[unshipped("1", 1)])
        assert (answer.status, answer.body["status"]) == (200, "fail")
        assert outcomes(answer) == [("error", "ORDER_NOT_FOUND")]


async def test_a_cancelled_order(tmp_path: Path) -> None:
    """Nothing is left to be done, and that is success."""
    async with world(tmp_path) as w:
        state = await w.state()
        order = next(o for o in state["orders"] if o["kind"] == "cancelled_refunded")
        answer = await complete(w, order, unshipped_items=[unshipped(line(order), 1)])
        assert answer.body["status"] == "success"
        assert outcomes(answer) == [("info", "ORDER_CANCELLED")]
        assert await w.journal() == []


# ---- the peers' bugs


async def test_peers_bug_full_refund_where_only_a_part_was_unshipped(tmp_path: Path) -> None:
    """One of four units: a quarter of the goods, no shipping."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4, "price": "25.00"}])
        tee = line(order)
        await complete(w, order, package(5, "T", item(tee, 3)), unshipped_items=[unshipped(tee, 1)])
        [refund] = await refunds(w, order)
        assert (refund["amount"], refund["shipping"]) == ("25.00", "0.00")


async def test_peers_bug_refund_per_line_instead_of_once(tmp_path: Path) -> None:
    """Two lines unshipped: one refund of both."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}, {"sku": KNIFE, "quantity": 2}])
        tee, knife = line(order), line(order, 1)
        await complete(
            w,
            order,
            package(5, "T", item(tee, 1), item(knife, 1)),
            unshipped_items=[unshipped(tee, 1), unshipped(knife, 1)],
        )
        assert [taken_off(r) for r in await refunds(w, order)] == [{tee: 1, knife: 1}]


async def test_peers_bug_infinite_refund_loop(tmp_path: Path) -> None:
    """Told five times, in bodies that differ: one refund."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        tee = line(order)
        for shipment in range(1, 6):
            answer = await complete(
                w,
                order,
                package(5, "T", item(tee, 2)),
                unshipped_items=[unshipped(tee, 1)],
                shipment=shipment,
            )
            assert answer.body["status"] == "success"
        assert len(await refunds(w, order)) == 1


async def test_peers_bug_sku_keyed_lines_with_duplicate_skus(tmp_path: Path) -> None:
    """Two lines of one SKU: the refnum says which one is taken off."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[
                {"sku": TEE, "quantity": 1, "price": "10.00"},
                {"sku": TEE, "quantity": 1, "price": "30.00"},
            ],
        )
        second = {**unshipped(line(order, 1), 1), "sku": TEE}
        await complete(w, order, package(5, "T", item(line(order), 1)), unshipped_items=[second])
        [refund] = await refunds(w, order)
        assert (refund["amount"], taken_off(refund)) == ("30.00", {line(order, 1): 1})
