"""What callers send, with all their quirks, is read as what they mean."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RequestError
from bridge.retailops.actions import ACTIONS
from bridge.retailops.protocol import parse, read_body
from bridge.retailops.requests import (
    CatalogPushRequest,
    InventoryPushRequest,
    OrderAcknowledgeRequest,
    OrderCompleteRequest,
    OrderPullRequest,
    OrderReturnedRequest,
    OrderSettlePaymentRequest,
    OrderShipmentSubmitRequest,
    OrderUpdateRequest,
)
from tests.retailops import official, strategies
from tests.shared import SHARED, needs_shared

ENVELOPE = {
    "integration_auth_token": "a" * 32,
    "action": "any",
    "version": 1,
    "client_id": 497,
    "channel_info": {"id": 21},
}

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def read(action: str, /, **fields: Any) -> Any:
    """A request as it comes out of real bytes."""
    raw = json.dumps({**ENVELOPE, **fields}).encode()
    return parse(ACTIONS[action], read_body(raw))


@needs_shared
@pytest.mark.parametrize("action", ACTIONS)
def test_every_official_example_is_read(action: str) -> None:
    """Each example request parses into its model, and no field of it goes unrecognised."""
    raw = (SHARED / "retailops" / "examples" / f"{action}_v1_ex_1.json").read_bytes()
    request = parse(ACTIONS[action], read_body(raw))
    assert type(request) is ACTIONS[action].request
    assert _unknown(request) == []


@needs_shared
def test_the_table_has_exactly_the_official_actions() -> None:
    """Eleven names, those of the Swagger file's paths."""
    assert {f"/{name}_v1" for name in ACTIONS} == official.swagger()["paths"].keys()


@needs_shared
@pytest.mark.parametrize("action", ACTIONS)
def test_every_official_request_field_has_its_place_in_our_models(action: str) -> None:
    """A request that fills every field of the official schemas leaves none unrecognised."""
    document = json.loads((SHARED / "retailops/schema" / f"{action}_v1.json").read_text())
    for schema in (
        document["links"][0]["schema"],
        official.swagger()["paths"][f"/{action}_v1"]["post"]["parameters"][0]["schema"],
    ):
        body = _filled(schema)
        assert _unknown(parse(ACTIONS[action], body)) == []


def test_the_pull_examples_action_name_is_read() -> None:
    """`SDK.order_pull.order_fetch` is no reason to refuse, nor is any other action."""
    assert read("order_pull", action="SDK.order_pull.order_fetch").action is not None
    assert read("order_pull", action=None).action is None
    assert read("order_pull", action=["odd"]).action is None


def test_ids_of_zero_are_absent_and_never_refused() -> None:
    """client_id, channel_info.id and retailops_order_id may be 0."""
    request = read(
        "order_acknowledge",
        client_id=0,
        channel_info={"id": 0},
        orders=[{"channel_order_refnum": "496", "retailops_order_id": 0}],
    )
    assert request.client_id is None
    assert request.channel_id is None
    assert request.orders[0].retailops_order_id is None
    assert request.orders[0].channel_order_refnum == "496"


@pytest.mark.parametrize("info", [None, [], "", "x", 5, {"id": "x"}, {"id": False}, {}], ids=repr)
def test_a_strange_channel_info_is_no_reason_to_refuse(info: Any) -> None:
    """The token selects the channel; channel_info is a cross-check when it can be read."""
    assert read("order_pull", channel_info=info).channel_id is None


def test_an_absent_envelope_is_no_reason_to_refuse() -> None:
    """An empty object is a request of every action: the token is the server's business."""
    for spec in ACTIONS.values():
        assert parse(spec, {}).integration_auth_token is None


def test_a_request_never_shows_its_token() -> None:
    """repr() is what ends up in logs."""
    assert "a" * 32 not in repr(read("order_pull"))


def test_what_decides_nothing_is_no_reason_to_refuse() -> None:
    """A package does not wait for a weight or an id of RetailOps that we have no use for."""
    request = read(
        "order_shipment_submit",
        channel_order_refnum="1",
        retailops_order_id="RO-1",
        shipment={
            "packages": [
                {
                    "retailops_package_id": 5,
                    "weight_kg": "unknown",
                    "package_items": [{"quantity": 1, "retailops_order_item_id": "x"}],
                }
            ]
        },
    )
    assert isinstance(request, OrderShipmentSubmitRequest)
    (package,) = request.shipment.packages
    assert (request.retailops_order_id, package.retailops_package_id) == (None, 5)
    assert (package.weight_kg, package.package_items[0].retailops_order_item_id) == (None, None)


def test_unknown_fields_are_kept_and_ignored() -> None:
    """A field that RetailOps adds tomorrow costs nothing, at any depth."""
    request = read("order_cancel", brand_new=1, order={"channel_order_refnum": "5", "new": [1]})
    assert request.model_extra == {"brand_new": 1}
    assert request.order.model_extra == {"new": [1]}
    assert request.order.channel_order_refnum == "5"


