"""What is counted, and that each metric is documented."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bridge.retailops.events import Code, event
from bridge.server.metrics import OUTCOMES, Metrics
from bridge.shopify.budget import Meter
from tests.server.conftest import body
from tests.server.tiny import Done, TinyEngine, answer_of

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/metrics.md"


async def samples(client) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample by name and label values."""
    response = await client.get("/metrics")
    assert response.status == 200
    assert response.content_type == "text/plain"
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(await response.text())
        for sample in family.samples
    }


async def test_a_call_is_counted_with_its_cost(serve):
    """Outcome, seconds, events, and what Shopify was asked."""

    async def then(_):
        told = [event(Code.SKU_NOT_FOUND, "x", sku="A")] * 2
        meter = Meter(requests=3, points=120, throttled=1, retries=2, waited_seconds=0.5)
        return Done(answer_of("inventory_push", told), "partial", told, meter)

    client = await serve(TinyEngine(then))
    await client.post("/inventory_push_v1", json=body())
    await client.post("/inventory_push_v1", json={})
    await client.post("/inventory_push_v1", data=b"x")
    await client.post("/order_cancel_v1", json=body())
    found = await samples(client)
    push = ("inventory_push",)
    assert found["retailops_bridge_calls_total", (*push, "partial")] == 1
    assert found["retailops_bridge_calls_total", (*push, "unauthorized")] == 1
    assert found["retailops_bridge_calls_total", (*push, "bad_request")] == 1
    assert found["retailops_bridge_calls_total", ("order_cancel", "not_served")] == 1
    assert found["retailops_bridge_call_seconds_count", push] == 3
    assert found["retailops_bridge_events_total", (*push, "SKU_NOT_FOUND")] == 2
    assert found["retailops_bridge_shopify_requests_total", push] == 3
    assert found["retailops_bridge_shopify_points_total", push] == 120
    assert found["retailops_bridge_shopify_throttled_total", push] == 1
    assert found["retailops_bridge_shopify_retries_total", push] == 2
    assert found["retailops_bridge_shopify_wait_seconds_total", push] == 0.5


async def test_calls_in_flight(serve):
    """Up while a call runs, down again after it."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def then(_):
        entered.set()
        await leave.wait()
        return Done(answer_of("order_pull"))

    client = await serve(TinyEngine(then))
    call = asyncio.create_task(client.post("/order_pull", json=body()))
    await entered.wait()
    assert (await samples(client))["retailops_bridge_calls_in_flight", ()] == 1
    leave.set()
    await call
    assert (await samples(client))["retailops_bridge_calls_in_flight", ()] == 0


async def test_callers_cannot_make_series(serve):
    """Unknown paths and codes of no call leave the registry as it is."""
    client = await serve()
    before = set(await samples(client))
    for path in ("/a", "/b_v1", "/order_pull_v2"):
        await client.post(path, json=body())
    assert set(await samples(client)) == before


def test_every_metric_and_outcome_is_documented():
    """docs/reference/metrics.md has each name, and no name that is none."""
    registry = CollectorRegistry()
    Metrics(registry)
    names = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in registry.collect()
    }
    page = PAGE.read_text("utf-8")
    assert set(re.findall(r"^\| `(retailops_bridge_\w+)`", page, re.M)) == names
    outcomes = page.split("## Outcomes")[1]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", outcomes, re.M)) == OUTCOMES
