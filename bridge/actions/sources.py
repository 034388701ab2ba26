"""The shapes of our own pydantic models, so that mappings can be checked against them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from bridge.schema.shape import Shape

_SCALARS: Final[Mapping[type, str]] = {
    bool: "Boolean",  # before int: a bool is one
    int: "Int",
    float: "Float",
    Decimal: "Decimal",
    datetime: "DateTime",
    date: "Date",
    str: "String",
}


def shape_from_model(model: type[BaseModel], *, nullable: bool = False) -> Shape:
    """The shape of a model's values: fields by their Python names, tuples and lists as lists.

    What has no place in a shape (a dict with free keys, any value) is a JSON scalar, which the
    lint does not judge.
    """
    fields = {name: _shape(info.annotation) for name, info in model.model_fields.items()}
    return Shape("object", model.__name__, nullable, fields=MappingProxyType(fields))


def _shape(annotation: object) -> Shape:
    bare, nullable = _bare(annotation)
    origin = get_origin(bare)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return shape_from_model(bare, nullable=nullable)
    if origin in {list, tuple, set, frozenset}:
        inside = [a for a in get_args(bare) if a is not Ellipsis]
        of = _shape(inside[0]) if inside else Shape("scalar", "JSON", nullable=True)
        return Shape("list", of.type_name, nullable, of=of)
    if origin is Literal:
        values = get_args(bare)
        if all(isinstance(v, str) for v in values):
            return Shape("scalar", "String", nullable, values=values)
    known = _SCALARS.get(bare) if isinstance(bare, type) else None
    return Shape("scalar", known or "JSON", nullable or known is None)


def _bare(annotation: object) -> tuple[object, bool]:
    """Without ``Annotated`` and ``| None``; a union of several types is anything."""
    nullable = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, UnionType}:
            members = [m for m in get_args(annotation) if m is not NoneType]
            nullable = nullable or len(members) < len(get_args(annotation))
            if len(members) != 1:
                return Any, nullable
            annotation = members[0]
        else:
            return annotation, nullable


def plain_dump(model: BaseModel) -> dict[str, Any]:
    """A model as plain Python values, as expressions take them."""
    return model.model_dump(mode="python")
