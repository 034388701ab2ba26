"""Scopes and protected customer data."""

import pytest

from bridge.sandbox.context import DEFAULT_SCOPES
from tests.sandbox.engine.harness import direct

ORDERS = "{ orders(first: 1) { nodes { id customer { id } email } } }"


def without(*scopes):
    """A store whose app lacks some scopes."""
    return direct(scopes=tuple(s for s in DEFAULT_SCOPES if s not in scopes))


def test_a_nested_field_without_scope_is_null_and_the_rest_complete():
    """Captured shape: the field null, one error that names it and its scope."""
    body = without("read_customers").ask(ORDERS).body
    (node,) = body["data"]["orders"]["nodes"]
    assert node["customer"] is None
    assert node["email"]
    (error,) = body["errors"]
    assert error == {
        "message": "Access denied for customer field. "
        "Required access: `read_customers` access scope.",
        "locations": [{"line": 1, "column": 33}],
        "extensions": {
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": "`read_customers` access scope.",
        },
        "path": ["orders", "nodes", 0, "customer"],
    }


def test_a_write_scope_includes_the_read_scope():
    """Documented: write_orders alone reads orders."""
    shop = direct(scopes=("write_orders", "read_customers"))
    assert "errors" not in shop.ask(ORDERS).body


@pytest.mark.parametrize(
    ("scopes", "text"),
    [
        (("read_orders", "write_orders"), "{ orders(first: 1) { nodes { id } } }"),
        (
            ("read_products", "write_products"),
            "{ productVariants(first: 1) { nodes { id } } }",
        ),
        (("read_locations",), "{ locations(first: 1) { nodes { id } } }"),
        (
            ("read_orders", "write_orders"),
            '{ nodes(ids: ["gid://shopify/Order/1"]) { id } }',
        ),
        (
            ("write_orders",),
            'mutation { tagsAdd(id: "gid://shopify/Order/1", tags: ["a"]) { node { id } } }',
        ),
        (
            ("write_orders",),
            'mutation { metafieldsSet(metafields: [{ownerId: "gid://shopify/Order/1", '
            'namespace: "abc", key: "abc", value: "1"}]) { metafields { id } } }',
        ),
    ],
)
def test_roots_and_writes_need_their_scope(scopes, text):
    """Lists, nodes and writes are refused by the scope of what they touch; nothing is done."""
    shop = without(*scopes)
    (error, *_) = shop.errors(text)
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert shop.store.journal == []


def test_the_installation_tells_its_scopes():
    """What the bridge checks at its start is what the store enforces."""
    shop = direct(scopes=("read_orders",))
    data = shop.data("{ currentAppInstallation { accessScopes { handle } } }")
    assert data["currentAppInstallation"]["accessScopes"] == [{"handle": "read_orders"}]
    shop.engine.reset()
    assert shop.data("{ currentAppInstallation { accessScopes { handle } } }") == data


def test_protected_customer_data_is_null_with_an_error():
    """Documented: denied data is null plus ACCESS_DENIED, never just null."""
    body = direct(protected_data=False).ask(ORDERS).body
    (node,) = body["data"]["orders"]["nodes"]
    assert node["email"] is None
    assert node["customer"] is not None
    assert [e["path"][-1] for e in body["errors"]] == ["email"]
    assert body["errors"][0]["extensions"] == {"code": "ACCESS_DENIED"}
