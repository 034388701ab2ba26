"""A mapping that remembers: each rendering by itself, and the rule that ended one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import MappingError
from bridge.mapping.trace import Noted, Rendering, TracedModule
from tests.mapping.support import a_line, an_order, load

ITEMS = """[order]
refnum = "order.name"
note = "order.note"
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.sku"
quantity = "line.quantity"
item_type = "line.title | table: 'type', strict: true"
[tables.type]
"Thing" = "ship"
"""


def traced(folder: Path, text: str = ITEMS) -> TracedModule:
    """A mapping that remembers."""
    return TracedModule(load(folder, text))


def told(values: tuple[Noted, ...]) -> list[tuple[tuple[str | int, ...], object]]:
    """Paths and values."""
    return [(one.path, one.value) for one in values]


def failed(module: TracedModule) -> tuple[tuple[str | int, ...], str, Mapping[str, Any]]:
    """Where the last rendering ended: the path, the rule's place, and the names it could read."""
    last: Rendering = module.renderings[-1]
    assert last.output is None
    assert last.made == last.blanks == ()
    assert last.failed is not None
    assert last.error is not None
    assert last.failed.rule.place == last.error.place
    _, line, column = last.failed.rule.place.rsplit(":", 2)
    return last.failed.path, f"{line}:{column}", last.failed.frame


def test_renderings_are_kept_apart(tmp_path: Path) -> None:
    """Equal paths of two renderings have their own values, names and blanks."""
    module = traced(tmp_path)
    first = an_order(lineItems=[a_line(sku="A")])
    second = an_order(name="#2", note="hello", lineItems=[a_line(sku="B"), a_line(sku="C")])
    for order, subject in ((first, "order 1"), (second, "order 2")):
        module.render({"order": order}, subject=subject)
    one, two = module.renderings
    assert (one.subject, two.subject) == ("order 1", "order 2")
    assert (("items", 0, "sku"), "A") in told(one.made)
    assert told(one.blanks) == [(("note",), None)]
    assert (("note",), "hello") in told(two.made)
    assert two.blanks == ()
    skus = [n for n in two.made if n.path[-1] == "sku"]
    assert [(n.path[1], n.frame["line"]["sku"]) for n in skus] == [(0, "B"), (1, "C")]
    assert one.output is not None
    assert one.output["items"][0]["sku"] == "A"


def test_the_rule_that_ends_a_rendering(tmp_path: Path) -> None:
    """Of a leaf, a field that is missing, a ``when`` and an ``each``: with what they could read."""
    module = traced(tmp_path)
    lines = [a_line(sku="A"), a_line(sku="B", title="Odd")]
    with pytest.raises(MappingError):
        module.render({"order": an_order(lineItems=lines)}, subject="order 1")
    path, place, frame = failed(module)
    assert (path, place, frame["line"]["sku"]) == (("items", 1, "item_type"), "9:13", "B")
    with pytest.raises(MappingError):
        module.render({"order": an_order(lineItems=[a_line(sku=None)])})
    path, place, frame = failed(module)
    assert (path, place, frame["line"]["title"]) == (("items", 0), "7:7", "Thing")
    module = traced(tmp_path, ITEMS.replace("order.lineItems", "order.raw.rows"))
    with pytest.raises(MappingError):
        module.render({"order": an_order(raw={"rows": "text"})})
    path, place, frame = failed(module)
    assert (place, frame["order"]["raw"]) == ("5:8", {"rows": "text"})
    text = '[order]\nrefnum = "order.name"\n[order.address]\nwhen = "order.raw.n > 1"\n'
    module = traced(tmp_path, f"{text}country = \"'CH'\"\n")
    with pytest.raises(MappingError):
        module.render({"order": an_order(raw={"n": "text"})})
    path, place, _ = failed(module)
    assert (path, place) == (("address",), "4:8")


def test_each_element_of_a_list_is_a_rendering(tmp_path: Path) -> None:
    """By itself, in the order of the list; one that fails has its error and no values."""
    module = traced(tmp_path)
    lines = [a_line(sku="A"), a_line(sku="B", title="Odd"), a_line(sku="C")]
    found = module.elements("items", {"order": an_order(lineItems=lines)})
    assert found is not None
    a, b, c = module.renderings
    assert [one.element for one in (a, b, c)] == list(found)
    assert [one.subject for one in (a, b, c)] == ["items[0]", "items[1]", "items[2]"]
    assert (a.made[0].value, c.made[0].value) == ("A", "C")
    assert b.made == b.blanks == ()
    assert b.failed is not None
    assert b.failed.frame["line"]["sku"] == "B"
    assert {n.path[0] for n in c.made} == {"items"}


def test_a_list_that_cannot_be_told_names_its_rule(tmp_path: Path) -> None:
    """The ``each`` of ``elements`` itself fails: one rendering, with the rule and the sources."""
    module = traced(tmp_path, ITEMS.replace("order.lineItems", "order.raw.rows"))
    with pytest.raises(MappingError):
        module.elements("items", {"order": an_order(raw={"rows": "text"})})
    _, place, frame = failed(module)
    assert place == "5:8"
    assert frame["order"]["raw"] == {"rows": "text"}
