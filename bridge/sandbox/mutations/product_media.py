"""Images of variants, the order of a gallery, and ``fileUpdate``.

Captured: texts and codes for variants and media of others, media that are not READY, a variant
that has media already, more than 100 pairs, media that are not attached; reordering is a job and
its result is there at once, a place beyond the end is the end. Documented: the code and text for an
unknown file. Assumed: several media for one variant are refused with that text; a file that is not
READY may get an alternative text; ``fileUpdate`` refuses all when one file is unknown.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bridge.sandbox.info import Info
from bridge.sandbox.media import take_off
from bridge.sandbox.model import Product, Variant, gid
from bridge.sandbox.model_products import MAX_MEDIA, MediaImage
from bridge.sandbox.mutations.product_inputs import Row, error, refuse
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_MAX_PAIRS: Final = 100  # captured
_MAX_ALT: Final = 512  # documented

Check = Callable[[Variant, list[MediaImage]], tuple[str, str, str] | None]


def append(_root: object, info: Info, productId: str, variantMedia: list[Row]) -> Row:
    """Attach images of a product to its variants, one to each."""

    def wrong(variant: Variant, images: list[MediaImage]) -> tuple[str, str, str] | None:
        if len(images) > 1:
            message = "Only one media can be attached to a variant."
            return "mediaIds", message, "TOO_MANY_MEDIA_PER_INPUT_PAIR"
        if any(image.status != "READY" for image in images):
            message = "Non-ready media cannot be attached to variants."
            return "mediaIds", message, "NON_READY_MEDIA"
        if variant.media_list:
            message = "The given variant already has attached media."
            return "variantId", message, "PRODUCT_VARIANT_ALREADY_HAS_MEDIA"
        return None

    def attach(variant: Variant, images: list[MediaImage]) -> None:
        variant.media_list = [*variant.media_list, *images]

    return _pairs(info, productId, variantMedia, "productVariantAppendMedia", (wrong, attach))


def detach(_root: object, info: Info, productId: str, variantMedia: list[Row]) -> Row:
    """Take images off variants; the product keeps them."""

    def wrong(variant: Variant, images: list[MediaImage]) -> tuple[str, str, str] | None:
        if all(image in variant.media_list for image in images):
            return None
        message = "The specified media is not attached to the specified variant."
        return "variantId", message, "MEDIA_IS_NOT_ATTACHED_TO_VARIANT"

    def take(variant: Variant, images: list[MediaImage]) -> None:
        variant.media_list = [one for one in variant.media_list if one not in images]

    return _pairs(info, productId, variantMedia, "productVariantDetachMedia", (wrong, take))


def _pairs(
    info: Info,
    identifier: str,
    rows: list[Row],
    mutation: str,
    rule: tuple[Check, Callable[[Variant, list[MediaImage]], None]],
) -> Row:
    """All pairs, or none when one is wrong (captured)."""
    store: Store = info.context.store
    store.settle()
    product = store.find_as(Product, identifier)
    if product is None:
        wrong = error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return _payload(None, None, [wrong])
    if sum(len(row["mediaIds"]) for row in rows) > _MAX_PAIRS:
        message = f"Exceeded {_MAX_PAIRS} variant-media pairs per mutation."
        code = "MAXIMUM_VARIANT_MEDIA_PAIRS_EXCEEDED"
        return _payload(None, None, [error(["variantMedia"], message, code)])
    variants = {variant.id: variant for variant in product.variant_list}
    media = {image.id: image for image in product.media_list}
    errors: list[Row] = []
    for n, row in enumerate(rows):
        bad = _pair_problem(rows[:n], row, variants, media, rule[0])
        if bad is not None:
            errors.append(error(["variantMedia", str(n), bad[0]], *bad[1:]))
    if errors:
        return _payload(None, None, errors)
    watch = Watch(store, product)
    for row in rows:
        rule[1](variants[row["variantId"]], [media[one] for one in row["mediaIds"]])
    watch.done(mutation, product)
    return _payload(product, [variants[row["variantId"]] for row in rows], [])


def _pair_problem(
    before: list[Row],
    row: Row,
    variants: dict[str, Variant],
    media: dict[str, MediaImage],
    rule: Check,
) -> tuple[str, str, str] | None:
    variant = variants.get(row["variantId"])
    if variant is None:
        message = "Variant does not exist on the specified product."
        return "variantId", message, "PRODUCT_VARIANT_DOES_NOT_EXIST_ON_PRODUCT"
    if any(one["variantId"] == row["variantId"] for one in before):
        message = "Variant specified in multiple pairs."
        return "variantId", message, "PRODUCT_VARIANT_SPECIFIED_MULTIPLE_TIMES"
    if any(one not in media for one in row["mediaIds"]):
        message = "Media does not exist on the specified product."
        return "mediaIds", message, "MEDIA_DOES_NOT_EXIST_ON_PRODUCT"
    return rule(variant, [media[one] for one in row["mediaIds"]])


def _payload(product: Product | None, variants: list[Variant] | None, errors: list[Row]) -> Row:
    return {"product": product, "productVariants": variants, "userErrors": errors}


def reorder(_root: object, info: Info, id: str, moves: list[Row]) -> Row:
    """Move images of a gallery, one after the other. The job is done when it is asked for."""
    store: Store = info.context.store
    store.settle()
    product = store.find_as(Product, id)
    if product is None:
        wrong = error(["id"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
        return {"job": None, "mediaUserErrors": [wrong]}
    held = {image.id: image for image in product.media_list}
    errors = [
        error(["moves", str(n), "id"], "Media does not exist", "MEDIA_DOES_NOT_EXIST")
        for n, move in enumerate(moves)
        if move["id"] not in held
    ]
    if errors:
        return {"job": None, "mediaUserErrors": errors}
    watch = Watch(store, product)
    for move in moves:
        image = held[move["id"]]
        product.media_list.remove(image)
        product.media_list.insert(int(move["newPosition"]), image)
    watch.done("productReorderMedia", product)
    # an unknown job reports that it is done (captured), and the order is there already
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{product.id}#{len(store.journal)}")
    return {"job": {"id": gid("Job", str(number)), "done": False}, "mediaUserErrors": []}


_UNMODELLED: Final = ("filename", "originalSource", "previewImageSource")


def update_files(_root: object, info: Info, files: list[Row]) -> Row:
    """Alternative texts; products that take an image in or let it go."""
    store: Store = info.context.store
    store.settle()
    for row in files:
        refuse(row, _UNMODELLED, "a file that is updated")
    errors = _file_problems(store, files)
    if errors:
        return {"files": [], "userErrors": errors}
    images = [store.files[_number(row["id"])] for row in files]
    touched: dict[int, Product] = {}
    for product in store.products.values():
        named = {one for row in files for one in _references(row)}
        if product.id in named or any(image in product.media_list for image in images):
            touched[product.number_id] = product
    watches = [(product, Watch(store, product)) for product in touched.values()]
    now = store.clock()
    for row, image in zip(files, images, strict=True):
        alt = (row["alt"] or None) if "alt" in row else image.alt
        if alt != image.alt:
            image.alt, image.updated_at = alt, now
            if all(image not in product.media_list for product in touched.values()):
                store.record("fileUpdate", ids=[image.id], detail={"alt": alt})
        for identifier in row.get("referencesToRemove") or ():
            take_off(touched[_number(identifier)], image)
        for identifier in row.get("referencesToAdd") or ():
            product = touched[_number(identifier)]
            if image not in product.media_list:
                product.media_list = [*product.media_list, image]
    for product, watch in watches:
        watch.done("fileUpdate", product)
    return {"files": images, "userErrors": []}


def _number(identifier: str) -> int:
    return int(identifier.rsplit("/", 1)[-1])


def _references(row: Row) -> list[str]:
    return [*(row.get("referencesToAdd") or ()), *(row.get("referencesToRemove") or ())]


def _file_problems(store: Store, files: list[Row]) -> list[Row]:
    missing = [row["id"] for row in files if store.find_as(MediaImage, row["id"]) is None]
    if missing:
        listed = ", ".join(f'"{one}"' for one in missing)
        message = f"File id [{listed}] does not exist."
        return [error(["files"], message, "FILE_DOES_NOT_EXIST")]
    errors = []
    for n, row in enumerate(files):
        at = ["files", str(n)]
        if len(row.get("alt") or "") > _MAX_ALT:
            message = f"The alt value exceeds the maximum limit of {_MAX_ALT} characters."
            errors.append(error([*at, "alt"], message, "ALT_VALUE_LIMIT_EXCEEDED"))
        for identifier in _references(row):
            product = store.find_as(Product, identifier)
            if product is None:
                message = "The reference target does not exist."
                errors.append(error(at, message, "REFERENCE_TARGET_DOES_NOT_EXIST"))
            elif len(product.media_list) >= MAX_MEDIA and identifier in row.get(
                "referencesToAdd", ()
            ):
                message = f"Exceeded the maximum number of {MAX_MEDIA} media per product"
                errors.append(error(at, message, "PRODUCT_MEDIA_LIMIT_EXCEEDED"))
    return errors
