"""Every document that the bridge sends runs against the store without an error."""

from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from tests.sandbox.engine.test_idempotency import stocked

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("bridge/shopify/documents", "tests/schema/extra_documents")

# Operations that one set of variables serves; those that need a story have their own tests.
NAMES = [
    "AcknowledgementState",
    "Bootstrap",
    "InventoryActivate",
    "InventorySet",
    "Locations",
    "NewestVariants",
    "OrderAcknowledge",
    "OrderIdsByName",
    "OrderLines",
    "OrderPull",
    "OrderSweep",
    "ReservedLines",
    "ReservedLocations",
    "ReservedOrders",
    "VariantsBySku",
    "CatalogRead",
    "NodeRead",
    "OrderLists",
    "OrderRead",
    "TagsAddRead",
    "TagsRemoveRead",
    "MetafieldsSetRead",
    "MetafieldsDeleteRead",
    "InventorySetRead",
    "InventoryActivateRead",
]

OPERATIONS = {
    definition.name.value: (path, definition)
    for folder in FOLDERS
    for path in sorted((ROOT / folder).glob("*.graphql"))
    for definition in parse(path.read_text(encoding="utf-8")).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}


def given(shop) -> dict[str, Any]:
    """A value for every variable of every document, by its name."""
    item, level = stocked(shop)
    variant = item.variant
    row = {
        "inventoryItemId": item.id,
        "locationId": level.location.id,
        "quantity": 7,
        "changeFromQuantity": None,
    }
    field = {"ownerId": shop.order, "namespace": "retailops", "key": "order_id"}
    return {
        "available": None,
        "byIds": True,
        "byQuery": True,
        "cancelledQuery": "status:cancelled",
        "first": 20,
        "id": shop.order,
        "idempotencyKey": "k-1",
        "ids": [shop.order],
        "input": {"name": "available", "reason": "correction", "quantities": [row]},
        "inventoryItemId": item.id,
        "item": item.id,
        "job": "gid://shopify/Job/1",
        "lines": 10,
        "location": level.location.id,
        "locationId": level.location.id,
        "metafields": [field | {"type": "single_line_text_field", "value": "1"}],
        "namespace": "retailops",
        "presentment": True,
        "product": variant.product.id,
        "query": "id:>0",
        "recentFirst": 20,
        "tags": ["retailops-acked"],
        "variant": variant.id,
        "withCancelled": True,
        "withRecent": True,
    }


@pytest.mark.parametrize("name", NAMES)
def test_it_runs(shop, name):
    """No error, no user error, no search warning, and never more points than were asked for."""
    path, operation = OPERATIONS[name]
    names = {v.variable.name.value for v in operation.variable_definitions or ()}
    known = given(shop)
    if name == "MetafieldsDeleteRead":
        (row,) = known["metafields"]
        known["metafields"] = [{key: row[key] for key in ("ownerId", "namespace", "key")}]
    variables = {key: value for key, value in known.items() if key in names}
    answer = shop.ask(path.read_text(encoding="utf-8"), variables, operation=name)
    assert "errors" not in answer.body, answer.body["errors"]
    assert "search" not in answer.body["extensions"]
    assert answer.actual_cost <= answer.requested_cost
    for payload in answer.body["data"].values():
        if isinstance(payload, dict):
            assert not payload.get("userErrors")
