"""The pages about mappings hold: their examples load, their tables are complete."""

import re
from pathlib import Path

import pytest

from bridge.mapping.codes import CODES
from bridge.mapping.expressions import MAX_DEPTH, MAX_LENGTH, MAX_TOKENS
from bridge.mapping.filters import FILTERS, LOOKUPS
from bridge.mapping.layers import MAX_BYTES
from bridge.mapping.values import DIGITS, MAX_TEXT
from bridge.mapping.work import CHARACTERS_A_UNIT, MAX_ELEMENTS, MAX_OUTPUT, MAX_WORK
from bridge.wiring import load_mapping

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "mapping.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml( inventory_push)?\n(.*?)```", REFERENCE, re.DOTALL)


def first_cells(heading: str) -> list[str]:
    """The word in backquotes that each table row under a heading begins with."""
    section = REFERENCE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-zA-Z0-9_]+)", section, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_load_over_the_shipped_mapping(tmp_path: Path, example: tuple[str, str]) -> None:
    """Each TOML block is a merchant's file that the bridge takes: order_pull's, or that it says."""
    name = example[0].strip() or "order_pull"
    own = tmp_path / f"{name}.toml"
    own.write_text(example[1], "utf-8")
    shipped = ROOT / "mappings" / f"{name}.toml"
    module = load_mapping(name, [shipped, own])
    assert any(rule.place.startswith(str(own)) for rule in module.rules)


def test_every_filter_has_its_row() -> None:
    """The reference has a row for each filter, and for no other."""
    assert sorted(first_cells("Filters")) == sorted([*FILTERS, *LOOKUPS])


def test_every_code_has_its_row() -> None:
    """The reference has a row for each finding, in order, and for no other."""
    assert first_cells("Findings") == sorted(CODES)


def test_bounds_are_told() -> None:
    """The numbers in the text are those of the code."""
    assert f"at most {MAX_LENGTH:,} characters, {MAX_TOKENS} tokens, and {MAX_DEPTH}" in REFERENCE
    assert f"at most {MAX_TEXT:,} characters, a number to {DIGITS} digits" in REFERENCE
    assert f"a list that a filter makes to {MAX_ELEMENTS:,} elements" in REFERENCE
    assert f"more than {MAX_WORK:,} steps" in REFERENCE
    assert f"more than {MAX_OUTPUT:,} characters" in REFERENCE
    assert f"one for each {CHARACTERS_A_UNIT} characters" in REFERENCE
    assert f"A file has at most {MAX_BYTES:,} bytes" in REFERENCE
