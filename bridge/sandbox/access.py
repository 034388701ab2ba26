"""Scopes: which field needs which, and what a token without it sees.

Captured: ``Access denied for heldByApp field. Required access: …``, the field null, the rest of the
reply complete. The scopes of the fields are documented. Protected customer data: documented that
denied fields are null with ``ACCESS_DENIED``; its words are assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge.sandbox.errors import StoreError

_WRITES: Final[Mapping[str, tuple[str, ...]]] = {
    "write_inventory": ("inventoryActivate", "inventorySetQuantities"),
    "write_orders": (
        "orderCancel",
        "orderCapture",
        "orderClose",
        "orderMarkAsPaid",
        "orderOpen",
        "refundCreate",
        "transactionVoid",
    ),
    "write_order_edits": (
        "orderEditAddLineItemDiscount",
        "orderEditAddVariant",
        "orderEditBegin",
        "orderEditCommit",
        "orderEditSetQuantity",
    ),
    "write_merchant_managed_fulfillment_orders": (
        "fulfillmentCancel",
        "fulfillmentCreate",
        "fulfillmentOrderHold",
        "fulfillmentOrderMove",
        "fulfillmentOrderOpen",
        "fulfillmentOrderReleaseHold",
        "fulfillmentTrackingInfoUpdate",
    ),
    "write_returns": ("returnCancel", "returnClose", "returnCreate", "returnProcess"),
    "write_store_credit_account_transactions": ("storeCreditAccountCredit",),
    "write_products": (
        "productDelete",
        "productOptionUpdate",
        "productOptionsCreate",
        "productOptionsDelete",
        "productOptionsReorder",
        "productReorderMedia",
        "productSet",
        "productUpdate",
        "productVariantAppendMedia",
        "productVariantDetachMedia",
        "productVariantsBulkCreate",
        "productVariantsBulkDelete",
        "productVariantsBulkUpdate",
    ),
    "write_files": ("fileUpdate",),
    "write_publications": ("publishablePublish", "publishableUnpublish"),
}

FIELD_SCOPES: Final[Mapping[tuple[str, str], str]] = {
    **{("Mutation", name): scope for scope, names in _WRITES.items() for name in names},
    ("QueryRoot", "fulfillmentOrder"): "read_merchant_managed_fulfillment_orders",
    ("QueryRoot", "order"): "read_orders",
    ("QueryRoot", "orders"): "read_orders",
    ("QueryRoot", "ordersCount"): "read_orders",
    ("QueryRoot", "product"): "read_products",
    ("QueryRoot", "products"): "read_products",
    ("QueryRoot", "productsCount"): "read_products",
    ("QueryRoot", "collection"): "read_products",
    ("QueryRoot", "collectionByIdentifier"): "read_products",
    ("QueryRoot", "collections"): "read_products",
    ("QueryRoot", "productByIdentifier"): "read_products",
    ("QueryRoot", "productOperation"): "read_products",
    ("QueryRoot", "publications"): "read_publications",
    ("QueryRoot", "productVariant"): "read_products",
    ("QueryRoot", "productVariants"): "read_products",
    ("QueryRoot", "productVariantsCount"): "read_products",
    ("QueryRoot", "inventoryItem"): "read_inventory",
    ("QueryRoot", "inventoryItems"): "read_inventory",
    ("QueryRoot", "location"): "read_locations",
    ("QueryRoot", "locations"): "read_locations",
    ("Order", "customer"): "read_customers",
    ("Order", "fulfillmentOrders"): "read_merchant_managed_fulfillment_orders",
    ("Product", "resourcePublicationsV2"): "read_publications",
    ("ProductVariant", "inventoryItem"): "read_inventory",
}
"""Fields that need a scope of their own."""

OWNER_SCOPES: Final[Mapping[str, str]] = {
    "Order": "write_orders",
    "Product": "write_products",
    "ProductVariant": "write_products",
    "Collection": "write_products",
    "Customer": "write_customers",
    "Location": "write_locations",
}
"""What ``tagsAdd`` and ``metafieldsSet`` need, by the kind of their owner."""

NODE_SCOPES: Final[Mapping[str, str]] = {
    "Order": "read_orders",
    "LineItem": "read_orders",
    "Fulfillment": "read_orders",
    "Refund": "read_orders",
    "OrderTransaction": "read_orders",
    "FulfillmentOrder": "read_merchant_managed_fulfillment_orders",
    "Product": "read_products",
    "ProductVariant": "read_products",
    "ProductOption": "read_products",
    "ProductSetOperation": "read_products",
    "Collection": "read_products",
    "MediaImage": "read_products",
    "Publication": "read_publications",
    "InventoryItem": "read_inventory",
    "Location": "read_locations",
    "Customer": "read_customers",
}
"""What reading an object by ``node`` needs."""

PROTECTED: Final = frozenset(
    {
        ("Order", "email"),
        ("Order", "phone"),
        ("Order", "billingAddress"),
        ("Order", "shippingAddress"),
        ("Customer", "firstName"),
        ("Customer", "lastName"),
        ("Customer", "defaultEmailAddress"),
        ("Customer", "defaultPhoneNumber"),
    }
)
"""Level 2 of protected customer data, as far as the schema has it."""


def protected(kind: str) -> StoreError:
    """The refusal of a field of protected customer data."""
    return StoreError(
        f"This app is not approved to access the {kind} object. See "
        "https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
        "ACCESS_DENIED",
    )
