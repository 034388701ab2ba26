"""``ledger`` and ``orders``: beside a bridge that runs, on the same ledger and the same store."""

from __future__ import annotations

import asyncio
import getpass
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import COMMANDS, functions_of, main
from bridge.ledger import CallKey, Claimed, Effect, Ledger
from tests.cli.terminal import GID, Terminal, acknowledge, doubted, on_ledger, step, write_config
from tests.support import CHANNEL, SHOP, world

PARTS = [
    (group, part, function)
    for group in ("ledger", "orders")
    for part, function in functions_of(COMMANDS[group]).items()
]


@pytest.mark.parametrize(("group", "part", "function"), PARTS, ids=lambda v: str(v)[:12])
def test_every_part_has_its_help(capsys, group: str, part: str, function: Any) -> None:
    """The group lists it with the first line of its own help, and it answers --help."""
    for words in ((group, "--help"), (group, part, "--help")):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
        out = capsys.readouterr().out
        assert part in out
        assert (function.__doc__ or "").split(",")[0].split(".")[0][:30] in out


# -- ledger list, show --------------------------------------------------------------------------


def test_empty_ledger_says_so(terminal: Terminal) -> None:
    """Not an empty screen."""
    code, out, _ = terminal("ledger", "list")
    assert code == 0
    assert "Nothing of that kind." in out
    assert "0 steps in doubt; 0 calls left" in out


def test_list_shows_steps_and_calls(terminal: Terminal) -> None:
    """Ids whole, notes as they are (no markup), states of both; never an answer."""
    (step_id,) = doubted(terminal, "p1")

    async def doing(ledger: Ledger) -> None:
        done = await ledger.begin_step(step("p2"))
        await ledger.complete_step(
            done, Effect(SHOP, GID, "fulfillment", "p2", {"id": "gid://f/2"}, ledger._clock())
        )
        for key, answer in (("a", b"secret answer"), ("b", None)):
            got = await ledger.claim(
                CallKey(CHANNEL, "order_cancel", f"{GID} {key}"), b"x" * 32, wait_seconds=0
            )
            assert isinstance(got, Claimed)
            await ledger.finish(got.execution_id, answer, final=answer is not None)

    on_ledger(terminal, doing)
    code, out, _ = terminal("ledger", "list")
    assert code == 0
    (line,) = [line for line in out.splitlines() if step_id in line]
    assert "doubt" in line
    assert "fulfillment p1" in line
    assert "time-out [bold]after[/bold] 30 s" in line
    assert "finished, final" in out
    assert "left" in out
    assert "secret" not in out
    assert "1 steps in doubt, the oldest sent" in out
    found = terminal.json("ledger", "list")
    assert [s["state"] for s in found["steps"]] == ["done", "doubt"]
    assert [c["state"] for c in found["calls"]] == ["left", "finished"]
    assert found["stats"]["in_doubt"] == 1
    assert "secret" not in json.dumps(found)


def test_list_doubt(terminal: Terminal) -> None:
    """Only steps in doubt, oldest first, and calls that were left."""
    first, second = doubted(terminal, "p1", "p2")

    async def doing(ledger: Ledger) -> None:
        done = await ledger.begin_step(step("p3"))
        await ledger.fail_step(done, note="no")
        got = await ledger.claim(CallKey(CHANNEL, "a", "1"), b"x" * 32, wait_seconds=0)
        assert isinstance(got, Claimed)
        await ledger.finish(got.execution_id, b"{}", final=True)

    on_ledger(terminal, doing)
    found = terminal.json("ledger", "list", "--doubt")
    assert [s["id"] for s in found["steps"]] == [first, second]
    assert found["calls"] == []


@pytest.mark.parametrize("name", ["77", GID], ids=["id", "gid"])
def test_list_of_one_order(terminal: Terminal, name: str) -> None:
    """Its steps, calls and effects, and nothing of an order whose id begins alike."""

    async def doing(ledger: Ledger) -> None:
        await ledger.begin_step(step("p1"))
        await ledger.begin_step(step("p9", order_gid=GID + "7"))
        for gid in (GID, GID + "7"):
            await ledger.record_effects(
                [Effect(SHOP, gid, "refund", gid, {"amount": "1.10"}, ledger._clock())]
            )
            await ledger.claim(
                CallKey(CHANNEL, "order_cancel", f"{gid} x"), b"x" * 32, wait_seconds=0
            )

    on_ledger(terminal, doing)
    found = terminal.json("ledger", "list", "--order", name)
    assert [s["natural_id"] for s in found["steps"]] == ["p1"]
    assert [c["natural_id"] for c in found["calls"]] == [f"{GID} x"]
    assert [e["natural_id"] for e in found["effects"]] == [GID]
    _, out, _ = terminal("ledger", "list", "--order", name)
    assert '{"amount": "1.10"}' in out


def test_show(terminal: Terminal) -> None:
    """Everything that is known of a step, for a person and for a program."""
    (step_id,) = doubted(terminal, "p1")
    code, out, _ = terminal("ledger", "show", step_id)
    assert code == 0
    for part in (step_id, GID, "FulfillmentCreate", '{"fulfillments": ["gid://f/1"]}', "none is"):
        assert part in out
    found = terminal.json("ledger", "show", step_id)
    assert found["step"]["expect"] == {"quantities": {"gid://l/1": 2}}
    assert found["effect"] is None


