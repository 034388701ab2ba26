"""Editing an order: its lines as they are, variants by SKU, returns that are announced.

Documents: EditState (30 points for 100 lines), VariantIdsBySku (9), ReturnState (195),
ReturnReasons (13). The edits themselves are steps of the action.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.search import any_of
from bridge.shopify.values import plain

Node = Mapping[str, Any]

# Hits of a search by words beside the one that is meant ("A-1" also finds "A-1 RED").
HITS_A_SKU: Final = 10
MOST_HITS: Final = 250


async def edit_state(
    client: ShopifyClient, budget: CallBudget, gid: str, *, presentment: bool
) -> Node | None:
    """The order with all its lines; None when there is none. Read anew when it changes."""
    op = operation("EditState")
    order: dict[str, Any] | None = None
    cursor: str | None = None
    while True:
        variables = {"id": gid, "after": cursor, "presentment": presentment}
        reply = await client.execute(op, variables, budget=budget)
        page = plain(reply.data, op)["order"]
        if page is None:
            return None
        if order is None:
            order = dict(page)
        elif page["updatedAt"] != order["updatedAt"]:
            order, cursor = None, None
            continue
        else:
            order["lineItems"] = [*order["lineItems"], *page["lineItems"]]
        info = reply.data["order"]["lineItems"]["pageInfo"]
        if not info["hasNextPage"]:
            return order
        cursor = info["endCursor"]


async def variants_by_sku(
    client: ShopifyClient, budget: CallBudget, skus: Sequence[str]
) -> Mapping[str, tuple[Node, ...]]:
    """The variants that have exactly each SKU."""
    if not skus:
        return {}
    op = operation("VariantIdsBySku")
    first = min(MOST_HITS, HITS_A_SKU * len(skus))
    reply = await client.execute(op, {"query": any_of("sku", skus), "first": first}, budget=budget)
    found = plain(reply.data, op)["productVariants"]
    return {sku: tuple(v for v in found if v["sku"] == sku) for sku in skus}


async def return_state(client: ShopifyClient, budget: CallBudget, gid: str) -> Node:
    """``order`` with its returns, ``returnableFulfillments`` with what can come back."""
    op = operation("ReturnState")
    reply = await client.execute(op, {"id": gid}, budget=budget)
    return plain(reply.data, op)


async def return_reasons(client: ShopifyClient, budget: CallBudget) -> Mapping[str, str]:
    """The GIDs of the reasons that Shopify knows, by handle."""
    op = operation("ReturnReasons")
    reply = await client.execute(op, {}, budget=budget)
    found = plain(reply.data, op)["returnReasonDefinitions"]
    return {r["handle"]: r["id"] for r in found if not r["deleted"]}
