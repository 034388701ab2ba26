"""What resolvers are called with."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from graphql import GraphQLResolveInfo

from bridge.sandbox.context import Context

Info: TypeAlias = GraphQLResolveInfo[Context]


class Page(TypedDict, total=False):
    """The paging arguments of a connection field, as they came."""

    first: int | None
    last: int | None
    after: str | None
    before: str | None
    reverse: bool
