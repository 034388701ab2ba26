"""Amounts as Shopify keeps them: always twice, in the shop's and in the customer's currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

from bridge.sandbox.errors import NotModelled

# ISO 4217 minor units other than 2, for the currencies that the store may be paid in.
_PLACES = {"JPY": 0, "KRW": 0, "CLP": 0, "KWD": 3, "BHD": 3}

# Shopify's Decimal has any number of digits (documented); an amount in a refusal is told with all
# that it was asked with. Nobody means more than this, and none costs the store its memory.
_DIGITS = 100


def places(currency: str) -> int:
    """Digits behind the point in ``currency`` (JPY 0, most 2)."""
    return _PLACES.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` in the currency's minor unit, half up. Raises NotModelled beyond 100 digits."""
    unit = Decimal(1).scaleb(-places(currency))
    try:
        return amount.quantize(unit, ROUND_HALF_UP, Context(prec=_DIGITS))
    except InvalidOperation:
        raise NotModelled(f"an amount of more than {_DIGITS} digits") from None


def amount_text(amount: Decimal) -> str:
    """``MoneyV2.amount``: trailing zeros dropped but one kept, ``31.9``, ``20.0`` (captured)."""
    text = f"{amount:f}"
    if "." not in text:
        return f"{text}.0"
    text = text.rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def scalar_text(amount: Decimal) -> str:
    """The ``Money`` scalar: two decimals, ``25.00`` (captured)."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"


def part(total: Decimal, units: int, of: int, currency: str) -> Decimal:
    """The share of ``total`` that ``units`` out of ``of`` carry, rounded."""
    if of == 0 or units == 0:
        return Decimal(0)
    return total if units == of else rounded(total * units / of, currency)


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """``total`` divided in proportion to ``weights``, without losing a minor unit.

    Each share is rounded down; what is left over goes, unit by unit, to the shares that lost
    most, the earlier line first. No weight at all gives zeros.
    """
    whole = sum(weights, Decimal(0))
    if not whole:
        return [Decimal(0) for _ in weights]
    unit = Decimal(1).scaleb(-places(currency))
    exact = [total * weight / whole for weight in weights]
    shares = [share.quantize(unit, ROUND_DOWN) for share in exact]
    order = sorted(range(len(weights)), key=lambda n: (shares[n] - exact[n], n))
    missing = int((total - sum(shares, Decimal(0))) / unit)
    for n in order[:missing]:
        shares[n] += unit
    return shares


@dataclass(frozen=True, slots=True)
class Currencies:
    """The two currencies of an order, and the rate that it was placed at (shop per presentment)."""

    shop: str
    presentment: str
    rate: Decimal = Decimal(1)

    def bag(self, presentment: Decimal) -> Bag:
        """An amount that the customer sees, with its shop amount at the order's rate."""
        seen = rounded(presentment, self.presentment)
        return Bag(rounded(seen * self.rate, self.shop), seen, self)

    @property
    def zero(self) -> Bag:
        """No money, in both currencies."""
        return Bag(Decimal(0), Decimal(0), self)


@dataclass(frozen=True, slots=True)
class Bag:
    """Shopify's ``MoneyBag``. Sums are made in each currency by itself, never by converting."""

    shop: Decimal
    presentment: Decimal
    currencies: Currencies

    def __add__(self, other: Bag) -> Bag:
        return Bag(self.shop + other.shop, self.presentment + other.presentment, self.currencies)

    def __sub__(self, other: Bag) -> Bag:
        return Bag(self.shop - other.shop, self.presentment - other.presentment, self.currencies)

    def __neg__(self) -> Bag:
        return Bag(-self.shop, -self.presentment, self.currencies)

    def __mul__(self, units: int) -> Bag:
        return Bag(self.shop * units, self.presentment * units, self.currencies)

    def __bool__(self) -> bool:
        return bool(self.shop or self.presentment)

    def part(self, units: int, of: int) -> Bag:
        """The share of ``units`` out of ``of``, rounded in each currency."""
        return Bag(
            part(self.shop, units, of, self.currencies.shop),
            part(self.presentment, units, of, self.currencies.presentment),
            self.currencies,
        )

    def ratio(self, numerator: Decimal, denominator: Decimal) -> Bag:
        """``numerator / denominator`` of it, rounded in each currency; 0 when nothing is there."""
        if not denominator:
            return self.currencies.zero
        return Bag(
            rounded(self.shop * numerator / denominator, self.currencies.shop),
            rounded(self.presentment * numerator / denominator, self.currencies.presentment),
            self.currencies,
        )


def total(bags: Iterable[Bag], currencies: Currencies) -> Bag:
    """The sum of ``bags``; zero in ``currencies`` when there are none."""
    result = currencies.zero
    for bag in bags:
        result = result + bag
    return result
