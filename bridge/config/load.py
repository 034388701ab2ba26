"""Read the settings: TOML file, then environment, then defaults into every channel.

Every mistake is found before the first is shown. Their codes are stable:

    C101  the file, or a file that it names, cannot be read
    C102  not TOML
    C201  unknown key               C203  unknown environment variable
    C301  a required key is missing C302  a wrong type or value    C303  an empty secret file
    C401  auth_key's form           C402  RETAILOPS_SDK outside of tests
    C403  endpoint outside of tests C404  pull_since is missing in production
    C405  a secret given twice      C406  how to reach the store is missing or given twice
    C407  one id or one auth_key in two channels
    C408  api_version is too old    C409  not a Shopify shop domain
    C410  pull_since without an offset
    C411  mappings_dir is no folder C412  endpoint is no base URL
    C413  the console's password is missing, too short, or used elsewhere
    C414  tracing without its libraries

``warnings`` tells what stops nothing:

    C415  two channels of one shop can take the same orders
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.config.checks import cross_check
from bridge.config.env import environment_names, is_secret, overlay
from bridge.config.models import (
    ChannelSettings,
    ConsoleSettings,
    Policies,
    Settings,
    ShopifySettings,
)
from bridge.config.overlap import REMEDY, overlapping, said
from bridge.config.source import Key, Source, dotted, not_toml
from bridge.config.suggest import suggestion
from bridge.errors import ConfigError, Finding

CONFIG_VARIABLE = "RETAILOPS_BRIDGE_CONFIG"

# A token or key is some ten characters; a longer file is a wrong file (a log, a key store).
MAX_SECRET_BYTES = 4096


def load(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    shop_domain: Callable[[str], str] | None = None,
) -> Settings:
    """The settings from ``path`` (else ``RETAILOPS_BRIDGE_CONFIG``, else no file) and ``environ``.

    ``shop_domain`` returns a domain that is safe to call, or raises ``ValueError``; without
    it domains are taken as they are. Relative paths are relative to the file's folder.

    Raises ``ConfigError`` with every mistake.
    """
    source, data = _opened(path, environ)
    _read_secrets(data, source)
    _validate(data, source)
    source.fail_if_any()
    _lay_defaults(data)
    _resolve_paths(data, source.folder)
    settings = Settings.model_validate_json(_as_json(data), strict=True)
    settings = cross_check(settings, source, shop_domain)
    source.fail_if_any()
    return settings


def warnings(
    settings: Settings, path: Path | None, environ: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What is doubtful in settings that ``load`` has read from there. It stops nothing."""
    source, _ = _opened(path, environ)
    channels = settings.channels
    for first, second in overlapping(settings):
        key = ("channels", second, "order_pull")
        message = said(channels[first], channels[second])
        source.add(key, "C415", message, REMEDY, severity="warning")
    return tuple(source.findings)


def _opened(path: Path | None, environ: Mapping[str, str]) -> tuple[Source, dict[str, Any]]:
    """The file, if there is one, with the environment laid over it."""
    if path is None and environ.get(CONFIG_VARIABLE):
        path = Path(environ[CONFIG_VARIABLE])
    text = _read(path) if path else ""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise not_toml(path or Path(), error, text) from None
    source = Source(path, text)
    overlay(data, environ, source)
    return source, data


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = f"give --config, or set {CONFIG_VARIABLE}"
    except UnicodeDecodeError:
        reason, hint = "it is not UTF-8 text", ""
    raise ConfigError([Finding(str(path), 0, 0, "C101", f"cannot be read: {reason}", hint)])


def _as_json(data: Mapping[str, Any]) -> str:
    """JSON, because pydantic's strict mode takes a list for a tuple only from JSON."""

    def plain(value: object) -> str:
        if isinstance(value, date | datetime | time):
            return value.isoformat()
        raise TypeError(type(value).__name__)  # tomllib gives no other type

    return json.dumps(data, default=plain)


def _read_secrets(data: dict[str, Any], source: Source) -> None:
    """Replace ``token_file`` and its like by what the file holds."""
    console = data.get("console")
    if isinstance(console, dict):
        _read_secrets_of(ConsoleSettings, console, ("console",), source)
    channels = data.get("channels")
    for index, channel in enumerate(channels if isinstance(channels, list) else ()):
        if isinstance(channel, dict):
            key = ("channels", index)
            _read_secrets_of(ChannelSettings, channel, key, source)
            shopify = channel.get("shopify")
            if isinstance(shopify, dict):
                _read_secrets_of(ShopifySettings, shopify, (*key, "shopify"), source)


