"""Claim, answer, replay, prune: within one process."""

import asyncio
from datetime import timedelta

import pytest

from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger import CallKey, Claimed, Ledger, Replay
from tests.ledger.support import BODY, KEY, OTHER_BODY, START, Clock, opened


async def claimed(ledger: Ledger, key: CallKey = KEY, body: bytes = BODY) -> Claimed:
    """Claim a key that must be free."""
    got = await ledger.claim(key, body, wait_seconds=0)
    assert isinstance(got, Claimed)
    return got


async def waiting(ledger: Ledger, count: int, body: bytes = BODY) -> list[asyncio.Task]:
    """So many tasks that wait for the running call."""
    tasks = [asyncio.create_task(ledger.claim(KEY, body, wait_seconds=20)) for _ in range(count)]
    # Each has been told "running" once their claims and one more operation were carried out.
    await asyncio.sleep(0)
    await ledger.ping()
    await asyncio.sleep(0)
    return tasks


async def test_final_answer_is_replayed_byte_for_byte(ledger: Ledger) -> None:
    """The same key and body after a final answer give that answer, unaltered."""
    first = await claimed(ledger)
    assert not first.recovered
    answer = b'{"events":[],"n":1.10}\x00\xff'
    await ledger.finish(first.execution_id, answer, final=True)
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(answer)
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(answer)


async def test_empty_answer_is_an_answer(ledger: Ledger) -> None:
    """No bytes at all are replayed too, not taken for "no answer"."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"", final=True)
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(b"")


async def test_answer_that_is_not_final_is_given_once(ledger: Ledger) -> None:
    """A later call with the same key and body is planned again."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"half", final=False)
    again = await claimed(ledger)
    assert again.execution_id != first.execution_id
    assert not again.recovered


async def test_other_body_is_planned_again(ledger: Ledger) -> None:
    """A corrected call is not an error and is not given the old answer."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"one", final=True)
    second = await claimed(ledger, body=OTHER_BODY)
    await ledger.finish(second.execution_id, b"two", final=True)
    assert await ledger.claim(KEY, OTHER_BODY, wait_seconds=0) == Replay(b"two")


@pytest.mark.parametrize(
    "other",
    [
        CallKey(22, KEY.action, KEY.natural_id),
        CallKey(KEY.channel, "order_cancel", KEY.natural_id),
        CallKey(KEY.channel, KEY.action, "1002"),
    ],
)
async def test_other_keys_are_free(ledger: Ledger, other: CallKey) -> None:
    """Channel, action and natural id each make another call."""
    await claimed(ledger)
    assert (await claimed(ledger, other)).previous is None


async def test_running_call_is_busy_at_the_end_of_the_wait(ledger: Ledger) -> None:
    """The message names the call and says to repeat it; the running call is not touched."""
    first = await claimed(ledger)
    with pytest.raises(LedgerBusy, match=r'order_acknowledge "1001" of channel 21.*repeat'):
        await ledger.claim(KEY, BODY, wait_seconds=0.02)
    await ledger.finish(first.execution_id, b"done", final=True)


@pytest.mark.parametrize("final", [True, False])
async def test_waiters_get_the_answer_of_the_call_they_waited_for(
    ledger: Ledger, final: bool
) -> None:
    """Fifty equal calls at once: one runs, and all get its answer, final or not."""
    first = await claimed(ledger)
    tasks = await waiting(ledger, 50)
    await ledger.finish(first.execution_id, b"one answer", final=final)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*tasks) == [Replay(b"one answer")] * 50


async def test_an_answer_that_is_not_final_is_not_waited_for(ledger: Ledger) -> None:
    """``let_go`` returns at once; who waited gets the answer, and the next one runs."""
    first = await claimed(ledger)
    tasks = await waiting(ledger, 5)
    ledger.let_go(first.execution_id, b"for now")
    async with asyncio.timeout(10):
        assert await asyncio.gather(*tasks) == [Replay(b"for now")] * 5
    ledger.let_go((await claimed(ledger)).execution_id, b"again")
    second = await claimed(ledger)  # right behind it
    assert second.previous is None


async def test_waiters_here_are_woken_at_once(ledger: Ledger) -> None:
    """Twenty waits one after the other: no one waits for a poll that comes once a second."""
    async with asyncio.timeout(10):
        for n in range(20):
            first = await claimed(ledger, body=n.to_bytes(32, "big"))
            (task,) = await waiting(ledger, 1, n.to_bytes(32, "big"))
            await ledger.finish(first.execution_id, b"x", final=False)
            assert await task == Replay(b"x")


async def test_waiter_with_another_body_runs_once_the_key_is_free(ledger: Ledger) -> None:
    """It waits for the other call, then is planned anew rather than given its answer."""
    first = await claimed(ledger)
    (task,) = await waiting(ledger, 1, OTHER_BODY)
    await ledger.finish(first.execution_id, b"one", final=True)
    async with asyncio.timeout(10):
        got = await task
    assert isinstance(got, Claimed)
    assert not got.recovered


async def test_no_answer_leaves_the_call_in_doubt(ledger: Ledger) -> None:
    """How it ended is unknown: one waiter runs it as recovered, the others wait for that one."""
    first = await claimed(ledger)
    tasks = await waiting(ledger, 3)
    await ledger.finish(first.execution_id, None, final=False)
    done, rest = await asyncio.wait(tasks, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    (second,) = [task.result() for task in done]
    assert second.recovered
    assert second.previous == first.execution_id
    await ledger.finish(second.execution_id, b"settled", final=True)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*rest) == [Replay(b"settled")] * 2


async def test_withdrawn_call_leaves_no_trace(ledger: Ledger) -> None:
    """Nothing was begun: the next claim is not recovered, and no row stays."""
    first = await claimed(ledger)
    await ledger.withdraw(first.execution_id)
    assert (await ledger.stats()).running == 0
    assert not (await claimed(ledger)).recovered


async def test_withdrawal_keeps_what_was_in_doubt_before(ledger: Ledger) -> None:
    """Who claims a call in doubt and gives it back leaves it in doubt."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, None, final=False)
    second = await claimed(ledger)
    await ledger.withdraw(second.execution_id)
    assert (await claimed(ledger)).previous == first.execution_id


