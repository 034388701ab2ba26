"""``productSet``: a product and its lists as given; at once, or as an operation.

Captured: the payloads of both ways, defaults, handles, lengths, ``ID_NOT_ALLOWED``, the category.
Documented: lists that are present replace what is there, all else only where present; what the
identifiers must agree with. Assumed: an operation is ACTIVE in the next request and COMPLETE after
two seconds, its errors show there; a customId needs no metafield in the input, and writes its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.errors import NotModelled, access_denied
from bridge.sandbox.info import Info
from bridge.sandbox.media import is_address, take_in, take_off
from bridge.sandbox.model import Location, Product, Variant
from bridge.sandbox.model_products import MediaImage, ProductSetOperation
from bridge.sandbox.mutations.metafields import by_identifier, key_of, take_away
from bridge.sandbox.mutations.product_inputs import (
    Row,
    apply_product,
    category_of,
    collection_problems,
    error,
    join,
    metafield_problems,
    new_handle,
    product_problems,
    put_metafields,
    refuse,
)
from bridge.sandbox.mutations.product_set_plan import Plan, lay_out, plan
from bridge.sandbox.mutations.variant_inputs import (
    apply_variant,
    quantities_in,
    refuse_unmodelled,
    variant_problems,
)
from bridge.sandbox.naming import handle_of
from bridge.sandbox.options import choose, set_default
from bridge.sandbox.stocking import delete_variant, new_variant, stock
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

MAX_QUANTITIES: Final = 50_000  # documented
OPERATION_SECONDS: Final = 2.0  # the recorder found the operation COMPLETE at its first poll

_AT: Final = ["input"]
_GONE: Final = "Product does not exist"


def set_product(
    _root: object,
    info: Info,
    input: Row,
    identifier: Row | None = None,
    synchronous: bool | None = True,
) -> Row:
    """Create or update a product. ``input`` keeps the order of Shopify's argument."""
    store: Store = info.context.store
    store.settle()
    if _quantities(input) and not info.context.may("write_inventory"):
        raise access_denied("productSet", "write_inventory")
    refuse(input, ("giftCard",), "a product")
    category_of(store, input)
    for row in input.get("variants") or ():
        refuse_unmodelled(row)
    _, errors = target(store, input, identifier)
    if errors:
        return _payload(None, None, errors)
    if synchronous is not False:
        product, errors = run(store, input, identifier)
        return _payload(product, None, errors)
    return _payload(None, _operation(store, input, identifier), [])


def _payload(product: Product | None, operation: object, errors: list[Row]) -> Row:
    return {"product": product, "productSetOperation": operation, "userErrors": errors}


def _operation(store: Store, given: Row, identifier: Row | None) -> Row:
    """Started now. The payload shows it as it is at this moment (captured: CREATED)."""
    now = store.clock()
    operation = ProductSetOperation(number_id=store.new_id("ProductSetOperation"))
    store.keep(operation)

    def begin(_at: datetime) -> None:
        operation.status = "ACTIVE"

    def finish(_at: datetime) -> None:
        operation.product, errors = run(store, given, identifier)
        operation.user_errors = [dict(one) for one in errors]
        operation.status = "COMPLETE"

    store.later(now, begin)
    store.later(now + timedelta(seconds=OPERATION_SECONDS), finish)
    return {
        "__typename": operation.gql_type,
        "id": operation.id,
        "status": operation.status,
        "product": None,
        "userErrors": [],
    }


def target(store: Store, given: Row, identifier: Row | None) -> tuple[Product | None, list[Row]]:
    """The product that is meant, None when it is to be made; what is wrong with the naming."""
    names = {name: value for name, value in (identifier or {}).items() if value is not None}
    if names and given.get("id"):
        message = "The id field is not allowed if identifier is provided."
        return None, [error(_AT, message, "ID_NOT_ALLOWED")]
    if len(names) > 1:
        message = "Only one identifier can be given."
        return None, [error(["identifier"], message, "INVALID_INPUT")]
    wanted = names.get("id") or given.get("id")
    if wanted:
        found = store.find_as(Product, wanted)
        place = ["identifier", "id"] if names else ["input", "id"]
        return found, [] if found else [error(place, _GONE, "PRODUCT_DOES_NOT_EXIST")]
    if "handle" in names:
        return _by_handle(store, given, names["handle"])
    if "customId" in names:
        return _by_custom_id(store, given, names["customId"])
    return None, []


