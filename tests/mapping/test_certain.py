"""What is right is not reported: no finding where a value is there, or nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mapping.support import HEAD, load

ITEMS = HEAD + '\n[order.items]\neach = "order.lineItems"\nas = "line"\n'
WHEN = 'when = "{}"\nsku = "{}"'

RIGHT = {
    "a default that is there": '[order]\nrefnum = "order.note | default: order.name"',
    "a literal as default": "[order]\nrefnum = \"order.tags[0] | default: 'x'\"",
    "a default that a text can be made of": HEAD + '\nnote = "order.note | default: order.count"',
    "a text that may be a number": HEAD + '\ntotal = "order.total | default: order.note"',
    "digits as a number's default": HEAD + "\ncount = \"order.count | default: '0'\"",
    "a word as a boolean's default": HEAD + "\ngift = \"order.test | default: 'false'\"",
    "nothing as a list's default": HEAD + "\ntags = \"order.tags | default: ''\"",
    "a list as the default of what nobody knows": HEAD
    + '\n[order.items]\neach = "order.raw.x | default: order.lineItems"\n'
    + 'as = "line"\nsku = "line.sku"',
    "a strict table": "[order]\nrefnum = \"order.name | table: 't', strict: true\"\n"
    + "[tables.t]\na = 'b'",
    "a filter of what is there": "[order]\nrefnum = \"order.name | append: '-x' | upcase\"",
    "nobody knows what JSON holds": '[order]\nrefnum = "order.raw.any"',
    "a condition about the path": ITEMS + WHEN.format("order.note", "order.note"),
    "a condition about what lies below": ITEMS
    + WHEN.format("order.shippingAddress.city", "order.shippingAddress.city"),
    "a comparison": ITEMS + WHEN.format("order.note == 'x'", "order.note"),
    "a comparison of size": ITEMS + WHEN.format("order.count > 1", "order.count"),
    "not null": ITEMS + WHEN.format("order.note != nil", "order.note"),
    "not blank": ITEMS + WHEN.format("order.test and order.note != blank", "order.note"),
    "an element is there": HEAD
    + '\n[order.items]\neach = "order.tags"\nas = "tag"\nsku = "tag | upcase"',
    "a single element is left out": HEAD
    + '\n[[order.attributes]]\nhandle = "\'note\'"\nvalue = "order.note"',
    "an object is left out": HEAD + '\n[order.address]\ncountry = "order.shippingAddress.country"',
    "a table with all values": HEAD
    + "\nnote = \"order.paid | table: 'p'\"\n"
    + '[tables.p]\nPAID = "a"\nPENDING = "b"\nVOIDED = "c"',
    "a table with a default behind it": HEAD
    + "\nnote = \"order.paid | table: 'p' | default: 'x'\"\n[tables.p]\nPAID = 'a'",
    "entries for what nobody can foretell": HEAD
    + "\nnote = \"order.name | table: 'p'\"\n[tables.p]\nx = 'a'",
    "a table that is used twice": HEAD
    + "\nnote = \"order.paid | table: 'p' | default: 'x'\"\n"
    + "created_text = \"order.name | table: 'p'\"\n[tables.p]\nany = 'a'",
    "a table inside a condition's guard": HEAD
    + "\n[order.address]\nwhen = \"order.paid == 'PAID' or order.paid != 'VOIDED'\"\n"
    + "country = \"order.name | table: 'p' | default: 'CH'\"\n[tables.p]\nx = 'CH'",
    "a default for an empty text": HEAD + "\nnote = \"order.name | default: 'x'\"",
    "a default for false": HEAD + "\nnote = \"order.test | default: 'x'\"",
    "enum values that the target knows": ITEMS
    + "sku = \"line.sku\"\nitem_type = \"order.kind | table: 'k' | default: 'ship'\"\n"
    + "[tables.k]\nship = 'ship'\nadvisory = 'advisory'",
    "small letters of an enum": HEAD
    + "\nnote = \"order.paid | downcase | table: 'p' | default: 'x'\"\n[tables.p]\npaid = 'a'",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right(tmp_path: Path, text: str) -> None:
    """It loads, without a warning."""
    assert load(tmp_path, text).warnings == ()


def test_a_value_of_this_version_is_right(tmp_path: Path) -> None:
    """A field or value of a later version is only missing where the version is pinned below."""
    text = HEAD + "\n[order.address]\nwhen = \"order.work == 'UNFULFILLED'\"\ncountry = \"'CH'\""
    assert load(tmp_path, text).warnings == ()
