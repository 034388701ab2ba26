"""Several processes on one file: real ones, killed for real."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from bridge.errors import LedgerBusy, LedgerError, StepOpen
from bridge.ledger import CallKey, Claimed, Ledger, Replay
from bridge.ledger.owners import owners_dir
from tests.ledger.support import BODY, GID, KEY, SHOP, effect_of, opened, step, worker


def test_four_processes_execute_each_key_once(path: Path, tmp_path: Path) -> None:
    """Same and different keys at once: one execution a key, equal answers for all, no row lost."""
    journal = tmp_path / "journal"
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(worker("claims", path, f"w{n}", 20, 20, journal)) for n in range(4)
        ]
        for each in workers:
            assert each.hear() == "ready"
        for each in workers:
            each.tell()
        answers = [(key, answer) for each in workers for key, answer in each.hear()]
        assert [each.process.wait(30) for each in workers] == [0, 0, 0, 0]

    keys = {f"shared-{n}" for n in range(20)} | {f"w{w}-{n}" for w in range(4) for n in range(20)}
    executed = Counter(line.split()[0] for line in journal.read_text().splitlines())
    assert executed == Counter(keys)
    assert len(answers) == 4 * (20 * 5 + 20)
    assert len(set(answers)) == len(keys)

    async def look() -> tuple[int, int, int]:
        async with opened(path) as ledger:
            for key, answer in set(answers):
                kept = await ledger.claim(CallKey(21, "a", key), BODY, wait_seconds=0)
                assert kept == Replay(answer.encode())
            stats = await ledger.stats()
            return stats.finished, stats.effects, stats.running + stats.left

    assert asyncio.run(look()) == (100, 100, 0)


async def test_waiter_gets_the_answer_of_another_process(ledger: Ledger, path: Path) -> None:
    """It is told within the wait, and with the answer that is not final."""
    with worker("run", path) as other:
        await asyncio.to_thread(other.hear)
        task = asyncio.create_task(ledger.claim(KEY, BODY, wait_seconds=20))
        await ledger.ping()
        assert not task.done()
        other.tell()
        assert await asyncio.to_thread(other.hear) == "finished"
        async with asyncio.timeout(10):
            assert await task == Replay(b"done elsewhere")


async def test_living_owner_is_never_taken_for_dead(ledger: Ledger, path: Path) -> None:
    """However often it is looked at, a running process keeps its call."""
    with worker("run", path) as other:
        await asyncio.to_thread(other.hear)
        for _ in range(50):
            with pytest.raises(LedgerBusy):
                await ledger.claim(KEY, BODY, wait_seconds=0)
        assert (await ledger.stats()).running == 1


async def test_killed_owner_is_taken_over(ledger: Ledger, path: Path) -> None:
    """SIGKILL in the middle of a call: one of the waiters recovers it, the others wait for that."""
    with worker("run", path) as other:
        execution = await asyncio.to_thread(other.hear)
        tasks = [asyncio.create_task(ledger.claim(KEY, BODY, wait_seconds=20)) for _ in range(5)]
        await ledger.ping()
        other.kill()
        done, rest = await asyncio.wait(tasks, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        (got,) = [task.result() for task in done]
        assert isinstance(got, Claimed)
        assert got.recovered
        assert got.previous == execution
        await ledger.finish(got.execution_id, b"recovered", final=True)
        async with asyncio.timeout(10):
            assert await asyncio.gather(*rest) == [Replay(b"recovered")] * 4


async def test_forked_child_does_not_keep_its_parent_alive(ledger: Ledger, path: Path) -> None:
    """The lock dies with the process that owns it, though a child still runs."""
    with worker("fork_and_run", path) as other:
        child = await asyncio.to_thread(other.hear)
        try:
            with pytest.raises(LedgerBusy):
                await ledger.claim(KEY, BODY, wait_seconds=0)
            other.kill()
            assert (await ledger.claim(KEY, BODY, wait_seconds=5)).recovered
            os.kill(child, 0)  # it is still there, or the test shows nothing
        finally:
            os.kill(child, signal.SIGKILL)


async def test_stopped_process_is_not_dead(ledger: Ledger, path: Path) -> None:
    """A process that the system holds up (SIGSTOP) keeps its call: it may go on at any time."""
    with worker("run", path) as other:
        await asyncio.to_thread(other.hear)
        other.process.send_signal(signal.SIGSTOP)
        with pytest.raises(LedgerBusy):
            await ledger.claim(KEY, BODY, wait_seconds=0.1)
        other.process.send_signal(signal.SIGCONT)
        other.tell()
        assert await asyncio.to_thread(other.hear) == "finished"


async def test_deleted_owner_file_comes_back(path: Path) -> None:
    """Who deletes the owners' folder does not make the living look dead after their next write."""
    async with opened(path) as one, opened(path) as two:
        await one.claim(KEY, BODY, wait_seconds=0)
        shutil.rmtree(owners_dir(path))
        await one.ping()
        with pytest.raises(LedgerBusy):
            await two.claim(KEY, BODY, wait_seconds=0)


