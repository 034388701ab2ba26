"""``tagsAdd`` and ``tagsRemove``, as captured: they differ between orders and products.

Assumed: a product takes no tags that ``productUpdate`` would refuse (captured for 256 characters;
250 tags are documented), and none of those that come with them; the place of that error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.info import Info
from bridge.sandbox.model import Tagged

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


MAX_TAG: Final = 255  # characters of a product's tag; captured
MAX_TAGS: Final = 250  # of one product; documented
INVALID: Final = "Product tags is invalid"  # captured for productUpdate


def beyond(tags: list[str]) -> bool:
    """Whether a product cannot have these tags."""
    return len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags)


def wanted(tags: list[str]) -> list[str]:
    """Elements are split at commas and trimmed; empty ones fall out (captured)."""
    pieces = (piece.strip() for tag in tags for piece in tag.split(","))
    return [piece for piece in pieces if piece]


def _owner(store: Store, identifier: str) -> tuple[Tagged | None, list[dict[str, Any]]]:
    node = store.find_as(Tagged, identifier)
    if node is not None:
        return node, []
    # Captured for products and customers; for orders inferred from them.
    kind = identifier.removeprefix("gid://shopify/").split("/", 1)[0]
    return None, [{"field": ["id"], "message": f"{kind} does not exist"}]


def add(_root: object, info: Info, id: str, tags: list[str]) -> dict[str, Any]:
    """Add tags. One that is there in another spelling stays as it is (captured)."""
    store: Store = info.context.store
    store.settle()
    node, errors = _owner(store, id)
    if node is None:
        return {"node": None, "userErrors": errors}
    known = {tag.casefold() for tag in node.tags}
    added = []
    for tag in wanted(tags):
        if tag.casefold() not in known:
            known.add(tag.casefold())
            added.append(tag)
    if node.gql_type == "Product" and added and beyond([*node.tags, *added]):
        return {"node": node, "userErrors": [{"field": ["tags"], "message": INVALID}]}
    if added:
        node.tags = sorted([*node.tags, *added], key=str.casefold)
        store.touch(node)
        order = node.id if node.gql_type == "Order" else None
        store.record("tagsAdd", order=order, ids=[node.id], detail={"tags": added})
    return {"node": node, "userErrors": []}


def remove(_root: object, info: Info, id: str, tags: list[str]) -> dict[str, Any]:
    """Remove tags: exact spelling for orders, without regard to case for products (captured)."""
    store: Store = info.context.store
    store.settle()
    node, errors = _owner(store, id)
    if node is None:
        return {"node": None, "userErrors": errors}

    def same(tag: str) -> str:
        return tag if node.gql_type == "Order" else tag.casefold()

    unwanted = {same(tag) for tag in wanted(tags)}
    removed = [tag for tag in node.tags if same(tag) in unwanted]
    if removed:
        node.tags = [tag for tag in node.tags if tag not in removed]
        store.touch(node)
        order = node.id if node.gql_type == "Order" else None
        store.record("tagsRemove", order=order, ids=[node.id], detail={"tags": removed})
    return {"node": node, "userErrors": []}