def test_numeric_strings_and_floats_are_numbers() -> None:
    """Ints, floats and numeric strings for quantities, ids and money alike."""
    request = read(
        "order_complete",
        order={
            "channel_order_refnum": 5501,
            "retailops_order_id": "77",
            "grand_total": "27.38",
            "order_items": [{"quantity": "2", "unit_price": 9.99, "order_item_id": 5.0}],
        },
    )
    assert isinstance(request, OrderCompleteRequest)
    assert request.order.channel_order_refnum == "5501"
    assert request.order.retailops_order_id == 77
    assert request.order.grand_total == Decimal("27.38")
    item = request.order.order_items[0]
    assert (item.quantity, item.unit_price, item.order_item_id) == (2, Decimal("9.99"), 5)


@pytest.mark.parametrize(
    ("spelling", "removed"),
    [
        (True, True),
        ("true", True),
        ("1", True),
        (1, True),
        (False, False),
        ("false", False),
        ("0", False),
        (0, False),
        (None, False),
        ("", False),
    ],
    ids=repr,
)
def test_removed_as_boolean_number_text_and_null(spelling: Any, removed: bool) -> None:
    """Three official schemas type `removed` so that nothing satisfies them."""
    request = read("order_update", order={"order_items": [{"removed": spelling}]})
    assert isinstance(request, OrderUpdateRequest)
    assert request.order.order_items[0].removed is removed


def test_null_arrays_and_objects_are_empty() -> None:
    """Null where a list or an object belongs, at every level; PHP's [] for an object too."""
    request = read("order_complete", order={"shipments": None, "order_items": None})
    assert request.order.shipments == ()
    request = read("order_complete", order={"shipments": [{"packages": None}, None]})
    assert request.order.shipments[0].packages == ()
    assert len(request.order.shipments) == 1
    assert read("order_complete", order=None).order.channel_order_refnum is None
    assert read("order_complete", order=[]).order.channel_order_refnum is None
    assert read("inventory_push", inventory_updates=None).inventory_updates == ()
    assert read("order_shipment_submit", shipment=None).shipment.packages == ()


@pytest.mark.parametrize("name", ["template_output", "TemplateOutput"])
def test_the_feed_under_either_of_its_names(name: str) -> None:
    """One official file says TemplateOutput where the caller sends template_output."""
    request = read("catalog_push", **{name: {"data": [1]}})
    assert isinstance(request, CatalogPushRequest)
    assert request.template_output == {"data": [1]}
    assert request.model_extra == {}


def test_a_null_feed_does_not_hide_the_other_name() -> None:
    """template_output null beside a filled TemplateOutput: the filled one is meant."""
    request = read("catalog_push", template_output=None, TemplateOutput={"a": 1})
    assert request.template_output == {"a": 1}
    request = read("catalog_push", template_output={"b": 1}, TemplateOutput={"a": 1})
    assert request.template_output == {"b": 1}
    assert read("catalog_push", template_output=None).template_output == {}
    assert read("catalog_push").template_output == {}


def test_a_feed_keeps_its_numbers_exact() -> None:
    """9.99 in a feed is 9.99, not its nearest double."""
    raw = b'{"template_output": {"price": 9.99, "n": 3}}'
    feed = parse(ACTIONS["catalog_push"], read_body(raw)).template_output
    assert feed == {"price": Decimal("9.99"), "n": 3}


@pytest.mark.parametrize("nothing", [None, [], "", {}], ids=repr)
def test_specific_orders_null_or_empty_is_an_ordinary_pull(nothing: Any) -> None:
    """The official example sends [] with every page."""
    request = read("order_pull", specific_orders=nothing, page_token=None)
    assert isinstance(request, OrderPullRequest)
    assert request.wanted is None
    assert request.page_token is None


def test_specific_orders_are_named_by_channel_refnum() -> None:
    """Numbers and bare texts too; each once, in order."""
    request = read(
        "order_pull",
        specific_orders=[{"channel_refnum": "141"}, {"channel_refnum": 142}, "#1001", "141"],
    )
    assert request.wanted == ("141", "142", "#1001")


def test_specific_orders_that_name_nothing_are_a_pull_of_nothing() -> None:
    """An entry without a name must not turn into a pull of everything."""
    assert read("order_pull", specific_orders=[{"channel_refnum": ""}, {}]).wanted == ()


