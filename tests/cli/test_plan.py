"""``retailops-bridge plan``: what would be sent is shown, and nothing is sent."""

import asyncio
import json

import pytest

from bridge.cli import main
from bridge.sandbox.runner import start_sandbox


@pytest.fixture
async def store():
    """An embedded store."""
    running = await start_sandbox()
    yield running
    await running.stop()


def config(tmp_path, url: str) -> str:
    """A configuration for the store."""
    file = tmp_path / "config.toml"
    file.write_text(
        f"""environment = "test"
[ledger]
path = "ledger.sqlite3"
[[channels]]
id = 21
shop = "sandbox.myshopify.com"
auth_key = "RETAILOPS_SDK"
[channels.shopify]
token = "shpat_sandbox"
endpoint = "{url}"
"""
    )
    return str(file)


def request(tmp_path, **body) -> str:
    """A file with one request."""
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"version": 1, "channel_info": {"id": 21}, **body}))
    return str(file)


async def run(*arguments: str) -> int:
    """Run the command in a thread, as it starts a loop of its own; its exit code."""

    def command() -> int:
        try:
            main(list(arguments))
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return await asyncio.to_thread(command)


async def test_the_mutations_are_shown_and_none_is_sent(store, tmp_path, capsys) -> None:
    """Operation and variables of each step come out; the store's journal stays as it was."""
    before = list(store.sandbox.store.journal)
    sku = next(v.sku for v in store.sandbox.store.variants.values() if v.sku)
    code = await run(
        "plan",
        request(
            tmp_path,
            action="inventory_push",
            inventory_updates=[{"sku": sku, "quantity_available": 4321}],
        ),
        "--config",
        config(tmp_path, store.url),
        "--json",
    )
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert [s["operation"] for s in told["steps"]] == ["InventorySet"]
    row = told["steps"][0]["variables"]["input"]["quantities"][0]
    assert 4300 < row["quantity"] <= 4321  # less what unacknowledged orders reserve
    assert list(store.sandbox.store.journal) == before


async def test_an_unknown_action_is_told(store, tmp_path, capsys) -> None:
    """The known actions are named; exit 1, and 2 where the command itself names it."""
    code = await run(
        "plan", request(tmp_path, action="make_coffee"), "--config", config(tmp_path, store.url)
    )
    assert code == 1
    assert "order_cancel" in capsys.readouterr().err
    again = await run(
        "plan", request(tmp_path), "--config", config(tmp_path, store.url), "--action", "x"
    )
    assert again == 2


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["nowhere.json"], "nowhere.json: No such file", 2),
        (["half.json"], "half.json: The body is not JSON", 1),
        (["whole.json", "--channel", "99"], "no channel has the id 99; there is 21", 2),
    ],
)
async def test_what_cannot_be_planned_is_told(
    store, tmp_path, monkeypatch, capsys, arguments, said, code
) -> None:
    """With the file's name; a wrong argument is exit 2, a wrong file exit 1."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"half": '{"action": ', "whole": '{"action": "order_cancel"}'}.items():
        (tmp_path / f"{name}.json").write_text(text)
    assert await run("plan", *arguments, "--config", config(tmp_path, store.url)) == code
    assert said in " ".join(capsys.readouterr().err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("refnum", "code"), [("496", "ORDER_NOT_FOUND"), ("shipped", "ALREADY_SHIPPED")]
)
async def test_why_nothing_would_be_sent_is_told(store, tmp_path, capsys, refnum, code) -> None:
    """The events of the answer, as RetailOps would be told."""
    if refnum == "shipped":
        orders = store.sandbox.store.orders.values()
        refnum = next(
            o.legacy_resource_id for o in orders if o.fulfillment_list and not o.cancelled_at
        )
    body = request(tmp_path, action="order_cancel", order={"channel_order_refnum": refnum})
    assert await run("plan", body, "--config", config(tmp_path, store.url), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"] == []
    assert [e["code"] for e in told["events"]] == [code]
