"""What a query's answer looks like, worked out before it is asked: for linting and converting.

A mapping names fields of an answer (``order.lineItems[0].sku``); whether such a name can ever
exist is decided by two texts that we already hold: the GraphQL document that is sent and the
schema it is sent to. ``shape_of`` lays the one over the other.

Connections are told as the mappings see them, as plain lists: ``lineItems { nodes { sku } }``
and ``lineItems { edges { node { sku } } }`` are both a list of line items, without ``pageInfo``,
``cursor`` and the like, which are read from the raw answer where paging is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLType,
    GraphQLUnionType,
    is_composite_type,
    value_from_ast_untyped,
)
from graphql.language import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

METAFIELD: Final = "metafields__"
"""How the response name of a metafield begins that mappings call ``metafields.NAME``."""

METAFIELDS: Final = "metafields"


def _no_fields() -> Mapping[str, Shape]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one place in an answer.

    ``type_name`` is the schema's name of the object, scalar or enum; of a list, that of its
    elements. ``nullable`` is also true where the field may be absent (an ``@include`` that the
    caller left open, a fragment on one of several possible types). ``values`` are an enum's.
    ``via`` says how the raw answer reaches the elements of a list that was a connection:
    ``("nodes",)`` or ``("edges", "node")`` in the answer's own names; empty for a real list. Of
    an object: ``(METAFIELD,)`` when its fields stand beside it in the raw answer, each a
    metafield under this prefix.
    """

    kind: Literal["object", "list", "scalar"]
    type_name: str
    nullable: bool
    fields: Mapping[str, Shape] = field(default_factory=_no_fields, hash=False)
    of: Shape | None = None
    values: tuple[str, ...] = ()
    via: tuple[str, ...] = ()


