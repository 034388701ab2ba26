"""Plays a cassette to the real client: every request is looked up, none is sent.

A request is the recorded one when operation, variables and query are the same, but for white
space and idempotency keys; an upload when it has the same rows. Of several the first that was
not played yet is given. A request that differs from the recorded one of its operation is noted
and given that one's reply, so that the call goes on and all differences are seen; for one that
is not there at all the call ends (``NotRecorded``).
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import aiohttp
from graphql import GraphQLError, parse, print_ast
from pydantic import SecretStr

from bridge.errors import BridgeError
from bridge.recording.cassette import Cassette, CassetteError, Interaction
from bridge.recording.transfers import rows_of
from bridge.shopify.budget import Deadline
from bridge.shopify.bulk_file import encode_row
from bridge.shopify.client import ShopifyClient
from bridge.shopify.exchange import Form
from bridge.shopify.pacing import CostBucket
from bridge.shopify.protocol import HttpRequest
from bridge.shopify.session import ClientCredentials, StaticToken, Store, TokenSource
from bridge.shopify.storage import Storage

JSON = Any

# Shopify's plan tells its own figures with the first reply; until then nobody should wait.
MANY_POINTS: Final = 100_000.0

REPLAYED: Final = "replayed"


class NotRecorded(BridgeError):
    """Today's code asks what the recording has no answer for."""


@lru_cache(maxsize=512)
def normal(query: str) -> str:
    """A query without what makes no difference: white space, commas, comments."""
    try:
        return print_ast(parse(query, no_location=True))
    except GraphQLError:
        return " ".join(query.split())


def without_keys(variables: Mapping[str, JSON]) -> dict[str, JSON]:
    """Variables without idempotency keys: they are made anew for every execution."""
    return {n: v for n, v in variables.items() if not n.startswith("idempotencyKey")}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, in a form that is the same for the same request.

    An upload to the storage is one of the operation ``upload`` with its rows as variables, a
    download one of the operation ``download`` with its address; neither has a query.
    """

    operation: str
    variables: Mapping[str, JSON]
    query: str

    @classmethod
    def of(cls, body: str | bytes) -> Asked:
        """From the request's body. ValueError when it is no JSON."""
        given = json.loads(body)
        said = given if isinstance(given, dict) else {}
        variables = without_keys(said.get("variables") or {})
        query = normal(str(said.get("query") or ""))
        return cls(str(said.get("operationName") or ""), variables, query)

    @classmethod
    def recorded(cls, one: Interaction) -> Asked:
        """What was asked in a recorded interaction, but for a token's. ValueError as ``of``."""
        if one.is_upload:
            return cls.upload(rows_of(one.body))
        return cls.download(one.uri) if one.is_download else cls.of(one.body)

    @classmethod
    def upload(cls, rows: Iterable[Mapping[str, JSON]]) -> Asked:
        """Rows of a bulk mutation."""
        return cls("upload", {"rows": [without_keys(row) for row in rows]}, "")

    @classmethod
    def download(cls, address: str) -> Asked:
        """Results of a bulk mutation."""
        return cls("download", {"address": address}, "")

    @property
    def is_mutation(self) -> bool:
        """Whether it changes something."""
        return self.query.startswith("mutation")

    @property
    def title(self) -> str:
        """For reports: ``mutation ProductSet``, ``upload``."""
        if not self.query:
            return self.operation
        return f"{'mutation' if self.is_mutation else 'query'} {self.operation}"


@dataclass(slots=True)
class Entry:
    """One interaction on the tape. ``now`` is what today's code asked in its place."""

    recorded: Interaction
    asked: Asked | None
    played: bool = False
    now: Asked | None = None


