"""``retailops-bridge preview``: an order as it would be sent, with the reason of every value."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bridge.sandbox.runner import RunningSandbox, start_sandbox
from tests.cli.terminal import Terminal, write_config


@pytest.fixture
async def store():
    """An embedded store."""
    running = await start_sandbox()
    yield running
    await running.stop()


@pytest.fixture
def preview(store: RunningSandbox, tmp_path: Path, capsys):
    """The command, with a merchant's mapping."""

    async def run(mapping: str, *words: str) -> tuple[int, str, str]:
        own = tmp_path / "mine"
        own.mkdir()
        (own / "order_pull.toml").write_text(mapping, "utf-8")
        config = write_config(tmp_path, ledger=tmp_path / "l.sqlite3", endpoint=store.url)
        config.write_text(
            config.read_text().replace(
                "[channels.shopify]", 'mappings_dir = "mine"\n[channels.shopify]'
            )
        )
        return await Terminal(capsys, config).run("preview", *words)

    return run


TABLE = '[tables.ship_service]\n"Standard Shipping" = "GROUND"\n'


async def test_each_value_stands_beside_its_reason(preview, store) -> None:
    """The value, its expression, file:line:column, and the source values; nothing is written."""
    before = list(store.sandbox.store.journal)
    code, out, err = await preview(TABLE, "order_pull", "--order", "1001")
    assert (code, err) == (0, "")
    assert 'ship_service_code = "GROUND"\n    order.shippingLines[0].title | table' in out
    assert '      order.shippingLines[0].title = "Standard Shipping"\n' in out
    assert re.search(r"^    shipped order_pull\.toml:\d+:24$", out, re.MULTILINE)
    assert "order_items[1].currency_values.unit_price = 18.50" in out
    assert out.index("left out") < out.index("\ngift_message\n    order.note\n")
    assert list(store.sandbox.store.journal) == before


async def test_json_has_the_same(preview) -> None:
    """For programs: path, value, expression, place and what was read; --only narrows both lists."""
    words = ("order_pull", "--order", "#1001", "--only", "ship_service_code", "--json")
    code, out, _ = await preview(TABLE, *words)
    assert code == 0
    told = json.loads(out)
    (row,) = told["values"]
    assert told["left_out"] == []
    assert (row["path"], row["value"]) == ("ship_service_code", "GROUND")
    assert row["read"] == [{"path": "order.shippingLines[0].title", "value": "Standard Shipping"}]
    assert re.search(r"mappings/order_pull\.toml:\d+:24$", row["place"])


async def test_selected_fields_are_shown_too(preview) -> None:
    """What [select] adds is asked for by preview as by a pull."""
    mapping = '[select]\ncustomer = "tags"\n[order]\ngift_message = "order.customer.tags.size"'
    code, out, _ = await preview(mapping, "order_pull", "--order", "1001", "--only", "gift_message")
    assert code == 0
    assert "order.customer.tags.size = " in out
    assert "mine/order_pull.toml:4:16" in out


async def test_a_field_without_a_value_is_told(preview) -> None:
    """A field that the mapping says nothing of is no silence."""
    words = ("order_pull", "--order", "1001", "--only", "gift_message")
    code, out, _ = await preview('unset = ["order.gift_message"]', *words)
    assert code == 0
    assert "the mapping says nothing of gift_message for this order" in out


async def test_an_order_that_would_be_held_back_says_why(preview) -> None:
    """The code, the reason and the line; exit 1."""
    mapping = '[order]\ncurrency_code = "order.name"'
    code, out, _ = await preview(mapping, "order_pull", "--order", "1001")
    assert code == 1
    assert "it would be held back: MAPPING_FAILED" in out
    assert "mine/order_pull.toml:2:17" in out


async def test_an_order_that_is_not_there_is_told(preview) -> None:
    """Exit 1 and the name that was asked for."""
    code, _, err = await preview("", "order_pull", "--order", "no-such")
    assert code == 1
    assert "called no-such" in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("order_cancel", "--order", "1001"), 1, "retailops-bridge plan"),
        (("order_pull", "--order", "1001", "--only", "a..b"), 2, "is no path"),
        (("order_pull", "--order", "1001", "--only", "gift_mesage"), 1, '"gift_message"?'),
    ],
)
async def test_wrong_words_are_told(preview, words, code, said) -> None:
    """Only pulls are previewed; a path is written as in a test."""
    exit_code, _, err = await preview("", *words)
    assert exit_code == code
    assert said in err
