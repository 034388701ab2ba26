"""What Shopify says of a document before it runs: parse errors and validation errors.

Captured: HTTP 200, ``errors`` alone (no ``data``, no ``extensions``), members in the order
``message, locations, path, extensions``; paths begin with the operation. The rules are
graphql-core's; the words and codes are those of the captures, and where no capture shows them,
those of graphql-ruby, which Shopify uses (assumed).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Lexer,
    Node,
    OperationDefinitionNode,
    Source,
    StringValueNode,
    TokenKind,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    print_ast,
    validate,
    visit,
)

from bridge.sandbox.errors import is_gid, locations_of

_NOT_HERE: Final = " (or the sandbox does not model it: GET /_sandbox/limits)"


def syntax_error(error: GraphQLSyntaxError) -> dict[str, Any]:
    """A document that cannot be parsed. An unexpected end is at the last token (captured)."""
    at = error.locations[0] if error.locations else None
    line, column, what = (at.line, at.column, "invalid token") if at else (1, 1, "invalid token")
    body = error.source.body if error.source else ""
    position = next(iter(error.positions or ()), 0)
    if position >= len(body.rstrip()):
        what = "end of file"
        line, column = _last_token(body)
    else:
        what = f"{what} ({body[position]!r})".replace("'", '"')
    return {
        "message": f"syntax error, unexpected {what} at [{line}, {column}]",
        "locations": [{"line": line, "column": column}],
        "extensions": {"code": "PARSE_ERROR"},
    }


def _last_token(body: str) -> tuple[int, int]:
    line, column = 1, 1
    lexer = Lexer(Source(body))
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            line, column = lexer.token.line, lexer.token.column
    except GraphQLSyntaxError:
        return line, column
    return line, column


def static_errors(schema: GraphQLSchema, document: DocumentNode) -> list[dict[str, Any]]:
    """Every validation error of a document, in Shopify's words; empty when it may run."""
    errors = validate(schema, document)
    paths = _Paths(document)
    out = [_worded(error, paths) for error in errors]
    if not errors:
        out = [_bad_literal(node, paths) for node in _bad_ids(schema, document)]
    return out


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    words: Callable[[re.Match[str], Node], tuple[str, dict[str, Any]]]


