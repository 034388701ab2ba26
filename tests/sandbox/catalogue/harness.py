"""What the tests of the catalogue send, and how they read it back."""

from __future__ import annotations

from typing import Any, Final

from bridge.sandbox.model import Product, Variant
from tests.sandbox.state.harness import Bench

ERRORS: Final = "userErrors { field message code }"

SET: Final = f"""
mutation Set($identifier: ProductSetIdentifiers, $input: ProductSetInput!, $sync: Boolean = true) {{
  productSet(identifier: $identifier, input: $input, synchronous: $sync) {{
    product {{ id handle }}
    productSetOperation {{ id status }}
    {ERRORS}
  }}
}}"""

UPDATE: Final = """
mutation Update(
  $product: ProductUpdateInput, $identifier: ProductUpdateIdentifiers, $media: [CreateMediaInput!]
) {
  productUpdate(product: $product, identifier: $identifier, media: $media) {
    product { id title }
    userErrors { field message }
  }
}"""

VARIANTS_CREATE: Final = f"""
mutation Create(
  $productId: ID!, $variants: [ProductVariantsBulkInput!]!, $media: [CreateMediaInput!],
  $strategy: ProductVariantsBulkCreateStrategy
) {{
  productVariantsBulkCreate(
    productId: $productId, variants: $variants, media: $media, strategy: $strategy
  ) {{ product {{ id }} productVariants {{ id title sku price }} {ERRORS} }}
}}"""

VARIANTS_UPDATE: Final = f"""
mutation Update(
  $productId: ID!, $variants: [ProductVariantsBulkInput!]!, $media: [CreateMediaInput!],
  $partial: Boolean
) {{
  productVariantsBulkUpdate(
    productId: $productId, variants: $variants, media: $media, allowPartialUpdates: $partial
  ) {{ product {{ id }} productVariants {{ id title sku price }} {ERRORS} }}
}}"""

VARIANTS_DELETE: Final = f"""
mutation Delete($productId: ID!, $variantsIds: [ID!]!) {{
  productVariantsBulkDelete(productId: $productId, variantsIds: $variantsIds) {{
    product {{ id }} {ERRORS}
  }}
}}"""

SHIRT: Final[dict[str, Any]] = {
    "title": "Linen Shirt",
    "productOptions": [
        {"name": "Size", "values": [{"name": "S"}, {"name": "M"}]},
        {"name": "Color", "values": [{"name": "Red"}, {"name": "Blue"}]},
    ],
    "variants": [
        {
            "sku": "LIN-S-RED",
            "price": "40.00",
            "optionValues": [
                {"optionName": "Size", "name": "S"},
                {"optionName": "Color", "name": "Red"},
            ],
        },
        {
            "sku": "LIN-M-BLUE",
            "price": "42.00",
            "optionValues": [
                {"optionName": "Size", "name": "M"},
                {"optionName": "Color", "name": "Blue"},
            ],
        },
    ],
}
"""A product of two options and two of their four combinations."""


def send(bench: Bench, text: str, variables: dict[str, Any], field: str) -> dict[str, Any]:
    """The payload of a mutation that must not fail at the top."""
    reply = bench.run(text, variables)
    assert "errors" not in reply, reply["errors"]
    payload: dict[str, Any] = reply["data"][field]
    return payload


def done(bench: Bench, text: str, variables: dict[str, Any], field: str) -> dict[str, Any]:
    """The payload of a mutation that must succeed."""
    payload = send(bench, text, variables, field)
    errors = payload.get("userErrors", payload.get("mediaUserErrors"))
    assert errors == [], errors
    return payload


def set_product(bench: Bench, given: dict[str, Any], **more: Any) -> Product:
    """A product by ``productSet``, which must succeed."""
    payload = done(bench, SET, {"input": given, **more}, "productSet")
    return product(bench, payload["product"]["id"])


def set_errors(bench: Bench, given: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """What ``productSet`` refuses an input with; nothing may have changed."""
    products, journal = len(bench.store.products), len(bench.store.journal)
    payload = send(bench, SET, {"input": given, **more}, "productSet")
    assert payload["product"] is None
    assert (len(bench.store.products), len(bench.store.journal)) == (products, journal)
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


def product(bench: Bench, identifier: str) -> Product:
    """The product of a global id."""
    found = bench.store.find_as(Product, identifier)
    assert found is not None
    return found


def by_handle(bench: Bench, handle: str) -> Product:
    """The product of a handle."""
    return next(one for one in bench.store.products.values() if one.handle == handle)


def titles(found: Product) -> list[str]:
    """Titles of its variants, in their order."""
    return [variant.title for variant in found.variant_list]


def options(found: Product) -> list[tuple[str, list[str]]]:
    """Names of its options with all their values, in their order."""
    return [(one.name, [value.name for value in one.value_list]) for one in found.option_list]


def variant(found: Product, title: str) -> Variant:
    """The variant of a title."""
    return next(one for one in found.variant_list if one.title == title)


def image(name: str, alt: str | None = None) -> dict[str, Any]:
    """``CreateMediaInput`` of an image."""
    source = f"https://images.example.com/{name}"
    return {"mediaContentType": "IMAGE", "originalSource": source, "alt": alt}
