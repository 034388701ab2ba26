"""The whole store as JSON, for ``GET /_sandbox/state``: for tests and people, not Shopify's shape.

Ids are numbers as strings beside the global id, money is text in the customer's currency and in
the shop's, times are Shopify's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bridge.sandbox.model import InventoryItem
from bridge.sandbox.model_fulfillment import Fulfillment, FulfillmentOrder, Refund, Return
from bridge.sandbox.model_lines import LineItem, ShippingLine, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag, amount_text
from bridge.sandbox.state_products import product_json, shelves_json

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def stamp(at: datetime | None) -> str | None:
    """``2026-07-01T10:00:00Z``: UTC, whole seconds, never a fraction (captured)."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(bag: Bag | None) -> dict[str, str] | None:
    """Both amounts of a bag, with their currencies."""
    if bag is None:
        return None
    return {
        "amount": amount_text(bag.presentment),
        "currency": bag.currencies.presentment,
        "shop_amount": amount_text(bag.shop),
        "shop_currency": bag.currencies.shop,
    }


def _line(line: LineItem) -> dict[str, Any]:
    return {
        "id": line.legacy_resource_id,
        "gid": line.id,
        "sku": line.sku,
        "title": line.title,
        "variant": line.variant.legacy_resource_id if line.variant else None,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "unfulfilled_quantity": line.unfulfilled_quantity,
        "requires_shipping": line.requires_shipping,
        "unit_price": money(line.original_unit_price_set),
        "discounts": money(line.discounts),
        "tax": money(line.tax),
    }


def _shipping(line: ShippingLine) -> dict[str, Any]:
    return {
        "id": line.legacy_resource_id,
        "title": line.title,
        "price": money(line.original_price_set),
        "current_price": money(line.current_discounted_price_set),
    }


def _transaction(row: Transaction) -> dict[str, Any]:
    parent = row.parent_transaction
    return {
        "id": row.legacy_resource_id,
        "gid": row.id,
        "order": row.order.legacy_resource_id,
        "kind": row.kind,
        "status": row.status,
        "gateway": row.gateway,
        "amount": money(row.amount_set),
        "parent": parent.legacy_resource_id if parent else None,
        "error_code": row.error_code,
        "multi_capturable": row.multi_capturable,
        "expires_at": stamp(row.authorization_expires_at),
        "capturable": money(row.left),
        "processed_at": stamp(row.processed_at),
    }


def _refund(row: Refund) -> dict[str, Any]:
    return {
        "id": row.legacy_resource_id,
        "gid": row.id,
        "order": row.order.legacy_resource_id,
        "note": row.note,
        "created_at": stamp(row.created_at),
        "total": money(row.total_refunded_set),
        "return": row.of_return.legacy_resource_id if row.of_return else None,
        "transactions": [item.legacy_resource_id for item in row.transaction_list],
        "shipping": [
            {"id": item.shipping_line.legacy_resource_id, "price": money(item.subtotal_amount_set)}
            for item in row.shipping_lines
        ],
        "lines": [
            {
                "line": item.line_item.legacy_resource_id,
                "quantity": item.quantity,
                "restock_type": item.restock_type,
                "subtotal": money(item.subtotal_set),
            }
            for item in row.line_items
        ],
    }


def _fulfillment(row: Fulfillment) -> dict[str, Any]:
    return {
        "id": row.legacy_resource_id,
        "gid": row.id,
        "order": row.order.legacy_resource_id,
        "name": row.name,
        "status": row.status,
        "location": row.location.name,
        "tracking": row.tracking,
        "lines": [
            {"line": item.line_item.legacy_resource_id, "quantity": item.quantity}
            for item in row.line_items
        ],
    }


