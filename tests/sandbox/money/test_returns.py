"""Returns from the announcement to the end, and what can be returned at all."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox.model_orders import Order
from tests.sandbox.money.harness import (
    ask,
    messages,
    order,
    over,
    payload,
    refund,
    shipped,
    units,
)
from tests.sandbox.state.harness import Bench

CANCEL = """mutation C($id: ID!) { returnCancel(id: $id) {
  return { id status } userErrors { code field message } } }"""
READ = """query R($id: ID!) { return(id: $id) { name status closedAt totalQuantity
  order { returnStatus }
  returnLineItems(first: 5) { nodes { quantity processedQuantity unprocessedQuantity
    processableQuantity refundedQuantity refundableQuantity } }
  refunds(first: 5) { nodes { note totalRefundedSet { presentmentMoney { amount } } } } } }"""


def packed(found: Order) -> str:
    """The line of the first package."""
    return found.fulfillment_list[0].line_items[0].id


def announce(bench: Bench, found: Order, quantity: int = 1, **line: Any) -> dict[str, Any]:
    """``returnCreate`` of units of the first package."""
    line.setdefault("returnReason", "UNWANTED")
    row = {"fulfillmentLineItemId": packed(found), "quantity": quantity, **line}
    return payload(
        bench, "ReturnCreate", returnInput={"orderId": found.id, "returnLineItems": [row]}
    )


def returnable(bench: Bench, found: Order) -> list[int]:
    """Units that each package still offers."""
    rows = ask(bench, "ReturnState", id=found.id)["data"]["returnableFulfillments"]["nodes"]
    return [row["quantity"] for p in rows for row in p["returnableFulfillmentLineItems"]["nodes"]]


def test_an_announced_return(shop: Bench) -> None:
    """Open, named after the order, noted in the journal; an archived order is opened again."""
    found = shipped(shop)
    shop.store.happen(found.id, "close")
    made = announce(shop, found, 2, returnReasonNote="RetailOps RMA 7")
    assert made["userErrors"] == []
    assert made["return"]["name"] == f"{found.name}-R1"
    assert made["return"]["status"] == "OPEN"
    assert found.return_status == "IN_PROGRESS"
    assert not found.closed
    assert returnable(shop, found) == [1]
    line = ask(shop, "ReturnState", id=found.id)["data"]["order"]["returns"]["nodes"][0]
    (row,) = line["returnLineItems"]["nodes"]
    assert row["returnReasonNote"] == "RetailOps RMA 7"
    assert row["fulfillmentLineItem"]["id"] == packed(found)
    entry = shop.store.journal[-1]
    assert entry["mutation"] == "returnCreate"
    assert entry["detail"]["lines"][0]["quantity"] == 2


@pytest.mark.parametrize("quantity", [0, 4])
def test_units_that_were_not_shipped(shop: Bench, quantity: int) -> None:
    """The recorded text at the quantity."""
    found = shipped(shop)
    assert announce(shop, found, quantity)["userErrors"] == [
        {
            "code": "INVALID",
            "field": ["returnInput", "returnLineItems", "0", "quantity"],
            "message": "Return line item has an invalid quantity.",
        }
    ]


def test_one_wrong_line_refuses_all(shop: Bench) -> None:
    """An unknown line of a package beside a good one (captured)."""
    found = shipped(shop)
    good = {"fulfillmentLineItemId": packed(found), "quantity": 1, "returnReason": "UNWANTED"}
    bad = {**good, "fulfillmentLineItemId": "gid://shopify/FulfillmentLineItem/9"}
    given = {"orderId": found.id, "returnLineItems": [good, bad]}
    refused = payload(shop, "ReturnCreate", returnInput=given)
    assert refused["userErrors"] == [
        {
            "code": "NOT_FOUND",
            "field": ["returnInput", "returnLineItems", "1", "fulfillmentLineItemId"],
            "message": "Fulfillment Line Item was not found.",
        }
    ]
    assert found.return_list == []


OTHER = "gid://shopify/ReturnReasonDefinition/5"


@pytest.mark.parametrize("reason", [{"returnReason": "OTHER"}, {"returnReasonDefinitionId": OTHER}])
def test_other_needs_a_note(shop: Bench, reason: dict[str, str]) -> None:
    """BLANK at the note (captured for the value, assumed for the definition)."""
    found = shipped(shop)
    line: dict[str, Any] = {"returnReason": None, **reason}
    refused = announce(shop, found, **line)
    assert refused["userErrors"] == [
        {
            "code": "BLANK",
            "field": ["returnInput", "returnLineItems", "0", "returnReasonNote"],
            "message": "Return line items return reason note The note is required when the "
            'return reason is "Other"',
        }
    ]
    noted = announce(shop, found, **line, returnReasonNote="odd")
    assert noted["userErrors"] == []


def test_the_library_of_reasons(shop: Bench) -> None:
    """Twenty as recorded; a number of which there is none is refused."""
    rows = ask(shop, "ReturnReasons")["data"]["returnReasonDefinitions"]["nodes"]
    assert len(rows) == 20
    assert rows[4] == {"id": OTHER, "handle": "other-reason", "name": "Other", "deleted": False}
    text = 'query { returnReasonDefinitions(first: 5, handles: ["style"]) { nodes { name } } }'
    assert shop.run(text)["data"]["returnReasonDefinitions"]["nodes"] == [{"name": "Style"}]
    unknown = "gid://shopify/ReturnReasonDefinition/999"
    refused = announce(shop, shipped(shop), returnReason=None, returnReasonDefinitionId=unknown)
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"


def test_what_was_refunded_cannot_be_returned(shop: Bench) -> None:
    """Fulfilled less returned: refunds of shipped units count, those of unshipped ones do not."""
    found = order(shop)
    shop.store.happen(found.id, "fulfil", {"quantities": {0: 2}})
    refund(shop, found, refundLineItems=[units(found.lines[0], 1, "CANCEL")])
    assert returnable(shop, found) == [2]
    refund(shop, found, refundLineItems=[units(found.lines[0], 1, "RETURN")])
    assert returnable(shop, found) == [1]
    assert announce(shop, found, 2)["userErrors"][0]["code"] == "INVALID"


def opened(bench: Bench) -> Order:
    """A shipped order with an open return of two of its three units."""
    found = shipped(bench)
    announce(bench, found, 2)
    return found


def work(bench: Bench, found: Order, quantity: int, **given: Any) -> dict[str, Any]:
    """``returnProcess`` of the first line of the first return."""
    item = found.return_list[0]
    rows = [{"id": item.lines[0].id, "quantity": quantity}] if quantity else []
    return payload(
        bench, "ReturnProcess", input={"returnId": item.id, "returnLineItems": rows, **given}
    )


def test_processing_with_money(shop: Bench) -> None:
    """The refund belongs to the return and takes the units off the order; it stays open."""
    found = opened(shop)
    card = found.transaction_list[0]
    money = {"amount": "10.00", "currencyCode": "USD"}
    issue = {"orderTransactions": [{"parentId": card.id, "transactionAmount": money}]}
    done = work(shop, found, 1, financialTransfer={"issueRefund": issue}, note="RetailOps 9")
    assert done["userErrors"] == []
    assert done["return"]["status"] == "OPEN"
    reply = shop.run(READ, {"id": found.return_list[0].id})["data"]["return"]
    assert reply["returnLineItems"]["nodes"] == [
        {
            "quantity": 2,
            "processedQuantity": 1,
            "unprocessedQuantity": 1,
            "processableQuantity": 1,
            "refundedQuantity": 1,
            "refundableQuantity": 1,
        }
    ]
    assert reply["refunds"]["nodes"] == [
        {"note": "RetailOps 9", "totalRefundedSet": {"presentmentMoney": {"amount": "10.0"}}}
    ]
    assert found.lines[0].current_quantity == 2
    # Two of three are in the return; the refund of one of them does not count again.
    assert returnable(shop, found) == [1]
    assert [entry["mutation"] for entry in shop.store.journal[-2:]] == ["returnProcess"] * 2


def test_processing_without_money(shop: Bench) -> None:
    """Only the quantities: no refund, the units stay refundable."""
    found = opened(shop)
    assert work(shop, found, 2)["userErrors"] == []
    assert found.refund_list == []
    assert found.lines[0].refundable_quantity == 3
    assert found.return_list[0].status == "OPEN"


def test_processing_that_is_refused(shop: Bench) -> None:
    """Too many, an unknown line, too much money: nothing is processed."""
    found = opened(shop)
    card = found.transaction_list[0]
    assert work(shop, found, 3)["userErrors"][0]["code"] == "INVALID"
    row = {"id": "gid://shopify/ReturnLineItem/9", "quantity": 1}
    given = {"returnId": found.return_list[0].id, "returnLineItems": [row]}
    assert payload(shop, "ReturnProcess", input=given)["userErrors"] == [
        {
            "code": "NOT_FOUND",
            "field": ["input", "returnLineItems", "0", "id"],
            "message": "Return line item was not found.",
        }
    ]
    for amount, currency in (("99.00", "USD"), ("1.00", "EUR")):
        money = {"amount": amount, "currencyCode": currency}
        issue = {"orderTransactions": [{"parentId": card.id, "transactionAmount": money}]}
        refused = work(shop, found, 1, financialTransfer={"issueRefund": issue})
        assert refused["return"] is None
    assert found.return_list[0].lines[0].processed_quantity == 0
    missing = {"returnId": "gid://shopify/Return/9"}
    assert messages(payload(shop, "ReturnProcess", input=missing)) == ["Return not found."]


def test_the_end_of_a_return(shop: Bench) -> None:
    """Closed once; again is a no-op without an entry; then nothing more can be done with it."""
    found = opened(shop)
    item = found.return_list[0]
    assert payload(shop, "ReturnClose", id=item.id)["return"]["status"] == "CLOSED"
    assert found.return_status == "RETURNED"
    assert item.closed_at == shop.clock.now
    entries = len(shop.store.journal)
    shop.clock.forward(5)
    assert messages(payload(shop, "ReturnClose", id=item.id)) == []
    assert (len(shop.store.journal), item.closed_at != shop.clock.now) == (entries, True)
    refused = shop.run(CANCEL, {"id": item.id})["data"]["returnCancel"]
    assert refused["userErrors"] == [
        {"code": "INVALID_STATE", "field": ["id"], "message": "Return is not cancelable."}
    ]
    assert work(shop, found, 1)["userErrors"][0]["code"] == "INVALID_STATE"
    missing = payload(shop, "ReturnClose", id="gid://shopify/Return/9")
    assert missing["userErrors"] == [
        {"code": "NOT_FOUND", "field": ["id"], "message": "Return not found."}
    ]


def test_a_cancelled_return(shop: Bench) -> None:
    """Its units can be returned again, it cannot be closed, and a second time is a no-op."""
    found = opened(shop)
    item = found.return_list[0]
    for _ in range(2):
        done = shop.run(CANCEL, {"id": item.id})["data"]["returnCancel"]
        assert done["return"]["status"] == "CANCELED"
        assert done["userErrors"] == []
    assert found.return_status == "NO_RETURN"
    assert returnable(shop, found) == [3]
    assert payload(shop, "ReturnClose", id=item.id)["userErrors"] == [
        {"code": "INVALID_STATE", "field": ["id"], "message": "Return status is invalid."}
    ]


def test_a_refund_beside_the_return(shop: Bench) -> None:
    """RefundCreate and the return know nothing of each other: both count (captured nowhere)."""
    found = opened(shop)
    card = found.transaction_list[0]
    refund(
        shop,
        found,
        refundLineItems=[units(found.lines[0], 2, "RETURN")],
        transactions=[over(card, "20.00")],
    )
    assert found.return_list[0].lines[0].processed_quantity == 0
    assert returnable(shop, found) == []
