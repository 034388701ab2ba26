"""The calls of the proofs, as data: an action joins them by one entry.

Each entry says how its order is placed, which calls came before, what the call is, and which
effects it must have had in the store when all is over: each exactly once, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.actions.table import SERVED

TEE = "TEE-TRL-S-MOSS"
KNIFE = "KNIFE-FLD-M"
STOCKED = ("BULK-000001", "BULK-000002")  # in no order, so that nothing is reserved


@dataclass(frozen=True)
class Case:
    """One playing of a scenario: its order, and a number that no other playing has."""

    order: Mapping[str, Any]
    number: int

    @property
    def refnum(self) -> str:
        """``channel_order_refnum``."""
        return str(self.order["id"])

    def item(self, sku: str, quantity: int) -> dict[str, Any]:
        """A line of the order, as packages and returns name it."""
        line = next(line for line in self.order["lines"] if line["sku"] == sku)
        return {"channel_item_refnum": line["id"], "sku": sku, "quantity": quantity}

    def package(self, number: int, **units: int) -> dict[str, Any]:
        """A package with a tracking number; ``tee=2, knife=1``."""
        skus = {"tee": TEE, "knife": KNIFE}
        return {
            "retailops_package_id": number,
            "carrier_name": "UPS",
            "tracking_number": f"1Z{self.number:08}{number:08}",
            "package_items": [self.item(skus[name], n) for name, n in units.items()],
        }

    def writeback(self, **more: Any) -> dict[str, Any]:
        """An order as RetailOps writes it back."""
        return {"channel_order_refnum": self.refnum, "retailops_order_id": 7000, **more}


Body = Callable[[Case], Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """One call. ``effects``: the journal's mutations and how often each must be there.

    ``order`` None: the call is about no order. ``stock``: what is available after it, by SKU.
    """

    name: str
    action: str
    body: Body
    effects: Mapping[str, int] = field(default_factory=dict)
    order: Mapping[str, Any] | None = None
    before: Sequence[tuple[str, Body]] = ()
    stock: Callable[[Case], Mapping[str, int]] | None = None

    def __str__(self) -> str:
        """For pytest's ids."""
        return self.name.replace(" ", "_")


def shopping(payment: Any = "paid") -> dict[str, Any]:
    """Three tees and a knife, sent from one place, be there stock or not."""
    lines = [
        {"sku": sku, "quantity": quantity, "location": "Albany Warehouse"}
        for sku, quantity in ((TEE, 3), (KNIFE, 1))
    ]
    return {"lines": lines, "payment": payment}


def submit(case: Case, *packages: Mapping[str, Any]) -> dict[str, Any]:
    """An order_shipment_submit."""
    return {
        "channel_order_refnum": case.refnum,
        "retailops_order_id": 7000,
        "shipment": {"retailops_shipment_id": 70, "packages": list(packages)},
    }


