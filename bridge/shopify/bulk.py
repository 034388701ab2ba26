"""Bulk mutations: one mutation for thousands of rows, run by Shopify without query points.

``start`` uploads the rows and begins, ``follow`` waits for the end, ``results`` reads what became
of each row, ``running`` finds what was begun before. Documents: BulkStage (11 points), BulkRun
(10), BulkState (1), BulkNewest (9). shopify.dev, "Bulk import data with the GraphQL Admin API".

Which operation is ours is told by a comment line before the mutation's text: Shopify gives the text
back as it was sent (captured), but neither shows nor searches by ``clientIdentifier``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from bridge.errors import (
    DeadlineExceeded,
    OutcomeUnknown,
    QueryRejected,
    ShopifyBroken,
    TransportError,
    UserErrors,
)
from bridge.shopify import documents
from bridge.shopify.budget import CallBudget
from bridge.shopify.bulk_file import FILENAME, MAX_FILE, MIME_TYPE, Row, encode_row, read_row
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation
from bridge.shopify.protocol import Reply, raise_user_errors, user_errors
from bridge.shopify.values import plain

MAX_MUTATION: Final = 65_535  # documented: bytes of the mutation's text
NEWEST: Final = 50  # ten times what may run at once; 9 points

# A small operation takes one to three seconds (captured), a big one minutes: look often at first.
FIRST_PAUSE: Final = 1.0
GROWTH: Final = 1.5
LONGEST_PAUSE: Final = 10.0
LAST_LOOK: Final = 0.5  # seconds before the deadline: a look takes less

# Rows measured before other tasks get their turn: some milliseconds of work.
_TURN: Final = 200

_MARK: Final = "# retailops-bridge "
_IDENTIFIER: Final = re.compile(r"[!-~]{10,255}")  # captured limits; one word, so that it is a line
_FULL: Final = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})
_ENDED: Final = frozenset({"COMPLETED", "FAILED", "CANCELED", "EXPIRED"})


class TooManyRunning(UserErrors):
    """Five bulk mutations of this app run at this shop already: nothing was begun."""

    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class BulkRun:
    """A bulk operation that was begun. ``path`` is that of the uploaded rows."""

    id: str
    client_identifier: str
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class BulkState:
    """How far a bulk operation is. ``status`` is Shopify's, ``rows_done`` may be of any of them.

    ``address`` is where its results are, all of them or (``partial``) what there is; it is signed,
    is good for seven days after the end, and is kept out of ``repr``. ``client_identifier`` and
    ``text`` (the mutation without the mark) are known from ``newest`` only.
    """

    id: str
    status: str
    error_code: str | None
    rows_done: int
    created_at: datetime
    completed_at: datetime | None
    address: str | None = field(default=None, repr=False)
    client_identifier: str = ""
    text: str = field(default="", repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status in _ENDED

    @property
    def partial(self) -> bool:
        """Whether it ended early: rows without a result may have been done all the same."""
        return self.ended and self.status != "COMPLETED"

    def __str__(self) -> str:
        """For the reader of an event or a log."""
        number = self.id.rsplit("/", 1)[-1]
        why = f" ({self.error_code})" if self.error_code else ""
        return f"bulk operation {number} is {self.status}{why} after {self.rows_done} rows"


async def start(
    client: ShopifyClient,
    budget: CallBudget,
    operation: Operation,
    rows: Sequence[Mapping[str, Any]],
    *,
    client_identifier: str,
) -> BulkRun:
    """Upload ``rows``, the variables of one call each, and have ``operation`` run for all of them.

    ``client_identifier``: 10 to 255 printable characters without a space; by it ``running`` finds
    the operation. The upload is repeated where it fails, with another place for it.

    Raises ValueError for what can never be begun (no rows, over 100 MB, over 65,535 bytes of
    mutation, a bad identifier), TooManyRunning, UserErrors, DeadlineExceeded and the client's
    errors: nothing was begun then. OutcomeUnknown: it may have been; look for it by ``newest``.
    """
    text = marked(operation, client_identifier)
    size = await _measure(rows)
    path = await _uploaded(client, budget, operation, rows, size)
    reply = await client.execute(
        documents.operation("BulkRun"),
        {"mutation": text, "stagedUploadPath": path, "clientIdentifier": client_identifier},
        budget=budget,
    )
    payload = reply.data.get("bulkOperationRunMutation")
    refused = user_errors(payload)
    if any(error.code in _FULL for error in refused):
        raise TooManyRunning(refused, request_id=reply.request_id)
    raise_user_errors(payload, request_id=reply.request_id)
    found = (payload or {}).get("bulkOperation")
    if found is None:
        raise OutcomeUnknown(
            "BulkRun", "Shopify began it and did not say which it is", request_id=reply.request_id
        )
    return BulkRun(found["id"], client_identifier, path, len(rows))


async def state(client: ShopifyClient, budget: CallBudget, bulk_id: str) -> BulkState:
    """One look. Raises QueryRejected when Shopify knows no bulk operation of this id."""
    op = documents.operation("BulkState")
    reply = await client.execute(op, {"id": bulk_id}, budget=budget)
    found = plain(_whole(reply), op)["bulkOperation"]
    if found is None:
        raise QueryRejected(
            f"Shopify knows no bulk operation {bulk_id}", request_id=reply.request_id
        )
    return _state(found)


async def follow(
    client: ShopifyClient,
    budget: CallBudget,
    bulk_id: str,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> BulkState:
    """Wait for the end, whatever it is: look at ``status``.

    Raises DeadlineExceeded when the call's time is over first: the operation goes on at Shopify,
    and a later call can follow it again.
    """
    pause = FIRST_PAUSE
    while True:
        now = await state(client, budget, bulk_id)
        if now.ended:
            return now
        left = budget.deadline.remaining() - LAST_LOOK
        if left <= 0:
            raise DeadlineExceeded(f"no time left to wait: {now}, and goes on at Shopify")
        await sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE)


async def results(
    client: ShopifyClient, budget: CallBudget, end: BulkState, operation: Operation | None = None
) -> AsyncIterator[Row]:
    """What became of each row of ``operation``, as the file is read; they need not come in order.

    Of a ``partial`` one what there is: a row without a result may have been done or not, and its
    object must be read. Raises ShopifyBroken when a line is none, QueryRejected when the file is
    gone (after seven days), DeadlineExceeded.
    """
    if end.address is None:
        return
    torn = False
    text = operation.text if operation is not None else end.text
    found = client.storage.lines(end.address, deadline=budget.deadline, document=text)
    async with aclosing(found) as lines:
        async for raw in lines:
            row = read_row(raw)
            if torn or (row is None and not end.partial):
                raise ShopifyBroken(f"the results of {end} have a line that is no result")
            if row is None:
                torn = True  # the last line of what broke off: nothing may come behind it
            else:
                yield row


async def newest(client: ShopifyClient, budget: CallBudget) -> list[BulkState]:
    """The newest bulk mutations that a bridge began, ended ones too, the newest first."""
    op = documents.operation("BulkNewest")
    reply = await client.execute(op, {"first": NEWEST}, budget=budget)
    found = plain(_whole(reply), op)["bulkOperations"]
    return [_state(node) for node in found if node["query"].startswith(_MARK)]


async def running(
    client: ShopifyClient,
    budget: CallBudget,
    *,
    client_identifier: str | None = None,
    operation: Operation | None = None,
) -> list[BulkState]:
    """Those of ``newest`` that have not ended, of this identifier and this mutation if given."""
    return [
        found
        for found in await newest(client, budget)
        if not found.ended
        and client_identifier in {None, found.client_identifier}
        and (operation is None or operation.text == found.text)
    ]


def marked(operation: Operation, client_identifier: str) -> str:
    """The mutation's text as it is sent: with the mark. Raises ValueError."""
    if operation.kind != "mutation":
        raise ValueError(f"{operation.name} is no mutation: it cannot be run in bulk")
    if not _IDENTIFIER.fullmatch(client_identifier):
        raise ValueError(
            f"{client_identifier!r} cannot name a bulk operation: 10 to 255 printable characters"
            " without a space"
        )
    text = f"{_MARK}{client_identifier}\n{operation.text}"
    if len(text.encode()) > MAX_MUTATION:
        raise ValueError(f"{operation.name} is longer than {MAX_MUTATION} bytes")
    return text


