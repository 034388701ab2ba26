"""``[select]`` put into the operations of an action, for any of the mappings that have it.

The fields go to where the operations name the object that they belong to. The result is checked as
Shopify would check it, by our part of its schema or, where that says nothing, by the whole one that
was fetched from the store; and its price must stay below what Shopify refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    SelectionNode,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    ValidationRule,
    Visitor,
    get_named_type,
    specified_rules,
    validate,
    visit,
)
from graphql import Node as GraphQLNode
from graphql.validation import FieldsOnCorrectTypeRule

from bridge.errors import ConfigError, Finding
from bridge.mapping.codes import listing, suggestion
from bridge.mapping.layers import Origin
from bridge.mapping.select import Addition, Composed
from bridge.schema.shape import Shape
from bridge.schema.stored import Schemas
from bridge.shopify.documents import Operation, extended, operation, within
from bridge.shopify.protocol import MAX_QUERY_POINTS

# Shopify's bound for a page of any connection (shopify.dev, "Paginating results").
MOST_ROWS: Final = 250

_RULES: Final = [rule for rule in specified_rules if rule is not FieldsOnCorrectTypeRule]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a slot lies: a fragment (or the ``BODY``), and a path of response names in it."""

    fragment: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """What operations cost in points, before and with ``[select]``; as in ``Composed``."""

    costs: Mapping[str, tuple[int, int]]
    rows: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Selectable:
    """The operations of an action to which ``[select]`` adds.

    All of ``operations`` have the same ``places``, by the slot's name; the first one is what is
    checked, and what ``sources`` are made of. ``price`` is asked of all, and ``hint`` tells how
    they become cheaper.
    """

    operations: tuple[str, ...]
    places: Mapping[str, Place]
    sources: Callable[[Operation], Mapping[str, Shape]]
    price: Callable[[Mapping[str, Operation]], Priced]
    hint: str


def compose(
    additions: Sequence[Addition], origin: Origin, *, into: Selectable, schemas: Schemas
) -> Composed:
    """The operations with the additions in them, or what is wrong with these."""
    main = into.operations[0]
    made = _with(operation(main), additions, into)
    schema, findings = _schema_for(made, additions, schemas)
    if not findings:
        findings = _invalid(made, schema, additions, origin)
    if findings:
        return Composed(findings=tuple(findings))
    operations = {
        name: replace(_with(operation(name), additions, into), schema=schema)
        for name in into.operations
    }
    priced = into.price(operations)
    return Composed(
        sources=into.sources(operations[main]),
        operations=operations,
        costs=priced.costs,
        rows=priced.rows,
        findings=tuple(_too_dear(priced, origin, into.hint)),
    )


def _with(base: Operation, additions: Sequence[Addition], into: Selectable) -> Operation:
    """An operation with what is added to those places that it has."""
    parts: dict[str, list[SelectionNode]] = {}
    for addition in additions:
        place = into.places[addition.slot.name]
        if place.fragment in base.parts:
            nodes = within(base, place.fragment, place.path, addition.nodes)
            parts.setdefault(place.fragment, []).extend(nodes)
    return extended(base, parts)


# -- names ----------------------------------------------------------------------------------------


def _schema_for(
    made: Operation, additions: Sequence[Addition], schemas: Schemas
) -> tuple[GraphQLSchema, list[Finding]]:
    """The schema that knows every name: ours, or else the store's whole one."""
    unknown = _unknown(schemas.ours, made)
    if not unknown:
        return schemas.ours, []
    try:
        whole = schemas.whole()
    except ConfigError as error:
        return schemas.ours, list(error.findings)
    if whole is None:
        return schemas.ours, [_untold(one, additions) for one in unknown]
    unknown = _unknown(whole, made)
    return whole, [_no_such(one, additions) for one in unknown]


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A field that a schema does not have; ``known`` are those that it has there."""

    node: FieldNode
    type_name: str
    known: tuple[str, ...]


class _Names(Visitor):
    """Collects the fields that a schema does not know."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.unknown: list[_Unknown] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Note the field if its type does not have it; below it nothing is known."""
        parent = self._info.get_parent_type()
        if parent is not None and self._info.get_field_def() is None:
            known = tuple(getattr(parent, "fields", ()))
            self.unknown.append(_Unknown(node, parent.name, known))


