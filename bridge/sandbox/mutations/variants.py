"""``productVariantsBulkCreate``, ``productVariantsBulkUpdate``, ``productVariantsBulkDelete``.

Captured: payloads and texts for unknown products, variants and options, an option given twice, a
negative price, quantities in an update, empty lists; partial updates; a lone default variant is
replaced; a new variant has the compare-at price of the first one when it is given none. Reported:
the texts for a missing option value, a missing id and a combination that is there. Assumed: a new
variant without a price has that of the first one too; values that lose their last variant go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.info import Info
from bridge.sandbox.model import Product, Variant
from bridge.sandbox.model_products import (
    DEFAULT_VALUE,
    MAX_VALUES,
    MAX_VARIANTS,
    MediaImage,
    Option,
    OptionValue,
)
from bridge.sandbox.mutations.product_inputs import (
    MAX_TEXT,
    At,
    Row,
    add_media,
    error,
    media_problems,
)
from bridge.sandbox.mutations.variant_inputs import apply_variant, quantities_in, variant_problems
from bridge.sandbox.options import choose, forget_unused, is_default, named, title_of, value_for
from bridge.sandbox.stocking import delete_variant, new_variant, stock
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_NO_PRODUCT: Final = ("Product does not exist", "PRODUCT_DOES_NOT_EXIST")
_QUANTITIES: Final = (
    "Inventory quantities can only be provided during create. To update inventory for existing "
    "variants, use inventoryAdjustQuantities."
)
Wish = dict[Option, str | OptionValue]
"""What a variant shall have: for each option a value that is there, or the name of a new one."""


def _payload(product: Product | None, variants: list[Variant] | None, errors: list[Row]) -> Row:
    return {"product": product, "productVariants": variants, "userErrors": errors}


def _wish(product: Product, row: Row, at: At, unknown: str) -> tuple[Wish, list[Row]]:
    """The option values that a row gives. ``unknown`` is the code for an unknown option."""
    wish: Wish = {}
    for n, given in enumerate(row.get("optionValues") or ()):
        here = [*at, "optionValues", str(n)]
        for one, other in (("optionId", "optionName"), ("id", "name")):
            if given.get(one) and given.get(other):
                message = f"cannot specify both `{one}` and `{other}`"
                return {}, [error(here, message, "INVALID_INPUT")]
        option = next((one for one in product.option_list if _is(one, given)), None)
        if option is None:
            return {}, [error(here, "Option does not exist", unknown)]
        if option in wish:
            message = f"Duplicated option name '{option.name}'"
            return {}, [error([*at, "optionValues"], message, "INVALID_INPUT")]
        name = (given.get("name") or "").strip()
        value = (
            next((one for one in option.value_list if one.id == given["id"]), None)
            if given.get("id")
            else named(option, name)
        )
        if value is None and not name:
            message = "Option value does not exist"
            code = "OPTION_VALUE_DOES_NOT_EXIST" if unknown != "INVALID_INPUT" else unknown
            return {}, [error(here, message, code)]
        if len(name) > MAX_TEXT:
            code = "OPTION_VALUE_NAME_TOO_LONG" if unknown != "INVALID_INPUT" else unknown
            return {}, [error([*here, "name"], "Option value name is too long", code)]
        wish[option] = value or name
    return wish, []


def _is(option: Option, given: Row) -> bool:
    if given.get("optionId"):
        return option.id == str(given["optionId"])
    return option.name == str(given.get("optionName") or "").strip()


def _names(product: Product, wish: Wish, now: list[OptionValue]) -> tuple[str, ...]:
    """The names of a variant's values once the wish is granted."""
    have: dict[Option, Any] = {value.option: value for value in now}
    have.update(wish)
    return tuple(
        value if isinstance(value, str) else value.name
        for value in (have[option] for option in product.option_list)
    )


def _grant(store: Store, variant: Variant, wish: Wish) -> None:
    have = {value.option: value for value in variant.chosen}
    for option, value in wish.items():
        have[option] = value_for(store, option, value) if isinstance(value, str) else value
    choose(variant, have.values())


def _too_many_values(product: Product, wishes: list[Wish], at: At) -> list[Row]:
    for option in product.option_list:
        new = {wish[option] for wish in wishes if isinstance(wish.get(option), str)}
        if len(option.value_list) + len(new) > MAX_VALUES:
            message = f"Option values are limited to {MAX_VALUES} per option"
            return [error(at, message, "INVALID_INPUT")]
    return []


def _exists(names: tuple[str, ...], at: At, code: str) -> Row:
    message = (
        f"The variant '{' / '.join(names)}' already exists. "
        "Please change at least one option value."
    )
    return error(at, message, code)


