"""The file: private, versioned, and refused when it cannot be trusted or used."""

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.errors import LedgerBusy, LedgerError, StepOpen
from bridge.ledger import CallKey, Claimed, Ledger, Replay, database
from bridge.ledger.model import to_millis
from bridge.ledger.owners import owners_dir
from tests.ledger.support import BODY, GID, KEY, SHOP, START, Clock, effect_of, opened, step


async def refusal(path: Path) -> str:
    """What ``open`` says about a file that it must not accept."""
    with pytest.raises(LedgerError) as refused:
        await Ledger.open(path, busy_seconds=0.05)
    return str(refused.value)


async def test_file_is_private_durable_and_strict(path: Path) -> None:
    """Mode 0600 with its log, 0700 for the owners; WAL; every commit flushed; STRICT tables."""
    async with opened(path) as ledger:
        await ledger.ping()
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            assert stat.S_IMODE(name.stat().st_mode) == 0o600, name
        assert stat.S_IMODE(owners_dir(path).stat().st_mode) == 0o700
        (owner,) = owners_dir(path).iterdir()
        assert stat.S_IMODE(owner.stat().st_mode) == 0o600
    connection = database.connect(path, 1)
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        tables = connection.execute("PRAGMA table_list").fetchall()
        ours = [row for row in tables if row[0] == "main" and not row[1].startswith("sqlite_")]
        assert {row[1] for row in ours} == {
            "calls",
            "steps",
            "effects",
            "tickets",
            "held_back",
            "pulse",
            "meta",
        }
        assert all(row[5] == 1 for row in ours)
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO pulse VALUES (1, 'now')")
    finally:
        connection.close()


