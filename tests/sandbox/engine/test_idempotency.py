"""``@idempotent``: demanded, replayed, refused."""

import pytest

from bridge.sandbox.errors import StoreError
from bridge.sandbox.idempotency import REQUIRED, Keys, Refused
from bridge.sandbox.resolvers import RESOLVERS
from tests.sandbox.engine.harness import direct, still_clock
from tests.sandbox.engine.test_errors import SET

ACTIVATE = """mutation A($item: ID!, $location: ID!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}"""


def stocked(shop):
    """An item that is tracked and stocked, and where."""
    for item in shop.store.items.values():
        for level in item.levels.values():
            if item.tracked and level.is_active and item.variant.requires_components is False:
                return item, level
    raise AssertionError("the seed has no stock")


def setting(shop, quantity: int, key: str = "k-1"):
    """Variables that set the available units of one item."""
    item, level = stocked(shop)
    row = {
        "inventoryItemId": item.id,
        "locationId": level.location.id,
        "quantity": quantity,
        "changeFromQuantity": None,
    }
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    return {"input": given, "key": key}


def test_the_directive_is_demanded(shop):
    """Captured: BAD_REQUEST, the payload null, nothing done."""
    text = SET.replace(" @idempotent(key: $key)", "").replace(", $key: String!", "")
    body = shop.ask(text, {"input": setting(shop, 5)["input"]}).body
    assert body["data"] == {"inventorySetQuantities": None}
    (error,) = body["errors"]
    assert error["message"] == (
        "The @idempotent directive is required for this mutation but was not provided."
    )
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert error["path"] == ["inventorySetQuantities"]
    assert body["extensions"]["cost"]["actualQueryCost"] == 10
    assert shop.store.journal == []


def test_the_list_of_mutations_that_demand_it():
    """shopify.md §4 names sixteen; fulfillmentCreate and orderCapture are not among them."""
    assert len(REQUIRED) == 16
    assert {"refundCreate", "inventorySetQuantities", "inventoryActivate"} <= REQUIRED
    assert not REQUIRED & {"fulfillmentCreate", "orderCapture", "orderCancel", "tagsAdd"}


def test_a_repeat_gives_the_first_result_and_does_nothing(shop):
    """The same key and input: the stored payload, one entry in the journal."""
    first = shop.data(SET, setting(shop, 77))
    assert first["inventorySetQuantities"]["inventoryAdjustmentGroup"]["id"]
    assert shop.data(SET, setting(shop, 77)) == first
    assert len(shop.store.journal) == 1
    shop.data(SET, setting(shop, 78, key="k-2"))
    shop.data(SET, setting(shop, 77))
    _, level = stocked(shop)
    assert level.available == 78


def test_another_input_under_the_same_key_is_a_mismatch(shop):
    """A user error with Shopify's code and words, and no effect."""
    shop.data(SET, setting(shop, 77))
    payload = shop.data(SET, setting(shop, 78))["inventorySetQuantities"]
    assert payload == {
        "inventoryAdjustmentGroup": None,
        "userErrors": [
            {
                "code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
                "field": None,
                "message": "The same idempotency key cannot be used with different operation "
                "parameters.",
            }
        ],
    }
    assert len(shop.store.journal) == 1


def test_a_payload_without_codes_shows_the_code_at_the_top(shop):
    """InventoryActivate has plain user errors, so its code is a top-level one (assumed)."""
    item, level = stocked(shop)
    shop.data(SET, setting(shop, 77))
    given = {"item": item.id, "location": level.location.id, "key": "k-1"}
    body = shop.ask(ACTIVATE, given).body
    assert body["data"] == {"inventoryActivate": None}
    assert body["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_keys_are_forgotten_after_a_day(shop):
    """Documented: 24 hours; then the same key runs again."""
    shop.data(SET, setting(shop, 77))
    shop.clock.advance(24 * 3600 - 1)
    assert "MISMATCH" in str(shop.data(SET, setting(shop, 78)))
    shop.clock.advance(1)
    shop.data(SET, setting(shop, 78))
    _, level = stocked(shop)
    assert level.available == 78


def test_user_errors_are_replayed_too(shop):
    """An attempt that the business refused gives the same refusal again (assumed)."""
    given = setting(shop, 2_000_000_000)
    first = shop.data(SET, given)["inventorySetQuantities"]["userErrors"]
    assert [error["code"] for error in first] == ["INVALID_QUANTITY_TOO_HIGH"]
    assert shop.data(SET, given)["inventorySetQuantities"]["userErrors"] == first


def test_a_refused_request_does_not_spend_its_key(shop):
    """What is refused at the top level before it ran leaves the key free."""
    bad = setting(shop, 77)
    del bad["input"]["quantities"][0]["changeFromQuantity"]
    assert shop.errors(SET, bad)[0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert "errors" not in shop.ask(SET, setting(shop, 77)).body


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda keys: None, "IDEMPOTENCY_CONCURRENT_REQUEST"),
        (lambda keys: keys.broke("k"), "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
    ],
)
def test_the_other_two_codes(end, code):
    """A key that runs at this moment, and one whose attempt broke."""
    keys = Keys(still_clock())
    assert keys.begin("k", "refundCreate", {"a": 1, "b": 2}) == []
    end(keys)
    with pytest.raises(Refused) as refused:
        keys.begin("k", "refundCreate", {"b": 2, "a": 1})
    assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        keys.begin("k", "refundCreate", {"a": 1, "b": 3})
    assert refused.value.code == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


@pytest.mark.usefixtures("own_schema")
def test_a_mutation_that_breaks_spends_its_key(monkeypatch):
    """Whether a broken attempt did something is not known, so its key never runs again."""
    field = RESOLVERS["Mutation"]
    whole = field["inventorySetQuantities"]

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setitem(field, "inventorySetQuantities", breaks)
    broken = direct()
    (error,) = broken.errors(SET, setting(broken, 77))
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    monkeypatch.setitem(field, "inventorySetQuantities", whole)
    payload = broken.data(SET, setting(broken, 77))["inventorySetQuantities"]
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"


@pytest.mark.usefixtures("own_schema")
def test_a_mutation_that_is_refused_on_purpose_frees_its_key(monkeypatch):
    """A top-level refusal did nothing: the same key may run."""

    def refuses(*_: object, **__: object) -> None:
        raise StoreError("invalid id", "RESOURCE_NOT_FOUND")

    monkeypatch.setitem(RESOLVERS["Mutation"], "inventorySetQuantities", refuses)
    shop = direct()
    for _ in range(2):
        (error,) = shop.errors(SET, setting(shop, 77))
        assert error["extensions"] == {"code": "RESOURCE_NOT_FOUND"}
