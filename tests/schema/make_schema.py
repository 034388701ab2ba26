"""Makes bridge/schema/admin.graphql again: ``.venv/bin/python -m tests.schema.make_schema``.

Cuts from Shopify's real schema what the bridge's documents and ``extra_documents`` select, and
sorts it, so that the same documents always give the same file. Needs the evidence folder.
"""

import subprocess
import sys
from pathlib import Path

from graphql import build_schema, lexicographic_sort_schema, print_schema

from bridge.schema import API_VERSION
from tests.shared import SHARED

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = ROOT / "bridge" / "schema" / "admin.graphql"
DOCUMENTS = (ROOT / "bridge" / "shopify" / "documents", HERE / "extra_documents")


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
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


if __name__ == "__main__":
    TARGET.write_text(make(), encoding="utf-8")
