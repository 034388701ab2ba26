"""``retailops-bridge demo``: a day of RetailOps, played through the bridge and shown."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import aiohttp
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bridge.cli.caller import Caller, Row
from bridge.cli.day import Day
from bridge.cli.sandbox import (
    AUTH_KEY,
    CHANNEL,
    BridgePort,
    LedgerFile,
    Options,
    Orders,
    Pair,
    Plan,
    SeedFile,
    StorePort,
    Variants,
    pair,
    welcome,
)
from bridge.server.running import until_signal

PIPE_WIDTH = 150


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the day; exit 1 if a call failed.")
    ] = False,
    port: BridgePort = 8080,
    store_port: StorePort = 8081,
    seed: SeedFile = None,
    variants: Variants = 0,
    orders: Orders = 0,
    plan: Plan = "standard",
    ledger: LedgerFile = None,
) -> None:
    """Play one day of RetailOps through the bridge, call by call.

    Starts the bridge and the embedded store, calls the bridge over HTTP as RetailOps does,
    and shows what every call did and what it cost at Shopify. Then both stay up.
    """
    options = Options(port, store_port, seed, variants, orders, plan, ledger)
    failures = asyncio.run(_play(options, once=once))
    if failures and once:
        raise typer.Exit(1)


async def _play(options: Options, *, once: bool) -> int:
    # A pipe has no width of its own: wide enough for every row of the table on one line.
    console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
    async with pair(options) as running:
        rows = await _day(running)
        console.print(_table(rows))
        failures = [r for r in rows if r.failed]
        points, calls = sum(r.points for r in rows), sum(r.shopify_calls for r in rows)
        console.print(
            f"{len(rows)} calls of RetailOps, {calls} requests to Shopify, {points} points; "
            f"{len(failures)} failed."
        )
        if not once:
            console.print()
            console.print(welcome(running), markup=False, highlight=False, soft_wrap=True)
            await until_signal()
        return len(failures)


async def _day(running: Pair) -> list[Row]:
    async with aiohttp.ClientSession() as http:
        day = Day(Caller(http, running.bridge, running.store, AUTH_KEY, CHANNEL))
        return [row async for row in day.play()]


def _table(rows: list[Row]) -> Table:
    table = Table(title="A day of RetailOps", title_justify="left", box=box.SIMPLE)
    table.add_column("action", no_wrap=True)
    table.add_column("what happens")
    table.add_column("outcome")
    table.add_column("events")
    table.add_column("Shopify calls", justify="right")
    table.add_column("points", justify="right")
    table.add_column("ms", justify="right")
    for row in rows:
        events = ", ".join(f"{n} {code}" for code, n in sorted(row.events.items()))
        table.add_row(
            row.action,
            row.about,
            row.outcome,
            events or "-",
            str(row.shopify_calls),
            str(row.points),
            f"{row.milliseconds:.0f}",
        )
    return table
