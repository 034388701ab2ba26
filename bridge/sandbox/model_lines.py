"""What an order is made of: lines, taxes, discounts, shipping, payments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from bridge.sandbox.model import Location, Node, Variant, gid
from bridge.sandbox.money import Bag, total

if TYPE_CHECKING:
    from bridge.sandbox.model_orders import Order


@dataclass(kw_only=True)
class TaxLine:
    """One tax of a line, for all its units as ordered. ``rate`` is a fraction (0.08875)."""

    title: str
    rate: Decimal
    price_set: Bag
    channel_liable: bool = False


@dataclass(kw_only=True)
class DiscountAllocation:
    """The share of one discount that a line carries, for all its units as ordered."""

    allocated_amount_set: Bag
    code: str | None = None
    across_order: bool = False


@dataclass(kw_only=True)
class LineItemGroup(Node):
    """The bundle that components were bought as."""

    gql_type: ClassVar[str] = "LineItemGroup"
    title: str
    quantity: int
    variant_sku: str | None = None
    variant_id: str | None = None
    product_id: str | None = None

    @property
    def id(self) -> str:
        """The global id."""
        return gid(self.gql_type, self.number_id)


@dataclass(frozen=True)
class Routing:
    """How a line's units reach fulfillment orders, where that was asked for.

    ``shares``: location and units. ``delivery``: a method. ``hold``: a reason. ``days``: until
    when the work is scheduled. What is not given is decided as for any other line.
    """

    shares: tuple[tuple[Location, int], ...] = ()
    delivery: str | None = None
    hold: str | None = None
    days: int | None = None


@dataclass(kw_only=True)
class LineItem(Node):
    """A line. ``quantity`` is as ordered; ``removed`` were taken off by edits or cancellation.

    ``stocked_at`` is where its units are committed, the first place when there are several; None
    for what is not tracked.
    """

    gql_type: ClassVar[str] = "LineItem"
    order: Order = field(repr=False, compare=False)
    title: str
    quantity: int
    original_unit_price_set: Bag
    variant: Variant | None = None
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    requires_shipping: bool = True
    is_gift_card: bool = False
    taxable: bool = True
    removed: int = 0
    stocked_at: Location | None = None
    routing: Routing = Routing()
    discount_allocations: list[DiscountAllocation] = field(default_factory=list)
    tax_line_list: list[TaxLine] = field(default_factory=list)
    custom_attributes: list[dict[str, str | None]] = field(default_factory=list)
    line_item_group: LineItemGroup | None = None

    @property
    def name(self) -> str:
        """Product and variant title, as Shopify joins them."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title

    @property
    def refunded_quantity(self) -> int:
        """Units in refunds, returned or cancelled."""
        rows = (row for refund in self.order.refund_list for row in refund.line_items)
        return sum(row.quantity for row in rows if row.line_item is self)

    @property
    def fulfilled_quantity(self) -> int:
        """Units in fulfilments that were not cancelled."""
        good = (f for f in self.order.fulfillment_list if f.status == "SUCCESS")
        return sum(r.quantity for f in good for r in f.line_items if r.line_item is self)

    @property
    def current_quantity(self) -> int:
        """Ordered less removed less refunded."""
        return max(self.quantity - self.removed - self.refunded_quantity, 0)

    @property
    def refundable_quantity(self) -> int:
        """What may still be refunded."""
        return self.current_quantity

    @property
    def unfulfilled_quantity(self) -> int:
        """Current units that nobody has shipped."""
        rows = (row for refund in self.order.refund_list for row in refund.line_items)
        never = sum(row.unshipped for row in rows if row.line_item is self)
        left = self.quantity - self.removed - self.fulfilled_quantity - never
        return max(min(left, self.current_quantity), 0)

    @property
    def fulfillable_quantity(self) -> int:
        """What may be shipped now: not what is held (captured)."""
        held = sum(
            row.remaining_quantity
            for work in self.order.fulfillment_order_list
            if work.status == "ON_HOLD"
            for row in work.lines
            if row.line_item is self
        )
        return max(self.unfulfilled_quantity - held, 0)

    @property
    def non_fulfillable_quantity(self) -> int:
        """Units that never will be shipped: removed and refunded before shipping."""
        return max(self.quantity - self.fulfilled_quantity - self.unfulfilled_quantity, 0)

    @property
    def original_total_set(self) -> Bag:
        """Unit price times ordered quantity, before discounts."""
        return self.original_unit_price_set * self.quantity

    @property
    def discounts(self) -> Bag:
        """All allocations."""
        bags = (a.allocated_amount_set for a in self.discount_allocations)
        return total(bags, self.order.currencies)

    @property
    def tax(self) -> Bag:
        """All taxes of the ordered quantity."""
        return total((t.price_set for t in self.tax_line_list), self.order.currencies)

    @property
    def net(self) -> Bag:
        """The ordered quantity after every discount; with tax inside when taxes are included."""
        return self.original_total_set - self.discounts

    @property
    def discounted_unit_price_after_all_discounts_set(self) -> Bag:
        """Approximate, as Shopify says of it."""
        return self.net.part(1, self.quantity)

    def current(self, whole: Bag) -> Bag:
        """The share of ``whole`` (over the ordered quantity) that the current units carry."""
        return whole.part(self.current_quantity, self.quantity)