async def _measure(rows: Sequence[Mapping[str, Any]]) -> int:
    """Bytes of the file. Raises ValueError when Shopify would not take it."""
    if not rows:
        raise ValueError("a bulk mutation without rows is none")
    size = 0
    for number, row in enumerate(rows):
        size += len(encode_row(row))
        if size > MAX_FILE:
            raise ValueError(
                f"the first {number + 1} of {len(rows)} rows are over {MAX_FILE} bytes, the most"
                " that a bulk mutation may have: send fewer rows at a time"
            )
        if number % _TURN == _TURN - 1:
            await asyncio.sleep(0)
    return size


async def _uploaded(
    client: ShopifyClient,
    budget: CallBudget,
    operation: Operation,
    rows: Sequence[Mapping[str, Any]],
    size: int,
) -> str:
    """The path of the uploaded file. A try that failed left nothing but an unused place."""
    failures = 0
    while True:
        try:
            url, fields = await _staged(client, budget)
            await client.storage.upload(
                url, fields, rows, size, deadline=budget.deadline, document=operation.text
            )
            return dict(fields)["key"]
        except OutcomeUnknown as error:
            failed: ShopifyBroken | TransportError = ShopifyBroken(
                str(error), request_id=error.request_id
            )
        except (TransportError, ShopifyBroken) as error:
            failed = error
        failures += 1
        await client.storage.pause(failed, failures, budget.deadline)


