"""Rendering: what a target gets, what is left out, and what is an error with its place."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field

from bridge.errors import MappingError
from bridge.mapping.module import load_module
from tests.mapping.support import SOURCES, Order, Strict, a_line, an_order, load, value_of

WHOLE = """\
[order]
refnum       = "order.legacyResourceId"
created      = "order.createdAt"
created_text = "order.createdAt"
total        = "order.total"
count        = "order.lineItems.size"
gift         = true
note         = "order.shippingLines[0].title | table: 'ship' | default: 'Standard'"
tags         = "order.tags"
extra.origin = "order.name | remove: '#'"
extra.gone   = "order.note"

[order.address]
first_name = "order.shippingAddress.firstName"
city       = "order.shippingAddress.city"
country    = "order.shippingAddress.country"

[order.items]
each = "order.lineItems"
as   = "line"
when = "line.quantity > 0"
sku  = "line.sku | default: line.title"
quantity = "line.quantity"
currency_values.unit_price = "price.net"
currency_values.unit_tax = 0.5

[[order.attributes]]
handle = "'order_name'"
value  = "order.name"

[[order.attributes]]
handle = "'note'"
value  = "order.note"

[[order.attributes]]
each = "order.lineItems[0].options"
as = "option"
when = "option.key != 'hidden'"
handle = "option.key"
value = "option.value"

[tables.ship]
"Express" = "2DAY"
"""
MINIMAL = "[order]\nrefnum = \"'x'\"\n"


def test_the_whole_language(tmp_path: Path) -> None:
    """One mapping with everything in it, in the target's own types; the model accepts it."""
    module = load(tmp_path, WHOLE)

    def enter(name: str, element: Any) -> dict[str, Any]:
        return {"price": {"net": element["price"] * 2}} if name == "line" else {}

    found = module.render({"order": an_order(), "price": {"net": None}}, enter=enter)
    assert found == {
        "refnum": "1001",
        "created": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "created_text": "2026-01-31T12:00:00+00:00",
        "total": Decimal("29.97"),
        "count": 2,
        "gift": True,
        "note": "2DAY",
        "tags": ["vip", "web"],
        "extra": {"origin": "1001"},
        "address": {"first_name": "Ada", "city": "Bern", "country": "CH"},
        "items": [
            {
                "sku": "A",
                "quantity": 3,
                "currency_values": {"unit_price": Decimal("19.98"), "unit_tax": Decimal("0.5")},
            }
        ],
        "attributes": [
            {"handle": "order_name", "value": "#1001"},
            {"handle": "colour", "value": "red"},
        ],
    }
    assert Order(**found).items[0].sku == "A"


def test_rules_say_where_they_stand(tmp_path: Path) -> None:
    """Each compiled line knows its target, its file:line:column and its text."""
    rules = {r.target: r for r in load(tmp_path, WHOLE).rules}
    assert rules["order.items[].sku"].place == f"{tmp_path}/0.toml:22:8"
    assert rules["order.items[].sku"].text == "line.sku | default: line.title"
    assert rules["order.items[].when"].text == "line.quantity > 0"
    assert rules["order.gift"].text == "true"
    assert len(rules) == 23


def test_null_on_a_path_is_null(tmp_path: Path) -> None:
    """An order without address has no address and no error; default works behind a null."""
    expression = "order.shippingAddress.city | default: 'none'"
    assert value_of(tmp_path, expression, shippingAddress=None) == "none"
    found = load(tmp_path, WHOLE).render(
        {"order": an_order(shippingAddress=None, lineItems=[], shippingLines=[])}
    )
    assert "address" not in found
    assert "items" not in found
    assert found["note"] == "Standard"


