"""Settings from the environment: ``RETAILOPS_BRIDGE__SERVER__PORT=9090``.

Two underscores part the tables. A channel is named by its id, not by its place in the file:
``RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY``. A list or a table of a merchant's own names is
written as in TOML: ``RETAILOPS_BRIDGE__DEFAULTS__ORDER_PULL__TAGS_INCLUDE='["web", "b2b"]'``.

Variables with a single underscore after the name are left alone: Kubernetes sets
``RETAILOPS_BRIDGE_PORT`` and its like for every service of that name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bridge.config.models import ChannelSettings, Settings
from bridge.config.source import Key, Source
from bridge.config.suggest import suggestion

PREFIX = "RETAILOPS_BRIDGE__"

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def overlay(data: dict[str, Any], environ: Mapping[str, str], source: Source) -> None:
    """Lay every ``RETAILOPS_BRIDGE__`` variable over ``data``, and note what names no setting."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        parts = variable[len(PREFIX) :].lower().split("__")
        _set(data, parts, variable, environ[variable], source)


def _set(data: dict[str, Any], parts: list[str], variable: str, text: str, source: Source) -> None:
    model: type[BaseModel] = Settings
    table: Any = data
    key: Key = ()
    while parts:
        name, *parts = parts
        if model is Settings and name == "channels" and len(parts) > 1:
            index = _channel(data, parts.pop(0), variable, source)
            if index is None:
                return
            model, table, key = ChannelSettings, data["channels"][index], ("channels", index)
            continue
        kinds = _kinds(model, name)
        if not kinds:
            source.overlaid((variable,), variable)
            source.add(
                (variable,),
                "C203",
                f"there is no setting {name!r} here",
                suggestion(name, environment_names(model)),
            )
            return
        key = (*key, name)
        below = next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)
        if below is None or not parts:
            if parts or below is not None or key == ("channels",):
                source.overlaid((variable,), variable)
                source.add((variable,), "C203", "this names a table; name one setting of it")
                return
            if _replaces(table, key, variable, source):
                table[name] = _read(kinds, text)
                source.overlaid(key, variable)
            return
        if not isinstance(table.setdefault(name, {}), dict):
            return  # the file has a wrong type here, which is reported for itself
        model, table = below, table[name]


def _channel(data: dict[str, Any], text: str, variable: str, source: Source) -> int | None:
    """The index of the channel with this id, which is added when there is none yet."""
    source.overlaid((variable,), variable)
    if not text.isascii() or not text.isdigit():
        source.add((variable,), "C203", "after CHANNELS comes the channel's id, a number")
        return None
    channels = data.setdefault("channels", [])
    if not isinstance(channels, list):
        return None
    for index, channel in enumerate(channels):
        if isinstance(channel, dict) and channel.get("id") == int(text):
            return index
    channels.append({"id": int(text)})
    source.overlaid(("channels", len(channels) - 1), variable)
    return len(channels) - 1


def _replaces(table: dict[str, Any], key: Key, variable: str, source: Source) -> bool:
    """A secret from the environment replaces both of the forms that the file may have.

    False when the environment itself has both, which is noted.
    """
    name = str(key[-1])
    other = name.removesuffix("_file") if name.endswith("_file") else f"{name}_file"
    if source.variable((*key[:-1], other)):
        source.overlaid((variable,), variable)
        source.add((variable,), "C405", f"{other} is set too: one of them, not both")
        return False
    table.pop(other, None)
    return True


def environment_names(model: type[BaseModel]) -> list[str]:
    """The keys of a table as the file and the environment know them, ``..._file`` included."""
    names = list(model.model_fields)
    return names + [f"{name}_file" for name in model.model_fields if is_secret(model, name)]


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Whether this field holds a secret and so may be given as ``..._file``."""
    return name in model.model_fields and SecretStr in _kinds(model, name)


def _kinds(model: type[BaseModel], name: str) -> tuple[Any, ...]:
    """The plain types that a field takes; empty when there is no such field."""
    if name.endswith("_file") and is_secret(model, name.removesuffix("_file")):
        return (str,)
    field = model.model_fields.get(name)
    return _plain(field.annotation) if field else ()


def _plain(annotation: object) -> tuple[Any, ...]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return tuple(kind for part in get_args(annotation) for kind in _plain(part))
    return (origin or annotation,)


def _read(kinds: tuple[Any, ...], text: str) -> object:
    """The text as its field wants it; left as it is, and so refused, when it cannot be read."""
    try:
        if bool in kinds:
            return _BOOLEANS.get(text.strip().lower(), text)
        if int in kinds:
            return int(text)
        if float in kinds:
            return float(text)
        if tuple in kinds or dict in kinds:
            return tomllib.loads(f"value = {text}").get("value")
    except ValueError:
        return text
    return text
