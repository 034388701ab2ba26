"""What differs between the feed and the store, field by field, as Shopify's inputs. Pure.

Only what the feed mentions is looked at, and only what differs is in an input: an empty one
means that there is nothing to write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from bridge.actions.catalog_target import WantedMetafield, WantedProduct, WantedVariant
from bridge.actions.catalog_text import same_handle, same_html, same_metafield, same_name
from bridge.shopify.catalogue import Fields, Key, StoreMetafield, StoreProduct, StoreVariant

Input = dict[str, Any]

DEFAULT_UNIT: Final = "KILOGRAMS"  # of a new variant whose weight has no unit

# (Shopify's name, ours) of the fields that are compared as they are.
_PRODUCT: Final = (
    ("title", "title"),
    ("vendor", "vendor"),
    ("productType", "product_type"),
    ("status", "status"),
    ("templateSuffix", "template_suffix"),
    ("requiresSellingPlan", "requires_selling_plan"),
)
_VARIANT: Final = (
    ("barcode", "barcode"),
    ("price", "price"),
    ("compareAtPrice", "compare_at_price"),
    ("taxable", "taxable"),
    ("inventoryPolicy", "inventory_policy"),
)
_ITEM: Final = (
    ("cost", "cost"),
    ("tracked", "tracked"),
    ("requiresShipping", "requires_shipping"),
    ("countryCodeOfOrigin", "country_code_of_origin"),
    ("provinceCodeOfOrigin", "province_code_of_origin"),
    ("harmonizedSystemCode", "harmonized_system_code"),
)
_ITEM_NAMES: Final = frozenset(name for name, _ in _ITEM)


def fields_of(products: Iterable[WantedProduct]) -> Fields:
    """What has to be read to compare these products: nothing that none of them mentions."""
    listed = list(products)
    variants = [variant for product in listed for variant in product.variants]

    def any_of(*names: str) -> bool:
        return any(getattr(product, name) not in (None, ()) for product in listed for name in names)

    def any_in(names: Iterable[str]) -> bool:
        wanted = list(names)
        return any(getattr(v, name) is not None for v in variants for name in wanted)

    cleared = {clear.field for variant in variants for clear in variant.clear}
    options = any_of("options") or any(v.option_values for v in variants)
    images = any(v.image for v in variants)
    texts = [python for _, python in _PRODUCT] + ["description_html", "handle", "tags"]
    lists = ["seo", "category", "media", "metafields", "collections", "publications", "remove"]
    return Fields(
        options=options,
        item=any_in(python for _, python in _ITEM) or bool(cleared & _ITEM_NAMES),
        cost=any_in(["cost"]) or "cost" in cleared,
        weight=any_in(["weight"]),
        variant_media=images,
        variant_keys=_keys(m for v in variants for m in v.metafields),
        product=options or images or any_of(*texts, *lists),
        seo=any_of("seo"),
        category=any_of("category"),
        media=images or any_of("media"),
        product_keys=_keys(m for p in listed for m in p.metafields),
        collections=any_of("collections"),
        publications=any_of("publications"),
    )


def _keys(metafields: Iterable[WantedMetafield]) -> frozenset[Key]:
    return frozenset((m.namespace, m.key) for m in metafields)


def product_input(wanted: WantedProduct, have: StoreProduct, category: str | None) -> Input:
    """The fields of ``ProductUpdateInput`` that differ, without the lists of other things.

    ``category`` is the GID of what the feed names, or None.
    """
    out = _changed(_PRODUCT, wanted, have.scalars)
    html = wanted.description_html
    if html is not None and not same_html(html, have.scalars["descriptionHtml"]):
        out["descriptionHtml"] = html
    if category is not None and category != have.category:
        out["category"] = category
    if wanted.seo is not None:
        seo = {
            name: value
            for name in ("title", "description")
            if (value := getattr(wanted.seo, name)) is not None
            and not _same(value, (have.seo or {}).get(name))
        }
        if seo:
            out["seo"] = seo
    if rows := metafield_rows(wanted.metafields, have.metafields):
        out["metafields"] = rows
    return out


def handle_input(wanted: WantedProduct, have: StoreProduct) -> Input:
    """The handle, if it is another one; who has the old one is sent on to the new one."""
    if wanted.handle is None or same_handle(wanted.handle, have.handle):
        return {}
    return {"handle": wanted.handle, "redirectNewHandle": True}


def new_product(wanted: WantedProduct, category: str | None) -> Input:
    """The fields of ``ProductSetInput`` that the feed mentions, without the lists."""
    out = {
        name: value for name, python in _PRODUCT if (value := getattr(wanted, python)) is not None
    }
    if wanted.description_html is not None:
        out["descriptionHtml"] = wanted.description_html
    if wanted.gift_card is not None:
        out["giftCard"] = wanted.gift_card
    if category is not None:
        out["category"] = category
    if wanted.seo is not None and (seo := wanted.seo.model_dump(exclude_none=True)):
        out["seo"] = seo
    if wanted.tags:
        out["tags"] = list(wanted.tags)
    if wanted.metafields:
        out["metafields"] = [_row(m) for m in wanted.metafields]
    return out


def missing_tags(wanted: Sequence[str], have: Collection[str]) -> list[str]:
    """Tags that the product lacks; Shopify keeps the spelling that was there first."""
    known = {tag.casefold() for tag in have}
    return [tag for tag in dict.fromkeys(wanted) if tag.casefold() not in known]


def variant_input(wanted: WantedVariant, have: StoreVariant) -> Input:
    """The fields of ``ProductVariantsBulkInput`` that differ, without image and id."""
    out = _changed(_VARIANT, wanted, have.scalars)
    item = _changed(_ITEM, wanted, have.scalars)
    if wanted.weight is not None:
        unit = wanted.weight.unit or (have.weight[1] if have.weight else DEFAULT_UNIT)
        if have.weight is None or (wanted.weight.value, unit) != have.weight:
            item["measurement"] = _weight(wanted.weight.value, unit)
    for clear in wanted.clear:
        where = item if clear.field in _ITEM_NAMES else out
        if clear.field not in where and have.scalars.get(clear.field) not in (None, ""):
            where[clear.field] = None
    values = {v.option_name: v.name for v in wanted.option_values}
    if any(
        same_name((have.options or {}).get(name, "")) != same_name(value)
        for name, value in values.items()
    ):
        out["optionValues"] = [
            {"optionName": name, "name": value}
            for name, value in ({**(have.options or {}), **values}).items()
        ]
    if rows := metafield_rows(wanted.metafields, have.metafields):
        out["metafields"] = rows
    if item:
        out["inventoryItem"] = item
    return out


def new_variant(wanted: WantedVariant) -> Input:
    """A variant that is not there: everything that the feed mentions, without its image."""
    out = _all(_VARIANT, wanted)
    if any(clear.field == "compareAtPrice" for clear in wanted.clear):
        out["compareAtPrice"] = None  # without a word Shopify takes that of the first variant
    item = {"sku": wanted.sku, **_all(_ITEM, wanted)}
    if wanted.weight is not None:
        item["measurement"] = _weight(wanted.weight.value, wanted.weight.unit or DEFAULT_UNIT)
    out["inventoryItem"] = item
    out["optionValues"] = [
        {"optionName": value.option_name, "name": value.name} for value in wanted.option_values
    ]
    if wanted.metafields:
        out["metafields"] = [_row(m) for m in wanted.metafields]
    return out


def metafield_rows(
    wanted: Sequence[WantedMetafield], have: Mapping[Key, StoreMetafield]
) -> list[Input]:
    """The metafields that are missing or differ; all others, of whatever app, stay."""
    out = []
    for metafield in wanted:
        found = have.get((metafield.namespace, metafield.key))
        same = found is not None and same_metafield(metafield.type, metafield.value, found.value)
        if not same or (found is not None and found.type != metafield.type):
            out.append(_row(metafield))
    return out


def _row(metafield: WantedMetafield) -> Input:
    return metafield.model_dump()


def _weight(value: Decimal, unit: str) -> Input:
    # WeightInput.value is a Float in Shopify's schema; the digits are those of the Decimal.
    return {"weight": {"value": float(value), "unit": unit}}


def _all(names: Iterable[tuple[str, str]], wanted: object) -> Input:
    pairs = ((name, getattr(wanted, python)) for name, python in names)
    return {name: _wire(value) for name, value in pairs if value is not None}


def _changed(names: Iterable[tuple[str, str]], wanted: object, have: Mapping[str, Any]) -> Input:
    out: Input = {}
    for name, python in names:
        value = getattr(wanted, python)
        if value is not None and not _same(value, have.get(name)):
            out[name] = _wire(value)
    return out


def _same(wanted: object, have: object) -> bool:
    if isinstance(wanted, str):
        # Shopify trims: "Tee " would be written anew by every push.
        return wanted.strip() == (have.strip() if isinstance(have, str) else "")
    if isinstance(wanted, Decimal) and isinstance(have, Decimal):
        # Shopify rounds to the currency's places: 9.999 would be written anew by every push.
        return abs(wanted - have) <= _half_a_unit(have)
    return wanted == have


def _half_a_unit(amount: Decimal) -> Decimal:
    """Of the currency's smallest unit: a yen has no places (``1000``), all else two or more."""
    exponent = amount.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) and exponent else 0
    return Decimal(5).scaleb(-places - 1)


def _wire(value: object) -> object:
    """Money and decimals go as text, so that no digit is lost."""
    return str(value) if isinstance(value, Decimal) else value
