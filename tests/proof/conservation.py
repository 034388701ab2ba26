"""Plays RetailOps' calls about one order, and holds the store against the model (``books``).

After each call: units and money in the store are what the model says, every effect is there
once, the answer tells what was not done, and nothing was answered with a 500.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.proof.books import Book, Line, Told
from tests.proof.calls import (
    MUG,
    MUG_PRICE,
    Acknowledge,
    Again,
    Box,
    Cancel,
    Complete,
    GiveBack,
    Kind,
    Meanwhile,
    Pull,
    Settle,
    Ship,
    Shopping,
    Step,
    Stock,
    Stranger,
    Update,
)
from tests.proof.judging import codes, stock
from tests.proof.lab import Here, Lab
from tests.proof.playing import JOB, WINDOW
from tests.proof.scenarios import KNIFE, SHIP, STOCKED, TEE
from tests.support import Answer

# How often RetailOps calls again while it is told that something is not known yet.
PATIENCE: Final = 5

# The answer says of itself that the call must be made again.
AGAIN: Final = frozenset({"IN_DOUBT", "SHOPIFY_UNAVAILABLE", "NOT_REACHED"})

# The root fields that may be struck, by action.
MUTATIONS: Final[Mapping[str, Sequence[str]]] = {
    SHIP: ("fulfillmentCreate", "fulfillmentTrackingInfoUpdate"),
    "order_complete": ("fulfillmentCreate", "refundCreate", "orderClose"),
    "order_settle_payment": ("orderCapture",),
    "order_returned": ("refundCreate",),
    "order_update": ("orderEditBegin", "orderEditAddVariant", "orderEditCommit"),
    "order_cancel": ("orderCancel",),
    "order_acknowledge": ("tagsAdd",),
    "inventory_push": ("inventorySetQuantities",),
}

Body = Mapping[str, Any]


@dataclass
class Sent:
    """A call that was made, and what it does to the model."""

    action: str
    body: Body
    book: Callable[[Answer], Told]


@dataclass
class Player:
    """One order, from its placing on."""

    lab: Lab
    bridge: Here
    order: Mapping[str, Any]
    book: Book
    begun: int
    pushed: int | None = None
    sent: list[Sent] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    @classmethod
    async def start(cls, lab: Lab, bridge: Here, shopping: Shopping) -> Player:
        """Place the order."""
        begun = len(lab.journal())
        order = await lab.place(shopping.spec())
        player = cls(lab, bridge, order, shopping.book(order), begun)
        player.check()
        return player

    @property
    def refnum(self) -> str:
        """``channel_order_refnum``."""
        return str(self.order["id"])

    async def play(self, step: Step) -> None:
        """Make the call, again as long as it is told to, and look at everything."""
        call = self._call(step.call)
        if call is None:
            return None
        begun = len(self.lab.journal())
        answers = await self._until_known(call, step.fault)
        last = answers[-1]
        self.seen[call.action] += 1
        if last.headers.get("Idempotent-Replayed") == "true":
            if len(answers) == 1:
                assert self.lab.journal()[begun:] == [], "a replayed call had an effect"
                return self.check()
            raise AssertionError(f"replayed after it was told to call again: {last.body}")
        told = call.book(last)
        events = [e for a in answers if a.status == 200 for e in a.body.get("events", ())]
        said = [e["event_type"] for e in events if e["code"] not in AGAIN]
        if last.body.get("status") == "fail":
            said.append("error")
        if told == "refused":
            assert "error" in said, f"refused, and told {codes_of(events)}"
        elif told == "short":
            assert {"error", "warning"} & set(said), f"not all done, and told {codes_of(events)}"
        else:
            assert "error" not in said, f"done, and told {codes_of(events)}"
        self.sent.append(call)
        return self.check()

    async def _until_known(self, call: Sent, fault: str | None) -> list[Answer]:
        """Every answer; the last one does not ask for another call."""
        for name in MUTATIONS.get(call.action, ()) if fault else ():
            await self.lab.fault(name, str(fault), delay=30.0)
        answers = [await self._post(call)]
        self.lab.store.sandbox.faults.clear()
        while answers[-1].status == 503 or AGAIN & set(codes(answers[-1])):
            assert fault, f"nothing was wrong, and told {answers[-1].status} {answers[-1].body}"
            assert len(answers) < PATIENCE, f"told to call again for ever: {answers[-1].body}"
            await self.lab.advance(WINDOW)
            answers.append(await self._post(call))
        return answers

    async def _post(self, call: Sent) -> Answer:
        """The call; Shopify's jobs go on meanwhile."""
        posting = asyncio.create_task(self.bridge.post(call.action, call.body))
        if call.action == "order_cancel":
            while not (await asyncio.wait([posting], timeout=0.05))[0]:
                await self.lab.advance(JOB)
            await self.lab.advance(JOB)
        answer = await posting
        assert answer.status in {200, 503}, f"HTTP {answer.status} {answer.body}"
        assert "INTERNAL_ERROR" not in codes(answer), answer.body
        return answer

    # -- the calls -----------------------------------------------------------------------------

    def _call(self, kind: Kind) -> Sent | None:
        """The call in RetailOps' words, and in the model's."""
        match kind:
            case Ship(boxes):
                body = {
                    "channel_order_refnum": self.refnum,
                    "shipment": {
                        "retailops_shipment_id": 70,
                        "packages": [self._package(b) for b in boxes],
                    },
                }
                return Sent(SHIP, body, lambda _: self.book.ship(self._boxes(boxes)))
            case Complete():
                return self._complete(kind)
            case Settle(series, amount):
                row = {
                    "payment_processing_type": "channel_payment",
                    "transaction_type": "charge",
                    "amount": float(amount),
                }
                body = {
                    "order": self._writeback(),
                    "payment": {
                        "currency_code": "USD",
                        "payment_series_id": series,
                        "payment_transactions": [row],
                    },
                }
                name = str(series) if series else ""
                return Sent("order_settle_payment", body, lambda _: self.book.settle(name, amount))
            case GiveBack():
                return self._give_back(kind)
            case Update():
                return self._update(kind)
            case Cancel():
                body = {"order": self._writeback()}
                return Sent("order_cancel", body, lambda _: self.book.cancel())
            case Acknowledge():
                rows = [{"channel_order_refnum": self.refnum, "retailops_order_id": 7000}]
                return Sent("order_acknowledge", {"orders": rows}, lambda _: "done")
            case Pull():
                body = {"specific_orders": [{"channel_refnum": self.refnum}]}
                return Sent("order_pull", body, self._pulled)
            case Stock(quantity):
                rows = [{"sku": sku, "quantity_available": quantity} for sku in STOCKED]
                return Sent(
                    "inventory_push", {"inventory_updates": rows}, lambda _: self._pushed(quantity)
                )
            case Stranger(action):
                body = {"channel_order_refnum": "99", "order": {"channel_order_refnum": "99"}}
                return Sent(action, body, lambda _: "refused")
            case Meanwhile(what):
                self.lab.happen(self.order, what, {"position": 0, "units": 1})
                return Sent("catalog_get_config", {}, lambda _: "done")
            case Again(back):
                return self.sent[-1 - back % len(self.sent)] if self.sent else None

    def _writeback(self, **more: Any) -> dict[str, Any]:
        return {"channel_order_refnum": self.refnum, "retailops_order_id": 7000, **more}

    def _item(self, sku: str, quantity: int) -> dict[str, Any]:
        return {"channel_item_refnum": self._line(sku), "sku": sku, "quantity": quantity}

    def _line(self, sku: str) -> str:
        return next(n.refnum for n in self.book.lines.values() if n.sku == sku)

    def _package(self, box: Box) -> dict[str, Any]:
        return {
            "retailops_package_id": box.number,
            "carrier_name": "UPS",
            "tracking_number": f"1Z{self.refnum}P{box.number}V{box.tracking}",
            "package_items": [self._item(TEE, box.tees), self._item(KNIFE, box.knives)],
        }

    def _boxes(self, boxes: Sequence[Box]) -> list[tuple[int, dict[str, int]]]:
        tee, knife = self._line(TEE), self._line(KNIFE)
        return [(b.number, {tee: b.tees, knife: b.knives}) for b in boxes if b.tees or b.knives]

    def _complete(self, kind: Complete) -> Sent:
        packages = [self._package(b) for b in kind.boxes]
        more: dict[str, Any] = {
            "shipments": [{"retailops_shipment_id": 70, "packages": packages}] if packages else []
        }
        asked: dict[str, int] = {}
        if kind.unshipped is not None:
            asked = dict(zip((self._line(TEE), self._line(KNIFE)), kind.unshipped, strict=True))
            more["unshipped_items"] = [
                {"channel_item_refnum": refnum, "unshipped_quantity": count}
                for refnum, count in asked.items()
            ]
        return Sent(
            "order_complete",
            {"order": self._writeback(**more)},
            lambda _: self.book.complete(self._boxes(kind.boxes), asked),
        )

    def _give_back(self, kind: GiveBack) -> Sent:
        units = {TEE: kind.tees, KNIFE: kind.knives}
        body = {
            "order": self._writeback(),
            "return": {
                "retailops_return_id": kind.number,
                "refund_action": kind.action,
                "refund_amt": float(kind.amount),
                "shipping_amt": float(kind.shipping),
                "items": [self._item(sku, count) for sku, count in units.items() if count],
            },
        }

        def book(answer: Answer) -> Told:
            before = self.book.refunded
            told = self.book.give_back(
                kind.number,
                kind.amount,
                {self._line(sku): count for sku, count in units.items() if count},
                action=kind.action,
                shipping=kind.shipping,
            )
            credit = (answer.body.get("return") or {}).get("channel_store_credit_amount")
            if kind.action == "storecredit" and told != "refused" and credit is not None:
                given = self.book.returns[kind.number]
                assert Decimal(str(credit)) == given, f"told {credit}, given {given}"
            assert told != "refused" or self.book.refunded == before
            return told

        return Sent("order_returned", body, book)

    def _update(self, kind: Update) -> Sent:
        items = []
        targets: dict[str, int] = {}
        for number, sku, count in ((401, TEE, kind.tees), (402, KNIFE, kind.knives)):
            if count is not None:
                items.append({**self._item(sku, count), "order_item_id": number})
                targets[self._line(sku)] = count
        own = dict(kind.own)
        items += [
            {"sku": MUG, "order_item_id": item, "quantity": count} for item, count in own.items()
        ]
        if kind.unknown:
            items.append({"sku": "NO-SUCH-SKU", "order_item_id": 599, "quantity": 1})

        def book(answer: Answer) -> Told:
            known = {self.book.items[i]: n for i, n in own.items() if i in self.book.items}
            new = {i: n for i, n in own.items() if i not in self.book.items and n}
            if kind.unknown or (self.book.cancelled and new):
                return "refused"
            told = self.book.update(targets | known)
            if told == "refused":
                return told
            rows = {row["order_item_id"]: row for row in answer.body["line_items"]}
            for item, count in new.items():
                self.book.add(item, Line(str(rows[item]["refnum"]), MUG, MUG_PRICE, count))
            for row in rows.values():
                assert row["quantity"] == self.book.lines[str(row["refnum"])].current, rows
            return told

        return Sent("order_update", {"order": self._writeback(order_items=items)}, book)

    def _pulled(self, answer: Answer) -> Told:
        """What RetailOps is sent: every unit that the customer has or will have, all the money."""
        for order in answer.body["orders"]:
            units: Counter[str] = Counter()
            for item in order["order_items"]:
                units[item["channel_item_refnum"].removesuffix("-shipped")] += item["quantity"]
            wanted = {n.refnum: n.current for n in self.book.lines.values() if n.current}
            same("pulled", dict(units), wanted)
            paid = sum(
                (Decimal(str(p["amount"])) for p in order["payment_transactions"]), Decimal()
            )
            holds = sum((hold.left for hold in self.book.holds), Decimal())
            same("pulled as paid", paid, self.book.kept + holds)
        return "done"

    def _pushed(self, quantity: int) -> Told:
        self.pushed = quantity
        return "done"

    # -- the store -----------------------------------------------------------------------------

    def check(self) -> None:
        """Units, money and effects are as the model says."""
        store = self.lab.store.sandbox.store
        self.lab.store.sandbox.apply_late()
        store.settle()
        order = store.orders[int(self.refnum)]
        shipped: Counter[str] = Counter()
        packed: dict[int, Counter[str]] = {}
        for parcel in order.fulfillment_list:
            assert parcel.status == "SUCCESS"
            (tracking,) = parcel.tracking
            found = re.fullmatch(r"1Z\d+P(\d+)V\d+", tracking["number"])
            assert found
            for row in parcel.line_items:
                refnum = row.line_item.legacy_resource_id
                shipped[refnum] += row.quantity
                packed.setdefault(int(found[1]), Counter())[refnum] += row.quantity
        same(
            "packages",
            {n: dict(units) for n, units in packed.items()},
            {n: units for n, units in self.book.packages.items() if units},
        )
        self._check_units(order, shipped)
        sums: Counter[str] = Counter()
        for t in order.transaction_list:
            if t.status == "SUCCESS":
                sums[t.kind] += t.amount_set.presentment
        same("received", sums["SALE"] + sums["CAPTURE"], self.book.received)
        same("refunded", sums["REFUND"], self.book.refunded)
        self._check_journal(shipped, sums["CAPTURE"])
        assert bool(order.cancelled_at) == self.book.cancelled
        if self.pushed is not None:
            asked = dict.fromkeys(STOCKED, self.pushed)
            same("stock", stock(self.lab.state(), STOCKED), asked)

    def _check_units(self, order: Any, shipped: Mapping[str, int]) -> None:
        left: Counter[str] = Counter()
        for work in order.fulfillment_order_list:
            for row in work.lines if work.status != "CLOSED" else ():
                left[row.line_item.legacy_resource_id] += row.remaining_quantity
        units = {
            n.legacy_resource_id: {
                "ordered": n.quantity,
                "shipped": shipped[n.legacy_resource_id],
                "unshipped": left[n.legacy_resource_id],
                "cancelled": n.non_fulfillable_quantity,
            }
            for n in order.lines
        }
        wanted = {
            n.refnum: {
                "ordered": n.ordered,
                "shipped": n.shipped,
                "unshipped": n.remaining,
                "cancelled": n.removed,
            }
            for n in self.book.lines.values()
        }
        same("units", units, wanted)
        for line in units.values():
            whole = line["shipped"] + line["unshipped"] + line["cancelled"]
            assert whole == line["ordered"], line

    def _check_journal(self, shipped: Mapping[str, int], captured: Decimal) -> None:
        """Nothing in the store comes from anywhere but one effect."""
        effects = [e for e in self.lab.journal()[self.begun :] if e["order"] == self.refnum]
        done = Counter(e["mutation"] for e in effects)
        assert max(done["orderClose"], done["orderCancel"]) <= 1, done
        marks = [tag for e in effects if e["mutation"] == "tagsAdd" for tag in e["detail"]["tags"]]
        assert len(marks) == len(set(marks)), marks
        notes = Counter(e["detail"]["note"] for e in effects if e["mutation"] == "refundCreate")
        assert max(notes.values(), default=1) == 1, notes
        told: Counter[str] = Counter()
        for e in effects:
            if e["mutation"] == "fulfillmentCreate":
                told.update(e["detail"]["lines"])
        same("shipped by the journal", told, shipped)
        taken = [Decimal(e["detail"]["amount"]) for e in effects if e["mutation"] == "orderCapture"]
        same("captured by the journal", sum(taken, Decimal()), captured)
        assert self.book.closed or not done["orderClose"]


def same(what: str, found: Any, wanted: Any) -> None:
    """Both must be equal."""
    assert found == wanted, f"{what}: {found} in the store, {wanted} by what RetailOps was told"


def codes_of(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Type, code and words, for a person."""
    return [f"{e['event_type']} {e['code']}: {e['message']}" for e in events]


async def play(lab: Lab, bridge: Here, shopping: Shopping, steps: Sequence[Step]) -> Counter[str]:
    """A new order and what happens to it; which actions were called."""
    player = await Player.start(lab, bridge, shopping)
    for n, step in enumerate(steps):
        try:
            await player.play(step)
        except AssertionError as error:
            told = "\n  ".join(str(s) for s in steps[: n + 1])
            raise AssertionError(f"{error}\n{shopping}\n  {told}") from error
    return player.seen
