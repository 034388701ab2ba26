"""``orderCancel``: texts, codes, and every error listed twice, as captured.

The recordings: ``2026-04/orders/orderCancel-error-messages``. Documented: a note of 255 characters,
authorisations released whatever is refunded. Assumed: an unknown order is NOT_FOUND with the words
of the other order mutations; the code of a cancellation in progress; the order of the checks
(arguments, then the order); a cancelled or declined return, and a package that was cancelled, do
not stand in the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bridge.sandbox.cancelling import Cancellation, begin
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model_orders import Order

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]

MAX_NOTE = 255
_NO_EFFECT = frozenset({"CANCELED", "DECLINED"})


def _refused(field: list[str] | None, message: str, code: str = "INVALID") -> Row:
    """The payload of a refusal: the same error in both lists, with its code in one (captured)."""
    plain = {"field": field, "message": message}
    return {
        "job": None,
        "orderCancelUserErrors": [{**plain, "code": code}],
        "userErrors": [plain],
    }


def _wrong_order(order: Order) -> tuple[list[str] | None, str] | None:
    """Why an order cannot be cancelled."""
    if order.cancelled_at is not None and not order.cancellation_done:
        return None, "Cancellation is already in progress"
    if order.cancelled_at is not None:
        return ["orderId"], "Cannot cancel an order that has already been canceled"
    if any(package.status == "SUCCESS" for package in order.fulfillment_list):
        return ["orderId"], "Cannot cancel an order that has outstanding fulfillments"
    if any(row.status not in _NO_EFFECT for row in order.return_list):
        return ["orderId"], "Cannot cancel an order that has returns"
    return None


def _check_modelled(order: Order, restock: bool, method: Mapping[str, Any]) -> None:
    """What Shopify refuses in words that nobody has shown."""
    if method.get("storeCreditRefund") is not None:
        raise NotModelled("refunding a cancelled order as store credit")
    authorisations = (row for row in order.transaction_list if row.kind == "AUTHORIZATION")
    if any(row.status == "PENDING" for row in authorisations):
        raise NotModelled("cancelling an order whose authorisation is pending")
    places = [work.location for work in order.fulfillment_order_list if not work.is_closed]
    if restock and order.refundable and not all(place.is_active for place in places):
        raise NotModelled("cancelling a paid order back into the stock of a closed location")


def cancel(
    _root: object,
    info: Info,
    *,
    orderId: str,
    reason: str,
    restock: bool,
    refund: bool | None = None,
    refundMethod: Mapping[str, Any] | None = None,
    notifyCustomer: bool | None = None,
    staffNote: str | None = None,
) -> Row:
    """Accept a cancellation: the job is not done yet, and nothing is refunded yet."""
    store: Store = info.context.store
    store.settle()
    if refund is not None and refundMethod is not None:
        message = "Only one of the arguments `refund` or `refund_method` is allowed."
        return _refused(["refund"], message)
    if staffNote is not None and len(staffNote) > MAX_NOTE:
        message = f"Staff note is too long. Maximum length is {MAX_NOTE} characters."
        return _refused(["staffNote"], message)
    order = store.find_as(Order, orderId)
    if order is None:
        return _refused(["orderId"], "Order does not exist", "NOT_FOUND")
    wrong = _wrong_order(order)
    if wrong is not None:
        return _refused(*wrong)
    method = refundMethod or {}
    _check_modelled(order, restock, method)
    back = bool(refund or method.get("originalPaymentMethodsRefund"))
    how = Cancellation(
        reason=reason, restock=restock, refund=back, note=staffNote, notify=bool(notifyCustomer)
    )
    job = begin(store, order, how, store.clock())
    store.record(
        "orderCancel",
        order=order.id,
        ids=[order.id],
        detail={
            "job": job.uuid,
            "reason": how.reason,
            "restock": how.restock,
            "refund": how.refund,
            "notify": how.notify,
            "staff_note": how.note,
        },
    )
    # Captured: it is not done when it is accepted; a shared job says so too.
    return {"job": job, "orderCancelUserErrors": [], "userErrors": []}
