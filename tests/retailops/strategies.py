"""Hypothesis strategies drawn from our own answer models, field by field."""

import types
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

# Time decides nothing here: two cores shared with other tests must not fail one.
patient = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# Offsets that exist and some that RFC 3339 cannot write (seconds in them)
_ZONES = st.one_of(
    st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m))),
    st.integers(-80_000, 80_000).map(lambda s: timezone(timedelta(seconds=s))),
)


def answers(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Python values for a model: some that it takes, some just beyond its limits."""
    return _model(model)


def _model(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    required, optional = {}, {}
    for name, field in model.model_fields.items():
        place = required if field.is_required() else optional
        place[name] = _field(field)
    return st.fixed_dictionaries(required, optional=optional)


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    return _type(field.annotation, tuple(field.metadata))


def _type(kind: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        extra = []
        for one in args[1:]:
            extra.extend(one.metadata if isinstance(one, FieldInfo) else [one])
        return _type(args[0], (*metadata, *extra))
    if origin in {Union, types.UnionType}:
        return st.one_of(
            *(st.none() if one is type(None) else _type(one, metadata) for one in args)
        )
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        # no limit: an empty list, a short one, and for plain text one beyond 100
        inner = _type(args[0], ())
        return st.lists(inner, max_size=101 if args[0] is str else 3)
    return _plain(kind)


def _plain(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind)
    if kind is Decimal:
        return st.one_of(
            st.decimals(
                allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6
            ),
            st.sampled_from([Decimal(0), Decimal("-0.00"), Decimal("1E+3"), Decimal("9.9900")]),
            st.integers(-(10**6), 10**6).map(Decimal),
        )
    if kind is str:
        return st.one_of(
            st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
            st.sampled_from(["ab", "x" * 100, "x" * 101, "é" * 256]),
        )
    if kind is datetime:
        return st.datetimes(timezones=_ZONES)
    if kind is bool:
        return st.booleans()
    if kind is int:
        return st.integers(-(2**63), 2**63)
    raise TypeError(f"no strategy for {kind!r}: add one")
