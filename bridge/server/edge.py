"""One RetailOps call over HTTP: coding, size, JSON, token, request, engine, answer, in this order.

Until the token is known to be right nothing of the body is used, and nothing of it is ever
logged. What follows is answered with HTTP 200 and events, since RetailOps reads no other
body; 503 means that nothing was done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.errors import BridgeError, RequestError, Unauthorized
from bridge.retailops.actions import ActionSpec
from bridge.retailops.events import Code, event
from bridge.retailops.protocol import parse, read_body
from bridge.retailops.requests import Request
from bridge.server import replies
from bridge.server.keys import (
    AUTHENTICATOR,
    CLOCK,
    CONSOLE,
    ENGINE,
    LIMITS,
    METRICS,
    RECORDER,
    REQUEST_ID,
    SETTINGS,
    STOPPING,
    TRACING,
    Limits,
    Runner,
)
from bridge.server.logs import bound
from bridge.server.replies import Reply
from bridge.server.unpacking import IDENTITY, Overlong, coding_of, damaged, unpacked
from bridge.shopify.budget import Deadline

log = structlog.get_logger()

# JSON is read at some 12 MiB a second: a longer body would hold up every other call for more
# than 20 ms.
THREAD_BYTES = 256 * 1024


class ActionHandler:
    """The handler of one action's routes."""

    def __init__(self, spec: ActionSpec) -> None:
        self._spec = spec

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call; log and metrics are told when the answer is on its way."""
        metrics, clock, name = request.app[METRICS], request.app[CLOCK], self._spec.name
        begun = clock()
        deadline = Deadline.after(request.app[SETTINGS].server.deadline_seconds, clock)
        metrics.begun()
        try:
            with _traced(request, name) as answered:
                reply = await self._reply(request, deadline)
                answered(reply)
                tell = partial(_tell, request, name, reply, clock() - begun)
                # With what is bound to the log here; it runs once aiohttp has written the answer.
                asyncio.get_running_loop().call_soon(tell)
        finally:
            metrics.ended()
        return reply.response()

    async def _reply(self, request: web.Request, deadline: Deadline) -> Reply:
        try:
            raw = await _read(request, request.app[LIMITS], deadline, request.app[STOPPING])
            body = await _parsed(raw)
            channel = request.app[AUTHENTICATOR].channel(body.get("integration_auth_token"))
            call = parse(self._spec, body)
        except _TooLarge:
            return replies.too_large(request.app[LIMITS].body_bytes)
        except _Stopping:
            return replies.stopping()
        except TimeoutError:
            return replies.too_slow(request.app[LIMITS].body_seconds)
        except RequestError as error:
            return replies.bad_request(error)
        except Unauthorized:
            return replies.unauthorized()
        with bound(action=self._spec.name, channel=channel):
            reply = await self._recorded(request, channel, call, deadline, body)
        return reply if reply.channel == channel else replace(reply, channel=channel)

    async def _recorded(
        self,
        request: web.Request,
        channel: int,
        call: Request,
        deadline: Deadline,
        body: Mapping[str, Any],
    ) -> Reply:
        """Run the call; if its channel is recorded, what it does is noted on the way."""
        run = run_call(
            request.app[ENGINE],
            self._spec,
            channel,
            call,
            configured={one.id for one in request.app[SETTINGS].channels},
            request_id=request[REQUEST_ID],
            deadline=deadline,
        )
        recorder = request.app[RECORDER]
        if recorder is None:
            return await run
        with recorder.call(channel, self._spec.name, body, request[REQUEST_ID]) as recording:
            reply = await run
            if recording is not None:
                recording.answered(int(reply.status), reply.outcome, reply.body)
        return reply


async def run_call(
    engine: Runner,
    spec: ActionSpec,
    channel: int,
    call: Request,
    *,
    configured: Collection[int],
    request_id: str,
    deadline: Deadline,
) -> Reply:
    """Run a call that was let in, and answer it whatever happens.

    ``configured``: the ids of all channels here; a call that names another one of them than its
    token's is not run.
    """
    if call.channel_id != channel and call.channel_id in configured:
        told = event(
            Code.CHANNEL_MISMATCH,
            f"channel_info.id is {call.channel_id}, but the token is channel {channel}'s:"
            " nothing was done",
        )
        return replies.failed(spec, told)
    try:
        outcome = await engine.run(
            channel, spec.name, call, request_id=request_id, deadline=deadline
        )
    except RequestError as error:
        return replies.bad_request(error)
    except BridgeError as error:  # the engine's promise: nothing was done
        log.warning("call_refused", cause=error)
        return replies.try_again(error)
    except Exception:  # no input may make a 500 or show a trace
        log.exception("call_broke")
        return replies.broken(spec, request_id)
    headers = {"Idempotent-Replayed": "true"} if outcome.status == "replayed" else {}
    return Reply(
        HTTPStatus.OK, outcome.body, outcome.status, outcome.events, outcome.meter, headers, channel
    )


class NotServed:
    """The handler of an action that RetailOps knows and this version does not serve."""

    def __init__(self, spec: ActionSpec) -> None:
        self._spec = spec

    async def handle(self, request: web.Request) -> web.Response:
        """404, with the actions that are served."""
        served = request.app[ENGINE].served
        told = event(
            Code.NOT_SERVED,
            f"{self._spec.name} is not served by this version; it serves {', '.join(served)}",
            event_type="error",
        )
        body = replies.problem([told], action=self._spec.name, served=served)
        reply = Reply(HTTPStatus.NOT_FOUND, body, "not_served", [told])
        _tell(request, self._spec.name, reply, 0.0)
        return reply.response()


class _TooLarge(Exception):
    """The body is over the limit."""


class _Stopping(Exception):
    """The bridge ends, and the body has not come yet."""


async def _read(
    request: web.Request, limits: Limits, deadline: Deadline, stopping: asyncio.Event
) -> bytes:
    """The whole body, unpacked.

    Raises ``_TooLarge``, ``_Stopping``, ``TimeoutError`` or ``RequestError``.
    """
    coding = coding_of(request)
    if (request.content_length or 0) > limits.body_bytes:
        raise _TooLarge
    try:
        if request.content.is_eof():  # all of it is here already, as nearly always
            raw = await request.read()
        else:
            async with asyncio.timeout(min(limits.body_seconds, deadline.remaining())):
                raw = await _unless(stopping, request.read())
        if coding == IDENTITY:
            return raw
        # A few bytes may be many: other calls go on meanwhile.
        return await asyncio.to_thread(unpacked, raw, coding, limits.body_bytes)
    except (web.HTTPRequestEntityTooLarge, Overlong):
        raise _TooLarge from None
    except (HttpProcessingError, web.RequestPayloadError):
        raise damaged() from None


async def _parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body; a large one on a thread, so that other calls go on."""
    if len(raw) < THREAD_BYTES:
        return read_body(raw)
    return await asyncio.to_thread(read_body, raw)


