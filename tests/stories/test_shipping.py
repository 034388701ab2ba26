"""order_shipment_submit, through HTTP on both sides: every package is in the store once.

Told in docs/explanation/stories/shipping.md.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.stories.shipments import (
    ALBANY,
    BROOKLYN,
    KNIFE,
    TEE,
    admin,
    ask,
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
)
from tests.support import world

CANCEL = """mutation($id: ID!) { fulfillmentCancel(id: $id) {
  fulfillment { id } userErrors { message } } }"""
HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""
WORK_ROWS = """query($id: ID!) { fulfillmentOrder(id: $id) {
  lineItems(first: 5) { nodes { id } } } }"""
RELEASE = """mutation($id: ID!) { fulfillmentOrderReleaseHold(id: $id) {
  fulfillmentOrder { id } userErrors { message } } }"""


async def test_one_package(tmp_path: Path) -> None:
    """One fulfillment with its tracking, for at most 140 points; a repeat is the same answer."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        await w.spent()
        box = package(5, "1Z999", item(line(order), 2, TEE), carrier="ups")
        answer = await submit(w, order, box)
        assert answer.status == 200
        assert answer.events == []
        assert (await w.spent()).points <= 140
        [made] = await fulfillments(w, order)
        [tracking] = made["tracking"]
        assert tracking["number"] == "1Z999"
        assert tracking["company"] == "UPS"
        assert tracking["url"]
        assert (await order_of(w, order))["fulfillment_status"] == "FULFILLED"
        again = await submit(w, order, box)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (await w.spent()).requests == 0


async def test_a_package_repeated_in_another_body(tmp_path: Path) -> None:
    """The same package under another shipment id: known, at most 130 points, no mutation."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = package(5, "1Z999", item(line(order), 1))
        assert (await submit(w, order, box)).events == []
        await w.restart()
        await w.spent()
        again = await submit(w, order, box, shipment=10)
        assert outcomes(again) == [("info", "ALREADY_APPLIED")]
        spent = await w.spent()
        assert spent.operations == ["ShipmentState"]
        assert spent.points <= 130
        assert await shipped(w, order) == [{line(order): 1}]


async def test_three_packages_from_two_locations(tmp_path: Path) -> None:
    """Each package is shipped from the place that has it; one that needs both is two."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[
                {"sku": TEE, "quantity": 3, "locations": {ALBANY: 1, BROOKLYN: 2}},
                {"sku": KNIFE, "quantity": 2, "location": ALBANY},
            ],
        )
        tee, knife = line(order), line(order, 1)
        answer = await submit(
            w,
            order,
            package(1, "T1", item(knife, 1), item(tee, 1)),
            package(2, "T2", item(tee, 1)),
            package(3, "T3", item(knife, 1), item(tee, 1)),
        )
        assert answer.events == []
        made = await fulfillments(w, order)
        by_number: dict[str, list[str]] = {}
        for fulfillment in made:
            number = fulfillment["tracking"][0]["number"]
            by_number.setdefault(number, []).append(fulfillment["location"])
        assert by_number["T1"] == [ALBANY]
        assert by_number["T2"] == [BROOKLYN]
        assert sorted(by_number["T3"]) == [ALBANY, BROOKLYN]
        assert (await order_of(w, order))["fulfillment_status"] == "FULFILLED"


async def test_tracking_corrected(tmp_path: Path) -> None:
    """Another number, and another carrier, update the fulfillment; nothing is shipped again."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 1}])
        box = item(line(order), 1)
        await submit(w, order, package(5, "WRONG", box))
        assert (await submit(w, order, package(5, "RIGHT", box))).events == []
        assert (await submit(w, order, package(5, "RIGHT", box, carrier="FedEx"))).events == []
        await w.spent()
        # back to a number that it had before: that is a change too
        assert (await submit(w, order, package(5, "WRONG", box, carrier="fedex"))).events == []
        assert (await w.spent()).operations == ["ShipmentState", "FulfillmentTrackingUpdate"]
        [made] = await fulfillments(w, order)
        assert [(t["number"], t["company"]) for t in made["tracking"]] == [("WRONG", "FedEx")]
        assert len(await shipped(w, order)) == 1


async def test_two_packages_under_one_id(tmp_path: Path) -> None:
    """One fulfillment, and a warning of what does not count; under ids of their own both go."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = item(line(order), 1)
        answer = await submit(w, order, package(5, "T1", box), package(5, "T2", box))
        assert outcomes(answer) == [("warning", "PACKAGE_REPEATED")]
        assert "T2 counts, and T1 does not; 1 and 1 of" in answer.events[0]["message"]
        assert await shipped(w, order) == [{line(order): 1}]
        answer = await submit(w, order, package(5, "T1", box), package(6, "T2", box))
        assert answer.events == []
        assert await shipped(w, order) == [{line(order): 1}] * 2
        numbers = [f["tracking"][0]["number"] for f in await fulfillments(w, order)]
        assert sorted(numbers) == ["T1", "T2"]


