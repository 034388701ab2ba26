"""What the edge itself answers: refusals, and answers for calls that the engine could not run.

Every body is a JSON object with ``events``, whatever the status, so that a person finds the
reason in one place. RetailOps reads the body of a 200 only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bridge.errors import (
    AccessDenied,
    BridgeError,
    DeadlineExceeded,
    LedgerBusy,
    LedgerError,
    OutcomeUnknown,
    RequestError,
    ShopifyError,
    Throttled,
)
from bridge.retailops.actions import ActionSpec
from bridge.retailops.events import Code, Event, event
from bridge.retailops.protocol import encode
from bridge.server.unpacking import ACCEPTED
from bridge.shopify.budget import Meter

# A bucket of Shopify's refills within 20 s on every plan (2,000 points at 100 a second).
RETRY_SECONDS = 20
# Another process holds the ledger or the same key: it is a matter of seconds.
BUSY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and what the log and the metrics tell of it. ``outcome`` is a label."""

    status: int
    body: bytes
    outcome: str
    events: Sequence[Event] = ()
    meter: Meter = field(default_factory=Meter)
    headers: Mapping[str, str] = field(default_factory=dict)
    channel: int | None = None

    def response(self) -> web.Response:
        """As aiohttp sends it."""
        return web.Response(
            status=self.status,
            body=self.body,
            content_type="application/json",
            charset="utf-8",
            headers=self.headers,
        )


def problem(events: Sequence[Event], **more: object) -> bytes:
    """The body of an answer that is not an SDK answer."""
    said = [one.model_dump(mode="json") for one in events]
    return json.dumps({**more, "events": said}, ensure_ascii=False).encode("utf-8", "replace")


def refused(status: int, outcome: str, told: Event, **headers: str) -> Reply:
    """A call that was not begun."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, problem([told]), outcome, [told], headers=named)


def bad_request(error: RequestError) -> Reply:
    """HTTP 400; ``diagnostic_data`` is the JSON pointer to the place, if there is one.

    A body in a coding that is not read is 415, with those that are (RFC 9110, 15.5.16).
    """
    told = event(Code(error.code), error.message, event_type="error", diagnostic=error.pointer)
    if error.code == Code.UNKNOWN_CODING:
        return refused(415, "unknown_coding", told, Accept_Encoding=ACCEPTED)
    return refused(400, "bad_request", told)


def unauthorized() -> Reply:
    """HTTP 401."""
    told = event(
        Code.UNAUTHORIZED, "integration_auth_token is missing or belongs to no channel here"
    )
    return refused(401, "unauthorized", told)


def too_large(limit: int) -> Reply:
    """HTTP 413; ``limit`` in bytes."""
    told = event(
        Code.TOO_LARGE,
        f"The body is larger than {limit // 2**20} MiB: send fewer rows a call, or raise"
        " server.max_body_mebibytes",
    )
    return refused(413, "too_large", told)


def too_slow(seconds: float) -> Reply:
    """HTTP 408."""
    told = event(
        Code.TRY_AGAIN,
        f"The body was not complete after {seconds:g} s; nothing was done",
        event_type="error",
    )
    return refused(408, "too_slow", told)


def stopping() -> Reply:
    """HTTP 503 for a call whose body had not come when the bridge was told to stop."""
    told = event(Code.TRY_AGAIN, "The bridge is stopping; nothing was done", event_type="error")
    return refused(503, "unavailable", told, Retry_After=str(RETRY_SECONDS))


def try_again(error: BridgeError) -> Reply:
    """HTTP 503: nothing was done, call again after ``Retry-After`` seconds."""
    seconds = RETRY_SECONDS
    if isinstance(error, LedgerBusy):
        seconds = BUSY_SECONDS
    elif isinstance(error, Throttled):
        seconds = max(1, math.ceil(error.wait))
    return refused(503, "unavailable", _why(error), Retry_After=str(seconds))


def broken(spec: ActionSpec, request_id: str) -> Reply:
    """The bridge's own mistake: HTTP 200 and an error event, since something may be done.

    A read has no events and no effects, so it is 503.
    """
    told = event(
        Code.INTERNAL_ERROR,
        f"The bridge failed on this call; its log says more under request id {request_id}",
        event_type="error",
    )
    if not spec.has_events:
        return refused(503, "error", told, Retry_After=str(RETRY_SECONDS))
    return failed(spec, told, "error")


def failed(spec: ActionSpec, told: Event, outcome: str = "failed") -> Reply:
    """HTTP 200 with one error event and nothing else; 400 where the answer has no events."""
    if not spec.has_events:
        return refused(400, outcome, told)
    fields = {"status": "fail"} if "status" in spec.answer.model_fields else {}
    answer = spec.answer.model_validate({"events": [told], **fields})
    return Reply(200, encode(spec, answer), outcome, [told])


def _why(error: BridgeError) -> Event:
    request_id = getattr(error, "request_id", "")
    code = Code.TRY_AGAIN
    if isinstance(error, LedgerError) and not isinstance(error, LedgerBusy):
        code = Code.LEDGER_UNAVAILABLE
    elif isinstance(error, AccessDenied):
        code = Code.SHOPIFY_ACCESS_DENIED
    elif isinstance(error, OutcomeUnknown):
        code = Code.IN_DOUBT
    elif isinstance(error, DeadlineExceeded):
        code = Code.NOT_REACHED
    elif isinstance(error, ShopifyError):
        code = Code.SHOPIFY_UNAVAILABLE if error.retryable else Code.SHOPIFY_REJECTED
    diagnostic = f"shopify request {request_id}" if request_id else ""
    return event(code, str(error), event_type="error", diagnostic=diagnostic)
