"""The whole thing for a test: an embedded store and a bridge, both over HTTP on 127.0.0.1.

    async with world(tmp_path, variants=1000) as w:
        answer = await w.post("inventory_push", inventory_updates=[…])
        assert answer.codes == []
        assert (await w.spent()).points <= 350

The store's clock is the bridge's clock too, and moves by ``w.advance``. ``w.restart`` stops the
bridge and starts another one on the same ledger file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from bridge.config.models import ChannelSettings, Policies, ServerSettings, Settings
from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.runner import RunningSandbox, start_sandbox
from bridge.sandbox.server import StoreSettings
from bridge.server.running import Serving, serving
from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation
from bridge.shopify.protocol import Reply

KEY = "RETAILOPS_SDK"
CHANNEL = 21
SHOP = "sandbox.myshopify.com"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bridge answered to one call."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The answer's events."""
        found: list[dict[str, Any]] = self.body["events"]
        return found

    @property
    def codes(self) -> list[str]:
        """The events' codes."""
        return [e["code"] for e in self.events]

    def about(self, code: str) -> list[str]:
        """What the events of a code are about: the identifiers of their associations."""
        return [a["identifier"] for e in self.events if e["code"] == code for a in associated(e)]


def associated(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An event's associations."""
    return list(event["associations"])


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests have cost at the store."""

    requests: int
    points: int
    throttled: int
    operations: list[str]


Hook = Callable[[Mapping[str, Any]], Awaitable[None] | None]
"""What a test does before or after a request; it is given the request's variables."""


class HookedClient:
    """The real client, with a test's own doings around the requests of one operation."""

    def __init__(self, client: ShopifyClient, name: str, when: str, hook: Hook) -> None:
        self._client = client
        self._name = name
        self._when = when
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def execute(
        self, operation: Operation, variables: Mapping[str, Any], *, budget: CallBudget
    ) -> Reply:
        """The real request, over HTTP."""
        await self._run("before", operation, variables)
        reply = await self._client.execute(operation, variables, budget=budget)
        await self._run("after", operation, variables)
        return reply

    async def _run(self, when: str, operation: Operation, variables: Mapping[str, Any]) -> None:
        if when == self._when and operation.name == self._name:
            waiting = self._hook(variables)
            if waiting is not None:
                await waiting


@dataclass(slots=True)
class World:
    """A store and a bridge that serves it."""

    store: RunningSandbox
    clock: SandboxClock
    settings: Settings
    http: aiohttp.ClientSession
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _bridge: Serving | None = None
    _counted: int = 0

    @property
    def bridge(self) -> Serving:
        """The bridge that runs now."""
        assert self._bridge is not None, "the bridge is stopped"
        return self._bridge

    @property
    def url(self) -> str:
        """The base URL that RetailOps would be given."""
        return self.bridge.url

    # ---- the bridge

    async def start(self) -> None:
        """Start the bridge on its ledger file."""
        self._bridge = await self._stack.enter_async_context(serving(self.settings, now=self.clock))

    async def stop(self) -> None:
        """Stop the bridge in good order; the store and the ledger file stay."""
        self._bridge = None
        await self._stack.aclose()

    async def restart(self) -> None:
        """Another bridge on the same ledger file: it has learnt nothing yet."""
        await self.stop()
        await self.start()

    async def post(
        self, action: str, body: Mapping[str, Any] | None = None, **fields: Any
    ) -> Answer:
        """Call an action as RetailOps does; ``fields`` go into the body beside its envelope."""
        envelope = {
            "integration_auth_token": KEY,
            "action": action,
            "version": 1,
            "client_id": 497,
            "channel_info": {"id": CHANNEL},
        }
        given = {**envelope, **(body or {}), **fields}
        async with self.http.post(f"{self.url}/{action}_v1", json=given) as reply:
            return Answer(reply.status, await reply.json(content_type=None), reply.headers)

    def hook(self, when: str, operation: str, doing: Hook) -> None:
        """Do something ``before`` or ``after`` each request of an operation, until a restart."""
        channels: dict[int, Any] = self.bridge.parts.engine.channels
        channel = channels[CHANNEL]
        client = HookedClient(channel.client, operation, when, doing)
        channels[CHANNEL] = replace(channel, client=client)

    # ---- the store

    async def state(self) -> dict[str, Any]:
        """Everything in the store (``GET /_sandbox/state``)."""
        found: dict[str, Any] = await self._get("state")
        return found

    async def journal(self, mutation: str | None = None) -> list[dict[str, Any]]:
        """The effects on the store, in order; those of one mutation if it is named."""
        found = await self._get("journal")
        return [e for e in found if mutation in {None, e["mutation"]}]

    async def requests(self) -> list[dict[str, Any]]:
        """Every request that the store was sent, in order."""
        found: list[dict[str, Any]] = await self._get("requests")
        return found

    async def spent(self) -> Spent:
        """What was asked of the store since the last time this was asked."""
        new = (await self.requests())[self._counted :]
        self._counted += len(new)
        return Spent(
            requests=len(new),
            points=sum(r["requested_cost"] or 0 for r in new),
            throttled=sum(r["throttled"] for r in new),
            operations=[r["operation"] for r in new],
        )

    async def place(self, **order: Any) -> dict[str, Any]:
        """Place an order as a shopper would; gives it as ``state`` shows it."""
        made: dict[str, Any] = await self._post("orders", order)
        return made

    async def fault(self, operation: str, fault: str, *, nth: int = 1, delay: float = 1.0) -> None:
        """Let a coming request go wrong (``POST /_sandbox/faults``)."""
        spec = {"operation": operation, "fault": fault, "nth": nth, "delay": delay}
        await self._post("faults", spec)

    async def advance(self, seconds: float) -> None:
        """Move the clock of store and bridge forward; the search index catches up."""
        await self._post("clock", {"advance": seconds})

    async def _get(self, path: str) -> Any:
        async with self.http.get(f"{self.store.url}/_sandbox/{path}") as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        async with self.http.post(f"{self.store.url}/_sandbox/{path}", json=body) as reply:
            assert reply.status < 300, await reply.text()
            return await reply.json()


def settings_for(
    store_url: str, folder: Path, *, timeout_seconds: float = 5.0, **policies: Any
) -> Settings:
    """One channel on an embedded store, with a real ledger file in ``folder``."""
    channel = ChannelSettings(
        id=CHANNEL,
        shop=SHOP,
        auth_key=KEY,
        shopify={
            "token": "shpat_sandbox",
            "endpoint": store_url,
            "timeout_seconds": timeout_seconds,
        },
        **{"order_pull": {}, **policies},
    )
    return Settings(
        environment="test",
        server=ServerSettings(port=0, deadline_seconds=60.0, shutdown_seconds=2.0),
        ledger={"path": folder / "ledger.sqlite3"},
        defaults=Policies(),
        channels=(channel,),
    )


@asynccontextmanager
async def world(
    folder: Path,
    *,
    variants: int = 0,
    orders: int = 0,
    lag: float = 2.0,
    plan: str = "standard",
    base_clock: Callable[[], Any] | None = None,
    store: StoreSettings | None = None,
    timeout_seconds: float = 5.0,
    **policies: Any,
) -> AsyncIterator[World]:
    """A store with its seed and a bridge before it; ``policies`` go into the channel.

    ``variants`` and ``orders`` scale the seed up, ``lag`` is the search index's, in seconds,
    ``plan`` is Shopify's (points a second), ``base_clock`` replaces the real time.
    """
    clock = SandboxClock(base_clock) if base_clock is not None else SandboxClock()
    sandbox = await start_sandbox(
        variants=variants, orders=orders, lag=lag, plan=plan, clock=clock, settings=store
    )
    settings = settings_for(sandbox.url, folder, timeout_seconds=timeout_seconds, **policies)
    try:
        async with aiohttp.ClientSession() as http:
            made = World(sandbox, clock, settings, http)
            try:
                await made.start()
                yield made
            finally:
                await made.stop()
    finally:
        await sandbox.stop()
