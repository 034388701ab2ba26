"""Where a product is found in a shop: its sales channels, collections and taxonomy category.

Documents: Publications (16 points), CollectionsFound (11 for 100), TaxonomyFound (10 a name).
They change rarely; callers remember what they got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.replies import next_cursor, whole
from bridge.shopify.search import any_of

Node = Mapping[str, Any]

# Names a request; each is looked for as a handle and as a title.
NAMES_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as it can be named: by its handle or its title."""

    gid: str
    handle: str
    title: str


@dataclass(slots=True)
class KnownPlaces:
    """What a process has learnt of a shop's places, by their names, since ``at``.

    None: the name was looked for and is not there.
    """

    at: datetime
    publications: dict[str, str] = field(default_factory=dict)
    collections: dict[str, str | None] = field(default_factory=dict)
    categories: dict[str, str | None] = field(default_factory=dict)


async def publications(client: ShopifyClient, budget: CallBudget) -> dict[str, str]:
    """The sales channels' publications: {name: GID}. A name is the catalog's title."""
    reply = whole(await client.execute(operation("Publications"), {}, budget=budget))
    nodes = reply.data["publications"]["nodes"]
    return {n["catalog"]["title"]: n["id"] for n in nodes if n["catalog"] is not None}


async def collections(
    client: ShopifyClient, budget: CallBudget, names: Sequence[str]
) -> list[Collection]:
    """The collections that have one of these texts as handle or title, in another case too."""
    wanted = {name.casefold() for name in names}
    found: dict[str, Collection] = {}
    for start in range(0, len(names), NAMES_AT_ONCE):
        part = names[start : start + NAMES_AT_ONCE]
        query = f"{any_of('handle', part)} OR {any_of('title', part)}"
        variables = {"query": query, "first": 250, "after": None}
        while True:
            reply = whole(
                await client.execute(operation("CollectionsFound"), variables, budget=budget)
            )
            page = reply.data["collections"]
            for node in page["nodes"]:
                if wanted & {node["handle"].casefold(), node["title"].casefold()}:
                    found[node["id"]] = Collection(node["id"], node["handle"], node["title"])
            variables["after"] = next_cursor(page)
            if variables["after"] is None:
                break
    return list(found.values())


async def category(client: ShopifyClient, budget: CallBudget, full_name: str) -> str | None:
    """The GID of the taxonomy category with exactly this full name, if there is one.

    A full name is the path: ``Apparel & Accessories > Clothing > Shirts & Tops``.
    """
    leaf = full_name.rsplit(">", 1)[-1].strip()
    reply = whole(await client.execute(operation("TaxonomyFound"), {"search": leaf}, budget=budget))
    taxonomy = reply.data["taxonomy"]
    nodes = taxonomy["categories"]["nodes"] if taxonomy else ()
    wanted = _path(full_name)
    for node in nodes:
        if not node["isArchived"] and _path(node["fullName"]) == wanted:
            return str(node["id"])
    return None


def _path(full_name: str) -> list[str]:
    return [part.strip().casefold() for part in full_name.split(">")]
