"""The writes that the store models; a root field that is not here is refused by the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sandbox.mutations import (
    bulk,
    cancel,
    edit,
    fulfil,
    fulfil_orders,
    inventory,
    metafields,
    order_close,
    pay,
    refund,
    returns,
    tags,
)

MUTATIONS: dict[str, Callable[..., Any]] = {
    "bulkOperationCancel": bulk.cancel,
    "bulkOperationRunMutation": bulk.run,
    "fulfillmentCancel": fulfil.cancel,
    "fulfillmentCreate": fulfil.create,
    "fulfillmentOrderHold": fulfil_orders.hold,
    "fulfillmentOrderMove": fulfil_orders.move,
    "fulfillmentOrderOpen": fulfil_orders.open_order,
    "fulfillmentOrderReleaseHold": fulfil_orders.release_hold,
    "fulfillmentTrackingInfoUpdate": fulfil.update_tracking,
    "inventoryActivate": inventory.activate,
    "inventorySetQuantities": inventory.set_quantities,
    "metafieldsDelete": metafields.delete,
    "metafieldsSet": metafields.set_metafields,
    "orderCancel": cancel.cancel,
    "orderClose": order_close.close,
    "orderOpen": order_close.reopen,
    "orderCapture": pay.capture,
    "orderEditAddLineItemDiscount": edit.add_discount,
    "orderEditAddVariant": edit.add_variant,
    "orderEditBegin": edit.begin,
    "orderEditCommit": edit.commit,
    "orderEditSetQuantity": edit.set_quantity,
    "orderMarkAsPaid": pay.mark_as_paid,
    "refundCreate": refund.create,
    "returnCancel": returns.cancel,
    "returnClose": returns.close,
    "returnCreate": returns.create,
    "returnProcess": returns.process,
    "stagedUploadsCreate": bulk.stage,
    "tagsAdd": tags.add,
    "tagsRemove": tags.remove,
    "transactionVoid": pay.void,
}