def _undefined_field(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    field, kind = m.groups()
    # a user error's fields are all here, so that the captured words stand alone
    hint = "" if kind.endswith("UserError") else _NOT_HERE
    return (
        f"Field '{field}' doesn't exist on type '{kind}'{hint}",
        {"code": "undefinedField", "typeName": kind, "fieldName": field},
    )


def _unknown_argument(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    argument, holder, name = m.groups()
    kind = holder.capitalize()
    name = name.removeprefix("@").rsplit(".", 1)[-1]
    return (
        f"{kind} '{name}' doesn't accept argument '{argument}'",
        {
            "code": "argumentNotAccepted",
            "name": name,
            "typeName": kind,
            "argumentName": argument,
        },
    )


def _missing_argument(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    place, argument = m.groups()
    kind = "Directive" if place.startswith("@") else "Field"
    name = place.removeprefix("@").rsplit(".", 1)[-1]
    return (
        f"{kind} '{name}' is missing required arguments: {argument}",
        {
            "code": "missingRequiredArguments",
            "className": kind,
            "name": name,
            "arguments": argument,
        },
    )


def _needs_selection(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    field, kind = m.groups()
    kind = kind.strip("[]!")
    return (
        f"Field must have selections (field '{field}' returns {kind} but has no selections. "
        f"Did you mean '{field} {{ ... }}'?)",
        {"code": "selectionMismatch", "nodeName": f"field '{field}'", "typeName": kind},
    )


def _no_selection(m: re.Match[str], node: Node) -> tuple[str, dict[str, Any]]:
    field, kind = m.groups()
    inside = ", ".join(print_ast(s) for s in getattr(node, "selections", ()))
    kind = kind.strip("[]!")
    return (
        f"Selections can't be made on scalars (field '{field}' returns {kind} but has selections "
        f'["{inside}"])',
        {"code": "selectionMismatch", "nodeName": f"field '{field}'", "typeName": kind},
    )


def _unused_variable(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    name, operation = m.groups()
    by = operation or "anonymous operation"
    return (
        f"Variable ${name} is declared by {by} but not used",
        {"code": "variableNotUsed", "variableName": name},
    )


def _undefined_variable(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    name, operation = m.groups()
    by = operation or "anonymous operation"
    return (
        f"Variable ${name} is used by {by} but not declared",
        {"code": "variableNotDefined", "variableName": name},
    )


def _unknown_directive(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    return (
        f"Directive @{m.group(1)} is not defined",
        {"code": "undefinedDirective", "directiveName": m.group(1)},
    )


def _misplaced_directive(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    name, place = m.groups()
    target = {"mutation": "mutations", "query": "queries"}.get(place.lower(), place.lower())
    return (
        f"'@{name}' can't be applied to {target} (allowed: fields)",
        {"code": "directiveCannotBeApplied", "targetName": target, "name": name},
    )


def _missing_attribute(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    kind, field = m.groups()
    return (
        f"Argument '{field}' on InputObject '{kind}' is required",
        {
            "code": "missingRequiredInputObjectAttribute",
            "argumentName": field,
            "inputObjectType": kind,
        },
    )


def _unknown_attribute(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    kind, field = m.groups()
    return (
        f"InputObject '{kind}' doesn't accept argument '{field}'",
        {
            "code": "argumentNotAccepted",
            "name": kind,
            "typeName": "InputObject",
            "argumentName": field,
        },
    )


def _variable_mismatch(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    name, given, wanted = m.groups()
    return (
        f"Type mismatch on variable ${name} ({given} / {wanted})",
        {"code": "variableMismatch", "variableName": name, "typeName": given},
    )


def _unknown_type(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    return (
        f"No such type {m.group(1)}{_NOT_HERE}",
        {"code": "undefinedType", "typeName": m.group(1)},
    )


def _unknown_fragment(m: re.Match[str], _node: Node) -> tuple[str, dict[str, Any]]:
    return (
        f"Fragment {m.group(1)} was used, but not defined",
        {"code": "useAndDefineFragment", "fragmentName": m.group(1)},
    )


_RULES: Final = tuple(
    _Rule(re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"Cannot query field '(\w+)' on type '(\w+)'.*", _undefined_field),
        (r"Unknown argument '(\w+)' on (field|directive) '([@\w.]+)'.*", _unknown_argument),
        (r"Argument '([@\w.]+)\((\w+):\)' of type .* is required.*", _missing_argument),
        (r"Field '(\w+)' of type '(\S+)' must have a selection.*", _needs_selection),
        (r"Field '(\w+)' must not have a selection since type '(\S+)'.*", _no_selection),
        (r"Variable '\$(\w+)' is never used(?: in operation '(\w+)')?.*", _unused_variable),
        (r"Variable '\$(\w+)' is not defined(?: by operation '(\w+)')?.*", _undefined_variable),
        (r"Unknown directive '@(\w+)'.*", _unknown_directive),
        (r"Directive '@(\w+)' may not be used on (\w+).*", _misplaced_directive),
        (r"Expected value of type '(\w+)' to include required field '(\w+)'.*", _missing_attribute),
        (
            r"Expected value of type '(\w+)' not to include unknown field '(\w+)'.*",
            _unknown_attribute,
        ),
        (r"Variable '\$(\w+)' of type '(\S+)' used in .* type '(\S+)'.*", _variable_mismatch),
        (r"Unknown type '(\w+)'.*", _unknown_type),
        (r"Unknown fragment '(\w+)'.*", _unknown_fragment),
    )
)


_WANTED: Final = re.compile(r"^(\w+) cannot represent|in '(\w+)' enum|type '([\w!\[\]]+)'")


def _worded(error: GraphQLError, paths: _Paths) -> dict[str, Any]:
    node = error.nodes[0] if error.nodes else None
    names = paths.of(node)
    message, extensions = error.message, {"code": "invalidDocument"}
    for rule in _RULES:
        found = rule.pattern.fullmatch(error.message)
        if found is not None and node is not None:
            message, extensions = rule.words(found, node)
            break
    else:
        holder = paths.argument(node)
        if holder is not None and node is not None:
            argument, field = holder
            wanted = _WANTED.search(error.message)
            kind = next(filter(None, wanted.groups())) if wanted else ""
            message = (
                f"Argument '{argument}' on Field '{field}' has an invalid value "
                f"({print_ast(node)}). Expected type '{kind}'."
            )
            extensions = {
                "code": "argumentLiteralsIncompatible",
                "typeName": "Field",
                "argumentName": argument,
            }
    return {
        "message": message,
        "locations": locations_of(error)[:1],
        "path": names,
        "extensions": extensions,
    }


def _bad_literal(node: StringValueNode, paths: _Paths) -> dict[str, Any]:
    holder = paths.argument(node)
    start = node.loc.start_token if node.loc else None
    return {
        "message": f"Invalid global id '{node.value}'",
        "locations": [{"line": start.line, "column": start.column}] if start else [],
        "path": paths.of(node),
        "extensions": {
            "code": "argumentLiteralsIncompatible",
            "typeName": "CoercionError",
            "argumentName": holder[0] if holder else "",
        },
    }


def _bad_ids(schema: GraphQLSchema, document: DocumentNode) -> list[StringValueNode]:
    """Literals where a global id is wanted and none stands (captured)."""
    info = TypeInfo(schema)
    found: list[StringValueNode] = []

    class Ids(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: object) -> None:
            kind = info.get_input_type()
            if kind is not None and get_named_type(kind).name == "ID" and not is_gid(node.value):
                found.append(node)

    visit(document, TypeInfoVisitor(info, Ids()))
    return found


class _Paths:
    """Where every node of a document stands, in Shopify's way of saying it."""

    def __init__(self, document: DocumentNode) -> None:
        self._paths: dict[int, list[str]] = {}
        self._holders: dict[int, tuple[str, str]] = {}
        for definition in document.definitions:
            self._walk(definition, [], None)

    def of(self, node: Node | None) -> list[str]:
        """The path of a node; empty when it is none of the document's."""
        return self._paths.get(id(node), [])

    def argument(self, node: Node | None) -> tuple[str, str] | None:
        """The argument and the field that a value stands in."""
        return self._holders.get(id(node))

    def _walk(self, node: Node, above: list[str], holder: tuple[str, str] | None) -> None:
        step = _step(node)
        path = above if step is None else [*above, step]
        if isinstance(node, FieldNode):
            for argument in node.arguments or ():
                self._holders[id(argument)] = (argument.name.value, node.name.value)
        elif isinstance(node, ArgumentNode):
            holder = self._holders.get(id(node), holder)
        elif isinstance(node, DirectiveNode):
            holder = None
        self._paths[id(node)] = path
        if holder is not None:
            self._holders[id(node)] = holder
        for key in node.keys:
            child = getattr(node, key, None)
            for one in child if isinstance(child, (list, tuple)) else (child,):
                if isinstance(one, Node):
                    self._walk(one, path, holder)


def _step(node: Node) -> str | None:
    """What a node adds to the path of those inside it."""
    step: str | None = None
    match node:
        case OperationDefinitionNode():
            step = f"{node.operation.value} {node.name.value if node.name else ''}".strip()
        case FragmentDefinitionNode():
            step = f"fragment {node.name.value}"
        case FieldNode():
            step = (node.alias or node.name).value
        case ArgumentNode():
            step = node.name.value
        case InlineFragmentNode():
            step = f"... on {node.type_condition.name.value}" if node.type_condition else "..."
        case FragmentSpreadNode():
            step = f"... {node.name.value}"
        case _:
            pass
    return step
