"""order_pull over HTTP: tokens, pages, long orders, single orders, and what search loses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import QueryRejected
from bridge.sandbox import execute
from tests.stories.caller import (
    PLAIN,
    TAG,
    acknowledge,
    held_back,
    one_of_kind,
    orders_of,
    placed,
    pull,
    pull_all,
    reconfigure,
    refnums,
)
from tests.support import world


async def test_a_token_survives_a_restart(tmp_path: Path) -> None:
    """The second page of the old process is the second page of the new one; none is skipped."""
    async with world(tmp_path, order_pull={"page_size": 15}) as w:
        whole = refnums(await pull_all(w))
        first, token = await pull(w)
        second, _ = await pull(w, token)
        await w.restart()
        again, _ = await pull(w, token)
        assert refnums(again) == refnums(second)
        assert refnums(first + second) == whole[: len(first) + len(second)]
        assert len(set(whole)) == len(whole)


async def test_a_token_that_cannot_be_trusted_restarts(tmp_path: Path) -> None:
    """Cut, changed, of another search or no token at all: the oldest page, never an error."""
    async with world(tmp_path, order_pull={"page_size": 15}) as w:
        first, token = await pull(w)
        second, _ = await pull(w, token)
        assert refnums(second) != refnums(first)
        middle = len(token) // 2
        other = "A" if token[middle] != "A" else "B"
        changed = token[:middle] + other + token[middle + 1 :]
        for damaged in (token[:-3], changed, token + "AAAA", "not a token", "☃", "=", None, 17):
            again, _ = await pull(w, damaged)
            assert refnums(again) == refnums(first), damaged
        await reconfigure(w, order_pull={"page_size": 15, "tags_exclude": ["never-used"]})
        again, _ = await pull(w, token)
        assert refnums(again) == refnums(first)


async def test_acknowledging_between_pages_skips_nothing(tmp_path: Path) -> None:
    """The token is a place in time, not a number of orders: the next page is still the next."""
    async with world(tmp_path, order_pull={"page_size": 15}) as w:
        whole = refnums(await pull_all(w))
        token, came = "", []
        while True:
            orders, token = await pull(w, token)
            came += refnums(orders)
            if orders:
                await acknowledge(w, *refnums(orders))
            await w.advance(10)
            if not token:
                break
        assert came == whole


async def test_a_page_that_is_too_dear_is_halved_and_the_size_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MAX_COST_EXCEEDED from Shopify: smaller pages, all orders, and no second refusal."""
    async with world(tmp_path, order_pull={"page_size": 100}) as w:
        whole = refnums(await pull_all(w))
        await w.restart()
        await w.spent()
        monkeypatch.setattr(execute, "MAX_QUERY_COST", 470)
        assert refnums(await pull_all(w)) == whole
        refused = [r for r in await w.requests() if "MAX_COST_EXCEEDED" in r["errors"]]
        assert 1 <= len(refused) <= 3
        await w.spent()
        assert refnums(await pull_all(w)) == whole
        assert await w.spent()
        again = [r for r in await w.requests() if "MAX_COST_EXCEEDED" in r["errors"]]
        assert again == refused


async def test_120_lines_come_whole(tmp_path: Path) -> None:
    """Every line of the long order, once, with the page's own lines first."""
    async with world(tmp_path) as w:
        long = await one_of_kind(w, "hundred_and_twenty_lines")
        (order,) = [o for o in await pull_all(w) if o["channel_order_refnum"] == long["id"]]
        lines = [i["channel_item_refnum"] for i in order["order_items"]]
        assert lines == [line["id"] for line in long["lines"]]
        assert len(set(lines)) == 120


@pytest.mark.parametrize("lines", [1, 50, 250])
async def test_120_lines_whatever_came_with_the_page(tmp_path: Path, lines: int) -> None:
    """lines_per_order decides what the page costs, never what RetailOps is told."""
    async with world(tmp_path, order_pull={"lines_per_order": lines}) as w:
        long = await one_of_kind(w, "hundred_and_twenty_lines")
        (order,), _ = await pull(w, specific_orders=[long["id"]])
        got = [(i["channel_item_refnum"], i["quantity"]) for i in order["order_items"]]
        assert got == [(line["id"], line["current_quantity"]) for line in long["lines"]]


async def test_an_edit_between_the_pages_of_an_order(tmp_path: Path) -> None:
    """Its updatedAt has moved: it is read again from its start, and told as it is now."""
    async with world(tmp_path) as w:
        long = await one_of_kind(w, "hundred_and_twenty_lines")
        edits = iter([{"position": 2, "units": long["lines"][2]["current_quantity"]}])

        def edit(_: Mapping[str, Any]) -> None:
            for given in edits:
                w.store.sandbox.store.happen(long["id"], "reduce", given)

        w.hook("before", "OrderLines", edit)
        (order,) = [o for o in await pull_all(w) if o["channel_order_refnum"] == long["id"]]
        lines = [i["channel_item_refnum"] for i in order["order_items"]]
        assert lines == [line["id"] for n, line in enumerate(long["lines"]) if n != 2]
        assert (await w.spent()).operations.count("OrderLines") == 2


