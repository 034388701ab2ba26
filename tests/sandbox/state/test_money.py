"""Amounts: their text, their division, their two currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sandbox.money import Currencies, amount_text, part, scalar_text, spread

CENTS = st.integers(0, 10_000_00).map(lambda n: Decimal(n) / 100)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("31.90", "31.9"),
        ("20", "20.0"),
        ("20.00", "20.0"),
        ("2629.95", "2629.95"),
        ("0.00", "0.0"),
        ("-10.00", "-10.0"),
        ("1500", "1500.0"),
    ],
)
def test_amount_text(amount: str, text: str) -> None:
    """Trailing zeros go, one stays (captured: 31.9, 20.0, 2629.95)."""
    assert amount_text(Decimal(amount)) == text


def test_scalar_text() -> None:
    """The Money scalar has two decimals (captured: 0.00, 25.00)."""
    assert (scalar_text(Decimal(0)), scalar_text(Decimal(25))) == ("0.00", "25.00")


@given(CENTS, st.lists(CENTS, min_size=1, max_size=12))
def test_spread_loses_nothing(total: Decimal, weights: list[Decimal]) -> None:
    """The shares are whole cents, make up the total, and no line gets one it has no weight for."""
    shares = spread(total, weights, "USD")
    if not any(weights):
        assert not any(shares)
        return
    assert sum(shares) == total
    assert all(share == share.quantize(Decimal("0.01")) for share in shares)
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if not weight)


def test_spread_in_yen() -> None:
    """Yen are never divided."""
    assert spread(Decimal(100), [Decimal(1)] * 3, "JPY") == [34, 33, 33]


@given(CENTS, st.integers(1, 40), st.data())
def test_parts_make_up_the_whole(total: Decimal, of: int, data: st.DataObject) -> None:
    """What is left and what was taken off, by difference, are the line; nothing is left of none."""
    units = data.draw(st.integers(0, of))
    left = part(total, units, of, "USD")
    assert 0 <= left <= total
    assert part(total, of, of, "USD") == total
    assert part(total, 0, of, "USD") == 0


def test_two_currencies() -> None:
    """The customer's amount is rounded first; the shop's is that at the order's rate."""
    bag = Currencies("USD", "JPY", Decimal("0.0067")).bag(Decimal("1234.5"))
    assert (bag.presentment, bag.shop) == (Decimal(1235), Decimal("8.27"))
