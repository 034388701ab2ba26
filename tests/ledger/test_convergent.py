"""Steps of no kind: written before they are sent, cheap by the hundred, never in doubt."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bridge.errors import LedgerError
from bridge.ledger import EndedStep, Ledger, NewStep
from tests.ledger.support import GID, SHOP, START, Clock, opened, step, worker


def setting(number: int) -> NewStep:
    """One of a push's writes; it is about no order."""
    return step(kind="", order_gid="", key=f"set:{number}", natural_id=f"set:{number}")


async def test_ends_go_with_the_next_beginning(path: Path, clock: Clock) -> None:
    """A hundred steps one after the other cost one commit each, and one for the last end."""
    told: list[str] = []
    async with opened(path, clock=clock, hook=told.append) as ledger:
        told.clear()
        ended: list[EndedStep] = []
        for number in range(100):
            (step_id,) = await ledger.begin_convergent([setting(number)], ended=ended)
            assert (await ledger.step(step_id)).state == "sending"
            ended = [EndedStep(step_id, "done", f"r-{number}")]
            clock.pass_by(seconds=1)
        ledger.end_convergent(ended)
        rows = await ledger.steps(limit=1000)
        assert len([name for name in told if name.startswith("ledger:after")]) == 101
    assert [(r.state, r.request_id) for r in rows[::-1]] == [("done", f"r-{n}") for n in range(100)]
    assert rows[-1].sent_at == START
    assert (rows[0].ended_at, rows[1].ended_at) == (clock.now, rows[0].sent_at)


async def test_many_are_begun_in_one_commit(path: Path) -> None:
    """Three hundred rows of one call, written together."""
    told: list[str] = []
    async with opened(path, hook=told.append) as ledger:
        told.clear()
        ids = await ledger.begin_convergent([setting(n) for n in range(300)])
        assert told == ["ledger:before begin_step", "ledger:after begin_step"]
        assert [row.id for row in await ledger.steps(limit=1000)] == ids[::-1]


async def test_they_block_nothing_and_are_no_doubt(ledger: Ledger) -> None:
    """The same write may be under way twice; neither an order nor the health minds."""
    about_order = step(kind="", natural_id="open")
    first = await ledger.begin_convergent([about_order])
    second = await ledger.begin_convergent([about_order])
    assert first != second
    assert await ledger.open_steps(SHOP, GID) == []
    assert (await ledger.stats()).in_doubt == 0
    ledger.end_convergent([EndedStep(first[0], "forgotten", note="no reply")])
    row = await ledger.step(first[0])
    assert (row.state, row.note, row.ended_at) == ("forgotten", "no reply", START)


async def test_an_end_counts_once(ledger: Ledger) -> None:
    """What was said first stays, whoever says something else later."""
    (step_id,) = await ledger.begin_convergent([setting(1)])
    ledger.end_convergent([EndedStep(step_id, "done", "r-1")])
    ledger.end_convergent([EndedStep(step_id, "failed", note="no")])
    row = await ledger.step(step_id)
    assert (row.state, row.request_id, row.note) == ("done", "r-1", "")


async def test_left_by_a_killed_process(ledger: Ledger, path: Path) -> None:
    """While it lives they are its own; killed between sending and reply they are forgotten."""
    with worker("pushing", path) as other:
        done, left = await asyncio.to_thread(other.hear)
        assert await ledger.forget_abandoned() == 0
        assert (await ledger.step(left)).state == "sending"
        other.kill()
    assert (await ledger.stats()).in_doubt == 0
    assert await ledger.forget_abandoned() == 1
    assert await ledger.forget_abandoned() == 0
    row = await ledger.step(left)
    assert row.state == "forgotten"
    assert "the next call reads the store" in row.note
    assert (await ledger.step(done)).state == "done"


async def test_nobody_is_asked_about_them(ledger: Ledger) -> None:
    """A person's word is refused, with the reason: there is nothing that it would change."""
    (step_id,) = await ledger.begin_convergent([setting(1)])
    with pytest.raises(LedgerError, match=r"needs nobody's word: .* sends what still differs"):
        await ledger.resolve_step(step_id, applied=True, who="ann", note="", alone=True)
    assert (await ledger.step(step_id)).state == "sending"


async def test_effects_are_begun_one_by_one(ledger: Ledger) -> None:
    """A step with a kind ends with its effect: it is refused here, and nothing is written."""
    with pytest.raises(ValueError, match="begin_step"):
        await ledger.begin_convergent([setting(1), step()])
    assert await ledger.steps() == []


async def test_disk_full_between_two(path: Path) -> None:
    """The next is refused before it is sent; how the last one ended is written all the same."""
    failing: list[str] = []

    def hook(name: str) -> None:
        if failing and name == "ledger:before begin_step":
            failing.pop()
            raise OSError(28, "no space")

    async with opened(path, hook=hook) as ledger:
        (first,) = await ledger.begin_convergent([setting(1)])
        failing.append("now")
        with pytest.raises(LedgerError, match="the disk is full"):
            await ledger.begin_convergent([setting(2)], ended=[EndedStep(first, "done", "r-1")])
        assert [(r.key, r.state) for r in await ledger.steps()] == [("set:1", "done")]


async def test_prune(ledger: Ledger, clock: Clock) -> None:
    """They go with the answers once they have ended, forgotten ones too."""
    ids = await ledger.begin_convergent([setting(n) for n in range(4)])
    ends = zip(ids, ("done", "failed", "forgotten"), strict=False)
    ledger.end_convergent([EndedStep(i, state) for i, state in ends])
    clock.pass_by(hours=72, seconds=1)
    assert (await ledger.prune()).steps == 3
    assert [row.id for row in await ledger.steps()] == ids[3:]
