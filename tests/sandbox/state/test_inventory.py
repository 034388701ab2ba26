"""inventorySetQuantities and inventoryActivate beyond the captures that lie in ``shared``.

The texts come from the public recordings that docs/sandbox.md names.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from bridge.sandbox.model import InventoryItem, InventoryLevel
from tests.sandbox.state.harness import Bench

SET = """
mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason changes { name delta item { id } } }
    userErrors { field message code }
  }
}
"""
ACTIVATE = """
mutation Activate($item: ID!, $place: ID!, $available: Int, $onHand: Int, $key: String!) {
  inventoryActivate(
    inventoryItemId: $item, locationId: $place, available: $available, onHand: $onHand
  ) @idempotent(key: $key) {
    inventoryLevel { id isActive quantities(names: ["available", "on_hand"]) { name quantity } }
    userErrors { field message }
  }
}
"""
MISSING = "gid://shopify/InventoryItem/42", "gid://shopify/Location/999999999999"


def place(bench: Bench, name: str = "Albany Warehouse") -> str:
    """The global id of a location."""
    return next(p.id for p in bench.store.locations.values() if p.name == name)


def item(bench: Bench, sku: str) -> InventoryItem:
    """The inventory item of a SKU."""
    return bench.store.by_sku(sku)[0].inventory_item


def level(bench: Bench, sku: str, name: str = "Albany Warehouse") -> InventoryLevel:
    """The level of a SKU at a location."""
    found = item(bench, sku).levels.values()
    return next(row for row in found if row.location.name == name)


def row(bench: Bench, sku: str, quantity: int, expected: int | None = None) -> dict[str, Any]:
    """One row of the input, at the first location."""
    return {
        "inventoryItemId": item(bench, sku).id,
        "locationId": place(bench),
        "quantity": quantity,
        "changeFromQuantity": expected,
    }


def send(bench: Bench, *rows: dict[str, Any], **changes: str) -> dict[str, Any]:
    """Send rows; the payload."""
    given = {"name": "available", "reason": "correction", "quantities": list(rows), **changes}
    reply = bench.run(SET, {"input": given, "key": str(uuid.uuid4())})
    payload: dict[str, Any] = reply["data"]["inventorySetQuantities"]
    return payload


def errors(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """(path, code) of each error."""
    return [(".".join(e["field"]), e["code"]) for e in payload["userErrors"]]


def test_setting_available_keeps_what_is_committed(seeded: Bench) -> None:
    """on_hand moves with available; committed units stay what they are."""
    before = level(seeded, "SOAP-BAR-PLAIN")
    committed = before.committed
    assert committed > 0
    payload = send(seeded, row(seeded, "SOAP-BAR-PLAIN", 17, before.available))
    assert payload["userErrors"] == []
    assert [c["name"] for c in payload["inventoryAdjustmentGroup"]["changes"]] == [
        "available",
        "on_hand",
    ]
    assert (before.available, before.committed, before.on_hand) == (17, committed, 17 + committed)


def test_setting_on_hand_moves_available(seeded: Bench) -> None:
    """The other way round: available is what is left beside the committed units."""
    at = level(seeded, "SOAP-BAR-PLAIN")
    send(seeded, row(seeded, "SOAP-BAR-PLAIN", 40, at.on_hand), name="on_hand")
    assert (at.on_hand, at.available) == (40, 40 - at.committed)


def test_same_quantity_gives_no_group(seeded: Bench) -> None:
    """A row that changes nothing leaves nothing behind (captured: group null, no error)."""
    at = level(seeded, "AXE-HAND")
    payload = send(seeded, row(seeded, "AXE-HAND", at.available, at.available))
    assert payload == {"inventoryAdjustmentGroup": None, "userErrors": []}
    assert seeded.store.journal == []


def test_null_overwrites(seeded: Bench) -> None:
    """An explicit null skips the comparison (documented)."""
    assert send(seeded, row(seeded, "AXE-HAND", 3, None))["userErrors"] == []
    assert level(seeded, "AXE-HAND").available == 3


def test_stale_refuses_all(seeded: Bench) -> None:
    """A sale between read and write: CHANGE_FROM_QUANTITY_STALE, and no row is written."""
    read = level(seeded, "AXE-HAND").available
    other = level(seeded, "FIRST-AID").available
    seeded.store.place_order({"lines": [{"sku": "AXE-HAND", "quantity": 2}]})
    payload = send(seeded, row(seeded, "FIRST-AID", 1, other), row(seeded, "AXE-HAND", 50, read))
    assert errors(payload) == [
        ("input.quantities.1.changeFromQuantity", "CHANGE_FROM_QUANTITY_STALE")
    ]
    assert level(seeded, "FIRST-AID").available == other
    assert level(seeded, "AXE-HAND").available == read - 2


def test_item_and_location_unknown_together(seeded: Bench) -> None:
    """Both are reported at once (captured)."""
    bad = {**row(seeded, "AXE-HAND", 1), "inventoryItemId": MISSING[0], "locationId": MISSING[1]}
    payload = send(seeded, row(seeded, "FIRST-AID", 1), bad)
    assert payload["userErrors"] == [
        {
            "field": ["input", "quantities", "1", "inventoryItemId"],
            "message": "The specified inventory item could not be found.",
            "code": "INVALID_INVENTORY_ITEM",
        },
        {
            "field": ["input", "quantities", "1", "locationId"],
            "message": "The specified location could not be found.",
            "code": "INVALID_LOCATION",
        },
    ]
    assert level(seeded, "FIRST-AID").available > 1


def test_duplicate_pair_on_each_row(seeded: Bench) -> None:
    """Every row of the pair has the error, at locationId (captured)."""
    one = row(seeded, "AXE-HAND", 1)
    payload = send(seeded, one, row(seeded, "FIRST-AID", 1), {**one, "quantity": 2})
    code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    assert errors(payload) == [
        ("input.quantities.0.locationId", code),
        ("input.quantities.2.locationId", code),
    ]


@pytest.mark.parametrize(
    ("name", "quantity", "code", "message"),
    [
        (
            "available",
            -2_000_000_000,
            "INVALID_QUANTITY_TOO_LOW",
            "The quantity can't be lower than -1,000,000,000.",
        ),
        (
            "available",
            1_000_000_001,
            "INVALID_QUANTITY_TOO_HIGH",
            "The quantity can't be higher than 1,000,000,000.",
        ),
        ("on_hand", -5, "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative."),
    ],
)
def test_bounds(seeded: Bench, name: str, quantity: int, code: str, message: str) -> None:
    """The captured bounds, with their words."""
    payload = send(seeded, row(seeded, "AXE-HAND", quantity), name=name)
    assert payload["userErrors"] == [
        {"field": ["input", "quantities", "0", "quantity"], "message": message, "code": code}
    ]


def test_available_may_be_negative(seeded: Bench) -> None:
    """Available may fall below zero (captured)."""
    assert send(seeded, row(seeded, "AXE-HAND", -3))["userErrors"] == []
    assert level(seeded, "AXE-HAND").available == -3


def test_name_and_reason(seeded: Bench) -> None:
    """Other quantity names and reasons are refused, the reason with all that are allowed."""
    payload = send(seeded, row(seeded, "AXE-HAND", 1), name="committed")
    assert errors(payload) == [("input.name", "INVALID_NAME")]
    payload = send(seeded, row(seeded, "AXE-HAND", 1), reason="")
    assert errors(payload) == [("input.reason", "INVALID_REASON")]
    assert payload["userErrors"][0]["message"].endswith("safety_stock, shrinkage.")


def test_bundle_parent(seeded: Bench) -> None:
    """A parent of a bundle has no stock of its own."""
    assert errors(send(seeded, row(seeded, "BNDL-CAMP", 1))) == [
        ("input.quantities.0.inventoryItemId", "NON_MUTABLE_INVENTORY_ITEM")
    ]


def test_inactive_level_is_written_and_stays_inactive(seeded: Bench) -> None:
    """2026-10: the write succeeds, and the stock is not for sale (documented)."""
    at = level(seeded, "LANTERN-BRASS")
    sellable = item(seeded, "LANTERN-BRASS").owner
    assert sellable is not None
    before = sellable.inventory_quantity
    assert send(seeded, row(seeded, "LANTERN-BRASS", 99))["userErrors"] == []
    assert (at.available, at.is_active, sellable.inventory_quantity) == (99, False, before)


def test_never_stocked_gets_an_inactive_level(seeded: Bench) -> None:
    """A place where the item never was: a level comes to be, inactive (assumed)."""
    assert send(seeded, row(seeded, "STOVE-MINI", 4, 0))["userErrors"] == []
    assert not level(seeded, "STOVE-MINI").is_active


def test_untracked_is_not_written(seeded: Bench) -> None:
    """No error and no effect (assumed)."""
    payload = send(seeded, row(seeded, "PRINT-ART", 4, 0))
    assert payload == {"inventoryAdjustmentGroup": None, "userErrors": []}


def activate(bench: Bench, sku: str, **changes: Any) -> dict[str, Any]:
    """Activate a SKU at the first location; the payload."""
    given = {"item": item(bench, sku).id, "place": place(bench), "key": str(uuid.uuid4())}
    given.update(changes)
    payload: dict[str, Any] = bench.run(ACTIVATE, given)["data"]["inventoryActivate"]
    return payload


def test_activation_brings_the_old_quantities_back(seeded: Bench) -> None:
    """An inactive level keeps what it had (captured)."""
    old = level(seeded, "LANTERN-BRASS").available
    payload = activate(seeded, "LANTERN-BRASS")
    assert payload["inventoryLevel"]["isActive"] is True
    assert payload["inventoryLevel"]["quantities"][0] == {"name": "available", "quantity": old}
    assert seeded.store.journal[-1]["mutation"] == "inventoryActivate"


def test_already_active(seeded: Bench) -> None:
    """Returned as it is; a quantity is refused in the captured words, a repeat is silent."""
    assert activate(seeded, "AXE-HAND")["userErrors"] == []
    payload = activate(seeded, "AXE-HAND", available=7)
    assert payload["userErrors"] == [
        {
            "field": ["available"],
            "message": "Not allowed to set available quantity when the item is already active "
            "at the location.",
        }
    ]
    assert payload["inventoryLevel"]["isActive"] is True
    assert seeded.store.journal == []


def test_untracked_item_starts_at_zero(seeded: Bench) -> None:
    """``available: 9`` silently becomes 0 (captured)."""
    reno = place(seeded, "Reno Overflow")
    payload = activate(seeded, "PRINT-ART", place=reno, available=9)
    assert payload["userErrors"] == []
    assert [q["quantity"] for q in payload["inventoryLevel"]["quantities"]] == [0, 0]


def test_activation_at_an_unknown_place(seeded: Bench) -> None:
    """The captured words, and no level."""
    payload = activate(seeded, "AXE-HAND", place=MISSING[1])
    assert payload == {
        "inventoryLevel": None,
        "userErrors": [
            {
                "field": ["locationId"],
                "message": "The product couldn't be stocked because the location wasn't found.",
            }
        ],
    }


def test_levels_are_shown_by_activity(seeded: Bench) -> None:
    """InventoryLevel is null for an inactive level unless inactive ones are asked for."""
    text = """
    query Q($id: ID!, $place: ID!) {
      inventoryItem(id: $id) {
        hidden: inventoryLevel(locationId: $place) { id }
        shown: inventoryLevel(locationId: $place, includeInactive: true) { id isActive }
      }
    }"""
    variables = {"id": item(seeded, "LANTERN-BRASS").id, "place": place(seeded)}
    found = seeded.run(text, variables)["data"]["inventoryItem"]
    assert found["hidden"] is None
    assert found["shown"]["isActive"] is False
    variables["id"] = item(seeded, "STOVE-MINI").id
    assert seeded.run(text, variables)["data"]["inventoryItem"]["shown"] is None


def test_activation_of_an_unknown_item(seeded: Bench) -> None:
    """Refused at the item, no level."""
    payload = activate(seeded, "AXE-HAND", item=MISSING[0])
    assert payload["inventoryLevel"] is None
    assert payload["userErrors"][0]["field"] == ["inventoryItemId"]
