"""Sources of any shape: no name below them is unknown, and a list is rendered one by one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ConfigError, MappingError
from bridge.mapping.codes import Failed
from bridge.mapping.expressions import Compiler
from bridge.mapping.filters import FILTERS
from bridge.mapping.module import MappingModule, load_module
from bridge.mapping.objects import MAX_NAMES
from bridge.mapping.shapes import ANY, TEXT
from tests.mapping.support import Strict

FEED = {
    "name": "spring",
    "empty": None,
    "rows": [{"sku": "A", "n": 1}, {"sku": "B"}, "text", None],
    "by_type": {
        "simple": [{"d": {"sku": "A"}}, {"d": {"sku": "B"}}],
        "bundle": {"d": {"sku": "C"}},
    },
    "row": {"size": "S", "color": "", "fit": None, "0": 0},
}


def evaluate(expression: str, feed: Any = FEED) -> Any:
    """What an expression gives for a feed, before any target sees it."""
    compiled, problems = Compiler(FILTERS, {}).value(expression, {"feed": ANY, "known": TEXT})
    assert compiled is not None, problems
    return compiled.evaluate({"feed": feed, "known": "x"})


@pytest.mark.parametrize(
    "path",
    [
        "feed.nowhere",
        "feed.nowhere.deeper[3]['still deeper']",
        "feed.name.length",
        "feed['empty'].x",
        "feed.rows.sku",
        "feed.rows[9].sku",
        "feed.rows[2].sku",
        "feed.by_type[0]",
    ],
)
def test_what_is_not_there_is_null(path: str) -> None:
    """A missing name, an index past the end, a name of a text or of a list: null, no error."""
    assert evaluate(path) is None


def test_what_is_there_is_found() -> None:
    """Names, quoted names, indexes, first, last and size, as everywhere."""
    assert evaluate("feed.rows[0].sku") == "A"
    assert evaluate("feed['by_type'].simple.last.d.sku") == "B"
    assert evaluate("feed.rows.size") == 4
    assert evaluate("feed.nowhere | default: feed.name") == "spring"


def test_filters_that_name_a_field_find_null() -> None:
    """`map`, `where` and their like take elements without the field, and of any kind."""
    assert evaluate("feed.rows | map: 'n'") == [1, None, None, None]
    assert evaluate("feed.rows | where: 'n' | map: 'sku'") == ["A"]
    assert evaluate("feed.rows | reject: 'n' | size") == 3
    assert evaluate("feed.rows | find: 'sku', 'B'") == {"sku": "B"}
    assert evaluate("feed.rows | has: 'nothing'") is False
    assert evaluate("feed.rows | sum: 'n'") == 1
    assert evaluate("feed.rows | compact: 'sku' | size") == 2
    assert evaluate("feed.rows | uniq: 'n' | size") == 2


def test_what_comes_out_of_a_feed_is_of_any_shape_too() -> None:
    """Behind filters as well: `first` of a list, an element of `each`."""
    assert evaluate("feed.rows | reverse | first") is None
    compiled, problems = Compiler(FILTERS, {}).value("feed.rows | first", {"feed": ANY})
    assert compiled is not None, problems
    assert compiled.shape == ANY
    compiled, problems = Compiler(FILTERS, {}).value(
        "known | default: feed.x", {"feed": ANY, "known": TEXT}
    )
    assert compiled is not None, problems
    assert compiled.shape == ANY


# ---- filters for objects


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("feed.row | values", ["S", "", None, 0]),
        ("feed.rows | values | size", 4),
        ("feed.by_type | values | flatten | map: 'd' | map: 'sku'", ["A", "B", "C"]),
        ("feed.by_type | entries: 'd' | map: 'key'", ["simple", "simple", "bundle"]),
        (
            "feed.by_type | entries: 'd' | map: 'value'",
            [{"sku": "A"}, {"sku": "B"}, {"sku": "C"}],
        ),
        ("feed.by_type | entries: 'x' | map: 'value'", [None, None, None]),
        ("feed.row | entries | map: 'key'", ["size", "color", "fit", "0"]),
        ("feed.row | pick: 'fit', 'size', 'color', 'gone'", [{"key": "size", "value": "S"}]),
        ("feed.row | pick: 0, feed.nowhere, feed.rows[0].sku", [{"key": "0", "value": 0}]),
        ("feed.row | mentions: 'fit', 'gone', 'color', 'fit'", ["fit", "color"]),
        ("feed.row | nulls: 'fit', 'gone', 'color', 'fit'", ["fit"]),
        ("feed.name | list", ["spring"]),
        ("feed.row | list | size", 1),
        ("feed.rows | list: ',' | size", 4),
        ("feed.row.color | list", []),
        ("feed.nowhere | list", None),
        ("feed.row | json", '{"size":"S","color":"","fit":null,"0":0}'),
        ("feed.rows | json", '[{"sku":"A","n":1},{"sku":"B"},"text",null]'),
        ("feed.name | json", "spring"),
        ("feed.name | then: feed.row.size", "S"),
        ("feed.row['0'] | then: 'x'", None),
        ("feed.row.color | then: 'x'", None),
        ("feed.rows | then: true", True),
        ("feed.row['0'] | nonzero | default: 'none'", "none"),
        ("feed.row | values | nonzero", ["S", "", None]),
    ],
)
def test_filters_for_what_others_shape(expression: str, result: Any) -> None:
    """Objects as lists, one or many, what is mentioned, conditions on zero and nothing."""
    found = evaluate(expression)
    assert found == result
    assert type(found) is type(result)


def test_a_text_is_split_where_a_list_may_be() -> None:
    """Without blanks and empty parts; without a mark, or with an empty one, it stays whole."""
    assert evaluate("feed | list: ','", " a, b,,c ") == ["a", "b", "c"]
    assert evaluate("feed | list", "a,b") == ["a,b"]
    assert evaluate("feed | list: ''", "a,b") == ["a,b"]


def test_zeros() -> None:
    """0 in any spelling; a boolean and other texts are no zeros; false is not there."""
    for zero in (0, "0.00", Decimal("0.0"), "-0"):
        assert evaluate("feed | nonzero", zero) is None
        assert evaluate("feed | then: 1", zero) is None
    assert evaluate("feed | nonzero", "0x") == "0x"
    assert evaluate("feed | then: 1", "0x") == 1
    assert evaluate("feed | then: 1", False) is None
    assert evaluate("feed | then: 1", True) == 1


@pytest.mark.parametrize(
    "expression", ["feed | values", "feed | pick: 'a'", "feed | mentions: 'a'"]
)
def test_an_object_is_wanted(expression: str) -> None:
    """A text fails with its kind and without itself; an empty list is an empty object."""
    with pytest.raises(Failed, match="a text, not an object") as caught:
        evaluate(expression, "secret")
    assert "secret" not in caught.value.message
    assert evaluate(expression, []) == []


def test_names_are_bounded() -> None:
    """More arguments than a filter for names takes are found before there is any feed."""
    names = ", ".join("'a'" for _ in range(MAX_NAMES + 1))
    compiled, (problem,) = Compiler(FILTERS, {}).value(f"feed | pick: {names}", {"feed": ANY})
    assert compiled is None
    assert problem.code == "M303"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(),
        lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
        max_leaves=20,
    ).filter(lambda value: isinstance(value, list | dict))
)
def test_json_is_json(value: Any) -> None:
    """What the filter writes reads back as what it was given."""
    assert json.loads(evaluate("feed | json", value)) == value


def test_json_is_bounded() -> None:
    """A text that grows beyond the limit, and nesting deeper than a request may have, fail."""
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(Failed, match="deep"):
        evaluate("feed | json", deep)
    with pytest.raises(Failed, match="characters"):
        evaluate("feed | json", ["x" * 600_000] * 2)


# ---- a list one by one


class Part(Strict):
    name: str
    price: Decimal | None = None


class Item(Strict):
    sku: str | None = None
    size: int | None = None
    parts: tuple[Part, ...] = ()


class Catalog(Strict):
    items: tuple[Item, ...] = ()
    title: str | None = None


MAPPING = """
[catalog.items]
each = "feed.items"
as = "item"
when = "item.skip != true"
sku = "item.sku"
size = "item.size"
[catalog.items.parts]
each = "item.parts"
as = "part"
name = "part.name"
price = "part.price"
"""


def load(folder: Path, text: str = MAPPING) -> MappingModule:
    """The module of one file over a feed of any shape."""
    file = folder / "catalog.toml"
    file.write_text(text, "utf-8")
    return load_module("catalog", [file], target=Catalog, sources={"feed": ANY})


def test_elements_fail_apart(tmp_path: Path) -> None:
    """Each is a value or an error with its place; what can be had of a failed one is kept."""
    module = load(tmp_path)
    found = module.elements(
        "items",
        {
            "feed": {
                "items": [
                    {"sku": "A", "size": "1"},
                    {"skip": True, "size": "bad"},
                    {
                        "sku": "B",
                        "parts": [None, {"name": "x", "price": 1}, {"price": "bad", "name": "y"}],
                    },
                    None,
                    {"sku": "C", "size": [], "parts": [{"price": 1}]},
                    {"sku": {}, "size": "bad", "parts": "bad"},
                ]
            }
        },
    )
    assert found is not None
    good, bad, worse, worst = found
    assert (good.value, good.error) == ({"sku": "A", "size": 1}, None)
    assert bad.error is not None
    assert (bad.error.code, bad.error.target) == (
        "MAPPING_FAILED",
        "catalog.items[2].parts[2].price",
    )
    assert bad.error.place.endswith("catalog.toml:12:9")
    assert bad.inside == ("parts", "[2]", "price")
    assert bad.rest == {"sku": "B", "parts": [None, {"name": "x", "price": 1}, {"name": "y"}]}
    assert worse.error is not None
    assert (worse.error.code, worse.inside) == ("MAPPING_MISSING", ("parts", "[0]", "name"))
    assert worse.rest == {"sku": "C", "parts": [{"price": 1}]}
    assert worst.error is not None
    assert worst.rest == {}


def test_rendering_whole_says_the_same(tmp_path: Path) -> None:
    """Where every element is well, `render` and `elements` give the same."""
    module = load(tmp_path)
    feed = {"items": [{"sku": "A"}, {"sku": "B", "parts": [{"name": "x"}]}]}
    found = module.elements("items", {"feed": feed})
    assert found is not None
    assert module.render({"feed": feed})["items"] == [e.value for e in found]


@pytest.mark.parametrize(
    ("feed", "found"), [({}, None), ({"items": None}, None), ({"items": []}, ())]
)
def test_nothing_found_is_not_an_empty_list(tmp_path: Path, feed: Any, found: Any) -> None:
    """None when the path leads nowhere; an empty list is found."""
    assert load(tmp_path).elements("items", {"feed": feed}) == found


def test_each_must_be_a_list(tmp_path: Path) -> None:
    """Something else there fails as a whole, with the place of `each`."""
    with pytest.raises(MappingError, match="each is an object, not a list") as caught:
        load(tmp_path).elements("items", {"feed": {"items": {"a": 1}}})
    assert caught.value.target == "catalog.items"


def test_several_lists_are_one(tmp_path: Path) -> None:
    """[[…]] with several `each`: elements of all; one that finds nothing does not matter."""
    module = load(
        tmp_path,
        '[[catalog.items]]\neach = "feed.a"\nas = "a"\nsku = "a.sku"\n'
        '[[catalog.items]]\neach = "feed.b"\nas = "b"\nsku = "b.sku"\n',
    )
    found = module.elements("items", {"feed": {"b": [{"sku": "B"}]}})
    assert found is not None
    assert [e.value for e in found] == [{"sku": "B"}]
    assert module.elements("items", {"feed": {}}) is None


def test_a_field_that_is_no_list_has_no_elements(tmp_path: Path) -> None:
    """Neither a field with one value nor one without a rule."""
    module = load(tmp_path, '[catalog]\ntitle = "feed.title"\n')
    assert module.elements("title", {"feed": {"title": "x"}}) is None
    assert module.elements("items", {"feed": {}}) is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('sku = "fed.sku"', "M204"),
        ('sku = "item.sku | upcaes"', "M202"),
        ('skew = "item.sku"', "M201"),
        ('size = "item.size | upcase"', "M302"),
        ("sku = \"item.tags | split: ','\"", "M301"),
        ("sku = \"item.type | table: 'types'\"", "M203"),
        ('sku = "item.sku | pick"', "M303"),
    ],
)
def test_all_but_the_feeds_own_names_is_checked(tmp_path: Path, line: str, code: str) -> None:
    """Sources, filters, tables, targets and types are found wrong before there is any feed."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, f'[catalog.items]\neach = "feed.items"\nas = "item"\n{line}\n')
    assert [finding.code for finding in caught.value.findings] == [code]
