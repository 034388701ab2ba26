"""Named locks within one process; across processes see test_processes."""

import asyncio

import pytest

from bridge.errors import LedgerBusy
from bridge.ledger import Ledger
from tests.ledger.support import opened


async def settled(ledger: Ledger) -> None:
    """Everything that was queued is carried out and told."""
    await asyncio.sleep(0)
    await ledger.ping()
    await asyncio.sleep(0)


async def test_tasks_come_in_the_order_they_asked(ledger: Ledger) -> None:
    """A hundred tasks, first come first served, one at a time."""
    order: list[int] = []
    inside = 0

    async def enter(n: int) -> None:
        nonlocal inside
        async with ledger.lock("one", wait_seconds=20):
            inside += 1
            assert inside == 1
            order.append(n)
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(enter(n) for n in range(100)))
    assert order == list(range(100))
    await settled(ledger)
    assert (await ledger.stats()).tickets == 0


async def test_other_names_are_other_locks(ledger: Ledger) -> None:
    """Two names are held at once."""
    async with ledger.lock("one", wait_seconds=0), ledger.lock("two", wait_seconds=0):
        assert (await ledger.stats()).tickets == 2


async def test_busy_after_the_wait(ledger: Ledger) -> None:
    """Who gives up leaves no ticket, and the holder is not touched."""
    async with ledger.lock("one", wait_seconds=0):
        with pytest.raises(LedgerBusy, match='lock "one" was not free within'):
            async with ledger.lock("one", wait_seconds=0.02):
                raise AssertionError("two hold the lock")
        await settled(ledger)
        assert (await ledger.stats()).tickets == 1


async def test_cancelled_waiter_leaves_the_queue(ledger: Ledger) -> None:
    """Whether cancelled in the queue or while queueing up: the next one comes in."""
    came: list[str] = []

    async def enter(name: str) -> None:
        async with ledger.lock("one", wait_seconds=20):
            came.append(name)

    async with ledger.lock("one", wait_seconds=0):
        queued = asyncio.create_task(enter("queued"))
        await settled(ledger)
        queueing = asyncio.create_task(enter("queueing"))
        await asyncio.sleep(0)
        last = asyncio.create_task(enter("last"))
        queued.cancel()
        queueing.cancel()
        await asyncio.gather(queued, queueing, return_exceptions=True)
    async with asyncio.timeout(10):
        await last
    assert came == ["last"]


async def test_cancelled_holder_gives_it_back(ledger: Ledger) -> None:
    """Cancelled inside the block."""
    inside = asyncio.Event()

    async def hold() -> None:
        async with ledger.lock("one", wait_seconds=0):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with ledger.lock("one", wait_seconds=10):
        pass


async def test_error_inside_gives_it_back(ledger: Ledger) -> None:
    """The error goes on to the caller."""
    with pytest.raises(ValueError, match="inside"):
        async with ledger.lock("one", wait_seconds=0):
            raise ValueError("inside")
    async with ledger.lock("one", wait_seconds=10):
        pass


async def test_two_ledgers_take_turns(path) -> None:
    """Waiters of another ledger are neither woken nor forgotten: they look, and come in turn."""
    order: list[str] = []

    async def enter(ledger: Ledger, name: str) -> None:
        async with ledger.lock("one", wait_seconds=20):
            order.append(name)

    async with opened(path) as one, opened(path) as two:
        tasks = []
        async with one.lock("one", wait_seconds=0):
            for name, ledger in [("a", two), ("b", one), ("c", two), ("d", two), ("e", one)]:
                tasks.append(asyncio.create_task(enter(ledger, name)))
                await settled(ledger)
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)
    assert order == ["a", "b", "c", "d", "e"]


async def test_ledger_closed_under_the_holder(path) -> None:
    """Closing gives its locks back; leaving the block afterwards is no error."""
    async with opened(path) as one, opened(path) as two, one.lock("one", wait_seconds=0):
        await one.close()
        async with two.lock("one", wait_seconds=10):
            pass
