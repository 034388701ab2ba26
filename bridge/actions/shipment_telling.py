"""What became of planned steps, as events: those that did what they should are silent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bridge.engine import Result, Step, shopify_event
from bridge.errors import OutcomeUnknown
from bridge.retailops.events import Code, Event, event
from bridge.shopify.protocol import user_errors


def step_events(
    planned: Iterable[Step],
    results: Sequence[Result],
    names: Mapping[str, str],
    refnum: str | None,
    *,
    shipment: str = "",
) -> list[Event]:
    """An event for every step that was refused, failed, is in doubt, or was not reached.

    ``names`` says what each step (by key) is about, at the beginning of a sentence. A step without
    a result was not sent, because one before it is in doubt.
    """
    by_key = {r.step.key: r for r in results}
    told: list[Event] = []
    for step in planned:
        made = _outcome(step, by_key.get(step.key), names[step.key])
        if made is None:
            continue
        code, message, request_id = made
        told.append(
            event(
                code,
                message,
                event_type="error",
                diagnostic=f"shopify request {request_id}" if request_id else "",
                order_refnum=refnum,
                shipment_id=shipment,
            )
        )
    return told


def _outcome(step: Step, result: Result | None, name: str) -> tuple[Code, str, str] | None:
    if result is None:
        words = "was not sent to Shopify: the step before it is in doubt; send the call again"
        return Code.NOT_REACHED, f"{name} {words}", ""
    if result.detail is not None:
        return None
    if result.in_doubt:
        words = (
            "was sent to Shopify and its reply was lost; it is not sent again before the store "
            "shows what became of it. Send the call again after a minute"
        )
        return Code.IN_DOUBT, f"{name} {words}", result.request_id
    if result.data is None:
        error = result.error or OutcomeUnknown(step.operation.name, "no reply")
        told = shopify_event(error)
        return Code(told.code), f"{name} failed: {told.message}", result.request_id
    refusals = [e for payload in result.data.values() for e in user_errors(payload)]
    if refusals or step.kind:
        said = "; ".join(str(e) for e in refusals) or "nothing"
        message = f"{name} was refused; Shopify says: {said}"
        return Code.SHOPIFY_USER_ERROR, message, result.request_id
    return None
