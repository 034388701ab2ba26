"""Inputs that several product mutations share: what is wrong with them, and how they are applied.

Captured: the texts for a blank title, for lengths and for a handle that is taken; an unknown
category is a top-level error; tags as in ``tags``. Assumed: an empty text of a field that can be
null is kept as null; the texts for media and collections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.errors import NotModelled, StoreError
from bridge.sandbox.media import is_address, take_in
from bridge.sandbox.model import Metafield, Owner, Product
from bridge.sandbox.model_products import MAX_MEDIA, Category, Collection, MediaImage
from bridge.sandbox.mutations.metafields import key_of, problem_of, put
from bridge.sandbox.mutations.tags import INVALID, beyond, wanted
from bridge.sandbox.naming import free_handle, handle_of

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]
At = list[str]

MAX_TEXT: Final = 255  # captured: title, handle, vendor, product type


def error(field: At | None, message: str, code: str | None = None) -> Row:
    """One user error."""
    return {"field": field, "message": message, "code": code}


def refuse(row: Mapping[str, Any], names: Iterable[str], what: str) -> None:
    """Refuse members that the store does not model, unless they ask for nothing."""
    for name in names:
        if row.get(name) not in (None, False, [], ""):
            raise NotModelled(f"the field {name!r} of {what}")


# ---- the product's own fields

_UNMODELLED: Final = (
    "claimOwnership",
    "combinedListingRole",
    "deleteConflictingConstrainedMetafields",
    "giftCard",
    "giftCardTemplateSuffix",
)


def category_of(store: Store, row: Row) -> Category | None:
    """The category that is asked for; an unknown one is a top-level error (captured)."""
    wanted_id = row.get("category")
    if wanted_id is None:
        return None
    found = store.categories.get(wanted_id)
    if found is None:
        raise StoreError("Invalid product_taxonomy_node_id", "INVALID_PRODUCT_TAXONOMY_NODE_ID")
    return found


def handle_taken(store: Store, product: Product | None, handle: str) -> bool:
    """Whether another product has the handle."""
    return any(one.handle == handle for one in store.products.values() if one is not product)


def product_problems(store: Store, product: Product | None, row: Row, at: At) -> list[Row]:
    """What is wrong with a product's own fields. ``at`` is the path of the input, or empty.

    Raises NotModelled, and the top-level error of an unknown category.
    """
    refuse(row, _UNMODELLED, "a product")
    category_of(store, row)
    errors: list[Row] = []
    title = row.get("title")
    if (product is None or "title" in row) and not (title or "").strip():
        errors.append(error([*at, "title"], "Title can't be blank", "INVALID_PRODUCT"))
    elif title and len(title) > MAX_TEXT:
        # captured for productSet; elsewhere assumed alike
        errors.append(error([*at, "title"], _too_long("").strip(), "INVALID_PRODUCT"))
    whole = at or None
    handle = (row.get("handle") or "").strip()
    if len(handle or (title or "" if product is None else "")) > MAX_TEXT:
        errors.append(error(whole, _too_long("Handle "), "INVALID_PRODUCT"))
    elif handle and handle_taken(store, product, handle_of(handle)):
        message = f"Handle '{handle_of(handle)}' already in use. Please provide a new handle."
        # captured with this field for productCreate and productUpdate too
        errors.append(error(["input", "handle"], message, "HANDLE_NOT_UNIQUE"))
    if len(row.get("vendor") or "") > MAX_TEXT:
        errors.append(error(whole, _too_long("Vendor "), "INVALID_PRODUCT"))
    if len(row.get("productType") or "") > MAX_TEXT:
        for name in ("Product type ", "Custom product type "):
            errors.append(error(whole, _too_long(name), "INVALID_PRODUCT"))
    if beyond(wanted(row.get("tags") or [])):
        errors.append(error([*at, "tags"], INVALID, "INVALID_PRODUCT"))
    return errors


def _too_long(name: str) -> str:
    return f"{name}is too long (maximum is {MAX_TEXT} characters)"


def normal_tags(tags: Sequence[str]) -> list[str]:
    """Split, trimmed, the first spelling of each, sorted without regard to case (captured)."""
    kept: dict[str, str] = {}
    for tag in wanted(list(tags)):
        kept.setdefault(tag.casefold(), tag)
    return sorted(kept.values(), key=str.casefold)


def new_handle(store: Store, row: Row) -> str:
    """The handle of a product that is being made."""
    given = (row.get("handle") or "").strip()
    if given:
        return handle_of(given)
    return free_handle(handle_of(row["title"]), {one.handle for one in store.products.values()})


# Members that are set as they come: input name, attribute, what null and nothing stand for.
_PLAIN: Final[tuple[tuple[str, str, Callable[[Any], Any]], ...]] = (
    ("title", "title", str.strip),
    ("descriptionHtml", "description_html", lambda value: value or ""),
    ("vendor", "vendor", lambda value: value or ""),
    ("productType", "product_type", lambda value: value or ""),
    ("templateSuffix", "template_suffix", lambda value: value or None),
    ("requiresSellingPlan", "requires_selling_plan", bool),
)


def apply_product(store: Store, product: Product, row: Row) -> None:
    """Set the fields that the input has; the others stay."""
    for name, attribute, clean in _PLAIN:
        if name in row:
            setattr(product, attribute, clean(row[name]))
    handle = (row.get("handle") or "").strip()
    if handle and handle_of(handle) != product.handle:
        if row.get("redirectNewHandle"):
            store.redirects.append({"from": product.handle, "to": handle_of(handle)})
        product.handle = handle_of(handle)
    if row.get("status") is not None:
        product.status = row["status"]
    if "tags" in row:
        product.tags = normal_tags(row["tags"] or [])
    if "category" in row:
        product.category = category_of(store, row)
    seo = row.get("seo") or {}
    if "title" in seo:
        product.seo_title = seo["title"] or None
    if "description" in seo:
        product.seo_description = seo["description"] or None


# ---- metafields


def named_metafields(owner: Owner | None, rows: Sequence[Row]) -> list[Row]:
    """The rows with namespace and key; one that names an existing metafield by its id gets them."""
    held: dict[str, Metafield] = {}
    if owner is not None:
        held = {one.id: one for one in owner.metafields_by_key.values()}
    named = []
    for row in rows:
        found = held.get(row.get("id") or "")
        names = {"namespace": found.namespace, "key": found.key} if found else {}
        named.append({**row, "key": row.get("key") or "", **names})
    return named


def metafield_problems(
    store: Store, owner: Owner | None, given: Row, at: At, *, kind: str, code: str
) -> list[Row]:
    """What is wrong with the ``metafields`` of the input of a product or variant."""
    rows = given.get("metafields") or []
    errors = []
    for n, row in enumerate(named_metafields(owner, rows)):
        wrong = problem_of(store, owner, kind, row)
        if wrong is not None:
            errors.append(error([*at, "metafields", str(n), *wrong[0]], wrong[1], code))
    return errors


def put_metafields(store: Store, owner: Owner, rows: Sequence[Row]) -> set[tuple[str, str]]:
    """Write them; the names of all that were given."""
    named = named_metafields(owner, rows)
    for row in named:
        put(store, owner, row)
    return {key_of(row) for row in named}


# ---- collections


def collection_problems(store: Store, ids: Sequence[str], at: At) -> list[Row]:
    """Unknown collections, and smart ones, that take no product by hand (captured elsewhere)."""
    errors = []
    for n, identifier in enumerate(ids):
        found = store.find_as(Collection, identifier)
        if found is None:
            errors.append(error([*at, str(n)], "Collection does not exist", "INVALID_INPUT"))
        elif found.rule is not None:
            message = "Can't manually add products to a smart collection"
            errors.append(error([*at, str(n)], message, "INVALID_INPUT"))
    return errors


def join(store: Store, product: Product, ids: Sequence[str]) -> None:
    """Put a product into manual collections."""
    for identifier in ids:
        found = store.find_as(Collection, identifier)
        if found is not None:
            found.members.setdefault(product.number_id, product)


def leave(store: Store, product: Product, ids: Sequence[str]) -> None:
    """Take a product out of manual collections; where it is not, nothing happens."""
    for identifier in ids:
        found = store.find_as(Collection, identifier)
        if found is not None:
            found.members.pop(product.number_id, None)


# ---- media


def media_problems(product: Product | None, rows: Sequence[Row], at: At) -> list[Row]:
    """Of ``CreateMediaInput``. Other media than images are refused."""
    errors = []
    for n, row in enumerate(rows):
        if row["mediaContentType"] != "IMAGE":
            raise NotModelled(f"media of the type {row['mediaContentType']}")
        if not is_address(row["originalSource"]):
            errors.append(error([*at, str(n), "originalSource"], "Image URL is invalid", "INVALID"))
    held = len(product.media_list) if product is not None else 0
    if held + len(rows) > MAX_MEDIA:
        message = f"Exceeded the maximum number of {MAX_MEDIA} media per product"
        errors.append(error(at, message, "PRODUCT_MEDIA_LIMIT_EXCEEDED"))
    return errors


def add_media(store: Store, product: Product, rows: Sequence[Row]) -> list[MediaImage]:
    """New images at the end of the gallery."""
    made = [take_in(store, row["originalSource"], row.get("alt")) for row in rows]
    product.media_list = [*product.media_list, *made]
    return made
