"""The filters: exact numbers, texts, lists; and what happens to null."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.mapping.codes import Failed
from bridge.mapping.expressions import Compiler
from bridge.mapping.filters import FILTERS
from bridge.mapping.values import number, plain
from tests.mapping.support import SOURCES, an_order

NAMES = SOURCES | dict.fromkeys(("a", "b"))
AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4
)


def evaluate(expression: str, **scope: Any) -> Any:
    """What an expression gives, before any target sees it."""
    compiled, problems = Compiler(FILTERS, {}).value(expression, NAMES)
    assert compiled is not None, problems
    return compiled.evaluate({"order": an_order(), **scope})


@given(AMOUNTS, AMOUNTS)
def test_arithmetic_is_decimal_arithmetic(a: Decimal, b: Decimal) -> None:
    """The filters calculate as Decimal does, whether the numbers come as such or as texts."""
    with localcontext(prec=38, rounding=ROUND_HALF_UP):
        expected = {
            "plus": a + b,
            "minus": a - b,
            "times": a * b,
            "at_least": max(a, b),
            "at_most": min(a, b),
        }
        if b:
            expected |= {"divided_by": a / b, "modulo": a % b}
    for name, result in expected.items():
        found = evaluate(f"a | {name}: b", a=a, b=b)
        assert isinstance(found, Decimal)
        assert found == result, name
        assert evaluate(f"a | {name}: b", a=str(a), b=str(b)) == result, name
        assert evaluate(f"a | {name}: {b}", a=a) == result, name


@given(AMOUNTS, st.integers(0, 6))
def test_rounding(a: Decimal, places: int) -> None:
    """Halves go away from zero; floor and ceil go down and up; places are exact."""
    unit = Decimal(1).scaleb(-places)
    for name, rounding in (
        ("round", ROUND_HALF_UP),
        ("floor", ROUND_FLOOR),
        ("ceil", ROUND_CEILING),
    ):
        found = evaluate(f"a | {name}: {places}", a=a)
        assert found == a.quantize(unit, rounding=rounding)
        assert found.as_tuple().exponent == -places


@given(st.lists(AMOUNTS, max_size=8))
def test_sum(values: list[Decimal]) -> None:
    """A sum is exact, of values and of a field of elements; null counts nothing."""
    assert evaluate("a | sum", a=[*values, None]) == sum(values, Decimal(0))
    assert evaluate("a | sum: 'v'", a=[{"v": v} for v in values]) == sum(values, Decimal(0))


@given(st.integers(), st.integers())
def test_integers_stay_exact(a: int, b: int) -> None:
    """Integers of the source and of the mapping add up as integers."""
    assume(abs(a) < 10**36 and abs(b) < 10**36)
    assert evaluate(f"a | plus: {b}", a=a) == a + b


def test_results_do_not_depend_on_the_callers_decimal_context() -> None:
    """A thread with a context of two digits gets the same money."""
    with localcontext(prec=2):
        assert evaluate("a | plus: b | abs", a=Decimal("-1234.56"), b=0) == Decimal("1234.56")


@pytest.mark.parametrize(
    ("expression", "scope", "expected"),
    [
        ("9.99 | times: 2", {}, Decimal("19.98")),
        ("0.1 | plus: 0.2", {}, Decimal("0.3")),
        ("7 | divided_by: 2", {}, Decimal("3.5")),
        ("1.005 | round: 2", {}, Decimal("1.01")),
        ("-1.5 | round", {}, Decimal(-2)),
        ("'12' | plus: ' 3.5 '", {}, Decimal("15.5")),
        ("a | plus: 1", {"a": 0.1}, Decimal("1.1")),
        ("a | plus: b", {"a": 1, "b": None}, Decimal(1)),
        ("a | minus: b", {"a": 1, "b": None}, Decimal(1)),
        ("a | times: b", {"a": 1, "b": None}, None),
        ("a | at_most: b", {"a": 1, "b": None}, Decimal(1)),
        ("a | append: 'x'", {"a": 2}, "2x"),
        ("a | append: 'x'", {"a": Decimal("1E+2")}, "100x"),
        ("a | append: b", {"a": "y", "b": None}, "y"),
        ("a | prepend: true", {"a": "x"}, "truex"),
        ("'hello WORLD' | capitalize", {}, "Hello world"),
        ("' a  b ' | squish", {}, "a b"),
        ("' a ' | strip | upcase | downcase", {}, "a"),
        ("' a' | lstrip", {}, "a"),
        ("'a ' | rstrip", {}, "a"),
        ("'<b>x</b>' | strip_html", {}, "x"),
        ("'a&b' | escape", {}, "a&amp;b"),
        ("'a b&c' | url_encode | url_decode", {}, "a b&c"),
        ("a | strip_newlines", {"a": "x\r\ny\n"}, "xy"),
        ("a | newline_to_br", {"a": "x\ny"}, "x<br />\ny"),
        ("'aXbXc' | replace: 'X', '-'", {}, "a-b-c"),
        ("'aXbXc' | replace_first: 'X', '-'", {}, "a-bXc"),
        ("'aXbXc' | replace_last: 'X', '-'", {}, "aXb-c"),
        ("'aXbXc' | remove: 'X'", {}, "abc"),
        ("'aXbXc' | remove_first: 'X'", {}, "abXc"),
        ("'aXbXc' | remove_last: 'X'", {}, "aXbc"),
        ("'abc' | remove_last: 'X'", {}, "abc"),
        ("'abc' | replace: '', 'x'", {}, "abc"),
        ("'abcdef' | slice: 1, 3", {}, "bcd"),
        ("'abcdef' | slice: -2, 9", {}, "ef"),
        ("'abcdef' | slice: 2", {}, "c"),
        ("order.tags | slice: 0, 1", {}, ["vip"]),
        ("'a,b' | split: ','", {}, ["a", "b"]),
        ("' a  b ' | split: ' '", {}, ["a", "b"]),
        ("'ab' | split: ''", {}, ["a", "b"]),
        ("'' | split: ','", {}, []),
        ("order.id | split: '/' | last", {}, "1001"),
        ("'abcdefgh' | truncate: 5", {}, "ab..."),
        ("'abcdefgh' | truncate: 5, ''", {}, "abcde"),
        ("'abc' | truncate: 5", {}, "abc"),
        ("'a b c' | truncatewords: 2", {}, "a b..."),
        ("order.createdAt | date: '%Y-%m-%d'", {}, "2026-01-31"),
        ("'2026-01-31T23:00:00+02:00' | date: '%d.%m.%y %H:%M %z'", {}, "31.01.26 23:00 +0200"),
        ("order.tags | join: ', '", {}, "vip, web"),
        ("order.tags | first", {}, "vip"),
        ("order.tags | reverse | first", {}, "web"),
        ("order.tags | size", {}, 2),
        ("'abc' | size", {}, 3),
        ("a | compact | uniq | join", {"a": ["x", None, "x", "y"]}, "x y"),
        ("a | concat: b", {"a": [1], "b": [2]}, [1, 2]),
        ("order.lineItems | map: 'sku' | join: '+'", {}, "A+B"),
        ("order.lineItems | where: 'sku', 'B' | map: 'quantity'", {}, [0]),
        ("order.lineItems | reject: 'sku', 'B' | map: 'sku'", {}, ["A"]),
        ("order.lineItems | has: 'sku', 'Z'", {}, False),
        ("a | where: 'v', 1 | size", {"a": [{"v": True}, {"v": 1}]}, 1),
        ("a | find: 'v'", {"a": [{"v": None}, {"v": "x"}]}, {"v": "x"}),
        ("a | default: 'x'", {"a": None}, "x"),
        ("a | default: 'x'", {"a": ""}, "x"),
        ("a | default: 'x'", {"a": []}, "x"),
        ("a | default: 'x'", {"a": 0}, 0),
        ("a | default: 'x'", {"a": False}, "x"),
        ("a | default: 'x', allow_false: true", {"a": False}, False),
        ("order.lineItems.size", {}, 2),
        ("order.lineItems.last.sku", {}, "B"),
        ("order.lineItems[-1]['sku']", {}, "B"),
        ("order.lineItems[7].sku", {}, None),
        ("order.name.size", {}, 5),
        ("order['name']", {}, "#1001"),
        ("nil", {}, None),
    ],
)
def test_examples(expression: str, scope: dict[str, Any], expected: Any) -> None:
    """Each filter once, as the reference describes it."""
    found = evaluate(expression, **scope)
    assert found == expected
    assert type(found) is type(expected)


def test_null_in_null_out() -> None:
    """Every filter but default passes null on, so that a default at the end catches it."""
    arguments = {0: "", 1: ": 1", 2: ": 1, 2"}
    for name, spec in FILTERS.items():
        argument = ": '%Y'" if name == "date" else ": 'v'" if spec.field else arguments[spec.least]
        argument = ": b" if name == "concat" else argument
        found = evaluate(f"a | {name}{argument if spec.most else ''}", a=None, b=[])
        assert found == (1 if name == "default" else None), name


@pytest.mark.parametrize(
    ("expression", "scope", "message"),
    [
        ("a | plus: 1", {"a": "private"}, 'filter "plus": a text that is not a number'),
        ("a | plus: 1", {"a": "1e5"}, 'filter "plus": a text that is not a number'),
        ("a | plus: 1", {"a": "1,000"}, 'filter "plus": a text that is not a number'),
        ("a | plus: 1", {"a": "NaN"}, 'filter "plus": a text that is not a number'),
        ("a | plus: 1", {"a": "٣"}, 'filter "plus": a text that is not a number'),
        ("a | plus: 1", {"a": Decimal("NaN")}, 'filter "plus": a number of more than 38 digits'),
        (
            "a | plus: 1",
            {"a": Decimal("1e999999")},
            'filter "plus": a number of more than 38 digits',
        ),
        ("a | plus: 1", {"a": True}, 'filter "plus": a boolean, not a number'),
        ("a | plus: 1", {"a": {}}, 'filter "plus": an object, not a number'),
        ("a | divided_by: b", {"a": 1, "b": 0}, 'filter "divided_by": a division by zero'),
        ("a | divided_by: b", {"a": 0, "b": 0}, 'filter "divided_by": a division by zero'),
        ("a | modulo: b", {"a": 1, "b": 0}, 'filter "modulo": a division by zero'),
        ("a | round: b", {"a": 1, "b": 99}, 'filter "round": decimal places are 0 to 19'),
        (
            "a | round: b",
            {"a": 1, "b": Decimal("0.5")},
            'filter "round": a number with a fraction, not a whole number',
        ),
        ("a | join", {"a": "x"}, 'filter "join": a text, not a list'),
        ("a | join", {"a": [{}]}, 'filter "join": an object, not a single value'),
        (
            "a | map: 'v'",
            {"a": [{"w": 1}]},
            "filter \"map\": unknown field 'v' of a list's element",
        ),
        ("a | map: 'v'", {"a": ["x"]}, 'filter "map": a text has no fields'),
        ("a | upcase", {"a": [1]}, 'filter "upcase": a list, not a single value'),
        ("a | date: '%Y'", {"a": "now"}, 'filter "date": a text that is not an ISO 8601 time'),
        ("a | date: '%Y'", {"a": "today"}, 'filter "date": a text that is not an ISO 8601 time'),
        ("a | date: '%Y'", {"a": "2026-01-01"}, 'filter "date": a time without an offset from UTC'),
        ("a | date: '%Y'", {"a": 0}, 'filter "date": a number, not a time'),
        ("a | date: b", {"a": "", "b": "%A"}, "date knows no %A"),
    ],
)
def test_refused_at_run_time(expression: str, scope: dict[str, Any], message: str) -> None:
    """What cannot be is an error that names kinds, never values."""
    with pytest.raises(Failed) as caught:
        evaluate(expression, **scope)
    assert message in caught.value.message
    assert "private" not in caught.value.message


def test_filters_outside_the_language() -> None:
    """Filters of python-liquid that are impure, unsafe or of no use here do not exist."""
    for name in ("sort", "sort_natural", "base64_decode", "safe", "escapejs", "find_index"):
        compiled, problems = Compiler(FILTERS, {}).value(f"a | {name}", NAMES)
        assert compiled is None
        assert [p.code for p in problems] == ["M202"]


@given(st.text(max_size=30))
def test_a_text_is_a_number_only_when_it_is(text: str) -> None:
    """What number() takes is a plain decimal number, and it means what it says."""
    try:
        found = number(text)
    except Failed:
        return
    assert text.strip().lstrip("+-").replace(".", "", 1).isdecimal()
    assert plain(found) == str(Decimal(text.strip()).__format__("f"))
