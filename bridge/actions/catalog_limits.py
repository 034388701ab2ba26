"""What Shopify would refuse for its length or form, taken out of a feed before it is sent. Pure.

One such value refuses the whole request that it is in. Only limits that Shopify documents or that
were seen in its replies are here: texts of 255 characters (recordings: ``product-set-input-length-
validation``, ``product-update-tag-normalization``), amounts, weights, SKUs, barcodes and option
values (``productVariantsBulkCreate-validation``), customs codes (``InventoryItemInput``), 250
tags, names of metafields (``MetafieldInput``), addresses of images that are none. Counts of
variants, options and images are in ``catalog_feed``.

What is over a limit costs only itself, and the store keeps what it has. Three things cost their
variant, which would be another one without them: its SKU, its price, its option values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from bridge.actions.catalog_feed import Family, Feed
from bridge.actions.catalog_state import tell
from bridge.actions.catalog_target import (
    WantedImage,
    WantedMetafield,
    WantedProduct,
    WantedVariant,
)
from bridge.retailops.events import Code, Event

MAX_TEXT: Final = 255  # characters
MAX_TAGS: Final = 250  # of one product
MAX_AMOUNT: Final = 10**18  # recorded: a price must be less; a cost is taken to be no other money
MAX_WEIGHT: Final = 2 * 10**9  # recorded in kilograms: a weight must be less

_TEXTS: Final = (
    ("title", "title"),
    ("handle", "handle"),
    ("vendor", "vendor"),
    ("product_type", "product type"),
)
_AMOUNTS: Final = (("compare_at_price", "compare-at price"), ("cost", "cost"))
_HS_CODE: Final = re.compile("[0-9]{6,13}")  # InventoryItemInput.harmonizedSystemCode
_NAMES: Final = (("namespace", 3, 255), ("key", 2, 64))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something of a feed that is over a limit: what is not written, and of which SKUs."""

    message: str
    skus: tuple[str, ...]


def within(feed: Feed) -> Feed:
    """The feed without what is over a limit, and an event for each of those things."""
    families: list[Family] = []
    events: list[Event] = list(feed.events)
    for family in feed.families:
        fitting, troubles = _fitting(family)
        families.append(fitting)
        name = family.product.handle or (family.skus[0] if family.skus else family.key)
        for one in troubles:
            message = f"{name[:MAX_TEXT]}: {one.message}"
            events.append(tell(Code.FEED_ITEM_INVALID, message, one.skus or family.skus))
    return replace(feed, families=tuple(families), events=tuple(events))


def _fitting(family: Family) -> tuple[Family, list[Trouble]]:
    product, troubles = family.product, []
    update: dict[str, Any] = {}
    for field, what in _TEXTS:
        text = getattr(product, field)
        if text is not None and len(text) > MAX_TEXT:
            update[field] = None
            troubles.append(Trouble(f"its {what} is not written: {_long(text)}", ()))
    tags = [tag for tag in product.tags if len(tag) <= MAX_TEXT]
    if len(tags) < len(product.tags):
        update["tags"] = tuple(tags)
        troubles += [
            Trouble(f'the tag "{_shown(tag)}" is not added: {_long(tag)}', ())
            for tag in product.tags
            if len(tag) > MAX_TEXT
        ]
    options = tuple(name for name in product.options if len(name) <= MAX_TEXT)
    if len(options) < len(product.options):  # whose variants are told below
        update["options"] = options
    metafields, found = _metafields(product.metafields, ())
    if found:
        update["metafields"] = metafields
        troubles += found
    media = tuple(image for image in product.media if _is_address(image.original_source))
    if len(media) < len(product.media):
        update |= {"media": media, "remove": None}  # it may be one that the store has
        troubles += [Trouble(_not_sent(image), ()) for image in product.media if image not in media]
    variants, found = _variants(product)
    if found:
        update["variants"] = variants
        troubles += found
    if not update:
        return family, []
    lost = len(variants) < len(product.variants)
    if lost:  # nothing may be concluded from what is not there
        update["remove"] = None
    skus = tuple(v.sku for v in variants)
    fitting = product.model_copy(update=update)
    return Family(family.key, fitting, skus, complete=family.complete and not lost), troubles


