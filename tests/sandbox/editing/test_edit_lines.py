"""Order editing: added lines and discounts; the captured sums, texts and shapes."""

from __future__ import annotations

from decimal import Decimal

from tests.sandbox.editing.edits import (
    ADD,
    ALBANY,
    DISCOUNT,
    KNIFE,
    MUG,
    SET,
    UUID,
    amount,
    begin,
    calculated,
    commit,
    error,
    reduce,
    variant,
)
from tests.sandbox.fulfil.harness import level, place, refused, run, works
from tests.sandbox.state.harness import Bench

# ---- added lines


def test_an_added_line(seeded: Bench) -> None:
    """A UUID in the session, a line and a second fulfillment order of its own afterwards."""
    order = place(seeded, {"title": "Thing", "price": "10.00"}, shipping=None)
    session, knife = begin(seeded, order)["id"], variant(seeded, KNIFE)
    available = level(seeded, KNIFE, ALBANY).available
    payload = run(seeded, ADD, id=session, variantId=knife, quantity=2)
    staged = payload["calculatedLineItem"]
    assert (len(staged["id"]), staged["sku"], staged["quantity"]) == (UUID, KNIFE, 2)
    assert payload["calculatedOrder"]["addedLineItems"]["nodes"] == [
        {"id": staged["id"], "quantity": 2}
    ]
    assert len(payload["calculatedOrder"]["lineItems"]["nodes"]) == 1
    price = seeded.store.by_sku(KNIFE)[0].price * 2
    assert Decimal(amount(payload["calculatedOrder"]["totalPriceSet"])) == 10 + price
    reply = commit(seeded, session)
    assert reply["order"]["displayFinancialStatus"] == "PARTIALLY_PAID"
    assert Decimal(amount(reply["order"]["totalOutstandingSet"])) == price
    assert order.total_price_set.presentment == 10 + price
    added = order.lines[1]
    assert (added.sku, added.quantity, added.number_id > 0) == (KNIFE, 2, True)
    assert seeded.store.find(added.id) is added
    second = works(order)[1]
    assert (second.status, second.lines[0].total_quantity) == ("OPEN", 2)
    assert level(seeded, KNIFE, ALBANY).available == available - 2


def test_an_added_line_is_changed_and_dropped(seeded: Bench) -> None:
    """Another quantity before the commit; 0 forgets it."""
    order = place(seeded)
    session, knife = begin(seeded, order)["id"], variant(seeded, KNIFE)
    first = run(seeded, ADD, id=session, variantId=knife, quantity=2)["calculatedLineItem"]["id"]
    second = run(seeded, ADD, id=session, variantId=knife, quantity=1, allowDuplicates=True)[
        "calculatedLineItem"
    ]["id"]
    run(seeded, SET, id=session, lineItemId=first, quantity=4)
    run(seeded, SET, id=session, lineItemId=second, quantity=0)
    commit(seeded, session)
    assert [(line.sku, line.quantity) for line in order.lines] == [(MUG, 3), (KNIFE, 4)]


def test_an_added_line_is_taxed_like_the_others(seeded: Bench) -> None:
    """Assumed: the rates of the order's first taxed line, inside or on top."""
    for included in (True, False):
        order = place(seeded, tax_rate="0.2", taxes_included=included)
        session = begin(seeded, order)["id"]
        run(seeded, ADD, id=session, variantId=variant(seeded, KNIFE), quantity=1)
        commit(seeded, session)
        line = order.lines[1]
        share = line.net.presentment * (Decimal(1) / 6 if included else Decimal("0.2"))
        assert line.tax.presentment == share.quantize(Decimal("0.01"))


def test_an_order_without_fulfillment_orders_yet(seeded: Bench) -> None:
    """Edited in its first second, every line is in one fulfillment order, once."""
    placed = seeded.store.place_order({"lines": [{"sku": MUG, "quantity": 2}]})
    order = seeded.store.orders[int(placed["id"])]
    session = reduce(seeded, order, 3)
    run(seeded, ADD, id=session, variantId=variant(seeded, KNIFE), quantity=1)
    commit(seeded, session)
    seeded.clock.forward(2)
    seeded.store.settle()
    rows = [(row.sku, row.total_quantity) for work in works(order) for row in work.lines]
    assert sorted(rows) == [(KNIFE, 1), (MUG, 3)]


# ---- discounts


