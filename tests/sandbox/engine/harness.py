"""A store on a clock that stands still, asked directly or over HTTP."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.execute import Answer, Engine
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.runner import RunningSandbox
from bridge.sandbox.store import Store
from bridge.sandbox.throttle import Bucket

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, UTC)
TOKEN = {"X-Shopify-Access-Token": "shpat_sandbox"}

# Faults after which no answer ever comes.
HANGING = ("timeout", "apply_late")

# Longer than any answer takes, on any machine.
PATIENCE = 60.0


def still_clock() -> SandboxClock:
    """A clock that only moves when it is told to."""
    return SandboxClock(lambda: NOW)


@dataclass
class Direct:
    """The engine without HTTP."""

    clock: SandboxClock
    store: Store
    index: LaggedIndex
    engine: Engine

    def ask(self, text: str, variables: dict[str, Any] | None = None, **more: Any) -> Answer:
        """Run a request, or get its refusal."""
        request = self.engine.read(text, variables or {}, more.get("operation"))
        refused = self.engine.refuse(request)
        if refused is not None:
            return refused
        return self.engine.run(request, api_version="2026-10", request_id="r-1")

    def data(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of a reply that must have no errors."""
        body = self.ask(text, variables).body
        assert "errors" not in body, body["errors"]
        return body["data"]

    def errors(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """The errors of a reply that must have some."""
        return self.ask(text, variables).body["errors"]

    @property
    def order(self) -> str:
        """The global id of the first order."""
        return next(iter(self.store.orders.values())).id


def direct(lag: float = 2.0, plan_rate: int = 100, **settings: Any) -> Direct:
    """A seeded store, its index and its engine."""
    clock = still_clock()
    index = LaggedIndex(clock, lag)
    store = Store(clock, index=index)
    engine = Engine(store, index, Bucket(plan_rate, clock), **settings)
    return Direct(clock, store, index, engine)


@dataclass
class Http:
    """A client of a running store."""

    running: RunningSandbox
    session: aiohttp.ClientSession

    async def post(
        self, path: str, body: Any, *, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of a POST."""
        async with self.session.post(self.running.url + path, json=body, headers=headers) as got:
            return got.status, json.loads(await got.text())

    async def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        async with self.session.get(self.running.url + path) as got:
            assert got.status == 200
            return json.loads(await got.text())

    async def ask(
        self,
        text: str,
        variables: dict[str, Any] | None = None,
        *,
        version: str = "2026-10",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of a GraphQL request.

        TimeoutError as soon as the store has taken it and will never answer it, and not before:
        how fast the machine is does not matter.
        """
        log = self.running.sandbox.log
        before = len(log.entries)
        sending = asyncio.create_task(self._send(text, variables, version, headers))
        try:
            async with asyncio.timeout(PATIENCE):
                while not sending.done():
                    if any(entry.fault in HANGING for entry in log.entries[before:]):
                        raise TimeoutError("the store never answers this request")
                    await asyncio.wait({sending}, timeout=0.01)
            return sending.result()
        finally:
            sending.cancel()

    async def _send(
        self,
        text: str,
        variables: dict[str, Any] | None,
        version: str,
        headers: dict[str, str] | None,
    ) -> tuple[int, Mapping[str, str], bytes]:
        async with self.session.post(
            f"{self.running.url}/admin/api/{version}/graphql.json",
            json={"query": text, "variables": variables},
            headers=TOKEN if headers is None else headers,
        ) as got:
            return got.status, got.headers, await got.read()

    async def data(self, text: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of a reply that must have no errors."""
        status, _, raw = await self.ask(text, variables)
        body = json.loads(raw)
        assert status == 200
        assert "errors" not in body, body["errors"]
        return body["data"]
