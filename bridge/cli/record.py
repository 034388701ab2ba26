"""``retailops-bridge record``: the bridge itself, and every call on file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.serve import run
from bridge.config import CONFIG_VARIABLE, Settings, load
from bridge.server import logs
from bridge.shopify.session import shop_domain


def record(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder; else recording.folder.")
    ] = None,
    channel: Annotated[
        int | None, typer.Option("--channel", help="Only this channel; else all of them.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The configuration file.", envvar=CONFIG_VARIABLE),
    ] = None,
) -> None:
    """Run the bridge as serve does, and write each call with its Shopify traffic.

    One file a call, scrubbed of customers and secrets before it touches the disk. With
    ``record = true`` in a channel, ``serve`` does the same for that channel.
    """
    settings = recorded(load(config, os.environ, shop_domain=shop_domain), channel, out)
    logs.configure(settings.logging, secrets=logs.secrets_of(settings))
    asyncio.run(run(settings))


def recorded(settings: Settings, channel: int | None, out: Path | None) -> Settings:
    """The settings, with these channels recorded into this folder."""
    ids = [one.id for one in settings.channels]
    if channel is not None and channel not in ids:
        known = ", ".join(map(str, ids))
        raise typer.BadParameter(f"no channel has the id {channel}; there is {known}")
    channels = tuple(
        one.model_copy(update={"record": True}) if channel in (None, one.id) else one
        for one in settings.channels
    )
    recording = settings.recording
    if out is not None:
        recording = recording.model_copy(update={"folder": out})
    return settings.model_copy(update={"channels": channels, "recording": recording})