async def test_over_ship(tmp_path: Path) -> None:
    """What is left is fulfilled; the line and how many are too many are told, again on a repeat."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        answer = await submit(w, order, package(5, "T", item(line(order), 5)))
        assert outcomes(answer) == [("warning", "OVER_SHIPPED")]
        assert answer.about("OVER_SHIPPED") == [order["id"], line(order), "9", TEE]
        assert "3 more" in answer.events[0]["message"]
        again = await submit(w, order, package(5, "T", item(line(order), 5)), shipment=10)
        assert outcomes(again) == [("warning", "OVER_SHIPPED")]
        assert await shipped(w, order) == [{line(order): 2}]


async def test_hold(tmp_path: Path) -> None:
    """A held line is told and left; the others go. Once released, a repeat ships the rest only."""
    async with world(tmp_path) as w:
        order = await place(
            w,
            lines=[{"sku": TEE, "quantity": 2}, {"sku": KNIFE, "hold": "INCORRECT_ADDRESS"}],
        )
        tee, knife = line(order), line(order, 1)
        box = package(5, "T", item(tee, 2), item(knife, 1))
        answer = await submit(w, order, box)
        assert outcomes(answer) == [("error", "ORDER_ON_HOLD")]
        assert knife in answer.about("ORDER_ON_HOLD")
        assert await shipped(w, order) == [{tee: 2}]
        held = next(f for f in order["fulfillment_orders"] if f["holds"])
        await admin(w, RELEASE, id=held["gid"])
        assert (await submit(w, order, box)).events == []
        assert await shipped(w, order) == [{tee: 2}, {knife: 1}]


async def test_scheduled_work_is_opened(tmp_path: Path) -> None:
    """A pre-order that was shipped early is opened first."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "scheduled": 30}])
        assert (await submit(w, order, package(5, "T", item(line(order), 1)))).events == []
        assert await shipped(w, order) == [{line(order): 1}]


async def test_two_delivery_methods_in_one_package(tmp_path: Path) -> None:
    """Shopify takes one method a fulfillment: the package becomes two, with one number."""
    async with world(tmp_path) as w:
        order = await place(
            w, lines=[{"sku": TEE}, {"sku": KNIFE, "delivery": "LOCAL", "location": ALBANY}]
        )
        tee, knife = line(order), line(order, 1)
        answer = await submit(w, order, package(5, "T", item(tee, 1), item(knife, 1)))
        assert answer.events == []
        assert sorted(await shipped(w, order), key=str) == sorted([{tee: 1}, {knife: 1}], key=str)


@pytest.mark.parametrize("carrier", ["Joe's Bikes", None, ""])
async def test_carrier_unknown(tmp_path: Path, carrier: str | None) -> None:
    """A package without carrier, or with one that nobody knows, loses neither items nor number."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = package(5, "BIKE-1", item(line(order), 2), carrier=carrier)
        assert (await submit(w, order, box)).events == []
        [made] = await fulfillments(w, order)
        [tracking] = made["tracking"]
        assert (tracking["number"], tracking["company"]) == ("BIKE-1", carrier or None)
        again = await submit(w, order, box, shipment=10)
        assert outcomes(again) == [("info", "ALREADY_APPLIED")]


async def test_a_merchants_carriers(tmp_path: Path) -> None:
    """A carrier of the merchant's own gets its link, and Shopify's e-mail goes out."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_shipment_submit.toml").write_text(
        "[tracking]\nnotify_customer = true\n"
        '[tables.carrier]\n"JOE" = "Joe\'s Bikes"\n'
        '[tables.tracking_url]\n"JOE" = "https://joe.example/{number}"\n'
    )
    async with world(tmp_path, mappings_dir=own) as w:
        order = await place(w, lines=[{"sku": TEE}])
        box = package(5, "B1", item(line(order), 1), carrier="Joe")
        assert (await submit(w, order, box)).events == []
        [made] = await fulfillments(w, order)
        [tracking] = made["tracking"]
        assert tracking["company"] == "Joe's Bikes"
        assert tracking["url"] == "https://joe.example/B1"
        [entry] = await w.journal("fulfillmentCreate")
        assert entry["detail"]["notify"] is True
        again = await submit(w, order, box, shipment=10)
        assert outcomes(again) == [("info", "ALREADY_APPLIED")]


