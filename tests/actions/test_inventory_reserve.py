"""Which units are reserved, and where. Pure rules; the reading is tested over HTTP elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.actions.inventory_reserve import is_unknown, older_query, open_units, spread
from bridge.shopify.inventory import Work

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MAIN = "gid://shopify/Location/1"
WEST = "gid://shopify/Location/2"
LONG_AGO = NOW - timedelta(days=3)
JUST_NOW = NOW - timedelta(minutes=4)


def an_order(**fields: Any) -> dict[str, Any]:
    """An order that nobody has acknowledged."""
    plain = {
        "id": "gid://shopify/Order/1",
        "cancelledAt": None,
        "test": False,
        "acknowledged": None,
        "updatedAt": LONG_AGO,
    }
    return plain | fields


@pytest.mark.parametrize(
    ("order", "at", "unknown"),
    [
        (an_order(), None, True),
        (an_order(cancelledAt=NOW), None, False),
        (an_order(test=True), None, False),
        (an_order(), LONG_AGO, False),
        (an_order(), JUST_NOW, True),
        (an_order(acknowledged={"value": "0"}), LONG_AGO, False),
        (an_order(acknowledged={"value": "7"}), JUST_NOW, True),
        (an_order(acknowledged={"value": "7"}), None, False),
        (an_order(acknowledged={"value": "7"}, updatedAt=JUST_NOW), None, True),
    ],
)
def test_whose_units_retailops_does_not_know(
    order: dict[str, Any], at: datetime | None, *, unknown: bool
) -> None:
    """Not acknowledged, or less than 10 minutes ago; cancelled and test orders hold nothing.

    An acknowledgement that only the metafield knows was at the last change at the latest.
    """
    known = {} if at is None else {order["id"]: at}
    assert is_unknown(order, known, NOW, 10) is unknown


def test_no_waiting_time_means_acknowledged_at_once() -> None:
    """With reserve_minutes = 0 an order that is acknowledged reserves nothing any more."""
    assert not is_unknown(an_order(), {an_order()["id"]: NOW}, NOW, 0)


@pytest.mark.parametrize(
    ("current", "unfulfilled", "units"), [(3, 3, 3), (3, 1, 1), (1, 3, 1), (0, 2, 0), (2, -1, 0)]
)
def test_units_of_a_line(current: int, unfulfilled: int, units: int) -> None:
    """Neither what was removed nor what was shipped."""
    assert open_units({"currentQuantity": current, "unfulfilledQuantity": unfulfilled}) == units


def test_older_orders_are_searched_with_quoted_values() -> None:
    """A quote in a tag cannot leave its value; a change of a moment ago beats the tag."""
    query = older_query(LONG_AGO, tag="it's", now=NOW, minutes=10)
    assert query == (
        "created_at:<='2026-11-20T12:00:00Z' AND -status:cancelled AND "
        "-fulfillment_status:fulfilled AND "
        "(-tag:'it\\'s' OR updated_at:>='2026-11-23T11:50:00Z')"
    )
    assert older_query(LONG_AGO, tag="x", now=NOW, minutes=0).endswith(" AND -tag:'x'")


def work(status: str, location: str | None, *parts: tuple[str, int], more: bool = False) -> Work:
    """A fulfillment order with (line, remaining) parts."""
    return Work(status, location, dict(parts), more)


def test_units_are_reserved_where_they_will_be_taken_from() -> None:
    """Split over two locations; finished work takes nothing."""
    held = [("o1", {"id": "l1", "sku": "A"}, 5)]
    orders = [
        work("OPEN", MAIN, ("l1", 2)),
        work("ON_HOLD", WEST, ("l1", 3)),
        work("CLOSED", WEST, ("l1", 4)),
    ]
    out = spread(held, {"o1": orders})
    assert (out.units("A", MAIN), out.units("A", WEST)) == (2, 3)


def test_units_in_no_fulfillment_order_are_reserved_everywhere() -> None:
    """A fresh order has none yet; a location that is gone cannot tell either."""
    line = {"id": "l1", "sku": "A"}
    fresh = spread([("o1", line, 5)], {})
    assert (fresh.units("A", MAIN), fresh.units("A", WEST)) == (5, 5)
    partly = spread(
        [("o1", line, 5)], {"o1": [work("OPEN", MAIN, ("l1", 2)), work("OPEN", None, ("l1", 3))]}
    )
    assert (partly.units("A", MAIN), partly.units("A", WEST)) == (5, 3)


def test_never_more_than_the_line_has() -> None:
    """Fulfillment orders that tell more than is open on the line do not reserve more."""
    out = spread([("o1", {"id": "l1", "sku": "A"}, 2)], {"o1": [work("OPEN", MAIN, ("l1", 9))]})
    assert (out.units("A", MAIN), out.units("A", WEST)) == (2, 0)


def test_a_line_behind_the_first_twenty_is_where_the_others_are() -> None:
    """With two long fulfillment orders nobody knows, so it counts everywhere."""
    line = {"id": "l30", "sku": "A"}
    one = spread([("o1", line, 2)], {"o1": [work("OPEN", MAIN, more=True), work("OPEN", WEST)]})
    assert (one.units("A", MAIN), one.units("A", WEST)) == (2, 0)
    both = [work("OPEN", MAIN, more=True), work("OPEN", WEST, more=True)]
    two = spread([("o1", line, 2)], {"o1": both})
    assert (two.units("A", MAIN), two.units("A", WEST)) == (2, 2)
