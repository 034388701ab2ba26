"""What a reply means: the decision list, row by row, and the replies of a live store."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import (
    AccessDenied,
    BridgeError,
    CostExceeded,
    IdempotencyConflict,
    QueryRejected,
    ShopifyBroken,
    ShopifyError,
    Throttled,
)
from tests.shared import SHARED, needs_shared
from tests.shopify.replies import GOOD, cost, error, read


def test_data_comes_with_cost_id_and_version() -> None:
    """A plain reply: the data, Shopify's points, its request id, the version that answered."""
    reply = read(GOOD, headers={"x-shopify-api-version": "2026-07"})
    assert reply.data == {"orders": {"nodes": []}}
    assert reply.cost is not None
    assert (reply.cost.requested, reply.cost.actual, reply.cost.available) == (10, 8, 1990)
    assert (reply.request_id, reply.api_version, reply.errors) == ("req-1", "2026-07", ())


def test_numbers_with_a_fraction_are_exact() -> None:
    """A tax rate never passes through a binary float."""
    reply = read(b'{"data": {"rate": 0.0725}}')
    assert reply.data["rate"] == Decimal("0.0725")
    assert isinstance(reply.data["rate"], Decimal)


HTML = b"<html><body>502 Bad Gateway</body></html>"
WHOLE = json.dumps(GOOD).encode()

STATUSES: list[tuple[int, bytes, type[ShopifyError], str]] = [
    (401, b'{"errors":"[API] Invalid API key"}', AccessDenied, "does not accept the access token"),
    (402, b'{"errors":"Payment Required"}', AccessDenied, "frozen"),
    (403, HTML, AccessDenied, "forbids this app"),
    (404, b'{"errors":"Not Found"}', AccessDenied, "no such shop"),
    (423, b"", AccessDenied, "locked"),
    (430, HTML, AccessDenied, "attack"),
    (429, b"", Throttled, "HTTP 429"),
    (500, HTML, ShopifyBroken, "HTTP 500"),
    (502, HTML, ShopifyBroken, "HTTP 502"),
    (503, WHOLE, ShopifyBroken, "HTTP 503"),
    (504, b"", ShopifyBroken, "HTTP 504"),
    (301, b"", QueryRejected, "HTTP 301"),
    (400, b'{"errors":{"query":"Required parameter"}}', QueryRejected, "HTTP 400"),
    (413, b"", QueryRejected, "HTTP 413"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), STATUSES)
def test_the_status_decides_first(
    status: int, body: bytes, kind: type[ShopifyError], words: str
) -> None:
    """Any status but 200 has one meaning, whatever the body is."""
    with pytest.raises(kind, match=words) as caught:
        read(body, status=status)
    assert type(caught.value) is kind
    assert caught.value.request_id == "req-1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        HTML,
        WHOLE[: len(WHOLE) // 2],
        b"[]",
        b'"ok"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=["empty", "blank", "html", "half", "list", "text", "null", "no text", "deep"],
)
def test_what_is_no_json_object_is_broken(body: bytes) -> None:
    """HTTP 200 with anything else than one whole JSON object: a write may have happened."""
    with pytest.raises(ShopifyBroken, match="OrderIdsByName with"):
        read(body)


