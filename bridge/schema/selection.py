"""An operation as Shopify would run it: variables filled in, fragments opened, rows found.

``compile_operation`` turns a document into a small tree of the composite fields that it selects;
what counts points before and after the run walks that tree. Pure; knows no prices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationType,
    SelectionNode,
    VariableNode,
    Visitor,
    get_named_type,
    get_operation_ast,
    value_from_ast_untyped,
    visit,
)

Json: TypeAlias = Any
"""A JSON value, as it came or as it will go."""

DEFAULT_SIZE: Final = 10  # assumed for a connection without first and last; Shopify refuses it

_COMPOSITE = (GraphQLObjectType, GraphQLInterfaceType, GraphQLUnionType)
_READ = frozenset({"if", "first", "last", "ids", "input"})
"""The arguments that ``_Compiler`` reads; all others leave the tree as it is."""

_Selections: TypeAlias = Sequence[SelectionNode]
_Alternatives: TypeAlias = list[tuple[GraphQLCompositeType, _Selections]]


class Role(Enum):
    """What a field is to the one who counts."""

    OBJECT = auto()
    CONNECTION = auto()
    MUTATION = auto()  # a field of the mutation root
    COUNT = auto()  # ordersCount and its like, at the root
    NODES = auto()  # nodes(ids:), at the root


@dataclass(frozen=True, slots=True)
class Selected:
    """One composite field. ``size``: rows asked for (connection) or ids given (nodes).

    ``given``: the argument ``input`` of a mutation, which may have a price of its own.
    """

    key: str
    name: str
    kind: GraphQLCompositeType
    role: Role
    size: int
    inner: Plan
    rows: tuple[Rows, ...]
    given: Json = None


@dataclass(frozen=True, slots=True)
class Rows:
    """One way in which a connection's rows are asked for: ``nodes``, or ``edges { node }``."""

    path: tuple[str, ...]
    inner: Plan

    def take(self, connection: Json) -> list[Json]:
        """The rows of a connection as it came back, without nulls."""
        rows = [row for row in connection.get(self.path[0]) or () if row is not None]
        for key in self.path[1:]:
            rows = [row[key] for row in rows if row.get(key) is not None]
        return rows


@dataclass(frozen=True, slots=True)
class Plan:
    """What is selected in one object: its composite fields, and more where it is of ``kind``.

    ``scalars`` are the response names of the rest: they cost nothing, but tell types apart.
    """

    fields: tuple[Selected, ...]
    others: tuple[tuple[GraphQLCompositeType, Plan], ...]
    scalars: tuple[str, ...]

    def fits(self, value: Mapping[str, Json]) -> bool:
        """Whether every field of this plan is present in ``value``."""
        return all(f.key in value for f in self.fields) and all(k in value for k in self.scalars)


def compile_operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Json],
    operation_name: str | None = None,
) -> Plan:
    """The tree of one operation; fields that ``@skip`` or ``@include`` removes are not in it.

    The document must be valid against ``schema``. ``GraphQLError`` when it has no operation of
    that name, or several and none is named.
    """
    operation = get_operation_ast(document, operation_name)
    if operation is None:
        raise GraphQLError(f"the document has no operation {operation_name or 'to choose'}")
    root = schema.get_root_type(operation.operation)
    if root is None:
        raise GraphQLError(f"the schema has no {operation.operation.value}")
    values: dict[str, Json] = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    values.update(variables)
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    compiler = _Compiler(schema, fragments, values)
    return compiler.root(
        operation.selection_set.selections, root, operation.operation is OperationType.MUTATION
    )


def shaping_variables(document: DocumentNode) -> frozenset[str]:
    """The variables that the tree depends on: what is skipped, how many rows, ids, ``input``.

    With equal values of these, ``compile_operation`` gives equal trees.
    """
    finder = _Shaping(_READ)
    visit(document, finder)
    return frozenset(finder.found)


def counted_variables(document: DocumentNode) -> frozenset[str]:
    """Those of them of which only the length matters: lists of ids, and nothing else."""
    counted, whole = _Shaping({"ids"}), _Shaping(_READ - {"ids"})
    visit(document, counted)
    visit(document, whole)
    return frozenset(counted.found - whole.found)


class _Shaping(Visitor):
    """Collects the variables inside some of the arguments that ``_Compiler`` reads."""

    def __init__(self, read: Set[str]) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._read = read
        self._inside = 0

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        self._inside += node.name.value in self._read

    def leave_argument(self, node: ArgumentNode, *_: object) -> None:
        self._inside -= node.name.value in self._read

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        if self._inside:
            self.found.add(node.name.value)


