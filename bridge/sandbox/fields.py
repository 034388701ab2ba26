"""The schema of the store, made executable: resolvers, types, scopes, and the rules of mutations.

A field without a resolver is an attribute or dict key of its source. What has neither is refused
with a message that says so: the sandbox never makes an answer up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_directive_values,
    get_named_type,
    value_from_ast,
)

from bridge.sandbox.access import FIELD_SCOPES, NODE_SCOPES, OWNER_SCOPES, PROTECTED, protected
from bridge.sandbox.context import Context
from bridge.sandbox.errors import NotModelled, StoreError, access_denied, gid_kind
from bridge.sandbox.idempotency import REQUIRED, Refused, missing_directive
from bridge.sandbox.info import Info
from bridge.sandbox.money import amount_text, scalar_text
from bridge.sandbox.quick import mark
from bridge.sandbox.resolvers import RESOLVERS
from bridge.schema import build
from bridge.schema.selection import Json

Resolver: TypeAlias = Callable[..., Any]

_MISSING: Final = object()

# Inputs whose changeFromQuantity must be present, null included (captured for both).
_COMPARED: Final = frozenset({"InventoryQuantityInput", "InventoryChangeInput"})
_HUMP: Final = re.compile(r"(?<!^)(?=[A-Z])")


@cache
def executable_schema(*, protected_data: bool = True) -> GraphQLSchema:
    """The schema with a resolver on every field; it holds no state, and all stores share it."""
    schema = build()
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = _resolver(schema, kind, name, field, protected_data)
        elif isinstance(kind, (GraphQLInterfaceType, GraphQLUnionType)):
            kind.resolve_type = _type_name
        elif isinstance(kind, GraphQLScalarType) and kind.name in _SCALARS:
            kind.coerce_output_value = _SCALARS[kind.name]
    return schema


def _resolver(
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    name: str,
    field: GraphQLField,
    protected_data: bool,
) -> Resolver:
    given = RESOLVERS.get(kind.name, {}).get(name) or _OWN.get((kind.name, name))
    is_root = kind is schema.query_type or kind is schema.mutation_type
    scope = FIELD_SCOPES.get((kind.name, name))
    guarded = scope is not None or (not protected_data and (kind.name, name) in PROTECTED)
    if not is_root and not guarded:
        mark(field, _reader(given, name))
    if given is None:
        given = _unmodelled(kind.name, name) if is_root else _attribute(kind.name, name, field)
    if scope is not None:
        given = _scoped(given, name, scope)
    if not protected_data and (kind.name, name) in PROTECTED:
        given = _denied(kind.name)
    if kind is schema.mutation_type:
        return _mutation(given, name, field)
    if kind is schema.query_type:
        return _root(_node_scoped(given, name) if name in {"node", "nodes"} else given)
    return given


def _attribute(kind: str, name: str, field: GraphQLField) -> Resolver:
    snake = _HUMP.sub("_", name).lower()
    defaults = {key: _default(argument) for key, argument in field.args.items()}

    def resolve(source: object, _info: Info, **arguments: Json) -> object:
        for key, value in arguments.items():
            if value is not None and value != defaults[key]:
                raise NotModelled(f"the argument {key!r} of {kind}.{name}")
        if isinstance(source, Mapping):
            value = _item(source, name)
        else:
            value = getattr(source, snake, _MISSING)
            if value is _MISSING:
                value = getattr(source, name, _MISSING)
        if value is _MISSING:
            raise NotModelled(f"the field {kind}.{name}")
        return value

    return resolve


def _default(argument: GraphQLArgument) -> object:
    literal = argument.default.literal if argument.default is not None else None
    return value_from_ast(literal, argument.type) if literal is not None else None


def _reader(given: Resolver | None, name: str) -> Callable[[Any], Any]:
    """How a field is read that needs neither arguments nor the request.

    A resolver that does need the request fails without one, and is then called the ordinary way.
    """
    if given is not None:
        return partial(_without_request, given)
    snake = _HUMP.sub("_", name).lower()

    def read(source: object) -> object:
        return source[name] if isinstance(source, dict) else getattr(source, snake)

    return read


def _without_request(given: Resolver, source: object) -> object:
    return given(source, None)


def _item(source: Mapping[str, object], name: str) -> object:
    try:
        return source[name]
    except KeyError:
        return _MISSING


def _unmodelled(kind: str, name: str) -> Resolver:
    what = "the mutation" if kind == "Mutation" else "the query"

    def resolve(_source: object, _info: Info, **_arguments: Json) -> object:
        raise NotModelled(f"{what} {name}")

    return resolve


def _type_name(
    value: object, _info: Info, abstract: GraphQLInterfaceType | GraphQLUnionType
) -> str:
    name = value.get("__typename") if isinstance(value, Mapping) else None
    name = name or getattr(value, "gql_type", None)
    if not isinstance(name, str):
        raise NotModelled(f"an object of {type(value).__name__} as {abstract.name}")
    return name


# ---- roots, scopes


def _root(inner: Resolver) -> Resolver:
    def resolve(source: object, info: Info, **arguments: Json) -> object:
        info.context.path = [str(info.path.key)]
        return inner(source, info, **arguments)

    return resolve


def _scoped(inner: Resolver, name: str, scope: str) -> Resolver:
    def resolve(source: object, info: Info, **arguments: Json) -> object:
        if not info.context.may(scope):
            raise access_denied(name, scope)
        return inner(source, info, **arguments)

    return resolve


def _node_scoped(inner: Resolver, name: str) -> Resolver:
    def resolve(source: object, info: Info, **arguments: Json) -> object:
        wanted = arguments.get("ids") or [arguments.get("id", "")]
        for identifier in wanted:
            scope = NODE_SCOPES.get(gid_kind(identifier))
            if scope is not None and not info.context.may(scope):
                raise access_denied(name, scope)
        return inner(source, info, **arguments)

    return resolve


def _denied(kind: str) -> Resolver:
    def resolve(_source: object, _info: Info, **_arguments: Json) -> object:
        raise protected(kind)

    return resolve


def _check_owners(context: Context, name: str, arguments: Mapping[str, Any]) -> None:
    owners = [row.get("ownerId") for row in arguments.get("metafields") or ()]
    if name in {"tagsAdd", "tagsRemove"}:
        owners = [arguments["id"]]
    for owner in owners:
        scope = OWNER_SCOPES.get(gid_kind(owner))
        if scope is not None and not context.may(scope):
            raise access_denied(name, scope)


# ---- mutations


class Stopped(Exception):
    """A mutation that was taken in but must not run: a fault was asked for."""


def _mutation(inner: Resolver, name: str, field: GraphQLField) -> Resolver:
    """Checks in Shopify's order: arguments (captured: first), then the key, then the mutation."""
    compared = {key: get_named_type(argument.type).name for key, argument in field.args.items()}
    payload = get_named_type(field.type)

    def resolve(source: object, info: Info, **arguments: Json) -> object:
        context = info.context
        _check_owners(context, name, arguments)
        _check_compared(arguments, compared, info.schema)
        key = idempotency_key(info)
        if key is None and name in REQUIRED:
            raise missing_directive()
        if key is not None:
            try:
                stored = context.keys.begin(key, name, arguments)
            except Refused as refused:
                return _refused_payload(payload, refused)
            if stored:
                return stored[0]
            context.begun.append(key)
        if context.stop:
            raise Stopped
        try:
            result = inner(source, info, **arguments)
        except StoreError:
            if key is not None:
                context.keys.drop(key)
            raise
        except Exception:
            if key is not None:
                context.keys.broke(key)
            raise
        if key is not None:
            context.keys.finish(key, result)
        return result

    return resolve


