"""Feeds for the stories of catalog_push, and how a product looks in the store afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.support import Answer, World

MUTATIONS = frozenset(
    {
        "ProductSet",
        "ProductUpdate",
        "ProductVariantsUpdate",
        "ProductVariantsCreate",
        "ProductVariantsDelete",
        "ProductOptionUpdate",
        "ProductOptionsCreate",
        "ProductOptionsReorder",
        "ProductTagsAdd",
        "FilesUpdate",
        "Publish",
        "Unpublish",
        "BulkRun",
    }
)

LOOK = """
query Look($handle: String!) {
  productByIdentifier(identifier: {handle: $handle}) {
    id handle title descriptionHtml vendor productType status templateSuffix tags
    seo { title description }
    category { fullName }
    options { name optionValues { name } }
    media(first: 250) { nodes { id alt status ... on MediaImage { image { url } } } }
    metafields(first: 50) { nodes { namespace key type value } }
    collections(first: 50) { nodes { handle } }
    resourcePublicationsV2(first: 20) { nodes { isPublished publication { catalog { title } } } }
    variants(first: 250) {
      nodes {
        id sku title barcode price compareAtPrice taxable inventoryPolicy
        selectedOptions { name value }
        inventoryItem {
          tracked requiresShipping countryCodeOfOrigin harmonizedSystemCode
          unitCost { amount }
          measurement { weight { value unit } }
        }
        media(first: 1) { nodes { id } }
        metafields(first: 20) { nodes { namespace key type value } }
      }
    }
  }
}
"""


async def ask(w: World, query: str, **variables: Any) -> dict[str, Any]:
    """Ask the store itself, as a merchant's other app would; a mutation's errors fail the test."""
    url = f"{w.store.url}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "shpat_sandbox"}
    body = {"query": query, "variables": variables}
    async with w.http.post(url, json=body, headers=headers) as reply:
        answer = await reply.json()
    assert "errors" not in answer, answer["errors"]
    for payload in answer["data"].values():
        if isinstance(payload, Mapping):
            assert not payload.get("userErrors"), payload["userErrors"]
    found: dict[str, Any] = answer["data"]
    return found


async def look(w: World, handle: str) -> dict[str, Any]:
    """A product of the store with its lists flattened; not counted by ``World.spent``."""
    before = len(await w.requests())
    found = (await ask(w, LOOK, handle=handle))["productByIdentifier"]
    if w._counted == before:
        await w.spent()
    assert found is not None, f"the store has no product {handle}"
    return flat(found)


async def exists(w: World, handle: str) -> bool:
    """Whether the store has a product of this handle."""
    query = "query Look($h: String!) { productByIdentifier(identifier: {handle: $h}) { id } }"
    return (await ask(w, query, h=handle))["productByIdentifier"] is not None


def flat(value: Any) -> Any:
    """Connections as lists."""
    if isinstance(value, dict):
        if set(value) == {"nodes"}:
            return [flat(node) for node in value["nodes"]]
        return {key: flat(inner) for key, inner in value.items()}
    return [flat(inner) for inner in value] if isinstance(value, list) else value


def variant(sku: str, price: str = "10.00", **more: Any) -> dict[str, Any]:
    """A variant of the native feed; ``size="S"`` and ``color=`` are option values."""
    names = {"size": "Size", "color": "Color"}
    values = [
        {"optionName": names[key], "name": more.pop(key)} for key in list(more) if key in names
    ]
    return {"sku": sku, "price": price, **({"optionValues": values} if values else {}), **more}


def product(handle: str, *variants: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A product of the native feed."""
    title = handle.replace("-", " ").title()
    return {"handle": handle, "title": title, "variants": list(variants), **more}


async def push(w: World, *products: Mapping[str, Any]) -> Answer:
    """One catalog_push of the native feed."""
    answer = await w.post("catalog_push", template_output={"products": list(products)})
    assert answer.status == 200, answer.body
    return answer


async def spoil(w: World, handle: str, sku: str) -> None:
    """Let the store refuse what is sent of a variant, for something that the bridge cannot know."""
    gid = by_sku(await look(w, handle))[sku]["id"]

    def unfit(variables: Mapping[str, Any]) -> None:
        for row in variables["variants"]:
            if row["id"] == gid:
                row["inventoryItem"] = {"harmonizedSystemCode": "none"}

    w.hook("before", "ProductVariantsUpdate", unfit)


async def written(w: World) -> list[str]:
    """The mutations that the bridge has sent since this, or ``World.spent``, was last asked."""
    return [name for name in (await w.spent()).operations if name in MUTATIONS]


def by_sku(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A product's variants by SKU."""
    return {v["sku"]: v for v in found["variants"]}


def values(found: Mapping[str, Any]) -> dict[str, str]:
    """A variant's option values by option name."""
    return {o["name"]: o["value"] for o in found["selectedOptions"]}


def names(nodes: Iterable[Mapping[str, Any]], key: str) -> Sequence[str]:
    """One field of several nodes."""
    return [n[key] for n in nodes]
