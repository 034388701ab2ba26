"""The rings: bounded, per channel, the lowest level kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.retailops.events import Code, event
from bridge.server.console.history import SAMPLES, History
from bridge.server.replies import Reply
from bridge.shopify.budget import Meter

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Level:
    """A bucket that is as full as a test says."""

    now: float = 2000.0
    maximum: float = 2000.0

    def available(self) -> float:
        """The level."""
        return self.now

    def waiting(self) -> int:
        """Nobody waits."""
        return 0


def reply(channel: int | None = 21, outcome: str = "ok", *codes: Code) -> Reply:
    """An answer with events."""
    events = [event(code, "of Zebedee Quackenbush") for code in codes]
    return Reply(200, b"{}", outcome, events, Meter(requests=2, points=30), channel=channel)


def test_the_last_calls_of_each_channel_are_kept():
    """So many and no more, the newest first; another channel's do not push them out."""
    history = History({21: Level(), 22: Level()}, keep=3)
    for number in range(10):
        at = START + timedelta(seconds=number)
        history.finished("order_pull", reply(), 0.1, request_id=f"r{number}", at=at)
    history.finished("order_pull", reply(22), 0.1, request_id="other", at=START)
    assert [c.request_id for c in history.calls(21)] == ["r9", "r8", "r7"]
    assert [c.request_id for c in history.calls(22)] == ["other"]
    assert history.refused() == []


def test_a_call_of_no_channel_is_kept_apart():
    """A wrong key is worth seeing, and is nobody's call."""
    history = History({21: Level()}, keep=3)
    for number in range(5):
        history.finished(
            "order_pull", reply(None, "unauthorized"), 0.0, request_id=str(number), at=START
        )
    assert history.calls(21) == []
    assert [c.request_id for c in history.refused()] == ["4", "3", "2"]


def test_of_events_only_the_codes_are_kept():
    """Messages may quote an order; the console has no use for them."""
    history = History({21: Level()}, keep=3)
    told = reply(21, "partial", Code.IN_DOUBT, Code.IN_DOUBT, Code.NOT_REACHED)
    history.finished("order_update", told, 0.1, request_id="r", at=START)
    (call,) = history.calls(21)
    assert call.events == (("IN_DOUBT", 2), ("NOT_REACHED", 1))
    assert "Zebedee" not in repr(call)


def test_a_dip_between_two_looks_is_seen():
    """The level at the end of a call counts, however soon the bucket fills again."""
    level = Level()
    history = History({21: level}, keep=3)
    level.now = 120.0
    history.finished("order_pull", reply(), 0.1, request_id="r", at=START)
    level.now = 2000.0
    history.sample(START + timedelta(seconds=5))
    history.sample(START + timedelta(seconds=10))
    first, second = history.samples(21)
    assert (first.low, first.calls, first.points) == (120.0, 1, 30)
    assert (second.low, second.calls, second.points) == (2000.0, 0, 0)


def test_an_hour_of_samples_is_kept():
    """And no more, for as long as the process lives."""
    history = History({21: Level()}, keep=3)
    for number in range(SAMPLES + 50):
        history.sample(START + timedelta(seconds=5 * number))
    samples = history.samples(21)
    assert len(samples) == SAMPLES
    assert samples[-1].at - samples[0].at == timedelta(seconds=5 * (SAMPLES - 1))
