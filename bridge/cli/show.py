"""``retailops-bridge show``: a mapping as it is in effect, and where each value comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import (
    Place,
    WithChannel,
    WithConfig,
    action_name,
    has_config,
    places,
    shown,
)
from bridge.cli.opening import print_json, settings_of
from bridge.config.models import Policies
from bridge.errors import BridgeError
from bridge.mapping.layers import Array, Leaf, Node, Table, read
from bridge.wiring import layers_of

# Where the comments begin, if the value leaves room: most values are shorter.
COLUMN = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a mapping: its path, and the file, line and column it stands at."""

    path: str
    value: object
    file: str
    line: int
    column: int


def show(
    action: Annotated[str, typer.Argument(help="The mapping, such as order_pull.")],
    *,
    config: WithConfig = None,
    channel: WithChannel = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="A folder of mappings, instead of a channel's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show a mapping as it is in effect, with the file and line of every value.

    It can be saved as a mapping file: places are comments. Of several channels, each is shown.
    """
    name = action_name(action)
    settings = settings_of(config) if folder is None and has_config(config) else None
    if folder is not None and not folder.is_dir():
        raise BridgeError(f"there is no folder {folder}")
    chosen = places(settings, folder, channel) or [Place("shipped", Policies())]
    effective = {}
    for place in chosen:
        effective[place.owner] = read(layers_of(name, place.policies, place.folder))
    if as_json:
        told = {
            owner: [asdict(line) for line in lines_of(tree)] for owner, tree in effective.items()
        }
        print_json({"mapping": name, "root": MAPPINGS[name].root, "effective": told})
        return
    for owner, tree in effective.items():
        typer.echo(f"# {name}: {owner}")
        for text in toml_of(tree):
            typer.echo(text)


def lines_of(node: Node, path: str = "") -> Iterator[Line]:
    """Every value below a node."""
    if isinstance(node, Table):
        for key, inside in node.entries.items():
            yield from lines_of(inside, f"{path}.{_key(key)}" if path else _key(key))
    elif isinstance(node, Array):
        for index, item in enumerate(node.items):
            yield from lines_of(item, f"{path}[{index}]")
    else:
        line, column = node.origin.value
        value = str(node.value) if isinstance(node.value, Decimal) else node.value
        yield Line(path, value, shown(node.origin.file.name), line, column)


def toml_of(table: Table, path: str = "", head: str = "") -> Iterator[str]:
    """A table as TOML, values first, each with its place behind it."""
    simple = {k: n for k, n in table.entries.items() if not _is_tables(n)}
    if simple or head.startswith("[[") or not table.entries:
        if head:
            yield f"\n{head}"
        for key, node in simple.items():
            text = f"{_key(key)} = {_value(node)}"
            line, _ = node.origin.value
            yield f"{text:<{COLUMN}}  # {shown(node.origin.file.name)}:{line}"
    for key, node in table.entries.items():
        below = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(node, Table):
            yield from toml_of(node, below, f"[{below}]")
        elif isinstance(node, Array) and _is_tables(node):
            for item in node.items:
                if isinstance(item, Table):
                    yield from toml_of(item, below, f"[[{below}]]")


def _is_tables(node: Node) -> bool:
    if isinstance(node, Array):
        return bool(node.items) and all(isinstance(item, Table) for item in node.items)
    return isinstance(node, Table)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else json.dumps(key, ensure_ascii=False)


def _value(node: Node) -> str:
    if isinstance(node, Array):
        return f"[{', '.join(_value(item) for item in node.items)}]"
    if isinstance(node, Leaf):
        if isinstance(node.value, str):
            return json.dumps(node.value, ensure_ascii=False)
        return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
    return f"{{ {', '.join(f'{_key(k)} = {_value(n)}' for k, n in node.entries.items())} }}"
