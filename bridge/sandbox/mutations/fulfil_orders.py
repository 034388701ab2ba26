"""``fulfillmentOrderHold``, ``…ReleaseHold``, ``…Move`` and ``…Open``: work that waits or moves.

Texts and fields are captured (``fulfillment-order-hold-validation``, ``…-hold-multi-line``,
``…-move-validation``, ``…-open-report-progress-preconditions``, ``…-lifecycle``); where nobody
recorded what Shopify says, the sandbox refuses instead of making words up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sandbox import shipping
from bridge.sandbox.errors import NotModelled, expect_gid
from bridge.sandbox.info import Info
from bridge.sandbox.model import Location
from bridge.sandbox.model_fulfillment import FulfillmentHold, FulfillmentOrder

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]

# Documented and captured: the eleventh hold of an app is refused.
MAX_HOLDS = 10
MAX_HANDLE = 64  # documented


def _find(store: Store, identifier: str) -> FulfillmentOrder | None:
    """By id; 0 and ids of other types are top-level errors (captured)."""
    expect_gid(identifier, "FulfillmentOrder", zero_is_wrong=True)
    return store.find_as(FulfillmentOrder, identifier)


def _wanted(work: FulfillmentOrder, rows: list[Row]) -> dict[int, int] | None:
    """Units by row number; None when there is no such row or not that many in it."""
    mine = {row.id: row for row in work.lines}
    units: dict[int, int] = {}
    for given in rows:
        row = mine.get(given["id"])
        if row is None or given["quantity"] > row.remaining_quantity:
            return None
        units[row.number_id] = given["quantity"]
    return units


def _written(store: Store, mutation: str, work: FulfillmentOrder, detail: Row, *more: str) -> None:
    """The index learns of it; ``Order.updatedAt`` stays (reported for holds, else assumed)."""
    store.index.touch(work.order.gql_type, work.order.id)
    store.record(mutation, order=work.order.id, ids=[work.id, *more], detail=detail)


# ---- holds


def _not_held(field: list[str], message: str, code: str) -> Row:
    """Captured: nothing but the error."""
    return {
        "fulfillmentHold": None,
        "fulfillmentOrder": None,
        "remainingFulfillmentOrder": None,
        "userErrors": [{"field": field, "message": message, "code": code}],
    }


def _hold_error(work: FulfillmentOrder, given: Row) -> Row | None:
    rows, here = given["fulfillmentOrderLineItems"], ["fulfillmentHold"]
    lines = [*here, "fulfillmentOrderLineItems"]
    for n, row in enumerate(rows):
        if row["quantity"] <= 0:
            message = "You must select at least one item to place on partial hold."
            return _not_held([*lines, str(n), "quantity"], message, "GREATER_THAN_ZERO")
    if len({row["id"] for row in rows}) < len(rows):
        message = "must contain unique line item ids"
        return _not_held(lines, message, "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS")
    if rows and work.status == "ON_HOLD":
        message = "The fulfillment order is not in a splittable state."
        return _not_held(lines, message, "FULFILLMENT_ORDER_NOT_SPLITTABLE")
    mine = [hold for hold in work.fulfillment_holds if hold.held_by_requesting_app]
    if any((hold.handle or "") == (given["handle"] or "") for hold in mine):
        message = (
            "The handle provided for the fulfillment hold is already in use by this app for "
            "another hold on this fulfillment order."
        )
        return _not_held([*here, "handle"], message, "DUPLICATE_FULFILLMENT_HOLD_HANDLE")
    if len(mine) >= MAX_HOLDS:
        message = (
            "The maximum number of fulfillment holds for this fulfillment order has been reached "
            "for this app. An app can only have up to 10 holds on a single fulfillment order at "
            "any one time."
        )
        return _not_held(["id"], message, "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED")
    return None


def hold(_root: object, info: Info, id: str, fulfillmentHold: Row) -> Row:
    """Hold a fulfillment order, or a part: that part keeps the id, the rest becomes a new one."""
    store: Store = info.context.store
    store.settle()
    work, given = _find(store, id), fulfillmentHold
    if work is None:
        message = "The fulfillment order could not be found."
        return _not_held(["id"], message, "FULFILLMENT_ORDER_NOT_FOUND")
    if len(given["handle"] or "") > MAX_HANDLE:
        raise NotModelled(f"a handle of more than {MAX_HANDLE} characters")
    error = _hold_error(work, given)
    if error is not None:
        return error
    if work.is_closed:
        raise NotModelled("a hold on a closed fulfillment order")
    now, rest = store.clock(), None
    if given["fulfillmentOrderLineItems"]:
        if work.status != "OPEN" or work.is_begun:
            raise NotModelled("a hold on a part of work that is begun or scheduled")
        units = _wanted(work, given["fulfillmentOrderLineItems"])
        if units is None:
            raise NotModelled("a hold on lines or units that the fulfillment order lacks")
        rest = shipping.split(store, work, units, now)
        if rest is not None:
            rest.split_from = work
    made = FulfillmentHold(
        number_id=store.new_id("FulfillmentHold"),
        reason=given["reason"],
        reason_notes=given.get("reasonNotes"),
        handle=given["handle"],
        held_by_requesting_app=True,
    )
    shipping.hold_one(store, work, made, now)
    _written(store, "fulfillmentOrderHold", work, {"reason": made.reason}, made.id)
    return {
        "fulfillmentHold": made,
        "fulfillmentOrder": work,
        "remainingFulfillmentOrder": rest,
        "userErrors": [],
    }


def release_hold(
    _root: object,
    info: Info,
    id: str,
    holdIds: list[str] | None = None,
    externalId: str | None = None,
) -> Row:
    """Release holds, all when none are named; those of other fulfillment orders do not count.

    Captured: one of two leaves it ON_HOLD; the last one opens it, and what was split off returns.
    """
    store: Store = info.context.store
    store.settle()
    work = _find(store, id)
    if work is None:
        message = "The fulfillment order wasn't found."
        error = {"field": ["id"], "message": message, "code": "FULFILLMENT_ORDER_NOT_FOUND"}
        return {"fulfillmentOrder": None, "userErrors": [error]}
    if not work.fulfillment_holds:
        raise NotModelled("releasing a fulfillment order that nothing holds")
    gone = [held for held in work.fulfillment_holds if holdIds is None or held.id in holdIds]
    if gone:
        shipping.release(store, work, gone, store.clock())
        detail = {"reasons": [held.reason for held in gone], "external_id": externalId}
        held = [row.id for row in gone]
        _written(store, "fulfillmentOrderReleaseHold", work, detail, *held)
    return {"fulfillmentOrder": work, "userErrors": []}


# ---- places


def _not_moved(field: list[str] | None, message: str, code: str | None = None) -> Row:
    return {
        "movedFulfillmentOrder": None,
        "originalFulfillmentOrder": None,
        "remainingFulfillmentOrder": None,
        "userErrors": [{"field": field, "message": message, "code": code}],
    }


def _move_error(work: FulfillmentOrder, to: Location | None) -> Row | None:
    if work.progress_reported:
        message = (
            "Cannot move a fulfillment order that has had progress reported. To move a "
            "fulfillment order that has had progress reported, the fulfillment order must first "
            "be marked as open resolving the ongoing progress state."
        )
        code = "CANNOT_MOVE_FULFILLMENT_ORDER_WITH_REPORTED_PROGRESS"
        return _not_moved(["id"], message, code)
    if work.is_closed:
        return _not_moved(None, "Cannot change location.")
    if to is None or not to.is_active:
        return _not_moved(["id"], "Location not found.")
    return None


def _check_destination(
    work: FulfillmentOrder, units: dict[int, int], to: Location, *, part: bool
) -> None:
    """What Shopify refuses in words that nobody recorded, or does in ways that nobody showed."""
    if to is work.location:
        raise NotModelled("moving a fulfillment order to where it is")
    others = (other for other in work.order.fulfillment_order_list if other is not work)
    if part and any(other.location is to and not other.is_closed for other in others):
        raise NotModelled("moving a part to a location with a fulfillment order of the order")
    if part and work.status == "ON_HOLD":
        raise NotModelled("moving a part of a fulfillment order on hold")
    for row in work.lines:
        line = row.line_item
        if line.variant is None or line.stocked_at is None or row.number_id not in units:
            continue
        level = line.variant.inventory_item.levels.get(to.number_id)
        if level is None or not level.is_active:
            raise NotModelled("moving what the destination does not stock")


def move(
    _root: object,
    info: Info,
    id: str,
    newLocationId: str,
    fulfillmentOrderLineItems: list[Row] | None = None,
) -> Row:
    """Give work to another location, and its stock is committed there.

    Captured: a whole one keeps its id and nothing remains; of a part the moved one is new, and
    ``original`` and ``remaining`` are the old one.
    """
    store: Store = info.context.store
    store.settle()
    work, to = _find(store, id), store.find_as(Location, newLocationId)
    if work is None:
        raise NotModelled("moving a fulfillment order that does not exist")
    error = _move_error(work, to)
    if error is not None or to is None:
        return error or _not_moved(["id"], "Location not found.")
    everything = {row.number_id: row.remaining_quantity for row in work.lines}
    units: dict[int, int] | None = everything
    if fulfillmentOrderLineItems:
        units = _wanted(work, fulfillmentOrderLineItems)
    if units is None or any(count <= 0 for count in units.values() if units is not everything):
        raise NotModelled("moving lines or units that the fulfillment order lacks")
    part = work.is_begun or sum(units.values()) < work.remaining
    _check_destination(work, units, to, part=part)
    moved = shipping.move(store, work, units, to, store.clock())
    remaining = work if moved is not work and not work.is_closed else None
    detail = {"location": to.legacy_resource_id, "units": sum(units.values())}
    _written(store, "fulfillmentOrderMove", work, detail, *({moved.id} - {work.id}))
    return {
        "movedFulfillmentOrder": moved,
        "originalFulfillmentOrder": work,
        "remainingFulfillmentOrder": remaining,
        "userErrors": [],
    }


# ---- dates and progress


def open_order(_root: object, info: Info, id: str) -> Row:
    """Scheduled work, or work with progress, is open; anything else is refused (captured)."""
    store: Store = info.context.store
    store.settle()
    work = _find(store, id)
    if work is None:
        raise NotModelled("opening a fulfillment order that does not exist")
    if work.status not in {"SCHEDULED", "IN_PROGRESS"}:
        status = work.status.lower()
        message = f"Expected fulfillment order status to be valid but it was {status}."
        return {"fulfillmentOrder": None, "userErrors": [{"field": None, "message": message}]}
    before = work.status
    shipping.open_now(work, store.clock())
    _written(store, "fulfillmentOrderOpen", work, {"from": before})
    return {"fulfillmentOrder": work, "userErrors": []}
