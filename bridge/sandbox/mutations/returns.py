"""``returnCreate``, ``returnProcess``, ``returnClose``, ``returnCancel``.

Captured texts: ``2026-04/orders/return-reason-validation``, ``…/return-quantity-validation``,
``…/order-return-status-lifecycle``, ``…/returnClose-Reopen-Cancel-state-preconditions``. Assumed:
the words for an unknown order, reason or return in ``returnProcess``; that the reason definition
``other-reason`` needs a note as the value OTHER does; that units processed with money make a refund
of the return that puts nothing back into stock, and units processed without money make none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sandbox import paying, refunding, returning
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import gid
from bridge.sandbox.model_fulfillment import Return
from bridge.sandbox.model_orders import Order
from bridge.sandbox.mutations.pay import Row, decimal_of
from bridge.sandbox.mutations.refund import Wanted, refunded
from bridge.sandbox.refunding import Units
from bridge.sandbox.returning import REASONS, Wish

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_BAD_QUANTITY = "Return line item has an invalid quantity."
_OTHER = "OTHER"


def _error(field: list[str], message: str, code: str) -> Row:
    return {"field": field, "message": message, "code": code}


def _refused(*errors: Row) -> Row:
    return {"return": None, "userErrors": list(errors)}


def _done(item: Return) -> Row:
    return {"return": item, "userErrors": []}


# ---- opening


def _reason(row: Mapping[str, Any], at: list[str]) -> tuple[str, Row | None]:
    """The reason's name, or why there is none."""
    name, definition = row.get("returnReason"), row.get("returnReasonDefinitionId")
    if definition is not None:
        found = next((reason for reason in REASONS if reason.id == definition), None)
        if found is None:
            message = "Return reason definition was not found."
            return "", _error([*at, "returnReasonDefinitionId"], message, "NOT_FOUND")
        name = found.legacy or found.handle
    if name is None:
        message = (
            "Return line items Either return reason or return reason definition must be provided"
        )
        return "", _error(at, message, "NOT_FOUND")
    if name == _OTHER and not row.get("returnReasonNote"):
        message = (
            "Return line items return reason note The note is required when the return reason "
            'is "Other"'
        )
        return "", _error([*at, "returnReasonNote"], message, "BLANK")
    return name, None


def _wishes(order: Order, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Wish], list[Row]]:
    left = {item.row.id: item.units for item in returning.returnable(order)}
    packed = {row.id: row for package in order.fulfillment_list for row in package.line_items}
    wishes: list[Wish] = []
    errors: list[Row] = []
    for n, row in enumerate(rows):
        at = ["returnInput", "returnLineItems", str(n)]
        if row.get("restockingFee"):
            raise NotModelled("the argument restockingFee of returnCreate")
        identifier = row["fulfillmentLineItemId"]
        if identifier not in packed:
            message = "Fulfillment Line Item was not found."
            errors.append(_error([*at, "fulfillmentLineItemId"], message, "NOT_FOUND"))
            continue
        if not 1 <= row["quantity"] <= left.get(identifier, 0):
            errors.append(_error([*at, "quantity"], _BAD_QUANTITY, "INVALID"))
            continue
        reason, wrong = _reason(row, at)
        if wrong is not None:
            errors.append(wrong)
            continue
        left[identifier] -= row["quantity"]
        note = row.get("returnReasonNote") or ""
        wishes.append(Wish(packed[identifier], row["quantity"], reason, note))
    return wishes, errors


def create(_root: object, info: Info, returnInput: Row) -> Row:
    """An open return of shipped units; one wrong line refuses all (captured)."""
    store: Store = info.context.store
    store.settle()
    if returnInput.get("exchangeLineItems"):
        raise NotModelled("the argument exchangeLineItems of returnCreate")
    order = store.find_as(Order, returnInput["orderId"])
    if order is None:
        field = ["returnInput", "orderId"]
        return _refused(_error(field, "Order does not exist", "NOT_FOUND"))
    wishes, errors = _wishes(order, returnInput["returnLineItems"])
    if not errors and not wishes:
        field = ["returnInput", "returnLineItems"]
        errors = [_error(field, "Return line items can't be blank", "BLANK")]
    if errors:
        return _refused(*errors)
    made = returning.open_return(store, order, wishes, store.clock())
    fee = returnInput.get("returnShippingFee")
    if fee:
        amount = order.currencies.bag(decimal_of(fee["amount"]["amount"]))
        made.fees.append({"id": gid("Fee", store.new_id("Fee")), "amountSet": amount})
    _tell(store, "returnCreate", made, {row.number_id: row.quantity for row in made.lines})
    return _done(made)


def _tell(
    store: Store, mutation: str, item: Return, units: Mapping[int, int] | None = None
) -> None:
    store.touch(item.order)
    detail: Row = {"name": item.name, "status": item.status}
    if units is not None:
        detail["lines"] = [
            {
                "line": row.line_item.legacy_resource_id,
                "sku": row.line_item.sku,
                "quantity": units[row.number_id],
                "reason": row.return_reason,
                "note": row.return_reason_note,
            }
            for row in item.lines
            if units.get(row.number_id)
        ]
    store.record(mutation, order=item.order.id, ids=[item.id], detail=detail)


