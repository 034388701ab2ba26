"""Effects, and orders held back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bridge.ledger import Effect, Ledger
from tests.ledger.support import START, Clock

SHOP = "one.myshopify.com"


def effect(order: str, kind: str = "package", natural_id: str = "1", **more) -> Effect:
    """An effect in one shop at the start of time."""
    values = {"shop": SHOP, "detail": {}, "at": START, **more}
    return Effect(order_gid=order, kind=kind, natural_id=natural_id, **values)


async def test_effect_comes_back_as_it_went_in(ledger: Ledger) -> None:
    """Detail, time (to the millisecond, as UTC) and key are unaltered."""
    there = timezone(timedelta(hours=-5))
    at = datetime(2026, 10, 1, 7, 30, 15, 123000, tzinfo=there)
    went_in = effect("gid://1", detail={"ids": [1, "2", None], "ü": {"x": True}}, at=at)
    assert await ledger.record_effects([went_in]) == [went_in]
    (came_out,) = await ledger.effects(SHOP, "package")
    assert came_out == went_in
    assert came_out.at.tzinfo is UTC


async def test_first_of_equal_effects_is_kept(ledger: Ledger) -> None:
    """Recording is idempotent and tells which were new, within one call too."""
    first = effect("gid://1", detail={"n": 1})
    other = effect("gid://2")
    assert await ledger.record_effects([first, effect("gid://1", detail={"n": 2})]) == [first]
    assert await ledger.record_effects([effect("gid://1", detail={"n": 3}), other]) == [other]
    assert [e.detail for e in await ledger.effects(SHOP, "package", order_gids=["gid://1"])] == [
        {"n": 1}
    ]


async def test_effects_are_found_by_shop_kind_order_and_time(ledger: Ledger) -> None:
    """Each filter narrows; oldest first; no order asked for means none found."""
    later = START + timedelta(hours=1)
    a = effect("gid://1", "package")
    b = effect("gid://2", "package", at=later)
    c = effect("gid://1", "refund", at=START + timedelta(hours=2))
    d = effect("gid://1", "package", shop="two.myshopify.com")
    await ledger.record_effects([c, b, a, d])
    assert await ledger.effects(SHOP, "package") == [a, b]
    assert await ledger.effects(SHOP, ["package", "refund"]) == [a, b, c]
    assert await ledger.effects(SHOP, ["package", "refund"], order_gids={"gid://1"}) == [a, c]
    assert await ledger.effects(SHOP, "package", since=later) == [b]
    assert await ledger.effects(SHOP, "package", order_gids=[]) == []
    assert await ledger.effects("two.myshopify.com", "package") == [d]


async def test_everything_done_to_one_order(ledger: Ledger) -> None:
    """Effects of every kind, oldest first; no other order's or shop's."""
    a = effect("gid://1", "refund")
    b = effect("gid://1", "package", at=START + timedelta(hours=1))
    await ledger.record_effects(
        [b, a, effect("gid://11"), effect("gid://1", shop="two.myshopify.com")]
    )
    assert await ledger.order_effects(SHOP, "gid://1") == [a, b]


async def test_thousands_of_orders_in_one_question(ledger: Ledger) -> None:
    """No limit on how many orders are asked for at once."""
    orders = [f"gid://{n}" for n in range(40_000)]
    await ledger.record_effects([effect("gid://39999")])
    assert len(await ledger.effects(SHOP, "package", order_gids=orders)) == 1


async def test_forgotten_effects_can_be_recorded_again(ledger: Ledger) -> None:
    """Only the named kinds of the named order are forgotten."""
    gone, stays, other = effect("gid://1"), effect("gid://1", "refund"), effect("gid://2")
    await ledger.record_effects([gone, stays, other])
    assert await ledger.forget_effects(SHOP, "gid://1", ["package"]) == 1
    assert await ledger.effects(SHOP, ["package", "refund"]) == [stays, other]
    assert await ledger.record_effects([gone]) == [gone]


async def test_naive_time_and_odd_detail_are_refused(ledger: Ledger) -> None:
    """Mistakes of the caller, told before anything is written."""
    with pytest.raises(ValueError, match="zone"):
        await ledger.record_effects([effect("gid://1", at=START.replace(tzinfo=None))])
    with pytest.raises(TypeError):
        await ledger.record_effects([effect("gid://1", detail={"at": START})])
    assert await ledger.effects(SHOP, "package") == []


async def test_prune_keeps_effects_for_their_days(ledger: Ledger, clock: Clock) -> None:
    """400 days; held-back orders that nobody has seen for as long go too."""
    await ledger.record_effects([effect("gid://1")])
    await ledger.hold_back(21, "gid://1", "1001", code="MONEY", reason="does not add up")
    clock.pass_by(days=400)
    await ledger.record_effects([effect("gid://2", at=clock.now)])
    kept = await ledger.prune()
    assert (kept.effects, kept.held_back) == (0, 0)
    pruned = await ledger.prune(clock.now + timedelta(seconds=1))
    assert (pruned.effects, pruned.held_back) == (1, 1)
    assert [e.order_gid for e in await ledger.effects(SHOP, "package")] == ["gid://2"]


async def test_what_is_known_of_orders_is_found_in_one_look(ledger: Ledger) -> None:
    """Of the orders asked for: effects of the kinds asked for, and those held by this channel."""
    a, b = effect("gid://1"), effect("gid://3", "refund")
    others = [effect("gid://1", "note"), effect("gid://2"), effect("gid://1", shop="two")]
    await ledger.record_effects([a, b, *others])
    for channel, gid in ((21, "gid://1"), (21, "gid://2"), (22, "gid://3")):
        await ledger.hold_back(channel, gid, "n", code="X", reason="r")
    found = await ledger.standing(SHOP, 21, ["gid://1", "gid://3"], ("package", "refund"))
    assert sorted(found.effects, key=lambda e: e.order_gid) == [a, b]
    assert found.held == {"gid://1"}


@pytest.mark.parametrize("asked", [0, 1, 3, 127, 128, 129, 300])
async def test_of_however_many_orders(ledger: Ledger, asked: int) -> None:
    """One, a page, or more than a statement takes: every order is found once."""
    every = [f"gid://{n}" for n in range(asked)]
    await ledger.record_effects([effect(gid) for gid in every])
    for gid in every[::7]:
        await ledger.hold_back(21, gid, "n", code="X", reason="r")
    found = await ledger.standing(SHOP, 21, every, ("package",))
    assert sorted(e.order_gid for e in found.effects) == sorted(every)
    assert found.held == frozenset(every[::7])


async def test_order_held_back_again_keeps_its_first_time(ledger: Ledger, clock: Clock) -> None:
    """One row an order: the newest reason, the first and last time, how often."""
    await ledger.hold_back(21, "gid://1", "1001", code="MONEY", reason="old", place="m.toml:1:2")
    clock.pass_by(hours=1)
    await ledger.hold_back(21, "gid://1", "#1001", code="MAPPING_FAILED", reason="new")
    (row,) = await ledger.held_back(21)
    assert (row.refnum, row.code, row.reason, row.place) == ("#1001", "MAPPING_FAILED", "new", "")
    assert (row.first_at, row.at, row.times) == (START, clock.now, 2)


async def test_held_back_orders_belong_to_a_channel(ledger: Ledger, clock: Clock) -> None:
    """Listed and released by channel, those held longest first."""
    await ledger.hold_back(21, "gid://2", "2", code="X", reason="r", at=START)
    await ledger.hold_back(21, "gid://1", "1", code="X", reason="r", at=START + timedelta(1))
    await ledger.hold_back(22, "gid://1", "1", code="X", reason="r")
    assert [row.refnum for row in await ledger.held_back(21)] == ["2", "1"]
    assert await ledger.release(21, ["gid://1", "gid://7"]) == 1
    assert [row.refnum for row in await ledger.held_back(21)] == ["2"]
    assert len(await ledger.held_back(22)) == 1