def _image_problems(product: Product, media: list[Row], row: Row, at: At) -> list[Row]:
    """``mediaId`` must be an image of the product, ``mediaSrc`` one that comes along."""
    if row.get("mediaId") and all(one.id != row["mediaId"] for one in product.media_list):
        message = "Media does not exist on the specified product."
        return [error([*at, "mediaId"], message, "INVALID_INPUT")]
    sources = row.get("mediaSrc") or []
    if len(sources) + bool(row.get("mediaId")) > 1:
        message = "Only one media can be attached to a variant."
        return [error([*at, "mediaSrc"], message, "INVALID_INPUT")]
    if any(source not in {one["originalSource"] for one in media} for source in sources):
        message = "mediaSrc must be the originalSource of one of the media."
        return [error([*at, "mediaSrc"], message, "INVALID_INPUT")]
    return []


def _attach(product: Product, added: list[MediaImage], variant: Variant, row: Row) -> None:
    for image in product.media_list:
        if image.id == row.get("mediaId"):
            variant.media_list = [image]
    for image in added:
        if image.original_url in (row.get("mediaSrc") or ()):
            variant.media_list = [image]


# ---- create

_CREATE_CODES: Final = {"GREATER_THAN_OR_EQUAL_TO", "INVALID_INPUT"}


def _create_code(code: str) -> str:
    """Of ``productVariantsBulkCreate``'s fewer codes."""
    return code if code in _CREATE_CODES else "INVALID"


def create(
    _root: object,
    info: Info,
    productId: str,
    variants: list[Row],
    strategy: str | None = None,
    media: list[Row] | None = None,
) -> Row:
    """Add variants, all or none of them. A lone variant goes as the strategy says."""
    store: Store = info.context.store
    store.settle()
    product, images = store.find_as(Product, productId), media or []
    if product is None:
        return _payload(None, [], [error(["productId"], *_NO_PRODUCT)])
    if not variants:
        return _payload(product, [], [])
    gone = _standalone(product, strategy)
    wishes: list[Wish] = []
    stocked = []
    errors = media_problems(product, images, ["media"])
    for n, row in enumerate(variants):
        at = ["variants", str(n)]
        wrong = variant_problems(store, None, row, at, _create_code)
        wish, bad_options = _wish(product, row, at, "INVALID_INPUT")
        missing = next((one for one in product.option_list if one not in wish), None)
        if not bad_options and missing is not None:
            message = f"You need to add option values for {missing.name}"
            bad_options = [error(at, message, "NEED_TO_ADD_OPTION_VALUES")]
        rows = row.get("inventoryQuantities") or []
        wanted, misplaced = quantities_in(store, rows, at, "TRACKED_VARIANT_LOCATION_NOT_FOUND")
        errors += wrong + bad_options + misplaced + _image_problems(product, images, row, at)
        wishes.append(wish)
        stocked.append(wanted)
    errors = errors or _new_clashes(product, gone, wishes)
    if len(product.variant_list) - len(gone) + len(variants) > MAX_VARIANTS:
        message = f"Product cannot have more than {MAX_VARIANTS} variants"
        errors.append(error(["variants"], message, "INVALID_INPUT"))
    errors = errors or _too_many_values(product, wishes, ["variants"])
    if errors:
        return _payload(None, [], errors)
    watch = Watch(store, product)
    first = product.variant_list[0]
    added = add_media(store, product, images)
    made = []
    for row, wish, wanted in zip(variants, wishes, stocked, strict=True):
        values = [
            value_for(store, option, value) if isinstance(value, str) else value
            for option, value in wish.items()
        ]
        variant = new_variant(store, product, values)
        variant.price, variant.compare_at_price = first.price, first.compare_at_price
        apply_variant(store, variant, row)
        stock(store, variant, wanted)
        _attach(product, added, variant, row)
        made.append(variant)
    _remove(store, gone)
    watch.done("productVariantsBulkCreate", product)
    return _payload(product, made, [])


def _standalone(product: Product, strategy: str | None) -> list[Variant]:
    """The lone variant that makes way (captured for DEFAULT, documented for the others)."""
    if len(product.variant_list) != 1 or strategy == "PRESERVE_STANDALONE_VARIANT":
        return []
    lone = product.variant_list[0]
    return [lone] if strategy == "REMOVE_STANDALONE_VARIANT" or is_default(lone) else []


def _new_clashes(product: Product, gone: list[Variant], wishes: list[Wish]) -> list[Row]:
    """Combinations that are there already, or given twice.

    What makes way does not count, but the default one may not be given again (assumed).
    """
    taken = {_names(product, {}, v.chosen) for v in product.variant_list if v not in gone}
    if gone and title_of(gone[0].chosen) == DEFAULT_VALUE:
        taken.add((DEFAULT_VALUE,))
    errors = []
    for n, wish in enumerate(wishes):
        names = _names(product, wish, [])
        if names in taken:
            code = "VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE"
            errors.append(_exists(names, ["variants", str(n)], code))
        taken.add(names)
    return errors


def _remove(store: Store, variants: list[Variant]) -> None:
    values = [value for variant in variants for value in variant.chosen]
    for variant in variants:
        delete_variant(store, variant)
    forget_unused(store, dict.fromkeys(values))


