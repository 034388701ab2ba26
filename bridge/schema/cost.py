"""What a GraphQL request costs at Shopify, in points: before it runs and after.

Shopify publishes only a sketch of its prices (shopify.dev, "API limits": an object 1, a
mutation 10, a connection by its size). The rules here were fitted on replies of live
development stores; ``tests/schema/test_cost.py`` holds them against every capture that carries a
cost and says how many they hit exactly.

Before the run (``requested_cost``):

* a scalar costs nothing, an object or a list of objects 1 plus what is selected in it;
* money, addresses of a location or shop, page info and API versions cost nothing;
* a connection costs ``2 + floor(2 ln(max(2, size))) * (1 + children)`` with size = ``first`` or
  ``last``, so 250 rows cost 11 times one row, not 250 times;
* ``nodes(ids:)`` costs one object an id; a ``...Count`` at the root costs 10;
* a mutation costs its base (10, with the exceptions of ``MUTATION_BASE``) plus what is selected
  below the fields of its payload; those fields themselves and ``userErrors`` are free;
* ``productSet`` also costs for its input: 0.2 a variant, 1.9 a file, 0.6 the file of a variant, 0.4
  a metafield, of the sum the whole points (prices from the descriptions of the schema; that the
  rest is cut is captured, two variants are free);
* where only one of several fragments can apply, the dearest one counts; what ``@skip`` or
  ``@include`` removes costs nothing.

After the run (``actual_cost``) the same walk is made over the data: rows that came back instead of
rows that could come. The captures show that an empty list or a null at the top keeps its price,
that a nested connection has no base of its own, and that rows of one connection count by their
average. It is a good estimate, not Shopify's own arithmetic (62 of 78 captures exactly).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from graphql import DocumentNode, GraphQLCompositeType, GraphQLObjectType, GraphQLSchema

from bridge.schema.selection import Json, Plan, Role, Selected, compile_operation

FREE: Final = frozenset(
    {
        "MoneyBag",
        "MoneyV2",
        "LocationAddress",
        "ShopAddress",
        "CustomerPhoneNumber",
        "PageInfo",
        "ApiVersion",
    }
)
"""Object types that were never seen to cost anything (captures)."""

MUTATION_BASE: Final[Mapping[str, int]] = {
    "orderCapture": 20,  # captured: 21/20
    "refundCreate": 20,  # captured: 25/23
    "productCreateMedia": 20,  # captured
    "storeCreditAccountCredit": 16,  # captured: 18/18
    "fulfillmentTrackingInfoUpdate": 50,  # captured: 51/51, in every version since 2026-06-26
}
"""Base price of the mutations that do not cost 10."""

_VARIANT, _FILE, _VARIANT_FILE, _METAFIELD = 2, 19, 6, 4
"""Tenths of a point for what ``productSet`` is given."""

DEFAULT_BASE: Final = 10
COUNT_PRICE: Final = 10  # ordersCount, productsCount ... at the root (captured); below it 1
CONNECTION_BASE: Final = 2
FLAT_MUTATIONS: Final = frozenset(
    {"metafieldsSet"}
)  # 10 even for 25 rows with all fields (captured)


def requested_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Json] | None = None,
    operation_name: str | None = None,
) -> int:
    """Points that must be in the bucket before the operation may run.

    ``variables`` as sent (JSON values); the document's own defaults fill the rest. Raises
    ``GraphQLError`` when the document has no operation of that name.
    """
    return _requested(compile_operation(schema, document, variables or {}, operation_name))


def actual_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Json] | None,
    data: Mapping[str, Json] | None,
    operation_name: str | None = None,
) -> int:
    """Points charged in the end, by what ``data`` holds; never above the requested cost.

    ``data`` is the reply's ``data`` with its aliases. A mutation whose payload is null costs its
    base.
    """
    plan = compile_operation(schema, document, variables or {}, operation_name)
    return min(_requested(plan), _Charge(schema).of(plan, data or {}, nested=False))


def multiplier(size: int) -> int:
    """How many times the price of one row a connection of ``size`` rows costs."""
    return math.floor(2 * math.log(max(2, size)))


def _own(kind: GraphQLCompositeType) -> int:
    """The price of the object itself."""
    return 0 if kind.name in FREE or kind.name.endswith("Connection") else 1


def _base(field: Selected) -> int:
    return MUTATION_BASE.get(field.name, DEFAULT_BASE) + input_price(field.name, field.given)


def input_price(mutation: str, given: Json) -> int:
    """What a mutation's ``input`` costs by itself; 0 for all but ``productSet``."""
    if mutation != "productSet" or not isinstance(given, Mapping):
        return 0
    variants = [row for row in given.get("variants") or () if isinstance(row, Mapping)]
    metafields = [given, *variants]
    tenths = (
        _VARIANT * len(variants)
        + _VARIANT_FILE * sum(bool(row.get("file")) for row in variants)
        + _FILE * len(given.get("files") or ())
        + _METAFIELD * sum(len(row.get("metafields") or ()) for row in metafields)
    )
    return tenths // 10


