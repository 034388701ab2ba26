"""The faults at cancelling and editing, over HTTP: what happens, and how often."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bridge.sandbox.runner import start_sandbox
from bridge.shopify import documents
from tests.sandbox.engine.harness import Http, still_clock

APPLIED = ("drop_reply", "http_502_after", "garbage", "half_body")
NOT_APPLIED = ("http_502_before", "throttle", "internal_error", "timeout")


class Shop:
    """A running store and an order of three units in it."""

    def __init__(self, http: Http, order: dict[str, Any]) -> None:
        self.http, self.order = http, order

    async def fault(self, operation: str, fault: str, delay: float = 30.0) -> None:
        """The next request of that operation goes wrong."""
        spec = {"operation": operation, "fault": fault, "delay": delay}
        status, _ = await self.http.post("/_sandbox/faults", spec)
        assert status in {200, 201}

    async def send(self, operation: str, **variables: Any) -> Any:
        """The payload, or None when there was no reply that can be read."""
        try:
            text = documents.operation(operation).text
            status, _, raw = await self.http.ask(text, variables)
            (payload,) = json.loads(raw)["data"].values()
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, AttributeError):
            return None
        return payload if status == 200 else None

    async def journal(self) -> list[str]:
        """The mutations that had an effect."""
        return [row["mutation"] for row in await self.http.get("/_sandbox/journal")]

    async def forward(self, seconds: float) -> None:
        """Let the store's time pass."""
        await self.http.post("/_sandbox/clock", {"advance": seconds})

    async def cancel(self) -> Any:
        """``orderCancel``."""
        given = {"orderId": self.order["gid"], "reason": "OTHER", "restock": False}
        return await self.send("OrderCancel", **given, notifyCustomer=False)

    async def staged(self) -> str:
        """A session that takes one unit off."""
        begun = await self.send("OrderEditBegin", id=self.order["gid"])
        session = begun["calculatedOrder"]["id"]
        line = begun["calculatedOrder"]["lineItems"]["nodes"][0]["id"]
        payload = await self.send("OrderEditSetQuantity", id=session, lineItemId=line, quantity=2)
        assert payload["userErrors"] == []
        return str(session)

    async def units(self) -> int:
        """The units that the order has."""
        orders = (await self.http.get("/_sandbox/state"))["orders"]
        mine = next(row for row in orders if row["id"] == self.order["id"])
        return int(mine["lines"][0]["current_quantity"])


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A store whose clock moves when it is told to."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        http = Http(running, session)
        lines = [{"title": "Lantern", "price": "20.00", "quantity": 3}]
        _, order = await http.post("/_sandbox/orders", {"lines": lines})
        yield Shop(http, order)
    await running.stop()


@pytest.mark.parametrize("fault", [*APPLIED, *NOT_APPLIED])
async def test_a_cancellation_that_went_wrong(shop: Shop, fault: str) -> None:
    """Applied or not as the fault says; a repeat is told so, and there is one cancellation."""
    await shop.fault("orderCancel", fault)
    assert await shop.cancel() is None
    assert await shop.journal() == (["orderCancel"] if fault in APPLIED else [])
    again = await shop.cancel()
    assert bool(again["orderCancelUserErrors"]) == (fault in APPLIED)
    assert await shop.journal() == ["orderCancel"]


@pytest.mark.parametrize("fault", [*APPLIED, *NOT_APPLIED])
async def test_a_commit_that_went_wrong(shop: Shop, fault: str) -> None:
    """The whole edit or nothing; the session of an applied one is gone."""
    session = await shop.staged()
    await shop.fault("orderEditCommit", fault)
    assert await shop.send("OrderEditCommit", id=session, notifyCustomer=False) is None
    assert await shop.units() == (2 if fault in APPLIED else 3)
    again = await shop.send("OrderEditCommit", id=session, notifyCustomer=False)
    assert bool(again["userErrors"]) == (fault in APPLIED)
    assert await shop.units() == 2
    assert await shop.journal() == ["orderEditCommit"]


async def test_they_are_applied_late(shop: Shop) -> None:
    """Nothing is seen until the time has come; then it has happened, once."""
    session = await shop.staged()
    await shop.fault("orderEditCommit", "apply_late", delay=20)
    assert await shop.send("OrderEditCommit", id=session, notifyCustomer=False) is None
    assert (await shop.units(), await shop.journal()) == (3, [])
    await shop.forward(21)
    assert (await shop.units(), await shop.journal()) == (2, ["orderEditCommit"])
    await shop.fault("orderCancel", "apply_late", delay=20)
    assert await shop.cancel() is None
    assert await shop.journal() == ["orderEditCommit"]
    await shop.forward(21)
    assert await shop.journal() == ["orderEditCommit", "orderCancel"]
    await shop.forward(2)  # the job
    assert await shop.units() == 0


async def test_what_is_staged_is_no_effect(shop: Shop) -> None:
    """Replies that are lost before the commit change nothing, and another session may begin."""
    first = await shop.staged()
    await shop.fault("OrderEditSetQuantity", "drop_reply")
    line = f"gid://shopify/CalculatedLineItem/{shop.order['lines'][0]['id']}"
    assert await shop.send("OrderEditSetQuantity", id=first, lineItemId=line, quantity=1) is None
    await shop.fault("OrderEditBegin", "drop_reply")
    assert await shop.send("OrderEditBegin", id=shop.order["gid"]) is None
    assert (await shop.units(), await shop.journal()) == (3, [])
    second = await shop.staged()
    await shop.send("OrderEditCommit", id=second, notifyCustomer=False)
    assert (await shop.units(), await shop.journal()) == (2, ["orderEditCommit"])
