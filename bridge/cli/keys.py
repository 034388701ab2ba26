"""``generate-auth-key``, ``show-auth-key``, ``install-auth-key``: the key RetailOps calls with.

RetailOps takes as the key what follows the last ``_`` of the channel's handle; so a key has
letters and digits only.
"""

from __future__ import annotations

import os
import secrets
import string
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bridge.cli.keyfile import KeyRefused, install
from bridge.config.load import CONFIG_VARIABLE, load
from bridge.config.models import ChannelSettings
from bridge.errors import ConfigError, Finding

ALPHABET = string.ascii_letters + string.digits
LENGTH = 32  # 62 ** 32 is 190 bits; RetailOps' own generator makes 32 too

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file.", envvar=CONFIG_VARIABLE),
]
Channel = Annotated[
    int | None, typer.Option("--channel", help="The channel's id; needed when there are several.")
]


def new_auth_key() -> str:
    """32 letters and digits from the operating system's random source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def generate_auth_key() -> None:
    """Print a new key. Nothing is stored: install it with install-auth-key."""
    typer.echo(new_auth_key())


def show_auth_key(*, config: Config = None, channel: Channel = None) -> None:
    """Print the key of a channel; of several channels, one line each: id, shop, key."""
    settings = load(config, os.environ)
    chosen = [one for one in settings.channels if channel in (None, one.id)]
    if not chosen:
        _usage(f"no channel has the id {channel}; there is {_ids(settings.channels)}")
    for one in chosen:
        key = one.auth_key.get_secret_value()
        typer.echo(key if len(chosen) == 1 else f"{one.id}\t{one.shop}\t{key}")


def install_auth_key(
    key: Annotated[str, typer.Argument(help="32 letters and digits (generate-auth-key).")],
    *,
    config: Config = None,
    channel: Channel = None,
) -> None:
    """Write a key into a channel of the configuration file; the rest of the file stays.

    A channel that names an auth_key_file gets its key written there. RETAILOPS_SDK, the
    verifier's public key, is taken only where environment = "test". Restart the bridge
    afterwards.
    """
    if config is None:
        finding = Finding("config", 0, 0, "C101", "no file is named", "give --config")
        raise ConfigError([finding])
    try:
        done = install(config, key, channel=channel, environ=os.environ)
    except KeyRefused as error:
        _usage(str(error))
    typer.echo(f"Channel {done.channel}: the key is in {done.path}. Restart the bridge.")
    if done.overridden_by:
        typer.echo(f"Note: {done.overridden_by} is set and goes before the file.", err=True)


def _ids(channels: tuple[ChannelSettings, ...]) -> str:
    return ", ".join(str(one.id) for one in channels)


def _usage(message: str) -> NoReturn:
    raise typer.BadParameter(message)
