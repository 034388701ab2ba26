"""Items of a feed that make one product, merged: whose value counts, and in which order. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from bridge.actions.catalog_target import (
    WantedClear,
    WantedImage,
    WantedOptionValue,
    WantedProduct,
    WantedSeo,
    WantedVariant,
)

T = TypeVar("T")

# Fields of which the first value that is there counts; the lists are joined.
_SINGLE = (
    "family",
    "handle",
    "title",
    "description_html",
    "vendor",
    "product_type",
    "status",
    "category",
    "template_suffix",
    "gift_card",
    "requires_selling_plan",
    "remove",
)


_NAMES: Mapping[str | None, str] = MappingProxyType(
    {info.alias: name for name, info in WantedVariant.model_fields.items()}
)


def merged(items: Sequence[WantedProduct], variants: Sequence[WantedVariant]) -> WantedProduct:
    """One product of the items of a family, with these variants.

    The fields are those of the parents (items without variants), then those of the others, each
    in the order of the feed: of a single field the first value counts, lists are joined. Items
    that are only variants give no fields.
    """
    telling = [i for i in items if not (i.variants_only and i.variants)]
    ranked = [i for i in telling if not i.variants] + [i for i in telling if i.variants]
    fields: dict[str, Any] = {name: _first(getattr(i, name) for i in ranked) for name in _SINGLE}
    if fields["family"] is None:
        fields["family"] = _first(i.family for i in items)
    return WantedProduct.model_construct(
        **fields,
        seo=_seo(ranked),
        children=_joined((i.children for i in ranked), str),
        tags=_tags(ranked),
        options=_joined((i.options for i in ranked), str),
        media=_images(image for i in ranked for image in i.media),
        metafields=_joined((i.metafields for i in ranked), lambda m: (m.namespace, m.key)),
        collections=_joined((i.collections for i in ranked), str),
        publications=_joined((i.publications for i in ranked), str),
        variants_only=None,
        variants=tuple(tidy(v) for v in variants),
    )


def tidy(variant: WantedVariant) -> WantedVariant:
    """A variant that says each thing once; a field that has a value is not to be emptied."""
    empty = [c for c in variant.clear if getattr(variant, _NAMES[c.field]) is None]
    options: dict[str, WantedOptionValue] = {}
    for value in variant.option_values:
        options.setdefault(value.option_name, value)
    return variant.model_copy(
        update={
            "clear": tuple(WantedClear(field=f) for f in dict.fromkeys(c.field for c in empty)),
            "option_values": tuple(options.values()),
            "metafields": _joined((variant.metafields,), lambda m: (m.namespace, m.key)),
        }
    )


def option_names(product: WantedProduct) -> tuple[str, ...]:
    """The options that a product has: those that it names, then those of its variants."""
    used = (v.option_name for variant in product.variants for v in variant.option_values)
    return tuple(dict.fromkeys((*product.options, *used)))


def all_images(product: WantedProduct) -> tuple[WantedImage, ...]:
    """The images of a product: its own, then those that only a variant names."""
    own = product.media
    theirs = (v.image for v in product.variants if v.image is not None)
    return _images((*own, *(WantedImage(original_source=address) for address in theirs)))


def _first(values: Iterable[T | None]) -> T | None:
    return next((v for v in values if v is not None), None)


def _joined(lists: Iterable[Sequence[T]], mark: Callable[[T], object]) -> tuple[T, ...]:
    """The lists one behind the other; of what has the same mark the first."""
    found: dict[object, T] = {}
    for one in lists:
        for element in one:
            found.setdefault(mark(element), element)
    return tuple(found.values())


def _tags(items: Sequence[WantedProduct]) -> tuple[str, ...]:
    """As Shopify keeps them: split at commas, trimmed, each once."""
    pieces = (piece.strip() for i in items for tag in i.tags for piece in tag.split(","))
    return _joined(([piece for piece in pieces if piece],), str.casefold)


def _images(images: Iterable[WantedImage]) -> tuple[WantedImage, ...]:
    """Each address once, with the first alternative text that is told for it.

    One without an address stays if anything is said of it.
    """
    found: dict[tuple[str, str | None], WantedImage] = {}
    for image in images:
        if not image.alt and _says_nothing(image.original_source):
            continue
        mark = (image.original_source, None if image.original_source else image.alt)
        known = found.get(mark)
        if known is None or known.alt is None:
            found[mark] = image
    return tuple(found.values())


def _says_nothing(address: str) -> bool:
    """Whether there is no address, or in its place an object without any value, as JSON."""
    if address[:1] not in {"{", "["}:
        return not address
    try:
        return _empty(json.loads(address))
    except ValueError:
        return False


def _empty(value: object) -> bool:
    if isinstance(value, dict | list):
        return all(_empty(one) for one in (value.values() if isinstance(value, dict) else value))
    return value is None or value == ""


def _seo(items: Sequence[WantedProduct]) -> WantedSeo | None:
    title = _first(i.seo.title for i in items if i.seo)
    description = _first(i.seo.description for i in items if i.seo)
    if title is None and description is None:
        return None
    return WantedSeo(title=title, description=description)
