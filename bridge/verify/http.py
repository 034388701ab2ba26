"""Asking a real server: aiohttp, nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from bridge.verify.rules import Response

TIMEOUT_SECONDS = 15.0  # how long the official verifier waits

# An answer of 100 orders with 250 lines is about 10 MB; more is no answer to an example.
MAX_ANSWER_BYTES = 64 * 2**20


async def read_all(reply: aiohttp.ClientResponse) -> bytes:
    """The whole body, in however many pieces it comes; of one that is too large the beginning."""
    body = b""
    while len(body) < MAX_ANSWER_BYTES and not reply.content.at_eof():
        body += await reply.content.read(MAX_ANSWER_BYTES - len(body))
    return body


class HttpAsker:
    """Asks below one base URL.

    A base URL that ends in a slash gives ``//``, as it does for the official verifier: a
    server must bear it.
    """

    def __init__(
        self, session: aiohttp.ClientSession, base_url: str, clock: Callable[[], float]
    ) -> None:
        self._session = session
        self._base = base_url
        self._clock = clock

    async def post(self, path: str, body: bytes) -> Response:
        """POST JSON; no answer is status 0 with the reason."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return await self._ask("POST", self._base + path, data=body, headers=headers)

    async def get(self, path: str) -> Response:
        """GET; no answer is status 0 with the reason."""
        return await self._ask("GET", self._base.rstrip("/") + path)

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        begun = self._clock()
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as reply:
                body = await read_all(reply)
                seconds = self._clock() - begun
                return Response(reply.status, reply.content_type, body, seconds)
        except TimeoutError:
            reason = f"no answer within {self._session.timeout.total:g} s"
        except aiohttp.ClientConnectorError as error:
            reason = f"cannot connect: {error.strerror or error}"
        except aiohttp.ClientError as error:
            said = " ".join(str(error).split())  # aiohttp breaks lines in some of its messages
            reason = f"no answer: {said or type(error).__name__}"
        return Response(0, "", reason.encode(), self._clock() - begun)


@asynccontextmanager
async def asking(
    base_url: str,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[HttpAsker]:
    """An asker with a session of its own, closed at the end."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield HttpAsker(session, base_url, clock)
