"""/health/ready of a whole bridge: its real ledger, and a store that answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bridge.probes import needed_scopes
from bridge.sandbox.server import StoreSettings
from bridge.server.running import serving
from tests.support import world


async def ready(http, url: str):
    """Status and body."""
    async with http.get(f"{url}/health/ready") as response:
        return response.status, await response.json()


async def test_a_bridge_that_can_work(tmp_path):
    """Ledger, token, scopes and version are well; a second question asks the store nothing."""
    async with world(tmp_path) as w:
        status, said = await ready(w.http, w.url)
        assert (status, said["status"]) == (200, "ok"), said
        assert said["channels"]["21"]["checks"]["shopify"]["status"] == "ok"
        assert (await w.spent()).operations == ["Bootstrap"]
        await ready(w.http, w.url)
        assert (await w.spent()).operations == []


async def test_a_token_that_is_not_valid(tmp_path):
    """The only channel cannot work: 503, and the token is not in the reason."""
    async with world(tmp_path) as w:
        await w.stop()
        (channel,) = w.settings.channels
        shopify = channel.shopify.model_copy(update={"token": SecretStr("shpat_wrong")})
        w.settings = w.settings.model_copy(
            update={"channels": (channel.model_copy(update={"shopify": shopify}),)}
        )
        await w.start()
        status, said = await ready(w.http, w.url)
        assert (status, said["status"]) == (503, "unavailable")
        assert "token" in said["channels"]["21"]["checks"]["shopify"]["reason"]
        assert "shpat_wrong" not in str(said)


async def test_a_scope_is_missing(tmp_path):
    """Degraded, with the scope's name: the other actions work."""
    scopes = [scope for scope in needed_scopes() if scope != "write_inventory"]
    async with world(tmp_path, store=StoreSettings(scopes=tuple(scopes))) as w:
        status, said = await ready(w.http, w.url)
        assert (status, said["status"]) == (200, "degraded")
        reason = said["channels"]["21"]["checks"]["shopify"]["reason"]
        assert reason == "the token lacks write_inventory"


@pytest.mark.parametrize(
    ("today", "word"),
    [
        (datetime(2026, 9, 30, tzinfo=UTC), "unreleased"),
        (datetime(2027, 10, 1, tzinfo=UTC), "expired"),
    ],
    ids=["before", "after"],
)
async def test_the_api_version_is_outside_of_its_window(tmp_path, today, word):
    """Shopify would answer with another version than was asked for."""
    async with world(tmp_path) as w:
        await w.stop()
        async with serving(w.settings, now=lambda: today) as bridge:
            status, said = await ready(w.http, bridge.url)
        assert (status, said["status"]) == (200, "degraded")
        assert f"is {word}" in said["channels"]["21"]["checks"]["shopify"]["reason"]


async def test_a_store_that_is_out_of_order(tmp_path):
    """Degraded, not unavailable: the bridge still answers, and the store will come back."""
    async with world(tmp_path) as w:
        await w.store.stop()
        status, said = await ready(w.http, w.url)
        assert (status, said["status"]) == (200, "degraded"), said


async def test_a_ledger_that_is_gone(tmp_path):
    """Without it no effect is safe: 503."""
    async with world(tmp_path) as w:
        await w.bridge.parts.ledger.close()
        status, said = await ready(w.http, w.url)
        assert (status, said["status"]) == (503, "unavailable")
        assert said["checks"]["ledger"]["status"] == "unavailable"
        assert (await w.post("order_acknowledge", orders=[])).status in {200, 503}


def test_the_scopes_that_are_needed():
    """They come from the documents' own headers."""
    needed = needed_scopes()
    assert {"read_orders", "write_orders", "write_inventory", "read_locations"} <= set(needed)
    assert all(scope.startswith(("read_", "write_")) for scope in needed)
