"""OpenAPI 3.1, written from the models that read the requests and make the answers.

The examples are those of ``bridge.retailops.examples``, with the verifier's public key; the event
codes with their meanings and remedies are those of ``bridge.retailops.events``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from bridge import __version__
from bridge.config.checks import SDK_KEY
from bridge.retailops.actions import ACTIONS, ActionSpec
from bridge.retailops.events import CODES, Code, Event
from bridge.retailops.examples import examples
from bridge.retailops.protocol import answer_schema

_SCHEMAS = "#/components/schemas/"
_JSON = "application/json"

_ABOUT = """\
What RetailOps calls: `POST /{action}_v1` with one JSON object. `integration_auth_token` in it is
the channel's key and selects the store. Requests are read tolerantly: a field may be missing,
null, or a number written as text. Answers are exact.

Whatever an action could not do is told with HTTP 200 and in `events`, under a code that never
changes; the schema *Event* lists all of them. A repeated call is answered again and does nothing.

A call that is tried from this page is real. The key `RETAILOPS_SDK` of the examples is taken by
`retailops-bridge sandbox` only, and the orders and SKUs in them are those of its embedded store.
"""

_REFUSALS: Final[Mapping[str, tuple[str, Code]]] = {
    "400": ("Not JSON, not an object, or a field that cannot be read", Code.INVALID_JSON),
    "401": ("The token is missing or belongs to no channel", Code.UNAUTHORIZED),
    "408": ("The body came too slowly", Code.TRY_AGAIN),
    "413": ("The body is too large", Code.TOO_LARGE),
    "415": ("The body is packed in a way that is not read", Code.UNKNOWN_CODING),
    "503": ("Nothing was done: call again after the seconds in Retry-After", Code.TRY_AGAIN),
}

_TAGS: Final[Mapping[str, str]] = {
    "orders": "From the pull to the return",
    "catalog": "Products, and how they are pushed",
    "inventory": "Stock",
    "bridge": "The bridge itself",
}

_REQUEST_ID = {
    "description": "The caller's X-Request-Id, or one made here; the log lines carry it",
    "schema": {"type": "string"},
}


@cache
def encoded(served: tuple[str, ...]) -> bytes:
    """The document as it is sent. Made when it is first asked for: half a start would be this."""
    return json.dumps(document(served), separators=(",", ":"), ensure_ascii=False).encode()


def document(served: Sequence[str]) -> dict[str, Any]:
    """The whole document, for the actions that are served."""
    schemas = _Schemas()
    schemas.add("Problem", _problem())
    schemas.add("Health", _health())
    paths: dict[str, Any] = {}
    for name in served:
        spec = ACTIONS[name]
        schemas.add(f"{name}.Request", _request(spec))
        schemas.add(f"{name}.Answer", answer_schema(spec, ref_template="#/$defs/{model}"))
        paths[f"/{name}_v1"] = {"post": _operation(spec)}
    if "Event" not in schemas.found:
        schemas.add("Event", Event.model_json_schema(mode="serialization"))
    schemas.document("Event", "code", description=_codes_told(), examples=[*map(str, CODES)])
    paths["/health/live"] = _get("health_live", "The process runs", [("200", "It does", "Health")])
    paths["/health/ready"] = _get(
        "health_ready",
        "What it can serve",
        [("200", "ok or degraded", "Health"), ("503", "It cannot serve", "Health")],
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "RetailOps Channel SDK for Shopify",
            "version": __version__,
            "summary": "What RetailOps calls. The key is in the body: integration_auth_token.",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        # Relative to the document, so that it holds behind any prefix and proxy.
        "servers": [{"url": "./", "description": "This bridge"}],
        "tags": [{"name": name, "description": said} for name, said in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas.found},
    }


class _Schemas:
    """The components. A model that several actions share stands once, under its own name."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._places: dict[tuple[str, str], str] = {}

    def add(self, name: str, schema: dict[str, Any]) -> None:
        """Put a schema here, and the definitions that it brings.

        A definition that is here already, word for word and with all that it refers to, is used;
        another one of the same name is put under ``{name}.{its name}``.
        """
        definitions: dict[str, Any] = schema.pop("$defs", {})
        moved = {}
        for inner, definition in definitions.items():
            content = (inner, _inlined(definition, definitions))
            free = inner if inner not in self.found else f"{name}.{inner}"
            place = self._places.setdefault(content, free)
            self.found.setdefault(place, definition)
            moved[f"#/$defs/{inner}"] = f"{_SCHEMAS}{place}"
        for inner, definition in definitions.items():
            place = moved[f"#/$defs/{inner}"].removeprefix(_SCHEMAS)
            if self.found[place] is definition:
                self.found[place] = _moved(definition, moved)
        self.found[name] = _moved(schema, moved)

    def document(self, name: str, key: str, **words: object) -> None:
        """Add words to a property of a schema that is here."""
        self.found[name]["properties"][key] |= words


