"""Which orders are offered, by policy: search and verdict together, over the whole seed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bridge.config.models import OrderPullPolicy
from tests.stories.caller import acknowledge, orders_of, pull_all, reconfigure, refnums
from tests.stories.shipments import item, line, package, shipped
from tests.stories.test_order_day import NOT_READY
from tests.support import World, world


async def kinds_with(w: World, **policy: Any) -> set[str]:
    """The kinds of orders that a policy offers."""
    await reconfigure(w, order_pull=policy)
    orders = await orders_of(w)
    return {orders[r]["kind"] for r in refnums(await pull_all(w))}


async def test_what_each_policy_offers(tmp_path: Path) -> None:
    """Exactly the orders that the policy names, whatever search lets through or hides."""
    async with world(tmp_path, plan="enterprise") as w:
        state = await orders_of(w)
        usual = {o["kind"] for o in state.values()} - set(NOT_READY)
        assert await kinds_with(w) == usual
        unpaid = {"pending", "unpaid", "b2b_purchase_order"}
        assert await kinds_with(w, pull_unpaid=True) == usual | unpaid
        assert await kinds_with(w, pull_fulfilled="pos") == usual | {"point_of_sale"}
        shipped = {kind for kind, why in NOT_READY.items() if why.startswith("nothing")}
        assert await kinds_with(w, pull_fulfilled="all") == usual | shipped
        assert await kinds_with(w, pull_since="2020-01-01") == usual
        assert await kinds_with(w, pull_since=w.clock().date().isoformat()) < usual
        assert await kinds_with(w, minimum_age_minutes=30 * 24 * 60) == set()
        assert await kinds_with(w, sources=["no-such-source"]) == set()
        brooklyn = await kinds_with(w, locations=["Brooklyn Store"])
        assert {"local_pickup", "local_delivery"} <= brooklyn < usual
        tagged = {o["kind"] for o in state.values() if "gift" in o["tags"]} & usual
        assert tagged
        assert await kinds_with(w, tags_include=["GIFT"]) == tagged
        assert await kinds_with(w, tags_exclude=["GIFT"]) == usual - tagged


async def test_orders_known_by_their_names(tmp_path: Path) -> None:
    """With order_refnum = "name" a whole round goes by #1001: pulled, taken, not offered again."""
    async with world(tmp_path, order_refnum="name", order_pull={"page_size": 100}) as w:
        names = {o["name"] for o in (await orders_of(w)).values()}
        came = refnums(await pull_all(w))
        assert came
        assert set(came) <= names
        await acknowledge(w, *came)
        assert await pull_all(w) == []


@asynccontextmanager
async def two_channels(tmp_path: Path) -> AsyncIterator[tuple[World, dict[str, Any]]]:
    """Channels 21 and 22 of one store, the second for gifts; and what calls of the second say."""
    async with world(tmp_path, order_pull={"page_size": 100, "tags_exclude": ["gift"]}) as w:
        (first,) = w.settings.channels
        gifts = OrderPullPolicy.model_validate({"page_size": 100, "tags_include": ["gift"]})
        key = SecretStr("b" * 32)
        other = first.model_copy(update={"id": 22, "auth_key": key, "order_pull": gifts})
        w.settings = w.settings.model_copy(update={"channels": (first, other)})
        await w.restart()
        yield w, {"integration_auth_token": "b" * 32, "channel_info": {"id": 22}}


async def test_two_channels_of_one_store(tmp_path: Path) -> None:
    """Each offers its own orders; what either has done to an order counts for both."""
    async with two_channels(tmp_path) as (w, as_other):
        clients = [channel.client for channel in w.bridge.parts.engine.channels.values()]
        assert clients[0].bucket is clients[1].bucket, "Shopify counts the store's points once"
        usual = refnums(await pull_all(w))
        gifts = refnums((await w.post("order_pull", as_other)).body["orders"])
        assert gifts
        assert not set(usual) & set(gifts)
        (order,) = [o for o in (await orders_of(w)).values() if o["id"] == gifts[0]]
        box = package(1, "T1", item(line(order), 1))
        call = {"channel_order_refnum": order["id"], "shipment": {"packages": [box]}}
        both = [w.post("order_shipment_submit", {**call, **who}) for who in ({}, as_other)]
        codes = [answer.codes for answer in await asyncio.gather(*both)]
        assert sorted(codes) == [[], ["ALREADY_APPLIED"]]
        assert len(await shipped(w, order)) == 1
        await acknowledge(w, order["id"])
        again = refnums((await w.post("order_pull", as_other)).body["orders"])
        assert set(again) == set(gifts[1:])


async def pulled(w: World, who: Mapping[str, Any], *, cancelled: bool) -> list[str]:
    """The refnums that a channel is offered, or those of which it is told a cancellation."""
    orders = (await w.post("order_pull", who)).body["orders"]
    return refnums(o for o in orders if bool(o.get("cancel")) is cancelled)


async def take(w: World, who: Mapping[str, Any], refnum: str) -> None:
    """A channel acknowledges an order, or its cancellation."""
    rows = [{"channel_order_refnum": refnum, "retailops_order_id": 1}]
    assert (await w.post("order_acknowledge", {**who, "orders": rows})).codes == []


async def test_a_cancellation_goes_to_the_channel_that_has_the_order(tmp_path: Path) -> None:
    """Two channels of one store, with the same tags as is the default: each hears of its own."""
    async with two_channels(tmp_path) as (w, other):
        usual = (await pulled(w, {}, cancelled=False))[0]
        gift = (await pulled(w, other, cancelled=False))[0]
        for refnum, who in ((usual, {}), (gift, other)):
            await take(w, who, refnum)
            w.store.sandbox.store.happen(f"gid://shopify/Order/{refnum}", "cancel", {})
        await w.advance(10)
        for _ in range(2):
            assert await pulled(w, {}, cancelled=True) == [usual]
            assert await pulled(w, other, cancelled=True) == [gift]
        # A word of the other channel about an order that it never took changes nothing.
        await take(w, other, usual)
        assert await pulled(w, {}, cancelled=True) == [usual]
        await take(w, {}, usual)
        await take(w, other, gift)
        assert await pulled(w, {}, cancelled=True) == []
        assert await pulled(w, other, cancelled=True) == []


async def test_an_order_that_both_channels_took(tmp_path: Path) -> None:
    """Both acknowledged it before either could know: each is told that it was cancelled."""
    async with two_channels(tmp_path) as (w, other):
        gift = (await pulled(w, other, cancelled=False))[0]
        await take(w, {}, gift)
        await take(w, other, gift)
        w.store.sandbox.store.happen(f"gid://shopify/Order/{gift}", "cancel", {})
        await w.advance(10)
        assert await pulled(w, {}, cancelled=True) == [gift]
        assert await pulled(w, other, cancelled=True) == [gift]
