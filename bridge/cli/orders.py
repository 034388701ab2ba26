"""``retailops-bridge orders``: orders that cannot be sent, and sending one again.

Everything here works while bridges run on the same ledger.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from bridge.actions.effects import ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCEL_OFFERED
from bridge.actions.refnums import resolve
from bridge.cli.opening import (
    PATIENCE_SECONDS,
    AsJson,
    ChannelId,
    Config,
    OnlyChannel,
    call_of,
    channel_of,
    console,
    ledger_of,
    print_json,
    settings_of,
    table,
    when,
)
from bridge.config import Settings
from bridge.engine import Call
from bridge.errors import BridgeError, OutcomeUnknown
from bridge.ledger import HeldBack
from bridge.shopify.unmark import Marks, marks, unmark

KINDS = (ACKNOWLEDGED, CANCEL_OFFERED, CANCEL_ACKNOWLEDGED)


def orders() -> None:
    """See which orders cannot be sent to RetailOps, and send one again."""


def unsendable(
    *,
    config: Config = None,
    channel: OnlyChannel = None,
    as_json: AsJson = False,
) -> None:
    """List the orders that are held back, and why.

    Each order_pull tries them again: once the cause is mended (a mapping, the order itself) an
    order is sent and leaves the list.
    """
    held = asyncio.run(_held_back(settings_of(config), channel))
    if as_json:
        print_json(held)
        return
    if not held:
        console().print("No order is held back.")
        return
    columns = ("channel", "order", "code", "reason", "place", "since (UTC)", "last (UTC)", "times")
    console().print(table("Orders that cannot be sent", columns, map(_row, held)))


def resend(
    refnum: Annotated[str, typer.Argument(help="The order: its refnum, id or GID.")],
    *,
    config: Config = None,
    channel: ChannelId = None,
) -> None:
    """Let RetailOps be offered an order again that it has acknowledged.

    Takes the tags and metafields of the acknowledgement (and of a cancellation's) off the order
    in Shopify, and the acknowledgement out of the ledger. The next order_pull sends the order
    if it is ready; Shopify's search may take some seconds to notice. Can be repeated.
    """
    settings = settings_of(config)
    done = asyncio.run(_resend(settings, channel, refnum))
    out = console()
    if not done.tags and not done.keys and not done.forgotten:
        out.print(f"Order {done.name} bears no acknowledgement: there was nothing to take off.")
        return
    out.print(
        f"Order {done.name}: took off {len(done.tags)} tags and {len(done.keys)} metafields, and "
        f"{done.forgotten} entries out of the ledger. The next order_pull offers it if it is "
        "ready.",
        markup=False,
    )


# -- the work -------------------------------------------------------------------------------------


async def _held_back(settings: Settings, channel: int | None) -> list[HeldBack]:
    chosen = settings.channels if channel is None else (channel_of(settings, channel),)
    async with ledger_of(settings) as ledger:
        return [held for one in chosen for held in await ledger.held_back(one.id)]


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was taken off an order."""

    name: str
    tags: tuple[str, ...]
    keys: tuple[str, ...]
    forgotten: int


async def _resend(settings: Settings, channel: int | None, refnum: str) -> Cleared:
    chosen = channel_of(settings, channel)
    async with ledger_of(settings) as ledger, call_of(chosen, ledger) as call:
        order = (await resolve(call, [refnum])).get(refnum)
        if order is None:
            raise BridgeError(f"no order in {chosen.shop}, or more than one, is called {refnum}")
        async with ledger.order_lock(chosen.shop, order.gid, wait_seconds=PATIENCE_SECONDS):
            return await _clear(call, order.gid, refnum)


async def _clear(call: Call, gid: str, refnum: str) -> Cleared:
    shop = call.channel.shop
    policy = call.channel.settings.order_acknowledge
    client, budget = call.channel.client, call.budget
    found: Marks | None = await marks(client, budget, gid, namespace=policy.namespace)
    if found is None:
        raise BridgeError(f"there is no order {refnum} in {shop}")
    tags = found.spelt((policy.tag, policy.cancel_tag))
    # The store first: if that fails the ledger still knows the acknowledgement, and both are
    # cleared by doing it again.
    try:
        await unmark(client, budget, found, tags=tags, namespace=policy.namespace)
    except OutcomeUnknown as lost:
        raise BridgeError(f"{lost}; run the command again: it goes on where it stopped") from lost
    forgotten = await call.ledger.forget_effects(shop, found.gid, KINDS)
    return Cleared(found.name, tags, found.keys, forgotten)


def _row(held: HeldBack) -> tuple[object, ...]:
    return (
        held.channel,
        held.refnum,
        held.code,
        held.reason,
        held.place,
        when(held.first_at),
        when(held.at),
        held.times,
    )
