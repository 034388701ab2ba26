"""What a push wants, by the shipped mapping: rows, locations, and a word on every row left out."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.actions.inventory_target import Stock
from bridge.actions.inventory_wants import Reader, Wants, sources
from bridge.actions.sources import shape_from_model
from bridge.config.models import InventoryPushPolicy
from bridge.mapping.module import load_module
from bridge.retailops.requests import InventoryPushRequest, InventoryUpdate
from tests.actions.stock import LOCATIONS, MAIN, ROOT, WEST, shipped_mapping

MAPPING = shipped_mapping()
TWO = InventoryPushPolicy(facilities={"East": "Main", "Coast": "2"})


def wants_of(*updates: Any, policy: InventoryPushPolicy | None = None, known: Any = None) -> Wants:
    """The wants of a push of these raw updates."""
    request = InventoryPushRequest.model_validate({"inventory_updates": list(updates)})
    reader = Reader(policy or InventoryPushPolicy(), MAPPING, LOCATIONS if known is None else known)
    return reader.wants(request.inventory_updates)


def rows(wants: Wants) -> list[tuple[str, str, int]]:
    """SKU, location and quantity of each row."""
    return [(w.sku, w.location, w.quantity) for w in wants.rows]


def told(wants: Wants) -> list[tuple[str, str]]:
    """Type and code of each notice."""
    return [(e.event_type, e.code) for e in wants.notices]


def detail(facility: str | None, quantity: Any, kind: str | None = "internal") -> dict[str, Any]:
    """One element of quantity_detail."""
    return {
        "facility_name": facility,
        "available_quantity": quantity,
        "quantity_type": kind,
        "estimated_availability_date": "string",
    }


def test_the_total_goes_to_the_first_location() -> None:
    """Without any setting the quantity is set at the shop's first location."""
    assert rows(wants_of({"sku": "A", "quantity_available": 24})) == [("A", MAIN, 24)]


def test_online_locations_come_first() -> None:
    """A shop counter that fulfills no online orders is not the default."""
    counter = {**LOCATIONS[0], "id": "gid://shopify/Location/9", "fulfillsOnlineOrders": False}
    wants = wants_of({"sku": "A", "quantity_available": 1}, known=[counter, LOCATIONS[1]])
    assert rows(wants) == [("A", WEST, 1)]


@pytest.mark.parametrize("name", ["West", "west", "2", WEST])
def test_the_configured_location(name: str) -> None:
    """By name (any case), by number, by GID."""
    policy = InventoryPushPolicy(location=name)
    assert rows(wants_of({"sku": "A", "quantity_available": 1}, policy=policy)) == [("A", WEST, 1)]


def test_an_unknown_location_writes_nothing_and_is_told_once() -> None:
    """Never at some other location; the message names those that there are."""
    policy = InventoryPushPolicy(location="Nowhere")
    updates = [{"sku": s, "quantity_available": 1} for s in "AB"]
    wants = wants_of(*updates, policy=policy)
    assert rows(wants) == []
    assert told(wants) == [("error", "LOCATION_UNKNOWN")]
    assert "Main, West" in wants.notices[0].message


@pytest.mark.parametrize("quantity", ["24", 24.0, " 24 ", "24.00"])
def test_quantities_in_any_spelling(quantity: Any) -> None:
    """Numeric strings and whole floats are numbers."""
    assert rows(wants_of({"sku": "A", "quantity_available": quantity})) == [("A", MAIN, 24)]


@pytest.mark.parametrize("empty", [None, [], ""])
@pytest.mark.parametrize("policy", [InventoryPushPolicy(), TWO])
def test_an_empty_detail_never_wipes_stock(empty: Any, policy: InventoryPushPolicy) -> None:
    """With one location the total counts; by facility nothing is known, so nothing is written."""
    wants = wants_of(
        {"sku": "A", "quantity_available": 24, "quantity_detail": empty}, policy=policy
    )
    assert all(quantity == 24 for _, _, quantity in rows(wants))
    assert len(rows(wants)) == (0 if policy.facilities else 1)
    assert told(wants) == ([("warning", "FACILITY_UNMAPPED")] if policy.facilities else [])


def test_each_facility_at_its_location() -> None:
    """Only mapped facilities are written; two facilities of one location are added up."""
    policy = InventoryPushPolicy(facilities={"East": "Main", "Annex": "Main", "Coast": "West"})
    details = [detail("East", 4), detail("Annex", "3", None), detail("Coast", 5), detail("Moon", 9)]
    update = {"sku": "A", "quantity_available": 99, "quantity_detail": details}
    wants = wants_of(update, update | {"sku": "B"}, policy=policy)
    assert rows(wants) == [
        (sku, place, quantity) for sku in "AB" for place, quantity in ((MAIN, 7), (WEST, 5))
    ]
    assert told(wants) == [("warning", "FACILITY_UNMAPPED")]
    assert "Moon" in wants.notices[0].message


def test_only_counted_types_can_be_sold() -> None:
    """What lies at a vendor or is on its way is not on the shelf; an empty type is."""
    details = [
        detail("East", 4, ""),
        detail("East", 50, "inflight"),
        detail("East", 60, "external"),
        detail("Coast", 1),
    ]
    update = {"sku": "A", "quantity_available": 115, "quantity_detail": details}
    assert rows(wants_of(update, policy=TWO)) == [("A", MAIN, 4), ("A", WEST, 1)]


