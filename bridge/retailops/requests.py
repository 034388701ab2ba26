"""The eleven requests, read tolerantly: every field may be missing, null or oddly spelt.

Source: RetailOps' per-action schemas and Swagger file; the official schemas themselves are
never enforced (``removed`` cannot satisfy three of them). Unknown fields are kept in
``model_extra`` and ignored. Amounts are Decimal in the order's currency, weights kilograms,
dates aware datetimes, ids that are 0 or null are None.

A field that cannot be read is a :class:`~bridge.errors.RequestError` (HTTP 400), with two
exceptions: in the rows of a batch (inventory_push, order_acknowledge) it becomes None and is
told by ``row.unreadable``, because one bad row must never cost the others; and what decides
nothing (RetailOps' own ids beside our refnums, weights, costs) is None, because a package must
not wait for its weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from bridge.retailops.scalars import (
    Child,
    Courtesy,
    Flag,
    Id,
    Integer,
    Many,
    Moment,
    Number,
    Refnum,
    RmaId,
    Text,
)


class Tolerant(BaseModel):
    """Immutable; unknown fields are kept."""

    model_config = ConfigDict(
        frozen=True, extra="allow", populate_by_name=True, hide_input_in_errors=True
    )


class Row(Tolerant):
    """One element of a batch: what cannot be read in it is None and told, not raised."""

    _unreadable: tuple[str, ...] = PrivateAttr(())

    @property
    def unreadable(self) -> tuple[str, ...]:
        """One sentence for each field that could not be read; it names no value."""
        return self._unreadable

    @model_validator(mode="wrap")
    @classmethod
    def _tell(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, Mapping | cls):
            row = handler({})
            row._unreadable = ("the row is not an object",)
            return row
        try:
            return handler(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            found = error.errors(include_url=False, include_input=False, include_context=False)
            bad = {str(one["loc"][0]) for one in found if one["loc"]}
            row = handler({key: value for key, value in data.items() if key not in bad})
            row._unreadable = tuple(
                f"{'.'.join(str(part) for part in one['loc'])} {one['msg']}" for one in found
            )
            return row


class ChannelInfo(Tolerant):
    """Which channel RetailOps means: a cross-check only, the token decides."""

    id: Courtesy[Id] = None


class Request(Tolerant):
    """What every call carries. None of it but the token is ever a reason to refuse.

    ``action`` is not what the path says: the official pull example has
    ``SDK.order_pull.order_fetch``.
    """

    integration_auth_token: Courtesy[Text] = Field(None, repr=False)
    action: Courtesy[Text] = None
    version: Courtesy[Integer] = None
    client_id: Courtesy[Id] = None
    channel_info: Courtesy[ChannelInfo | None] = None

    @property
    def channel_id(self) -> int | None:
        """``channel_info.id``, or None when it is absent, 0 or unreadable."""
        return self.channel_info.id if self.channel_info else None


# --- catalogue and stock ---------------------------------------------------------------------


class CatalogGetConfigRequest(Request):
    """catalog_get_config: no fields of its own."""


class CatalogPushRequest(Request):
    """catalog_push: ``template_output`` is whatever feed the customer designed, of any JSON kind.

    The official schema calls it ``TemplateOutput``, the caller and Swagger
    ``template_output``: both are read, null is ``{}``.
    """

    template_output: Child[dict[str, Any] | list[Any] | str | bool | float] = Field(
        default_factory=dict
    )

    @model_validator(mode="before")
    @classmethod
    def _either_name(cls, data: object) -> object:
        if not isinstance(data, Mapping) or "TemplateOutput" not in data:
            return data
        named = {key: value for key, value in data.items() if key != "TemplateOutput"}
        if not named.get("template_output"):
            named["template_output"] = data["TemplateOutput"]
        return named


class QuantityDetail(Row):
    """Where a part of a SKU's quantity lies. ``quantity_type`` may be blank."""

    quantity_type: Text = None
    facility_name: Text = None
    available_quantity: Integer = None
    total_quantity: Integer = None
    estimated_availability_date: Moment = None
    vendor_name: Text = None
    po: Text = None
    po_destination: Text = None


class InventoryUpdate(Row):
    """One SKU's absolute quantity. No ``sku`` or no quantity is the action's to report."""

    sku: Text = None
    quantity_available: Integer = None
    quantity_detail: Many[QuantityDetail] = ()


class InventoryPushRequest(Request):
    """inventory_push: absolute quantities by SKU."""

    inventory_updates: Many[InventoryUpdate] = ()


# --- orders to RetailOps ---------------------------------------------------------------------


class SpecificOrder(Tolerant):
    """One order that RetailOps wants again."""

    channel_refnum: Refnum = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: object) -> object:
        return {"channel_refnum": data} if isinstance(data, str | int) else data


class OrderPullRequest(Request):
    """order_pull: a page after ``page_token``, or ``specific_orders``."""

    page_token: Text = None
    specific_orders: Many[SpecificOrder] = ()

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """The refnums asked for, each once, in order; None when it is an ordinary pull.

        ``specific_orders`` null or ``[]`` is an ordinary pull; entries that name nothing
        are a pull of nothing.
        """
        if not self.specific_orders:
            return None
        return tuple(
            dict.fromkeys(o.channel_refnum for o in self.specific_orders if o.channel_refnum)
        )


