"""Faults on demand: what may go wrong between Shopify and us, each asked for over HTTP.

``POST /_sandbox/faults {"operation", "nth", "fault", "delay"}``. An operation is named by its
operation name (``OrderAcknowledge``) or by one of its root fields (``fulfillmentCreate``); ``nth``
counts the requests that match from the posting on, 1 is the next. A fault strikes once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """What happens to a request; the text says whether it was applied."""

    DROP_REPLY = "drop_reply"  # applied; the connection is closed without an answer
    HTTP_502_BEFORE = "http_502_before"  # not applied
    HTTP_502_AFTER = "http_502_after"  # applied
    THROTTLE = "throttle"  # not applied; THROTTLED whatever is in the bucket
    TIMEOUT = "timeout"  # not applied; never answers
    APPLY_LATE = "apply_late"  # never answers; applied after `delay` seconds
    INTERNAL_ERROR = "internal_error"  # not applied; INTERNAL_SERVER_ERROR, keys are spent
    GARBAGE = "garbage"  # applied; 200 with a page of HTML
    HALF_BODY = "half_body"  # applied; half of the answer, then the connection is closed


class BadFault(ValueError):
    """A fault that cannot be set up; the message says why."""


@dataclass(slots=True)
class Planned:
    """A fault that waits. ``left`` counts down to the request that it strikes."""

    operation: str
    fault: Fault
    left: int
    delay: float

    def as_json(self) -> dict[str, Any]:
        """For ``GET /_sandbox/faults``."""
        return {
            "operation": self.operation,
            "nth": self.left,
            "fault": self.fault.value,
            "delay": self.delay,
        }


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []

    def clear(self) -> None:
        """Forget all of them."""
        self._planned.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Those that have not struck yet."""
        return [planned.as_json() for planned in self._planned]

    def plan(self, spec: Mapping[str, Any]) -> Planned:
        """Set one up from its JSON; BadFault when it makes no sense."""
        unknown = sorted(set(spec) - {"operation", "nth", "fault", "delay"})
        if unknown:
            raise BadFault(f"unknown members: {', '.join(unknown)}")
        operation = spec.get("operation")
        if not isinstance(operation, str) or not operation:
            raise BadFault("'operation' must name an operation or a root field")
        nth, delay = spec.get("nth", 1), spec.get("delay", 1.0)
        if not isinstance(nth, int) or isinstance(nth, bool) or nth < 1:
            raise BadFault("'nth' must be 1 or more")
        if not isinstance(delay, (int, float)) or isinstance(delay, bool) or delay < 0:
            raise BadFault("'delay' must be 0 or more seconds")
        try:
            fault = Fault(spec.get("fault", ""))
        except ValueError as error:
            raise BadFault(f"'fault' must be one of {', '.join(Fault)}") from error
        planned = Planned(operation, fault, nth, float(delay))
        self._planned.append(planned)
        return planned

    def strike(self, names: Iterable[str]) -> Planned | None:
        """Count a request with these names; the fault that strikes it, if one does."""
        wanted = set(names)
        struck: Planned | None = None
        for planned in list(self._planned):
            if planned.operation not in wanted:
                continue
            planned.left -= 1
            if planned.left <= 0 and struck is None:
                struck = planned
                self._planned.remove(planned)
        return struck
