"""Random sequences of claims, answers, restarts and prunings against a model of the rules."""

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import LedgerBusy, LedgerError
from bridge.ledger import CallKey, Claimed, Ledger, Replay
from tests.ledger.support import BODY, OTHER_BODY, Clock

KEYS = [CallKey(21, "a", "1"), CallKey(21, "a", "2"), CallKey(22, "a", "1")]
BODIES = [BODY, OTHER_BODY]

KEY = st.sampled_from(KEYS)
LEDGER = st.integers(0, 1)  # two processes, as far as the ledger can tell
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), LEDGER, KEY, st.sampled_from(BODIES)),
        st.tuples(
            st.just("finish"), LEDGER, KEY, st.sampled_from([b"x", b"y", b"", None]), st.booleans()
        ),
        st.tuples(st.just("withdraw"), LEDGER, KEY),
        st.tuples(st.just("restart"), LEDGER),
        st.tuples(st.just("wait"), st.sampled_from([1, 71, 73])),
        st.tuples(st.just("prune"), LEDGER),
    ),
    max_size=25,
)


@dataclass
class Row:
    """What the model knows of a key."""

    body: bytes
    execution: str
    owner: int | None  # None: nobody alive runs it
    running: bool = True
    previous: str | None = None
    answer: bytes | None = None
    final: bool = False
    finished: datetime | None = None


class World:
    """Two ledgers on one file beside the model of what they must say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.ledgers: list[Ledger] = []
        self.rows: dict[CallKey, Row] = {}

    async def start(self) -> None:
        """Open both."""
        self.ledgers = [await Ledger.open(self.path, clock=self.clock) for _ in range(2)]

    async def claim(self, who: int, key: CallKey, body: bytes) -> None:
        """Replay, busy, or claimed with what was left in doubt."""
        row = self.rows.get(key)
        if row and row.running and row.owner is not None:
            try:
                await self.ledgers[who].claim(key, body, wait_seconds=0)
            except LedgerBusy:
                return
            raise AssertionError("a running call was given twice")
        got = await self.ledgers[who].claim(key, body, wait_seconds=0)
        if row and not row.running and row.final and row.body == body:
            assert got == Replay(row.answer)
            return
        previous = row and (row.execution if row.running else row.previous)
        assert isinstance(got, Claimed)
        assert got.previous == previous
        assert got.recovered == (previous is not None)
        self.rows[key] = Row(body, got.execution_id, who, previous=previous)

    async def finish(self, who: int, key: CallKey, answer: bytes | None, final: bool) -> None:
        """The owner's first outcome counts; anyone else is refused."""
        row = self.rows.get(key)
        if row is None or (answer is None and final):
            return
        finishing = self.ledgers[who].finish(row.execution, answer, final=final)
        if row.owner != who:
            try:
                await finishing
            except LedgerError:
                return
            raise AssertionError("another process finished the call")
        await finishing
        if row.running:
            row.running, row.answer, row.final = False, answer, final
            row.finished = self.clock.now
            row.previous = row.execution if answer is None else None

    async def withdraw(self, who: int, key: CallKey) -> None:
        """Only a running call of one's own goes; what was in doubt before stays so."""
        row = self.rows.get(key)
        if row is None:
            return
        await self.ledgers[who].withdraw(row.execution)
        if row.running and row.owner == who:
            if row.previous is None:
                del self.rows[key]
            else:
                row.running, row.finished = False, self.clock.now

    async def restart(self, who: int) -> None:
        """What it ran is nobody's now."""
        await self.ledgers[who].close()
        self.ledgers[who] = await Ledger.open(self.path, clock=self.clock)
        for row in self.rows.values():
            if row.owner == who:
                row.owner = None

    async def wait(self, hours: int) -> None:
        """Time passes."""
        self.clock.pass_by(hours=hours)

    async def prune(self, who: int) -> None:
        """Old answers go, and nothing else."""
        before = self.clock.now - timedelta(hours=72)
        old = [
            key
            for key, row in self.rows.items()
            if not row.running and row.answer is not None and row.finished < before
        ]
        assert (await self.ledgers[who].prune()).answers == len(old)
        for key in old:
            del self.rows[key]

    async def check(self) -> None:
        """The counts agree, from both sides."""
        rows = self.rows.values()
        alive = sum(row.running and row.owner is not None for row in rows)
        finished = sum(not row.running and row.answer is not None for row in rows)
        for ledger in self.ledgers:
            stats = await ledger.stats()
            assert (stats.running, stats.finished) == (alive, finished)
            assert stats.left == len(rows) - alive - finished


async def play(steps: list[tuple]) -> None:
    """Play a sequence in a new world."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "ledger.sqlite3")
        await world.start()
        try:
            for name, *values in steps:
                await getattr(world, name)(*values)
                await world.check()
        finally:
            for ledger in world.ledgers:
                await ledger.close()


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_any_sequence_agrees_with_the_model(steps: list[tuple]) -> None:
    """Whatever happens in whatever order, the ledger says what the rules say."""
    asyncio.run(play(steps))
