"""Cancelling an order: what stands against it, the order to do it, the job that does it.

Documents: CancelState (4 points), OrderCancel (10), JobState (2). Shopify cancels later: the
mutation answers with a job, and for a moment the order is cancelled but not yet refunded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.values import plain

Node = Mapping[str, Any]


async def cancel_state(client: ShopifyClient, budget: CallBudget, gid: str) -> Node | None:
    """The order as CancelState reads it; None when there is none."""
    op = operation("CancelState")
    reply = await client.execute(op, {"id": gid}, budget=budget)
    found: Node | None = plain(reply.data, op)["order"]
    return found


async def job_is_done(client: ShopifyClient, budget: CallBudget, job: str, gid: str) -> bool:
    """Whether the job is over and the order shows it (an unknown job says that it is done)."""
    op = operation("JobState")
    reply = await client.execute(op, {"jobId": job, "orderId": gid}, budget=budget)
    found = plain(reply.data, op)
    done = found["job"] is None or found["job"]["done"]
    return bool(done and found["order"] and found["order"]["cancelledAt"])
