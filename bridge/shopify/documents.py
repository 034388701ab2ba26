"""The GraphQL operations that the bridge sends: one a file in ``documents/``, loaded once.

A file is named after its operation and begins with comment lines that are checked by tests:

    # cost: 260 requested {"first": 50, …}     points with these variables, by bridge.schema.cost
    # scopes: read_orders, read_products       what the token must have; "none"
    # needs: 2026-10                           the oldest API version it is valid on, if not all

What must be composed at run time (one document for a batch of orders) is composed from the
parsed file by ``batch``, never by joining strings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final, Literal

from graphql import GraphQLSchema, print_ast
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.language.visitor import SKIP, VisitorActionEnum

from bridge.schema import load_schema
from bridge.schema.cost import requested_cost
from bridge.schema.selection import counted_variables, shaping_variables
from bridge.schema.shape import Shape, shape_of

Kind = Literal["query", "mutation"]

BODY: Final = ""
"""The operation's own selections, where a fragment's are named by its name."""

_FOLDER = resources.files("bridge.shopify") / "documents"


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation, ready to be sent. Compared by identity: every name is loaded once.

    ``scopes`` are the access scopes that it needs; ``needs`` is the oldest API version on which
    it is valid, or empty; ``repeated`` is how many copies ``batch`` put in (1: as in the file).
    ``schema`` is the one that it was checked against; None is ours.
    """

    name: str
    kind: Kind
    document: DocumentNode
    scopes: tuple[str, ...] = ()
    needs: str = ""
    repeated: int = 1
    schema: GraphQLSchema | None = None

    @cached_property
    def text(self) -> str:
        """What is sent: the document without its comments."""
        return print_ast(self.document)

    @cached_property
    def variable_names(self) -> frozenset[str]:
        """The variables that the operation declares."""
        definitions = _definition(self.document).variable_definitions or ()
        return frozenset(d.variable.name.value for d in definitions)

    @property
    def parts(self) -> frozenset[str]:
        """What ``extended`` can add to: its fragments, by name, and its ``BODY``."""
        found = (d for d in self.document.definitions if isinstance(d, FragmentDefinitionNode))
        return frozenset({BODY, *(d.name.value for d in found)})

    def cost(self, variables: Mapping[str, Any]) -> int:
        """The points that Shopify will ask for before it runs this (``bridge.schema.cost``).

        Pricing a large query takes longer than sending it, so prices are kept. Only sizes and
        switches are looked up by: there are few of them, where ids and inputs never come twice.
        """
        given = tuple(self._told(name, variables.get(name, ...)) for name in self._shaping)
        if not all(value is None or value is ... or isinstance(value, int) for value in given):
            return self._priced(variables)
        price = self._prices.get(given)
        if price is None:
            price = self._prices[given] = self._priced(variables)
        return price

    def _told(self, name: str, value: object) -> object:
        return len(value) if name in self._counted and isinstance(value, list | tuple) else value

    def _priced(self, variables: Mapping[str, Any]) -> int:
        return requested_cost(self.schema or load_schema(), self.document, variables, self.name)

    @cached_property
    def _shaping(self) -> tuple[str, ...]:
        return tuple(sorted(shaping_variables(self.document)))

    @cached_property
    def _counted(self) -> frozenset[str]:
        return counted_variables(self.document)

    @cached_property
    def _prices(self) -> dict[tuple[Any, ...], int]:
        return {}

    def shape(self, path: Sequence[str] = (), variables: Mapping[str, Any] | None = None) -> Shape:
        """The shape of the answer at ``path`` (``bridge.schema.shape``)."""
        return shape_of(self.schema or load_schema(), self.document, path, self.name, variables)


def names() -> tuple[str, ...]:
    """All operations that are shipped, sorted."""
    files = (f.name for f in _FOLDER.iterdir())
    return tuple(sorted(f.removesuffix(".graphql") for f in files if f.endswith(".graphql")))


