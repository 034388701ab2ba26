"""order_returned where the shop has opened a return itself: that one is processed and closed.

Told in prose in docs/explanation/stories/returning.md.
"""

from decimal import Decimal as D

import pytest

from tests.stories.money import FAULTS, give_back, refunded, shipped
from tests.support import World, world


async def opened(w: World, order, units: int = 1) -> None:
    """The shop opens a return itself, for units of the first line."""
    given = {"lines": [(0, units, "UNWANTED")]}
    w.store.sandbox.store.happen(order["id"], "return", given)


async def status_of(w: World, order) -> str:
    """The status of the order's only return."""
    (item,) = [r for r in (await w.state())["returns"] if r["order"] == order["id"]]
    return str(item["status"])


async def test_an_open_return_of_the_shop(tmp_path) -> None:
    """It is processed with the money and closed, in place of a refund beside it."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await opened(w, order)
        await w.spent()
        assert (await give_back(w, order, 45, units=1)).events == []
        spent = await w.spent()
        assert spent.operations == ["RefundState", "ReturnProcess", "ReturnClose"]
        assert spent.points <= 215
        assert await refunded(w, order) == [D(45)]
        assert await status_of(w, order) == "CLOSED"
        assert (await give_back(w, order, 44)).codes == ["ALREADY_APPLIED"]
        assert await refunded(w, order) == [D(45)]


async def test_an_open_return_that_expects_more(tmp_path) -> None:
    """What came is processed with its money; the return stays open for the rest."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await opened(w, order, units=2)
        assert (await give_back(w, order, 50)).codes == ["RETURN_PARTLY_OPEN"]
        assert await status_of(w, order) == "OPEN"
        assert (await give_back(w, order, 50, number=88)).events == []
        assert await status_of(w, order) == "CLOSED"
        assert await refunded(w, order) == [D(50), D(50)]


async def test_an_open_return_that_expects_less(tmp_path) -> None:
    """A return that does not cover the units is left alone: the refund stands beside it."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await opened(w, order, units=1)
        assert (await give_back(w, order, 100, units=2)).events == []
        assert await status_of(w, order) == "OPEN"
        assert len(await w.journal("refundCreate")) == 1


async def test_an_open_return_for_nothing_and_for_store_credit(tmp_path) -> None:
    """Processed without money; processed with store credit."""
    async with world(tmp_path) as w:
        order = await shipped(w, email="someone@example.com")
        await opened(w, order, units=2)
        assert (await give_back(w, order, 0)).codes == ["RETURN_PARTLY_OPEN"]
        credit = await give_back(w, order, 30, number=88, action="storecredit")
        assert credit.body == {"events": [], "return": {"channel_store_credit_amount": 30}}
        assert await status_of(w, order) == "CLOSED"
        assert await refunded(w, order) == [D(30)]


async def test_a_close_that_was_lost(tmp_path) -> None:
    """The money went back and the closing failed: a repeat closes, and gives nothing."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await shipped(w)
        await opened(w, order)
        for _ in range(8):
            await w.fault("ReturnClose", "http_502_before")
        assert "error" in {e["event_type"] for e in (await give_back(w, order, 45)).events}
        assert await status_of(w, order) == "OPEN"
        for _ in range(4):
            await give_back(w, order, 45)
        assert await status_of(w, order) == "CLOSED"
        assert await refunded(w, order) == [D(45)]


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_open_return_is_processed_once(tmp_path, fault: str) -> None:
    """ReturnProcess has no key at Shopify: a lost reply is read back, and the return is closed."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await shipped(w)
        await opened(w, order)
        await w.fault("ReturnProcess", fault, delay=30.0)
        await give_back(w, order, 45)
        for seconds in (10, 61, 61):
            await w.advance(seconds)
            last = await give_back(w, order, 45)
        assert [e for e in last.events if e["event_type"] == "error"] == []
        assert await refunded(w, order) == [D(45)]
        assert await status_of(w, order) == "CLOSED"
