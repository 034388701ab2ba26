"""Commands as a person types them, and what their ledger has in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import main
from bridge.ledger import Ledger, NewStep
from tests.support import CHANNEL, KEY, SHOP, World

GID = "gid://shopify/Order/77"


def write_config(folder: Path, *, ledger: Path, endpoint: str, channels: str = "") -> Path:
    """The configuration of the bridge that runs, as a file."""
    path = folder / "config.toml"
    path.write_text(
        f"""
environment = "test"
[ledger]
path = "{ledger}"
[[channels]]
id = {CHANNEL}
shop = "{SHOP}"
auth_key = "{KEY}"
[channels.shopify]
token = "shpat_sandbox"
endpoint = "{endpoint}"
{channels}
""",
        "utf-8",
    )
    return path


SECOND_CHANNEL = """
[[channels]]
id = 22
shop = "second.myshopify.com"
auth_key = "abcdefghijklmnopqrstuvwxyzABCDEF"
[channels.shopify]
token = "shpat_sandbox"
"""


class Terminal:
    """Runs commands as a person does; gives exit code, standard output and error."""

    def __init__(self, capsys: pytest.CaptureFixture[str], config: Path) -> None:
        self._capsys = capsys
        self.config = config

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """One command, ``--config`` added."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([*words, "--config", str(self.config)])
        out, err = self._capsys.readouterr()
        return int(ended.value.code or 0), out, err

    async def run(self, *words: str) -> tuple[int, str, str]:
        """One command, while this loop serves the bridge and the store."""
        return await asyncio.to_thread(self, *words)

    def json(self, *words: str) -> Any:
        """What a command says with ``--json``."""
        code, out, err = self(*words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)


async def made(path: Path) -> None:
    """A new ledger file."""
    await (await Ledger.open(path)).close()


def step(natural_id: str = "p1", **values: Any) -> NewStep:
    """A package on its way."""
    usual: Mapping[str, Any] = {
        "execution_id": "execution",
        "channel": CHANNEL,
        "shop": SHOP,
        "order_gid": GID,
        "key": "ship",
        "kind": "fulfillment",
        "natural_id": natural_id,
        "operation": "FulfillmentCreate",
        "idempotency_key": "",
        "pre_image": {"fulfillments": ["gid://f/1"]},
        "expect": {"quantities": {"gid://l/1": 2}},
    }
    return NewStep(**{**usual, **values})


def on_ledger(terminal: Terminal, doing: Any) -> Any:
    """Do something with the ledger of the terminal's configuration."""

    async def run() -> Any:
        ledger = await Ledger.open(terminal.config.parent / "ledger.sqlite3")
        try:
            return await doing(ledger)
        finally:
            await ledger.close()

    return asyncio.run(run())


def doubted(terminal: Terminal, *natural_ids: str) -> list[str]:
    """Steps whose reply was lost, by id."""

    async def doing(ledger: Ledger) -> list[str]:
        ids = [await ledger.begin_step(step(one)) for one in natural_ids]
        for one in ids:
            await ledger.doubt_step(one, note="time-out [bold]after[/bold] 30 s")
        return ids

    return on_ledger(terminal, doing)


async def acknowledge(w: World, *names: str) -> None:
    """RetailOps takes orders."""
    orders = [{"channel_order_refnum": n, "retailops_order_id": 7001} for n in names]
    answer = await w.post("order_acknowledge", orders=orders)
    assert (answer.status, answer.events) == (200, [])
