"""catalog_push, hundreds of products in one call: in batches, side by side, in time, in bulk."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.catalog_push import CatalogPush
from bridge.engine import Plan
from bridge.errors import OutcomeUnknown
from tests.stories.catalogue import by_sku, exists, look, product, push, spoil, variant, written
from tests.support import Answer, world

Products = list[dict[str, Any]]


def many(count: int, price: str = "10.00", **more: Any) -> Products:
    """So many products of one variant."""
    return [product(f"thing-{n}", variant(f"THING-{n}", price), **more) for n in range(count)]


def prices(count: int, price: str) -> Products:
    """Their prices only."""
    return [{"variants": [{"sku": f"THING-{n}", "price": price}]} for n in range(count)]


async def test_five_hundred_products_twice(tmp_path: Path) -> None:
    """The second push of the same feed makes no mutation."""
    feed = many(500, tags=["thing"], vendor="Acme", descriptionHtml="<p>A thing.</p>")
    async with world(tmp_path, plan="plus", catalog={"bulk_from": 10_000}) as w:
        assert (await push(w, *feed)).events == []
        assert (await written(w)).count("ProductSet") == 500
        await w.advance(10)
        assert (await push(w, *feed)).events == []
        assert await written(w) == []


async def test_products_are_written_side_by_side(tmp_path: Path) -> None:
    """While one waits for Shopify the others go on: ``abreast`` of them at once."""
    async with world(tmp_path, plan="plus", catalog={"abreast": 4}) as w:
        busy, most = 0, 0

        def begin(_: object) -> None:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)

        async def end(_: object) -> None:
            nonlocal busy
            await asyncio.sleep(0.01)
            busy -= 1

        w.hook("before", "ProductSet", begin)
        w.hook("after", "ProductSet", end)
        assert (await push(w, *many(20))).events == []
        assert most == 4


async def test_what_was_not_reached_is_told_and_a_repeat_goes_on(tmp_path: Path) -> None:
    """The call's time ends in the middle: an event for each product that is left."""
    async with world(tmp_path, plan="plus", catalog={"abreast": 1}) as w:
        settings = w.settings
        short = settings.server.model_copy(update={"deadline_seconds": 2.0})
        w.settings = settings.model_copy(update={"server": short})
        await w.restart()
        w.hook("after", "ProductSet", lambda _: asyncio.sleep(0.25))
        told: list[Answer] = []
        while True:
            told.append(await push(w, *many(12)))
            if not told[-1].codes:
                break
            assert set(told[-1].codes) == {"NOT_REACHED"}
            assert len(told) < 12, "no progress"
        left = [len(answer.codes) for answer in told]
        assert left == sorted(left, reverse=True)
        assert left[0] > 0
        for n in range(12):
            assert await exists(w, f"thing-{n}")
        assert len(await w.journal("productSet")) == 12, "each was made once"


async def test_one_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    """A reply that is lost, and one that is refused: told by SKU; the rest is written."""
    async with world(tmp_path, plan="plus") as w:
        assert (await push(w, *many(5))).events == []
        await w.advance(10)
        feed = prices(5, "12.00")
        await spoil(w, "thing-2", "THING-2")
        answer = await push(w, *feed)
        assert answer.about("SHOPIFY_USER_ERROR") == ["THING-2"]
        for n in (0, 1, 3, 4):
            assert by_sku(await look(w, f"thing-{n}"))[f"THING-{n}"]["price"] == "12.00"


async def test_very_many_go_in_bulk(tmp_path: Path) -> None:
    """From ``bulk_from`` on one bulk operation takes the place of as many mutations."""
    async with world(tmp_path, plan="plus", catalog={"bulk_from": 20}) as w:
        feed = many(30)
        feed[7]["title"] = " "
        answer = await push(w, *feed)
        assert answer.about("SHOPIFY_USER_ERROR") == ["THING-7"]
        assert await written(w) == ["BulkRun"]
        await w.advance(10)
        assert (await push(w, *feed[:7], *feed[8:])).events == []
        assert await written(w) == []
        assert (await push(w, *prices(7, "11.00"))).events == []
        assert await written(w) == ["ProductVariantsUpdate"] * 7, "a few go one by one"
        assert not await exists(w, "thing-7")


async def test_a_bulk_operation_that_still_runs_is_waited_for(tmp_path: Path) -> None:
    """A call that ended first says so; the repeat waits and then finds everything written."""
    async with world(tmp_path, plan="plus", catalog={"bulk_from": 20}) as w:
        w.hook("after", "BulkRun", lambda _: _cut())
        feed = many(30)
        first = await push(w, *feed)
        assert len(first.codes) == 30
        await w.restart()
        await w.spent()
        assert (await push(w, *feed)).events == []
        spent = await w.spent()
        assert "BulkState" in spent.operations
        assert "BulkRun" not in spent.operations
        for n in range(30):
            assert await exists(w, f"thing-{n}")


async def _cut() -> None:
    """The reply is lost on its way."""
    raise OutcomeUnknown("BulkRun", "cut by the test")


async def test_orders_go_on_while_products_are_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of products are compared beside the event loop: other calls come to their end."""
    begun, others_done = threading.Event(), threading.Event()
    waited: list[bool] = []
    plan = CatalogPush.plan

    def held(self: CatalogPush, *given: Any) -> Plan:
        begun.set()
        waited.append(others_done.wait(20))  # never, if the plan were made on the event loop
        return plan(self, *given)

    monkeypatch.setattr(CatalogPush, "plan", held)
    async with world(tmp_path) as w:
        push_under_way = asyncio.create_task(push(w, product("cap", variant("C-S"))))
        assert await asyncio.to_thread(begun.wait, 20)
        assert (await w.post("order_pull")).body["orders"]
        async with w.http.get(f"{w.url}/health/live") as reply:
            assert reply.status == 200
        others_done.set()
        assert (await push_under_way).events == []
    assert waited
    assert all(waited)
