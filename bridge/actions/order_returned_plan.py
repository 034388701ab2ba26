"""Giving back: which units, how much money, over which tenders, in which mutation. Pure.

    one RefundCreate          the usual way: lines and money together, found again by its note
    ReturnProcess (+ Close)   where the shop has an open return over all of these units
    nothing                   where it was done before, or must not be done

Only units that were shipped can come back. Shopify takes a NO_RESTOCK refund of a line that is
still partly to be shipped off what is to be shipped (REST reference, ``restock_type``): such
lines are left out of the refund, which is then money alone, and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final

from bridge.actions.currency import Exchange, as_text, said
from bridge.actions.effects import REFUND
from bridge.actions.locations import find, named
from bridge.actions.money import ZERO
from bridge.actions.order_returned_target import Returned, ReturnedLine
from bridge.actions.refund_money import refundable, spread, suggested_shipping
from bridge.actions.shipment_lines import LINE_GID, SHIPPED_BEFORE, Lines, number_of
from bridge.engine import Step
from bridge.retailops.events import Code, Event, EventType, event
from bridge.shopify.documents import Operation
from bridge.shopify.payments import DEAD
from bridge.shopify.protocol import user_errors
from bridge.shopify.refunds import (
    Part,
    RefundLine,
    RefundState,
    refund_create,
    refund_variables,
)
from bridge.shopify.returns import process_variables, return_close, return_process

Node = Mapping[str, Any]

NOTE: Final = "RetailOps return"


def marker_of(return_id: str) -> str:
    """How the note of a return's refund begins."""
    return f"{NOTE} {return_id}"


def asked_lines(lines: Sequence[ReturnedLine]) -> list[RefundLine]:
    """The lines that can be asked for before the order is read: those with a number."""
    units: dict[str, int] = {}
    for row in lines:
        number = (row.refnum or "").removeprefix(LINE_GID).removesuffix(SHIPPED_BEFORE)
        if number.isdecimal() and row.quantity is not None and row.quantity > 0:
            gid = LINE_GID + number
            units[gid] = units.get(gid, 0) + row.quantity
    return [RefundLine(gid, count) for gid, count in units.items()]


@dataclass(slots=True)
class Giving:
    """The steps of a return, what is told, and what it comes to.

    ``done``: nothing has to be sent, and the return is to be remembered as ``detail``.
    """

    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)
    done: bool = False