@cache
def operation(name: str) -> Operation:
    """The operation in ``documents/{name}.graphql``. Raises LookupError when there is none."""
    file = _FOLDER / f"{name}.graphql"
    if not file.is_file():
        raise LookupError(f"there is no operation {name}; there is {', '.join(names())}")
    source = file.read_text(encoding="utf-8")
    document = parse(source, no_location=True)
    definition = _definition(document)
    return Operation(
        name=definition.name.value if definition.name else "",
        kind="mutation" if definition.operation.value == "mutation" else "query",
        document=document,
        scopes=_scopes(_header(source, "scopes")),
        needs=_header(source, "needs"),
    )


@cache
def batch(
    base: Operation, count: int, *, field: str, prefix: str, own: tuple[str, ...]
) -> Operation:
    """``base`` with its field ``field`` (a response name) ``count`` times, as one operation.

    The copies come under the aliases ``{prefix}0``, ``{prefix}1``, … in the place of the one.
    The variables ``own`` become one a copy, with its number behind the name; all others are
    shared. Everything else stays as it is:

        batch(operation("OrderAcknowledge"), 2, field="tagsAdd", prefix="t", own=("id",))
        # ($id0: ID!, $id1: ID!, $tags …, $metafields …) t0: tagsAdd(id: $id0 …) t1: … metafieldsSet

    Raises ValueError when the field is not there exactly once, or a variable is not used in it.
    """
    if count < 1:
        raise ValueError(f"a batch of {count} {base.name} is none")
    finder = _Finder(field)
    visit(base.document, finder)
    if len(finder.found) != 1:
        raise ValueError(f"{base.name} has {len(finder.found)} fields {field}; a batch needs one")
    one = finder.found[0]
    if strangers := set(own) - _used(one):
        raise ValueError(f"{base.name}: {field} does not use ${', $'.join(sorted(strangers))}")
    copies = [
        replace(visit(one, _Number(own, n)), alias=NameNode(value=f"{prefix}{n}"))
        for n in range(count)
    ]
    document = visit(base.document, _Repeat(field, copies))
    document = visit(document, _Declare(own, count, _used(document)))
    return replace(base, document=document, repeated=count)


def extended(base: Operation, additions: Mapping[str, Sequence[SelectionNode]]) -> Operation:
    """``base`` with further selections at the end of its fragments, by the fragment's name.

    ``BODY`` stands for the operation itself. Fragments that it does not have are passed over.
    Whether it is valid then is not checked here: see ``graphql.validate``.
    """
    return replace(base, document=visit(base.document, _Extend(additions)))


def within(
    base: Operation, fragment: str, path: Sequence[str], nodes: Sequence[SelectionNode]
) -> tuple[SelectionNode, ...]:
    """``nodes`` wrapped in the fields of ``path`` inside a fragment (or the ``BODY``) of ``base``.

    A field that the fragment has keeps its alias and arguments, as GraphQL wants of two fields
    that shall become one: ``within(pull, "PulledOrder", ("customer",), [tags])`` is
    ``customer { tags }``.
    """
    found = (
        _definition(base.document)
        if fragment == BODY
        else next(
            d
            for d in base.document.definitions
            if isinstance(d, FragmentDefinitionNode) and d.name.value == fragment
        )
    )
    there: list[FieldNode] = []
    selections: Sequence[SelectionNode] = found.selection_set.selections
    for step in path:
        fields = (s for s in selections if isinstance(s, FieldNode) and _response_name(s) == step)
        known = next(fields, None) or FieldNode(name=NameNode(value=step), arguments=())
        there.append(known)
        selections = known.selection_set.selections if known.selection_set else ()
    inner = tuple(nodes)
    for field in reversed(there):
        inner = (replace(field, selection_set=SelectionSetNode(selections=inner)),)
    return inner


def _definition(document: DocumentNode) -> OperationDefinitionNode:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if len(found) != 1:
        raise ValueError(f"a document has one operation; this one has {len(found)}")
    return found[0]


