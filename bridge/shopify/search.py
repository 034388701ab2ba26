"""Shopify's search syntax: values are quoted, never pasted in.

Source: shopify.dev, "Shopify API search syntax", and captures: a quoted value is matched as a
phrase, an unquoted one is split at its colons and blanks.
"""

from __future__ import annotations

from collections.abc import Iterable


def quoted(value: str) -> str:
    """A value between single quotes, its own quotes and backslashes escaped."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def any_of(field: str, values: Iterable[str]) -> str:
    """``field:'a' OR field:'b'``. No brackets: for a query that is nothing else."""
    return " OR ".join(f"{field}:{quoted(value)}" for value in values)
