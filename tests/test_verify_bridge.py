"""The SDK's own check against the running bridge, and the official examples through its door."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.actions.table import SERVED
from bridge.retailops.actions import ACTIONS
from bridge.verify.http import asking
from bridge.verify.run import example, verify
from tests.retailops.official import RETAILOPS, refusals
from tests.server.process import PATIENCE, environment
from tests.shared import needs_shared
from tests.support import KEY, World, world


def official(action: str) -> dict[str, Any]:
    """RetailOps' own example request."""
    found: dict[str, Any] = json.loads(
        (RETAILOPS / "examples" / f"{action}_v1_ex_1.json").read_text("utf-8")
    )
    return found


async def ask(w: World, path: str, body: object) -> tuple[int, Any]:
    """POST exactly this body."""
    async with w.http.post(f"{w.url}{path}", json=body) as reply:
        return reply.status, await reply.json()


@needs_shared
async def test_the_official_examples_are_answered_as_the_official_schemas_want(
    tmp_path: Path,
) -> None:
    """Every action that is served, with a token of ours in it; the order 496 does not exist."""
    async with world(tmp_path) as w:
        for action in SERVED:
            status, answer = await ask(
                w, f"/{action}_v1", {**official(action), "integration_auth_token": KEY}
            )
            assert status == 200, action
            assert refusals(action, answer) == []
            if action == "order_acknowledge":
                assert [e["code"] for e in answer["events"]] == ["ORDER_NOT_FOUND"]
                assert answer["events"][0]["associations"][0]["identifier"] == "496"
            if action == "order_pull":
                assert answer["orders"]


@needs_shared
@pytest.mark.parametrize("mode", ["net", "gross"])
async def test_the_whole_seed_as_the_official_schemas_want(tmp_path: Path, mode: str) -> None:
    """Every kind of order, cancelled ones too; and an acknowledgement of all, with strangers."""
    policy = {"page_size": 100, "price_mode": mode}
    async with world(tmp_path, plan="enterprise", order_pull=policy) as w:
        pulled = await w.post("order_pull", page_token="")
        assert len(pulled.body["orders"]) > 40
        assert refusals("order_pull", pulled.body) == []
        everything = [o["id"] for o in (await w.state())["orders"]]
        named = await w.post("order_pull", specific_orders=everything)
        assert any(o.get("cancel") for o in named.body["orders"])
        assert refusals("order_pull", named.body) == []
        rows = [{"channel_order_refnum": r, "retailops_order_id": 0} for r in [*everything, "x"]]
        taken = await w.post("order_acknowledge", orders=rows)
        assert taken.codes == ["ORDER_NOT_FOUND"]
        assert refusals("order_acknowledge", taken.body) == []
        skus = {i["sku"] for i in (await w.state())["inventory"] if i["sku"]}
        stock = [{"sku": s, "quantity_available": 1} for s in [*skus, "no-such-sku"]]
        pushed = await w.post("inventory_push", inventory_updates=stock)
        assert "SKU_NOT_FOUND" in pushed.codes
        assert refusals("inventory_push", pushed.body) == []


async def test_our_own_examples_pass_the_sdks_check(tmp_path: Path) -> None:
    """In this process: the served actions are ok, the others are told as not served."""
    async with world(tmp_path) as w, asking(f"{w.url}/") as asker:
        outcomes = {r.action: (r.outcome, r.faults) async for r in verify(asker)}
        served = dict.fromkeys(SERVED, ("ok", ()))
        assert outcomes == {name: served.get(name, ("not served", ())) for name in ACTIONS}
        assert (await w.journal()) == []


async def test_a_bad_token_is_refused_by_every_action(tmp_path: Path) -> None:
    """401 before anything else of the body counts; Shopify is asked nothing."""
    async with world(tmp_path) as w:
        for action in SERVED:
            bodies: list[Any] = [
                {**example(action), "integration_auth_token": token}
                for token in ("wrong", "", None, 0, True, [], {}, KEY.lower(), f"{KEY} ")
            ]
            for body in [*bodies, example(action), {"orders": 5, "page_token": []}]:
                status, answer = await ask(w, f"/{action}_v1", body)
                assert status == 401, body
                assert [e["code"] for e in answer["events"]] == ["UNAUTHORIZED"]
        assert (await w.spent()).requests == 0


async def test_the_paths_that_callers_use(tmp_path: Path) -> None:
    """A base URL that ends in a slash, and the name without _v1."""
    async with world(tmp_path) as w:
        for path in ("//{}_v1", "/{}", "///{}_v1"):
            for action in SERVED:
                body = {**example(action), "integration_auth_token": KEY}
                status, answer = await ask(w, path.format(action), body)
                assert status == 200
                assert isinstance(answer, dict)


@asynccontextmanager
async def sandbox(*arguments: str) -> AsyncIterator[tuple[str, str]]:
    """``retailops-bridge sandbox`` as a process: the addresses of bridge and store."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge", "sandbox", "--port", "0", "--store-port", "0"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            found = [
                re.search(rb"http://\S+", await process.stdout.readline())
                for _ in ("bridge", "store")
            ]
        urls = [match.group().decode() for match in found if match]
        yield urls[0], urls[1]
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def command(*arguments: str) -> tuple[int, str]:
    """A command of ours as a process: exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(COLUMNS="150"),
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_commands_against_each_other() -> None:
    """`verify` against `sandbox`, both as processes; the base URL ends in a slash."""
    async with sandbox() as (bridge, store), aiohttp.ClientSession() as http:
        code, said = await command("verify", "--base-url", f"{bridge}/")
        assert code == 0, said
        assert said.count(" ok ") == len(SERVED), said
        code, said = await command(
            "verify", "--base-url", f"{bridge}/", "--use-auth-key", "wrongkey"
        )
        assert code == 1, said
        async with http.get(f"{store}/_sandbox/journal") as reply:
            assert await reply.json() == []
