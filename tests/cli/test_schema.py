"""``retailops-bridge schema fetch``: the store's schema, kept beside the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.sandbox.runner import start_sandbox
from bridge.schema import load_schema
from bridge.schema.stored import Schemas, file_name
from tests.cli.terminal import Terminal, write_config


@pytest.fixture
async def store():
    """An embedded store."""
    running = await start_sandbox()
    yield running
    await running.stop()


async def test_the_schema_is_kept_beside_the_configuration(store, tmp_path, capsys) -> None:
    """The file lies in shopify-schema/ with shop and version in its name, and is a schema."""
    config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint=store.url)
    terminal = Terminal(capsys, config)
    code, out, err = await terminal.run("schema", "fetch")
    assert (code, err) == (0, "")
    path = tmp_path / "shopify-schema" / file_name("sandbox.myshopify.com", "2026-10")
    assert str(path) in out
    whole = Schemas(path).whole()
    assert whole is not None
    assert set(whole.type_map) >= {"Order", "LineItem", "Customer"}
    assert len(whole.get_type("Order").fields) == len(load_schema().get_type("Order").fields)


async def test_a_store_that_cannot_be_reached_is_told(tmp_path, capsys) -> None:
    """Exit 1, one sentence, and no file."""
    config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint="http://127.0.0.1:9")
    channel = "[channels.order_pull]\n"
    config.write_text(config.read_text() + channel)
    terminal = Terminal(capsys, config)
    code, _, err = await terminal.run("schema", "fetch")
    assert code == 1
    assert "cannot be reached" in err
    assert not (tmp_path / "shopify-schema").exists()


async def test_a_folder_that_cannot_be_written_is_told(store, tmp_path: Path, capsys) -> None:
    """A file stands where the folder should be: what to do is said."""
    (tmp_path / "shopify-schema").write_text("")
    config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint=store.url)
    code, _, err = await Terminal(capsys, config).run("schema", "fetch")
    assert code == 1
    assert "set schema_dir" in err


def test_an_unknown_channel_is_wrong_usage(tmp_path, capsys) -> None:
    """Exit 2, as for any wrong option."""
    config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint="http://127.0.0.1:9")
    code, _, err = Terminal(capsys, config)("schema", "fetch", "--channel", "99")
    assert code == 2
    assert "99" in err
