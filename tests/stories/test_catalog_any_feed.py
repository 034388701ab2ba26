"""catalog_push, any feed into any store: what is mentioned follows, what is not stays.

``ANY_FEED_EXAMPLES=2000 pytest tests/stories/test_catalog_any_feed.py`` looks longer and elsewhere.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bridge.actions.catalog_text import same_html
from tests.stories.any_feed import CASE, edit, feed_of, make, product_of
from tests.stories.any_feed_books import expected
from tests.stories.catalogue import push, written
from tests.support import World, world

# A few seconds in CI, always the same ones; a longer look draws new ones each time.
LONG = int(os.environ.get("ANY_FEED_EXAMPLES", "0"))
EXAMPLES = LONG or 18


@dataclass
class Stage:
    """One store and one bridge for all examples, each with products of its own."""

    runner: asyncio.Runner
    w: World
    numbers: Iterator[int]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A store with its seed, and a bridge before it."""
    folder: Path = tmp_path_factory.mktemp("any-feed")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        w = runner.run(stack.enter_async_context(world(folder, plan="enterprise")))
        try:
            yield Stage(runner, w, itertools.count())
        finally:
            runner.run(stack.aclose())


@settings(
    max_examples=EXAMPLES,
    derandomize=not LONG,
    database=None,
    deadline=None,
    # No shrinking: it takes minutes over HTTP, and what fails says which feed it was.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
@given(CASE)
def test_what_is_mentioned_follows_and_what_is_not_stays(
    stage: Stage, case: dict[str, Any]
) -> None:
    """After a push (and a second one, for images) feed and store agree; a third writes nothing."""
    stage.runner.run(_play(stage.w, next(stage.numbers), case))


async def _play(w: World, number: int, case: dict[str, Any]) -> None:
    names = [f"x{number}{letter}" for letter in "pq"]
    for name, plan in zip(names, case["seed"], strict=True):
        if plan is not None:
            await make(w, name, plan)
    for turn, one in enumerate(case["rounds"]):
        for what, how in one["edits"]:
            before = await product_of(w, names[0])
            if before is not None:
                await edit(w, names[0], before, what, how)
        befores = {name: await product_of(w, name) for name in names}
        feeds = {
            name: feed
            for name, plan in zip(names, one["feed"], strict=False)
            if (feed := feed_of(name, plan, befores[name], turn)) is not None
        }
        await _push(w, befores, feeds)


async def _push(w: World, befores: dict[str, Any], feeds: dict[str, Any]) -> None:
    for _ in range(2):
        told = (await push(w, *feeds.values())).events
        assert told == [], f"{told}\n{json.dumps(list(feeds.values()))}\n{befores}"
        await w.advance(60)
    for name, before in befores.items():
        after = await product_of(w, name)
        if name not in feeds:
            assert after == before, "not in the feed at all"
            continue
        assert after is not None
        wanted = expected(before or after, feeds[name], after)
        if same_html(wanted["descriptionHtml"], after["descriptionHtml"]):
            wanted["descriptionHtml"] = after["descriptionHtml"]
        wrong = {f: (wanted[f], after[f]) for f in wanted if wanted[f] != after[f]}
        assert not wrong, f"wanted, found: {wrong}\n{json.dumps(feeds[name])}\n{before}"
        if before is None:
            assert len(after["variants"]) == len(feeds[name]["variants"])
            assert len(after["metafields"]) == len(feeds[name].get("metafields", ()))
    await written(w)
    assert (await push(w, *feeds.values())).events == []
    sent = await written(w)
    assert sent == [], f"{sent}\n{json.dumps(list(feeds.values()))}\n{befores}"
