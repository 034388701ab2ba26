"""`retailops-bridge doctor`: each line, its remedy, and the exit code."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.cli import examining
from bridge.config import load
from bridge.ledger import Ledger
from bridge.probes import Note, needed_scopes
from bridge.sandbox.server import StoreSettings
from tests.cli.terminal import (
    GID,
    SECOND_CHANNEL,
    Terminal,
    doubted,
    on_ledger,
    write_config,
)
from tests.support import CHANNEL, World, world


def own(w: World, tmp_path: Path, capsys: Any, **more: str) -> Terminal:
    """Commands on the files of a bridge that runs."""
    config = write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url, **more)
    config.chmod(0o600)
    return Terminal(capsys, config)


async def notes(terminal: Terminal, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and the notes of --json by subject; the worst where there are several."""
    code, out, err = await terminal.run("doctor", "--json", *words)
    assert err == ""
    order = ("ok", "warning", "error")
    told = sorted(json.loads(out), key=lambda note: order.index(note["state"]))
    return code, {note["subject"]: note for note in told}


async def test_a_sound_bridge(tmp_path, capsys):
    """One line a subject, exit 0; the store is asked little and changed in nothing."""
    async with world(tmp_path) as w:
        terminal = own(w, tmp_path, capsys)
        code, out, err = await terminal.run("doctor")
        assert (code, err) == (0, ""), out
        for line in (
            "this machine",
            f"channel {CHANNEL}, sandbox.myshopify.com",
            "  ok      secrets: 1 file(s), none of them open to everyone",
            "  ok      token: valid, by a static token",
            "  ok      scopes: all 16 that are needed",
            "  ok      customer data: names, addresses, e-mails and phones can be read",
            "  ok      mappings: 9 mapping(s), no file of your own",
        ):
            assert line in out, out
        assert "0 error(s)" in out
        assert await w.journal() == []
        code, told = await notes(terminal)
        assert code == 0
        assert set(told) >= {
            *("configuration", "environment", "secrets", "ledger", "mappings", "token", "shop"),
            *("scopes", "API version", "locations", "customer data", "clock"),
        }
        assert told["configuration"]["channel"] is None
        assert told["token"]["channel"] == CHANNEL
        assert all(n["remedy"] for n in told.values() if n["state"] != "ok")
        assert "shpat_sandbox" not in out


async def test_a_lacking_scope_and_what_it_breaks(tmp_path, capsys):
    """Exit 1 with the actions that will fail; none of it if RetailOps calls others only."""
    scopes = [s for s in needed_scopes() if s != "write_publications"]
    async with world(tmp_path, store=StoreSettings(scopes=tuple(scopes))) as w:
        terminal = own(w, tmp_path, capsys)
        code, out, _ = await terminal.run("doctor")
        assert code == 1
        assert "ERROR   scopes: the token lacks write_publications" in out
        assert "→ catalog_push will fail" in out
        code, _ = await notes(terminal, "--actions", "order_pull, inventory_push")
        assert code == 0


async def test_a_wrong_token(tmp_path, capsys):
    """One error for the store, and the token is not in it; the rest is still looked at."""
    async with world(tmp_path) as w:
        terminal = own(w, tmp_path, capsys)
        text = terminal.config.read_text().replace('"shpat_sandbox"', '"shpat_verysecret"')
        terminal.config.write_text(text)
        code, told = await notes(terminal)
        assert code == 1
        assert told["token"]["state"] == "error"
        assert "copy the token again" in told["token"]["remedy"]
        assert "scopes" not in told
        assert told["ledger"]["state"] == "ok"
        assert "shpat_verysecret" not in json.dumps(told)


def test_a_store_that_is_not_there(terminal):
    """Told with what to look at, not a traceback; all channels are looked at."""
    terminal.config.write_text(terminal.config.read_text() + SECOND_CHANNEL)
    code, out, _ = terminal("doctor", "--channel", str(CHANNEL))
    assert code == 1
    assert "ERROR   token: " in out
    assert "may this machine reach it" in out
    assert "channel 22" not in out


def test_another_channel_than_there_is(terminal):
    """Wrong usage, with the ids."""
    code, _, err = terminal("doctor", "--channel", "5")
    assert code == 2
    assert str(CHANNEL) in err


def test_a_broken_configuration(terminal):
    """Exit 78 with the place."""
    terminal.config.write_text(terminal.config.read_text().replace("auth_key", "auth_kex"))
    code, _, err = terminal("doctor")
    assert code == 78
    assert f"{terminal.config}:" in err


