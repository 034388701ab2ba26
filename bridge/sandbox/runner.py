"""Starts an embedded store on a port: for ``retailops-bridge sandbox``, for demos and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bridge.sandbox.clock import SandboxClock
from bridge.sandbox.context import DEFAULT_SCOPES
from bridge.sandbox.lag import DEFAULT_LAG, LaggedIndex
from bridge.sandbox.server import create_store_app
from bridge.sandbox.service import SANDBOX, Sandbox, StoreSettings
from bridge.sandbox.store import Scale, Store


@dataclass(slots=True)
class RunningSandbox:
    """A store that answers at ``url`` until ``stop`` is awaited."""

    url: str
    runner: web.AppRunner
    sandbox: Sandbox

    async def stop(self) -> None:
        """Close the port; requests that hang are cut off."""
        await self.runner.cleanup()


def make_store(
    *,
    clock: SandboxClock | None = None,
    seed: Path | None = None,
    variants: int = 0,
    orders: int = 0,
    lag: float = DEFAULT_LAG,
    auto_close: bool = True,
    settings: StoreSettings | None = None,
) -> web.Application:
    """The application of a store with its seed; ``app[SANDBOX]`` is what is behind it.

    ``variants`` and ``orders`` scale the seed up, ``seed`` adds a file to it, ``lag`` is that of
    the search index in seconds. ``auto_close``: orders that are paid and shipped close themselves.
    """
    clock = clock or SandboxClock()
    index = LaggedIndex(clock, lag)
    scale = Scale(variants=variants, orders=orders, file=seed)
    store = Store(clock, scale=scale, index=index, auto_close=auto_close)
    return create_store_app(store, clock, index, settings)


async def start_sandbox(
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    seed: Path | None = None,
    variants: int = 0,
    orders: int = 0,
    plan: str = "standard",
    lag: float = DEFAULT_LAG,
    scopes: Iterable[str] = DEFAULT_SCOPES,
    clock: SandboxClock | None = None,
    auto_close: bool = True,
    settings: StoreSettings | None = None,
) -> RunningSandbox:
    """Serve a store on ``host:port`` (0: any free port). ``settings`` replaces plan and scopes.

    Raises OSError when the port is taken, ValueError for an unknown plan.
    """
    settings = settings or StoreSettings(plan=plan, scopes=tuple(scopes))
    app = make_store(
        clock=clock,
        seed=seed,
        variants=variants,
        orders=orders,
        lag=lag,
        auto_close=auto_close,
        settings=settings,
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0][1]
    return RunningSandbox(f"http://{host}:{bound}", runner, app[SANDBOX])