def _payload(field: Selected) -> list[Selected]:
    """What a mutation's payload is asked for, its user errors left out."""
    if field.name in FLAT_MUTATIONS:
        return []
    return [part for part in field.inner.fields if not part.name.lower().endswith("errors")]


def _requested(plan: Plan) -> int:
    others = max((_requested(inner) for _, inner in plan.others), default=0)
    return others + sum(_requested_field(field) for field in plan.fields)


def _requested_field(field: Selected) -> int:
    match field.role:
        case Role.CONNECTION:
            rows = sum(1 + _requested(way.inner) for way in field.rows)
            return CONNECTION_BASE + multiplier(field.size) * rows
        case Role.MUTATION:
            parts = _payload(field)
            return _base(field) + sum(_requested_field(part) - _own(part.kind) for part in parts)
        case Role.COUNT:
            return COUNT_PRICE
        case Role.NODES:
            return field.size * (1 + _requested(field.inner))
        case Role.OBJECT:
            return _own(field.kind) + _requested(field.inner)


class _Charge:
    """The price of what came back. ``nested``: inside the rows of a connection."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    def of(self, plan: Plan, value: Mapping[str, Json], *, nested: bool) -> int:
        total = sum(self.field(f, value.get(f.key), nested=nested) for f in plan.fields)
        return total + sum(
            self.of(inner, value, nested=nested)
            for kind, inner in plan.others
            if self.applies(kind, inner, value)
        )

    def field(self, field: Selected, value: Json, *, nested: bool) -> int:
        match field.role:
            case Role.MUTATION:
                return self.mutation(field, value or {})
            case Role.COUNT:
                return COUNT_PRICE
            case Role.NODES:
                rows = [self.of(field.inner, v, nested=nested) if v else 0 for v in value or ()]
                return len(rows) + sum(rows)
            case _ if value is None:
                # captured: a null keeps its price at the top, and is free in a connection's rows
                return 0 if nested else _own(field.kind)
            case Role.CONNECTION:
                return self.connection(field, value, nested=nested)
            case Role.OBJECT:
                several = value if isinstance(value, list) else [value]
                prices = [self.of(field.inner, v, nested=nested) for v in several if v is not None]
                # captured: a plain list costs like one element, whatever its length
                return _own(field.kind) + max(prices, default=0)

    def mutation(self, field: Selected, payload: Mapping[str, Json]) -> int:
        return _base(field) + sum(
            self.field(part, payload[part.key], nested=False) - _own(part.kind)
            for part in _payload(field)
            if payload.get(part.key) is not None
        )

    def connection(self, field: Selected, value: Json, *, nested: bool) -> int:
        total = 0 if nested else CONNECTION_BASE
        for way in field.rows:
            prices = [self.of(way.inner, row, nested=True) for row in way.take(value)]
            if prices:
                times = multiplier(len(prices))
                total += times + times * sum(prices) // len(prices)
            elif not nested:
                total += multiplier(field.size)  # captured: an empty page is not cheaper
        return total

    def applies(self, kind: GraphQLCompositeType, inner: Plan, value: Mapping[str, Json]) -> bool:
        """Whether a fragment on ``kind`` was one of those that gave ``value``."""
        name = value.get("__typename")
        if name is None and str(value.get("id", "")).startswith("gid://shopify/"):
            name = str(value["id"]).split("/")[3]
        found = self.schema.get_type(name) if isinstance(name, str) else None
        if not isinstance(found, GraphQLObjectType):
            return inner.fits(value)
        if isinstance(kind, GraphQLObjectType):
            return found is kind
        return self.schema.is_sub_type(kind, found)
