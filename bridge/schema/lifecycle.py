"""What comes and goes between versions of the Admin API, of the fields and values in our subset.

``admin.graphql`` has no deprecations, and is of one version. These are Shopify's own words of
``API_VERSION`` and what it has more than the version before; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEPRECATED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CurrencyCode.BYR": "Use `BYN` instead.",
        "CurrencyCode.STD": "Use `STN` instead.",
        "CurrencyCode.VEF": "Use `VES` instead.",
        "FulfillmentStatus.OPEN": "This is a legacy status and is due to be deprecated.",
        "FulfillmentStatus.PENDING": "This is a legacy status and is due to be deprecated.",
        "LineItem.fulfillableQuantity": "Use FulfillmentOrderLineItem#remainingQuantity instead.",
        "Order.totalCapturable": "Use `totalCapturableSet` instead.",
        "OrderCancelPayload.userErrors": "Use `orderCancelUserErrors` instead.",
        "StagedUploadTargetGenerateUploadResource.PRODUCT_IMAGE": "Use IMAGE instead. "
        "This resource type will be removed in a future version.",
    }
)
"""``Type.field`` or ``Enum.VALUE``, and what Shopify says of it."""

SINCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "OrderDisplayFulfillmentStatus.FULFILLMENT_NOT_REQUIRED": "2026-10",
    }
)
"""The version that brought it; what is not named is in every version that we take."""
