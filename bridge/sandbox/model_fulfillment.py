"""What happens to an order: fulfillment orders, packages, refunds, returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from bridge.sandbox.model import Location, Node, Variant
from bridge.sandbox.model_lines import LineItem, ShippingLine, Transaction
from bridge.sandbox.money import Bag, total

if TYPE_CHECKING:
    from bridge.sandbox.model_orders import Order


@dataclass(kw_only=True)
class FulfillmentHold(Node):
    """Why a fulfillment order must wait."""

    gql_type: ClassVar[str] = "FulfillmentHold"
    reason: str
    reason_notes: str | None = None
    handle: str | None = None
    held_by_requesting_app: bool = False

    @property
    def display_reason(self) -> str:
        """The reason in words."""
        return self.reason.replace("_", " ").capitalize()


@dataclass(kw_only=True)
class FulfillmentOrderLine(Node):
    """Units of one line that a location is to ship.

    Kept, not worked out: a closed one may go on showing a remaining quantity (captured).
    """

    gql_type: ClassVar[str] = "FulfillmentOrderLineItem"
    line_item: LineItem = field(repr=False)
    total_quantity: int
    remaining_quantity: int

    @property
    def sku(self) -> str | None:
        """The line's SKU."""
        return self.line_item.sku

    @property
    def requires_shipping(self) -> bool:
        """Whether the line is a physical thing."""
        return self.line_item.requires_shipping

    @property
    def variant(self) -> Variant | None:
        """The line's variant."""
        return self.line_item.variant


@dataclass(kw_only=True)
class DeliveryMethod(Node):
    """``methodType`` SHIPPING, PICK_UP, LOCAL, RETAIL, NONE, PICKUP_POINT."""

    gql_type: ClassVar[str] = "DeliveryMethod"
    method_type: str
    presented_name: str | None = None


@dataclass(kw_only=True)
class FulfillmentOrder(Node):
    """Work for one location by one delivery method."""

    gql_type: ClassVar[str] = "FulfillmentOrder"
    order: Order = field(repr=False, compare=False)
    location: Location
    created_at: datetime
    updated_at: datetime
    fulfill_at: datetime
    method_type: str
    presented_name: str | None
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    lines: list[FulfillmentOrderLine] = field(default_factory=list)
    fulfillment_holds: list[FulfillmentHold] = field(default_factory=list)
    # Somebody said that work began, without a package: it cannot be moved then (captured).
    progress_reported: bool = False
    # The fulfillment order that this was split off from by a hold; a release merges it back.
    split_from: FulfillmentOrder | None = field(default=None, repr=False, compare=False)

    @property
    def is_closed(self) -> bool:
        """Done, cancelled or replaced; it may go on showing a remaining quantity (captured)."""
        return self.status == "CLOSED"

    @property
    def remaining(self) -> int:
        """Units that nobody shipped."""
        return sum(row.remaining_quantity for row in self.lines)

    @property
    def is_begun(self) -> bool:
        """Some of its units are shipped."""
        return any(row.remaining_quantity < row.total_quantity for row in self.lines)

    @property
    def delivery_method(self) -> DeliveryMethod:
        """How it goes to the customer; its number is the fulfillment order's."""
        return DeliveryMethod(
            number_id=self.number_id,
            method_type=self.method_type,
            presented_name=self.presented_name,
        )

    @property
    def assigned_location(self) -> dict[str, object]:
        """``FulfillmentOrderAssignedLocation``: a copy of the location's name and address."""
        address = self.location.address
        return {
            "name": self.location.name,
            "location": self.location,
            "address1": address.address1,
            "address2": address.address2,
            "city": address.city,
            "province": address.province_code,
            "zip": address.zip,
            "countryCode": address.country_code,
            "phone": address.phone,
        }

    @property
    def order_id(self) -> str:
        """The order's global id."""
        return self.order.id

    @property
    def order_name(self) -> str:
        """The order's name."""
        return self.order.name


@dataclass(frozen=True)
class Pick:
    """Units that are taken from one row of a fulfillment order."""

    source: FulfillmentOrder
    row: FulfillmentOrderLine
    units: int


@dataclass(kw_only=True)
class FulfillmentLine(Node):
    """Units of one line in one package, summed over fulfillment orders (captured)."""

    gql_type: ClassVar[str] = "FulfillmentLineItem"
    line_item: LineItem = field(repr=False)
    quantity: int
    picks: list[Pick] = field(default_factory=list, repr=False)


