"""The official schemas, as the evidence folder has them: per action, and from Swagger."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from tests.shared import SHARED

RETAILOPS = SHARED / "retailops"

# RFC 3339; jsonschema checks "date-time" only with a package that we do not have
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or _RFC3339.fullmatch(value) is not None


@cache
def swagger() -> dict[str, Any]:
    """The Swagger file as it is."""
    return json.loads((RETAILOPS / "swagger.json").read_text())


@cache
def per_action(action: str) -> Draft4Validator:
    """The answer schema of ``{action}_v1.json``: ``links[0].targetSchema``."""
    document = json.loads((RETAILOPS / "schema" / f"{action}_v1.json").read_text())
    return Draft4Validator(document["links"][0]["targetSchema"], format_checker=_FORMATS)


@cache
def from_swagger(action: str) -> Draft4Validator:
    """The answer schema of the Swagger file, with its definitions beside it."""
    response = swagger()["paths"][f"/{action}_v1"]["post"]["responses"]["200"]["schema"]
    schema = {**response, "definitions": swagger()["definitions"]}
    return Draft4Validator(schema, format_checker=_FORMATS)


def refusals(action: str, answer: object) -> list[str]:
    """Everything that either official schema has against an answer."""
    return [
        f"{name}: {error.json_path}: {error.message}"
        for name, validator in (("schema", per_action(action)), ("swagger", from_swagger(action)))
        for error in validator.iter_errors(answer)
    ]


def schema_of(action: str, *, swagger_file: bool) -> Mapping[str, Any]:
    """The answer's schema with references resolved, to walk it."""
    if not swagger_file:
        return per_action(action).schema
    return _resolved(from_swagger(action).schema)


def _resolved(node: Any) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _resolved(swagger()["definitions"][node["$ref"].rsplit("/", 1)[-1]])
        return {key: _resolved(value) for key, value in node.items() if key != "definitions"}
    if isinstance(node, list):
        return [_resolved(value) for value in node]
    return node
