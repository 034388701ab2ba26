"""``retailops-bridge serve``: the bridge itself."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.config import CONFIG_VARIABLE, Settings, load
from bridge.server import logs
from bridge.server.running import hangups, serving, settle_down, until_signal
from bridge.shopify.session import shop_domain


def serve(
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The configuration file.", envvar=CONFIG_VARIABLE),
    ] = None,
) -> None:
    """Run the bridge that RetailOps calls, until it is stopped.

    SIGTERM or Ctrl-C closes the listening socket, lets calls in flight finish (at most
    server.shutdown_seconds), and closes the ledger. A second one ends it at once. SIGHUP reads
    the mapping files again: new ones are used once all of them are right, else the old ones serve.
    """
    settings = load(config, os.environ, shop_domain=shop_domain)
    logs.configure(settings.logging, secrets=logs.secrets_of(settings), for_good=True)
    asyncio.run(run(settings))


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP has the mappings read again."""
    with hangups() as reload:
        async with serving(settings, reload=reload):
            settle_down()
            await until_signal()
