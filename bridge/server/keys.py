"""What the application is made of, under typed keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.config.models import Settings
from bridge.engine import Outcome
from bridge.errors import Finding
from bridge.recording.recorder import Recorder
from bridge.retailops.requests import Request
from bridge.server.auth import Authenticator
from bridge.server.health import Readiness
from bridge.server.metrics import Metrics
from bridge.server.reload import Loaded
from bridge.server.replies import Reply
from bridge.shopify.budget import Deadline
from bridge.shopify.exchange import Exchange


class Runner(Protocol):
    """What the edge needs of the engine."""

    @property
    def served(self) -> tuple[str, ...]:
        """The actions that are served, in RetailOps' order."""
        ...

    async def run(
        self, channel_id: int, action: str, request: Request, *, request_id: str, deadline: Deadline
    ) -> Outcome:
        """Run one call to its answer. What it raises of the bridge's own: nothing was done."""
        ...


class Console(Protocol):
    """What the application needs of the console, which is imported only where it is on."""

    def routes(self) -> Iterable[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        ...

    def finished(self, action: str, reply: Reply, seconds: float, *, request_id: str) -> None:
        """A call was answered."""
        ...

    def reloaded(self, result: Loaded, findings: Sequence[Finding]) -> None:
        """The mappings were read again."""
        ...

    async def watch(self) -> None:
        """Look at the stores' buckets, until it is cancelled."""
        ...


class Tracing(Protocol):
    """What is needed of traces, which are imported only where they are on."""

    def call(
        self, action: str, headers: Mapping[str, str], request_id: str
    ) -> AbstractContextManager[Callable[[Reply], None]]:
        """The span of one call; what is yielded is told the answer."""
        ...

    def observe(self, exchange: Exchange) -> None:
        """A request to a store has ended."""
        ...

    def close(self) -> None:
        """Send what is left."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a caller may take. ``body_seconds``: 32 MiB in 60 s are 0.5 MiB/s, a poor line."""

    body_bytes: int
    body_seconds: float = 60.0


SETTINGS = web.AppKey("settings", Settings)
ENGINE: web.AppKey[Runner] = web.AppKey("engine")
AUTHENTICATOR = web.AppKey("authenticator", Authenticator)
METRICS = web.AppKey("metrics", Metrics)
RECORDER: web.AppKey[Recorder | None] = web.AppKey("recorder")
TRACING: web.AppKey[Tracing | None] = web.AppKey("tracing")
CONSOLE: web.AppKey[Console | None] = web.AppKey("console")
READINESS = web.AppKey("readiness", Readiness)
LIMITS = web.AppKey("limits", Limits)
CLOCK: web.AppKey[Callable[[], float]] = web.AppKey("clock")
STOPPING = web.AppKey("stopping", asyncio.Event)

# Set on every request by the middleware.
REQUEST_ID = web.RequestKey("request_id", str)
