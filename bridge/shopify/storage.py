"""Sends files to, and reads files from, the addresses that Shopify names: a thin edge.

They are signed addresses of another host (Google's storage). So nothing of ours goes there but the
form that Shopify gave and the file: no token, no cookie of Shopify's. Neither sending nor reading
changes anything in the store: both may be repeated, and both end with the call's deadline.
"""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
from bridge.shopify.protocol import USER_AGENT

log = structlog.get_logger()

# Four times with full jitter from 0.5 s doubling: some 3 s. What lasts longer is not waited out.
MAX_TRIES: Final = 4
FIRST_WAIT: Final = 0.5
CONNECT_SECONDS: Final = 10.0  # as for Shopify itself: TCP has repeated its SYN twice by then

_CODE: Final = re.compile(rb"<Code>(\w{1,60})</Code>")


class Storage:
    """Uploads and downloads of one store. ``secure``: only https will do."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        secure: bool,
        timeout_seconds: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        hook: Callable[[str], None] | None = None,
    ) -> None:
        self._http = http
        self._secure = secure
        self._timeout = timeout_seconds
        self._sleep = sleep
        self._chance = chance
        self._hook = hook

    async def upload(
        self,
        url: str,
        fields: Sequence[tuple[str, str]],
        rows: Sequence[Mapping[str, Any]],
        size: int,
        *,
        deadline: Deadline,
    ) -> None:
        """Post the form with ``rows`` as its file of ``size`` bytes, once.

        Raises TransportError, ShopifyBroken (5xx), QueryRejected (refused: ask Shopify for
        another place) and DeadlineExceeded. Whatever is raised, nothing was done at the store.
        """
        boundary = uuid.uuid4().hex
        head, tail = form_ends(fields, boundary)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            # the storage wants the length before it reads; rows are not kept twice for it
            "Content-Length": str(len(head) + size + len(tail)),
            "User-Agent": USER_AGENT,
        }

        async def body() -> AsyncIterator[bytes]:
            yield head
            for piece in chunks(rows):
                yield piece
            yield tail

        deadline.check("the upload of a bulk mutation's rows")
        self._tell_hook("before upload")
        try:
            async with self._http.post(
                self._checked(url),
                data=body(),
                headers=headers,
                timeout=self._limits(deadline),
                allow_redirects=False,
            ) as response:
                answer = await response.content.read(CHUNK)
                _judge(response.status, answer, "refused the rows of a bulk mutation")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_reply(error, deadline, "took no rows of a bulk mutation") from error
        finally:
            self._tell_hook("after upload")
        log.debug("bulk_upload", rows=len(rows), bytes=size)

    async def lines(self, url: str, *, deadline: Deadline) -> AsyncGenerator[bytes, None]:
        """The lines of a file, read piece by piece; a read that breaks off is begun again.

        Each line is given once. Raises what ``upload`` raises.
        """
        given = failures = 0
        while True:
            at = 0
            try:
                async for line in self._read(url, deadline):
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

    async def _read(self, url: str, deadline: Deadline) -> AsyncGenerator[bytes, None]:
        deadline.check("the download of a bulk mutation's results")
        lines = Lines()
        try:
            async with self._http.get(
                self._checked(url),
                headers={"User-Agent": USER_AGENT},
                timeout=self._limits(deadline),
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    answer = await response.content.read(CHUNK)
                    _judge(response.status, answer, "has no results of a bulk mutation for us")
                async for piece in response.content.iter_chunked(CHUNK):
                    for line in lines.feed(piece):
                        yield line
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_reply(error, deadline, "broke off a bulk mutation's results") from error
        except ValueError as error:
            raise QueryRejected(f"Shopify's results of a bulk mutation have {error}") from error
        if last := lines.last():
            yield last

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
        sent=not isinstance(error, aiohttp.ClientConnectorError),
    )
