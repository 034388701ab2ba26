"""Where the shipped recordings are made: the embedded store over real HTTPS, on a clock of its own.

The bridge speaks with ``https://sandbox.myshopify.com`` through its own client; only the address
and the authority that vouches for it are ours. Nothing waits for real time but a time-out.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from bridge.config.models import ChannelSettings, Settings
from bridge.recording import tap
from bridge.recording.recorder import Recorder
from bridge.recording.tap import Recording
from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.runner import RunningSandbox, make_store
from bridge.sandbox.server import StoreSettings
from bridge.sandbox.service import SANDBOX
from bridge.server.running import serving
from bridge.shopify.client import ShopifyClient
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import Store, token_source
from tests.support import CHANNEL, KEY, SHOP, Answer, World, settings_for

# A recording is the same whenever it is made: the store's day, and the stand-ins' salt. All its
# people are invented, so the salt keeps no secret.
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SALT = b"shipped recordings of invented people"

# Real seconds: only faults that never answer wait for it.
TIMEOUT = 0.5


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of the hour: its certificate, and a server's key and certificate."""

    certificate: Path
    server: Path
    key: Path


def authority(folder: Path) -> Authority:
    """Made with openssl; needs it installed, which is why CI only replays."""
    names = {n: folder / n for n in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr")}
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    extensions = folder / "extensions"
    extensions.write_text(
        f"subjectAltName=DNS:{SHOP}\nbasicConstraints=critical,CA:FALSE\n"
        "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    _openssl(
        *("req", "-x509", *curve, "-keyout", names["ca.key"], "-out", names["ca.pem"]),
        *("-days", "2", "-subj", "/CN=studio"),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign"),
    )
    _openssl(
        *("req", *curve, "-keyout", names["server.key"], "-out", names["server.csr"]),
        *("-subj", f"/CN={SHOP}"),
    )
    _openssl(
        *("x509", "-req", "-in", names["server.csr"], "-out", names["server.pem"]),
        *("-CA", names["ca.pem"], "-CAkey", names["ca.key"], "-CAcreateserial"),
        *("-days", "2", "-extfile", extensions),
    )
    return Authority(names["ca.pem"], names["server.pem"], names["server.key"])


def _openssl(*arguments: object) -> None:
    said = subprocess.run(
        ["openssl", *map(str, arguments)], check=False, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr


class OneAddress(AbstractResolver):
    """Every name is one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The one address."""
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


@dataclass(slots=True)
class Wire:
    """How the bridge reaches the store."""

    http: aiohttp.ClientSession
    clock: SandboxClock
    offset: float = 0.0

    def now(self) -> float:
        """Monotonic seconds, moved by sleeping only."""
        return self.offset

    async def sleep(self, seconds: float) -> None:
        """Let the time pass for the bridge and the store."""
        self.offset += seconds
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def connect(self, channel: ChannelSettings, _: aiohttp.ClientSession) -> ShopifyClient:
        """The channel's client, over this wire."""
        settings = channel.shopify
        store = Store.at(channel.shop, channel.api_version)
        return ShopifyClient(
            http=self.http,
            store=store,
            tokens=token_source(settings, self.http, store, observe=tap.observe),
            bucket=CostBucket(2000.0, 100.0, clock=self.now, sleep=self.sleep),
            timeout_seconds=settings.timeout_seconds,
            observe=tap.observe,
            clock=self.now,
            sleep=self.sleep,
            chance=lambda: 0.5,
        )


@dataclass(slots=True)
class Studio(World):
    """A store and a bridge; ``take`` is a call that is kept."""

    wire: Wire | None = None
    recorder: Recorder | None = None
    folder: Path = Path()
    taken: list[Path] = field(default_factory=list)

    async def start(self) -> None:
        """Start the bridge, recording."""
        assert self.wire is not None
        self.recorder = Recorder(
            self.settings,
            self.clock,
            source="sandbox",
            today=lambda: datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0),
            salt=SALT,
            name=_named,
        )
        self._bridge = await self._stack.enter_async_context(
            serving(
                self.settings,
                now=self.clock,
                sleep=self.wire.sleep,
                connect=self.wire.connect,
                recorder=self.recorder,
            )
        )

    async def take(self, name: str, action: str, **fields: Any) -> Answer:
        """Call an action as RetailOps does, and keep its recording as ``<action>/<name>.yaml``."""
        headers = {"X-Request-Id": f"{action}.{name}"}
        asked: Mapping[str, Any] = {
            "integration_auth_token": KEY,
            "action": action,
            "version": 1,
            "client_id": 1,
            "channel_info": {"id": CHANNEL},
            **fields,
        }
        async with self.http.post(f"{self.url}/{action}_v1", json=asked, headers=headers) as reply:
            answer = Answer(reply.status, await reply.json(content_type=None), reply.headers)
        self.taken.append(self.folder / action / f"{name}.yaml")
        return answer


def _named(one: Recording, number: int) -> str:
    action, dot, name = one.request_id.partition(".")
    return f"{action}/{name}.yaml" if dot else f"aside/{number}.yaml"


@asynccontextmanager
async def studio(
    folder: Path,
    trusted: Authority,
    *,
    store: StoreSettings | None = None,
    shopify: Mapping[str, Any] | None = None,
    **policies: Any,
) -> AsyncIterator[Studio]:
    """A store with its seed over HTTPS, and a bridge that records into ``folder``.

    ``shopify`` are the channel's credentials, else the store's static token. What is beside the
    calls that are taken lies in ``folder / "aside"``.
    """
    clock = SandboxClock(lambda: NOON)
    app = make_store(clock=clock, settings=store)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        serving_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        serving_tls.load_cert_chain(trusted.server, trusted.key)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving_tls).start()
        await web.TCPSite(runner, "127.0.0.1", 0).start()  # for the studio's own questions
        secure, plain = (address[1] for address in runner.addresses)
        connector = aiohttp.TCPConnector(
            resolver=OneAddress(secure),
            ssl=ssl.create_default_context(cafile=str(trusted.certificate)),
        )
        settings = _settings(folder, shopify, policies)
        async with (
            aiohttp.ClientSession(connector=connector) as wired,
            aiohttp.ClientSession() as http,
        ):
            sandbox = RunningSandbox(f"http://127.0.0.1:{plain}", runner, app[SANDBOX])
            made = Studio(sandbox, clock, settings, http, wire=Wire(wired, clock), folder=folder)
            try:
                await made.start()
                yield made
            finally:
                await made.stop()
    finally:
        await runner.cleanup()


def _settings(folder: Path, shopify: Mapping[str, Any] | None, policies: Any) -> Settings:
    """Production's way to the store: no endpoint, the shop's own domain."""
    settings = settings_for("http://unused", folder, **policies)
    (channel,) = settings.channels
    found = {name: getattr(channel, name) for name in channel.model_fields_set}
    found |= {"record": True, "shopify": {**(shopify or {"token": "shpat_sandbox"})}}
    found["shopify"]["timeout_seconds"] = TIMEOUT
    recording = settings.recording.model_copy(update={"folder": folder})
    return settings.model_copy(
        update={"channels": (ChannelSettings.model_validate(found),), "recording": recording}
    )
