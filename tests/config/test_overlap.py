"""C415: two channels of one shop that can take the same orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.cli.examining import overlaps
from bridge.config import load
from bridge.config.load import warnings
from bridge.config.models import OrderPullPolicy
from bridge.config.overlap import disjoint
from bridge.wiring import assemble
from tests.server.process import write_config

REMEDY = (
    "what one has in tags_include, the other needs in tags_exclude; or each has sources of its own"
)
SAID = (
    "channels 21 and 22 of example.myshopify.com can take the same orders: RetailOps would import "
    "them twice"
)

PARTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tags_include": ["B2B"]}, {"tags_exclude": ["gift", "b2b"]}),
    ({"tags_include": ["a", "b"], "tags_exclude": ["b"]}, {"tags_exclude": ["a"]}),
    ({"sources": ["web"]}, {"sources": ["pos", "subscription"]}),
    ({"tags_include": ["a"], "tags_exclude": ["a"]}, {}),
]
MIXED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"tags_include": ["a"]}, {"tags_include": ["b"]}),
    ({"tags_include": ["a"]}, {}),
    ({"tags_include": ["a", "b"]}, {"tags_exclude": ["a"]}),
    ({"tags_exclude": ["a"]}, {"tags_exclude": ["b"]}),
    ({"sources": ["web"]}, {"sources": ["pos", "web"]}),
    ({"sources": ["web"]}, {}),
    ({"locations": ["Albany"]}, {"locations": ["Reno"]}),
    ({"pull_since": "2026-01-01"}, {"pull_since": "2027-01-01", "pull_unpaid": True}),
]


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "parted"),
    [*((a, b, True) for a, b in PARTED), *((a, b, False) for a, b in MIXED)],
)
def test_which_filters_part_orders(
    first: dict[str, Any], second: dict[str, Any], parted: bool, one: bool
) -> None:
    """A tag that one includes and the other excludes, or other sources: in either direction."""
    pair = [OrderPullPolicy.model_validate(p) for p in (first, second)]
    assert disjoint(*(pair if one else reversed(pair))) is parted


def two_channels(folder: Path, first: str, second: str, *, shop: str = "example") -> Path:
    """A configuration of two channels with these filters."""
    config = write_config(folder)
    text = config.read_text("utf-8")
    _, _, channel = text.partition("[[channels]]")
    other = channel.replace("= 21", "= 22").replace("RETAILOPS_SDK", "k" * 32)
    other = other.replace("example.", f"{shop}.")
    pull = "[channels.order_pull]\n"
    config.write_text(f"{text}{pull}{first}\n[[channels]]{other}{pull}{second}\n", "utf-8")
    return config


def test_it_is_told_at_its_place(tmp_path: Path) -> None:
    """At the second channel's filters, with the remedy; doctor's note of either channel says it."""
    config = two_channels(tmp_path, 'tags_include = ["a"]', 'tags_include = ["b"]')
    settings = load(config, {})
    (found,) = warnings(settings, config, {})
    lines = config.read_text("utf-8").splitlines()
    assert (found.code, found.severity, found.message, found.hint) == (
        "C415",
        "warning",
        SAID,
        REMEDY,
    )
    assert lines[found.line - 1 : found.line + 1] == [
        "[channels.order_pull]",
        'tags_include = ["b"]',
    ]
    for channel in settings.channels:
        (note,) = overlaps(settings, [channel])
        assert (note.state, note.said, note.remedy) == ("warning", SAID, REMEDY)
    (found,) = warnings(
        settings, config, {"RETAILOPS_BRIDGE__CHANNELS__22__ORDER_PULL__SOURCES": "[]"}
    )
    assert found.line == lines.index("[channels.order_pull]", found.line - 1) + 1


def test_what_is_parted_is_not_told(tmp_path: Path) -> None:
    """By the filters, which may come from [defaults] and the environment; or another shop."""
    config = two_channels(tmp_path, 'tags_include = ["b2b"]', "")
    sources = {
        f"RETAILOPS_BRIDGE__CHANNELS__{channel}__ORDER_PULL__SOURCES": f'["{source}"]'
        for channel, source in ((21, "web"), (22, "pos"))
    }
    assert warnings(load(config, sources), config, sources) == ()
    config = two_channels(tmp_path, 'tags_include = ["b2b"]', 'tags_exclude = ["b2b"]')
    settings = load(config, {})
    assert warnings(settings, config, {}) == ()
    assert list(overlaps(settings, settings.channels)) == []
    config = two_channels(tmp_path, "", "", shop="another")
    assert warnings(load(config, {}), config, {}) == ()


async def test_the_log_of_the_start_tells_it(tmp_path: Path) -> None:
    """Who never runs check reads it there."""
    settings = load(two_channels(tmp_path, "", ""), {})
    with structlog.testing.capture_logs() as logs:
        async with assemble(settings):
            pass
    (told,) = [e for e in logs if e["event"] == "channels_overlap"]
    assert told["channels"] == [21, 22]
    assert (told["log_level"], told["remedy"]) == ("warning", REMEDY)
