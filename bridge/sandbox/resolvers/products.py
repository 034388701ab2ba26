"""Products and what is beside them: options, media, collections, publications, the taxonomy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Unpack

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info, Page
from bridge.sandbox.matching import words
from bridge.sandbox.model import InventoryItem, Owner, Product, Variant
from bridge.sandbox.model_products import (
    Category,
    Collection,
    MediaImage,
    Option,
    ProductSetOperation,
    Publication,
)
from bridge.sandbox.money import amount_text
from bridge.sandbox.mutations.metafields import by_identifier, key_of
from bridge.sandbox.options import has_only_default
from bridge.sandbox.resolvers.catalogue import metafield, metafields
from bridge.sandbox.state import stamp

Shown = Product | Variant


def _options(product: Product, _info: object, first: int | None = None) -> list[Option]:
    return product.option_list if first is None else product.option_list[:first]


def _variants(
    product: Product, info: Info, sortKey: str | None = None, **page: Unpack[Page]
) -> object:
    """By position, unless asked otherwise."""
    rows = list(product.variant_list)
    match sortKey:
        case None | "POSITION":
            pass
        case "SKU":
            rows.sort(key=lambda variant: variant.sku or "")
        case "TITLE":
            rows.sort(key=lambda variant: variant.title)
        case "ID":
            rows.sort(key=lambda variant: variant.number_id)
        case _:
            raise NotModelled(f"the order {sortKey} of a product's variants")
    return info.context.paginate(rows, **page)


def _media(
    owner: Shown,
    info: Info,
    sortKey: str | None = None,
    query: str | None = None,
    **page: Unpack[Page],
) -> object:
    """In the order of the gallery; by id when asked for."""
    if query:
        raise NotModelled("the argument query of media")
    rows = list(owner.media_list)
    if sortKey == "ID":
        rows.sort(key=lambda image: image.number_id)
    elif sortKey not in {None, "POSITION"}:
        raise NotModelled(f"the order {sortKey} of media")
    return info.context.paginate(rows, **page)


def _exact(number: int) -> dict[str, object]:
    return {"count": number, "precision": "EXACT"}


def _collections(
    product: Product,
    info: Info,
    query: str | None = None,
    sortKey: str | None = None,
    **page: Unpack[Page],
) -> object:
    if query:
        raise NotModelled("the argument query of a product's collections")
    rows = [row for row in info.context.store.collections.values() if row.holds(product)]
    if sortKey == "TITLE":
        rows.sort(key=lambda row: row.title.casefold())
    return info.context.paginate(rows, **page)


def _in_collection(product: Product, info: Info, id: str) -> bool:
    found = info.context.store.find(id)
    return isinstance(found, Collection) and found.holds(product)


def _products_of(
    collection: Collection, info: Info, sortKey: str | None = None, **page: Unpack[Page]
) -> object:
    if sortKey not in {None, "ID", "COLLECTION_DEFAULT", "MANUAL"}:
        raise NotModelled(f"the order {sortKey} of a collection's products")
    return info.context.paginate(_held(collection, info), **page)


def _held(collection: Collection, info: Info) -> list[Product]:
    if collection.rule is None:
        return list(collection.members.values())
    return [one for one in info.context.store.products.values() if collection.holds(one)]


# ---- publications


def _dates(owner: Shown) -> dict[int, datetime]:
    """Each publication's number and date; a variant is where its product is, unless taken off."""
    if isinstance(owner, Variant):
        rows = owner.product.published.items()
        return {number: at for number, at in rows if number not in owner.hidden_on}
    return owner.published


def _is_out(owner: Shown, at: datetime, now: datetime) -> bool:
    """Published, not only staged: no draft or archived product, no date to come (documented)."""
    product = owner.product if isinstance(owner, Variant) else owner
    return at <= now and product.status in {"ACTIVE", "UNLISTED"}


def _resource_publications(
    owner: Shown,
    info: Info,
    onlyPublished: bool | None = True,
    catalogType: str | None = None,
    **page: Unpack[Page],
) -> object:
    """``ResourcePublicationV2`` by publication; other catalogs than apps have none."""
    store = info.context.store
    rows: list[dict[str, object]] = []
    for number, at in sorted(_dates(owner).items()):
        out = _is_out(owner, at, store.clock())
        if catalogType not in {None, "APP"} or (onlyPublished and not out):
            continue
        rows.append(
            {
                "publication": store.publications[number],
                "publishable": owner,
                "isPublished": out,
                "publishDate": stamp(at),
            }
        )
    return info.context.paginate(rows, **page)


def _publications_count(
    owner: Shown, info: Info, onlyPublished: bool | None = True
) -> dict[str, object]:
    now = info.context.store.clock()
    rows = _dates(owner).values()
    return _exact(sum(not onlyPublished or _is_out(owner, at, now) for at in rows))


def _published_on(owner: Shown, info: Info, publicationId: str) -> bool:
    store = info.context.store
    found = store.find(publicationId)
    if not isinstance(found, Publication):
        return False
    at = _dates(owner).get(found.number_id)
    return at is not None and _is_out(owner, at, store.clock())


