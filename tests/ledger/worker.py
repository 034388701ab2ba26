"""One process of a test: ``python -m tests.ledger.worker PART PATH [ARGUMENT …]``.

It says JSON lines on standard output and waits for lines on standard input.
"""

import asyncio
import itertools
import json
import os
import resource
import signal
import sys
from pathlib import Path

from bridge.errors import LedgerError, StepOpen
from bridge.ledger import CallKey, Claimed, Effect, EndedStep, Replay
from tests.ledger.support import BODY, KEY, SHOP, START, effect_of, opened, step


def say(what: object) -> None:
    """One JSON line for the test."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def listen() -> str:
    """Wait for the test's word."""
    return await asyncio.to_thread(sys.stdin.readline)


def note(journal: Path, line: str) -> None:
    """One atomic append, so that lines of several processes never mix."""
    fd = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, (line + "\n").encode())
    os.close(fd)


async def refused(action) -> str:
    """What the refusal says; nothing when it was done."""
    try:
        await action
    except LedgerError as error:
        return str(error)
    return ""


async def claims(path: Path, me: str, shared: str, own: str, journal: str) -> None:
    """Claim shared keys (five tasks each) and own keys at once; journal each execution."""
    async with opened(path) as ledger:

        async def call(key: CallKey) -> tuple[str, str]:
            got = await ledger.claim(key, BODY, wait_seconds=30)
            if isinstance(got, Replay):
                return key.natural_id, got.answer.decode()
            note(Path(journal), f"{key.natural_id} {got.execution_id}")
            answer = f"{key.natural_id} done by {me} as {got.execution_id}"
            effect = Effect("shop", key.natural_id, "done", "1", {"by": me}, START)
            assert await ledger.record_effects([effect]) == [effect]
            await asyncio.sleep(0.01)
            await ledger.finish(got.execution_id, answer.encode(), final=True)
            return key.natural_id, answer

        keys = [CallKey(21, "a", f"shared-{n}") for n in range(int(shared)) for _ in range(5)]
        keys += [CallKey(21, "a", f"{me}-{n}") for n in range(int(own))]
        say("ready")
        await listen()
        say(await asyncio.gather(*map(call, keys)))


async def run(path: Path) -> None:
    """Claim the key and keep running until told to finish."""
    async with opened(path) as ledger:
        got = await ledger.claim(KEY, BODY, wait_seconds=0)
        assert isinstance(got, Claimed)
        say(got.execution_id)
        await listen()
        await ledger.finish(got.execution_id, b"done elsewhere", final=False)
        say("finished")
        await listen()


async def fork_and_run(path: Path) -> None:
    """Claim the key, then leave a forked child that lives longer than this process."""
    async with opened(path) as ledger:
        await ledger.claim(KEY, BODY, wait_seconds=0)
        child = os.fork()
        if child == 0:
            signal.pause()  # until the test kills it
            os._exit(0)
        say(child)
        await listen()


async def lock(path: Path, name: str, me: str, journal: str) -> None:
    """Hold a lock and note it; give it back when told."""
    async with opened(path) as ledger:
        async with ledger.lock(name, wait_seconds=30):
            note(Path(journal), me)
            say("locked")
            await listen()
        say("free")


async def locks(path: Path, name: str, me: str, journal: str, times: str) -> None:
    """Take a lock many times in several tasks; each notes when it came in and went out."""
    async with opened(path) as ledger:

        async def one(n: int) -> None:
            async with ledger.lock(name, wait_seconds=30):
                note(Path(journal), f"in {me}.{n}")
                await asyncio.sleep(0.001)
                note(Path(journal), f"out {me}.{n}")

        say("ready")
        await listen()
        await asyncio.gather(*(one(n) for n in range(int(times))))
        say("done")


async def sending(path: Path) -> None:
    """Write a step, then be killed between its sending and its reply."""
    async with opened(path) as ledger:
        say(await ledger.begin_step(step()))
        await listen()


async def pushing(path: Path) -> None:
    """Write two convergent steps, end one, then be killed before the reply of the other."""
    async with opened(path) as ledger:
        steps = [step(kind="", order_gid="", key=f"set:{n}") for n in range(2)]
        ids = await ledger.begin_convergent(steps)
        ledger.end_convergent([EndedStep(ids[0], "done", "r-1")])
        await ledger.ping()
        say(ids)
        await listen()


