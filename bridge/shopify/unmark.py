"""Taking our marks off an order again, so that it counts as never taken.

Documents: OrderMarks (3 points), TagsRemove and MetafieldsDelete (10 points each). All of it
only states what shall be true, so a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.protocol import raise_user_errors

# As documents/OrderMarks.graphql asks for them: response name, metafield key.
_MARKS: Final = (("acknowledged", "order_id"), ("cancelAcknowledged", "cancel_acknowledged"))


@dataclass(frozen=True, slots=True)
class Marks:
    """What an order bears: its tags as they are spelt, the keys of our metafields."""

    gid: str
    name: str
    cancelled: bool
    tags: tuple[str, ...]
    keys: tuple[str, ...]

    def spelt(self, tags: Collection[str]) -> tuple[str, ...]:
        """Those of the order's tags that are one of these, in whatever case, as spelt there."""
        wanted = {tag.strip().casefold() for tag in tags}
        return tuple(tag for tag in self.tags if tag.casefold() in wanted)


async def marks(
    client: ShopifyClient, budget: CallBudget, gid: str, *, namespace: str
) -> Marks | None:
    """What an order bears now, straight from the database; None when there is no such order."""
    reply = await client.execute(
        operation("OrderMarks"), {"id": gid, "namespace": namespace}, budget=budget
    )
    node = reply.data["order"]
    if node is None:
        return None
    return Marks(
        gid=node["id"],
        name=node["name"],
        cancelled=node["cancelledAt"] is not None,
        tags=tuple(node["tags"]),
        keys=tuple(key for name, key in _MARKS if node[name] is not None),
    )


async def unmark(
    client: ShopifyClient,
    budget: CallBudget,
    found: Marks,
    *,
    tags: Sequence[str],
    namespace: str,
) -> None:
    """Take these tags (as spelt on the order) and all our metafields off it.

    UserErrors when Shopify refuses, OutcomeUnknown when a reply was lost: then do it again.
    """
    if found.keys:
        rows = [{"ownerId": found.gid, "namespace": namespace, "key": key} for key in found.keys]
        reply = await client.execute(
            operation("MetafieldsDelete"), {"metafields": rows}, budget=budget
        )
        raise_user_errors(reply.data["metafieldsDelete"], request_id=reply.request_id)
    if tags:
        reply = await client.execute(
            operation("TagsRemove"), {"id": found.gid, "tags": list(tags)}, budget=budget
        )
        raise_user_errors(reply.data["tagsRemove"], request_id=reply.request_id)
