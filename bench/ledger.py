"""How many calls a second the ledger takes, beside what the disk itself can do.

A call is one claim and one finish, each of them on the disk before it returns. The disk's own
measure is one 4 KiB write and one fdatasync after the other, in the same folder and the same
run: the ratio is what can be compared between machines. Prints the figures; takes about 6 s.

    python bench/ledger.py [FOLDER]
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bridge.ledger import CallKey, Claimed, Ledger

SECONDS = 1.5  # each figure; long enough that a slow flush or two do not show
BODY_HASH = b"\x01" * 32
ANSWER = b'{"events":[]}' + b" " * 400  # as long as a usual acknowledgement's answer


def flushes_a_second(folder: Path) -> float:
    """Single writes of 4 KiB, each flushed, at the end of a file like the ledger's log."""
    fd = os.open(folder / "flushes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    flush = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
    block = b"\x00" * 4096
    count = 0
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        os.write(fd, block)
        flush(fd)
        count += 1
    seconds = time.perf_counter() - start
    os.close(fd)
    return count / seconds


async def calls_a_second(path: Path, tasks: int) -> tuple[float, float]:
    """Claim and finish in so many tasks at once: calls a second, operations a commit."""
    ledger = await Ledger.open(path)
    start = time.perf_counter()
    count = 0

    async def run(task: int) -> None:
        nonlocal count
        number = 0
        while time.perf_counter() - start < SECONDS:
            number += 1
            key = CallKey(21, "order_acknowledge", f"{tasks}.{task}.{number}")
            got = await ledger.claim(key, BODY_HASH, wait_seconds=0)
            if not isinstance(got, Claimed):
                raise TypeError(f"{key} was not free")
            await ledger.finish(got.execution_id, ANSWER, final=True)
            count += 1

    await asyncio.gather(*(run(task) for task in range(tasks)))
    seconds = time.perf_counter() - start
    stats = await ledger.stats()
    await ledger.close()
    return count / seconds, stats.operations / stats.commits


def main() -> None:
    """Measure in a temporary folder inside FOLDER (default: the system's)."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        flushes = flushes_a_second(folder)
        print(f"disk: {flushes:,.0f} flushed writes a second")
        for tasks in (1, 8, 32):
            calls, grouped = asyncio.run(calls_a_second(folder / f"{tasks}.sqlite3", tasks))
            print(
                f"ledger, {tasks:2} calls at once: {calls:7,.0f} calls a second, "
                f"{calls / flushes:.2f} calls a flush of the disk, "
                f"{grouped:.1f} operations a commit"
            )


if __name__ == "__main__":
    main()
