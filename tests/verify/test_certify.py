"""`retailops-bridge certify` against a stand-in for RetailOps, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
from aiohttp import web
from click.testing import Result as Invoked
from pytest_aiohttp.plugin import AiohttpServer
from typer.testing import CliRunner

from bridge.cli.certify import certify
from bridge.errors import BridgeError
from bridge.retailops.actions import ACTIONS
from bridge.verify.certify import judge, name_fault
from bridge.verify.http import asking
from bridge.verify.run import verify
from tests.cli.terminal import write_config
from tests.support import KEY, world
from tests.verify.servers import SmallServer, changed

API_KEY = "api-key-0123456789"
AUTH_KEY = "k" * 32

app = typer.Typer()
app.command()(certify)


@dataclass
class RetailOps:
    """RetailOps' certifying service: it calls the integration as the real one does."""

    reply: Callable[[], web.StreamResponse] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application()
        app.router.add_post("/integration/channel/certify.json", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        if self.reply is not None:
            return self.reply()
        if request.query.get("apikey") != API_KEY:
            return web.json_response({"error": "Not authorized", "error_code": "auth.failed"})
        results = [
            {
                "action": result.action,
                "version": 1,
                "status": "success" if result.outcome == "ok" else "error",
                "message": "; ".join(str(fault) for fault in result.faults),
                "target_url": f"{body['target_url']}/{result.action}",
            }
            async for result in self._called(body)
        ]
        failed = [one for one in results if one["status"] == "error"]
        if failed:
            message = f"{len(failed)} verification requests failed"
            told = {"status": "error", "message": message, "action_results": results}
            return web.json_response(told)
        self.registered.append(body["integration_name"])
        return web.json_response({"status": "success", "message": "", "action_results": results})

    async def _called(self, body: dict[str, Any]) -> Any:
        async with asking(body["target_url"]) as asker:
            key, actions = body["integration_auth_key"], body["supported_actions"]
            async for result in verify(asker, key=key, actions=actions):
                yield result


@dataclass
class Side:
    """A stand-in that listens, an integration's address, and the command."""

    retailops: RetailOps
    certify_url: str
    base_url: str
    environ: dict[str, str] = field(default_factory=lambda: {"RETAILOPS_API_KEY": API_KEY})

    async def run(self, *words: str, name: str = "acme-shopify", key: str = AUTH_KEY) -> Invoked:
        """The command in a thread of its own."""
        given = ["--base-url", self.base_url, "--certify-url", self.certify_url]
        given += ["--integration-name", name] if name else []
        given += ["--use-auth-key", key] if key else []
        runner = CliRunner(env={"COLUMNS": "250", "TERM": "dumb", **self.environ})
        return await asyncio.to_thread(runner.invoke, app, [*given, *words])


async def sides(
    start: AiohttpServer, retailops: RetailOps, integration: SmallServer | None = None
) -> Side:
    """Both servers started."""
    one = await start(retailops.app())
    url = str(one.make_url("/integration/channel/certify.json"))
    other = await start((integration or SmallServer(key=AUTH_KEY)).app())
    return Side(retailops, url, str(other.make_url("/")))


async def test_a_right_integration_is_certified(aiohttp_server: AiohttpServer) -> None:
    """Verified from here, posted once with all that RetailOps needs, every action told."""
    side = await sides(aiohttp_server, RetailOps())
    result = await side.run()
    assert result.exit_code == 0, result.output
    assert "Verified from here: 11 ok, 0 failed" in result.output
    assert "Certified." in result.output
    assert "order_settle_payment" in result.output
    assert side.retailops.asked == [
        {
            "version": 1,
            "target_url": side.base_url.rstrip("/"),
            "supported_actions": list(ACTIONS),
            "integration_auth_key": AUTH_KEY,
            "integration_name": "acme-shopify",
        }
    ]
    assert side.retailops.registered == ["acme-shopify"]
    assert AUTH_KEY not in result.output
    assert API_KEY not in result.output


async def test_the_bridge_itself_is_certified_with_its_configured_key(
    aiohttp_server: AiohttpServer, tmp_path: Path
) -> None:
    """The running bridge, called by the stand-in; the key comes from config.toml."""
    retailops = RetailOps()
    server = await aiohttp_server(retailops.app())
    async with world(tmp_path) as w:
        url = str(server.make_url("/integration/channel/certify.json"))
        side = Side(retailops, url, w.url)
        config = write_config(
            tmp_path, ledger=tmp_path / "l.sqlite3", endpoint="http://127.0.0.1:9"
        )
        result = await side.run("--config", str(config), "--actions", "order_pull", key="")
        assert result.exit_code == 0, result.output
        assert retailops.asked[0]["integration_auth_key"] == KEY
        assert retailops.asked[0]["supported_actions"] == ["order_pull"]
        assert await w.journal() == []


async def test_nothing_is_sent_when_the_integration_fails_here(
    aiohttp_server: AiohttpServer,
) -> None:
    """The table of verify, and why RetailOps was not asked."""
    wrong = SmallServer(key=AUTH_KEY, answer=changed(lambda body: body.update(events=None)))
    side = await sides(aiohttp_server, RetailOps(), wrong)
    result = await side.run("--actions", "order_cancel")
    assert isinstance(result.exception, BridgeError)
    assert "nothing was sent to RetailOps: 0 ok, 1 failed" in str(result.exception)
    assert "events: is null" in result.output
    assert side.retailops.asked == []


async def test_what_retailops_refuses_is_told_by_action(aiohttp_server: AiohttpServer) -> None:
    """`status: error` with its message, and each action's own."""
    wrong = SmallServer(key=AUTH_KEY, served=("order_pull",))
    side = await sides(aiohttp_server, RetailOps(), wrong)
    result = await side.run("--skip-verify", "--actions", "order_pull,order_cancel")
    assert result.exit_code == 1
    assert "Not certified: 1 verification requests failed" in result.output
    assert "status 404, must be 200" in result.output
    assert side.retailops.registered == []


async def test_a_wrong_api_key_is_told(aiohttp_server: AiohttpServer) -> None:
    """The API's own error and its code; the key is not in it."""
    side = await sides(aiohttp_server, RetailOps())
    side.environ["RETAILOPS_API_KEY"] = "wrong-api-key"
    result = await side.run("--skip-verify")
    assert result.exit_code == 1
    assert "Not certified: Not authorized (auth.failed)" in result.output
    assert "wrong-api-key" not in result.output


async def test_json_for_programs(aiohttp_server: AiohttpServer) -> None:
    """One value and nothing else, without keys."""
    side = await sides(aiohttp_server, RetailOps())
    result = await side.run("--json", "--actions", "order_pull")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "base_url": side.base_url,
        "name": "acme-shopify",
        "state": "certified",
        "message": "",
        "actions": [{"action": "order_pull", "passed": True, "message": ""}],
    }


