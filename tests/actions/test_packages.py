"""Packages as RetailOps sends them: identity, contents, tracking."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.actions.packages import Parcel, natural_id
from bridge.retailops.requests import Shipment
from bridge.shopify.fulfillment import Tracking
from tests.actions.parcels import read

ITEM = {"channel_item_refnum": "1", "sku": "A", "quantity": 2}


def one(shipment_id: Any = 9, **package: Any) -> Parcel:
    """The only package of a shipment."""
    made = read(
        {"retailops_shipment_id": shipment_id, "packages": [{"package_items": [ITEM], **package}]}
    )
    assert made.notices == ()
    [row] = made.rows
    return row


@pytest.mark.parametrize(
    ("shipment", "package", "key"),
    [
        (9, {"retailops_package_id": 5, "tracking_number": "T"}, "package 5"),
        (9, {"retailops_package_id": "5"}, "package 5"),
        (9, {"retailops_package_id": 0, "tracking_number": "T"}, "shipment 9 tracking T"),
        (9, {"retailops_package_id": None, "tracking_number": " T "}, "shipment 9 tracking T"),
        (0, {"retailops_package_id": 0, "tracking_number": "T"}, "tracking T"),
    ],
)
def test_identity(shipment: Any, package: Any, key: str) -> None:
    """RetailOps' package id, else its shipment and number, else the number; 0 and null are none."""
    assert one(shipment, **package).key == key


def test_identity_by_contents() -> None:
    """Without any id the contents are the identity, whatever the order of the rows."""
    other = {"channel_item_refnum": "2", "sku": "B", "quantity": 1}
    first = one(0, package_items=[ITEM, other]).key
    assert first == one(0, package_items=[other, ITEM]).key
    assert first != one(0, package_items=[ITEM]).key
    assert first != one(3, package_items=[ITEM, other]).key


def test_natural_id_of_a_call() -> None:
    """Packages by their identities, in any order; a long list stays short."""

    def call(*numbers: int) -> str:
        rows = [{"retailops_package_id": n, "package_items": [ITEM]} for n in numbers]
        return natural_id([Shipment.model_validate({"packages": rows})])

    assert call(2, 1) == call(1, 2) == "package 1, package 2"
    assert call(1) != call(1, 2)
    assert len(call(*range(1, 200))) == 64
    assert natural_id([]) == "no packages"


def test_empty_packages_and_zero() -> None:
    """Nothing in it: no package. A quantity of 0 is left out, one that is missing is told."""
    zero, missing = {**ITEM, "quantity": 0}, {**ITEM, "quantity": None}
    made = read(
        {
            "packages": [
                {"retailops_package_id": 1, "package_items": None},
                {"retailops_package_id": 2, "package_items": [zero]},
                {"retailops_package_id": 3, "package_items": [zero, ITEM]},
                {"retailops_package_id": 4, "package_items": [missing]},
            ]
        }
    )
    assert [p.key for p in made.rows] == ["package 3"]
    assert [i.quantity for i in made.rows[0].items] == [2]
    assert [e.code for e in made.notices] == ["INVALID_QUANTITY"]


def test_one_package_told_twice() -> None:
    """With an id of its own: the larger quantity of each item. Guessed: nothing is lost."""
    more = {**ITEM, "quantity": 3}
    for number, total in ((5, 3), (0, 5)):
        rows = [
            {"retailops_package_id": number, "tracking_number": "T", "package_items": [item]}
            for item in (ITEM, more)
        ]
        made = read({"retailops_shipment_id": 9, "packages": rows})
        [row] = made.rows
        assert [i.quantity for i in row.items] == [total]


@pytest.mark.parametrize(
    ("number", "again", "told"),
    [
        (5, {}, ""),
        (5, {"tracking_number": None}, ""),
        (5, {"package_items": [{**ITEM, "channel_item_refnum": "2"}]}, ""),
        (5, {"package_items": [{**ITEM, "quantity": 3}]}, "2 and 3 of 1 are taken for 3"),
        (
            5,
            {"tracking_number": "U"},
            "the tracking number U counts, and T does not; 2 and 2 of 1 are taken for 2",
        ),
        (
            5,
            {"tracking_number": "U", "package_items": [{**ITEM, "channel_item_refnum": "2"}]},
            "the tracking number U counts, and T does not",
        ),
        (0, {"package_items": [{**ITEM, "quantity": 3}]}, ""),
    ],
    ids=["alike", "untracked", "other item", "quantity", "number", "number and item", "guessed"],
)
def test_rows_of_one_package_that_differ(number: int, again: dict[str, Any], told: str) -> None:
    """What does not count is told, once, with the shipment; what loses nothing is not."""
    row = {"retailops_package_id": number, "tracking_number": "T", "package_items": [ITEM]}
    made = read({"retailops_shipment_id": 9, "packages": [row, {**row, **again}]})
    assert len(made.rows) == 1
    if not told:
        assert made.notices == ()
        return
    [one] = made.notices
    assert (one.code, one.event_type) == ("PACKAGE_REPEATED", "warning")
    assert one.message == f"package 5 comes twice, and not alike: {told}"
    assert [a.identifier for a in one.associations] == ["9"]


@pytest.mark.parametrize(
    ("carrier", "company"),
    [
        ("UPS", "UPS"),
        (" ups ", "UPS"),
        ("FEDEX", "FedEx"),
        ("Fedex Ground", "FedEx"),
        ("US Postal Service", "USPS"),
        ("DHL", "DHL Express"),
        ("Joe's Bikes", "Joe's Bikes"),
        (None, ""),
        ("", ""),
    ],
)
def test_carriers(carrier: str | None, company: str) -> None:
    """Names as Shopify spells them; what is in no table goes through; none is none."""
    tracking = one(carrier_name=carrier, tracking_number="T").tracking
    assert tracking == Tracking("T", company, "")


def test_a_carrier_alone_is_no_tracking() -> None:
    """Without number and link there is nothing to follow, and nothing to correct later."""
    assert not one(carrier_name="UPS").tracking
    assert one(carrier_name="UPS", tracking_number="T").tracking
