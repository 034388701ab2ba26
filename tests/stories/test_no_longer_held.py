"""Orders leave the list of what cannot be sent once nobody would send them any more."""

from __future__ import annotations

from pathlib import Path

from tests.stories.caller import PLAIN, held_back, placed, pull_all, reconfigure
from tests.stories.shipments import complete, item, line, package
from tests.support import World, world

KRONOR = {"lines": [{"sku": PLAIN, "quantity": 1}], "currency": "SEK", "rate": "10"}
LATER = 11 * 60  # beyond sweep_minutes


async def kronor(w: World, count: int) -> list[str]:
    """So many orders in kronor, all on the list beside the seed's own; their ids."""
    made = [(await placed(w, **KRONOR))["id"] for _ in range(count)]
    await pull_all(w)
    assert set(made) <= set(await held_back(w))
    return made


async def test_cancelled_or_shipped_in_shopify(tmp_path: Path) -> None:
    """A pull finds out by itself, in one cheap request, and only now and then."""
    async with world(tmp_path, order_pull={"page_size": 100}) as w:
        cancelled, shipped, still = await kronor(w, 3)
        store = w.store.sandbox.store
        store.happen(f"gid://shopify/Order/{cancelled}", "cancel", {})
        store.happen(f"gid://shopify/Order/{shipped}", "fulfil", {})
        await w.advance(10)
        await w.spent()
        await pull_all(w)
        assert {cancelled, shipped, still} <= set(await held_back(w))  # not due yet
        assert "HeldOrders" not in (await w.spent()).operations
        await w.advance(LATER)
        await pull_all(w)
        assert (await w.spent()).operations.count("HeldOrders") == 1
        listed = await held_back(w)
        assert still in listed
        assert cancelled not in listed
        assert shipped not in listed
        await w.advance(LATER)
        await pull_all(w)  # everything on the list was met by the page: nothing to look at
        assert "HeldOrders" not in (await w.spent()).operations


async def test_one_that_later_pages_show_stays(tmp_path: Path) -> None:
    """A caller that ignores the token never meets it; it is looked at, and waits on."""
    async with world(tmp_path, order_pull={"page_size": 5}) as w:
        (late,) = await kronor(w, 1)
        before = (await held_back(w))[late]
        await w.advance(LATER)
        await w.spent()
        await w.post("order_pull")
        assert (await w.spent()).operations.count("HeldOrders") == 1
        after = (await held_back(w))[late]
        assert (after.first_at, after.times) == (before.first_at, before.times + 1)
        assert after.code == before.code == "UNSUPPORTED_CURRENCY"
        await w.post("order_pull")
        assert "HeldOrders" not in (await w.spent()).operations


async def test_filtered_out_by_the_merchant(tmp_path: Path) -> None:
    """What order_pull would not offer any more is nobody's to mend."""
    async with world(tmp_path) as w:
        (one,) = await kronor(w, 1)
        await reconfigure(w, order_pull={"tags_include": ["never"]})
        await w.advance(LATER)
        await pull_all(w)
        assert one not in await held_back(w)


async def test_cancelled_by_retailops(tmp_path: Path) -> None:
    """At once, without a pull; the order beside it stays."""
    async with world(tmp_path) as w:
        one, other = await kronor(w, 2)
        answer = await w.post("order_cancel", order={"channel_order_refnum": one})
        assert answer.body["status"] == "success"
        assert one not in await held_back(w)
        assert other in await held_back(w)


async def test_a_cancellation_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    """A part is shipped: the order is not cancelled, and stays on the list."""
    async with world(tmp_path) as w:
        made = await placed(w, **{**KRONOR, "lines": [{"sku": PLAIN, "quantity": 2}]})
        await pull_all(w)
        sent = await w.post(
            "order_shipment_submit",
            channel_order_refnum=made["id"],
            shipment={"packages": [package(1, "1Z1", item(line(made), 1))]},
        )
        assert sent.codes == []
        answer = await w.post("order_cancel", order={"channel_order_refnum": made["id"]})
        assert answer.body["status"] == "fail"
        assert made["id"] in await held_back(w)


async def test_completed_by_retailops(tmp_path: Path) -> None:
    """Shipped and archived: there is nothing left to offer."""
    async with world(tmp_path) as w:
        made = await placed(w, **KRONOR)
        await pull_all(w)
        answer = await complete(w, made, package(1, "1Z1", item(line(made), 1)))
        assert answer.codes == []
        assert made["id"] not in await held_back(w)


async def test_acknowledged_by_retailops(tmp_path: Path) -> None:
    """Entered by hand there, it is RetailOps' own from now on."""
    async with world(tmp_path) as w:
        one, other = await kronor(w, 2)
        orders = [{"channel_order_refnum": one, "retailops_order_id": 7}]
        assert (await w.post("order_acknowledge", orders=orders)).codes == []
        assert one not in await held_back(w)
        assert other in await held_back(w)
