"""What a feed wants: template_output → products, each with all of its items merged. Pure.

``mappings/catalog_push.toml``, or the preset that stands in its place, says what an item is; here
the items become families, and what cannot be used becomes an event. Nothing in a feed is an
exception: a push of 500 products loses the one that is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from bridge.actions.catalog_merge import all_images, merged, option_names
from bridge.actions.catalog_target import (
    MAX_MEDIA,
    MAX_OPTIONS,
    MAX_VARIANTS,
    WantedImage,
    WantedProduct,
    WantedVariant,
)
from bridge.config.models import Policies
from bridge.errors import MappingError
from bridge.mapping.codes import said_type
from bridge.mapping.module import Element, MappingModule
from bridge.mapping.shapes import ANY
from bridge.retailops.events import Code, Event, event
from bridge.schema.shape import Shape

_SOURCES: Final[Mapping[str, Shape]] = MappingProxyType({"feed": ANY})

# Of a feed that cannot be read, so much is told: enough to see its shape, short enough for an
# event's message.
_OUTLINE_PATHS: Final = 24
_OUTLINE_DEPTH: Final = 4
_KEY_LENGTH: Final = 40


def sources() -> Mapping[str, Shape]:
    """The names that mappings/catalog_push.toml may use: ``feed``, of any shape."""
    return _SOURCES


def preset(policies: Policies) -> str | None:
    """The file in ``presets/`` that reads a channel's feed; None for the bridge's own shape."""
    chosen = policies.catalog.preset
    return None if chosen == "native" else f"catalog_push.{chosen}.toml"


@dataclass(frozen=True, slots=True)
class Family:
    """One product as the feed wants it.

    ``key`` is unique in a call and the same for the same feed. ``skus`` are its variants' in the
    order of the feed. ``complete`` is false when the feed holds more of this product that
    cannot be read: then nothing may be concluded from what is not there, and ``product.remove``
    is None.
    """

    key: str
    product: WantedProduct
    skus: tuple[str, ...]
    complete: bool = True

    @property
    def option_names(self) -> tuple[str, ...]:
        """Options that are named, then those of variants. ``product.options`` alone is an order."""
        return option_names(self.product)

    @property
    def images(self) -> tuple[WantedImage, ...]:
        """``product.media``, which alone is the gallery, then what only a variant names."""
        return all_images(self.product)


@dataclass(frozen=True, slots=True)
class Feed:
    """The families in the order of the feed, and what there is to tell of the rest."""

    families: tuple[Family, ...] = ()
    events: tuple[Event, ...] = ()


def read_feed(template_output: object, mapping: MappingModule) -> Feed:
    """The families of a feed. Never raises: whatever is wrong is an event."""
    if _says_nothing(template_output):
        return Feed()
    if not isinstance(template_output, Mapping | list):
        said = f"the feed is {said_type(template_output)}, not an object and not a list"
        return Feed(events=(event(Code.FEED_UNREADABLE, f"{said}: correct the feed template"),))
    try:
        elements = mapping.elements("products", {"feed": template_output})
    except MappingError as error:
        return Feed(events=(_unreadable(template_output, mapping, str(error)),))
    if elements is None:
        return Feed(events=(_unreadable(template_output, mapping),))
    reader = _Reader()
    reader.read(elements)
    if reader.strangers and reader.strangers == len(elements):  # not one item was understood
        return Feed(events=(_unreadable(template_output, mapping),))
    return Feed(tuple(reader.families()), tuple(reader.events))


def _says_nothing(feed: object) -> bool:
    """Nothing in the feed, or nothing under any of its names: a push without a product."""
    if isinstance(feed, Mapping):
        return all(_says_nothing(inside) for inside in feed.values())
    return not feed


def families_in(elements: Sequence[Element]) -> dict[str, tuple[tuple[int, ...], tuple[str, ...]]]:
    """{family's key: (which of the elements it is made of, its SKUs)}, to tell what came of them.

    As ``read_feed`` sorts them, those too that cannot be written.
    """
    reader = _Reader()
    reader.read(elements)
    return {key: (tuple(f.numbers), tuple(f.variants)) for key, f in reader.found.items()}


@dataclass(slots=True)
class _Family:
    """A family while its items are collected; ``dropped``: some of them cannot be used.

    ``numbers`` are the items' places among the elements that the mapping made of the feed.
    """

    items: list[WantedProduct] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    variants: dict[str, WantedVariant] = field(default_factory=dict)
    dropped: bool = False


@dataclass(slots=True)
class _Reader:
    """Elements of the feed → families and events. ``strangers`` counts items that say nothing.

    ``found`` are the families by key while they are collected.
    """

    events: list[Event] = field(default_factory=list)
    strangers: int = 0
    found: dict[str, _Family] = field(default_factory=lambda: defaultdict(_Family))
    _parents: dict[str, str] = field(default_factory=dict)
    _owners: dict[str, str] = field(default_factory=dict)
    _unknown_dropped: bool = False

    def read(self, elements: Sequence[Element]) -> None:
        """Sort all items into families."""
        items = [self._item(number, element) for number, element in enumerate(elements)]
        for product, _ in items:
            self._claim(product)
        for number, (product, usable) in enumerate(items):
            if usable:
                self._sort(number, product)
            else:
                self._drop(product)

    def _item(self, number: int, element: Element) -> tuple[WantedProduct, bool]:
        """The item; of one that cannot be used, after its event, who it is."""
        if element.error is None:
            try:
                return WantedProduct.model_validate(element.value), True
            except ValidationError as error:
                fault = error.errors(include_input=False, include_url=False)[0]
                where = ".".join(str(part) for part in fault["loc"])
                said, code = f"the mapping's {where}: {fault['msg']}", Code.MAPPING_FAILED
            rest: Mapping[str, Any] = element.value
        else:
            said, code, rest = str(element.error), Code(element.error.code), element.rest
        sku = _sku(rest, element.inside)
        name = sku or rest.get("handle") or rest.get("family") or f"item {number + 1} of the feed"
        self._tell(code, f"{name} is not written: {said}", sku)
        return _known(rest), False

    def _claim(self, product: WantedProduct) -> None:
        """A parent's list of children; of two parents the first."""
        key = self._key(product) if product.children else None
        if key is None:
            return
        for sku in product.children:
            owner = self._parents.setdefault(sku, key)
            if owner != key:
                self._tell(
                    Code.SKU_TWICE_IN_FEED,
                    f"{sku} is a child of {_said(owner)} and of {_said(key)}: the first counts",
                    sku,
                )

    def _key(self, product: WantedProduct) -> str | None:
        """What a family is called: its own word, the parent's, the handle, the first SKU."""
        sku = product.variants[0].sku if product.variants else None
        if product.family:
            return f"family {product.family}"
        if sku is not None and sku in self._parents:
            return self._parents[sku]
        if product.handle and not product.variants_only:
            return f"handle {product.handle.casefold()}"
        return f"sku {sku}" if sku is not None else None

    def _sort(self, number: int, product: WantedProduct) -> None:
        key = self._key(product)
        if key is None:
            self.strangers += 1
            self._tell(
                Code.FEED_ITEM_INVALID,
                f"item {number + 1} of the feed is not written: it has no SKU, no handle and no "
                "family",
            )
            return
        if not product.family and product.variants and product.variants[0].sku in self._parents:
            product = product.model_copy(update={"variants_only": True})
        family = self.found[key]
        kept = [v for v in product.variants if self._owns(key, v.sku)]
        if product.variants and not kept:
            family.dropped = True
            return
        family.dropped = family.dropped or len(kept) < len(product.variants)
        family.items.append(product)
        family.numbers.append(number)
        for variant in kept:
            before = family.variants.get(variant.sku)
            if before is not None and before != variant:
                message = f"{variant.sku} comes twice in {_said(key)}: the last counts"
                self._tell(Code.SKU_REPEATED, message, variant.sku)
            family.variants[variant.sku] = variant

    def _owns(self, key: str, sku: str) -> bool:
        """Whether the SKU is this family's: it belongs to the first that has it."""
        owner = self._owners.setdefault(sku, key)
        if owner != key:
            self._tell(
                Code.SKU_TWICE_IN_FEED,
                f"{sku} is in {_said(owner)} and again in {_said(key)}: there it is not written",
                sku,
            )
        return owner == key

    def _drop(self, product: WantedProduct) -> None:
        """Note which family lacks an item; of an unknown one, that any may."""
        key = self._key(product)
        if key is None:
            self._unknown_dropped = True
        else:
            self.found[key].dropped = True

    def families(self) -> Iterator[Family]:
        """The families that can be written; those that cannot are told."""
        handles: dict[str, str] = {}
        for key, family in self.found.items():
            if not family.items:
                continue
            product = merged(family.items, tuple(family.variants.values()))
            skus = tuple(family.variants)
            problem = _beyond(product)
            if product.handle and not problem:
                owner = handles.setdefault(product.handle.casefold(), key)
                if owner != key:
                    problem = f"{_said(owner)} has the same handle"
            if problem:
                message = f"{_said(key)} is not written: {problem}"
                self._tell(Code.FEED_ITEM_INVALID, message, skus[0] if skus else None)
                continue
            if product.remove and (family.dropped or self._unknown_dropped):
                product = product.model_copy(update={"remove": None})
            yield Family(key, product, skus, complete=not family.dropped)

    def _tell(self, code: Code, message: str, sku: str | None = None) -> None:
        self.events.append(event(code, message, sku=sku))


def _said(key: str) -> str:
    """A family in a sentence."""
    kind, _, name = key.partition(" ")
    return {"handle": f"the product {name}", "sku": f"the product of {name}"}.get(kind, key)


def _beyond(product: WantedProduct) -> str:
    """Which of Shopify's limits the product is over, or nothing."""
    for count, limit, what in (
        (len(product.variants), MAX_VARIANTS, "variants"),
        (len(option_names(product)), MAX_OPTIONS, "options"),
        (len(all_images(product)), MAX_MEDIA, "images"),
    ):
        if count > limit:
            return f"it has {count:,} {what}, and Shopify takes {limit:,}"
    return ""


def _known(rest: Mapping[str, Any]) -> WantedProduct:
    """Who an item is that cannot be used, by what could be read of it."""
    skus = [v["sku"] for v in rest.get("variants") or () if isinstance(v, dict) and v.get("sku")]
    return WantedProduct.model_construct(
        family=rest.get("family"),
        handle=rest.get("handle"),
        children=tuple(rest.get("children") or ()),
        variants_only=rest.get("variantsOnly"),
        variants=tuple(WantedVariant.model_construct(sku=sku) for sku in skus),
    )


def _sku(rest: Mapping[str, Any], inside: Sequence[str]) -> str | None:
    """The SKU that an error is about: the failing variant's, else the item's first."""
    variants = [v if isinstance(v, dict) else {} for v in rest.get("variants") or ()]
    if len(inside) > 1 and inside[0] == "variants":
        index = int(inside[1].strip("[]"))
        at = variants[index].get("sku") if index < len(variants) else None
        if at:
            return str(at)
    found = next((v["sku"] for v in variants if v.get("sku")), None)
    return None if found is None else str(found)


def _unreadable(feed: object, mapping: MappingModule, why: str = "") -> Event:
    """One event for a feed in which nothing is found: what was looked for, and what is there."""
    each = [r for r in mapping.rules if r.target == "catalog.products[].each"]
    looked = ", ".join(f"{rule.text} ({rule.place})" for rule in each)
    message = f"the mapping finds nothing in the feed. It looks for {looked}"
    message += f"; {why}" if why else ""
    there = ", ".join(_outline(feed))
    return event(Code.FEED_UNREADABLE, f"{message}. The feed has: {there}")


def _outline(feed: object) -> list[str]:
    """The paths of a feed's keys, widest first; never a value."""
    found: list[str] = []
    level: list[tuple[str, object]] = [("", feed)]
    for _ in range(_OUTLINE_DEPTH):
        below: list[tuple[str, object]] = []
        for path, value in level:
            at, inside = path, value
            while isinstance(inside, list | tuple):
                at = f"{at}[]"
                inside = next((e for e in inside if isinstance(e, dict | list)), None)
            for key, under in inside.items() if isinstance(inside, Mapping) else ():
                name = _key_text(str(key))
                found.append(f"{at}.{name}" if at else name)
                below.append((found[-1], under))
            if at != path and not isinstance(inside, Mapping) and not path:
                found.append("a list without objects")
            if len(found) > _OUTLINE_PATHS:
                return [*found[:_OUTLINE_PATHS], "…"]
        level = below
    return found or ["no keys"]


def _key_text(key: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in key[:_KEY_LENGTH])
    return shown if len(key) <= _KEY_LENGTH else f"{shown}…"
