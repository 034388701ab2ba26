"""The table of the eleven actions: the one place that pairs a name with its two models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bridge.retailops import answers, requests


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One SDK action. ``name`` is the path without ``_v1``."""

    name: str
    request: type[requests.Request]
    answer: type[answers.Answer]
    summary: str

    @property
    def has_events(self) -> bool:
        """Whether the answer carries ``events`` (order_pull and catalog_get_config do not)."""
        return issubclass(self.answer, answers.WithEvents)


_SPECS = (
    ActionSpec(
        "catalog_get_config",
        requests.CatalogGetConfigRequest,
        answers.CatalogGetConfigAnswer,
        "How RetailOps should push the catalogue",
    ),
    ActionSpec(
        "catalog_push",
        requests.CatalogPushRequest,
        answers.CatalogPushAnswer,
        "Create and change products",
    ),
    ActionSpec(
        "inventory_push",
        requests.InventoryPushRequest,
        answers.InventoryPushAnswer,
        "Set the available stock",
    ),
    ActionSpec(
        "order_pull",
        requests.OrderPullRequest,
        answers.OrderPullAnswer,
        "Offer orders that are ready, a page at a time",
    ),
    ActionSpec(
        "order_acknowledge",
        requests.OrderAcknowledgeRequest,
        answers.OrderAcknowledgeAnswer,
        "Mark orders as taken by RetailOps",
    ),
    ActionSpec(
        "order_shipment_submit",
        requests.OrderShipmentSubmitRequest,
        answers.OrderShipmentSubmitAnswer,
        "Fulfill the packages of a shipment",
    ),
    ActionSpec(
        "order_settle_payment",
        requests.OrderSettlePaymentRequest,
        answers.OrderSettlePaymentAnswer,
        "Capture an authorised payment",
    ),
    ActionSpec(
        "order_complete",
        requests.OrderCompleteRequest,
        answers.OrderCompleteAnswer,
        "Fulfill what was shipped and cancel what never will be",
    ),
    ActionSpec(
        "order_returned",
        requests.OrderReturnedRequest,
        answers.OrderReturnedAnswer,
        "Give money back for a return",
    ),
    ActionSpec(
        "order_update",
        requests.OrderUpdateRequest,
        answers.OrderUpdateAnswer,
        "Change the lines of an order",
    ),
    ActionSpec(
        "order_cancel",
        requests.OrderCancelRequest,
        answers.OrderCancelAnswer,
        "Cancel an order",
    ),
)

ACTIONS: Mapping[str, ActionSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
