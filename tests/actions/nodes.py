"""Order nodes as ``shopify.values.plain`` gives them, built small for tests of pure rules."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

CREATED = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def money(amount: str | Decimal, currency: str = "USD") -> dict[str, Any]:
    """A MoneyBag that carries presentment money only."""
    return {"presentmentMoney": {"amount": Decimal(amount), "currencyCode": currency}}


def line(
    number: int = 1,
    *,
    price: str = "10.00",
    quantity: int = 1,
    current: int | None = None,
    unfulfilled: int | None = None,
    discount: str = "0",
    tax: str = "0",
    ships: bool = True,
    currency: str = "USD",
    **fields: Any,
) -> dict[str, Any]:
    """One LineItem; ``discount`` and ``tax`` are for the quantity that was ordered."""
    current = quantity if current is None else current
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "sku": f"SKU-{number}",
        "name": f"Thing {number}",
        "title": f"Thing {number}",
        "variantTitle": None,
        "vendor": None,
        "quantity": quantity,
        "currentQuantity": current,
        "unfulfilledQuantity": current if unfulfilled is None else unfulfilled,
        "nonFulfillableQuantity": 0,
        "requiresShipping": ships,
        "isGiftCard": False,
        "taxable": True,
        "originalUnitPriceSet": money(price, currency),
        "discountAllocations": (
            [{"allocatedAmountSet": money(discount, currency)}] if Decimal(discount) else []
        ),
        "taxLines": (
            [{"title": "Tax", "rate": 0.1, "channelLiable": False, "priceSet": money(tax)}]
            if Decimal(tax)
            else []
        ),
        "customAttributes": [],
        "lineItemGroup": None,
        **fields,
    }


def order(*lines: dict[str, Any], total: str, currency: str = "USD", **fields: Any) -> Any:
    """One Order, paid and unfulfilled unless ``fields`` say otherwise."""
    zero = money("0", currency)
    number = fields.pop("number", 1001)
    return {
        "__typename": "Order",
        "acknowledged": None,
        "cancelAcknowledged": None,
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number}",
        "number": number,
        "createdAt": CREATED,
        "processedAt": CREATED,
        "updatedAt": CREATED,
        "cancelledAt": None,
        "cancelReason": None,
        "closed": False,
        "confirmed": True,
        "test": False,
        "edited": False,
        "email": "ada@example.com",
        "phone": None,
        "note": None,
        "poNumber": None,
        "tags": [],
        "clientIp": None,
        "customerLocale": "en",
        "sourceName": "web",
        "sourceIdentifier": None,
        "discountCodes": [],
        "paymentGatewayNames": ["bogus"],
        "currencyCode": currency,
        "presentmentCurrencyCode": currency,
        "taxesIncluded": False,
        "dutiesIncluded": False,
        "estimatedTaxes": False,
        "taxExempt": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "returnStatus": "NO_RETURN",
        "requiresShipping": True,
        "customAttributes": [],
        "customer": None,
        "billingAddress": None,
        "shippingAddress": None,
        "currentTotalPriceSet": money(total, currency),
        "currentSubtotalPriceSet": zero,
        "currentShippingPriceSet": zero,
        "currentTotalTaxSet": zero,
        "currentTotalDiscountsSet": zero,
        "currentTotalDutiesSet": None,
        "currentTotalAdditionalFeesSet": None,
        "totalTipReceivedSet": zero,
        "totalOutstandingSet": zero,
        "totalReceivedSet": money(total, currency),
        "totalCapturableSet": zero,
        "totalRefundedSet": zero,
        "refundDiscrepancySet": zero,
        "shippingLines": [],
        "transactions": [],
        "risk": {"recommendation": "ACCEPT"},
        "fulfillmentOrders": [fulfillment_order()],
        "lineItems": list(lines),
        **fields,
    }


def fulfillment_order(status: str = "OPEN", *, location: str = "Main") -> dict[str, Any]:
    """One FulfillmentOrder at a location."""
    return {
        "id": "gid://shopify/FulfillmentOrder/1",
        "status": status,
        "fulfillAt": None,
        "deliveryMethod": {"methodType": "SHIPPING", "presentedName": None},
        "fulfillmentHolds": [{"reason": "OTHER"}] if status == "ON_HOLD" else [],
        "assignedLocation": {"name": location, "location": {"id": "gid://shopify/Location/7"}},
    }


def transaction(number: int, kind: str, amount: str, **fields: Any) -> dict[str, Any]:
    """One successful OrderTransaction."""
    parent = fields.pop("parent", None)
    return {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": kind,
        "status": "SUCCESS",
        "test": False,
        "gateway": "bogus",
        "formattedGateway": "Bogus",
        "processedAt": CREATED,
        "amountSet": money(amount),
        "parentTransaction": (
            {"id": f"gid://shopify/OrderTransaction/{parent}"} if parent else None
        ),
        "paymentDetails": None,
        **fields,
    }
