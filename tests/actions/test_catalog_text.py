"""When two texts mean the same, so that the second push of a feed writes nothing."""

from __future__ import annotations

import pytest

from bridge.actions.catalog_text import (
    file_name,
    handle_of,
    same_handle,
    same_html,
    same_metafield,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>Warm.</p>", "<p>Warm.</p>\n"),
        ("<p class=a id=b>x</p>", '<p id="b" class="a">x</p>'),
        ("a<br/>b", "a<br>b"),
        ("<p>Tom &amp; Ann</p>", "<p>Tom &#38; Ann</p>"),
        ("<ul>\n  <li>one</li>\n</ul>", "<ul><li>one</li></ul>"),
        ("<p> a\n b </p> <p>c</p>", "<p>a b</p><p>c</p>"),
        ("a<!-- x -->b", "ab"),
    ],
)
def test_descriptions_that_are_the_same(one: str, other: str) -> None:
    """Quotes, entities, blanks between tags and the order of attributes mean nothing."""
    assert same_html(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>Warm.</p>", "<p>Cold.</p>"),
        ("<p>Warm.</p>", "<div>Warm.</div>"),
        ("<b>a</b>b", "a<b>b</b>"),
        ("free<b>shipping</b>", "free <b>shipping</b>"),
        ("<b>a</b> <i>b</i>", "<b>a</b><i>b</i>"),
        ("10&nbsp;cm", "10 cm"),
        ('<a href="/x">a</a>', '<a href="/y">a</a>'),
    ],
)
def test_descriptions_that_differ(one: str, other: str) -> None:
    """Another word, tag, place of a tag or attribute is another description."""
    assert not same_html(one, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number_decimal", "1.50", "1.5"),
        ("number_integer", "7", "+7"),
        ("boolean", "True", "true"),
        ("json", '{"a": 1, "b": [2.0]}', '{"b":[2],"a":1.0}'),
        ("list.single_line_text_field", '["a", "b"]', '["a","b"]'),
        (
            "money",
            '{"amount": 5, "currency_code": "USD"}',
            '{"amount":"5.00","currency_code":"USD"}',
        ),
        ("weight", '{"value": "2.50", "unit": "kg"}', '{"value":2.5,"unit":"KILOGRAMS"}'),
        ("volume", '{"value": 2, "unit": "us_gal"}', '{"value":2.0,"unit":"GALLONS"}'),
        ("date_time", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("list.dimension", '[{"value": 2, "unit": "cm"}]', '[{"value":2.0,"unit":"CENTIMETERS"}]'),
        ("list.number_integer", '["1", 2]', '[1,"2"]'),
        ("list.date_time", '["2026-01-02T03:04:05"]', '["2026-01-02T03:04:05+00:00"]'),
    ],
)
def test_metafields_that_are_the_same(kind: str, one: str, other: str) -> None:
    """Values are compared as what their type makes of them."""
    assert same_metafield(kind, one, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("single_line_text_field", "1.50", "1.5"),
        ("number_decimal", "1.5", "one"),
        ("json", '{"a": "1"}', '{"a": 1}'),
        ("list.single_line_text_field", '["a", "b"]', '["b", "a"]'),
        ("list.single_line_text_field", '["1"]', '["1.0"]'),
        ("list.dimension", '[{"value": 2, "unit": "cm"}]', '[{"value":2.0,"unit":"METERS"}]'),
    ],
)
def test_metafields_that_differ(kind: str, one: str, other: str) -> None:
    """A text is a text, an order is an order, and what cannot be read is not the same."""
    assert not same_metafield(kind, one, other)


def test_an_image_is_known_by_the_name_of_its_file() -> None:
    """Folder, ending, query and the UUID that Shopify adds for a taken name do not count."""
    source = "https://images.example/feed/Trail%20Tee-1.JPG?sig=abc"
    there = "https://cdn.shopify.com/s/files/1/0001/files/trail-tee_1.png?v=17"
    taken = "https://cdn.shopify.com/x/trail-tee_1_0f8fad5b-d9cb-469f-a165-70867728950e.png"
    assert file_name(source) == file_name(there) == file_name(taken) == "trail_tee_1"
    assert file_name("https://images.example/feed/trail-tee-2.jpg") != file_name(source)


def test_a_handle_is_made_as_shopify_makes_it() -> None:
    """Lower case, single hyphens, no accents; never empty, never too long."""
    assert handle_of("Trail Tee, S / Moss") == "trail-tee-s-moss"
    assert handle_of("Café Crème & groß") == "cafe-creme-gross"
    assert handle_of("北京") == "product"
    assert len(handle_of("x" * 900)) <= 255


def test_a_handle_in_another_script_is_the_one_that_shopify_made_of_it() -> None:
    """Whether it keeps such letters or not; another one in that script is another handle."""
    assert same_handle("北京", "北京")
    assert same_handle("北京", "product")
    assert not same_handle("北京", "上海")
    assert not same_handle("product", "北京")