async def test_files_of_the_dead_are_swept(path: Path) -> None:
    """Owner files do not pile up: one that was killed leaves one, the next to open removes it."""
    with worker("run", path) as other:
        await asyncio.to_thread(other.hear)
        other.kill()
    assert len(list(owners_dir(path).iterdir())) == 1
    async with opened(path):
        assert len(list(owners_dir(path).iterdir())) == 1
    assert list(owners_dir(path).iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
async def test_what_root_makes_belongs_to_the_bridges_user(path: Path) -> None:
    """A command run with sudo leaves nothing that the bridge's user cannot read or remove."""
    await make(path)
    os.chown(path, 4711, 4712)
    async with opened(path) as ledger:
        await ledger.ping()
        (owner,) = owners_dir(path).iterdir()
        for each in (owner, owners_dir(path), path, path.with_name(path.name + "-wal")):
            assert (each.stat().st_uid, each.stat().st_gid) == (4711, 4712), each


def test_forked_child_is_told_to_open_its_own(path: Path) -> None:
    """Using the parent's ledger in a child is an error there, and harms the parent in nothing."""
    script = f"""
import asyncio, os, sys
from pathlib import Path
from bridge.errors import LedgerError
from bridge.ledger import Ledger

path = Path({str(path)!r})
loop = asyncio.new_event_loop()
ledger = loop.run_until_complete(Ledger.open(path))
child = os.fork()
if child == 0:
    try:
        asyncio.new_event_loop().run_until_complete(ledger.ping())
    except LedgerError as error:
        own = asyncio.new_event_loop()
        other = own.run_until_complete(Ledger.open(path))
        own.run_until_complete(other.ping())
        own.run_until_complete(other.close())
        os._exit(0 if "forked" in str(error) else 3)
    os._exit(4)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
loop.run_until_complete(ledger.ping())
loop.run_until_complete(ledger.close())
sys.exit(status)
"""
    command = [os.sys.executable, "-c", script]
    assert subprocess.run(command, timeout=30, check=False).returncode == 0


# -- steps --------------------------------------------------------------------------------------


async def test_step_of_a_killed_process(ledger: Ledger, path: Path) -> None:
    """While it lives its step is its own; killed between sending and reply it is in doubt."""
    with worker("sending", path) as other:
        step_id = await asyncio.to_thread(other.hear)
        assert await ledger.open_steps(SHOP) == []
        assert (await ledger.stats()).in_doubt == 0
        with pytest.raises(StepOpen):
            await ledger.begin_step(step())
        with pytest.raises(LedgerError, match="being sent just now"):
            await ledger.resolve_step(step_id, applied=True, who="ann", note="")
        other.kill()
    (row,) = await ledger.open_steps(SHOP)
    assert (row.id, row.state) == (step_id, "sending")
    assert await ledger.open_steps(SHOP, GID) == [row]
    assert (await ledger.stats()).in_doubt == 1
    with pytest.raises(StepOpen):
        await ledger.begin_step(step())
    await ledger.complete_step(step_id, effect_of(step()))
    assert (await ledger.step(step_id)).state == "done"
    assert len(await ledger.effects(SHOP, "fulfillment")) == 1


def test_step_of_one_effect_is_begun_by_one_process(path: Path, tmp_path: Path) -> None:
    """Four processes want the same forty steps at once: each is one's, and the others are told."""
    journal = tmp_path / "journal"
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(worker("begins", path, f"w{n}", 40, journal)) for n in range(4)
        ]
        for each in workers:
            assert each.hear() == "ready"
        for each in workers:
            each.tell()
        for each in workers:
            assert each.hear() == "done"
    lines = [line.split() for line in journal.read_text().splitlines()]
    mine = {natural_id: step_id for what, natural_id, step_id in lines if what == "mine"}
    others = [(natural_id, step_id) for what, natural_id, step_id in lines if what == "open"]
    assert set(mine) == {f"p{n}" for n in range(40)}
    assert len(others) == 40 * 3
    assert all(mine[natural_id] == step_id for natural_id, step_id in others)


