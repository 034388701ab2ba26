"""``orderEdit…``: sessions, staged changes, commit; texts as captured.

The recordings, in ``2026-04/orders``: ``order-edit-lifecycle-user-errors``,
``orderEdit-quantity-validation``, ``order-edit-existing-order-validation``,
``order-edit-commit-success-messages``. Documented: only units that are
not shipped can be edited. Assumed: the words for fewer units than are shipped, and for another
currency than the customer's; several sessions may be open, and a commit ends them all; an order
that is being cancelled cannot be edited either.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sandbox import committing, editing
from bridge.sandbox.cancelling import fresh_uuid
from bridge.sandbox.editing import CalculatedLine, Discount, EditSession
from bridge.sandbox.errors import NotModelled, gid_kind
from bridge.sandbox.info import Info
from bridge.sandbox.model import Location, Variant, gid, number_of
from bridge.sandbox.model_orders import Order
from bridge.sandbox.mutations.pay import decimal_of

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]

_SESSION_KINDS = ("CalculatedOrder", "OrderEditSession")


def _refused(*errors: tuple[list[str] | None, str]) -> Row:
    """A payload in which everything but the errors is null (captured)."""
    return {
        "calculatedOrder": None,
        "calculatedLineItem": None,
        "orderEditSession": None,
        "addedDiscountStagedChange": None,
        "order": None,
        "successMessages": None,
        "userErrors": [{"field": field, "message": message} for field, message in errors],
    }


def _staged(session: EditSession, line: CalculatedLine, discount: Discount | None = None) -> Row:
    return {
        "calculatedOrder": session,
        "calculatedLineItem": line,
        "orderEditSession": session.session,
        "addedDiscountStagedChange": discount.staged_change if discount else None,
        "userErrors": [],
    }


def _no_session() -> Row:
    return _refused((["id"], "The calculated order does not exist."))


def _not_editable() -> Row:
    return _refused((None, "The order cannot be edited."))


def _session(store: Store, identifier: str) -> EditSession | None:
    """The session of a calculated order's id, or its own (documented)."""
    if gid_kind(identifier) not in _SESSION_KINDS:
        return None
    return store.find_as(EditSession, gid(_SESSION_KINDS[0], number_of(identifier)))