def shape_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    path: Sequence[str],
    operation_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> Shape:
    """The shape of what lies at ``path`` in the answer to an operation of a valid document.

    ``path`` is in response names (aliases). A step into a list is a step into its elements, so
    ``("page", "lineItems", "sku")`` needs no word for them; ``nodes``, ``edges`` and ``node`` of
    a connection may be written out or left out. The empty path is the whole of ``data``.

    ``variables`` decide ``@skip`` and ``@include`` (with the operation's own defaults); without
    them every field that can come is told, and the conditional ones are nullable.
    Raises LookupError naming the step, and what there is instead.
    """
    walker = _Walker(schema, document, operation_name, variables)
    shape = walker.root()
    for number, step in enumerate(path):
        while shape.kind == "list" and shape.of is not None and step not in shape.of.fields:
            if step in {"nodes", "edges", "node"} and shape.via:
                break
            shape = shape.of
        if shape.kind == "list" and shape.of is not None:
            if step not in shape.of.fields:
                continue  # a connection's own word for its elements
            shape = shape.of
        if step not in shape.fields:
            at = ".".join(path[:number]) or "the top"
            there = ", ".join(shape.fields) or f"nothing: it is a {shape.type_name}"
            raise LookupError(f"{walker.name} selects no '{step}' at {at}; there is {there}")
        shape = shape.fields[step]
    return shape


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One field node with the type it was selected on; ``sure`` when it comes in any case."""

    node: FieldNode
    parent: GraphQLNamedType
    sure: bool


class _Walker:
    """Lays one operation over the schema. Cheap enough to be made anew for every question."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
    ) -> None:
        self._schema = schema
        self._operation = _operation(document, operation_name)
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._variables: dict[str, Any] = {}
        if variables is not None:
            for definition in self._operation.variable_definitions or ():
                if definition.default_value is not None:
                    value = value_from_ast_untyped(definition.default_value)
                    self._variables[definition.variable.name.value] = value
            self._variables |= variables
        self.name = self._operation.name.value if self._operation.name else "the operation"

    def root(self) -> Shape:
        """The shape of ``data``."""
        kind = self._schema.get_root_type(self._operation.operation)
        if kind is None:
            raise LookupError(f"the schema has no {self._operation.operation.value} type")
        return Shape(
            "object", kind.name, nullable=True, fields=self._fields([self._operation], kind)
        )

    def _fields(self, nodes: Sequence[Any], parent: GraphQLNamedType) -> Mapping[str, Shape]:
        chosen: dict[str, list[_Chosen]] = {}
        for node in nodes:
            if node.selection_set is not None:
                self._collect(node.selection_set, parent, sure=True, into=chosen)
        return _gathered({name: self._field(found) for name, found in chosen.items()})

    def _collect(
        self,
        selections: SelectionSetNode,
        parent: GraphQLNamedType,
        *,
        sure: bool,
        into: dict[str, list[_Chosen]],
    ) -> None:
        for node in selections.selections:
            comes = self._comes(node)
            if comes is False:
                continue
            certain = sure and comes is True
            if isinstance(node, FieldNode):
                name = (node.alias or node.name).value
                into.setdefault(name, []).append(_Chosen(node, parent, certain))
                continue
            part: FragmentDefinitionNode | InlineFragmentNode
            if isinstance(node, FragmentSpreadNode):
                part = self._fragments[node.name.value]
            elif isinstance(node, InlineFragmentNode):
                part = node
            else:
                continue
            kind = self._named(part.type_condition.name.value) if part.type_condition else parent
            always = kind is parent or self._covers(kind, parent)
            self._collect(part.selection_set, kind, sure=certain and always, into=into)

    def _named(self, name: str) -> GraphQLNamedType:
        kind = self._schema.get_type(name)
        if kind is None:
            raise LookupError(f"{self.name}: the schema has no type {name}")
        return kind

    def _covers(self, kind: GraphQLNamedType, parent: GraphQLNamedType) -> bool:
        """Whether every value of ``parent`` is a ``kind``: an Order is always a Node."""
        if isinstance(kind, GraphQLUnionType):
            return parent in kind.types
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return kind in parent.interfaces
        return False

    def _comes(self, node: SelectionNode) -> bool | None:
        """True: it comes; False: it does not; None: that depends on a variable left open."""
        verdict: bool | None = True
        for directive in node.directives or ():
            if directive.name.value in {"skip", "include"}:
                value = self._condition(directive)
                if value is None:
                    verdict = None
                elif value == (directive.name.value == "skip"):
                    return False
        return verdict

    def _condition(self, directive: DirectiveNode) -> bool | None:
        for argument in directive.arguments or ():
            if argument.name.value == "if":
                if isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                    return None if value is None else bool(value)
                return bool(value_from_ast_untyped(argument.value))
        return None

    def _field(self, chosen: list[_Chosen]) -> Shape:
        first = chosen[0]
        if first.node.name.value == "__typename":
            kind: GraphQLType = GraphQLNonNull(GraphQLString)
        else:
            kind = self._type_of(first)
        shape = self._shape(kind, [c.node for c in chosen])
        if not any(c.sure for c in chosen):
            return replace(shape, nullable=True)
        return shape

    def _type_of(self, chosen: _Chosen) -> GraphQLType:
        name = chosen.node.name.value
        parent = chosen.parent
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
            kind: GraphQLType = parent.fields[name].type
            return kind
        raise LookupError(f"{self.name}: {parent.name} has no field {name}")

    def _shape(self, kind: GraphQLType, nodes: list[FieldNode]) -> Shape:
        if isinstance(kind, GraphQLNonNull):
            return replace(self._shape(kind.of_type, nodes), nullable=False)
        if isinstance(kind, GraphQLList):
            element = self._shape(kind.of_type, nodes)
            return Shape("list", element.type_name, nullable=True, of=element)
        if isinstance(kind, GraphQLEnumType):
            return Shape("scalar", kind.name, nullable=True, values=tuple(kind.values))
        if not isinstance(kind, GraphQLNamedType):
            raise TypeError(f"{self.name}: {kind} is no type that a field can have")
        name = kind.name
        if not is_composite_type(kind):
            return Shape("scalar", name, nullable=True)
        fields = self._fields(nodes, kind)
        if name.endswith("Connection"):
            flat = self._flattened(kind, nodes, fields)
            if flat is not None:
                return flat
        return Shape("object", name, nullable=True, fields=fields)

    def _flattened(
        self, kind: GraphQLNamedType, nodes: list[FieldNode], fields: Mapping[str, Shape]
    ) -> Shape | None:
        """A connection as the list of its nodes; None when the query asks for no nodes of it."""
        chosen: dict[str, list[_Chosen]] = {}
        for node in nodes:
            if node.selection_set is not None:
                self._collect(node.selection_set, kind, sure=True, into=chosen)
        real = {found[0].node.name.value: name for name, found in chosen.items()}
        if "nodes" in real:
            element = fields[real["nodes"]].of
            via: tuple[str, ...] = (real["nodes"],)
        elif "edges" in real:
            edge = fields[real["edges"]].of
            inner = self._response_name([c.node for c in chosen[real["edges"]]], edge, "node")
            if edge is None or inner is None:
                return None
            element = edge.fields[inner]
            via = (real["edges"], inner)
        else:
            return None
        if element is None:
            return None
        return Shape("list", element.type_name, nullable=True, of=element, via=via)

    def _response_name(
        self, nodes: list[FieldNode], shape: Shape | None, wanted: str
    ) -> str | None:
        """Under which name the answer carries the field ``wanted`` of an object."""
        if shape is None:
            return None
        kind = self._named(shape.type_name)
        chosen: dict[str, list[_Chosen]] = {}
        for node in nodes:
            if node.selection_set is not None:
                self._collect(node.selection_set, kind, sure=True, into=chosen)
        for name, found in chosen.items():
            if found[0].node.name.value == wanted:
                return name
        return None


def _gathered(fields: dict[str, Shape]) -> Mapping[str, Shape]:
    """The metafields among the fields of an object as one object, ``metafields``, of texts."""
    found = {
        name.removeprefix(METAFIELD): replace(shape.fields["value"], nullable=True)
        for name, shape in fields.items()
        if name.startswith(METAFIELD) and "value" in shape.fields
    }
    if not found:
        return MappingProxyType(fields)
    kept = {name: shape for name, shape in fields.items() if not name.startswith(METAFIELD)}
    kept[METAFIELDS] = Shape(
        "object", "Metafields", nullable=False, fields=MappingProxyType(found), via=(METAFIELD,)
    )
    return MappingProxyType(kept)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None:
        found = [d for d in found if d.name is not None and d.name.value == name]
    if len(found) != 1:
        asked = f"an operation named {name}" if name else "exactly one operation, or a name"
        raise LookupError(f"the document needs {asked}; it has {len(found)}")
    return found[0]