def _by_handle(store: Store, given: Row, handle: str) -> tuple[Product | None, list[Row]]:
    if not given.get("handle"):
        message = "The input field corresponding to the identifier is required."
        return None, [error(["input", "handle"], message, "MISSING_FIELD_REQUIRED")]
    if handle_of(given["handle"]) != handle_of(handle):
        message = "The identifier value does not match the value of the corresponding field in the "
        return None, [error(["input", "handle"], f"{message}input.", "INPUT_MISMATCH")]
    rows = store.products.values()
    return next((row for row in rows if row.handle == handle_of(handle)), None), []


def _by_custom_id(store: Store, given: Row, custom: Row) -> tuple[Product | None, list[Row]]:
    rows = given.get("metafields")
    if rows is not None and not any(
        key_of(row) == key_of(custom) and row.get("value") == custom["value"]
        for row in rows
        if row.get("key")
    ):
        message = "The input argument `metafields` (if present) must contain the `customId` value."
        return None, [error(["input", "metafields"], message, "METAFIELD_MISMATCH")]
    found = by_identifier(store, "Product", key_of(custom), custom["value"])
    return (found if isinstance(found, Product) else None), []


def run(store: Store, given: Row, identifier: Row | None) -> tuple[Product | None, list[Row]]:
    """Check everything, then do everything; nothing happens when anything is wrong."""
    product, errors = target(store, given, identifier)
    made = plan(product, given)
    errors += product_problems(store, product, given, _AT)
    errors += made.errors if made is not None else []
    errors += _list_problems(store, product, given)
    if made is not None:
        for planned in made.variants:
            errors += variant_problems(store, planned.there, planned.row, planned.at, _code)
    if errors:
        return None, errors
    errors = _stocking_problems(store, made)
    if errors:
        return None, errors
    watch = Watch(store, product)
    product = product or _create(store, given)
    if identifier and identifier.get("customId"):
        put_metafields(store, product, [{"type": "id", **identifier["customId"]}])
    apply_product(store, product, given)
    images = _set_files(store, product, given)
    if made is not None:
        _set_variants(store, product, made, images)
    elif not product.variant_list:
        stock(store, _default_variant(store, product), [])
    _set_lists(store, product, given, identifier)
    more: dict[str, Any] = {"made": True} if watch.created else {}
    moved = [
        planned.there.legacy_resource_id
        for planned in (made.variants if made is not None else ())
        if planned.there is not None and _stock(store, planned.there, planned.stocked)
    ]
    if moved:
        more["stock"] = moved
    watch.done("productSet", product, **more)
    return product, []


_CODES: Final = {"INVALID_VALUE": "INVALID_METAFIELD"}


def _code(code: str) -> str:
    """The codes know variants and metafields, not their fields (documented)."""
    return _CODES.get(code, "INVALID_VARIANT")


def _create(store: Store, given: Row) -> Product:
    """With Shopify's defaults: ACTIVE, the shop as vendor, no type (captured)."""
    now = store.clock()
    product = Product(
        number_id=store.new_id("Product"),
        title=given["title"],
        handle=new_handle(store, given),
        vendor=store.shop.name,
        product_type="",
        created_at=now,
        updated_at=now,
    )
    store.keep(product)
    return product


def _default_variant(store: Store, product: Product) -> Variant:
    variant = new_variant(store, product, [])
    set_default(store, product, variant)
    return variant


def _quantities(given: Row) -> int:
    return sum(len(row.get("inventoryQuantities") or ()) for row in given.get("variants") or ())


def _list_problems(store: Store, product: Product | None, given: Row) -> list[Row]:
    kind, code = Product.gql_type, "INVALID_METAFIELD"
    errors = metafield_problems(store, product, given, _AT, kind=kind, code=code)
    errors += collection_problems(store, given.get("collections") or [], [*_AT, "collections"])
    if _quantities(given) > MAX_QUANTITIES:
        message = (
            f"Inventory quantity input exceeds the limit of {MAX_QUANTITIES}. Consider using "
            "separate `inventorySetQuantities` mutations."
        )
        code = "INVENTORY_QUANTITIES_LIMIT_EXCEEDED"
        errors.append(error([*_AT, "variants"], message, code))
    files = given.get("files") or []
    for n, row in enumerate(files):
        errors += _file_problems(store, row, [*_AT, "files", str(n)])
    sources = {row.get("originalSource") for row in files} | {row.get("id") for row in files}
    for n, row in enumerate(given.get("variants") or ()):
        wanted = row.get("file")
        if wanted and (wanted.get("id") or wanted.get("originalSource")) not in sources:
            message = "The file must also be in the files of the product."
            errors.append(error([*_AT, "variants", str(n), "file"], message, "INVALID_VARIANT"))
    return errors