def test_a_fixed_discount_is_per_unit(seeded: Bench) -> None:
    """Captured: 1.00 off each of two units allocates 2.0."""
    order = place(seeded, {"title": "Thing", "price": "3.00", "quantity": 2}, payment="none")
    session = begin(seeded, order)["id"]
    off = {"description": "why", "fixedValue": {"amount": "1.00", "currencyCode": "USD"}}
    payload = run(seeded, DISCOUNT, id=session, lineItemId=calculated(order), discount=off)
    assert payload["addedDiscountStagedChange"]["description"] == "why"
    line = payload["calculatedLineItem"]
    assert line["hasStagedLineItemDiscount"] is True
    assert amount(line["discountedUnitPriceSet"]) == "2.0"
    (allocation,) = line["calculatedDiscountAllocations"]
    assert amount(allocation["allocatedAmountSet"]) == "2.0"
    assert allocation["discountApplication"] == {
        "__typename": "CalculatedManualDiscountApplication",
        "description": "why",
    }
    commit(seeded, session)
    assert order.lines[0].net.presentment == 4
    assert order.subtotal_price_set.presentment == 4


def test_a_percentage_with_tax(seeded: Bench) -> None:
    """10 is ten percent (captured); the tax follows the price, staged and committed alike."""
    thing = {"title": "Thing", "price": "100.00", "quantity": 2, "tax_rate": "0.1"}
    order = place(seeded, thing, shipping=None, payment="none")
    session = begin(seeded, order)["id"]
    off = {"percentValue": 10}
    payload = run(seeded, DISCOUNT, id=session, lineItemId=calculated(order), discount=off)
    assert amount(payload["calculatedLineItem"]["discountedUnitPriceSet"]) == "90.0"
    assert amount(payload["calculatedOrder"]["totalPriceSet"]) == "198.0"
    commit(seeded, session)
    assert order.current_total_price_set.presentment == 198
    assert order.total_price_set.presentment == 198


def test_a_discount_of_an_added_line_and_one_that_is_reduced(seeded: Bench) -> None:
    """Only the units that stay count; a discount never makes a price negative."""
    order = place(seeded, {"title": "Thing", "price": "5.00", "quantity": 3}, shipping=None)
    session = reduce(seeded, order, 2)
    off = {"fixedValue": {"amount": "1.50", "currencyCode": "USD"}}
    payload = run(seeded, DISCOUNT, id=session, lineItemId=calculated(order), discount=off)
    assert amount(payload["calculatedOrder"]["subtotalPriceSet"]) == "7.0"
    knife = variant(seeded, KNIFE)
    added = run(seeded, ADD, id=session, variantId=knife, quantity=1)["calculatedLineItem"]["id"]
    off = {"fixedValue": {"amount": "999.00", "currencyCode": "USD"}}
    payload = run(seeded, DISCOUNT, id=session, lineItemId=added, discount=off)
    assert amount(payload["calculatedLineItem"]["discountedUnitPriceSet"]) == "0.0"
    commit(seeded, session)
    assert order.current_subtotal_price_set.presentment == 7
    assert order.lines[1].net.presentment == 0


def test_discounts_that_are_refused(seeded: Bench) -> None:
    """Another currency than the customer's; nothing, too much, both at once."""
    order = place(seeded)
    at = {"id": begin(seeded, order)["id"], "lineItemId": calculated(order)}
    off = {"fixedValue": {"amount": "1.00", "currencyCode": "CAD"}}
    assert error(run(seeded, DISCOUNT, **at, discount=off))[1] == "Currency must be USD."
    money = {"fixedValue": {"amount": "1.00", "currencyCode": "USD"}}
    zero = {"fixedValue": {"amount": "0.00", "currencyCode": "USD"}}
    for off in ({}, {**money, "percentValue": 1}, zero, {"percentValue": 101}):
        assert refused(seeded, DISCOUNT, **at, discount=off)["code"] == "SANDBOX_NOT_MODELLED"


def test_another_currency(seeded: Bench) -> None:
    """The customer's currency counts; the shop's amount is at the order's rate."""
    thing = {"title": "Thing", "price": "10.00", "quantity": 2}
    order = place(seeded, thing, currency="EUR", rate="1.1", shipping=None)
    session = reduce(seeded, order, 1)
    commit(seeded, session)
    assert (order.total_outstanding_set.presentment, order.total_outstanding_set.shop) == (-10, -11)