def idempotency_key(info: Info) -> str | None:
    """The key of ``@idempotent`` on the field being resolved; None without the directive."""
    directive = info.schema.get_directive("idempotent")
    if directive is None:
        return None
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return str(values["key"]) if values is not None else None


def _check_compared(
    arguments: Mapping[str, Any], kinds: Mapping[str, str], schema: GraphQLSchema
) -> None:
    """``changeFromQuantity`` must be there, be it null (captured)."""
    for key, value in arguments.items():
        kind = schema.get_type(kinds[key])
        fields = getattr(kind, "fields", {})
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            if not isinstance(row, Mapping):
                continue
            if kinds[key] in _COMPARED and "changeFromQuantity" not in row:
                raise StoreError(
                    f"{kinds[key]} must include the following argument: changeFromQuantity.",
                    "INVALID_FIELD_ARGUMENTS",
                    variable=True,
                )
            inner = {name: get_named_type(field.type).name for name, field in fields.items()}
            _check_compared({k: v for k, v in row.items() if k in inner}, inner, schema)


def _refused_payload(payload: Json, refused: Refused) -> dict[str, Any]:
    """A payload whose user errors carry the code; a top-level error when they have no code."""
    errors = payload.fields.get("userErrors")
    error_kind = get_named_type(errors.type) if errors else None
    code = error_kind.fields.get("code") if isinstance(error_kind, GraphQLObjectType) else None
    codes = get_named_type(code.type) if code else None
    if not isinstance(codes, GraphQLEnumType) or refused.code not in codes.values:
        raise StoreError(str(refused), refused.code)
    content: dict[str, Any] = dict.fromkeys(payload.fields)
    content["userErrors"] = [
        {"field": None, "message": str(refused), "code": refused.code, "elementIndex": None}
    ]
    return content


# ---- what the engine itself answers


def _count(kind: str) -> Resolver:
    def resolve(_source: object, info: Info, **arguments: Json) -> object:
        return info.context.count(kind, arguments.get("query"), arguments.get("limit"))

    return resolve


_OWN: Final[Mapping[tuple[str, str], Resolver]] = {
    ("QueryRoot", "ordersCount"): _count("Order"),
    ("QueryRoot", "productsCount"): _count("Product"),
    ("QueryRoot", "productVariantsCount"): _count("ProductVariant"),
}


# ---- scalars


def _date_time(value: object) -> str:
    """Whole seconds in UTC, as every captured time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _decimal(value: object) -> str:
    return amount_text(value) if isinstance(value, Decimal) else str(value)


def _money(value: object) -> str:
    return scalar_text(value) if isinstance(value, Decimal) else str(value)


_SCALARS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "DateTime": _date_time,
    "Decimal": _decimal,
    "Money": _money,
    "UnsignedInt64": str,
}
