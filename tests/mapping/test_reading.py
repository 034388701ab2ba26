"""What an expression reads, for those who ask why a value came out."""

import pytest

from bridge.mapping.reading import readings

FRAME = {"order": {"name": "#1", "lines": [{"sku": "A"}, {"sku": "B"}], "note": None}}


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("order.name", [("order.name", "#1")]),
        ("order.note | default: order.name", [("order.note", None), ("order.name", "#1")]),
        ("order.lines[1].sku | append: order.lines[1].sku", [("order.lines[1].sku", "B")]),
        (
            "order.name == '#1' and order.lines.size > 1",
            [("order.name", "#1"), ("order.lines.size", 2)],
        ),
        ("'text' | upcase", []),
        ("3.50", []),
        ("true", []),
    ],
)
def test_paths_and_values(expression, read) -> None:
    """Every path once, in its order, with its value; literals are none."""
    assert [(r.path, r.value) for r in readings(expression, FRAME)] == read
