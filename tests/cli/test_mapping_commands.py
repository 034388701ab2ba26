"""``check``, of configuration, mappings and stores: no developer is needed."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
import structlog

from bridge.cli import doctor, examining
from bridge.cli.check_stages import online
from bridge.cli.explain import WARNINGS, explanations
from bridge.config import load
from bridge.config.models import ChannelSettings
from bridge.errors import ConfigError
from bridge.sandbox.runner import start_sandbox
from bridge.wiring import all_mappings
from tests.cli.merchant import merchant, run
from tests.server.process import write_config

ROOT = Path(__file__).resolve().parents[2]


# ---- check


def test_check_without_a_configuration_checks_what_is_shipped(capsys) -> None:
    """A line a stage, no findings, exit 0; warnings are none either."""
    code, out, _ = run(capsys, "check", "--deny-warnings")
    assert code == 0, out
    assert [line.split(":")[0] for line in out.splitlines()] == [
        "skipped configuration",
        "ok      mappings",
        "ok      GraphQL documents",
        "ok      tests",
    ]


def test_check_shows_every_mistake_sorted_with_its_place(capsys, tmp_path) -> None:
    """Of all mappings of a channel together: caret, did-you-mean, where to read on; exit 78."""
    config = merchant(
        tmp_path,
        order_pull='[order]\ngift_message = "order.nte"\nip_adress = "order.clientIp"\n',
        inventory_push='[stock]\nsafety_stock = "policy.safety_stok"\n',
        ordr_pull="",
    )
    code, out, _ = run(capsys, "check", "--config", config)
    assert code == 78
    mine = tmp_path / "mine"
    assert re.findall(r"^(.+?): (?:error|warning)\[(M\d+)\]", out, re.MULTILINE) == [
        (f"{mine}/inventory_push.toml:2:24", "M204"),
        (f"{mine}/order_pull.toml:2:23", "M204"),
        (f"{mine}/order_pull.toml:3:1", "M201"),
        (f"{mine}/ordr_pull.toml", "M101"),
    ]
    assert (
        '2 | gift_message = "order.nte"\n'
        '  |                       ^^^ did you mean "note"?\n'
        "  = fields: retailops-bridge fields order_pull     "
        "explain: retailops-bridge explain M204"
    ) in out
    assert "ERROR   mappings: 4 error(s)" in out
    assert "ok      tests" in out


def test_a_file_that_is_none_never_goes_unnoticed(capsys, tmp_path) -> None:
    """A folder, a link to nothing and a wrong ending in the place of a mapping are mistakes."""
    (tmp_path / "order_pull.toml").mkdir()
    (tmp_path / "order_pull.test.toml").mkdir()
    (tmp_path / "order_cancel.toml").symlink_to(tmp_path / "moved.toml")
    (tmp_path / "order_update.toml.txt").write_text("[order]\n", "utf-8")
    (tmp_path / "inventory_push.TOML").write_text("[stock]\n", "utf-8")
    (tmp_path / "orders").mkdir()
    code, out, _ = run(capsys, "check", str(tmp_path))
    assert code == 78
    said = [line for line in out.splitlines() if "error[M101]" in line]
    assert [line.rpartition("error[M101] ")[2] for line in said] == [
        "no action reads inventory_push.TOML",
        "order_cancel.toml is a link to nothing, or no file that can be read",
        "order_pull.test.toml is a folder",
        "order_pull.toml is a folder",
        "no action reads order_update.toml.txt",
    ]
    assert "call it order_update.toml" in out


def test_a_mapping_in_a_subfolder_is_told_by_all(capsys, tmp_path) -> None:
    """check, doctor and the log of the start warn of it; another channel's folder is none."""
    config = Path(merchant(tmp_path, order_cancel=""))
    text = config.read_text()
    second = text.split("[[channels]]")[1].replace("= 21", "= 22").replace("mine", "mine/b2b")
    config.write_text(f"{text}[[channels]]{second.replace('RETAILOPS_SDK', 'k' * 32)}")
    for name in ("orders", "b2b"):
        (tmp_path / "mine" / name).mkdir()
        (tmp_path / "mine" / name / "order_pull.toml").write_text("[order]\n")
    code, out, _ = run(capsys, "check", "--config", str(config))
    assert code == 0
    assert "warning mappings: 1 warning(s)" in out
    place = f"{tmp_path}/mine/orders/order_pull.toml"
    said = "nobody reads a mapping in a subfolder: order_pull is the shipped one alone"
    assert f"{place}: warning[M606] {said}" in out
    settings = load(config, {})
    with structlog.testing.capture_logs() as logs:
        all_mappings(settings)
    warned = [e for e in logs if e["event"] == "mapping_warning"]
    assert [(e["place"], e["reason"]) for e in warned] == [(place, said)]
    first, other = (examining.mappings(one, settings.channels) for one in settings.channels)
    assert [(n.state, n.said) for n in first] == [("warning", f"{place}: warning[M606] {said}")]
    assert [n.state for n in other] == ["ok"]