@dataclass(slots=True)
class Giver:
    """Plans one return that was not done before."""

    return_id: str
    refnum: str | None
    returned: Returned
    state: RefundState
    rate: Exchange
    places: Sequence[Node] = ()
    out: Giving = field(default_factory=Giving)

    def plan(self) -> Giving:
        """What is to be sent for the return."""
        money = self._money()
        if money is None:
            return self.out
        amount, parts, credit = money
        self.out.detail = {
            "amount": as_text(amount),
            "currency": self.rate.presentment,
            "store_credit": None if credit is None else as_text(credit),
        }
        shipping = self._shipping(amount)
        units = self._units()
        opened = self._open_return({gid: sum(rows.values()) for gid, rows in units.items()})
        at_shopify = amount if credit is not None and amount > 0 else None
        if opened is not None:
            self._process(opened, units, parts, at_shopify, shipping)
            return self.out
        lines = self._lines(units)
        if lines or parts or at_shopify is not None:
            self._refund(lines, parts, at_shopify, shipping)
        else:
            self.out.done = True
        return self.out

    # -- money --------------------------------------------------------------------------------

    def _money(self) -> tuple[Decimal, tuple[Part, ...], Decimal | None] | None:
        """What Shopify gives back in all, over which tenders, and the store credit to answer.

        None: no money may move, and the events say why.
        """
        order, told = self.state.order, self.returned.amount or ZERO
        asked, currency = self.rate.from_retailops(told), self.rate.presentment
        as_credit = self.returned.action == "storecredit"
        if as_credit and self.returned.store_credit == "retailops":
            return ZERO, (), self.rate.to_retailops(asked)
        if asked == 0:
            return ZERO, (), ZERO if as_credit else None
        if as_credit and order["customer"] is None:
            self._tell(
                Code.STORE_CREDIT_REFUSED,
                f"{said(asked, currency)} cannot be given as store credit: order {order['name']} "
                "has no customer",
            )
            return None
        amount = min(asked, refundable(order))
        parts: tuple[Part, ...] = ()
        if not as_credit:
            parts = spread(order, amount)
            amount = sum((p.amount for p in parts), ZERO)
        if amount < asked:
            self._tell(
                Code.OVER_REFUND,
                f"return {self.return_id} asks for {said(asked, currency)}; order {order['name']} "
                f"has {said(amount, currency)} left to give back, "
                + ("and that is given back" if amount > 0 else "so nothing is given back"),
                event_type="warning" if amount > 0 else "error",
            )
        if amount <= 0:
            return None
        return amount, parts, self.rate.to_retailops(amount) if as_credit else None

    def _shipping(self, amount: Decimal) -> Decimal | None:
        """How much of the amount is for shipping; it never adds to it."""
        told = self.returned.shipping or ZERO
        if told <= 0:
            return None
        shipping = min(self.rate.from_retailops(told), suggested_shipping(self.state.order), amount)
        return shipping if shipping > 0 else None

    # -- units --------------------------------------------------------------------------------

    def _units(self) -> dict[str, dict[ReturnedLine, int]]:
        """Returned units by line (GID) and by how the mapping wants them; unknown ones are told."""
        nodes = self.state.order["lineItems"]
        by_sku: dict[str, set[str]] = {}
        for node in nodes:
            by_sku.setdefault(node["sku"] or "", set()).add(node["id"])
        lines = Lines(frozenset(n["id"] for n in nodes), by_sku)
        units: dict[str, dict[ReturnedLine, int]] = {}
        for row in self.returned.lines:
            refnum = (row.refnum or "").removesuffix(SHIPPED_BEFORE)
            sku, count = (row.sku or "").strip(), row.quantity or 0
            gid = lines.find(refnum, sku)
            if gid != "extra" and (row.quantity is None or count < 0):
                told = "no quantity" if row.quantity is None else f"the quantity {count}"
                self._tell(
                    Code.INVALID_QUANTITY,
                    f"{refnum or sku or 'an item without refnum and SKU'} has {told}: its units "
                    "are not recorded as returned; the money is not affected",
                    item=refnum,
                    sku=sku,
                )
            if count <= 0 or gid == "extra":
                continue
            if gid == "unknown" and refnum.isdecimal() and not self.state.all_lines:
                gid = LINE_GID + refnum  # beyond the hundred lines that were read
            if gid in {"unknown", "shipped before"}:
                what = refnum or sku or "an item without refnum and SKU"
                self._tell(
                    Code.ITEM_NOT_FOUND,
                    f"order {self.state.order['name']} has no line {what}: its units are not "
                    "recorded as returned; the money is not affected",
                    item=refnum,
                    sku=sku,
                )
                continue
            kept = row.model_copy(update={"quantity": None, "refnum": None, "sku": None})
            here = units.setdefault(gid, {})
            here[kept] = here.get(kept, 0) + count
        return units

    def _lines(self, units: Mapping[str, Mapping[ReturnedLine, int]]) -> list[RefundLine]:
        """The units that can be taken off, never more than Shopify still counts as refundable."""
        nodes = {n["id"]: n for n in self.state.order["lineItems"]}
        found: list[RefundLine] = []
        for gid, rows in units.items():
            node = nodes.get(gid)
            left = sum(rows.values()) if node is None else int(node["refundableQuantity"])
            for row, count in rows.items():
                if node is not None and row.restock == "NO_RESTOCK" and self._to_ship(node):
                    self._tell(
                        Code.RETURN_NOT_RECORDED,
                        f"{count} units of line {number_of(gid)} came back while others are still "
                        "to be shipped: Shopify would take them off those, so they are not "
                        "recorded; the money is not affected",
                        item=number_of(gid),
                    )
                    continue
                taken = min(count, left)
                left -= taken
                if taken < count:
                    self._tell(
                        Code.OVER_REFUND,
                        f"{count} units of line {number_of(gid)} came back, and {taken} of them "
                        "can still be refunded",
                        item=number_of(gid),
                    )
                if taken > 0:
                    found.append(RefundLine(gid, taken, row.restock, self._place(row)))
        return found

    @staticmethod
    def _to_ship(node: Node) -> bool:
        return bool(node["requiresShipping"]) and node["unfulfilledQuantity"] > 0

    def _place(self, row: ReturnedLine) -> str | None:
        """Where units go back into stock; None: where they came from, or nowhere."""
        if row.restock != "RETURN" or row.location is None:
            return None
        place = find(self.places, row.location)
        if place is None:
            self._tell(
                Code.LOCATION_UNKNOWN,
                f'the shop has no location "{row.location}"; it has: {named(self.places)}. The '
                "units go back to where they came from",
                event_type="warning",
            )
            return None
        return str(place["id"])

    # -- the shop's own returns ---------------------------------------------------------------

    def _open_return(self, wanted: Mapping[str, int]) -> Node | None:
        """The oldest open return that expects all of these units."""
        if not wanted:
            return None
        for opened in self.state.order.get("returns") or ():
            expected: dict[str, int] = {}
            for row in opened["returnLineItems"]:
                gid = _line_of(row)
                expected[gid] = expected.get(gid, 0) + row["processableQuantity"]
            if opened["status"] == "OPEN" and all(
                expected.get(gid, 0) >= count for gid, count in wanted.items()
            ):
                return dict(opened)
        return None

    def _process(
        self,
        opened: Node,
        units: Mapping[str, Mapping[ReturnedLine, int]],
        parts: Sequence[Part],
        credit: Decimal | None,
        shipping: Decimal | None,
    ) -> None:
        """Process the units in the return, with the money, and close it when it has no more."""
        left = {gid: sum(rows.values()) for gid, rows in units.items()}
        taken: dict[str, int] = {}
        processed: dict[str, int] = {}
        rest = 0
        for row in opened["returnLineItems"]:
            gid = _line_of(row)
            count = min(left.get(gid, 0), row["processableQuantity"])
            rest += row["processableQuantity"] - count
            if count > 0:
                left[gid] -= count
                taken[row["id"]] = count
                processed[row["id"]] = row["processedQuantity"] + count
        detail = {**self.out.detail, "return": opened["id"]}
        self.out.steps.append(
            self._step(
                return_process(),
                process_variables(
                    opened["id"],
                    lines=taken,
                    note=self._note(),
                    currency=self.rate.presentment,
                    parts=parts,
                    store_credit=credit,
                    shipping=shipping,
                    notify=self.returned.notify_customer,
                ),
                detail,
                processed=processed,
            )
        )
        if rest:
            self._tell(
                Code.RETURN_PARTLY_OPEN,
                f"return {opened['name']} still expects {rest} units and stays open",
            )
        else:
            self.out.steps.append(close_step(str(opened["id"])))

    # -- steps --------------------------------------------------------------------------------

    def _refund(
        self,
        lines: Sequence[RefundLine],
        parts: Sequence[Part],
        credit: Decimal | None,
        shipping: Decimal | None,
    ) -> None:
        variables = refund_variables(
            self.state.order["id"],
            note=self._note(),
            currency=self.rate.presentment,
            lines=lines,
            parts=parts,
            shipping=shipping,
            store_credit=credit,
            notify=self.returned.notify_customer,
            discrepancy_reason=self.returned.discrepancy_reason,
        )
        step = self._step(refund_create(), variables, self.out.detail, idempotent=True)
        self.out.steps.append(step)

    def _step(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        detail: Mapping[str, Any],
        *,
        idempotent: bool = False,
        processed: Mapping[str, int] | None = None,
    ) -> Step:
        expect = {
            "marker": marker_of(self.return_id),
            "detail": dict(detail),
            "processed": dict(processed or {}),
        }
        return Step(
            key=f"return {self.return_id}",
            operation=operation,
            variables=variables,
            repeatable=idempotent,
            idempotent=idempotent,
            kind=REFUND,
            natural_id=self.return_id,
            pre_image={"refunds": [r["id"] for r in self.state.order["refunds"]]},
            expect=expect,
            effect=partial(refund_effect, dict(detail)),
        )

    def _note(self) -> str:
        words = (self.returned.note or "").strip()
        return marker_of(self.return_id) + (f": {words}" if words else "")

    def _tell(
        self,
        code: Code,
        message: str,
        *,
        event_type: EventType | None = None,
        item: str | None = None,
        sku: str | None = None,
    ) -> None:
        self.out.events.append(
            event(
                code,
                message,
                event_type=event_type,
                order_refnum=self.refnum,
                item_refnum=item,
                sku=sku,
            )
        )