@dataclass(kw_only=True)
class Fulfillment(Node):
    """One package: ``name`` ``#1513-F1`` (captured)."""

    gql_type: ClassVar[str] = "Fulfillment"
    order: Order = field(repr=False, compare=False)
    name: str
    location: Location
    created_at: datetime
    updated_at: datetime
    status: str = "SUCCESS"
    display_status: str = "FULFILLED"
    line_items: list[FulfillmentLine] = field(default_factory=list)
    tracking: list[dict[str, str | None]] = field(default_factory=list)


@dataclass(kw_only=True)
class RefundLine(Node):
    """Units of one line in a refund. ``restock_type`` RETURN, CANCEL, NO_RESTOCK.

    ``unshipped`` of them had not been shipped, and never will be.
    """

    gql_type: ClassVar[str] = "RefundLineItem"
    line_item: LineItem = field(repr=False)
    quantity: int
    restock_type: str
    subtotal_set: Bag
    total_tax_set: Bag
    location: Location | None = None
    unshipped: int = 0

    @property
    def restocked(self) -> bool:
        """Whether the units went back into stock."""
        return self.restock_type != "NO_RESTOCK"


@dataclass(kw_only=True)
class RefundShippingLine(Node):
    """What a refund gave back of a shipping line."""

    gql_type: ClassVar[str] = "RefundShippingLine"
    shipping_line: ShippingLine = field(repr=False)
    subtotal_amount_set: Bag
    tax_amount_set: Bag


@dataclass(kw_only=True)
class Refund(Node):
    """A refund: goods, shipping and money, each of which may be missing.

    ``overpaid`` is what the customer had paid too much when it was made (after an edit), and
    ``refundable`` what could have been given back then; ``of_return`` the return it settles.
    """

    gql_type: ClassVar[str] = "Refund"
    order: Order = field(repr=False, compare=False)
    created_at: datetime
    updated_at: datetime
    overpaid: Bag
    refundable: Bag
    of_return: Return | None = field(default=None, repr=False, compare=False)
    note: str | None = None
    line_items: list[RefundLine] = field(default_factory=list)
    shipping_lines: list[RefundShippingLine] = field(default_factory=list)
    transaction_list: list[Transaction] = field(default_factory=list)

    @property
    def total_refunded_set(self) -> Bag:
        """The money that moved."""
        paid = (t.amount_set for t in self.transaction_list if t.status == "SUCCESS")
        return total(paid, self.order.currencies)

    @property
    def suggested(self) -> Bag:
        """What was due back: goods, shipping, their tax, and what had been paid too much.

        Never more than could be given back (documented).
        """
        bags = [self.overpaid]
        for row in self.line_items:
            bags.append(row.subtotal_set)
            if not self.order.taxes_included:
                bags.append(row.total_tax_set)
        for shipping in self.shipping_lines:
            bags.append(shipping.subtotal_amount_set)
            if not self.order.taxes_included:
                bags.append(shipping.tax_amount_set)
        due = total(bags, self.order.currencies)
        return due if due.presentment <= self.refundable.presentment else self.refundable


@dataclass(kw_only=True)
class ReturnLine(Node):
    """Units of one line of a package that the customer sends back."""

    gql_type: ClassVar[str] = "ReturnLineItem"
    of_return: Return = field(repr=False, compare=False)
    fulfillment_line_item: FulfillmentLine = field(repr=False)
    quantity: int
    processed_quantity: int = 0
    refunded_quantity: int = 0
    return_reason: str = "OTHER"
    return_reason_note: str = ""

    @property
    def line_item(self) -> LineItem:
        """The line of the order."""
        return self.fulfillment_line_item.line_item

    @property
    def unprocessed_quantity(self) -> int:
        """What has not come in yet."""
        return self.quantity - self.processed_quantity

    @property
    def processable_quantity(self) -> int:
        """What may be processed: nothing unless the return is open."""
        return self.unprocessed_quantity if self.of_return.status == "OPEN" else 0

    @property
    def refundable_quantity(self) -> int:
        """What no refund of the return gave money for."""
        return self.quantity - self.refunded_quantity


@dataclass(kw_only=True)
class Return(Node):
    """A return: ``name`` ``#1797-R1`` (captured)."""

    gql_type: ClassVar[str] = "Return"
    order: Order = field(repr=False, compare=False)
    name: str
    created_at: datetime
    status: str = "OPEN"
    closed_at: datetime | None = None
    lines: list[ReturnLine] = field(default_factory=list)
    fees: list[dict[str, object]] = field(default_factory=list)

    @property
    def return_shipping_fees(self) -> list[dict[str, object]]:
        """What the customer is asked to pay for sending it back."""
        return self.fees
