"""Products and variants as the store has them, read in batches and only as far as asked for.

Documents: CatalogVariants (20 points for 100 variants with prices only, 137 with everything),
CatalogProducts (11 to 443 points for 100 products), ProductByIdentifier (1 a product),
ProductVariants, ProductMedia, ProductPlaces. What is not asked for is absent (None) here, never
empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import batch, operation
from bridge.shopify.protocol import Reply
from bridge.shopify.replies import next_cursor, whole
from bridge.shopify.search import any_of
from bridge.shopify.values import plain

Node = Mapping[str, Any]
Key = tuple[str, str]

# Products and SKUs a request: the price grows with the logarithm of the page, so a larger page is
# cheaper by the row; 250 products with everything would pass Shopify's 1,000 points a query.
AT_ONCE: Final = 100

# A search by words brings more variants than were asked for ("A-1" also finds "A-1 RED").
SPARE_HITS: Final = 25

# Images that come along with a product. More are read with a request of their own.
MEDIA_ALONG: Final = 20

NEWEST: Final = 250

# Read by id, a variant with everything and 250 metafields is 22 points, a product 56: so many stay
# below 1,000.
BY_ID_AT_ONCE: Final = 40
PRODUCTS_BY_ID_AT_ONCE: Final = 10


@dataclass(frozen=True, slots=True)
class Fields:
    """What to read beside the scalars, which cost nothing. Metafields by (namespace, key)."""

    options: bool = False
    item: bool = False
    cost: bool = False
    weight: bool = False
    variant_media: bool = False
    variant_keys: frozenset[Key] = frozenset()
    product: bool = False
    seo: bool = False
    category: bool = False
    media: bool = False
    product_keys: frozenset[Key] = frozenset()
    collections: bool = False
    publications: bool = False


@dataclass(frozen=True, slots=True)
class StoreMetafield:
    """A custom value and its type."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class StoreVariant:
    """A variant. ``options`` is {option name: value}; ``image`` the GID of its image.

    ``scalars`` are Shopify's fields by their names, the inventory item's among them.
    """

    gid: str
    sku: str
    product: str
    handle: str
    scalars: Mapping[str, Any]
    options: Mapping[str, str] | None = None
    weight: tuple[Decimal, str] | None = None
    image: str | None = None
    metafields: Mapping[Key, StoreMetafield] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of all variants of a product. ``published``: on how many channels; 0 if not asked."""

    gid: str
    sku: str
    published: int = 0


@dataclass(frozen=True, slots=True)
class StoreMedia:
    """An image of a product. ``url`` is None until Shopify has made it."""

    gid: str
    alt: str
    status: str
    url: str | None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreOption:
    """An option with the names of its values."""

    gid: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreProduct:
    """A product. ``scalars`` are Shopify's fields by their names; lists None when not read."""

    gid: str
    handle: str
    scalars: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    seo: Mapping[str, str | None] | None = None
    category: str | None = None
    options: tuple[StoreOption, ...] | None = None
    media: tuple[StoreMedia, ...] | None = None
    metafields: Mapping[Key, StoreMetafield] = field(default_factory=dict)
    collections: frozenset[str] | None = None
    publications: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CatalogueReader:
    """Reads for one call, with one choice of fields."""

    client: ShopifyClient
    budget: CallBudget
    fields: Fields

    async def variants(self, skus: Sequence[str]) -> list[StoreVariant]:
        """The variants that have exactly one of these SKUs, all of them when several have one.

        At most ``AT_ONCE`` SKUs. A variant of a moment ago may be missing (``newest``).
        """
        wanted = frozenset(skus)
        found: list[StoreVariant] = []
        after: str | None = None
        while True:
            data = await self._variants(
                {
                    "byQuery": True,
                    "newest": False,
                    "byIds": False,
                    "query": any_of("sku", skus),
                    "first": len(skus) + min(SPARE_HITS, len(skus)),
                    "after": after,
                }
            )
            nodes = plain(data, operation("CatalogVariants"))["found"]
            found += [_variant(n) for n in nodes if n["sku"] in wanted]
            after = next_cursor(data["found"])
            if after is None:
                return found

    async def newest(self) -> list[StoreVariant]:
        """The shop's 250 newest variants, read without the search index."""
        data = await self._variants(
            {"byQuery": False, "newest": True, "byIds": False, "first": NEWEST}
        )
        nodes = plain(data, operation("CatalogVariants"))["newest"]
        return [_variant(n) for n in nodes if n["sku"]]

    async def variants_by_id(self, gids: Sequence[str]) -> list[StoreVariant]:
        """Variants by GID, without the search index, and priced one by one."""
        found: list[StoreVariant] = []
        for start in range(0, len(gids), BY_ID_AT_ONCE):
            data = await self._variants(
                {
                    "byQuery": False,
                    "newest": False,
                    "byIds": True,
                    "ids": list(gids[start : start + BY_ID_AT_ONCE]),
                }
            )
            nodes = plain(data, operation("CatalogVariants"))["named"]
            found += [_variant(n) for n in nodes if n and n["__typename"] == "ProductVariant"]
        return found

    async def products(self, gids: Sequence[str]) -> dict[str, StoreProduct]:
        """Products by GID, at most ``AT_ONCE``. One that is gone is absent."""
        numbers = [gid.rsplit("/", 1)[-1] for gid in gids]
        query = any_of("id", numbers)
        data = await self._products(
            {"byQuery": True, "byIds": False, "query": query, "first": len(gids)}
        )
        found = await self._made(data, "found")
        missing = [gid for gid in gids if gid not in found]
        for start in range(0, len(missing), PRODUCTS_BY_ID_AT_ONCE):  # not indexed yet, or gone
            part = missing[start : start + PRODUCTS_BY_ID_AT_ONCE]
            data = await self._products({"byQuery": False, "byIds": True, "ids": part})
            found |= await self._made(data, "named")
        return {gid: found[gid] for gid in gids if gid in found}

    async def variants_of(self, product: str, *, published: bool = False) -> list[Sibling]:
        """Every variant of a product, without the search index."""
        op = operation("ProductVariants")
        found: list[Sibling] = []
        after: str | None = None
        while True:
            variables = {"id": product, "after": after, "withPublished": published}
            data = whole(await self.client.execute(op, variables, budget=self.budget)).data
            if data["product"] is None:
                return found
            page = data["product"]["variants"]
            found += [_sibling(n) for n in page["nodes"]]
            after = next_cursor(page)
            if after is None:
                return found

    async def by_identifier(self, identifiers: Sequence[Node]) -> list[tuple[str, str] | None]:
        """(GID, handle) for each ``ProductIdentifierInput``, exactly; None where there is none."""
        op = batch(
            operation("ProductByIdentifier"),
            len(identifiers),
            field="productByIdentifier",
            prefix="p",
            own=("identifier",),
        )
        variables = {f"identifier{n}": wanted for n, wanted in enumerate(identifiers)}
        data = whole(await self.client.execute(op, variables, budget=self.budget)).data
        rows = [data[f"p{n}"] for n in range(len(identifiers))]
        return [None if row is None else (row["id"], row["handle"]) for row in rows]

    async def _variants(self, variables: Node) -> Node:
        fields = self.fields
        keys = sorted(f"{namespace}.{key}" for namespace, key in fields.variant_keys)
        asked = {
            **variables,
            "withOptions": fields.options,
            "withItem": fields.item or fields.cost or fields.weight,
            "withCost": fields.cost,
            "withWeight": fields.weight,
            "withMedia": fields.variant_media,
            "withMetafields": bool(keys),
            "keys": keys,
            "keyCount": max(1, len(keys)),
        }
        return whole(await self._execute("CatalogVariants", asked)).data

    async def _products(self, variables: Node) -> Node:
        fields = self.fields
        keys = sorted(f"{namespace}.{key}" for namespace, key in fields.product_keys)
        asked = {
            **variables,
            "withSeo": fields.seo,
            "withCategory": fields.category,
            "withOptions": fields.options,
            "withMedia": fields.media,
            "mediaCount": MEDIA_ALONG,
            "withMetafields": bool(keys),
            "keys": keys,
            "keyCount": max(1, len(keys)),
            "withCollections": fields.collections,
            "withPublications": fields.publications,
        }
        return whole(await self._execute("CatalogProducts", asked)).data

    async def _execute(self, name: str, variables: Node) -> Reply:
        return await self.client.execute(operation(name), variables, budget=self.budget)

    async def _made(self, data: Node, name: str) -> dict[str, StoreProduct]:
        """The products of an answer; images, collections and publications to the last."""
        out: dict[str, StoreProduct] = {}
        for raw in data[name] if name == "named" else data[name]["nodes"]:
            if raw is None or raw.get("__typename", "Product") != "Product":
                continue
            media = raw.get("media")
            images = None
            if media is not None:
                images = [_media(n) for n in media["nodes"]]
                cursor = next_cursor(media)
                if cursor is not None:
                    images += await self._more_media(raw["id"], cursor)
            out[raw["id"]] = _product(raw, images, await self._more_places(raw))
        return out

    async def _more_places(self, product: Node) -> dict[str, list[Node]]:
        """All collections and publications of a product, the few that have many read on."""
        pages = {name: page for name in _PLACES if (page := product.get(name)) is not None}
        found = {name: list(page["nodes"]) for name, page in pages.items()}
        while True:
            after = {name: next_cursor(page) for name, page in pages.items()}
            more = [name for name, cursor in after.items() if cursor is not None]
            if not more:
                return found
            variables = {"id": product["id"]}
            for name, (with_it, after_it) in _PLACES.items():
                variables |= {with_it: name in more, after_it: after.get(name)}
            data = whole(await self._execute("ProductPlaces", variables)).data
            pages = {name: data["product"][name] for name in more} if data["product"] else {}
            for name, page in pages.items():
                found[name] += page["nodes"]

    async def _more_media(self, product: str, after: str | None) -> list[StoreMedia]:
        found: list[StoreMedia] = []
        while after is not None:
            data = whole(await self._execute("ProductMedia", {"id": product, "after": after})).data
            if data["product"] is None:
                break
            page = data["product"]["media"]
            found += [_media(n) for n in page["nodes"]]
            after = next_cursor(page)
        return found


