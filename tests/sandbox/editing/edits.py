"""Order edits as a caller of Shopify makes them: the documents, and what is in the answers."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.model_orders import Order
from tests.sandbox.fulfil.harness import run
from tests.sandbox.state.harness import Bench

ALBANY, MUG, KNIFE = "Albany Warehouse", "MUG-ENM-GRN", "KNIFE-FLD-M"
UUID = len("gid://shopify/CalculatedLineItem/2ae850e4-8ca6-4e41-a4b9-3d6a4425b881")

_ORDER = """
calculatedOrder {
  id originalOrder { id } subtotalLineItemsQuantity
  subtotalPriceSet { shopMoney { amount } } totalPriceSet { shopMoney { amount } }
  totalOutstandingSet { shopMoney { amount } }
  lineItems(first: 10) { nodes { id quantity editableQuantity } }
  addedLineItems(first: 10) { nodes { id quantity } }
}
userErrors { field message }
"""
_LINE = """
calculatedLineItem {
  id quantity sku discountedUnitPriceSet { shopMoney { amount } } hasStagedLineItemDiscount
  calculatedDiscountAllocations {
    allocatedAmountSet { shopMoney { amount } } discountApplication { __typename description }
  }
}
"""
BEGIN = (
    f"mutation M($id: ID!) {{ orderEditBegin(id: $id) {{ orderEditSession {{ id }} {_ORDER} }} }}"
)
SET = f"""
mutation M($id: ID!, $lineItemId: ID!, $quantity: Int!, $restock: Boolean) {{
  orderEditSetQuantity(id: $id, lineItemId: $lineItemId, quantity: $quantity, restock: $restock) {{
    {_LINE} {_ORDER}
  }}
}}
"""
ADD = f"""
mutation M($id: ID!, $variantId: ID!, $quantity: Int!, $allowDuplicates: Boolean) {{
  orderEditAddVariant(
    id: $id, variantId: $variantId, quantity: $quantity, allowDuplicates: $allowDuplicates
  ) {{ {_LINE} {_ORDER} }}
}}
"""
DISCOUNT = f"""
mutation M($id: ID!, $lineItemId: ID!, $discount: OrderEditAppliedDiscountInput!) {{
  orderEditAddLineItemDiscount(id: $id, lineItemId: $lineItemId, discount: $discount) {{
    addedDiscountStagedChange {{ id description }} {_LINE} {_ORDER}
  }}
}}
"""
COMMIT = """
mutation M($id: ID!, $notifyCustomer: Boolean, $staffNote: String) {
  orderEditCommit(id: $id, notifyCustomer: $notifyCustomer, staffNote: $staffNote) {
    order { id closed displayFinancialStatus totalOutstandingSet { shopMoney { amount } } }
    successMessages
    userErrors { field message }
  }
}
"""


def begin(bench: Bench, order: Order) -> dict[str, Any]:
    """A session: the calculated order."""
    found: dict[str, Any] = run(bench, BEGIN, id=order.id)["calculatedOrder"]
    return found


def calculated(order: Order, position: int = 0) -> str:
    """A line's id inside a session: the same number (captured)."""
    return f"gid://shopify/CalculatedLineItem/{order.lines[position].number_id}"


def reduce(bench: Bench, order: Order, units: int, **given: Any) -> str:
    """A session in which the first line is set to ``units``."""
    session = begin(bench, order)["id"]
    payload = run(bench, SET, id=session, lineItemId=calculated(order), quantity=units, **given)
    assert payload["userErrors"] == []
    return str(session)


def commit(bench: Bench, session: str, **given: Any) -> dict[str, Any]:
    """``orderEditCommit``; the payload."""
    return run(bench, COMMIT, id=session, **given)


def variant(bench: Bench, sku: str) -> str:
    """A variant's global id."""
    return bench.store.by_sku(sku)[0].id


def amount(bag: dict[str, Any]) -> str:
    """The shop's amount of a money bag."""
    return str(bag["shopMoney"]["amount"])


def error(payload: dict[str, Any]) -> tuple[Any, str]:
    """The only user error; everything else must be null."""
    (found,) = payload["userErrors"]
    assert [value for key, value in payload.items() if key != "userErrors"] == [None] * (
        len(payload) - 1
    )
    return found["field"], found["message"]
