"""How the fields of the schema are read from the store.

``RESOLVERS[type][field]`` is called as ``fn(source, info, **arguments)``. A field that is not
listed is an attribute (or dict key) of its source, by its name or by the same in snake_case.
A root field that is not listed is refused by the engine: what the store does not model, it does
not pretend to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.mutations import MUTATIONS
from bridge.sandbox.resolvers import (
    bulk,
    catalogue,
    editing,
    formats,
    money,
    orders,
    products,
    returns,
    roots,
)

Resolver = Callable[..., Any]


def _merged(*tables: Mapping[str, Mapping[str, Resolver]]) -> dict[str, dict[str, Resolver]]:
    merged: dict[str, dict[str, Resolver]] = {}
    for table in tables:
        for kind, fields in table.items():
            merged.setdefault(kind, {}).update(fields)
    return merged


RESOLVERS: dict[str, dict[str, Resolver]] = _merged(
    formats.RESOLVERS,
    catalogue.RESOLVERS,
    products.RESOLVERS,
    orders.RESOLVERS,
    money.RESOLVERS,
    returns.RESOLVERS,
    editing.RESOLVERS,
    roots.RESOLVERS,
    bulk.RESOLVERS,
    {"Mutation": MUTATIONS},
)
