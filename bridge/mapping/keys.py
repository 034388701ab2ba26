"""The words of a mapping file that are not fields of its target. Each is declared here, once.

The parser, the lint, the JSON Schema for editors and a test of the reference go by these.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CONTROL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "each": "The list to go through: one element is made for each of its values.",
        "as": "The name of one element in this table's expressions.",
        "when": "A condition: without it the table is left out.",
    }
)
"""In any table below the main one."""

SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unset": "Paths that earlier layers fill and that are to be empty.",
        "tables": "Lookup tables, used by the filter table: texts to texts, numbers or booleans.",
        "select": "What is asked of Shopify beside the bridge's own fields.",
    }
)
"""At the top of a file, beside the main table."""
