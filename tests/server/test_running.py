"""Start and end of a real process: what it waits for, what it closes, how it exits."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from urllib.parse import urlsplit

import aiohttp
import pytest

from bridge.server.app import create_app
from bridge.server.running import CannotListen, listening
from tests.server.conftest import body
from tests.server.process import bridge_process, write_config
from tests.server.tiny import Done, TinyEngine, answer_of, settings

SDK = json.dumps({"integration_auth_token": "RETAILOPS_SDK"}).encode()


async def refused(host: str, port: int) -> None:
    """Wait until nobody listens there any more."""
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_call_in_flight_is_finished(tmp_path, number):
    """A call of which half the body has come when the signal comes is answered in full."""
    async with bridge_process(write_config(tmp_path)) as bridge:
        url = urlsplit(bridge.url)
        host, port = str(url.hostname), int(url.port or 0)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"POST /catalog_get_config_v1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(SDK) + SDK[:10]
        )
        await writer.drain()
        async with aiohttp.ClientSession() as http:  # it is being handled: seen in the metrics
            async with asyncio.timeout(20):
                while True:
                    async with http.get(f"{bridge.url}/metrics") as response:
                        if "calls_in_flight 1.0" in await response.text():
                            break
        bridge.process.send_signal(number)
        await bridge.until("stopping")
        await refused(host, port)
        writer.write(SDK[10:])
        await writer.drain()
        async with asyncio.timeout(20):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'{"sku_fanout":"related_skus"}' in answer
        writer.close()
        await bridge.until("stopped")
        assert await asyncio.wait_for(bridge.process.wait(), 20) == 0
        assert [line["outcome"] for line in bridge.lines if line["event"] == "call"] == ["ok"]


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
