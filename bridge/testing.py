"""The bridge, the embedded store and recordings for tests of mappings; the plugin hands them out.

Everything runs on a thread of its own, so that a test needs no asyncio: it calls the bridge as
RetailOps does, and looks into the store, with plain functions.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from bridge.config.models import ChannelSettings, ServerSettings, Settings
from bridge.recording import files
from bridge.recording.cassette import Cassette
from bridge.recording.difference import Difference
from bridge.recording.replay import Replayed, Replayer
from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.runner import RunningSandbox, start_sandbox
from bridge.sandbox.tokens import DEFAULT_ACCESS
from bridge.server.replaying import run_as_served
from bridge.server.running import serving

JSON = Any
T = TypeVar("T")

KEY: Final = "RETAILOPS_SDK"
CHANNEL: Final = 21
SHOP: Final = "sandbox.myshopify.com"

# A call of the bridge waits for its store at most as long; a test that hangs must say so.
PATIENCE_SECONDS: Final = 60.0

# A new order's fulfillment orders come after a second, the search index learns after two.
READY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bridge answered."""

    status: int
    body: JSON
    headers: Mapping[str, str] = field(repr=False)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The answer's events; none where the action has none."""
        found: list[dict[str, Any]] = self.body.get("events", [])
        return found

    @property
    def codes(self) -> list[str]:
        """The events' codes."""
        return [event["code"] for event in self.events]


def _http(url: str, body: Mapping[str, JSON] | None = None) -> Answer:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    try:
        if body is None:
            connection.request("GET", parts.path)
        else:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", parts.path, json.dumps(body), headers)
        reply = connection.getresponse()
        return Answer(reply.status, json.loads(reply.read()), dict(reply.getheaders()))
    finally:
        connection.close()


