"""The statements about effects and about orders held back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from functools import lru_cache

from bridge.ledger.model import Effect, HeldBack, Standing, from_millis, to_millis

RECORD = """
INSERT INTO effects (shop, order_gid, kind, natural_id, detail, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
EFFECTS = """
SELECT shop, order_gid, kind, natural_id, detail, at FROM effects
WHERE shop = :shop AND kind IN (SELECT value FROM json_each(:kinds)) AND at >= :since
ORDER BY at, order_gid, kind, natural_id
"""
EFFECTS_OF_ORDERS = """
SELECT shop, order_gid, kind, natural_id, detail, at FROM effects
WHERE shop = :shop AND order_gid IN (SELECT value FROM json_each(:order_gids))
  AND kind IN (SELECT value FROM json_each(:kinds)) AND at >= :since
ORDER BY at, order_gid, kind, natural_id
"""
OF_ORDER = """
SELECT shop, order_gid, kind, natural_id, detail, at FROM effects
WHERE shop = ? AND order_gid = ? ORDER BY at, kind, natural_id
"""
FORGET = """
DELETE FROM effects
WHERE shop = ? AND order_gid = ? AND kind IN (SELECT value FROM json_each(?))
"""
PRUNE_EFFECTS = """
DELETE FROM effects WHERE (shop, order_gid, kind, natural_id) IN (
  SELECT shop, order_gid, kind, natural_id FROM effects WHERE at < ? LIMIT ?)
"""
HOLD_BACK = """
INSERT INTO held_back (channel, order_gid, refnum, code, reason, place, first_at, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET refnum = excluded.refnum, code = excluded.code,
  reason = excluded.reason, place = excluded.place, at = excluded.at, times = times + 1
"""
HELD_BACK = """
SELECT order_gid, refnum, code, reason, place, first_at, at, times FROM held_back
WHERE channel = ? ORDER BY first_at, order_gid
"""
# One statement, since each begins a read transaction of its own; the names stand in the statement,
# since json_each takes longer to begin than the rows to be found.
STANDING = """
SELECT shop, order_gid, kind, natural_id, detail, at FROM effects
WHERE shop = ? AND order_gid IN ({names})
UNION ALL SELECT NULL, order_gid, NULL, NULL, NULL, NULL FROM held_back
WHERE channel = ? AND order_gid IN ({names})
"""
# A page has at most 100 orders. SQLite takes 999 names in a statement, even where it is old.
STANDING_AT_ONCE = 128
HELD_BACK_OF = """
SELECT order_gid FROM held_back
WHERE channel = ? AND order_gid IN (SELECT value FROM json_each(?))
"""
RELEASE = """
DELETE FROM held_back
WHERE channel = ? AND order_gid IN (SELECT value FROM json_each(?))
"""
PRUNE_HELD_BACK = """
DELETE FROM held_back WHERE (channel, order_gid) IN (
  SELECT channel, order_gid FROM held_back WHERE at < ? LIMIT ?)
"""
# Below every stored time: 1970 is 0, and nothing here is older.
ANY_TIME = -(2**62)


def row_of(effect: Effect) -> tuple[str, str, str, str, str, int]:
    """An effect as the table has it; TypeError when its detail is not JSON."""
    detail = json.dumps(dict(effect.detail), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return (
        effect.shop,
        effect.order_gid,
        effect.kind,
        effect.natural_id,
        detail,
        to_millis(effect.at),
    )


def record(
    connection: sqlite3.Connection, rows: Sequence[tuple[str, str, str, str, str, int]]
) -> list[int]:
    """Store effects, the first of each key; the places in ``rows`` of those that were new."""
    return [n for n, row in enumerate(rows) if connection.execute(RECORD, row).rowcount == 1]


def effects(
    connection: sqlite3.Connection,
    shop: str,
    kinds: Collection[str],
    order_gids: Collection[str] | None,
    since: int | None,
) -> list[Effect]:
    """Effects of one shop, oldest first."""
    named = {
        "shop": shop,
        "kinds": json.dumps(list(kinds)),
        "since": ANY_TIME if since is None else since,
        "order_gids": json.dumps(list(order_gids or ())),
    }
    rows = connection.execute(EFFECTS if order_gids is None else EFFECTS_OF_ORDERS, named)
    return [_effect(row) for row in rows]


def of_order(connection: sqlite3.Connection, shop: str, order_gid: str) -> list[Effect]:
    """All effects of one order, oldest first."""
    return [_effect(row) for row in connection.execute(OF_ORDER, (shop, order_gid))]


def _effect(row: tuple[str, str, str, str, str, int]) -> Effect:
    shop, order_gid, kind, natural_id, detail, at = row
    return Effect(shop, order_gid, kind, natural_id, json.loads(detail), from_millis(at))


def forget(
    connection: sqlite3.Connection, shop: str, order_gid: str, kinds: Collection[str]
) -> int:
    """Remove an order's effects of some kinds; how many there were."""
    return connection.execute(FORGET, (shop, order_gid, json.dumps(list(kinds)))).rowcount


def prune_effects(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Remove at most ``limit`` effects older than a time; how many there were."""
    return connection.execute(PRUNE_EFFECTS, (before, limit)).rowcount


def hold_back(
    connection: sqlite3.Connection, row: tuple[int, str, str, str, str, str, int]
) -> None:
    """Note an order that cannot be sent; its first time is kept, its reason is the newest."""
    connection.execute(HOLD_BACK, (*row, row[-1]))


def held_back(connection: sqlite3.Connection, channel: int) -> list[HeldBack]:
    """A channel's orders that cannot be sent, those held longest first."""
    return [
        HeldBack(
            channel, order_gid, refnum, code, reason, place, from_millis(first), from_millis(at), n
        )
        for order_gid, refnum, code, reason, place, first, at, n in connection.execute(
            HELD_BACK, (channel,)
        )
    ]


def held_back_of(
    connection: sqlite3.Connection, channel: int, order_gids: Collection[str]
) -> frozenset[str]:
    """Those of these orders that are on the list."""
    rows = connection.execute(HELD_BACK_OF, (channel, json.dumps(list(order_gids))))
    return frozenset(gid for (gid,) in rows)


def standing(
    connection: sqlite3.Connection,
    shop: str,
    channel: int,
    order_gids: Collection[str],
    kinds: Collection[str],
) -> Standing:
    """Effects of these orders, in any order, and which of them are on a channel's list."""
    found: list[Effect] = []
    held: list[str] = []
    every = list(order_gids)
    for start in range(0, len(every), STANDING_AT_ONCE):
        part = every[start : start + STANDING_AT_ONCE]
        size = 1 << (len(part) - 1).bit_length()
        names = part + part[-1:] * (size - len(part))
        for row in connection.execute(_standing(size), (shop, *names, channel, *names)):
            if row[0] is None:
                held.append(row[1])
            elif row[2] in kinds:
                found.append(_effect(row))
    return Standing(found, frozenset(held))


@lru_cache(maxsize=8)
def _standing(names: int) -> str:
    """The statement for so many orders: 1, 2, 4 … 128, so that all of them stay prepared."""
    return STANDING.format(names=", ".join("?" * names))


def release(connection: sqlite3.Connection, channel: int, order_gids: Collection[str]) -> int:
    """Strike orders off the list; how many were on it."""
    return connection.execute(RELEASE, (channel, json.dumps(list(order_gids)))).rowcount


def prune_held_back(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Remove at most ``limit`` orders that were last seen before a time."""
    return connection.execute(PRUNE_HELD_BACK, (before, limit)).rowcount
