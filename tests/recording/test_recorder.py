"""Recording beside the calls: each its own traffic, never in the way, never half a file."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.sending import MAX_SENDS
from bridge.recording import files, recorder, tap
from bridge.recording.cassette import Cassette, CassetteError
from bridge.recording.replay import Replayer
from bridge.server.replaying import run_as_served
from tests.stories.catalogue import product, variant
from tests.stories.shipments import TEE, item, line, package, place, submit
from tests.support import World, world


def found(folder: Path) -> list[Cassette]:
    """The recordings, oldest first."""
    return [files.read(file) for file in sorted(folder.rglob("*.yaml"))]


@asynccontextmanager
async def recorded(tmp_path: Path, **limits: Any) -> AsyncIterator[World]:
    """A world whose channel is recorded into ``tmp_path / "out"``."""
    async with world(tmp_path) as w:
        (channel,) = w.settings.channels
        update = {"folder": tmp_path / "out", **limits}
        w.settings = w.settings.model_copy(
            update={
                "channels": (channel.model_copy(update={"record": True}),),
                "recording": w.settings.recording.model_copy(update=update),
            }
        )
        await w.restart()
        yield w


async def results(w: World) -> dict[str, float]:
    """What became of the recordings, by the metrics."""
    async with w.http.get(f"{w.url}/metrics") as reply:
        text = await reply.text()
    rows = re.findall(r'recordings_total\{result="(\w+)"\} (\d+)', text)
    return {name: float(count) for name, count in rows}


async def settled(w: World, count: int) -> dict[str, float]:
    """The metrics once so many recordings have come to an end."""
    for _ in range(1000):
        made = await results(w)
        if sum(made.values()) >= count:
            return made
        await asyncio.sleep(0.01)
    raise AssertionError(f"{made} after ten seconds")


async def test_calls_side_by_side_are_not_mixed(tmp_path):
    """Twelve orders shipped at once: each recording has its own order's traffic and no other's."""
    async with recorded(tmp_path) as w:
        orders = [await place(w, lines=[{"sku": TEE, "quantity": 1}]) for _ in range(12)]
        boxes = [package(n, f"1Z99900000000{n}", item(line(o), 1)) for n, o in enumerate(orders, 1)]
        await asyncio.gather(*(submit(w, o, b) for o, b in zip(orders, boxes, strict=True)))
    cassettes = found(tmp_path / "out")
    assert len(cassettes) == 12
    for one in cassettes:
        gid = f"gid://shopify/Order/{one.call.request['channel_order_refnum']}"
        asked = [i.asked for i in one.interactions]
        assert [a["operationName"] for a in asked] == ["ShipmentState", "FulfillmentCreate"]
        assert asked[0]["variables"]["id"] == gid
        mine = one.interactions[0].reply
        for other in orders:
            if other["gid"] != gid:
                assert other["gid"] not in mine


async def test_whole_files_for_their_owner_only(tmp_path):
    """Mode 0600, nothing half-written left, everything written before the bridge ends."""
    async with recorded(tmp_path) as w:
        await w.post("catalog_get_config")
    (file,) = (tmp_path / "out").rglob("*.yaml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [f for f in (tmp_path / "out").rglob("*") if f.is_file()] == [file]
    header = files.read(file).header
    assert (header.source, header.action, header.outcome) == ("sandbox", "catalog_get_config", "ok")
    assert header.api_version == "2026-10"


async def test_only_the_channels_that_say_so(tmp_path):
    """Without record = true nothing is written and no recorder is there."""
    async with world(tmp_path) as w:
        await w.post("catalog_get_config")
        assert await results(w) == {"written": 0, "dropped": 0, "failed": 0}
    assert list(tmp_path.rglob("*.yaml")) == []


async def test_who_is_not_let_in_is_not_recorded(tmp_path):
    """A wrong key: nobody knows whose call it is."""
    async with recorded(tmp_path) as w:
        answer = await w.post("catalog_get_config", integration_auth_token="wrong")
        assert answer.status == 401
        assert (await results(w))["written"] == 0
    assert found(tmp_path / "out") == []


async def test_a_failure_to_record_never_fails_a_call(tmp_path):
    """The folder is a file: calls are answered all the same; the metrics and the log say so."""
    (tmp_path / "out").write_text("in the way")
    async with recorded(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 1}])
        answer = await submit(w, order, package(1, "1Z1", item(line(order), 1)))
        assert answer.events == []
        assert (await settled(w, 1))["failed"] == 1


async def test_a_disk_that_is_full_later(tmp_path, monkeypatch):
    """Writing fails: counted, no half file, and the next one is tried again."""
    write = files.write
    broken = [True]

    def full(made: Cassette, path: Path) -> int:
        if broken:
            broken.pop()
            raise OSError(28, "No space left on device")
        return write(made, path)

    monkeypatch.setattr(files, "write", full)
    async with recorded(tmp_path) as w:
        await w.post("catalog_get_config")
        await settled(w, 1)
        await w.post("catalog_get_config")
        made = await settled(w, 2)
    assert (made["failed"], made["written"]) == (1, 1)
    assert len(found(tmp_path / "out")) == 1


async def test_a_call_that_is_too_large_is_dropped(tmp_path, monkeypatch):
    """Its memory is given back, the call goes on, and it is counted."""
    monkeypatch.setattr(tap, "MAX_BYTES", 10_000)
    async with recorded(tmp_path) as w:
        answer = await w.post("order_pull", page_token="")
        assert answer.body["orders"]
        assert (await settled(w, 1))["dropped"] == 1
    assert found(tmp_path / "out") == []


async def test_too_many_waiting_are_dropped(tmp_path, monkeypatch):
    """While the disk stands still no more than MAX_WAITING calls are kept in memory."""
    monkeypatch.setattr(recorder, "MAX_WAITING", 2)
    free = asyncio.Event()
    loop = asyncio.get_running_loop()
    write = files.write

    def slow(made: Cassette, path: Path) -> int:
        asyncio.run_coroutine_threadsafe(free.wait(), loop).result()
        return write(made, path)

    monkeypatch.setattr(files, "write", slow)
    async with recorded(tmp_path) as w:
        for _ in range(6):
            assert (await w.post("catalog_get_config")).status == 200
        assert (await results(w))["dropped"] >= 3
        free.set()
    assert 2 <= len(found(tmp_path / "out")) <= 3


async def test_a_full_folder_ends_it(tmp_path):
    """Past recording.max_mebibytes nothing more is written; what is there counts."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "older.yaml").write_bytes(b"x" * (2**20 + 1))
    async with recorded(tmp_path, max_mebibytes=1) as w:
        await w.post("catalog_get_config")
        assert (await settled(w, 1))["dropped"] == 1
    assert [f.name for f in (tmp_path / "out").rglob("*.yaml")] == ["older.yaml"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2", "this is no YAML"),
        ("[" * 100_000, "nested too deeply"),
        ("interactions: []\nversion: 1\n", "this is no recording of a call"),
        ("bridge: {format: 1}\ncall: {request: {}, status: 200}\n", "Field required"),
    ],
)
def test_a_file_that_is_no_recording(tmp_path, text, told):
    """It is named, and what is wrong with it."""
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(CassetteError, match=told) as caught:
        files.read(file)
    assert "x.yaml" in str(caught.value)


