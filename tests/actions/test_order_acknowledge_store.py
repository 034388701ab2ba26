"""order_acknowledge end to end: over HTTP, against the embedded store, with a real ledger file."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.effects import ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCEL_OFFERED
from bridge.ledger import Effect
from tests.support import SHOP, World, world

TAG = "retailops-acknowledged"


def taken(*refnums: str, first: int = 100) -> list[dict[str, Any]]:
    """RetailOps acknowledges these refnums, with ids of its own."""
    return [
        {"channel_order_refnum": r, "retailops_order_id": first + n} for n, r in enumerate(refnums)
    ]


async def orders_of(w: World) -> dict[str, dict[str, Any]]:
    """The store's orders by numeric id."""
    return {o["id"]: o for o in (await w.state())["orders"]}


def mark_of(order: Mapping[str, Any], key: str = "order_id") -> str | None:
    """The value of one of our metafields."""
    for name, field in order["metafields"].items():
        if name == f"retailops.{key}":
            return str(field["value"] if isinstance(field, dict) else field)
    return None


async def known(w: World, kind: str = ACKNOWLEDGED) -> set[str]:
    """The orders (numeric ids) of which the ledger has an effect."""
    effects = await w.bridge.parts.ledger.effects(SHOP, kind)
    return {e.order_gid.rsplit("/", 1)[-1] for e in effects}


async def test_25_orders_cost_at_most_320_points(tmp_path: Path) -> None:
    """One look and one mutation; every order bears tag and metafield, the ledger knows it."""
    async with world(tmp_path) as w:
        ids = list(await orders_of(w))[:25]
        answer = await w.post("order_acknowledge", orders=taken(*ids))
        assert answer.events == []
        spent = await w.spent()
        assert spent.operations == ["AcknowledgementState", "OrderAcknowledge"]
        assert spent.points <= 320
        orders = await orders_of(w)
        assert all(TAG in orders[i]["tags"] for i in ids)
        assert [mark_of(orders[i]) for i in ids] == [str(100 + n) for n in range(25)]
        assert sum(TAG in o["tags"] for o in orders.values()) == 25
        assert await known(w) == set(ids)


async def test_any_number_of_orders_each_with_its_outcome(tmp_path: Path) -> None:
    """Ids, GIDs, names and #names; duplicates once; unknown ones are warnings, the rest go on."""
    async with world(tmp_path) as w:
        orders = await orders_of(w)
        ids = list(orders)[:60]
        refnums = [
            [i, orders[i]["gid"], orders[i]["name"], orders[i]["name"].lstrip("#")][n % 4]
            for n, i in enumerate(ids)
        ]
        rows = taken(*refnums, "#9999", "12345", "gid://shopify/Product/1", *ids[:5])
        rows += [{"channel_order_refnum": None}, {"retailops_order_id": 3}, {}]
        answer = await w.post("order_acknowledge", orders=rows)
        assert answer.codes == ["REFNUM_MISSING"] * 3 + ["ORDER_NOT_FOUND"] * 3
        assert {e["event_type"] for e in answer.events} == {"warning"}
        assert answer.about("ORDER_NOT_FOUND") == ["#9999", "12345", "gid://shopify/Product/1"]
        after = await orders_of(w)
        assert {i for i, o in after.items() if TAG in o["tags"]} == set(ids)
        assert all(mark_of(after[i]) for i in ids)
        assert (await w.spent()).operations.count("OrderAcknowledge") == 3


async def test_a_repeat_is_a_no_op_after_a_restart_too(tmp_path: Path) -> None:
    """Equal answers, no further effect, no mutation; 0 does not replace the id."""
    async with world(tmp_path) as w:
        ids = list(await orders_of(w))[:3]
        first = await w.post("order_acknowledge", orders=taken(*ids))
        journal = await w.journal()
        again = await w.post("order_acknowledge", orders=taken(*ids))
        await w.restart()
        zeros = [{"channel_order_refnum": i, "retailops_order_id": 0} for i in ids]
        third = await w.post("order_acknowledge", orders=zeros)
        assert first.body == again.body == third.body == {"events": []}
        assert await w.journal() == journal
        orders = await orders_of(w)
        assert [mark_of(orders[i]) for i in ids] == ["100", "101", "102"]
        assert (await w.spent()).operations.count("OrderAcknowledge") == 1


async def test_concurrent_repeats_have_one_effect_and_equal_answers(tmp_path: Path) -> None:
    """Ten equal calls at once, and one with other orders among them beside."""
    async with world(tmp_path) as w:
        ids = list(await orders_of(w))[:6]
        calls = [w.post("order_acknowledge", orders=taken(*ids[:4])) for _ in range(10)]
        calls.append(w.post("order_acknowledge", orders=taken(*ids[2:], first=102)))
        answers = await asyncio.gather(*calls)
        assert {str(a.body) for a in answers} == {str({"events": []})}
        orders = await orders_of(w)
        assert [mark_of(orders[i]) for i in ids] == [str(100 + n) for n in range(6)]
        assert await known(w) == set(ids)
        tagged = Counter(e["order"] for e in await w.journal("tagsAdd"))
        assert all(tagged[i] == 1 for i in ids[:2])


@pytest.mark.parametrize(
    "fault",
    ["drop_reply", "http_502_before", "http_502_after", "throttle", "internal_error", "garbage"],
)
async def test_a_fault_of_shopify_changes_nothing_in_the_end(tmp_path: Path, fault: str) -> None:
    """The marks only state what shall be true, so they are sent again."""
    async with world(tmp_path) as w:
        ids = list(await orders_of(w))[:3]
        await w.fault("OrderAcknowledge", fault)
        answer = await w.post("order_acknowledge", orders=taken(*ids))
        assert answer.events == []
        orders = await orders_of(w)
        assert [mark_of(orders[i]) for i in ids] == ["100", "101", "102"]