class AcknowledgedOrder(Row):
    """One order that RetailOps has taken. ``retailops_order_id`` may be 0, hence None."""

    channel_order_refnum: Refnum = None
    retailops_order_id: Id = None


class OrderAcknowledgeRequest(Request):
    """order_acknowledge: any number of orders."""

    orders: Many[AcknowledgedOrder] = ()


# --- orders back to the channel --------------------------------------------------------------


class OrderItem(Tolerant):
    """A line as RetailOps has it now (order_complete, order_returned, order_update …)."""

    channel_item_refnum: Refnum = None
    sku: Text = None
    order_item_id: Id = None
    quantity: Integer = None
    unit_price: Number = None
    removed: Flag = False
    apportioned_ship_amt: Courtesy[Number] = None
    direct_ship_amt: Courtesy[Number] = None
    estimated_cost: Courtesy[Number] = None
    estimated_unit_cost: Courtesy[Number] = None
    estimated_extended_cost: Courtesy[Number] = None
    estimated_ship_date: Moment = None


class UnshippedItem(Tolerant):
    """A line, or a part of it, that RetailOps will not ship."""

    channel_item_refnum: Refnum = None
    sku: Text = None
    ordered_quantity: Courtesy[Integer] = None
    unshipped_quantity: Integer = None
    effective_unit_price: Courtesy[Number] = None
    effective_extended_price: Courtesy[Number] = None


class PackageItem(Tolerant):
    """How many of a line are in a package."""

    channel_item_refnum: Refnum = None
    sku: Text = None
    quantity: Integer = None
    retailops_order_item_id: Courtesy[Id] = None
    retailops_shipment_item_id: Courtesy[Id] = None


class Package(Tolerant):
    """One parcel. ``weight_kg`` in kilograms."""

    retailops_package_id: Id = None
    carrier_name: Text = None
    carrier_class_name: Text = None
    channel_ship_code: Text = None
    tracking_number: Refnum = None
    weight_kg: Courtesy[Number] = None
    date_shipped: Moment = None
    package_items: Many[PackageItem] = ()


class Shipment(Tolerant):
    """What one facility or vendor ships: one or more packages."""

    retailops_shipment_id: Id = None
    packages: Many[Package] = ()


class WritebackOrder(Tolerant):
    """An order as RetailOps has it now (Swagger: WritebackOrder)."""

    channel_order_refnum: Refnum = None
    retailops_order_id: Courtesy[Id] = None
    grand_total: Number = None
    order_items: Many[OrderItem] = ()
    unshipped_items: Many[UnshippedItem] = ()
    shipments: Many[Shipment] = ()


class ReturnItem(Tolerant):
    """One returned line."""

    retailops_item_id: Courtesy[Id] = None
    channel_item_refnum: Refnum = None
    sku: Text = None
    quantity: Integer = None
    reason: Text = None
    product_amt: Number = None
    subtotal_amt: Number = None
    credit_amt: Number = None
    tax_amt: Number = None
    shipping_amt: Number = None
    item_shipping_tax_amt: Number = None
    restock_fee_amt: Number = None
    giftwrap_amt: Number = None
    giftwrap_tax_amt: Number = None
    recycling_amt: Number = None


class Return(Tolerant):
    """A return or an RMA. ``refund_amt`` is the whole amount to give back."""

    retailops_return_id: Id = None
    retailops_rma_id: RmaId = None
    refund_action: Text = None
    refund_amt: Number = None
    product_amt: Number = None
    subtotal_amt: Number = None
    discount_amt: Number = None
    shipping_amt: Number = None
    tax_amt: Number = None
    items: Many[ReturnItem] = ()


class PaymentTransaction(Tolerant):
    """One tender of a settlement."""

    payment_processing_type: Text = None
    transaction_type: Text = None
    payment_type: Text = None
    amount: Number = None


class Payment(Tolerant):
    """What is to be settled, in ``currency_code``."""

    currency_code: Text = None
    payment_series_id: Id = None
    payment_transactions: Many[PaymentTransaction] = ()


class OrderShipmentSubmitRequest(Request):
    """order_shipment_submit: one shipment of one order."""

    channel_order_refnum: Refnum = None
    retailops_order_id: Courtesy[Id] = None
    shipment: Child[Shipment] = Shipment()


class OrderCompleteRequest(Request):
    """order_complete: everything that was shipped, and what never will be."""

    order: Child[WritebackOrder] = WritebackOrder()


class OrderSettlePaymentRequest(Request):
    """order_settle_payment: take the money."""

    order: Child[WritebackOrder] = WritebackOrder()
    payment: Child[Payment] = Payment()


class OrderReturnedRequest(Request):
    """order_returned: give money back. ``return`` is a keyword, hence ``return_``."""

    order: Child[WritebackOrder] = WritebackOrder()
    return_: Child[Return] = Field(Return(), alias="return")


class OrderUpdateRequest(Request):
    """order_update: lines changed, RMAs opened. A line that is absent is not removed."""

    order: Child[WritebackOrder] = WritebackOrder()
    rmas: Many[Return] = ()


class OrderCancelRequest(Request):
    """order_cancel: the whole order."""

    order: Child[WritebackOrder] = WritebackOrder()
