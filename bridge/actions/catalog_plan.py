"""The steps that make one product of the store as the feed wants it. Pure.

A product that is not there is made by one productSet. Of one that is there only the difference
is sent, in an order in which every step finds what it needs: options, the product's own fields,
tags, variants that change, variants that are new, what is to be removed, where it is sold.
Every step states what shall be true, so that a crash between two of them is mended by the next
push.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from bridge.actions import catalog_media, catalog_options
from bridge.actions.catalog_diff import (
    Input,
    handle_input,
    missing_tags,
    new_variant,
    product_input,
    variant_input,
)
from bridge.actions.catalog_media import Gallery
from bridge.actions.catalog_merge import all_images
from bridge.actions.catalog_options import OptionChange
from bridge.actions.catalog_state import Shop, Target, tell
from bridge.actions.catalog_target import MAX_VARIANTS, WantedVariant
from bridge.actions.catalog_text import same_name
from bridge.engine import Step
from bridge.retailops.events import Code, Event
from bridge.shopify.catalogue import StoreProduct, StoreVariant
from bridge.shopify.documents import operation

# A second sending of these is refused ("already exists", "does not exist"), which would be told as
# a failure of what was done: after a lost reply the next push reads what became of them.
ONCE: Final = frozenset({"ProductVariantsCreate", "ProductVariantsDelete", "ProductOptionsCreate"})

# Else Shopify deletes a lone variant without options when others come.
KEEP_THE_FIRST: Final = "PRESERVE_STANDALONE_VARIANT"

# A productUpdate that sends no images.
PLAIN: Final = MappingProxyType({"withMedia": False, "mediaCount": 1})

# Shopify takes no longer list of variants, files or options.
ROWS_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class Part:
    """What a step is about: a product, the rows of its input, the images that it sends."""

    target: Target
    rows: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    creates: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is missing of one product. ``images`` are addresses about to be sent."""

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()
    images: tuple[str, ...] = ()
    moves: tuple[StoreVariant, ...] = ()


def elsewhere(sku: str, other: StoreVariant) -> str:
    """Why a SKU that another product has is not added."""
    return (
        f"{sku} is not added: the product {other.handle} has it. Move it in Shopify, or let the "
        "mapping say remove = 'delete'"
    )


def change(target: Target, shop: Shop) -> Change:
    """The difference for a product that is there."""
    return _Planner(target, shop).change()


def publish(target: Target, gid: str, shop: Shop) -> tuple[Step, ...]:
    """Where a product that was just made is sold; nothing it was on before."""
    return _Planner(target, shop).publish(gid, frozenset())


