"""docs/reference/logs.md and tracing.md say what the code writes, and nothing else."""

from __future__ import annotations

import re

from bridge.server.logs import KEYS
from tests.docs.log_lines import lines
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/reference/logs.md").read_text("utf-8")
LINES, KEYS_TOLD = PAGE.split("## Keys")
WRITTEN = lines(ROOT / "bridge")


def named(text: str) -> list[str]:
    """What stands in the first cells of a table."""
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_line_is_documented():
    """Each event of the code has its row, once; no row has outlived its line."""
    assert len(WRITTEN) > 30
    assert sorted(named(LINES)) == sorted(WRITTEN)


def test_every_key_is_documented():
    """The allow-list, key by key; and what the code writes is on it."""
    assert sorted(named(KEYS_TOLD)) == sorted(KEYS)
    for event, keys in WRITTEN.items():
        assert keys <= KEYS, event


def test_every_attribute_of_a_span_is_documented():
    """As they stand in the code."""
    code = (ROOT / "bridge/server/tracing.py").read_text("utf-8")
    prefixes = "retailops|shopify|http|graphql|server|error"
    real = set(re.findall(rf'"((?:{prefixes})\.[a-z_.]+)"', code))
    page = (ROOT / "docs/reference/tracing.md").read_text("utf-8")
    assert real == set(named(page))