def begin(_root: object, info: Info, id: str) -> Row:
    """A session; nothing happens to the order."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, id)
    if order is None:
        return _refused((["id"], "The order does not exist."))
    if order.cancelled_at is not None:
        return _not_editable()
    made = editing.begin(store, order)
    return {"calculatedOrder": made, "orderEditSession": made.session, "userErrors": []}


def _too_few(line: CalculatedLine, units: int) -> bool:
    """Fewer units than are shipped."""
    return units - line.begun < -line.editable_quantity_before_changes


_SHIPPED = "Quantity can't be less than the quantity that has been fulfilled."


def set_quantity(
    _root: object,
    info: Info,
    *,
    id: str,
    lineItemId: str,
    quantity: int,
    restock: bool | None = None,
    locationId: str | None = None,
) -> Row:
    """Stage the units of a line, existing or added; 0 takes it off, an added one for good."""
    store: Store = info.context.store
    store.settle()
    session = _session(store, id)
    if session is None:
        return _no_session()
    if quantity < 0:
        return _refused((["quantity"], "must be greater than or equal to 0"))
    if locationId is not None:
        raise NotModelled("the argument locationId of orderEditSetQuantity")
    line = session.line(lineItemId)
    if line is None:
        return _refused((["lineItemId"], "The line item does not exist on the order."))
    if line in session.added:
        _set_added(session, line, quantity)
    elif _too_few(line, quantity):
        return _refused((["quantity"], _SHIPPED))
    else:
        line.units, line.restock = quantity, bool(restock)
    return _staged(session, line)


def _set_added(session: EditSession, line: CalculatedLine, quantity: int) -> None:
    if quantity == 0:
        session.added.remove(line)
    elif line.line.variant is not None:
        place = line.line.stocked_at
        line.line = editing.draft(session.order, line.line.variant, quantity, place)
    line.begun = line.units = quantity


def add_variant(
    _root: object,
    info: Info,
    *,
    id: str,
    variantId: str,
    quantity: int,
    locationId: str | None = None,
    allowDuplicates: bool | None = None,
) -> Row:
    """Stage a line of a variant."""
    store: Store = info.context.store
    store.settle()
    session = _session(store, id)
    if session is None:
        return _no_session()
    wrong = [(["quantity"], "must be greater than 0")] if quantity <= 0 else []
    if quantity < 0:  # both errors (captured)
        wrong.append((["quantity"], "must be greater than or equal to 0"))
    if wrong:
        return _refused(*wrong)
    if number_of(variantId) == "0":
        message = "can't convert Integer[0] to a positive Integer to use as an untrusted id"
        return _refused((["variantId"], message))
    variant = store.find_as(Variant, variantId)
    if variant is None:
        return _refused((["variantId"], "The variant does not exist in the shop."))
    if variant.requires_components:
        raise NotModelled("adding a bundle to an order")
    place = store.find_as(Location, locationId) if locationId is not None else None
    if locationId is not None and place is None:
        raise NotModelled("adding a variant at a location that does not exist")
    there = (row.variant for row in [*session.existing, *session.added] if row.units)
    if not allowDuplicates and any(found is variant for found in there):
        title = variant.product.title
        message = f"{title} was not added because it's already on the order."
        return _refused((["id"], message))
    return _staged(session, editing.add(store, session, variant, quantity, place))


def add_discount(
    _root: object, info: Info, *, id: str, lineItemId: str, discount: Mapping[str, Any]
) -> Row:
    """Stage a discount of a line: a fixed sum per unit, or a percentage."""
    store: Store = info.context.store
    store.settle()
    session = _session(store, id)
    if session is None:
        return _no_session()
    line = session.line(lineItemId)
    if line is None:
        return _refused((["id"], "The line item does not exist on the order."))
    fixed, percent = discount.get("fixedValue"), discount.get("percentValue")
    if (fixed is None) == (percent is None):
        raise NotModelled("a discount that is not one of fixedValue and percentValue")
    currency = session.order.currencies.presentment
    if fixed is not None and fixed["currencyCode"] != currency:
        return _refused((["discount", "fixedValue"], f"Currency must be {currency}."))
    amount = None if fixed is None else decimal_of(fixed["amount"])
    share = Decimal(0) if percent is None else decimal_of(percent)
    if not (share if amount is None else amount) > 0 or share > 100:
        raise NotModelled("a discount of nothing, less than nothing or more than everything")
    made = Discount(
        uuid=fresh_uuid(store, "CalculatedManualDiscountApplication"),
        number=store.new_id("OrderStagedChangeAddLineItemDiscount"),
        description=discount.get("description"),
        fixed=amount,
        percent=share,
    )
    line.discounts.append(made)
    return _staged(session, line, made)


def commit(
    _root: object,
    info: Info,
    *,
    id: str,
    notifyCustomer: bool | None = None,
    staffNote: str | None = None,
) -> Row:
    """Make the order so, at once and whole; the session is gone then."""
    store: Store = info.context.store
    store.settle()
    session = _session(store, id)
    if session is None:
        return _no_session()
    order = session.order
    if order.cancelled_at is not None:
        return _not_editable()
    if not session.changed:
        return _refused((["id"], "There must be at least one change to be made."))
    # Shipped in the meantime.
    if any(row.changed and _too_few(row, row.units) for row in session.existing):
        return _refused((["id"], _SHIPPED))
    was_closed = order.closed
    told = committing.commit(store, session, store.clock())
    messages = ["Order updated"]
    if was_closed:
        messages.append("Order unarchived")
    if notifyCustomer:
        owes = order.total_outstanding_set.presentment > 0
        messages.append("Invoice sent" if owes else "Notification sent")
    store.record(
        "orderEditCommit",
        order=order.id,
        ids=[order.id],
        detail={**told, "notify": bool(notifyCustomer), "staff_note": staffNote},
    )
    return {"order": order, "successMessages": messages, "userErrors": []}