def close_step(return_gid: str) -> Step:
    """Close a return; closing it once more changes nothing."""
    return Step(
        key=f"close {return_gid}",
        operation=return_close(),
        variables={"id": return_gid},
        repeatable=True,
    )


def refund_effect(detail: Mapping[str, Any], data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The effect's detail from RefundCreate's or ReturnProcess' data; None: Shopify refused.

    A refund proves that the lines were taken off, not that money moved: ``unpaid`` is what its
    transactions could not give back, ``pending`` what they have not given back yet.
    """
    payload: Node = data.get("refundCreate") or data.get("returnProcess") or {}
    if user_errors(payload) or not (payload.get("refund") or payload.get("return")):
        return None
    refund = payload.get("refund")
    if refund is None:
        return dict(detail)
    sums = {"unpaid": ZERO, "pending": ZERO}
    for row in refund["transactions"]["nodes"]:
        if row["status"] != "SUCCESS":
            kind = "unpaid" if row["status"] in DEAD else "pending"
            sums[kind] += Decimal(str(row["amountSet"]["presentmentMoney"]["amount"]))
    told = {kind: as_text(amount) for kind, amount in sums.items() if amount > 0}
    return {**detail, "refund": refund["id"], **told}


def _line_of(row: Node) -> str:
    """The order's line of a return's line; blank for one that belongs to no fulfillment."""
    packed = row.get("fulfillmentLineItem")
    return str(packed["lineItem"]["id"]) if packed else ""
