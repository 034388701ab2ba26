"""The actions that this version serves, and the mapping modules that they use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from bridge.actions import (
    catalog_feed,
    inventory_wants,
    order_cancel,
    order_complete_target,
    order_offer,
    order_returned_target,
    order_settle_payment_target,
    order_update_target,
    packages,
)
from bridge.actions.captures import CaptureSettler
from bridge.actions.catalog_get_config import CatalogGetConfig
from bridge.actions.catalog_push import CatalogPush
from bridge.actions.catalog_target import WantedCatalog
from bridge.actions.inventory_push import InventoryPush
from bridge.actions.inventory_select import inventory_select
from bridge.actions.inventory_target import Stock
from bridge.actions.order_acknowledge import OrderAcknowledge
from bridge.actions.order_cancel import Cancellation, CancelSettler, OrderCancel
from bridge.actions.order_complete import OrderComplete
from bridge.actions.order_complete_target import Completion
from bridge.actions.order_pull import OrderPull
from bridge.actions.order_returned import OrderReturned
from bridge.actions.order_returned_target import Returned
from bridge.actions.order_select import order_select
from bridge.actions.order_settle_payment import OrderSettlePayment
from bridge.actions.order_settle_payment_target import Settlement
from bridge.actions.order_shipment_submit import OrderShipmentSubmit
from bridge.actions.order_update import OrderUpdate
from bridge.actions.order_update_stages import EditSettler, RmaSettler
from bridge.actions.order_update_target import Update
from bridge.actions.refund_settler import RefundSettler
from bridge.actions.shipment_settler import ShipmentSettler
from bridge.actions.shipment_target import PackageTracking
from bridge.actions.unshipped import UnshippedSettler
from bridge.config.models import Policies
from bridge.engine import Action, OrderAction, Settler
from bridge.mapping.select import Select
from bridge.retailops.answers import Order
from bridge.schema.shape import Shape
from bridge.schema.stored import Schemas

SERVED: Final[Mapping[str, Callable[[], Action[Any, Any] | OrderAction[Any, Any]]]] = {
    "catalog_get_config": CatalogGetConfig,
    "order_pull": OrderPull,
    "order_acknowledge": OrderAcknowledge,
    "catalog_push": CatalogPush,
    "inventory_push": InventoryPush,
    "order_shipment_submit": OrderShipmentSubmit,
    "order_complete": OrderComplete,
    "order_settle_payment": OrderSettlePayment,
    "order_returned": OrderReturned,
    "order_cancel": OrderCancel,
    "order_update": OrderUpdate,
}


SETTLERS: Final[Sequence[Callable[[], Settler[Any]]]] = (
    CaptureSettler,
    RefundSettler,
    ShipmentSettler,
    UnshippedSettler,
    CancelSettler,
    EditSettler,
    RmaSettler,
)
"""Who knows which effects in a fresh read of the store."""


@dataclass(frozen=True, slots=True)
class MappingSpec:
    """What a mapping file makes (``target``, under the table ``[root]``) and from what.

    ``preset`` names the file in ``presets/`` that a channel chose instead of the shipped one.
    ``select`` says what its ``[select]`` may have, when it reads objects of Shopify's to which
    fields can be added. ``later``: the sources that are found by what some fields of the target
    give, and are not there for these.
    """

    target: type[BaseModel]
    root: str
    sources: Callable[[], Mapping[str, Shape]]
    preset: Callable[[Policies], str | None] = lambda _: None
    select: Callable[[Policies, Schemas], Select] | None = None
    later: Mapping[str, Collection[str]] = field(default_factory=dict)


MAPPINGS: Final[Mapping[str, MappingSpec]] = {
    "order_pull": MappingSpec(Order, "order", order_offer.sources, select=order_select),
    "inventory_push": MappingSpec(
        Stock,
        "stock",
        inventory_wants.sources,
        select=inventory_select,
        later={"variant": frozenset({"sku"})},
    ),
    "order_shipment_submit": MappingSpec(PackageTracking, "tracking", packages.sources),
    "order_complete": MappingSpec(Completion, "complete", order_complete_target.sources),
    "order_returned": MappingSpec(Returned, "returned", order_returned_target.sources),
    "order_settle_payment": MappingSpec(Settlement, "settle", order_settle_payment_target.sources),
    "order_update": MappingSpec(Update, "update", order_update_target.sources),
    "order_cancel": MappingSpec(Cancellation, "cancellation", order_cancel.sources),
    "catalog_push": MappingSpec(
        WantedCatalog, "catalog", catalog_feed.sources, catalog_feed.preset
    ),
}
"""By the name of the file, without its ending."""