def _read_secrets_of(
    model: type[BaseModel], table: dict[str, Any], key: Key, source: Source
) -> None:
    for name in model.model_fields:
        file_name = f"{name}_file"
        if not is_secret(model, name) or file_name not in table:
            continue
        at = (*key, file_name)
        given = table.pop(file_name)
        if name in table:
            source.add(at, "C405", f"{name} is given too: one of them, not both")
            continue
        # Something to go on with, so that the key is not reported as missing as well; the
        # finding that follows keeps it from ever being used.
        table[name] = ""
        if not isinstance(given, str):
            source.add(at, "C302", f"{dotted(at)} should be a path")
            continue
        try:
            with (source.folder / given).open("rb") as file:
                raw = file.read(MAX_SECRET_BYTES + 1)
            secret = raw.decode("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            source.add(at, "C101", f"{given} cannot be read: {reason}")
            continue
        if not secret or len(raw) > MAX_SECRET_BYTES or len(secret.splitlines()) > 1:
            source.add(at, "C303", f"{given} should hold one line, the secret and nothing else")
            continue
        table[name] = secret


def _validate(data: dict[str, Any], source: Source) -> None:
    """Note every unknown key and wrong value, each once."""
    try:
        Settings.model_validate_json(_as_json(data), strict=True)
    except ValidationError as error:
        seen: set[Key] = set()
        for detail in error.errors(include_url=False, include_input=False):
            key = _written(data, detail)
            if key not in seen and not _is_echo(data, detail):
                seen.add(key)
                _note(detail, key, source)


def _written(data: object, detail: ErrorDetails) -> Key:
    """The error's place without the names that pydantic adds for the branches of a union."""
    key: Key = ()
    for part in detail["loc"]:
        if isinstance(data, dict) and (part in data or detail["type"] == "missing"):
            key, data = (*key, part), data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            key, data = (*key, part), data[part]
        else:
            break
    return key


def _is_echo(data: dict[str, Any], detail: ErrorDetails) -> bool:
    """Pydantic counts only valid channels, so one bad channel also makes the list too short."""
    return detail["type"] == "too_short" and bool(data.get("channels"))


def _note(detail: ErrorDetails, key: Key, source: Source) -> None:
    kind = detail["type"]
    if kind == "extra_forbidden":
        names = environment_names(_model_at(key[:-1]))
        source.add(key, "C201", f"unknown key {dotted(key)}", suggestion(str(key[-1]), names))
    elif kind == "missing":
        model = _model_at(key[:-1])
        also = f" (or {key[-1]}_file)" if is_secret(model, str(key[-1])) else ""
        hint = ""
        if key == ("channels",):
            hint = "a bridge needs at least one [[channels]] table; see config.example.toml"
            if source.path is None:
                hint = f"no configuration file was named: give --config, or set {CONFIG_VARIABLE}"
        source.add(key, "C301", f"{dotted(key)}{also} is missing", hint)
    else:
        said = detail["msg"].replace("Input should", "should", 1)
        source.add(key, "C302", f"{dotted(key)}: {said[:1].lower()}{said[1:]}")


def _model_at(key: Key) -> type[BaseModel]:
    """The model of the table at ``key``."""
    model: type[BaseModel] = Settings
    for part in key:
        if isinstance(part, str):
            annotation = model.model_fields[part].annotation
            inner = [annotation, *get_args(annotation)]
            model = next(k for k in inner if isinstance(k, type) and issubclass(k, BaseModel))
    return model


def _lay_defaults(data: dict[str, Any]) -> None:
    defaults = data.get("defaults", {})
    for channel in data["channels"]:
        for name in Policies.model_fields:
            if name in defaults:
                merged = _merge({name: defaults[name]}, channel)
                channel[name] = merged[name]


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid on ``under``, table by table; lists and values are replaced whole."""
    out = dict(under)
    for name, value in over.items():
        below = out.get(name)
        nested = isinstance(value, dict) and isinstance(below, dict)
        out[name] = _merge(below or {}, value) if nested else value
    return out


def _resolve_paths(data: dict[str, Any], folder: Path) -> None:
    default = Settings.model_fields["ledger"].default.path
    ledger = data.setdefault("ledger", {})
    ledger["path"] = str(folder / ledger.get("path", default))
    recording = data.setdefault("recording", {})
    recording["folder"] = str(
        folder / recording.get("folder", Settings.model_fields["recording"].default.folder)
    )
    for channel in data["channels"]:
        if channel.get("mappings_dir") is not None:
            channel["mappings_dir"] = str(folder / channel["mappings_dir"])
        schema = ChannelSettings.model_fields["schema_dir"].default
        channel["schema_dir"] = str(folder / channel.get("schema_dir", schema))
