"""The list of orders that cannot be sent, kept true.

A pull that meets a held order tries it again. One that was cancelled, shipped, acknowledged or
taken out by a filter is met by no pull any more: a pull that begins anew looks at what was not met
for ``sweep_minutes``, straight from the database (HeldOrders, 3 points an order), and strikes off
what order_pull would not offer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bridge.actions.effects import (
    ACKNOWLEDGED,
    CANCEL_ACKNOWLEDGED,
    CANCELLED,
    taken_elsewhere,
)
from bridge.actions.readiness import header_verdict
from bridge.config.models import OrderPullPolicy
from bridge.engine import Call
from bridge.errors import DeadlineExceeded, ShopifyError
from bridge.ledger import HeldBack
from bridge.shopify.orders import held_orders

log = structlog.get_logger()

Node = Mapping[str, Any]

# At most so many at a time, 150 points. They take turns: one that stays counts as met.
LOOKS_AT_ONCE: Final = 50


# The effects after which an order, or its cancellation, is not offered any more.
KINDS: Final = (ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCELLED)


@dataclass(slots=True)
class Looked:
    """GIDs of orders that are to be struck off, and those that stay."""

    gone: list[str] = field(default_factory=list)
    waiting: list[HeldBack] = field(default_factory=list)


def not_met(
    listed: Iterable[HeldBack], met: Collection[str], policy: OrderPullPolicy, now: datetime
) -> list[HeldBack]:
    """The held orders that no pull has met for ``sweep_minutes``, longest ago first."""
    before = now - timedelta(minutes=policy.sweep_minutes)
    old = [h for h in listed if h.at <= before and h.order_gid not in met]
    return sorted(old, key=lambda h: h.at)[:LOOKS_AT_ONCE]


def offered(order: Node, known: Collection[str], policy: OrderPullPolicy, now: datetime) -> bool:
    """Whether order_pull would still come to offer it, by its header and its effects' kinds."""
    acknowledged = bool(order["acknowledged"]) or ACKNOWLEDGED in known
    if order["cancelledAt"] is None:
        return not acknowledged and header_verdict(order, policy, now) is None
    told = order["cancelAcknowledged"] or not {CANCEL_ACKNOWLEDGED, CANCELLED}.isdisjoint(known)
    return acknowledged and not told


async def look_at_held(call: Call, met: Collection[str], now: datetime) -> Looked:
    """Look at the held orders that are due; nothing is written here."""
    channel, out = call.channel.settings, Looked()
    old = not_met(await call.ledger.held_back(channel.id), met, channel.order_pull, now)
    if not old:
        return out
    gids = [h.order_gid for h in old]
    namespace = channel.order_acknowledge.namespace
    try:
        there = await held_orders(call.channel.client, call.budget, gids, namespace=namespace)
    except (ShopifyError, DeadlineExceeded) as error:
        # The page is worth more than the look; the next one will do.
        log.warning("held_back_not_looked_at", cause=str(error))
        return out
    effects = await call.ledger.effects(channel.shop, KINDS, order_gids=gids)
    known: dict[str, set[str]] = {}
    for effect in effects:
        known.setdefault(effect.order_gid, set()).add(effect.kind)
    elsewhere = taken_elsewhere(effects, channel.id)
    for held in old:
        order = there.get(held.order_gid)
        kinds = known.get(held.order_gid, ())
        own = held.order_gid not in elsewhere
        if order is not None and own and offered(order, kinds, channel.order_pull, now):
            out.waiting.append(held)
        else:
            out.gone.append(held.order_gid)
            log.info("held_back_gone", order=held.refnum, code=held.code)
    return out
