"""The plot of one store: the level of its bucket, and the calls, over the last hour.

Pure: samples in, shapes for the template out. Colours and widths stand in the style sheet (the
page's policy forbids style attributes); what the lines say is said in words and numbers too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from bridge.server.console.history import SAMPLE_SECONDS, SAMPLES, Sample

WINDOW: Final = timedelta(seconds=SAMPLE_SECONDS * SAMPLES)

# The drawing's own units; the browser scales it to the page's width.
WIDTH, HEIGHT = 760, 250
LEFT, RIGHT = 52, 744
LEVEL_TOP, LEVEL_BOTTOM = 16, 136
CALLS_TOP, CALLS_BOTTOM = 160, 226

# One bar a minute: sixty of them, wide enough to be told apart.
BAR: Final = timedelta(minutes=1)

# A gap: the process was busy or asleep for more than three looks.
GAP: Final = timedelta(seconds=SAMPLE_SECONDS * 3)

TABLE_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The calls of one minute; ``throttled`` when Shopify refused a request in it."""

    x: float
    y: float
    width: float
    height: float
    throttled: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Ten minutes in numbers, for those who do not see the drawing."""

    begin: datetime
    end: datetime
    low: int
    calls: int
    points: int
    throttled: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the template draws. ``lines`` are SVG paths, one between two gaps."""

    lines: tuple[str, ...]
    areas: tuple[str, ...]
    bars: tuple[Bar, ...]
    hours: tuple[Mark, ...]
    levels: tuple[Mark, ...]
    counts: tuple[Mark, ...]
    summary: str
    rows: tuple[Row, ...]


def plot_of(samples: Sequence[Sample], now: datetime) -> Plot | None:
    """The plot of the hour before ``now``; None while there is no sample in it."""
    begin = now - WINDOW
    shown = [s for s in samples if begin <= s.at <= now]
    if not shown:
        return None
    maximum = max(1.0, *(s.maximum for s in shown))

    def x(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - begin) / WINDOW), 1)

    def y(level: float) -> float:
        part = min(max(level, 0.0), maximum) / maximum
        return round(LEVEL_BOTTOM - (LEVEL_BOTTOM - LEVEL_TOP) * part, 1)

    lines, areas = [], []
    for piece in _pieces(shown):
        points = [f"{x(s.at)} {y(s.low)}" for s in piece]
        if len(points) == 1:  # one look is a point: drawn as a line as wide as a look
            points.append(f"{x(piece[0].at) + 1} {y(piece[0].low)}")
        line = "M" + " L".join(points)
        first, last = points[0].split()[0], points[-1].split()[0]
        lines.append(line)
        areas.append(f"{line} L{last} {LEVEL_BOTTOM} L{first} {LEVEL_BOTTOM} Z")
    minutes = list(_minutes(shown, begin))
    most = _ceiling(max(calls for _, calls, _ in minutes))
    step = (RIGHT - LEFT) / (WINDOW / BAR)
    bars = tuple(
        Bar(
            x=round(LEFT + step * index + 1, 1),
            y=round(CALLS_BOTTOM - (CALLS_BOTTOM - CALLS_TOP) * calls / most, 1),
            width=round(step - 2, 1),
            height=round((CALLS_BOTTOM - CALLS_TOP) * calls / most, 1),
            throttled=throttled > 0,
        )
        for index, calls, throttled in minutes
        if calls
    )
    return Plot(
        lines=tuple(lines),
        areas=tuple(areas),
        bars=bars,
        hours=tuple(Mark(x(at), f"{at:%H:%M}") for at in _tens(begin, now)),
        levels=tuple(Mark(y(part), f"{part:,.0f}") for part in (0.0, maximum / 2, maximum)),
        counts=(Mark(CALLS_BOTTOM, "0"), Mark(CALLS_TOP, str(most))),
        summary=_summary(shown, maximum),
        rows=tuple(_rows(shown, begin)),
    )


def _pieces(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    piece = [samples[0]]
    for before, sample in pairwise(samples):
        if sample.at - before.at > GAP:
            yield piece
            piece = []
        piece.append(sample)
    yield piece


def _minutes(samples: Sequence[Sample], begin: datetime) -> Iterator[tuple[int, int, int]]:
    """Calls and throttled requests of each minute of the window, by its number."""
    calls = [0] * (WINDOW // BAR)
    throttled = [0] * (WINDOW // BAR)
    for sample in samples:
        index = min((sample.at - begin) // BAR, len(calls) - 1)
        calls[index] += sample.calls
        throttled[index] += sample.throttled
    for index, (number, refused) in enumerate(zip(calls, throttled, strict=True)):
        yield index, number, refused


def _tens(begin: datetime, now: datetime) -> Iterator[datetime]:
    """Every tenth minute in the window, that is of the clock."""
    at = begin.replace(second=0, microsecond=0)
    at += timedelta(minutes=-at.minute % TABLE_MINUTES)
    while at <= now:
        if at >= begin:
            yield at
        at += timedelta(minutes=TABLE_MINUTES)


def _ceiling(most: int) -> int:
    """1, 2, 5, 10, 20, 50 …: the next one that is not less."""
    if most <= 1:
        return 1
    power = 1
    while power * 10 <= most:
        power *= 10
    return next(n * power for n in (1, 2, 5, 10) if n * power >= most)


def _summary(samples: Sequence[Sample], maximum: float) -> str:
    lowest = min(s.low for s in samples)
    calls = sum(s.calls for s in samples)
    points = sum(s.points for s in samples)
    throttled = sum(s.throttled for s in samples)
    since = samples[0].at
    return (
        f"Since {since:%H:%M} UTC: {calls:,} calls, {points:,} points, {throttled:,} requests"
        f" throttled. The bucket's lowest level was {lowest:,.0f} of {maximum:,.0f} points; now it"
        f" is {samples[-1].low:,.0f}, and {samples[-1].waiting} requests wait."
    )


def _rows(samples: Sequence[Sample], begin: datetime) -> Iterator[Row]:
    length = timedelta(minutes=TABLE_MINUTES)
    for number in range(WINDOW // length):
        first = begin + number * length
        part = [s for s in samples if first <= s.at < first + length]
        if part:
            yield Row(
                begin=first,
                end=first + length,
                low=round(min(s.low for s in part)),
                calls=sum(s.calls for s in part),
                points=sum(s.points for s in part),
                throttled=sum(s.throttled for s in part),
            )
