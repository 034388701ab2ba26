"""What a mapping fills: a pydantic model, read once into a tree of places with their types.

Every leaf has a converter from whatever an expression gave to what the model takes. Exactness
goes before convenience: an amount that is finer than the target's decimal places is refused,
not rounded, because a rounding that nobody wrote down is a cent that nobody finds.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from bridge.mapping.codes import Failed, said_type
from bridge.mapping.filters import quantised
from bridge.mapping.shapes import Family
from bridge.mapping.values import moment, number, text, whole

Convert = Callable[[object], object]
Kind = Literal["object", "list", "map", "single"]


@dataclass(frozen=True)
class Content:
    """Marks, in an annotation, the required field that an object is about.

    Without its value the object says nothing and is left out, wherever it stands: a metafield
    without a value, an image without an address.
    """


@dataclass(frozen=True)
class Field:
    """One field of an object: its name in JSON, its target, and whether it must be there.

    ``content``: without it the object is left out.
    """

    name: str
    target: Target
    required: bool
    content: bool = False


@dataclass(frozen=True)
class Target:
    """One place of the target.

    ``single``: ``convert`` makes the value; ``family`` is what it is made of, None when
    anything may come; ``choices`` are the only texts that it takes, if there are such.
    ``list`` and ``map`` have ``of``; ``object`` has ``fields``.
    """

    kind: Kind
    name: str
    family: Family | None = None
    convert: Convert | None = None
    of: Target | None = None
    least: int = 0
    model: type[BaseModel] | None = None
    choices: tuple[str, ...] = ()

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """The fields of an object by their JSON names; read late, so that models may recur."""
        if self.model is None:
            return {}
        found = {}
        for python_name, info in self.model.model_fields.items():
            alias = info.validation_alias if isinstance(info.validation_alias, str) else None
            name = alias or info.alias or python_name
            annotated: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else None
            target = target_of(annotated or info.annotation)
            content = any(isinstance(m, Content) for m in info.metadata)
            found[name] = Field(name, target, info.is_required(), content)
        return found


def target_of(annotation: object) -> Target:
    """The target of a type annotation: models, lists, tuples, dicts, unions with None, scalars."""
    inner, metadata = _unwrap(annotation)
    origin = get_origin(inner)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return Target("object", inner.__name__, "object", model=inner)
    if origin in (list, tuple, set, frozenset):
        arguments = [a for a in get_args(inner) if a is not Ellipsis]
        of = target_of(arguments[0] if arguments else Any)
        least = next((m.min_length for m in metadata if getattr(m, "min_length", None)), 0)
        return Target("list", "a list", "list", of=of, least=least)
    if origin is dict or (isinstance(origin, type) and issubclass(origin, Mapping)):
        arguments = list(get_args(inner))
        return Target("map", "a table", "object", of=target_of(arguments[1]))
    return _single(annotation, inner, metadata)


def _unwrap(annotation: object) -> tuple[object, list[Any]]:
    """The bare type behind ``Annotated`` and ``| None``, and all metadata on the way to it."""
    metadata: list[Any] = []
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *more = get_args(annotation)
            for item in more:
                metadata += item.metadata if isinstance(item, FieldInfo) else [item]
        elif origin in (Union, types.UnionType):
            members = [m for m in get_args(annotation) if m is not type(None)]
            if len(members) != 1:
                return annotation, metadata
            annotation = members[0]
        else:
            return annotation, metadata


def _single(annotation: object, inner: object, metadata: list[Any]) -> Target:
    before: Convert
    family: Family | None
    if inner is str or (get_origin(inner) is Literal and _all_texts(get_args(inner))):
        name, family, before = "a text", "text", text
    elif inner is bool:
        name, family, before = "a boolean", "boolean", _boolean
    elif inner is int:
        name, family, before = "a whole number", "number", whole
    elif inner is Decimal or inner is float:
        places = [m.decimal_places for m in metadata if hasattr(m, "decimal_places")]
        known = [p for p in places if p is not None]
        name, family, before = "a number", "number", _amount(min(known) if known else None)
    elif inner is datetime or inner is AwareDatetime:
        name, family, before = "a time", "date", moment
    elif inner is date:
        name, family, before = "a date", "date", _day
    else:
        name, family, before = getattr(inner, "__name__", str(inner)), None, _as_it_is
    if family is not None and not metadata and get_origin(inner) is not Literal:
        return Target("single", name, family, before)  # nothing is left to check
    validate = TypeAdapter(cast("type[Any]", annotation)).validator.validate_python

    def convert(value: object) -> object:
        ready = before(value)
        try:
            return validate(ready)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            message = first["msg"]
            raise Failed(message[:1].lower() + message[1:]) from None

    choices = get_args(inner) if get_origin(inner) is Literal else ()
    return Target("single", name, family, convert, choices=choices if _all_texts(choices) else ())


def _all_texts(values: tuple[object, ...]) -> bool:
    return all(isinstance(v, str) for v in values)


def _as_it_is(value: object) -> object:
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise Failed(f"{said_type(value)}, not true or false")


def _amount(places: int | None) -> Convert:
    """A Decimal with exactly ``places`` decimal places; without ``places`` as it comes."""

    def amount(value: object) -> Decimal:
        exact = number(value)
        if places is None:
            return exact
        rounded = quantised(exact, places)
        if rounded != exact:
            raise Failed(f"more than {places} decimal places; say how to round: | round: {places}")
        return rounded

    return amount


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return moment(value).date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise Failed("a text that is not an ISO 8601 date") from None
    raise Failed(f"{said_type(value)}, not a date")
