"""``retailops-bridge verify``: the SDK's own check against any server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live

from bridge.errors import BridgeError
from bridge.retailops.actions import ACTIONS
from bridge.verify import files, report
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
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show every request, without the key, and answer.")
    ] = False,
    stop_on_error: Annotated[
        bool, typer.Option("--stop-on-error", help="Stop at the first action that fails.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", help="Write a JUnit report into this file too.", dir_okay=False),
    ] = None,
) -> None:
    """Call every SDK action of a server and check its answers as RetailOps would.

    Each action is called with the good key (the answer must be HTTP 200 and match the schema)
    and with a wrong one (HTTP 401). Nothing in the store is changed: the example requests name
    orders and SKUs that do not exist. Exits with 1 when anything is wrong.
    """
    chosen = named_actions(actions)
    checked_url(base_url, "--base-url")
    console = Console(quiet=as_json)
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
    if junit is not None:
        _write(junit, files.as_junit(base_url, results))
    if as_json:
        told = files.as_json(base_url, results, verbose=verbose)
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    console.print(report.summary(results))
    if all(result.outcome == "not served" for result in results):
        console.print("Nothing was verified: the server serves none of these actions.")
    if not files.passed(results):
        raise typer.Exit(1)


def named_actions(text: str) -> list[str]:
    """``order_pull, order_cancel`` → both names; empty for all. Raises typer.BadParameter."""
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    for name in chosen:
        if name not in ACTIONS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(ACTIONS)}")
    return chosen


def checked_url(url: str, option: str) -> None:
    """Raises typer.BadParameter for what is no web address."""
    try:
        sound = url.startswith(("http://", "https://")) and bool(urlsplit(url).hostname)
    except ValueError:  # a bracket that is not closed
        sound = False
    if not sound:
        raise typer.BadParameter(f"{option} must be an address like https://example.com/retailops")


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BridgeError(f"{path}: the report cannot be written: {error.strerror}") from None


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
    """Every result; the table grows in a terminal, and is printed at the end elsewhere."""
    results: list[Result] = []
    live = Live(report.table(results), console=console, auto_refresh=False)
    with live:
        async with asking(base_url, timeout_seconds=timeout_seconds) as asker:
            async for result in run(asker, key=key, actions=actions, stop_on_error=stop_on_error):
                results.append(result)
                if verbose:
                    report.details(console, result)
                live.update(report.table(results), refresh=console.is_terminal)
    return results
