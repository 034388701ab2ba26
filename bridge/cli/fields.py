"""``retailops-bridge fields``: the names that a mapping may use, on both sides, and the filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type
from graphql import is_required_argument as must_be_given

from bridge.actions.reference import target_fields
from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import (
    WithChannel,
    WithConfig,
    action_name,
    has_config,
    load,
    places,
)
from bridge.cli.opening import console, print_json, settings_of, table
from bridge.errors import BridgeError, ConfigError
from bridge.mapping.filters import FILTERS, LOOKUPS, Filter
from bridge.mapping.module import MappingModule
from bridge.mapping.plugins import installed
from bridge.schema import load_schema
from bridge.schema.lifecycle import DEPRECATED, SINCE
from bridge.schema.shape import Shape

# Below so many names nothing new is said: an order in a line item's order, and so on.
DEPTH = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A name that an expression may use. ``type`` is Shopify's, ``!`` for never null."""

    path: str
    type: str
    nullable: bool
    fetched: bool
    values: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """A field that a mapping may fill, in RetailOps' or Shopify's words."""

    path: str
    type: str
    required: bool


def fields(
    action: Annotated[str, typer.Argument(help="The mapping, such as order_pull.")] = "",
    search: Annotated[str, typer.Argument(help="Only paths and types with this text.")] = "",
    *,
    config: WithConfig = None,
    channel: WithChannel = None,
    filters: Annotated[
        bool, typer.Option("--filters", help="List the filters instead, with what each takes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List every source field and every target field of a mapping.

    Of a source: Shopify's type, whether it can be null, and whether the bridge fetches it, with
    the [select] of your mapping. Of a target: its type and limits, and whether it is required.
    """
    if filters:
        _show_filters(search or action, as_json=as_json)
        return
    if not action:
        raise BridgeError("name a mapping: " + ", ".join(MAPPINGS))
    name = action_name(action)
    spec = MAPPINGS[name]
    module = _module(name, config, channel)
    known = module.sources if module is not None else spec.sources()
    sources = [s for s in sources_of(known) if _found(search, s.path, s.type, *s.values)]
    rows = target_fields(spec.target)
    targets = [Destination(*row) for row in rows if _found(search, row[0], row[1])]
    if as_json:
        told = {"mapping": name, "root": spec.root, "sources": [asdict(s) for s in sources]}
        costs = dict(module.composed.costs) if module is not None else {}
        print_json(told | {"targets": [asdict(t) for t in targets], "costs": costs})
        return
    if not sources and not targets:
        raise BridgeError(f'{name} has no field with "{search}" in its name or type')
    out = console()
    given = [(s.path, s.type, "" if s.fetched else "not fetched", s.note) for s in sources]
    out.print(table(f"{name}: from", ("source", "type", "", ""), given))
    made = [(t.path, t.type, "required" if t.required else "") for t in targets]
    out.print(table(f"\n{name}: into [{spec.root}]", ("target", "type", ""), made))
    for operation, said in module.composed.prices() if module is not None else ():
        out.print(f"\n{operation} costs {said}", markup=False)


def _module(name: str, config: Path | None, channel: int | None) -> MappingModule | None:
    """A channel's mapping; None without a configuration.

    One that cannot be loaded is told, and the fields are listed without it: its mistakes are
    mended with this list.
    """
    settings = settings_of(config) if has_config(config) else None
    for place in places(settings, None, channel):
        loaded = load(name, place)
        if loaded.module is None:
            typer.echo(f"{ConfigError(loaded.findings)}\n", err=True)
        return loaded.module
    return None


def _found(search: str, *texts: str) -> bool:
    return any(search.lower() in text.lower() for text in texts)


def sources_of(names: Mapping[str, Shape], at: str = "", depth: int = 0) -> Iterator[Source]:
    """Every path that an expression may write, then what Shopify has beside it and we leave."""
    for name, shape in names.items():
        path, said, inner = f"{at}{name}", shape.type_name.lstrip("_"), shape
        while inner.of is not None:
            path, said, inner = f"{path}[]", f"[{said}]", inner.of
        mark = "" if shape.nullable else "!"
        values = inner.values
        note = " | ".join(values[:8]) + (" | …" if len(values) > 8 else "")
        yield Source(path, f"{said}{mark}", shape.nullable, True, values, note)
        if depth < DEPTH:
            yield from sources_of(inner.fields, f"{path}.", depth + 1)
            if inner.kind == "object":
                yield from _left(inner, path)


def _left(shape: Shape, at: str) -> Iterator[Source]:
    """The single values of a Shopify type that the bridge does not ask for."""
    kind = load_schema().get_type(shape.type_name)
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return
    for name, field in kind.fields.items():
        leaf = is_leaf_type(get_named_type(field.type))
        if name in shape.fields or not leaf or any(map(must_be_given, field.args.values())):
            continue
        said = str(field.type)
        full = f"{shape.type_name}.{name}"
        note = DEPRECATED.get(full, f"since {SINCE[full]}" if full in SINCE else "")
        yield Source(f"{at}.{name}", said, not said.endswith("!"), fetched=False, note=note)


# -- filters --------------------------------------------------------------------------------------


def _show_filters(search: str, *, as_json: bool) -> None:
    plugins = installed()
    if plugins.findings:
        raise ConfigError(plugins.findings)
    known = {
        name: spec for name, spec in {**FILTERS, **plugins.filters}.items() if _found(search, name)
    }
    said = {name: f"{one.summary} ({one.origin})" for name, one in plugins.found.items()}
    if as_json:
        print_json({name: _told(spec, said.get(name)) for name, spec in known.items()})
        return
    rows: list[tuple[str, ...]] = [
        (name, spec.takes, _arguments(spec), spec.gives, said.get(name, ""))
        for name, spec in known.items()
    ]
    for name, takes in LOOKUPS.items():
        if _found(search, name):
            strict = ", strict: true" if name == "table" else ""
            rows.append((name, takes, f"'name'{strict}", "any" if takes == "any" else "list", ""))
    head = ("filter", "takes", "arguments", "gives", "")
    console().print(table("filters", head, sorted(rows)))


def _arguments(spec: Filter) -> str:
    said = str(spec.least) if spec.least == spec.most else f"{spec.least} to {spec.most}"
    named = "".join(f", {name}: …" for name in sorted(spec.keywords))
    return f"{said}{named}"


def _told(spec: Filter, said: str | None) -> dict[str, object]:
    told: dict[str, object] = {"takes": spec.takes, "gives": spec.gives}
    told |= {} if said is None else {"summary": said}
    return told | {"least": spec.least, "most": spec.most, "keywords": sorted(spec.keywords)}
