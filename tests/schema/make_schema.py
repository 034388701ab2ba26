"""Makes bridge/schema/admin.graphql again: ``.venv/bin/python -m tests.schema.make_schema``.

Cuts from Shopify's real schema what the bridge's documents and ``extra_documents`` select, and
sorts it, so that the same documents always give the same file. Needs the evidence folder.
"""

import importlib
import subprocess
import sys
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    lexicographic_sort_schema,
    print_schema,
)

from bridge.schema import API_VERSION
from tests.shared import SHARED

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "bridge" / "schema" / "admin.graphql"
DOCUMENTS = (ROOT / "bridge" / "shopify" / "documents", HERE / "extra_documents")


def real_schema(version: str) -> GraphQLSchema:
    """Shopify's own schema, by the tool of the evidence folder."""
    sys.path.insert(0, str(SHARED / "tools"))
    try:
        return importlib.import_module("graphql_check").load(version)
    finally:
        sys.path.pop(0)


def make() -> str:
    """The SDL as it should be."""
    tool = SHARED / "tools" / "schema_subset.py"
    out = subprocess.run(
        [sys.executable, str(tool), *map(str, DOCUMENTS), "--version", API_VERSION],
        check=True,
        capture_output=True,
        text=True,
    )
    schema = build_schema(out.stdout, assume_valid_sdl=True)
    _restore_defaults(schema, real_schema(API_VERSION))
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


def _restore_defaults(schema: GraphQLSchema, real: GraphQLSchema) -> None:
    """The tool loses the defaults of arguments under graphql-core 3.3: put them back."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            for key, field in kind.fields.items():
                field.default = real.type_map[name].fields[key].default
        elif isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            for key, field in kind.fields.items():
                for argument, ours in field.args.items():
                    ours.default = real.type_map[name].fields[key].args[argument].default


if __name__ == "__main__":
    TARGET.write_text(make(), encoding="utf-8")
