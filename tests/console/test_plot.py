"""The plot: every sample in its place, gaps as gaps, the same in words and numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from bridge.server.console import plot
from bridge.server.console.history import Sample
from bridge.server.console.plot import plot_of

NOW = datetime(2026, 11, 23, 13, 3, 30, tzinfo=UTC)


def sample(
    minutes_ago: float, low: float = 2000.0, *, calls: int = 0, throttled: int = 0
) -> Sample:
    """A look at a bucket of 2,000 points."""
    at = NOW - timedelta(minutes=minutes_ago)
    return Sample(at, low, 2000.0, 0, calls, calls * 10, throttled)


def test_nothing_is_drawn_of_nothing():
    """Nor of what is older than the hour."""
    assert plot_of([], NOW) is None
    assert plot_of([sample(61)], NOW) is None


def test_levels_are_where_they_belong():
    """Empty at the bottom, full at the top, now at the right; below zero is empty."""
    samples = [sample(0.1, 0.0), sample(0.05, 2000.0), sample(0.0, -50.0)]
    made = plot_of(samples, NOW)
    assert made is not None
    (line,) = made.lines
    points = [tuple(map(float, p)) for p in re.findall(r"([\d.]+) ([\d.]+)", line)]
    assert [y for _, y in points] == [plot.LEVEL_BOTTOM, plot.LEVEL_TOP, plot.LEVEL_BOTTOM]
    assert points[-1][0] == plot.RIGHT
    assert [m.text for m in made.levels] == ["0", "1,000", "2,000"]


def test_a_gap_is_not_bridged():
    """A process that slept has seen nothing: no line says that it has."""
    made = plot_of([sample(10), sample(9.95), sample(1), sample(0.95)], NOW)
    assert made is not None
    assert len(made.lines) == len(made.areas) == 2


def test_one_look_is_seen():
    """A line of no length would be invisible."""
    made = plot_of([sample(1)], NOW)
    assert made is not None
    assert made.lines[0].count("L") == 1


@pytest.mark.parametrize(("most", "top"), [(1, "1"), (2, "2"), (3, "5"), (7, "10"), (101, "200")])
def test_bars_have_a_round_scale(most, top):
    """The highest bar is within it; a minute without calls has none."""
    made = plot_of([sample(5), sample(3, calls=most), sample(1)], NOW)
    assert made is not None
    assert made.counts[-1].text == top
    (bar,) = made.bars
    assert bar.height == pytest.approx(
        (plot.CALLS_BOTTOM - plot.CALLS_TOP) * most / int(top), abs=0.1
    )
    assert bar.y >= plot.CALLS_TOP


def test_calls_of_one_minute_are_one_bar():
    """And a throttled request marks it."""
    made = plot_of(
        [sample(3.2, calls=2), sample(3.1, calls=3, throttled=1), sample(1, calls=1)], NOW
    )
    assert made is not None
    first, second = made.bars
    assert first.height == pytest.approx(5 * second.height, abs=0.5)
    assert (first.throttled, second.throttled) == (True, False)
    assert plot.LEFT <= first.x < second.x < plot.RIGHT


def test_the_same_in_words_and_numbers():
    """The sentence and the rows add up to what is drawn."""
    samples = [sample(45, 500.0, calls=4, throttled=1), sample(44.9, 1800.0), sample(2, calls=6)]
    made = plot_of(samples, NOW)
    assert made is not None
    assert made.summary == (
        "Since 12:18 UTC: 10 calls, 100 points, 1 requests throttled. The bucket's lowest level was"
        " 500 of 2,000 points; now it is 2,000, and 0 requests wait."
    )
    assert [(r.low, r.calls, r.points, r.throttled) for r in made.rows] == [
        (500, 4, 40, 1),
        (2000, 6, 60, 0),
    ]
    assert [m.text for m in made.hours] == ["12:10", "12:20", "12:30", "12:40", "12:50", "13:00"]
    assert all(plot.LEFT <= m.at <= plot.RIGHT for m in made.hours)
