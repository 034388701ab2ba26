"""What we can answer, RetailOps takes: shown against both official descriptions."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import assume, given, settings, target
from hypothesis import strategies as st
from pydantic import ValidationError

from bridge.retailops.actions import ACTIONS
from bridge.retailops.answers import (
    Attribute,
    CurrencyCode,
    Order,
    OrderAmounts,
    OrderCompleteAnswer,
    OrderItem,
    OrderPullAnswer,
)
from bridge.retailops.protocol import answer_schema, encode, explain
from tests.retailops import official, strategies
from tests.shared import needs_shared

ANY_JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just("x" * 300),
)


def order(**changes: Any) -> dict[str, Any]:
    """A whole small order, as a mapping renders it."""
    return {
        "channel_order_refnum": "5501",
        "channel_date_created": datetime(2026, 10, 1, 12, 30, tzinfo=UTC),
        "currency_code": "USD",
        "ship_service_code": "Ground",
        "currency_values": {"shipping_amt": Decimal("5.75"), "tax_amt": Decimal("0.0104")},
        "order_items": [
            {
                "channel_item_refnum": "71",
                "sku": "S1",
                "quantity": 2,
                "item_type": "ship",
                "currency_values": {
                    "unit_price": Decimal("9.99"),
                    "unit_tax": Decimal("0.8241"),
                },
            }
        ],
        "payment_transactions": [
            {
                "payment_processing_type": "channel_payment",
                "transaction_type": "auth",
                "payment_type": "Visa",
                "amount": Decimal("27.38"),
            }
        ],
        **changes,
    }


def sent(action: str, values: dict[str, Any]) -> Any:
    """What RetailOps would read."""
    spec = ACTIONS[action]
    return json.loads(encode(spec, spec.answer.model_validate(values)))


@needs_shared
@pytest.mark.parametrize("action", ACTIONS)
def test_the_official_schemas_refuse_nothing_that_we_can_answer(action: str) -> None:
    """Every answer that our models take passes the per-action schema and Swagger."""
    spec = ACTIONS[action]
    taken = 0

    @settings(strategies.patient, max_examples=120)
    @given(strategies.answers(spec.answer))
    def check(values: dict[str, Any]) -> None:
        nonlocal taken
        try:
            answer = spec.answer.model_validate(values)
        except ValidationError as error:
            target(-float(error.error_count()))
            return
        taken += 1
        assert official.refusals(action, json.loads(encode(spec, answer))) == []

    check()
    # catalog_get_config has two answers in all
    assert taken > (10 if spec.answer.model_fields.keys() != {"sku_fanout"} else 1), (
        "the strategy hits the models too seldom to show anything"
    )


@needs_shared
@pytest.mark.parametrize("action", ACTIONS)
def test_one_wrong_value_anywhere_is_refused_by_us_before_retailops_does(action: str) -> None:
    """Any JSON value put anywhere into a good answer: taken by us means taken by them."""
    spec = ACTIONS[action]
    good = sent(action, FULL[action])
    places = list(_places(good))

    @settings(strategies.patient, max_examples=300)
    @given(st.sampled_from(places), ANY_JSON)
    def check(place: tuple[str | int, ...], value: Any) -> None:
        changed = _with(good, place, value)
        try:
            answer = spec.answer.model_validate_json(json.dumps(changed))
        except ValidationError:
            return
        assert official.refusals(action, json.loads(encode(spec, answer))) == []

    check()


@needs_shared
@pytest.mark.parametrize("swagger_file", [False, True], ids=["schema", "swagger"])
@pytest.mark.parametrize("action", ACTIONS)
def test_every_official_answer_field_has_its_place_in_our_models(
    action: str, swagger_file: bool
) -> None:
    """Names, enums and lengths of our answer schema are the official ones, none missing."""
    official_fields = _flat(official.schema_of(action, swagger_file=swagger_file))
    ours = answer_schema(ACTIONS[action])
    own_fields = _flat(_inlined(ours, ours.get("$defs", {})))
    assert own_fields.keys() == official_fields.keys()
    for place, rule in official_fields.items():
        own = own_fields[place]
        kinds = rule.get("type")
        kinds = set(kinds if isinstance(kinds, list) else [kinds]) - {"null"}
        assert {own.get("type")} == kinds, place
        if "enum" in rule:
            assert sorted(own["enum"]) == sorted(rule["enum"]), place
        if "minLength" in rule:
            assert own["minLength"] >= rule["minLength"], place
        for limit in ("maxLength", "maxItems"):
            if limit in rule:
                assert own[limit] <= rule[limit], place


@pytest.mark.parametrize("action", [name for name, spec in ACTIONS.items() if spec.has_events])
def test_events_are_always_a_list(action: str) -> None:
    """An answer without events says ``"events": []``: null is thrown away by the caller."""
    needed = {"status": "success"} if "status" in ACTIONS[action].answer.model_fields else {}
    assert sent(action, needed)["events"] == []


@pytest.mark.parametrize("action", ["order_pull", "catalog_get_config"])
def test_two_actions_have_no_events(action: str) -> None:
    """order_pull and catalog_get_config answer without ``events``, as their schemas do."""
    assert not ACTIONS[action].has_events
    assert "events" not in sent(action, FULL[action])


def test_an_empty_page_says_so() -> None:
    """No order: an empty list and an empty token, both present."""
    assert sent("order_pull", {}) == {"orders": [], "next_page_token": ""}


def test_fields_without_a_value_are_left_out() -> None:
    """RetailOps knows no null strings."""
    made = sent("order_pull", {"orders": [order(gift_message=None, ip_address=None)]})
    assert "null" not in json.dumps(made)
    assert "gift_message" not in made["orders"][0]


@settings(strategies.patient, max_examples=400)
@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 4))
def test_money_in_json_has_the_very_same_decimal_text(digits: int, places: int) -> None:
    """No 9.990000000000001: reading the JSON as decimals gives back the same Decimal."""
    amount = Decimal(digits).scaleb(-places)
    if abs(amount) >= 10**11:
        amount = amount.scaleb(-4)
    assume(amount == amount.quantize(Decimal("0.0001")))
    answer = OrderPullAnswer.model_validate(
        {"orders": [order(currency_values={"tax_amt": amount})]}
    )
    raw = encode(ACTIONS["order_pull"], answer)
    read = json.loads(raw, parse_float=Decimal)["orders"][0]["currency_values"]["tax_amt"]
    assert isinstance(read, int | Decimal)
    assert read == amount


def test_negative_zero_is_zero() -> None:
    """A remainder of -0.00 is written as 0, not as -0."""
    answer = OrderPullAnswer.model_validate(
        {"orders": [order(currency_values={"tax_amt": Decimal("-0.00")})]}
    )
    assert b"-0" not in encode(ACTIONS["order_pull"], answer).replace(b"2026-10-01", b"")


@pytest.mark.parametrize(
    "amount",
    [Decimal("9.999"), Decimal("NaN"), Decimal("Infinity"), 9.99, True, "9.99"],
    ids=["third place", "nan", "infinity", "float", "boolean", "text"],
)
def test_money_is_never_rounded_in_silence_nor_a_float(amount: Any) -> None:
    """A third place, NaN, a float, a text: refused, since rounding breaks the order's sum."""
    with pytest.raises(ValidationError):
        OrderAmounts(shipping_amt=amount)


