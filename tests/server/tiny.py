"""A small engine of the real interface, so that the edge is tested by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.config.models import Settings
from bridge.retailops.actions import ACTIONS
from bridge.retailops.events import Event
from bridge.retailops.protocol import encode
from bridge.retailops.requests import Request
from bridge.shopify.budget import Deadline, Meter

KEY_21 = "k3yK3yk3yK3yk3yK3yk3yK3yk3yK3y21"
KEY_22 = "k3yK3yk3yK3yk3yK3yk3yK3yk3yK3y22"
SERVED = ("catalog_get_config", "inventory_push", "order_pull", "order_acknowledge")


def settings(**server: Any) -> Settings:
    """Two channels; keyword arguments go into [server]."""
    return Settings.model_validate(
        {
            "environment": "test",
            "server": server,
            "channels": [
                {
                    "id": number,
                    "shop": f"shop{number}.myshopify.com",
                    "auth_key": key,
                    "shopify": {"token": f"shpat_token{number}"},
                }
                for number, key in ((21, KEY_21), (22, KEY_22))
            ],
        }
    )


@dataclass
class Done:
    """An outcome, as the engine gives it."""

    body: bytes
    status: str = "ok"
    events: Sequence[Event] = ()
    meter: Meter = field(default_factory=Meter)


@dataclass
class Called:
    """What the engine was asked."""

    channel: int
    action: str
    request: Request
    request_id: str
    deadline: Deadline


def answer_of(action: str, events: Sequence[Event] = ()) -> bytes:
    """A valid answer of this action."""
    spec = ACTIONS[action]
    fields: dict[str, Any] = {"events": events} if spec.has_events else {}
    if action == "catalog_get_config":
        fields["sku_fanout"] = "related_skus"
    return encode(spec, spec.answer(**fields))


class TinyEngine:
    """Remembers what it was asked, and answers as it is told; by default, well."""

    def __init__(self, then: Callable[[Called], Awaitable[Done]] | None = None) -> None:
        self.calls: list[Called] = []
        self.then = then

    @property
    def served(self) -> tuple[str, ...]:
        """The four of issue 2."""
        return SERVED

    async def run(
        self, channel_id: int, action: str, request: Request, *, request_id: str, deadline: Deadline
    ) -> Done:
        """One call."""
        called = Called(channel_id, action, request, request_id, deadline)
        self.calls.append(called)
        if self.then is not None:
            return await self.then(called)
        await asyncio.sleep(0)
        return Done(answer_of(action))


def raising(error: BaseException) -> TinyEngine:
    """An engine whose every call ends in this error."""

    async def then(_: Called) -> Done:
        raise error

    return TinyEngine(then)