# Lists of which the first few come along, and the variables of the query for the rest.
_PLACES: Final = MappingProxyType(
    {
        "collections": ("withCollections", "collectionsAfter"),
        "resourcePublicationsV2": ("withPublications", "publicationsAfter"),
    }
)
_VARIANT_SCALARS: Final = ("barcode", "price", "compareAtPrice", "taxable", "inventoryPolicy")
_ITEM_SCALARS: Final = (
    "tracked",
    "requiresShipping",
    "countryCodeOfOrigin",
    "provinceCodeOfOrigin",
    "harmonizedSystemCode",
)
_PRODUCT_SCALARS: Final = (
    "title",
    "descriptionHtml",
    "vendor",
    "productType",
    "status",
    "templateSuffix",
    "requiresSellingPlan",
)


def _variant(node: Node) -> StoreVariant:
    """A variant from plain values (``values.plain``): money is Decimal."""
    scalars = {name: node[name] for name in _VARIANT_SCALARS}
    item = node.get("inventoryItem")
    weight = None
    if item is not None:
        scalars |= {name: item[name] for name in _ITEM_SCALARS}
        cost = item.get("unitCost")
        scalars["cost"] = cost["amount"] if cost else None
        found = (item.get("measurement") or {}).get("weight")
        weight = (found["value"], found["unit"]) if found else None
    options = node.get("selectedOptions")
    return StoreVariant(
        gid=node["id"],
        sku=node["sku"] or "",
        product=node["product"]["id"],
        handle=node["product"]["handle"],
        scalars=scalars,
        options=None if options is None else {o["name"]: o["value"] for o in options},
        weight=weight,
        image=next((m["id"] for m in node.get("media") or ()), None),
        metafields=_metafields(node.get("metafields") or ()),
    )


