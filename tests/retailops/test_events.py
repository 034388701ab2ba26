"""Events: every code is documented, and an event is what RetailOps' schema wants."""

import re
from pathlib import Path

import pytest

from bridge.retailops.events import CODES, DIAGNOSTIC_LENGTH, Code, event
from bridge.retailops.reference import events_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "events.md"

# protocol notes, "Events carry stable codes", and order_settle_payment
NAMED = [
    "ORDER_NOT_FOUND",
    "SKU_NOT_FOUND",
    "SKU_AMBIGUOUS",
    "ALREADY_APPLIED",
    "OVER_SHIPPED",
    "OVER_REFUND",
    "NOT_CAPTURABLE",
    "AUTH_EXPIRED",
    "IN_DOUBT",
    "SHOPIFY_USER_ERROR",
    "SHOPIFY_UNAVAILABLE",
    "MAPPING_MISSING",
    "UNSUPPORTED_CURRENCY",
    "AUTH_REMAINDER_RELEASED",
]


def test_every_code_is_documented() -> None:
    """Meaning, remedy and usual type for each, in whole sentences, each only once."""
    assert set(CODES) == set(Code)
    for code, doc in CODES.items():
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code.value), code
        assert code.value == code.name
        assert doc.event_type in {"error", "warning", "info"}
        for sentence in (doc.meaning, doc.remedy):
            assert len(sentence) > 10, code
            assert sentence.endswith("."), code
    assert len({doc.meaning for doc in CODES.values()}) == len(CODES)


@pytest.mark.parametrize("name", NAMED)
def test_the_protocols_codes_are_there(name: str) -> None:
    """Codes that the protocol notes name are stable names."""
    assert Code(name) in CODES


def test_the_reference_page_is_up_to_date() -> None:
    """docs/reference/events.md is what the table says; `make docs` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == events_markdown()


def test_an_event_has_its_codes_type_and_its_associations() -> None:
    """Ids become text; the associations are named as the official enum has them."""
    made = event(
        Code.SKU_NOT_FOUND,
        "No variant has this SKU",
        sku="S1",
        order_refnum=5501,
        order_id=7,
        item_refnum="71",
        item_id=8,
        shipment_id=9,
        product_id=10,
        diagnostic="request abc",
    )
    assert made.model_dump(mode="json") == {
        "event_type": "warning",
        "code": "SKU_NOT_FOUND",
        "message": "No variant has this SKU",
        "diagnostic_data": "request abc",
        "associations": [
            {"identifier_type": "order_refnum", "identifier": "5501"},
            {"identifier_type": "order_id", "identifier": "7"},
            {"identifier_type": "orderitem_refnum", "identifier": "71"},
            {"identifier_type": "orderitem_id", "identifier": "8"},
            {"identifier_type": "shipment_id", "identifier": "9"},
            {"identifier_type": "product_id", "identifier": "10"},
            {"identifier_type": "sku_number", "identifier": "S1"},
        ],
    }
    assert type(made.code) is str


def test_an_event_can_have_another_type_than_its_code() -> None:
    """The caller knows when nothing was lost."""
    assert event(Code.ORDER_NOT_FOUND, "x", event_type="info").event_type == "info"


def test_ids_that_identify_nothing_are_left_out() -> None:
    """An order id of 0 is no association."""
    made = event(Code.ORDER_NOT_FOUND, "x", order_id=0, order_refnum="", sku=None, item_id="0")
    assert made.associations == ()


def test_diagnostics_are_short() -> None:
    """Nobody reads a trace in RetailOps' event list, and none may stand there."""
    assert len(event(Code.IN_DOUBT, "x", diagnostic="d" * 5000).diagnostic_data) == (
        DIAGNOSTIC_LENGTH
    )