class _Planner:
    """Collects the steps of one product."""

    def __init__(self, target: Target, shop: Shop) -> None:
        self._target = target
        self._wanted = target.wanted
        self._shop = shop
        self._steps: list[Step] = []
        self._events: list[Event] = []
        self._images: tuple[str, ...] = ()
        self._moves: list[StoreVariant] = []
        self._lacks = False

    def change(self) -> Change:
        gid = self._target.gid or ""
        product = self._target.product
        gallery = Gallery()
        options = OptionChange()
        if product is not None:
            self._wanted = catalog_options.spelled(self._wanted, product.options or ())
            options = self._options(gid, product)
            gallery = self._gallery(product)
            self._product(gid, product, gallery)
            if tags := missing_tags(self._wanted.tags, product.tags):
                self._step("tags", "ProductTagsAdd", {"id": gid, "tags": tags})
        self._variants(gid, options, gallery, product)
        self._remove(gid, product, gallery)
        if product is not None:
            self._publish(gid, product.publications or frozenset())
        return Change(tuple(self._steps), tuple(self._events), self._images, tuple(self._moves))

    # -- the product ----------------------------------------------------------------------

    def _options(self, gid: str, product: StoreProduct) -> OptionChange:
        have = product.options or ()
        wanted = self._wanted
        change = catalog_options.compare(
            wanted.options, wanted.variants, have, self._target.variants
        )
        if change.trouble:
            self._tell(Code.OPTIONS_MISMATCH, f"its options are not changed: {change.trouble}")
            return replace(change, names=tuple(o.name for o in have))
        for option, name in change.renames:
            variables = {"productId": gid, "option": {"id": option, "name": name}}
            self._step(f"rename:{option}", "ProductOptionUpdate", variables, vital=True)
        if change.creates:
            rows: list[Input] = [
                # The variants that are there get the first value; their own follows below.
                {"name": name, "values": [{"name": values[0]}]}
                for name, values in change.creates.items()
            ]
            creating: dict[str, Any] = {"productId": gid, "options": rows}
            self._step("options", "ProductOptionsCreate", creating, vital=True)
        if change.order:
            order = [{"name": name} for name in change.order]
            self._step("order", "ProductOptionsReorder", {"productId": gid, "options": order})
        return change

    def _gallery(self, product: StoreProduct) -> Gallery:
        images = all_images(self._wanted)
        if product.media is None or not images:
            return Gallery()
        found = catalog_media.compare(images, product.media, self._target.sent, self._shop.now)
        for address in found.waiting:
            self._tell(
                Code.NOT_REACHED,
                f"an image ({catalog_media.shown(address)}) was sent a moment ago and is not "
                "there yet: push again in a minute",
            )
        for address, media in found.known.items():
            if media.status == "FAILED":
                why = "; ".join(media.errors) or "Shopify says nothing more"
                self._tell(
                    Code.MEDIA_FAILED,
                    f"Shopify could not make the image {catalog_media.shown(address)}: {why}. It "
                    "is not sent again; give the feed another address",
                    warning=True,
                )
        return found

    def _product(self, gid: str, product: StoreProduct, gallery: Gallery) -> None:
        fields: Input = product_input(self._wanted, product, self._category())
        new = gallery.new
        self._images = tuple(image.original_source for image in new)
        if fields or new:
            variables: dict[str, Any] = {
                "product": {"id": gid, **fields},
                "withMedia": bool(new),
                "mediaCount": max(1, len(new)),
            }
            if new:
                variables["media"] = [
                    {
                        "originalSource": image.original_source,
                        "mediaContentType": "IMAGE",
                        **({"alt": image.alt} if image.alt is not None else {}),
                    }
                    for image in new
                ]
            # New images would be there twice; everything else only states what shall be true.
            self._step("product", "ProductUpdate", variables, repeatable=not new)
        if handle := handle_input(self._wanted, product):
            # By itself: one that another product has refuses the whole request.
            self._step("handle", "ProductUpdate", {"product": {"id": gid, **handle}, **PLAIN})
        self._alts(gallery)
        if joins := self._collections(product):
            # By itself: a collection that chooses its own products refuses the whole request.
            joining = {"product": {"id": gid, "collectionsToJoin": joins}, **PLAIN}
            self._step("collections", "ProductUpdate", joining)

    def _alts(self, gallery: Gallery) -> None:
        alts = {i.original_source: i.alt for i in all_images(self._wanted) if i.alt is not None}
        files = [
            {"id": media.gid, "alt": alts[address]}
            for address, media in gallery.known.items()
            # Shopify changes no file that it is still making.
            if address in alts and media.status == "READY" and media.alt != alts[address]
        ]
        for n, part in enumerate(_parts(files)):
            self._step(f"alts:{n}", "FilesUpdate", {"files": list(part)})

    def _category(self) -> str | None:
        name = self._wanted.category
        if name is None:
            return None
        gid = self._shop.places.categories.get(name)
        if gid is None:
            self._tell(
                Code.PLACE_UNKNOWN,
                f'its category is not set: the taxonomy has no "{name}"',
            )
        return gid

    def _collections(self, product: StoreProduct | None) -> list[str]:
        known = self._shop.places.collections
        have = product.collections if product is not None else None
        out = []
        for name in self._wanted.collections:
            gid = known.get(name)
            if gid is None:
                self._tell(
                    Code.PLACE_UNKNOWN, f'the shop has no collection "{name}" (handle or title)'
                )
            elif gid not in (have or ()):
                out.append(gid)
        return out

    def publish(self, gid: str, have: frozenset[str]) -> tuple[Step, ...]:
        """The step that sells the product where the feed says."""
        self._publish(gid, have)
        return tuple(self._steps)

    def _publish(self, gid: str, have: frozenset[str]) -> None:
        missing = [p for p in self._publications() if p not in have]
        if missing:
            rows = [{"publicationId": p} for p in missing]
            self._step("publish", "Publish", {"id": gid, "input": rows})

    def _publications(self) -> list[str]:
        known = self._shop.places.publications
        for name in self._wanted.publications:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                self._tell(
                    Code.PLACE_UNKNOWN,
                    f'it is not published on "{name}": the sales channels are {there}',
                )
        return [known[n] for n in self._wanted.publications if n in known]

    # -- its variants ---------------------------------------------------------------------

    def _variants(
        self, gid: str, options: OptionChange, gallery: Gallery, product: StoreProduct | None
    ) -> None:
        self._lacks = bool(options.trouble)
        if options.trouble:  # their values would belong to options that are not there
            changed = [v.model_copy(update={"option_values": ()}) for v in self._known()]
            self._update(gid, changed, options, gallery, product)
            return
        self._update(gid, self._known(), options, gallery, product)
        lacking = [v for v in self._wanted.variants if v.sku not in self._target.variants]
        new = [v for v in lacking if self._may_come(v)]
        new = [v for v in new if self._fits(v, options)]
        new = self._distinct(new, options, product)
        room = MAX_VARIANTS - len(self._target.all_variants)
        if len(new) > room and self._target.all_variants:
            over, new = new[room:], new[:room]
            self._tell(
                Code.OPTIONS_MISMATCH,
                f"it would have more than {MAX_VARIANTS:,} variants: {len(over)} are not added",
                [v.sku for v in over],
            )
        # Without its own a new variant would take the compare-at price of the first one (captured).
        rows = [
            {"compareAtPrice": None, **new_variant(v), **self._image(v, None, gallery)} for v in new
        ]
        skus = [v.sku for v in new]
        for n, (names, part) in enumerate(zip(_parts(skus), _parts(rows), strict=True)):
            variables = {"productId": gid, "variants": list(part), "strategy": KEEP_THE_FIRST}
            self._step(f"create:{n}", "ProductVariantsCreate", variables, rows=names, vital=True)
        self._lacks = self._lacks or len(new) < len(lacking)
        self._move([v for v in new if v.sku in self._target.elsewhere])

    def _known(self) -> list[WantedVariant]:
        return [v for v in self._wanted.variants if v.sku in self._target.variants]

    def _update(
        self,
        gid: str,
        variants: Sequence[WantedVariant],
        options: OptionChange,
        gallery: Gallery,
        product: StoreProduct | None,
    ) -> None:
        rows: list[Input] = []
        skus: list[str] = []
        for variant in variants:
            have = _renamed(self._target.variants[variant.sku], options, product)
            fields = {
                **variant_input(variant, have),
                **self._image(variant, have.image, gallery),
            }
            if fields:
                rows.append({"id": have.gid, **fields})
                skus.append(variant.sku)
        for n, (names, part) in enumerate(zip(_parts(skus), _parts(rows), strict=True)):
            variables = {"productId": gid, "variants": list(part)}
            self._step(f"update:{n}", "ProductVariantsUpdate", variables, rows=names)

    def _image(self, variant: WantedVariant, have: str | None, gallery: Gallery) -> Input:
        """The variant's image, once Shopify has made it; until then the next push sets it."""
        media = gallery.known.get(variant.image or "")
        if media is None or media.status != "READY" or media.gid == have:
            return {}
        return {"mediaId": media.gid}

    def _may_come(self, variant: WantedVariant) -> bool:
        """Whether a variant that the product lacks may be added to it."""
        other = self._target.elsewhere.get(variant.sku)
        if other is None:
            return True
        if self._wanted.remove == "delete":
            self._moves.append(other)
            return True
        self._tell(Code.VARIANT_ELSEWHERE, elsewhere(variant.sku, other), [variant.sku])
        return False

    def _fits(self, variant: WantedVariant, options: OptionChange) -> bool:
        given = {v.option_name for v in variant.option_values}
        missing = [name for name in options.names if name not in given]
        if self._target.product is None or not missing:
            return True
        self._tell(
            Code.OPTIONS_MISMATCH,
            f"{variant.sku} is not added: the feed gives no value of its option {missing[0]}",
            [variant.sku],
        )
        return False

    def _distinct(
        self,
        variants: Sequence[WantedVariant],
        options: OptionChange,
        product: StoreProduct | None,
    ) -> list[WantedVariant]:
        """New variants that differ from each other and from those that are known.

        One that does not would have Shopify refuse the others too.
        """
        taken: dict[tuple[str, ...], str] = {}
        for variant in self._known():
            have = _renamed(self._target.variants[variant.sku], options, product).options or {}
            values = {**have, **{v.option_name: v.name for v in variant.option_values}}
            taken.setdefault(_combination(options.names, values), variant.sku)
        out = []
        for variant in variants:
            values = {v.option_name: v.name for v in variant.option_values}
            other = taken.setdefault(_combination(options.names, values), variant.sku)
            if other == variant.sku or not options.names:
                out.append(variant)
                continue
            self._tell(
                Code.OPTIONS_MISMATCH,
                f"{variant.sku} is not added: its option values are those of {other}",
                [variant.sku],
            )
        return out

    # -- what goes ------------------------------------------------------------------------

    def _move(self, variants: Sequence[WantedVariant]) -> None:
        """Take what was added here off where it was: in the same call, or after a crash."""
        other = [self._target.elsewhere[v.sku] for v in variants]
        if self._wanted.remove == "delete":  # the merchant may have thought otherwise since
            other += self._target.left
        for variant in other:
            variables = {"productId": variant.product, "variantsIds": [variant.gid]}
            self._step(
                f"moved:{variant.gid}", "ProductVariantsDelete", variables, rows=(variant.sku,)
            )

    def _remove(self, gid: str, product: StoreProduct | None, gallery: Gallery) -> None:
        remove = self._wanted.remove
        # What takes the place of a variant that is gone must be there before it goes.
        if remove is None or not self._wanted.variants or self._lacks:
            return
        wanted = set(self._target.skus)
        gone = [v for v in self._target.all_variants if v.sku not in wanted]
        if remove == "delete":
            for n, part in enumerate(_parts(gone)):
                variables = {"productId": gid, "variantsIds": [v.gid for v in part]}
                self._step(f"delete:{n}", "ProductVariantsDelete", variables)
            if self._wanted.media and product is not None:
                files = [{"id": m.gid, "referencesToRemove": [gid]} for m in gallery.strange]
                for n, rows in enumerate(_parts(files)):
                    self._step(f"images:{n}", "FilesUpdate", {"files": list(rows)})
        else:
            places = [{"publicationId": p} for p in self._shop.places.publications.values()]
            for variant in (v for v in gone if v.published):
                variables = {"id": variant.gid, "input": places}
                self._step(f"archive:{variant.gid}", "Unpublish", variables)

    # -- telling --------------------------------------------------------------------------

    def _step(
        self,
        name: str,
        document: str,
        variables: Mapping[str, Any],
        *,
        rows: Sequence[str] = (),
        vital: bool = False,
        repeatable: bool = True,
    ) -> None:
        target = self._target
        images = self._images if name == "product" else ()
        self._steps.append(
            Step(
                f"{target.key}:{name}",
                operation(document),
                variables,
                repeatable=repeatable and document not in ONCE,
                subject=Part(target, tuple(rows), images),
                lane=target.key,
                vital=vital,
            )
        )

    def _tell(
        self, code: Code, message: str, skus: Sequence[str] = (), *, warning: bool = False
    ) -> None:
        named = list(skus) or self._target.skus
        text = f"{self._target.name}: {message}"
        self._events.append(tell(code, text, named, event_type="warning" if warning else "error"))


def _combination(names: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(same_name(values.get(name, "")) for name in names)


def _renamed(
    have: StoreVariant, options: OptionChange, product: StoreProduct | None
) -> StoreVariant:
    """The variant as it is once the options are changed."""
    if have.options is None or product is None or product.options is None:
        return have
    if catalog_options.standalone(product.options) and options.creates:
        return replace(have, options={name: v[0] for name, v in options.creates.items()})
    names = {o.gid: o.name for o in product.options}
    now = {names[gid]: new for gid, new in options.renames}
    values = {now.get(name, name): value for name, value in have.options.items()}
    for name, first in (options.creates or {}).items():
        values[name] = first[0]
    return replace(have, options=values)


def _parts(rows: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield tuple(rows[start : start + ROWS_AT_ONCE])
