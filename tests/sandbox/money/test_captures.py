"""The captured situations about money and returns, played on our store: same words, same keys.

As in ``tests/sandbox/state/test_captures.py``: the store is brought into the recorded state, the
recorded document is sent with our ids, and the replies are compared; ids and times by their form.
"""

from __future__ import annotations

import json
import re
from typing import Any

from bridge.sandbox.model_orders import Order
from tests.sandbox.money.harness import authorization, capture
from tests.sandbox.state.harness import Bench
from tests.sandbox.state.test_captures import captured, form
from tests.shared import needs_shared

pytestmark = needs_shared


def placed(bench: Bench, lines: list[dict[str, Any]], **spec: Any) -> Order:
    """An order of custom lines without shipping, its fulfillment orders there."""
    made = bench.store.place_order({"lines": lines, "shipping": None, "rate": "1", **spec})
    bench.clock.forward(2)
    bench.store.settle()
    return bench.store.orders[int(made["id"])]


def one_line(price: str, quantity: int = 1) -> list[dict[str, Any]]:
    """One custom line."""
    return [{"title": "Line", "price": price, "quantity": quantity}]


def same(bench: Bench, name: str, variables: dict[str, Any], document: str | None = None) -> None:
    """Our reply is the recorded one."""
    capture_file = captured(name)
    reply = bench.run(document or capture_file["document"], variables)
    assert form(reply) == form({"data": capture_file["response"]["data"]})


def by_hand(kind: str) -> list[dict[str, Any]]:
    """A tender of the gateway that was recorded."""
    return [{"gateway": "manual", "kind": kind}]


def test_capture_all_and_read(canada: Bench) -> None:
    """A manual authorisation captured whole, and the order as it reads afterwards."""
    order = placed(canada, one_line("25.00"), payment=by_hand("AUTHORIZATION"))
    parent = authorization(order)
    assert not parent.manually_capturable
    given = {"id": order.id, "parentTransactionId": parent.id, "amount": "25.00"}
    same(canada, "orderCapture__success_full", {"input": given})
    same(canada, "orderCapture__read_after", {"id": order.id})


def test_capture_without_the_currency(canada: Bench) -> None:
    """The customer's currency is not the shop's: it must be given."""
    order = placed(
        canada,
        one_line("12.50"),
        payment=by_hand("AUTHORIZATION"),
        currency="USD",
        rate="1.3592",
    )
    parent = authorization(order)
    given = {"id": order.id, "parentTransactionId": parent.id, "amount": "5.00"}
    same(canada, "orderCapture__currency_missing_multicurrency", {"input": given})
    assert order.transaction_list == [parent]


def test_void(canada: Bench) -> None:
    """A void has the amount 0.0, and the order owes the sum again."""
    order = placed(canada, one_line("25.00"), payment=by_hand("AUTHORIZATION"))
    same(canada, "transactionVoid__success", {"id": authorization(order).id})
    assert order.display_financial_status == "VOIDED"
    assert str(order.total_outstanding_set.presentment) == "25.00"


def test_already_paid(canada: Bench) -> None:
    """The order comes back with the error; nothing is added."""
    order = placed(canada, one_line("12.50"), payment=by_hand("SALE"))
    same(canada, "orderMarkAsPaid__already_paid", {"input": {"id": order.id}})
    assert len(order.transaction_list) == 1


def refund_input(name: str, order: Order) -> dict[str, Any]:
    """The recorded input with our ids."""
    variables: dict[str, Any] = json.loads(json.dumps(captured(name)["variables"]))
    given = variables["input"]
    given["orderId"] = order.id
    for row in given.get("transactions", ()):
        row["orderId"], row["parentId"] = order.id, order.transaction_list[0].id
    for row in given.get("refundLineItems", ()):
        row["lineItemId"] = order.lines[0].id
        row.pop("locationId", None)
    return variables


def with_key(document: str) -> str:
    """A document of the time before keys were demanded, with one."""
    return document.replace(
        "refundCreate(input: $input)", 'refundCreate(input: $input) @idempotent(key: "k-old")'
    )


def test_refund_of_money(canada: Bench) -> None:
    """1.00 of 10.00 back, nothing else."""
    name = "refundCreate__idempotent_money_only_success"
    order = placed(canada, one_line("10.00"), payment=by_hand("SALE"))
    same(canada, name, refund_input(name, order))


def test_refund_of_too_much(canada: Bench) -> None:
    """More than the net payment; the order comes back, the refund does not."""
    name = "refundCreate__over_refund_amount"
    order = placed(canada, one_line("45.00"), payment=by_hand("SALE"))
    canada.store.happen(order.id, "refund", {"amount": "10.00"})
    variables = refund_input(name, order)
    same(canada, name, variables, with_key(captured(name)["document"]))
    assert len(order.refund_list) == 1


