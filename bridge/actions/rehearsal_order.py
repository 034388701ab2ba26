"""An order for a test of order_pull: what the test says, and what follows from it. Pure.

A test of a shipping code says one shipping line and nothing else. The rest is filled in so that
the order is one that a store could have: an amount that is not given is zero, a line that says
nothing is one unit still to be shipped, and the totals are what the parts add up to.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final

from bridge.actions.money import parts_total
from bridge.mapping.cases import Given
from bridge.mapping.samples import Path, complete
from bridge.schema.shape import Shape
from bridge.shopify.documents import Operation

ORDER_NUMBER: Final = 1001
"""The number of an order that has no ``id``, in its refnum too."""

Node = Mapping[str, Any]


def pulled_order(given: Given, pull: Operation, *, shop_currency: bool) -> dict[str, Any]:
    """The order as ``OrderReader`` gives it with ``pull``; findings go to ``given``."""
    written = given.value("input") or {}
    sample = _Sample(shop_currency=shop_currency, currency=_currency(written))
    made = complete(
        written,
        pulled_shape(pull, shop_currency=shop_currency),
        given.report("input"),
        strict=given.strict("input"),
        prepare=sample.prepare,
    )
    order = made if isinstance(made, dict) else {}
    if order and not given.findings and isinstance(written, Mapping):
        _add_up(order, written, sample)
    return order


@cache
def pulled_shape(pull: Operation, *, shop_currency: bool) -> Shape:
    """An order as OrderPull reads it, with the one of its two currencies that it asks for."""
    asked = {"presentment": not shop_currency, "byQuery": True, "byIds": False}
    asked |= {"withCancelled": False, "withRecent": False}
    page = pull.shape(["page"], asked)
    return page.of if page.of is not None else page


def _currency(written: object) -> str:
    known = written if isinstance(written, Mapping) else {}
    return str(known.get("presentmentCurrencyCode") or known.get("currencyCode") or "USD")


def _add_up(order: dict[str, Any], written: Node, sample: _Sample) -> None:
    """The totals that the test does not give, from the parts that it does."""
    key = sample.money

    def total(rows: list[Node], name: str) -> Decimal:
        bags = [row[name][key] for row in rows]
        return sum((Decimal(b["amount"]) for b in bags if b is not None), Decimal(0))

    shipping, lines = order["shippingLines"], order["lineItems"]
    taxed = [tax for row in [*lines, *shipping] for tax in row["taxLines"]]
    if "currentShippingPriceSet" not in written:
        amount = total(shipping, "currentDiscountedPriceSet")
        order["currentShippingPriceSet"] = sample.bag(amount)
    if "currentTotalTaxSet" not in written:
        order["currentTotalTaxSet"] = sample.bag(total(taxed, "priceSet"))
    if "currentTotalPriceSet" not in written:
        due = parts_total(order, shop_currency=sample.shop_currency)
        order["currentTotalPriceSet"] = sample.bag(due)


class _Sample:
    """What is known of the types of an order, beyond their shapes."""

    def __init__(self, *, shop_currency: bool, currency: str) -> None:
        self.shop_currency = shop_currency
        self.money = "shopMoney" if shop_currency else "presentmentMoney"
        self._currency = currency

    def bag(self, amount: Decimal) -> dict[str, Any]:
        """A MoneyBag as the bridge reads it."""
        return {self.money: {"amount": amount, "currencyCode": self._currency}}

    def prepare(self, shape: Shape, given: object, path: Path) -> object:
        """The value with what follows from it, for the types of which more is known."""
        if shape.type_name == "MoneyBag":
            return self._bag(given)
        if not isinstance(given, Mapping):
            return given
        number = path[-1] + 1 if path and isinstance(path[-1], int) else 1
        known: dict[str, object] = dict(given)
        match shape.type_name:
            case "Order":
                _fill_order(known, self._currency)
            case "LineItem":
                _fill_line(known, number)
            case "OrderTransaction":
                known.setdefault("status", "SUCCESS")
                known.setdefault("kind", "SALE")
        if "id" in shape.fields:
            known.setdefault("id", f"gid://shopify/{shape.type_name}/{number}")
        return known

    def _bag(self, given: object) -> object:
        """``9.99``, or what Shopify answers, with the currency that the bridge asks for."""
        if not isinstance(given, Mapping):
            return {self.money: {"amount": given, "currencyCode": self._currency}}
        money = given.get(self.money) or given.get("presentmentMoney") or given.get("shopMoney")
        rest = {k: v for k, v in given.items() if k not in ("presentmentMoney", "shopMoney")}
        if not isinstance(money, Mapping):
            money = {"amount": 0}
        return {**rest, self.money: {"currencyCode": self._currency, **money}}


def _fill_order(known: dict[str, object], currency: str) -> None:
    number = str(known.get("legacyResourceId") or known.get("id") or ORDER_NUMBER)
    number = number.rsplit("/", 1)[-1]
    known.setdefault("id", f"gid://shopify/Order/{number}")
    known.setdefault("legacyResourceId", number)
    known.setdefault("name", f"#{number}")
    known.setdefault("currencyCode", currency)
    known.setdefault("presentmentCurrencyCode", currency)
    known.setdefault("lineItems", [{}])


def _fill_line(known: dict[str, object], number: int) -> None:
    """One unit of something that is shipped, unless the test says otherwise."""
    known.setdefault("title", f"Product {number}")
    known.setdefault("name", known["title"])
    for name, like in (
        ("quantity", known.get("currentQuantity", 1)),
        ("currentQuantity", known.get("quantity", 1)),
        ("unfulfilledQuantity", known.get("currentQuantity", known.get("quantity", 1))),
    ):
        known.setdefault(name, like if isinstance(like, int) else 1)  # what is wrong is told once
    known.setdefault("requiresShipping", True)
