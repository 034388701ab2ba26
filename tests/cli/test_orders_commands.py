"""``orders unsendable`` and ``orders resend``: what RetailOps was not sent, or shall have again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.actions.effects import ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCEL_OFFERED, THE_ORDER
from bridge.ledger import Effect, Ledger
from tests.cli.terminal import GID, SECOND_CHANNEL, Terminal, acknowledge, on_ledger, write_config
from tests.support import CHANNEL, SHOP, World, world

# -- orders unsendable --------------------------------------------------------------------------


def test_unsendable(terminal: Terminal) -> None:
    """Order, reason, place, since when and how often; all channels or one."""

    async def doing(ledger: Ledger) -> None:
        for _ in range(3):
            await ledger.hold_back(
                CHANNEL,
                GID,
                "#1001",
                code="MAPPING_FAILED",
                reason="no carrier [x]",
                place="order_pull.toml:3:1",
            )
        await ledger.hold_back(22, GID, "2", code="MONEY", reason="does not add up")

    assert "No order is held back." in terminal("orders", "unsendable")[1]
    on_ledger(terminal, doing)
    code, out, _ = terminal("orders", "unsendable")
    assert code == 0
    for part in ("#1001", "MAPPING_FAILED", "no carrier [x]", "order_pull.toml:3:1"):
        assert part in out
    terminal.config.write_text(terminal.config.read_text() + SECOND_CHANNEL)
    found = terminal.json("orders", "unsendable")
    assert [(h["refnum"], h["times"]) for h in found] == [("#1001", 3), ("2", 1)]
    assert [h["refnum"] for h in terminal.json("orders", "unsendable", "--channel", "22")] == ["2"]
    assert terminal("orders", "unsendable", "--channel", "23")[0] == 2


def test_channel_must_be_named_where_there_are_several(terminal: Terminal) -> None:
    """Nothing is guessed."""
    terminal.config.write_text(terminal.config.read_text() + SECOND_CHANNEL)
    code, _, err = terminal("orders", "resend", "77")
    assert code == 2
    assert "21, 22" in err


# -- orders resend ------------------------------------------------------------------------------


async def refnums(w: World) -> list[str]:
    """What order_pull offers now, all pages."""
    out: list[str] = []
    token = ""
    while True:
        answer = await w.post("order_pull", page_token=token, specific_orders=[])
        out += [o["channel_order_refnum"] for o in answer.body["orders"]]
        token = answer.body.get("next_page_token", "")
        if not token:
            return out


async def marks_of(w: World, number: str) -> tuple[list[str], list[str]]:
    """An order's tags and the keys of its metafields in the store."""
    (order,) = [o for o in (await w.state())["orders"] if o["id"] == number]
    return order["tags"], [m["key"] for m in order["metafields"]]


async def test_resend_offers_the_order_again(capsys, tmp_path: Path) -> None:
    """Tags (as spelt in the store), metafields and ledger are cleared; the next pull sends it.

    The bridge that runs meanwhile needs no restart, and no other order comes back.
    """
    async with world(tmp_path, lag=0.0) as w:
        terminal = Terminal(
            capsys,
            write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url),
        )
        placed = await w.place(tags=["RetailOps-Acknowledged-not", "VIP"])
        refnum = placed["id"]
        await w.advance(60)
        offered = await refnums(w)
        assert refnum in offered
        await acknowledge(w, *offered)
        await w.advance(60)
        assert await refnums(w) == []
        code, out, err = await terminal.run("orders", "resend", placed["name"])
        assert (code, err) == (0, "")
        assert "took off 1 tags and 1 metafields, and 1 entries" in out
        tags, keys = await marks_of(w, refnum)
        assert sorted(tags) == ["RetailOps-Acknowledged-not", "VIP"]
        assert "order_id" not in keys
        await w.advance(60)
        assert await refnums(w) == [refnum]
        code, out, _ = await terminal.run("orders", "resend", refnum)
        assert code == 0
        assert "there was nothing to take off" in out


async def test_resend_minds_the_spelling_of_tags(capsys, tmp_path: Path) -> None:
    """A tag that a person wrote in other letters first is taken off all the same."""
    async with world(tmp_path, lag=0.0) as w:
        terminal = Terminal(
            capsys,
            write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url),
        )
        spelt = ["RETAILOPS-Acknowledged", "Retailops-Cancel-Acknowledged"]
        placed = await w.place(tags=spelt)
        gid = "gid://shopify/Order/" + placed["id"]
        kinds = (ACKNOWLEDGED, CANCEL_OFFERED, CANCEL_ACKNOWLEDGED)
        ledger = w.bridge.parts.ledger
        await ledger.record_effects(
            [Effect(SHOP, gid, kind, THE_ORDER, {}, w.clock()) for kind in kinds]
        )
        code, out, _ = await terminal.run("orders", "resend", gid)
        assert code == 0
        assert "took off 2 tags and 0 metafields, and 3 entries" in out
        assert (await marks_of(w, placed["id"]))[0] == []
        assert await ledger.effects(SHOP, kinds) == []


async def test_resend_of_no_order(capsys, tmp_path: Path) -> None:
    """Told with the store's name; exit code 1."""
    async with world(tmp_path) as w:
        terminal = Terminal(
            capsys,
            write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url),
        )
        for name in ("#none", "999999999999"):
            code, _, err = await terminal.run("orders", "resend", name)
            assert code == 1
            assert SHOP in err
            assert name in err


@pytest.mark.parametrize("operation", ["metafieldsDelete", "tagsRemove"])
async def test_resend_can_be_repeated_after_a_lost_reply(
    capsys, tmp_path: Path, operation: str
) -> None:
    """The message says so, the ledger still knows the acknowledgement, the repeat ends it."""
    async with world(tmp_path, lag=0.0) as w:
        terminal = Terminal(
            capsys,
            write_config(tmp_path, ledger=w.settings.ledger.path, endpoint=w.store.url),
        )
        placed = await w.place()
        await w.advance(60)
        refnum = placed["id"]
        await acknowledge(w, refnum)
        await w.fault(operation, "drop_reply")
        code, _, err = await terminal.run("orders", "resend", refnum)
        assert code == 1
        assert "run the command again" in err
        ledger = w.bridge.parts.ledger
        assert len(await ledger.effects(SHOP, ACKNOWLEDGED)) == 1
        code, _, _ = await terminal.run("orders", "resend", refnum)
        assert code == 0
        assert await ledger.effects(SHOP, ACKNOWLEDGED) == []
        await w.advance(60)
        assert refnum in await refnums(w)
