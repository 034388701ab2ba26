"""The reference of the eleven actions, written from the models and from the table of actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from bridge.actions.table import MAPPINGS, SERVED
from bridge.retailops.actions import ACTIONS, ActionSpec
from bridge.retailops.requests import Request
from bridge.schema.shape import Shape

ROOT: Final = Path(__file__).resolve().parents[2]

_HEAD = """\
# Actions

<!-- Written by `python -m bridge.actions.reference` (`make docs`); a test compares. -->

RetailOps' Channel SDK has eleven actions. Each is `POST /{action}_v1` with a JSON object;
[http](http.md) tells what every call has in common, [events](events.md) what an answer's `events`
say. An action that is not served is answered with HTTP 404 and `NOT_SERVED`.

"""

_REQUEST = """\
## Every request

Requests are read tolerantly: every field may be missing or null, numbers may be texts, dates
ISO 8601 or unix times, and unknown fields are ignored. Without a valid token a call is refused
(HTTP 401). A field that can mean nothing, such as a list where a text belongs, is HTTP 400
(`INVALID_FIELD`); in a row of `inventory_updates` or `orders` it costs that row only.

"""

_SEVERAL = """\
In the tables below `a[].b` is the field `b` of each element of the list `a`.

"""

_NAMES = """\
# Names in mapping files

<!-- Written by `python -m bridge.actions.reference` (`make docs`); a test compares. -->

What each mapping file fills, and the names that its expressions may use. [Mapping
files](mapping.md) has the language; the comments in the shipped files tell what the bridge's own
names mean. `a[].b` is the field `b` of each element of the list `a`; a connection of Shopify's is
a list.

"""


def served_table() -> str:
    """One row an action: what it is for, and whether this version serves it."""
    rows = ["| action | what it is for | served |", "|---|---|---|"]
    for name, spec in ACTIONS.items():
        rows.append(f"| `{name}` | {spec.summary} | {'yes' if name in SERVED else 'not yet'} |")
    return "\n".join(rows) + "\n"


def actions_markdown() -> str:
    """The whole page."""
    parts = [_HEAD, served_table(), "\n", _REQUEST, _fields(Request, {}, answer=False), "\n"]
    parts.append(_SEVERAL)
    parts += [_section(spec) for spec in ACTIONS.values()]
    return "".join(parts).rstrip("\n") + "\n"


def _section(spec: ActionSpec) -> str:
    envelope = Request.model_fields
    said = spec.summary if spec.name in SERVED else f"{spec.summary}. Not served yet"
    request = _fields(spec.request, envelope, answer=False)
    answer = _fields(spec.answer, {"events": None}, answer=True)
    events = "`events`" if spec.has_events else ""
    out = [f"## `{spec.name}`\n\n{said}.\n\n"]
    out.append(
        f"The request:\n\n{request}\n" if request else "The request has no other fields.\n\n"
    )
    if answer:
        also = f" (and {events})" if events else " (it has no events)"
        out.append(f"The answer{also}:\n\n{answer}\n")
    else:
        out.append(f"The answer has only {events}.\n\n")
    return "".join(out)


def _fields(model: type[BaseModel], without: Mapping[str, object], *, answer: bool) -> str:
    """The table of a model's fields, or nothing when none are left."""
    schema = model.model_json_schema(mode="serialization" if answer else "validation")
    rows = [
        f"| `{path}` | {kind} |" + (f" {'yes' if must else ''} |" if answer else "")
        for path, kind, must in _walk(schema, schema.get("$defs", {}))
        if path.split(".")[0].removesuffix("[]") not in without
    ]
    if not rows:
        return ""
    head = "| field | type | required |\n|---|---|---|" if answer else "| field | type |\n|---|---|"
    return "\n".join([head, *rows]) + "\n"


