"""Small reads without the writer's thread: the same answers, and the same errors."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.errors import LedgerError
from bridge.ledger import Effect, Ledger

SHOP, GID = "one.myshopify.com", "gid://shopify/Order/1"
AT = datetime(2026, 11, 23, tzinfo=UTC)


def shipped(number: int) -> Effect:
    """A package of this number."""
    return Effect(SHOP, GID, "fulfillment", f"p{number}", {"units": number}, AT)


async def test_it_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing queued: an order's effects come without the queue, an order's list does too."""
    ledger = await Ledger.open(tmp_path / "ledger.sqlite3")
    await ledger.record_effects([shipped(1)])
    queued: list[str] = []
    put = ledger._writer._put
    monkeypatch.setattr(ledger._writer, "_put", lambda o: (queued.append(o.what), put(o))[1])
    assert await ledger.order_effects(SHOP, GID) == [shipped(1)]
    assert await ledger.effects(SHOP, "fulfillment", order_gids=[GID]) == [shipped(1)]
    assert await ledger.release(21, [GID]) == 0
    assert queued == []
    assert await ledger.effects(SHOP, "fulfillment") == [shipped(1)]  # there may be thousands
    assert queued == ["read"]
    await ledger.close()


async def test_it_sees_what_was_asked_for_before(tmp_path: Path) -> None:
    """A read that follows a write that nobody has awaited yet comes after it."""
    ledger = await Ledger.open(tmp_path / "ledger.sqlite3")
    for number in range(50):
        ledger._writer.promise(
            "record",
            lambda c, n=number: c.execute(
                "INSERT INTO effects (shop, order_gid, kind, natural_id, detail, at)"
                " VALUES (?, ?, 'fulfillment', ?, '{}', 0)",
                (SHOP, GID, f"p{n}"),
            ),
        )
        assert len(await ledger.order_effects(SHOP, GID)) == number + 1
    await ledger.close()


async def test_two_processes_worth_of_ledgers(tmp_path: Path) -> None:
    """What another connection has committed is seen by the very next read."""
    one = await Ledger.open(tmp_path / "ledger.sqlite3")
    other = await Ledger.open(tmp_path / "ledger.sqlite3")
    assert await one.order_effects(SHOP, GID) == []
    for number in range(5):
        await other.record_effects([shipped(number)])
        assert len(await one.order_effects(SHOP, GID)) == number + 1
    await one.close()
    assert len(await other.order_effects(SHOP, GID)) == 5
    await other.close()


async def test_a_file_that_is_exchanged_is_not_read(tmp_path: Path) -> None:
    """Another file in its place: the writer's own words, not the other file's rows."""
    path = tmp_path / "ledger.sqlite3"
    ledger = await Ledger.open(path)
    assert await ledger.order_effects(SHOP, GID) == []
    path.rename(tmp_path / "old")
    path.write_bytes(b"")
    with pytest.raises(LedgerError, match="another file stands in its place"):
        await ledger.order_effects(SHOP, GID)
    (tmp_path / "old").rename(path)
    assert await ledger.order_effects(SHOP, GID) == []
    await ledger.close()


async def test_a_file_that_is_held_is_waited_for(tmp_path: Path) -> None:
    """Whoever holds the whole file is waited for where it costs no one else a wait: not here."""
    path = tmp_path / "ledger.sqlite3"
    ledger = await Ledger.open(path, busy_seconds=0.05)
    await ledger.close()
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("PRAGMA journal_mode = DELETE")
    holder.close()
    ledger = await Ledger.open(path, busy_seconds=0.05)
    await ledger.record_effects([shipped(1)])
    assert await ledger.order_effects(SHOP, GID) == [shipped(1)]
    await ledger.close()
    with pytest.raises(LedgerError, match="it is closed"):
        await ledger.order_effects(SHOP, GID)