def _product(
    node: Node, media: Sequence[StoreMedia] | None, places: Mapping[str, Sequence[Node]]
) -> StoreProduct:
    """A product from raw data: of its fields none is money or a time."""
    options = node.get("options")
    collections = places.get("collections")
    publications = places.get("resourcePublicationsV2")
    category = node.get("category")
    return StoreProduct(
        gid=node["id"],
        handle=node["handle"],
        scalars={name: node[name] for name in _PRODUCT_SCALARS},
        tags=tuple(node["tags"]),
        seo=node.get("seo"),
        category=category["id"] if category else None,
        options=None if options is None else tuple(_option(o) for o in options),
        media=None if media is None else tuple(media),
        metafields=_metafields((node.get("metafields") or {}).get("nodes", ())),
        collections=None if collections is None else frozenset(_ids(collections)),
        publications=None
        if publications is None
        else frozenset(_ids(n["publication"] for n in publications)),
    )


def _sibling(node: Node) -> Sibling:
    count = node.get("resourcePublicationsCount")
    return Sibling(node["id"], node["sku"] or "", count["count"] if count else 0)


def _option(node: Node) -> StoreOption:
    return StoreOption(node["id"], node["name"], tuple(v["name"] for v in node["optionValues"]))


def _media(node: Node) -> StoreMedia:
    image = node.get("image")
    return StoreMedia(
        gid=node["id"],
        alt=node["alt"] or "",
        status=node["status"],
        url=image["url"] if image else None,
        errors=tuple(f"{e['message']} [{e['code']}]" for e in node["mediaErrors"]),
    )


def _metafields(nodes: Iterable[Node]) -> dict[Key, StoreMetafield]:
    return {(n["namespace"], n["key"]): StoreMetafield(n["type"], n["value"]) for n in nodes}


def _ids(nodes: Iterable[Node]) -> list[str]:
    return [n["id"] for n in nodes]
