"""Every spelling that a caller uses for one thing is read as that thing."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from bridge.retailops import scalars
from tests.retailops import strategies

JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(),
    st.from_regex(r"[+-]?[0-9.eE]{1,30}"),
    st.just([]),
    st.just({}),
)


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        (24, Decimal(24)),
        (9.99, Decimal("9.99")),
        (Decimal("9.990"), Decimal("9.99")),
        ("24", Decimal(24)),
        (" 24.50 ", Decimal("24.5")),
        ("-.5", Decimal("-0.5")),
        ("1e2", Decimal(100)),
        (0, Decimal(0)),
        ("-0", Decimal(0)),
        (None, None),
        ("", None),
        ("  ", None),
    ],
    ids=repr,
)
def test_numbers_in_every_spelling(given_: Any, read: Decimal | None) -> None:
    """Ints, floats, numeric strings and null are numbers; floats keep their shortest text."""
    assert scalars.read_number(given_) == read


@pytest.mark.parametrize(
    "wrong",
    [
        True,
        False,
        "abc",
        "1,5",
        "0x10",
        "٣",
        "nan",
        "1e999",
        1e300,
        10**30,
        [],
        {},
        [1],
        float("nan"),
        float("inf"),
        Decimal("1e-999999"),
        "9" * 81,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_no_number(wrong: Any) -> None:
    """A boolean, other text, other scripts' digits, NaN and endless numbers are refused."""
    with pytest.raises(PydanticCustomError):
        scalars.read_number(wrong)


@pytest.mark.parametrize(
    ("given_", "read"),
    [(24.0, 24), ("24.0", 24), ("24", 24), (Decimal("2E+1"), 20), (None, None)],
    ids=repr,
)
def test_whole_numbers_in_every_spelling(given_: Any, read: int | None) -> None:
    """24.0 and "24.0" are 24."""
    assert scalars.read_integer(given_) == read


@pytest.mark.parametrize("wrong", [1.5, "1.5", True, False, 2**63, "x"], ids=repr)
def test_false_is_not_zero_and_one_and_a_half_is_no_quantity(wrong: Any) -> None:
    """Booleans and fractions are never whole numbers, nor is what needs more than 64 bits."""
    with pytest.raises(PydanticCustomError):
        scalars.read_integer(wrong)


@pytest.mark.parametrize("nothing", [0, "0", 0.0, None, "", -1], ids=repr)
def test_an_id_of_zero_is_absent(nothing: Any) -> None:
    """The official examples carry 0 for ids that are not known."""
    assert scalars.read_id(nothing) is None


@pytest.mark.parametrize("true", [True, 1, 1.0, "1", "true", "TRUE", " yes ", "t", "on"], ids=repr)
def test_removed_in_every_spelling_of_true(true: Any) -> None:
    """`removed` comes as a boolean, as 1 and as text."""
    assert scalars.read_flag(true) is True


@pytest.mark.parametrize(
    "false", [False, 0, 0.0, "0", "false", "False", "no", "", None, "null"], ids=repr
)
def test_removed_in_every_spelling_of_false(false: Any) -> None:
    """`removed` null means not removed; the text "false" is not true because it is not empty."""
    assert scalars.read_flag(false) is False


@pytest.mark.parametrize("wrong", [2, "maybe", [], {}, -1], ids=repr)
def test_a_flag_is_never_guessed(wrong: Any) -> None:
    """2 or "maybe" could remove a line that nobody removed: refused."""
    with pytest.raises(PydanticCustomError):
        scalars.read_flag(wrong)


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ("S 1 ", "S 1 "),
        (496, "496"),
        (496.0, "496"),
        (Decimal("9.50"), "9.5"),
        (Decimal("1E+3"), "1000"),
        (0, "0"),
        ("", None),
        ("  ", None),
        (None, None),
    ],
    ids=repr,
)
def test_text_in_every_spelling(given_: Any, read: str | None) -> None:
    """A SKU of digits may come as a number; blank text is absent; other text stays as it is."""
    assert scalars.read_text(given_) == read


def test_a_refnum_has_no_blanks_around_it() -> None:
    """`" 496 "` names order 496."""
    assert scalars.read_refnum(" 496 ") == "496"


@pytest.mark.parametrize("nothing", ["null", "NULL", None, "", 0, "0"], ids=repr)
def test_an_rma_id_of_null_as_text_is_absent(nothing: Any) -> None:
    """The official example's `retailops_rma_id` is the text "null"."""
    assert scalars.read_rma_id(nothing) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "2016-04-08T21:13:11Z",
        "2016-04-08T23:13:11+02:00",
        "2016-04-08 21:13:11",
        " 2016-04-08T21:13:11 ",
        1460149991,
        "1460149991",
        1460149991.0,
        1460149991000,
        Decimal("1460149991"),
    ],
    ids=repr,
)
def test_dates_iso_or_unix(spelling: Any) -> None:
    """ISO 8601 with or without an offset (then UTC), unix seconds or milliseconds, as text too."""
    assert scalars.read_moment(spelling) == datetime(2016, 4, 8, 21, 13, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    "unreadable",
    ["string", "0000-00-00 00:00:00", "", None, False, [], {}, 0, 10**18, "2016-13-40"],
    ids=repr,
)
def test_an_unreadable_date_is_absent(unreadable: Any) -> None:
    """The official inventory example's date is the word "string", and must not fail the call."""
    assert scalars.read_moment(unreadable) is None


@strategies.patient
@given(JSON_SCALARS)
def test_nothing_but_our_own_refusal_ever_comes_out(value: Any) -> None:
    """Whatever JSON holds: a value of the type, or a PydanticCustomError; never another error."""
    for read, kinds in (
        (scalars.read_number, (Decimal, type(None))),
        (scalars.read_integer, (int, type(None))),
        (scalars.read_id, (int, type(None))),
        (scalars.read_text, (str, type(None))),
        (scalars.read_refnum, (str, type(None))),
        (scalars.read_rma_id, (str, type(None))),
        (scalars.read_flag, (bool,)),
        (scalars.read_moment, (datetime, type(None))),
    ):
        try:
            result = read(value)
        except PydanticCustomError:
            continue
        assert isinstance(result, kinds)
        if isinstance(result, datetime):
            assert result.tzinfo is not None
