"""The money of order_pull: the invariant, to the last place, for every kind of order."""

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.actions.money import MoneyMismatch, PricedOrder, payments, price_order
from tests.actions.nodes import line, money, order, transaction


def told(node, priced: PricedOrder) -> D:
    """What RetailOps adds up from the figures it is given."""
    total = priced.totals.tax + priced.totals.shipping - priced.totals.discount
    for item in node["lineItems"]:
        price = priced.lines.get(item["id"])
        if price is not None:
            total += item["currentQuantity"] * (price.unit + price.unit_tax) - price.discount
    return total + sum((e.amount for e in priced.extras), D(0))


def net(node) -> PricedOrder:
    """Price in net mode and presentment currency, and check the invariant."""
    priced = price_order(node, mode="net", shop_currency=False)
    assert told(node, priced) == priced.totals.due
    return priced


def test_three_units_for_ten_lose_no_cent() -> None:
    """A net price that does not divide is rounded up; the cents come back as the discount."""
    priced = net(order(line(price="4.00", quantity=3, discount="2.00"), total="10.00"))
    assert priced.lines["gid://shopify/LineItem/1"].unit == D("3.34")
    assert priced.totals.discount == D("0.02")


def test_a_discount_counts_once() -> None:
    """Net mode carries no item discount; gross mode carries it only there."""
    node = order(line(price="20.00", quantity=2, discount="5.00"), total="35.00")
    price = net(node).lines["gid://shopify/LineItem/1"]
    assert (price.unit, price.discount) == (D("17.50"), D(0))
    gross = price_order(node, mode="gross", shop_currency=False)
    assert told(node, gross) == D("35.00")
    price = gross.lines["gid://shopify/LineItem/1"]
    assert (price.unit, price.discount) == (D("20.00"), D("5.00"))


def test_unit_tax_is_rounded_down_and_the_rest_is_the_orders() -> None:
    """0.29 tax over 3 units is 0.0966 each; the remainder and the shipping tax are tax_amt."""
    node = order(
        line(price="1.00", quantity=3, tax="0.29"),
        total="8.79",
        currentTotalTaxSet=money("0.79"),
        currentShippingPriceSet=money("5.00"),
    )
    priced = net(node)
    assert priced.lines["gid://shopify/LineItem/1"].unit_tax == D("0.0966")
    assert priced.totals.tax == D("0.79") - 3 * D("0.0966")


def test_tax_included_prices_leave_without_their_tax() -> None:
    """In a tax-included shop the unit price is net and the tax stands beside it."""
    node = order(
        line(price="12.00", quantity=1, tax="2.00"),
        total="18.00",
        taxesIncluded=True,
        currentTotalTaxSet=money("3.00"),
        currentShippingPriceSet=money("6.00"),
    )
    priced = net(node)
    price = priced.lines["gid://shopify/LineItem/1"]
    assert (price.unit, price.unit_tax) == (D("10.00"), D("2.0000"))
    assert (priced.totals.shipping, priced.totals.tax) == (D("5.00"), D("1.00"))


def test_yen_have_no_places() -> None:
    """JPY is rounded up to whole yen."""
    node = order(
        line(price="1000", quantity=3, discount="100", currency="JPY"), total="2900", currency="JPY"
    )
    priced = net(node)
    assert priced.lines["gid://shopify/LineItem/1"].unit == D("967")
    assert priced.totals.discount == D("1")


def test_removed_units_take_their_share_of_discount_and_tax_along() -> None:
    """Allocations and tax lines stay at the ordered quantity; the current share counts."""
    node = order(
        line(price="10.00", quantity=3, current=2, discount="3.00", tax="2.70"),
        total="19.80",
        currentTotalTaxSet=money("1.80"),
    )
    price = net(node).lines["gid://shopify/LineItem/1"]
    assert (price.unit, price.unit_tax) == (D("9.00"), D("0.9000"))


def test_a_tip_is_an_extra_but_not_twice() -> None:
    """A tip outside the lines is an advisory extra; one among the lines is not repeated."""
    node = order(line(), total="15.00", totalTipReceivedSet=money("5.00"))
    assert [e.kind for e in net(node).extras] == ["tip"]
    node = order(line(), line(2, price="5.00"), total="15.00", totalTipReceivedSet=money("5.00"))
    assert net(node).extras == ()


def test_duties_and_fees_are_extras_unless_the_price_includes_them() -> None:
    """Duties and additional fees that are billed apart come as lines of their own."""
    node = order(
        line(),
        total="14.00",
        currentTotalDutiesSet=money("3.00"),
        currentTotalAdditionalFeesSet=money("1.00"),
    )
    assert [(e.kind, e.amount) for e in net(node).extras] == [("duty", D(3)), ("fee", D(1))]
    node = order(line(), total="10.00", currentTotalDutiesSet=money("3.00"), dutiesIncluded=True)
    assert net(node).extras == ()