def test_a_bad_row_of_stock_never_costs_the_others() -> None:
    """What cannot be read in a row is None, and the row says what; the others are whole."""
    request = read(
        "inventory_push",
        inventory_updates=[
            {"sku": "A", "quantity_available": "many"},
            {"sku": 17, "quantity_available": "5", "quantity_detail": [{"total_quantity": []}, 3]},
            "row",
            {"sku": "C", "quantity_available": False},
            {"sku": "D", "quantity_available": None},
        ],
    )
    assert isinstance(request, InventoryPushRequest)
    first, second, third, fourth, fifth = request.inventory_updates
    assert (first.sku, first.quantity_available) == ("A", None)
    assert first.unreadable == ("quantity_available is text that is not a number",)
    assert (second.sku, second.quantity_available, second.unreadable) == ("17", 5, ())
    assert second.quantity_detail[0].unreadable == ("total_quantity is not a number",)
    assert second.quantity_detail[1].unreadable == ("the row is not an object",)
    assert third.unreadable == ("the row is not an object",)
    assert fourth.unreadable == ("quantity_available is a boolean where a number belongs",)
    assert (fifth.quantity_available, fifth.unreadable) == (None, ())


def test_a_row_cannot_forge_what_is_said_about_it() -> None:
    """A field named `unreadable` or `_unreadable` in the body is just an unknown field."""
    request = read(
        "order_acknowledge", orders=[{"unreadable": ["x"], "_unreadable": ["x"]}, {"a": 1}]
    )
    assert isinstance(request, OrderAcknowledgeRequest)
    assert [order.unreadable for order in request.orders] == [(), ()]


def test_a_field_that_cannot_be_read_is_named_with_a_pointer_and_without_its_value() -> None:
    """HTTP 400 tells which field; a customer's data never stands in it."""
    with pytest.raises(RequestError) as caught:
        read(
            "order_shipment_submit",
            shipment={"packages": [{"package_items": [{"quantity": "Elmstreet"}]}]},
        )
    assert caught.value.code == "INVALID_FIELD"
    assert caught.value.pointer == "/shipment/packages/0/package_items/0/quantity"
    assert "shipment.packages[0].package_items[0].quantity" in str(caught.value)
    assert "Elmstreet" not in str(caught.value)


def test_the_return_is_read_under_its_own_name() -> None:
    """`return` is a keyword in Python; its shipping_amt is typed integer and is not one."""
    request = read(
        "order_returned",
        **{"return": {"retailops_return_id": 87, "refund_amt": 30, "shipping_amt": 4.95}},
    )
    assert isinstance(request, OrderReturnedRequest)
    assert request.return_.retailops_return_id == 87
    assert request.return_.shipping_amt == Decimal("4.95")


def test_a_package_and_a_payment_are_read_whole() -> None:
    """Package id 0 is absent, the tracking number has no blanks, the series id is a number."""
    request = read(
        "order_shipment_submit",
        channel_order_refnum="5501",
        shipment={"packages": [{"retailops_package_id": 0, "tracking_number": " 1Z ", "x": 1}]},
    )
    assert isinstance(request, OrderShipmentSubmitRequest)
    package = request.shipment.packages[0]
    assert (package.retailops_package_id, package.tracking_number) == (None, "1Z")
    paid = read(
        "order_settle_payment",
        payment={"payment_series_id": "2572", "payment_transactions": [{"amount": "100.32"}]},
    )
    assert isinstance(paid, OrderSettlePaymentRequest)
    assert paid.payment.payment_series_id == 2572
    assert paid.payment.payment_transactions[0].amount == Decimal("100.32")


@settings(strategies.patient, max_examples=300)
@given(st.sampled_from(sorted(ACTIONS)), st.data())
def test_any_json_in_any_field_is_read_or_refused_in_our_own_words(
    action: str, data: st.DataObject
) -> None:
    """Whatever stands in the known fields: a request or a RequestError, never another error."""
    spec = ACTIONS[action]
    names = sorted(field.alias or name for name, field in spec.request.model_fields.items())
    body = {name: data.draw(JSON) for name in names if data.draw(st.booleans())}
    try:
        request = parse(spec, body)
    except RequestError as error:
        refusal = error
    else:
        assert isinstance(request, spec.request)
        return
    assert refusal.code == "INVALID_FIELD"
    assert refusal.pointer.startswith("/")


def _unknown(model: Any, at: str = "") -> list[str]:
    """Every field that was read into no field of a model."""
    out = [f"{at}.{name}" for name in model.model_extra or {}]
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, tuple) else (value,):
            if hasattr(one, "model_extra"):
                out.extend(_unknown(one, f"{at}.{name}"))
    return out


def _filled(schema: Any) -> Any:
    """A value with every property of an official request schema."""
    if "$ref" in schema:
        return _filled(official.swagger()["definitions"][schema["$ref"].rsplit("/", 1)[-1]])
    if "allOf" in schema:
        return {key: value for part in schema["allOf"] for key, value in _filled(part).items()}
    match schema.get("type"):
        case "array":
            return [_filled(schema["items"])]
        case "string":
            return True if "enum" in schema and True in schema["enum"] else "2016-04-08T21:13:11Z"
        case "integer":
            return 3
        case "number":
            return 1.5
        case "boolean":
            return True
        case _:
            return {name: _filled(one) for name, one in schema.get("properties", {}).items()}
