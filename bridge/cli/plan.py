"""``retailops-bridge plan``: what a request would do to the store, without doing it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bridge.config import CONFIG_VARIABLE, Settings, load
from bridge.engine import DryRun, Step
from bridge.errors import BridgeError
from bridge.retailops.actions import ACTIONS
from bridge.retailops.protocol import parse, read_body
from bridge.server import logs
from bridge.shopify.budget import Deadline
from bridge.shopify.session import shop_domain
from bridge.wiring import assemble


def plan(
    request: Annotated[Path, typer.Argument(help="A file with one SDK request, as JSON.")],
    *,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The configuration file.", envvar=CONFIG_VARIABLE),
    ] = None,
    action: Annotated[
        str, typer.Option(help="The action; else the request's own field of that name.")
    ] = "",
    channel: Annotated[
        int | None, typer.Option(help="The channel's id; else the request's, or the only one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the mutations that a request would send to Shopify, and send none.

    Reads the store as it is now. What a later mutation depends on (a refund on what was
    shipped before) is only planned when the call really runs.
    """
    settings = load(config, os.environ, shop_domain=shop_domain)
    logs.configure(settings.logging, secrets=logs.secrets_of(settings))
    body = read_body(_bytes(request))
    name = _action(action or str(body.get("action", "")))
    found = asyncio.run(_dry_run(settings, name, body, _channel(settings, channel, body)))
    if as_json:
        typer.echo(json.dumps(_told(found), indent=1, default=str))
    else:
        _show(found, name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BridgeError(f"{path}: {error.strerror}; name a file with one request") from None


def _action(text: str) -> str:
    """``order_cancel``, ``order_cancel_v1`` or RetailOps' own ``SDK.order_cancel.x``."""
    for part in text.split("."):
        name = part.removesuffix("_v1")
        if name in ACTIONS:
            return name
    known = ", ".join(ACTIONS)
    raise BridgeError(f"{text!r} is no SDK action; name one with --action: {known}")


def _channel(settings: Settings, wanted: int | None, body: Mapping[str, Any]) -> int:
    known = [c.id for c in settings.channels]
    info = body.get("channel_info")
    asked = wanted if wanted is not None else info.get("id") if isinstance(info, dict) else None
    if asked in known:
        return int(asked)
    if wanted is None and len(known) == 1:
        return known[0]
    raise BridgeError(f"there is no channel {asked}; name one with --channel: {known}")


async def _dry_run(
    settings: Settings, action: str, body: Mapping[str, Any], channel: int
) -> DryRun:
    async with assemble(settings) as parts:
        if action not in parts.engine.served:
            raise BridgeError(f"this version does not serve {action} yet")
        return await parts.engine.dry_run(
            channel,
            action,
            parse(ACTIONS[action], dict(body)),
            deadline=Deadline.after(settings.server.deadline_seconds),
        )


def _told(found: DryRun) -> dict[str, Any]:
    return {
        "steps": [
            {
                "operation": s.operation.name,
                "kind": s.kind,
                "natural_id": s.natural_id,
                "variables": s.variables,
            }
            for s in found.plan.steps
        ],
        "more": found.plan.again,
        "events": [e.model_dump(mode="json") for e in found.events],
    }


def _show(found: DryRun, action: str) -> None:
    console = Console(highlight=False)

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)  # JSON must stay JSON in a pipe

    steps = found.plan.steps
    say(f"{action}: {len(steps)} mutation(s) would be sent; none was.")
    for number, step in enumerate(steps, 1):
        say(f"\n{number}. {_title(step)}")
        say(json.dumps(step.variables, indent=2, default=str))
    if found.plan.again:
        say("\nThen the store is read again, and what still differs is planned.")
    for event in found.events:
        say(f"\n{event.event_type} {event.code}: {event.message}")


def _title(step: Step) -> str:
    cost = step.operation.cost(step.variables)
    about = f", {step.kind} {step.natural_id}" if step.kind else ""
    return f"{step.operation.name} ({cost} points{about})"
