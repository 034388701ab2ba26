"""Every fault at a package: applied or not, once, whatever the client saw."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bridge.sandbox.runner import start_sandbox
from tests.sandbox.engine.harness import Http, still_clock

CREATE = """
mutation FulfillmentCreate($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { message } }
}
"""
APPLIED = ("drop_reply", "http_502_after", "garbage", "half_body")
NOT_APPLIED = ("http_502_before", "throttle", "internal_error")


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client of a store whose clock only moves when it is told to."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        yield Http(running, session)
    await running.stop()


async def variables(http: Http) -> dict[str, Any]:
    """A package of all of a fresh order."""
    _, order = await http.post("/_sandbox/orders", {"lines": [{"sku": "MUG-ENM-GRN"}]})
    await http.post("/_sandbox/clock", {"advance": 2})
    shown = next(row for row in (await state(http))["orders"] if row["id"] == order["id"])
    work = shown["fulfillment_orders"][0]["gid"]
    return {"fulfillment": {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": work}]}}


async def state(http: Http) -> dict[str, Any]:
    """Everything in the store."""
    found: dict[str, Any] = await http.get("/_sandbox/state")
    return found


async def packages(http: Http) -> int:
    """How many packages the journal knows."""
    journal = await http.get("/_sandbox/journal")
    return sum(entry["mutation"] == "fulfillmentCreate" for entry in journal)


async def broken(http: Http, given: dict[str, Any]) -> None:
    """A call that does not bring a package's id back."""
    try:
        _, _, raw = await http.ask(CREATE, given)
        payload = (json.loads(raw).get("data") or {}).get("fulfillmentCreate") or {}
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return
    assert not payload.get("fulfillment")


@pytest.mark.parametrize("fault", [*APPLIED, *NOT_APPLIED])
async def test_applied_or_not(http: Http, fault: str) -> None:
    """The journal tells; the next try goes through only when nothing had happened."""
    given = await variables(http)
    await http.post("/_sandbox/faults", {"operation": "fulfillmentCreate", "fault": fault})
    await broken(http, given)
    done = fault in APPLIED
    assert await packages(http) == int(done)
    payload = (await http.data(CREATE, given))["fulfillmentCreate"]
    assert bool(payload["userErrors"]) is done
    assert await packages(http) == 1


async def test_timeout(http: Http) -> None:
    """Never answers, never applied."""
    given = await variables(http)
    await http.post("/_sandbox/faults", {"operation": "FulfillmentCreate", "fault": "timeout"})
    await broken(http, given)
    assert await packages(http) == 0


async def test_applied_late(http: Http) -> None:
    """Never answers; applied when the delay is over by the store's clock, and exactly once."""
    given = await variables(http)
    fault = {"operation": "fulfillmentCreate", "fault": "apply_late", "delay": 45}
    await http.post("/_sandbox/faults", fault)
    await broken(http, given)
    assert await packages(http) == 0
    await http.post("/_sandbox/clock", {"advance": 44})
    assert await packages(http) == 0
    await http.post("/_sandbox/clock", {"advance": 2})
    assert await packages(http) == 1
    assert len((await state(http))["fulfillments"][-1]["lines"]) == 1
    payload = (await http.data(CREATE, given))["fulfillmentCreate"]
    assert payload["userErrors"][0]["message"].endswith("status= closed.")


async def test_applied_late_after_a_repeat(http: Http) -> None:
    """The repeat came first: what arrives late finds nothing to ship."""
    given = await variables(http)
    fault = {"operation": "fulfillmentCreate", "fault": "apply_late", "delay": 45}
    await http.post("/_sandbox/faults", fault)
    await broken(http, given)
    await http.data(CREATE, given)
    await http.post("/_sandbox/clock", {"advance": 50})
    assert await packages(http) == 1
