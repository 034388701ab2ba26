"""Sends files to, and reads files from, the addresses that Shopify names: a thin edge.

They are signed addresses of another host (Google's storage). So nothing of ours goes there but the
form that Shopify gave and the file: no token, no cookie of Shopify's. Neither sending nor reading
changes anything in the store: both may be repeated, and both end with the call's deadline.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog

from bridge.errors import (
    DeadlineExceeded,
    QueryRejected,
    ShopifyBroken,
    ShopifyError,
    TransportError,
)
from bridge.shopify.budget import Deadline
from bridge.shopify.bulk_file import CHUNK, Lines, chunks, form_ends
from bridge.shopify.exchange import MOST_KEPT, Exchange, Form, Observe
from bridge.shopify.protocol import USER_AGENT

log = structlog.get_logger()

# Four times with full jitter from 0.5 s doubling: some 3 s. What lasts longer is not waited out.
MAX_TRIES: Final = 4
FIRST_WAIT: Final = 0.5
CONNECT_SECONDS: Final = 10.0  # as for Shopify itself: TCP has repeated its SYN twice by then

_CODE: Final = re.compile(rb"<Code>(\w{1,60})</Code>")


class Storage:
    """Uploads and downloads of one store. ``secure``: only https will do.

    ``observe`` sees each, with the text of the bulk mutation (``document``) that it belongs to.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        secure: bool,
        timeout_seconds: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        hook: Callable[[str], None] | None = None,
        observe: Observe | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._secure = secure
        self._timeout = timeout_seconds
        self._sleep = sleep
        self._chance = chance
        self._hook = hook
        self._observe = observe
        self._clock = clock

    async def upload(
        self,
        url: str,
        fields: Sequence[tuple[str, str]],
        rows: Sequence[Mapping[str, Any]],
        size: int,
        *,
        deadline: Deadline,
        document: str = "",
    ) -> None:
        """Post the form with ``rows`` as its file of ``size`` bytes, once.

        Raises TransportError, ShopifyBroken (5xx), QueryRejected (refused: ask Shopify for
        another place) and DeadlineExceeded. Whatever is raised, nothing was done at the store.
        """
        form = Form(tuple(fields), rows, size)
        deadline.check("the upload of a bulk mutation's rows")
        checked, began = self._checked(url), self._clock()
        status: int | None = None
        answer, failure, sent = b"", "", True
        self._tell_hook("before upload")
        try:
            status, answer = await self._post(checked, form, deadline)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure, sent = type(error).__name__, _has_left(error)
            raise _no_reply(error, deadline, "took no rows of a bulk mutation") from error
        finally:
            self._tell_hook("after upload")
            self._tell(
                Exchange(
                    operation="upload",
                    url=url,
                    request=b"",
                    status=status,
                    headers={},
                    reply=answer,
                    seconds=self._clock() - began,
                    failure=failure,
                    sent=sent,
                    via="upload",
                    form=form,
                    document=document,
                )
            )
        _judge(status, answer, "refused the rows of a bulk mutation")
        log.debug("bulk_upload", rows=len(rows), bytes=size)

    async def _post(self, url: str, form: Form, deadline: Deadline) -> tuple[int, bytes]:
        """Status and answer; raises what aiohttp raises. A replay has them from a file."""
        boundary = uuid.uuid4().hex
        head, tail = form_ends(form.fields, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # the storage wants the length before it reads; rows are not kept twice for it
            "Content-Length": str(len(head) + form.size + len(tail)),
            "User-Agent": USER_AGENT,
        }

        async def body() -> AsyncIterator[bytes]:
            yield head
            for piece in chunks(form.rows):
                yield piece
            yield tail

        async with self._http.post(
            url,
            data=body(),
            headers=headers,
            timeout=self._limits(deadline),
            allow_redirects=False,
        ) as response:
            answer = b""  # comes in pieces; of one that is too large the beginning will do
            while len(answer) < CHUNK and not response.content.at_eof():
                answer += await response.content.read(CHUNK - len(answer))
            return response.status, answer

    async def lines(
        self, url: str, *, deadline: Deadline, document: str = ""
    ) -> AsyncGenerator[bytes, None]:
        """The lines of a file, read piece by piece; a read that breaks off is begun again.

        Each line is given once. Raises what ``upload`` raises.
        """
        given = failures = 0
        while True:
            at = 0
            try:
                async with aclosing(self._read(url, deadline, document)) as lines:
                    async for line in lines:
                        at += 1
                        if at > given:
                            given = at
                            yield line
            except (TransportError, ShopifyBroken) as error:
                failures += 1
                await self.pause(error, failures, deadline)
            else:
                return

    async def pause(self, error: ShopifyError, failures: int, deadline: Deadline) -> None:
        """Wait before another try; raise ``error`` when there is none left, or no time for it."""
        wait = FIRST_WAIT * 2.0 ** (failures - 1) * self._chance()
        if failures >= MAX_TRIES or wait >= deadline.remaining():
            raise error
        await self._sleep(wait)

    async def _read(
        self, url: str, deadline: Deadline, document: str
    ) -> AsyncGenerator[bytes, None]:
        deadline.check("the download of a bulk mutation's results")
        checked, began = self._checked(url), self._clock()
        lines, kept = Lines(), _Kept(keep=self._observe is not None)
        status: int | None = None
        failure, sent = "", True
        try:
            async with self._get(checked, deadline) as (status, pieces):
                if status != 200:
                    answer = await anext(pieces, b"")
                    kept.add(answer)
                    _judge(status, answer, "has no results of a bulk mutation for us")
                async for piece in pieces:
                    kept.add(piece)
                    for line in lines.feed(piece):
                        yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure, sent = type(error).__name__, _has_left(error)
            raise _no_reply(error, deadline, "broke off a bulk mutation's results") from error
        except ValueError as error:
            raise QueryRejected(f"Shopify's results of a bulk mutation have {error}") from error
        finally:
            self._tell(
                Exchange(
                    operation="download",
                    url=url,
                    request=b"",
                    status=status,
                    headers={},
                    reply=bytes(kept.content),
                    seconds=self._clock() - began,
                    failure=failure,
                    sent=sent,
                    via="download",
                    document=document,
                    whole=kept.whole,
                )
            )
        if last := lines.last():
            yield last

    @asynccontextmanager
    async def _get(
        self, url: str, deadline: Deadline
    ) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Status and content; raises what aiohttp raises. A replay has them from a file."""
        async with self._http.get(
            url,
            headers={"User-Agent": USER_AGENT},
            timeout=self._limits(deadline),
            allow_redirects=False,
        ) as response:
            yield response.status, response.content.iter_chunked(CHUNK)

    def _limits(self, deadline: Deadline) -> aiohttp.ClientTimeout:
        """A big file takes its time; but silence is a failure, and the deadline the end."""
        left = max(deadline.remaining(), 0.001)  # 0 would mean no limit
        return aiohttp.ClientTimeout(
            total=left, connect=min(CONNECT_SECONDS, left), sock_read=self._timeout
        )

    def _checked(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and (self._secure or parts.scheme != "http"):
            raise ShopifyBroken("Shopify named an address for a file that is not https")
        return url

    def _tell_hook(self, when: str) -> None:
        if self._hook is not None:
            self._hook(f"shopify:{when}")

    def _tell(self, exchange: Exchange) -> None:
        if self._observe is not None:
            self._observe(exchange)


class _Kept:
    """What was read of a file, for who observes; ``whole`` until it is too much."""

    def __init__(self, *, keep: bool) -> None:
        self.content = bytearray()
        self.whole = True
        self._keep = keep

    def add(self, piece: bytes) -> None:
        """The next piece."""
        if not self._keep:
            return
        self.whole = self.whole and len(self.content) + len(piece) <= MOST_KEPT
        if self.whole:
            self.content += piece


def _judge(status: int, answer: bytes, what: str) -> None:
    """Raise unless the storage said yes. Its code is told, its words may hold signed addresses."""
    if status in {200, 201, 204}:
        return
    found = _CODE.search(answer)
    code = f" {found[1].decode()}" if found else ""
    message = f"the storage that Shopify named {what} (HTTP {status}{code})"
    if status >= 500 or status == 429:
        raise ShopifyBroken(message)
    raise QueryRejected(message)


def _no_reply(error: BaseException, deadline: Deadline, what: str) -> Exception:
    if deadline.remaining() <= 0:
        return DeadlineExceeded(f"the time was over while the storage that Shopify named {what}")
    return TransportError(
        f"the storage that Shopify named {what} ({type(error).__name__})",
        sent=_has_left(error),
    )


def _has_left(error: BaseException) -> bool:
    """Whether anything may have reached the storage."""
    return not isinstance(error, aiohttp.ClientConnectorError)
