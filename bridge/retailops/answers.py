"""The eleven answers, built strictly: what RetailOps would refuse cannot be made.

Source: the official per-action answer schemas *and* the Swagger file, whichever is stricter,
plus what the caller rejects on its own (design notes: protocol). Fields that are None are
left out of the JSON: RetailOps knows no null strings. Tests generate answers from these
models and find none that the official schemas refuse.

Amounts are Decimal in the order's currency with at most two places (JPY none); ``unit_tax``
and the order's ``tax_amt`` may have four. A finer amount is refused, not rounded: rounding
belongs where the sum of the order is still known. Amounts have at most 15 digits, so that
the double, as which every JSON reader takes them, gives back the same decimal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from bridge.config.models import quantum
from bridge.retailops.events import Event

T = TypeVar("T")

DOUBLE_DIGITS = 15  # any decimal of 15 digits survives the way through a double (C's DBL_DIG)
MAX_ORDERS = 100  # per page: order_pull_v1.json, maxItems


def _number(value: Decimal) -> float:
    """The JSON number with the same decimal text; adding zero turns -0.0 into 0.0."""
    return float(value) + 0.0


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise PydanticCustomError("no_timezone", "has no timezone")
    return value


def _rfc3339(value: datetime) -> str:
    """Seconds and an offset; UTC as ``Z``. An offset that RFC 3339 cannot write becomes UTC."""
    offset = value.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="seconds").replace("+00:00", "Z")


_as_number = PlainSerializer(_number, return_type=float, when_used="json")

FINEST_AMOUNT: Final = Decimal("0.01")

Amount = Annotated[Decimal, Field(max_digits=DOUBLE_DIGITS, decimal_places=2), _as_number]
"""Money: at most two places, fewer where the currency has fewer."""

FineAmount = Annotated[Decimal, Field(max_digits=DOUBLE_DIGITS, decimal_places=4), _as_number]
"""Money to four places (``unit_tax``, the order's ``tax_amt``), and percentages."""

Moment = Annotated[
    datetime,
    AfterValidator(_aware),
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A datetime with a zone, written as RFC 3339."""

Rows = Annotated[tuple[T, ...], Field(strict=False)]
"""A tuple; a list will do."""

CurrencyCode = Literal[
    "AUD", "CAD", "CHF", "EUR", "GBP", "HKD", "JPY", "MXN", "NZD", "PLN", "SGD", "USD"
]
Status = Literal["success", "fail"]


class Strict(BaseModel):
    """Immutable, nothing unknown, no silent conversion."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        populate_by_name=True,
        revalidate_instances="always",
        hide_input_in_errors=True,
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, validated like any other: pydantic's own would not be."""
        copied = super().model_copy(update=update, deep=deep)
        return type(self).model_validate(copied.__dict__)


# --- order_pull: the order -------------------------------------------------------------------


class Address(Strict):
    """A postal address. ``country_match`` is a code or a name, ``state_match`` likewise."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state_match: str | None = None
    postal_code: str | None = None
    country_match: str | None = None
    phone_number: str | None = None


class CustomerInfo(Strict):
    """Who ordered."""

    full_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None


class OrderAmounts(Strict):
    """What belongs to the order and to no line. ``discount_amt`` is positive."""

    shipping_amt: Amount | None = None
    tax_amt: FineAmount | None = None
    discount_amt: Annotated[Amount, Field(ge=0)] | None = None


class ItemAmounts(Strict):
    """A line's money: ``unit_price`` and ``unit_tax`` a piece, the others for the whole line."""

    unit_price: Amount | None = None
    unit_tax: FineAmount | None = None
    unit_tax_pct: FineAmount | None = None
    discount_amt: Annotated[Amount, Field(ge=0)] | None = None
    discount_pct: FineAmount | None = None
    ship_amt: Amount | None = None
    shiptax_amt: Amount | None = None
    recycling_amt: Amount | None = None
    vat_pct: FineAmount | None = None


ShortText = Annotated[str, Field(max_length=255)]  # order_pull_v1.json: "up to 255 characters"


class ItemOption(Strict):
    """A choice that the shopper made for a line, such as an engraving."""

    type: Literal["text", "bool", "image"] | None = None
    name: ShortText | None = None
    value: ShortText | None = None
    code: ShortText | None = None


class OrderItem(Strict):
    """One line. ``advisory`` lines are not shipped by RetailOps, ``instore`` ones were sold."""

    channel_item_refnum: str = Field(min_length=1)
    sku: str | None = None
    sku_description: str | None = None
    quantity: int = Field(ge=0)
    item_type: Literal["ship", "advisory", "instore"]
    currency_values: ItemAmounts | None = None
    options: Rows[ItemOption] = ()


class PaymentTransaction(Strict):
    """One tender. All four fields: Swagger's ``required``."""

    payment_processing_type: Literal[
        "channel_payment", "channel_storecredit", "channel_giftcert", "authorize.net"
    ]
    transaction_type: Literal["auth", "charge", "capture", "giftcard"]
    payment_type: str
    amount: Amount
    message: str | None = None


AttributeText = Annotated[str, Field(min_length=2, max_length=100)]


class Attribute(Strict):
    """Something about the order that has no field. Both texts have 2 to 100 characters."""

    attribute_type: Literal["text", "number", "select", "multiselect"]
    handle: AttributeText
    value: AttributeText


# What is paid and cannot be finer than the currency; unit taxes and percentages can.
COARSE_OF_ORDER: Final = ("shipping_amt", "discount_amt")
COARSE_OF_ITEM: Final = ("unit_price", "discount_amt", "ship_amt", "shiptax_amt")


def _amounts(
    place: str, values: OrderAmounts | ItemAmounts | None, names: Sequence[str]
) -> Iterator[tuple[str, Decimal]]:
    if values is None:
        return
    for name in names:
        amount: Decimal | None = getattr(values, name)
        if amount is not None:
            yield f"{place}.{name}", amount


class Order(Strict):
    """An order as RetailOps takes it: the target of ``mappings/order_pull.toml``.

    Required is what the caller rejects the absence of, and the refnums and quantities
    without which an order can never be written back.
    """

    # Once is enough for an object that cannot be changed: a page of them is not gone through
    # again with the answer that they stand in.
    model_config = ConfigDict(revalidate_instances="never")

    channel_order_refnum: str = Field(min_length=1)
    channel_date_created: Moment
    currency_code: CurrencyCode
    ship_service_code: str = Field(min_length=1)
    currency_values: OrderAmounts | None = None
    cancel: bool | None = None
    customer_info: CustomerInfo | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    order_items: Rows[OrderItem] = ()
    payment_transactions: Rows[PaymentTransaction] = ()
    attributes: Rows[Attribute] = ()
    tags: Annotated[tuple[str, ...], Field(strict=False, max_length=100)] = ()
    gift_message: str | None = None
    ip_address: str | None = None

    @model_validator(mode="after")
    def _currency_places(self) -> Self:
        unit = quantum(self.currency_code)
        if unit == FINEST_AMOUNT:
            return self  # by their types
        for name, amount in self._coarse():
            if amount % unit:
                raise PydanticCustomError(
                    "currency_places",
                    "{field} is finer than the smallest amount of {currency}",
                    {"field": name, "currency": self.currency_code},
                )
        return self

    def _coarse(self) -> Iterator[tuple[str, Decimal]]:
        """Every amount that must be a multiple of the currency's smallest, with its place."""
        for index, payment in enumerate(self.payment_transactions):
            yield f"payment_transactions[{index}].amount", payment.amount
        yield from _amounts("currency_values", self.currency_values, COARSE_OF_ORDER)
        for index, item in enumerate(self.order_items):
            place = f"order_items[{index}].currency_values"
            yield from _amounts(place, item.currency_values, COARSE_OF_ITEM)


# --- the answers -----------------------------------------------------------------------------


class Answer(Strict):
    """The root of every answer."""


class WithEvents(Answer):
    """An answer with events: always a list, never null."""

    events: Rows[Event] = ()


class OrderPullAnswer(Answer):
    """order_pull: at most 100 orders; ``next_page_token`` is ``""`` at the end. No events."""

    orders: Annotated[tuple[Order, ...], Field(strict=False, max_length=MAX_ORDERS)] = ()
    next_page_token: str = ""


class CatalogGetConfigAnswer(Answer):
    """catalog_get_config: whether one changed SKU brings its family along. No events."""

    sku_fanout: Literal["related_skus", "no_fanout"]


class CatalogPushAnswer(WithEvents):
    """catalog_push: one event a failing SKU."""


class InventoryPushAnswer(WithEvents):
    """inventory_push: one event a row that was not written as asked."""


class OrderAcknowledgeAnswer(WithEvents):
    """order_acknowledge: one event an order that was not marked."""


class OrderShipmentSubmitAnswer(WithEvents):
    """order_shipment_submit."""


class OrderSettlePaymentAnswer(WithEvents):
    """order_settle_payment."""


class OrderCompleteAnswer(WithEvents):
    """order_complete: success or fail."""

    status: Status


class OrderCancelAnswer(WithEvents):
    """order_cancel: success or fail."""

    status: Status


class ReturnOutcome(Strict):
    """What the channel gave as store credit, in the order's currency."""

    channel_store_credit_amount: Amount | None = None


class OrderReturnedAnswer(WithEvents):
    """order_returned. ``return`` is a keyword, hence ``return_``."""

    return_: ReturnOutcome | None = Field(None, alias="return")


class UpdatedLine(Strict):
    """A line as the channel has it now; ``refnum`` is how RetailOps learns a new one's."""

    order_item_id: int
    refnum: str
    quantity: int | None = None
    discount_amt: Amount | None = None
    discount_pct: FineAmount | None = None
    ship_amt: Amount | None = None
    shiptax_amt: Amount | None = None
    unit_tax: FineAmount | None = None
    unit_tax_pct: FineAmount | None = None


class UpdatedValues(Strict):
    """The order's own amounts after an update."""

    discount_amt: Amount | None = None
    discount_pct: FineAmount | None = None
    shipping_amt: Amount | None = None
    tax_amt: FineAmount | None = None
    tax_pct: FineAmount | None = None


class OrderUpdateAnswer(WithEvents):
    """order_update: every line of the request, and the order's amounts."""

    line_items: Rows[UpdatedLine] = ()
    values: UpdatedValues | None = None