def _file_problems(store: Store, row: Row, at: list[str]) -> list[Row]:
    if row.get("contentType") not in {None, "IMAGE"}:
        raise NotModelled(f"files of the type {row['contentType']}")
    if row.get("duplicateResolutionMode") not in {None, "APPEND_UUID"}:
        raise NotModelled(f"the duplicateResolutionMode {row['duplicateResolutionMode']}")
    if row.get("id"):
        if store.find_as(MediaImage, row["id"]) is None:
            return [error([*at, "id"], f"File id {row['id']} does not exist.", "INVALID_INPUT")]
    elif not is_address(row.get("originalSource") or ""):
        return [error([*at, "originalSource"], "Image URL is invalid", "INVALID_INPUT")]
    return []


def _set_files(store: Store, product: Product, given: Row) -> dict[str, MediaImage]:
    """The gallery as given, in its order; by id and by address."""
    images = {image.id: image for image in product.media_list}
    if given.get("files") is None:
        return images
    gallery = []
    for row in given["files"]:
        image = store.find_as(MediaImage, row["id"]) if row.get("id") else None
        if image is None:
            source = row["originalSource"]
            image = take_in(store, source, row.get("alt"), filename=row.get("filename"))
            images[source] = image
        elif "alt" in row:
            image.alt = row["alt"] or None
        images[image.id] = image
        gallery.append(image)
    for image in product.media_list:
        if image not in gallery:
            take_off(product, image)
    product.media_list = gallery
    return images


def _set_variants(
    store: Store, product: Product, made: Plan, images: dict[str, MediaImage]
) -> None:
    kept = {planned.there for planned in made.variants if planned.there is not None}
    for variant in list(product.variant_list):
        if variant not in kept:
            delete_variant(store, variant)
    real = lay_out(store, product, made)
    ordered = []
    for planned in made.variants:
        values = [real[value] for value in planned.values]
        variant = planned.there or new_variant(store, product, values)
        planned.there = variant
        choose(variant, values)
        apply_variant(store, variant, planned.row)
        if "file" in planned.row:
            wanted = planned.row["file"] or {}
            image = images.get(wanted.get("id") or wanted.get("originalSource") or "")
            variant.media_list = [image] if image is not None else []
        ordered.append(variant)
    product.variant_list = ordered


def _set_lists(store: Store, product: Product, given: Row, identifier: Row | None) -> None:
    """Metafields and collections: those that are given stay, all others go (documented)."""
    if given.get("metafields") is not None:
        named = put_metafields(store, product, given["metafields"])
        if identifier and identifier.get("customId"):
            named.add(key_of(identifier["customId"]))
        for key in [key for key in product.metafields_by_key if key not in named]:
            take_away(store, product, key)
    if given.get("collections") is not None:
        for collection in store.collections.values():
            if collection.rule is None and collection.id not in given["collections"]:
                collection.members.pop(product.number_id, None)
        join(store, product, given["collections"])


def _stocking_problems(store: Store, made: Plan | None) -> list[Row]:
    """Work out what each planned variant shall have where, and what is wrong with that."""
    errors: list[Row] = []
    for planned in made.variants if made is not None else ():
        rows = planned.row.get("inventoryQuantities") or []
        planned.stocked, wrong = quantities_in(store, rows, planned.at, "INVALID_VARIANT")
        errors += wrong
        if planned.there is None:
            continue
        held = planned.there.inventory_item.levels
        for n, (location, _, _) in enumerate(planned.stocked):
            if location.number_id not in held:
                # documented: of an existing variant only where it is stocked already
                message = "The inventory item is not stocked at the location."
                at = [*planned.at, "inventoryQuantities", str(n), "locationId"]
                errors.append(error(at, message, "INVALID_VARIANT"))
    return errors


def _stock(store: Store, variant: Variant, rows: list[tuple[Location, str, int]]) -> bool:
    """Put it there; whether that changed anything that was asked for."""
    levels = variant.inventory_item.levels
    before = {key: (level.available, level.is_active) for key, level in levels.items()}
    stock(store, variant, rows)
    after = {key: (level.available, level.is_active) for key, level in levels.items()}
    return bool(rows) and before != after
