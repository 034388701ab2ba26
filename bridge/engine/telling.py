"""What RetailOps is told of trouble: errors at Shopify, orders not found, steps in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.engine.model import Status
from bridge.errors import (
    AccessDenied,
    CostExceeded,
    DeadlineExceeded,
    MappingError,
    OutcomeUnknown,
    QueryRejected,
    UserErrors,
)
from bridge.ledger import StepRow
from bridge.retailops.events import Code, Event, event


def shopify_event(
    error: Exception, *, order_refnum: str | None = None, sku: str | None = None
) -> Event:
    """The event that tells RetailOps of an error at Shopify, with what to do about it."""
    request_id = getattr(error, "request_id", "")
    diagnostic = f"shopify request {request_id}" if request_id else ""
    code = Code.SHOPIFY_UNAVAILABLE
    if isinstance(error, AccessDenied):
        code = Code.SHOPIFY_ACCESS_DENIED
    elif isinstance(error, OutcomeUnknown):
        code = Code.IN_DOUBT
    elif isinstance(error, DeadlineExceeded):
        code = Code.NOT_REACHED
    elif isinstance(error, QueryRejected | CostExceeded | UserErrors):
        code = Code.SHOPIFY_REJECTED
    return event(
        code,
        str(error),
        event_type="error",
        diagnostic=diagnostic,
        order_refnum=order_refnum,
        sku=sku,
    )


def doubt_event(step: StepRow, refnum: str | None) -> Event:
    """The event for a step of which nobody knows yet whether it happened."""
    return event(
        Code.IN_DOUBT,
        f"{step.operation} ({step.kind} {step.natural_id}) was sent at "
        f"{step.sent_at:%Y-%m-%d %H:%M:%S} UTC and its reply was lost: {step.note or 'unknown'}. "
        "Nothing more is done to this order until it is settled. Call again after a minute; if "
        f"this stays, look at the order in Shopify and run: ledger resolve {step.id}",
        event_type="error",
        diagnostic=f"step {step.id}",
        order_refnum=refnum,
    )


def mapping_event(error: MappingError) -> Event:
    """The event for a mapping that gives no usable value for this call: nothing was done."""
    return event(
        Code(error.code),
        f"{error.target}: {error.message}",
        event_type="error",
        diagnostic=error.place,
    )


def status_of(events: Sequence[Event]) -> Status:
    """One word for the log and the metrics."""
    kinds = {e.event_type for e in events}
    if "error" in kinds:
        return "failed" if kinds == {"error"} else "partial"
    return "partial" if "warning" in kinds else "ok"
