"""The sweep: looking past Shopify's search index for orders that it does not show.

Every ``sweep_minutes`` a pull that begins anew reads two pages of 250 orders without any
search (13 points each): the newest changes, which catches an index that lags, and one page
further down the shop's history than last time, down to ``pull_since`` and around again,
which catches what the index lost for good. 10,000 orders are gone through in 40 such looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bridge.actions.readiness import since
from bridge.config.models import OrderPullPolicy
from bridge.engine import Call, Learned
from bridge.shopify.orders import Swept, sweep

Node = Mapping[str, Any]


def due(policy: OrderPullPolicy, learned: Learned, now: datetime) -> bool:
    """Whether it is time to look again."""
    interval = timedelta(minutes=policy.sweep_minutes)
    return learned.swept_at is None or now - learned.swept_at >= interval


async def sweep_further(
    call: Call, newest: Swept | None, learned: Learned, now: datetime
) -> Sequence[Node]:
    """The orders of both pages, by their header fields."""
    if newest is None:
        return ()
    learned.swept_at = now
    found = list(newest.orders)
    cursor = learned.sweep_cursor or newest.cursor
    if cursor is None:
        return found
    deeper = await sweep(call.channel.client, call.budget, after=cursor)
    found += deeper.orders
    start = since(call.channel.settings.order_pull)
    below = start is not None and any(o["updatedAt"] < start for o in deeper.orders)
    learned.sweep_cursor = None if below else deeper.cursor
    return found
