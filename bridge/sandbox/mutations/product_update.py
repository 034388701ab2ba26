"""``productUpdate`` and ``productDelete``.

Captured: the payload keeps the product when something is wrong, and is null for an unknown one;
texts and fields. Documented: tags replace, metafields are upserted, media are added. Assumed: the
texts for collections and media; all is refused when one part is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import Product
from bridge.sandbox.mutations.metafields import by_identifier, key_of
from bridge.sandbox.mutations.product_inputs import (
    Row,
    add_media,
    apply_product,
    collection_problems,
    error,
    join,
    leave,
    media_problems,
    metafield_problems,
    product_problems,
    put_metafields,
)
from bridge.sandbox.stocking import delete_product
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def update(
    _root: object,
    info: Info,
    product: Row | None = None,
    identifier: Row | None = None,
    media: list[Row] | None = None,
    input: Row | None = None,
) -> Row:
    """Change the fields that are given, and nothing else."""
    if input is not None:
        raise NotModelled("the deprecated argument 'input' of productUpdate")
    store: Store = info.context.store
    store.settle()
    given, added = product or {}, media or []
    found = _target(store, given, identifier)
    if found is None:
        return {"product": None, "userErrors": [error(["id"], "Product does not exist")]}
    rows = given.get("metafields") or []
    errors = product_problems(store, found, given, [])
    kind, code = Product.gql_type, "INVALID_METAFIELD"
    errors += metafield_problems(store, found, given, [], kind=kind, code=code)
    errors += collection_problems(
        store, given.get("collectionsToJoin") or [], ["collectionsToJoin"]
    )
    errors += media_problems(found, added, ["media"])
    if errors:
        return {"product": found, "userErrors": errors}
    watch = Watch(store, found)
    apply_product(store, found, given)
    put_metafields(store, found, rows)
    leave(store, found, given.get("collectionsToLeave") or [])
    join(store, found, given.get("collectionsToJoin") or [])
    add_media(store, found, added)
    watch.done("productUpdate", found)
    return {"product": found, "userErrors": []}


def _target(store: Store, given: Row, identifier: Row | None) -> Product | None:
    names = {name: value for name, value in (identifier or {}).items() if value is not None}
    if "handle" in names:
        rows = store.products.values()
        return next((row for row in rows if row.handle == names["handle"]), None)
    if "customId" in names:
        custom = names["customId"]
        held = by_identifier(store, "Product", key_of(custom), custom["value"])
        return held if isinstance(held, Product) else None
    return store.find_as(Product, names.get("id") or given.get("id") or "")


def delete(_root: object, info: Info, input: Row, synchronous: bool | None = True) -> Row:
    """Delete a product for good; only at once."""
    if synchronous is False:
        raise NotModelled("productDelete as an operation")
    store: Store = info.context.store
    store.settle()
    found = store.find_as(Product, input["id"])
    payload: Row = {"productDeleteOperation": None, "shop": store.shop}
    if found is None:
        errors = [error(["id"], "Product does not exist")]
        return {**payload, "deletedProductId": None, "userErrors": errors}
    delete_product(store, found)
    store.record("productDelete", ids=[found.id], detail={"handle": found.handle})
    return {**payload, "deletedProductId": found.id, "userErrors": []}
