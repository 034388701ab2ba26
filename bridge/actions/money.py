"""What an order costs, told the way RetailOps adds it up. Pure Decimal arithmetic.

RetailOps adds  Σ quantity·unit_price + Σ quantity·unit_tax + tax + shipping - discounts.
For every order this sum must be what the customer owes now (Shopify's
``currentTotalPriceSet``), to the last place: ``price_order`` returns figures that obey this
invariant or raises ``MoneyMismatch``. It never hides a difference that it cannot explain.

Where cents cannot be divided (3 units for 10.00) the unit price is rounded *up* to the
currency's minor unit and the difference goes into the order's discount, which stays positive.
Unit taxes are rounded *down* at four places; what is left, shipping tax included, is the
order's tax. In tax-included shops the tax is taken out of every price first.

The order is Shopify's node as ``shopify.values.plain`` gives it: connections are lists,
money is Decimal, and every MoneyBag carries exactly one of its two currencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any, Literal, NamedTuple

from bridge.config.models import quantum

ZERO = Decimal(0)
TAX_PLACES = Decimal("0.0001")  # RetailOps' unit_tax carries four places

Node = Mapping[str, Any]


class MoneyMismatch(Exception):
    """The parts of an order do not add up to what Shopify says the customer owes."""


@dataclass(frozen=True, slots=True)
class Extra:
    """Money on the order that belongs to no line: a tip, duties, an additional fee."""

    kind: Literal["tip", "duty", "fee"]
    title: str
    amount: Decimal


class LinePrice(NamedTuple):
    """One line's money. ``unit`` and ``discount`` follow the price mode; the rest is both.

    ``discount`` is the line's total (zero in net mode); everything excludes tax.
    """

    unit: Decimal
    discount: Decimal
    unit_tax: Decimal
    net_unit: Decimal
    gross_unit: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The order's own money: what no line carries. ``due`` is what the customer owes now."""

    shipping: Decimal
    tax: Decimal
    discount: Decimal
    due: Decimal


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """An order's money that obeys the invariant. ``lines`` is keyed by LineItem GID."""

    currency: str
    lines: Mapping[str, LinePrice]
    extras: tuple[Extra, ...]
    totals: Totals


def bag(value: Node | None) -> Decimal:
    """The one amount of a MoneyBag; zero for none (``currentTotalDutiesSet`` may be null)."""
    if value is None:
        return ZERO
    money = value.get("presentmentMoney") or value.get("shopMoney")
    return ZERO if money is None else Decimal(money["amount"])


def ceil_to(amount: Decimal, step: Decimal) -> Decimal:
    """Round towards plus infinity to a multiple of ``step``."""
    return amount.quantize(step, rounding=ROUND_CEILING)


def floor_to(amount: Decimal, step: Decimal) -> Decimal:
    """Round a non-negative amount down to a multiple of ``step``."""
    return amount.quantize(step, rounding=ROUND_DOWN)


class _Line(NamedTuple):
    """A line's current share of what was ordered; ``net`` is after discounts, without tax."""

    id: str
    quantity: int
    billed: Decimal
    discount: Decimal
    tax: Decimal
    net: Decimal
    gross: Decimal
    scaled: bool


def _line(node: Node, *, taxes_included: bool, step: Decimal) -> _Line:
    quantity, ordered = int(node["currentQuantity"]), int(node["quantity"])
    scaled = quantity != ordered
    discount = sum((bag(a["allocatedAmountSet"]) for a in node["discountAllocations"]), ZERO)
    tax = sum((bag(t["priceSet"]) for t in node["taxLines"]), ZERO)
    if scaled:
        # Shopify keeps both for the quantity that was ordered, edits and refunds or not.
        discount = floor_to(discount * quantity / ordered, step)
        tax = (tax * quantity / ordered).quantize(step, rounding=ROUND_HALF_UP)
    listed = quantity * bag(node["originalUnitPriceSet"])
    billed = listed - discount
    net, gross = billed, listed
    if taxes_included:
        net = billed - tax
        gross = listed * net / billed if billed else listed
    return _Line(node["id"], quantity, billed, discount, tax, net, gross, scaled)


def _extras(order: Node) -> list[Extra]:
    extras = []
    if not order["dutiesIncluded"]:
        extras.append(Extra("duty", "Duties", bag(order["currentTotalDutiesSet"])))
    extras.append(Extra("fee", "Additional fees", bag(order["currentTotalAdditionalFeesSet"])))
    extras.append(Extra("tip", "Tip", bag(order["totalTipReceivedSet"])))
    return [e for e in extras if e.amount]


