"""A listening application, and its orderly end.

At the end the listening socket is closed first, calls in flight are finished, then whoever
started the application closes the ledger and the sessions.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bridge.config.models import ServerSettings
from bridge.server.paths import normal_prefix

log = structlog.get_logger()

# RetailOps calls in bursts, minutes apart: an idle connection is not worth more.
KEEPALIVE_SECONDS = 75.0


@asynccontextmanager
async def listening(app: web.Application, settings: ServerSettings) -> AsyncIterator[str]:
    """Serve until the block is left; yields the base URL, with the port that was really taken.

    Leaving waits at most ``shutdown_seconds`` for calls in flight; later ones are cut off.
    """
    runner = web.AppRunner(
        app,
        access_log=None,  # one line a call is written by the edge
        shutdown_timeout=settings.shutdown_seconds,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        host, port = runner.addresses[0][:2]
        host = f"[{host}]" if ":" in host else host
        yield f"http://{host}:{port}{normal_prefix(settings.prefix)}"
    finally:
        await runner.cleanup()


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


def _stop(number: signal.Signals, told: asyncio.Event) -> None:
    log.info("stopping", signal=number.name)
    told.set()
