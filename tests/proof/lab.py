"""A store in this process, and bridges before it in processes of their own on one ledger file."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry

from bridge.config.models import Settings
from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.runner import RunningSandbox, start_sandbox
from bridge.sandbox.store import Store
from bridge.server.running import serving
from tests.proof import child as child_process
from tests.support import CHANNEL, KEY, Answer, settings_for

# A start takes a fraction of a second; on a busy machine the first one pays for the imports.
START_SECONDS = 60.0

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.proof.warm"])


class Killed(Exception):
    """The process is dead; ``args[0]`` is the point where it killed itself, if it said so."""


async def post(
    http: aiohttp.ClientSession, url: str, action: str, body: Mapping[str, Any]
) -> Answer:
    """Call an action of the bridge at ``url`` as RetailOps does."""
    envelope = {
        "integration_auth_token": KEY,
        "action": action,
        "version": 1,
        "client_id": 497,
        "channel_info": {"id": CHANNEL},
    }
    async with http.post(f"{url}/{action}_v1", json={**envelope, **body}) as reply:
        return Answer(reply.status, await reply.json(content_type=None), reply.headers)


@dataclass
class Here:
    """A bridge in this process."""

    url: str
    http: aiohttp.ClientSession

    async def post(self, action: str, body: Mapping[str, Any]) -> Answer:
        """Call an action as RetailOps does."""
        return await post(self.http, self.url, action, body)


@dataclass
class Bridge:
    """One child process."""

    process: Any
    pipe: Connection
    http: aiohttp.ClientSession
    url: str = ""

    async def hear(self) -> Any:
        """The next word of the child; Killed when it has died."""
        try:
            if not await asyncio.to_thread(self.pipe.poll, START_SECONDS):
                raise AssertionError("the child says nothing")
            what, value = self.pipe.recv()
        except (EOFError, OSError):
            raise Killed("") from None
        if what == "killed":
            raise Killed(value)
        return value

    async def ask(self, what: str, value: Any = None) -> Any:
        """Tell the child something, and hear its answer."""
        try:
            self.pipe.send((what, value))
        except OSError:
            return await self.hear()
        return await self.hear()

    async def post(self, action: str, body: Mapping[str, Any]) -> Answer:
        """Call an action as RetailOps does; Killed when no answer comes."""
        try:
            return await post(self.http, self.url, action, body)
        except (aiohttp.ClientError, OSError):
            await self.hear()  # says where it was killed
            raise AssertionError("the bridge lives and gave no answer") from None

    async def buried(self) -> None:
        """Wait for the end of a child that was killed."""
        await asyncio.to_thread(self.process.join, START_SECONDS)
        assert self.process.exitcode == -signal.SIGKILL, self.process.exitcode
        self.pipe.close()

    async def stop(self) -> None:
        """Stop it in good order, if it lives."""
        if self.process.is_alive():
            try:
                self.pipe.send(("stop", None))
            except OSError:
                self.process.kill()
        await asyncio.to_thread(self.process.join, START_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            await asyncio.to_thread(self.process.join)
        self.pipe.close()


@dataclass
class Lab:
    """The store, its clock, and the children."""

    store: RunningSandbox
    clock: SandboxClock
    settings: Settings
    http: aiohttp.ClientSession
    bridges: list[Bridge] = field(default_factory=list)

    async def start(self, nth: int | None = None) -> Bridge:
        """Another bridge on the ledger file; Killed when it dies at the n-th point of its start."""
        here, there = FORKS.Pipe()
        ahead = (self.clock() - datetime.now(UTC)).total_seconds()
        process = FORKS.Process(
            target=child_process.run, args=(there, self.settings, ahead, nth), daemon=True
        )
        await asyncio.to_thread(process.start)
        there.close()
        bridge = Bridge(process, here, self.http)
        try:
            bridge.url = await bridge.hear()
        except Killed:
            await bridge.buried()
            raise
        self.bridges.append(bridge)
        return bridge

    @asynccontextmanager
    async def here(self) -> AsyncIterator[Here]:
        """A bridge in this process, on the ledger file. It waits in no time: the clocks move."""
        async with serving(
            self.settings, now=self.clock, sleep=self._sleep, registry=CollectorRegistry()
        ) as bridge:
            yield Here(bridge.url, self.http)

    async def _sleep(self, seconds: float) -> None:
        await self.advance(seconds)

    async def fault(self, operation: str, fault: str, *, nth: int = 1, delay: float = 1.0) -> None:
        """Let a coming request go wrong (``POST /_sandbox/faults``)."""
        spec = {"operation": operation, "fault": fault, "nth": nth, "delay": delay}
        async with self.http.post(f"{self.store.url}/_sandbox/faults", json=spec) as reply:
            assert reply.status == 201, await reply.text()

    async def bury(self, bridge: Bridge) -> None:
        """Forget a bridge that was killed."""
        await bridge.buried()
        self.bridges.remove(bridge)

    async def advance(self, seconds: float) -> None:
        """Move the store's clock, and those of the bridges that live."""
        async with self.http.post(
            f"{self.store.url}/_sandbox/clock", json={"advance": seconds}
        ) as reply:
            assert reply.status == 200
        for bridge in self.bridges:
            await bridge.ask("advance", seconds)

    async def place(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """An order of a shopper, ready for work."""
        async with self.http.post(f"{self.store.url}/_sandbox/orders", json=order) as reply:
            assert reply.status == 201, await reply.text()
            made: dict[str, Any] = await reply.json()
        await self.advance(5)  # fulfillment orders come after a second, the index after two
        return made

    def happen(self, order: Mapping[str, Any], what: str, given: Mapping[str, Any]) -> None:
        """What someone in Shopify's admin does to an order."""
        store = self.store.sandbox.store
        assert isinstance(store, Store)
        store.happen(str(order["id"]), what, given)

    def sent(self) -> int:
        """How many requests the store was sent so far."""
        return len(self.store.sandbox.log.entries)

    def writes(self, since: int) -> list[tuple[str, int]]:
        """The mutations that were sent since then, each with its number among its like."""
        counted: Counter[str] = Counter()
        found = []
        for entry in self.store.sandbox.log.entries[since:]:
            if entry.mutation:
                counted[entry.operation] += 1
                found.append((entry.operation, counted[entry.operation]))
        return found

    async def all_struck(self) -> None:
        """Wait until every fault has met its request."""
        pause = 0.01
        for _ in range(int(START_SECONDS / pause)):
            if not self.store.sandbox.faults.waiting():
                return
            await asyncio.sleep(pause)
        raise AssertionError(f"they did not strike: {self.store.sandbox.faults.waiting()}")

    def journal(self) -> list[dict[str, Any]]:
        """The effects on the store so far."""
        self.store.sandbox.apply_late()
        return list(self.store.sandbox.store.journal)

    def state(self) -> dict[str, Any]:
        """Everything in the store."""
        self.store.sandbox.apply_late()
        found: dict[str, Any] = self.store.sandbox.store.state()
        return found


@asynccontextmanager
async def lab(
    *,
    timeout_seconds: float = 10.0,
    settle_seconds: float = 60.0,
    mappings: Mapping[str, str] | None = None,
    **policies: Any,
) -> AsyncIterator[Lab]:
    """A store with its seed and no bridge yet; the ledger file is in a folder of its own.

    ``timeout_seconds``: how long a bridge waits for a reply, ``settle_seconds``: its settle
    window, ``mappings``: the merchant's own files, by name; ``policies`` go into the channel.
    """
    clock = SandboxClock()
    # Points come back by the clock, which runs on in the proofs: no call waits for them.
    # Orders do not close themselves here: a closing that was lost would go unnoticed.
    store = await start_sandbox(variants=10, plan="plus", clock=clock, auto_close=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        own = folder / "mappings"
        own.mkdir()
        for name, text in (mappings or {}).items():
            (own / name).write_text(text)
        settings = settings_for(
            store.url, folder, timeout_seconds=timeout_seconds, mappings_dir=own, **policies
        )
        ledger = settings.ledger.model_copy(update={"settle_seconds": settle_seconds})
        settings = settings.model_copy(update={"ledger": ledger})
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
                made = Lab(store, clock, settings, http)
                try:
                    yield made
                finally:
                    for bridge in made.bridges:
                        await bridge.stop()
        finally:
            await store.stop()
