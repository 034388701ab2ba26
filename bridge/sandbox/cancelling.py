"""Cancelling an order: a job that takes about a second, as captured.

At once the order has its ``cancelledAt``, its reason and its note, and its fulfillment orders are
CLOSED; money, quantities and ``closed`` follow at the job's end.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bridge.sandbox import changes
from bridge.sandbox.model import gid
from bridge.sandbox.model_orders import Order

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Captured: a second after the call the order was still as in between, a moment later it was done.
JOB_SECONDS = 1.0


@dataclass(kw_only=True)
class Job:
    """``Job``: done when every order of it is. Its id is a UUID (captured)."""

    uuid: str
    orders: list[Order] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The global id."""
        return gid("Job", self.uuid)

    @property
    def done(self) -> bool:
        """Nothing of it is left to do."""
        return all(order.cancellation_done for order in self.orders)

    @property
    def query(self) -> dict[str, object] | None:
        """Null until it is done (captured)."""
        return {} if self.done else None


@dataclass(frozen=True)
class Cancellation:
    """How an order is to be cancelled. ``refund``: what was paid goes back the way it came."""

    reason: str
    restock: bool
    refund: bool
    note: str | None = None
    notify: bool = False


def fresh_uuid(store: Store, kind: str) -> str:
    """An id like those of jobs and staged changes; the same ones again after a reset."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, gid(kind, store.new_id(kind))))


def begin(store: Store, order: Order, how: Cancellation, at: datetime) -> Job:
    """Accept: what is seen at once, and the job that does the rest.

    Captured: orders that are cancelled in a row share a job. When exactly is assumed: while one
    is running.
    """
    job = next((job for job in store.jobs.values() if not job.done), None)
    if job is None:
        job = Job(uuid=fresh_uuid(store, "Job"))
        store.jobs[job.id] = job
    job.orders.append(order)
    order.cancelled_at, order.cancel_reason, order.cancel_note = at, how.reason, how.note
    closed = [work for work in order.fulfillment_order_list if not work.is_closed]
    for work in closed:
        work.status, work.updated_at = "CLOSED", at
    store.touch(order, at)

    def finish(then: datetime) -> None:
        for work in closed:
            work.status = "OPEN"  # so that its units can be taken off; it is closed again
        changes.cancel(
            store,
            order,
            then,
            reason=how.reason,
            note=how.note,
            restock=how.restock,
            give_back=how.refund,
        )
        order.cancelled_at = at
        store.touch(order, then)
        _stock_moved(store, [order])

    store.later(at + timedelta(seconds=JOB_SECONDS), finish)
    return job


def _stock_moved(store: Store, orders: Sequence[Order]) -> None:
    for order in orders:
        for line in order.lines:
            if line.variant is not None:
                store.index.touch("ProductVariant", line.variant.id)
