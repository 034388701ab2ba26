"""The reference page of every setting, written from the models: docs/reference/config.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bridge.config.env import is_secret
from bridge.config.models import ChannelSettings, Policies, Settings

_HEAD = """# Settings

<!-- Written by `python -m bridge.config.reference`; a test compares it with the models. -->

One TOML file, named by `--config` or by `RETAILOPS_BRIDGE_CONFIG`. `config.example.toml` has every
key. Unknown keys stop the start; every mistake is shown with its file, line and column.

- Every key can be set from the environment, with two underscores between the tables:
  `RETAILOPS_BRIDGE__SERVER__PORT=9090`. A channel is named by its id:
  `RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY`. Lists and tables of your own names are written as in
  TOML: `RETAILOPS_BRIDGE__DEFAULTS__ORDER_PULL__TAGS_INCLUDE='["web"]'`. The environment wins.
- A secret can be kept in a file of its own: `auth_key_file`, `token_file`, `client_secret_file`,
  `password_file`, in the TOML file or as `..._AUTH_KEY_FILE` in the environment. The file holds
  one line, the secret.
- A relative path is relative to the folder of the TOML file (without one, the working directory).
- `RETAILOPS_API_KEY` is no setting: `certify` takes your key of RetailOps' API from it.
- `[defaults]` is laid under every channel, key by key; a channel's own key wins.
"""

_KINDS: dict[object, str] = {
    str: "text",
    SecretStr: "secret",
    int: "integer",
    float: "number",
    bool: "true or false",
    Path: "path",
    tuple: "list of text",
    dict: "table of text",
}


def tables() -> Iterator[tuple[str, type[BaseModel]]]:
    """Each table's heading and model, in the order of the file."""
    yield "top level", Settings
    for name, field in Settings.model_fields.items():
        if (model := _table(field)) and name != "defaults":
            yield f"[{name}]", model
    yield "[[channels]]", ChannelSettings
    for name, field in ChannelSettings.model_fields.items():
        if (model := _table(field)) and name not in Policies.model_fields:
            yield f"[channels.{name}]", model
    yield "[defaults] and [[channels]]", Policies
    for name, field in Policies.model_fields.items():
        if model := _table(field):
            yield f"[defaults.{name}] and [channels.{name}]", model


def settings_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys of one table that are not tables themselves; a channel's without its policies."""
    inherited = Policies.model_fields if model is ChannelSettings else {}
    for name, field in model.model_fields.items():
        if _table(field) is None and name not in inherited and name != "channels":
            yield name, field


def config_reference() -> str:
    """The whole page, Markdown."""
    out = [_HEAD]
    for heading, model in tables():
        out.append(f"## {heading.capitalize()}\n" if heading[0] != "[" else f"## `{heading}`\n")
        out.append("| key | type | default | what it does |\n|---|---|---|---|")
        for name, field in settings_of(model):
            key = f"`{name}`" + (f", `{name}_file`" if is_secret(model, name) else "")
            said = field.description or ""
            out.append(f"| {key} | {_kind(field)} | {_default(field)} | {said} |")
        out.append("")
    return "\n".join(out)


def _table(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table of its own, else None."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _kind(field: FieldInfo) -> str:
    said = _name(field.annotation)
    limits = [
        f"{word} {getattr(limit, attribute)}"
        for limit in field.metadata
        for attribute, word in (
            ("ge", "at least"),
            ("gt", "more than"),
            ("le", "at most"),
        )
        if getattr(limit, attribute, None) is not None
    ]
    return ", ".join([said, *limits])


def _name(annotation: object) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin is Annotated:
        return _name(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return " or ".join(_name(part) for part in get_args(annotation) if part is not type(None))
    return _KINDS.get(origin or annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | dict):
        return "empty"
    return f"`{value}`" if value != "" else "empty"


def main() -> None:
    """Write the page into the source tree that this module lies in."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "config.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(config_reference(), "utf-8")


if __name__ == "__main__":
    main()
