"""How long the bridge takes to be ready, and how much memory it holds, idle and after work.

Ready is an answer 200 of /health/ready, for which it has asked its store; counted from before
the process is begun. Beside it the same for a bare aiohttp handler. The first start after an
installation writes byte code and is not counted.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from bench import processes
from bench.processes import OTHER_CORE, call_body

READY_SECONDS: Final = 1.5
IDLE_MEBIBYTES: Final = 120
STARTS: Final = 5
LOADED_CALLS: Final = 60  # pages of 50 orders, and 250 SKUs a call


@dataclass(frozen=True, slots=True)
class Started:
    """Medians of seconds; mebibytes of resident memory when just ready, and after the calls."""

    ready: float
    bare: float
    idle: float
    loaded: float


async def measure(folder: Path) -> Started:
    """Start both in turns, then load one bridge."""
    played = folder / "played.json"
    played.write_text("{}", "utf-8")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CORE})
    try:
        async with processes.store(folder, variants=250, orders=120) as store:
            ready: list[float] = []
            bare: list[float] = []
            idle: list[float] = []
            for number in range(STARTS + 1):
                async with processes.bare(folder, played) as other:
                    pass
                async with processes.bridge(folder, store.url) as bridge:
                    if number:
                        ready.append(bridge.started)
                        bare.append(other.started)
                        idle.append(bridge.mebibytes())
            async with processes.bridge(folder, store.url) as bridge:
                await _work(bridge.url)
                loaded = bridge.mebibytes()
    finally:
        os.sched_setaffinity(0, before)
    return Started(
        statistics.median(ready), statistics.median(bare), statistics.median(idle), loaded
    )


async def _work(url: str) -> None:
    """Full pages and full pushes, four at once."""
    rows = [{"sku": f"BULK-{n:06d}", "quantity_available": n % 90} for n in range(1, 251)]
    calls = [
        ("order_pull", call_body("order_pull", {})),
        ("inventory_push", call_body("inventory_push", {"inventory_updates": rows})),
    ]
    waiting = iter([calls[n % 2] for n in range(LOADED_CALLS)])

    async def caller(http: aiohttp.ClientSession) -> None:
        for action, body in waiting:
            async with http.post(f"{url}/{action}_v1", json=body) as reply:
                reply.raise_for_status()
                await reply.read()

    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(caller(http) for _ in range(4)))