async def test_nothing_and_zero(tmp_path: Path) -> None:
    """Empty packages and quantities of 0 are no packages; the others of the call go."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE}, {"sku": KNIFE}])
        answer = await submit(
            w,
            order,
            package(1, "T1"),
            package(2, "T2", item(line(order, 1), 0)),
            package(3, "T3", item(line(order), 1), item(line(order, 1), 0)),
        )
        assert answer.events == []
        assert await shipped(w, order) == [{line(order): 1}]


async def test_a_cancelled_fulfillment_is_not_shipped_again(tmp_path: Path) -> None:
    """Who cancelled the fulfillment in Shopify had a reason: told, and left."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = package(5, "T", item(line(order), 2))
        await submit(w, order, box)
        [made] = await fulfillments(w, order)
        await admin(w, CANCEL, id=made["gid"])
        again = await submit(w, order, box, shipment=10)
        assert outcomes(again) == [("warning", "SHIPMENT_CANCELLED")]
        assert len(await shipped(w, order)) == 1


async def test_an_order_that_does_not_exist(tmp_path: Path) -> None:
    """HTTP 200 and an error event; nothing is sent."""
    async with world(tmp_path) as w:
        answer = await submit(w, {"id": "999999999999"}, package(5, "T", item("1", 1)))
        assert answer.status == 200
        assert outcomes(answer) == [("error", "ORDER_NOT_FOUND")]
        assert await w.journal() == []


async def test_a_cancelled_order_is_not_shipped(tmp_path: Path) -> None:
    """The goods may have left; the cancelled order takes no fulfillment, and it is told."""
    async with world(tmp_path) as w:
        state = await w.state()
        order = next(o for o in state["orders"] if o["kind"] == "cancelled_refunded")
        answer = await submit(w, order, package(5, "T", item(line(order), 1)))
        assert outcomes(answer) == [("error", "ORDER_CANCELLED")]
        assert await w.journal("fulfillmentCreate") == []


async def test_a_hundred_and_twenty_lines(tmp_path: Path) -> None:
    """An order longer than a page is shipped whole, in one package."""
    async with world(tmp_path) as w:
        state = await w.state()
        order = next(o for o in state["orders"] if o["kind"] == "hundred_and_twenty_lines")
        items = [item(str(row["id"]), row["current_quantity"]) for row in order["lines"]]
        assert (await submit(w, order, package(5, "T", *items))).events == []
        [lines] = await shipped(w, order)
        assert len(lines) == 120
        again = await submit(w, order, package(5, "T", *items), shipment=10)
        assert outcomes(again) == [("info", "ALREADY_APPLIED")]


@pytest.mark.parametrize("call", [submit, complete])
@pytest.mark.parametrize("held", [1, 3])
async def test_a_hold_while_we_ship(tmp_path: Path, call: Any, held: int) -> None:
    """Held between reading and writing: refused, read again; what is not held is shipped.

    A hold of a part puts the rest into a new fulfillment order.
    """
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        work = order["fulfillment_orders"][0]["gid"]
        rows = await ask(w, WORK_ROWS, id=work)
        [row] = rows["fulfillmentOrder"]["lineItems"]["nodes"]
        doings = [{"id": row["id"], "quantity": held}]

        async def hold(_: object) -> None:
            if doings:
                wanted = {"reason": "OTHER", "fulfillmentOrderLineItems": [doings.pop()]}
                await admin(w, HOLD, id=work, hold=wanted)

        w.hook("before", "FulfillmentCreate", hold)
        answer = await call(w, order, package(5, "T", item(line(order), 2)))
        errors = [e["code"] for e in answer.events if e["event_type"] == "error"]
        assert errors == ([] if held == 1 else ["ORDER_ON_HOLD"])
        assert await shipped(w, order) == ([{line(order): 2}] if held == 1 else [])


async def test_more_fulfillment_orders_than_a_page(tmp_path: Path) -> None:
    """Twelve parts of an order, each scheduled for another day: all are found, opened, shipped."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "scheduled": n} for n in range(1, 13)])
        assert len(order["fulfillment_orders"]) > 10
        items = [item(str(row["id"]), 1) for row in order["lines"]]
        assert (await submit(w, order, package(5, "T", *items))).events == []
        [lines] = await shipped(w, order)
        assert len(lines) == 12


async def test_different_bodies_about_one_order_at_once(tmp_path: Path) -> None:
    """p1; p1 and p2; complete with p1, all at once: each package is made once."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        one, two = (package(n, f"T{n}", item(line(order), 1)) for n in (1, 2))
        answers = await asyncio.gather(
            submit(w, order, one),
            submit(w, order, one, two),
            complete(w, order, one),
            submit(w, order, two, shipment=10),
        )
        assert {a.status for a in answers} == {200}
        assert not [e for a in answers for e in a.events if e["event_type"] == "error"]
        numbers = [f["tracking"][0]["number"] for f in await fulfillments(w, order)]
        assert sorted(numbers) == ["T1", "T2"]