def test_yen_have_no_places() -> None:
    """A JPY order with half a yen in any place is refused; the fault names the place."""
    assert Order.model_validate(
        order(
            currency_code="JPY",
            currency_values={"tax_amt": Decimal("0.5")},
            order_items=[],
            payment_transactions=[],
        )
    )
    item = order()["order_items"][0]
    item["currency_values"] = {"unit_price": Decimal("100.5")}
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(
            order(
                currency_code="JPY",
                currency_values=None,
                order_items=[item],
                payment_transactions=[],
            )
        )
    assert "order_items[0].currency_values.unit_price" in explain(caught.value)
    assert "JPY" in explain(caught.value)


@pytest.mark.parametrize(
    "missing",
    ["channel_order_refnum", "channel_date_created", "currency_code", "ship_service_code"],
)
def test_what_the_caller_rejects_the_absence_of_is_required(missing: str) -> None:
    """An order without one of these cannot be built."""
    values = order()
    del values[missing]
    with pytest.raises(ValidationError, match=missing):
        Order.model_validate(values)


def test_an_item_needs_its_type_and_a_payment_its_four_fields() -> None:
    """item_type; payment_processing_type, transaction_type, payment_type, amount."""
    item = dict(order()["order_items"][0])
    del item["item_type"]
    with pytest.raises(ValidationError, match="item_type"):
        OrderItem.model_validate(item)
    for name in order()["payment_transactions"][0]:
        payment = dict(order()["payment_transactions"][0])
        del payment[name]
        with pytest.raises(ValidationError, match=name):
            Order.model_validate(order(payment_transactions=[payment]))