# ---- processing


def _units(item: Return, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, int], list[Row]]:
    known = {row.id: row for row in item.lines}
    units: dict[int, int] = {}
    errors: list[Row] = []
    for n, row in enumerate(rows):
        at = ["input", "returnLineItems", str(n)]
        if row.get("dispositions"):
            raise NotModelled("the argument dispositions of returnProcess")
        line = known.get(row["id"])
        if line is None:
            message = "Return line item was not found."
            errors.append(_error([*at, "id"], message, "NOT_FOUND"))
            continue
        units[line.number_id] = units.get(line.number_id, 0) + row["quantity"]
        if row["quantity"] < 1 or units[line.number_id] > line.processable_quantity:
            errors.append(_error([*at, "quantity"], _BAD_QUANTITY, "INVALID"))
    return units, errors


def _money(item: Return, given: Mapping[str, Any]) -> Wanted | None:
    """What ``financialTransfer`` and ``refundShipping`` ask for; None without either."""
    issue = (given.get("financialTransfer") or {}).get("issueRefund")
    shipping = given.get("refundShipping")
    if issue is None and not shipping:
        return None
    wanted = Wanted(item.order)
    if shipping:
        amount = (shipping.get("shippingRefundAmount") or {}).get("amount")
        wanted.read_shipping({"amount": amount, "fullRefund": shipping.get("fullRefund")})
    parents = {row.id: row for row in item.order.transaction_list}
    for row in (issue or {}).get("orderTransactions") or ():
        parent, money = parents.get(row["parentId"]), row["transactionAmount"]
        if parent is None or parent.kind not in {"SALE", "CAPTURE"}:
            message = "Transactions require a parent_id associated with the order"
            wanted.refuse(["transactions"], message)
        elif money["currencyCode"] != item.order.currencies.presentment:
            message = f"Currency must be {item.order.currencies.presentment}"
            wanted.refuse(["transactions"], message)
        else:
            wanted.add_over(parent, decimal_of(money["amount"]))
    wanted.read_methods((issue or {}).get("refundMethods") or ())
    if not wanted.errors:
        wanted.check_money()
    return wanted


def process(_root: object, info: Info, input: Row) -> Row:
    """Units came in, and money may go back; the return stays open (captured)."""
    store: Store = info.context.store
    store.settle()
    for name in ("exchangeLineItems", "refundDuties", "tipLineId"):
        if input.get(name):
            raise NotModelled(f"the argument {name} of returnProcess")
    item = store.find_as(Return, input["returnId"])
    if item is None:
        return _refused(_error(["input", "returnId"], "Return not found.", "NOT_FOUND"))
    if item.status != "OPEN":
        message = "Return status is invalid."
        return _refused(_error(["input", "returnId"], message, "INVALID_STATE"))
    units, errors = _units(item, input.get("returnLineItems") or ())
    wanted = _money(item, input)
    if wanted is not None:
        errors += [
            _error(["input", "financialTransfer"], row["message"], "INVALID")
            for row in wanted.errors
        ]
    if errors:
        return _refused(*errors)
    returning.process(item, units, store.clock())
    _tell(store, "returnProcess", item, units)
    if wanted is not None:
        _give_back(store, item, units, wanted, input.get("note"))
    return _done(item)


def _give_back(
    store: Store, item: Return, units: Mapping[int, int], wanted: Wanted, note: str | None
) -> None:
    at, rows = store.clock(), []
    for line in item.lines:
        count = min(units.get(line.number_id, 0), line.line_item.refundable_quantity)
        if count:
            rows.append(Units(line.line_item, count))
            line.refunded_quantity += count
    made = refunding.give_back(
        store, item.order, at, units=rows, shipping=wanted.shipping, note=note, of_return=item
    )
    credit: Decimal = wanted.store_credit
    paying.pay_back(store, made, wanted.over, at, store_credit=credit)
    refunded(store, made, "returnProcess")


# ---- the end


def _end(mutation: str, status: str, ends: frozenset[str], refusal: str) -> Callable[..., Row]:
    def resolve(_root: object, info: Info, id: str, **_notify: bool | None) -> Row:
        store: Store = info.context.store
        store.settle()
        item = store.find_as(Return, id)
        if item is None:
            return _refused(_error(["id"], "Return not found.", "NOT_FOUND"))
        if item.status == status:
            return _done(item)
        begun = any(row.processed_quantity or row.refunded_quantity for row in item.lines)
        if item.status not in ends or (status == "CANCELED" and begun):
            return _refused(_error(["id"], refusal, "INVALID_STATE"))
        returning.end(item, status, store.clock())
        _tell(store, mutation, item)
        return _done(item)

    return resolve


close = _end("returnClose", "CLOSED", frozenset({"OPEN"}), "Return status is invalid.")
cancel = _end(
    "returnCancel", "CANCELED", frozenset({"OPEN", "REQUESTED"}), "Return is not cancelable."
)