async def test_withdrawal_of_a_finished_call_changes_nothing(ledger: Ledger) -> None:
    """A late clean-up cannot destroy an answer."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"done", final=True)
    await ledger.withdraw(first.execution_id)
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(b"done")


async def test_cancelled_claim_frees_the_key(ledger: Ledger) -> None:
    """A task cancelled while its claim is being written does not hold the key for ever."""
    task = asyncio.create_task(ledger.claim(KEY, BODY, wait_seconds=0))
    await asyncio.sleep(0)  # it has queued its claim and waits for the disk
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        assert isinstance(await ledger.claim(KEY, BODY, wait_seconds=5), Claimed)


async def test_cancelled_waiter_leaves_the_others_alone(ledger: Ledger) -> None:
    """Neither the running call nor another waiter notices."""
    first = await claimed(ledger)
    gone, stays = await waiting(ledger, 2)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await ledger.finish(first.execution_id, b"done", final=True)
    async with asyncio.timeout(10):
        assert await stays == Replay(b"done")


async def test_second_finish_changes_nothing(ledger: Ledger) -> None:
    """The first outcome of an execution is the one that is kept."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"one", final=True)
    await ledger.finish(first.execution_id, b"two", final=True)
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(b"one")


async def test_finish_needs_an_execution_of_ours(ledger: Ledger) -> None:
    """An execution that nobody claimed here is refused, with what to do."""
    with pytest.raises(LedgerError, match=r"execution nobody.*repeat the call"):
        await ledger.finish("nobody", b"x", final=True)


async def test_final_needs_an_answer(ledger: Ledger) -> None:
    """A final outcome without an answer is a mistake in the caller."""
    first = await claimed(ledger)
    with pytest.raises(ValueError, match="answer"):
        await ledger.finish(first.execution_id, None, final=True)


async def test_body_hash_has_32_bytes(ledger: Ledger) -> None:
    """The table refuses anything but a SHA-256."""
    with pytest.raises(LedgerError, match="a value was refused"):
        await ledger.claim(KEY, b"short", wait_seconds=0)


async def test_value_that_cannot_be_stored_is_refused(ledger: Ledger) -> None:
    """Half a surrogate pair in a refnum is an error for that call, not the end of the thread."""
    with pytest.raises(LedgerError, match="a value was refused"):
        await ledger.claim(CallKey(21, "a", "\ud800"), BODY, wait_seconds=0)
    await claimed(ledger)