async def test_tracking_that_is_changed_again_and_again(tmp_path):
    """There, back and there again, the last one in doubt: replays do the same.

    The ledger's name of an update, which an event quotes, has a hash of its tracking: on file it
    is that of the scrubbed one.
    """
    first, second = "1Z999AA10123456784", "1Z999AA10987654321"
    async with recorded(tmp_path) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 1}])

        async def send(number: str) -> list[str]:
            answer = await submit(w, order, package(5, number, item(line(order), 1)))
            await w.advance(5)
            return answer.codes

        assert [await send(number) for number in (first, second, first)] == [[], [], []]
        for _ in range(MAX_SENDS):
            await w.fault("FulfillmentTrackingUpdate", "http_502_before")
        assert await send(second) == ["IN_DOUBT"]
    ledger = sqlite3.connect(tmp_path / "ledger.sqlite3")
    rows = ledger.execute("SELECT natural_id FROM steps WHERE kind = 'tracking'").fetchall()
    ledger.close()
    real = {name.rpartition(" ")[2] for (name,) in rows}
    assert len(real) == 2
    replayer = Replayer(run_as_served)
    paths = sorted((tmp_path / "out").rglob("*.yaml"))
    assert len(paths) == 4
    for file in paths:
        text = file.read_text("utf-8")
        assert not any(name in text for name in real)
        replayed = await replayer.replay(files.read(file))
        assert replayed.verdict == "same", [d.as_json() for d in replayed.differences]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("stagedUpload", "drop_reply"),
        ("bulkResults", "http_502_before"),
    ],
)
async def test_a_bulk_push_that_meets_a_fault_replays_the_same(tmp_path, operation, fault):
    """Another place for the rows, another read of the results: all of it is on file, unsigned."""
    feed = {"products": [product(f"p-{n}", variant(f"P-{n}", "1.50")) for n in range(3)]}
    async with recorded(tmp_path) as w:
        (channel,) = w.settings.channels
        bulky = channel.catalog.model_copy(update={"bulk_from": 3})
        channels = (channel.model_copy(update={"catalog": bulky}),)
        w.settings = w.settings.model_copy(update={"channels": channels})
        await w.restart()
        await w.fault(operation, fault)
        assert (await w.post("catalog_push", template_output=feed)).events == []
    (path,) = (tmp_path / "out").rglob("*.yaml")
    made = files.read(path)
    assert sum(i.is_upload for i in made.interactions) == 1 + (operation == "stagedUpload")
    assert sum(i.is_download for i in made.interactions) == 1 + (operation == "bulkResults")
    text = path.read_text("utf-8")
    for signed in ("staged-uploads", "bulk-operation-outputs", "tmp/", "goog4_request"):
        assert signed not in text
    replayed = await Replayer(run_as_served).replay(made)
    assert replayed.verdict == "same", [d.as_json() for d in replayed.differences]
    assert replayed.tape is not None
    assert list(replayed.tape.unplayed()) == []
