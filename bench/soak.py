"""``python -m bench soak``: 10,000 calls through one bridge, none throttled, memory flat.

    python -m bench soak [--calls 10000] [--plan enterprise] [--at-once 8]

RetailOps' calls in the proportions of a busy day, eight at once, on a store that gives the
points of a Shopify plan and refuses what goes over them. Exits with 1 when a call failed, when
the store has said THROTTLED, or when the bridge's memory has grown.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from rich import box
from rich.console import Console
from rich.table import Table

from bench import processes
from bench.processes import Child, call_body

CALLS: Final = 10_000
AT_ONCE: Final = 8
SAMPLES: Final = 20  # of memory, evenly over the calls
WARM: Final = 5  # samples until caches and pools have their size: a quarter
GROWTH: Final = 1.05  # allocators breathe by some per cent; a leak of 1 KiB a call shows 10 %

ORDERS: Final = 200
SKUS: Final = 200
Call = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class Soaked:
    """What happened. ``memory``: mebibytes of the bridge after each part of the calls."""

    seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    points: int = 0
    throttled: int = 0
    memory: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """The last quarter's memory to that of the second quarter: what comes after warming up."""
        early = self.memory[WARM : 2 * WARM]
        late = self.memory[-WARM:]
        return (sum(late) / len(late)) / (sum(early) / len(early)) if early else 1.0

    @property
    def kept(self) -> bool:
        """Whether nothing failed, nothing was throttled and memory stayed."""
        return not self.failures and not self.throttled and self.growth <= GROWTH


def _day(orders: list[dict[str, Any]]) -> Iterator[Call]:
    """Ten calls, again and again: mostly stock and pulls, now and then what an order needs."""
    for turn in itertools.count():
        some = [orders[(turn * 5 + n) % len(orders)]["id"] for n in range(5)]
        rows = [
            {"sku": f"BULK-{(turn * 10 + n) % SKUS + 1:06d}", "quantity_available": turn % 97 + n}
            for n in range(10)
        ]
        stock = ("inventory_push", {"inventory_updates": rows})
        taken = [{"channel_order_refnum": i, "retailops_order_id": 7} for i in some]
        mark = ("order_acknowledge", {"orders": taken})
        pull = ("order_pull", {"page_token": ""})
        order = orders[turn % len(orders)]
        yield from (stock, pull, stock, mark, pull, _shipment(order), stock, pull, mark)
        yield ("catalog_get_config", {})


def _shipment(order: dict[str, Any]) -> Call:
    """The whole order in one package; when its turn comes again, the same body again."""
    items = [
        {"channel_item_refnum": row["id"], "sku": row["sku"], "quantity": row["quantity"]}
        for row in order["lines"]
    ]
    package = {
        "retailops_package_id": 5,
        "carrier_name": "UPS",
        "tracking_number": f"1Z999AA1{order['id']}",
        "package_items": items,
    }
    shipment = {"retailops_shipment_id": 9, "packages": [package]}
    return "order_shipment_submit", {"channel_order_refnum": order["id"], "shipment": shipment}


async def soak(folder: Path, calls: int, plan: str, at_once: int) -> Soaked:
    """Run the calls and look at the store and at the bridge's memory."""
    out = Soaked()
    async with (
        processes.store(folder, variants=SKUS, orders=ORDERS, plan=plan) as store,
        processes.bridge(folder, store.url, page_size=5) as bridge,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(f"{store.url}/_sandbox/state") as reply:
            orders = [o for o in (await reply.json())["orders"] if len(o["lines"]) == 10]
        begin = time.perf_counter()
        waiting = _day(orders)
        for _ in range(SAMPLES):
            part = itertools.islice(waiting, calls // SAMPLES)
            await asyncio.gather(*(_caller(http, bridge, part, out) for _ in range(at_once)))
            out.memory.append(bridge.mebibytes())
        out.seconds = time.perf_counter() - begin
        async with http.get(f"{store.url}/_sandbox/requests") as reply:
            rows = await reply.json()
    out.requests = len(rows)
    out.points = sum(r["actual_cost"] or 0 for r in rows)
    out.throttled = sum(bool(r["throttled"]) for r in rows)
    return out


async def _caller(
    http: aiohttp.ClientSession, bridge: Child, calls: Iterator[Call], out: Soaked
) -> None:
    for action, fields in calls:
        body = call_body(action, fields)
        async with http.post(f"{bridge.url}/{action}_v1", json=body) as reply:
            answer = await reply.json()
        out.calls[action] += 1
        if reply.status != 200:
            out.failures[f"{action}: HTTP {reply.status}"] += 1
        for told in answer.get("events", ()):
            if told["event_type"] == "error":
                out.failures[f"{action}: {told['code']}"] += 1


def table(found: Soaked) -> Table:
    """The soak, a row each."""
    out = Table(box=box.SIMPLE, title="retailops-shopify-bridge, soak", title_justify="left")
    out.add_column("figure")
    out.add_column("value", justify="right")
    for action, count in sorted(found.calls.items()):
        out.add_row(action, f"{count:,} calls")
    total = sum(found.calls.values())
    out.add_row(
        "in all",
        f"{total:,} calls in {found.seconds:.0f} s, {total / found.seconds:.0f} a second",
    )
    out.add_row("asked of the store", f"{found.requests:,} requests, {found.points:,} points")
    out.add_row("THROTTLED", f"{found.throttled}")
    out.add_row("failures", ", ".join(f"{k} {n}" for k, n in found.failures.items()) or "none")
    out.add_row("memory", " ".join(f"{m:.0f}" for m in found.memory) + " MiB")
    out.add_row(
        "last quarter to second quarter",
        f"{found.growth:.3f}; at most {GROWTH:g}: {'kept' if found.kept else 'BROKEN'}",
    )
    return out


def main(given: list[str]) -> int:
    """Run, print, and tell by the exit code whether all was kept."""
    arguments = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    arguments.add_argument("--calls", type=int, default=CALLS)
    arguments.add_argument("--plan", default="enterprise", help="Shopify plan: points a second")
    arguments.add_argument("--at-once", type=int, default=AT_ONCE)
    options = arguments.parse_args(given)
    with tempfile.TemporaryDirectory() as name:
        found = asyncio.run(soak(Path(name), options.calls, options.plan, options.at_once))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table(found))
    console.print(f"load: {processes.load()}")
    return 0 if found.kept else 1
