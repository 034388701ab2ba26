"""A listening bridge, and its orderly end.

At the end the listening socket is closed first, calls in flight are finished, then the
sessions and the ledger are closed.

    async with serving(settings) as bridge:
        print(bridge.url)
        await until_signal()
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from bridge import __version__
from bridge.config.models import ServerSettings, Settings
from bridge.engine import Engine
from bridge.errors import BridgeError, LedgerError
from bridge.ledger import Ledger
from bridge.recording import tap
from bridge.recording.recorder import Recorder
from bridge.server import keys
from bridge.server.app import create_app
from bridge.server.paths import normal_prefix
from bridge.server.pings import standard_pings
from bridge.server.reload import Loaded, Reloader
from bridge.shopify.budget import Deadline
from bridge.shopify.exchange import Exchange, Observe
from bridge.wiring import Connect, Parts, assemble

log = structlog.get_logger()

# RetailOps calls in bursts, minutes apart: an idle connection is not worth more.
KEEPALIVE_SECONDS = 75.0

# Looking for steps in doubt is one read of a local file; what is found costs a store's points.
SHORTEST_SETTLE_SECONDS = 15.0

# What the ledger keeps is counted in hours and days.
PRUNE_SECONDS = 3600.0


class CannotListen(BridgeError):
    """The port is taken, or the address is not this machine's."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A bridge that answers at ``url``, with what it is made of."""

    url: str
    parts: Parts
    reloader: Reloader


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def serving(
    settings: Settings,
    *,
    now: Callable[[], datetime] = _utc_now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    registry: CollectorRegistry | None = None,
    hook: Callable[[str], None] | None = None,
    connect: Connect | None = None,
    recorder: Recorder | None = None,
    reload: asyncio.Event | None = None,
    tracing: keys.Tracing | None = None,
) -> AsyncIterator[Serving]:
    """Open everything, listen, run the block, and close everything in the right order.

    ``sleep``, ``hook`` and ``connect`` go to ``assemble``. ``recorder`` replaces the one that
    channels with ``record = true`` have. ``reload`` is set to have the mappings read again.
    ``tracing`` replaces what ``tracing.enabled`` makes, and is closed too.

    Raises ConfigError when a mapping or a channel is wrong, LedgerError when the ledger cannot
    be opened, CannotListen when the port is taken.
    """
    if recorder is None and any(channel.record for channel in settings.channels):
        recorder = Recorder(settings, now)
    if tracing is None and settings.tracing.enabled:
        tracing = importlib.import_module("bridge.server.tracing").open_tracing()
    taps: Taps = {}
    if recorder is not None:
        taps["ledger_type"] = tap.TappedLedger
    if observe := _observers(recorder, tracing):
        taps["observe"] = observe
    clock = tap.tapped(now) if recorder is not None else now
    async with (
        _traces(tracing),
        assemble(settings, clock=clock, sleep=sleep, hook=hook, connect=connect, **taps) as parts,
        _recording(recorder, parts),
    ):
        reloader = Reloader(settings, parts.engine, reload or asyncio.Event())
        pings = standard_pings(parts.engine, parts.ledger, now=now)
        console = _console(parts, now)
        app = create_app(
            settings,
            engine=parts.engine,
            pings=(*pings, reloader.ping),
            registry=registry,
            recorder=recorder,
            console=console,
            tracing=tracing,
        )

        def reloaded(result: Loaded) -> None:
            app[keys.METRICS].reloaded(result)
            if console is not None:
                console.reloaded(result, reloader.findings)

        reloader.told = reloaded
        async with listening(app, settings.server) as url:
            log.info(
                "listening",
                url=url,
                version=__version__,
                served=list(parts.engine.served),
                channels=sorted(parts.engine.channels),
            )
            chores = [_keep_pruned(parts.ledger), _keep_settled(parts.engine, settings)]
            if console is not None:
                chores.append(console.watch())
            async with _beside(*chores, reloader.keep()):
                yield Serving(url, parts, reloader)
    log.info("stopped")


