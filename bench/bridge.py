"""The bridge's own time for a call, beside a bare aiohttp handler in the same run.

Own time is what a caller waits less what Shopify took: the whole HTTP exchange with the bridge
minus the whole HTTP exchanges of the bridge with the embedded store. The bare handler reads
the same kind of JSON and answers it; the two are called in turns, so that noise meets both.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bridge.actions.order_offer import HeldBack, offer
from bridge.config.models import ServerSettings, Settings
from bridge.sandbox.runner import start_sandbox
from bridge.server.app import create_app
from bridge.server.running import listening, settle_down
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.exchange import Exchange
from bridge.shopify.orders import OrderReader
from bridge.wiring import Parts, assemble
from tests.support import CHANNEL, KEY, settings_for

ORDERS = 60
SKUS = 250
MARKED = 25


@dataclass(frozen=True, slots=True)
class Own:
    """Milliseconds of one kind of call. ``ratio`` is its median to the bare handler's."""

    call: str
    times: int
    p50: float
    p99: float
    ratio: float


@dataclass(slots=True)
class Stopwatch:
    """Adds up what Shopify took, by what the client tells of each exchange."""

    seconds: float = 0.0

    def __call__(self, exchange: Exchange) -> None:
        """One exchange is over."""
        self.seconds += exchange.seconds


@dataclass(slots=True)
class Bench:
    """A store, a bridge before it, and a bare handler beside it."""

    http: aiohttp.ClientSession
    bridge: str
    bare: str
    parts: Parts
    store: Stopwatch
    pulled: list[str] = field(default_factory=list)

    async def own(self, call: str, action: str, times: int, **fields: object) -> Own:
        """Call both in turns; the first calls warm up and do not count."""
        body = {
            "integration_auth_token": KEY,
            "action": action,
            "version": 1,
            "client_id": 497,
            "channel_info": {"id": CHANNEL},
            **fields,
        }
        ours: list[float] = []
        bare: list[float] = []
        for number in range(-3, times):
            one, _ = await self._post(f"{self.bare}/{action}_v1", body)
            self.store.seconds = 0.0
            two, answer = await self._post(f"{self.bridge}/{action}_v1", body)
            if number >= 0:
                bare.append(one)
                ours.append(two - self.store.seconds)
            if action == "order_pull" and not self.pulled:
                self.pulled = [o["channel_order_refnum"] for o in answer["orders"]]
        p50 = statistics.median(ours)
        ratio = p50 / statistics.median(bare)
        return Own(call, times, p50 * 1e3, _percentile(ours, 99) * 1e3, ratio)

    async def _post(self, url: str, body: Mapping[str, Any]) -> tuple[float, Any]:
        begin = time.perf_counter()
        async with self.http.post(url, json=body) as reply:
            raw = await reply.read()
        seconds = time.perf_counter() - begin
        if reply.status != 200:
            raise RuntimeError(f"{url}: HTTP {reply.status}: {raw[:500]!r}")
        return seconds, json.loads(raw)


def _percentile(values: Sequence[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


async def _answer(request: web.Request) -> web.Response:
    """What any handler must do: read JSON, answer JSON."""
    body = await request.json()
    return web.json_response({"sku_fanout": "related_skus", "events": [], "asked": len(body)})


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Bench]:
    # The largest plan: what is measured is our work, not the wait for points.
    store = await start_sandbox(variants=SKUS, orders=2 * ORDERS, plan="enterprise")
    settings: Settings = settings_for(
        store.url, folder, order_pull={"page_size": 50, "sweep_minutes": 10}
    )
    watch = Stopwatch()
    plain = web.Application()
    plain.router.add_post("/{action}", _answer)
    try:
        async with assemble(settings, observe=watch) as parts:
            app = create_app(settings, engine=parts.engine)
            async with (
                listening(app, settings.server) as url,
                listening(plain, ServerSettings(port=0)) as bare,
                aiohttp.ClientSession() as http,
            ):
                settle_down()
                yield Bench(http, url, bare, parts, watch)
    finally:
        await store.stop()


async def measure(folder: Path) -> tuple[list[Own], float]:
    """The calls' own times, and milliseconds to make one order of 10 lines for RetailOps."""
    rows = [{"sku": f"BULK-{n:06d}", "quantity_available": 7} for n in range(1, SKUS + 1)]
    async with _running(folder) as bench:
        found = [
            await bench.own("catalog_get_config", "catalog_get_config", 400),
            await bench.own("order_pull, 50 orders", "order_pull", 15),
        ]
        taken = [{"channel_order_refnum": r} for r in bench.pulled[:MARKED]]
        found += [
            await bench.own(
                "order_acknowledge, 25 orders, repeat", "order_acknowledge", 60, orders=taken
            ),
            await bench.own(
                "inventory_push, 250 SKUs, nothing new",
                "inventory_push",
                15,
                inventory_updates=rows,
            ),
        ]
        return found, await _order_milliseconds(bench.parts)


async def _order_milliseconds(parts: Parts) -> float:
    """Scope, money, the shipped mapping, validation and proof of one order; the median."""
    channel = parts.engine.channels[CHANNEL]
    budget = CallBudget(Deadline.after(60.0))
    reader = OrderReader(channel.client, budget, presentment=True, namespace="retailops", lines=50)
    page = await reader.page(
        query="sku:BULK*", first=100, after=None, cancelled_query=None, recent=False
    )
    orders = [o for o in page.orders if len(o["lineItems"]) == 10]
    mapping = channel.mappings["order_pull"]
    taken: list[float] = []
    for order in orders * 3:
        begin = time.perf_counter()
        made = offer(order, channel.settings, mapping, cancel=False)
        taken.append(time.perf_counter() - begin)
        if isinstance(made, HeldBack):
            raise TypeError(f"{made.refnum} was held back: {made.reason}")
    return statistics.median(taken) * 1e3
