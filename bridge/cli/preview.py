"""``retailops-bridge preview``: what an order would be told as, value by value, and why."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.actions.order_pull import OrderPull, PullState
from bridge.cli.mapping_files import shown
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
from bridge.mapping.expecting import MISSING, find, jsonable, parse_path, said, said_path
from bridge.mapping.reading import Reading, readings
from bridge.mapping.rules import Rule
from bridge.mapping.trace import TracedModule
from bridge.retailops.requests import OrderPullRequest
from bridge.wiring import layers_of, load_mapping, shipped_mappings

MAPPING: Final = "order_pull"

# A value in one line of a terminal; a whole order as a source is not meant to be read here.
SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the output, the rule that gave it, and what that read."""

    path: tuple[str | int, ...]
    value: object
    rule: Rule
    read: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """An order as it would be sent, or why it would not be; ``left_out`` gave nothing."""

    refnum: str
    values: tuple[Value, ...]
    left_out: tuple[Value, ...]
    refused: str = ""


def preview(
    action: Annotated[str, typer.Argument(help="The mapping: order_pull.")],
    *,
    order: Annotated[str, typer.Option("--order", help="The order: its name, refnum, id or GID.")],
    only: Annotated[
        str, typer.Option("--only", help="Only this field, and what lies below it.")
    ] = "",
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
    chosen = channel_of(settings_of(config), channel)
    found = asyncio.run(_looked_at(chosen, order))
    if as_json:
        print_json(_told(found, chosen, only))
    else:
        _show(found, chosen, only)
    if found.refused:
        raise typer.Exit(1)


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
        place = f" ({_place(held.place)})" if held.place else ""
        return Preview(held.refnum, (), (), f"{held.code}: {held.reason}{place}")
    if not state.orders:
        raise BridgeError(f"no order in {settings.shop}, or more than one, is called {wanted}")
    return _preview(state.orders[0].channel_order_refnum, module)


async def _pulled(
    settings: ChannelSettings, module: TracedModule, ledger: Ledger, wanted: str
) -> PullState:
    async with call_of(settings, ledger) as call:
        call.channel = replace(call.channel, mappings={MAPPING: module})
        request = OrderPullRequest.model_validate({"specific_orders": [{"channel_refnum": wanted}]})
        return await OrderPull().read(call, request, [])


def _preview(refnum: str, module: TracedModule) -> Preview:
    output = module.outcomes[-1]
    trace = module.trace

    def value(path: tuple[str | int, ...], rule: Rule) -> Value:
        made, _ = find(output, path)
        return Value(path, made, rule, tuple(readings(rule.text, trace.frames[path, rule])))

    made = tuple(value(path, rule) for path, rule in trace.origins)
    return Preview(refnum, made, tuple(value(path, rule) for path, rule in trace.blanks))


# -- what is printed ------------------------------------------------------------------------------


def _chosen(values: Sequence[Value], only: str) -> list[Value]:
    """The values at a path or below it. Raises typer.BadParameter for what is no path."""
    if not only:
        return list(values)
    path = parse_path(only)
    if path is None:
        raise typer.BadParameter(f"{only!r} is no path; order_items[0].sku is one")
    return [one for one in values if one.path[: len(path)] == path]


def _show(found: Preview, channel: ChannelSettings, only: str) -> None:
    typer.echo(f"order {found.refnum} of {channel.shop}, as channel {channel.id} sends it")
    if found.refused:
        typer.echo(f"\nit would be held back: {found.refused}")
        return
    for one in _chosen(found.values, only):
        typer.echo(f"\n{said_path(one.path)} = {_short(one.value)}")
        _show_rule(one)
    left_out = _chosen(found.left_out, only)
    if left_out:
        typer.echo("\nleft out, because nothing was there:")
    for one in left_out:
        typer.echo(f"\n{said_path(one.path)}")
        _show_rule(one)


def _show_rule(one: Value) -> None:
    typer.echo(f"    {one.rule.text}")
    typer.echo(f"    {_place(one.rule.place)}")
    for reading in one.read:
        typer.echo(f"      {reading.path} = {_short(reading.value)}")


def _place(place: str) -> str:
    """file:line:column, the file as short as it can be; of the bridge's own: ``shipped``."""
    name, line, column = place.rsplit(":", 2)
    path, shipped = Path(name), shipped_mappings()
    own = path.is_relative_to(shipped)
    said = f"shipped {path.relative_to(shipped)}" if own else shown(path)
    return f"{said}:{line}:{column}"


def _short(value: object) -> str:
    text = said(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _told(found: Preview, channel: ChannelSettings, only: str) -> dict[str, object]:
    return {
        "order": found.refnum,
        "shop": channel.shop,
        "channel": channel.id,
        "refused": found.refused or None,
        "values": [_row(one) for one in _chosen(found.values, only)],
        "left_out": [_row(one) for one in _chosen(found.left_out, only)],
    }


def _row(one: Value) -> dict[str, object]:
    row: dict[str, object] = {"path": said_path(one.path)}
    if one.value is not MISSING:
        row["value"] = jsonable(one.value)
    return row | {
        "expression": one.rule.text,
        "place": one.rule.place,
        "target": one.rule.target,
        "read": [{"path": r.path, "value": jsonable(r.value)} for r in one.read],
    }
