"""``retailops-bridge verify``: the SDK's own check against any server."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from bridge.retailops.actions import ACTIONS
from bridge.verify import report
from bridge.verify.http import TIMEOUT_SECONDS, asking
from bridge.verify.run import SDK_KEY, Result
from bridge.verify.run import verify as run


def verify(
    *,
    base_url: Annotated[
        str, typer.Option("--base-url", help="The server, such as http://127.0.0.1:8080/")
    ] = "http://127.0.0.1:8080",
    actions: Annotated[
        str, typer.Option("--actions", help="Only these, parted by commas; each must be served.")
    ] = "",
    use_auth_key: Annotated[
        str, typer.Option("--use-auth-key", help="The channel's key.", metavar="KEY")
    ] = SDK_KEY,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for each answer.", min=0.1)
    ] = TIMEOUT_SECONDS,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every answer.")] = False,
    stop_on_error: Annotated[
        bool, typer.Option("--stop-on-error", help="Stop at the first action that fails.")
    ] = False,
) -> None:
    """Call every SDK action of a server and check its answers as RetailOps would.

    Each action is called with the good key (the answer must be HTTP 200 and match the schema)
    and with a wrong one (HTTP 401). Nothing in the store is changed: the example requests name
    orders and SKUs that do not exist. Exits with 1 when anything is wrong.
    """
    chosen = [name.strip() for name in actions.split(",") if name.strip()]
    for name in chosen:
        if name not in ACTIONS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(ACTIONS)}")
    if not base_url.startswith(("http://", "https://")):
        raise typer.BadParameter("--base-url must begin with http:// or https://")
    console = Console()
    results = asyncio.run(
        _all(
            console,
            base_url=base_url,
            key=use_auth_key,
            actions=chosen,
            timeout_seconds=timeout,
            verbose=verbose,
            stop_on_error=stop_on_error,
        )
    )
    console.print(report.table(results))
    console.print(report.summary(results))
    outcomes = {result.outcome for result in results}
    if "failed" in outcomes:
        raise typer.Exit(1)
    if "ok" not in outcomes:
        console.print("Nothing was verified: the server serves none of these actions.")
        raise typer.Exit(1)


async def _all(
    console: Console,
    *,
    base_url: str,
    key: str,
    actions: list[str],
    timeout_seconds: float,
    verbose: bool,
    stop_on_error: bool,
) -> list[Result]:
    results = []
    async with asking(base_url, timeout_seconds=timeout_seconds) as asker:
        async for result in run(asker, key=key, actions=actions, stop_on_error=stop_on_error):
            results.append(result)
            if verbose:
                report.details(console, result)
    return results
