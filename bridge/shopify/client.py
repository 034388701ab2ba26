"""Sends operations to one store: the thin edge around ``protocol`` and ``pacing``.

What may be sent again is decided here and nowhere else, by ``retryable`` on the exception:

* a read: after anything retryable (no reply, 429, 5xx, THROTTLED);
* a write: after Throttled, and after a connection that was refused, because then nothing was
  done. Whatever else goes wrong once bytes have left is raised as OutcomeUnknown: the caller
  must read the store, never send again blindly.

Waits are Shopify's own after Throttled (plus jitter, so that waiting processes do not come
back together), else exponential with full jitter. Nothing is begun past the call's deadline.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from bridge.config.models import ChannelSettings
from bridge.errors import (
    DeadlineExceeded,
    OutcomeUnknown,
    ShopifyBroken,
    ShopifyError,
    Throttled,
    TransportError,
)
from bridge.shopify.budget import CallBudget
from bridge.shopify.documents import Operation
from bridge.shopify.exchange import Exchange, Observe
from bridge.shopify.pacing import SECONDS_OF_RATE, CostBucket
from bridge.shopify.protocol import (
    Cost,
    Envelope,
    HttpRequest,
    Reply,
    build_request,
    judge,
    unwrap,
)
from bridge.shopify.session import Store, TokenSource, token_source
from bridge.shopify.storage import Storage

log = structlog.get_logger()

T = TypeVar("T")

# Five sendings of a read: with full jitter from 0.5 s doubling they span up to 7.5 s. An outage
# that lasts longer is not waited out; RetailOps calls again.
MAX_SENDS: Final = 5
FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 8.0

# After Throttled: the points are there when Shopify said; the extra spreads several processes.
THROTTLE_JITTER: Final = (0.05, 0.25)

# TCP repeats a lost SYN after 1 and 3 seconds; who has not answered by then is not there.
CONNECT_SECONDS: Final = 10.0


class ShopifyClient:
    """One store, as seen by all tasks of a process. Cheap to make; the HTTP session is shared.

    ``clock`` is monotonic seconds, ``chance`` gives numbers in [0, 1) for the jitter. ``hook``
    is called with a name on both sides of every request, for tests that kill the process there.
    """

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        store: Store,
        tokens: TokenSource,
        bucket: CostBucket,
        timeout_seconds: float = 30.0,
        observe: Observe | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        hook: Callable[[str], None] | None = None,
    ) -> None:
        self.store = store
        self.bucket = bucket
        self.answered_version = ""
        self.storage = Storage(
            http,
            secure=store.graphql_url.startswith("https:"),
            timeout_seconds=timeout_seconds,
            sleep=sleep,
            chance=chance,
            hook=hook,
            observe=observe,
            clock=clock,
        )
        self._http = http
        self._tokens = tokens
        self._timeout = timeout_seconds
        self._whole = _timeout(timeout_seconds)
        self._observe = observe
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._hook = hook
        self._prices: dict[tuple[str, int, int], int] = {}  # where our arithmetic was off

    @classmethod
    def for_channel(
        cls,
        channel: ChannelSettings,
        http: aiohttp.ClientSession,
        *,
        observe: Observe | None = None,
        hook: Callable[[str], None] | None = None,
        bucket: CostBucket | None = None,
    ) -> ShopifyClient:
        """The client that a channel's configuration describes. Raises ValueError for a bad shop.

        ``bucket`` is that of another channel by which the same app asks the same store.
        """
        settings = channel.shopify
        store = Store.at(channel.shop, channel.api_version, endpoint=settings.endpoint)
        rate = settings.restore_rate
        return cls(
            http=http,
            store=store,
            tokens=token_source(settings, http, store, observe=observe),
            bucket=bucket or CostBucket(rate * SECONDS_OF_RATE, rate),
            timeout_seconds=settings.timeout_seconds,
            observe=observe,
            hook=hook,
        )

    async def execute(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        *,
        budget: CallBudget,
        idempotency_key: str | None = None,
    ) -> Reply:
        """Run one operation, paced, within the call's deadline, and count it in its meter.

        ``idempotency_key`` becomes the variable ``$idempotencyKey``. Raises what ``decipher``
        raises, TransportError for a read, OutcomeUnknown for a write whose reply was lost, and
        DeadlineExceeded when there was no time left to begin.
        """
        if idempotency_key is not None:
            variables = {**variables, "idempotencyKey": idempotency_key}
        job = _Job(operation, variables, budget)
        try:
            try:
                return await self._attempt(job)
            except ShopifyError as error:
                return await self._repeated(job, error)
        except (TransportError, ShopifyBroken) as error:
            if operation.kind == "mutation" and not _never_left(error):
                raise OutcomeUnknown(
                    operation.name, str(error), request_id=error.request_id
                ) from error
            raise

    async def _repeated(self, job: _Job, error: ShopifyError) -> Reply:
        """After a first try that failed: what the rules of repeating make of it.

        Only now, since preparing them takes longer than pricing and pacing a request.
        """
        failed = [error]

        async def attempt() -> Reply:
            if failed:
                raise failed.pop()
            return await self._attempt(job)

        retrying = AsyncRetrying(
            retry=retry_if_exception(job.may_repeat),
            wait=lambda state: self._wait(job, state),
            stop=job.enough,
            sleep=lambda seconds: self._pause(job, seconds),
            reraise=True,
        )
        return await retrying(attempt)

    async def _attempt(self, job: _Job) -> Reply:
        """Reserve, send, settle: one try."""
        token = await self._token(job.budget)
        price = self._price(job)
        place = await self.bucket.reserve(
            price,
            deadline=job.budget.deadline,
            background=job.budget.background,
            again=job.throttled,
        )
        job.budget.meter.waited_seconds += place.waited
        cost: Cost | None = None
        ran = True  # until something shows that it did not
        try:
            status, headers, body = await self._send(job, token)
            ran = status == 200 or status >= 500
            envelope = unwrap(status, headers, body, operation=job.operation, now=datetime.now(UTC))
            cost = envelope.cost
            self._note(job, envelope)
            return judge(envelope, job.operation)
        except Throttled as error:
            job.budget.meter.throttled += 1
            job.throttled = True
            ran = False
            if cost is None:
                self.bucket.hold(error.wait)
            raise
        except (ShopifyError, DeadlineExceeded) as error:
            job.failures += 1
            if isinstance(error, DeadlineExceeded) or _never_left(error):
                ran = False
            raise
        finally:
            self.bucket.settle(place, cost, ran=ran)

    async def _send(self, job: _Job, token: str) -> tuple[int, Mapping[str, str], bytes]:
        """Post; after a 401 once more with a new token, if there is one.

        Shopify gives 401 before it runs anything, so this is safe for a write too.
        """
        answer = await self._post(job, token)
        if answer[0] == 401 and await self._in_time(job.budget, self._tokens.renew(token)):
            answer = await self._post(job, await self._token(job.budget))
        return answer

    async def _post(self, job: _Job, token: str) -> tuple[int, Mapping[str, str], bytes]:
        job.budget.deadline.check(job.operation.name)
        seconds = min(self._timeout, job.budget.deadline.remaining())
        request = build_request(
            job.operation, job.variables, url=self.store.graphql_url, token=token
        )
        job.budget.meter.requests += 1
        started = self._clock()
        status: int | None = None
        headers: Mapping[str, str] = {}
        body, failure, sent = b"", "", True
        self._tell_hook("before", job)
        try:
            status, headers, body = await self._over_the_wire(request, seconds)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            failure, sent = type(error).__name__, False
            raise TransportError(
                f"{self.store.domain} cannot be reached ({failure})", sent=False
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = type(error).__name__
            raise TransportError(
                f"{self.store.domain} gave no whole reply within {seconds:.0f} s ({failure})",
                sent=True,
            ) from error
        else:
            return status, headers, body
        finally:
            self._tell_hook("after", job)
            if self._observe is not None or log.is_enabled_for(logging.DEBUG):
                self._tell(
                    job.operation,
                    Exchange(
                        operation=job.operation.name,
                        url=request.url,
                        request=request.body,
                        status=status,
                        headers=headers,
                        reply=body,
                        seconds=self._clock() - started,
                        failure=failure,
                        sent=sent,
                    ),
                )

    async def _over_the_wire(
        self, request: HttpRequest, seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body; raises what aiohttp raises. A replay has it from a file."""
        async with self._http.post(
            request.url,
            data=request.body,
            headers=request.headers,
            timeout=self._whole if seconds == self._timeout else _timeout(seconds),
            allow_redirects=False,
        ) as response:
            return response.status, response.headers, await response.read()

    async def _token(self, budget: CallBudget) -> str:
        return self._tokens.held() or await self._in_time(budget, self._tokens.token())

    async def _in_time(self, budget: CallBudget, work: Coroutine[Any, Any, T]) -> T:
        """Token work is done for the call, and may not outlast it."""
        try:
            async with asyncio.timeout(budget.deadline.remaining()):
                return await work
        except TimeoutError:
            raise DeadlineExceeded(
                f"no time left to wait for an access token of {self.store.domain}:"
                " nothing of it was done"
            ) from None

    def _price(self, job: _Job) -> int:
        """What to reserve: our arithmetic, or what Shopify has asked for the same before."""
        return self._prices.get(job.priced_as, job.estimate)

    def _note(self, job: _Job, envelope: Envelope) -> None:
        """Learn from a reply: the real price, the points used, the version that answered."""
        if envelope.cost is not None:
            job.budget.meter.points += envelope.cost.actual or 0
            if envelope.cost.requested != job.estimate:
                self._prices[job.priced_as] = envelope.cost.requested
        version = envelope.api_version
        if version and version != self.answered_version:
            self.answered_version = version
            if version != self.store.api_version:
                log.warning(
                    "shopify_api_version",
                    shop=self.store.domain,
                    asked=self.store.api_version,
                    answered=version,
                    remedy="set the channel's api_version to one that Shopify still supports",
                )

    def _tell_hook(self, when: str, job: _Job) -> None:
        if self._hook is not None:
            self._hook(f"shopify:{when} {job.operation.name}")

    def _tell(self, operation: Operation, exchange: Exchange) -> None:
        """Tell the log, without variables or token, and whoever records."""
        log.debug(
            "shopify_request",
            shop=self.store.domain,
            operation=operation.name,
            copies=operation.repeated,
            status=exchange.status,
            failure=exchange.failure,
            bytes=len(exchange.reply),
            milliseconds=round(exchange.seconds * 1000, 1),
            points_left=round(self.bucket.available()),
            shopify_request_id=exchange.headers.get("X-Request-Id", ""),
        )
        if self._observe is not None:
            self._observe(exchange)

    def _wait(self, job: _Job, state: RetryCallState) -> float:
        """Seconds until the next sending."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled):
            low, high = THROTTLE_JITTER
            return error.wait + low + (high - low) * self._chance()
        ceiling = FIRST_WAIT * 2.0 ** max(0, job.failures - 1)
        return min(LONGEST_WAIT, ceiling) * self._chance()

    async def _pause(self, job: _Job, seconds: float) -> None:
        job.budget.meter.retries += 1
        job.budget.meter.waited_seconds += seconds
        await self._sleep(seconds)


class _Job:
    """One call of ``execute``, over all its sendings."""

    def __init__(
        self, operation: Operation, variables: Mapping[str, Any], budget: CallBudget
    ) -> None:
        self.operation = operation
        self.variables = variables
        self.budget = budget
        self.estimate = operation.cost(variables)
        self.priced_as = (operation.name, operation.repeated, self.estimate)
        self.throttled = False
        self.failures = 0

    def may_repeat(self, error: BaseException) -> bool:
        """Whether sending it again can do no harm."""
        if not isinstance(error, ShopifyError) or not error.retryable:
            return False
        return isinstance(error, Throttled) or self.operation.kind == "query" or _never_left(error)

    def enough(self, state: RetryCallState) -> bool:
        """Whether to give up: too many failures, or no time to wait and send again."""
        return (
            self.failures >= MAX_SENDS or state.upcoming_sleep >= self.budget.deadline.remaining()
        )


def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))


def _never_left(error: ShopifyError) -> bool:
    return isinstance(error, TransportError) and not error.sent
