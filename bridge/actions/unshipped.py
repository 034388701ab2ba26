"""Units that RetailOps will never ship: which are taken off an order, and what is given back. Pure.

    off = what RetailOps tells (unshipped_quantity) less what order_complete took off before,
          at most what is unfulfilled and promised to no package; never what needs no shipping

All of it is one refund, recognised by its note: ``RetailOps unshipped <marker>``. The marker is
made of how many units of each line are off in all, so the same call makes the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final

from bridge.actions.currency import presentment
from bridge.actions.effects import UNSHIPPED
from bridge.actions.money import ZERO
from bridge.actions.packages import Parcel
from bridge.actions.refund_money import refund_marked, refundable
from bridge.actions.shipment_known import units_of
from bridge.actions.shipment_lines import Lines, number_of
from bridge.engine import Applied, Call, NotApplied, Step, Unclear, Verdict
from bridge.ledger import Effect, StepRow
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import UnshippedItem
from bridge.shopify.fulfillment import OrderWork
from bridge.shopify.protocol import user_errors
from bridge.shopify.refunds import (
    Part,
    RefundLine,
    RefundState,
    refund_create,
    refund_state,
    refund_variables,
)

Node = Mapping[str, Any]

NOTE: Final = "RetailOps unshipped"

# The natural id names every line; above this its hash does.
LONGEST_ID: Final = 200

# Fulfillment orders in these states have no work left, whatever their lines still show.
DONE: Final = frozenset({"CLOSED", "CANCELLED"})


@dataclass(frozen=True, slots=True)
class Unit:
    """One line as far as it can be taken off: units nobody shipped, and units that were."""

    unfulfilled: int
    fulfilled: int
    virtual: bool


@dataclass(slots=True)
class TakeOff:
    """Units to take off by line (GID), how many of each were off before, and what to tell."""

    lines: dict[str, int] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    notices: list[Event] = field(default_factory=list)

    @property
    def natural_id(self) -> str:
        """How many units of each line are off in all, when this is done."""
        parts = sorted(
            f"{number_of(line)}:{self.before.get(line, 0) + units}"
            for line, units in self.lines.items()
        )
        text = ",".join(parts)
        return text if len(text) <= LONGEST_ID else hashlib.sha256(text.encode()).hexdigest()

    @property
    def marker(self) -> str:
        """What the refund's note says: told apart from every other of the order."""
        return hashlib.sha256(self.natural_id.encode()).hexdigest()[:12]


def asked_of(
    items: Iterable[UnshippedItem], lines: Lines, refnum: str
) -> tuple[dict[str, int], list[Event]]:
    """Units that will not be shipped, by line (GID); what has no line is told."""
    asked: dict[str, int] = {}
    notices: list[Event] = []
    for item in items:
        named = item.channel_item_refnum or ""
        sku = (item.sku or "").strip()
        quantity = item.unshipped_quantity or 0
        found = lines.find(named, sku)
        what = named or sku or "an item without refnum and SKU"
        if quantity < 0:
            message = f"order {refnum}: {what} has the unshipped_quantity {quantity}: left out"
            notices.append(
                event(
                    Code.INVALID_QUANTITY, message, order_refnum=refnum, item_refnum=named, sku=sku
                )
            )
        if quantity <= 0 or found in {"extra", "shipped before"}:
            continue
        if found == "unknown":
            message = f"order {refnum} has no line {what}: its unshipped units are left as they are"
            notices.append(
                event(Code.ITEM_NOT_FOUND, message, order_refnum=refnum, item_refnum=named, sku=sku)
            )
            continue
        asked[found] = asked.get(found, 0) + quantity
    return asked, notices


def removed_before(effects: Sequence[Effect], refunds: Iterable[Node]) -> dict[str, int]:
    """Units that order_complete took off, by line: as the ledger knows, else by the refunds' notes.

    Should the ledger be lost, the notes say the same; a refund that both know counts once.
    """
    removed: dict[str, int] = {}
    known: set[str] = set()
    for effect in effects:
        if effect.kind != UNSHIPPED:
            continue
        known.add(str(effect.detail.get("refund", "")))
        for line, units in units_of(effect.detail.get("lines", {})).items():
            removed[line] = removed.get(line, 0) + units
    for refund in refunds:
        if refund["id"] in known or not (refund["note"] or "").startswith(NOTE):
            continue
        for row in refund["refundLineItems"]:
            line = row["lineItem"]["id"]
            removed[line] = removed.get(line, 0) + row["quantity"]
    return removed


def units_in(order: OrderWork, state: Node | None) -> dict[str, Unit]:
    """Every line as it can be taken off: RefundState shows 100 of them, their work the rest."""
    found: dict[str, Unit] = {}
    for work in order.work:
        for row in work.lines:
            known = found.get(row.line, Unit(0, 0, virtual=True))
            left = 0 if work.status in DONE else row.remaining
            found[row.line] = Unit(
                unfulfilled=known.unfulfilled + left,
                fulfilled=0,
                virtual=known.virtual and work.method == "NONE",
            )
    for shipped in order.shipped:
        for line, units in shipped.lines.items():
            if line in found and not shipped.cancelled:
                known = found[line]
                found[line] = Unit(known.unfulfilled, known.fulfilled + units, known.virtual)
    for line in state["lineItems"] if state is not None else ():
        left = line["unfulfilledQuantity"]
        known = found.get(line["id"], Unit(0, 0, virtual=True))
        found[line["id"]] = Unit(
            unfulfilled=min(left, line["refundableQuantity"]),
            # What came back since was shipped all the same.
            fulfilled=max(known.fulfilled, line["currentQuantity"] - left),
            virtual=not line["requiresShipping"],
        )
    return found


