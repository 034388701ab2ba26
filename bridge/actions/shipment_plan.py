"""What is still to be shipped of some packages: the plan of order_shipment_submit, pure.

A package's units that are in no fulfillment yet are taken from open fulfillment orders, from the
location that has most of the package first. One fulfillment is one package of one location and
one delivery method. What the ledger knows of a package counts as shipped, whatever became of it;
what only the store knows is recognised by its tracking number and its units.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from bridge.actions.effects import FULFILLMENT, TRACKING
from bridge.actions.packages import HASH_LENGTH, Item, Parcel
from bridge.actions.shipment_known import Ground, Known, detail_of, less, units_of
from bridge.actions.shipment_lines import Lines, lines_of, number_of
from bridge.engine import Step
from bridge.ledger import Effect
from bridge.retailops.events import Code, Event, event
from bridge.shopify.fulfillment import (
    LINES_AT_ONCE,
    Shipped,
    Tracking,
    Work,
    WorkLine,
    fulfilling,
    opening,
    retracking,
)
from bridge.shopify.protocol import user_errors

OPEN: Final = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED"})
HELD: Final = "ON_HOLD"
# Asked for, or being, shipped by a fulfillment service: not ours to fulfill.
REQUESTED: Final = frozenset(
    {"SUBMITTED", "ACCEPTED", "CANCELLATION_REQUESTED", "CANCELLATION_REJECTED"}
)
INCOMPLETE: Final = "INCOMPLETE"


@dataclass(slots=True)
class Shipping:
    """The steps that are missing, what the store already had (``found``), and what to tell."""

    steps: list[Step] = field(default_factory=list)
    found: list[Effect] = field(default_factory=list)
    notices: list[Event] = field(default_factory=list)


def plan_packages(parcels: Iterable[Parcel], ground: Ground) -> Shipping:
    """What must be sent so that every package is in Shopify once, with its tracking."""
    planner = _Planner(ground)
    for parcel in parcels:
        planner.add(parcel)
    return planner.out


@dataclass(slots=True)
class _Taken:
    """Units of rows that one fulfillment takes, all of one group."""

    group: str
    rows: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    lines: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def add(self, work: str, row: WorkLine, units: int) -> None:
        self.rows[work][row.id] = self.rows[work].get(row.id, 0) + units
        self.lines[row.line] = self.lines.get(row.line, 0) + units
        self.size = sum(len(rows) for rows in self.rows.values())


class _Planner:
    """One plan in the making: what is left of every row goes down as packages take from it."""

    def __init__(self, ground: Ground) -> None:
        self.out = Shipping()
        self._ground = ground
        self._lines: Lines = lines_of(ground.order)
        self._left = {r.id: r.remaining for w in ground.order.work for r in w.lines}
        self._known = Known(ground)
        self._opened: set[str] = set()
        self._shipped = {s.id: s for s in ground.order.shipped}

    def add(self, parcel: Parcel) -> None:
        """Plan one package."""
        wanted = self._wanted(parcel)
        known = self._known.effects_of(parcel, wanted)
        if any("lines" not in e.detail for e in known):
            left: dict[str, int] = {}  # a person's word that it was shipped: with all that is in it
        else:
            left = less(wanted, [units_of(e.detail["lines"]) for e in known])
        found = self._known.adopt(parcel, left) if left else []
        self.out.found += found
        left = less(left, [units_of(e.detail["lines"]) for e in found])
        known = [*known, *found]
        before = len(self.out.steps)
        if left and self._ground.order.cancelled:
            message = f"{parcel.name}: order {self._ground.refnum} is cancelled in Shopify"
            self._tell(Code.ORDER_CANCELLED, f"{message}; the package is not fulfilled", parcel)
            return
        if left and not known and (older := self._known.doubtful(parcel, left)):
            self._doubt(parcel, older)
            return
        if left:
            self._allocate(parcel, left)
        cancelled = self._cancelled(parcel, known)
        self._retrack(parcel, known)
        nothing = not left and not cancelled and len(self.out.steps) == before
        if known and nothing:
            words = "is in Shopify already" if not found else "was found in Shopify"
            self._tell(Code.ALREADY_APPLIED, f"{parcel.name} {words}; nothing was changed", parcel)

    # -- what the package holds ----------------------------------------------------------------

    def _wanted(self, parcel: Parcel) -> dict[str, int]:
        """Units by line (GID); what has no line is told."""
        wanted: dict[str, int] = {}
        for item in parcel.items:
            found = self._lines.find(item.refnum, item.sku)
            if found == "shipped before":
                message = (
                    f"{parcel.name}: {item.refnum} was shipped before RetailOps pulled the order"
                )
                self._item(Code.ALREADY_SHIPPED, f"{message}; it is not shipped again", item)
            elif found == "unknown":
                named = item.refnum or item.sku or "an item without refnum and SKU"
                message = f"{parcel.name}: order {self._ground.refnum} has no line {named}"
                if item.sku and item.refnum:
                    count = len(self._lines.by_sku.get(item.sku, ()))
                    message += f", and {count or 'no'} lines with the SKU {item.sku}"
                self._item(Code.ITEM_NOT_FOUND, f"{message}; the item is left out", item)
            elif found != "extra":
                wanted[found] = wanted.get(found, 0) + item.quantity
        return wanted

    # -- what is to be sent --------------------------------------------------------------------

    def _allocate(self, parcel: Parcel, left: dict[str, int]) -> None:
        """Plan fulfillments for what is left of a package; tell what cannot be fulfilled."""
        taken: list[_Taken] = []
        while best := self._best(left):
            group, works = best
            one = _Taken(group)
            for work, row in _rows(works):
                units = min(left.get(row.line, 0), self._left[row.id])
                if units <= 0:
                    continue
                if one.size == LINES_AT_ONCE:
                    taken.append(one)
                    one = _Taken(group)
                one.add(work.id, row, units)
                self._left[row.id] -= units
                left[row.line] -= units
                self._open(work)
            taken.append(one)
        for one in taken:
            self._fulfill(parcel, one)
        self._blocked(parcel, left)
        for line, units in left.items():
            if units:
                self._over(parcel, line, units)

    def _best(self, left: Mapping[str, int]) -> tuple[str, list[Work]] | None:
        """The location and method that has most of what is left; the first of equals."""
        groups: dict[str, list[Work]] = defaultdict(list)
        for work in self._ground.order.work:
            if work.status in OPEN and work.request_status not in REQUESTED:
                groups[f"{number_of(work.location)}/{work.method}"].append(work)
        best: tuple[str, list[Work]] | None = None
        most = 0
        for group, works in groups.items():
            has: dict[str, int] = defaultdict(int)
            for _, row in _rows(works):
                has[row.line] += self._left[row.id]
            units = sum(min(count, has[line]) for line, count in left.items())
            if units > most:
                best, most = (group, works), units
        return best

    def _open(self, work: Work) -> None:
        if work.status == "SCHEDULED" and work.id not in self._opened:
            self._opened.add(work.id)
            op, variables = opening(work.id)
            self.out.steps.append(
                Step(f"open:{number_of(work.id)}", op, variables, repeatable=True, subject=work)
            )

    def _fulfill(self, parcel: Parcel, taken: _Taken) -> None:
        natural_id = self._known.natural_id(parcel, taken.group)
        detail = detail_of(parcel, taken.lines)
        op, variables = fulfilling(taken.rows, parcel.tracking, notify=parcel.notify)
        self.out.steps.append(
            Step(
                key=f"fulfill:{natural_id}",
                operation=op,
                variables=variables,
                repeatable=False,
                subject=parcel,
                kind=FULFILLMENT,
                natural_id=natural_id,
                pre_image={"fulfillments": [s.id for s in self._ground.order.shipped]},
                expect=detail,
                effect=partial(_created, detail),
            )
        )

    def _blocked(self, parcel: Parcel, left: dict[str, int]) -> None:
        """Tell of units that lie where they cannot be fulfilled; what is then still left."""
        for work in self._ground.order.work:
            held = work.status == HELD
            asked = work.status == INCOMPLETE or (
                work.status in OPEN and work.request_status in REQUESTED
            )
            if not held and not asked:
                continue
            for row in work.lines:
                units = min(left.get(row.line, 0), self._left[row.id])
                if units <= 0:
                    continue
                left[row.line] -= units
                self._left[row.id] -= units
                what = f"{parcel.name}: {units} of line {number_of(row.line)} (SKU {row.sku})"
                if held:
                    reasons = ", ".join(h.lower() for h in work.holds) or "no reason given"
                    message = f"{what} are on hold at {work.place} ({reasons})"
                    code = Code.ORDER_ON_HOLD
                else:
                    state = work.request_status.lower()
                    message = f"{what} are with a fulfillment service at {work.place} ({state})"
                    code = Code.FULFILLMENT_SERVICE
                self.out.notices.append(
                    event(
                        code,
                        f"{message}; they are not fulfilled",
                        order_refnum=self._ground.refnum,
                        shipment_id=parcel.shipment,
                        item_refnum=number_of(row.line),
                        sku=row.sku,
                    )
                )

    def _over(self, parcel: Parcel, line: str, units: int) -> None:
        sku = self._lines.sku(line)
        self.out.notices.append(
            event(
                Code.OVER_SHIPPED,
                f"{parcel.name} has {units} more of line {number_of(line)} (SKU {sku}) than order "
                f"{self._ground.refnum} has left to ship; they are not fulfilled",
                order_refnum=self._ground.refnum,
                shipment_id=parcel.shipment,
                item_refnum=number_of(line),
                sku=sku,
            )
        )

    # -- what is shipped already ---------------------------------------------------------------

    def _cancelled(self, parcel: Parcel, known: Sequence[Effect]) -> bool:
        """Tell of fulfillments of the package that were cancelled since; whether there are."""
        found = False
        for effect in known:
            shipped = self._shipped.get(str(effect.detail.get("fulfillment")))
            if shipped is not None and shipped.cancelled:
                self._tell(
                    Code.SHIPMENT_CANCELLED,
                    f"{parcel.name} was shipped before and its fulfillment "
                    f"{number_of(shipped.id)} is cancelled in Shopify; it is not shipped again",
                    parcel,
                )
                found = True
        return found

    def _retrack(self, parcel: Parcel, known: Sequence[Effect]) -> None:
        """Set the tracking where the store has another one."""
        if not parcel.tracking:
            return
        for effect in known:
            gid = str(effect.detail.get("fulfillment") or "")
            shipped = self._shipped.get(gid)
            if shipped is None or shipped.cancelled or has_tracking(shipped, parcel.tracking):
                continue
            expect = tracking_detail(gid, parcel.tracking)
            natural_id = f"{effect.natural_id} {tracking_hash(expect)}"
            op, variables = retracking(gid, parcel.tracking, notify=parcel.notify)
            self.out.steps.append(
                Step(
                    key=f"track:{natural_id}",
                    operation=op,
                    variables=variables,
                    # It only says what shall be true, but an e-mail must not go out twice.
                    repeatable=not parcel.notify,
                    subject=parcel,
                    kind=TRACKING,
                    natural_id=natural_id,
                    pre_image={"tracking": [t.number for t in shipped.tracking]},
                    expect=expect,
                    effect=partial(_updated, expect),
                )
            )

    # -- words ---------------------------------------------------------------------------------

    def _doubt(self, parcel: Parcel, older: Shipped) -> None:
        self._tell(
            Code.IN_DOUBT,
            f"{parcel.name} has no tracking number, and order {self._ground.refnum} has a "
            f"fulfillment {number_of(older.id)} from before this bridge's ledger began: nobody "
            "can tell whether that is this package. It is not fulfilled; send it with its "
            "tracking number, or fulfill it by hand in Shopify",
            parcel,
        )

    def _tell(self, code: Code, message: str, parcel: Parcel) -> None:
        self.out.notices.append(
            event(code, message, order_refnum=self._ground.refnum, shipment_id=parcel.shipment)
        )

    def _item(self, code: Code, message: str, item: Item) -> None:
        self.out.notices.append(
            event(
                code,
                message,
                order_refnum=self._ground.refnum,
                item_refnum=item.refnum,
                sku=item.sku,
            )
        )


_TOLD_BY: Final = ("fulfillment", "number", "company", "url")


def has_tracking(shipped: Shipped, tracking: Tracking) -> bool:
    """Whether a fulfillment can be followed as it should; Shopify may add a link of its own."""
    return any(
        t.number == tracking.number
        and (not tracking.company or t.company.casefold() == tracking.company.casefold())
        and (not tracking.url or t.url == tracking.url)
        for t in shipped.tracking
    )


def tracking_detail(fulfillment: str, tracking: Tracking) -> dict[str, str]:
    """What the ledger keeps of a tracking: no customer data is in it."""
    return {
        "fulfillment": fulfillment,
        "number": tracking.number,
        "company": tracking.company,
        "url": tracking.url,
    }


def tracking_hash(detail: Mapping[str, Any]) -> str:
    """Tells one tracking of a fulfillment from another, in the ledger's names of steps."""
    told = "\n".join(str(detail.get(name, "")) for name in _TOLD_BY)
    return hashlib.sha256(told.encode()).hexdigest()[:HASH_LENGTH]


def _created(detail: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data["fulfillmentCreate"]
    made = payload and payload["fulfillment"]
    if not made or user_errors(payload):
        return None
    return {**detail, "fulfillment": made["id"]}


def _updated(detail: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data["fulfillmentTrackingInfoUpdate"]
    return detail if payload and payload["fulfillment"] and not user_errors(payload) else None


def _rows(works: Iterable[Work]) -> Iterator[tuple[Work, WorkLine]]:
    for work in works:
        for row in work.lines:
            yield work, row
