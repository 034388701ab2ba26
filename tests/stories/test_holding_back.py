"""Orders that cannot be sent: they cost no other order, they are listed, and they come later."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.service import StoreSettings
from tests.stories.caller import (
    PLAIN,
    added_up,
    held_back,
    one_of_kind,
    orders_of,
    placed,
    pull,
    pull_all,
    reconfigure,
    refnums,
)
from tests.stories.test_order_day import NOT_READY
from tests.support import world


async def test_listed_and_released_once_it_is_mended(tmp_path: Path) -> None:
    """Kronor: RetailOps has no such currency. Another policy, a restart, and the order comes."""
    async with world(tmp_path) as w:
        kronor = await one_of_kind(w, "unsupported_currency_sek")
        before = refnums(await pull_all(w))
        assert kronor["id"] not in before
        assert len(before) > 40
        listed = await held_back(w)
        assert set(listed) == {kronor["id"]}
        assert listed[kronor["id"]].code == "UNSUPPORTED_CURRENCY"
        assert "SEK" in listed[kronor["id"]].reason
        await pull_all(w)
        assert (await held_back(w))[kronor["id"]].times > 1
        await reconfigure(w, order_pull={"currency": "shop"})
        assert set(await held_back(w)) == {kronor["id"]}  # a restart alone mends nothing
        after = await pull_all(w)
        assert set(refnums(after)) == {*before, kronor["id"]}
        assert await held_back(w) == {}


async def test_a_merchants_mapping_that_refuses_an_order(tmp_path: Path) -> None:
    """Held back with the place in the merchant's own file; mended there, the order comes."""
    own = tmp_path / "mappings"
    own.mkdir()
    file = own / "order_pull.toml"
    async with world(tmp_path) as w:
        b2b = await one_of_kind(w, "b2b_purchase_order")
        rule = "order.name | table: 'codes', strict: true"
        table = f'[tables.codes]\n"{b2b["name"]}" = "PO"\n'
        file.write_text(f'[order]\nship_service_code = "{rule}"\n{table}', "utf-8")
        await reconfigure(w, mappings_dir=own)
        assert await pull(w) == ([], "")
        listed = await held_back(w)
        assert len(listed) > 40
        assert {h.code for h in listed.values()} <= {"MAPPING_MISSING", "UNSUPPORTED_CURRENCY"}
        assert all("order_pull.toml:2" in h.place for h in listed.values() if h.place)
        (only,), _ = await pull(w, specific_orders=[b2b["id"]])
        assert only["ship_service_code"] == "PO"
        mended = "order.name | table: 'codes' | default: order.name"
        file.write_text(f'[order]\nship_service_code = "{mended}"\n{table}', "utf-8")
        await w.restart()
        assert len(await pull_all(w)) == len(listed) - 1
        assert {h.code for h in (await held_back(w)).values()} == {"UNSUPPORTED_CURRENCY"}


async def test_protected_customer_data_is_denied(tmp_path: Path) -> None:
    """An address that Shopify hides is not an absent one: no order leaves without it."""
    store = StoreSettings(protected_data=False)
    async with world(tmp_path, store=store) as w:
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 2}])
        assert await pull_all(w) == []
        listed = await held_back(w)
        assert made["id"] in listed
        assert {h.code for h in listed.values()} == {"SHOPIFY_ACCESS_DENIED"}
        assert await pull(w, specific_orders=[made["id"]]) == ([], "")


@pytest.mark.parametrize("mode", ["net", "gross"])
async def test_shop_currency_for_every_kind_of_order(tmp_path: Path, mode: str) -> None:
    """Converted part by part, what RetailOps adds up is still what the shop's books say."""
    policy = {"currency": "shop", "price_mode": mode}
    async with world(tmp_path, order_pull=policy) as w:
        state = await orders_of(w)
        orders = await pull_all(w)
        kinds = {state[r]["kind"] for r in refnums(orders)}
        not_ready = set(NOT_READY) - {"unsupported_currency_sek"}
        assert kinds == {o["kind"] for o in state.values()} - not_ready
        for order in orders:
            refnum = order["channel_order_refnum"]
            owed = state[refnum]["current_total"]
            assert order["currency_code"] == owed["shop_currency"] == "USD"
            assert added_up(order) == Decimal(owed["shop_amount"]), state[refnum]["kind"]
        assert await held_back(w) == {}
