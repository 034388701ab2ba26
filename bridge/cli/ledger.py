"""``retailops-bridge ledger``: what the ledger knows of steps and calls, and a person's word on it.

Everything here works while bridges run on the same ledger.
"""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from bridge.cli.opening import (
    PATIENCE_SECONDS,
    AsJson,
    Config,
    OnlyChannel,
    console,
    fields,
    ledger_of,
    order_of,
    plain,
    print_json,
    settings_of,
    table,
    when,
)
from bridge.config import Settings
from bridge.errors import LedgerError
from bridge.ledger import CallRow, Effect, Ledger, Pruned, Stats, StepRow
from bridge.ledger.resolving import resolve_by_person

STEP_COLUMNS = ("step", "sent (UTC)", "state", "channel", "order", "effect", "note")
CALL_COLUMNS = ("begun (UTC)", "state", "channel", "action", "natural id")
EFFECT_COLUMNS = ("known since (UTC)", "effect", "natural id", "detail")

Id = Annotated[str, typer.Argument(help="The step's id, as list and the event IN_DOUBT show it.")]


def ledger() -> None:
    """See what was sent to Shopify, and settle what nobody else can."""


def list_steps(
    *,
    config: Config = None,
    doubt: Annotated[
        bool, typer.Option("--doubt", help="Only what has no known outcome, the oldest first.")
    ] = False,
    order: Annotated[
        str, typer.Option("--order", help="Only this order (refnum, id or GID), with its effects.")
    ] = "",
    channel: OnlyChannel = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many of each.", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """List steps and calls, the newest first.

    A step is one mutation: sending, doubt (its reply was lost), done, failed or forgotten (nobody
    needs to know: it only said what shall be true, as stock does). A call that was
    left was begun by a process that died, or ended without an answer: RetailOps' next call of
    the same kind looks at the store first. Steps in doubt are looked at again by the next call
    for their order; what stays is for ledger resolve.
    """
    settings = settings_of(config)
    listing = asyncio.run(_listing(settings, channel, order, doubt=doubt, limit=limit))
    if as_json:
        print_json(listing)
        return
    _print_listing(listing)


def show(step_id: Id, *, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that is known of one step.

    pre_image is what was there before it was sent, expect is how its effect looks in Shopify.
    """
    step, effect = asyncio.run(_one(settings_of(config), step_id))
    if as_json:
        print_json({"step": step, "effect": effect})
        return
    rows = [(name, _text(value)) for name, value in fields(step).items()]
    rows.append(("effect", _text(effect.detail) if effect else "none is known"))
    console().print(table("", ("field", "value"), rows))


def resolve(
    step_id: Id,
    *,
    applied: Annotated[
        bool,
        typer.Option("--applied/--not-applied", help="Whether Shopify has done it: look there."),
    ],
    note: Annotated[str, typer.Option("--note", help="How you know; kept with the step.")],
    detail: Annotated[
        str,
        typer.Option(
            "--detail",
            help="With --applied: what is to be known beside what was expected, a JSON object.",
        ),
    ] = "",
    config: Config = None,
) -> None:
    """Say whether a step in doubt was applied, after you have looked at the order in Shopify.

    Applied: its effect is known from now on, and it is never sent again. Not applied: the next
    call may send it again. Either way the order is free for RetailOps' next call. The effect
    is recorded as the step expected it; --detail adds the new object's id, so that it can be
    found again: '{"fulfillment": "gid://shopify/Fulfillment/1"}'.
    """
    if detail and not applied:
        raise typer.BadParameter("--detail goes with --applied: what was not done has no effect")
    if not note.strip():
        raise typer.BadParameter("--note must say how you know")
    known = _detail(detail)
    step = asyncio.run(
        _resolve(settings_of(config), step_id, applied=applied, note=note, detail=known)
    )
    word = "applied: its effect is recorded" if applied else "not applied: it may be sent again"
    console().print(
        f"Step {step.id} ({step.operation}, {step.kind} {step.natural_id} of {step.order_gid}) "
        f"is settled as {word}.",
        markup=False,
    )


def prune(*, config: Config = None) -> None:
    """Remove what is older than ledger.answer_hours and effect_days say; a bridge does it too.

    Calls that run, and whatever has no known outcome, stay whatever their age.
    """
    removed = asyncio.run(_prune(settings_of(config)))
    console().print(table("Removed", ("what", "rows"), fields(removed).items()))


# -- the work -------------------------------------------------------------------------------------


async def _listing(
    settings: Settings, channel: int | None, order: str, *, doubt: bool, limit: int
) -> dict[str, Any]:
    async with ledger_of(settings) as ledger:
        gid = await order_of(settings, channel, ledger, order) if order else None
        if order and gid is None:
            raise LedgerError(f"no order of the store, or more than one, is called {order}")
        states = ("left",) if doubt else None
        calls = await ledger.calls(channel=channel, order_gid=gid, states=states, limit=limit)
        if doubt:
            found = await ledger.open_steps()
            steps = [
                s for s in found if channel in (None, s.channel) and gid in (None, s.order_gid)
            ]
            steps = steps[:limit]
        else:
            steps = await ledger.steps(channel=channel, order_gid=gid, limit=limit)
        return {
            "steps": steps,
            "calls": calls,
            "effects": await _effects(settings, channel, ledger, gid),
            "stats": await ledger.stats(),
        }


async def _effects(
    settings: Settings, channel: int | None, ledger: Ledger, gid: str | None
) -> list[Effect]:
    if gid is None:
        return []
    shops = dict.fromkeys(one.shop for one in settings.channels if channel in (None, one.id))
    return [e for shop in shops for e in await ledger.order_effects(shop, gid)]


async def _one(settings: Settings, step_id: str) -> tuple[StepRow, Effect | None]:
    async with ledger_of(settings) as ledger:
        step = await ledger.step(step_id)
        if not step.kind:
            return step, None
        found = await ledger.effects(step.shop, step.kind, order_gids=[step.order_gid])
        return step, next((e for e in found if e.natural_id == step.natural_id), None)


async def _resolve(
    settings: Settings, step_id: str, *, applied: bool, note: str, detail: Mapping[str, Any]
) -> StepRow:
    async with ledger_of(settings) as ledger:
        return await resolve_by_person(
            ledger,
            step_id,
            applied=applied,
            who=getpass.getuser(),
            note=note,
            detail=detail,
            wait_seconds=PATIENCE_SECONDS,
        )


async def _prune(settings: Settings) -> Pruned:
    async with ledger_of(settings) as ledger:
        return await ledger.prune()


def _detail(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"--detail is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise typer.BadParameter('--detail must be a JSON object, such as {"id": "gid://…"}')
    return found


# -- what is printed ------------------------------------------------------------------------------


def _print_listing(listing: Mapping[str, Any]) -> None:
    out = console()
    steps: list[StepRow] = listing["steps"]
    calls: list[CallRow] = listing["calls"]
    effects: list[Effect] = listing["effects"]
    stats: Stats = listing["stats"]
    if steps:
        out.print(table("Steps", STEP_COLUMNS, map(_step_row, steps)))
    if calls:
        out.print(table("Calls", CALL_COLUMNS, map(_call_row, calls)))
    if effects:
        out.print(table("Effects", EFFECT_COLUMNS, map(_effect_row, effects)))
    if not steps and not calls and not effects:
        out.print("Nothing of that kind.")
    oldest = f", the oldest sent {when(stats.oldest_in_doubt)} UTC" if stats.in_doubt else ""
    out.print(
        f"In the whole ledger: {stats.in_doubt} steps in doubt{oldest}; {stats.left} calls left."
    )


def _step_row(step: StepRow) -> tuple[object, ...]:
    effect = f"{step.kind or step.operation} {step.natural_id}"
    order = step.order_gid.rpartition("/")[2]
    return step.id, when(step.sent_at), step.state, step.channel, order, effect, step.note


def _call_row(call: CallRow) -> tuple[object, ...]:
    state = f"{call.state}, final" if call.final else call.state
    return when(call.claimed_at), state, call.channel, call.action, call.natural_id


def _effect_row(effect: Effect) -> tuple[object, ...]:
    return when(effect.at), effect.kind, effect.natural_id, _text(effect.detail)


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return when(value)
    return json.dumps(plain(value), ensure_ascii=False)
