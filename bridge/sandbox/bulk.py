"""Bulk mutations: each line of a file run as one mutation, while the store's clock goes on.

Captured: CREATED, RUNNING, COMPLETED with counts as strings; one mutation took 1 to 3 seconds; a
result is ``{"data": …, "__lineNumber": 0}`` a line, slashes escaped; five run at once; cancelled
ones go by CANCELING to CANCELED, keep what was done with ``url``, and have no ``completedAt``.
Documented: no points are taken; a failed one has ``errorCode`` and ``partialDataUrl``; results
are kept for seven days. Assumed: the seconds below, lines one after the other, ``errors`` beside
``data`` in the result of a line that failed as a request, and ACCESS_DENIED at the first line
whose mutation was denied.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeAlias

from bridge.sandbox.model import Node
from bridge.sandbox.staging import Staging

AT_ONCE: Final = 5  # captured for 2026-04: the sixth is refused

# Assumed, so that one line takes about a second, as captured for the quickest.
START_SECONDS: Final = 0.5
ROW_SECONDS: Final = 0.01
END_SECONDS: Final = 0.5
CANCEL_SECONDS: Final = 0.5

KEPT: Final = timedelta(days=7)  # documented for url and partialDataUrl

ERROR_CODES: Final = ("ACCESS_DENIED", "INTERNAL_SERVER_ERROR", "TIMEOUT")
_ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELED"})

RunRow: TypeAlias = Callable[[str, Mapping[str, Any], str], dict[str, Any]]
"""Runs a mutation's text with variables under an API version; gives the reply's body."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How the next operation is to fail: after so many lines, of which ``told`` have a result."""

    after: int
    told: int
    code: str = "INTERNAL_SERVER_ERROR"


@dataclass(kw_only=True)
class BulkOperation(Node):
    """``BulkOperation``. ``query`` is the mutation's text as it came (captured)."""

    gql_type: ClassVar[str] = "BulkOperation"
    type: ClassVar[str] = "MUTATION"
    query: str
    lines: Sequence[bytes] = field(repr=False)
    client_identifier: str | None
    created_at: datetime
    api_version: str
    origin: str
    failure: Failure | None = None
    status: str = "CREATED"
    error_code: str | None = None
    completed_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled_at: datetime | None = None
    object_count: int = 0
    output: list[bytes] = field(default_factory=list, repr=False)
    token: str = field(default_factory=lambda: uuid.uuid4().hex, repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status in _ENDED

    @property
    def root_object_count(self) -> int:
        """The same as ``objectCount`` (captured)."""
        return self.object_count

    @property
    def file_size(self) -> int | None:
        """Bytes of the results; of completed ones only (captured)."""
        return sum(map(len, self.output)) if self.status == "COMPLETED" else None

    @property
    def url(self) -> str | None:
        """Where the results are; of a cancelled one what there is (captured)."""
        if self.status == "COMPLETED" or (self.status == "CANCELED" and self.output):
            return self._address
        return None

    @property
    def partial_data_url(self) -> str | None:
        """Where the results of a failed one are; null when there are none (documented)."""
        return self._address if self.status == "FAILED" and self.output else None

    @property
    def _address(self) -> str:
        return f"{self.origin}/bulk-operation-outputs/{self.token}?Signature=sandbox"


class Bulk:
    """The bulk operations of one store, oldest first. ``clock`` gives aware datetimes.

    ``origin`` is the address under which the store was asked last.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.origin = "http://sandbox.invalid"
        self.staging = Staging(clock)
        self.operations: list[BulkOperation] = []
        self.failures: list[Failure] = []
        self._advancing = False

    def clear(self) -> None:
        """Forget operations, files and failures that wait."""
        self.operations.clear()
        self.failures.clear()
        self.staging.clear()

    def running(self) -> list[BulkOperation]:
        """Those that have not ended."""
        return [operation for operation in self.operations if not operation.ended]

    def start(
        self,
        number: int,
        text: str,
        lines: Sequence[bytes],
        *,
        client_identifier: str | None,
        api_version: str,
    ) -> BulkOperation:
        """Begin one; the caller has checked everything."""
        operation = BulkOperation(
            number_id=number,
            query=text,
            lines=lines,
            client_identifier=client_identifier,
            created_at=self.clock(),
            api_version=api_version,
            origin=self.origin,
            failure=self.failures.pop(0) if self.failures else None,
        )
        self.operations.append(operation)
        return operation

    def cancel(self, operation: BulkOperation) -> None:
        """Begin to cancel one that has not ended."""
        if operation.cancelled_at is None:
            operation.status = "CANCELING"
            operation.cancelled_at = self.clock()

    def advance(self, run_row: RunRow) -> None:
        """Run the lines that are due by now."""
        if self._advancing:  # a line's own mutation came by here
            return
        self._advancing = True
        try:
            for operation in self.running():
                self._advance(operation, run_row)
        finally:
            self._advancing = False

    def output(self, token: str) -> bytes | None:
        """The results behind an address; None when there are none, or no longer."""
        for operation in self.operations:
            if operation.token == token and operation.ended_at is not None:
                kept = self.clock() < operation.ended_at + KEPT
                return b"".join(operation.output) if kept else None
        return None

    def _advance(self, operation: BulkOperation, run_row: RunRow) -> None:
        now = self.clock()
        if operation.cancelled_at is not None:
            if (now - operation.cancelled_at).total_seconds() >= CANCEL_SECONDS:
                _end(operation, "CANCELED", now)
            return
        running = (now - operation.created_at).total_seconds() - START_SECONDS
        if running < 0:
            return
        operation.status = "RUNNING"
        failure = operation.failure
        stop = len(operation.lines)
        if failure is not None:
            stop = min(stop, failure.after)
        due = min(stop, int(running / ROW_SECONDS))
        while operation.object_count < due:
            if not _run(operation, run_row):
                _end(operation, "FAILED", now, "ACCESS_DENIED")
                return
        if failure is not None and operation.object_count == stop:
            del operation.output[failure.told :]
            _end(operation, "FAILED", now, failure.code)
            return
        whole = stop * ROW_SECONDS + END_SECONDS
        if running >= whole:  # it ended when it was due, not when somebody looked
            due_at = operation.created_at + timedelta(seconds=START_SECONDS + whole)
            operation.completed_at = due_at
            _end(operation, "COMPLETED", due_at)


def _end(operation: BulkOperation, status: str, at: datetime, code: str | None = None) -> None:
    operation.status, operation.error_code, operation.ended_at = status, code, at


def _run(operation: BulkOperation, run_row: RunRow) -> bool:
    """Run the next line; False when the whole operation may not go on."""
    number = operation.object_count
    body = run_row(operation.query, json.loads(operation.lines[number]), operation.api_version)
    errors = body.get("errors") or ()
    denied = any(e.get("extensions", {}).get("code") == "ACCESS_DENIED" for e in errors)
    if denied and not any((body.get("data") or {}).values()):
        return False
    line = {key: body[key] for key in ("data", "errors") if key in body}
    text = json.dumps({**line, "__lineNumber": number}, separators=(",", ":"), ensure_ascii=False)
    operation.output.append(text.replace("/", "\\/").encode() + b"\n")
    operation.object_count += 1
    return True
