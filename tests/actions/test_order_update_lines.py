"""What an order_update asks of lines: pure rules, no store."""

from decimal import Decimal as D

import pytest

from bridge.actions.order_update_lines import Known, SetQuantity, wanted
from bridge.retailops.requests import OrderItem
from tests.actions.nodes import line, money, order

TOTALS = {"presentmentMoney": {"amount": D(10)}, "shopMoney": {"amount": D(10)}}


def known(*lines, added=None, **fields) -> Known:
    """An order with these lines, as order_update reads it."""
    node = order(*lines, total="10.00", totalPriceSet=TOTALS, **fields)
    return Known(node, added or {}, "net", False, "1001")


def asked(*items: dict, of: Known | None = None):
    """The changes for these items on an order with line 1 (3 units) and line 2 (1 unit)."""
    facts = of or known(line(1, quantity=3), line(2))
    return wanted([OrderItem.model_validate(i) for i in items], facts)


def test_lines_that_are_not_listed_stay() -> None:
    """Absent is not removed."""
    assert not asked().anything
    assert not asked({"channel_item_refnum": "1", "quantity": 3}).anything


@pytest.mark.parametrize(
    "item", [{"removed": True, "quantity": 3}, {"quantity": 0}, {"removed": "true"}]
)
def test_removed_and_zero_mean_none_left(item: dict) -> None:
    """A line is taken off by either word."""
    out = asked({"channel_item_refnum": "1", **item})
    assert out.quantities == [SetQuantity("gid://shopify/LineItem/1", 0)]


def test_a_decrease_stops_at_what_is_shipped() -> None:
    """Two of three are shipped: lowered to two, and said so."""
    facts = known(line(1, quantity=3, unfulfilled=1))
    out = asked({"channel_item_refnum": "1", "quantity": 0}, of=facts)
    assert out.quantities == [SetQuantity("gid://shopify/LineItem/1", 2)]
    assert [e.code for e in out.events] == ["ALREADY_SHIPPED"]


def test_an_item_that_retailops_made_is_added_and_known_afterwards() -> None:
    """A second line of the same SKU is meant; once added, its order_item_id finds it."""
    item = {"order_item_id": 77, "sku": "SKU-1", "quantity": 2}
    out = asked(item)
    assert [(a.item, a.sku, a.quantity) for a in out.additions] == [("77", "SKU-1", 2)]
    facts = known(
        line(1), line(9, sku="SKU-1", quantity=2), added={"77": "gid://shopify/LineItem/9"}
    )
    again = asked(item, of=facts)
    assert not again.anything
    assert again.lines == {0: "gid://shopify/LineItem/9"}


def test_an_unknown_refnum_falls_back_to_a_single_sku() -> None:
    """One line has the SKU: it is meant. Two have it: nobody can tell, and nothing is done."""
    out = asked({"channel_item_refnum": "404", "sku": "SKU-2", "removed": True})
    assert out.quantities == [SetQuantity("gid://shopify/LineItem/2", 0)]
    twins = known(line(1, sku="TWIN"), line(2, sku="TWIN"))
    out = asked({"channel_item_refnum": "404", "sku": "TWIN", "quantity": 5}, of=twins)
    assert out.failed
    assert [e.code for e in out.events] == ["ITEM_NOT_FOUND"]


def test_a_sku_that_is_not_on_the_order_is_added() -> None:
    """Also under a refnum that Shopify does not know."""
    out = asked({"channel_item_refnum": "404", "order_item_id": 5, "sku": "NEW", "quantity": 1})
    assert [a.sku for a in out.additions] == ["NEW"]


def test_what_is_not_there_need_not_be_removed() -> None:
    """The official example removes a line that no store has: an info, no error."""
    out = asked(
        {"channel_item_refnum": "15252", "order_item_id": 5235, "sku": "AB", "removed": True}
    )
    assert not out.failed
    assert [e.code for e in out.events] == ["ALREADY_APPLIED"]


def test_what_was_told_as_extras_is_not_a_line() -> None:
    """Tips, duties, fees and parts that were shipped before the pull are left alone."""
    out = asked(
        {"channel_item_refnum": "tip", "quantity": 0},
        {"channel_item_refnum": "1-shipped", "quantity": 0},
    )
    assert not out.anything
    assert out.events == []


def test_a_lower_price_is_a_discount_and_a_higher_one_is_told() -> None:
    """0 is "not told"; nothing is ever given away for it."""
    out = asked({"channel_item_refnum": "1", "quantity": 3, "unit_price": "8.50"})
    assert [d.amount for d in out.discounts] == [D("1.50")]
    out = asked({"channel_item_refnum": "1", "unit_price": "10.00"})
    assert not out.anything
    out = asked({"channel_item_refnum": "1", "unit_price": 0})
    assert not out.anything
    out = asked({"channel_item_refnum": "1", "unit_price": 12})
    assert not out.anything
    assert [e.code for e in out.events] == ["PRICE_RAISED"]


def test_in_a_tax_included_shop_the_discount_takes_its_tax_along() -> None:
    """12.00 with 2.00 tax in it is 10.00 to RetailOps; 1.00 less is 1.20 less to the customer."""
    facts = known(
        line(1, price="12.00", tax="2.00"),
        taxesIncluded=True,
        currentTotalTaxSet=money("2.00"),
    )
    out = asked({"channel_item_refnum": "1", "unit_price": "9.00"}, of=facts)
    assert [d.amount for d in out.discounts] == [D("1.20")]


def test_a_line_that_was_taken_off_comes_back_at_its_price() -> None:
    """Nothing is left to divide by: its price is that of the units that were ordered."""
    facts = known(line(1, quantity=2, current=0, unfulfilled=0, discount="4.00"))
    out = asked({"channel_item_refnum": "1", "quantity": 2, "unit_price": "7.00"}, of=facts)
    assert out.quantities == [SetQuantity("gid://shopify/LineItem/1", 2)]
    assert [(d.line, d.amount) for d in out.discounts] == [("gid://shopify/LineItem/1", D("1.00"))]


@pytest.mark.parametrize(
    ("item", "code"),
    [({"quantity": -1}, "INVALID_QUANTITY"), ({"unit_price": "-0.01"}, "INVALID_FIELD")],
)
@pytest.mark.parametrize("where", [{"channel_item_refnum": "1"}, {"order_item_id": 5, "sku": "N"}])
def test_what_is_below_zero_is_refused(item: dict, code: str, where: dict) -> None:
    """It is a mistake somewhere: read as 0 it would take the whole line off the order."""
    out = asked({"quantity": 1, **where, **item}, {"channel_item_refnum": "2", "quantity": 0})
    assert out.failed
    assert [(e.event_type, e.code) for e in out.events] == [("error", code)]


def test_two_rows_about_one_line_are_refused() -> None:
    """A line that RetailOps split into 2 and 1: the last row alone would take two units off."""
    one = {"channel_item_refnum": "1", "order_item_id": 7}
    out = asked({**one, "quantity": 2}, {**one, "order_item_id": 8, "quantity": 1})
    assert out.failed
    assert [e.code for e in out.events] == ["ITEM_NOT_FOUND"]
    assert "another row" in out.events[0].message