def promised_to(parcels: Iterable[Parcel], lines: Lines) -> dict[str, int]:
    """Units that packages of the same call hold, by line: never taken off with the others."""
    promised: dict[str, int] = {}
    for parcel in parcels:
        for item in parcel.items:
            found = lines.find(item.refnum, item.sku)
            if found not in {"unknown", "extra", "shipped before"}:
                promised[found] = promised.get(found, 0) + item.quantity
    return promised


def take_off(
    asked: Mapping[str, int],
    removed: Mapping[str, int],
    units: Mapping[str, Unit],
    promised: Mapping[str, int],
    refnum: str,
) -> TakeOff:
    """What is to be taken off now."""
    off = TakeOff(before=dict(removed))
    for line, quantity in asked.items():
        unit = units.get(line, Unit(0, 0, virtual=False))
        if unit.virtual:
            message = f"line {number_of(line)} needs no shipping: it is left as it is"
            off.notices.append(
                event(
                    Code.NOTHING_TO_SHIP, message, order_refnum=refnum, item_refnum=number_of(line)
                )
            )
            continue
        wanted = quantity - removed.get(line, 0)
        free = unit.unfulfilled - max(0, promised.get(line, 0) - unit.fulfilled)
        now = max(0, min(wanted, free))
        if now:
            off.lines[line] = now
        if wanted > now:
            off.notices.append(
                event(
                    Code.OVER_UNSHIPPED,
                    f"line {number_of(line)} of order {refnum}: {wanted} units will not be "
                    f"shipped, and {now} of them are left to take off",
                    order_refnum=refnum,
                    item_refnum=number_of(line),
                )
            )
    return off


def left_to_ship(units: Mapping[str, Unit], off: Mapping[str, int]) -> dict[str, int]:
    """Units neither shipped nor taken off, by line; what needs no shipping does not count."""
    left = {
        line: unit.unfulfilled - off.get(line, 0)
        for line, unit in units.items()
        if not unit.virtual
    }
    return {line: count for line, count in left.items() if count > 0}


def due(state: Node, payment: Node) -> Decimal:
    """What is given back of Shopify's suggestion: money that was received for these units.

    The suggestion may hold what an edit left over, and does not know what is not paid yet. What
    earlier refunds gave for more or less than units (a fee, goods that came back while others
    were to be shipped) is neither: Shopify's outstanding amount takes it in.
    """
    suggested = state["suggestedRefund"]
    if suggested is None:
        return ZERO
    outstanding = presentment(payment["totalOutstandingSet"])
    unpaid = max(ZERO, outstanding + _promised(payment))
    worth = presentment(suggested["amountSet"]) - max(ZERO, -outstanding)
    if presentment(suggested["amountSet"]) >= presentment(suggested["maximumRefundableSet"]):
        # Cut to what was received: what is unpaid counts against the units' whole worth.
        worth = presentment(suggested["discountedSubtotalSet"])
        worth += presentment(suggested["shipping"]["amountSet"])
        if not state["taxesIncluded"]:
            worth += presentment(suggested["totalTaxSet"])
    return max(ZERO, min(worth - unpaid, refundable(state)))


def _promised(payment: Node) -> Decimal:
    """What Shopify counts as paid and nobody has received: authorised, or on its way."""
    waiting = (
        presentment(t["amountSet"])
        for t in payment["transactions"]
        if t["kind"] == "CAPTURE" and t["status"] == "PENDING"
    )
    return sum(waiting, presentment(payment["totalCapturableSet"]))


def rows_of(lines: Mapping[str, int]) -> list[RefundLine]:
    """Units to take off, as a refund takes them: the stock is RetailOps' to tell."""
    return [RefundLine(line, units) for line, units in lines.items()]


def take_off_step(
    state: Node,
    off: TakeOff,
    parts: Sequence[Part],
    *,
    shipping: Decimal,
    note: str,
    notify: bool,
) -> Step:
    """The one refund that takes the units off."""
    words = f"{NOTE} {off.marker}" + (f": {note}" if note else "")
    variables = refund_variables(
        state["id"],
        note=words,
        currency=state["presentmentCurrencyCode"],
        lines=rows_of(off.lines),
        parts=parts,
        shipping=shipping or None,
        notify=notify,
    )
    expect = {"marker": off.marker, "lines": dict(off.lines)}
    return Step(
        key=f"unshipped:{off.marker}",
        operation=refund_create(),
        variables=variables,
        repeatable=True,
        idempotent=True,
        kind=UNSHIPPED,
        natural_id=off.natural_id,
        pre_image={"refunds": [r["id"] for r in state["refunds"]]},
        expect=expect,
        effect=partial(_effect, expect),
    )


def _effect(expect: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data["refundCreate"]
    made = payload and payload["refund"]
    return None if not made or user_errors(payload) else {**expect, "refund": made["id"]}


class UnshippedSettler:
    """Knows the refund of unshipped units by its note."""

    kinds = frozenset({UNSHIPPED})

    async def look(self, call: Call) -> RefundState | None:
        """The order's refunds."""
        return await refund_state(call.channel.client, call.budget, call.order_gid)

    def judge(self, step: StepRow, state: RefundState | None) -> Verdict:
        """A refund that was not there before and bears the step's marker."""
        if state is None:
            return Unclear("the order cannot be found in Shopify any more")
        marker = f"{NOTE} {step.expect['marker']}"
        found = refund_marked(state.order, marker, but=step.pre_image["refunds"])
        if found is not None:
            return Applied({**step.expect, "refund": found["id"]})
        return NotApplied()
