"""``[select]`` of order_pull.toml: OrderPull and OrderLines with a merchant's further fields.

The fields go to the end of the fragments that both operations share, so that an order is the same
whether it came with the page, by its id, or its lines came later. The result is checked as Shopify
would check it, by our part of its schema or, where that says nothing, by the whole one that was
fetched from the store; and its price must stay below what Shopify refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

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

from bridge.actions.order_offer import sources
from bridge.config.models import Policies
from bridge.errors import ConfigError, Finding
from bridge.mapping.codes import listing, suggestion
from bridge.mapping.layers import Origin
from bridge.mapping.select import Addition, Composed, Select, Slot
from bridge.schema.stored import Schemas
from bridge.shopify.documents import Operation, extended, operation, within
from bridge.shopify.orders import MOST_POINTS, pull_variables

MORE: Final = ("OrderPull", "OrderLines")
"""The operations that carry what is selected."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a slot lies: a fragment of OrderPull, and a path of response names in it."""

    fragment: str
    path: tuple[str, ...] = ()


SLOTS: Final[Mapping[str, Slot]] = {
    slot.name: slot
    for slot in (
        Slot("order", "Order", "order", has_metafields=True),
        Slot("customer", "Customer", "order.customer", has_metafields=True),
        Slot("shipping_line", "ShippingLine", "order.shippingLines"),
        Slot("line", "LineItem", "line"),
        Slot("variant", "ProductVariant", "line.variant", has_metafields=True),
        Slot("product", "Product", "line.product", has_metafields=True),
    )
}

_PLACES: Final[Mapping[str, _Place]] = {
    "order": _Place("PulledOrder"),
    "customer": _Place("PulledOrder", ("customer",)),
    "shipping_line": _Place("PulledOrder", ("shippingLines", "nodes")),
    "line": _Place("PulledLine"),
    "variant": _Place("PulledLine", ("variant",)),
    "product": _Place("PulledLine", ("product",)),
}

# Money in the currency that is pulled, and an address: written out once, in our document.
_FRAGMENTS: Final = frozenset({"Money", "Address"})
_VARIABLES: Final = frozenset({"presentment"})

# Shopify's bound for a page of any connection (shopify.dev, "Paginating results").
MOST_ROWS: Final = 250

_RULES: Final = [rule for rule in specified_rules if rule is not FieldsOnCorrectTypeRule]


def order_select(policies: Policies, schemas: Schemas) -> Select:
    """What ``[select]`` of order_pull.toml may have, for a channel with these settings."""
    compose = partial(_compose, policies=policies, schemas=schemas)
    return Select(SLOTS, compose, _FRAGMENTS, _VARIABLES)


def _compose(
    additions: Sequence[Addition], origin: Origin, *, policies: Policies, schemas: Schemas
) -> Composed:
    """The operations with the additions in them, or what is wrong with these."""
    pull = operation("OrderPull")
    parts: dict[str, list[SelectionNode]] = {}
    for addition in additions:
        place = _PLACES[addition.slot.name]
        nodes = within(pull, place.fragment, place.path, addition.nodes)
        parts.setdefault(place.fragment, []).extend(nodes)
    made = extended(pull, parts)
    schema, findings = _schema_for(made, additions, schemas)
    if findings:
        return Composed(findings=tuple(findings))
    operations = {name: extended(operation(name), parts, schema) for name in MORE}
    findings = _invalid(operations["OrderPull"], schema, additions, origin)
    if findings:
        return Composed(findings=tuple(findings))
    costs = {name: _costs(one, policies) for name, one in operations.items()}
    return Composed(
        sources=sources(operations["OrderPull"]),
        operations=operations,
        costs=costs,
        findings=tuple(_too_dear(costs, origin)),
    )


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


def _costs(made: Operation, policies: Policies) -> tuple[int, int]:
    """Points without and with ``[select]``, as large as the channel asks for it."""
    variables: Mapping[str, Any] = {"id": "", "presentment": True}
    if made.name == "OrderPull":
        variables = pull_variables(
            first=policies.order_pull.page_size, lines=policies.order_pull.lines_per_order
        )
    return operation(made.name).cost(variables), made.cost(variables)


def _too_dear(costs: Mapping[str, tuple[int, int]], origin: Origin) -> list[Finding]:
    found = []
    for name, (before, now) in costs.items():
        if now > MOST_POINTS:
            message = (
                f"with these fields {name} costs {now:,} points (without them {before}); Shopify"
                f" refuses more than {MOST_POINTS:,}"
            )
            hint = "select less, or lower page_size or lines_per_order in [order_pull]"
            found.append(origin.at_key("M512", message, hint))
    return found
