"""The benchmark of mappings compares things that give the same."""

from __future__ import annotations

import importlib.util

import pytest

from bench import mapping, shipped
from bench.jmespath_way import by_jmespath


def rendered(lines: int) -> dict:
    """An order through the benchmark's mapping."""
    module, _ = mapping.load()
    scope = {
        "order": mapping.an_order(lines),
        "totals": mapping.TOTALS,
        "payments": mapping.PAYMENTS,
    }
    return module.render(scope, enter=lambda name, _: mapping.PRICE if name == "line" else {})


def test_by_hand_gives_the_same() -> None:
    """The baseline does the same work: its result is the mapping's, value by value."""
    assert rendered(3) == mapping.by_hand(mapping.an_order(3))


@pytest.mark.skipif(
    importlib.util.find_spec("jmespath") is None,
    reason="jmespath is only for the benchmark: pip install jmespath",
)
def test_by_jmespath_gives_the_same() -> None:
    """So does the other one."""
    translate = by_jmespath()
    assert translate is not None
    assert translate(mapping.an_order(3)) == rendered(3)


def test_all_shipped_mappings_are_checked() -> None:
    """The measured check is a real one: it loads and tests all of them."""
    loaded, checked = shipped.check()
    assert 0 < loaded < checked
