"""What is asked before RetailOps calls, and how each finding is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bridge import probes
from bridge.config.models import ChannelSettings
from bridge.retailops.actions import ACTIONS
from bridge.retailops.examples import examples
from bridge.sandbox.server import StoreSettings
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.documents import operation
from bridge.shopify.shop import ShopFacts
from tests.support import World, world

FACTS = ShopFacts(
    id="gid://shopify/Shop/1",
    name="Acme",
    domain="acme.myshopify.com",
    currency="USD",
    timezone="UTC",
    taxes_included=False,
    plan="Basic",
    scopes=frozenset(),
    versions=("2026-07", "2026-10"),
)


def channel(**more: Any) -> ChannelSettings:
    """A channel of the shop above."""
    return ChannelSettings.model_validate(
        {
            "id": 21,
            "shop": "acme.myshopify.com",
            "auth_key": "k" * 32,
            "shopify": {"token": "shpat_token"},
            **more,
        }
    )


def place(number: int, name: str, *, online: bool = True) -> dict[str, Any]:
    """An active location as Locations.graphql brings it."""
    return {
        "id": f"gid://shopify/Location/{number}",
        "legacyResourceId": number,
        "name": name,
        "isActive": True,
        "fulfillsOnlineOrders": online,
    }


async def asked(w: World, *, behind: timedelta = timedelta(0)) -> probes.StoreWord:
    """What the embedded store says; ``behind``: how far this machine's clock is."""
    (only,) = w.settings.channels
    async with aiohttp.ClientSession() as http:
        return await probes.ask(
            only,
            http,
            budget=CallBudget(Deadline.after(30.0)),
            now=lambda: datetime.now(UTC) - behind,
        )


# ---- asking


async def test_a_store_is_asked_three_questions_and_changed_in_nothing(tmp_path):
    """Who it is, its locations, and the newest orders' customers: at most 30 points."""
    async with world(tmp_path) as w:
        await w.spent()
        word = await asked(w)
        spent = await w.spent()
        assert spent.operations == ["Bootstrap", "Locations", "CustomerData"]
        assert spent.points <= 30
        assert await w.journal() == []
    assert word.facts.domain == "sandbox.myshopify.com"
    assert (word.orders, word.shown, word.hidden) == (5, 5, ())
    assert len(word.locations) == 3
    assert word.ahead is not None
    assert probes.clock(word.ahead).state == "ok"


@pytest.mark.parametrize("minutes", [-7, 7])
async def test_the_clock_is_compared_by_the_date_of_the_replies(tmp_path, minutes):
    """Seven minutes either way are seen, to within the seconds that a header has."""
    async with world(tmp_path) as w:
        word = await asked(w, behind=timedelta(minutes=minutes))
    assert word.ahead is not None
    assert abs(word.ahead.total_seconds() + minutes * 60) < 10
    note = probes.clock(word.ahead)
    assert note.state == "error"
    assert ("behind" in note.said) is (minutes > 0)


async def test_what_shopify_hides_of_customers_is_seen(tmp_path):
    """An app without protected customer data: which fields, and that orders will be held back."""
    async with world(tmp_path, store=StoreSettings(protected_data=False)) as w:
        word = await asked(w)
    assert word.orders == 5
    assert {"email", "phone", "shippingAddress", "firstName"} <= set(word.hidden)
    note = probes.customer_data(word)
    assert note.state == "error"
    assert "shippingAddress" in note.said
    assert "orders with an address are held back" in note.remedy


async def test_a_token_without_scopes_is_asked_for_less(tmp_path):
    """What it may not read is not asked: the scopes' own note says it all."""
    async with world(tmp_path, store=StoreSettings(scopes=("read_products",))) as w:
        await w.spent()
        word = await asked(w)
        assert (await w.spent()).operations == ["Bootstrap"]
    assert (word.locations, word.orders, word.hidden) == ([], 0, ())


# ---- scopes


def test_each_needed_scope_says_who_needs_it():
    """No scope of an operation is forgotten, and every action that asks Shopify is named."""
    assert set(probes.NEEDED_BY) == set(probes.needed_scopes())
    named = {action for actions in probes.NEEDED_BY.values() for action in actions}
    assert named == set(ACTIONS) - {"catalog_get_config"}


async def test_what_the_actions_really_send_is_in_the_table(tmp_path):
    """The example calls, and the scopes that the operations behind them state."""
    async with world(tmp_path) as w:
        await w.spent()
        for action in ACTIONS:
            for example in examples(action):
                await w.post(action, **example.request)
            for name in (await w.spent()).operations:
                for scope in operation(name).scopes:
                    assert action in probes.NEEDED_BY[scope], (action, name, scope)


