"""The formats of the wire: money, timestamps, rates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sandbox.money import Bag, amount_text
from bridge.sandbox.state import stamp

_TIMES = {
    "Collection": {"updatedAt": "updated_at"},
    "MediaImage": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "Fulfillment": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "FulfillmentOrder": {
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "fulfillAt": "fulfill_at",
    },
    "InventoryLevel": {"updatedAt": "updated_at"},
    "Metafield": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "Order": {
        "createdAt": "created_at",
        "processedAt": "processed_at",
        "updatedAt": "updated_at",
        "cancelledAt": "cancelled_at",
        "closedAt": "closed_at",
    },
    "OrderTransaction": {
        "processedAt": "processed_at",
        "authorizationExpiresAt": "authorization_expires_at",
    },
    "Product": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "ProductVariant": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "Refund": {"createdAt": "created_at", "updatedAt": "updated_at"},
    "Return": {"createdAt": "created_at", "closedAt": "closed_at"},
}


def _time(attribute: str) -> Callable[..., str | None]:
    def resolve(source: object, _info: object) -> str | None:
        return stamp(getattr(source, attribute))

    return resolve


def _shop_money(bag: Bag, _info: object) -> dict[str, str]:
    return {"amount": amount_text(bag.shop), "currencyCode": bag.currencies.shop}


def _presentment_money(bag: Bag, _info: object) -> dict[str, str]:
    return {"amount": amount_text(bag.presentment), "currencyCode": bag.currencies.presentment}


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    kind: {field: _time(attribute) for field, attribute in fields.items()}
    for kind, fields in _TIMES.items()
}
RESOLVERS["MoneyBag"] = {"shopMoney": _shop_money, "presentmentMoney": _presentment_money}
RESOLVERS["TaxLine"] = {"rate": lambda tax, _info: float(tax.rate)}