class Loop:
    """An event loop on a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end; its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Store:
    """The embedded store, as a test sees it."""

    def __init__(self, running: RunningSandbox, clock: SandboxClock) -> None:
        self.url = running.url
        self.clock = clock

    def place(self, **order: JSON) -> dict[str, Any]:
        """Place an order as a shopper would; gives it as ``state`` shows it, ready to be pulled.

        ``lines=[{"sku": …, "quantity": …}]``, ``email``, ``note``, ``shipping_address`` … as
        docs/reference/sandbox-http.md has them. ValueError when the store refuses it.
        """
        made = self._ask("orders", order)
        self.advance(READY_SECONDS)
        found: dict[str, Any] = made
        return found

    def state(self) -> dict[str, Any]:
        """Orders, fulfillments, transactions, refunds, returns, inventory and products."""
        found: dict[str, Any] = self._ask("state")
        return found

    def order(self, order_id: str) -> dict[str, Any]:
        """One order as it is now. LookupError when there is none."""
        for one in self.state()["orders"]:
            if one["id"] == order_id:
                return dict(one)
        raise LookupError(f"there is no order {order_id} in the store")

    def journal(self, mutation: str | None = None) -> list[dict[str, Any]]:
        """What was done to the store, in order; of one mutation if it is named."""
        return [e for e in self._ask("journal") if mutation in {None, e["mutation"]}]

    def fault(self, operation: str, fault: str, *, nth: int = 1) -> None:
        """Let a coming request go wrong: ``drop_reply``, ``throttle``, ``timeout`` and others."""
        self._ask("faults", {"operation": operation, "fault": fault, "nth": nth})

    def advance(self, seconds: float) -> None:
        """Let time pass, for the store and the bridge."""
        self._ask("clock", {"advance": seconds})

    def _ask(self, path: str, body: Mapping[str, JSON] | None = None) -> JSON:
        answer = _http(f"{self.url}/_sandbox/{path}", body)
        if answer.status >= 300:
            raise ValueError(f"the store answered {answer.status}: {answer.body}")
        return answer.body


class Bridge:
    """A bridge before the embedded store."""

    def __init__(self, url: str, store: Store) -> None:
        self.url = url
        self.store = store

    def call(self, action: str, **fields: JSON) -> Answer:
        """Call an action as RetailOps does; ``fields`` go into the body beside its envelope."""
        body = {
            "integration_auth_token": KEY,
            "action": action,
            "version": 1,
            "client_id": 1,
            "channel_info": {"id": CHANNEL},
            **fields,
        }
        return _http(f"{self.url}/{action}_v1", body)

    def pull(self, *order_ids: str) -> list[dict[str, Any]]:
        """The orders that RetailOps is offered: these, or a first page."""
        wanted = [{"channel_refnum": one} for one in order_ids]
        answer = self.call("order_pull", page_token="", specific_orders=wanted)
        if answer.status != 200:
            raise AssertionError(f"order_pull answered {answer.status}: {answer.body}")
        found: list[dict[str, Any]] = answer.body["orders"]
        return found


@contextmanager
def store() -> Iterator[tuple[Loop, Store]]:
    """An embedded store with its seed, and the loop that it runs on."""
    loop = Loop()
    try:
        clock = SandboxClock()
        running = loop.run(start_sandbox(clock=clock))
        try:
            yield loop, Store(running, clock)
        finally:
            loop.run(running.stop())
    finally:
        loop.close()


@contextmanager
def bridge(
    loop: Loop, at: Store, folder: Path, mappings: Path | None, policies: Mapping[str, JSON]
) -> Iterator[Bridge]:
    """A bridge before a store. ConfigError when a mapping or a policy is wrong."""
    settings = Settings(
        environment="test",
        server=ServerSettings(port=0, shutdown_seconds=2.0),
        ledger={"path": folder / "ledger.sqlite3"},
        channels=(
            ChannelSettings.model_validate(
                {
                    **policies,
                    "id": CHANNEL,
                    "shop": SHOP,
                    "auth_key": KEY,
                    "shopify": {"token": DEFAULT_ACCESS, "endpoint": at.url},
                    "mappings_dir": mappings,
                }
            ),
        ),
    )
    started: asyncio.Future[str] = loop.run(_future())
    ended = asyncio.Event()

    async def serve() -> None:
        """The whole life of the bridge, in one task."""
        try:
            async with serving(settings, now=at.clock) as running:
                started.set_result(running.url)
                await ended.wait()
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    task = loop.run(_task(serve))
    try:
        yield Bridge(loop.run(_result(started)), at)
    finally:
        loop.run(_end(ended, task))


async def _future() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


async def _task(work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work())


async def _result(future: asyncio.Future[T]) -> T:
    return await future


async def _end(ended: asyncio.Event, task: asyncio.Task[None]) -> None:
    ended.set()
    await task


@dataclass(frozen=True, slots=True)
class Replay:
    """What today's code and mappings make of a recorded call."""

    cassette: Cassette
    differences: tuple[Difference, ...]
    answer: JSON = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether answer and requests are as recorded."""
        return not self.differences

    def assert_same(self) -> None:
        """Fail with every difference."""
        if self.differences:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        """One line a difference."""
        rows = [
            f"{d.where}: {d.path or 'as a whole'}: {d.recorded!r} is now {d.now!r} ({d.change})"
            for d in self.differences
        ]
        return "\n".join([f"{self.cassette.name}: {len(rows)} differences", *rows])


def replays(
    mappings: Path | None, policies: Mapping[str, JSON]
) -> Callable[[str | Path], list[Replay]]:
    """A function that replays a recording, or a folder of them, with these mappings."""
    replayer = Replayer(run_as_served, mappings_dir=mappings, policies=policies)

    def replay(path: str | Path) -> list[Replay]:
        return [_replay(replayer, file) for file in files.found([Path(path)])]

    return replay


def _replay(replayer: Replayer, file: Path) -> Replay:
    loop = Loop()
    try:
        found: Replayed = loop.run(replayer.replay(files.read(file)))
    finally:
        loop.close()
    return Replay(found.cassette, found.differences, found.answer)
