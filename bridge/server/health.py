"""Is the bridge able to work: pings that are registered by who knows, asked for seldom.

A ping is a named coroutine function. Returning means well; raising ``Trouble`` means degraded, and
so does, for a channel, an error that may pass (``retryable``); any other error unavailable.
Results are kept for ``seconds``, because a load balancer asks every few seconds and a question to
Shopify costs points; several askers at once share one question.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog

from bridge.errors import BridgeError

log = structlog.get_logger()

Status = Literal["ok", "degraded", "unavailable"]

# Longer than one request to Shopify that answers at all (its own limit is 30 s, its median
# 0.1 s), shorter than the patience of a load balancer.
PING_SECONDS = 5.0


class Trouble(BridgeError):
    """A ping's bad news that leaves a part working: degraded, not unavailable."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One question. ``channel`` is None when it concerns the whole process."""

    name: str
    check: Callable[[], Awaitable[None]]
    channel: int | None = None
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Result:
    """One answer; ``reason`` is empty when all is well."""

    name: str
    channel: int | None
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """All answers. ``channels`` has the worst of each channel's."""

    status: Status
    results: tuple[Result, ...]

    def body(self, served: Sequence[str], version: str) -> dict[str, object]:
        """The JSON of /health/ready."""
        channels: dict[str, dict[str, object]] = defaultdict(lambda: {"status": "ok", "checks": {}})
        checks: dict[str, object] = {}
        for one in self.results:
            said = {"status": one.status} | ({"reason": one.reason} if one.reason else {})
            if one.channel is None:
                checks[one.name] = said
                continue
            channel = channels[str(one.channel)]
            channel["status"] = worst(str(channel["status"]), one.status)
            here = channel["checks"]
            if isinstance(here, dict):
                here[one.name] = said
        return {
            "status": self.status,
            "version": version,
            "served": list(served),
            "checks": checks,
            "channels": dict(channels),
        }


_ORDER: tuple[Status, ...] = ("ok", "degraded", "unavailable")


def worst(*statuses: str) -> Status:
    """The worst of them; ok when there are none."""
    return max((s for s in _ORDER if s in statuses), key=_ORDER.index, default="ok")


def overall(results: Sequence[Result]) -> Status:
    """Unavailable when the process is, or every channel; degraded when anything is not ok."""
    process = worst(*(r.status for r in results if r.channel is None))
    if process == "unavailable":
        return "unavailable"
    by_channel: dict[int, Status] = {}
    for one in results:
        if one.channel is not None:
            by_channel[one.channel] = worst(by_channel.get(one.channel, "ok"), one.status)
    if by_channel and all(status == "unavailable" for status in by_channel.values()):
        return "unavailable"
    return "degraded" if worst(process, *by_channel.values()) != "ok" else "ok"


class Readiness:
    """The registered pings and their latest results."""

    def __init__(self, pings: Sequence[Ping], clock: Callable[[], float]) -> None:
        self._pings = tuple(_Kept(ping, clock) for ping in pings)

    async def ask(self) -> Health:
        """Ask every ping whose last answer is too old."""
        results = tuple(await asyncio.gather(*(kept.ask() for kept in self._pings)))
        return Health(overall(results), results)


class _Kept:
    """A ping with its last result."""

    def __init__(self, ping: Ping, clock: Callable[[], float]) -> None:
        self._ping = ping
        self._clock = clock
        self._lock = asyncio.Lock()
        self._result: Result | None = None
        self._at = 0.0

    async def ask(self) -> Result:
        async with self._lock:
            if self._result is None or self._clock() - self._at >= self._ping.seconds:
                self._result = await self._run()
                self._at = self._clock()
            return self._result

    async def _run(self) -> Result:
        status: Status = "unavailable"
        # What may pass costs a channel some calls; what concerns the whole process costs all.
        passing: Status = "unavailable" if self._ping.channel is None else "degraded"
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._ping.check()
        except TimeoutError:
            status, reason = passing, f"no answer within {PING_SECONDS:g} s"
        except Trouble as error:
            status, reason = "degraded", str(error)
        except BridgeError as error:
            status, reason = (passing if error.retryable else "unavailable"), str(error)
        except Exception as error:  # a ping must never take the endpoint down
            reason = f"the check itself failed ({type(error).__name__}); see the log"
            log.exception("health_check_broke", key=self._ping.name)
        else:
            return Result(self._ping.name, self._ping.channel, "ok")
        log.warning(
            "not_ready",
            key=self._ping.name,
            channel=self._ping.channel,
            status=status,
            reason=reason,
        )
        return Result(self._ping.name, self._ping.channel, status, reason)
