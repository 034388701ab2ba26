"""What the bridge adds to a call: beside a bare handler that asks the store the same.

The bridge is ``retailops-bridge serve`` in a process of its own on one core; the bare handler
(``processes.Played``) stands on the same core and is idle while the bridge is called. Both are
called 50 times a second, each in turns of a second, over the same embedded store on the other
core. What the bridge adds to the median call is the median of the turns' differences, since a
machine may be half as fast a minute later; to the slow ones, the difference of all calls' p99. The
ledger is in memory, so that a disk is not measured for the bridge; one call is measured with it on
the disk as well.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench import processes
from bench.processes import OTHER_CORE, Child, call_body
from bridge.server.app import create_app
from bridge.server.running import listening
from bridge.shopify.exchange import Exchange
from bridge.wiring import assemble
from tests.support import settings_for

RATE: Final = 50  # calls a second, the load that the limits are for
TURNS: Final = 8  # seconds for each of the two: 400 calls, so that p99 is the fourth worst
P50_MS: Final = 2.0
P99_MS: Final = 8.0
AT_ONCE: Final = 8  # callers of the closed loop: enough that the server never waits for one
CLOSED_SECONDS: Final = 3.0

Calls = Mapping[str, tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Added:
    """One kind of call at 50 a second: milliseconds of the bridge, and of the bare handler.

    ``turns``: by how much the bridge's median was above the other's, turn by turn.
    """

    call: str
    times: int
    p50: float
    p99: float
    bare_p50: float
    bare_p99: float
    turns: tuple[float, ...]
    limited: bool = True

    @property
    def kept(self) -> bool:
        """Whether it is within its limits; the flushes of a disk have none."""
        return not self.limited or (self.added_p50 <= P50_MS and self.added_p99 <= P99_MS)

    @property
    def added_p50(self) -> float:
        """What the bridge adds to the median call."""
        return statistics.median(self.turns)

    @property
    def added_p99(self) -> float:
        """What the bridge adds to the slow ones."""
        return self.p99 - self.bare_p99


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second of one server on one core, eight callers at once, and what a call used."""

    server: str
    calls_a_second: float
    cpu_ms: float

    @property
    def core(self) -> float:
        """Calls that one core carries in a second when it never waits for the store."""
        return 1e3 / self.cpu_ms


async def measure(folder: Path) -> tuple[list[Added], list[Rate]]:
    """The calls at 50 a second, then as many a second as there can be."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OTHER_CORE})
    try:
        async with processes.store(folder, orders=30) as store:
            calls = await _calls(store.url)
            played = await _played(folder, store.url, calls)
            with processes.in_memory() as memory:
                async with (
                    processes.bridge(folder, store.url, page_size=1, ledger=memory) as quick,
                    processes.bare(folder, played) as bare,
                    aiohttp.ClientSession() as http,
                ):
                    pair = Pair(http, quick, bare)
                    added = [await pair.added(name, *call) for name, call in calls.items()]
                    first = next(iter(calls.values()))
                    rates = [
                        await _rate(http, "bare handler", bare, *first),
                        await _rate(http, "bridge", quick, *first),
                    ]
                    async with processes.bridge(folder, store.url) as on_disk:
                        pair = Pair(http, on_disk, bare)
                        name, call = list(calls.items())[-1]
                        slow = await pair.added(f"{name}, ledger on this disk", *call)
                        added.append(replace(slow, limited=False))
            return added, rates
    finally:
        os.sched_setaffinity(0, before)


async def _calls(store: str) -> Calls:
    """Small calls as RetailOps makes them all day: path and body."""
    async with aiohttp.ClientSession() as http, http.get(f"{store}/_sandbox/state") as reply:
        state = await reply.json()
    taken = [{"channel_order_refnum": state["orders"][0]["id"], "retailops_order_id": 7}]
    return {
        "order_pull, one order of 10 lines": ("/order_pull_v1", call_body("order_pull", {})),
        "order_acknowledge, one order": (
            "/order_acknowledge_v1",
            call_body("order_acknowledge", {"orders": taken}),
        ),
    }


async def _played(folder: Path, store: str, calls: Calls) -> Path:
    """What a bridge that has run for a while asks for each call, and answers, as a file."""
    seen: list[Exchange] = []
    found: dict[str, Any] = {}
    inside = folder / "played"
    inside.mkdir()
    settings = settings_for(store, inside, order_pull={"page_size": 1})
    async with (
        assemble(settings, observe=seen.append) as parts,
        listening(create_app(settings, engine=parts.engine), settings.server) as url,
        aiohttp.ClientSession() as http,
    ):
        for path, body in calls.values():
            for _ in range(3):  # the first ones learn what is not asked again
                seen.clear()
                async with http.post(url + path, json=body) as reply:
                    answer = await reply.json()
            requests = [{"url": e.url, "body": json.loads(e.request)} for e in seen]
            found[path] = {"requests": requests, "answer": answer}
    file = inside / "played.json"
    file.write_text(json.dumps(found), "utf-8")
    return file


async def _post(http: aiohttp.ClientSession, url: str, body: Mapping[str, Any]) -> None:
    async with http.post(url, json=body) as reply:
        raw = await reply.read()
    if reply.status != 200 or json.loads(raw).get("events"):
        raise RuntimeError(f"{url}: HTTP {reply.status}: {raw[:500]!r}")


async def _second(
    http: aiohttp.ClientSession, url: str, body: Mapping[str, Any]
) -> Sequence[float]:
    """One second of calls at the rate, begun when they are due: milliseconds of each."""

    async def one(due: float) -> float:
        await asyncio.sleep(due - time.perf_counter())
        begin = time.perf_counter()
        await _post(http, url, body)
        return (time.perf_counter() - begin) * 1e3

    start = time.perf_counter()
    return await asyncio.gather(*(one(start + n / RATE) for n in range(RATE)))


@dataclass(frozen=True, slots=True)
class Pair:
    """The bridge and the bare handler, called in turns."""

    http: aiohttp.ClientSession
    bridge: Child
    bare: Child

    async def added(self, call: str, path: str, body: Mapping[str, Any]) -> Added:
        """What the bridge adds to this call."""
        ours: list[float] = []
        theirs: list[float] = []
        turns: list[float] = []
        for server in (self.bare, self.bridge):  # what is learnt at first does not count
            for _ in range(5):
                await _post(self.http, server.url + path, body)
        for _ in range(TURNS):
            one = await _second(self.http, self.bare.url + path, body)
            other = await _second(self.http, self.bridge.url + path, body)
            turns.append(statistics.median(other) - statistics.median(one))
            theirs += one
            ours += other
        return Added(
            call,
            len(ours),
            p50=statistics.median(ours),
            p99=_p99(ours),
            bare_p50=statistics.median(theirs),
            bare_p99=_p99(theirs),
            turns=tuple(turns),
        )


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 99 // 100 - 1]


async def _rate(
    http: aiohttp.ClientSession, name: str, server: Child, path: str, body: Mapping[str, Any]
) -> Rate:
    done = 0
    used = server.cpu_seconds()
    begin = time.perf_counter()

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < begin + CLOSED_SECONDS:
            await _post(http, server.url + path, body)
            done += 1

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - begin
    return Rate(name, done / seconds, (server.cpu_seconds() - used) / done * 1e3)
