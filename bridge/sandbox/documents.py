"""What the search index keeps of an object: its searchable fields and its sort keys, as values.

A document is a snapshot: later changes of the object do not show in it. The fields are those that
Shopify documents for each list's ``query``; ``FIELDS`` says which of them are modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from bridge.sandbox.matching import Value, Values, words
from bridge.sandbox.model import InventoryItem, Product, Variant
from bridge.sandbox.model_orders import Order
from bridge.sandbox.model_products import Collection
from bridge.sandbox.search import Fields

SortValue: TypeAlias = datetime | int | str
"""What a list is ordered by; always compared together with the id."""


@dataclass(frozen=True, slots=True)
class Document:
    """One object as the index knows it."""

    gid: str
    number: int
    created_at: datetime
    values: Values
    sort: Mapping[str, SortValue]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS: Final[Mapping[str, Fields]] = {
    "Order": Fields(
        _names(
            "id name tag tag_not status financial_status fulfillment_status return_status "
            "created_at updated_at processed_at test source_name source_identifier email sku "
            "location_id customer_id po_number discount_code gateway delivery_method"
        ),
        _names(
            "cart_token channel channel_id chargeback_status checkout_token confirmation_number "
            "credit_card_last4 current_total_price fraud_protection_level fulfillment_location_id "
            "payment_id payment_provider_id reference_location_id risk_level sales_channel "
            "subtotal_line_items_quantity total_weight"
        ),
        "orders",
    ),
    "ProductVariant": Fields(
        _names(
            "id sku title product_id product_status product_type vendor tag tag_not updated_at "
            "gift_card inventory_quantity taxable barcode"
        ),
        _names(
            "collection delivery_profile_id exclude_composite location_id managed "
            "exclude_variants_with_components managed_by option1 option2 option3 product_ids "
            "product_publication_status publishable_status published_status requires_components"
        ),
        "product variants",
    ),
    "Product": Fields(
        _names(
            "id title handle vendor product_type status tag tag_not sku created_at updated_at "
            "gift_card inventory_total variant_id barcode"
        ),
        _names(
            "bundles category_id collection_id combined_listing_role delivery_profile_id "
            "error_feedback has_only_composites has_only_default_variant is_price_reduced price "
            "has_variant_with_components out_of_stock_somewhere product_configuration_owner "
            "product_publication_status publication_ids publishable_status published_at "
            "published_status tracks_inventory variant_title"
        ),
        "products",
    ),
    "Collection": Fields(
        _names("id title handle updated_at collection_type"),
        _names(
            "product_id product_publication_status publishable_status published_at published_status"
        ),
        "collections",
    ),
    "InventoryItem": Fields(_names("id sku created_at updated_at"), frozenset(), "inventory items"),
}

# Shopify's filter values for what displayFulfillmentStatus shows (documented names; which
# statuses each of them takes in is assumed).
_FULFILLMENT: Final[Mapping[str, frozenset[str]]] = {
    "UNFULFILLED": _names("unfulfilled unshipped"),
    "PARTIALLY_FULFILLED": _names("partial"),
    "FULFILLED": _names("fulfilled shipped"),
    "ON_HOLD": _names("on_hold unfulfilled unshipped"),
    "SCHEDULED": _names("scheduled unfulfilled unshipped"),
    "IN_PROGRESS": _names("unfulfilled unshipped"),
    "REQUEST_DECLINED": _names("request_declined unfulfilled unshipped"),
}


SORTS: Final[Mapping[str, Mapping[str, Callable[[Any], SortValue]]]] = {
    "Order": {
        "ID": lambda order: int(order.number_id),
        "CREATED_AT": lambda order: _time(order.created_at),
        "UPDATED_AT": lambda order: _time(order.updated_at),
        "PROCESSED_AT": lambda order: _time(order.processed_at),
        "ORDER_NUMBER": lambda order: int(order.number),
    },
    "ProductVariant": {
        "ID": lambda variant: int(variant.number_id),
        "SKU": lambda variant: str(variant.sku or ""),
        "TITLE": lambda variant: str(variant.title),
        "FULL_TITLE": lambda variant: str(variant.display_name),
    },
    "Product": {
        "ID": lambda product: int(product.number_id),
        "TITLE": lambda product: str(product.title),
        "VENDOR": lambda product: str(product.vendor),
        "PRODUCT_TYPE": lambda product: str(product.product_type),
        "CREATED_AT": lambda product: _time(product.created_at),
        "UPDATED_AT": lambda product: _time(product.updated_at),
    },
    "Collection": {
        "ID": lambda row: int(row.number_id),
        "TITLE": lambda row: str(row.title),
        "UPDATED_AT": lambda row: _time(row.updated_at),
    },
    "InventoryItem": {"ID": lambda item: int(item.number_id)},
}
"""By what the objects of a kind can be ordered; Shopify's other sort keys are refused."""


