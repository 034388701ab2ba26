"""Shopify is down, out of points or slow, and the bridge is stopped: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.sandbox.journal import Entry
from bridge.server.running import serving
from tests.server.process import bridge_process, write_config
from tests.stories.caller import (
    PLAIN,
    TAG,
    acknowledge,
    drain,
    orders_of,
    pull,
    pull_all,
    reconfigure,
    refnums,
)
from tests.support import KEY, World, world


def nobody_listens() -> str:
    """An address on this machine where every connection is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def endpoint(w: World, url: str) -> dict[str, Any]:
    """The channel's Shopify settings with another address."""
    return {"token": "shpat_sandbox", "endpoint": url, "timeout_seconds": 5.0}


async def test_shopify_is_down(tmp_path: Path) -> None:
    """503 with Retry-After within the call's time, nothing done; later everything is there."""
    async with world(tmp_path) as w:
        whole = refnums(await pull_all(w))
        await reconfigure(
            w, server={"deadline_seconds": 0.6}, shopify=endpoint(w, nobody_listens())
        )
        rows: dict[str, Any] = {
            "order_pull": {"page_token": ""},
            "order_acknowledge": {"orders": [{"channel_order_refnum": whole[0]}]},
            "inventory_push": {"inventory_updates": [{"sku": PLAIN, "quantity_available": 5}]},
        }
        for action, fields in rows.items():
            answer = await w.post(action, fields)
            assert answer.status == 503, action
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.codes in (["SHOPIFY_UNAVAILABLE"], ["NOT_REACHED"])
        assert (await w.post("catalog_get_config")).status == 200  # it needs no Shopify
        await reconfigure(w, server={"deadline_seconds": 60.0}, shopify=endpoint(w, w.store.url))
        assert refnums(await pull_all(w)) == whole
        assert await w.journal() == []
        await acknowledge(w, *whole)
        assert await pull_all(w) == []


@pytest.mark.parametrize(
    "fault", ["http_502_before", "internal_error", "garbage", "half_body", "drop_reply", "timeout"]
)
async def test_a_pull_whose_request_goes_wrong(tmp_path: Path, fault: str) -> None:
    """A read is simply sent again; the caller notices nothing."""
    async with world(tmp_path, timeout_seconds=1.5) as w:
        whole = refnums((await pull(w))[0])
        await w.fault("OrderPull", fault)
        assert refnums((await pull(w))[0]) == whole


async def test_a_day_of_throttling(tmp_path: Path) -> None:
    """Another program uses all points again and again: every order once, and no hammering."""
    async with world(tmp_path, plan="enterprise", order_pull={"page_size": 25}) as w:
        whole = refnums(await pull_all(w))
        await w.spent()
        came: Counter[str] = Counter()
        for _ in range(6):
            drain(w)
            orders, _ = await pull(w)
            if not orders:
                break
            came.update(refnums(orders))
            drain(w, left=50)
            await acknowledge(w, *refnums(orders))
        assert came == Counter(whole)
        spent = await w.spent()
        assert spent.throttled >= 3
        assert spent.throttled <= 2 * (spent.requests - spent.throttled)
        tagged = [o["id"] for o in (await orders_of(w)).values() if TAG in o["tags"]]
        assert sorted(tagged) == sorted(whole)


async def test_a_storm_of_calls_on_an_empty_bucket(tmp_path: Path) -> None:
    """Eleven calls at once and no points: all wait in line, are answered, and act once."""
    async with world(tmp_path, plan="enterprise") as w:
        whole = refnums(await pull_all(w))
        await w.spent()
        drain(w)
        pulls = [w.post("order_pull", page_token="") for _ in range(3)]
        rows = [{"channel_order_refnum": r} for r in whole[:4]]
        takes = [w.post("order_acknowledge", orders=[row]) for row in rows + rows]
        answers = await asyncio.gather(*pulls, *takes)
        assert [a.status for a in answers] == [200] * 11
        assert [a.events for a in answers[3:]] == [[]] * 8
        assert 1 <= (await w.spent()).throttled <= 22  # twice a call at most
        assert sorted(e["order"] for e in await w.journal("tagsAdd")) == sorted(whole[:4])


async def test_out_of_points_for_longer_than_the_call(tmp_path: Path) -> None:
    """Nothing is begun that cannot be paid for in time: 503, and the store has not changed."""
    async with world(tmp_path) as w:
        (one, *_) = refnums(await pull_all(w))
        await reconfigure(w, server={"deadline_seconds": 1.0})
        drain(w)
        w.store.sandbox.engine.bucket.restore_rate = 1
        pulled = await w.post("order_pull", page_token="")
        taken = await w.post("order_acknowledge", orders=[{"channel_order_refnum": one}])
        assert (pulled.status, taken.status) == (503, 503)
        assert int(pulled.headers["Retry-After"]) > 0
        assert await w.journal() == []


async def test_stopped_in_the_middle_of_a_pull(tmp_path: Path) -> None:
    """The call in flight is answered whole, then the bridge is gone; another one goes on."""
    async with world(tmp_path) as w:
        whole = refnums((await pull(w))[0])
        begun = asyncio.Event()

        async def slow(_: Mapping[str, Any]) -> None:
            begun.set()
            await asyncio.sleep(0.3)

        w.hook("before", "OrderPull", slow)
        pulling = asyncio.create_task(pull(w))
        await begun.wait()
        await w.stop()
        assert refnums((await pulling)[0]) == whole
        await w.start()
        assert refnums((await pull(w))[0]) == whole


