"""`retailops-bridge verify` as a person uses it: table, exit code, options."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import pytest
import typer
from aiohttp import web
from click.testing import Result
from pytest_aiohttp.plugin import AiohttpServer
from typer.testing import CliRunner

from bridge.cli.verify import verify
from bridge.retailops.actions import ACTIONS
from bridge.verify.run import WRONG_KEY
from tests.verify.servers import SmallServer, changed

app = typer.Typer()
app.command()(verify)


async def invoke(start: AiohttpServer, small: SmallServer, *arguments: str) -> Result:
    """The command in a thread of its own, while the server runs in this one."""
    server = await start(small.app())
    base = str(server.make_url("/"))
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return await asyncio.to_thread(runner.invoke, app, ["--base-url", base, *arguments])


def parsed(file: Path) -> Element:
    """An XML file as a tree."""
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(file.read_bytes(), True)
    return builder.close()


async def test_a_right_server_exits_with_0(aiohttp_server: AiohttpServer) -> None:
    """Eleven rows and a summary."""
    result = await invoke(aiohttp_server, SmallServer())
    assert result.exit_code == 0, result.output
    assert "11 ok, 0 failed" in result.output
    assert "order_settle_payment" in result.output


async def test_a_wrong_server_exits_with_1_and_says_what(aiohttp_server: AiohttpServer) -> None:
    """The table has the fault."""
    small = SmallServer(answer=changed(lambda body: body.update(events=None)))
    result = await invoke(aiohttp_server, small, "--actions", "order_cancel, order_update")
    assert result.exit_code == 1
    assert "2 failed" in result.output
    assert "events: is null" in result.output


async def test_what_is_not_served_is_said_and_is_no_failure(aiohttp_server: AiohttpServer) -> None:
    """The issue that is under way: four actions served, seven to come."""
    small = SmallServer(served=("order_pull", "order_acknowledge"))
    result = await invoke(aiohttp_server, small)
    assert result.exit_code == 0, result.output
    assert "2 ok, 0 failed, 9 not served: catalog_get_config" in result.output


async def test_a_server_that_serves_nothing_is_a_failure(aiohttp_server: AiohttpServer) -> None:
    """A check that checked nothing must not look like success."""
    result = await invoke(aiohttp_server, SmallServer(served=()))
    assert result.exit_code == 1
    assert "Nothing was verified" in result.output


async def test_verbose_shows_the_answers_and_never_the_key(aiohttp_server: AiohttpServer) -> None:
    """The request and both answers of each action, as they came."""
    small = SmallServer(key="k" * 32)
    result = await invoke(
        aiohttp_server, small, "--verbose", "--use-auth-key", "k" * 32, "--actions", "order_pull"
    )
    assert result.exit_code == 0, result.output
    assert '"channel_order_refnum": "5501"' in result.output
    assert '"specific_orders": []' in result.output
    assert "k" * 32 not in result.output


async def test_stop_on_error(aiohttp_server: AiohttpServer) -> None:
    """One row only when the first action fails."""

    def broken(_: str, __: dict[str, Any]) -> web.Response:
        return web.Response(status=500)

    result = await invoke(aiohttp_server, SmallServer(answer=broken), "--stop-on-error")
    assert result.exit_code == 1
    assert "0 ok, 1 failed" in result.output


async def test_markup_in_an_answer_is_not_taken_for_ours(aiohttp_server: AiohttpServer) -> None:
    """Rich's [brackets] in a server's page are printed, not obeyed."""

    def page(_: str, __: dict[str, Any]) -> web.Response:
        return web.Response(text="[/] [bold]oops[/bold]", content_type="text/html")

    small = SmallServer(answer=page)
    result = await invoke(aiohttp_server, small, "--verbose", "--actions", "order_pull")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "[bold]oops" in result.output


async def test_mistakes_of_usage_exit_with_2(aiohttp_server: AiohttpServer) -> None:
    """An unknown action, and a base URL without its scheme."""
    result = await invoke(aiohttp_server, SmallServer(), "--actions", "order_pul")
    assert result.exit_code == 2
    assert "order_pul" in result.output
    runner = CliRunner()
    for wrong in ("127.0.0.1:8080", "http://", "https:///order_pull", "http://[::1"):
        assert runner.invoke(app, ["--base-url", wrong]).exit_code == 2, wrong


def refused(_: str, __: dict[str, Any]) -> web.Response:
    """An order_cancel with two mistakes and what neither a terminal nor XML may carry raw."""
    events = [{"event_type": "warning", "code": 7, "message": "\x07<b>]]>&", "associations": []}]
    return web.json_response({"status": "maybe", "events": events})


async def test_json_has_every_fault_and_nothing_else_is_printed(
    aiohttp_server: AiohttpServer,
) -> None:
    """One JSON value: place and message of each fault, statuses, times; no bodies, no key."""
    small = SmallServer(served=("order_cancel", "order_pull"), answer=refused)
    result = await invoke(aiohttp_server, small, "--json", "--use-auth-key", SmallServer.key)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["passed"] is False
    assert [one["action"] for one in told["results"]] == list(ACTIONS)
    (cancel,) = [one for one in told["results"] if one["action"] == "order_cancel"]
    assert cancel["outcome"] == "failed"
    assert cancel["answer"]["status"] == 200
    assert cancel["answer"]["content_type"] == "application/json"
    assert cancel["answer"]["ms"] > 0
    assert cancel["answer"]["faults"] == [
        {"place": "events[0].code", "message": "is a whole number, must be text"},
        {"place": "status", "message": "is none of success, fail"},
    ]
    assert cancel["refusal"] == {
        "status": 401,
        "content_type": "application/json",
        "ms": cancel["refusal"]["ms"],
        "faults": [],
    }
    (push,) = [one for one in told["results"] if one["action"] == "catalog_push"]
    assert (push["outcome"], push["answer"]) == ("not served", None)


async def test_json_with_verbose_has_requests_and_bodies(aiohttp_server: AiohttpServer) -> None:
    """What was asked and what came, so that a fault can be looked into; never a key."""
    small = SmallServer(key="k" * 32)
    words = ("--json", "--verbose", "--use-auth-key", "k" * 32, "--actions", "order_update")
    result = await invoke(aiohttp_server, small, *words)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["passed"] is True
    (update,) = told["results"]
    assert json.loads(update["answer"]["body"])["line_items"] == []
    assert update["request"]["action"]
    assert "k" * 32 not in result.output
    assert WRONG_KEY not in result.output


async def test_junit_for_build_servers(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    """A suite with two cases an action; failures with every fault, skipped ones, sound XML."""
    small = SmallServer(served=("order_cancel", "order_pull"), answer=refused)
    file = tmp_path / "verify.xml"
    result = await invoke(aiohttp_server, small, "--junit", str(file), "--verbose")
    assert result.exit_code == 1
    assert "2 failed" in result.output
    (suite,) = parsed(file)
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "22",
        "failures": "2",
        "errors": "0",
        "skipped": "18",
    }
    cases = {(c.get("classname"), c.get("name")): c for c in suite}
    failure = cases["order_cancel", "answer"].find("failure")
    assert failure is not None
    assert failure.get("message") == "events[0].code: is a whole number, must be text"
    assert "status: is none of success, fail" in (failure.text or "")
    assert not list(cases["order_cancel", "refusal of a wrong key"])
    # Seconds to the millisecond: a small server may well take none.
    assert re.fullmatch(r"\d+\.\d{3}", cases["order_pull", "answer"].get("time") or "")
    assert cases["catalog_push", "answer"].find("skipped") is not None


async def test_junit_carries_any_page(aiohttp_server: AiohttpServer, tmp_path: Path) -> None:
    """Control characters and half surrogates of a broken page do not break the report."""

    def page(_: str, __: dict[str, Any]) -> web.Response:
        return web.Response(body=b"\x00\x1b[31m <i> \xed\xa0\x80 ]]>", content_type="text/html")

    file = tmp_path / "verify.xml"
    await invoke(aiohttp_server, SmallServer(answer=page), "--junit", str(file))
    failures = parsed(file).findall(".//failure")
    assert len(failures) == len(ACTIONS)


async def test_a_report_that_cannot_be_written_is_told(
    aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    """Which file, and why; not a traceback, and not silence."""
    file = tmp_path / "no-folder" / "verify.xml"
    result = await invoke(aiohttp_server, SmallServer(), "--junit", str(file))
    assert str(result.exception).startswith(str(file))
    assert "No such file" in str(result.exception)


@pytest.mark.parametrize(("variable", "coloured"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
async def test_colours_for_a_terminal(
    aiohttp_server: AiohttpServer, monkeypatch: pytest.MonkeyPatch, variable: str, coloured: bool
) -> None:
    """Green for ok in a terminal; plain text where colour is not wanted."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv(variable, "1")
    server = await aiohttp_server(SmallServer().app())
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "xterm-256color"})
    words = ["--base-url", str(server.make_url("/")), "--actions", "order_pull"]
    result = await asyncio.to_thread(runner.invoke, app, words)
    assert bool(re.search(r"\x1b\[32mok", result.output)) is coloured
