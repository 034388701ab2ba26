"""``userErrors`` in all their forms, and a mutation that gave nothing."""

import pytest

from bridge.errors import (
    IdempotencyConflict,
    UserError,
    UserErrors,
)
from bridge.shopify.protocol import (
    raise_user_errors,
    user_errors,
)
from tests.shopify.replies import read

IDEMPOTENCY = [
    ("IDEMPOTENCY_CONCURRENT_REQUEST", "in use", True),
    ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "other parameters", False),
    ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "failed before", False),
]


@pytest.mark.parametrize(("code", "message", "reuse"), IDEMPOTENCY)
def test_idempotency_codes_in_user_errors(code: str, message: str, reuse: bool) -> None:
    """Shopify knows our key: which of the three it is decides whether the key may be used again."""
    row = {"field": None, "message": message, "code": code}
    with pytest.raises(IdempotencyConflict) as caught:
        read({"data": {"inventorySetQuantities": {"userErrors": [row]}}}, write=True)
    assert (caught.value.code, caught.value.reuse) == (code, reuse)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            "The same idempotency key cannot be used with different operation parameters.",
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        ),
        (
            "The previous attempt failed. Retry with a new idempotency key.",
            "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        ),
        (
            "A request with this idempotency key is currently in progress, please try again.",
            "IDEMPOTENCY_CONCURRENT_REQUEST",
        ),
    ],
)
def test_idempotency_without_a_code(message: str, code: str) -> None:
    """The userErrors of inventoryActivate userErrors carry no code: the sentence tells."""
    with pytest.raises(IdempotencyConflict) as caught:
        read({"data": {"a0": {"userErrors": [{"field": None, "message": message}]}}}, write=True)
    assert caught.value.code == code


def test_other_user_errors_are_the_callers_business() -> None:
    """A business refusal is data: one row of a batch must not hide the others."""
    row = {"field": ["id"], "message": "Order does not exist"}
    reply = read({"data": {"t0": {"userErrors": [row]}, "t1": {"userErrors": []}}}, write=True)
    assert user_errors(reply.data["t0"]) == (UserError(("id",), "Order does not exist"),)
    with pytest.raises(UserErrors, match="id: Order does not exist"):
        raise_user_errors(reply.data["t0"])
    raise_user_errors(reply.data["t1"])


def test_user_errors_under_several_names_are_told_once() -> None:
    """Mutation orderCancel tells each error twice; the one with its code is kept."""
    found = user_errors(
        {
            "userErrors": [{"field": ["orderId"], "message": "No"}],
            "orderCancelUserErrors": [{"field": ["orderId"], "message": "No", "code": "INVALID"}],
        }
    )
    assert found == (UserError(("orderId",), "No", "INVALID"),)


def test_a_payload_that_is_null_is_no_success() -> None:
    """No result and no userErrors must not be taken for done."""
    with pytest.raises(UserErrors, match="no result"):
        raise_user_errors(None)
