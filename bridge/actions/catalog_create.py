"""The step that makes a new product. Pure.

``productSet`` with the handle as its identifier: were it sent twice, the second would find the
product that the first one made, or be refused for its handle, so there are never two. It is not
sent twice all the same, because it would have the images made again: after a lost reply the next
push looks under the handle. The handle was free a moment ago; the feed's lists are whole here,
because nobody else has put anything into a product that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge.actions.catalog_diff import Input, missing_tags, new_product, new_variant
from bridge.actions.catalog_limits import too_many_tags
from bridge.actions.catalog_merge import all_images
from bridge.actions.catalog_options import (
    DEFAULT_OPTION,
    DEFAULT_VALUE,
    spelled,
    wanted_names,
    wanted_values,
)
from bridge.actions.catalog_state import Shop, Target, tell
from bridge.actions.catalog_steps import ROWS_AT_ONCE, Change, Part
from bridge.actions.catalog_target import WantedProduct, WantedVariant
from bridge.actions.catalog_text import handle_of
from bridge.actions.catalog_variants import elsewhere
from bridge.engine import Step
from bridge.retailops.events import Code, Event
from bridge.shopify.documents import operation

Say = Callable[[Code, str, Sequence[str]], None]


def create(target: Target, shop: Shop) -> Change:
    """One productSet, or the events that say why the product cannot be made."""
    wanted = spelled(target.wanted)
    events: list[Event] = []

    def say(code: Code, message: str, skus: Sequence[str]) -> None:
        events.append(tell(code, f"{target.name}: {message}", skus or target.skus))

    if not wanted.variants:
        say(
            Code.PRODUCT_NOT_FOUND,
            "the shop has no such product, and the feed gives it no variants: it is made once it "
            "has one",
            (),
        )
        return Change(events=tuple(events))
    if not wanted.title:
        say(
            Code.SKU_NOT_FOUND,
            "no product of the shop has this SKU, and the feed gives no title to make one",
            (),
        )
        return Change(events=tuple(events))
    variants = []
    for variant in wanted.variants:
        other = target.elsewhere.get(variant.sku)
        if other is not None and wanted.remove != "delete":
            say(Code.VARIANT_ELSEWHERE, elsewhere(variant.sku, other), [variant.sku])
        else:
            variants.append(variant)
    names = wanted_names(wanted.options, wanted.variants)
    variants = _fitting(names, variants, say)
    if not variants:
        return Change(events=tuple(events))
    places = shop.places
    category = places.categories.get(wanted.category or "")
    if wanted.category is not None and category is None:
        message = f'its category is not set: the taxonomy has no "{wanted.category}"'
        say(Code.PLACE_UNKNOWN, message, ())
    for name in wanted.collections:
        if name not in places.collections:
            message = f'the shop has no collection "{name}" (handle or title)'
            say(Code.PLACE_UNKNOWN, message, ())
    tags, over = too_many_tags(missing_tags(wanted.tags, ()), ())
    if over:
        say(Code.FEED_ITEM_INVALID, over, ())
        wanted = wanted.model_copy(update={"tags": tuple(tags)})
    fields: Input = {"handle": target.handle, **new_product(wanted, category)}
    fields["productOptions"] = _options(names, wanted.options, variants)
    fields["variants"] = [_variant(v, wanted) for v in variants]
    joined = [places.collections[n] for n in wanted.collections if n in places.collections]
    if joined:
        # Shopify takes no longer list; the next push joins the rest.
        fields["collections"] = list(dict.fromkeys(joined))[:ROWS_AT_ONCE]
    images = all_images(wanted)
    if images:
        fields["files"] = [_file(image.original_source, image.alt) for image in images]
    large = len(variants) >= shop.async_from or len(images) >= shop.async_from
    variables = {
        "identifier": _identifier(target.handle),
        "input": fields,
        "synchronous": not large,
        "withMedia": bool(images) and not large,
        "mediaCount": max(1, len(images)),
    }
    sent = tuple(image.original_source for image in images)
    # They are taken off where they were once this has made the product (``catalog_plan.settle``).
    moves = tuple(target.elsewhere[v.sku] for v in variants if v.sku in target.elsewhere)
    step = Step(
        f"{target.key}:create",
        operation("ProductSet"),
        variables,
        repeatable=False,
        subject=Part(target, images=sent, creates=True, moves=moves),
        lane=target.key,
        vital=True,
    )
    return Change((step,), tuple(events), (), moves)


def _fitting(
    names: Sequence[str], variants: Sequence[WantedVariant], say: Say
) -> list[WantedVariant]:
    """The variants that can stand beside each other: each with a value of every option."""
    out: list[WantedVariant] = []
    seen: dict[tuple[str | None, ...], str] = {}
    for variant in variants:
        values = {v.option_name: v.name for v in variant.option_values}
        missing = [name for name in names if name not in values]
        if missing:
            message = f"{variant.sku} is not added: the feed gives no value of its {missing[0]}"
            say(Code.OPTIONS_MISMATCH, message, [variant.sku])
            continue
        combination = tuple(values.get(name, "").casefold() for name in names)
        if combination in seen:
            message = (
                f"{variant.sku} is not added: its option values are those of {seen[combination]}"
            )
            say(Code.OPTIONS_MISMATCH, message, [variant.sku])
            continue
        seen[combination] = variant.sku
        out.append(variant)
    return out


def _options(
    names: Sequence[str], stated: Sequence[str], variants: Sequence[WantedVariant]
) -> list[Input]:
    """The options with their values; a product without any has Shopify's placeholder."""
    if not names:
        return [{"name": DEFAULT_OPTION, "values": [{"name": DEFAULT_VALUE}]}]
    return [
        {"name": name, "values": [{"name": value} for value in wanted_values(name, variants)]}
        for name in dict.fromkeys((*stated, *names))
    ]


def _variant(variant: WantedVariant, wanted: WantedProduct) -> Input:
    fields = new_variant(variant)
    if not fields["optionValues"]:
        fields["optionValues"] = [{"optionName": DEFAULT_OPTION, "name": DEFAULT_VALUE}]
    if variant.image:
        alt = next((i.alt for i in wanted.media if i.original_source == variant.image), None)
        fields["file"] = _file(variant.image, alt)
    return fields


def _identifier(handle: str) -> Input | None:
    """The handle, if it is sure to stay as it is.

    Which letters of other scripts Shopify keeps is its own affair. Of two such handles it may make
    one: under an identifier the second product would replace the first. Without one it is refused,
    because its handle is taken.
    """
    return {"handle": handle} if handle == handle_of(handle) else None


def _file(address: str, alt: str | None) -> Input:
    return {
        "originalSource": address,
        "contentType": "IMAGE",
        **({"alt": alt} if alt is not None else {}),
    }