def _header(source: str, key: str) -> str:
    """The text behind ``# key:`` in the comment lines at the top, or empty."""
    for line in source.splitlines():
        if not line.startswith("#"):
            break
        if found := re.match(rf"#\s*{key}:\s*(.*)", line):
            return found[1].strip()
    return ""


def _scopes(header: str) -> tuple[str, ...]:
    """Scope names; what stands in brackets is a remark for people."""
    bare = re.sub(r"\([^)]*\)", "", header)
    return tuple(s.strip() for s in bare.split(",") if s.strip() and s.strip() != "none")


def _response_name(node: FieldNode) -> str:
    return (node.alias or node.name).value


class _Finder(Visitor):
    """Collects the fields with a response name."""

    def __init__(self, response_name: str) -> None:
        super().__init__()
        self._wanted = response_name
        self.found: list[FieldNode] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Note the field if it is one of them."""
        if _response_name(node) == self._wanted:
            self.found.append(node)


class _Uses(Visitor):
    """Collects the names of the variables that are used, declarations aside."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable_definition(self, *_: object) -> VisitorActionEnum:
        """A declaration is no use."""
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """Note the name."""
        self.names.add(node.name.value)


def _used(node: Node) -> set[str]:
    uses = _Uses()
    visit(node, uses)
    return uses.names


class _Number(Visitor):
    """Puts the copy's number behind the variables that it has for itself."""

    def __init__(self, own: tuple[str, ...], number: int) -> None:
        super().__init__()
        self._own = own
        self._number = number

    def leave_variable(self, node: VariableNode, *_: object) -> VariableNode:
        """The variable under its new name."""
        return _numbered(node, self._number) if node.name.value in self._own else node


def _numbered(node: VariableNode, number: int) -> VariableNode:
    return VariableNode(name=NameNode(value=f"{node.name.value}{number}"))


class _Repeat(Visitor):
    """Puts the copies in the place of the one field."""

    def __init__(self, field: str, copies: Sequence[FieldNode]) -> None:
        super().__init__()
        self._field = field
        self._copies = tuple(copies)

    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
        """The selection with the copies in it, if the field is one of its own."""
        out: list[SelectionNode] = []
        for selection in node.selections:
            if isinstance(selection, FieldNode) and _response_name(selection) == self._field:
                out.extend(self._copies)
            else:
                out.append(selection)
        return replace(node, selections=tuple(out))


class _Extend(Visitor):
    """Appends selections to fragments, by name."""

    def __init__(self, additions: Mapping[str, Sequence[SelectionNode]]) -> None:
        super().__init__()
        self._additions = additions

    def leave_fragment_definition(
        self, node: FragmentDefinitionNode, *_: object
    ) -> FragmentDefinitionNode:
        """The fragment with what belongs to it."""
        more = self._additions.get(node.name.value)
        if not more:
            return node
        selections = (*node.selection_set.selections, *more)
        return replace(node, selection_set=SelectionSetNode(selections=selections))

    def leave_operation_definition(
        self, node: OperationDefinitionNode, *_: object
    ) -> OperationDefinitionNode:
        """The operation with what belongs to its own body."""
        more = self._additions.get(BODY, ())
        selections = (*node.selection_set.selections, *more)
        return replace(node, selection_set=SelectionSetNode(selections=selections))


class _Declare(Visitor):
    """Declares each copy's variables, and drops the declarations that are no longer used."""

    def __init__(self, own: tuple[str, ...], count: int, used: set[str]) -> None:
        super().__init__()
        self._own = own
        self._count = count
        self._used = used

    def leave_operation_definition(
        self, node: OperationDefinitionNode, *_: object
    ) -> OperationDefinitionNode:
        """The operation with its new list of variables."""
        out: list[VariableDefinitionNode] = []
        for definition in node.variable_definitions or ():
            variable = definition.variable
            if variable.name.value in self._own:
                out.extend(
                    replace(definition, variable=_numbered(variable, n)) for n in range(self._count)
                )
            if variable.name.value in self._used:
                out.append(definition)
        return replace(node, variable_definitions=tuple(out))
