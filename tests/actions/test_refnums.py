"""A refnum may be an id, a GID, a name or #name; it reaches Shopify's search only quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.refnums import gid_of, is_gid, same_name
from bridge.shopify.search import any_of, quoted


@pytest.mark.parametrize(
    ("refnum", "gid"),
    [
        ("496", "gid://shopify/Order/496"),
        (" 5500000000001 ", "gid://shopify/Order/5500000000001"),
        ("gid://shopify/Order/496", "gid://shopify/Order/496"),
        ("gid://shopify/Order/496?x=1", "gid://shopify/Order/496"),
        ("#1001", None),
        ("1001-A", None),
        ("0", None),
        ("gid://shopify/Order/0", None),
        ("gid://shopify/Order/abc", None),
        ("gid://shopify/Product/496", None),
        ("१२३", None),
        ("99999999999999999999", None),
        ("", None),
    ],
)
def test_ids_are_recognised_without_asking(refnum: str, gid: str | None) -> None:
    """Only what Shopify would take: a malformed GID is a top-level error for the whole request."""
    assert gid_of(refnum) == gid


def test_gids_are_no_names() -> None:
    """A GID of something else is not searched as a name."""
    assert is_gid("gid://shopify/Product/1")
    assert not is_gid("#gid")


@pytest.mark.parametrize(
    ("refnum", "name", "same"),
    [
        ("#1001", "#1001", True),
        ("1001", "#1001", True),
        ("#1001", "1001", True),
        ("EN1001", "EN1001", True),
        ("1001", "#10010", False),
        ("1001", "#1001-A", False),
        ("en1001", "EN1001", False),
        ("##1001", "#1001", False),
        ("", "#", False),
    ],
)
def test_names_are_compared_exactly(refnum: str, name: str, *, same: bool) -> None:
    """Search matches prefixes and tokens; one # before the name does not count."""
    assert same_name(refnum, name) is same


@given(st.text())
def test_a_quoted_value_cannot_be_left(value: str) -> None:
    """Undoing the escapes gives the value back, and no quote inside stands without its escape."""
    text = quoted(value)
    inner = text[1:-1]
    out = []
    characters = iter(inner)
    for character in characters:
        assert character != "'"
        out.append(next(characters) if character == "\\" else character)
    assert "".join(out) == value


def test_several_values() -> None:
    """One term a value, joined by OR."""
    assert any_of("sku", ["A", "B'"]) == "sku:'A' OR sku:'B\\''"
