"""Reading through the schema: every field of every seeded object, and the bridge's documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, parse, validate

from bridge.sandbox.resolvers import RESOLVERS
from bridge.sandbox.shipping import fulfil
from bridge.schema import load_schema
from tests.sandbox.state.harness import Bench

EXTRA = Path(__file__).resolve().parents[2] / "schema" / "extra_documents"
DOCUMENTS = Path(__file__).resolve().parents[3] / "bridge" / "shopify" / "documents"


def document(name: str) -> str:
    """One of the bridge's own documents."""
    return (DOCUMENTS / f"{name}.graphql").read_text(encoding="utf-8")


def test_every_resolver_is_a_field_of_the_schema() -> None:
    """No resolver for what the schema does not have."""
    types = load_schema().type_map
    for kind, fields in RESOLVERS.items():
        found = types[kind]
        assert isinstance(found, GraphQLObjectType)
        assert set(fields) <= set(found.fields), kind


def test_every_root_field_is_answered() -> None:
    """What the schema offers at the root, the store models."""
    schema = load_schema()
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert set(RESOLVERS["QueryRoot"]) == set(schema.query_type.fields)
    assert set(RESOLVERS["Mutation"]) == set(schema.mutation_type.fields)


@pytest.mark.parametrize("presentment", [True, False])
def test_order_pull_reads_the_whole_seed(seeded: Bench, presentment: bool) -> None:
    """The bridge's biggest document over every seeded order, without an error."""
    text = document("OrderPull")
    assert validate(load_schema(), parse(text)) == []
    variables = {
        "byQuery": True,
        "byIds": False,
        "withCancelled": True,
        "withRecent": True,
        "presentment": presentment,
        "namespace": "retailops",
        "lines": 150,
        "first": 100,
        "cancelledQuery": "status:cancelled",
    }
    reply = seeded.run(text, variables)
    assert "errors" not in reply
    nodes = reply["data"]["page"]["nodes"]
    assert len(nodes) == len(seeded.store.orders)
    assert {node["id"] for node in reply["data"]["cancelled"]["nodes"]} == {
        order.id for order in seeded.store.orders.values() if order.cancelled_at
    }


def test_bootstrap_and_locations(seeded: Bench) -> None:
    """What the bridge asks first."""
    shop = seeded.run(document("Bootstrap"))["data"]
    assert shop["shop"]["currencyCode"] == "USD"
    assert {"handle": "2026-10", "supported": True} in shop["publicApiVersions"]
    assert {"handle": "write_orders"} in shop["currentAppInstallation"]["accessScopes"]
    rows = seeded.run(document("Locations"))["data"]["locations"]["nodes"]
    assert [row["name"] for row in rows] == ["Albany Warehouse", "Brooklyn Store", "Reno Overflow"]


def test_inactive_location_only_when_asked_for(seeded: Bench) -> None:
    """IncludeInactive shows the closed one."""
    text = "{ locations(first: 9, includeInactive: true) { nodes { name isActive } } }"
    rows = seeded.run(text)["data"]["locations"]["nodes"]
    assert {"name": "Old Depot", "isActive": False} in rows


def test_nodes_of_every_kind(seeded: Bench) -> None:
    """A node for each id in order, null for what does not exist."""
    order = seeded.order("fulfilled")
    ids = [
        order.id,
        order.lines[0].id,
        order.fulfillment_order_list[0].id,
        order.fulfillment_list[0].id,
        order.transaction_list[0].id,
        "gid://shopify/Order/1",
    ]
    text = "query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = seeded.run(text, {"ids": ids})["data"]["nodes"]
    assert [node and node["__typename"] for node in found] == [
        "Order",
        "LineItem",
        "FulfillmentOrder",
        "Fulfillment",
        "OrderTransaction",
        None,
    ]
    assert [node["id"] for node in found[:-1]] == ids[:-1]


def test_read_by_the_id_of_another_type(seeded: Bench) -> None:
    """A product's id is no order: null, no error (captured for reads)."""
    product = next(iter(seeded.store.products.values()))
    reply = seeded.run("query Q($id: ID!) { order(id: $id) { id } }", {"id": product.id})
    assert reply == {"data": {"order": None}}


def test_fulfillments_newest_first(seeded: Bench) -> None:
    """Captured: the opposite of fulfillment orders, which come oldest first."""
    order = seeded.order("partly_fulfilled")
    fulfil(seeded.store, order, seeded.clock.now)
    text = """query Q($id: ID!) { order(id: $id) {
      displayFulfillmentStatus
      fulfillments(first: 5) { name status trackingInfo { number } }
      fulfillmentOrders(first: 5) { nodes { status } }
    } }"""
    found = seeded.run(text, {"id": order.id})["data"]["order"]
    assert [row["name"] for row in found["fulfillments"]] == [
        f"{order.name}-F2",
        f"{order.name}-F1",
    ]
    assert found["displayFulfillmentStatus"] == "FULFILLED"
    assert found["fulfillmentOrders"]["nodes"] == [{"status": "CLOSED"}]