def test_an_unknown_name_is_an_error_at_run_time_too(tmp_path: Path) -> None:
    """A field that the data lack, though the shape has it, is no null."""
    order = an_order()
    del order["shippingAddress"]["city"]
    with pytest.raises(MappingError) as caught:
        load(tmp_path, WHOLE).render({"order": order, "price": {"net": 1}}, subject="order 1001")
    assert caught.value.code == "MAPPING_FAILED"
    assert caught.value.target == "order.address.city"
    assert caught.value.place == f"{tmp_path}/0.toml:15:14"
    assert caught.value.message == 'order 1001: unknown field "city" below "order"'


def test_names_of_an_element_end_with_it(tmp_path: Path) -> None:
    """What enter gave for one element is not there for the next."""

    def enter(_: str, element: Any) -> dict[str, Any]:
        return {"price": {"net": 1}} if element["sku"] == "A" else {}

    lines = [a_line(sku="A"), a_line(sku="B")]
    with pytest.raises(MappingError) as caught:
        load(tmp_path, WHOLE).render({"order": an_order(lineItems=lines)}, enter=enter)
    assert caught.value.target == "order.items[1].currency_values.unit_price"
    assert caught.value.message == 'unknown source name "price"'


@pytest.mark.parametrize("empty", [None, ""])
def test_a_required_field_without_value(tmp_path: Path, empty: str | None) -> None:
    """Null or empty for a required field: missing, with the line, the place and the order."""
    order = an_order(lineItems=[a_line(), a_line(sku=empty, title=empty)])
    with pytest.raises(MappingError) as caught:
        load(tmp_path, WHOLE).render({"order": order, "price": {"net": None}}, subject="order 1001")
    assert caught.value.code == "MAPPING_MISSING"
    assert caught.value.target == "order.items[1].sku"
    assert caught.value.place == f"{tmp_path}/0.toml:22:8"
    assert (
        caught.value.message
        == "order 1001: required, and line.sku | default: line.title gave nothing"
    )


def test_an_object_that_is_there_must_be_whole(tmp_path: Path) -> None:
    """An address with a city and no country, which the target requires, is an error."""
    address = {"firstName": None, "city": "Bern", "country": None}
    with pytest.raises(MappingError) as caught:
        load(tmp_path, WHOLE).render({"order": an_order(shippingAddress=address, lineItems=[])})
    assert (caught.value.code, caught.value.target) == ("MAPPING_MISSING", "order.address.country")


def test_constants_alone_do_not_make_an_object(tmp_path: Path) -> None:
    """An object whose source is all null is left out, although one of its rules is a constant."""
    text = MINIMAL + '[order.address]\ncountry = "\'CH\'"\ncity = "order.shippingAddress.city"\n'
    module = load(tmp_path, text)
    assert "address" not in module.render({"order": an_order(shippingAddress=None)})
    assert module.render({"order": an_order()})["address"] == {"country": "CH", "city": "Bern"}
    only = load(tmp_path, MINIMAL + "[order.address]\ncountry = \"'CH'\"\n")
    assert only.render({"order": {}})["address"] == {"country": "CH"}


def test_a_single_element_that_lacks_a_required_field_is_left_out(tmp_path: Path) -> None:
    """Of two options with a key, the one without a value is no attribute, and no error."""
    options = [{"key": "size", "value": None}, {"key": "colour", "value": "red"}]
    order = an_order(lineItems=[a_line(quantity=0, options=options)])
    found = load(tmp_path, WHOLE).render({"order": order})["attributes"]
    assert [attribute["handle"] for attribute in found] == ["order_name", "colour"]