ERRORS: list[tuple[str, dict[str, Any], type[ShopifyError], str]] = [
    (
        "throttled",
        {"errors": [error("THROTTLED")], "extensions": {"cost": cost(500, None, 100)}},
        Throttled,
        "used up for 4.0 s",
    ),
    ("throttled, no numbers", {"errors": [error("THROTTLED")]}, Throttled, "1.0 s"),
    (
        "too dear",
        {"errors": [error("MAX_COST_EXCEEDED", cost=1234, maxCost=1000)]},
        CostExceeded,
        "1234 points; one query may cost 1000",
    ),
    (
        "broken inside",
        {"errors": [error("INTERNAL_SERVER_ERROR", requestId="inner-9")]},
        ShopifyBroken,
        "failed inside",
    ),
    (
        "broken inside, no code",
        {"errors": [{"message": "Internal error. Looks like something went wrong on our end."}]},
        ShopifyBroken,
        "failed inside",
    ),
    (
        "broken inside, beside data",
        {"data": {"orders": {}}, "errors": [error("INTERNAL_SERVER_ERROR")]},
        ShopifyBroken,
        "failed inside",
    ),
    ("timeout", {"errors": [error("TIMEOUT")]}, ShopifyBroken, "failed inside"),
    ("closed shop", {"errors": [error("SHOP_INACTIVE")]}, AccessDenied, "told so"),
    (
        "denied",
        {"errors": [error("ACCESS_DENIED", "Access denied for orders field.")], "data": None},
        AccessDenied,
        "Access denied for orders field",
    ),
    (
        "denied, root null",
        {
            "errors": [error("ACCESS_DENIED", "Access denied for orders field.")],
            "data": {"orders": None},
        },
        AccessDenied,
        "Access denied for orders field",
    ),
    (
        "denied, one root of two",
        {
            "errors": [error("ACCESS_DENIED", "no orders") | {"path": ["orders"]}],
            "data": {"orders": None, "shop": {"id": "1"}},
        },
        AccessDenied,
        "no orders",
    ),
    ("bad document", {"errors": [error("undefinedField")]}, QueryRejected, "refused OrderIds"),
    ("bad variable", {"errors": [error("INVALID_VARIABLE")]}, QueryRejected, "refused"),
    ("plain text", {"errors": "Not Found"}, QueryRejected, "Not Found"),
    (
        "run-time error in a read",
        {"errors": [error("RESOURCE_NOT_FOUND") | {"path": ["a"]}], "data": {"a": None, "b": 1}},
        QueryRejected,
        "told so",
    ),
    ("neither data nor errors", {"extensions": {"cost": cost()}}, ShopifyBroken, "neither"),
    ("data is null", {"data": None, "errors": []}, ShopifyBroken, "neither"),
    ("data is a list", {"data": []}, ShopifyBroken, "neither"),
    (
        "idempotency, at the top",
        {"errors": [error("IDEMPOTENCY_CONCURRENT_REQUEST")]},
        IdempotencyConflict,
        "told so",
    ),
    (
        "throttled wins over everything",
        {
            "errors": [error("ACCESS_DENIED"), error("THROTTLED")],
            "extensions": {"cost": cost(50, None, 0)},
        },
        Throttled,
        "0.5 s",
    ),
]


@pytest.mark.parametrize(
    ("answer", "kind", "words"), [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS]
)
def test_errors_are_told_apart(
    answer: dict[str, Any], kind: type[ShopifyError], words: str
) -> None:
    """Each row of the decision list, by the exception that it becomes."""
    with pytest.raises(kind, match=words) as caught:
        read(answer)
    assert type(caught.value) is kind


def test_an_inner_request_id_wins() -> None:
    """INTERNAL_SERVER_ERROR names the request that Shopify's support asks for."""
    with pytest.raises(ShopifyBroken) as caught:
        read({"errors": [error("INTERNAL_SERVER_ERROR", requestId="inner-9")]})
    assert caught.value.request_id == "inner-9"


def test_the_numbers_of_a_too_dear_query() -> None:
    """What it would cost and what is allowed, so that the caller can ask for less."""
    with pytest.raises(CostExceeded) as caught:
        read({"errors": [error("MAX_COST_EXCEEDED")], "extensions": {"cost": cost(1500, None)}})
    assert (caught.value.cost, caught.value.maximum) == (1500, 1000)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("2.0", 2.0),
        ("0", 0.1),
        ("Mon, 23 Nov 2026 12:00:07 GMT", 7.0),
        ("soon", 1.0),
        ("", 1.0),
    ],
)
def test_retry_after(header: str, wait: float) -> None:
    """Seconds, a date, nonsense or nothing: always a time to wait, never zero."""
    with pytest.raises(Throttled) as caught:
        read(b"", status=429, headers={"Retry-After": header})
    assert caught.value.wait == pytest.approx(wait)


def test_a_refused_field_beside_data_is_told_with_it() -> None:
    """Protected customer data comes as null with an error: the order is not lost for it."""
    path = ["orders", "nodes", 0, "shippingAddress"]
    reply = read(
        {
            "data": {"orders": {"nodes": [{"shippingAddress": None}]}},
            "errors": [
                error("ACCESS_DENIED", "Access denied for shippingAddress.") | {"path": path}
            ],
        }
    )
    assert [(e.code, e.path) for e in reply.errors] == [("ACCESS_DENIED", tuple(path))]


