"""The steps for a product's variants: those that change, that it lacks, that move here. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bridge.actions import catalog_options
from bridge.actions.catalog_diff import Input, new_variant, variant_input
from bridge.actions.catalog_media import Gallery
from bridge.actions.catalog_options import OptionChange
from bridge.actions.catalog_state import Target
from bridge.actions.catalog_steps import Steps, in_parts
from bridge.actions.catalog_target import MAX_VARIANTS, WantedProduct, WantedVariant
from bridge.actions.catalog_text import same_name
from bridge.retailops.events import Code
from bridge.shopify.catalogue import StoreVariant

# Else Shopify deletes a lone variant without options when others come.
KEEP_THE_FIRST: Final = "PRESERVE_STANDALONE_VARIANT"


def elsewhere(sku: str, other: StoreVariant) -> str:
    """Why a SKU that another product has is not added."""
    return (
        f"{sku} is not added: the product {other.handle} has it. Move it in Shopify, or let the "
        "mapping say remove = 'delete'"
    )


class Variants:
    """Plans them into ``steps``.

    ``lacks``: some of the feed's variants are not on their way into the product. ``moves`` are the
    variants that another product loses by it.
    """

    def __init__(
        self,
        steps: Steps,
        target: Target,
        wanted: WantedProduct,
        options: OptionChange,
        gallery: Gallery,
    ) -> None:
        self._steps = steps
        self._target = target
        self._wanted = wanted  # in the store's spelling
        self._options = options
        self._gallery = gallery
        self.moves: list[StoreVariant] = []
        self.lacks = False

    def plan(self) -> None:
        """Those that are there, then new ones, then what these leave behind elsewhere."""
        self.lacks = bool(self._options.trouble)
        if self._options.trouble:  # their values would belong to options that are not there
            self._update([v.model_copy(update={"option_values": ()}) for v in self._known()])
            return
        self._update(self._known())
        lacking = [v for v in self._wanted.variants if v.sku not in self._target.variants]
        new = [v for v in lacking if self._may_come(v)]
        new = [v for v in new if self._fits(v)]
        new = self._distinct(new)
        room = MAX_VARIANTS - len(self._target.all_variants)
        if len(new) > room and self._target.all_variants:
            over, new = new[room:], new[:room]
            self._steps.tell(
                Code.OPTIONS_MISMATCH,
                f"it would have more than {MAX_VARIANTS:,} variants: {len(over)} are not added",
                [v.sku for v in over],
            )
        # Without its own a new variant would take the compare-at price of the first one (captured).
        rows = [{"compareAtPrice": None, **new_variant(v), **self._image(v, None)} for v in new]
        skus = [v.sku for v in new]
        for n, (names, part) in enumerate(zip(in_parts(skus), in_parts(rows), strict=True)):
            variables = {
                "productId": self._target.gid,
                "variants": list(part),
                "strategy": KEEP_THE_FIRST,
            }
            self._steps.add(
                f"create:{n}", "ProductVariantsCreate", variables, rows=names, vital=True
            )
        self.lacks = self.lacks or len(new) < len(lacking)
        self.moves = [self._target.elsewhere[v.sku] for v in new if v.sku in self._target.elsewhere]
        self._move()

    def _known(self) -> list[WantedVariant]:
        return [v for v in self._wanted.variants if v.sku in self._target.variants]

    def _update(self, variants: Sequence[WantedVariant]) -> None:
        rows: list[Input] = []
        skus: list[str] = []
        for variant in variants:
            have = self._renamed(self._target.variants[variant.sku])
            fields = {**variant_input(variant, have), **self._image(variant, have.image)}
            if fields:
                rows.append({"id": have.gid, **fields})
                skus.append(variant.sku)
        for n, (names, part) in enumerate(zip(in_parts(skus), in_parts(rows), strict=True)):
            variables = {"productId": self._target.gid, "variants": list(part)}
            self._steps.add(f"update:{n}", "ProductVariantsUpdate", variables, rows=names)

    def _renamed(self, have: StoreVariant) -> StoreVariant:
        """The variant as it is once the options are changed."""
        product = self._target.product
        if have.options is None or product is None or product.options is None:
            return have
        creates = self._options.creates or {}
        if catalog_options.standalone(product.options) and creates:
            return replace(have, options={name: v[0] for name, v in creates.items()})
        names = {o.gid: o.name for o in product.options}
        now = {names[gid]: new for gid, new in self._options.renames}
        values = {now.get(name, name): value for name, value in have.options.items()}
        for name, first in creates.items():
            values[name] = first[0]
        return replace(have, options=values)

    def _image(self, variant: WantedVariant, have: str | None) -> Input:
        """The variant's image, once Shopify has made it; until then the next push sets it."""
        media = self._gallery.known.get(variant.image or "")
        if media is None or media.status != "READY" or media.gid == have:
            return {}
        return {"mediaId": media.gid}

    def _may_come(self, variant: WantedVariant) -> bool:
        """Whether a variant that the product lacks may be added to it."""
        other = self._target.elsewhere.get(variant.sku)
        if other is None or self._wanted.remove == "delete":
            return True
        self._steps.tell(Code.VARIANT_ELSEWHERE, elsewhere(variant.sku, other), [variant.sku])
        return False

    def _fits(self, variant: WantedVariant) -> bool:
        given = {v.option_name for v in variant.option_values}
        missing = [name for name in self._options.names if name not in given]
        if self._target.product is None or not missing:
            return True
        self._steps.tell(
            Code.OPTIONS_MISMATCH,
            f"{variant.sku} is not added: the feed gives no value of its option {missing[0]}",
            [variant.sku],
        )
        return False

    def _distinct(self, variants: Sequence[WantedVariant]) -> list[WantedVariant]:
        """New variants that differ from each other and from those that are known.

        One that does not would have Shopify refuse the others too.
        """
        names = self._options.names
        taken: dict[tuple[str, ...], str] = {}
        for variant in self._known():
            have = self._renamed(self._target.variants[variant.sku]).options or {}
            values = {**have, **{v.option_name: v.name for v in variant.option_values}}
            taken.setdefault(_combination(names, values), variant.sku)
        out = []
        for variant in variants:
            values = {v.option_name: v.name for v in variant.option_values}
            other = taken.setdefault(_combination(names, values), variant.sku)
            if other == variant.sku or not names:
                out.append(variant)
                continue
            self._steps.tell(
                Code.OPTIONS_MISMATCH,
                f"{variant.sku} is not added: its option values are those of {other}",
                [variant.sku],
            )
        return out

    def _move(self) -> None:
        """Take what was added here off where it was: in the same call, or after a crash."""
        self._steps.take_off(self.moves)
        if self._wanted.remove == "delete":  # the merchant may have thought otherwise since
            self._steps.take_off(self._target.left)
            return
        for variant in self._target.left:
            self._steps.tell(
                Code.VARIANT_ELSEWHERE,
                f"{variant.sku} is in two products: an earlier push has added it here and did not "
                f"come to deleting it in {variant.handle}. Delete it there in Shopify, or let the "
                "mapping say remove = 'delete'",
                [variant.sku],
                warning=True,
            )


def _combination(names: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(same_name(values.get(name, "")) for name in names)
