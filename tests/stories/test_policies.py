"""Which orders are offered, by policy: search and verdict together, over the whole seed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bridge.config.models import OrderAcknowledgePolicy, OrderPullPolicy
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


async def test_two_channels_of_one_store(tmp_path: Path) -> None:
    """Each offers its own orders; what either has done to an order counts for both."""
    async with world(tmp_path, order_pull={"page_size": 100, "tags_exclude": ["gift"]}) as w:
        (first,) = w.settings.channels
        own = {"page_size": 100, "tags_include": ["gift"]}
        key = "b" * 32
        other = first.model_copy(
            update={
                "id": 22,
                "auth_key": SecretStr(key),
                "order_pull": OrderPullPolicy.model_validate(own),
            }
        )
        w.settings = w.settings.model_copy(update={"channels": (first, other)})
        await w.restart()
        clients = [channel.client for channel in w.bridge.parts.engine.channels.values()]
        assert clients[0].bucket is clients[1].bucket, "Shopify counts the store's points once"
        as_other = {"integration_auth_token": key, "channel_info": {"id": 22}}
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


async def test_a_cancellation_goes_to_the_channel_that_has_the_order(tmp_path: Path) -> None:
    """Two channels of one store with tags of their own, as docs/how-to/deploy.md has it."""
    async with world(tmp_path, order_pull={"page_size": 100, "tags_exclude": ["gift"]}) as w:
        (first,) = w.settings.channels
        key = "b" * 32
        own = {"tag": "retailops-22", "cancel_tag": "retailops-22-cancelled"}
        other = first.model_copy(
            update={
                "id": 22,
                "auth_key": SecretStr(key),
                "order_pull": OrderPullPolicy.model_validate({"tags_include": ["gift"]}),
                "order_acknowledge": OrderAcknowledgePolicy.model_validate(own),
            }
        )
        w.settings = w.settings.model_copy(update={"channels": (first, other)})
        await w.restart()
        as_other = {"integration_auth_token": key, "channel_info": {"id": 22}}

        async def cancelled(who: dict[str, Any]) -> list[str]:
            orders = (await w.post("order_pull", who)).body["orders"]
            return refnums(o for o in orders if o.get("cancel"))

        usual = refnums(await pull_all(w))[0]
        gift = refnums((await w.post("order_pull", as_other)).body["orders"])[0]
        for refnum, who in ((usual, {}), (gift, as_other)):
            rows = [{"channel_order_refnum": refnum, "retailops_order_id": 1}]
            assert (await w.post("order_acknowledge", {**who, "orders": rows})).codes == []
            w.store.sandbox.store.happen(f"gid://shopify/Order/{refnum}", "cancel", {})
        await w.advance(10)
        assert await cancelled({}) == [usual]
        assert await cancelled(as_other) == [gift]
