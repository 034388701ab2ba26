"""Marking orders as taken: what an order bears already, and many marks in one document.

Documents: AcknowledgementState (2 points an order), OrderAcknowledge (10 points an order and 10
for all metafields together). Both only state what shall be true, so a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bridge.errors import UserError
from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation, batch, operation
from bridge.shopify.protocol import user_errors

# Shopify's limits: rows in one metafieldsSet, elements in one list argument.
METAFIELDS_AT_ONCE: Final = 25
IDS_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class OrderState:
    """What is known of an order before it is marked.

    ``acknowledged`` is the metafield's value (RetailOps' order id, ``"0"`` for none), or None.
    """

    gid: str
    legacy_id: str
    name: str
    cancelled: bool
    tags: frozenset[str]
    acknowledged: str | None

    def has_tag(self, tag: str) -> bool:
        """Shopify's tags know no case."""
        return tag.strip().casefold() in self.tags


@dataclass(frozen=True, slots=True)
class Mark:
    """What one order shall bear. ``metafields`` are (key, value) of the batch's namespace."""

    gid: str
    refnum: str
    tags: tuple[str, ...]
    metafields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """What Shopify said to a batch.

    ``tag_errors`` by the order's GID. ``metafield_errors`` are for all of the batch together:
    one bad row and none of them is written.
    """

    tag_errors: Mapping[str, tuple[UserError, ...]]
    metafield_errors: tuple[UserError, ...]


async def states(
    client: ShopifyClient, budget: CallBudget, gids: Sequence[str], *, namespace: str
) -> dict[str, OrderState]:
    """The orders that exist, by GID, straight from the database."""
    op = operation("AcknowledgementState")
    out: dict[str, OrderState] = {}
    for start in range(0, len(gids), IDS_AT_ONCE):
        asked = list(gids[start : start + IDS_AT_ONCE])
        reply = await client.execute(op, {"ids": asked, "namespace": namespace}, budget=budget)
        for node in reply.data["nodes"]:
            if node is not None and node["__typename"] == "Order":
                out[node["id"]] = _state(node)
    return out


def _state(node: Mapping[str, Any]) -> OrderState:
    return OrderState(
        gid=node["id"],
        legacy_id=str(node["legacyResourceId"]),
        name=node["name"],
        cancelled=node["cancelledAt"] is not None,
        tags=frozenset(t.casefold() for t in node["tags"]),
        acknowledged=node["acknowledged"]["value"] if node["acknowledged"] else None,
    )


def marking(marks: Sequence[Mark], *, namespace: str) -> tuple[Operation, dict[str, Any]]:
    """One mutation that marks all these orders, and its variables.

    ValueError when there are more metafields than one ``metafieldsSet`` takes.
    """
    rows = [
        {
            "ownerId": mark.gid,
            "namespace": namespace,
            "key": key,
            "type": "single_line_text_field",
            "value": value,
        }
        for mark in marks
        for key, value in mark.metafields
    ]
    if len(rows) > METAFIELDS_AT_ONCE:
        raise ValueError(f"{len(rows)} metafields in one batch; Shopify takes {METAFIELDS_AT_ONCE}")
    op = batch(
        operation("OrderAcknowledge"), len(marks), field="tagsAdd", prefix="t", own=("id", "tags")
    )
    variables: dict[str, Any] = {"metafields": rows}
    for number, mark in enumerate(marks):
        variables[f"id{number}"] = mark.gid
        variables[f"tags{number}"] = list(mark.tags)
    return op, variables


def marked(data: Mapping[str, Any], marks: Sequence[Mark]) -> Marked:
    """What became of a batch; a root that Shopify answered with null is an error of its own."""
    tags: dict[str, tuple[UserError, ...]] = {}
    for number, mark in enumerate(marks):
        errors = _errors(data.get(f"t{number}"))
        if errors:
            tags[mark.gid] = errors
    return Marked(tags, _errors(data.get("metafieldsSet")))


def _errors(payload: Mapping[str, Any] | None) -> tuple[UserError, ...]:
    if payload is None:
        return (UserError((), "Shopify gave no result"),)
    return user_errors(payload)
