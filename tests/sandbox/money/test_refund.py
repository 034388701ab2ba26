"""``refundCreate``: goods, shipping, money, store credit; texts, quantities, stock, replays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge.shopify import documents
from tests.sandbox.money.harness import (
    ask,
    authorization,
    messages,
    order,
    over,
    refund,
    shipped,
    suggestion,
    units,
)
from tests.sandbox.state.harness import Bench

TWO = [{"gateway": "gift_card", "amount": "8.00"}, {}]


def test_the_key_is_demanded(shop: Bench) -> None:
    """Without the directive the mutation is refused at the top, and nothing happens."""
    found = order(shop)
    text = documents.operation("RefundCreate").text
    text = text.replace(" @idempotent(key: $idempotencyKey)", "")
    text = text.replace(", $idempotencyKey: String!", "")
    reply = shop.run(text, {"input": {"orderId": found.id}})
    assert reply["data"] == {"refundCreate": None}
    assert reply["errors"][0]["code"] == "BAD_REQUEST"
    assert found.refund_list == []


def test_the_same_key_gives_the_first_result(shop: Bench) -> None:
    """One refund for two calls; another input under the key is refused at the top."""
    found = order(shop)
    given = {"transactions": [over(found.transaction_list[0], "5.00")], "note": "late"}
    first = refund(shop, found, "k-1", **given)
    assert refund(shop, found, "k-1", **given) == first
    assert len(found.refund_list) == 1
    wrong = {"orderId": found.id, "note": "other", "transactions": []}
    reply = ask(shop, "RefundCreate", input=wrong, idempotencyKey="k-1")
    assert reply["errors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_refused_transactions(shop: Bench) -> None:
    """The recorded texts for a wrong kind, a foreign parent and too much; nothing is refunded."""
    found, other = order(shop), order(shop)
    sale = found.transaction_list[0]
    for row, field, message in (
        (
            over(sale, "1.00", "AUTHORIZATION"),
            None,
            "Kind authorization is not a valid transaction",
        ),
        (
            over(other.transaction_list[0], "1.00"),
            ["transactions"],
            "Transactions require a parent_id associated with the order",
        ),
        (
            over(sale, "999.00"),
            None,
            "Refund amount $999.00 is greater than net payment received $35.00",
        ),
    ):
        for allowed in (False, True):
            refused = refund(shop, found, transactions=[row], allowOverRefunding=allowed)
            assert refused["refund"] is None
            assert refused["userErrors"] == [{"field": field, "message": message}]
    assert found.refund_list == []
    assert shop.store.journal == []


def test_the_order_must_exist(shop: Bench) -> None:
    """The recorded text at orderId."""
    reply = ask(
        shop, "RefundCreate", input={"orderId": "gid://shopify/Order/9"}, idempotencyKey="k"
    )
    assert reply["data"]["refundCreate"]["userErrors"] == [
        {"field": ["orderId"], "message": "Order does not exist"}
    ]


@pytest.mark.parametrize(("quantity", "second"), [(4, 0), (2, 2)])
def test_too_many_units(shop: Bench, quantity: int, second: int) -> None:
    """Also when they come in two rows: the recorded text at the row that is too much."""
    found = order(shop)
    rows = [units(found.lines[0], n) for n in (quantity, second) if n]
    refused = refund(shop, found, refundLineItems=rows)
    at = str(len(rows) - 1)
    assert refused["userErrors"] == [
        {
            "field": ["refundLineItems", at, "quantity"],
            "message": "Quantity cannot refund more items than were purchased",
        }
    ]
    assert found.lines[0].current_quantity == 3


def test_the_currency_must_be_given(shop: Bench) -> None:
    """Where the customer's differs from the shop's (documented), and it must be that one."""
    found = order(shop, currency="EUR")
    rows = [units(found.lines[0], 1)]
    for currency in (None, "USD"):
        refused = refund(shop, found, refundLineItems=rows, currency=currency)
        assert refused["userErrors"][0]["field"] == ["currency"]
    assert messages(refund(shop, found, refundLineItems=rows, currency="EUR")) == []


def test_each_payment_has_its_bound(shop: Bench) -> None:
    """8.00 by gift card: 9.00 do not go back over it, though 35.00 were paid."""
    found = order(shop, TWO)
    gift, card = found.transaction_list
    refused = refund(shop, found, transactions=[over(gift, "9.00")])
    assert refused["userErrors"][0]["field"] == ["transactions"]
    both = [over(gift, "5.00"), over(gift, "3.01")]
    assert refund(shop, found, transactions=both)["refund"] is None
    assert (
        messages(refund(shop, found, transactions=[over(gift, "8.00"), over(card, "1.00")])) == []
    )
    assert gift.room == 0
    assert card.room == Decimal("26.00")


def test_another_gateway_name_is_ignored(shop: Bench) -> None:
    """The parent decides (captured)."""
    found = order(shop)
    row = {**over(found.transaction_list[0], "1.00"), "gateway": "manual"}
    made = refund(shop, found, transactions=[row])
    assert made["refund"]["transactions"]["nodes"][0]["gateway"] == "shopify_payments"


def test_units_that_will_not_ship(shop: Bench) -> None:
    """They leave the fulfillment order; without transactions no money moves."""
    found = order(shop)
    made = refund(shop, found, refundLineItems=[units(found.lines[0], 2)], note="short")
    assert made["refund"]["transactions"]["nodes"] == []
    assert made["refund"]["totalRefundedSet"]["presentmentMoney"]["amount"] == "0.0"
    line, work = found.lines[0], found.fulfillment_order_list[0]
    assert (line.quantity, line.current_quantity, line.unfulfilled_quantity) == (3, 1, 1)
    assert (work.lines[0].total_quantity, work.lines[0].remaining_quantity) == (1, 1)
    assert work.status == "OPEN"
    assert found.display_financial_status == "PAID"
    refund(shop, found, refundLineItems=[units(line, 1)])
    assert work.status == "CLOSED"
    (entry, _) = shop.store.journal
    assert entry["detail"]["note"] == "short"
    assert entry["detail"]["lines"][0]["quantity"] == 2
    assert entry["detail"]["amount"] == "0.00"


@pytest.mark.parametrize(
    ("restock", "available"), [("CANCEL", 2), ("NO_RESTOCK", 0), ("RETURN", 2)]
)
def test_stock_of_units_that_were_not_shipped(shop: Bench, restock: str, available: int) -> None:
    """They are no longer committed; they go back on sale unless NO_RESTOCK."""
    found = order(shop, lines=[{"sku": "PEG-ALU", "quantity": 3}])
    line = found.lines[0]
    assert line.variant is not None
    assert line.stocked_at is not None
    level = line.variant.inventory_item.levels[line.stocked_at.number_id]
    before = level.available, level.committed
    refund(shop, found, refundLineItems=[units(line, 2, restock)])
    assert (level.available - before[0], level.committed - before[1]) == (available, -2)
    assert found.fulfillment_order_list[0].lines[0].remaining_quantity == 1


def test_units_that_come_back_elsewhere(shop: Bench) -> None:
    """A return of shipped units goes into stock where the input says; nothing is left to ship."""
    found = shipped(shop, lines=[{"sku": "PEG-ALU", "quantity": 3}])
    line = found.lines[0]
    assert line.variant is not None
    place = next(
        row for row in shop.store.locations.values()
        if row.is_active and row is not line.stocked_at
    )  # fmt: skip
    level = line.variant.inventory_item.levels.get(place.number_id)
    before = level.available if level else 0
    row = units(line, 2, "RETURN", locationId=place.id)
    assert messages(refund(shop, found, refundLineItems=[row])) == []
    assert line.variant.inventory_item.levels[place.number_id].available == before + 2
    assert (line.current_quantity, line.unfulfilled_quantity) == (1, 0)
    assert found.display_fulfillment_status == "FULFILLED"


def test_an_unknown_line_and_an_unknown_location(shop: Bench) -> None:
    """Both are told, and nothing happens."""
    found, other = order(shop), order(shop)
    rows = [
        units(other.lines[0], 1),
        units(found.lines[0], 1, "RETURN", locationId="gid://shopify/Location/9"),
    ]
    refused = refund(shop, found, refundLineItems=rows)
    assert [row["field"] for row in refused["userErrors"]] == [
        ["refundLineItems", "0", "lineItemId"],
        ["refundLineItems", "1", "locationId"],
    ]


def test_shipping(shop: Bench) -> None:
    """Part of it, then no more than what is left."""
    found = order(shop)
    card = found.transaction_list[0]
    made = refund(shop, found, shipping={"amount": "2.00"}, transactions=[over(card, "2.00")])
    assert messages(made) == []
    assert str(found.current_shipping_price_set.presentment) == "3.00"
    refused = refund(shop, found, shipping={"amount": "3.01"})
    assert refused["userErrors"][0]["field"] == ["shipping", "amount"]
    refund(shop, found, shipping={"fullRefund": True})
    assert found.current_shipping_price_set.presentment == 0


def test_nothing_to_do_is_refused(shop: Bench) -> None:
    """A refund of nothing at all."""
    assert refund(shop, order(shop))["refund"] is None


def test_store_credit(shop: Bench) -> None:
    """It goes to the customer's account in the customer's currency, bound by what was received."""
    found = order(shop, email="credit@example.com")
    assert found.customer is not None

    def method(amount: str) -> list[dict[str, Any]]:
        money = {"amount": amount, "currencyCode": "USD"}
        return [{"storeCreditRefund": {"amount": money}}]

    made = refund(shop, found, refundMethods=method("12.00"))
    assert made["refund"]["totalRefundedSet"]["presentmentMoney"]["amount"] == "12.0"
    refund(shop, found, refundMethods=method("3.00"))
    text = (
        "query C($id: ID!) { customer(id: $id) { storeCreditAccounts(first: 5) "
        "{ nodes { balance { amount currencyCode } } } } }"
    )
    reply = shop.run(text, {"id": found.customer.id})["data"]["customer"]
    assert reply["storeCreditAccounts"]["nodes"] == [
        {"balance": {"amount": "15.0", "currencyCode": "USD"}}
    ]
    assert shop.store.state()["store_credit"][0]["amount"] == "15.0"
    assert messages(refund(shop, found, refundMethods=method("20.01"))) == [
        "Refund amount $20.01 is greater than net payment received $20.00"
    ]
    # Credit given counts against the payments too, though it did not go over them.
    assert suggestion(shop, found)["most"] == "20.0"
    assert suggestion(shop, found)["over"] == [("shopify_payments", "0.0", "20.0")]


def test_store_credit_needs_a_customer(shop: Bench) -> None:
    """An order without one cannot be credited."""
    found = order(shop, email=None)
    assert found.customer is None
    money = {"amount": "1.00", "currencyCode": "USD"}
    refused = refund(shop, found, refundMethods=[{"storeCreditRefund": {"amount": money}}])
    assert refused["userErrors"][0]["field"] == ["refundMethods"]


@pytest.mark.parametrize("status", ["PENDING", "FAILURE"])
def test_a_refund_whose_money_did_not_move(shop: Bench, status: str) -> None:
    """The refund exists, its transaction says so; what is on its way is not given twice."""
    found = order(shop, [{"refunds": status, "settles_in": 60}])
    card = found.transaction_list[0]
    made = refund(shop, found, transactions=[over(card, "30.00")])["refund"]
    assert made["transactions"]["nodes"][0]["status"] == status
    assert made["totalRefundedSet"]["presentmentMoney"]["amount"] == "0.0"
    assert found.display_financial_status == "PAID"
    again = refund(shop, found, transactions=[over(card, "6.00")])
    assert (again["refund"] is None) == (status == "PENDING")
    if status == "PENDING":
        shop.clock.forward(60)
        shop.store.settle()
        assert found.display_financial_status == "PARTIALLY_REFUNDED"


def test_less_than_suggested_is_a_discrepancy(shop: Bench) -> None:
    """A restocking fee of 1.00 in the merchant's favour; nothing is outstanding."""
    found = order(shop)
    card = found.transaction_list[0]
    refund(
        shop,
        found,
        refundLineItems=[units(found.lines[0], 1)],
        transactions=[over(card, "9.00")],
        discrepancyReason="RESTOCK",
    )
    assert str(found.refund_discrepancy_set.presentment) == "1.00"
    assert not found.total_outstanding_set