def test_money_given_back_without_goods_is_a_discount() -> None:
    """A refund of money alone lowers what is owed; it is told as the order's discount."""
    node = order(line(), total="8.00", refundDiscrepancySet=money("-2.00"))
    assert net(node).totals.discount == D("2.00")


@pytest.mark.parametrize("total", ["9.99", "10.01", "11.00", "0.00"])
def test_what_does_not_add_up_is_refused(total: str) -> None:
    """An order whose parts differ from Shopify's total is never priced."""
    with pytest.raises(MoneyMismatch, match="cannot be explained"):
        price_order(order(line(), total=total), mode="net", shop_currency=False)


amounts = st.integers(0, 50_000)


@st.composite
def sound_orders(draw):
    """Orders whose total is the sum of their parts, as Shopify keeps it."""
    included = draw(st.booleans())
    lines, goods, tax = [], 0, 0
    for number in range(1, draw(st.integers(1, 5)) + 1):
        quantity = draw(st.integers(1, 7))
        price = draw(amounts)
        discount = draw(st.integers(0, price * quantity))
        left = price * quantity - discount
        line_tax = draw(st.integers(0, left if included else 9_999))
        goods += left
        tax += line_tax
        lines.append(
            line(
                number,
                price=str(D(price) / 100),
                quantity=quantity,
                discount=str(D(discount) / 100),
                tax=str(D(line_tax) / 100),
            )
        )
    shipping = draw(amounts)
    ship_tax = draw(st.integers(0, shipping if included else 999))
    total = goods + shipping + (0 if included else tax + ship_tax)
    return order(
        *lines,
        total=str(D(total) / 100),
        taxesIncluded=included,
        currentTotalTaxSet=money(D(tax + ship_tax) / 100),
        currentShippingPriceSet=money(D(shipping) / 100),
    )


@given(sound_orders(), st.sampled_from(["net", "gross"]))
@settings(max_examples=300, deadline=None)
def test_every_sound_order_obeys_the_invariant(node, mode) -> None:
    """For any sound order and both modes: the sum is what is owed, no figure is negative."""
    priced = price_order(node, mode=mode, shop_currency=False)
    assert told(node, priced) == D(node["currentTotalPriceSet"]["presentmentMoney"]["amount"])
    totals = priced.totals
    assert min(totals.shipping, totals.tax, totals.discount) >= 0
    for price in priced.lines.values():
        assert min(price.unit, price.discount, price.unit_tax) >= 0
        assert price.unit == price.unit.quantize(D("0.01"))
        assert price.unit_tax == price.unit_tax.quantize(D("0.0001"))


def rows(*transactions, capturable: str = "0"):
    """The payment rows as (processing, transaction, amount)."""
    node = order(line(), total="10", transactions=list(transactions))
    node["totalCapturableSet"] = money(capturable)
    return [(p.processing, p.transaction, p.amount) for p in payments(node)]


def test_authorised_and_captured_money_is_told_once() -> None:
    """What was captured is a charge; only what is still capturable is an authorisation."""
    auth = transaction(1, "AUTHORIZATION", "10.00")
    assert rows(auth, capturable="10") == [("channel_payment", "auth", D(10))]
    taken = transaction(2, "CAPTURE", "10.00", parent=1)
    assert rows(auth, taken) == [("channel_payment", "charge", D(10))]
    part = transaction(2, "CAPTURE", "4.00", parent=1)
    assert rows(auth, part, capturable="6") == [
        ("channel_payment", "charge", D(4)),
        ("channel_payment", "auth", D(6)),
    ]
    assert rows(auth, part) == [("channel_payment", "charge", D(4))]
    void = transaction(3, "VOID", "0.00", parent=1)
    assert rows(auth, void) == []


def test_each_tender_has_its_row_net_of_its_refunds() -> None:
    """Gift card, store credit and card are rows of their own; refunds lower their tender."""
    assert rows(
        transaction(1, "SALE", "3.00", gateway="gift_card"),
        transaction(2, "SALE", "2.00", gateway="shopify_store_credit"),
        transaction(3, "SALE", "5.00"),
        transaction(4, "REFUND", "1.00", parent=3),
        transaction(5, "SALE", "9.00", status="FAILURE"),
    ) == [
        ("channel_giftcert", "giftcard", D(3)),
        ("channel_storecredit", "charge", D(2)),
        ("channel_payment", "charge", D(4)),
    ]


def test_store_credit_given_for_a_card_is_taken_off_the_tenders() -> None:
    """It has no parent: the rows sum to what was received less what went back all the same."""
    assert rows(
        transaction(1, "SALE", "3.00", gateway="gift_card"),
        transaction(2, "SALE", "5.00"),
        transaction(3, "REFUND", "4.00", gateway="shopify_store_credit"),
    ) == [("channel_payment", "charge", D(4))]