# ---- update

Good = tuple[int, Variant, Row, Wish]
"""A row that may be written: its place, its variant, and what it wishes."""


def _same(code: str) -> str:
    return code


def update(
    _root: object,
    info: Info,
    productId: str,
    variants: list[Row],
    media: list[Row] | None = None,
    allowPartialUpdates: bool | None = False,
) -> Row:
    """Change the fields that are given.

    With partial updates good rows are written when others are refused; the payload has every row
    that names a variant of the product (captured).
    """
    store: Store = info.context.store
    store.settle()
    product, images = store.find_as(Product, productId), media or []
    if product is None:
        return _payload(None, None, [error(["productId"], *_NO_PRODUCT)])
    if not variants:  # captured
        return _payload(None, None, [error(None, "Something went wrong, please try again.")])
    wrong_media = media_problems(product, images, ["media"])
    if wrong_media:
        return _payload(product, None, wrong_media)
    good: list[Good] = []
    shown: list[Variant] = []
    errors: list[Row] = []
    blocked = False
    for n, row in enumerate(variants):
        at = ["variants", str(n)]
        variant, blocking = _named(product, row, at)
        wish: Wish = {}
        wrong: list[Row] = []
        if variant is not None:
            wish, bad_options = _wish(product, row, at, "OPTION_DOES_NOT_EXIST")
            blocking = blocking + bad_options + _image_problems(product, images, row, at)
            wrong = variant_problems(store, variant, row, at, _same)
        blocked = blocked or bool(blocking)
        errors += blocking + wrong
        if variant is not None and not blocking:
            shown.append(variant)
            if not wrong:
                good.append((n, variant, row, wish))
    clashes = _clashes(product, good)
    errors += [one for _, one in clashes]
    good = [item for item in good if item[0] not in {n for n, _ in clashes}]
    errors += _too_many_values(product, [wish for *_, wish in good], ["variants"])
    errors.sort(key=lambda one: ([str(part) for part in one["field"] or ()], one["code"] or ""))
    if errors and (not allowPartialUpdates or not good):
        return _payload(product, None if blocked else shown, errors)
    watch = Watch(store, product)
    added = add_media(store, product, images)
    before = [value for _, variant, _, wish in good if wish for value in variant.chosen]
    for _, variant, row, wish in good:
        if wish:
            _grant(store, variant, wish)
        apply_variant(store, variant, row)
        _attach(product, added, variant, row)
    forget_unused(store, dict.fromkeys(before))
    watch.done("productVariantsBulkUpdate", product)
    return _payload(product, shown, errors)


def _named(product: Product, row: Row, at: At) -> tuple[Variant | None, list[Row]]:
    """The variant of a row, and what forbids to touch it."""
    if not row.get("id"):
        message = "Product variant is missing ID attribute"
        return None, [error([*at, "id"], message, "PRODUCT_VARIANT_ID_MISSING")]
    found = next((one for one in product.variant_list if one.id == row["id"]), None)
    if found is None:
        message = "Product variant does not exist"
        return None, [error([*at, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST")]
    if "inventoryQuantities" in row:
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        return found, [error([*at, "inventoryQuantities"], _QUANTITIES, code)]
    return found, []


def _clashes(product: Product, rows: list[Good]) -> list[tuple[int, Row]]:
    """Rows that would give a variant the values of another one; each with its place."""
    moved = {variant for _, variant, _, wish in rows if wish}
    if not moved:
        return []
    taken = {_names(product, {}, v.chosen) for v in product.variant_list if v not in moved}
    found = []
    for n, variant, _, wish in rows:
        if wish:
            names = _names(product, wish, variant.chosen)
            if names in taken:
                found.append((n, _exists(names, ["variants", str(n)], "VARIANT_ALREADY_EXISTS")))
            taken.add(names)
    return found


# ---- delete


def delete(_root: object, info: Info, productId: str, variantsIds: list[str]) -> Row:
    """Delete variants, all or none of them; one must stay (documented code)."""
    store: Store = info.context.store
    store.settle()
    product = store.find_as(Product, productId)
    if product is None:
        return {"product": None, "userErrors": [error(["productId"], *_NO_PRODUCT)]}
    held = {variant.id: variant for variant in product.variant_list}
    message = "At least one variant does not belong to the product"
    code = "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT"
    errors = [
        error(["variantsIds", str(n)], message, code)
        for n, identifier in enumerate(variantsIds)
        if identifier not in held
    ]
    wanted = [held[one] for one in dict.fromkeys(variantsIds) if one in held]
    if not errors and wanted and len(wanted) == len(held):
        text = "Cannot delete the last variant of a product"
        errors = [error(["variantsIds"], text, "CANNOT_DELETE_LAST_VARIANT")]
    if errors:
        return {"product": None, "userErrors": errors}
    watch = Watch(store, product)
    _remove(store, wanted)
    watch.done("productVariantsBulkDelete", product)
    return {"product": product, "userErrors": []}
