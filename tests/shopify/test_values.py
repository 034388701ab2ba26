"""Answers as Python values."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bridge.errors import ShopifyBroken
from bridge.shopify.documents import batch, operation
from bridge.shopify.values import plain

PULL = operation("OrderPull")


def money(amount: str) -> dict[str, Any]:
    """A MoneyBag in presentment money."""
    return {"presentmentMoney": {"amount": amount, "currencyCode": "USD"}}


ORDER: dict[str, Any] = {
    "id": "gid://shopify/Order/1",
    "legacyResourceId": "1",
    "createdAt": "2026-11-22T10:30:00Z",
    "cancelledAt": None,
    "currentTotalPriceSet": money("31.9"),
    "currentTotalDutiesSet": None,
    "tags": ["a", "b"],
    "shippingAddress": {"zip": "10115"},
    "shippingLines": {"nodes": []},
    "fulfillmentOrders": None,
    "lineItems": {
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [
            {
                "id": "gid://shopify/LineItem/1",
                "quantity": 2,
                "originalUnitPriceSet": money("15.95"),
                "taxLines": [{"rate": Decimal("0.0725"), "priceSet": money("1.0")}],
            }
        ],
    },
}


def test_an_order_becomes_python() -> None:
    """Connections are lists, money Decimal, times aware; ids and absent fields stay as they are."""
    data = {"page": {"pageInfo": {"hasNextPage": False}, "nodes": [ORDER]}}
    before = json.dumps(data, default=str)
    (order,) = plain(data, PULL)["page"]
    assert order["createdAt"] == datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    assert order["cancelledAt"] is None
    amount = order["currentTotalPriceSet"]["presentmentMoney"]["amount"]
    assert (amount, type(amount)) == (Decimal("31.9"), Decimal)
    assert order["currentTotalDutiesSet"] is None
    assert order["legacyResourceId"] == "1"
    assert order["tags"] == ["a", "b"]
    assert order["shippingLines"] == []
    assert order["fulfillmentOrders"] is None, "refused or absent is not the same as empty"
    assert "customer" not in order
    (line,) = order["lineItems"]
    assert line["quantity"] == 2
    assert line["taxLines"][0]["rate"] == Decimal("0.0725")
    assert json.dumps(data, default=str) == before, "the raw data is left alone"


def test_nodes_by_id_may_be_missing_or_something_else() -> None:
    """nodes(ids) gives null for what is not there, and other types without the order's fields."""
    data = {"named": [None, {"__typename": "Product"}, {"__typename": "Order", **ORDER}]}
    nothing, product, order = plain(data, PULL)["named"]
    assert nothing is None
    assert product == {"__typename": "Product"}
    assert order["lineItems"][0]["quantity"] == 2


def test_a_rate_of_zero_is_a_decimal_too() -> None:
    """JSON writes a Float of zero as the integer 0: it is a Decimal all the same."""
    order = {"lineItems": {"nodes": [{"taxLines": [{"rate": 0}]}]}}
    line = plain({"page": {"nodes": [order]}}, PULL)["page"][0]["lineItems"][0]
    assert isinstance(line["taxLines"][0]["rate"], Decimal)


def test_a_batch_is_converted_by_its_own_aliases() -> None:
    """The levels of several locations come under their numbers."""
    op = batch(operation("VariantsBySku"), 2, field="level", prefix="level", own=("location",))
    item = {"id": "1", "level0": {"quantities": []}, "level1": None}
    data = {"productVariants": {"nodes": [{"sku": "A", "inventoryItem": item}]}}
    assert plain(data, op)["productVariants"] == [{"sku": "A", "inventoryItem": item}]


def test_what_needs_no_change_is_copied() -> None:
    """An answer of plain strings comes back equal, and is another object."""
    data = {"tagsAdd": {"userErrors": []}}
    out = plain(data, operation("OrderAcknowledge"))
    assert out == data
    assert out is not data


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("createdAt", "yesterday", "DateTime"),
        ("createdAt", "2026-11-22T10:30:00", "DateTime"),
        ("createdAt", 5, "DateTime"),
        ("currentTotalPriceSet", money("NaN"), "Decimal"),
        ("currentTotalPriceSet", money("12,50"), "Decimal"),
    ],
)
def test_a_value_against_the_schema_is_shopifys_fault(field: str, value: object, kind: str) -> None:
    """Named by its type, never by its content."""
    with pytest.raises(ShopifyBroken, match=f"a {kind} that is none"):
        plain({"page": {"nodes": [{field: value}]}}, PULL)
