"""OpenAPI 3.1, written from the models that read the requests and make the answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from bridge import __version__
from bridge.retailops.actions import ACTIONS, ActionSpec
from bridge.retailops.events import CODES, Event
from bridge.retailops.protocol import answer_schema

_SCHEMAS = "#/components/schemas/"
_JSON = "application/json"

_REFUSALS = {
    "400": "Not JSON, not an object, or a field that cannot be read",
    "401": "The token is missing or belongs to no channel",
    "408": "The body came too slowly",
    "413": "The body is too large",
    "503": "Nothing was done: call again after the seconds in Retry-After",
}

_REQUEST_ID = {
    "description": "The caller's X-Request-Id, or one made here; the log lines carry it",
    "schema": {"type": "string"},
}


@cache
def encoded(served: tuple[str, ...]) -> bytes:
    """The document as it is sent. Made when it is first asked for: half a start would be this."""
    return json.dumps(document(served), indent=1).encode()


def document(served: Sequence[str]) -> dict[str, Any]:
    """The whole document, for the actions that are served."""
    schemas: dict[str, Any] = {"Problem": _problem(), "Health": _health()}
    paths: dict[str, Any] = {}
    for name in served:
        spec = ACTIONS[name]
        _add(schemas, f"{name}.Request", _request(spec))
        _add(schemas, f"{name}.Answer", answer_schema(spec, ref_template="#/$defs/{model}"))
        paths[f"/{name}_v1"] = {"post": _operation(spec)}
    _add(schemas, "Event", Event.model_json_schema(mode="serialization"))
    schemas["Event"]["properties"]["code"]["examples"] = [str(code) for code in CODES]
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
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _request(spec: ActionSpec) -> dict[str, Any]:
    schema = spec.request.model_json_schema(mode="validation", ref_template="#/$defs/{model}")
    return schema | {"required": ["integration_auth_token"]}


def _add(schemas: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    """Put a schema among the components, and the definitions that it brings under its name."""
    definitions = schema.pop("$defs", {})
    moved = {f"#/$defs/{inner}": f"{_SCHEMAS}{name}.{inner}" for inner in definitions}
    for inner, definition in definitions.items():
        schemas[f"{name}.{inner}"] = _moved(definition, moved)
    schemas[name] = _moved(schema, moved)


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
    answer = _response("Done, or told in events why not", f"{spec.name}.Answer")
    answer["headers"]["Idempotent-Replayed"] = replayed | {"schema": {"type": "string"}}
    return {
        "operationId": spec.name,
        "summary": spec.summary,
        "requestBody": {"required": True, **_content(f"{spec.name}.Request")},
        "responses": {
            "200": answer,
            **{status: _response(said, "Problem") for status, said in _REFUSALS.items()},
        },
    }


def _get(name: str, summary: str, answers: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    responses = {status: _response(said, schema) for status, said, schema in answers}
    return {"get": {"operationId": name, "summary": summary, "responses": responses}}


def _response(said: str, schema: str) -> dict[str, Any]:
    return {"description": said, "headers": {"X-Request-Id": _REQUEST_ID}, **_content(schema)}


def _content(schema: str) -> dict[str, Any]:
    return {"content": {_JSON: {"schema": {"$ref": f"{_SCHEMAS}{schema}"}}}}


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
