"""``retailops-bridge certify``: the integration registered at RetailOps."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated, Final

import aiohttp
import typer
from rich.console import Console
from rich.markup import escape

from bridge.cli.opening import Config, channel_of, print_json, settings_of, table
from bridge.cli.verify import checked_url, named_actions
from bridge.errors import BridgeError
from bridge.retailops.actions import ACTIONS
from bridge.verify import report
from bridge.verify.certify import (
    CERTIFY_URL,
    TIMEOUT_SECONDS,
    Application,
    Verdict,
    is_local,
    name_fault,
)
from bridge.verify.certify import certify as ask
from bridge.verify.http import asking
from bridge.verify.run import SDK_KEY, Result
from bridge.verify.run import verify as run

_SAID: Final = {
    "certified": "[green]Certified.[/]",
    "refused": "[bold red]Not certified:[/]",
    "unknown": "[bold red]Unknown:[/]",
}


def certify(
    *,
    base_url: Annotated[
        str, typer.Option("--base-url", help="Where RetailOps will call this integration.")
    ],
    integration_name: Annotated[
        str,
        typer.Option("--integration-name", help="Its name: letters, digits, hyphens and dots."),
    ],
    api_key: Annotated[
        str,
        typer.Option("--api-key", help="Your key of RetailOps' API.", envvar="RETAILOPS_API_KEY"),
    ],
    actions: Annotated[
        str, typer.Option("--actions", help="What it serves, parted by commas; else all eleven.")
    ] = "",
    config: Config = None,
    channel: Annotated[
        int | None, typer.Option("--channel", help="The channel whose key RetailOps will use.")
    ] = None,
    use_auth_key: Annotated[
        str,
        typer.Option("--use-auth-key", help="That key, instead of a channel's.", metavar="KEY"),
    ] = "",
    certify_url: Annotated[
        str, typer.Option("--certify-url", help="Where RetailOps certifies.")
    ] = CERTIFY_URL,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds to wait for RetailOps.", min=0.1)
    ] = TIMEOUT_SECONDS,
    skip_verify: Annotated[
        bool, typer.Option("--skip-verify", help="Do not call the integration here first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Let RetailOps call the integration, and register it there if all is right.

    The integration is verified from here first, as verify does, and nothing is sent when that
    fails. RetailOps then calls each action itself, with the key and with a wrong one. Exits with
    1 when it refuses, and when nobody can tell.
    """
    chosen = tuple(named_actions(actions)) or tuple(ACTIONS)
    _check(base_url, integration_name, api_key, certify_url)
    key = use_auth_key or _key_of(config, channel)
    if key == SDK_KEY and not is_local(certify_url):
        raise typer.BadParameter(f"{SDK_KEY} is everyone's: RetailOps needs a key of your own")
    application = Application(base_url, integration_name, key, chosen)
    console = Console(quiet=as_json, highlight=False)
    if not skip_verify:
        _verified(console, application)
    verdict = asyncio.run(_asked(application, api_key, certify_url, timeout))
    if as_json:
        print_json({"base_url": base_url, "name": integration_name, **dataclasses.asdict(verdict)})
    _show(console, verdict)
    if verdict.state != "certified":
        raise typer.Exit(1)


def _check(base_url: str, name: str, api_key: str, certify_url: str) -> None:
    """Raises typer.BadParameter for what RetailOps could not use, or would leak a key."""
    checked_url(base_url, "--base-url")
    checked_url(certify_url, "--certify-url")
    if is_local(base_url) and not is_local(certify_url):
        raise typer.BadParameter(f"--base-url {base_url} cannot be reached by RetailOps")
    if certify_url.startswith("http://") and not is_local(certify_url):
        raise typer.BadParameter("--certify-url must begin with https://: it is sent both keys")
    if fault := name_fault(name):
        raise typer.BadParameter(f"--integration-name {name!r} {fault}")
    if not api_key.strip():
        raise typer.BadParameter("--api-key is empty")
    if base_url.startswith("http://") and not is_local(base_url):
        typer.echo("Warning: --base-url has no TLS: orders and the key can be read", err=True)


def _key_of(config: Path | None, channel: int | None) -> str:
    if config is None:
        raise typer.BadParameter("which key? Give --config, or --use-auth-key")
    return channel_of(settings_of(config), channel).auth_key.get_secret_value()


def _verified(console: Console, application: Application) -> None:
    results = asyncio.run(_verify(application))
    if all(one.outcome == "ok" for one in results):
        console.print(f"Verified from here: {report.summary(results)}")
        return
    console.print(report.table(results))
    raise BridgeError(
        f"nothing was sent to RetailOps: {report.summary(results)}. If {application.base_url}"
        " cannot be reached from here, --skip-verify"
    )


async def _verify(application: Application) -> list[Result]:
    async with asking(application.base_url) as asker:
        found = run(asker, key=application.auth_key, actions=application.actions)
        return [result async for result in found]


async def _asked(application: Application, api_key: str, url: str, seconds: float) -> Verdict:
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        return await ask(session, application, api_key=api_key, url=url)


def _show(console: Console, verdict: Verdict) -> None:
    if verdict.actions:
        rows = [(w.action, "ok" if w.passed else "failed", w.message) for w in verdict.actions]
        console.print(table("", ("Action", "RetailOps", "What it says"), rows))
    console.print(_SAID[verdict.state], escape(verdict.message))
    if verdict.state == "unknown":
        console.print("Look in RetailOps whether the integration is there before you repeat this.")
