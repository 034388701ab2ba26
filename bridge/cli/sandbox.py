"""``retailops-bridge sandbox``: the bridge and the embedded store beside each other."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bridge.config.models import Settings
from bridge.errors import BridgeError
from bridge.sandbox.runner import RunningSandbox, start_sandbox
from bridge.sandbox.throttle import PLANS
from bridge.sandbox.tokens import DEFAULT_ACCESS
from bridge.server import logs
from bridge.server.running import serving, until_signal

# The SDK's own test key and the channel of its examples (contract: command ``sandbox``).
AUTH_KEY: Final = "RETAILOPS_SDK"
CHANNEL: Final = 21
OPENS_CONSOLE: Final = "sandbox"
SHOP: Final = "sandbox.myshopify.com"

BridgePort = Annotated[int, typer.Option("--port", help="Port of the bridge; 0: any free one.")]
StorePort = Annotated[int, typer.Option(help="Port of the embedded store; 0: any free one.")]
SeedFile = Annotated[
    Path | None, typer.Option("--seed", help="A file of further orders and variants.")
]
Variants = Annotated[int, typer.Option(min=0, help="Further variants, BULK-000001 and so on.")]
Orders = Annotated[int, typer.Option(min=0, help="Further paid orders of ten lines each.")]


def _plan(name: str) -> str:
    if name not in PLANS:
        raise typer.BadParameter(f"{name} is no plan; it is one of {', '.join(PLANS)}")
    return name


Plan = Annotated[
    str,
    typer.Option(
        callback=_plan, help="Shopify plan: standard, advanced, plus or enterprise (its points)."
    ),
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="The ledger file; else one in a temporary folder.")
]


@dataclass(frozen=True, slots=True)
class Options:
    """What both commands can be told."""

    port: int = 8080
    store_port: int = 8081
    seed: Path | None = None
    variants: int = 0
    orders: int = 0
    plan: str = "standard"
    ledger: Path | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A bridge and its store, both answering."""

    bridge: str
    store: str


def local_settings(store: str, *, port: int, ledger: Path) -> Settings:
    """A bridge on this machine for a store on this machine."""
    channel: dict[str, Any] = {
        "id": CHANNEL,
        "shop": SHOP,
        "auth_key": AUTH_KEY,
        "shopify": {"token": DEFAULT_ACCESS, "endpoint": store},
        "order_pull": {"page_size": 100},
    }
    return Settings.model_validate(
        {
            "environment": "test",
            "server": {"port": port},
            "ledger": {"path": ledger},
            "logging": {"level": "warning", "format": "console"},
            "console": {"enabled": True, "password": OPENS_CONSOLE},
            "channels": [channel],
        }
    )


@asynccontextmanager
async def pair(options: Options) -> AsyncIterator[Pair]:
    """Start the store, then the bridge; stop the bridge, then the store."""
    with ExitStack() as stack:
        ledger = options.ledger
        if ledger is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="retailops-bridge-"))
            ledger = Path(folder) / "ledger.sqlite3"
        store = await _start_store(options)
        try:
            settings = local_settings(store.url, port=options.port, ledger=ledger)
            logs.configure(settings.logging, secrets=logs.secrets_of(settings))
            async with serving(settings) as bridge:
                yield Pair(bridge.url, store.url)
        finally:
            await store.stop()


async def _start_store(options: Options) -> RunningSandbox:
    try:
        return await start_sandbox(
            port=options.store_port,
            seed=options.seed,
            variants=options.variants,
            orders=options.orders,
            plan=options.plan,
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise BridgeError(
            f"the embedded store cannot listen on port {options.store_port}: {reason}; "
            "name another one with --store-port"
        ) from None
    except ValueError as error:
        raise BridgeError(str(error)) from None


def sandbox(
    *,
    port: BridgePort = 8080,
    store_port: StorePort = 8081,
    seed: SeedFile = None,
    variants: Variants = 0,
    orders: Orders = 0,
    plan: Plan = "standard",
    ledger: LedgerFile = None,
) -> None:
    """Run the bridge and the embedded store, until interrupted.

    The bridge takes the key RETAILOPS_SDK for channel 21. Nothing leaves this machine.
    """
    options = Options(port, store_port, seed, variants, orders, plan, ledger)
    asyncio.run(_until_stopped(options))


async def _until_stopped(options: Options) -> None:
    async with pair(options) as running:
        typer.echo(welcome(running))
        await until_signal()


def welcome(running: Pair) -> str:
    """Where things are, and a first call to copy."""
    return (
        f"bridge  {running.bridge}   key {AUTH_KEY}, channel {CHANNEL}\n"
        f"store   {running.store}   look inside: {running.store}/_sandbox/state\n"
        f"docs    {running.bridge}/docs   every action, to read and to try\n"
        f"console {running.bridge}/console/   what it does; password {OPENS_CONSOLE}\n\n"
        f"curl -s {running.bridge}/order_pull_v1 -d "
        f'\'{{"integration_auth_token": "{AUTH_KEY}"}}\'\n\n'
        "Ctrl-C stops both."
    )
