"""The files that the page about deploying shows agree with the bridge and with each other."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import tomllib

import pytest
import typer.main
import yaml

from bridge.cli import application
from bridge.config.env import PREFIX, overlay
from bridge.config.models import LedgerSettings, ServerSettings
from bridge.config.source import Source
from bridge.server.app import create_app
from tests.docs.pages import ROOT, blocks
from tests.server import tiny

PAGE = ROOT / "docs" / "how-to" / "deploy.md"
BLOCKS = {block.language: block.text for block in reversed(blocks(PAGE))}
SETTINGS = tomllib.loads(BLOCKS["toml"])


def seconds(text: str) -> int:
    """``75`` and ``300s`` → the number."""
    return int(text.removesuffix("s"))


def test_the_service_runs_a_command_that_exists():
    """ExecStart is serve with its option; stopping may take longer than the bridge does."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(BLOCKS["ini"])
    program, command, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program == "/opt/retailops-bridge/bin/retailops-bridge"
    serve = typer.main.get_command(application([command])).commands[command]
    options = {name for parameter in serve.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
    assert unit["Service"]["RestartPreventExitStatus"] == "78"
    assert unit["Service"]["ExecReload"].endswith("-HUP $MAINPID")
    stop = seconds(unit["Service"]["TimeoutStopSec"])
    assert stop > SETTINGS["server"]["shutdown_seconds"] == ServerSettings().shutdown_seconds
    folder = unit["Service"]["ReadWritePaths"]
    assert SETTINGS["ledger"]["path"].startswith(f"{folder}/")


def test_the_container_is_told_settings_that_exist():
    """Its variables are settings, its check asks a route that is there, its commands are ours."""
    text = BLOCKS["dockerfile"].replace("\\\n", " ")
    lines = dict(re.findall(r"^(ENV|HEALTHCHECK|ENTRYPOINT|CMD|VOLUME) +(.*)$", text, re.M))
    given = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", lines["ENV"]))
    source = Source(None, "")
    overlay({}, given, source)
    source.fail_if_any()
    assert given[f"{PREFIX}LEDGER__PATH"].startswith(f"{lines['VOLUME']}/")
    (path,) = re.findall(r"http://127\.0\.0\.1:8080(/[a-z/]+)", lines["HEALTHCHECK"])
    app = create_app(tiny.settings(), engine=tiny.TinyEngine())
    assert path in {r.resource.get_info().get("path") for r in app.router.routes()}
    check = json.loads(re.findall(r"CMD (\[.*\])", lines["HEALTHCHECK"])[0])
    compile(check[2], "healthcheck", "exec")
    (command,) = json.loads(lines["CMD"])
    assert command in typer.main.get_command(application([command])).commands


@pytest.mark.parametrize("language", ["nginx", "caddy"])
def test_the_proxies_wait_and_let_through_what_the_bridge_does(language):
    """Longer than the longest call, and no smaller a body."""
    text = BLOCKS[language]
    waits = re.findall(r"(?:proxy_read_timeout|response_header_timeout) (\w+)", text)
    assert [seconds(wait) > ServerSettings().deadline_seconds for wait in waits] == [True]
    sizes = re.findall(r"(?:client_max_body_size|max_size) (\d+)(?:m;|MiB)", text)
    assert [int(size) for size in sizes] == [ServerSettings().max_body_mebibytes]
    assert "127.0.0.1:8080" in text


def test_litestream_copies_this_ledger():
    """The path is the ledger's, and the ledger waits as long as the page says."""
    (copied,) = yaml.safe_load(BLOCKS["yaml"])["dbs"]
    assert copied["path"] == SETTINGS["ledger"]["path"]
    assert copied["replica"]["url"].startswith("s3://")
    assert LedgerSettings().busy_seconds == 5.0