def test_lines_off_an_order_that_is_only_authorised(shop: Bench) -> None:
    """No money was received, so none was due back: the authorisation is now too high."""
    found = order(shop, "authorized")
    assert messages(refund(shop, found, refundLineItems=[units(found.lines[0], 1)])) == []
    assert str(found.current_total_price_set.presentment) == "25.00"
    assert str(found.total_outstanding_set.presentment) == "-10.00"
    assert authorization(found).left.presentment == Decimal("35.00")


def test_suggestion_gift_card_first(shop: Bench) -> None:
    """Then the others, as they were paid; each with what it still has."""
    found = order(shop, [{"gateway": "paypal", "amount": "20.00"}, {"gateway": "gift_card"}])
    rows = [units(found.lines[0], 2)]
    assert suggestion(shop, found, rows, shippingAmount="1.50") == {
        "amount": "21.5",
        "most": "35.0",
        "shipping": "1.5",
        "most_shipping": "5.0",
        "over": [("gift_card", "15.0", "15.0"), ("paypal", "6.5", "20.0")],
    }
    _, gift = found.transaction_list
    refund(shop, found, transactions=[over(gift, "14.00")])
    assert suggestion(shop, found, rows)["over"] == [
        ("gift_card", "1.0", "1.0"),
        ("paypal", "19.0", "20.0"),
    ]


