"""An order that is cancelled in Shopify after RetailOps has taken it, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.actions.effects import CANCEL_ACKNOWLEDGED
from tests.stories.caller import (
    PLAIN,
    acknowledge,
    orders_of,
    placed,
    pull,
    pull_all,
    reconfigure,
    refnums,
)
from tests.support import SHOP, World, world


def cancel(w: World, gid: str) -> None:
    """Somebody cancels it in Shopify's admin."""
    w.store.sandbox.store.happen(gid, "cancel", {})


async def offers(w: World) -> dict[str, bool]:
    """What a pull from the beginning offers: refnum → cancel."""
    return {o["channel_order_refnum"]: o.get("cancel", False) for o in await pull_all(w)}


async def test_offered_until_it_is_acknowledged_and_never_again(tmp_path: Path) -> None:
    """With cancel: true, by every pull, after a restart too; the acknowledgement ends it."""
    async with world(tmp_path) as w:
        one, two, *_ = whole = refnums(await pull_all(w))
        await acknowledge(w, *whole)
        await w.advance(10)
        assert await offers(w) == {}
        orders = await orders_of(w)
        cancel(w, orders[one]["gid"])
        cancel(w, orders[two]["gid"])
        await w.advance(10)
        assert await offers(w) == {one: True, two: True}
        await w.restart()
        assert await offers(w) == {one: True, two: True}
        await acknowledge(w, one)
        # The index lags: the ledger knows at once.
        assert await offers(w) == {two: True}
        await w.restart()
        assert await offers(w) == {two: True}
        await acknowledge(w, two)
        await w.advance(10)
        assert await offers(w) == {}
        after = await orders_of(w)
        assert "retailops-cancel-acknowledged" in after[one]["tags"]


async def test_only_the_refnum_and_the_word(tmp_path: Path) -> None:
    """Nothing is owed or to be shipped: no money and no items that could be taken for an order."""
    async with world(tmp_path) as w:
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        await acknowledge(w, made["id"])
        cancel(w, made["gid"])
        await w.advance(10)
        (order,) = [o for o in (await pull(w))[0] if o["channel_order_refnum"] == made["id"]]
        assert order["cancel"] is True
        assert order["order_items"] == []
        assert order.get("payment_transactions", []) == []


async def test_cancelled_between_pull_and_acknowledgement(tmp_path: Path) -> None:
    """RetailOps takes what it was offered; then it is told that the order is cancelled."""
    async with world(tmp_path) as w:
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        assert (await offers(w))[made["id"]] is False
        cancel(w, made["gid"])
        assert made["id"] not in await offers(w)  # not taken, not worth telling
        await acknowledge(w, made["id"])
        await w.advance(10)
        assert (await offers(w))[made["id"]] is True
        await acknowledge(w, made["id"])
        await w.advance(10)
        assert made["id"] not in await offers(w)


async def test_cancelled_before_it_was_pulled(tmp_path: Path) -> None:
    """RetailOps never hears of it, not even as a cancellation."""
    async with world(tmp_path) as w:
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        cancel(w, made["gid"])
        for _ in range(2):
            assert made["id"] not in await offers(w)
            await w.advance(10)


async def test_the_marks_in_shopify_are_enough(tmp_path: Path) -> None:
    """With a new ledger file: taken orders stay taken, told cancellations stay told."""
    async with world(tmp_path) as w:
        told, untold, *_ = whole = refnums(await pull_all(w))
        await acknowledge(w, *whole)
        orders = await orders_of(w)
        cancel(w, orders[told]["gid"])
        cancel(w, orders[untold]["gid"])
        await w.advance(10)
        await pull_all(w)
        await acknowledge(w, told)
        await w.advance(10)
        ledger = w.settings.ledger.model_copy(update={"path": tmp_path / "new.sqlite3"})
        w.settings = w.settings.model_copy(update={"ledger": ledger})
        await w.restart()
        assert await w.bridge.parts.ledger.effects(SHOP, CANCEL_ACKNOWLEDGED) == []
        assert await offers(w) == {untold: True}


@pytest.mark.parametrize("refnum", ["id", "name"])
async def test_under_the_refnum_that_retailops_knows(tmp_path: Path, refnum: str) -> None:
    """The cancellation is told by the refnum that the order was sent with."""
    async with world(tmp_path) as w:
        await reconfigure(w, order_refnum=refnum)
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        asked = made[refnum]
        assert (await offers(w))[asked] is False
        await acknowledge(w, asked)
        cancel(w, made["gid"])
        await w.advance(10)
        assert (await offers(w))[asked] is True
        await acknowledge(w, asked)
        await w.advance(10)
        assert asked not in await offers(w)
