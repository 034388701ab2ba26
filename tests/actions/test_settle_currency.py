"""Between RetailOps' amounts and the customer's: by the order's own ratio, to the last cent."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.currency import as_text, exchange, pulled_in, said
from tests.actions.payments import bag

CENTS = st.integers(1, 10_000_000).map(lambda n: D(n) / 100)


def order(currency: str, total: object, shop: object) -> dict:
    """An order with both totals; the shop counts in US dollars."""
    return {
        "presentmentCurrencyCode": currency,
        "currencyCode": "USD",
        "totalPriceSet": bag(total, currency, shop),
    }


def test_presentment_money_is_left_alone() -> None:
    """What was pulled in the customer's currency comes back in it."""
    rate = pulled_in(order("EUR", 100, 110), shop_currency=False)
    assert rate.from_retailops(D("12.34")) == D("12.34")
    assert (rate.presentment, rate.retailops, rate.foreign) == ("EUR", "EUR", True)
    assert not pulled_in(order("USD", 100, 100), shop_currency=True).foreign


@given(total=CENTS, shop=CENTS)
def test_the_whole_order_converts_to_the_whole_order(total: D, shop: D) -> None:
    """What RetailOps was told as the total takes exactly what the customer owes, and back."""
    rate = pulled_in(order("EUR", total, shop), shop_currency=True)
    assert rate.from_retailops(shop) == total
    assert rate.to_retailops(total) == shop


def test_yen_have_no_cents() -> None:
    """Half up to the smallest amount of the currency."""
    rate = pulled_in(order("JPY", 15000, 100), shop_currency=True)
    assert rate.from_retailops(D("33.33")) == D(5000)
    assert rate.to_retailops(D(5000)) == D("33.33")
    assert said(D(5000), "JPY") == "5000 JPY"
    assert said(D("12.5"), "USD") == "12.50 USD"
    assert as_text(D("1E+2")) == "100"


@pytest.mark.parametrize(
    ("told", "shop_currency", "amount"),
    [
        ("EUR", False, 100),
        ("EUR", True, 100),  # the code decides, not the setting
        ("USD", False, 50),
        (" usd ", True, 50),
        (None, False, 100),
        ("", True, 50),
    ],
)
def test_the_currency_that_a_request_names(told, shop_currency: bool, amount: int) -> None:
    """The customer's, the shop's, or, unnamed, the one that the order was pulled in."""
    rate = exchange(order("EUR", 100, 200), told=told, shop_currency=shop_currency)
    assert rate is not None
    assert rate.from_retailops(D(100)) == amount


def test_a_third_currency() -> None:
    """No rate, and so no money."""
    assert exchange(order("EUR", 100, 200), told="GBP", shop_currency=False) is None


def test_an_order_of_nothing() -> None:
    """No ratio can be had of 0.00; nothing fails over it."""
    rate = pulled_in(order("EUR", 0, 0), shop_currency=True)
    assert rate.from_retailops(D(5)) == 5