@pytest.mark.parametrize(("text", "fits"), [("x", 0), ("xx", 1), ("x" * 100, 1), ("x" * 101, 0)])
def test_attribute_texts_have_2_to_100_characters(text: str, fits: int) -> None:
    """One attribute outside of the limits would cost the whole page."""
    for name in ("handle", "value"):
        values = {"attribute_type": "text", "handle": "ok", "value": "ok", name: text}
        if fits:
            assert Attribute.model_validate(values)
        else:
            with pytest.raises(ValidationError):
                Attribute.model_validate(values)


def test_a_page_has_at_most_100_orders() -> None:
    """100 pass, 101 do not."""
    one = Order.model_validate(order())
    assert len(OrderPullAnswer(orders=(one,) * 100).orders) == 100
    with pytest.raises(ValidationError, match="100"):
        OrderPullAnswer(orders=(one,) * 101)


@pytest.mark.parametrize("value", [True, 1.0, "1"], ids=["boolean", "float", "text"])
def test_integers_are_integers(value: Any) -> None:
    """true, 1.0 and "1" are no quantities."""
    item = {**order()["order_items"][0], "quantity": value}
    with pytest.raises(ValidationError):
        OrderItem.model_validate(item)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(-timedelta(hours=5))),
            "2026-01-02T03:04:05-05:00",
        ),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(minutes=53, seconds=28))),
            "2026-01-02T02:10:37Z",
        ),
    ],
)
def test_dates_are_rfc_3339_with_an_offset(moment: datetime, text: str) -> None:
    """Seconds and an offset; an offset that RFC 3339 cannot write becomes UTC."""
    made = sent("order_pull", {"orders": [order(channel_date_created=moment)]})
    assert made["orders"][0]["channel_date_created"] == text


def test_a_date_without_a_zone_is_refused() -> None:
    """A naive datetime says nothing."""
    naive = datetime.fromisoformat("2026-01-01T00:00:00")
    with pytest.raises(ValidationError, match="timezone"):
        Order.model_validate(order(channel_date_created=naive))


def test_an_unknown_field_is_a_mistake() -> None:
    """A misspelt field never reaches RetailOps, which would ignore it in silence."""
    with pytest.raises(ValidationError, match="gift_mesage"):
        Order.model_validate(order(gift_mesage="x"))


def test_encode_checks_again_what_was_smuggled_past_the_models() -> None:
    """model_construct does not validate: encode does, down to what is no order at all."""
    good = Order.model_validate(order())
    told = OrderCompleteAnswer.model_construct(status="perhaps")
    with pytest.raises(ValueError, match="status"):
        encode(ACTIONS["order_complete"], told)
    for bad in ((good, "an order"), (good,) * 101):
        with pytest.raises(ValueError, match="orders"):
            encode(ACTIONS["order_pull"], OrderPullAnswer.model_construct(orders=bad))


