"""Shapes of sources that come from no GraphQL answer: requests, and what an action computes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel

from bridge.mapping.shapes import Family
from bridge.mapping.targets import Target, target_of
from bridge.schema.shape import Shape

_SCALARS: Mapping[Family | None, str] = MappingProxyType(
    {"text": "String", "number": "Decimal", "boolean": "Boolean", "date": "DateTime", None: "JSON"}
)


def record(type_name: str, **fields: str | Shape) -> Shape:
    """An object of scalars by their type's name: ``record("Price", net_unit="Decimal")``.

    The names are those of Shopify's scalars; one that is not known ("JSON") is never judged.
    """
    return Shape(
        kind="object",
        type_name=type_name,
        nullable=False,
        fields={
            name: Shape(kind="scalar", type_name=of, nullable=True) if isinstance(of, str) else of
            for name, of in fields.items()
        },
    )


def listing(of: Shape) -> Shape:
    """A list of such elements."""
    return Shape(kind="list", type_name=of.type_name, nullable=True, of=of)


def of_model(model: type[BaseModel]) -> Shape:
    """The shape of ``model.model_dump()``: a request as a source. Models must not recur."""
    fields = {n: _of(target_of(info.annotation)) for n, info in model.model_fields.items()}
    return Shape(kind="object", type_name=model.__name__, nullable=True, fields=fields)


def _of(target: Target) -> Shape:
    if target.model is not None:
        return of_model(target.model)
    if target.kind == "list" and target.of is not None:
        return listing(_of(target.of))
    if target.kind == "map":
        return Shape(kind="object", type_name="object", nullable=True)
    return Shape(kind="scalar", type_name=_SCALARS[target.family], nullable=True)