def parts_total(order: Node, *, shop_currency: bool) -> Decimal:
    """What an order's lines, shipping, tax and extras add up to: the total that it should have."""
    step = quantum(order["currencyCode" if shop_currency else "presentmentCurrencyCode"])
    included = bool(order["taxesIncluded"])
    current = [n for n in order["lineItems"] if n["currentQuantity"] > 0]
    goods = sum((_line(n, taxes_included=included, step=step).billed for n in current), ZERO)
    tax = ZERO if included else bag(order["currentTotalTaxSet"])
    extras = sum((e.amount for e in _extras(order)), ZERO)
    return goods + bag(order["currentShippingPriceSet"]) + tax + extras


def price_order(order: Node, *, mode: Literal["net", "gross"], shop_currency: bool) -> PricedOrder:
    """Price one order. Raises ``MoneyMismatch`` with both sums when the parts do not add up."""
    currency = order["currencyCode" if shop_currency else "presentmentCurrencyCode"]
    step = quantum(currency)
    included = bool(order["taxesIncluded"])
    lines = [
        _line(node, taxes_included=included, step=step)
        for node in order["lineItems"]
        if node["currentQuantity"] > 0
    ]
    due = bag(order["currentTotalPriceSet"])
    total_tax = bag(order["currentTotalTaxSet"])
    shipping = bag(order["currentShippingPriceSet"])
    extras = _extras(order)
    goods = sum((x.billed for x in lines), ZERO) + shipping + (ZERO if included else total_tax)
    tolerance = step * sum(x.scaled for x in lines)
    extras, due = _settle_extras(goods, extras, due, tolerance)
    gap = goods + sum((e.amount for e in extras), ZERO) - due
    _explain(order, gap, due, tolerance)

    line_tax = sum((x.tax for x in lines), ZERO)
    if included:
        shipping -= total_tax - line_tax
    # Where Shopify rounded the order's tax below that of its lines, taxes per unit would say
    # too much: the order then tells its tax as a whole.
    per_unit = line_tax <= total_tax
    prices: dict[str, LinePrice] = {}
    rounding = ZERO
    for x in lines:
        prices[x.id], over = _price(x, mode=mode, step=step, taxed=per_unit)
        rounding += over
    return PricedOrder(
        currency,
        prices,
        tuple(extras),
        _totals(
            lines,
            prices,
            extras,
            shipping=shipping,
            total_tax=total_tax,
            over=rounding + gap,
            due=due,
            step=step,
        ),
    )


def _settle_extras(
    goods: Decimal, extras: list[Extra], due: Decimal, tolerance: Decimal
) -> tuple[list[Extra], Decimal]:
    """A tip may also stand among the lines, or outside Shopify's total: count it once."""
    tip = next((e for e in extras if e.kind == "tip"), None)
    if tip is None:
        return extras, due
    rest = [e for e in extras if e is not tip]
    without = goods + sum((e.amount for e in rest), ZERO)
    if abs(without + tip.amount - due) <= tolerance:
        return extras, due
    if abs(without - due) <= tolerance:
        return rest, due
    return extras, due


def _explain(order: Node, gap: Decimal, due: Decimal, tolerance: Decimal) -> None:
    """Raise unless the gap is rounding of scaled lines or money given back without goods."""
    if abs(gap) <= tolerance:
        return
    given_back = -bag(order["refundDiscrepancySet"])  # positive: more refunded than the goods
    if gap > 0 and abs(gap - given_back) <= tolerance:
        return
    raise MoneyMismatch(
        f"lines, tax, shipping and extras add up to {due + gap}, Shopify's current total is "
        f"{due}: {abs(gap)} cannot be explained by refunds or rounding"
    )


@dataclass(frozen=True, slots=True)
class Units:
    """A line's current money: ``billed`` as Shopify bills it, ``net`` without its tax; a unit."""

    billed: Decimal
    net: Decimal
    net_unit: Decimal
    gross_unit: Decimal
    step: Decimal


def net_and_gross_units(order: Node, line: Node, *, shop_currency: bool) -> Units:
    """What order_pull tells of one line, for those who compare a price with it.

    A line of which nothing is left is told as it was ordered: so it comes back.
    """
    step = quantum(order["currencyCode" if shop_currency else "presentmentCurrencyCode"])
    if not line["currentQuantity"]:
        line = {**line, "currentQuantity": line["quantity"]}
    x = _line(line, taxes_included=bool(order["taxesIncluded"]), step=step)
    price, _ = _price(x, mode="net", step=step, taxed=True)
    return Units(x.billed, x.net, price.net_unit, price.gross_unit, step)


def _price(
    x: _Line, *, mode: Literal["net", "gross"], step: Decimal, taxed: bool
) -> tuple[LinePrice, Decimal]:
    """One line's prices, and by how much they say more than its net total."""
    net_unit = ceil_to(x.net / x.quantity, step)
    gross_unit = net_unit if x.gross == x.net else ceil_to(x.gross / x.quantity, step)
    unit, discount = net_unit, ZERO
    if mode == "gross":
        unit = gross_unit
        discount = floor_to(max(ZERO, x.quantity * gross_unit - x.net), step)
    unit_tax = floor_to(x.tax / x.quantity, TAX_PLACES) if taxed else ZERO
    price = LinePrice(unit, discount, unit_tax, net_unit, gross_unit)
    return price, x.quantity * unit - discount - x.net


