"""Orders placed for their money, and the bridge's own documents run over them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.model_lines import LineItem, Transaction
from bridge.sandbox.model_orders import Order
from bridge.shopify import documents
from tests.sandbox.state.harness import Bench

Row = dict[str, Any]


def ask(bench: Bench, operation: str, **variables: object) -> Row:
    """The reply to one of the bridge's documents."""
    return bench.run(documents.operation(operation).text, variables)


def payload(bench: Bench, operation: str, **variables: object) -> Row:
    """The payload of a mutation that must not fail at the top."""
    reply = ask(bench, operation, **variables)
    assert "errors" not in reply, reply
    (found,) = reply["data"].values()
    assert isinstance(found, dict)
    return found


def messages(found: Mapping[str, Any]) -> list[str]:
    """The texts of the user errors."""
    return [row["message"] for row in found["userErrors"]]


def order(bench: Bench, payment: object = "paid", **spec: object) -> Order:
    """Three units at 10.00 of something made to order, shipped for 5.00, no tax."""
    lines = [{"title": "Lantern", "price": "10.00", "quantity": 3}]
    placed = bench.store.place_order(
        {"lines": lines, "shipping": {"price": "5.00"}, "payment": payment, **spec}
    )
    bench.clock.forward(2)
    bench.store.settle()
    return bench.store.orders[int(placed["id"])]


def authorization(found: Order) -> Transaction:
    """The first authorisation of an order."""
    return next(row for row in found.transaction_list if row.kind == "AUTHORIZATION")


def capture(bench: Bench, found: Order, amount: str, **given: object) -> Row:
    """``orderCapture`` of the first authorisation."""
    parent = {"parentTransactionId": authorization(found).id}
    return payload(
        bench, "OrderCapture", input={"id": found.id, **parent, "amount": amount, **given}
    )


def over(parent: Transaction, amount: str, kind: str = "REFUND") -> Row:
    """One transaction of a refund."""
    return {
        "orderId": parent.order.id,
        "parentId": parent.id,
        "gateway": parent.gateway,
        "kind": kind,
        "amount": amount,
    }


def units(line: LineItem, quantity: int, restock: str = "NO_RESTOCK", **more: object) -> Row:
    """One line of a refund."""
    return {"lineItemId": line.id, "quantity": quantity, "restockType": restock, **more}


def refund(bench: Bench, found: Order, key: str | None = None, **given: Any) -> Row:
    """``refundCreate`` with a key of its own unless one is given."""
    key = key or str(uuid.uuid4())
    given.setdefault("transactions", [])
    return payload(bench, "RefundCreate", idempotencyKey=key, input={"orderId": found.id, **given})


def suggestion(bench: Bench, found: Order, lines: Sequence[Row] = (), **given: object) -> Row:
    """``Order.suggestedRefund``, flattened: amounts as text."""
    rows = [{k: v for k, v in row.items() if k != "restockType"} for row in lines]
    reply = ask(
        bench,
        "RefundState",
        id=found.id,
        refundLineItems=rows,
        withReturns=True,
        **given,
    )
    row = reply["data"]["order"]["suggestedRefund"]

    def amount(bag: Mapping[str, Any]) -> str:
        return str(bag["presentmentMoney"]["amount"])

    return {
        "amount": amount(row["amountSet"]),
        "most": amount(row["maximumRefundableSet"]),
        "shipping": amount(row["shipping"]["amountSet"]),
        "most_shipping": amount(row["shipping"]["maximumRefundableSet"]),
        "over": [
            (item["gateway"], amount(item["amountSet"]), amount(item["maximumRefundableSet"]))
            for item in row["suggestedTransactions"]
        ],
    }


def shipped(bench: Bench, **spec: object) -> Order:
    """A paid order, all of it shipped in one package."""
    found = order(bench, **spec)
    bench.store.happen(found.id, "fulfil")
    return found