def _time(moment: datetime) -> SortValue:
    return moment


def _sort(kind: str, node: object) -> dict[str, SortValue]:
    return {key: value(node) for key, value in SORTS[kind].items()}


def document(node: object) -> Document | None:
    """The document of an object as it is now; None for kinds that nobody searches."""
    match node:
        case Order():
            return _order(node)
        case Variant():
            return _variant(node)
        case Product():
            return _product(node)
        case InventoryItem():
            return _item(node)
        case Collection():
            return _collection(node)
        case _:
            return None


def _lower(*words: str | None) -> frozenset[str]:
    return frozenset(word.lower() for word in words if word)


def _order_states(order: Order) -> frozenset[str]:
    """What ``status:`` matches: open, closed, cancelled, not_closed, any (documented)."""
    states = {"any", "closed" if order.closed_at else "not_closed"}
    if order.cancelled_at:
        states.add("cancelled")
    elif not order.closed_at:
        states.add("open")
    return frozenset(states)


def _order(order: Order) -> Document:
    skus = " ".join(line.sku for line in order.lines if line.sku)
    locations = {str(fo.location.number_id) for fo in order.fulfillment_order_list}
    if order.retail_location is not None:
        locations.add(str(order.retail_location.number_id))
    methods = {fo.method_type.replace("_", "-") for fo in order.fulfillment_order_list}
    customer = order.customer
    values: dict[str, Value] = {
        "id": order.number_id,
        "name": words(order.name),
        "tag": _lower(*order.tags),
        "status": _order_states(order),
        "financial_status": _lower(order.display_financial_status),
        "fulfillment_status": _FULFILLMENT.get(order.display_fulfillment_status, frozenset()),
        "return_status": _lower(order.return_status),
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "processed_at": order.processed_at,
        "test": order.test,
        "source_name": _lower(order.source_name),
        "source_identifier": _lower(order.source_identifier),
        "email": _lower(order.email),
        "sku": words(skus),
        "location_id": frozenset(locations),
        "customer_id": customer.number_id if customer is not None else None,
        "po_number": words(order.po_number),
        "discount_code": _lower(*order.discount_codes[:1]),
        "gateway": _lower(*order.payment_gateway_names),
        "delivery_method": _lower(*methods),
        "default": words(" ".join(filter(None, [order.name, order.email, skus]))),
    }
    return Document(order.id, order.number_id, order.created_at, values, _sort("Order", order))


def _variant(variant: Variant) -> Document:
    product = variant.product
    values: dict[str, Value] = {
        "id": variant.number_id,
        "sku": words(variant.sku),
        "title": words(variant.display_name),
        "product_id": product.number_id,
        "product_status": _lower(product.status),
        "product_type": _lower(product.product_type),
        "vendor": _lower(product.vendor),
        "tag": _lower(*product.tags),
        "updated_at": variant.updated_at,
        "gift_card": product.is_gift_card,
        "inventory_quantity": variant.inventory_quantity,
        "taxable": variant.taxable,
        "barcode": words(variant.barcode),
        "default": words(" ".join(filter(None, [variant.display_name, variant.sku]))),
    }
    return Document(
        variant.id, variant.number_id, variant.created_at, values, _sort("ProductVariant", variant)
    )


def _product(product: Product) -> Document:
    skus = " ".join(v.sku for v in product.variant_list if v.sku)
    values: dict[str, Value] = {
        "id": product.number_id,
        "title": words(product.title),
        "handle": _lower(product.handle),
        "vendor": _lower(product.vendor),
        "product_type": _lower(product.product_type),
        "status": _lower(product.status),
        "tag": _lower(*product.tags),
        "sku": words(skus),
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        "gift_card": product.is_gift_card,
        "inventory_total": product.total_inventory,
        "barcode": words(" ".join(v.barcode for v in product.variant_list if v.barcode)),
        "variant_id": frozenset(str(v.number_id) for v in product.variant_list),
        "default": words(" ".join([product.title, product.vendor, product.product_type, skus])),
    }
    return Document(
        product.id, product.number_id, product.created_at, values, _sort("Product", product)
    )


def _item(item: InventoryItem) -> Document:
    values: dict[str, Value] = {
        "id": item.number_id,
        "sku": words(item.sku),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "default": words(item.sku),
    }
    return Document(item.id, item.number_id, item.created_at, values, _sort("InventoryItem", item))


def _collection(row: Collection) -> Document:
    """A collection; its document has no time of creation of its own."""
    values: dict[str, Value] = {
        "id": row.number_id,
        "title": words(row.title),
        "handle": _lower(row.handle),
        "collection_type": _lower("smart" if row.rule else "custom"),
        "updated_at": row.updated_at,
        "default": words(row.title),
    }
    return Document(row.id, row.number_id, row.updated_at, values, _sort("Collection", row))