def test_when_leaves_out_objects_and_single_elements(tmp_path: Path) -> None:
    """A false when leaves out what carries it, also where everything in it is constant."""
    text = MINIMAL + (
        '[order.address]\nwhen = "order.test"\ncountry = "\'CH\'"\n'
        '[[order.attributes]]\nwhen = "order.total > 20"\nhandle = "\'big\'"\nvalue = "\'yes\'"\n'
    )
    module = load(tmp_path, text)
    assert module.render({"order": an_order(test=False, total=Decimal(20))}) == {"refnum": "x"}
    assert set(module.render({"order": an_order(test=True)})) == {
        "refnum",
        "address",
        "attributes",
    }


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("order.count > 2", True),
        ("order.count > 3", False),
        ("order.count >= 3 and order.total < 30", True),
        ("order.total == 29.970", True),
        ("order.total <= 29.96", False),
        ("order.total != 29.97", False),
        ("order.tags contains 'vip'", True),
        ("order.tags contains 'vi'", False),
        ("order.name contains '100'", True),
        ("order.note contains 'x'", False),
        ("order.note == nil", True),
        ("order.note == blank", True),
        ("order.note == empty", False),
        ("order.raw.blanks == blank", True),
        ("order.raw.blanks == empty", False),
        ("order.raw.none == empty", True),
        ("order.shippingAddress.city == 'Bern' or order.raw.missing", True),
        ("order.test", False),
        ("order.test == false", True),
        ("order.raw.one == true", False),
        ("order.count", True),
        ("order.note", False),
        ("order.raw.unknown > 1", False),
        ("order.name.size == 5", True),
        ("order.createdAt > order.raw.earlier", True),
        ("blank == order.note", True),
        ("order.raw.half == 0.5", True),
        ("order.raw.half == 'half'", False),
        ("order.raw.half < 1", True),
        ("order.raw.zero", True),
        ("order.raw.no_text", True),
        ("true or order.test and order.test", True),
    ],
)
def test_conditions(tmp_path: Path, condition: str, *, holds: bool) -> None:
    """Liquid's conditions: numbers exact, null never greater, 1 is not true."""
    raw: dict[str, Any] = {
        "blanks": " ",
        "none": [],
        "one": 1,
        "earlier": datetime(2025, 1, 1, tzinfo=UTC),
    }
    raw |= {"half": 0.5, "zero": 0, "no_text": "", "unknown": None}
    text = MINIMAL + f'[order.address]\nwhen = "{condition}"\ncountry = "\'CH\'"\n'
    assert ("address" in load(tmp_path, text).render({"order": an_order(raw=raw)})) is holds


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("order.raw.text > 3", "cannot compare a text with a number"),
        ("order.createdAt > order.raw.text", "cannot compare a date with a text"),
        ("order.raw.count contains 3", "a number contains nothing; contains asks a text or a list"),
        ("order.raw.x == 1", 'unknown field "x" below "order"'),
        ("order.createdAt > order.raw.naive", "cannot compare a time with offset and one without"),
    ],
)
def test_conditions_that_cannot_be_decided(tmp_path: Path, condition: str, message: str) -> None:
    """A comparison that has no answer is an error at the when, not a silent no."""
    text = MINIMAL + f'[order.address]\nwhen = "{condition}"\ncountry = "\'CH\'"\n'
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    raw = {"naive": naive, "text": "2026-01-01", "count": 3}
    with pytest.raises(MappingError) as caught:
        load(tmp_path, text).render({"order": an_order(raw=raw)})
    assert caught.value.message == message
    assert caught.value.place == f"{tmp_path}/0.toml:4:8"


