"""A key put into a configuration file that a person wrote: every other character stays."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.config.checks import SDK_KEY
from bridge.config.env import PREFIX
from bridge.config.source import not_toml
from bridge.errors import ConfigError, Finding
from bridge.places import TomlPlaces

_KEY = re.compile(r"[A-Za-z0-9]{32}")


class KeyRefused(ValueError):
    """The key, or the choice of the channel, is not acceptable; the message says why."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where the key went, and the environment variable that goes before it, if any is set."""

    channel: int
    path: Path
    overridden_by: str = ""


def install(
    config: Path, key: str, *, channel: int | None, environ: Mapping[str, str]
) -> Installed:
    """Write ``key`` to a channel: into its ``auth_key_file``, else as ``auth_key``.

    The file is replaced in one step, with its permissions kept, and only after the new text
    was read back and differs in this one key.

    Raises:
        KeyRefused: The form of the key; ``RETAILOPS_SDK`` outside of a test environment; no
            such channel, or several and none chosen; another channel has this key.
        ConfigError: The file cannot be read, written or edited.
    """
    text = _read(config)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise not_toml(config, error, text) from None
    _check_form(key, data, environ)
    index, table = _channel(data, channel)
    for other in data["channels"]:
        if other is not table and isinstance(other, dict) and other.get("auth_key") == key:
            raise KeyRefused(f"channel {other.get('id')} has this key: each needs its own")
    variable = f"{PREFIX}CHANNELS__{table.get('id')}__AUTH_KEY"
    overridden = next((name for name in (variable, f"{variable}_FILE") if name in environ), "")
    if isinstance(table.get("auth_key_file"), str):
        target = config.parent / table["auth_key_file"]
        _write(target, f"{key}\n", fresh_mode=0o600)
    else:
        target = config
        _write(target, _edited(config, text, index, key), fresh_mode=0o600)
    return Installed(table["id"], target, overridden)


def _check_form(key: str, data: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    environment = environ.get(f"{PREFIX}ENVIRONMENT", data.get("environment", "production"))
    if key == SDK_KEY:
        if environment != "test":
            raise KeyRefused(
                f'{SDK_KEY} is the verifier\'s public key: only where environment = "test"'
            )
        return
    if "_" in key:
        raise KeyRefused(
            "a key has no underscore: RetailOps takes what follows the last one of the handle"
        )
    if not _KEY.fullmatch(key):
        raise KeyRefused("a key is 32 letters and digits; make one with generate-auth-key")


def _channel(data: Mapping[str, Any], wanted: int | None) -> tuple[int, dict[str, Any]]:
    channels = data.get("channels")
    tables = [
        (index, table)
        for index, table in enumerate(channels if isinstance(channels, list) else ())
        if isinstance(table, dict) and isinstance(table.get("id"), int)
    ]
    found = [(index, table) for index, table in tables if wanted in (None, table["id"])]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(str(table["id"]) for _, table in tables) or "none"
    if wanted is None and found:
        raise KeyRefused(f"there are several channels ({ids}): choose one with --channel")
    if wanted is None:
        raise KeyRefused("the file has no [[channels]] table with an id")
    raise KeyRefused(f"the file has no channel {wanted} of its own; there is {ids}")


def _edited(config: Path, text: str, index: int, key: str) -> str:
    """The text with the key in it, read back and compared."""
    places = TomlPlaces(text)
    span = places.span(("channels", index, "auth_key"))
    if span is not None:
        new = f'{text[: span[0]]}"{key}"{text[span[1] :]}'
    else:
        _, end = places.span(("channels", index, "id")) or (0, 0)
        line_end = text.find("\n", end)
        at = len(text) if line_end < 0 else line_end
        # the file's own line ends: a "\r" before the "\n" stays where it is
        at -= at > 0 and text[at - 1] == "\r"
        newline = "\r\n" if "\r\n" in text else "\n"
        new = f'{text[:at]}{newline}auth_key = "{key}"{text[at:]}'
    expected = tomllib.loads(text)
    expected["channels"][index]["auth_key"] = key
    try:
        same = tomllib.loads(new) == expected
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        line, column = places.where(("channels", index))
        raise ConfigError(
            [
                Finding(
                    str(config),
                    line,
                    column,
                    "C301",
                    "this channel has no auth_key and is written so that none can be put in",
                    'add auth_key = "" to it by hand, then call this again',
                )
            ]
        )
    return new


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # read_text would change "\r\n"
    except (OSError, UnicodeDecodeError) as error:
        raise _failed(path, "read", error) from None


def _write(path: Path, text: str, *, fresh_mode: int) -> None:
    """Replace a file in one step; a new one can be read by its owner only."""
    try:
        path = path.resolve()  # a link stays a link
        mode = path.stat().st_mode & 0o777 if path.exists() else fresh_mode
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                temporary.chmod(mode)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise _failed(path, "written", error) from None


def _failed(path: Path, done: str, error: OSError | UnicodeDecodeError) -> ConfigError:
    reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
    return ConfigError([Finding(str(path), 0, 0, "C101", f"cannot be {done}: {reason}")])
