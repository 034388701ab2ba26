"""The faults at money: what is applied, what is not, and what a repeat with the same key gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bridge.sandbox.runner import start_sandbox
from bridge.shopify import documents
from tests.sandbox.engine.harness import Http, still_clock

APPLIED = ("drop_reply", "http_502_after", "garbage", "half_body")
NOT_APPLIED = ("http_502_before", "throttle", "internal_error", "timeout")


@dataclass
class Shop:
    """A running store and one order in it."""

    http: Http
    order: dict[str, Any]

    async def fault(self, operation: str, fault: str, delay: float = 30.0) -> None:
        """The next request of that operation goes wrong."""
        spec = {"operation": operation, "fault": fault, "delay": delay}
        status, _ = await self.http.post("/_sandbox/faults", spec)
        assert status in {200, 201}

    async def send(self, operation: str, **variables: Any) -> Any:
        """The reply, or None when there was none that can be read."""
        try:
            text = documents.operation(operation).text
            status, _, raw = await self.http.ask(text, variables)
        except (aiohttp.ClientError, TimeoutError):
            return None
        return (status, raw)

    async def journal(self) -> list[str]:
        """The mutations that had an effect."""
        return [row["mutation"] for row in await self.http.get("/_sandbox/journal")]

    @property
    def transactions(self) -> list[str]:
        """Global ids of the order's transactions."""
        return [f"gid://shopify/OrderTransaction/{row}" for row in self.order["transactions"]]

    def capture(self) -> dict[str, Any]:
        """Variables that capture 5.00."""
        parent = self.transactions[-1]
        given = {"id": self.order["gid"], "parentTransactionId": parent, "amount": "5.00"}
        return {"input": given}

    def refund(self) -> dict[str, Any]:
        """Variables that give 5.00 back over the gift card."""
        row = {
            "orderId": self.order["gid"],
            "parentId": self.transactions[0],
            "gateway": "gift_card",
            "kind": "REFUND",
            "amount": "5.00",
        }
        given = {"orderId": self.order["gid"], "note": "RetailOps return 1", "transactions": [row]}
        return {"input": given, "idempotencyKey": "k-1"}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A store whose clock moves when it is told to, with an order paid by gift card and card."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        http = Http(running, session)
        payment = [{"gateway": "gift_card", "amount": "5.00"}, {"kind": "AUTHORIZATION"}]
        lines = [{"title": "Lantern", "price": "20.00"}]
        spec = {"lines": lines, "payment": payment, "shipping": None}
        _, order = await http.post("/_sandbox/orders", spec)
        yield Shop(http, order)
    await running.stop()


@pytest.mark.parametrize("fault", [*APPLIED, *NOT_APPLIED])
async def test_a_capture_that_went_wrong(shop: Shop, fault: str) -> None:
    """Applied or not as the fault says; there is no key, so a repeat is another attempt."""
    await shop.fault("orderCapture", fault)
    await shop.send("OrderCapture", **shop.capture())
    expected = ["orderCapture"] if fault in APPLIED else []
    assert await shop.journal() == expected
    again = await shop.send("OrderCapture", **shop.capture())
    assert again is not None
    refusal = b"Can only capture successful authorizations"
    assert (refusal in again[1]) == (fault in APPLIED)
    assert await shop.journal() == ["orderCapture"]


@pytest.mark.parametrize("fault", APPLIED)
async def test_a_refund_whose_reply_was_lost(shop: Shop, fault: str) -> None:
    """The repeat with the same key gives the first refund; there is only one."""
    await shop.fault("RefundCreate", fault)
    await shop.send("RefundCreate", **shop.refund())
    again = await shop.send("RefundCreate", **shop.refund())
    assert again is not None
    assert b"RetailOps return 1" in again[1]
    state = await shop.http.get("/_sandbox/state")
    mine = [row for row in state["refunds"] if row["order"] == shop.order["id"]]
    assert [row["note"] for row in mine] == ["RetailOps return 1"]
    assert mine[0]["total"]["amount"] == "5.0"
    assert await shop.journal() == ["refundCreate"]


async def test_a_refund_that_is_applied_late(shop: Shop) -> None:
    """Until then the key is in use; afterwards the repeat gives the refund."""
    await shop.fault("refundCreate", "apply_late")
    await shop.send("RefundCreate", **shop.refund())
    assert await shop.journal() == []
    waiting = await shop.send("RefundCreate", **shop.refund())
    assert waiting is not None
    assert b"IDEMPOTENCY_CONCURRENT_REQUEST" in waiting[1]
    await shop.http.post("/_sandbox/clock", {"advance": 31})
    again = await shop.send("RefundCreate", **shop.refund())
    assert again is not None
    assert b"RetailOps return 1" in again[1]
    assert await shop.journal() == ["refundCreate"]


async def test_a_capture_that_is_applied_late(shop: Shop) -> None:
    """A repeat before it wins; the late one is then refused and leaves nothing."""
    await shop.fault("orderCapture", "apply_late")
    await shop.send("OrderCapture", **shop.capture())
    assert await shop.journal() == []
    await shop.http.post("/_sandbox/clock", {"advance": 31})
    assert (await shop.send("OrderCapture", **shop.capture())) is not None
    assert await shop.journal() == ["orderCapture"]
    state = await shop.http.get("/_sandbox/state")
    mine = [row for row in state["transactions"] if row["order"] == shop.order["id"]]
    assert [row["kind"] for row in mine] == ["SALE", "AUTHORIZATION", "CAPTURE"]
