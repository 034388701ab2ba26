"""The captured edits, played with the captured documents: same sums, same words, same keys."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bridge.sandbox.model_orders import Order
from tests.sandbox.fulfil.harness import place
from tests.sandbox.state.harness import Bench
from tests.sandbox.state.test_captures import captured, form
from tests.shared import needs_shared

pytestmark = needs_shared

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def same(ours: Any, theirs: Any) -> None:
    """Equal but for ids, times and the shop's currency; the order of keys counts."""
    shapes = []
    for value in (ours, theirs):
        text = _UUID.sub("uuid", json.dumps(value)).replace('"CAD"', '"USD"')
        shapes.append(form(json.loads(text)))
    assert shapes[0] == shapes[1]


def replay(bench: Bench, name: str, **ours: Any) -> tuple[Any, Any]:
    """Our reply and the captured one, for the captured variables with our ids."""
    capture = captured(name)
    reply = bench.run(capture["document"], {**capture["variables"], **ours})
    assert "errors" not in reply, reply
    return reply["data"], capture["response"]["data"]


def calculated(order: Order) -> str:
    """The first line inside a session."""
    return f"gid://shopify/CalculatedLineItem/{order.lines[0].number_id}"


def source(bench: Bench) -> Order:
    """Three units of a custom line, as in the recording of an edit from beginning to end."""
    line = {"title": "Thing", "price": "10.00", "quantity": 3}
    order = place(bench, line, payment="none", shipping=None)
    order.lines[0].title = "Order edit source item 20260622213724"
    order.lines[0].sku = "order-edit-source-20260622213724"
    return order


def snowboard(bench: Bench) -> str:
    """An untracked variant with the recorded name and price."""
    variant = bench.store.by_sku("PRINT-ART")[0]
    variant.product.title = "The Inventory Not Tracked Snowboard"
    variant.inventory_item.sku = "sku-untracked-1"
    variant.price = type(variant.price)("949.95")
    return variant.id


def test_an_edit_from_beginning_to_end(seeded: Bench) -> None:
    """Begin, fewer units, a variant, commit, and the order as it was read afterwards."""
    order = source(seeded)
    capture = captured("orderEditBegin__success")
    ours = seeded.run(capture["document"], {"id": order.id})["data"]
    session = ours["orderEditBegin"]["calculatedOrder"]["id"]
    assert session.split("/")[-1] == ours["orderEditBegin"]["orderEditSession"]["id"].split("/")[-1]
    theirs = capture["response"]["data"]
    theirs["orderEditBegin"]["calculatedOrder"]["originalOrder"]["name"] = order.name
    same(ours, theirs)

    line = {"id": session, "lineItemId": calculated(order)}
    same(*replay(seeded, "orderEditSetQuantity__reduce", **line))
    at = {"id": session, "variantId": snowboard(seeded)}
    same(*replay(seeded, "orderEditAddVariant__success", **at))
    ours, theirs = replay(seeded, "orderEditCommit__success", id=session)
    theirs["orderEditCommit"]["order"]["name"] = order.name
    same(ours, theirs)

    theirs = captured("order_node__edited_added_line_second_fulfillment_order")["response"]["data"]
    rows = [
        (node["quantity"], node["currentQuantity"])
        for node in theirs["order"]["lineItems"]["nodes"]
    ]
    assert [(row.quantity, row.current_quantity) for row in order.lines] == rows
    text = "query Q($id: ID!) { order(id: $id) { currentSubtotalLineItemsQuantity } }"
    units = theirs["order"]["currentSubtotalLineItemsQuantity"]
    reply = seeded.run(text, {"id": order.id})["data"]
    assert reply == {"order": {"currentSubtotalLineItemsQuantity": units}}
    works = [
        [(row["totalQuantity"], row["remainingQuantity"]) for row in node["lineItems"]["nodes"]]
        for node in theirs["order"]["fulfillmentOrders"]["nodes"]
    ]
    assert [
        [(row.total_quantity, row.remaining_quantity) for row in work.lines]
        for work in order.fulfillment_order_list
    ] == works
    total = theirs["order"]["currentTotalPriceSet"]["shopMoney"]["amount"]
    assert f"{order.current_total_price_set.shop.normalize():f}" == total


def test_a_discount(seeded: Bench) -> None:
    """20.00 off one unit of 100.00, with its application and staged change."""
    line = {"title": "Order edit discount source 20260708143123", "price": "100.00"}
    order = place(seeded, line, payment="none", shipping=None)
    begun = seeded.run(captured("orderEditBegin__success")["document"], {"id": order.id})
    session = begun["data"]["orderEditBegin"]["calculatedOrder"]["id"]
    discount = captured("orderEditAddLineItemDiscount__success")["variables"]["discount"]
    discount["fixedValue"]["currencyCode"] = "USD"
    at = {"id": session, "lineItemId": calculated(order), "discount": discount}
    same(*replay(seeded, "orderEditAddLineItemDiscount__success", **at))


def test_a_paid_order_that_grows(seeded: Bench) -> None:
    """10.0 paid, 5.0 added: PARTIALLY_PAID, both totals 15.0, outstanding 5.0."""
    line = {"title": "Thing", "price": "5.00", "quantity": 2}
    order = place(seeded, line, shipping=None)
    begun = seeded.run(captured("orderEditBegin__success")["document"], {"id": order.id})
    session = begun["data"]["orderEditBegin"]["calculatedOrder"]["id"]
    text = captured("orderEditSetQuantity__reduce")["document"]
    seeded.run(text, {"id": session, "lineItemId": calculated(order), "quantity": 3})
    same(*replay(seeded, "orderEditCommit__paid_becomes_partially_paid", id=session))


@pytest.mark.parametrize("name", ["order_node__edited_tax_reduced"])
def test_a_taxed_order_that_shrinks(seeded: Bench, name: str) -> None:
    """The order as it was read after the commit."""
    title = "Order edit taxed source 20260708143123"
    line = {"title": title, "price": "100.00", "quantity": 2, "tax_rate": "0.13"}
    order = place(seeded, line, payment="pending", shipping=None, tax_title="Line tax")
    begun = seeded.run(captured("orderEditBegin__success")["document"], {"id": order.id})
    session = begun["data"]["orderEditBegin"]["calculatedOrder"]["id"]
    text = captured("orderEditSetQuantity__reduce")["document"]
    seeded.run(text, {"id": session, "lineItemId": calculated(order), "quantity": 1})
    seeded.run(captured("orderEditCommit__success")["document"], {"id": session})
    same(*replay(seeded, name, id=order.id))
