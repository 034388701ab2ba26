"""What a shopper or a careless merchant may put in: nothing of it runs, grows or leaks."""

import contextlib
import string
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import ConfigError, MappingError
from bridge.mapping.codes import Failed
from bridge.mapping.expressions import MAX_LENGTH, Compiler
from bridge.mapping.filters import FILTERS
from bridge.mapping.values import MAX_TEXT
from tests.mapping.support import SOURCES, an_order, value_of

NAMES = SOURCES | dict.fromkeys(("a", "b"))
LIQUID = [
    "{{ order.name }}",
    "{% for x in order.tags %}{{ x }}{% endfor %}",
    "{% include 'passwords' %}",
    "order.name | upcase",
    "'}}{{ 1 | plus: 1 }}",
    "${7*7} #{7*7} %(x)s {0.__class__}",
]


@pytest.mark.parametrize("hostile", LIQUID)
@pytest.mark.parametrize(
    "expression", ["order.note", "order.note | append: ''", "order.raw[0] | default: order.note"]
)
def test_liquid_inside_a_value_is_text(tmp_path: Path, hostile: str, expression: str) -> None:
    """What a shopper writes into a note arrives as written."""
    assert value_of(tmp_path, expression, field="created_text", note=hostile, raw=[]) == hostile


@pytest.mark.parametrize(
    "expression",
    [
        "order.__class__",
        "order['__class__']",
        "order.keys",
        "order.tags.append",
        "order.name.format",
        "order.createdAt.year",
        "order.lineItems[0].items",
    ],
)
def test_python_is_out_of_reach(tmp_path: Path, expression: str) -> None:
    """Names on a path are fields of the data, never attributes of Python."""
    with pytest.raises(ConfigError) as caught:
        value_of(tmp_path, expression)
    assert [f.code for f in caught.value.findings] == ["M204"]


@pytest.mark.parametrize("name", ["__class__", "year", "keys", "items", "x"])
def test_python_is_out_of_reach_where_the_shape_is_not_known(tmp_path: Path, name: str) -> None:
    """Not of JSON either, whatever it turns out to be."""
    for value in ({}, [], "text", 1, Decimal(1), True):
        with pytest.raises(MappingError) as caught:
            value_of(tmp_path, f"order.raw['{name}']", raw=value)
        assert caught.value.code == "MAPPING_FAILED"


def evaluate(expression: str, **scope: Any) -> Any:
    """What an expression gives, before any target sees it."""
    compiled, problems = Compiler(FILTERS, {}).value(expression, NAMES)
    assert compiled is not None, problems
    return compiled.evaluate({"order": an_order(), **scope})


@pytest.mark.parametrize(
    "expression",
    [
        "a | replace: 'x', a",
        "a | replace: 'x', a | replace: 'x', a",
        "b | join: a",
        "a | append: a | append: a | append: a | append: a",
        "a | escape",
    ],
)
def test_texts_do_not_grow_without_bound(expression: str) -> None:
    """A text that would pass the bound is refused, before it is built where it could be huge."""
    long = "x&" * (MAX_TEXT // 4)
    with pytest.raises(Failed, match="a text of more than 1,000,000 characters"):
        evaluate(expression, a=long, b=["y"] * 1000)


def test_numbers_do_not_grow_without_bound() -> None:
    """A number's digits are bounded, so that no arithmetic takes gigabytes."""
    for value in ("9" * 200, 10**5000, Decimal("1e400000"), float("inf"), float("nan")):
        with pytest.raises(Failed):
            evaluate("a | times: 2", a=value)
    product = "a" + " | times: 99999999999999999999" * 20
    with pytest.raises(Failed, match="38 digits"):
        evaluate(product, a=1)


def test_deep_data_is_only_walked(tmp_path: Path) -> None:
    """Data nested thousands deep are no trouble to a path that does not go there."""
    deep: Any = {}
    for _ in range(50_000):
        deep = {"x": deep}
    assert value_of(tmp_path, "order.raw.x.size", field="created_text", raw={"x": "ab"}) == "2"
    with pytest.raises(MappingError, match="an object, not a single value"):
        value_of(tmp_path, "order.raw.x", field="created_text", raw=deep)


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_LENGTH,
        "[" * MAX_LENGTH,
        "a" + "[a" * 300,
        "a" + ".a" * 499,
        "'" * (MAX_LENGTH - 1),
        "a" + "|" * 900,
        "a | default: " + "," * 900,
        " or ".join(["a"] * 200),
        "9" * MAX_LENGTH,
        "\0" * MAX_LENGTH,
        "a == " * 199 + "a",
        "(((1..2)..3)..4)",
        "-" * 900,
    ],
)
def test_hostile_expressions_are_refused_quickly(text: str) -> None:
    """Expressions made to exhaust a parser are refused with a place, in well under a second."""
    compiler = Compiler(FILTERS, {})
    for compile_text in (compiler.value, compiler.condition):
        begin = time.process_time()
        compiled, problems = compile_text(text, NAMES)
        assert time.process_time() - begin < 1  # seconds; they take milliseconds
        assert (compiled is None) == bool(problems)
        assert all(0 <= p.offset <= len(text) for p in problems)


WORDS = st.sampled_from(
    [
        *("order", "order.name", "order.tags", "a", "b", ".", "[0]", "['x']", "[", "]", "(", ")"),
        *("|", "upcase", "plus", "default", "map", "table", "date", "split", "first", ":", ","),
        *("'x'", '"y"', "1", "-2.5", "..", "true", "nil", "empty", "blank", "and", "or", "not"),
        *("contains", "==", "!=", "<>", "<", ">=", "=", "if", "else", "||", "{{", "}}", "{%"),
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.text(string.printable, max_size=40))
)
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """No text breaks the compiler; what it takes gives a value or a plain failure."""
    compiler = Compiler(FILTERS, {"x": {"#1001": "found"}})
    scope = {"order": an_order(), "price": {"net": None}, "a": "x", "b": [1]}
    for compile_text in (compiler.value, compiler.condition):
        compiled, problems = compile_text(text, NAMES)
        if compiled is None:
            assert problems
            assert all(p.code[:2] in ("M1", "M2", "M3") and p.message for p in problems)
            continue
        with contextlib.suppress(Failed):
            assert not isinstance(compiled.evaluate(scope), float)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.decimals()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abk"), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON, st.sampled_from(sorted(FILTERS)))
def test_any_value_through_every_filter(value: Any, name: str) -> None:
    """Whatever a source holds, a filter gives a value or a plain failure, and a text is a text."""
    spec = FILTERS[name]
    for argument in ("", ": 'k'", ": 'k', 'a'", ": 1", ": a"):
        compiled, _ = Compiler(FILTERS, {}).value(f"a | {name}{argument}", NAMES)
        if compiled is not None:
            with contextlib.suppress(Failed):
                found = compiled.evaluate({"a": value})
                assert spec.gives != "text" or found is None or isinstance(found, str)
                assert spec.gives != "number" or isinstance(found, Decimal | int | None)
