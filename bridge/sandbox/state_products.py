"""The catalogue as JSON for ``GET /_sandbox/state``: products, collections, publications, files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bridge.sandbox.model import Owner, Product, Variant
from bridge.sandbox.model_products import MediaImage
from bridge.sandbox.money import amount_text

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _metafields(owner: Owner) -> dict[str, dict[str, str]]:
    return {
        f"{row.namespace}.{row.key}": {"type": row.type, "value": row.value}
        for row in owner.metafields_by_key.values()
    }


def _image(image: MediaImage) -> dict[str, Any]:
    return {
        "id": image.legacy_resource_id,
        "gid": image.id,
        "source": image.original_url,
        "filename": image.filename,
        "url": image.url,
        "alt": image.alt,
        "status": image.status,
        "errors": [row["code"] for row in image.errors],
    }


def variant_json(variant: Variant) -> dict[str, Any]:
    """One variant with what its inventory item knows, stock apart."""
    item = variant.inventory_item
    return {
        "id": variant.legacy_resource_id,
        "gid": variant.id,
        "sku": variant.sku,
        "title": variant.title,
        "price": amount_text(variant.price),
        "compare_at_price": (
            None if variant.compare_at_price is None else amount_text(variant.compare_at_price)
        ),
        "barcode": variant.barcode,
        "taxable": variant.taxable,
        "tax_code": variant.tax_code,
        "inventory_policy": variant.inventory_policy,
        "options": {value.option.name: value.name for value in variant.chosen},
        "media": [image.legacy_resource_id for image in variant.media_list],
        "metafields": _metafields(variant),
        "hidden_on": [str(number) for number in sorted(variant.hidden_on)],
        "inventory_item": item.legacy_resource_id,
        "tracked": item.tracked,
        "requires_shipping": item.requires_shipping,
        "weight": {"value": f"{item.weight:f}", "unit": item.weight_unit},
        "cost": None if item.cost is None else amount_text(item.cost),
        "country_code_of_origin": item.country_code_of_origin,
        "province_code_of_origin": item.province_code_of_origin,
        "harmonized_system_code": item.harmonized_system_code,
        "updated_at": _stamp(variant.updated_at),
    }


def product_json(store: Store, product: Product) -> dict[str, Any]:
    """One product with its variants, in their order."""
    return {
        "id": product.legacy_resource_id,
        "gid": product.id,
        "title": product.title,
        "handle": product.handle,
        "description_html": product.description_html,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "status": product.status,
        "template_suffix": product.template_suffix,
        "requires_selling_plan": product.requires_selling_plan,
        "seo": product.seo,
        "category": product.category.code if product.category is not None else None,
        "tags": list(product.tags),
        "options": [
            {"name": option.name, "values": [value.name for value in option.value_list]}
            for option in product.option_list
        ],
        "media": [_image(image) for image in product.media_list],
        "metafields": _metafields(product),
        "collections": [
            row.handle
            for row in store.collections.values()
            if row.rule is None and row.holds(product)
        ],
        "publications": {
            store.publications[number].title: _stamp(at) for number, at in product.published.items()
        },
        "updated_at": _stamp(product.updated_at),
        "variants": [variant_json(variant) for variant in product.variant_list],
    }


def shelves_json(store: Store) -> dict[str, Any]:
    """What is beside the products."""
    return {
        "collections": [
            {
                "id": row.legacy_resource_id,
                "gid": row.id,
                "handle": row.handle,
                "title": row.title,
                "smart": row.rule is not None,
            }
            for row in store.collections.values()
        ],
        "publications": [
            {"id": row.legacy_resource_id, "gid": row.id, "title": row.title}
            for row in store.publications.values()
        ],
        "files": [_image(image) for image in store.files.values()],
        "redirects": list(store.redirects),
    }
