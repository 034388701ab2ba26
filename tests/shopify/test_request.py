"""The request as it is sent: one JSON object, and the token in its header only."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bridge.shopify.protocol import (
    build_request,
)
from tests.shopify.replies import NOW, QUERY


def test_a_request_is_json_with_the_token_in_its_header_only() -> None:
    """Operation name, text and variables in the body; Decimal and times as Shopify's scalars."""
    request = build_request(
        QUERY,
        {
            "amount": Decimal("1E+2"),
            "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "on": date(2026, 1, 2),
            "name": "Ünïcode",
        },
        url="https://x.myshopify.com/admin/api/2026-10/graphql.json",
        token="shpat_secret",
    )
    body = json.loads(request.body)
    assert body["operationName"] == "OrderIdsByName"
    assert body["query"] == QUERY.text
    assert body["variables"] == {
        "amount": "100",
        "at": "2026-01-02T03:04:05Z",
        "on": "2026-01-02",
        "name": "Ünïcode",
    }
    assert request.headers["X-Shopify-Access-Token"] == "shpat_secret"
    assert request.headers["User-Agent"].startswith("retailops-shopify-bridge/")
    assert "shpat_secret" not in repr(request)
    assert b"shpat_secret" not in request.body


@pytest.mark.parametrize("value", [object(), NOW.replace(tzinfo=None), 1 + 2j])
def test_what_cannot_be_sent_is_refused(value: object) -> None:
    """A time without a zone would be guessed by Shopify; other objects mean nothing to it."""
    with pytest.raises(TypeError):
        build_request(QUERY, {"v": value}, url="https://x", token="t")
