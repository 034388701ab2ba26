"""``fulfillmentCreate``, ``fulfillmentTrackingInfoUpdate``, ``fulfillmentCancel``, as captured.

One package is of one order, one location and one delivery method. There is no idempotency here:
the same call again ships what is left, or fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bridge.sandbox import shipping
from bridge.sandbox.carriers import tracking_url
from bridge.sandbox.errors import NotModelled, StoreError, gid_kind
from bridge.sandbox.info import Info
from bridge.sandbox.model import number_of
from bridge.sandbox.model_fulfillment import (
    Fulfillment,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Pick,
)

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Row = dict[str, Any]


class _Refusal(Exception):
    """A user error: ``field`` and message."""

    def __init__(self, message: str, field: list[str] | None = None) -> None:
        self.rows = [{"field": field or ["fulfillment"], "message": message}]
        super().__init__(message)


def check_id(identifier: str, kind: str) -> str:
    """A global id of ``kind`` that is not 0, or the captured top-level ``invalid id``."""
    if gid_kind(identifier) != kind or number_of(identifier) == "0":
        raise StoreError("invalid id", "RESOURCE_NOT_FOUND")
    return identifier


# ---- tracking


def tracking_rows(given: Row | None) -> list[dict[str, str | None]]:
    """``trackingInfo`` as it will be read: one entry a number, all of one company (captured).

    A URL that was not given is built for the companies on Shopify's list. A company alone leaves
    no entry (assumed).
    """
    given = given or {}
    for one, many in (("number", "numbers"), ("url", "urls")):
        if given.get(one) and given.get(many):
            raise NotModelled(f"tracking with both {one} and {many}")
    numbers = given.get("numbers") or [given.get("number")]
    urls = given.get("urls") or [given.get("url")]
    company = given.get("company") or None
    rows: list[dict[str, str | None]] = []
    for n in range(max(len(numbers), len(urls))):
        number = (numbers[n] if n < len(numbers) else None) or None
        url = (urls[n] if n < len(urls) else None) or tracking_url(company, number)
        if number or url:
            rows.append({"number": number, "url": url, "company": company})
    return rows


# ---- fulfillmentCreate


def _check_quantities(groups: list[Row]) -> None:
    """Before anything is looked up (captured: before unknown and foreign fulfillment orders)."""
    for n, group in enumerate(groups):
        for m, row in enumerate(group.get("fulfillmentOrderLineItems") or ()):
            if row["quantity"] <= 0:
                field = ["fulfillment", "lineItemsByFulfillmentOrder", str(n)]
                field += ["fulfillmentOrderLineItems", str(m), "quantity"]
                raise _Refusal("Quantity must be greater than 0", field)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(numbers))))


def _check_together(works: list[FulfillmentOrder]) -> None:
    """One order, one location (captured), one method (reported: ChannelApe/shopify-sdk#102)."""
    orders = {work.order.number_id for work in works}
    if len(orders) > 1:
        raise _Refusal(
            "All fulfillment orders must belong to the same order. "
            f"Multiple orders with ids [{_listed(orders)}] were found."
        )
    places = {work.location.number_id for work in works}
    if len(places) > 1:
        raise _Refusal(
            "All fulfillment orders must be assigned to a single location. "
            f"Multiple locations with ids [{_listed(places)}] were found."
        )
    methods = sorted({work.method_type.lower() for work in works})
    if len(methods) > 1:
        named = ", ".join(f'"{method}"' for method in methods)
        raise _Refusal(
            "All fulfillment orders must have the same delivery method type. "
            f"Multiple delivery method types [{named}] were found."
        )


def _check_status(works: list[FulfillmentOrder]) -> None:
    for work in works:
        if work.status not in {"OPEN", "IN_PROGRESS"}:
            status = work.status.lower()
            raise _Refusal(
                f"Fulfillment order {work.number_id} has an unfulfillable status= {status}."
            )


def _picks(store: Store, groups: list[Row], works: list[FulfillmentOrder]) -> list[Pick]:
    asked: Counter[int] = Counter()
    found: dict[int, tuple[FulfillmentOrder, FulfillmentOrderLine]] = {}
    for group, work in zip(groups, works, strict=True):
        rows = group.get("fulfillmentOrderLineItems")
        if not rows:
            rows = [{"id": row.id, "quantity": row.remaining_quantity} for row in work.lines]
        for wanted in rows:
            row = store.find_as(FulfillmentOrderLine, wanted["id"])
            if row is None or not any(row is mine for mine in work.lines):
                raise _Refusal("Fulfillment order line item does not exist.")
            asked[row.number_id] += wanted["quantity"]
            found[row.number_id] = (work, row)
    picks = [Pick(*found[number], units) for number, units in asked.items() if units]
    if any(pick.units > pick.row.remaining_quantity for pick in picks):
        raise _Refusal("Invalid fulfillment order line item quantity requested.")
    return picks


def _plan(store: Store, groups: list[Row]) -> list[Pick]:
    for group in groups:
        check_id(group["fulfillmentOrderId"], "FulfillmentOrder")
    _check_quantities(groups)
    works = []
    for group in groups:
        work = store.find_as(FulfillmentOrder, group["fulfillmentOrderId"])
        if work is None:
            raise _Refusal("Fulfillment order does not exist.")
        works.append(work)
    _check_together(works)
    _check_status(works)
    return _picks(store, groups, works)


def create(_root: object, info: Info, fulfillment: Row, message: str | None = None) -> Row:
    """One package; all that remains of a fulfillment order for which no lines are given.

    Order of the checks: id 0, quantities and unknown ones captured; the rest assumed.
    """
    store: Store = info.context.store
    store.settle()
    groups = fulfillment["lineItemsByFulfillmentOrder"]
    if not groups:
        raise NotModelled("a fulfillment without fulfillment orders")
    if fulfillment.get("originAddress"):
        raise NotModelled("the originAddress of a fulfillment")
    tracking = tracking_rows(fulfillment.get("trackingInfo"))
    try:
        picks = _plan(store, groups)
    except _Refusal as refusal:
        return {"fulfillment": None, "userErrors": refusal.rows}
    order = picks[0].source.order
    made = shipping.ship(store, order, picks, store.clock(), tracking=tracking)
    store.touch(order)
    shipping.close_when_done(store, order)
    store.record(
        "fulfillmentCreate",
        order=order.id,
        ids=[made.id],
        detail={
            "lines": {row.line_item.legacy_resource_id: row.quantity for row in made.line_items},
            "tracking": made.tracking,
            "location": made.location.legacy_resource_id,
            "fulfillment_orders": sorted({pick.source.legacy_resource_id for pick in picks}),
            "notify": bool(fulfillment.get("notifyCustomer")),
            "message": message,
        },
    )
    return {"fulfillment": made, "userErrors": []}


# ---- what happens to a package later


def update_tracking(
    _root: object,
    info: Info,
    fulfillmentId: str,
    trackingInfoInput: Row,
    notifyCustomer: bool | None = None,
) -> Row:
    """Replace the whole list (captured), of cancelled packages too (captured).

    The same list again changes nothing, and leaves a trace only when the customer is told.
    """
    store: Store = info.context.store
    store.settle()
    check_id(fulfillmentId, "Fulfillment")
    package = store.find_as(Fulfillment, fulfillmentId)
    if package is None:
        error = {"field": ["fulfillmentId"], "message": "Fulfillment does not exist."}
        return {"fulfillment": None, "userErrors": [error]}
    rows = tracking_rows(trackingInfoInput)
    notify = bool(notifyCustomer)
    if rows != package.tracking or notify:
        package.tracking = rows
        package.updated_at = store.clock()
        store.touch(package.order)
        store.record(
            "fulfillmentTrackingInfoUpdate",
            order=package.order.id,
            ids=[package.id],
            detail={"tracking": rows, "notify": notify},
        )
    return {"fulfillment": package, "userErrors": []}


def cancel(_root: object, info: Info, id: str) -> Row:
    """Take a package back; a second time it succeeds and changes nothing (captured)."""
    store: Store = info.context.store
    store.settle()
    check_id(id, "Fulfillment")
    package = store.find_as(Fulfillment, id)
    if package is None:
        error = {"field": ["id"], "message": "Fulfillment not found."}
        return {"fulfillment": None, "userErrors": [error]}
    if package.status != "CANCELLED":
        shipping.unship(store, package, store.clock())
        store.touch(package.order)
        store.record(
            "fulfillmentCancel",
            order=package.order.id,
            ids=[package.id],
            detail={
                "lines": {
                    row.line_item.legacy_resource_id: row.quantity for row in package.line_items
                }
            },
        )
    return {"fulfillment": package, "userErrors": []}
