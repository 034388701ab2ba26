"""``retailops-bridge schema``: the whole of a store's GraphQL schema, for ``[select]``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import typer

from bridge.cli.opening import PATIENCE_SECONDS, Config, OnlyChannel, settings_of
from bridge.config import ChannelSettings
from bridge.errors import BridgeError
from bridge.schema.stored import Schemas, question, store
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation


def schema() -> None:
    """Get the store's schema for [select], or that of a mapping file for your editor."""


def fetch(*, config: Config = None, channel: OnlyChannel = None) -> None:
    """Ask each store for its GraphQL schema and keep the answers in schema_dir.

    Needed once for each store and api_version, and only when [select] names fields that the
    bridge's own part of the schema does not have. Reads the schema alone: no data of the shop.
    """
    settings = settings_of(config)
    chosen = [one for one in settings.channels if channel in (None, one.id)]
    if not chosen:
        raise typer.BadParameter(f"no channel has the id {channel}")
    places: dict[tuple[Path, str, str], ChannelSettings] = {}
    for one in chosen:  # several channels may have one store
        places.setdefault((one.schema_dir, one.shop, one.api_version), one)
    for one in places.values():
        path = asyncio.run(_fetch(one))
        whole = Schemas(path).whole()
        size = 0 if whole is None else len(whole.type_map)
        typer.echo(f"{one.shop} {one.api_version}: {size:,} types, kept in {path}")


async def _fetch(channel: ChannelSettings) -> Path:
    operation = Operation("IntrospectionQuery", "query", question())
    async with aiohttp.ClientSession() as http:
        client = ShopifyClient.for_channel(channel, http)
        budget = CallBudget(Deadline.after(PATIENCE_SECONDS))
        reply = await client.execute(operation, {}, budget=budget)
    try:
        return store(channel.schema_dir, channel.shop, channel.api_version, reply.data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BridgeError(
            f"{channel.schema_dir} cannot be written: {reason}; set schema_dir to a folder that can"
        ) from None