def _published_at(product: Product, info: Info) -> str | None:
    """When it came to the online store, the first publication (captured: null without it)."""
    store = info.context.store
    at = product.published.get(next(iter(store.publications)))
    return stamp(at) if at is not None and _is_out(product, at, store.clock()) else None


def _publications(
    _root: object, info: Info, catalogType: str | None = None, **page: Unpack[Page]
) -> object:
    """All are of apps; by id (captured)."""
    rows = list(info.context.store.publications.values()) if catalogType in {None, "APP"} else []
    return info.context.paginate(rows, **page)


# ---- roots


def _by_identifier(kind: type[Owner], table: str) -> Callable[..., object]:
    def resolve(_root: object, info: Info, identifier: dict[str, Any]) -> object:
        store = info.context.store
        store.settle()
        ((name, value),) = identifier.items()  # exactly one, says the schema
        if name == "id":
            found = store.find(value)
            return found if isinstance(found, kind) else None
        if name == "handle":
            rows = getattr(store, table).values()
            return next((row for row in rows if row.handle == value), None)
        return by_identifier(store, kind.gql_type, key_of(value), value["value"])

    return resolve


def _collection(_root: object, info: Info, id: str) -> object:
    info.context.store.settle()
    found = info.context.store.find(id)
    return found if isinstance(found, Collection) else None


def _operation(_root: object, info: Info, id: str) -> object:
    info.context.store.settle()
    found = info.context.store.find(id)
    return found if isinstance(found, ProductSetOperation) else None


def _taxonomy(_root: object, _info: object) -> dict[str, object]:
    return {}


def _categories(
    _source: object,
    info: Info,
    *,
    search: str | None = None,
    childrenOf: str | None = None,
    descendantsOf: str | None = None,
    siblingsOf: str | None = None,
    **page: Unpack[Page],
) -> object:
    """Roots; or what a search finds, by words of the full name; or by place in the tree."""
    table: dict[str, Category] = info.context.store.categories
    rows: Sequence[Category] = list(table.values())
    if search is not None:
        wanted = set(words(search) or ())
        rows = [row for row in rows if wanted <= set(words(row.full_name) or ())]
    elif childrenOf is not None:
        rows = [row for row in rows if row.parent_id == childrenOf]
    elif descendantsOf is not None:
        rows = [row for row in rows if row.id.startswith(f"{descendantsOf}-")]
    elif siblingsOf is not None:
        of = table.get(siblingsOf)
        rows = [row for row in rows if of and row.parent_id == of.parent_id and row is not of]
    else:
        rows = [row for row in rows if row.is_root]
    return info.context.paginate(rows, **page)


def _children(category: Category, info: Info) -> list[str]:
    rows = info.context.store.categories.values()
    return [row.id for row in rows if row.parent_id == category.id]


def _ancestors(category: Category, info: Info) -> list[str]:
    """From the parent up."""
    table: dict[str, Category] = info.context.store.categories
    found, at = [], category.parent_id
    while at is not None:
        found.append(at)
        at = table[at].parent_id
    return found


def _cost(item: InventoryItem, info: Info) -> dict[str, str] | None:
    if item.cost is None:
        return None
    currency = info.context.store.shop.currency_code
    return {"amount": amount_text(item.cost), "currencyCode": currency}


def _featured(product: Product, _info: object) -> MediaImage | None:
    return product.media_list[0] if product.media_list else None


_SHOWN: dict[str, Callable[..., Any]] = {
    "resourcePublicationsV2": _resource_publications,
    "resourcePublicationsCount": _publications_count,
    "availablePublicationsCount": _publications_count,
    "publishedOnPublication": _published_on,
}
_OWNS: dict[str, Callable[..., Any]] = {"metafield": metafield, "metafields": metafields}

RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {
    "Product": {
        **_SHOWN,
        **_OWNS,
        "collections": _collections,
        "featuredMedia": _featured,
        "hasOnlyDefaultVariant": lambda product, _info: has_only_default(product),
        "inCollection": _in_collection,
        "media": _media,
        "mediaCount": lambda product, _info: _exact(len(product.media_list)),
        "options": _options,
        "publishedAt": _published_at,
        "variants": _variants,
        "variantsCount": lambda product, _info: _exact(len(product.variant_list)),
    },
    "ProductVariant": {**_SHOWN, **_OWNS, "media": _media},
    "InventoryItem": {"unitCost": _cost},
    "Collection": {
        **_OWNS,
        "products": _products_of,
        "productsCount": lambda row, info: _exact(len(_held(row, info))),
        "hasProduct": lambda row, info, id: (
            isinstance(info.context.store.find(id), Product)
            and row.holds(info.context.store.find(id))
        ),
    },
    "Taxonomy": {"categories": _categories},
    "TaxonomyCategory": {"childrenIds": _children, "ancestorIds": _ancestors},
    "QueryRoot": {
        "collection": _collection,
        "collectionByIdentifier": _by_identifier(Collection, "collections"),
        "productByIdentifier": _by_identifier(Product, "products"),
        "productOperation": _operation,
        "publications": _publications,
        "taxonomy": _taxonomy,
    },
}
