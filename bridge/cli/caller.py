"""RetailOps' side of the line: calls a bridge, and reads from the store what each call cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

JSON = Any  # what came over the wire; the table and the checks look at its parts


@dataclass(frozen=True, slots=True)
class Row:
    """One call: what was asked, how it went, what it cost."""

    action: str
    about: str
    status: int
    events: Mapping[str, int]
    shopify_calls: int
    points: int
    milliseconds: float
    refused: int = 0
    failure: str = ""

    @property
    def failed(self) -> bool:
        """Whether the call went wrong as a whole."""
        return bool(self.failure) or self.status != 200

    @property
    def outcome(self) -> str:
        """``ok``, ``partial`` where single rows were refused, or what is wrong."""
        if self.status != 200:
            return f"HTTP {self.status}"
        return self.failure or ("partial" if self.refused else "ok")


@dataclass(slots=True)
class Caller:
    """Calls actions as RetailOps does. ``store`` is only asked what was spent."""

    http: aiohttp.ClientSession
    bridge: str
    store: str
    auth_key: str
    channel: int
    _seen: int = 0

    async def call(
        self, action: str, body: Mapping[str, Any], about: str, *, rows: bool = False
    ) -> tuple[Row, dict[str, Any]]:
        """One call; with ``rows`` an error event is about one row, not about the call."""
        asked = {
            "integration_auth_token": self.auth_key,
            "action": action,
            "version": 1,
            "client_id": 1,
            "channel_info": {"id": self.channel},
            **body,
        }
        begin = time.perf_counter()
        async with self.http.post(f"{self.bridge}/{action}_v1", json=asked) as reply:
            answer = await reply.json()
            status = reply.status
        milliseconds = (time.perf_counter() - begin) * 1000
        calls, points = await self.cost()
        events = answer.get("events") or []
        failed = [e["message"] for e in events if e["event_type"] == "error"]
        row = Row(
            action,
            about,
            status,
            Counter(e["code"] for e in events),
            calls,
            points,
            milliseconds,
            len(failed),
            failed[0] if failed and not rows else "",
        )
        return row, answer

    async def cost(self) -> tuple[int, int]:
        """Shopify requests and points since the last look."""
        requests = await self.get("/_sandbox/requests")
        fresh = [r for r in requests if r["n"] > self._seen]
        self._seen = max((r["n"] for r in requests), default=0)
        return len(fresh), sum(r["actual_cost"] or 0 for r in fresh)

    async def get(self, path: str) -> JSON:
        """Something of the store's own endpoints."""
        async with self.http.get(self.store + path) as reply:
            reply.raise_for_status()
            found: JSON = await reply.json()
            return found
