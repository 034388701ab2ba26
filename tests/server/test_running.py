"""Start and end of a real process: what it waits for, what it closes, how it exits."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from bridge.server.app import create_app
from bridge.server.running import CannotListen, listening
from tests.server.conftest import body
from tests.server.process import PATIENCE, bridge_process, write_config
from tests.server.tiny import Done, TinyEngine, answer_of, settings

SDK = json.dumps({"integration_auth_token": "RETAILOPS_SDK"}).encode()


async def refused(host: str, port: int) -> None:
    """Wait until nobody listens there any more."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # we stood in its queue as it closed
                continue
            writer.close()
            await asyncio.sleep(0.01)


async def in_flight(url: str) -> None:
    """Wait until the bridge says that it handles a call."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
        while True:
            async with http.get(f"{url}/metrics") as response:
                if "calls_in_flight 1.0" in await response.text():
                    return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_call_in_flight_is_finished(tmp_path, aiohttp_server, number):
    """A call that waits for its store when the signal comes gets its answer, and then all ends."""
    asked, release = asyncio.Event(), asyncio.Event()

    async def store(_):
        asked.set()
        await release.wait()
        return web.json_response({"errors": "[API] Invalid API key or access token"}, status=401)

    standing = web.Application()
    standing.router.add_post("/{path:.*}", store)
    server = await aiohttp_server(standing)
    config = write_config(tmp_path, endpoint=str(server.make_url("")).rstrip("/"))
    async with bridge_process(config) as bridge, aiohttp.ClientSession() as http:
        url = urlsplit(bridge.url)
        orders = [{"channel_order_refnum": "1001"}]
        sent = {"integration_auth_token": "RETAILOPS_SDK", "orders": orders}
        call = asyncio.create_task(http.post(f"{bridge.url}/order_acknowledge_v1", json=sent))
        await asyncio.wait_for(asked.wait(), PATIENCE)
        await in_flight(bridge.url)
        bridge.process.send_signal(number)
        await bridge.until("stopping")
        await refused(str(url.hostname), int(url.port or 0))
        assert not call.done()
        release.set()
        answer = await asyncio.wait_for(call, PATIENCE)
        assert answer.status == 200
        assert (await answer.json())["events"][0]["code"] == "SHOPIFY_ACCESS_DENIED"
        await bridge.until("stopped")
        assert await asyncio.wait_for(bridge.process.wait(), PATIENCE) == 0
        calls = [line["outcome"] for line in bridge.lines if line["event"] == "call"]
        assert calls == ["failed"]


async def test_a_call_that_is_still_being_sent(tmp_path):
    """Nothing of it was done: it is told to call again, instead of holding up the end."""
    async with bridge_process(write_config(tmp_path)) as bridge:
        url = urlsplit(bridge.url)
        reader, writer = await asyncio.open_connection(str(url.hostname), int(url.port or 0))
        head = f"POST /order_pull_v1 HTTP/1.1\r\nHost: x\r\nContent-Length: {len(SDK)}\r\n\r\n"
        writer.write(head.encode() + SDK[:10])
        await writer.drain()
        await in_flight(bridge.url)
        bridge.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            answer = await reader.readuntil(b"\r\n\r\n") + await reader.read(4096)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: " in answer
        assert b"TRY_AGAIN" in answer
        writer.close()
        await writer.wait_closed()
        await bridge.until("stopped")
        assert await asyncio.wait_for(bridge.process.wait(), PATIENCE) == 0


async def test_waiting_ends_after_shutdown_seconds():
    """A call that takes longer than it may is cut off, so that the process does end."""
    entered = asyncio.Event()

    async def never(_):
        entered.set()
        await asyncio.Event().wait()

    async with aiohttp.ClientSession() as http:
        given = settings(port=0, shutdown_seconds=0.05)
        async with listening(create_app(given, engine=TinyEngine(never)), given.server) as url:
            call = asyncio.create_task(http.post(f"{url}/order_pull_v1", json=body()))
            await entered.wait()
        with pytest.raises(aiohttp.ClientError):
            await call


async def test_a_call_in_flight_keeps_the_application_open():
    """The block that owns ledger and sessions is left only after the last answer."""
    entered, leave = asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def then(_):
        entered.set()
        await leave.wait()
        order.append("answered")
        return Done(answer_of("order_pull"))

    async def serve(given, up: asyncio.Future[str], stop: asyncio.Event) -> None:
        async with listening(create_app(given, engine=TinyEngine(then)), given.server) as url:
            up.set_result(url)
            await stop.wait()
        order.append("closed")

    up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    server = asyncio.create_task(serve(settings(port=0), up, stop))
    async with aiohttp.ClientSession() as http:
        call = asyncio.create_task(http.post(f"{await up}/order_pull_v1", json=body()))
        await entered.wait()
        stop.set()
        await asyncio.sleep(0)
        leave.set()
        assert (await call).status == 200
        await server
    assert order == ["answered", "closed"]


async def test_a_port_that_is_taken():
    """Which one, and why."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = settings(port=taken.getsockname()[1])
        with pytest.raises(CannotListen, match=r"cannot listen on 127\.0\.0\.1:\d+: "):
            async with listening(create_app(given, engine=TinyEngine()), given.server):
                pass


def test_what_is_loaded_is_no_more_collected():
    """Once a server has settled down, a whole collection goes through what came after only."""
    script = (
        "import gc, bridge.cli.serve as serve\n"
        "from bridge.schema import load_schema\n"
        "load_schema()\n"
        "loaded = len(gc.get_objects())\n"
        "serve.settle_down()\n"
        "print(loaded, gc.get_freeze_count(), len(gc.get_objects()))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, frozen, left = map(int, ran.stdout.split())
    assert loaded > 100_000
    assert frozen > 0.9 * loaded
    assert left < 1_000
