"""Orders to ship, and the mutations of shipping as one-liners."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.model import InventoryLevel
from bridge.sandbox.model_fulfillment import FulfillmentOrder
from bridge.sandbox.model_orders import Order
from tests.sandbox.state.harness import Bench

UNKNOWN = 999_999_999_999_999

CREATE = """
mutation M($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) {
    fulfillment {
      id name status displayStatus createdAt totalQuantity
      trackingInfo { number url company }
      fulfillmentLineItems(first: 10) { nodes { id quantity lineItem { id } } }
    }
    userErrors { field message }
  }
}
"""
TRACK = """
mutation M($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(
    fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify
  ) {
    fulfillment { id trackingInfo { number url company } }
    userErrors { field message }
  }
}
"""
CANCEL = """
mutation M($id: ID!) {
  fulfillmentCancel(id: $id) {
    fulfillment { id status displayStatus }
    userErrors { field message }
  }
}
"""
CLOSE = """
mutation M($input: OrderCloseInput!) {
  orderClose(input: $input) { order { id closed closedAt updatedAt } userErrors { field message } }
}
"""
OPEN = """
mutation M($input: OrderOpenInput!) {
  orderOpen(input: $input) { order { id closed closedAt } userErrors { field message } }
}
"""
_WORK = """
fragment Work on FulfillmentOrder {
  id status supportedActions { action } assignedLocation { location { id } }
  fulfillmentHolds { id reason heldByRequestingApp }
  lineItems(first: 10) { nodes { id totalQuantity remainingQuantity lineItem { id } } }
}
"""
HOLD = (
    """
mutation M($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
    fulfillmentHold { id reason reasonNotes heldByRequestingApp }
    fulfillmentOrder { ...Work }
    remainingFulfillmentOrder { ...Work }
    userErrors { field message code }
  }
}
"""
    + _WORK
)
RELEASE = (
    """
mutation M($id: ID!, $holds: [ID!]) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
    fulfillmentOrder { ...Work }
    userErrors { field message code }
  }
}
"""
    + _WORK
)
MOVE = (
    """
mutation M($id: ID!, $to: ID!, $lines: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $lines) {
    movedFulfillmentOrder { ...Work }
    originalFulfillmentOrder { ...Work }
    remainingFulfillmentOrder { ...Work }
    userErrors { field message code }
  }
}
"""
    + _WORK
)
START = """
mutation M($id: ID!) {
  fulfillmentOrderOpen(id: $id) { fulfillmentOrder { id status } userErrors { field message } }
}
"""


def place(bench: Bench, *lines: dict[str, Any], **more: Any) -> Order:
    """A placed order whose fulfillment orders are there."""
    rows = list(lines) or [{"sku": "MUG-ENM-GRN", "quantity": 3}]
    placed = bench.store.place_order({"lines": rows, **more})
    bench.clock.forward(2)
    bench.store.settle()
    return bench.store.orders[int(placed["id"])]


def works(order: Order) -> list[FulfillmentOrder]:
    """The fulfillment orders, oldest first."""
    return order.fulfillment_order_list


def group(work: FulfillmentOrder, *units: int) -> dict[str, Any]:
    """Units of the rows of a fulfillment order, in their order; all of it when none are given."""
    found: dict[str, Any] = {"fulfillmentOrderId": work.id}
    if units:
        pairs = zip(work.lines, units, strict=False)
        rows = [{"id": row.id, "quantity": count} for row, count in pairs]
        found["fulfillmentOrderLineItems"] = rows
    return found


def ship(
    bench: Bench, *groups: dict[str, Any], tracking: dict[str, Any] | None = None
) -> dict[str, Any]:
    """``fulfillmentCreate``; the payload."""
    given: dict[str, Any] = {"lineItemsByFulfillmentOrder": list(groups)}
    if tracking is not None:
        given["trackingInfo"] = tracking
    return run(bench, CREATE, fulfillment=given)


def run(bench: Bench, text: str, **variables: Any) -> dict[str, Any]:
    """One mutation that runs without top-level errors; its payload."""
    reply = bench.run(text, variables)
    assert "errors" not in reply, reply
    (payload,) = reply["data"].values()
    found: dict[str, Any] = payload
    return found


def refused(bench: Bench, text: str, **variables: Any) -> dict[str, Any]:
    """One mutation that the sandbox refuses; the top-level error."""
    reply = bench.run(text, variables)
    (error,) = reply["errors"]
    found: dict[str, Any] = error
    return found


def message(payload: dict[str, Any]) -> str:
    """The only user error's message."""
    (error,) = payload["userErrors"]
    return str(error["message"])


def level(bench: Bench, sku: str, place_name: str) -> InventoryLevel:
    """The stock of a SKU at a location."""
    item = bench.store.by_sku(sku)[0].inventory_item
    return next(found for found in item.levels.values() if found.location.name == place_name)


def location(bench: Bench, name: str) -> str:
    """A location's global id."""
    return next(place.id for place in bench.store.locations.values() if place.name == name)