def _fulfillment_order(row: FulfillmentOrder) -> dict[str, Any]:
    return {
        "id": row.legacy_resource_id,
        "gid": row.id,
        "status": row.status,
        "location": row.location.name,
        "method": row.method_type,
        "fulfill_at": stamp(row.fulfill_at),
        "holds": [hold.reason for hold in row.fulfillment_holds],
        "lines": [
            {
                "line": item.line_item.legacy_resource_id,
                "total": item.total_quantity,
                "remaining": item.remaining_quantity,
            }
            for item in row.lines
        ],
    }


def _return(row: Return) -> dict[str, Any]:
    return {
        "id": row.legacy_resource_id,
        "gid": row.id,
        "order": row.order.legacy_resource_id,
        "name": row.name,
        "status": row.status,
        "lines": [
            {
                "line": item.line_item.legacy_resource_id,
                "quantity": item.quantity,
                "processed": item.processed_quantity,
                "refunded": item.refunded_quantity,
                "reason": item.return_reason,
                "note": item.return_reason_note,
            }
            for item in row.lines
        ],
    }


def order_json(order: Order) -> dict[str, Any]:
    """One order, with its seed ``kind``."""
    return {
        "id": order.legacy_resource_id,
        "gid": order.id,
        "name": order.name,
        "kind": order.kind,
        "created_at": stamp(order.created_at),
        "updated_at": stamp(order.updated_at),
        "cancelled_at": stamp(order.cancelled_at),
        "cancel_reason": order.cancel_reason,
        "cancel_note": order.cancel_note,
        "edited": order.edited,
        "closed": order.closed,
        "test": order.test,
        "source_name": order.source_name,
        "tags": list(order.tags),
        "metafields": {
            f"{field.namespace}.{field.key}": field.value
            for field in order.metafields_by_key.values()
        },
        "financial_status": order.display_financial_status,
        "fulfillment_status": order.display_fulfillment_status,
        "total": money(order.total_price_set),
        "current_total": money(order.current_total_price_set),
        "outstanding": money(order.total_outstanding_set),
        "lines": [_line(line) for line in order.lines],
        "shipping_lines": [_shipping(line) for line in order.shipping_line_list],
        "transactions": [row.legacy_resource_id for row in order.transaction_list],
        "fulfillment_orders": [_fulfillment_order(row) for row in order.fulfillment_order_list],
        "fulfillments": [row.legacy_resource_id for row in order.fulfillment_list],
        "refunds": [row.legacy_resource_id for row in order.refund_list],
        "returns": [row.legacy_resource_id for row in order.return_list],
    }


def _item(item: InventoryItem) -> dict[str, Any]:
    return {
        "id": item.legacy_resource_id,
        "gid": item.id,
        "sku": item.sku,
        "tracked": item.tracked,
        "levels": [
            {
                "location": level.location.legacy_resource_id,
                "location_name": level.location.name,
                "active": level.is_active,
                "available": level.available,
                "committed": level.committed,
                "on_hand": level.on_hand,
            }
            for level in item.levels.values()
        ],
    }


def state_json(store: Store) -> dict[str, Any]:
    """Orders and what hangs on them, store credit, inventory, products, locations."""
    orders = list(store.orders.values())
    return {
        "orders": [order_json(order) for order in orders],
        "fulfillments": [_fulfillment(row) for order in orders for row in order.fulfillment_list],
        "transactions": [_transaction(row) for order in orders for row in order.transaction_list],
        "refunds": [_refund(row) for order in orders for row in order.refund_list],
        "returns": [_return(row) for order in orders for row in order.return_list],
        "store_credit": [
            {
                "customer": customer.legacy_resource_id,
                "email": customer.email,
                "currency": account.currency,
                "amount": amount_text(account.amount),
            }
            for customer in store.customers.values()
            for account in customer.store_credit
        ],
        "inventory": [_item(item) for item in store.items.values()],
        "products": [product_json(store, product) for product in store.products.values()],
        **shelves_json(store),
        "locations": [
            {
                "id": location.legacy_resource_id,
                "gid": location.id,
                "name": location.name,
                "active": location.is_active,
            }
            for location in store.locations.values()
        ],
    }
