"""What Shopify would refuse for its length or form, taken out of a feed before it is sent. Pure.

One such value refuses the whole request that it is in. Only limits that Shopify documents or that
were seen in its replies are here: texts of 255 characters (recordings: ``product-set-input-length-
validation``, ``product-update-tag-normalization``; option values: ``OPTION_VALUE_NAME_TOO_LONG``),
250 tags, names of metafields (``MetafieldInput``), addresses of images that are none. Counts of
variants, options and images are in ``catalog_feed``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from bridge.actions.catalog_feed import Family, Feed
from bridge.actions.catalog_state import tell
from bridge.actions.catalog_target import WantedMetafield, WantedProduct, WantedVariant
from bridge.retailops.events import Code, Event

MAX_TEXT: Final = 255  # characters
MAX_TAGS: Final = 250  # of one product

_TEXTS: Final = (
    ("title", "title"),
    ("handle", "handle"),
    ("vendor", "vendor"),
    ("product_type", "product type"),
)
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
        troubles += [
            Trouble(_no_address("the image", image.original_source), ())
            for image in product.media
            if image not in media
        ]
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
    """Those whose option names and values are short enough, each with its metafields that are."""
    kept: list[WantedVariant] = []
    troubles: list[Trouble] = []
    for variant in product.variants:
        texts = [t for value in variant.option_values for t in (value.option_name, value.name)]
        over = next((text for text in texts if len(text) > MAX_TEXT), None)
        if over is not None:
            message = f"{variant.sku} is not written: an option or value of {_long(over)}"
            troubles.append(Trouble(message, (variant.sku,)))
            continue
        update: dict[str, Any] = {}
        metafields, found = _metafields(variant.metafields, (variant.sku,))
        if found:
            update["metafields"] = metafields
            troubles += found
        if variant.image and not _is_address(variant.image):
            update["image"] = None
            message = _no_address(f"the image of {variant.sku},", variant.image)
            troubles.append(Trouble(message, (variant.sku,)))
        kept.append(variant.model_copy(update=update) if update else variant)
    return tuple(kept), troubles


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


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