def complete(
    case: Case, *packages: Mapping[str, Any], unshipped: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """An order_complete."""
    shipments = [{"retailops_shipment_id": 70, "packages": list(packages)}] if packages else []
    return {"order": case.writeback(shipments=shipments, unshipped_items=list(unshipped))}


def unshipped(case: Case, sku: str, quantity: int) -> dict[str, Any]:
    """A line of ``unshipped_items``."""
    item = case.item(sku, quantity)
    return {
        "channel_item_refnum": item["channel_item_refnum"],
        "sku": sku,
        "ordered_quantity": quantity,
        "unshipped_quantity": quantity,
    }


def settle(case: Case, amount: str, series: int = 1) -> dict[str, Any]:
    """An order_settle_payment of one tender."""
    row = {
        "payment_processing_type": "channel_payment",
        "transaction_type": "charge",
        "amount": float(amount),
    }
    return {
        "order": case.writeback(grand_total=float(amount)),
        "payment": {
            "currency_code": "USD",
            "payment_series_id": series,
            "payment_transactions": [row],
        },
    }


def returned(case: Case, amount: str, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An order_returned."""
    said = {
        "retailops_return_id": 300,
        "refund_action": "refund",
        "refund_amt": float(amount),
        "items": list(items),
    }
    return {"order": case.writeback(), "return": {**said, **more}}


def updated(case: Case, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An order_update."""
    return {"order": case.writeback(order_items=list(items)), **more}


SHIP = "order_shipment_submit"
TWO_TENDERS = [
    {"gateway": "shopify_payments", "kind": "AUTHORIZATION", "amount": "60.00"},
    {"gateway": "shopify_payments", "kind": "AUTHORIZATION"},
]
ALL: Sequence[Scenario] = (
    Scenario("read the catalogue's config", "catalog_get_config", lambda case: {}),
    Scenario("pull", "order_pull", lambda case: {}),
    Scenario(
        "acknowledge",
        "order_acknowledge",
        lambda case: {
            "orders": [{"channel_order_refnum": case.refnum, "retailops_order_id": 7000}]
        },
        {"tagsAdd": 1, "metafieldsSet": 1},
        shopping(),
    ),
    Scenario(
        "push stock",
        "inventory_push",
        lambda case: {
            "inventory_updates": [
                {"sku": sku, "quantity_available": 1000 + case.number} for sku in STOCKED
            ]
        },
        {"inventorySetQuantities": 1},
        stock=lambda case: dict.fromkeys(STOCKED, 1000 + case.number),
    ),
    Scenario(
        "ship one package",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2)),
        {"fulfillmentCreate": 1},
        shopping(),
    ),
    Scenario(
        "ship two packages",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2), case.package(2, tee=1, knife=1)),
        {"fulfillmentCreate": 2},
        shopping(),
    ),
    Scenario(
        "correct the tracking",
        SHIP,
        lambda case: submit(case, {**case.package(1, tee=2), "tracking_number": "1Z0000CORRECT"}),
        {"fulfillmentTrackingInfoUpdate": 1},
        shopping(),
        ((SHIP, lambda case: submit(case, case.package(1, tee=2))),),
    ),
    Scenario(
        "settle",
        "order_settle_payment",
        lambda case: settle(case, "144.90"),
        {"orderCapture": 1},
        shopping("authorized"),
    ),
    Scenario(
        "settle over two authorisations",
        "order_settle_payment",
        lambda case: settle(case, "144.90"),
        {"orderCapture": 2},
        shopping(TWO_TENDERS),
    ),
    Scenario(
        "cancel",
        "order_cancel",
        lambda case: {"order": case.writeback()},
        {"orderCancel": 1},
        shopping(),
    ),
    Scenario(
        "complete with the rest unshipped",
        "order_complete",
        lambda case: complete(case, case.package(1, tee=3), unshipped=[unshipped(case, KNIFE, 1)]),
        {"fulfillmentCreate": 1, "refundCreate": 1, "orderClose": 1},
        shopping(),
    ),
    Scenario(
        "complete what was submitted",
        "order_complete",
        lambda case: complete(case, case.package(1, tee=2), case.package(2, tee=1, knife=1)),
        {"fulfillmentCreate": 1, "orderClose": 1},
        shopping(),
        ((SHIP, lambda case: submit(case, case.package(1, tee=2))),),
    ),
    Scenario(
        "return",
        "order_returned",
        lambda case: returned(case, "28.00", case.item(TEE, 1)),
        {"refundCreate": 1},
        shopping(),
        ((SHIP, lambda case: submit(case, case.package(1, tee=3))),),
    ),
    Scenario(
        "update",
        "order_update",
        lambda case: updated(
            case,
            {**case.item(TEE, 1), "order_item_id": 501},
            {"sku": "MUG-ENM-WHT", "order_item_id": 502, "quantity": 1},
        ),
        {"orderEditCommit": 1},
        shopping(),
    ),
)

SCENARIOS = tuple(scenario for scenario in ALL if scenario.action in SERVED)