def test_refund_of_a_unit_and_shipping(canada: Bench) -> None:
    """A unit of 10.00, RETURN though it was not shipped, and 5.00 of shipping."""
    name = "refundCreate__partial_with_shipping_and_restock"
    title = "Hermes refundable partial-shipping-restock item"
    order = placed(
        canada,
        [{"title": title, "price": "10.00", "quantity": 2}],
        shipping={"price": "5.00"},
        payment=by_hand("SALE"),
    )
    same(canada, name, refund_input(name, order), with_key(captured(name)["document"]))
    line = order.lines[0]
    assert (line.current_quantity, line.unfulfilled_quantity) == (1, 1)
    assert order.fulfillment_order_list[0].lines[0].remaining_quantity == 1
    assert order.current_shipping_price_set.presentment == 0


def sent(bench: Bench, quantity: int = 1) -> tuple[Order, str]:
    """A shipped order in dollars, and the id of the line of its package."""
    order = placed(bench, one_line("20.00", quantity), payment="none")
    bench.store.happen(order.id, "fulfil")
    return order, order.fulfillment_list[0].line_items[0].id


def test_return_without_a_reason(shop: Bench) -> None:
    """Refused with the code NOT_FOUND, of all codes."""
    order, packed = sent(shop, 2)
    line = {"fulfillmentLineItemId": packed, "quantity": 1}
    given = {"orderId": order.id, "returnLineItems": [line]}
    same(shop, "returnCreate__reason_missing", {"returnInput": given})


def test_return_with_a_fee(shop: Bench) -> None:
    """An open return; reverse fulfillment orders are left out of the document."""
    name = "returnCreate__with_shipping_fee"
    order, packed = sent(shop)
    order.name = "#1505"
    recorded = captured(name)
    given = json.loads(json.dumps(recorded["variables"]))
    given["returnInput"]["orderId"] = order.id
    given["returnInput"]["returnLineItems"][0]["fulfillmentLineItemId"] = packed
    document = re.sub(r"reverseFulfillmentOrders\(first: 5\) \{\s*nodes \{\s*id\s*\}\s*\}", "",
                      recorded["document"])  # fmt: skip
    recorded["response"]["data"]["returnCreate"]["return"].pop("reverseFulfillmentOrders")
    reply = shop.run(document, given)
    assert form(reply) == form({"data": recorded["response"]["data"]})


def test_processing_leaves_it_open(shop: Bench) -> None:
    """The processed quantity rises, the return stays open; a declined one lies beside it."""
    name = "returnProcess__stays_open"
    order, _ = sent(shop, 2)
    order.name = "#1797"
    for reason in ("UNWANTED", "STYLE"):
        shop.store.happen(order.id, "return", {"lines": [(0, 1, reason)]})
    first, second = order.return_list
    second.status = "DECLINED"
    given = {
        "returnId": first.id,
        "returnLineItems": [{"id": first.lines[0].id, "quantity": 1}],
        "notifyCustomer": False,
    }
    same(shop, name, {"input": given})
    same_again = shop.run(captured(name)["document"], {"input": given})
    (error,) = same_again["data"]["returnProcess"]["userErrors"]
    assert error["message"] == "Return line item has an invalid quantity."


def test_a_processed_return_cannot_be_cancelled(shop: Bench) -> None:
    """INVALID_STATE once something came in."""
    order, _ = sent(shop)
    shop.store.happen(order.id, "return", {"lines": [(0, 1, "UNWANTED")]})
    item = order.return_list[0]
    item.lines[0].processed_quantity = 1
    same(shop, "returnCancel__processed_line", {"id": item.id})
    assert item.status == "OPEN"


def test_returnable_packages(shop: Bench) -> None:
    """What was shipped and is not on its way back."""
    name = "returnableFulfillments__read"
    order, _ = sent(shop, 2)
    order.lines[0].title = "Return query roots item 20260706133939"
    same(shop, name, {"orderId": order.id})


def test_shop_money_is_that_of_the_day(canada: Bench) -> None:
    """1.00 USD of an order at 1.3592 is 1.36 on its day; a month later it is another sum."""
    spec = {"currency": "USD", "rate": "1.3592"}
    tender = [{"gateway": "manual", "kind": "AUTHORIZATION", "multi_capturable": True}]
    order = placed(canada, one_line("12.50"), payment=tender, **spec)
    capture(canada, order, "1.00", currency="USD")
    canada.clock.forward(30 * 86_400)
    capture(canada, order, "1.00", currency="USD")
    shop_sums = [str(row.amount_set.shop) for row in order.transaction_list]
    assert shop_sums == ["16.99", "1.36", "1.40"]
