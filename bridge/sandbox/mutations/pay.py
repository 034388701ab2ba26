"""``orderCapture``, ``transactionVoid``, ``orderMarkAsPaid``: texts and order of checks captured.

The recordings: ``2026-04/payments/order-capture-validation``, ``…/transaction-void-codes``,
``2026-04/orders/orderMarkAsPaid-state-and-money``. Assumed: the refusal of an authorisation that
lapsed is that of one used up; a gateway that fails gives a transaction of status FAILURE and no
user error; nothing is refused because the order is closed.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bridge.sandbox import paying
from bridge.sandbox.info import Info
from bridge.sandbox.model_lines import Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import scalar_text
from bridge.sandbox.shipping import close_when_done

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]

NO_ORDER = "Order does not exist"
_NO_FINAL = (
    "Setting final capture is not supported for this transaction's payment gateway. "
    "Please remove the parameter or set it to null, then try again."
)


def error(field: list[str] | None, message: str) -> Row:
    """A plain ``UserError``."""
    return {"field": field, "message": message}


def decimal_of(amount: object) -> Decimal:
    """The ``Money`` or ``Decimal`` scalar as it came: text or number. NaN for what is neither."""
    try:
        return Decimal(str(amount))
    except InvalidOperation:
        return Decimal("NaN")


def _authorization(order: Order, given: Row) -> tuple[Transaction | None, Row | None]:
    """The authorisation that the input names, or why it cannot be captured."""
    named = (row for row in order.transaction_list if row.id == given["parentTransactionId"])
    parent = next(named, None)
    if parent is None:
        return None, error(None, "Unable to find parent transaction")
    if parent.kind != "AUTHORIZATION" or parent.status != "SUCCESS":
        return None, error(None, "Parent transaction should be a successful authorization")
    if not parent.left:
        return None, error(None, "Can only capture successful authorizations")
    return parent, None


def _wrong_capture(order: Order, parent: Transaction, given: Row) -> Row | None:
    money, amount = order.currencies, decimal_of(given["amount"])
    currency = given.get("currency") or money.shop
    if currency != money.presentment:
        message = f"Currency Currency must match parent transaction {money.presentment}"
        return error(["currency"], message)
    if not amount > 0:
        return error(None, "Amount must be greater than zero for capture transactions")
    if amount > parent.left.presentment:
        most = scalar_text(parent.left.presentment)
        return error(None, f"Cannot capture more than the authorized {most} for this payment.")
    if given.get("finalCapture") is not None and not parent.multi_capturable:
        return error(None, _NO_FINAL)
    return None


def capture(_root: object, info: Info, input: Row) -> Row:
    """Take money of an authorisation: once, or several times where the gateway allows it."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, input["id"])
    if order is None:
        return {"transaction": None, "userErrors": [error(["id"], NO_ORDER)]}
    parent, wrong = _authorization(order, input)
    wrong = wrong or (_wrong_capture(order, parent, input) if parent else None)
    if parent is None or wrong is not None:
        return {"transaction": None, "userErrors": [wrong]}
    amount, at = decimal_of(input["amount"]), store.clock()
    made = paying.capture(store, parent, amount, at, final=bool(input.get("finalCapture")))
    _moved(store, order, "orderCapture", made)
    return {"transaction": made, "userErrors": []}


def _moved(store: Store, order: Order, mutation: str, *made: Transaction) -> None:
    store.touch(order)
    for row in made:
        detail: Row = {
            "kind": row.kind,
            "status": row.status,
            "amount": scalar_text(row.amount_set.presentment),
            "currency": order.currencies.presentment,
            "gateway": row.gateway,
            "parent": row.parent_transaction and row.parent_transaction.legacy_resource_id,
        }
        store.record(mutation, order=order.id, ids=[row.id], detail=detail)
    close_when_done(store, order)


def void(_root: object, info: Info, parentTransactionId: str) -> Row:
    """Give an authorisation free; its order owes the sum again (captured)."""
    store: Store = info.context.store
    store.settle()
    parent = store.find_as(Transaction, parentTransactionId)
    wrong: tuple[str, str] | None = None
    if parent is None:
        wrong = "Transaction does not exist", "TRANSACTION_NOT_FOUND"
    elif parent.kind != "AUTHORIZATION" or parent.status != "SUCCESS":
        wrong = "Parent transaction must be a successful authorization", "AUTH_NOT_SUCCESSFUL"
    elif not parent.left:
        message = "Parent transaction require a parent_id referring to a voidable transaction"
        wrong = message, "AUTH_NOT_VOIDABLE"
    if parent is None or wrong is not None:
        message, code = wrong or ("", "")
        errors = [{"field": ["parentTransactionId"], "message": message, "code": code}]
        return {"transaction": None, "userErrors": errors}
    made = paying.void(store, parent, store.clock())
    _moved(store, parent.order, "transactionVoid", made)
    return {"transaction": made, "userErrors": []}


def mark_as_paid(_root: object, info: Info, input: Row) -> Row:
    """Note down that the outstanding sum was paid; an order that owes nothing is refused."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, input["id"])
    if order is None:
        return {"order": None, "userErrors": [error(["id"], NO_ORDER)]}
    owes = order.capturable or order.total_outstanding_set.presentment > 0
    if order.cancelled_at is not None or not owes:
        message = "Order cannot be marked as paid."
        return {"order": order, "userErrors": [error(["id"], message)]}
    made = paying.mark_as_paid(store, order, store.clock())
    _moved(store, order, "orderMarkAsPaid", *made)
    return {"order": order, "userErrors": []}