async def test_the_word_holds_though_shopify_is_down(tmp_path: Path) -> None:
    """Unmarked, the order is acknowledged all the same; the next call marks it."""
    async with world(tmp_path) as w:
        (one, *_) = await orders_of(w)
        for _ in range(8):
            await w.fault("OrderAcknowledge", "http_502_before")
        answer = await w.post("order_acknowledge", orders=taken(one))
        assert [(e["event_type"], e["associations"][0]["identifier"]) for e in answer.events] == [
            ("warning", one)
        ]
        assert await known(w) == {one}
        assert mark_of((await orders_of(w))[one]) is None
        await w.restart()
        for _ in range(10):
            answer = await w.post("order_acknowledge", orders=taken(one))
            if not answer.events:
                break
        assert mark_of((await orders_of(w))[one]) == "100"


async def test_the_ledger_has_the_word_before_shopify_is_written_to(tmp_path: Path) -> None:
    """Killed right then, the bridge would still never offer the order again."""
    async with world(tmp_path) as w:
        (one, *_) = await orders_of(w)
        seen: list[set[str]] = []

        async def look(_: Mapping[str, Any]) -> None:
            seen.append(await known(w))

        w.hook("before", "OrderAcknowledge", look)
        await w.post("order_acknowledge", orders=taken(one))
        assert seen == [{one}]


async def test_nothing_is_done_when_the_orders_cannot_be_read(tmp_path: Path) -> None:
    """503: the caller calls again. The ledger has no word that was not understood."""
    async with world(tmp_path) as w:
        (one, *_) = await orders_of(w)
        for _ in range(10):
            await w.fault("AcknowledgementState", "http_502_before")
        answer = await w.post("order_acknowledge", orders=taken(one))
        assert answer.status == 503
        assert "Retry-After" in answer.headers
        assert await known(w) == set()
        assert await w.journal() == []


async def test_an_order_that_vanishes_costs_only_itself(tmp_path: Path) -> None:
    """MetafieldsSet rolls the whole batch back; each order is then marked by itself."""
    async with world(tmp_path) as w:
        orders = await orders_of(w)
        ids = list(orders)[:5]
        store = w.store.sandbox.store

        def vanish(_: Mapping[str, Any]) -> None:
            store.nodes.pop(orders[ids[2]]["gid"], None)

        w.hook("after", "AcknowledgementState", vanish)
        answer = await w.post("order_acknowledge", orders=taken(*ids))
        assert answer.codes == ["SHOPIFY_USER_ERROR"]
        assert answer.about("SHOPIFY_USER_ERROR") == [ids[2]]
        after = await orders_of(w)
        marked = [mark_of(after[i]) for n, i in enumerate(ids) if n != 2]
        assert marked == ["100", "101", "103", "104"]


async def test_names_come_first_when_names_are_sent(tmp_path: Path) -> None:
    """With order_refnum = "name" a bare number is a name; an id is still understood."""
    async with world(tmp_path, order_refnum="name") as w:
        orders = await orders_of(w)
        one, two, *_ = orders
        name = orders[one]["name"].lstrip("#")
        answer = await w.post("order_acknowledge", orders=taken(name, two))
        assert answer.events == []
        after = await orders_of(w)
        assert (mark_of(after[one]), mark_of(after[two])) == ("100", "101")
        operations = (await w.spent()).operations
        assert operations[0] == "OrderIdsByName"


async def test_two_orders_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    """Names are not unique in Shopify: the event asks for the id."""
    async with world(tmp_path, lag=0) as w:
        store, index = w.store.sandbox.store, w.store.sandbox.index
        first, second, *_ = store.orders.values()
        second.name = first.name
        index.touch("Order", second.id)
        answer = await w.post("order_acknowledge", orders=taken(first.name))
        assert answer.codes == ["ORDER_AMBIGUOUS"]
        assert await w.journal() == []


async def test_the_acknowledgement_of_a_cancellation(tmp_path: Path) -> None:
    """A mark of its own, once the cancellation was offered; then it is a repeat like any other."""
    async with world(tmp_path) as w:
        (one, *_) = await orders_of(w)
        gid = (await orders_of(w))[one]["gid"]
        await w.post("order_acknowledge", orders=taken(one))
        offered = Effect(SHOP, gid, CANCEL_OFFERED, "order", {}, w.clock())
        await w.bridge.parts.ledger.record_effects([offered])
        assert (await w.post("order_acknowledge", orders=taken(one))).events == []
        assert await known(w, CANCEL_ACKNOWLEDGED) == {one}
        order = (await orders_of(w))[one]
        assert "retailops-cancel-acknowledged" in order["tags"]
        assert mark_of(order, "cancel_acknowledged") == "100"
        journal = await w.journal()
        assert (await w.post("order_acknowledge", orders=taken(one))).events == []
        assert await w.journal() == journal


@pytest.mark.parametrize("orders", [None, [], [{}]])
async def test_a_call_about_nothing(tmp_path: Path, orders: Any) -> None:
    """No request to Shopify; a row without a refnum is told."""
    async with world(tmp_path) as w:
        answer = await w.post("order_acknowledge", orders=orders)
        assert answer.status == 200
        assert set(answer.codes) <= {"REFNUM_MISSING"}
        assert (await w.spent()).requests == 0