def test_a_copy_of_an_order_is_validated() -> None:
    """Encode trusts an order that was made, so there is no way to make a wrong one of it."""
    good = Order.model_validate(order())
    with pytest.raises(ValidationError, match="ship_service_code"):
        good.model_copy(update={"ship_service_code": ""})
    with pytest.raises(ValidationError, match="frozen"):
        good.ship_service_code = ""
    assert good.model_copy(update={"ship_service_code": "X"}).ship_service_code == "X"


def test_encode_refuses_another_actions_answer() -> None:
    """An order_pull answer never leaves through inventory_push."""
    with pytest.raises(ValueError, match="InventoryPushAnswer"):
        encode(ACTIONS["inventory_push"], OrderPullAnswer())


def test_faults_name_the_place_and_no_value() -> None:
    """A customer's data never stands in an error."""
    address = {"first_name": 5, "city": "Elmstreet-secret", "zip": "Elmstreet-secret"}
    with pytest.raises(ValidationError) as caught:
        Order.model_validate(order(shipping_address=address))
    text = explain(caught.value)
    assert "shipping_address.first_name: " in text
    assert "shipping_address.zip: " in text
    assert "Elmstreet" not in text + str(caught.value)


def test_the_twelve_currencies() -> None:
    """RetailOps knows twelve currencies; SEK is not one."""
    assert len(get_args(CurrencyCode)) == 12
    with pytest.raises(ValidationError):
        Order.model_validate(order(currency_code="SEK"))


EVENT = {
    "event_type": "warning",
    "code": "SKU_NOT_FOUND",
    "message": "No variant has the SKU S1",
    "diagnostic_data": "request 1",
    "associations": [{"identifier_type": "sku_number", "identifier": "S1"}],
}

FULL: dict[str, dict[str, Any]] = {
    "catalog_get_config": {"sku_fanout": "related_skus"},
    "order_pull": {
        "next_page_token": "t",
        "orders": [
            order(
                tags=["a"],
                cancel=False,
                gift_message="g",
                ip_address="192.0.2.1",
                shipping_address={"first_name": "A", "country_match": "US"},
                customer_info={"full_name": "A B"},
                attributes=[{"attribute_type": "text", "handle": "hh", "value": "vv"}],
            )
        ],
    },
    "order_complete": {"status": "success", "events": [EVENT]},
    "order_cancel": {"status": "fail", "events": [EVENT]},
    "order_returned": {
        "events": [EVENT],
        "return": {"channel_store_credit_amount": Decimal("5.00")},
    },
    "order_update": {
        "events": [EVENT],
        "line_items": [{"order_item_id": 5, "refnum": "71", "quantity": 1}],
        "values": {"tax_amt": Decimal("1.5")},
    },
    **{
        name: {"events": [EVENT]}
        for name in (
            "catalog_push",
            "inventory_push",
            "order_acknowledge",
            "order_shipment_submit",
            "order_settle_payment",
        )
    },
}


def _places(node: Any, at: tuple[str | int, ...] = ()) -> Any:
    yield at
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _places(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _places(value, (*at, index))


def _with(node: Any, place: tuple[str | int, ...], value: Any) -> Any:
    if not place:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[place[0]] = _with(copy[place[0]], place[1:], value)
    return copy


def _flat(schema: Any, at: str = "") -> dict[str, Any]:
    out = {}
    for part in schema.get("allOf", ()):
        out.update(_flat(part, at))
    if at:
        out[at] = schema
    for name, inner in schema.get("properties", {}).items():
        out.update(_flat(inner, f"{at}.{name}"))
    if "items" in schema:
        out.update(_flat(schema["items"], f"{at}[]"))
    return out


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            return _inlined(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in node.items() if key != "$defs"}
    if isinstance(node, list):
        return [_inlined(value, definitions) for value in node]
    return node
