"""The part of Shopify's Admin schema that we use, what it costs, and the shape of its answers.

``admin.graphql`` is a true subset of Shopify's Admin API 2026-10 (README.md beside it says how it
is made); ``load_schema`` gives it as a graphql-core schema.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from graphql import DocumentNode, GraphQLSchema, build_ast_schema, parse

API_VERSION: Final = "2026-10"
"""The version of the Admin API that ``admin.graphql`` was cut from."""


def build() -> GraphQLSchema:
    """A schema of ``admin.graphql`` of one's own, to hang resolvers on."""
    return build_ast_schema(_document(), assume_valid_sdl=True)


@cache
def _document() -> DocumentNode:
    """The parsed SDL: reading it takes longer than building a schema of it."""
    text = files("bridge.schema").joinpath("admin.graphql").read_text(encoding="utf-8")
    return parse(text)


@cache
def load_schema() -> GraphQLSchema:
    """The schema of ``admin.graphql``, built once a process. Treat it as read-only."""
    return build()