async def test_an_order_that_is_being_edited_all_the_time_waits(tmp_path: Path) -> None:
    """It costs neither the page nor itself: the next pull has it whole."""
    async with world(tmp_path) as w:
        long = await one_of_kind(w, "hundred_and_twenty_lines")
        still = True

        async def edit(_: Mapping[str, Any]) -> None:
            if still:
                w.store.sandbox.store.happen(long["id"], "add", {"sku": PLAIN, "units": 1})
                await w.advance(2)

        w.hook("before", "OrderLines", edit)
        first = refnums(await pull_all(w))
        assert long["id"] not in first
        assert await held_back(w) == {
            k: v for k, v in (await held_back(w)).items() if k != long["id"]
        }
        still = False
        again = await pull_all(w)
        assert set(refnums(again)) == {*first, long["id"]}
        (order,) = [o for o in again if o["channel_order_refnum"] == long["id"]]
        assert len(order["order_items"]) == len((await orders_of(w))[long["id"]]["lines"]) > 120


async def test_specific_orders_by_whatever_name(tmp_path: Path) -> None:
    """Id, GID, name, #name; acknowledged, unready and cancelled ones too; unknown ones left out."""
    async with world(tmp_path) as w:
        orders = await orders_of(w)
        of_kind = {o["kind"]: o for o in orders.values()}
        plain, taken = of_kind["plain_paid"], of_kind["jpy"]
        held, cancelled, test = (
            of_kind[k] for k in ("on_hold", "cancelled_refunded", "test_order")
        )
        await acknowledge(w, taken["id"])
        for asked in (plain["id"], plain["gid"], plain["name"], plain["name"].lstrip("#")):
            (order,), token = await pull(w, "whatever", specific_orders=[asked])
            assert order["channel_order_refnum"] == plain["id"]
            assert token == ""
        asked = [
            taken["name"],
            held["gid"],
            cancelled["id"],
            test["name"],
            "#9999",
            "12345",
            "gid://shopify/Product/1",
            "",
            taken["id"],
        ]
        came, token = await pull(w, specific_orders=asked)
        assert {o["channel_order_refnum"]: o.get("cancel", False) for o in came} == {
            taken["id"]: False,
            held["id"]: False,
            cancelled["id"]: True,
            test["id"]: False,
        }
        assert len(came) == 4
        assert token == ""


async def test_more_specific_orders_than_an_answer_holds(tmp_path: Path) -> None:
    """The first 100 that exist come, unknown ones take no place; the log has the rest."""
    async with world(tmp_path, orders=150, plan="enterprise") as w:
        known = [o["id"] for o in (await w.state())["orders"] if o["kind"] == "bulk"]
        assert len(known) >= 130
        asked = [*known[:40], "77777", "88888", *known[40:130]]
        with capture_logs() as logs:
            came, token = await pull(w, specific_orders=asked)
        assert sorted(refnums(came)) == sorted(known[:100])
        assert token == ""
        (told,) = [x for x in logs if x["event"] == "specific_orders_left_out"]
        assert (told["count"], told["order"]) == (30, known[100])
        assert told["log_level"] == "warning"
        assert [x["order"] for x in logs if x["event"] == "order_not_found"] == ["77777", "88888"]
        with capture_logs() as logs:
            rest, _ = await pull(w, specific_orders=known[100:130])
        assert sorted(refnums(rest)) == sorted(known[100:130])
        assert not [x for x in logs if x["event"] == "specific_orders_left_out"]


async def test_specific_orders_within_the_deadline(tmp_path: Path) -> None:
    """What was reached comes, the rest is told: not HTTP 503 for all of it."""
    async with world(tmp_path, orders=30) as w:
        await reconfigure(w, server={"deadline_seconds": 6.0})
        known = [o["id"] for o in (await w.state())["orders"] if o["kind"] == "bulk"]
        w.hook("after", "OrderPull", lambda _: asyncio.sleep(1.1))
        with capture_logs() as logs:
            came, _ = await pull(w, specific_orders=known[:30])
        assert 0 < len(came) < 30
        (told,) = [x for x in logs if x["event"] == "specific_orders_left_out"]
        assert told["count"] == 30 - len(came)
        assert told["reason"] == "no time left"


