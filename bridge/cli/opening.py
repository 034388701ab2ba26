"""What the commands about ledger and orders share: options, the open ledger, a store, tables."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import aiohttp
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bridge.actions.refnums import find_order, gid_of, is_gid
from bridge.config import CONFIG_VARIABLE, ChannelSettings, Settings, load
from bridge.config.models import LoggingSettings
from bridge.engine import Call, Channel
from bridge.errors import LedgerError
from bridge.ledger import Ledger
from bridge.server import logs
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import ShopifyClient
from bridge.shopify.session import shop_domain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file.", envvar=CONFIG_VARIABLE),
]
ChannelId = Annotated[
    int | None, typer.Option("--channel", help="The channel's id; needed when there are several.")
]
OnlyChannel = Annotated[
    int | None, typer.Option("--channel", help="Only this channel; else all of them.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON, times in UTC.")]

# A person waits at the terminal: long enough for an order that a bridge works on just now, and
# for a store that answers slowly.
PATIENCE_SECONDS: Final = 60.0

# Without a terminal nothing is cut to its width: who reads a pipe wants whole ids.
WIDE: Final = 250


def settings_of(config: Path | None) -> Settings:
    """The configuration as ``serve`` reads it. Warnings are for the person, on standard error."""
    settings = load(config, os.environ, shop_domain=shop_domain)
    quiet = LoggingSettings(level="warning", format="console")
    logs.configure(quiet, secrets=logs.secrets_of(settings))
    return settings


def channel_of(settings: Settings, channel: int | None) -> ChannelSettings:
    """The channel that was named, or the only one there is."""
    ids = ", ".join(str(one.id) for one in settings.channels)
    if channel is None:
        if len(settings.channels) > 1:
            raise typer.BadParameter(f"there are several channels: name one of {ids} (--channel)")
        return settings.channels[0]
    for one in settings.channels:
        if one.id == channel:
            return one
    raise typer.BadParameter(f"no channel has the id {channel}; there is {ids}")


@asynccontextmanager
async def ledger_of(settings: Settings) -> AsyncIterator[Ledger]:
    """The ledger of a configuration, beside the bridges that use it. It must be there already."""
    path = settings.ledger.path
    if not path.is_file():
        raise LedgerError(
            f"ledger {path}: there is no such file; a bridge makes it at its first start, so look "
            "at --config and [ledger] path"
        )
    ledger = await Ledger.open(
        path,
        busy_seconds=settings.ledger.busy_seconds,
        answer_hours=settings.ledger.answer_hours,
        effect_days=settings.ledger.effect_days,
    )
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def call_of(channel: ChannelSettings, ledger: Ledger) -> AsyncIterator[Call]:
    """What the functions that ask a store take, outside any call of RetailOps."""
    async with aiohttp.ClientSession() as http:
        client = ShopifyClient.for_channel(channel, http)
        yield Call(
            channel=Channel(channel, client, {}),
            ledger=ledger,
            request_id="",
            budget=CallBudget(Deadline.after(PATIENCE_SECONDS)),
            clock=lambda: datetime.now(UTC),
            execution="",
        )


async def order_of(
    settings: Settings, channel: int | None, ledger: Ledger, refnum: str
) -> str | None:
    """The GID of an order; a name is searched in the channel's store."""
    gid = gid_of(refnum)
    if gid is not None and (is_gid(refnum) or _sends_ids(settings, channel)):
        return gid
    async with call_of(channel_of(settings, channel), ledger) as call:
        return await find_order(call, refnum)


def _sends_ids(settings: Settings, channel: int | None) -> bool:
    chosen = [one for one in settings.channels if channel in (None, one.id)]
    return all(one.order_refnum == "id" for one in chosen)


# -- what is printed ------------------------------------------------------------------------------


def console() -> Console:
    """Standard output, as it is now."""
    made = Console(highlight=False)
    if not made.is_terminal:
        made.width = WIDE
    return made


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A plain table; nothing in it is read as markup."""
    made = Table(title=escape(title), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made


def when(at: datetime | None) -> str:
    """``2026-10-01 12:00:00``, UTC; empty for None."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def plain(value: object) -> object:
    """A value of the ledger as JSON knows it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(fields(value))
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def fields(row: DataclassInstance) -> dict[str, object]:
    """A row's fields by name."""
    return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    typer.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))