async def test_row_left_by_a_closed_ledger_is_recovered(path, clock: Clock) -> None:
    """A call still running when its ledger was closed is claimed anew, as recovered."""
    async with opened(path, clock=clock) as before:
        first = await claimed(before)
    async with opened(path, clock=clock) as after:
        stats = await after.stats()
        assert (stats.running, stats.left) == (0, 1)
        second = await claimed(after)
        assert second.previous == first.execution_id


async def test_answers_survive_a_restart(path) -> None:
    """What was answered before is replayed after."""
    async with opened(path) as before:
        first = await claimed(before)
        await before.finish(first.execution_id, b"kept", final=True)
    async with opened(path) as after:
        assert await after.claim(KEY, BODY, wait_seconds=0) == Replay(b"kept")


async def test_two_ledgers_in_one_process_see_each_other_alive(path) -> None:
    """Opening the file twice in one process does not make the first look dead."""
    async with opened(path) as one, opened(path) as two:
        first = await claimed(one)
        with pytest.raises(LedgerBusy):
            await two.claim(KEY, BODY, wait_seconds=0)
        with pytest.raises(LedgerError, match="not this process's"):
            await two.finish(first.execution_id, b"x", final=True)
        task = asyncio.create_task(two.claim(KEY, BODY, wait_seconds=20))
        await two.ping()
        await one.finish(first.execution_id, b"by one", final=True)
        async with asyncio.timeout(10):
            assert await task == Replay(b"by one")


async def test_taken_over_execution_cannot_be_finished(path) -> None:
    """Who was taken for gone and comes back cannot write over its successor's outcome."""
    async with opened(path) as one:
        first = await claimed(one)
    async with opened(path) as two:
        second = await claimed(two)
        with pytest.raises(LedgerError, match="took it over"):
            await two.finish(first.execution_id, b"late", final=True)
        await two.finish(second.execution_id, b"right", final=True)
        assert await two.claim(KEY, BODY, wait_seconds=0) == Replay(b"right")


async def test_prune_keeps_answers_for_their_hours(ledger: Ledger, clock: Clock) -> None:
    """72 hours to the millisecond; then the call is planned again."""
    first = await claimed(ledger)
    await ledger.finish(first.execution_id, b"done", final=True)
    clock.pass_by(hours=72)
    assert (await ledger.prune()).answers == 0
    assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(b"done")
    assert (await ledger.prune(clock.now + timedelta(milliseconds=1))).answers == 1
    assert isinstance(await ledger.claim(KEY, BODY, wait_seconds=0), Claimed)


async def test_prune_never_takes_what_runs_or_is_in_doubt(ledger: Ledger, clock: Clock) -> None:
    """However old: a running call stays, and so does one that ended without an answer."""
    running = await claimed(ledger)
    doubtful = await claimed(ledger, CallKey(21, "a", "doubt"))
    await ledger.finish(doubtful.execution_id, None, final=False)
    clock.pass_by(days=5000)
    assert (await ledger.prune()).answers == 0
    await ledger.finish(running.execution_id, b"at last", final=True)
    assert (await claimed(ledger, CallKey(21, "a", "doubt"))).recovered


async def test_prune_takes_more_than_one_part(ledger: Ledger, clock: Clock) -> None:
    """Rows are removed in parts of 500; all the old ones go, the new one stays."""
    for n in range(1, 1203):
        got = await ledger.claim(CallKey(21, "a", str(n)), BODY, wait_seconds=0)
        await ledger.finish(got.execution_id, b"x", final=True)
        if n == 1201:
            clock.pass_by(hours=73)
    assert (await ledger.prune()).answers == 1201
    assert (await ledger.stats()).finished == 1


async def test_stats_tell_what_is_there(ledger: Ledger, clock: Clock) -> None:
    """Counts by kind, the oldest running call, bytes on the disk."""
    await claimed(ledger)
    clock.pass_by(minutes=1)
    other = await claimed(ledger, CallKey(21, "a", "2"))
    third = await claimed(ledger, CallKey(21, "a", "3"))
    await ledger.finish(other.execution_id, b"x", final=True)
    await ledger.finish(third.execution_id, None, final=False)
    stats = await ledger.stats()
    assert (stats.running, stats.finished, stats.left) == (1, 1, 1)
    assert stats.oldest_running == START
    assert stats.schema_version == 3
    assert stats.file_bytes > 4096
    assert stats.operations >= stats.commits > 0
