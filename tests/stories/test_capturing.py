"""capture_at = "ship": each package's value is taken with it, once; at the end all that is owed."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import DeadlineExceeded
from tests.stories.money import captured
from tests.stories.shipments import TEE, fulfillments, item, line, order_of, package, place, submit
from tests.support import world


def at_shipping(folder: Path) -> Path:
    """A merchant's own mappings that capture with each shipment."""
    own = folder / "mappings"
    own.mkdir()
    (own / "order_settle_payment.toml").write_text("[settle]\ncapture_at = \"'ship'\"\n")
    return own


@pytest.mark.parametrize("gateway", ["shopify_payments", "manual"])
async def test_captured_at_shipping(tmp_path: Path, gateway: str) -> None:
    """The last shipment takes what is owed; nothing is taken twice."""
    async with world(tmp_path, mappings_dir=at_shipping(tmp_path)) as w:
        tender = {"kind": "AUTHORIZATION", "gateway": gateway}
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}], payment=[tender])
        first = package(1, "T1", item(line(order), 1))
        assert (await submit(w, order, first)).events == []
        assert (await submit(w, order, first, shipment=10)).codes == ["ALREADY_APPLIED"]
        assert (await submit(w, order, package(2, "T2", item(line(order), 1)))).events == []
        await submit(w, order, package(2, "T2", item(line(order), 1)), shipment=10)
        assert (await order_of(w, order))["financial_status"] == "PAID"
        taken = [e["detail"]["amount"] for e in await w.journal("orderCapture")]
        assert sum(map(float, taken)) == pytest.approx(float(order["total"]["amount"]))


MULTI = [{"kind": "AUTHORIZATION", "gateway": "shopify_payments", "multi_capturable": True}]
MANY = 12


@pytest.mark.parametrize(
    ("money", "places"),
    [
        ({}, 2),
        ({"currency": "JPY", "rate": "149.35"}, 0),
        ({"currency": "EUR", "rate": "0.93"}, 2),
    ],
    ids=["USD", "JPY", "EUR"],
)
async def test_many_packages_in_one_call(
    tmp_path: Path, money: dict[str, Any], places: int
) -> None:
    """Twelve packages of one call: twelve captures, each once, in the currency's minor unit.

    One more package than there are rounds for the rest of a call. What the division of the
    discount leaves over is taken with the last package: the sum is what the order is worth.
    """
    async with world(tmp_path, mappings_dir=at_shipping(tmp_path), plan="plus") as w:
        lines = [{"sku": TEE, "quantity": MANY + 1, "price": "9.99" if places else "1099"}]
        discount = {"code": "TEN", "amount": "10.00" if places else "1000"}
        order = await place(w, lines=lines, payment=MULTI, discount=discount, **money)
        boxes = [package(n, f"T{n}", item(line(order), 1)) for n in range(1, MANY + 1)]
        assert (await submit(w, order, *boxes)).events == []
        taken = await captured(w, order)
        assert len(taken) == MANY
        assert len(set(taken[1:])) == 1  # all alike; the first has the shipping costs too
        assert all(amount == round(amount, places) and amount > 0 for amount in taken)
        again = await submit(w, order, *boxes)
        assert again.headers.get("Idempotent-Replayed") == "true"
        assert (await submit(w, order, *boxes[:5], shipment=10)).codes == ["ALREADY_APPLIED"] * 5
        assert await captured(w, order) == taken
        last = package(13, "T13", item(line(order), 1))
        assert (await submit(w, order, last)).events == []
        whole = await captured(w, order)
        assert len(whole) == MANY + 1
        after = await order_of(w, order)
        assert sum(whole) == D(after["total"]["amount"])
        assert after["financial_status"] == "PAID"
        assert len(await fulfillments(w, order)) == MANY + 1


async def test_the_time_is_over_between_two_captures(tmp_path: Path) -> None:
    """What is not captured yet is told by its package; repeats go on and take nothing twice."""
    async with world(tmp_path, mappings_dir=at_shipping(tmp_path), plan="plus") as w:
        lines = [{"sku": TEE, "quantity": MANY + 1, "price": "9.99"}]
        order = await place(w, lines=lines, payment=MULTI)
        boxes = [package(n, f"T{n}", item(line(order), 1)) for n in range(1, MANY + 1)]
        taken = 0

        def late(_: Any) -> None:
            nonlocal taken
            taken += 1
            if taken in {4, 9}:
                raise DeadlineExceeded("a test's own")

        w.hook("before", "PaymentState", late)
        calls = [await submit(w, order, *boxes) for _ in range(3)]
        told = [e["message"] for e in calls[0].events if e["code"] == "NOT_REACHED"]
        assert any("the value of" in message for message in told)
        assert all("NOT_REACHED" in c.codes for c in calls[:2])
        assert calls[2].codes == ["ALREADY_APPLIED"] * MANY
        amounts = await captured(w, order)
        assert len(amounts) == MANY
        assert len(set(amounts[1:])) == 1


async def test_a_capture_whose_reply_is_lost_among_many(tmp_path: Path) -> None:
    """Found in the store at once; others of the same amount are not taken for it."""
    async with world(tmp_path, mappings_dir=at_shipping(tmp_path), plan="plus") as w:
        lines = [{"sku": TEE, "quantity": MANY + 1, "price": "9.99"}]
        order = await place(w, lines=lines, payment=MULTI)
        boxes = [package(n, f"T{n}", item(line(order), 1)) for n in range(1, MANY + 1)]
        await w.fault("OrderCapture", "drop_reply", nth=7)
        assert (await submit(w, order, *boxes)).events == []
        assert len(await captured(w, order)) == MANY