def test_a_folder_that_is_not_there_is_said(capsys, tmp_path) -> None:
    """Neither show nor test goes on with the shipped mapping when a folder is misspelt."""
    code, _, err = run(capsys, "show", "order_pull", "--dir", str(tmp_path / "none"))
    assert code == 1
    assert "there is no folder" in err
    code, _, err = run(capsys, "test", str(tmp_path / "none"))
    assert code == 1
    assert "there is no folder" in err


def test_check_runs_the_merchants_tests(capsys, tmp_path) -> None:
    """A failing test and a wrong test file are errors; tests of a broken mapping are left out."""
    config = merchant(
        tmp_path,
        order_cancel="[cancellation]\nrefund = false\n",
        order_cancel__test='[[case]]\nname = "x"\nexpect.refund = true\n',
        order_update__test="",
        order_pull="[order]\nx = 1\n",
        order_pull__test='[[case]]\nname = "x"\nexpect.tags = []\n',
    )
    code, out, _ = run(capsys, "check", "--config", config)
    assert code == 78
    assert "FAILED" in out
    assert "order_cancel.test.toml:3:8: refund" in out
    assert "error[M703]" in out
    assert "order_pull.test.toml" not in out
    assert "ERROR   tests: 2 error(s)" in out


def test_warnings_pass_unless_they_are_denied(capsys, tmp_path) -> None:
    """An unused table is a warning: exit 0, and 78 with --deny-warnings."""
    config = merchant(tmp_path, order_pull='[tables.ship_services]\nExpress = "2DAY"\n')
    code, out, _ = run(capsys, "check", "--config", config)
    assert code == 0
    assert "warning mappings: 1 warning(s)" in out
    assert "warning[M601]" in out
    assert run(capsys, "check", "--config", config, "--deny-warnings")[0] == 78


def test_of_very_many_findings_the_first_are_printed(capsys, tmp_path) -> None:
    """20 of a file by place, how many more, and all in JSON; warnings take no error's place."""
    table = "".join(f"w{n} = \"'{n}'\"\n" for n in range(2_000))  # M605, warnings
    table += "".join(f"e{n} = [{n}]\n" for n in range(3_000))
    text = f"[order]\ngift_message = \"order.note | table: 'many'\"\n[tables.many]\n{table}"
    config = merchant(tmp_path, order_pull=text, order_update="[update]\nx = 1\n")
    pull, update = (f"{tmp_path}/mine/order_{name}.toml" for name in ("pull", "update"))
    rest = f"{pull}: and 2,980 errors and 2,000 warnings more: "
    last = f"{rest}retailops-bridge check --json has all of them"
    for command, wrong in (("check", 78), ("test", 1)):
        code, out, _ = run(capsys, command, "--config", config)
        assert code == wrong
        found = re.findall(r"^(\S+): (?:error|warning)\[(M\d+)\]", out, re.MULTILINE)
        expected = [(f"{pull}:{2004 + n}:{6 if n < 10 else 7}", "M105") for n in range(20)]
        assert found == [*expected, (f"{update}:2:1", "M201")]
        assert [line for line in out.splitlines() if " more: " in line] == [last]
        assert out.index(last) < out.index(update)
    assert (
        "ERROR   mappings: 3001 error(s); 2000 warning(s)"
        in run(capsys, "check", "--config", config)[1]
    )
    told = json.loads(run(capsys, "check", "--config", config, "--json")[1])
    assert len(told["stages"][1]["findings"]) == 5_001
    with pytest.raises(ConfigError) as caught, structlog.testing.capture_logs():
        all_mappings(load(Path(config), {}))
    assert len(caught.value.findings) == 5_001
    assert last in str(caught.value)
    assert str(caught.value).count("[M105]") == 20
    (channel,) = load(Path(config), {}).channels
    doctor.show([(21, "channel 21", examining.mappings(channel, [channel]))])
    lines = capsys.readouterr().out.splitlines()
    assert sum("ERROR   mappings: " in line for line in lines) == 20
    assert not [line for line in lines if "M605" in line]
    assert lines[-2:] == [
        "          and 4,981 more: --json has all of them",
        "0 ok, 2000 warning(s), 3001 error(s)",
    ]


def test_of_very_many_warnings_the_log_has_the_first(tmp_path) -> None:
    """At the start too: 20 lines, and one that tells of the others."""
    table = "".join(f"w{n} = \"'{n}'\"\n" for n in range(100))
    rule = "[order]\ngift_message = \"order.note | table: 'many'\"\n"
    config = merchant(tmp_path, order_pull=f"{rule}[tables.many]\n{table}")
    with structlog.testing.capture_logs() as logs:
        all_mappings(load(Path(config), {}))
    warned = [e for e in logs if e["event"] == "mapping_warning"]
    assert [e.get("code") for e in warned] == ["M605"] * 20 + [None]
    assert warned[-1]["reason"] == "and 80 warnings more"
    assert warned[-1]["place"] == f"{tmp_path}/mine/order_pull.toml"