@dataclass(slots=True)
class Tape:
    """The interactions of one cassette. ``extra`` are the requests that are not on it.

    ``timeout_seconds`` is the time that each had.
    """

    entries: list[Entry]
    timeout_seconds: float
    extra: list[Asked] = field(default_factory=list)

    @classmethod
    def of(cls, cassette: Cassette) -> Tape:
        """All of a cassette's interactions, none played. CassetteError when one is no GraphQL."""
        try:
            return cls(
                [
                    Entry(i, None if i.is_token else Asked.recorded(i))
                    for i in cassette.interactions
                ],
                cassette.header.timeout_seconds,
            )
        except ValueError:
            raise CassetteError(
                f"{cassette.name}: a request is neither GraphQL nor for a token or a file"
            ) from None

    def play(self, now: Asked) -> Interaction:
        """The reply to a request. NotRecorded when there is none."""
        left = [e for e in self.entries if e.asked is not None and not e.played]
        entry = next((e for e in left if e.asked == now), None) or next(
            (e for e in left if e.asked and e.asked.operation == now.operation), None
        )
        if entry is None:
            self.extra.append(now)
            raise NotRecorded(f"{now.operation} is not in the recording, and was not sent")
        entry.played, entry.now = True, now
        return entry.recorded

    def play_token(self) -> Interaction:
        """The reply to a request for an access token."""
        for entry in self.entries:
            if entry.asked is None and not entry.played:
                entry.played = True
                return entry.recorded
        raise NotRecorded("an access token is asked for, which the recording has not")

    def unplayed(self) -> Iterator[Entry]:
        """What was recorded and not asked for."""
        return (entry for entry in self.entries if not entry.played)


class Leap:
    """A clock in seconds that sleeping moves, and nothing else."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Be there at once."""
        self.now += seconds
        await asyncio.sleep(0)


def failure_of(one: Interaction) -> Exception:
    """What aiohttp raised when the recorded request had no reply."""
    if not one.sent:
        return aiohttp.ConnectionTimeoutError(one.failure)
    if one.failure == "TimeoutError":
        return TimeoutError(one.failure)
    return aiohttp.ClientPayloadError(one.failure)


class TapeClient(ShopifyClient):
    """The real client, with its pacing and repeats, on a tape instead of a wire."""

    def __init__(self, tape: Tape, store: Store, http: aiohttp.ClientSession, leap: Leap) -> None:
        super().__init__(
            http=http,
            store=store,
            tokens=_tokens(tape, store, http),
            bucket=CostBucket(MANY_POINTS, MANY_POINTS, clock=leap, sleep=leap.sleep),
            timeout_seconds=tape.timeout_seconds,
            clock=leap,
            sleep=leap.sleep,
            chance=lambda: 0.5,
        )
        self.storage = _TapeStorage(tape, http, leap)
        self._tape = tape

    async def _over_the_wire(
        self, request: HttpRequest, seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        one = self._tape.play(Asked.of(request.body))
        if one.failure:
            raise failure_of(one)
        return one.status, one.reply_headers, one.reply.encode()


class _TapeStorage(Storage):
    """The real uploads and downloads, on a tape."""

    def __init__(self, tape: Tape, http: aiohttp.ClientSession, leap: Leap) -> None:
        super().__init__(http, secure=True, sleep=leap.sleep, chance=lambda: 0.5, clock=leap)
        self._tape = tape

    async def _post(self, url: str, form: Form, deadline: Deadline) -> tuple[int, bytes]:
        rows = [json.loads(encode_row(row)) for row in form.rows]
        one = self._tape.play(Asked.upload(rows))
        if one.failure:
            raise failure_of(one)
        return one.status, one.reply.encode()

    @asynccontextmanager
    async def _get(
        self, url: str, deadline: Deadline
    ) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        one = self._tape.play(Asked.download(url))
        if one.failure and not one.status:
            raise failure_of(one)
        yield one.status, _content(one)


async def _content(one: Interaction) -> AsyncIterator[bytes]:
    yield one.reply.encode()
    if one.failure:
        raise failure_of(one)


class _TapeCredentials(ClientCredentials):
    """Client credentials whose tokens come from a tape. ``fresh``: one is held already."""

    def __init__(
        self, tape: Tape, store: Store, http: aiohttp.ClientSession, *, fresh: bool
    ) -> None:
        super().__init__(http, store, "replay", SecretStr("replay"))
        self._tape = tape
        if fresh:
            self._token = REPLAYED
            self._renew_at = self._expires_at = math.inf

    async def _post(self) -> tuple[int, bytes]:
        one = self._tape.play_token()
        if one.failure:
            raise self._unreachable(one.failure)
        return one.status, one.reply.encode()


def _tokens(tape: Tape, store: Store, http: aiohttp.ClientSession) -> TokenSource:
    if all(entry.asked is not None for entry in tape.entries):
        return StaticToken(SecretStr(REPLAYED))
    return _TapeCredentials(tape, store, http, fresh=tape.entries[0].asked is not None)
