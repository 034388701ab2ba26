"""The writer thread: groups, and what one operation's failure does to the others."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from bridge.errors import LedgerError
from bridge.ledger.writer import LARGEST_GROUP, Writer

INSERT = "INSERT INTO tickets (name, token, owner, taken_at) VALUES ('n', ?, 'o', 0)"


def now() -> int:
    """Any time will do."""
    return 0


@pytest.fixture
async def writer(path) -> AsyncIterator[Writer]:
    """A started writer."""
    writer = Writer(path, "owner", 0.1, now=now)
    await writer.start()
    yield writer
    await writer.stop()


class Gate:
    """Keeps the writer's thread busy, so that what comes meanwhile is queued for sure."""

    def __init__(self, writer: Writer) -> None:
        self._open = threading.Event()
        self._inside = threading.Event()
        self._task = asyncio.create_task(writer.read(self._hold))

    def _hold(self, _) -> None:
        self._inside.set()
        assert self._open.wait(30)

    async def __aenter__(self) -> None:
        """Return once the thread is held."""
        assert await asyncio.to_thread(self._inside.wait, 30)

    async def __aexit__(self, *_) -> None:
        """Let it go."""
        self._open.set()
        await self._task


def insert(token: str):
    """An operation that adds one row."""
    return lambda connection: connection.execute(INSERT, (token,)).rowcount


def fail(_) -> None:
    """An operation with a mistake of its own."""
    raise LedgerError("not this one")


async def rows(writer: Writer) -> set[str]:
    """The tokens that are stored."""
    found = await writer.read(lambda c: c.execute("SELECT token FROM tickets").fetchall())
    return {token for (token,) in found}


async def queued(*coroutines) -> list[asyncio.Task]:
    """Tasks that have put their operation into the queue."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_is_committed_together(writer: Writer) -> None:
    """A hundred operations that queue up behind one commit take one more commit."""
    before = writer.commits
    async with Gate(writer):
        tasks = await queued(*(writer.write("w", insert(str(n))) for n in range(100)))
    assert await asyncio.gather(*tasks) == [1] * 100
    assert writer.commits - before == 1
    assert len(await rows(writer)) == 100


async def test_groups_have_a_largest_size(writer: Writer) -> None:
    """A flood is cut, so that other processes get their turn."""
    before = writer.commits
    async with Gate(writer):
        tasks = await queued(*(writer.write("w", insert(str(n))) for n in range(LARGEST_GROUP + 1)))
    await asyncio.gather(*tasks)
    assert writer.commits - before == 2


async def test_failing_operation_fails_alone(writer: Writer) -> None:
    """A broken rule and an own error are told to their callers; the neighbours are committed."""
    async with Gate(writer):
        tasks = await queued(
            writer.write("w", insert("a")),
            writer.write("w", insert("a")),
            writer.write("w", fail),
            writer.write("w", lambda c: c.execute("nonsense")),
            writer.write("w", insert("b")),
        )
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert (done[0], done[4]) == (1, 1)
    assert "a value was refused" in str(done[1])
    assert str(done[2]) == "not this one"
    assert isinstance(done[3], LedgerError)
    assert await rows(writer) == {"a", "b"}


async def test_half_done_operation_is_undone(writer: Writer) -> None:
    """What an operation wrote before it failed is not kept."""

    def half(connection) -> None:
        connection.execute(INSERT, ("half",))
        raise ValueError("then it broke")

    with pytest.raises(ValueError, match="then it broke"):
        await writer.write("w", half)
    assert await rows(writer) == set()


async def test_too_large_operation_fails_alone(writer: Writer) -> None:
    """Without room for one large row the small ones beside it are stored all the same."""
    (pages,) = await writer.read(lambda c: c.execute("PRAGMA page_count").fetchone())
    await writer.read(lambda c: c.execute(f"PRAGMA max_page_count = {pages + 1}").fetchall())
    async with Gate(writer):
        tasks = await queued(
            writer.write("w", insert("a")),
            writer.write("w", insert("x" * 100_000)),
            writer.write("w", insert("b")),
        )
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert (done[0], done[2]) == (1, 1)
    assert "the disk is full" in str(done[1])
    assert await rows(writer) == {"a", "b"}


async def test_stop_carries_out_what_is_queued(writer: Writer, path) -> None:
    """Nothing that was accepted is lost by closing."""
    async with Gate(writer):
        tasks = await queued(*(writer.write("w", insert(str(n))) for n in range(20)))
        (stopping,) = await queued(writer.stop())
    assert await asyncio.gather(*tasks) == [1] * 20
    await stopping
    again = Writer(path, "again", 0.1, now=now)
    await again.start()
    assert len(await rows(again)) == 20
    await again.stop()


async def test_reads_see_the_writes_before_them(writer: Writer) -> None:
    """A read that is queued behind a write in the same group sees it."""
    async with Gate(writer):
        tasks = await queued(writer.write("w", insert("a")), rows(writer))
    assert (await asyncio.gather(*tasks))[1] == {"a"}


async def test_cancelled_caller_harms_no_one(writer: Writer) -> None:
    """Its operation may be done; the others of the group are told as ever."""
    async with Gate(writer):
        gone, stays = await queued(writer.write("w", insert("a")), writer.write("w", insert("b")))
        gone.cancel()
    assert await stays == 1
    assert gone.cancelled() or gone.cancelling()


def test_threads_and_loops_share_one_writer(path) -> None:
    """Several threads with loops of their own use it at once; each is told in its own loop."""
    writer = Writer(path, "owner", 1, now=now)
    asyncio.run(writer.start())
    failures: list[BaseException] = []

    async def use(name: str) -> None:
        done = await asyncio.gather(*(writer.write("w", insert(f"{name}{n}")) for n in range(50)))
        assert done == [1] * 50

    def thread(name: str) -> None:
        try:
            asyncio.run(use(name))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=thread, args=(name,)) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert len(asyncio.run(rows(writer))) == 200
    asyncio.run(writer.stop())
