"""What a store says of itself: shop, token and scopes, API versions, locations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.errors import AccessDenied, ShopifyBroken
from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.values import plain


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """The answer to Bootstrap (Shopify: Shop, AppInstallation, ApiVersion).

    ``domain`` is the permanent one (``example.myshopify.com``), ``currency`` the shop's own,
    ``scopes`` what the token was granted, ``versions`` the API versions that are supported now.
    """

    id: str
    name: str
    domain: str
    currency: str
    timezone: str
    taxes_included: bool
    plan: str
    scopes: frozenset[str]
    versions: tuple[str, ...]


async def bootstrap(client: ShopifyClient, budget: CallBudget) -> ShopFacts:
    """Who the shop is and what the token may do. Raises AccessDenied for a bad token."""
    op = operation("Bootstrap")
    reply = await client.execute(op, {}, budget=budget)
    data = plain(reply.data, op)
    shop, installation = data["shop"], data["currentAppInstallation"]
    if installation is None:
        raise AccessDenied(
            "the access token belongs to no installed app", request_id=reply.request_id
        )
    return ShopFacts(
        id=shop["id"],
        name=shop["name"],
        domain=shop["myshopifyDomain"],
        currency=shop["currencyCode"],
        timezone=shop["ianaTimezone"],
        taxes_included=shop["taxesIncluded"],
        plan=shop["plan"]["publicDisplayName"],
        scopes=frozenset(scope["handle"] for scope in installation["accessScopes"]),
        versions=tuple(v["handle"] for v in data["publicApiVersions"] if v["supported"]),
    )


async def locations(client: ShopifyClient, budget: CallBudget) -> Sequence[Mapping[str, Any]]:
    """All active locations, sorted by name as Shopify does; fields as in Locations.graphql."""
    op = operation("Locations")
    found: list[Mapping[str, Any]] = []
    after: str | None = None
    while True:
        reply = await client.execute(op, {"after": after}, budget=budget)
        found += plain(reply.data, op)["locations"]
        page = reply.data["locations"]["pageInfo"]
        if not page["hasNextPage"]:
            return found
        if page["endCursor"] in {None, after}:
            raise ShopifyBroken(
                "Shopify says that there are more locations, but not where",
                request_id=reply.request_id,
            )
        after = page["endCursor"]