def test_unknown_step(terminal: Terminal) -> None:
    """Exit code 1 and a message, not a trace."""
    code, _, err = terminal("ledger", "show", "nothing")
    assert code == 1
    assert "no step nothing" in err


def test_missing_ledger_is_not_made(terminal: Terminal) -> None:
    """A wrong path is told; no empty ledger appears there."""
    path = terminal.config.parent / "ledger.sqlite3"
    path.unlink()
    code, _, err = terminal("ledger", "list")
    assert code == 1
    assert "there is no such file" in err
    assert not path.exists()


# -- ledger resolve -----------------------------------------------------------------------------


def test_resolve_as_applied(terminal: Terminal) -> None:
    """The effect is known as it was expected and as was said, by whom and why."""
    (step_id,) = doubted(terminal, "p1")
    detail = '{"id": "gid://f/2"}'
    code, out, _ = terminal(
        "ledger", "resolve", step_id, "--applied", "--note", "seen in admin", "--detail", detail
    )
    assert code == 0
    assert "settled as applied" in out
    found = terminal.json("ledger", "show", step_id)
    assert found["step"]["state"] == "done"
    assert found["step"]["note"] == f"applied, says {getpass.getuser()}: seen in admin"
    assert found["effect"]["detail"] == {"quantities": {"gid://l/1": 2}, "id": "gid://f/2"}
    assert terminal.json("ledger", "list", "--doubt")["steps"] == []


def test_resolve_as_not_applied(terminal: Terminal) -> None:
    """There is no effect; a second word on it is refused."""
    (step_id,) = doubted(terminal, "p1")
    code, out, _ = terminal("ledger", "resolve", step_id, "--not-applied", "--note", "not there")
    assert code == 0
    assert "may be sent again" in out
    found = terminal.json("ledger", "show", step_id)
    assert (found["step"]["state"], found["effect"]) == ("failed", None)
    code, _, err = terminal("ledger", "resolve", step_id, "--applied", "--note", "oh it is")
    assert code == 1
    assert "ended already" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--note", "x"), "--applied"),
        (("--applied",), "--note"),
        (("--applied", "--note", " "), "must say how you know"),
        (("--applied", "--note", "x", "--detail", "{"), "is not JSON"),
        (("--applied", "--note", "x", "--detail", "[]"), "must be a JSON object"),
        (("--not-applied", "--note", "x", "--detail", "{}"), "goes with --applied"),
    ],
)
def test_resolve_is_asked_for_in_full(terminal: Terminal, words, said: str) -> None:
    """Wrong usage is 2 and changes nothing."""
    (step_id,) = doubted(terminal, "p1")
    code, _, err = terminal("ledger", "resolve", step_id, *words)
    assert code == 2
    assert said in err
    assert terminal.json("ledger", "show", step_id)["step"]["state"] == "doubt"


async def test_resolve_waits_for_the_order(capsys, tmp_path: Path) -> None:
    """While a bridge works on the order a person's word waits; then it counts."""
    path = tmp_path / "ledger.sqlite3"
    terminal = Terminal(capsys, write_config(tmp_path, ledger=path, endpoint="http://127.0.0.1:9"))
    ledger = await Ledger.open(path)
    try:
        step_id = await ledger.begin_step(step())
        async with ledger.order_lock(SHOP, GID, wait_seconds=1):
            words = ("ledger", "resolve", step_id, "--not-applied", "--note", "x")
            task = asyncio.create_task(terminal.run(*words))
            for _ in range(6000):  # 60 s
                if (await ledger.stats()).tickets == 2:
                    break
                await asyncio.sleep(0.01)
            else:
                raise AssertionError("the command does not wait for the order")
            assert (await ledger.step(step_id)).state == "sending"
        code, _, _ = await task
        assert code == 0
        assert (await ledger.step(step_id)).state == "failed"
    finally:
        await ledger.close()


def test_prune(terminal: Terminal) -> None:
    """What is too old goes, and the counts are told; what is in doubt stays."""
    (doubt,) = doubted(terminal, "p1")

    async def doing(ledger: Ledger) -> None:
        await ledger.fail_step(await ledger.begin_step(step("p2")), note="no")

    on_ledger(terminal, doing)
    connection = sqlite3.connect(terminal.config.parent / "ledger.sqlite3")
    connection.execute("UPDATE steps SET sent_at = 0, ended_at = iif(ended_at IS NULL, NULL, 0)")
    connection.commit()
    connection.close()
    code, out, _ = terminal("ledger", "prune")
    assert code == 0
    assert [line.split() for line in out.splitlines() if line.startswith("steps")] == [
        ["steps", "1"]
    ]
    assert [s["id"] for s in terminal.json("ledger", "list")["steps"]] == [doubt]


async def test_list_finds_an_order_by_its_name(capsys, tmp_path: Path) -> None:
    """A name is searched in the store; one that nobody has is told."""
    async with world(tmp_path, lag=0.0) as w:
        terminal = Terminal(
            capsys,
            write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url),
        )
        placed = await w.place()
        await w.advance(60)
        await acknowledge(w, placed["id"])
        code, out, _ = await terminal.run("ledger", "list", "--order", placed["name"])
        assert code == 0
        assert "acknowledged" in out
        code, _, err = await terminal.run("ledger", "list", "--order", "#none")
        assert code == 1
        assert "#none" in err