@pytest.mark.parametrize(
    ("field", "expression", "expected"),
    [
        ("total", "order.total", Decimal("29.97")),
        ("total", "'5'", Decimal("5.00")),
        ("total", "order.raw.money", Decimal("9.90")),
        ("total", "order.total | times: 0.333 | round: 2", Decimal("9.98")),
        ("count", "order.legacyResourceId", 1001),
        ("count", "order.count | times: 2", 6),
        ("count", "order.raw.digits | plus: 0", 12),
        ("note", "order.total", "29.97"),
        ("note", "order.count", "3"),
        ("note", "order.test", "false"),
        ("note", "order.createdAt", "2026-01-31T12:00:00+00:00"),
        ("gift", "order.test", False),
        ("gift", "order.raw.yes", True),
        (
            "created",
            "order.raw.iso",
            datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("tags", "order.lineItems | map: 'sku'", ["A", "B"]),
        ("tags", "order.note | split: ','", None),
        ("tags", "order.raw.gaps", ["x"]),
        ("extra", "order.raw.table", {"a": "1"}),
    ],
)
def test_conversion(tmp_path: Path, field: str, expression: str, expected: object) -> None:
    """The target's type decides what becomes of a value, exactly."""
    raw: dict[str, Any] = {
        "money": "9.900",
        "digits": "12",
        "yes": "true",
        "iso": "2026-01-31T12:00:00+02:00",
    }
    raw |= {"gaps": [None, "x", ""], "table": {"a": 1, "b": None}}
    found = value_of(tmp_path, expression, field=field, raw=raw)
    assert found == expected
    assert type(found) is type(expected)
    if isinstance(expected, Decimal):
        assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("field", "expression", "message"),
    [
        ("total", "order.total | times: 0.333", "more than 2 decimal places; say how to round"),
        ("total", "order.raw.text", "a text that is not a number"),
        ("total", "order.raw.huge", "a number of more than 38 digits"),
        ("count", "order.total", "a number with a fraction, not a whole number"),
        ("gift", "order.raw.text", "a text, not true or false"),
        ("note", "order.raw.long", "string should have at most 40 characters"),
        ("note", "order.raw.list", "a list, not a single value"),
        ("created", "order.raw.naive", "a time without an offset from UTC"),
        ("created", "order.raw.text", "a text that is not an ISO 8601 time"),
        ("created_text", "order.raw.naive", "a time without an offset from UTC"),
        ("tags", "order.raw.text", "not a list"),
        ("extra", "order.raw.text", "not an object"),
        ("note", "order.raw.text | table: 'ship', strict: true", "[tables.ship] has no entry"),
    ],
)
def test_values_that_cannot_be_converted(
    tmp_path: Path, field: str, expression: str, message: str
) -> None:
    """What the target cannot take is an error of this order; the value is not told."""
    raw: dict[str, Any] = {
        "text": "private",
        "huge": "9" * 39,
        "long": "private" * 9,
        "list": ["private"],
    }
    raw |= {"naive": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)}
    text = MINIMAL + f"{field} = \"{expression}\"\n[tables.ship]\na = 'b'\n"
    with pytest.raises(MappingError) as caught:
        load(tmp_path, text).render({"order": an_order(raw=raw)}, subject="order 1001")
    assert message in caught.value.message
    assert caught.value.target == f"order.{field}"
    assert "private" not in str(caught.value)
    strict = "strict" in expression
    assert caught.value.code == ("MAPPING_MISSING" if strict else "MAPPING_FAILED")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 31, 23, tzinfo=UTC), date(2026, 1, 31)),
        (date(2026, 1, 31), date(2026, 1, 31)),
        ("2026-01-31", date(2026, 1, 31)),
        ("31.1.2026", "a text that is not an ISO 8601 date"),
        (20260131, "a number, not a date"),
    ],
)
def test_days(tmp_path: Path, value: object, expected: object) -> None:
    """A day comes from a time, a day or an ISO text, and from nothing else."""
    text = WANTING.replace("order.createdAt", "order.raw.day")
    module = load(tmp_path, text, target=Wanting)
    scope = {"order": an_order(raw={"day": value})}
    if isinstance(expected, date):
        assert module.render(scope)["day"] == expected
        return
    with pytest.raises(MappingError) as caught:
        module.render(scope)
    assert caught.value.message == expected


def test_sources_may_be_any_mapping(tmp_path: Path) -> None:
    """A read-only view of an order renders as the order itself."""
    module = load(tmp_path, WHOLE)
    order = MappingProxyType(an_order(lineItems=()))
    assert module.render({"order": order})["refnum"] == "1001"
    assert "rules" in repr(module)