def _unknown(schema: GraphQLSchema, made: Operation) -> list[_Unknown]:
    info = TypeInfo(schema)
    names = _Names(info)
    visit(made.document, TypeInfoVisitor(info, names))
    return names.unknown


def _untold(one: _Unknown, additions: Sequence[Addition]) -> Finding:
    if one.type_name.endswith("Connection"):
        return _no_such(one, additions)
    name = one.node.name.value
    message = (
        f'whether {one.type_name} has a field "{name}" cannot be told offline: it is not in the'
        " part of Shopify's schema that comes with the bridge"
    )
    near = suggestion(name, one.known)
    hint = f"{near + ' If not: ' if near else ''}retailops-bridge schema fetch"
    return _placed(one.node.name, additions, "M511", message, hint)


def _no_such(one: _Unknown, additions: Sequence[Addition]) -> Finding:
    name = one.node.name.value
    message = f'Shopify\'s {one.type_name} has no field "{name}"'
    hint = suggestion(name, one.known) or f"it has {listing(one.known)}"
    if one.type_name.endswith("Connection"):
        hint = f"what its elements have stands in nodes {{ {name} }}"
    return _placed(one.node.name, additions, "M510", message, hint)


def _placed(
    node: GraphQLNode, additions: Sequence[Addition], code: str, message: str, hint: str
) -> Finding:
    """A finding at the merchant's own text; a metafield has none, there it is at its key."""
    for addition in additions:
        found = addition.finding(node, code, message, hint)
        if found is not None:
            return found
    return additions[0].origin.at_key(code, message, hint)


# -- what Shopify would refuse --------------------------------------------------------------------


def _invalid(
    made: Operation, schema: GraphQLSchema, additions: Sequence[Addition], origin: Origin
) -> list[Finding]:
    """Shopify's own rules, each break at its place."""
    errors = validate(schema, made.document, [*_RULES, _SizedConnections])
    return [_refusal(error, additions, origin) for error in errors]


class _SizedConnections(ValidationRule):
    """Shopify wants to know how many: ``first`` or ``last``, at most 250. GraphQL does not ask."""

    context: ValidationContext

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Look at the field if it is a connection."""
        kind = self.context.get_type()
        if kind is None or not get_named_type(kind).name.endswith("Connection"):
            return
        sizes = [a.value for a in node.arguments or () if a.name.value in ("first", "last")]
        if not sizes:
            said = f"{node.name.value} is a connection: say how many, {node.name.value}(first: 10)"
            self.context.report_error(GraphQLError(said, node))
        for size in sizes:
            if isinstance(size, IntValueNode) and int(size.value) > MOST_ROWS:
                said = f"at most {MOST_ROWS} of a connection, not {size.value}"
                self.context.report_error(GraphQLError(said, size))


def _refusal(error: GraphQLError, additions: Sequence[Addition], origin: Origin) -> Finding:
    message = f"Shopify would refuse this: {error.message}"
    hint = ""
    if "have a selection of subfields" in error.message and error.nodes:
        hint = "name what you want of it, in braces"
    for node in error.nodes or ():
        for addition in additions:
            finding = addition.finding(node, "M513", message, hint)
            if finding is not None:
                return finding
    return origin.at_key("M513", message)


# -- the price ------------------------------------------------------------------------------------


def _too_dear(priced: Priced, origin: Origin, hint: str) -> list[Finding]:
    found: dict[tuple[int, int], Finding] = {}
    for name, (before, now) in priced.costs.items():
        if now > MAX_QUERY_POINTS:
            asked = priced.rows.get(name)
            mine, all_rows = (f" for {asked[1]} rows", f" for {asked[0]}") if asked else ("", "")
            message = (
                f"with these fields {name} costs {now:,} points{mine} (without them"
                f" {before}{all_rows}); Shopify refuses more than {MAX_QUERY_POINTS:,}"
            )
            # An operation that differs in nothing but its order or search tells nothing new.
            found.setdefault((before, now), origin.at_key("M512", message, hint))
    return list(found.values())
