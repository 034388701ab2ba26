"""What a product costs at Shopify: pushed by the bridge, and one at a time by productSet.

A hundred products in a call, so that look-ups are spread over a batch. The naive client knows
nothing of what the store has, so it sends every product whole, whatever has changed of it; and
productSet replaces lists, so that tags, images and variants that others made are lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.figure import Figure, Limit, done, figure
from bridge.shopify.documents import operation
from tests.support import World, world

Product = dict[str, Any]

PRODUCTS: Final = 100
VARIANTS: Final = 2
CREATES: Final = "ProductSet"


def full(price: str = "10.00", title: str = "Thing") -> list[Product]:
    """Products with all fields but sales channels: one that is put on them is a write more."""
    return [_product(n, price, title) for n in range(PRODUCTS)]


def _product(n: int, price: str, title: str) -> Product:
    image = f"https://images.example/thing-{n}.jpg"
    return {
        "handle": f"thing-{n}",
        "title": f"{title} {n}",
        "descriptionHtml": "<p>A <b>thing</b>.</p>",
        "vendor": "Acme",
        "productType": "Things",
        "status": "ACTIVE",
        "tags": ["thing", "new"],
        "seo": {"title": "Thing", "description": "A thing."},
        "category": "Apparel & Accessories > Clothing",
        "options": ["Size"],
        "media": [{"originalSource": image, "alt": "The thing"}],
        "metafields": [_metafield("care", "Wash")],
        "collections": ["clearance"],
        "variants": [
            {
                "sku": f"THING-{n}-{size}",
                "price": price,
                "compareAtPrice": "99.00",
                "barcode": f"{n:08}",
                "cost": "4.00",
                "taxable": True,
                "inventoryPolicy": "DENY",
                "tracked": True,
                "weight": {"value": "1", "unit": "kg"},
                "countryCodeOfOrigin": "PT",
                "optionValues": [{"optionName": "Size", "name": f"{size}"}],
                "metafields": [_metafield("fit", "Slim")],
                "image": image,
            }
            for size in range(VARIANTS)
        ],
    }


def _metafield(key: str, value: str) -> Product:
    return {
        "namespace": "custom",
        "key": key,
        "type": "single_line_text_field",
        "value": value,
    }


def prices(price: str) -> list[Product]:
    """The same variants, with nothing but their prices."""
    skus = [f"THING-{n}-{size}" for n in range(PRODUCTS) for size in range(VARIANTS)]
    return [{"variants": [{"sku": sku, "price": price}]} for sku in skus]


async def _pushed(w: World, job: str, feed: Sequence[Product], limit: Limit) -> Figure:
    before = len(await w.requests())
    answer = await w.post("catalog_push", template_output={"products": feed})
    done(answer, expected=answer.body.get("events") == [])
    return await figure(w, job, limit, after=before)


async def figures(folder: Path) -> list[Figure]:
    """All of them, in one store: made, pushed again, changed; and the naive client beside it."""
    async with world(folder, plan="plus") as w:
        made = await _made(w)
        await w.advance(60)
        await _pushed(w, "variants get their images", full(), Limit(requests=999, points=99_999))
        found = [made]
        for job, feed, points, requests, writes in (
            ("full feed, nothing changed", full(), 7, 3, 0),
            ("full feed, every title changed", full(title="Other"), 18, 103, 100),
            ("price feed, nothing changed", prices("10.00"), 1, 2, 0),
            ("price feed, every price changed", prices("11.00"), 12, 102, 100),
        ):
            limit = Limit(requests=requests, points=points * PRODUCTS, mutations=writes)
            found.append(await _pushed(w, f"{PRODUCTS} products: {job}", feed, limit))
        return [*found, await _naive(w)]


async def _made(w: World) -> Figure:
    """Making them, less what productSet asks, which any client pays."""
    whole = await _pushed(
        w, f"{PRODUCTS} products made, productSet's own points aside", full(), _CREATE
    )
    rows = [r for r in await w.requests() if r["operation"] == CREATES]
    return Figure(
        whole.job,
        whole.requests - len(rows),
        whole.mutations - len(rows),
        whole.requested - sum(r["requested_cost"] for r in rows),
        whole.actual - sum(r["actual_cost"] for r in rows),
        whole.throttled,
        whole.limit,
    )


# SKUs, the newest variants, handles, category, collections: nothing is written beside productSet.
_CREATE: Final = Limit(requests=8, points=7 * PRODUCTS, mutations=0)


async def _naive(w: World) -> Figure:
    """One price is changed in each product, by sending all of it."""
    before = len(await w.requests())
    url = f"{w.store.url}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "shpat_sandbox"}
    for product in full("12.00"):
        body = {"query": operation(CREATES).text, "variables": _whole(product)}
        async with w.http.post(url, json=body, headers=headers) as reply:
            answer = await reply.json()
        payload = (answer.get("data") or {}).get("productSet") or {}
        if payload.get("userErrors") != []:
            raise RuntimeError(f"the naive client was refused: {str(answer)[:500]}")
    return await figure(w, f"{PRODUCTS} products, naively: productSet for each", after=before)


def _whole(product: Mapping[str, Any]) -> dict[str, Any]:
    """A product of the feed as ProductSetInput."""
    file = {"originalSource": product["media"][0]["originalSource"], "contentType": "IMAGE"}
    kept = ("handle", "title", "descriptionHtml", "vendor", "productType", "status", "tags", "seo")
    variants = [
        {
            **{n: row[n] for n in ("sku", "price", "compareAtPrice", "barcode", "optionValues")},
            "metafields": row["metafields"],
            "file": file,
        }
        for row in product["variants"]
    ]
    values = [{"name": row["optionValues"][0]["name"]} for row in product["variants"]]
    return {
        "identifier": {"handle": product["handle"]},
        "input": {
            **{name: product[name] for name in kept},
            "metafields": product["metafields"],
            "files": [file],
            "productOptions": [{"name": "Size", "values": values}],
            "variants": variants,
        },
        "synchronous": True,
        "withMedia": False,
    }
