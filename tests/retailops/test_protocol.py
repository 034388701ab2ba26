"""From bytes to a body: what is JSON is read exactly, what is not is refused in clear words."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RequestError
from bridge.retailops.events import Code
from bridge.retailops.protocol import MAX_DEPTH, read_body
from tests.retailops import strategies


def refused(raw: bytes, **limits: Any) -> RequestError:
    """The error for a body that must not be read."""
    with pytest.raises(RequestError) as caught:
        read_body(raw, **limits)
    return caught.value


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"<html></html>", b"a=1&b=2", b"{'a': 1}", b'{"a": 1,}', b'{"a": 1} {}'],
    ids=repr,
)
def test_what_is_not_json(raw: bytes) -> None:
    """Empty, cut off, HTML, a form, single quotes, a trailing comma, two bodies."""
    error = refused(raw)
    assert error.code == Code.INVALID_JSON
    assert "not JSON" in str(error)


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"', b"5", b"true", b"[{}]"], ids=repr)
def test_not_an_object(raw: bytes) -> None:
    """JSON that is no object has its own code."""
    assert refused(raw).code == Code.NOT_AN_OBJECT


@pytest.mark.parametrize("raw", [b'{"a": NaN}', b'{"a": -Infinity}'], ids=repr)
def test_nan_and_infinity_are_no_json(raw: bytes) -> None:
    """Python's reader would take them; no other does."""
    assert refused(raw).code == Code.INVALID_JSON


def test_a_body_that_is_not_utf_8() -> None:
    """Latin-1 names the byte; the body itself is not repeated."""
    error = refused('{"name": "Zoë"}'.encode("latin-1"))
    assert error.code == Code.INVALID_JSON
    assert "byte 12" in str(error)


def test_a_byte_order_mark_is_allowed() -> None:
    """Some editors write one before saved requests."""
    assert read_body(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_duplicate_keys_are_refused_at_any_depth() -> None:
    """Two quantities for one key: which one was meant is not ours to guess."""
    error = refused(b'{"rows": [{"quantity": 1, "sku": "A", "quantity": 2}]}')
    assert error.code == Code.INVALID_JSON
    assert "'quantity' twice" in str(error)


def test_deep_json_is_refused_and_not_a_crash() -> None:
    """A hundred thousand brackets end in a RequestError, not in a RecursionError."""
    for raw in (
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
    ):
        assert refused(raw).code == Code.TOO_DEEP


def test_the_depth_limit_is_exact() -> None:
    """`max_depth` levels pass, one more does not; width does not count."""

    def nested(levels: int) -> bytes:
        return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    assert read_body(nested(5), max_depth=5)
    assert refused(nested(6), max_depth=5).code == Code.TOO_DEEP
    assert read_body(nested(MAX_DEPTH))
    assert read_body(json.dumps({"a": [[{}]] * 500}).encode(), max_depth=4)
    assert read_body(b'{"a": "[[[[[[[["}', max_depth=1)


def test_fractions_are_decimals() -> None:
    """Money is never a float, not even on the way in; integers stay integers."""
    body = read_body(b'{"a": 9.99, "b": 1e2, "c": 3}')
    assert body == {"a": Decimal("9.99"), "b": Decimal("1e2"), "c": 3}
    assert [type(value) for value in body.values()] == [Decimal, Decimal, int]


@pytest.mark.parametrize(
    "raw", [b'{"a": ' + b"9" * 5000 + b"}", b'{"a": 1e99999999999999999999}'], ids=["int", "exp"]
)
def test_endless_numbers_are_refused(raw: bytes) -> None:
    """Beyond Python's digit limit or the decimal exponent: a RequestError, no other error."""
    assert refused(raw).code == Code.INVALID_JSON


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb'{"a": "\ud83d\ude00"}', "\U0001f600"),
        (rb'{"a": "cut \ud83d"}', "cut �"),
        (rb'{"a": "\ude00 cut"}', "� cut"),
        (rb'{"a": "\ud83d\ud83d\ude00"}', "�\U0001f600"),
        (rb'{"a": "\\ud83d"}', "\\ud83d"),
        (rb'{"a": "\\\ud83d"}', "\\�"),
    ],
    ids=["whole", "high", "low", "high high low", "escaped", "escaped lone"],
)
def test_half_an_emoji_becomes_a_replacement_character(raw: bytes, text: str) -> None:
    """A text that was cut inside an emoji can be read, and written again."""
    body = read_body(raw)
    assert body["a"] == text
    json.dumps(body, ensure_ascii=False).encode()


@strategies.patient
@given(st.binary(max_size=60))
def test_any_bytes_are_a_body_or_a_request_error(raw: bytes) -> None:
    """Nothing else ever comes out of the reader."""
    try:
        body = read_body(raw)
    except RequestError as error:
        code = error.code
    else:
        assert isinstance(body, dict)
        return
    assert code in set(Code)


@strategies.patient
@given(st.text(max_size=40))
def test_every_text_that_comes_in_can_go_out(text: str) -> None:
    """No string of a body that was read breaks the writing of a log, the ledger or an answer."""
    raw = json.dumps({"a": text}).encode()
    assert isinstance(read_body(raw)["a"].encode(), bytes)