def test_channels_that_can_take_the_same_orders_are_a_warning(capsys, tmp_path) -> None:
    """C415, in the stage of the configuration: exit 0, and 78 with --deny-warnings."""
    config = write_config(tmp_path)
    second = config.read_text().split("[[channels]]")[1].replace("= 21", "= 22")
    second = second.replace("RETAILOPS_SDK", "k" * 32)
    config.write_text(f"{config.read_text()}[[channels]]{second}")
    code, out, _ = run(capsys, "check", "--config", str(config))
    assert code == 0
    assert "warning configuration: 1 warning(s); 2 channel(s)" in out
    line = config.read_text().splitlines().index("id = 22")  # behind the table's header
    assert f"{config}:{line}:3: warning[C415] channels 21 and 22 of example.myshopify.com" in out
    assert run(capsys, "check", "--config", str(config), "--deny-warnings")[0] == 78
    assert run(capsys, "explain", "C415")[1].startswith("warning[C415] two channels of one shop")


def test_which_codes_of_the_configuration_are_warnings() -> None:
    """As their pages say, so `explain` says."""
    told = {c for c, t in explanations().items() if c.startswith("C") and "A warning" in t}
    assert told == WARNINGS


def test_what_two_channels_share_is_counted_once(capsys, tmp_path) -> None:
    """A mistake in the folder of both is one mistake, as it is printed once."""
    config = Path(merchant(tmp_path, order_cancel="[cancellation]\nx = 1\n"))
    text = config.read_text()
    second = text.split("[[channels]]")[1].replace("= 21", "= 22").replace("example.", "other.")
    config.write_text(f"{text}[[channels]]{second.replace('RETAILOPS_SDK', 'k' * 32)}")
    code, out, _ = run(capsys, "check", "--config", str(config))
    assert (code, out.count("[M201]")) == (78, 1)
    assert "ERROR   mappings: 1 error(s)" in out


def test_a_wrong_configuration_is_the_first_stage(capsys, tmp_path) -> None:
    """Its mistakes are shown; nothing else can be checked."""
    path = tmp_path / "config.toml"
    path.write_text("[server]\nprt = 1\n")
    code, out, _ = run(capsys, "check", "--config", str(path))
    assert code == 78
    assert out.startswith("ERROR   configuration: 2 error(s)\nskipped mappings")
    assert "error[C201]" in out


def test_check_of_a_folder_needs_no_configuration(capsys, tmp_path) -> None:
    """A merchant's folder alone, as JSON: stages with findings, places, codes, severities."""
    (tmp_path / "order_pull.toml").write_text('[order]\ngift_message = "order.nte"\n')
    code, out, _ = run(capsys, "check", str(tmp_path), "--json")
    told = json.loads(out)
    assert (code, told["passed"]) == (78, False)
    states = {stage["stage"]: stage["state"] for stage in told["stages"]}
    assert states == {
        "configuration": "skipped",
        "mappings": "error",
        "GraphQL documents": "ok",
        "tests": "ok",
    }
    (finding,) = told["stages"][1]["findings"]
    assert (finding["line"], finding["column"], finding["length"]) == (2, 23, 3)
    assert (finding["code"], finding["severity"]) == ("M204", "error")


def store_channel(url: str, **more) -> ChannelSettings:
    """A channel of the embedded store."""
    return ChannelSettings.model_validate(
        {
            "id": 21,
            "shop": "sandbox.myshopify.com",
            "auth_key": "k" * 32,
            "shopify": {"token": "shpat_sandbox", "endpoint": url},
            **more,
        }
    )


async def test_online_asks_the_store() -> None:
    """Token, scopes, version and locations: a sound channel, a wrong place, a wrong token."""
    running = await start_sandbox()
    try:
        good = await online(store_channel(running.url))
        places = {"location": "Atlantis", "facilities": {"East": "Nowhere"}}
        lost = await online(store_channel(running.url, inventory_push=places))
        shopify = {"token": "shpat_wrong", "endpoint": running.url}
        stranger = await online(store_channel(running.url, shopify=shopify))
    finally:
        await running.stop()
    assert (good.state, good.problems) == ("ok", [])
    assert f"API {ChannelSettings.model_fields['api_version'].default} until" in good.summary
    assert [p.split(", and")[0] for p in lost.problems] == [
        'sandbox.myshopify.com: inventory_push.location is "Atlantis"',
        'sandbox.myshopify.com: inventory_push.facilities "East" is "Nowhere"',
    ]
    assert stranger.state == "error"


async def test_online_is_a_stage_of_check(capsys, tmp_path) -> None:
    """--online adds a line for each store; without it nothing is asked."""
    running = await start_sandbox()
    try:
        path = write_config(tmp_path)
        text = re.sub(r'endpoint = ".*"', f'endpoint = "{running.url}"', path.read_text())
        path.write_text(text.replace('token = "', 'token = "'))
        code, out, _ = await asyncio.to_thread(
            run, capsys, "check", "--config", str(path), "--online"
        )
    finally:
        await running.stop()
    assert re.search(r"^(ok     |ERROR  ) store of channel \d+", out, re.MULTILINE), out
    assert code in (0, 78)


# ---- explain
