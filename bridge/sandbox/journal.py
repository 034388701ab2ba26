"""The log of requests: one entry for each GraphQL request that passed the door.

The journal of effects is the store's own (``store.journal``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request. ``status`` is the HTTP status, null when no answer was given."""

    n: int
    operation: str
    mutation: bool
    requested_cost: int | None = None
    actual_cost: int | None = None
    throttled: bool = False
    status: int | None = None
    fault: str | None = None
    errors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For ``GET /_sandbox/requests``. ``errors`` are the codes of top-level errors."""
        return {
            "n": self.n,
            "operation": self.operation,
            "mutation": self.mutation,
            "requested_cost": self.requested_cost,
            "actual_cost": self.actual_cost,
            "throttled": self.throttled,
            "status": self.status,
            "fault": self.fault,
            "errors": self.errors,
        }


class RequestLog:
    """Every request, in order of arrival."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, operation: str, *, mutation: bool) -> Entry:
        """A new entry, to be filled in as the request goes on."""
        entry = Entry(len(self.entries) + 1, operation, mutation)
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