def test_formats(seeded: Bench) -> None:
    """Times without fractions, ids as strings, null for a missing SKU, money with one zero kept."""
    order = seeded.order("no_sku")
    text = """query Q($id: ID!) { order(id: $id) {
      createdAt legacyResourceId
      currentTotalPriceSet { shopMoney { amount } }
      lineItems(first: 2) { nodes { sku variantTitle } }
      fulfillmentOrders(first: 1) { nodes { fulfillAt } }
    } }"""
    found = seeded.run(text, {"id": order.id})["data"]["order"]
    assert len(found["createdAt"]) == len("2026-11-23T08:00:00Z")
    assert found["legacyResourceId"] == str(order.number_id)
    assert found["currentTotalPriceSet"]["shopMoney"]["amount"] == "38.9"
    assert found["lineItems"]["nodes"][1] == {"sku": None, "variantTitle": None}
    assert found["fulfillmentOrders"]["nodes"][0]["fulfillAt"].endswith(":00:00Z")


def test_state_is_json(seeded: Bench) -> None:
    """The sections of the contract, each with its rows."""
    state = seeded.store.state()
    for section in (
        "orders",
        "fulfillments",
        "transactions",
        "refunds",
        "returns",
        "inventory",
        "products",
    ):
        assert state[section], section
    order = next(row for row in state["orders"] if row["kind"] == "jpy")
    assert order["total"]["currency"] == "JPY"
    assert order["id"] == order["gid"].rsplit("/", 1)[-1]


def extra(name: str) -> str:
    """One of the documents that the schema is cut for beyond the bridge's own."""
    return (EXTRA / f"{name}.graphql").read_text(encoding="utf-8")


def test_every_field_of_every_order(seeded: Bench) -> None:
    """The widest document over each seeded order, without an error."""
    for order in seeded.store.orders.values():
        seeded.clock.forward(1)  # the bucket fills again
        assert "errors" not in seeded.run(extra("OrderRead"), {"id": order.id}), order.kind


def test_every_kind_of_node(seeded: Bench) -> None:
    """One object of each type of the schema that the store keeps, read by its id."""
    kinds: dict[str, str] = {}
    for identifier, node in seeded.store.nodes.items():
        kinds.setdefault(node.gql_type, identifier)
    types = load_schema().type_map
    asked = {kind: identifier for kind, identifier in kinds.items() if kind in types}
    assert {"InventoryLevel", "Refund", "Return", "Customer", "LineItemGroup"} <= set(asked)
    for kind, identifier in asked.items():
        variables = {"id": identifier, "job": "gid://shopify/Job/0"}
        if kind in {"RefundLineItem", "ShippingLine"}:  # no nodes in Shopify either
            continue
        reply = seeded.run(extra("NodeRead"), variables)
        assert "errors" not in reply, (kind, reply)
        assert reply["data"]["node"]["id"] == identifier


def test_catalogue(seeded: Bench) -> None:
    """Products, variants, items and levels by id and by search."""
    variant = seeded.store.by_sku("LANTERN-BRASS")[0]
    variables = {
        "product": variant.product.id,
        "variant": variant.id,
        "item": variant.inventory_item.id,
        "location": next(iter(seeded.store.locations.values())).id,
        "query": "sku:'LANTERN-BRASS'",
    }
    reply = seeded.run(extra("CatalogRead"), variables)
    assert "errors" not in reply
    assert reply["data"]["productVariant"]["price"] == "69.00"


def test_lists_of_orders(seeded: Bench) -> None:
    """Both ends, counts, cursors."""
    text = extra("OrderLists")
    forward = seeded.run(text, {"first": 3, "sortKey": "CREATED_AT"})
    assert "errors" not in forward


def test_what_is_not_modelled_says_so(seeded: Bench) -> None:
    """Arguments that the store would have to ignore are refused by name."""
    order = seeded.order("fulfilled").id
    for field in (
        'fulfillments(first: 1, query: "x") { id }',
        'fulfillmentOrders(first: 1, query: "x") { nodes { id } }',
        'returns(first: 1, query: "x") { nodes { id } }',
    ):
        text = f"query Q($id: ID!) {{ order(id: $id) {{ {field} }} }}"
        errors = seeded.run(text, {"id": order})["errors"]
        assert errors[0]["code"] == "SANDBOX_NOT_MODELLED"
    errors = seeded.run('{ locations(first: 1, query: "x") { nodes { id } } }')["errors"]
    assert errors[0]["code"] == "SANDBOX_NOT_MODELLED"


def test_transactions_by_capturability(seeded: Bench) -> None:
    """Open authorisations alone, or all but them."""
    text = """query Q($id: ID!) { order(id: $id) {
      open: transactions(first: 9, capturable: true) { kind }
      done: transactions(first: 9, capturable: false) { kind }
    } }"""
    variables = {"id": seeded.order("gift_card_and_authorized_card").id}
    found = seeded.run(text, variables)["data"]["order"]
    assert found == {"open": [{"kind": "AUTHORIZATION"}], "done": [{"kind": "SALE"}]}


def test_return_statuses(seeded: Bench) -> None:
    """Requested before open before closed (captured order of precedence)."""
    order = seeded.order("return_requested")
    for status, shown in (
        ("OPEN", "IN_PROGRESS"),
        ("REQUESTED", "RETURN_REQUESTED"),
        ("CLOSED", "RETURNED"),
        ("CANCELED", "NO_RETURN"),
    ):
        order.return_list[0].status = status
        assert order.return_status == shown
