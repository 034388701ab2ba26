"""Bytes to request, answer to bytes. Pure; the HTTP status is the server's business."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bridge.errors import RequestError
from bridge.retailops.actions import ActionSpec
from bridge.retailops.answers import Answer
from bridge.retailops.events import Code
from bridge.retailops.requests import Request

# The deepest official request has 9 levels; a feed template is the customer's own.
MAX_DEPTH = 64

# One JSON escape. A surrogate that has no partner is not text: Python reads it and cannot
# write it again. It comes from texts that were cut in the middle of an emoji.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_MAYBE_LONE = re.compile(r"\\u[dD][89a-fA-F]")


def read_body(raw: bytes, *, max_depth: int = MAX_DEPTH) -> dict[str, Any]:
    """The JSON object of a call; numbers with a fraction or an exponent are Decimal.

    A byte order mark is allowed. A lone surrogate becomes U+FFFD.

    Raises:
        RequestError: Not UTF-8, not JSON, NaN or Infinity, a key twice in one object
            (which value was meant is not ours to guess), nested deeper than ``max_depth``
            objects and lists, or not an object.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(
            Code.INVALID_JSON, f"The body is not UTF-8 text: byte {error.start} is wrong"
        ) from None
    if _MAYBE_LONE.search(text):
        text = _ESCAPE.sub(lambda m: "\\ufffd" if m["lone"] else m[0], text)
    try:
        body = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise RequestError(
            Code.INVALID_JSON,
            f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}",
        ) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    except ValueError:  # Python's limit of 4,300 digits in an integer
        raise RequestError(Code.INVALID_JSON, "The body has an endless number") from None
    if not isinstance(body, dict):
        raise RequestError(Code.NOT_AN_OBJECT, "The body is JSON, but not an object")
    if text.count("[") + text.count("{") > max_depth:
        _check_depth(body, max_depth)
    return body


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise RequestError(Code.INVALID_JSON, "The body has an endless number") from None


def _no_constant(name: str) -> NoReturn:
    raise RequestError(Code.INVALID_JSON, f"The body is not JSON: {name} is not a JSON number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise RequestError(Code.INVALID_JSON, f"One object has the key {name[:80]!r} twice")
            seen.add(name)
    return made


# Made once: json.loads makes one at each call that is not all defaults.
_DECODER: Final = json.JSONDecoder(
    parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_no_duplicates
)


def _too_deep(max_depth: int) -> RequestError:
    return RequestError(Code.TOO_DEEP, f"The body is nested deeper than {max_depth} levels")


def _check_depth(body: dict[str, Any], max_depth: int) -> None:
    """Level by level, so that a deep body cannot exhaust our own stack."""
    level: list[Any] = [body]
    depth = 0
    while level:
        depth += 1
        if depth > max_depth:
            raise _too_deep(max_depth)
        level = [
            value
            for container in level
            for value in (container.values() if isinstance(container, dict) else container)
            if isinstance(value, dict | list)
        ]


def parse(spec: ActionSpec, body: Mapping[str, Any]) -> Request:
    """The request of this action; see ``requests`` for what is tolerated.

    Raises:
        RequestError: ``INVALID_FIELD`` with a JSON pointer. The message names no value.
    """
    try:
        return spec.request.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
        # pydantic's own words for an object are those of a Python programmer.
        said = "is not an object" if found[0]["type"] == "model_type" else found[0]["msg"]
        raise RequestError(
            Code.INVALID_FIELD,
            f"{place(found[0]['loc'])}: {said}{more}",
            pointer(found[0]["loc"]),
        ) from None


def encode(spec: ActionSpec, answer: Answer) -> bytes:
    """The answer as compact JSON in UTF-8, validated once more.

    Fields that are None are left out. Decimals become JSON numbers with the very same
    decimal text: the models allow 15 digits, which a double always gives back.

    Raises:
        ValueError: The answer is another action's, or was made so that RetailOps would refuse
            it (pydantic's ``model_construct`` does not check): a mistake in the bridge. Orders
            are checked where they are made, and cannot be changed.
    """
    checked = spec.answer.model_validate(answer)
    return checked.model_dump_json(by_alias=True, exclude_none=True).encode()


def explain(error: ValidationError) -> str:
    """Every fault of an answer, as ``order_items[0].sku: …``; it names no value."""
    return "; ".join(
        f"{place(one['loc'])}: {one['msg']}" if one["loc"] else one["msg"]
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )


def place(loc: Sequence[str | int]) -> str:
    """``order.order_items[3].quantity``, as a person reads it."""
    out = ""
    for part in loc:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def pointer(loc: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in loc)


class _Sent(GenerateJsonSchema):
    """The schema of what leaves us: None is left out, so null is in no place allowed."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def answer_schema(spec: ActionSpec, *, ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """JSON Schema (2020-12) of this action's answer as it is sent.

    Stricter than the official one: no nulls, nothing unknown, and what is always sent
    (``events``, ``orders``, ``next_page_token``) is required.
    """
    schema = spec.answer.model_json_schema(
        by_alias=True,
        mode="serialization",
        ref_template=ref_template,
        schema_generator=_Sent,
    )
    schema["required"] = sorted(
        field.alias or name
        for name, field in spec.answer.model_fields.items()
        if field.is_required() or field.default is not None
    )
    return schema