def _walk(
    schema: Mapping[str, Any], models: Mapping[str, Any], at: str = ""
) -> Iterator[tuple[str, str, bool]]:
    """Every field below an object: its path, its type in words, whether it is required."""
    for name, given in schema.get("properties", {}).items():
        path, field = f"{at}{name}", _target(given, models)
        must = name in schema.get("required", ())
        if field.get("type") == "array":
            item = _target(field["items"], models)
            if "properties" in item:
                yield f"{path}[]", f"list of objects{_limits(field)}", must
                yield from _walk(item, models, f"{path}[].")
            else:
                yield path, f"list of {_kind(item)}{_limits(field)}", must
        elif "properties" in field:
            yield path, "object", must
            yield from _walk(field, models, f"{path}.")
        else:
            yield path, _kind(field), must


def _target(given: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field's schema without references and without the branch for null."""
    while True:
        if "$ref" in given:
            given = models[given["$ref"].rsplit("/", 1)[-1]]
            continue
        branches = [b for b in given.get("anyOf", ()) if b.get("type") != "null"]
        if not branches:
            return given
        # What a request takes as number or as text is a number; feeds are objects or lists.
        given = branches[0]


def _kind(field: Mapping[str, Any]) -> str:
    values = field.get("enum") or ([field["const"]] if "const" in field else None)
    kind = field.get("type")
    if values is not None:
        texts = [v for v in values if isinstance(v, str)]
        said = "true or false" if True in values else " or ".join(f"`{v}`" for v in texts)
    elif field.get("format") == "date-time" or "unix" in field.get("description", ""):
        said = "time"
    elif kind == "integer" or field.get("multipleOf") == 1:
        said = "whole number"
    elif kind == "number":
        said = "number"
    elif kind == "boolean":
        said = "true or false"
    elif kind == "object":
        said = "object"
    else:
        said = "text"
    return said + _limits(field)


def _limits(field: Mapping[str, Any]) -> str:
    least, most = field.get("minLength"), field.get("maxLength")
    said = []
    if field.get("maxItems") is not None:
        said.append(f"at most {field['maxItems']}")
    if least == 1 and most is None:
        said.append("never empty")
    elif most is not None:
        said.append(f"{least} to {most} characters" if least else f"at most {most} characters")
    if field.get("minimum") is not None:
        said.append(f"at least {field['minimum']:g}")
    return "".join(f", {one}" for one in said)


def names_markdown() -> str:
    """The page of the names that mapping files may use, on both sides."""
    out = [_NAMES]
    for name, spec in MAPPINGS.items():
        out += [f"## `{name}.toml`\n\n", f"It fills `[{spec.root}]`:\n\n"]
        out += [_fields(spec.target, {}, answer=True), "\nfrom these names:\n\n"]
        rows = [f"| `{path}` | {said} |" for path, said in _named(spec.sources())]
        out += ["\n".join(["| name | type |\n|---|---|", *rows]), "\n\n"]
    return "".join(out).rstrip("\n") + "\n"


def target_fields(model: type[BaseModel]) -> Iterator[tuple[str, str, bool]]:
    """Every field that a mapping may fill: its path, its type with limits, whether it must be."""
    schema = model.model_json_schema(mode="serialization")
    # What has a default is always in an answer, and need not be in a mapping.
    needed = model.model_json_schema(mode="validation")
    must = {path for path, _, required in _walk(needed, needed.get("$defs", {})) if required}
    for path, kind, _ in _walk(schema, schema.get("$defs", {})):
        yield path, kind, path in must


def _named(fields: Mapping[str, Shape], at: str = "") -> Iterator[tuple[str, str]]:
    """Every path that an expression may write, with the type that Shopify or the bridge gives."""
    for name, shape in fields.items():
        path, said = f"{at}{name}", shape.type_name.lstrip("_")
        inner = shape
        while inner.of is not None:
            path, said, inner = f"{path}[]", f"list of {inner.of.type_name}", inner.of
        yield path, said
        yield from _named(inner.fields, f"{path}.")


def main() -> None:
    """Write the pages into the source tree that this module lies in."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "actions.md").write_text(actions_markdown(), "utf-8")
    (folder / "mapping-names.md").write_text(names_markdown(), "utf-8")


if __name__ == "__main__":
    main()
