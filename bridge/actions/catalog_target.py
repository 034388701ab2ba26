"""What mappings/catalog_push.toml makes of a feed: products with variants, in Shopify's names.

Every field but a variant's ``sku`` is optional, and an absent one (``None``, an empty list) is
not mentioned by the feed: what the store has stays. Names and meanings are those of Shopify's
``ProductSetInput`` and ``ProductVariantsBulkInput`` (Admin API 2026-10), flattened where Shopify
nests for its own reasons.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Final, Literal

from graphql import GraphQLEnumType
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from bridge.actions.catalog_text import tidy_handle
from bridge.mapping.targets import Content
from bridge.schema import load_schema

Clearable = Literal["compareAtPrice", "barcode", "harmonizedSystemCode", "cost"]
WeightUnit = Literal["GRAMS", "KILOGRAMS", "OUNCES", "POUNDS"]

MAX_VARIANTS: Final = 2048  # of one product, Shopify
MAX_OPTIONS: Final = 3  # of one product, Shopify
MAX_MEDIA: Final = 250  # of one product, Shopify

# Digits, with blanks, points, dashes or slashes between groups of them.
_GROUPED: Final = re.compile(r"[0-9]+([\s./\u2010-\u2015-]+[0-9]+)*")
_BETWEEN: Final = re.compile(r"[^0-9]")

Text = Annotated[str, Field(min_length=1)]
Number = Annotated[Decimal, Field(ge=0), WithJsonSchema({"type": "number", "minimum": 0})]
# What a template leaves empty says nothing: `{"optionName": "Size", "name": ""}` of a mug.
SaidText = Annotated[Text, Content()]
SaidNumber = Annotated[Number, Content()]


def _handle(text: str | None) -> str | None:
    return (tidy_handle(text) or None) if text else None


@cache
def _countries() -> frozenset[str]:
    kind = load_schema().get_type("CountryCode")
    return frozenset(kind.values) if isinstance(kind, GraphQLEnumType) else frozenset()


def _country(text: str | None) -> str | None:
    # An unknown one would have Shopify refuse the whole request, other variants too.
    if not text:
        return None
    if text.strip().upper() not in _countries():
        raise ValueError("no country code of two letters")
    return text.strip().upper()


def _digits(text: str | None) -> str | None:
    # Tariffs print a code in groups (6109.10.00, 6109 10 00); Shopify wants the digits alone.
    if not text or not _GROUPED.fullmatch(text.strip()):
        return text or None
    return _BETWEEN.sub("", text)


class Wanted(BaseModel):
    """The rules of all targets: Shopify's names in a mapping, ours in Python."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class WantedMetafield(Wanted):
    """A custom value: ``type`` as Shopify names it (``single_line_text_field``, ``json`` …)."""

    namespace: Text
    key: Text
    type: Text
    value: Annotated[str, Content()]


class WantedImage(Wanted):
    """An image by its address. ``alt`` absent: the store's own alternative text stays.

    One without an address cannot be sent, and is told of (``catalog_limits``) if the feed says
    anything of it: its alternative text, or, as JSON in the place of the address, what it is.
    """

    original_source: str = ""
    alt: str | None = None


class WantedOptionValue(Wanted):
    """A variant's value of one option: ``Size`` is ``S``."""

    option_name: Text
    name: SaidText


class WantedWeight(Wanted):
    """A variant's weight; without ``unit`` in the unit that the variant has, else kilograms."""

    value: SaidNumber
    unit: WeightUnit | None = None


class WantedSeo(Wanted):
    """What search engines show."""

    title: str | None = None
    description: str | None = None


class WantedClear(Wanted):
    """A field of the variant that shall be empty: an ended sale has no compare-at price."""

    field: Clearable


class WantedVariant(Wanted):
    """One variant. ``image`` is the address of one of the product's images.

    ``harmonized_system_code`` may be in groups, ``6109.10.00``; only the digits are kept.
    """

    sku: Text
    barcode: str | None = None
    price: Number | None = None
    compare_at_price: Number | None = None
    cost: Number | None = None
    taxable: bool | None = None
    inventory_policy: Literal["DENY", "CONTINUE"] | None = None
    tracked: bool | None = None
    requires_shipping: bool | None = None
    weight: WantedWeight | None = None
    country_code_of_origin: Annotated[str | None, AfterValidator(_country)] = None
    province_code_of_origin: str | None = None
    harmonized_system_code: Annotated[str | None, AfterValidator(_digits)] = None
    option_values: tuple[WantedOptionValue, ...] = ()
    metafields: tuple[WantedMetafield, ...] = ()
    image: str | None = None
    clear: tuple[WantedClear, ...] = ()


class WantedProduct(Wanted):
    """One product, or a part of one: items with the same ``family`` become one product.

    ``children`` are SKUs whose own items name no family: they belong to this one.
    ``variantsOnly`` is true of an item that is but a variant of something larger: of its fields
    only the variants count, so that the shirt is not renamed after its size S.
    ``category`` is a taxonomy id (``gid://shopify/TaxonomyCategory/…``) or its full name,
    ``collections`` are handles or titles, ``publications`` names of sales channels, ``options``
    the option names in their order. ``remove`` says what becomes of variants and images that
    the store has and the feed's product does not list: nothing (absent), ``delete``, or
    ``archive`` (variants are taken from every sales channel, images stay).
    """

    family: str | None = None
    children: tuple[str, ...] = ()
    variants_only: bool | None = None
    handle: Annotated[str | None, AfterValidator(_handle)] = None
    title: str | None = None
    description_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    status: Literal["ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"] | None = None
    category: str | None = None
    seo: WantedSeo | None = None
    template_suffix: str | None = None
    gift_card: bool | None = None
    requires_selling_plan: bool | None = None
    tags: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    media: tuple[WantedImage, ...] = ()
    metafields: tuple[WantedMetafield, ...] = ()
    collections: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    remove: Literal["archive", "delete"] | None = None
    variants: tuple[WantedVariant, ...] = ()


class WantedCatalog(Wanted):
    """The whole feed."""

    products: tuple[WantedProduct, ...] = ()