class Taps(TypedDict, total=False):
    """What a recorded bridge is assembled with."""

    observe: Observe
    ledger_type: type[Ledger]


def _observers(recorder: Recorder | None, tracing: keys.Tracing | None) -> Observe | None:
    """Who sees the exchanges with the stores: the one, the other, both in turn, or nobody."""
    if tracing is None:
        return tap.observe if recorder is not None else None
    if recorder is None:
        return tracing.observe

    def both(exchange: Exchange) -> None:
        tap.observe(exchange)
        tracing.observe(exchange)

    return both


@asynccontextmanager
async def _traces(tracing: keys.Tracing | None) -> AsyncIterator[None]:
    """Send what is left of the block's traces when it ends."""
    try:
        yield
    finally:
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def _console(parts: Parts, now: Callable[[], datetime]) -> keys.Console | None:
    """The console, if it is on: only then is it, and what makes its pages, imported."""
    if not parts.settings.console.enabled:
        return None
    opening = importlib.import_module("bridge.server.console.opening")
    console: keys.Console = opening.open_console(parts, now=now)
    return console


@asynccontextmanager
async def _recording(recorder: Recorder | None, parts: Parts) -> AsyncIterator[None]:
    """Record the calls of the block, if they are to be recorded."""
    if recorder is None:
        yield
        return
    async with recorder.running(parts.engine.channels):
        log.info(
            "recording", path=parts.settings.recording.folder, channels=sorted(recorder.wanted)
        )
        yield


@asynccontextmanager
async def _beside(*chores: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run chores beside the block, and end them with it."""
    tasks = [asyncio.create_task(chore) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_settled(engine: Engine, settings: Settings) -> None:
    """Settle what was left in doubt, at the start and whenever the settle window has passed."""
    pause = max(settings.ledger.settle_seconds, SHORTEST_SETTLE_SECONDS)
    while True:
        try:
            left = await engine.settle(deadline=Deadline.after(settings.server.deadline_seconds))
            if left:
                log.warning("steps_in_doubt", count=left)
        except BridgeError as error:
            log.warning("not_settled", cause=str(error))
        await asyncio.sleep(pause)


async def _keep_pruned(ledger: Ledger) -> None:
    while True:
        try:
            await ledger.prune()
        except LedgerError as error:
            log.warning("not_pruned", cause=error)
        await asyncio.sleep(PRUNE_SECONDS)


@asynccontextmanager
async def listening(app: web.Application, settings: ServerSettings) -> AsyncIterator[str]:
    """Serve until the block is left; yields the base URL, with the port that was really taken.

    Leaving waits at most ``shutdown_seconds`` for calls in flight; later ones are cut off.
    Raises CannotListen.
    """
    runner = web.AppRunner(
        app,
        access_log=None,  # one line a call is written by the edge
        shutdown_timeout=settings.shutdown_seconds,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotListen(
                f"cannot listen on {settings.host}:{settings.port}: {reason}"
            ) from None
        host, port = runner.addresses[0][:2]
        host = f"[{host}]" if ":" in host else host
        yield f"http://{host}:{port}{normal_prefix(settings.prefix)}"
    finally:
        await runner.cleanup()


def settle_down() -> None:
    """Take all that is loaded out of the garbage collector's sight, for the process's life.

    Schema, documents, mappings and modules are some 300,000 objects that stay to the end. To
    go through them takes 60 to 120 ms, in which no call is answered, and finds nothing. Not even
    once here: what is garbage by now comes to less than 1 MiB.
    """
    gc.freeze()


async def until_signal() -> None:
    """Wait for SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, number, told)
    try:
        await told.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """An event that each SIGHUP sets. Before it listens: SIGHUP would end the process."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, told.set)
    try:
        yield told
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _stop(number: signal.Signals, told: asyncio.Event) -> None:
    log.info("stopping", signal=number.name)
    told.set()
