"""The sweep: looking past Shopify's search index for orders that it does not show.

Every ``sweep_minutes`` a pull that begins anew reads the newest 250 changes without any search,
in the request of its page (13 points), which catches an index that lags. The pull that ends the
round, when it has room, reads 250 orders further down the shop's history than last time (13
points), down to ``pull_since`` and around again, which catches what the index lost for good:
10,000 orders are gone through in 40 such looks. A full page costs no second request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from bridge.actions.readiness import since
from bridge.config.models import OrderPullPolicy
from bridge.engine import Call, Learned
from bridge.errors import DeadlineExceeded, ShopifyError
from bridge.shopify.orders import Swept, sweep

log = structlog.get_logger()

Node = Mapping[str, Any]


def due(policy: OrderPullPolicy, learned: Learned, now: datetime) -> bool:
    """Whether it is time to look again."""
    interval = timedelta(minutes=policy.sweep_minutes)
    return learned.swept_at is None or now - learned.swept_at >= interval


def swept(learned: Learned, newest: Swept, now: datetime) -> Sequence[Node]:
    """The newest changes have been looked at; the look further down is owed now."""
    learned.swept_at = now
    learned.sweep_cursor = learned.sweep_cursor or newest.cursor
    learned.sweep_owed = learned.sweep_cursor is not None
    return newest.orders


async def sweep_further(call: Call, learned: Learned) -> Sequence[Node]:
    """The next 250 orders of the history, by their header fields; none when none are owed."""
    if not learned.sweep_owed:
        return ()
    learned.sweep_owed = False
    try:
        deeper = await sweep(call.channel.client, call.budget, after=learned.sweep_cursor)
    except (ShopifyError, DeadlineExceeded) as error:
        # The page is worth more than the look; a cursor that Shopify refuses is not kept.
        log.warning("sweep_failed", cause=str(error))
        learned.sweep_cursor = None
        return ()
    start = since(call.channel.settings.order_pull)
    below = start is not None and any(o["updatedAt"] < start for o in deeper.orders)
    learned.sweep_cursor = None if below else deeper.cursor
    return deeper.orders