class _Compiler:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        values: dict[str, Json],
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.values = values

    def root(self, selections: _Selections, root: GraphQLObjectType, mutation: bool) -> Plan:
        def role(name: str, kind: GraphQLCompositeType) -> Role:
            if mutation:
                return Role.MUTATION
            if name == "nodes":
                return Role.NODES
            if kind.name == "Count":
                return Role.COUNT
            return _role(kind)

        fields, _ = self.split(selections, root)
        found = [self.selected(key, nodes, root, role) for key, nodes in fields.items()]
        return Plan(tuple(f for f in found if f is not None), (), ())

    def plan(self, selections: _Selections, parent: GraphQLCompositeType) -> Plan:
        fields, others = self.split(selections, parent)
        selected = {key: self.selected(key, nodes, parent) for key, nodes in fields.items()}
        return Plan(
            tuple(f for f in selected.values() if f is not None),
            tuple((kind, self.plan(inner, kind)) for kind, inner in others),
            tuple(key for key, f in selected.items() if f is None),
        )

    def selected(
        self,
        key: str,
        nodes: Sequence[FieldNode],
        parent: GraphQLCompositeType,
        role_of: Callable[[str, GraphQLCompositeType], Role] | None = None,
    ) -> Selected | None:
        kind = self.kind_of(nodes[0], parent)
        if kind is None:
            return None
        name = nodes[0].name.value
        role = role_of(name, kind) if role_of is not None else _role(kind)
        below = _below(nodes)
        rows = self.rows(below, kind) if role is Role.CONNECTION else ()
        inner = Plan((), (), ()) if role is Role.CONNECTION else self.plan(below, kind)
        given = self.argument(nodes[0], "input") if role is Role.MUTATION else None
        return Selected(key, name, kind, role, self.size(nodes[0], role), inner, rows, given)

    def split(
        self, selections: _Selections, parent: GraphQLCompositeType
    ) -> tuple[dict[str, list[FieldNode]], _Alternatives]:
        """Fields by response name, and what is selected only for types other than ``parent``."""
        fields: dict[str, list[FieldNode]] = {}
        others: _Alternatives = []
        for node in selections:
            if self.skipped(node):
                continue
            if isinstance(node, FieldNode):
                fields.setdefault((node.alias or node.name).value, []).append(node)
                continue
            fragment: InlineFragmentNode | FragmentDefinitionNode
            if isinstance(node, InlineFragmentNode):
                fragment = node
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
            else:
                continue
            condition = fragment.type_condition
            target = self.schema.get_type(condition.name.value) if condition else parent
            inner = fragment.selection_set.selections
            if target is parent:
                more, rest = self.split(inner, parent)
                for name, nodes in more.items():
                    fields.setdefault(name, []).extend(nodes)
                others.extend(rest)
            elif isinstance(target, _COMPOSITE):
                others.append((target, inner))
        return fields, others

    def kind_of(self, node: FieldNode, parent: GraphQLCompositeType) -> GraphQLCompositeType | None:
        """The composite type that a field gives; None for scalars and for ``__typename``."""
        if isinstance(parent, GraphQLUnionType) or node.selection_set is None:
            return None
        field = parent.fields.get(node.name.value)
        kind = get_named_type(field.type) if field else None
        return kind if isinstance(kind, _COMPOSITE) else None

    def rows(self, selections: _Selections, kind: GraphQLCompositeType) -> tuple[Rows, ...]:
        """How a connection's rows are asked for: by ``nodes``, by ``edges``, or by both."""
        out: list[Rows] = []
        fields, _ = self.split(selections, kind)
        for key, nodes in fields.items():
            row = self.kind_of(nodes[0], kind)
            if row is None:
                continue
            if nodes[0].name.value == "nodes":
                out.append(Rows((key,), self.plan(_below(nodes), row)))
            elif nodes[0].name.value == "edges":
                edge_fields, _ = self.split(_below(nodes), row)
                for edge_key, inner in edge_fields.items():
                    node_kind = self.kind_of(inner[0], row)
                    if node_kind is not None:
                        out.append(Rows((key, edge_key), self.plan(_below(inner), node_kind)))
        return tuple(out)

    def size(self, node: FieldNode, role: Role) -> int:
        """Rows that a connection is asked for, or ids that ``nodes`` is given."""
        if role is Role.NODES:
            return len(self.argument(node, "ids") or [None])
        for name in ("first", "last"):
            given = self.argument(node, name)
            if isinstance(given, int):
                return given
        return DEFAULT_SIZE

    def argument(self, node: FieldNode, name: str) -> Json:
        """The value of a field's argument, variables filled in; None if absent."""
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, self.values)
        return None

    def skipped(self, node: SelectionNode) -> bool:
        """Whether ``@skip`` or ``@include`` takes the node out."""
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include"}:
                condition = any(
                    value_from_ast_untyped(argument.value, self.values)
                    for argument in directive.arguments or ()
                    if argument.name.value == "if"
                )
                if condition == (directive.name.value == "skip"):
                    return True
        return False


def _role(kind: GraphQLCompositeType) -> Role:
    return Role.CONNECTION if kind.name.endswith("Connection") else Role.OBJECT


def _below(nodes: Iterable[FieldNode]) -> _Selections:
    """All that is selected under one response name, which a document may name twice."""
    return [inner for n in nodes if n.selection_set for inner in n.selection_set.selections]