async def _staged(
    client: ShopifyClient, budget: CallBudget
) -> tuple[str, Sequence[tuple[str, str]]]:
    """A new place for a file: its address and the form's fields, ``key`` among them."""
    wanted = {
        "resource": "BULK_MUTATION_VARIABLES",
        "filename": FILENAME,
        "mimeType": MIME_TYPE,
        "httpMethod": "POST",
    }
    reply = await client.execute(
        documents.operation("BulkStage"), {"input": [wanted]}, budget=budget
    )
    payload = reply.data.get("stagedUploadsCreate")
    raise_user_errors(payload, request_id=reply.request_id)
    for target in (payload or {}).get("stagedTargets") or ():
        fields = [(each["name"], each["value"]) for each in target["parameters"]]
        if target["url"] and "key" in dict(fields):
            return str(target["url"]), fields
    raise ShopifyBroken(
        "Shopify gave no place to upload a bulk mutation's rows", request_id=reply.request_id
    )


def _whole(reply: Reply) -> dict[str, Any]:
    """A query's data. Raises QueryRejected when a part of it was refused."""
    if reply.errors:
        told = "; ".join(error.message for error in reply.errors)
        raise QueryRejected(
            f"Shopify told only a part of its bulk operations: {told}", request_id=reply.request_id
        )
    return reply.data


def _state(found: Mapping[str, Any]) -> BulkState:
    first, _, text = str(found.get("query") or "").partition("\n")
    return BulkState(
        id=found["id"],
        status=found["status"],
        error_code=found["errorCode"],
        rows_done=int(found["objectCount"]),
        created_at=found["createdAt"],
        completed_at=found["completedAt"],
        address=found["url"] or found["partialDataUrl"],
        client_identifier=first.removeprefix(_MARK),
        text=text,
    )