def _variants(product: WantedProduct) -> tuple[tuple[WantedVariant, ...], list[Trouble]]:
    """Those that can be written, each with what of it can be."""
    kept: list[WantedVariant] = []
    troubles: list[Trouble] = []
    for variant in product.variants:
        if whole := _refused_whole(variant):
            name = _shown(variant.sku)
            troubles.append(Trouble(f"{name} is not written: {whole}", (variant.sku,)))
            continue
        update: dict[str, Any] = {}
        metafields, found = _metafields(variant.metafields, (variant.sku,))
        if found:
            update["metafields"] = metafields
            troubles += found
        for field, message in _refused_fields(variant):
            update[field] = None
            troubles.append(Trouble(message, (variant.sku,)))
        kept.append(variant.model_copy(update=update) if update else variant)
    return tuple(kept), troubles


def _refused_whole(variant: WantedVariant) -> str:
    """Why the variant cannot be written at all, or nothing."""
    if len(variant.sku) > MAX_TEXT:
        return f"its SKU has {_long(variant.sku)}"
    texts = [t for value in variant.option_values for t in (value.option_name, value.name)]
    over = next((text for text in texts if len(text) > MAX_TEXT), None)
    if over is not None:
        return f"an option or value of {_long(over)}"
    if variant.price is not None and variant.price >= MAX_AMOUNT:
        # Without its price a new one would be sold for nothing.
        return f"its price {_less(variant.price, MAX_AMOUNT)}"
    return ""


def _refused_fields(variant: WantedVariant) -> Iterator[tuple[str, str]]:
    """Fields of the variant that are not sent, each with what there is to tell."""
    sku = variant.sku
    if variant.image and not _is_address(variant.image):
        yield "image", _no_address(f"the image of {sku},", variant.image)
    if variant.barcode is not None and len(variant.barcode) > MAX_TEXT:
        yield "barcode", f"the barcode of {sku} is not written: {_long(variant.barcode)}"
    for field, what in _AMOUNTS:
        amount = getattr(variant, field)
        if amount is not None and amount >= MAX_AMOUNT:
            yield field, f"the {what} of {sku} is not written: it {_less(amount, MAX_AMOUNT)}"
    weight = variant.weight
    if weight is not None and weight.value >= MAX_WEIGHT:
        yield "weight", f"the weight of {sku} is not written: it {_less(weight.value, MAX_WEIGHT)}"
    code = variant.harmonized_system_code
    if code and not _HS_CODE.fullmatch(code):
        yield (
            "harmonized_system_code",
            f'the HS code of {sku} is not written: "{_shown(code)}", and Shopify takes a number '
            "of 6 to 13 digits",
        )


def _metafields(
    metafields: Sequence[WantedMetafield], skus: tuple[str, ...]
) -> tuple[tuple[WantedMetafield, ...], list[Trouble]]:
    kept, troubles = [], []
    for one in metafields:
        wrong = _name_of(one)
        if wrong:
            name = _shown(f"{one.namespace}.{one.key}")
            troubles.append(Trouble(f"the metafield {name} is not written: {wrong}", skus))
        else:
            kept.append(one)
    return tuple(kept), troubles


def _is_address(text: str) -> bool:
    """Whether Shopify could fetch an image from there."""
    try:
        parts = urlsplit(text.strip())
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def _not_sent(image: WantedImage) -> str:
    """What to tell of an image: JSON stands in the place of an address that there is not."""
    if image.original_source[:1] not in {"", "{", "["}:
        return _no_address("the image", image.original_source)
    shown = _shown(image.alt or image.original_source)
    return f"the image {shown} is not sent: the feed gives no address of it"


def _no_address(what: str, text: str) -> str:
    shown = _shown(text.split("?", 1)[0])
    return f"{what} {shown} is not sent: it is no address with http:// or https://"


def _name_of(metafield: WantedMetafield) -> str:
    """What is wrong with a metafield's name, or nothing."""
    for field, least, most in _NAMES:
        length = len(getattr(metafield, field))
        if not least <= length <= most:
            return f"its {field} has {length} characters, and Shopify takes {least} to {most}"
    return ""


def too_many_tags(missing: Sequence[str], have: Iterable[str]) -> tuple[list[str], str]:
    """The tags that a product has room for, and what to say of the others."""
    room = max(0, MAX_TAGS - len(list(have)))
    over = len(missing) - room
    if over <= 0:
        return list(missing), ""
    return list(missing[:room]), (
        f"it would have more than {MAX_TAGS} tags: {over} are not added, beginning with "
        f'"{_shown(missing[room])}"'
    )


def _long(text: str) -> str:
    return f"{len(text):,} characters, and Shopify takes {MAX_TEXT}"


def _less(amount: Decimal, bound: int) -> str:
    return f"is {_shown(f'{amount:,f}')}, and Shopify takes less than {bound:,}"


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