def test_a_complete_detail_says_where_nothing_is() -> None:
    """The detail adds up to the total: the facility that it does not name is sold out."""
    update = {"sku": "A", "quantity_available": 4, "quantity_detail": [detail("East", 4)]}
    assert rows(wants_of(update, policy=TWO)) == [("A", MAIN, 4), ("A", WEST, 0)]
    gone = {"sku": "A", "quantity_available": 0, "quantity_detail": []}
    assert rows(wants_of(gone, policy=TWO)) == [("A", MAIN, 0), ("A", WEST, 0)]


def test_a_partial_detail_says_nothing_of_the_others() -> None:
    """The detail does not add up to the total: what it does not name stays as it is."""
    update = {"sku": "A", "quantity_available": 9, "quantity_detail": [detail("East", 4)]}
    assert rows(wants_of(update, policy=TWO)) == [("A", MAIN, 4)]


def test_a_facility_without_a_quantity_is_not_written() -> None:
    """Missing is not zero; the other facility is written."""
    details = [detail("East", None), detail("East", 3), detail("Coast", 2)]
    update = {"sku": "A", "quantity_available": 5, "quantity_detail": details}
    wants = wants_of(update, policy=TWO)
    assert rows(wants) == [("A", WEST, 2)]
    assert told(wants) == [("error", "INVALID_QUANTITY")]


def test_the_last_row_of_a_sku_counts() -> None:
    """Duplicates are told once; a last row that cannot be read is not replaced by an older one."""
    updates = [{"sku": "A", "quantity_available": n} for n in (1, 2, 3)]
    wants = wants_of(*updates)
    assert rows(wants) == [("A", MAIN, 3)]
    assert told(wants) == [("info", "SKU_REPEATED")]
    broken = wants_of(*updates, {"sku": "A", "quantity_available": "many"})
    assert rows(broken) == []
    assert ("error", "INVALID_QUANTITY") in told(broken)


@pytest.mark.parametrize(
    ("update", "expected", "written"),
    [
        ({"quantity_available": 5}, ("warning", "SKU_MISSING"), 0),
        ({"sku": " ", "quantity_available": 5}, ("warning", "SKU_MISSING"), 0),
        ({"sku": {"a": 1}, "quantity_available": 5}, ("error", "INVALID_FIELD"), 0),
        ("not an object", ("error", "INVALID_FIELD"), 0),
        ({"sku": "A"}, ("error", "INVALID_QUANTITY"), 0),
        ({"sku": "A", "quantity_available": "x"}, ("error", "INVALID_QUANTITY"), 0),
        ({"sku": "A", "quantity_available": 1.5}, ("error", "INVALID_QUANTITY"), 0),
        ({"sku": "A", "quantity_available": 10**12}, ("error", "INVALID_QUANTITY"), 0),
        ({"sku": "A", "quantity_available": -3}, ("warning", "INVALID_QUANTITY"), 1),
    ],
)
def test_rows_that_cannot_be_used_are_told(
    update: Any, expected: tuple[str, str], written: int
) -> None:
    """Each has its event, and the good row beside it is written. Negative means nothing is left."""
    wants = wants_of(update, {"sku": "GOOD", "quantity_available": 5})
    assert told(wants) == [expected]
    assert rows(wants) == [*[("A", MAIN, 0)] * written, ("GOOD", MAIN, 5)]


def test_safety_stock_comes_through_the_mapping() -> None:
    """The policy's number is carried by every row."""
    wants = wants_of(
        {"sku": "A", "quantity_available": 5}, policy=InventoryPushPolicy(safety_stock=2)
    )
    assert [w.safety for w in wants.rows] == [2]


def test_a_merchants_table_maps_facilities(tmp_path: Any) -> None:
    """The table of the merchant's own file works beside the settings."""
    own = tmp_path / "inventory_push.toml"
    own.write_text('[stock]\nby_facility = true\n[tables.location]\nMoon = "West"\n')
    shipped = ROOT / "mappings" / "inventory_push.toml"
    mapping = load_module("inventory_push", [shipped, own], target=Stock, sources=sources())
    request = InventoryPushRequest.model_validate(
        {
            "inventory_updates": [
                {"sku": "A", "quantity_available": 9, "quantity_detail": [detail("Moon", 9)]}
            ]
        }
    )
    wants = Reader(InventoryPushPolicy(), mapping, LOCATIONS).wants(request.inventory_updates)
    assert rows(wants) == [("A", WEST, 9)]
    assert wants.by_location


def test_a_mapping_error_costs_one_row_only(tmp_path: Any) -> None:
    """A table lookup that is strict fails for one SKU; the event has file and line."""
    own = tmp_path / "inventory_push.toml"
    own.write_text(
        "[stock]\nlocation = \"update.sku | table: 'by_sku', strict: true\"\n"
        '[tables.by_sku]\nGOOD = "Main"\n'
    )
    shipped = ROOT / "mappings" / "inventory_push.toml"
    mapping = load_module("inventory_push", [shipped, own], target=Stock, sources=sources())
    updates = [InventoryUpdate(sku=s, quantity_available=1) for s in ("GOOD", "BAD")]
    wants = Reader(InventoryPushPolicy(), mapping, LOCATIONS).wants(updates)
    assert rows(wants) == [("GOOD", MAIN, 1)]
    (event,) = wants.notices
    assert event.code == "MAPPING_MISSING"
    assert "inventory_push.toml:2" in event.message
    assert event.associations[0].identifier == "BAD"


def test_the_shape_of_a_request() -> None:
    """Mappings are checked against the request's own model: names, lists, scalars."""
    shape = shape_from_model(InventoryUpdate)
    details = shape.fields["quantity_detail"]
    assert details.kind == "list"
    assert details.of is not None
    assert details.of.fields["available_quantity"].type_name == "Int"
    assert details.of.fields["estimated_availability_date"].type_name == "DateTime"
    assert shape.fields["sku"].nullable
