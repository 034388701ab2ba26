"""What one mapping may do: its work, its output, its lists and its file are bounded."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from bridge.errors import ConfigError, MappingError
from bridge.mapping.codes import Failed
from bridge.mapping.evaluate import Frame
from bridge.mapping.expressions import Compiler
from bridge.mapping.filters import FILTERS
from bridge.mapping.layers import MAX_BYTES, read_one
from bridge.mapping.module import MappingModule, load_module
from bridge.mapping.values import MAX_TEXT
from bridge.mapping.work import MAX_ELEMENTS, WORK, Work
from tests.mapping.support import HEAD, SOURCES, Order, an_order

# Seconds of this process for anything hostile. Each takes well under one; a bound that does not
# hold takes minutes.
PATIENCE = 20.0


def module(folder: Path, text: str) -> MappingModule:
    """A mapping of the small target."""
    file = folder / "order.toml"
    file.write_text(f"{HEAD}\n{text}", "utf-8")
    return load_module("order", [file], target=Order, sources=SOURCES)


def refused(made: MappingModule, **order: object) -> str:
    """The message with which a mapping ends, within its bounds."""
    begin = time.process_time()
    with pytest.raises(MappingError) as caught:
        made.render({"order": an_order(**order), "price": {}}, subject="order 1")
    assert time.process_time() - begin < PATIENCE
    assert caught.value.code == "MAPPING_FAILED"
    return caught.value.message


LETTERS = """
[order.items]
each = "order.note | split: ''"
as = "letter"
sku = "order.note | append: letter | upcase | replace: 'x', 'y' | truncate: 3 | default: letter"
"""


def test_many_elements_with_much_work_end(tmp_path: Path) -> None:
    """A note split into letters, each of which goes through the whole note again and again."""
    assert "more than 1,000,000 steps" in refused(module(tmp_path, LETTERS), note="x" * 50_000)


def test_an_output_of_many_long_texts_ends(tmp_path: Path) -> None:
    """A long text for each element would be gigabytes; the output is bounded as a whole."""
    text = """
[order.items]
each = "order.note | split: ''"
as = "letter"
sku = "order.note | default: letter"
"""
    assert "more than 10,000,000 characters" in refused(module(tmp_path, text), note="x" * 50_000)


def test_an_ordinary_large_order_is_far_from_the_bounds(tmp_path: Path) -> None:
    """What real orders need is a small part of the budget."""
    made = module(tmp_path, LETTERS)
    rendered = made.render({"order": an_order(note="abcdefghij" * 25), "price": {}})
    assert len(rendered["items"]) == 250


def test_one_element_cannot_use_up_the_budget_of_the_others(tmp_path: Path) -> None:
    """Of rows that are rendered by themselves, the greedy one fails alone."""
    text = """
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.sku | split: '' | join: ',' | split: '' | join: ',' | append: '!'"
"""
    made = module(tmp_path, text)
    greedy = {**an_order()["lineItems"][0], "sku": "x" * 90_000}
    small = {**greedy, "sku": "ab"}
    order = an_order(lineItems=[greedy, *[small] * 3])
    found = made.elements("items", {"order": order, "price": {}})
    assert found is not None
    assert [e.error is None for e in found] == [False, True, True, True]


@pytest.mark.parametrize("expression", ["a | split: ''", "a | split: 'x'", "b | concat: b"])
def test_lists_do_not_grow_without_bound(expression: str) -> None:
    """A filter makes no list of more than 100,000 elements."""
    compiled, problems = Compiler(FILTERS, {}).value(expression, dict.fromkeys("ab"))
    assert compiled is not None, problems
    scope: Frame = {"a": "x" * (MAX_ELEMENTS + 1), "b": ["y"] * (MAX_ELEMENTS // 2 + 1)}
    with pytest.raises(Failed, match="more than 100,000 elements"):
        compiled.evaluate(scope)


LONG = MAX_TEXT // 4  # what takes the square of it would take minutes
MANY = MAX_ELEMENTS // 4
TEXTS = ("<", "<a", "<!--", "&", "\r\n", " ", "%", "9")
LISTS = (["x"] * MANY, [{"k": i, "l": [i]} for i in range(MANY)])


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_no_filter_is_slow_on_large_values(name: str) -> None:
    """No value makes a filter take seconds: none searches, backtracks or copies again and again."""
    compiler = Compiler(FILTERS, {})
    begin = time.process_time()
    for argument in ("", ": 'k'", ": ' ', 'yy'"):
        compiled, _ = compiler.value(f"a | {name}{argument}", {"a": None})
        for value in (*(t * (LONG // len(t)) for t in TEXTS), *LISTS) if compiled else ():
            with contextlib.suppress(Failed):
                compiled.evaluate({"a": value, WORK: Work()})
    assert time.process_time() - begin < PATIENCE


@pytest.mark.parametrize(
    "text", ["(1..1000000000)", "(1..order.count)", "order.tags | times: (1..9)"]
)
def test_ranges_do_not_exist(text: str) -> None:
    """Liquid's ranges would make lists of any size out of two numbers: they are refused."""
    compiled, problems = Compiler(FILTERS, {}).value(text, SOURCES)
    assert compiled is None
    assert problems


def test_a_mapping_file_is_bounded(tmp_path: Path) -> None:
    """A file of a megabyte is no mapping; it is not even parsed."""
    file = tmp_path / "order_pull.toml"
    file.write_text("#" * (MAX_BYTES + 1), "utf-8")
    with pytest.raises(ConfigError, match=r"error\[M104\] the file has more than 1,000,000 bytes"):
        read_one(file)
