"""The command retailops-bridge: each command a thin call into the rooms.

Only the module of the command that is run is imported, so that ``--help`` and completion are
quick. Exit codes: 0 done, 1 something was found or failed, 2 wrong usage, 78 the
configuration or a mapping is wrong (EX_CONFIG of sysexits.h).
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import typer
from rich.markup import escape

from bridge import __version__
from bridge.errors import BridgeError, ConfigError

EXIT_FAILED = 1
EXIT_CONFIG = 78


class Command(NamedTuple):
    """Where a command's function is (``module:function``), and its first line of help.

    A command with ``parts`` is a group of commands: their names and functions.
    """

    target: str
    summary: str
    parts: Mapping[str, str] = MappingProxyType({})


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "serve": Command(
            "bridge.cli.serve:serve", "Run the bridge that RetailOps calls, until it is stopped."
        ),
        "sandbox": Command(
            "bridge.cli.sandbox:sandbox",
            "Run the bridge and the embedded store, until interrupted.",
        ),
        "demo": Command(
            "bridge.cli.demo:demo", "Play one day of RetailOps through the bridge, call by call."
        ),
        "verify": Command(
            "bridge.cli.verify:verify",
            "Call every SDK action of a server and check its answers as RetailOps would.",
        ),
        "certify": Command(
            "bridge.cli.certify:certify",
            "Let RetailOps call the integration, and register it there if all is right.",
        ),
        "doctor": Command(
            "bridge.cli.doctor:doctor",
            "Look at everything that a bridge needs, and tell the remedy of what is not well.",
        ),
        "check": Command(
            "bridge.cli.check:check",
            "Find every mistake in the configuration, the mappings and their tests.",
        ),
        "explain": Command(
            "bridge.cli.explain:explain",
            "Tell what a finding means, why it matters, and how to mend it.",
        ),
        "fields": Command(
            "bridge.cli.fields:fields",
            "List every source field and every target field of a mapping.",
        ),
        "show": Command(
            "bridge.cli.show:show",
            "Show a mapping as it is in effect, with the file and line of every value.",
        ),
        "test": Command(
            "bridge.cli.testing:run_tests",
            "Run the tests that lie beside the mappings.",
        ),
        "plan": Command(
            "bridge.cli.plan:plan",
            "Show the mutations that a request would send to Shopify, and send none.",
        ),
        "record": Command(
            "bridge.cli.record:record",
            "Run the bridge as serve does, and write each call with its Shopify traffic.",
        ),
        "replay": Command(
            "bridge.cli.replay:replay",
            "Run recorded calls through today's code and mappings, and show what differs.",
        ),
        "preview": Command(
            "bridge.cli.preview:preview",
            "Show an order as RetailOps would be sent it, and where each value comes from.",
        ),
        "schema": Command(
            "bridge.cli.schema:schema",
            "Get the store's schema for [select], or that of a mapping file for your editor.",
            MappingProxyType(
                {
                    "fetch": "bridge.cli.schema:fetch",
                    "mapping": "bridge.cli.mapping_schema:mapping",
                }
            ),
        ),
        "ledger": Command(
            "bridge.cli.ledger:ledger",
            "See what was sent to Shopify, and settle what nobody else can.",
            MappingProxyType(
                {
                    "list": "bridge.cli.ledger:list_steps",
                    "show": "bridge.cli.ledger:show",
                    "resolve": "bridge.cli.ledger:resolve",
                    "prune": "bridge.cli.ledger:prune",
                }
            ),
        ),
        "orders": Command(
            "bridge.cli.orders:orders",
            "See which orders cannot be sent to RetailOps, and send one again.",
            MappingProxyType(
                {
                    "unsendable": "bridge.cli.orders:unsendable",
                    "resend": "bridge.cli.orders:resend",
                }
            ),
        ),
        "generate-auth-key": Command(
            "bridge.cli.keys:generate_auth_key",
            "Print a new key. Nothing is stored: install it with install-auth-key.",
        ),
        "show-auth-key": Command(
            "bridge.cli.keys:show_auth_key",
            "Print the key of a channel; of several channels, one line each: id, shop, key.",
        ),
        "install-auth-key": Command(
            "bridge.cli.keys:install_auth_key",
            "Write a key into a channel of the configuration file; the rest of the file stays.",
        ),
    }
)


def application(arguments: Sequence[str]) -> typer.Typer:
    """The typer application for these arguments; the other commands are there by name only."""
    app = typer.Typer(
        name="retailops-bridge",
        help="The RetailOps Channel SDK, served for a Shopify store.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    chosen = next((one for one in arguments if not one.startswith("-")), "")
    for name, command in COMMANDS.items():
        if name != chosen:
            app.command(name, help=escape(command.summary))(_by_name_only)
        elif command.parts:
            app.add_typer(_group(command), name=name)
        else:
            _add(app, name, function_of(command))
    return app


def _group(command: Command) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True)
    own = function_of(command)
    group.callback(help=_help_of(own))(own)
    for name, function in functions_of(command).items():
        _add(group, name, function)
    return group


def _add(app: typer.Typer, name: str, function: Callable[..., None]) -> None:
    app.command(name, help=_help_of(function))(function)


def _help_of(function: Callable[..., None]) -> str:
    """Its docstring; typer would take ``[select]`` for markup, and show nothing of it."""
    return escape(inspect.cleandoc(function.__doc__ or ""))


def function_of(command: Command) -> Callable[..., None]:
    """The function, its module imported."""
    return _loaded(command.target)


def functions_of(command: Command) -> Mapping[str, Callable[..., None]]:
    """The functions of a group's commands, by name; none for a command that is no group."""
    return {name: _loaded(target) for name, target in command.parts.items()}


def _loaded(target: str) -> Callable[..., None]:
    module, _, name = target.partition(":")
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point of the command. Ends the process with one of the exit codes."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        application(given)(args=given, prog_name="retailops-bridge")
    except ConfigError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_CONFIG)
    except BridgeError as error:
        typer.echo(f"retailops-bridge: {error}", err=True)
        sys.exit(EXIT_FAILED)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"retailops-bridge {__version__}")
        raise typer.Exit


def _root(
    *,
    _version: bool = typer.Option(
        False, "--version", help="Show the version.", is_eager=True, callback=_show_version
    ),
) -> None: ...


def _by_name_only() -> None:
    """Stands for a command in the list of commands."""
