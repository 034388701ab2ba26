"""Between RetailOps' amounts and the money that the customer paid in. Pure.

An order is told to RetailOps in presentment money, or, with ``order_pull.currency = "shop"``, in
the shop's. Money moves in presentment currency only, so what RetailOps says in the shop's is
converted by the order's own ratio: its total in one currency to its total in the other, exactly
as Shopify wrote them when the order was placed. Never by a rate of the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from bridge.config.models import quantum

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Converts between RetailOps' currency and the customer's.

    ``ratio`` is how much presentment money one unit of RetailOps' currency is; 1 when both are
    the same. Results are rounded half up to the currency's smallest amount.
    """

    presentment: str
    retailops: str
    shop: str
    ratio: Fraction = Fraction(1)

    @property
    def foreign(self) -> bool:
        """Whether the customer pays in another currency than the shop's."""
        return self.presentment != self.shop

    def from_retailops(self, amount: Decimal) -> Decimal:
        """An amount as RetailOps says it, in the customer's currency."""
        return _rounded(Fraction(amount) * self.ratio, quantum(self.presentment))

    def to_retailops(self, amount: Decimal) -> Decimal:
        """An amount of the customer's currency, as RetailOps counts it."""
        return _rounded(Fraction(amount) / self.ratio, quantum(self.retailops))


def pulled_in(order: Node, *, shop_currency: bool) -> Exchange:
    """How amounts are converted that are in the currency that the order was pulled in.

    ``order`` has ``presentmentCurrencyCode``, ``currencyCode`` and ``totalPriceSet`` with both
    moneys. ``shop_currency``: it was pulled in the shop's.
    """
    presentment, shop = str(order["presentmentCurrencyCode"]), str(order["currencyCode"])
    if not shop_currency or shop == presentment:
        return Exchange(presentment, presentment, shop)
    total = order["totalPriceSet"]
    ours, theirs = total["presentmentMoney"]["amount"], total["shopMoney"]["amount"]
    # An order of 0.00 has no ratio, and nothing that could be taken or given back.
    ratio = Fraction(ours) / Fraction(theirs) if ours > 0 and theirs > 0 else Fraction(1)
    return Exchange(presentment, shop, shop, ratio)


def exchange(order: Node, *, told: str | None, shop_currency: bool) -> Exchange | None:
    """As ``pulled_in``, for a request that names its currency: ``told``, None or blank if not.

    None: it is neither the customer's nor the shop's.
    """
    if not told:
        return pulled_in(order, shop_currency=shop_currency)
    spoken = told.strip().upper()
    if spoken not in {order["presentmentCurrencyCode"], order["currencyCode"]}:
        return None
    return pulled_in(order, shop_currency=spoken != order["presentmentCurrencyCode"])


def presentment(value: Node | None) -> Decimal:
    """The customer's money of a MoneyBag; zero for none."""
    return Decimal(0) if value is None else Decimal(value["presentmentMoney"]["amount"])


def as_text(amount: Decimal) -> str:
    """An amount for Shopify and for the ledger: no exponent."""
    return format(amount, "f")


def said(amount: Decimal, currency: str) -> str:
    """An amount as a person reads it: ``12.50 USD``, ``1500 JPY``."""
    step = quantum(currency)
    exact = amount.quantize(step)
    return f"{as_text(exact if exact == amount else amount)} {currency}"


def _rounded(amount: Fraction, step: Decimal) -> Decimal:
    # Half up by integers: a Fraction has no exact Decimal.
    units = amount / Fraction(step)
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return (Decimal(whole) * step).quantize(step, rounding=ROUND_HALF_UP)
