"""The variables of a request against their types, and lists that are too long.

Captured: ``INVALID_VARIABLE`` with ``value`` and ``problems`` and without ``path``; the message
names each place and explanation; lists of more than 250 are ``MAX_INPUT_SIZE_EXCEEDED``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    is_input_type,
    is_required_input_field,
    print_ast,
    type_from_ast,
    value_from_ast_untyped,
)

from bridge.sandbox.errors import is_gid

MAX_LIST: Final = 250  # captured
# Lists that may be longer (documented: 2048 variants to a product).
_LONGER: Final[Mapping[tuple[str, ...], int]] = {("productSet", "input", "variants"): 2048}
_Path: TypeAlias = tuple[str | int, ...]
_Problem: TypeAlias = tuple[_Path, str]
_INT_LIMIT: Final = 2**31  # GraphQL's Int


def variable_errors(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One error for each variable whose value does not fit its type."""
    errors = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        if kind is None or not is_input_type(kind):
            continue
        if name not in given and definition.default_value is not None:
            continue
        if name not in given and not isinstance(kind, GraphQLNonNull):
            continue
        value = given.get(name)
        problems = list(_problems(kind, value, ()))
        if not problems:
            continue
        places = ", ".join(
            f"{'.'.join(map(str, path))} ({explanation})" for path, explanation in problems if path
        )
        start = definition.loc.start_token if definition.loc else None
        errors.append(
            {
                "message": f"Variable ${name} of type {print_ast(definition.type)} was provided "
                f"invalid value{' for ' + places if places else ''}",
                "locations": [{"line": start.line, "column": start.column}] if start else [],
                "extensions": {
                    "code": "INVALID_VARIABLE",
                    "value": value,
                    "problems": [
                        {"path": list(path), "explanation": explanation}
                        for path, explanation in problems
                    ],
                },
            }
        )
    return errors


def _problems(kind: GraphQLInputType, value: object, path: _Path) -> Iterator[_Problem]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield path, "Expected value to not be null"
        else:
            yield from _problems(kind.of_type, value, path)
    elif value is None:
        return
    elif isinstance(kind, GraphQLList):
        for n, one in enumerate(value if isinstance(value, list) else [value]):
            yield from _problems(kind.of_type, one, (*path, n))
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _object_problems(kind, value, path)
    elif isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            choices = ", ".join(kind.values)
            yield path, f"Expected {json.dumps(value)} to be one of: {choices}"
    else:
        explanation = _scalar_problem(kind.name, value)
        if explanation:
            yield path, explanation


def _object_problems(
    kind: GraphQLInputObjectType, value: object, path: _Path
) -> Iterator[_Problem]:
    if not isinstance(value, dict):
        yield path, f"Expected {json.dumps(value)} to be a key-value object."
        return
    for key in value:
        if key not in kind.fields:
            yield (*path, key), f"Field is not defined on {kind.name}"
    given = [key for key in value if value[key] is not None]
    if kind.is_one_of and (len(value) != 1 or len(given) != 1):
        # the words of the library that Shopify's API is made with (documented)
        yield path, f"`{kind.name}` requires exactly one argument, but {len(given)} were provided."
    for name, field in kind.fields.items():
        if name in value:
            yield from _problems(field.type, value[name], (*path, name))
        elif is_required_input_field(field):
            yield (*path, name), "Expected value to not be null"


def _scalar_problem(name: str, value: object) -> str:
    coercible = f"Could not coerce value {json.dumps(value)} to {name}"
    is_bool = isinstance(value, bool)
    fits = True
    match name:
        case "ID":
            if isinstance(value, str) and not is_gid(value):
                return f"Invalid global id '{value}'"
            fits = isinstance(value, str)
        case "String" | "URL" | "HTML":
            fits = isinstance(value, str)
        case "Int":
            fits = isinstance(value, int) and not is_bool and -_INT_LIMIT <= value < _INT_LIMIT
        case "Float":
            fits = isinstance(value, (int, float)) and not is_bool
        case "Boolean":
            fits = is_bool
        case "DateTime":
            fits = isinstance(value, str) and _is_time(value)
        case "Money" | "Decimal":
            fits = not is_bool and isinstance(value, (str, int, float)) and _is_number(value)
        case _:
            fits = True
    return "" if fits else coercible


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _is_number(value: str | float) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def list_errors(
    operation: OperationDefinitionNode, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The first list of more than 250 in the arguments of each root field.

    The variants of ``productSet`` may be 2048 (documented).
    """
    errors = []
    for node in operation.selection_set.selections:
        if not isinstance(node, FieldNode):
            continue
        for argument in node.arguments or ():
            content = value_from_ast_untyped(argument.value, dict(values))
            name = node.name.value
            found = next(_long_lists(content, (argument.name.value,), name), None)
            if found is not None:
                path, size = found
                limit = _LONGER.get((name, *map(str, path)), MAX_LIST)
                start = node.loc.start_token if node.loc else None
                errors.append(
                    {
                        "message": f"The input array size of {size} is greater than the maximum "
                        f"allowed of {limit}.",
                        "locations": [{"line": start.line, "column": start.column}]
                        if start
                        else [],
                        "path": [(node.alias or node.name).value, *path],
                        "extensions": {"code": "MAX_INPUT_SIZE_EXCEEDED"},
                    }
                )
                break
    return errors


def _long_lists(value: object, path: _Path, root: str) -> Iterator[tuple[_Path, int]]:
    if isinstance(value, list):
        if len(value) > _LONGER.get((root, *map(str, path)), MAX_LIST):
            yield path, len(value)
        for n, one in enumerate(value):
            yield from _long_lists(one, (*path, n), root)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _long_lists(one, (*path, key), root)