async def test_a_broken_mapping(tmp_path, capsys):
    """Exit 78, one line a mistake with its place; the store is asked all the same."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "order_pull.toml").write_text('[order]\nship_service_cod = "order.name"\n')
    async with world(tmp_path) as w:
        terminal = own(w, tmp_path, capsys)
        text = terminal.config.read_text()
        terminal.config.write_text(
            text.replace("[channels.shopify]", 'mappings_dir = "mine"\n[channels.shopify]')
        )
        code, told = await notes(terminal)
    assert code == 78
    assert "order_pull.toml:2:1" in told["mappings"]["said"]
    assert "retailops-bridge explain M" in told["mappings"]["remedy"]
    assert told["scopes"]["state"] == "ok"


# ---- this machine


async def ledger(terminal: Terminal) -> dict[str, Note]:
    """The notes about the terminal's ledger, by subject."""
    return {note.subject: note for note in await examining.ledger(load(terminal.config, {}))}


def test_a_ledger_that_nobody_has_made_yet(terminal):
    """Before the first start: well where it can be made, an error where the folder is not."""
    path = terminal.config.parent / "ledger.sqlite3"
    path.unlink()
    told = asyncio.run(ledger(terminal))
    assert (told["ledger"].state, path.exists()) == ("ok", False)
    text = terminal.config.read_text()
    terminal.config.write_text(text.replace(str(path), str(path.parent / "gone" / "l.sqlite3")))
    assert asyncio.run(ledger(terminal))["ledger"].state == "error"


def test_a_ledger_that_is_none(terminal):
    """Another file under its name: the ledger's own message."""
    (terminal.config.parent / "ledger.sqlite3").write_bytes(b"not a database, but long" * 400)
    told = asyncio.run(ledger(terminal))
    assert told["ledger"].state == "error"
    assert "ledger.sqlite3" in told["ledger"].said


def test_what_waits_for_a_person(terminal):
    """Steps in doubt and orders held back are warnings that name the command."""
    doubted(terminal, "p1", "p2")

    async def hold(ledger: Ledger) -> None:
        await ledger.hold_back(CHANNEL, GID, "77", code="MONEY_MISMATCH", reason="why")

    on_ledger(terminal, hold)
    told = asyncio.run(ledger(terminal))
    assert told["in doubt"].said == "2 step(s) whose outcome nobody knows"
    assert "ledger list --doubt" in told["in doubt"].remedy
    assert told["held back"].said == "1 order(s) cannot be sent to RetailOps"
    assert "orders unsendable" in told["held back"].remedy
    assert told["in doubt"].state == told["held back"].state == "warning"


@pytest.mark.parametrize(
    ("free", "state"), [(10**6, "error"), (10**8, "warning"), (10**10, "none")]
)
def test_room_on_the_disk(terminal, monkeypatch, free, state):
    """A ledger that cannot grow refuses every call."""
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr(examining.shutil, "disk_usage", lambda _: usage)
    told = asyncio.run(ledger(terminal))
    assert (told["disk"].state if "disk" in told else "none") == state


def test_a_network_file_system_is_no_place_for_a_ledger(terminal, tmp_path, monkeypatch):
    """By the longest mount point that holds the folder; names with blanks as Linux writes them."""
    mounts = tmp_path / "mounts"
    here = terminal.config.parent
    mounts.write_text(
        f"disk / ext4 rw 0 0\nnas:/x {str(here).replace(' ', chr(92) + '040')} nfs4 rw 0 0\n"
        "nas:/y /elsewhere cifs rw 0 0\n"
    )
    assert examining.file_system(here, mounts) == "nfs4"
    assert examining.file_system(here.parent, mounts) == "ext4"
    assert examining.file_system(here, tmp_path / "none") == ""
    monkeypatch.setattr(examining, "file_system", lambda _: "nfs4")
    told = asyncio.run(ledger(terminal))
    assert told["disk"].state == "error"
    assert "local disk" in told["disk"].remedy


def test_secrets_that_everyone_can_read(tmp_path):
    """The configuration if secrets stand in it, and the files that it names; a group is let be."""
    (tmp_path / "key").write_text("k" * 32)
    config = tmp_path / "config.toml"
    config.write_text('[[channels]]\nauth_key_file = "key"\nshop = "x"\n')
    config.chmod(0o644)
    for mode, state in ((0o600, "ok"), (0o640, "ok"), (0o644, "warning")):
        (tmp_path / "key").chmod(mode)
        note = examining.secrets(config)
        assert note.state == state, oct(mode)
    assert note.remedy == f"chmod o-rwx {tmp_path / 'key'}"
    (tmp_path / "key").chmod(0o600)
    config.write_text('[[channels]]\n[channels.shopify]\ntoken = "shpat_x"\n')
    assert str(config) in examining.secrets(config).said
    assert examining.secrets(None).state == "ok"


def test_a_real_store_with_the_verifiers_rules(terminal):
    """A store without an endpoint is no stand-in."""
    text = terminal.config.read_text()
    assert examining.environment(load(terminal.config, {}))[0].state == "ok"
    lines = [line for line in text.splitlines() if not line.startswith("endpoint")]
    terminal.config.write_text("\n".join(lines))
    (note,) = examining.environment(load(terminal.config, {}))
    assert note.state == "warning"
    assert note.remedy == 'set environment = "production"'
