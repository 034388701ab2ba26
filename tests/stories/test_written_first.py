"""Every mutation of every action is in the ledger before it is sent, and ended after its reply."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.ledger import StepRow
from bridge.shopify.budget import Deadline
from bridge.shopify.documents import operation
from tests.ledger.support import step, worker
from tests.proof.scenarios import SCENARIOS, Case, Scenario
from tests.stories.caller import PLAIN, acknowledge, placed, refnums
from tests.support import World, world

REFNUM = "channel_order_refnum"


async def rows(w: World) -> list[StepRow]:
    """The ledger's steps, oldest first."""
    return (await w.bridge.parts.ledger.steps(limit=1000))[::-1]


async def mutations(w: World) -> Counter[str]:
    """How often each of our mutations was sent to the store."""
    names = Counter(r["operation"] for r in await w.requests())
    return Counter({n: k for n, k in names.items() if operation(n).kind == "mutation"})


async def play(w: World, scenario: Scenario, number: int) -> None:
    """The scenario's call, after those that come before it."""
    order = await placed(w, **scenario.order) if scenario.order is not None else {}
    case = Case(order, number)
    for action, body in (*scenario.before, (scenario.action, scenario.body)):
        answer = await w.post(action, body(case))
        assert answer.status == 200, answer.body


async def test_every_mutation_has_its_row(tmp_path: Path) -> None:
    """As many rows of each operation as requests, all ended, over the calls of all actions."""
    async with world(tmp_path, variants=2) as w:
        for number, scenario in enumerate(SCENARIOS, start=1):
            await play(w, scenario, number)
        sent = await mutations(w)
        found = await rows(w)
        assert Counter(r.operation for r in found) == sent
        assert all(r.ended_at and r.state in {"done", "failed"} for r in found)
        assert all(r.request_id for r in found)
        assert {"InventorySet", "OrderAcknowledge", "OrderEditBegin", "RefundCreate"} <= set(sent)


@pytest.mark.parametrize("name", ["InventorySet", "OrderAcknowledge"])
async def test_written_before_it_is_sent(tmp_path: Path, name: str) -> None:
    """When the request leaves, its row says so, with the key that Shopify is given."""
    async with world(tmp_path, variants=600, orders=1) as w:
        under_way: list[tuple[StepRow, Mapping[str, Any]]] = []

        async def look(variables: Mapping[str, Any]) -> None:
            newest = (await rows(w))[-1]
            under_way.append((newest, variables))

        w.hook("before", name, look)
        skus = [f"BULK-{n:06d}" for n in range(1, 601)]
        stock = [{"sku": sku, "quantity_available": 999} for sku in skus]
        await w.post("inventory_push", inventory_updates=stock)
        await acknowledge(w, *refnums((await w.post("order_pull")).body["orders"])[:30])
        assert len(under_way) == {"InventorySet": 3, "OrderAcknowledge": 2}[name]
        for row, variables in under_way:
            assert (row.operation, row.state, row.kind) == (name, "sending", "")
            assert row.idempotency_key == variables.get("idempotencyKey", "")
        assert {r.state for r in await rows(w)} == {"done"}


async def test_a_lost_reply_is_forgotten_not_in_doubt(tmp_path: Path) -> None:
    """RetailOps is told, the bridge stays healthy, and the next push reads and finds it done."""
    async with world(tmp_path) as w:
        for nth in range(1, 5):  # as often as it is sent again with its key
            await w.fault("InventorySet", "http_502_after", nth=nth)
        push = {"inventory_updates": [{"sku": PLAIN, "quantity_available": 300}]}
        assert (await w.post("inventory_push", push)).codes == ["IN_DOUBT"]
        (row,) = await rows(w)
        assert (row.state, row.kind) == ("forgotten", "")
        assert "reads the store and sends what still differs" in row.note
        assert (await w.bridge.parts.ledger.stats()).in_doubt == 0
        assert (await w.post("inventory_push", push)).codes == []
        assert len(await rows(w)) == 1
        assert len(await w.journal("inventorySetQuantities")) == 1


async def test_what_shopify_refuses_has_failed(tmp_path: Path) -> None:
    """A sale between reading and writing: the first row failed, the second is done."""
    async with world(tmp_path) as w:
        sales = iter(["one"])

        async def sell(_: Mapping[str, Any]) -> None:
            if next(sales, None):
                await w.place(lines=[{"sku": PLAIN, "quantity": 1}], payment="paid")

        w.hook("before", "InventorySet", sell)
        push = {"inventory_updates": [{"sku": PLAIN, "quantity_available": 300}]}
        assert (await w.post("inventory_push", push)).codes == []
        assert [(r.state, r.note) for r in await rows(w)] == [
            ("failed", "refused by Shopify: 1 of 1"),
            ("done", ""),
        ]


async def test_a_killed_push_is_settled_at_the_start(tmp_path: Path) -> None:
    """What a dead process was writing is forgotten, with the reason; nothing waits for it."""
    async with world(tmp_path) as w:
        await w.stop()
        with worker("pushing", w.settings.ledger.path) as other:
            done, left = await asyncio.to_thread(other.hear)
            other.kill()
        await w.start()
        engine, ledger = w.bridge.parts.engine, w.bridge.parts.ledger
        assert await engine.settle(deadline=Deadline.after(5)) == 0
        assert ((await ledger.step(done)).state, (await ledger.step(left)).state) == (
            "done",
            "forgotten",
        )
        async with w.http.get(f"{w.url}/health/ready") as ready:
            assert (await ready.json())["checks"]["in_doubt"] == {"status": "ok"}
        push = {"inventory_updates": [{"sku": PLAIN, "quantity_available": 300}]}
        assert (await w.post("inventory_push", push)).codes == []


async def test_an_order_is_not_held_up(tmp_path: Path) -> None:
    """A convergent step of an order that a dead process left blocks no call for that order."""
    async with world(tmp_path) as w:
        order = await placed(w, lines=[{"sku": PLAIN, "quantity": 1}], payment="paid")
        ledger = w.bridge.parts.ledger
        gid = f"gid://shopify/Order/{order['id']}"
        shop = w.settings.channels[0].shop
        await ledger.begin_convergent([step(kind="", key="open", shop=shop, order_gid=gid)])
        cancel = await w.post("order_cancel", order={REFNUM: order["id"]})
        assert "IN_DOUBT" not in cancel.codes