async def _unless(stopping: asyncio.Event, reading: Coroutine[Any, Any, bytes]) -> bytes:
    """What is read, or ``_Stopping``: aiohttp takes no more bytes once it shuts down."""
    read = asyncio.ensure_future(reading)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({read, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not read.done():
            raise _Stopping
        return read.result()
    finally:
        for one in (read, stop):
            one.cancel()
        await asyncio.gather(read, stop, return_exceptions=True)


def _traced(request: web.Request, action: str) -> AbstractContextManager[Callable[[Reply], None]]:
    """The span of the call, or nothing."""
    tracing = request.app[TRACING]
    if tracing is None:
        return nullcontext(_untraced)
    return tracing.call(action, request.headers, request[REQUEST_ID])


def _untraced(_: Reply) -> None:
    """Tell nobody."""


def _tell(request: web.Request, action: str, reply: Reply, seconds: float) -> None:
    """Tell the metrics, the console and the log of an answer."""
    request.app[METRICS].finished(action, reply, seconds)
    if (console := request.app[CONSOLE]) is not None:
        console.finished(action, reply, seconds, request_id=request[REQUEST_ID])
    meter = reply.meter
    whose = {} if reply.channel is None else {"channel": reply.channel}
    log.info(
        "call",
        action=action,
        **whose,
        outcome=reply.outcome,
        status=int(reply.status),
        ms=round(seconds * 1000, 1),
        events=dict(Counter(one.code for one in reply.events)),
        shopify_requests=meter.requests,
        points=meter.points,
        throttled=meter.throttled,
        retries=meter.retries,
        waited_ms=round(meter.waited_seconds * 1000, 1),
    )
