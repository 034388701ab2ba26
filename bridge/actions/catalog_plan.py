"""The steps that make one product of the store as the feed wants it. Pure.

A product that is not there is made by one productSet. Of one that is there only the difference
is sent, in an order in which every step finds what it needs: options, the product's own fields,
tags, variants that change, variants that are new, what is to be removed, where it is sold.
Every step states what shall be true, so that a crash between two of them is mended by the next
push.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from bridge.actions import catalog_media, catalog_options
from bridge.actions.catalog_diff import (
    Input,
    handle_input,
    missing_tags,
    product_input,
)
from bridge.actions.catalog_limits import too_many_tags
from bridge.actions.catalog_media import Gallery
from bridge.actions.catalog_merge import all_images
from bridge.actions.catalog_options import OptionChange
from bridge.actions.catalog_state import Shop, Target
from bridge.actions.catalog_steps import Change, Steps, in_parts
from bridge.actions.catalog_variants import Variants
from bridge.retailops.events import Code
from bridge.shopify.catalogue import StoreProduct, StoreVariant

# A productUpdate that sends no images.
PLAIN: Final = MappingProxyType({"withMedia": False, "mediaCount": 1})


def change(target: Target, shop: Shop) -> Change:
    """The difference for a product that is there."""
    return _Planner(target, shop).change()


def settle(target: Target, gid: str, moves: Sequence[StoreVariant], shop: Shop) -> Change:
    """What follows once a product is made: where it is sold, and what it leaves elsewhere."""
    return _Planner(target, shop).settle(gid, moves)


class _Planner:
    """Collects the steps of one product."""

    def __init__(self, target: Target, shop: Shop) -> None:
        self._target = target
        self._wanted = target.wanted
        self._shop = shop
        self._steps = Steps(target)
        self._images: tuple[str, ...] = ()

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
            self._tags(gid, product)
        variants = Variants(self._steps, self._target, self._wanted, options, gallery)
        variants.plan()
        if not variants.lacks:  # what takes the place of a variant must be there before it goes
            self._remove(gid, product, gallery)
        if product is not None:
            self._publish(gid, product.publications or frozenset())
        made = self._steps
        return Change(tuple(made.steps), tuple(made.events), self._images, tuple(variants.moves))

    # -- the product ----------------------------------------------------------------------

    def _options(self, gid: str, product: StoreProduct) -> OptionChange:
        have = product.options or ()
        wanted = self._wanted
        change = catalog_options.compare(
            wanted.options, wanted.variants, have, self._target.variants
        )
        if change.trouble:
            self._steps.tell(
                Code.OPTIONS_MISMATCH, f"its options are not changed: {change.trouble}"
            )
            return replace(change, names=tuple(o.name for o in have))
        for option, name in change.renames:
            variables = {"productId": gid, "option": {"id": option, "name": name}}
            self._steps.add(f"rename:{option}", "ProductOptionUpdate", variables, vital=True)
        if change.creates:
            rows: list[Input] = [
                # The variants that are there get the first value; their own follows below.
                {"name": name, "values": [{"name": values[0]}]}
                for name, values in change.creates.items()
            ]
            creating: dict[str, Any] = {"productId": gid, "options": rows}
            self._steps.add("options", "ProductOptionsCreate", creating, vital=True)
        if change.order:
            order = [{"name": name} for name in change.order]
            self._steps.add("order", "ProductOptionsReorder", {"productId": gid, "options": order})
        return change

    def _gallery(self, product: StoreProduct) -> Gallery:
        images = all_images(self._wanted)
        if product.media is None or not images:
            return Gallery()
        found = catalog_media.compare(images, product.media, self._target.sent, self._shop.now)
        for address in found.waiting:
            self._steps.tell(
                Code.NOT_REACHED,
                f"an image ({catalog_media.shown(address)}) was sent a moment ago and is not "
                "there yet: push again in a minute",
            )
        for address, media in found.known.items():
            if media.status == "FAILED":
                why = "; ".join(media.errors) or "Shopify says nothing more"
                self._steps.tell(
                    Code.MEDIA_FAILED,
                    f"Shopify could not make the image {catalog_media.shown(address)}: {why}. It "
                    "is not sent again; give the feed another address",
                    warning=True,
                )
        return found

    def _product(self, gid: str, product: StoreProduct, gallery: Gallery) -> None:
        category = self._category()
        unknown = category is not None and category == self._wanted.category
        fields: Input = product_input(self._wanted, product, None if unknown else category)
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
            self._steps.add(
                "product", "ProductUpdate", variables, images=self._images, repeatable=not new
            )
        if unknown and category != product.category:
            # By itself: a GID of the feed's was not looked up, and a wrong one refuses everything.
            setting = {"product": {"id": gid, "category": category}, **PLAIN}
            self._steps.add("category", "ProductUpdate", setting)
        if handle := handle_input(self._wanted, product):
            # By itself: one that another product has refuses the whole request.
            self._steps.add("handle", "ProductUpdate", {"product": {"id": gid, **handle}, **PLAIN})
        self._alts(gallery)
        for n, joins in enumerate(in_parts(self._collections(product))):
            # By itself: a collection that chooses its own products refuses the whole request.
            joining = {"product": {"id": gid, "collectionsToJoin": list(joins)}, **PLAIN}
            self._steps.add(f"collections:{n}", "ProductUpdate", joining)

    def _tags(self, gid: str, product: StoreProduct) -> None:
        missing = missing_tags(self._wanted.tags, product.tags)
        tags, over = too_many_tags(missing, product.tags)
        if over:
            self._steps.tell(Code.FEED_ITEM_INVALID, over)
        if tags:  # at most 250, as long as Shopify takes a list
            self._steps.add("tags", "ProductTagsAdd", {"id": gid, "tags": tags})

    def _alts(self, gallery: Gallery) -> None:
        alts = {i.original_source: i.alt for i in all_images(self._wanted) if i.alt is not None}
        files = [
            {"id": media.gid, "alt": alts[address]}
            for address, media in gallery.known.items()
            # Shopify changes no file that it is still making.
            if address in alts and media.status == "READY" and media.alt != alts[address]
        ]
        for n, part in enumerate(in_parts(files)):
            self._steps.add(f"alts:{n}", "FilesUpdate", {"files": list(part)})

    def _category(self) -> str | None:
        name = self._wanted.category
        if name is None:
            return None
        gid = self._shop.places.categories.get(name)
        if gid is None:
            self._steps.tell(
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
                self._steps.tell(
                    Code.PLACE_UNKNOWN, f'the shop has no collection "{name}" (handle or title)'
                )
            elif gid not in (have or ()):
                out.append(gid)
        return out

    def settle(self, gid: str, moves: Sequence[StoreVariant]) -> Change:
        """Sell it where the feed says, then delete the variants that moved to it."""
        self._publish(gid, frozenset())
        self._steps.take_off(moves)
        return Change(tuple(self._steps.steps), tuple(self._steps.events))

    def _publish(self, gid: str, have: frozenset[str]) -> None:
        missing = [p for p in self._publications() if p not in have]
        rows = [{"publicationId": p} for p in missing]
        for n, part in enumerate(in_parts(rows)):
            self._steps.add(f"publish:{n}", "Publish", {"id": gid, "input": list(part)})

    def _publications(self) -> list[str]:
        known = self._shop.places.publications
        for name in self._wanted.publications:
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                self._steps.tell(
                    Code.PLACE_UNKNOWN,
                    f'it is not published on "{name}": the sales channels are {there}',
                )
        return [known[n] for n in self._wanted.publications if n in known]

    # -- what goes ------------------------------------------------------------------------

    def _remove(self, gid: str, product: StoreProduct | None, gallery: Gallery) -> None:
        remove = self._wanted.remove
        if remove is None or not self._wanted.variants:
            return
        wanted = set(self._target.skus)
        moving = self._shop.moving
        every = self._target.all_variants
        gone = [v for v in every if v.sku not in wanted and v.gid not in moving]
        if remove == "delete":
            for n, part in enumerate(in_parts(gone)):
                variables = {"productId": gid, "variantsIds": [v.gid for v in part]}
                self._steps.add(f"delete:{n}", "ProductVariantsDelete", variables)
            if self._wanted.media and product is not None:
                files = [{"id": m.gid, "referencesToRemove": [gid]} for m in gallery.strange]
                for n, rows in enumerate(in_parts(files)):
                    self._steps.add(f"images:{n}", "FilesUpdate", {"files": list(rows)})
        else:
            places = [{"publicationId": p} for p in self._shop.places.publications.values()]
            for variant in (v for v in gone if v.published):
                variables = {"id": variant.gid, "input": places}
                self._steps.add(f"archive:{variant.gid}", "Unpublish", variables)