def test_what_a_batch_did_is_told_although_one_part_failed() -> None:
    """Aliases of a mutation run one by one: an error in t1 does not undo t0."""
    reply = read(
        {
            "data": {"t0": {"userErrors": []}, "t1": None},
            "errors": [error("RESOURCE_NOT_FOUND", "invalid id") | {"path": ["t1"]}],
        },
        write=True,
    )
    assert reply.data["t0"] == {"userErrors": []}
    assert reply.errors[0].path == ("t1",)


def test_a_mutation_that_did_nothing_is_rejected() -> None:
    """The only root is null: nothing happened, and that is an error."""
    with pytest.raises(QueryRejected, match="required for this mutation"):
        read(
            {
                "data": {"tagsAdd": None},
                "errors": [error("BAD_REQUEST", "The directive is required for this mutation")],
            },
            write=True,
        )


def test_search_warnings_are_errors() -> None:
    """Shopify ignores a filter that it does not know: the result would be too wide."""
    warning = {"field": "tga", "message": "Invalid search field for this query."}
    answer = GOOD | {"extensions": {"search": [{"path": ["orders"], "warnings": [warning]}]}}
    with pytest.raises(QueryRejected, match="'tga': Invalid search field"):
        read(answer)
    answer = GOOD | {"extensions": {"search": [{"path": ["orders"], "warnings": []}]}}
    assert read(answer).data


REFUSED = {
    "protocol__parse_error": "syntax error",
    "protocol__plain_user_error_has_no_code": "Field 'code' doesn't exist",
    "search__invalid_field_ignored_with_warning": "ignored a part of the search",
    "search__unquoted_timestamp_split_warning": "ignored a part of the search",
    "inventoryItems__search_sku_quoted": "ignored a part of the search",
    "inventorySetQuantities__missing_idempotent": "@idempotent directive is required",
    "inventorySetQuantities__missing_changeFromQuantity": "changeFromQuantity",
    "fulfillmentCreate__gid_zero_invalid_id": "invalid id",
}


@needs_shared
def test_what_a_live_store_answered() -> None:
    """Captured refusals become QueryRejected in Shopify's words; everything else is data.

    Data comes with its cost, and the one denial beside data keeps its error.
    """
    refused, partial, answered = {}, set(), 0
    for file in sorted((SHARED / "shopify" / "captures").glob("*.json")):
        case = json.loads(file.read_text("utf-8"))
        response = case.get("response")
        if not isinstance(response, dict) or not ({"data", "errors"} & set(response)):
            continue
        try:
            reply = read(response, write=str(case["document"]).lstrip().startswith("mutation"))
        except QueryRejected as error:
            refused[file.stem] = str(error)
            continue
        answered += 1
        if reply.errors:
            partial.add(file.stem)
        assert reply.cost is not None, file.name
    assert set(refused) == set(REFUSED)
    assert all(words in refused[name] for name, words in REFUSED.items())
    assert partial == {"fulfillmentOrderHold__partial_splits"}
    assert answered > 40


KEYS = (
    *("data", "errors", "extensions", "cost", "code", "message", "path", "search", "warnings"),
    *("throttleStatus", "userErrors", "field", "requestedQueryCost", "maxCost"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=20,
)
ERROR = st.fixed_dictionaries(
    {},
    optional={
        "message": JSON,
        "path": JSON,
        "extensions": st.fixed_dictionaries(
            {
                "code": st.sampled_from(["THROTTLED", "MAX_COST_EXCEEDED", "ACCESS_DENIED", "X"])
                | JSON
            },
            optional={"cost": JSON, "maxCost": JSON, "requestId": JSON},
        ),
    },
)
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "data": st.dictionaries(
            st.sampled_from(["t0", "orders"]),
            st.fixed_dictionaries(
                {
                    "userErrors": st.lists(
                        st.dictionaries(st.sampled_from(["field", "message", "code"]), JSON),
                        max_size=2,
                    )
                    | JSON
                }
            )
            | JSON,
            max_size=2,
        ),
        "errors": st.lists(ERROR | JSON, max_size=2) | JSON,
        "extensions": st.fixed_dictionaries(
            {},
            optional={
                "search": st.lists(st.fixed_dictionaries({"warnings": JSON})) | JSON,
                "cost": JSON,
            },
        ),
    },
)


@settings(max_examples=300)
@given(ANSWER | JSON, st.booleans())
def test_no_reply_gets_past_the_list(answer: object, write: bool) -> None:
    """Whatever JSON comes: a Reply or one of our own errors, never a KeyError."""
    try:
        reply = read(answer, write=write)
    except BridgeError:
        return
    assert isinstance(reply.data, dict)