async def test_a_reply_that_repeats_the_keys_is_shown_without_them(
    aiohttp_server: AiohttpServer,
) -> None:
    """Whatever comes back, no key reaches a terminal's history or a build log."""

    def echo() -> web.Response:
        return web.json_response({"error": f"bad {API_KEY} [b] {AUTH_KEY}", "error_code": API_KEY})

    result = await (await sides(aiohttp_server, RetailOps(reply=echo))).run("--skip-verify")
    assert "Not certified: bad … [b] … (…)" in result.output


async def test_a_reply_that_comes_in_pieces_is_read_to_its_end(
    aiohttp_server: AiohttpServer,
) -> None:
    """RetailOps writes of each action as it has called it: the first piece is not the reply."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"status": "success", '
        await asyncio.sleep(0.05)
        yield b'"message": "", "action_results": []}'

    side = await sides(aiohttp_server, RetailOps(reply=lambda: web.Response(body=pieces())))
    result = await side.run("--skip-verify")
    assert result.exit_code == 0, result.output


async def test_silence_is_unknown_and_not_repeated(aiohttp_server: AiohttpServer) -> None:
    """A time-out may come after the registration: one request, exit 1, and what to do."""
    never = asyncio.Event()
    retailops = RetailOps()

    async def hang(request: web.Request) -> web.Response:
        retailops.asked.append(await request.json())
        await never.wait()
        return web.Response()

    service = web.Application()
    service.router.add_post("/", hang)
    server = await aiohttp_server(service)
    side = Side(retailops, str(server.make_url("/")), "https://bridge.example.com")
    result = await side.run("--skip-verify", "--timeout", "0.1")
    never.set()
    assert result.exit_code == 1
    assert "Unknown: no answer within 0.1 s" in result.output
    assert "Look in RetailOps" in result.output
    assert len(retailops.asked) == 1


async def test_nobody_there_is_told(unused_tcp_port: int) -> None:
    """A refused connection: nothing was sent."""
    side = Side(RetailOps(), f"http://127.0.0.1:{unused_tcp_port}/", "https://bridge.example.com")
    result = await side.run("--skip-verify")
    assert result.exit_code == 1
    assert "cannot connect" in result.output
    assert "nothing was sent" in result.output


async def test_a_redirect_is_not_followed(aiohttp_server: AiohttpServer) -> None:
    """The keys go to the address that was given, and to no other."""

    def moved() -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})

    result = await (await sides(aiohttp_server, RetailOps(reply=moved))).run("--skip-verify")
    assert result.exit_code == 1
    assert "HTTP 302" in result.output


WORD = {"action": "order_pull", "status": "success", "message": ""}
REPLIES: dict[str, tuple[int, object, str, str]] = {
    "success": (200, {"status": "success", "action_results": [WORD]}, "certified", ""),
    "success without results": (200, {"status": "success"}, "certified", ""),
    "success with results null": (
        200,
        {"status": "success", "action_results": None},
        "certified",
        "",
    ),
    "error": (200, {"status": "error", "message": "no"}, "refused", "no"),
    "error without a reason": (200, {"status": "error"}, "refused", "RetailOps gives no reason"),
    "outer error": (200, {"error": "denied", "error_code": "a.b"}, "refused", "denied (a.b)"),
    "outer error, spelt otherwise": (
        200,
        {"Error": "denied", "errorCode": "a.b"},
        "refused",
        "denied (a.b)",
    ),
    "outer error without a code": (200, {"error": "denied", "code": 7}, "refused", "denied"),
    "outer error as object": (403, {"error": {"x": 1}}, "refused", '{"x": 1}'),
    "outer error beside success": (200, {"status": "success", "error": "late"}, "refused", "late"),
    "success but one action failed": (
        200,
        {"status": "success", "action_results": [{**WORD, "status": "error"}]},
        "unknown",
        "the reply says success, but not of order_pull",
    ),
    "success with HTTP 500": (
        500,
        {"status": "success"},
        "unknown",
        "the reply says success, with HTTP 500",
    ),
    "an empty object": (200, {}, "unknown", "the reply says neither success nor error"),
    "another status": (
        202,
        {"status": "queued"},
        "unknown",
        "neither success nor error, with HTTP 202",
    ),
    "a list": (200, [1], "unknown", "the reply is no JSON object: '[1]'"),
    "a page": (502, b"<h1>Bad Gateway</h1>", "unknown", "with HTTP 502: '<h1>Bad Gateway</h1>'"),
    "a page of refusal": (
        404,
        b"<h1>no</h1>",
        "refused",
        "the reply is no JSON object, with HTTP 404",
    ),
    "nothing": (200, b"", "unknown", "it is empty"),
}


@pytest.mark.parametrize("case", REPLIES)
def test_every_shape_of_a_reply(case: str) -> None:
    """Certified only where RetailOps says so without a doubt; else refused, or unknown."""
    status, body, state, message = REPLIES[case]
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    verdict = judge(status, raw)
    assert verdict.state == state
    assert message in verdict.message


@pytest.mark.parametrize("name", ["acme", "Acme-Shopify.2", "a" * 100])
def test_names_that_retailops_takes(name: str) -> None:
    """Letters, digits, hyphens, dots."""
    assert name_fault(name) == ""


@pytest.mark.parametrize("name", ["", "my_shop", "my shop", "-x", "a" * 101, "shöp", "a\n", "a/b"])
async def test_other_names_are_refused_before_anything_is_sent(
    aiohttp_server: AiohttpServer, name: str
) -> None:
    """An underscore would cut the key in two; exit 2."""
    assert name_fault(name)
    side = await sides(aiohttp_server, RetailOps())
    assert (await side.run("--skip-verify", name=name)).exit_code == 2
    assert side.retailops.asked == []


@pytest.mark.parametrize(
    ("base", "url", "key", "said"),
    [
        ("http://127.0.0.1:8080", "https://api.example.com/c", AUTH_KEY, "cannot be reached"),
        ("https://localhost/x", "https://api.example.com/c", AUTH_KEY, "cannot be reached"),
        ("https://[fd12::7]/x", "https://api.example.com/c", AUTH_KEY, "cannot be reached"),
        ("https://b.example.com", "http://api.example.com/c", AUTH_KEY, "must begin with https"),
        ("https://b.example.com", "https://api.example.com/c", "RETAILOPS_SDK", "is everyone's"),
        ("https://b.example.com", "https://api.example.com/c", "", "which key?"),
        ("b.example.com", "https://api.example.com/c", AUTH_KEY, "--base-url must be an address"),
    ],
)
async def test_what_retailops_could_not_use_is_refused_here(
    base: str, url: str, key: str, said: str
) -> None:
    """Wrong usage is exit 2, and nothing leaves this machine."""
    result = await Side(RetailOps(), url, base).run("--skip-verify", key=key)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


async def test_an_api_key_is_needed(aiohttp_server: AiohttpServer) -> None:
    """Missing or blank: exit 2."""
    side = await sides(aiohttp_server, RetailOps())
    for environ in ({}, {"RETAILOPS_API_KEY": " "}):
        side.environ = environ
        assert (await side.run()).exit_code == 2
    assert side.retailops.asked == []


async def test_a_plain_http_integration_is_warned_of() -> None:
    """RetailOps' own documentation has such an example; the key would be readable."""
    side = Side(RetailOps(), "http://127.0.0.1:9/", "http://bridge.example.com")
    result = await side.run("--skip-verify")
    assert "Warning: --base-url has no TLS" in result.stderr
