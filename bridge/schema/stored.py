"""Shopify's whole schema, as a store told it, kept as a file for use without the store.

``admin.graphql`` holds what the bridge itself asks for. A merchant's ``[select]`` may name more;
whether that exists, of which type it is and what it costs only the whole schema can tell. It is
fetched once a store and API version (``retailops-bridge schema fetch``) and read from then on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from graphql import (
    DocumentNode,
    GraphQLSchema,
    IntrospectionQuery,
    build_client_schema,
    get_introspection_query,
    parse,
)

from bridge.errors import ConfigError, Finding
from bridge.schema import load_schema

# A whole schema without descriptions has about 5 MB; what is ten times that is another file.
MAX_BYTES = 50_000_000


def question() -> DocumentNode:
    """The question for a whole schema; deprecated fields are told too, descriptions are not."""
    return parse(get_introspection_query(descriptions=False), no_location=True)


def file_name(shop: str, api_version: str) -> str:
    """The name of the file for a store (``example.myshopify.com``) and a version."""
    return f"{shop}.{api_version}.json"


def store(folder: Path, shop: str, api_version: str, data: Mapping[str, Any]) -> Path:
    """Write what the question was answered, if it is a schema; the file's path.

    A file that was there is replaced in one step. Raises ConfigError when it is no schema, and
    OSError.
    """
    path = folder / file_name(shop, api_version)
    _schema_of(data, path)
    folder.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(data, separators=(",", ":")), "utf-8")
    new.replace(path)
    return path


@dataclass(frozen=True, slots=True)
class Schemas:
    """What is known of Shopify's schema: our part of it, and the whole one if ``path`` is there."""

    path: Path | None = None

    @property
    def ours(self) -> GraphQLSchema:
        """The part that comes with the bridge: true, but not all."""
        return load_schema()

    def whole(self) -> GraphQLSchema | None:
        """The store's whole schema; None when it was not fetched.

        Raises:
            ConfigError: M101, M514: the file cannot be read, or is no schema.
        """
        if self.path is None or not self.path.is_file():
            return None
        return _read(self.path, self.path.stat().st_mtime_ns)


@cache
def _read(path: Path, _: int) -> GraphQLSchema:
    """The schema in a file; once for each state of the file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _broken(path, f"has more than {MAX_BYTES // 1_000_000} MB")
        data = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([Finding(str(path), 0, 0, "M101", f"cannot be read: {reason}")]) from None
    except (ValueError, RecursionError):
        raise _broken(path, "is not JSON") from None
    return _schema_of(data, path)


def _schema_of(data: object, path: Path) -> GraphQLSchema:
    try:
        schema = build_client_schema(cast("IntrospectionQuery", data), assume_valid=True)
    except Exception:  # graphql-core raises TypeError, KeyError, GraphQLError and more
        raise _broken(path, "is no answer to an introspection") from None
    if schema.query_type is None or "Order" not in schema.type_map:
        raise _broken(path, "is not the schema of Shopify's Admin API")
    return schema


def _broken(path: Path, said: str) -> ConfigError:
    hint = "fetch it again: retailops-bridge schema fetch"
    return ConfigError([Finding(str(path), 0, 0, "M514", f"the file {said}", hint)])
