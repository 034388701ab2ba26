"""The bridge, the embedded store and a bare handler, each in a process of its own.

The server that is measured has one core, store and caller share another. What a process has
used is read from ``/proc``, so these figures need Linux.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from bridge.config.models import ServerSettings
from bridge.sandbox.runner import start_sandbox
from bridge.server.running import listening, settle_down, until_signal
from tests.support import CHANNEL, KEY, SHOP

CORES: Final = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]
# A machine with one core has them share it.
SERVER_CORE: Final = CORES[0]
OTHER_CORE: Final = CORES[-1]

MEMORY: Final = Path("/") / "dev" / "shm"

PATIENCE: Final = 60.0
ASK_AGAIN: Final = 0.003  # what a start-up time may be off by


class DidNotStart(Exception):
    """A child process ended, or was not ready in a minute; with the last of what it wrote."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that answers at ``url``; ``started`` is the seconds until it was ready."""

    pid: int
    url: str
    started: float

    def cpu_seconds(self) -> float:
        """Processor time of all its threads."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def mebibytes(self) -> float:
        """Resident memory."""
        text = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        line = next(row for row in text.splitlines() if row.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


def load() -> str:
    """How busy the machine is, to be said beside figures: the mean of the last minute."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


@asynccontextmanager
async def _child(
    folder: Path, port: int, program: Sequence[str], *, core: int, ready: str = "/health/live"
) -> AsyncIterator[Child]:
    """Run ``python -m program`` until the block is left; begins once ``ready`` answers 200.

    Byte code is kept in ``folder``, as an installed program keeps it, whatever this process
    was told by its environment.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RETAILOPS_BRIDGE")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    url = f"http://127.0.0.1:{port}"
    log = folder / f"{port}.log"
    with log.open("wb") as told:
        begin = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *program, env=environment, stdout=told, stderr=told
        )
        os.sched_setaffinity(process.pid, {core})
        try:
            async with aiohttp.ClientSession() as http:
                while not await _answers(http, url + ready):
                    if process.returncode is not None or time.perf_counter() > begin + PATIENCE:
                        raise DidNotStart(log.read_text("utf-8")[-2000:])
                    await asyncio.sleep(ASK_AGAIN)
            yield Child(process.pid, url, time.perf_counter() - begin)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as reply:
            return reply.status == 200
    except aiohttp.ClientError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def store(
    folder: Path, *, variants: int = 0, orders: int = 0, plan: str = "enterprise"
) -> AsyncIterator[Child]:
    """An embedded store. The largest plan, unless the wait for points is what is measured."""
    port = _free_port()
    told = [f"--{k}={v}" for k, v in {"variants": variants, "orders": orders, "plan": plan}.items()]
    program = ["bench.processes", "store", str(port), *told]
    async with _child(folder, port, program, core=OTHER_CORE, ready="/_sandbox/limits") as running:
        yield running


@asynccontextmanager
async def bare(folder: Path, played: Path) -> AsyncIterator[Child]:
    """A bare aiohttp handler, see ``Played``."""
    port = _free_port()
    program = ["bench.processes", "bare", str(port), "--played", str(played)]
    async with _child(folder, port, program, core=SERVER_CORE) as running:
        yield running


@asynccontextmanager
async def bridge(
    folder: Path, store_url: str, *, page_size: int = 50, ledger: Path | None = None
) -> AsyncIterator[Child]:
    """``retailops-bridge serve``, ready when it says so itself; ``ledger``: the file's folder."""
    port = _free_port()
    config = folder / f"{port}.toml"
    config.write_text(
        f"""
environment = "test"
[server]
port = {port}
[ledger]
path = "{(ledger or folder) / f"{port}.sqlite3"}"
[[channels]]
id = {CHANNEL}
shop = "{SHOP}"
auth_key = "{KEY}"
[channels.shopify]
token = "shpat_sandbox"
endpoint = "{store_url}"
[channels.order_pull]
page_size = {page_size}
""",
        "utf-8",
    )
    program = ["bridge", "serve", "--config", str(config)]
    async with _child(folder, port, program, core=SERVER_CORE, ready="/health/ready") as running:
        yield running


@contextmanager
def in_memory() -> Iterator[Path | None]:
    """A folder whose flushes take no time; None where the system has none."""
    if not MEMORY.is_dir():
        yield None
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="retailops-bench-") as name:
        yield Path(name)


def call_body(action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What RetailOps sends."""
    return {
        "integration_auth_token": KEY,
        "action": action,
        "version": 1,
        "client_id": 497,
        "channel_info": {"id": CHANNEL},
        **fields,
    }


# ---- the children


class Played:
    """A handler that asks the store what the bridge asks it, and answers what the bridge answers.

    JSON is read and written, the requests go one after the other through one aiohttp session,
    and nothing is understood, checked, remembered or logged. ``played``: path to
    ``{"requests": [{"url", "body"}], "answer"}``.
    """

    def __init__(self, played: Mapping[str, Any], http: aiohttp.ClientSession) -> None:
        self._played = played
        self._http = http

    async def __call__(self, request: web.Request) -> web.Response:
        """Answer one call."""
        await request.json()
        played = self._played[request.path]
        headers = {"X-Shopify-Access-Token": "shpat_sandbox"}
        for one in played["requests"]:
            async with self._http.post(one["url"], json=one["body"], headers=headers) as reply:
                await reply.json()
        return web.json_response(played["answer"])


async def _bare(port: int, played: Path) -> None:
    calls = json.loads(await asyncio.to_thread(played.read_text, "utf-8"))
    async with aiohttp.ClientSession() as http:
        app = web.Application()
        app.router.add_get("/health/live", _live)
        app.router.add_post("/{action}", Played(calls, http))
        async with listening(app, ServerSettings(port=port)):
            settle_down()
            await until_signal()


async def _live(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


async def _store(port: int, variants: int, orders: int, plan: str) -> None:
    running = await start_sandbox(port=port, variants=variants, orders=orders, plan=plan)
    settle_down()  # the store's pauses are not the bridge's
    await until_signal()
    await running.stop()


def main() -> None:
    """Be one of the children."""
    arguments = argparse.ArgumentParser(prog="python -m bench.processes")
    arguments.add_argument("what", choices=("store", "bare"))
    arguments.add_argument("port", type=int)
    arguments.add_argument("--variants", type=int, default=0)
    arguments.add_argument("--orders", type=int, default=0)
    arguments.add_argument("--plan", default="standard")
    arguments.add_argument("--played", type=Path)
    options = arguments.parse_args()
    if options.what == "bare":
        asyncio.run(_bare(options.port, options.played))
    else:
        asyncio.run(_store(options.port, options.variants, options.orders, options.plan))


if __name__ == "__main__":
    main()