def _totals(
    lines: Sequence[_Line],
    prices: Mapping[str, LinePrice],
    extras: Sequence[Extra],
    *,
    shipping: Decimal,
    total_tax: Decimal,
    over: Decimal,
    due: Decimal,
    step: Decimal,
) -> Totals:
    """Put the remainders where RetailOps has four places for them, and prove the sum."""
    unit_taxes = sum((x.quantity * prices[x.id].unit_tax for x in lines), ZERO)
    tax = total_tax - unit_taxes
    ship = floor_to(shipping, step) if shipping > 0 else ZERO
    tax += shipping - ship
    discount = ceil_to(max(ZERO, over), step)
    tax += discount - over
    told = (
        sum((x.quantity * prices[x.id].unit - prices[x.id].discount for x in lines), ZERO)
        + sum((e.amount for e in extras), ZERO)
        + unit_taxes
        + tax
        + ship
        - discount
    )
    if told != due or tax.quantize(TAX_PLACES) != tax:
        raise MoneyMismatch(f"RetailOps would add up {told}, the customer owes {due}")
    return Totals(ship, tax, discount, due)


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of ``payment_transactions``, in RetailOps' words; ``amount`` is positive."""

    processing: Literal["channel_payment", "channel_storecredit", "channel_giftcert"]
    transaction: Literal["auth", "charge", "giftcard"]
    label: str
    gateway: str
    amount: Decimal


# Shopify's names of its own two tenders (OrderTransaction.gateway).
GIFT_CARD, STORE_CREDIT = "gift_card", "shopify_store_credit"


def payments(order: Node) -> list[Payment]:
    """One row a tender: what it holds for the merchant now, and what is only authorised.

    Captures, sales, refunds and change are followed to the transaction that began the tender.
    The same money is never both authorised and charged. A refund that began nowhere (store credit
    for what another tender paid) is taken off the tenders in their order.
    """
    done = [t for t in order["transactions"] if t["status"] == "SUCCESS"]
    by_id = {t["id"]: t for t in done}
    charged: dict[str, Decimal] = {}
    captured: dict[str, Decimal] = {}
    voided: set[str] = set()
    loose = ZERO
    for t in done:
        root, amount = _root(t, by_id), bag(t["amountSet"])
        match t["kind"]:
            case "SALE" | "CAPTURE":
                charged[root] = charged.get(root, ZERO) + amount
                captured[root] = captured.get(root, ZERO) + amount
            case "REFUND" | "CHANGE" if root == t["id"]:
                loose += amount
            case "REFUND" | "CHANGE":
                charged[root] = charged.get(root, ZERO) - amount
            case "VOID":
                voided.add(root)
    for root, amount in charged.items():
        taken = max(ZERO, min(loose, amount))
        charged[root] -= taken
        loose -= taken
    capturable = bag(order["totalCapturableSet"])
    rows: list[Payment] = []
    for t in done:
        if t["id"] != _root(t, by_id):
            continue
        if charged.get(t["id"], ZERO) > 0:
            rows.append(_row(t, charged[t["id"]], authorised=False))
        if t["kind"] == "AUTHORIZATION" and t["id"] not in voided:
            # A gateway without multi-capture releases the rest: Shopify's total knows.
            open_amount = min(bag(t["amountSet"]) - captured.get(t["id"], ZERO), capturable)
            if open_amount > 0:
                capturable -= open_amount
                rows.append(_row(t, open_amount, authorised=True))
    return rows


def _root(transaction: Node, by_id: Mapping[str, Node]) -> str:
    seen: set[str] = set()
    node = transaction
    while node.get("parentTransaction") and node["id"] not in seen:
        seen.add(node["id"])
        parent = by_id.get(node["parentTransaction"]["id"])
        if parent is None:
            break
        node = parent
    return str(node["id"])


def _row(transaction: Node, amount: Decimal, *, authorised: bool) -> Payment:
    gateway = transaction["gateway"] or ""
    label = (
        (transaction.get("paymentDetails") or {}).get("company")
        or transaction["formattedGateway"]
        or gateway
        or "unknown"
    )
    if gateway == GIFT_CARD:
        return Payment("channel_giftcert", "giftcard", label, gateway, amount)
    if gateway == STORE_CREDIT:
        return Payment("channel_storecredit", "charge", label, gateway, amount)
    kind: Literal["auth", "charge"] = "auth" if authorised else "charge"
    return Payment("channel_payment", kind, label, gateway, amount)
