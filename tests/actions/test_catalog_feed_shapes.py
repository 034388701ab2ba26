"""A feed that is not the shape a mapping reads: one event, and what a template leaves empty."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.actions.feeds import FILES, codes, mapping, one, product, read, skus, variant


@pytest.mark.parametrize("preset", FILES)
def test_a_feed_of_another_shape_is_one_event(preset) -> None:
    """It names what was looked for and where, and the keys that are there; never a value."""
    feed = {"catalog": {"items": [{"code": "SECRET", "prices": {"net": 1}}]}, "at": "SECRET"}
    found = read(feed, preset)
    assert found.families == ()
    (told,) = found.events
    assert told.code == "FEED_UNREADABLE"
    (each,) = [r for r in mapping(preset).rules if r.target == "catalog.products[].each"]
    assert f"{each.text} ({each.place})" in told.message
    for part in ("catalog", "at", "catalog.items[].code", "catalog.items[].prices.net"):
        assert part in told.message
    assert "SECRET" not in told.message


def test_items_of_another_shape_are_one_event() -> None:
    """The path is right and not one item says anything: that is the template, not an item."""
    found = read({"products": [{"name": "a"}, {"name": "b"}]})
    assert codes(found) == [("FEED_UNREADABLE", [])]
    assert "products[].name" in found.events[0].message


@pytest.mark.parametrize(("feed", "kind"), [("text", "a text"), (5, "a number"), (True, "a bool")])
def test_a_feed_that_is_no_object_is_one_event(feed, kind) -> None:
    """It says what came instead."""
    found = read(feed)
    assert codes(found) == [("FEED_UNREADABLE", [])]
    assert f"the feed is {kind}" in found.events[0].message


@pytest.mark.parametrize("empty", [None, {}, [], ""])
def test_no_products_however_they_are_written_is_no_mistake(empty) -> None:
    """Templates write an empty list as null, an empty object or an empty text."""
    assert read({"products": empty}).events == ()
    for preset in ("magento", "mozu"):
        assert read({"data": {"simple": empty}}, preset).events == ()


@pytest.mark.parametrize(
    "more",
    [
        {"optionValues": [{"optionName": "Size", "name": ""}, {"optionName": "", "name": None}]},
        {"metafields": [{"namespace": "custom", "key": "care", "type": "json", "value": None}]},
        {"metafields": [{"namespace": "", "key": "", "type": "", "value": ""}]},
        {"weight": {"value": "", "unit": "lb"}},
        {"weight": {"value": None, "unit": ""}},
    ],
)
def test_what_a_template_leaves_empty_is_not_mentioned(more) -> None:
    """A template writes the names of all that a SKU may have; the row is written without it."""
    assert variant(more) == variant({})


@pytest.mark.parametrize("nothing", ["", None], ids=["empty", "null"])
def test_an_image_without_an_address_is_none(nothing) -> None:
    """Of an object that says nothing else, and alone; the others are images."""
    empty = [{"originalSource": nothing}, {"originalSource": nothing, "alt": nothing}, {}, nothing]
    media = [*empty, "https://images.example/a.jpg"]
    assert [i.original_source for i in product({**one("A"), "media": media}).media] == media[4:]


@pytest.mark.parametrize("unit", ["lb", "LBS", " Pound ", "pounds"])
def test_a_unit_of_weight_in_several_spellings(unit) -> None:
    """And without one the variant's own stays."""
    weight = variant({"weight": {"value": "1.5", "unit": unit}}).weight
    assert weight is not None
    assert weight.unit == "POUNDS"
    weight = variant({"weight": {"value": "1.5", "unit": ""}}).weight
    assert weight is not None
    assert weight.unit is None


@pytest.mark.parametrize("feed", [{"products": "x"}, {"products": {"a": 1}}, [1, 2], [[{"a": 1}]]])
def test_something_else_where_the_products_belong_is_one_event(feed) -> None:
    """A text, an object, a list at the top."""
    assert codes(read(feed)) == [("FEED_UNREADABLE", [])]


def test_the_outline_of_a_feed_is_bounded() -> None:
    """A thousand keys of a thousand characters make a short message."""
    found = read({f"{n}{'k' * 1000}\x00": n for n in range(1000)})
    assert len(found.events[0].message) < 2000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["A", "B", "1.50", "active", "configurable", ""]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["a", "b", "sku", "size"]), inside, max_size=3
        )
    ),
    max_leaves=12,
)


def shaped(*names: str):
    """Objects with some of these keys and anything in them."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON))


NATIVE = st.lists(
    shaped("family", "handle", "title", "tags", "media", "seo", "options", "metafields")
    | st.builds(
        lambda item, variants: {**item, "variants": variants},
        shaped("family", "handle", "title", "status"),
        st.lists(shaped("sku", "price", "weight", "optionValues", "image") | JSON, max_size=3),
    )
    | JSON,
    max_size=4,
)
ROWS = shaped(
    *("sku", "name", "price", "special_price", "configurable_sku", "associations", "media"),
    *("configurable_attributes", "categories", "status", "visibility", "type_id"),
    *("productCode", "content", "variations", "options", "properties"),
)
FRAME = st.dictionaries(
    st.sampled_from(["simple", "configurable", "product"]),
    st.lists(st.builds(lambda row: {"feed_data": row}, ROWS | JSON) | JSON, max_size=4) | JSON,
)


@pytest.mark.parametrize("preset", FILES)
@given(data=st.data())
def test_any_json_gives_families_or_events(preset, data) -> None:
    """Never an exception; every SKU in one family, every key once, every event with its code."""
    feed = data.draw(
        JSON
        | st.builds(lambda p: {"products": p}, NATIVE)
        | st.builds(lambda d: {"data": d}, FRAME | JSON)
    )
    found = read(feed, preset)
    all_skus = [sku for family in found.families for sku in family.skus]
    assert len(all_skus) == len(set(all_skus))
    keys = [family.key for family in found.families]
    assert len(keys) == len(set(keys))
    for family in found.families:
        assert family.skus == tuple(v.sku for v in family.product.variants)
        assert family.product.model_validate(family.product.model_dump()) == family.product
        assert len(family.option_names) <= 3
    assert all(e.code and len(skus(e)) <= 1 for e in found.events)
    assert read(feed, preset) == found