def test_an_each_that_fails(tmp_path: Path) -> None:
    """A failure in the each itself is told at the each."""
    text = MINIMAL + '[order.items]\neach = "order.raw.x"\nas = "row"\nsku = "row.sku"\n'
    with pytest.raises(MappingError) as caught:
        load(tmp_path, text).render({"order": an_order()})
    assert caught.value.target == "order.items"
    assert caught.value.place == f"{tmp_path}/0.toml:4:8"


def test_each_over_null_and_over_no_list(tmp_path: Path) -> None:
    """Null is no element; anything but a list is an error at the each."""
    text = MINIMAL + '[order.items]\neach = "order.raw.rows"\nas = "row"\nsku = "row.sku"\n'
    module = load(tmp_path, text)
    assert module.render({"order": an_order(raw={"rows": None})}) == {"refnum": "x"}
    rows = [None, {"sku": "S"}]
    assert module.render({"order": an_order(raw={"rows": rows})})["items"] == [{"sku": "S"}]
    with pytest.raises(MappingError) as caught:
        module.render({"order": an_order(raw={"rows": "text"})})
    assert caught.value.message == "each is a text, not a list"
    assert caught.value.place == f"{tmp_path}/0.toml:4:8"


class Wanting(Strict):
    """A target that requires lists and an object."""

    any_rows: list[str]
    some_rows: list[str] = Field(min_length=1)
    inner: dict[str, int]
    day: date | None = None
    kind: Literal[1, 2] | None = None
    at: AwareDatetime | None = None
    other: str = Field("x", alias="return")


WANTING = """\
[wanting]
any_rows = ["order.note"]
some_rows = ["order.name", "'b'"]
inner.a = "order.count"
day = "order.createdAt"
kind = 2
return = "order.name"
"""


def test_required_lists(tmp_path: Path) -> None:
    """A required list without elements is an empty list, unless the target wants one at least."""
    module = load(tmp_path, WANTING, target=Wanting)
    found = module.render({"order": an_order()})
    assert found == {
        "any_rows": [],
        "some_rows": ["#1001", "b"],
        "inner": {"a": 3},
        "day": date(2026, 1, 31),
        "kind": 2,
        "return": "#1001",
    }
    assert Wanting(**found).other == "#1001"
    one = WANTING.replace(", \"'b'\"", "")
    with pytest.raises(MappingError) as caught:
        load(tmp_path, one, target=Wanting).render({"order": an_order(name=None)})
    assert (caught.value.code, caught.value.target) == ("MAPPING_MISSING", "wanting.some_rows")


class Flat(BaseModel):
    """A target that stands at the top of its file."""

    sku: str


def test_a_target_at_the_top_of_the_file(tmp_path: Path) -> None:
    """With an empty root the fields need no table around them; tables still have theirs."""
    path = tmp_path / "flat.toml"
    path.write_text("sku = \"order.name | table: 't' | default: '?'\"\n[tables.t]\n'#1001' = 'S'\n")
    module = load_module("flat", [path], target=Flat, sources=SOURCES, root="")
    assert module.render({"order": an_order()}) == {"sku": "S"}
    assert [rule.target for rule in module.rules] == ["sku"]


def test_extra_filters(tmp_path: Path) -> None:
    """A merchant's own filter is called with value and arguments; its failure is one order's."""

    def shout(value: Any, mark: str = "!") -> str:
        return str(value).upper() + mark

    text = MINIMAL + "note = \"order.raw.x | shout: '?'\"\n"
    module = load(tmp_path, text, filters={"shout": shout})
    assert module.render({"order": an_order(raw={"x": "hey"})})["note"] == "HEY?"
    broken = load(tmp_path, text, filters={"shout": lambda value, _: value["private"]})
    with pytest.raises(MappingError) as caught:
        broken.render({"order": an_order(raw={"x": "private"})})
    assert "private" not in str(caught.value)
    assert caught.value.message == 'filter "shout": the filter "shout" raised TypeError'