def _inlined(schema: object, definitions: Mapping[str, Any], within: tuple[str, ...] = ()) -> str:
    """A schema as text with everything in it that it refers to."""
    if isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions and name not in within:
            return _inlined(definitions[name], definitions, (*within, name))
        items = (f"{key}:{_inlined(one, definitions, within)}" for key, one in schema.items())
        return "{" + ",".join(items) + "}"
    if isinstance(schema, list):
        return "[" + ",".join(_inlined(one, definitions, within) for one in schema) + "]"
    return repr(schema)


def _request(spec: ActionSpec) -> dict[str, Any]:
    schema = spec.request.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
    return schema | {"required": ["integration_auth_token"]}


def _codes_told() -> str:
    rows = "\n".join(
        f"| `{code}` | {told.event_type} | {told.meaning} | {told.remedy} |"
        for code, told in CODES.items()
    )
    return f"| code | usually | means | what to do |\n|---|---|---|---|\n{rows}\n"


def _moved(schema: object, moved: dict[str, str]) -> object:
    if isinstance(schema, dict):
        return {
            key: moved.get(value, value)
            if key == "$ref" and isinstance(value, str)
            else _moved(value, moved)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(one, moved) for one in schema]
    return schema


def _operation(spec: ActionSpec) -> dict[str, Any]:
    replayed = {"description": "true when an earlier answer is given again"}
    calls = examples(spec.name)
    answers = {one.title: one.answer for one in calls}
    answer = _response("Done, or told in events why not", f"{spec.name}.Answer", answers)
    answer["headers"]["Idempotent-Replayed"] = replayed | {"schema": {"type": "string"}}
    requests = {one.title: {"integration_auth_token": SDK_KEY, **one.request} for one in calls}
    refusals = {
        status: _response(said, "Problem", {code: {"events": [_example_event(code)]}})
        for status, (said, code) in _REFUSALS.items()
    }
    return {
        "operationId": spec.name,
        "tags": [spec.name.partition("_")[0].replace("order", "orders")],
        "summary": spec.summary,
        "requestBody": {"required": True, **_content(f"{spec.name}.Request", requests)},
        "responses": {"200": answer, **refusals},
    }


def _example_event(code: Code) -> dict[str, Any]:
    told = CODES[code]
    event = Event(event_type=told.event_type, code=code, message=told.meaning)
    return event.model_dump(mode="json")


def _get(name: str, summary: str, answers: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    responses = {status: _response(said, schema) for status, said, schema in answers}
    operation = {"operationId": name, "tags": ["bridge"], "summary": summary}
    return {"get": operation | {"responses": responses}}


def _response(
    said: str, schema: str, bodies: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    headers = {"X-Request-Id": _REQUEST_ID}
    return {"description": said, "headers": headers, **_content(schema, bodies or {})}


def _content(schema: str, bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": f"{_SCHEMAS}{schema}"}}
    if bodies:
        content["examples"] = {_slug(title): _example(title, bodies[title]) for title in bodies}
    return {"content": {_JSON: content}}


def _example(title: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {"summary": title, "value": value}


def _slug(title: str) -> str:
    """A key as OpenAPI wants it, from what an example shows."""
    return "-".join("".join(c if c.isalnum() else " " for c in title).lower().split())


def _problem() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": {"$ref": f"{_SCHEMAS}Event"}}},
    }


def _health() -> dict[str, Any]:
    status = {"enum": ["ok", "degraded", "unavailable"]}
    return {
        "type": "object",
        "required": ["status", "version", "served"],
        "properties": {
            "status": status,
            "version": {"type": "string"},
            "served": {"type": "array", "items": {"type": "string"}},
            "checks": {"type": "object"},
            "channels": {"type": "object"},
        },
    }
