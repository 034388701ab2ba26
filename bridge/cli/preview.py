"""``retailops-bridge preview``: what an order would be told as, value by value, and why."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.actions.order_pull import OrderPull, PullState
from bridge.actions.table import MAPPINGS
from bridge.cli import origins
from bridge.cli.opening import (
    AsJson,
    ChannelId,
    Config,
    call_of,
    channel_of,
    print_json,
    settings_of,
)
from bridge.config import ChannelSettings
from bridge.errors import BridgeError
from bridge.ledger import Ledger
from bridge.mapping.expecting import parse_path, stranger
from bridge.mapping.targets import target_of
from bridge.mapping.trace import Noted, TracedModule
from bridge.retailops.requests import OrderPullRequest
from bridge.wiring import layers_of, load_mapping

MAPPING: Final = "order_pull"


@dataclass(frozen=True, slots=True)
class Preview:
    """An order as it would be sent, or why it would not be; ``left_out`` gave nothing."""

    refnum: str
    values: tuple[Noted, ...]
    left_out: tuple[Noted, ...]
    refused: str = ""


def preview(
    action: Annotated[str, typer.Argument(help="The mapping: order_pull.")],
    *,
    order: Annotated[str, typer.Option("--order", help="The order: its name, refnum, id or GID.")],
    only: origins.Only = "",
    config: Config = None,
    channel: ChannelId = None,
    as_json: AsJson = False,
) -> None:
    """Show an order as RetailOps would be sent it, and where each value comes from.

    Each value stands beside its expression, the expression's place, and the values of Shopify
    that it read. Asks the store and changes nothing; whether the order was acknowledged or is
    ready does not matter. Exits with 1 when it would be held back.
    """
    if action.removesuffix(".toml") != MAPPING:
        raise BridgeError(
            f'preview shows what is pulled: order_pull, not "{action}"; what would be written'
            " shows retailops-bridge plan"
        )
    _known(only)
    chosen = channel_of(settings_of(config), channel)
    found = asyncio.run(_looked_at(chosen, order))
    if as_json:
        print_json(_told(found, chosen, only))
    else:
        _show(found, chosen, only)
    if found.refused:
        raise typer.Exit(1)


def _known(only: str) -> None:
    """Raises BridgeError when an order has no such field: nothing would be shown of it."""
    path = parse_path(only) if only else None
    if path is None:
        return  # ``origins`` tells of what is no path
    wrong, hint = stranger(path, target_of(MAPPINGS[MAPPING].target))
    if wrong:
        raise BridgeError(f"--only {only}: {wrong}{': ' if hint else ''}{hint}")


async def _looked_at(settings: ChannelSettings, wanted: str) -> Preview:
    """Pull this one order, with a mapping that remembers."""
    layers = layers_of(MAPPING, settings, settings.mappings_dir)
    module = TracedModule(load_mapping(MAPPING, layers, settings))
    # A pull of named orders asks the ledger nothing; this one is nobody's.
    with tempfile.TemporaryDirectory() as folder:
        ledger = await Ledger.open(Path(folder) / "preview.sqlite3")
        try:
            state = await _pulled(settings, module, ledger, wanted)
        finally:
            await ledger.close()
    if state.held:
        held = state.held[0]
        place = f" ({origins.place(held.place)})" if held.place else ""
        return Preview(held.refnum, (), (), f"{held.code}: {held.reason}{place}")
    if not state.orders:
        raise BridgeError(f"no order in {settings.shop}, or more than one, is called {wanted}")
    made = module.renderings[-1]
    return Preview(state.orders[0].channel_order_refnum, made.made, made.blanks)


async def _pulled(
    settings: ChannelSettings, module: TracedModule, ledger: Ledger, wanted: str
) -> PullState:
    async with call_of(settings, ledger) as call:
        call.channel = replace(call.channel, mappings={MAPPING: module})
        request = OrderPullRequest.model_validate({"specific_orders": [{"channel_refnum": wanted}]})
        return await OrderPull().read(call, request, [])


# -- what is printed ------------------------------------------------------------------------------


def _show(found: Preview, channel: ChannelSettings, only: str) -> None:
    typer.echo(f"order {found.refnum} of {channel.shop}, as channel {channel.id} sends it")
    if found.refused:
        typer.echo(f"\nit would be held back: {found.refused}")
        return
    for one in origins.chosen(found.values, only):
        _show_value(one)
    left_out = origins.chosen(found.left_out, only)
    if only and not left_out and not origins.chosen(found.values, only):
        typer.echo(f"\nthe mapping says nothing of {only} for this order")
    if left_out:
        typer.echo(f"\n{origins.LEFT_OUT}")
    for one in left_out:
        _show_value(one)


def _show_value(one: Noted) -> None:
    typer.echo("")
    for line in origins.value_lines(one):
        typer.echo(line)


def _told(found: Preview, channel: ChannelSettings, only: str) -> dict[str, object]:
    return {
        "order": found.refnum,
        "shop": channel.shop,
        "channel": channel.id,
        "refused": found.refused or None,
        "values": [origins.row(one) for one in origins.chosen(found.values, only)],
        "left_out": [origins.row(one) for one in origins.chosen(found.left_out, only)],
    }