async def test_stopped_in_the_middle_of_an_acknowledgement(tmp_path: Path) -> None:
    """Cut off after shutdown_seconds, its word is in the ledger: the orders do not come back."""
    async with world(tmp_path) as w:
        one, two, *rest = whole = refnums(await pull_all(w))
        server = w.settings.server.model_copy(update={"shutdown_seconds": 0.2})
        w.settings = w.settings.model_copy(update={"server": server})
        await w.restart()
        begun = asyncio.Event()

        async def hang(_: Mapping[str, Any]) -> None:
            begun.set()
            await asyncio.sleep(60)

        w.hook("before", "OrderAcknowledge", hang)
        rows = [{"channel_order_refnum": r, "retailops_order_id": 8} for r in (one, two)]
        taking = asyncio.create_task(w.post("order_acknowledge", orders=rows))
        await begun.wait()
        await w.stop()
        results = await asyncio.gather(taking, return_exceptions=True)
        assert isinstance(results[0], Exception)
        await w.start()
        assert refnums(await pull_all(w)) == rest == whole[2:]
        # RetailOps saw no answer and calls again: now Shopify has the marks too.
        await acknowledge(w, one, two)
        after = await orders_of(w)
        assert TAG in after[one]["tags"]
        assert TAG in after[two]["tags"]


async def test_two_bridges_on_one_ledger(tmp_path: Path) -> None:
    """Equal acknowledgements to both at once have one effect, and both know of it at once."""
    async with world(tmp_path) as w, serving(w.settings, now=w.clock) as other:
        whole = refnums(await pull_all(w))
        rows = [{"channel_order_refnum": r, "retailops_order_id": 5} for r in whole[:10]]
        body = {"integration_auth_token": "RETAILOPS_SDK", "orders": rows}

        async def take(url: str) -> Any:
            async with w.http.post(f"{url}/order_acknowledge_v1", json=body) as reply:
                return reply.status, await reply.json()

        answers = await asyncio.gather(*(take(u) for u in [w.url, other.url] * 4))
        assert answers == [(200, {"events": []})] * 8
        tagged = Counter(e["order"] for e in await w.journal("tagsAdd"))
        assert tagged == Counter(whole[:10])
        async with w.http.post(f"{other.url}/order_pull_v1", json=body) as reply:
            left = refnums((await reply.json())["orders"])
        assert left
        assert not set(left) & set(whole[:10])


@pytest.mark.parametrize("fault", ["timeout", "apply_late"])
async def test_an_acknowledgement_that_hangs(tmp_path: Path, fault: str) -> None:
    """No reply, and the marks are written later or never: sent again, each order has them once."""
    async with world(tmp_path, timeout_seconds=1.0) as w:
        one, two, *_ = refnums(await pull_all(w))
        await w.fault("OrderAcknowledge", fault, delay=1.3)
        await acknowledge(w, one, two)
        await asyncio.sleep(0.6)  # what is late has come by now
        orders = await orders_of(w)
        for number, refnum in enumerate((one, two)):
            assert TAG in orders[refnum]["tags"]
            assert orders[refnum]["metafields"]["retailops.order_id"] == str(70 + number)
        assert sorted(e["order"] for e in await w.journal("tagsAdd")) == sorted([one, two])


async def test_killed_in_the_middle_of_an_acknowledgement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL while Shopify is being written to: the next process knows the word, and ends it."""
    async with world(tmp_path) as w:
        one, two, *rest = refnums(await pull_all(w))
        await w.stop()
        rows = [{"channel_order_refnum": r, "retailops_order_id": 8} for r in (one, two)]
        body = {"integration_auth_token": KEY, "orders": rows}
        ledger = f'[ledger]\npath = "{tmp_path / "process.sqlite3"}"'
        config = write_config(tmp_path, ledger, endpoint=w.store.url)
        await w.fault("OrderAcknowledge", "timeout")
        log, begun = w.store.sandbox.log, asyncio.Event()
        add = log.add

        def noticed(operation: str, *, mutation: bool) -> Entry:
            if mutation:
                begun.set()
            return add(operation, mutation=mutation)

        monkeypatch.setattr(log, "add", noticed)
        async with bridge_process(config) as bridge:
            taking = asyncio.create_task(
                w.http.post(f"{bridge.url}/order_acknowledge_v1", json=body)
            )
            async with asyncio.timeout(20):
                await begun.wait()
            bridge.process.kill()
            results = await asyncio.gather(taking, return_exceptions=True)
            assert isinstance(results[0], Exception)
        assert await w.journal() == []
        async with bridge_process(config) as bridge:
            async with w.http.post(f"{bridge.url}/order_pull_v1", json=body) as reply:
                assert refnums((await reply.json())["orders"])[:3] == rest[:3]
            # RetailOps calls again, and does not wait for a dead process.
            async with asyncio.timeout(5):
                async with w.http.post(f"{bridge.url}/order_acknowledge_v1", json=body) as reply:
                    assert (reply.status, await reply.json()) == (200, {"events": []})
        assert sorted(e["order"] for e in await w.journal("tagsAdd")) == sorted([one, two])
