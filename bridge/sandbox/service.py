"""What is behind the endpoints of one store, and how it is set up."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiohttp import web

from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.context import DEFAULT_SCOPES, StoreLike
from bridge.sandbox.execute import Engine, Request
from bridge.sandbox.faults import Faults
from bridge.sandbox.journal import RequestLog
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.throttle import PLANS
from bridge.sandbox.tokens import DEFAULT_ACCESS, DEFAULT_CLIENT, Tokens


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """How the store is set up.

    ``token``: the static access token. ``client_id`` and ``client_secret``: of the client
    credentials grant. ``protected_data=False``: an app without protected customer data.
    """

    plan: str = "standard"
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    token: str = DEFAULT_ACCESS
    client_id: str = DEFAULT_CLIENT[0]
    client_secret: str = DEFAULT_CLIENT[1]
    protected_data: bool = True

    def __post_init__(self) -> None:
        if self.plan not in PLANS:
            raise ValueError(f"plan must be one of {', '.join(PLANS)}, not {self.plan!r}")


@dataclass(slots=True)
class Late:
    """A request that an ``apply_late`` fault holds back until ``due``."""

    due: datetime
    request: Request
    keys: list[str]
    version: str


@dataclass(slots=True)
class Sandbox:
    """Everything behind the endpoints of one store."""

    store: StoreLike
    clock: SandboxClock
    index: LaggedIndex
    engine: Engine
    tokens: Tokens
    faults: Faults = field(default_factory=Faults)
    log: RequestLog = field(default_factory=RequestLog)
    late: list[Late] = field(default_factory=list)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def apply_late(self) -> None:
        """Apply what is due by the store's clock: late requests, lines of bulk operations."""
        self.engine.settle()
        now = self.clock()
        for item in [item for item in self.late if item.due <= now]:
            self.late.remove(item)
            for key in item.keys:
                self.engine.keys.drop(key)
            self.engine.run(item.request, api_version=item.version, request_id=str(uuid.uuid4()))

    def reset(self) -> None:
        """The store as it was at the start; faults, log and late requests are forgotten."""
        self.late.clear()
        self.engine.reset()
        self.faults.clear()
        self.log.clear()


SANDBOX: Final = web.AppKey("sandbox", Sandbox)
"""Where an application keeps its store."""
