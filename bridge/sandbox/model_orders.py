"""The order itself.

What Shopify calls ``current…`` and every status is worked out from the lines, the transactions
and the refunds each time it is read, never stored beside them: an edit or a refund changes one
place. Attribute names are Shopify's in snake_case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from bridge.sandbox.model import Address, Customer, Location, Tagged
from bridge.sandbox.model_fulfillment import Fulfillment, FulfillmentOrder, Refund, Return
from bridge.sandbox.model_lines import LineItem, ShippingLine, TaxLine, Transaction
from bridge.sandbox.money import Bag, Currencies, total


@dataclass(kw_only=True)
class Order(Tagged):
    """An order. ``kind`` is the seed's label for it, shown only in ``/_sandbox/state``."""

    gql_type: ClassVar[str] = "Order"
    kind: str
    name: str
    number: int
    currencies: Currencies
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    note: str | None = None
    po_number: str | None = None
    client_ip: str | None = None
    customer_locale: str | None = None
    source_name: str = "web"
    source_identifier: str | None = None
    test: bool = False
    confirmed: bool = True
    edited: bool = False
    estimated_taxes: bool = False
    tax_exempt: bool = False
    taxes_included: bool = False
    duties_included: bool = False
    closed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    cancel_note: str | None = None
    cancellation_done: bool = False
    customer: Customer | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    retail_location: Location | None = None
    custom_attributes: list[dict[str, str | None]] = field(default_factory=list)
    discount_codes: list[str] = field(default_factory=list)
    duties: Bag | None = None
    additional_fee_list: list[tuple[str, Bag]] = field(default_factory=list)
    tip: Bag | None = None
    risk_recommendation: str = "ACCEPT"
    payment_pending: bool = False
    lines: list[LineItem] = field(default_factory=list)
    shipping_line_list: list[ShippingLine] = field(default_factory=list)
    transaction_list: list[Transaction] = field(default_factory=list)
    fulfillment_order_list: list[FulfillmentOrder] = field(default_factory=list)
    fulfillment_list: list[Fulfillment] = field(default_factory=list)
    refund_list: list[Refund] = field(default_factory=list)
    return_list: list[Return] = field(default_factory=list)

    # ---- plain facts

    @property
    def currency_code(self) -> str:
        """The shop's currency."""
        return self.currencies.shop

    @property
    def presentment_currency_code(self) -> str:
        """The customer's currency."""
        return self.currencies.presentment

    @property
    def closed(self) -> bool:
        """Archived."""
        return self.closed_at is not None

    @property
    def requires_shipping(self) -> bool:
        """Any line that must be shipped."""
        return any(line.requires_shipping for line in self.lines)

    @property
    def risk(self) -> dict[str, object]:
        """``OrderRiskSummary``."""
        return {"recommendation": self.risk_recommendation, "assessments": []}

    @property
    def cancellation(self) -> dict[str, str | None] | None:
        """``OrderCancellation``: the staff note."""
        return {"staffNote": self.cancel_note} if self.cancelled_at else None

    @property
    def payment_gateway_names(self) -> list[str]:
        """Every gateway once, in order of use; none for an order without transactions."""
        return list(dict.fromkeys(t.gateway for t in self.transaction_list if t.kind != "VOID"))

    # ---- money, worked out from the parts

    def _sum(self, bags: Iterable[Bag]) -> Bag:
        return total(bags, self.currencies)

    @property
    def subtotal_price_set(self) -> Bag:
        """Lines after discounts, before returns."""
        return self._sum(line.net for line in self.lines)

    @property
    def current_subtotal_price_set(self) -> Bag:
        """Lines after discounts, current units."""
        return self._sum(line.current(line.net) for line in self.lines)

    @property
    def total_shipping_price_set(self) -> Bag:
        """Shipping after discounts, before refunds."""
        return self._sum(line.discounted_price_set for line in self.shipping_line_list)

    @property
    def current_shipping_price_set(self) -> Bag:
        """Shipping after discounts and refunds."""
        return self._sum(line.current_discounted_price_set for line in self.shipping_line_list)

    @property
    def total_tax_set(self) -> Bag:
        """Tax of lines and shipping as ordered."""
        lines = [line.tax for line in self.lines]
        return self._sum(lines + [line.tax for line in self.shipping_line_list])

    @property
    def current_total_tax_set(self) -> Bag:
        """Tax of the current units and of what is left of the shipping."""
        lines = [line.current(line.tax) for line in self.lines]
        return self._sum(lines + [line.current(line.tax) for line in self.shipping_line_list])

    @property
    def total_discounts_set(self) -> Bag:
        """Every allocation, shipping included, before returns."""
        shipping = [s.original_price_set - s.discounted_price_set for s in self.shipping_line_list]
        return self._sum([line.discounts for line in self.lines] + shipping)

    @property
    def current_total_discounts_set(self) -> Bag:
        """Every allocation of what is left."""
        shipping = [
            s.original_price_set - s.discounted_price_set
            for s in self.shipping_line_list
            if not s.is_removed and not self.cancellation_done
        ]
        return self._sum([line.current(line.discounts) for line in self.lines] + shipping)

    @property
    def current_total_duties_set(self) -> Bag | None:
        """Duties; None when the order never had any."""
        if self.duties is not None and self.cancellation_done:
            return self.currencies.zero
        return self.duties

    @property
    def current_total_additional_fees_set(self) -> Bag | None:
        """Additional fees; None when the order never had any."""
        if not self.additional_fee_list:
            return None
        if self.cancellation_done:
            return self.currencies.zero
        return self._sum(fee for _, fee in self.additional_fee_list)

    @property
    def total_tip_received_set(self) -> Bag:
        """Tips."""
        return self.tip or self.currencies.zero

    @property
    def total_price_set(self) -> Bag:
        """Subtotal, shipping, tax unless included, duties, fees and tip, as ordered."""
        parts = [self.subtotal_price_set, self.total_shipping_price_set]
        parts.append(self.total_tip_received_set)
        parts += [fee for _, fee in self.additional_fee_list]
        if self.duties is not None and not self.duties_included:
            parts.append(self.duties)
        if not self.taxes_included:
            parts.append(self.total_tax_set)
        return self._sum(parts)

    @property
    def current_total_price_set(self) -> Bag:
        """The same of what is left of the order."""
        parts = [self.current_subtotal_price_set, self.current_shipping_price_set]
        if not self.cancellation_done:
            parts.append(self.total_tip_received_set)
        fees, duties = self.current_total_additional_fees_set, self.current_total_duties_set
        if fees is not None:
            parts.append(fees)
        if duties is not None and not self.duties_included:
            parts.append(duties)
        if not self.taxes_included:
            parts.append(self.current_total_tax_set)
        return self._sum(parts)

    def _moved(self, *kinds: str) -> Bag:
        return self._sum(
            t.amount_set for t in self.transaction_list if t.kind in kinds and t.status == "SUCCESS"
        )

    @property
    def total_received_set(self) -> Bag:
        """Sales and captures that succeeded, before refunds."""
        return self._moved("SALE", "CAPTURE")

    @property
    def total_refunded_set(self) -> Bag:
        """Refunds that succeeded."""
        return self._moved("REFUND")

    @property
    def net_payment_set(self) -> Bag:
        """Received less refunded."""
        return self.total_received_set - self.total_refunded_set

    @property
    def refundable_set(self) -> Bag:
        """Received less refunded, refunds that are on their way included."""
        return self.net_payment_set - self._waiting("REFUND")

    @property
    def refundable(self) -> bool:
        """Something may be given back."""
        return self.refundable_set.presentment > 0

    def _waiting(self, kind: str) -> Bag:
        rows = (t for t in self.transaction_list if t.kind == kind and t.status == "PENDING")
        return self._sum(row.amount_set for row in rows)

    @property
    def total_capturable_set(self) -> Bag:
        """What open authorisations still hold."""
        return self._sum(t.left for t in self.transaction_list)

    @property
    def capturable(self) -> bool:
        """Something may be captured."""
        return bool(self.total_capturable_set)

    @property
    def total_capturable(self) -> Decimal:
        """The ``Money`` of it, in the shop's currency."""
        return self.total_capturable_set.shop

    @property
    def refund_discrepancy_set(self) -> Bag:
        """Suggested less actual over all refunds: negative is in the customer's favour."""
        actual = self._sum(refund.total_refunded_set for refund in self.refund_list)
        return self._sum(refund.suggested for refund in self.refund_list) - actual

    @property
    def total_outstanding_set(self) -> Bag:
        """Still to be paid; negative when too much was paid (captured after an edit).

        An authorisation counts as paid (captured), a pending capture too (assumed). A refund for
        less or more than the goods were worth leaves nothing outstanding (assumed: the discrepancy
        is taken in). Nothing is nothing in both currencies, whatever the rates were (assumed).
        """
        if self.cancellation_done:
            return self.currencies.zero
        due = self.current_total_price_set + self.refund_discrepancy_set
        promised = self.total_capturable_set + self._waiting("CAPTURE")
        left = due - self.net_payment_set - promised
        return left if left.presentment else self.currencies.zero

    @property
    def fully_paid(self) -> bool:
        """Received at least the total."""
        return self.total_received_set.presentment >= self.total_price_set.presentment

    @property
    def unpaid(self) -> bool:
        """Nothing received."""
        return not self.total_received_set

    # ---- statuses

    @property
    def display_financial_status(self) -> str | None:
        """As captured; None for an order without any payment or payment promise."""
        received, refunded = self.total_received_set, self.total_refunded_set
        if refunded:
            whole = refunded.presentment >= received.presentment
            return "REFUNDED" if whole else "PARTIALLY_REFUNDED"
        if received:
            promised = self.total_capturable_set + self._waiting("CAPTURE")
            open_sum = self.total_outstanding_set + promised
            return "PARTIALLY_PAID" if open_sum.presentment > 0 else "PAID"
        return self._status_without_money

    @property
    def _status_without_money(self) -> str | None:
        succeeded = {t.kind for t in self.transaction_list if t.status == "SUCCESS"}
        pending = any(t.status == "PENDING" for t in self.transaction_list)
        for status, holds in (
            ("AUTHORIZED", self.capturable),
            ("EXPIRED", any(t.lapsed for t in self.transaction_list)),
            ("VOIDED", "VOID" in succeeded),
            ("PENDING", self.payment_pending or pending),
            ("PAID", not self.total_price_set),
        ):
            if holds:
                return status
        return None

    @property
    def display_fulfillment_status(self) -> str:
        """As captured: none done UNFULFILLED, all held ON_HOLD, held in part UNFULFILLED."""
        done = sum(line.fulfilled_quantity for line in self.lines)
        left = sum(line.unfulfilled_quantity for line in self.lines)
        if done:
            return "PARTIALLY_FULFILLED" if left else "FULFILLED"
        if self.cancelled_at:
            return "UNFULFILLED"
        statuses = {fo.status for fo in self.fulfillment_order_list if fo.status != "CLOSED"}
        for status in ("ON_HOLD", "SCHEDULED", "IN_PROGRESS"):
            if statuses == {status}:
                return status
        return "UNFULFILLED"

    @property
    def return_status(self) -> str:
        """Requested before open before closed; declined or cancelled ones do not count."""
        statuses = {item.status for item in self.return_list}
        for status, shown in (
            ("REQUESTED", "RETURN_REQUESTED"),
            ("OPEN", "IN_PROGRESS"),
            ("CLOSED", "RETURNED"),
        ):
            if status in statuses:
                return shown
        return "NO_RETURN"

    @property
    def current_tax_lines(self) -> list[TaxLine]:
        """The current taxes of the order, one a title and rate; none that came to nothing."""
        sums: dict[tuple[str, Decimal, bool], Bag] = {}
        for line in self.lines:
            for tax in line.tax_line_list:
                key = (tax.title, tax.rate, tax.channel_liable)
                share = line.current(tax.price_set)
                sums[key] = sums.get(key, self.currencies.zero) + share
        for shipping in self.shipping_line_list:
            for tax in shipping.tax_lines:
                key = (tax.title, tax.rate, tax.channel_liable)
                share = shipping.current(tax.price_set)
                sums[key] = sums.get(key, self.currencies.zero) + share
        return [
            TaxLine(title=title, rate=rate, price_set=price, channel_liable=liable)
            for (title, rate, liable), price in sums.items()
            if price
        ]