def test_suggestion_never_more_than_is_left(shop: Bench) -> None:
    """Documented; units that are gone already are not counted again (assumed)."""
    found = order(shop)
    refund(shop, found, transactions=[over(found.transaction_list[0], "30.00")])
    found_now = suggestion(shop, found, [units(found.lines[0], 9)], shippingAmount="99.00")
    assert (found_now["amount"], found_now["most"], found_now["shipping"]) == ("5.0", "5.0", "5.0")


def test_suggestion_with_tax_and_discount(shop: Bench) -> None:
    """Tax on top comes with the units, and all units together give all of it."""
    found = order(
        shop,
        lines=[{"title": "Odd", "price": "3.33", "quantity": 3, "discount": "1.00"}],
        tax_rate="0.0875",
        shipping=None,
    )
    total = found.total_price_set.presentment
    amounts = []
    for _ in range(3):
        wanted = suggestion(shop, found, [units(found.lines[0], 1)])
        amounts.append(Decimal(wanted["amount"]))
        rows = [over(found.transaction_list[0], wanted["amount"])]
        refund(shop, found, refundLineItems=[units(found.lines[0], 1)], transactions=rows)
    assert sum(amounts) == total
    assert found.display_financial_status == "REFUNDED"
    assert not found.current_total_price_set