def test_lacking_scopes_are_told_with_the_actions_that_will_fail():
    """A write scope covers its read scope; with --actions only what these need."""
    everything = {*probes.needed_scopes(), "read_all_orders"}
    (note,) = probes.scopes(everything)
    assert (note.state, note.said) == ("ok", "all 16 that are needed")
    (note,) = probes.scopes(everything - {"read_publications"})
    assert note.state == "ok"
    (note,) = probes.scopes(everything - {"write_returns", "read_returns"})
    assert note.said == "the token lacks read_returns, write_returns"
    assert note.remedy.startswith("order_complete, order_returned, order_update will fail: ")
    (note,) = probes.scopes(everything - {"write_products"}, ["order_pull", "inventory_push"])
    assert note.state == "ok"


def test_old_orders_need_a_scope_of_their_own():
    """A warning, since most shops finish an order within 60 days; none without order_pull."""
    granted = probes.needed_scopes()
    assert [n.state for n in probes.scopes(granted)] == ["ok", "warning"]
    assert [n.state for n in probes.scopes(granted, ["inventory_push"])] == ["ok"]


# ---- API version


@pytest.mark.parametrize(
    ("today", "version", "state", "said"),
    [
        (date(2026, 11, 23), "2026-10", "ok", "2026-10 until 2027-10-01"),
        (date(2027, 7, 4), "2026-10", "warning", "2026-10 until 2027-10-01, in 89 days"),
        (date(2027, 10, 1), "2026-10", "error", "is expired"),
        (date(2026, 9, 30), "2026-10", "error", "is unreleased"),
        (date(2027, 2, 1), "2027-01", "error", "does not support API version 2027-01, only"),
    ],
)
def test_the_api_version(today, version, state, said):
    """Within its year, near its end, outside, and not offered by the store."""
    note = probes.api_version(version, FACTS.versions, today)
    assert note.state == state
    assert said in note.said


# ---- shop and locations


def test_the_shop():
    """Its permanent domain, and a currency that RetailOps knows."""
    assert [n.state for n in probes.shop(channel(), FACTS)] == ["ok"]
    (_, alias) = probes.shop(channel(shop="old-name.myshopify.com"), FACTS)
    assert alias.state == "warning"
    assert alias.remedy == 'set shop = "acme.myshopify.com"'
    crowns = replace(FACTS, currency="SEK")
    assert probes.shop(channel(), crowns)[-1].state == "warning"
    own = channel(order_pull={"currency": "shop"})
    assert probes.shop(own, crowns)[-1].state == "error"


BOSTON, RENO = place(1, "Boston"), place(2, "Reno")


@pytest.mark.parametrize(
    ("push", "known", "state", "said"),
    [
        ({}, [BOSTON], "ok", "all stock is set at Boston"),
        ({}, [BOSTON, RENO], "warning", "the store has 2, and all stock is set at Boston"),
        ({"location": "reno"}, [BOSTON, RENO], "ok", "all stock is set at Reno"),
        ({"facilities": {"East": "Boston"}}, [BOSTON, RENO], "ok", "facilities: East → Boston"),
        ({"facilities": {"East": "Bostn"}}, [BOSTON], "error", 'facilities "East" is "Bostn"'),
        ({"location": "Atlantis"}, [BOSTON], "error", 'location is "Atlantis"'),
        ({}, [], "error", "the store has no active location"),
    ],
)
def test_locations_against_the_settings(push, known, state, said):
    """Every facility and location that is named is there; where stock goes is told."""
    (note,) = probes.places(channel(inventory_push=push), known)
    assert note.state == state
    assert said in note.said


def test_locations_of_order_pull_are_looked_at_too():
    """A filter that names a location which is not there would leave out every order."""
    (note,) = probes.places(channel(order_pull={"locations": ["Nowhere"]}), [BOSTON])
    assert note.state == "error"
    assert note.remedy == "name one of: Boston"


# ---- customer data and clock


def word(**changed: Any) -> probes.StoreWord:
    """A store where all is well, with changes."""
    usual = probes.StoreWord(FACTS, [BOSTON], (), 5, 3, timedelta(0))
    return replace(usual, **changed)


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "ok"),
        ({"orders": 0, "shown": 0}, "ok"),
        ({"shown": 0}, "warning"),
        ({"hidden": ("email", "phone")}, "warning"),
        ({"hidden": ("billingAddress",)}, "error"),
    ],
)
def test_customer_data(changed, state):
    """No address: orders are held back. No e-mail: they go without. Nothing at all: perhaps."""
    assert probes.customer_data(word(**changed)).state == state


def test_a_shop_without_orders_says_that_nothing_could_be_seen():
    """Else "ok" would be a promise."""
    assert "no order yet" in probes.customer_data(word(orders=0)).said


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (-20, "ok"), (31, "warning"), (-299, "warning"), (301, "error"), (-4000, "error")],
)
def test_the_clock(seconds, state):
    """Half a minute misleads the log, five minutes the reservations."""
    note = probes.clock(timedelta(seconds=seconds))
    assert note.state == state
    assert bool(note.remedy) is (state != "ok")


def test_a_reply_without_a_date_cannot_tell_the_time():
    """Shopify always sends one; a proxy may drop it."""
    assert probes.clock(None).state == "warning"