# ---- the ledger is lost


async def test_the_ledger_is_lost(tmp_path: Path) -> None:
    """A tracked package is known by its number and units, and then as well known as before."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        await submit(w, order, package(5, "T5", item(line(order), 2)))
        await lose_ledger(w, tmp_path)
        answer = await submit(w, order, package(5, "T5", item(line(order), 2)))
        assert outcomes(answer) == [("info", "ALREADY_APPLIED")]
        assert (await submit(w, order, package(5, "T6", item(line(order), 2)))).events == []
        assert await shipped(w, order) == [{line(order): 2}]
        [made] = await fulfillments(w, order)
        assert [t["number"] for t in made["tracking"]] == ["T6"]


async def test_the_ledger_is_lost_and_the_package_has_no_number(tmp_path: Path) -> None:
    """Nobody can tell: held in doubt, not shipped; packages of other orders go on."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        other = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        await submit(w, order, package(None, None, item(line(order), 2)), shipment=0)
        await lose_ledger(w, tmp_path)
        answer = await submit(w, order, package(None, None, item(line(order), 2)), shipment=0)
        assert outcomes(answer) == [("error", "IN_DOUBT")]
        assert len(await shipped(w, order)) == 1
        assert (await submit(w, other, package(None, None, item(line(other), 2)))).events == []


# ---- the peers' bugs


async def test_peers_bug_shipment_created_only_in_an_error_path(tmp_path: Path) -> None:
    """The plain good case ships."""
    async with world(tmp_path) as w:
        order = await place(w)
        assert (await submit(w, order, package(1, "T", item(line(order), 1)))).events == []
        assert len(await shipped(w, order)) == 1


async def test_peers_bug_package_without_carrier_losing_its_items(tmp_path: Path) -> None:
    """Neither carrier nor number: the items are shipped all the same."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        box = package(None, None, item(line(order), 2), carrier=None)
        assert (await submit(w, order, box)).events == []
        assert await shipped(w, order) == [{line(order): 2}]


async def test_peers_bug_duplicate_shipments(tmp_path: Path) -> None:
    """One package, told six ways: with another shipment id, twice in a call, after a restart."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 5}])
        box = package(5, "T", item(line(order), 1))
        await submit(w, order, box)
        await submit(w, order, box, box)
        await submit(w, order, box, shipment=77)
        await w.restart()
        await submit(w, order, box, shipment=0)
        await submit(w, order, package(None, "T", item(line(order), 1)), shipment=9)
        await submit(w, order, package(5, "T", item(line(order), "1.0", TEE)))
        assert await shipped(w, order) == [{line(order): 1}]


async def test_peers_bug_sku_keyed_lines_with_duplicate_skus(tmp_path: Path) -> None:
    """Three lines of one SKU: the refnum decides; with the SKU alone nothing is guessed."""
    async with world(tmp_path) as w:
        state = await w.state()
        order = next(o for o in state["orders"] if o["kind"] == "duplicate_sku_lines")
        second, sku = order["lines"][1], order["lines"][1]["sku"]
        answer = await submit(w, order, package(1, "T", item(str(second["id"]), 1, sku)))
        assert answer.events == []
        assert await shipped(w, order) == [{str(second["id"]): 1}]
        answer = await submit(w, order, package(2, "T2", item("no-such-line", 1, sku)))
        assert outcomes(answer) == [("error", "ITEM_NOT_FOUND")]
        assert len(await shipped(w, order)) == 1


async def test_an_unknown_refnum_falls_back_to_the_only_line_with_its_sku(tmp_path: Path) -> None:
    """One line has the SKU: that is the one."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE}, {"sku": KNIFE}])
        answer = await submit(w, order, package(1, "T", item("gone", 1, KNIFE)))
        assert answer.events == []
        assert await shipped(w, order) == [{line(order, 1): 1}]


async def test_what_was_shipped_before_the_pull(tmp_path: Path) -> None:
    """order_pull's ``…-shipped`` part and its tip are never shipped."""
    async with world(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 3}])
        refnum = line(order)
        box = package(1, "T", item(f"{refnum}-shipped", 1, TEE), item("tip", 1), item(refnum, 1))
        answer = await submit(w, order, box)
        assert outcomes(answer) == [("info", "ALREADY_SHIPPED")]
        assert await shipped(w, order) == [{refnum: 1}]
