"""SIGHUP: new mappings once all of them are right, else the old ones, and it is said."""

from __future__ import annotations

import os
import re
import shutil
import signal
from pathlib import Path

import aiohttp
from structlog.testing import capture_logs

from bridge.server.logs import KEYS
from tests.cli.terminal import write_config
from tests.server.process import bridge_process
from tests.stories.caller import pull
from tests.support import CHANNEL, World, world

REFNUM = "5954000003073"  # order #1001 of the seed


def write(folder: Path, message: str) -> None:
    """A merchant's order_pull.toml that gives every order this gift message."""
    folder.mkdir(exist_ok=True)
    (folder / "order_pull.toml").write_text(f'[order]\ngift_message = "{message}"\n', "utf-8")


async def message(w: World) -> str:
    """The gift message that RetailOps is sent now."""
    (order,), _ = await pull(w, specific_orders=[REFNUM])
    return str(order["gift_message"])


async def health(w: World) -> tuple[int, dict, dict]:
    """HTTP status and body of /health/ready, and the metrics of reloading."""
    async with w.http.get(f"{w.url}/health/ready") as reply:
        status, body = reply.status, await reply.json()
    async with w.http.get(f"{w.url}/metrics") as reply:
        text = await reply.text()
    found = re.findall(r"^retailops_bridge_mapping(\S+) (\S+)$", text, re.MULTILINE)
    return status, body, {name: float(value) for name, value in found if "created" not in name}


async def test_a_good_mapping_is_used_without_a_restart(tmp_path: Path) -> None:
    """The next call has the new message; health is ok and the metric counts it."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        assert await message(w) == "old"
        write(own, "'new'")
        assert await message(w) == "old"
        assert await w.bridge.reloader.reload()
        assert await message(w) == "new"
        _, body, counted = await health(w)
        assert body["checks"]["mappings"] == {"status": "ok"}
        assert counted['_reloads_total{result="loaded"}'] == 1
        assert counted["s_refused"] == 0


async def test_a_bad_mapping_leaves_the_old_one_serving_and_says_so(tmp_path: Path) -> None:
    """Log, health and metrics tell the place; a good one afterwards clears all of it."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        write(own, "order.notte")
        with capture_logs() as logs:
            assert not await w.bridge.reloader.reload()
        (line,) = [e for e in logs if e["event"] == "mapping_refused"]
        assert line["code"] == "M204"
        assert line["place"] == f"{own / 'order_pull.toml'}:2:23"
        assert await message(w) == "old"
        status, body, counted = await health(w)
        assert (status, body["status"]) == (200, "degraded")
        assert 'unknown field "notte"' in body["checks"]["mappings"]["reason"]
        assert counted['_reloads_total{result="refused"}'] == 1
        assert counted["s_refused"] == 1
        write(own, "'mended'")
        assert await w.bridge.reloader.reload()
        assert await message(w) == "mended"
        _, body, counted = await health(w)
        assert body["checks"]["mappings"] == {"status": "ok"}
        assert counted["s_refused"] == 0


async def test_warnings_are_told_at_the_start_and_on_a_reload(tmp_path: Path) -> None:
    """One line each, with code and place; shipped mappings alone have none."""
    own = tmp_path / "own"
    write(own, "'old'")
    spare = "\n[tables.spare]\na = 'b'\n"
    with (own / "order_pull.toml").open("a") as file:
        file.write(spare)

    def told(logs: list) -> list[tuple[str, str]]:
        lines = [e for e in logs if e["event"] == "mapping_warning"]
        assert all(set(e) <= KEYS | {"log_level"} and e["log_level"] == "warning" for e in lines)
        return [(e["code"], e["place"]) for e in lines]

    with capture_logs() as logs:
        async with world(tmp_path, mappings_dir=own) as w:
            at_start = told(logs)
            assert at_start == [("M601", f"{own / 'order_pull.toml'}:4:9")]
            assert await w.bridge.reloader.reload()
            assert told(logs) == at_start * 2
            write(own, "'new'")
            assert await w.bridge.reloader.reload()
            assert told(logs) == at_start * 2


async def test_one_bad_file_keeps_the_others_back_too(tmp_path: Path) -> None:
    """Mappings are taken all together: a good order_pull.toml waits for inventory_push.toml."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        write(own, "'new'")
        (own / "inventory_push.toml").write_text("[stock")
        assert not await w.bridge.reloader.reload()
        assert await message(w) == "old"
        shutil.rmtree(own)
        assert not await w.bridge.reloader.reload()
        assert await message(w) == "old"


async def test_a_call_in_flight_keeps_the_mapping_it_began_with(tmp_path: Path) -> None:
    """The files change and are reloaded while Shopify is asked: this call ends by the old ones."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        reloaded = []

        async def swap(_: object) -> None:
            write(own, "'new'")
            reloaded.append(await w.bridge.reloader.reload())

        w.hook("before", "OrderPull", swap)
        assert await message(w) == "old"
        assert reloaded == [True]
        assert await message(w) == "new"


async def test_fields_that_are_selected_anew_are_asked_for(tmp_path: Path) -> None:
    """A new [select] changes what is sent to Shopify from the next call on."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        await message(w)
        (own / "order_pull.toml").write_text(
            '[select]\ncustomer = "tags"\n[order]\ngift_message = "order.customer.tags.size"\n'
        )
        assert await w.bridge.reloader.reload()
        assert await message(w) == "0"


async def test_only_mappings_are_read_again(tmp_path: Path) -> None:
    """The channel keeps its settings, its client and what it has learnt."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:
        before = w.bridge.parts.engine.channels[CHANNEL]
        assert await w.bridge.reloader.reload()
        after = w.bridge.parts.engine.channels[CHANNEL]
        assert after.mappings is not before.mappings
        assert (after.client, after.learned) == (before.client, before.learned)
        assert after.settings is before.settings


async def test_what_breaks_the_reload_itself_breaks_nothing_else(tmp_path, monkeypatch) -> None:
    """An error that nobody foresaw is logged; the old mappings serve."""
    own = tmp_path / "own"
    write(own, "'old'")
    async with world(tmp_path, mappings_dir=own) as w:

        def broken(_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(w.bridge.reloader, "_load", broken)
        with capture_logs() as logs:
            assert not await w.bridge.reloader.reload()
        assert "mapping_reload_broke" in [e["event"] for e in logs]
        assert await message(w) == "old"


async def test_sighup_reaches_a_real_process(tmp_path: Path) -> None:
    """A served bridge takes SIGHUP, keeps running, and says what came of it."""
    own = tmp_path / "own"
    write(own, "'old'")
    config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint="http://127.0.0.1:9")
    text = config.read_text()
    text = text.replace("[ledger]", "[server]\nport = 0\n[ledger]")
    config.write_text(
        text.replace("[channels.shopify]", 'mappings_dir = "own"\n[channels.shopify]')
    )
    async with bridge_process(config) as running:
        write(own, "order.notte")
        os.kill(running.process.pid, signal.SIGHUP)
        refused = await running.until("mapping_refused")
        assert refused["code"] == "M204"
        await running.until("mappings_kept")
        write(own, "'new'")
        with (own / "order_pull.toml").open("a") as file:
            file.write("[tables.spare]\na = 'b'\n")
        os.kill(running.process.pid, signal.SIGHUP)
        warned = await running.until("mapping_warning")
        assert 'table "spare"' in warned["reason"]
        assert warned["remedy"]
        assert (await running.until("mappings_reloaded"))["channels"] == [CHANNEL]
        async with aiohttp.ClientSession() as http, http.get(f"{running.url}/health/live") as reply:
            assert reply.status == 200