@dataclass(kw_only=True)
class ShippingLine(Node):
    """One shipping charge. ``refunded`` is what refunds gave back of it, before tax."""

    gql_type: ClassVar[str] = "ShippingLine"
    order: Order = field(repr=False, compare=False)
    title: str
    original_price_set: Bag
    code: str | None = None
    carrier_identifier: str | None = None
    delivery_category: str | None = None
    source: str | None = "shopify"
    is_removed: bool = False
    discount_allocations: list[DiscountAllocation] = field(default_factory=list)
    tax_lines: list[TaxLine] = field(default_factory=list)

    @property
    def discounted_price_set(self) -> Bag:
        """After its discounts."""
        bags = (a.allocated_amount_set for a in self.discount_allocations)
        return self.original_price_set - total(bags, self.order.currencies)

    @property
    def refunded(self) -> Bag:
        """What refunds gave back of it."""
        rows = (row for refund in self.order.refund_list for row in refund.shipping_lines)
        mine = (row.subtotal_amount_set for row in rows if row.shipping_line is self)
        return total(mine, self.order.currencies)

    @property
    def current_discounted_price_set(self) -> Bag:
        """After discounts and refunds; nothing once the order is cancelled."""
        if self.is_removed or self.order.cancellation_done:
            return self.order.currencies.zero
        return self.discounted_price_set - self.refunded

    @property
    def tax(self) -> Bag:
        """The taxes as charged."""
        return total((t.price_set for t in self.tax_lines), self.order.currencies)

    def current(self, tax: Bag) -> Bag:
        """The share of ``tax`` that what is left of the price carries."""
        left, whole = self.current_discounted_price_set, self.discounted_price_set
        if left.presentment == whole.presentment:
            return tax
        return tax.ratio(left.presentment, whole.presentment)


@dataclass(frozen=True)
class CardPaymentDetails:
    """A card, as far as a bridge needs it: the company (``Visa``)."""

    gql_type: ClassVar[str] = "CardPaymentDetails"
    company: str


@dataclass(frozen=True)
class Gateway:
    """What a gateway does with a tender, beyond its name.

    ``capture`` and ``refund`` are the statuses that it gives: SUCCESS, PENDING or FAILURE. What is
    PENDING succeeds after ``settles_in`` seconds; never when that is None.
    """

    capture: str = "SUCCESS"
    refund: str = "SUCCESS"
    settles_in: float | None = None


@dataclass(kw_only=True)
class Transaction(Node):
    """``OrderTransaction``. ``lapsed``: an authorisation whose time is over.

    ``manners`` are those of its gateway; captures and refunds take them over.
    """

    gql_type: ClassVar[str] = "OrderTransaction"
    order: Order = field(repr=False, compare=False)
    kind: str
    status: str
    gateway: str
    formatted_gateway: str
    amount_set: Bag
    created_at: datetime
    processed_at: datetime
    parent_transaction: Transaction | None = None
    test: bool = False
    card_company: str | None = None
    multi_capturable: bool = False
    lapsed: bool = False
    authorization_expires_at: datetime | None = None
    error_code: str | None = None
    manners: Gateway = Gateway()

    @property
    def payment_details(self) -> CardPaymentDetails | None:
        """What is known of a card; None for other means of payment."""
        return CardPaymentDetails(self.card_company) if self.card_company else None

    @property
    def payment_id(self) -> str:
        """What the gateway calls the payment: order name and running number."""
        return f"{self.order.name}.{self.order.transaction_list.index(self) + 1}"

    @property
    def manual_payment_gateway(self) -> bool:
        """Cash, bank deposit and the like."""
        return self.gateway in {"manual", "cash", "bank_deposit"}

    def children(self, *kinds: str) -> list[Transaction]:
        """What was done with it and did not fail: captures, voids, refunds."""
        return [
            child
            for child in self.order.transaction_list
            if child.parent_transaction is self
            and child.kind in kinds
            and child.status in {"SUCCESS", "PENDING"}
        ]

    def share(self, presentment: Decimal) -> Bag:
        """A part of its amount, with the shop amount in proportion."""
        return self.amount_set.ratio(presentment, self.amount_set.presentment)

    @property
    def is_open(self) -> bool:
        """A successful authorisation that neither ended nor was voided."""
        good = self.kind == "AUTHORIZATION" and self.status == "SUCCESS" and not self.lapsed
        return good and not self.children("VOID")

    @property
    def left(self) -> Bag:
        """Of an authorisation: what is neither captured nor voided nor lapsed.

        One that cannot be captured several times has nothing left after its first capture, be that
        pending: the rest is released.
        """
        captures = self.children("CAPTURE")
        if not self.is_open or (captures and not self.multi_capturable):
            return self.order.currencies.zero
        used = sum((child.amount_set.presentment for child in captures), Decimal(0))
        return self.share(self.amount_set.presentment - used)

    @property
    def room(self) -> Decimal:
        """Of a payment received: what may still go back over it, as the customer sees it."""
        if self.kind not in {"SALE", "CAPTURE"} or self.status != "SUCCESS":
            return Decimal(0)
        back = (child.amount_set.presentment for child in self.children("REFUND"))
        return self.amount_set.presentment - sum(back, Decimal(0))

    @property
    def manually_capturable(self) -> bool:
        """Something may still be captured; never true for a manual gateway (captured)."""
        return bool(self.left) and not self.manual_payment_gateway

    @property
    def total_unsettled_set(self) -> Bag | None:
        """Of an authorisation: the unsettled part, pending captures included; None for nothing."""
        pending = [child for child in self.children("CAPTURE") if child.status == "PENDING"]
        waiting = sum((child.amount_set.presentment for child in pending), Decimal(0))
        unsettled = self.left.presentment + waiting
        return self.share(unsettled) if unsettled else None