def test_killed_at_every_commit(tmp_path: Path) -> None:
    """A step is on the disk before it is sent; it is done if and only if its effect is known.

    A child is killed at the 1st, 2nd, 3rd … side of a commit until one comes through.
    """
    outcomes = []
    for nth in range(1, 100):
        folder = tmp_path / str(nth)
        folder.mkdir()
        journal = folder / "journal"
        with worker("one_step", folder / "ledger.sqlite3", nth, journal) as child:
            code = child.process.wait(30)
        said = journal.read_text().splitlines() if journal.exists() else []
        outcomes.append(asyncio.run(aftermath(folder / "ledger.sqlite3", said)))
        if said and said[-1] == "untouched":
            assert code == 0
            break
        assert code == -signal.SIGKILL
    # Open, begin and complete, each killed on both sides of its commit, and the last untouched.
    assert outcomes == ["nothing", "nothing", "nothing", "sending", "sending", "done", "done"]


async def aftermath(path: Path, said: list[str]) -> str:
    """What the next process finds; what was said before the kill must be true in it."""
    async with opened(path) as ledger:
        rows = await ledger.steps()
        known = await ledger.effects(SHOP, "fulfillment")
        assert [e.detail["step"] for e in known] == [r.id for r in rows if r.state == "done"]
        assert await ledger.open_steps() == [row for row in rows if row.state != "done"]
        for line in said:
            if line.startswith("sent"):
                assert line.split()[1] in {row.id for row in rows}
            if line.startswith("told"):
                assert line.split()[1] in {e.detail["step"] for e in known}
        return rows[0].state if rows else "nothing"


# -- locks --------------------------------------------------------------------------------------


async def test_lock_is_first_come_first_served_across_processes(
    ledger: Ledger, path: Path, tmp_path: Path
) -> None:
    """Three processes and two tasks here that queue up one after the other come in that order."""
    journal = tmp_path / "journal"

    async def here(me: str) -> None:
        async with ledger.lock("inventory 21", wait_seconds=30):
            with journal.open("a") as out:
                out.write(me + "\n")

    async def queued(count: int) -> None:
        for _ in range(2000):  # 20 s
            if (await ledger.stats()).tickets == count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"waiter {count} did not queue up")

    with contextlib.ExitStack() as stack:
        others = []
        tasks = []
        for place, me in enumerate(["p1", "here1", "p2", "p3", "here2"], 1):
            if me.startswith("p"):
                others.append(
                    stack.enter_context(worker("lock", path, "inventory 21", me, journal))
                )
            else:
                tasks.append(asyncio.create_task(here(me)))
            await queued(place)
        async with asyncio.timeout(20):
            for other in others:
                assert await asyncio.to_thread(other.hear) == "locked"
                other.tell()
                assert await asyncio.to_thread(other.hear) == "free"
            await asyncio.gather(*tasks)
    assert journal.read_text().split() == ["p1", "here1", "p2", "p3", "here2"]


