"""A channel with client credentials: its tokens are fetched, shared and renewed, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.service import StoreSettings
from bridge.sandbox.tokens import DEFAULT_CLIENT
from tests.stories.caller import (
    PLAIN,
    acknowledge,
    orders_of,
    pull,
    pull_all,
    reconfigure,
    refnums,
)
from tests.support import World, world

DAY = 86_400


@dataclass
class Grants:
    """How often the store was asked for a token."""

    forms: list[Mapping[str, Any]] = field(default_factory=list)


@asynccontextmanager
async def installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, secret: str = DEFAULT_CLIENT[1]
) -> AsyncIterator[tuple[World, Grants]]:
    """A store without a static token, and a channel with a client id and secret."""
    async with world(folder, store=StoreSettings(token="", plan="plus")) as w:
        tokens, grants = w.store.sandbox.tokens, Grants()
        grant = tokens.grant

        def counted(form: Mapping[str, Any]) -> dict[str, Any]:
            grants.forms.append(form)
            return grant(form)

        monkeypatch.setattr(tokens, "grant", counted)
        credentials = {
            "client_id": DEFAULT_CLIENT[0],
            "client_secret": secret,
            "endpoint": w.store.url,
        }
        await reconfigure(w, shopify=credentials)
        yield w, grants


async def test_a_whole_day_on_two_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One grant serves all calls; when the token has expired the call in hand gets another."""
    async with installed(tmp_path, monkeypatch) as (w, grants):
        whole = refnums(await pull_all(w))
        await acknowledge(w, *whole[:3])
        row = {"sku": PLAIN, "quantity_available": 90}
        assert (await w.post("inventory_push", inventory_updates=[row])).events == []
        assert len(grants.forms) == 1
        await w.advance(DAY + 60)
        # The first request of the new day is refused with 401, renewed and sent again.
        assert refnums(await pull_all(w)) == whole[3:]
        await acknowledge(w, *whole[3:])
        assert len(grants.forms) == 2
        assert all(o["tags"] for o in (await orders_of(w)).values() if o["id"] in whole)


async def test_a_write_with_an_expired_token_happens_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token runs out between the look and the mark: 401 means that nothing was done."""
    async with installed(tmp_path, monkeypatch) as (w, grants):
        one, *_ = refnums((await pull(w))[0])

        async def night(_: Mapping[str, Any]) -> None:
            await w.advance(DAY + 60)

        w.hook("before", "OrderAcknowledge", night)
        await acknowledge(w, one)
        assert len(grants.forms) == 2
        assert [e["order"] for e in await w.journal("tagsAdd")] == [one]


async def test_calls_at_once_share_one_grant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Single flight: at the start, and when the token has been revoked."""
    async with installed(tmp_path, monkeypatch) as (w, grants):
        for asked in (1, 2):
            answers = await asyncio.gather(*(w.post("order_pull") for _ in range(6)))
            assert [a.status for a in answers] == [200] * 6
            assert len(grants.forms) == asked
            w.store.sandbox.tokens.revoke()


async def test_a_wrong_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not ready, and every call says what is wrong with the app, never the secret."""
    async with installed(tmp_path, monkeypatch, secret="wrong-secret") as (w, _):
        pulled = await w.post("order_pull")
        assert pulled.status == 503
        assert pulled.codes == ["SHOPIFY_ACCESS_DENIED"]
        row = {"sku": PLAIN, "quantity_available": 90}
        pushed = await w.post("inventory_push", inventory_updates=[row])
        assert pushed.codes == ["SHOPIFY_ACCESS_DENIED"]
        async with w.http.get(f"{w.url}/health/ready") as reply:
            ready = await reply.text()
            assert reply.status == 503
        for said in (str(pulled.body), str(pushed.body), ready):
            assert "wrong-secret" not in said
