"""`retailops-bridge verify` as a person uses it: table, exit code, options."""

import asyncio
from typing import Any

import typer
from aiohttp import web
from click.testing import Result
from pytest_aiohttp.plugin import AiohttpServer
from typer.testing import CliRunner

from bridge.cli.verify import verify
from tests.verify.servers import SmallServer, changed

app = typer.Typer()
app.command()(verify)


async def invoke(start: AiohttpServer, small: SmallServer, *arguments: str) -> Result:
    """The command in a thread of its own, while the server runs in this one."""
    server = await start(small.app())
    base = str(server.make_url("/"))
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    return await asyncio.to_thread(runner.invoke, app, ["--base-url", base, *arguments])


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
    """Both answers of each action, as they came."""
    small = SmallServer(key="k" * 32)
    result = await invoke(
        aiohttp_server, small, "--verbose", "--use-auth-key", "k" * 32, "--actions", "order_pull"
    )
    assert result.exit_code == 0, result.output
    assert '"channel_order_refnum": "5501"' in result.output
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
    assert runner.invoke(app, ["--base-url", "127.0.0.1:8080"]).exit_code == 2