async def test_open_file_is_made_private(path) -> None:
    """A ledger that others could read is closed to them."""
    async with opened(path):
        pass
    path.chmod(0o644)
    async with opened(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_missing_folder(path: Path) -> None:
    """The message names the folder and says to create it."""
    said = await refusal(path.parent / "nowhere" / "ledger.sqlite3")
    assert f"{path.parent / 'nowhere'} does not exist; create it" in said


async def test_folder_in_its_place(path) -> None:
    """A path that names a folder is refused."""
    path.mkdir()
    assert "not a file; set [ledger] path" in await refusal(path)


async def test_not_a_database(path) -> None:
    """Another kind of file is refused and not touched."""
    text = b"id,name\n" * 1000
    path.write_bytes(text)
    said = await refusal(path)
    assert str(path) in said
    assert "no SQLite database" in said
    assert path.read_bytes() == text


async def test_another_programs_database(path: Path) -> None:
    """A SQLite file with other tables is refused and gets none of ours."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()
    assert "another program's database" in await refusal(path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("bookmarks",)]
    connection.close()


async def test_newer_schema(path: Path) -> None:
    """A file that a newer bridge wrote is refused, with both versions."""
    async with opened(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "schema 99, this one knows 3" in await refusal(path)


async def test_damaged_pages(path) -> None:
    """A ledger with garbage in it refuses the call that meets it; a restored copy works."""
    async with opened(path) as ledger:
        for n in range(50):
            got = await ledger.claim(CallKey(21, "a", str(n)), BODY, wait_seconds=0)
            assert isinstance(got, Claimed)
            await ledger.finish(got.execution_id, b"x" * 2000, final=True)
    whole = path.read_bytes()
    # Page 1 holds the header and the schema; every row and index is behind it.
    path.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))
    with pytest.raises(LedgerError, match=r"damaged; .*restore a backup"):
        async with opened(path) as ledger:
            await ledger.claim(KEY, BODY, wait_seconds=0)
    path.write_bytes(whole)
    async with opened(path) as ledger:
        kept = await ledger.claim(CallKey(21, "a", "7"), BODY, wait_seconds=0)
        assert kept == Replay(b"x" * 2000)


async def test_locked_by_another_program(path: Path) -> None:
    """Busy after ``busy_seconds``, retryable; reads still work; then all goes on."""
    async with opened(path, busy_seconds=0.05) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy, match=r"more than 0.05 s; repeat the call") as busy:
            await ledger.claim(KEY, BODY, wait_seconds=0)
        assert busy.value.retryable
        assert str(path) in str(busy.value)
        assert (await ledger.stats()).running == 0
        other.execute("ROLLBACK")
        assert isinstance(await ledger.claim(KEY, BODY, wait_seconds=0), Claimed)
        other.close()


async def test_finish_while_locked_is_made_good(path: Path) -> None:
    """The caller is told; the answer is written as soon as the other program lets go."""
    async with opened(path, busy_seconds=0.01) as ledger:
        got = await ledger.claim(KEY, BODY, wait_seconds=0)
        assert isinstance(got, Claimed)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy):
            await ledger.finish(got.execution_id, b"made good", final=True)
        assert (await ledger.stats()).owed == 1
        other.execute("ROLLBACK")
        other.close()
        assert await ledger.claim(KEY, BODY, wait_seconds=10) == Replay(b"made good")
        assert (await ledger.stats()).owed == 0


async def test_locked_at_start(path: Path) -> None:
    """Opening waits ``busy_seconds`` too, then says so."""
    async with opened(path):
        pass
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert "another process has been writing" in await refusal(path)
    other.execute("ROLLBACK")
    other.close()
    async with opened(path):
        pass


async def test_file_taken_away_while_open(path) -> None:
    """Nothing is written into a file that is gone or another; put back, it is used again."""
    away = path.with_name("away")
    async with opened(path) as ledger:
        await ledger.ping()
        path.rename(away)
        with pytest.raises(LedgerError, match="it is gone"):
            await ledger.claim(KEY, BODY, wait_seconds=0)
        path.touch(mode=0o600)
        with pytest.raises(LedgerError, match="another file stands in its place"):
            await ledger.claim(KEY, BODY, wait_seconds=0)
        path.unlink()
        away.rename(path)
        assert isinstance(await ledger.claim(KEY, BODY, wait_seconds=0), Claimed)


async def test_closed_ledger_refuses(path: Path) -> None:
    """After ``close`` every call is refused; closing again does nothing."""
    async with opened(path) as ledger:
        await ledger.close()
        with pytest.raises(LedgerError, match="it is closed"):
            await ledger.ping()
        await ledger.close()


# -- the schema's versions ----------------------------------------------------------------------

FIRST = "-- version 1\nCREATE TABLE one (a INTEGER) STRICT; -- a remark\n"
SECOND = "-- version 2\nALTER TABLE one ADD COLUMN b TEXT;\nUPDATE one SET b = 'x;y';\n"


def migrated(path: Path, script: str) -> tuple[int, list[tuple[object, ...]]]:
    """The version reached and the rows of table ``one``."""
    database.create_private(path)
    connection = database.connect(path, 1)
    try:
        version = database.migrate(connection, path, 1, 0, script)
        return version, connection.execute("SELECT * FROM one").fetchall()
    finally:
        connection.close()


def test_older_file_is_brought_up(path: Path) -> None:
    """Each section runs once, in order; a new file and an old one end up equal."""
    assert migrated(path, FIRST) == (1, [])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO one VALUES (7)")
    connection.commit()
    connection.close()
    assert migrated(path, FIRST + SECOND) == (2, [(7, "x;y")])
    assert migrated(path, FIRST + SECOND) == (2, [(7, "x;y")])
    assert migrated(path.with_name("new"), FIRST + SECOND) == (2, [])


def test_migration_that_fails_changes_nothing(path: Path) -> None:
    """All sections or none: the file keeps its version and its tables."""
    migrated(path, FIRST)
    broken = FIRST + SECOND + "-- version 3\nDROP TABLE nowhere;\n"
    with pytest.raises(sqlite3.OperationalError):
        migrated(path, broken)
    assert migrated(path, FIRST) == (1, [])


async def test_version_1_file_with_rows(path: Path, clock: Clock) -> None:
    """All that it knew is there; it is as old as its oldest row; steps can be written."""
    first, *_ = database.shipped_schema().split("-- version 2")
    old = to_millis(START - timedelta(days=3))
    database.create_private(path)
    connection = database.connect(path, 1)
    assert database.migrate(connection, path, 1, 0, first) == 1
    connection.execute(
        "INSERT INTO calls (channel, action, natural_id, body_hash, state, execution, owner,"
        " answer, final, claimed_at, finished_at)"
        " VALUES (21, 'order_acknowledge', '1001', ?, 'finished', 'e', 'o', ?, 1, ?, ?)",
        (BODY, b"yes", old + 5, old + 6),
    )
    connection.execute(
        "INSERT INTO effects VALUES ('one.myshopify.com', 'gid', 'acknowledged', '', '{}', ?)",
        (old,),
    )
    connection.execute(
        "INSERT INTO held_back VALUES (21, 'gid', '1001', 'MONEY', 'r', '', ?, ?, 3)", (old, old)
    )
    connection.close()
    async with opened(path, clock=clock) as ledger:
        assert (await ledger.stats()).schema_version == 3
        assert await ledger.born() == START - timedelta(days=3)
        assert await ledger.claim(KEY, BODY, wait_seconds=0) == Replay(b"yes")
        assert len(await ledger.effects(SHOP, "acknowledged")) == 1
        assert [row.times for row in await ledger.held_back(21)] == [3]
        step_id = await ledger.begin_step(step())
        await ledger.complete_step(step_id, effect_of(step()))
    async with opened(path, clock=clock) as ledger:
        assert (await ledger.step(step_id)).state == "done"
        assert await ledger.born() == START - timedelta(days=3)


async def test_version_2_file_with_steps(path: Path, clock: Clock) -> None:
    """Its steps are there in their order, and the open one still stands in the way of another."""
    earlier, _ = database.shipped_schema().split("-- version 3")
    database.create_private(path)
    connection = database.connect(path, 1)
    assert database.migrate(connection, path, 1, 0, earlier) == 2
    at = to_millis(START)
    for name, state, doubt, ended in (("p1", "doubt", at, None), ("p2", "done", None, at)):
        connection.execute(
            "INSERT INTO steps (id, execution, channel, shop, order_gid, key, kind, natural_id,"
            " operation, idempotency_key, pre_image, expect, state, sent_at, doubt_at, ended_at,"
            " owner) VALUES (?, 'e', 21, ?, ?, 'ship', 'fulfillment', ?, 'FulfillmentCreate', '',"
            " '{\"ids\":[]}', '{}', ?, ?, ?, ?, 'o')",
            (f"step {name}", SHOP, GID, name, state, at, doubt, ended),
        )
    connection.close()
    async with opened(path, clock=clock) as ledger:
        assert [(s.id, s.state) for s in await ledger.steps()] == [
            ("step p2", "done"),
            ("step p1", "doubt"),
        ]
        assert (await ledger.step("step p1")).pre_image == {"ids": []}
        with pytest.raises(StepOpen):
            await ledger.begin_step(step())
        await ledger.begin_convergent([step(kind="")])


async def test_empty_version_1_file_is_born_when_it_is_brought_up(path: Path, clock: Clock) -> None:
    """Nothing in it tells its age: it counts as new, which is the careful side."""
    first, *_ = database.shipped_schema().split("-- version 2")
    database.create_private(path)
    connection = database.connect(path, 1)
    database.migrate(connection, path, 1, 0, first)
    connection.close()
    async with opened(path, clock=clock) as ledger:
        assert await ledger.born() == START


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("-- version 2\nCREATE TABLE one (a);\n", "count from 1"),
        ("-- version 1\nCREATE TABLE one (a)\n", "does not end"),
    ],
)
def test_badly_written_schema_is_a_bug(path: Path, script: str, said: str) -> None:
    """Gaps in the versions and statements that do not end are told at once."""
    with pytest.raises(ValueError, match=said):
        migrated(path, script)


def test_shipped_schema_is_package_data() -> None:
    """It is found through the package, as in an installed wheel, and has three versions."""
    assert len(database.sections(database.shipped_schema())) == 3
