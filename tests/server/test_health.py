"""Live and ready: what is asked, how often, and what is said."""

from __future__ import annotations

import asyncio

import pytest

from bridge import __version__
from bridge.errors import AccessDenied, LedgerError, TransportError
from bridge.server.health import Ping, Readiness, Trouble
from tests.server.tiny import SERVED


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Check:
    """A ping's question, counting how often it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.error = error

    async def __call__(self) -> None:
        """Ask."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.error:
            raise self.error


async def test_live_asks_nothing(serve):
    """A process whose ledger is gone still lives."""
    check = Check(LedgerError("gone"))
    client = await serve(pings=[Ping("ledger", check)])
    response = await client.get("/health/live")
    assert (response.status, check.asked) == (200, 0)
    assert (await response.json())["status"] == "ok"


async def test_ready_when_all_is_well(serve):
    """Status, version, what is served, and each check."""
    client = await serve(pings=[Ping("ledger", Check()), Ping("shopify", Check(), channel=21)])
    response = await client.get("/health/ready")
    assert response.status == 200
    assert await response.json() == {
        "status": "ok",
        "version": __version__,
        "served": list(SERVED),
        "checks": {"ledger": {"status": "ok"}},
        "channels": {"21": {"status": "ok", "checks": {"shopify": {"status": "ok"}}}},
    }


BAD = AccessDenied("the token lacks write_inventory")
SLOW = TransportError("no reply", sent=True)


@pytest.mark.parametrize(
    ("ledger", "first", "second", "status", "http"),
    [
        (LedgerError("the disk is full"), None, None, "unavailable", 503),
        (SLOW, None, None, "unavailable", 503),
        (Trouble("1 step(s) in doubt"), None, None, "degraded", 200),
        (None, BAD, None, "degraded", 200),
        (None, BAD, BAD, "unavailable", 503),
        (None, SLOW, None, "degraded", 200),
        (None, SLOW, SLOW, "degraded", 200),
        (None, SLOW, BAD, "degraded", 200),
        (None, Trouble("2026-04 is old"), None, "degraded", 200),
        (None, ValueError("a bug"), None, "degraded", 200),
    ],
    ids=str,
)
async def test_what_makes_it_degraded_or_unavailable(serve, ledger, first, second, status, http):
    """The ledger is needed by all; one channel's trouble leaves the other served."""
    pings = [
        Ping("ledger", Check(ledger)),
        Ping("shopify", Check(first), channel=21),
        Ping("shopify", Check(second), channel=22),
    ]
    client = await serve(pings=pings)
    response = await client.get("/health/ready")
    said = await response.json()
    assert (response.status, said["status"]) == (http, status)
    text = await response.text()
    for error in (ledger, first, second):
        if error is not None:
            shown = str(error) if not isinstance(error, ValueError) else "ValueError"
            assert shown in text


async def test_answers_are_kept_for_some_seconds():
    """Each for its own time, by the injected clock."""
    clock = Clock()
    often, seldom = Check(), Check()
    ready = Readiness([Ping("a", often, seconds=5), Ping("b", seldom, seconds=60)], clock)
    for now in (0, 4.9, 5, 9.9, 10, 59, 60):
        clock.now = now
        await ready.ask()
    assert often.asked == 4
    assert seldom.asked == 2


async def test_many_askers_share_one_question():
    """Fifty at once cost one request to Shopify."""
    check = Check()
    ready = Readiness([Ping("a", check)], Clock())
    results = await asyncio.gather(*(ready.ask() for _ in range(50)))
    assert check.asked == 1
    assert {one.status for one in results} == {"ok"}


async def test_trouble_ends_when_it_is_over():
    """A bad answer is kept no longer than a good one."""
    clock, check = Clock(), Check(LedgerError("locked"))
    ready = Readiness([Ping("ledger", check)], clock)
    assert (await ready.ask()).status == "unavailable"
    check.error = None
    clock.now = 6
    assert (await ready.ask()).status == "ok"


async def test_a_check_that_hangs(monkeypatch):
    """It is given up, and told."""
    monkeypatch.setattr("bridge.server.health.PING_SECONDS", 0.01)
    ready = Readiness([Ping("a", asyncio.Event().wait, channel=1)], Clock())
    health = await ready.ask()
    assert health.results[0].reason == "no answer within 0.01 s"
    assert health.status == "degraded"