async def test_specific_orders_with_nothing_in_it_is_a_usual_pull(tmp_path: Path) -> None:
    """Null and an empty list count as absent; a list of unknown orders gives none."""
    async with world(tmp_path) as w:
        usual = refnums((await pull(w))[0])
        assert usual
        assert refnums((await pull(w, specific_orders=None))[0]) == usual
        assert refnums((await pull(w, specific_orders=[]))[0]) == usual
        assert await pull(w, specific_orders=["12345"]) == ([], "")


async def test_specific_orders_does_not_change_what_is_pulled_next(tmp_path: Path) -> None:
    """Asking for an order is not taking it."""
    async with world(tmp_path) as w:
        usual = refnums(await pull_all(w))
        await pull(w, specific_orders=usual[:5])
        assert refnums(await pull_all(w)) == usual


async def test_the_sweep_finds_what_the_index_has_not_learnt(tmp_path: Path) -> None:
    """Search will not know of the new order for months; the pull has it all the same, once."""
    async with world(tmp_path, lag=1e7, order_pull={"sweep_minutes": 0}) as w:
        await acknowledge(w, *refnums(await pull_all(w)))
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        assert refnums(await pull_all(w)) == [made["id"]]
        await acknowledge(w, made["id"])
        assert await pull_all(w) == []
        assert TAG in (await orders_of(w))[made["id"]]["tags"]


async def test_the_sweep_comes_in_its_time(tmp_path: Path) -> None:
    """Every ten minutes by default: between two looks the index is believed."""
    async with world(tmp_path, lag=1e7) as w:
        await acknowledge(w, *refnums(await pull_all(w)))
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        assert await pull_all(w) == []
        await w.advance(10 * 60)
        assert refnums(await pull_all(w)) == [made["id"]]


async def test_the_sweep_goes_through_the_whole_history(tmp_path: Path) -> None:
    """The index has lost an old order, far behind the newest 250 changes: it comes all the same."""
    async with world(tmp_path, orders=260) as w:
        lost = await one_of_kind(w, "gift_with_notes")
        # Lost for good: the document is gone and nobody touches the order again.
        del w.store.sandbox.index._live["Order"][lost["gid"]]
        await reconfigure(w, order_pull={"tags_include": lost["tags"]})
        orders, token = await pull(w)
        assert lost["id"] in refnums(orders)
        assert token == ""
        assert (await w.spent()).operations == ["OrderPull", "OrderSweep", "OrderPull"]
        # The next sweep begins anew, as search does: nothing of it is kept for good.
        assert lost["id"] not in refnums((await pull(w))[0])
        for _ in range(2):
            await w.advance(10 * 60)
            came = refnums((await pull(w))[0])
        assert lost["id"] in came


async def test_a_full_page_costs_no_second_request(tmp_path: Path) -> None:
    """The look down the history waits for the end of the round; the next round has the order."""
    async with world(tmp_path, orders=200, order_pull={"page_size": 20}) as w:
        oldest = await one_of_kind(w, "plain_paid")
        del w.store.sandbox.index._live["Order"][oldest["gid"]]
        orders, token = await pull(w)
        assert (await w.spent()).operations == ["OrderPull"]
        first = refnums(orders)
        assert oldest["id"] not in first
        came = list(first)
        while token:
            orders, token = await pull(w, token)
            came += refnums(orders)
        assert (await w.spent()).operations.count("OrderSweep") == 1
        assert len(came) == len(set(came))
        orders, _ = await pull(w)
        assert refnums(orders) == [*first, oldest["id"]]


async def test_a_sweep_that_fails_costs_no_order(tmp_path: Path) -> None:
    """Shopify refuses just the look down the history: the page is answered all the same."""
    policy = {"tags_include": ["gift"]}
    async with world(tmp_path, orders=200, order_pull=policy) as w:

        def refuse(_: Mapping[str, Any]) -> None:
            raise QueryRejected("the cursor is not valid")

        w.hook("before", "OrderSweep", refuse)
        orders, _ = await pull(w)
        assert orders
        await w.restart()
        assert refnums((await pull(w))[0]) == refnums(orders)
        assert "OrderSweep" in (await w.spent()).operations


async def test_an_index_that_still_shows_what_was_taken(tmp_path: Path) -> None:
    """Search shows 60 taken orders for months to come: they are passed over inside the call."""
    async with world(tmp_path, lag=1e7, order_pull={"page_size": 10}) as w:
        whole = refnums(await pull_all(w))
        await acknowledge(w, *whole[:-1])
        await w.restart()
        orders, _ = await pull(w)
        assert refnums(orders) == whole[-1:]


async def test_pulls_at_once_are_equal(tmp_path: Path) -> None:
    """RetailOps may call again while the first call runs: both have the same orders."""
    async with world(tmp_path, plan="plus") as w:
        answers = await asyncio.gather(*(pull(w) for _ in range(5)))
        assert len(answers[0][0]) > 30
        assert all(refnums(orders) == refnums(answers[0][0]) for orders, _ in answers)