def test_lock_is_held_by_one_at_a_time(path: Path, tmp_path: Path) -> None:
    """Four processes of ten tasks each: who comes in goes out before the next comes in."""
    journal = tmp_path / "journal"
    with contextlib.ExitStack() as stack:
        workers = [
            stack.enter_context(worker("locks", path, "one", f"w{n}", journal, 10))
            for n in range(4)
        ]
        for each in workers:
            assert each.hear() == "ready"
        for each in workers:
            each.tell()
        for each in workers:
            assert each.hear() == "done"
    lines = journal.read_text().splitlines()
    assert len(lines) == 80
    for came_in, went_out in zip(lines[::2], lines[1::2], strict=True):
        assert came_in.split()[0] == "in"
        assert went_out.split() == ["out", came_in.split()[1]]


async def test_lock_of_a_killed_process_is_free(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    """The next in the queue comes in without anyone's help."""
    with worker("lock", path, "one", "p", tmp_path / "journal") as other:
        assert await asyncio.to_thread(other.hear) == "locked"
        with pytest.raises(LedgerBusy, match='lock "one"'):
            async with ledger.lock("one", wait_seconds=0.05):
                raise AssertionError("two hold the lock")

        async def enter() -> None:
            async with ledger.lock("one", wait_seconds=20):
                pass

        task = asyncio.create_task(enter())
        await ledger.ping()
        other.kill()
        async with asyncio.timeout(10):
            await task
    assert (await ledger.stats()).tickets <= 1  # the dead one's ticket harms no one
    await ledger.prune()
    assert (await ledger.stats()).tickets == 0


# -- the file and its disk ----------------------------------------------------------------------


def mount_namespace() -> tuple[str, ...] | None:
    """A prefix that runs a command with mounts of its own, if this machine lets us."""
    for flags in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        command = ["unshare", *flags, "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
        with contextlib.suppress(OSError):
            if subprocess.run(command, capture_output=True, check=False).returncode == 0:
                return ("unshare", *flags)
    return None


def test_full_disk_is_refused_and_got_over(tmp_path: Path) -> None:
    """A disk that is really full: claim, finish and steps are refused, with path and remedy.

    With room again all goes on, and the answer that could not be written is there; so are the
    step's end and its effect.
    """
    namespace = mount_namespace()
    if namespace is None:
        pytest.skip("needs the right to mount a small tmpfs (unshare --mount)")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size=1m tmpfs "{disk}" && exec "$@"'
    wrap = (*namespace, "sh", "-c", mount, "sh")
    with worker("full", disk / "ledger.sqlite3", wrap=wrap) as other:
        said = other.hear()
    for message in (said["claim"], said["finish"], said["complete"], said["begin"]):
        assert str(disk / "ledger.sqlite3") in message
        assert "the disk is full; free some space" in message
    assert said["owed"] == 2
    assert (said["during"], said["after"]) == ("sending", "done")
    assert said["effects"] == [True]
    assert said["steps"] == 1  # a begin that was refused is nobody's promise
    assert said["replayed"]
    assert said["goes_on"]
    assert said["left_owed"] == 0


def test_failing_writes_are_refused_and_got_over(path: Path) -> None:
    """The system refuses to write (a limit on file sizes): refused, then on again."""
    with worker("file_limit", path) as other:
        said = other.hear()
    assert "could not be read or written; look at free space" in said["during"]
    assert str(path) in said["during"]
    assert said["goes_on"]


@pytest.mark.parametrize("what", ["file", "folder"])
def test_no_permission_is_refused_at_start(path: Path, what: str) -> None:
    """A read-only ledger or folder stops the start, with the path and the remedy."""
    wrap: tuple[str, ...] = ()
    if os.geteuid() == 0:  # permissions do not bind root while it has these two capabilities
        if shutil.which("setpriv") is None:
            pytest.skip("runs as root and there is no setpriv to give up root's file access")
        caps = "-dac_override,-dac_read_search"
        wrap = ("setpriv", "--inh-caps", caps, "--bounding-set", caps)
    asyncio.run(make(path))
    target, mode = (path, 0o400) if what == "file" else (path.parent, 0o500)
    owners_dir(path).rmdir()
    target.chmod(mode)
    try:
        with worker("attempt", path, wrap=wrap) as other:
            said = other.hear()
    finally:
        target.chmod(0o700)
    assert str(path) in said
    assert "bridge's user" in said


async def make(path: Path) -> None:
    """A ledger file without rows."""
    async with opened(path):
        pass