def test_suggestion_with_tax_inside(shop: Bench) -> None:
    """Tax inside the prices is not added to them."""
    found = order(shop, taxes_included=True, tax_rate="0.19")
    assert suggestion(shop, found, [units(found.lines[0], 1)])["amount"] == "10.0"


def test_suggestion_for_store_credit(shop: Bench) -> None:
    """The amount, and no transaction."""
    found = order(shop)
    wanted = suggestion(shop, found, [units(found.lines[0], 1)], allocation="STORE_CREDIT")
    assert (wanted["amount"], wanted["over"]) == ("10.0", [])


def test_suggestion_after_an_edit(shop: Bench) -> None:
    """What was paid too much is due back."""
    found = order(shop)
    shop.store.happen(found.id, "reduce", {"position": 0, "units": 1})
    assert suggestion(shop, found)["amount"] == "10.0"


def test_nothing_received_nothing_suggested(shop: Bench) -> None:
    """An authorised order can give nothing back."""
    found = order(shop, "authorized")
    wanted = suggestion(shop, found, [units(found.lines[0], 1)])
    assert (wanted["amount"], wanted["most"], wanted["over"]) == ("0.0", "0.0", [])
    assert found.refundable is False


@pytest.mark.parametrize("digits", [30, 400])
def test_an_amount_beyond_all_bounds(shop: Bench, digits: int) -> None:
    """It is refused, as too much or as not modelled, and the store never breaks."""
    found, amount = order(shop), "1" + "0" * (digits - 1)
    document = documents.operation("RefundCreate").text
    given = {"orderId": found.id, "transactions": [over(found.transaction_list[0], amount)]}
    reply = shop.run(document, {"idempotencyKey": "many-digits", "input": given})
    if digits == 30:
        (error,) = reply["data"]["refundCreate"]["userErrors"]
        assert f"${amount}.00 is greater" in error["message"]
    else:
        assert reply["errors"][0]["code"] == "SANDBOX_NOT_MODELLED"
    assert found.refund_list == []