async def begins(path: Path, me: str, count: str, journal: str) -> None:
    """Begin many steps that others begin too; journal what is ours, and what is open."""
    async with opened(path) as ledger:
        say("ready")
        await listen()
        for n in range(int(count)):
            try:
                step_id = await ledger.begin_step(step(natural_id=f"p{n}", key=me))
            except StepOpen as error:
                note(Path(journal), f"open p{n} {error.step_id}")
            else:
                note(Path(journal), f"mine p{n} {step_id}")
        say("done")
        await listen()  # what is ours stays open until all have tried


async def one_step(path: Path, nth: str, journal: str) -> None:
    """A step from its begin to its end, killed at the n-th side of a commit."""
    calls = itertools.count(1)

    def hook(_: str) -> None:
        if next(calls) == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    async with opened(path, hook=hook) as ledger:
        step_id = await ledger.begin_step(step())
        note(Path(journal), f"sent {step_id}")
        await ledger.complete_step(step_id, effect_of(step(), {"step": step_id}))
        note(Path(journal), f"told {step_id}")
    note(Path(journal), "untouched")


async def full(path: Path) -> None:
    """On a small disk: fill it, be refused, make room, go on."""
    async with opened(path) as ledger:
        first = await ledger.claim(KEY, BODY, wait_seconds=0)
        assert isinstance(first, Claimed)
        step_id = await ledger.begin_step(step())
        ballast = path.with_name("ballast")
        fill(ballast)
        # Whatever room the log has left is used up by claims; then no claim goes through.
        claims = [
            await refused(ledger.claim(CallKey(1, "a", f"{n}"), BODY, wait_seconds=0))
            for n in range(50)
        ]
        answer = b"the answer" * 2000
        finish = await refused(ledger.finish(first.execution_id, answer, final=True))
        detail = {"tracking": "x" * 20_000}
        complete = await refused(ledger.complete_step(step_id, effect_of(step(), detail)))
        begin = await refused(ledger.begin_step(step(natural_id="p2", expect=detail)))
        during = (await ledger.step(step_id)).state
        owed = (await ledger.stats()).owed
        ballast.unlink()
        await ledger.ping()
        again = await ledger.claim(KEY, BODY, wait_seconds=5)
        new = await ledger.claim(CallKey(1, "a", "new"), BODY, wait_seconds=0)
        say(
            {
                "claim": claims[-1],
                "finish": finish,
                "complete": complete,
                "begin": begin,
                "during": during,
                "after": (await ledger.step(step_id)).state,
                "effects": [e.detail == detail for e in await ledger.effects(SHOP, "fulfillment")],
                "steps": len(await ledger.steps()),
                "owed": owed,
                "replayed": again == Replay(answer),
                "goes_on": isinstance(new, Claimed),
                "left_owed": (await ledger.stats()).owed,
            }
        )


def fill(ballast: Path) -> None:
    """Write until there is no room for one more byte."""
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    size = 65536
    while size:
        try:
            os.write(fd, b"x" * size)
        except OSError:
            size //= 2
    os.close(fd)


async def file_limit(path: Path) -> None:
    """The system refuses every byte beyond a limit, then no longer."""
    async with opened(path) as ledger:
        await ledger.ping()
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # The log already is larger: nothing can be appended to it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        during = await refused(ledger.claim(KEY, BODY, wait_seconds=0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        after = await ledger.claim(KEY, BODY, wait_seconds=0)
        say({"during": during, "goes_on": isinstance(after, Claimed)})


async def attempt(path: Path) -> None:
    """Open the ledger and close it; what the refusal says, or nothing."""

    async def open_it() -> None:
        async with opened(path):
            pass

    say(await refused(open_it()))


PARTS = {
    part.__name__: part
    for part in (
        claims,
        run,
        fork_and_run,
        lock,
        locks,
        sending,
        pushing,
        begins,
        one_step,
        full,
        file_limit,
        attempt,
    )
}

if __name__ == "__main__":
    asyncio.run(PARTS[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:]))
