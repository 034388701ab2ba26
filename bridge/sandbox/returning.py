"""What customers send back: what can be returned, and returns from their opening to their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bridge.sandbox.model_fulfillment import Fulfillment, FulfillmentLine, Return, ReturnLine
from bridge.sandbox.model_orders import Order

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# A return that came to nothing leaves its units returnable.
_VOID_STATUSES = frozenset({"CANCELED", "DECLINED"})


@dataclass(frozen=True)
class ReturnReason:
    """One entry of Shopify's library; ``legacy`` is the deprecated enum's value for it."""

    number_id: int
    name: str
    handle: str
    legacy: str | None = None

    @property
    def id(self) -> str:
        """The global id."""
        return f"gid://shopify/ReturnReasonDefinition/{self.number_id}"


# Captured: the first twenty of the library, with these numbers.
REASONS: tuple[ReturnReason, ...] = (
    ReturnReason(1, "Unknown", "unknown", "UNKNOWN"),
    ReturnReason(2, "Changed my mind", "changed-my-mind", "UNWANTED"),
    ReturnReason(3, "Item not as described", "item-not-as-described", "NOT_AS_DESCRIBED"),
    ReturnReason(4, "Received the wrong item", "received-the-wrong-item", "WRONG_ITEM"),
    ReturnReason(5, "Other", "other-reason", "OTHER"),
    ReturnReason(6, "Damaged or defective", "damaged-or-defective", "DEFECTIVE"),
    ReturnReason(7, "Too small", "too-small", "SIZE_TOO_SMALL"),
    ReturnReason(8, "Too big", "too-big", "SIZE_TOO_LARGE"),
    ReturnReason(9, "Style", "style", "STYLE"),
    ReturnReason(10, "Color", "color", "COLOR"),
    ReturnReason(11, "Absorbency", "absorbency"),
    ReturnReason(12, "Academic level", "academic-level"),
    ReturnReason(13, "Accuracy", "accuracy"),
    ReturnReason(14, "Adhesion", "adhesion"),
    ReturnReason(15, "Adhesive", "adhesive"),
    ReturnReason(16, "Adhesive strength", "adhesive-strength"),
    ReturnReason(17, "Adjustability", "adjustability"),
    ReturnReason(18, "Age range", "age-range"),
    ReturnReason(19, "Amperage", "amperage"),
    ReturnReason(20, "Angle", "angle"),
)


@dataclass(frozen=True)
class Returnable:
    """Units of one line of a package that may still be sent back."""

    package: Fulfillment
    row: FulfillmentLine
    units: int


@dataclass(frozen=True)
class Wish:
    """Units of one line of a package that a return is opened for."""

    row: FulfillmentLine
    units: int
    reason: str
    note: str = ""


def returnable(order: Order) -> list[Returnable]:
    """What of each package is neither in a return nor refunded; oldest package first.

    Refunded units that had been shipped count against the oldest packages (assumed).
    """
    in_returns: dict[int, int] = {}
    for item in order.return_list:
        if item.status not in _VOID_STATUSES:
            for line in item.lines:
                number = line.fulfillment_line_item.number_id
                in_returns[number] = in_returns.get(number, 0) + line.quantity
    refunded: dict[int, int] = {}
    for refund in order.refund_list:
        for row in refund.line_items:
            if refund.of_return is None:
                number = row.line_item.number_id
                refunded[number] = refunded.get(number, 0) + row.quantity - row.unshipped
    found = []
    for package in order.fulfillment_list:
        for packed in package.line_items:
            units = packed.quantity - in_returns.get(packed.number_id, 0)
            gone = min(max(units, 0), refunded.get(packed.line_item.number_id, 0))
            if gone:
                refunded[packed.line_item.number_id] -= gone
            if units - gone > 0 and package.status == "SUCCESS":
                found.append(Returnable(package, packed, units - gone))
    return found


def open_return(store: Store, order: Order, wishes: Sequence[Wish], at: datetime) -> Return:
    """An open return; an archived order is opened again (documented)."""
    made = Return(
        number_id=store.new_id("Return"),
        order=order,
        name=f"{order.name}-R{len(order.return_list) + 1}",
        created_at=at,
    )
    for wish in wishes:
        row = ReturnLine(
            number_id=store.new_id("ReturnLineItem"),
            of_return=made,
            fulfillment_line_item=wish.row,
            quantity=wish.units,
            return_reason=wish.reason,
            return_reason_note=wish.note,
        )
        made.lines.append(row)
        store.keep(row)
    order.return_list.append(made)
    order.closed_at = None
    order.updated_at = at
    store.keep(made)
    return made


def add_return(
    store: Store, order: Order, at: datetime, *, lines: Sequence[tuple[int, int, str]]
) -> Return:
    """As a customer or the staff does: (position of the line, units, reason).

    Raises ValueError when that much was not shipped or is on its way back already.
    """
    wishes, left = [], {item.row.number_id: item for item in returnable(order)}
    for position, asked, reason in lines:
        units = asked
        for item in list(left.values()):
            taken = min(units, item.units) if item.row.line_item is order.lines[position] else 0
            if taken:
                wishes.append(Wish(item.row, taken, reason))
                left[item.row.number_id] = Returnable(item.package, item.row, item.units - taken)
                units -= taken
        if units:
            raise ValueError(f"order {order.name}: line {position} has {units} units too few")
    return open_return(store, order, wishes, at)


def process(item: Return, units: Mapping[int, int], at: datetime) -> None:
    """Units (by number of the return's line) came in; the return stays open (captured)."""
    for row in item.lines:
        row.processed_quantity += units.get(row.number_id, 0)
    item.order.updated_at = at


def end(item: Return, status: str, at: datetime) -> None:
    """Close or cancel a return."""
    item.status = status
    item.closed_at = at if status == "CLOSED" else None
    item.order.updated_at = at
