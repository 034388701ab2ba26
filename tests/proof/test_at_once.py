"""Many calls at once, over four bridges in processes of their own on one ledger file.

Equal calls run once and get equal answers. Calls that carry no key run one after the other: the
store's log of requests is then exactly that of calls made in a row. Different calls about one
order do each thing once, in whatever order they come; another order's calls do not wait for them.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bridge.ledger import Ledger
from bridge.sandbox.journal import Entry
from tests.proof.judging import codes, effects, says_done, stock
from tests.proof.lab import Killed, Lab, lab
from tests.proof.playing import WINDOW
from tests.proof.scenarios import (
    KNIFE,
    SCENARIOS,
    SHIP,
    STOCKED,
    TEE,
    Case,
    complete,
    returned,
    settle,
    shopping,
    submit,
    updated,
)
from tests.support import Answer

BRIDGES = 4
CALLS = 50

# Nothing tells two of their calls apart: every one is carried out.
KEYLESS = {"inventory_push", "order_update", "catalog_push"}

KEYED_ACTIONS = {
    "order_acknowledge",
    "order_shipment_submit",
    "order_complete",
    "order_settle_payment",
    "order_returned",
    "order_cancel",
}

# One call each, and all of them in one place: under the shipped mappings.
KEYED = [
    s
    for s in SCENARIOS
    if s.effects and s.action not in KEYLESS and not s.mappings and s.then is None
]

# How often a job is looked at depends on the time that passes.
LOOKS = "JobState"

Call = tuple[str, Mapping[str, Any]]


@asynccontextmanager
async def four(**how: Any) -> AsyncIterator[Lab]:
    """A store with four bridges before it."""
    async with lab(**how) as place:
        await asyncio.gather(*(place.start() for _ in range(BRIDGES)))
        yield place


async def at_once(place: Lab, calls: Sequence[Call]) -> list[Answer]:
    """All of them at the same time, each to the next bridge."""
    bridges = place.bridges
    return await asyncio.gather(
        *(bridges[n % len(bridges)].post(action, body) for n, (action, body) in enumerate(calls))
    )


class Log:
    """What the store is asked from here on."""

    def __init__(self, place: Lab) -> None:
        self._entries = place.store.sandbox.log.entries
        self._begun = len(self._entries)

    def __call__(self) -> list[str]:
        """The operations, in order of their arrival."""
        new = self._entries[self._begun :]
        assert not any(e.throttled for e in new), "a throttled request is sent twice"
        return [e.operation for e in new if e.operation != LOOKS]


async def of_one(place: Lab, action: str, body: Mapping[str, Any]) -> list[str]:
    """The requests of one call that has the place to itself."""
    log = Log(place)
    answer = await place.bridges[0].post(action, body)
    assert says_done(answer), answer.body
    return log()


async def ordered(place: Lab, number: int, payment: Any = "paid") -> Case:
    """A fresh order."""
    return Case(await place.place(shopping(payment)), number)


# -- equal calls -----------------------------------------------------------------------------------


async def test_fifty_equal_calls() -> None:
    """To each keyed action: one execution, fifty equal answers, and each effect once."""
    assert {s.action for s in KEYED} == KEYED_ACTIONS
    async with four() as place:
        for number, scenario in enumerate(KEYED, start=1):
            assert scenario.order is not None
            alone: list[str] = []
            for calls in (1, CALLS):
                case = Case(await place.place(scenario.order), 1000 * calls + number)
                for action, body in scenario.before:
                    assert says_done(await place.bridges[0].post(action, body(case)))
                for what, given in scenario.happens:
                    place.happen(case.order, what, given)
                begun, log = len(place.journal()), Log(place)
                answers = await at_once(place, [(scenario.action, scenario.body(case))] * calls)
                seen = effects(place.journal()[begun:], case.order)
                assert seen == Counter(scenario.effects), f"{scenario.name}: {dict(seen)}"
                first, *others = answers
                assert says_done(first), f"{scenario.name}: {first.body}"
                assert all((a.status, a.body) == (200, first.body) for a in others), scenario.name
                if scenario.action == "order_acknowledge":
                    continue  # a batch: who comes late is answered anew, and finds all done
                replayed = sum(a.headers.get("Idempotent-Replayed") == "true" for a in answers)
                assert replayed == calls - 1, f"{scenario.name}: {replayed} replayed"
                # Not one request more than a single call makes.
                alone = alone or log()
                assert log() == alone, scenario.name


async def test_fifty_equal_pushes_and_updates() -> None:
    """Without a key each is answered for itself; the numbers are written once all the same."""
    async with four() as place:
        case = await ordered(place, 1)
        calls: list[Call] = [
            ("inventory_push", push(1234)),
            ("order_update", updated(case, {**case.item(TEE, 1), "order_item_id": 501})),
        ]
        for action, body in calls:
            begun = len(place.journal())
            answers = await at_once(place, [(action, body)] * CALLS)
            assert all(says_done(a) for a in answers)
            assert len(place.journal()) == begun + 1
        assert stock(place.state(), STOCKED) == dict.fromkeys(STOCKED, 1234)
        assert effects(place.journal(), case.order)["orderEditCommit"] == 1


# -- calls without a key ---------------------------------------------------------------------------


def push(quantity: int) -> dict[str, Any]:
    """Absolute numbers for two SKUs."""
    return {"inventory_updates": [{"sku": s, "quantity_available": quantity} for s in STOCKED]}


def add_mugs(case: Case, item: int) -> dict[str, Any]:
    """A line of its own: ``item`` is RetailOps' order_item_id."""
    return updated(case, {"sku": "MUG-ENM-WHT", "order_item_id": item, "quantity": 1})


async def test_fifty_pushes_never_overlap() -> None:
    """The store is asked as by fifty pushes in a row, and keeps the numbers of the last."""
    async with four() as place:
        for bridge in place.bridges:  # each learns the shop's locations once
            await bridge.post("inventory_push", push(1))
        alone = await of_one(place, "inventory_push", push(2))
        log, begun = Log(place), len(place.journal())
        numbers = range(1000, 1000 + CALLS)
        answers = await at_once(place, [("inventory_push", push(n)) for n in numbers])
        assert [a.body for a in answers] == [{"events": []}] * CALLS
        assert log() == alone * CALLS
        written = [e for e in place.journal()[begun:] if e["mutation"] == "inventorySetQuantities"]
        assert len(written) == CALLS
        (left,) = set(stock(place.state(), STOCKED).values())
        assert left in numbers


def price(amount: int) -> dict[str, Any]:
    """A catalog push of one price."""
    row = {"sku": TEE, "price": f"{amount}.00"}
    return {"template_output": {"products": [{"variants": [row]}]}}


async def test_fifty_catalog_pushes_never_overlap() -> None:
    """The store is asked as by fifty pushes in a row, and keeps the price of the last."""
    async with four() as place:
        alone = await of_one(place, "catalog_push", price(2))
        log, begun = Log(place), len(place.journal())
        prices = range(1000, 1000 + CALLS)
        answers = await at_once(place, [("catalog_push", price(n)) for n in prices])
        assert [a.body for a in answers] == [{"events": []}] * CALLS
        assert log() == alone * CALLS
        changed = place.journal()[begun:]
        assert [e["mutation"] for e in changed] == ["productVariantsBulkUpdate"] * CALLS
        variants = [v for p in place.state()["products"] for v in p["variants"]]
        (left,) = {int(float(v["price"])) for v in variants if v["sku"] == TEE}
        assert left in prices


async def test_fifty_updates_of_one_order_never_overlap() -> None:
    """The store is asked as by fifty updates in a row; each has its line, and knows it."""
    async with four() as place:
        case = await ordered(place, 1)
        alone = await of_one(place, "order_update", add_mugs(case, 500))
        log, begun = Log(place), len(place.journal())
        items = range(501, 501 + CALLS)
        answers = await at_once(place, [("order_update", add_mugs(case, i)) for i in items])
        assert log() == alone * CALLS
        assert effects(place.journal()[begun:], case.order) == {"orderEditCommit": CALLS}
        told = [a.body["line_items"] for a in answers]
        assert [[row["order_item_id"] for row in rows] for rows in told] == [[i] for i in items]
        assert len({row["refnum"] for rows in told for row in rows}) == CALLS
        now = next(o for o in place.state()["orders"] if o["id"] == case.refnum)
        mugs = [n for n in now["lines"] if n["sku"] == "MUG-ENM-WHT"]
        assert [n["current_quantity"] for n in mugs] == [1] * (CALLS + 1)


async def test_the_log_shows_an_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the ledger's locks the requests interleave: the proofs above can fail."""

    @asynccontextmanager
    async def unlocked(*_: Any, **__: Any) -> AsyncIterator[None]:
        yield

    async with lab() as place, place.here() as bridge:
        case = await ordered(place, 1)
        for action, bodies in (
            ("inventory_push", [push(n) for n in range(6)]),
            ("catalog_push", [price(n) for n in range(1, 7)]),
            ("order_update", [add_mugs(case, n) for n in range(501, 507)]),
        ):
            await bridge.post(action, bodies[0])
            log = Log(place)
            await bridge.post(action, bodies[1])
            alone = log()
            with monkeypatch.context() as patch:
                patch.setattr(Ledger, "lock", unlocked)
                patch.setattr(Ledger, "order_lock", unlocked)
                log = Log(place)
                await asyncio.gather(*(bridge.post(action, body) for body in bodies[2:]))
            assert log() != alone * 4


# -- different calls about one order ---------------------------------------------------------------


async def test_different_bodies_about_one_order() -> None:
    """Submit p1, submit p1 and p2, complete with p1, each twice: every package is sent once."""
    chance = random.Random(20261123)
    # Whoever comes first ships p1; what is done second depends on it. Ten rounds see them all.
    async with four() as place:
        for number in range(1, 11):
            case = await ordered(place, number)
            p1, p2 = case.package(1, tee=2), case.package(2, tee=1, knife=1)
            calls: list[Call] = [
                (SHIP, submit(case, p1)),
                (SHIP, submit(case, p1, p2)),
                ("order_complete", complete(case, p1)),
            ] * 2
            chance.shuffle(calls)
            begun = len(place.journal())
            answers = await at_once(place, calls)
            assert all(says_done(a) for a in answers), [a.body for a in answers]
            new = [e for e in place.journal()[begun:] if e["order"] == case.refnum]
            assert Counter(e["mutation"] for e in new) == {"fulfillmentCreate": 2, "orderClose": 1}
            packed = [e["detail"]["lines"] for e in new if e["mutation"] == "fulfillmentCreate"]
            tee, knife = (case.item(s, 1)["channel_item_refnum"] for s in (TEE, KNIFE))
            assert sorted(packed, key=len) == [{tee: 2}, {tee: 1, knife: 1}]


async def test_different_bodies_about_one_orders_money() -> None:
    """Two parts of a settlement, then three returns, at once: each sum moves once."""
    chance = random.Random(20261123)
    async with four() as place:
        for number in range(1, 6):
            case = await ordered(
                place,
                number,
                payment=[
                    {
                        "gateway": "shopify_payments",
                        "kind": "AUTHORIZATION",
                        "multi_capturable": True,
                    }
                ],
            )
            parts: list[Call] = [
                ("order_settle_payment", settle(case, amount, series))
                for series, amount in ((1, "100.00"), (2, "44.90"))
            ] * 2
            backs: list[Call] = [
                (
                    "order_returned",
                    returned(case, f"{10 + n}.00", case.item(TEE, 1), retailops_return_id=300 + n),
                )
                for n in range(3)
            ] * 2
            assert says_done(
                await place.bridges[0].post(SHIP, submit(case, case.package(1, tee=3, knife=1)))
            )
            begun = len(place.journal())
            for calls in (parts, backs):
                chance.shuffle(calls)
                answers = await at_once(place, calls)
                assert all(says_done(a) for a in answers), [a.body for a in answers]
            moved = Counter(
                (e["mutation"], e["detail"]["amount"])
                for e in place.journal()[begun:]
                if e["order"] == case.refnum
            )
            assert moved == {
                ("orderCapture", "100.00"): 1,
                ("orderCapture", "44.90"): 1,
                ("refundCreate", "10.00"): 1,
                ("refundCreate", "11.00"): 1,
                ("refundCreate", "12.00"): 1,
            }


async def test_another_order_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a shipment of one order hangs, that order's calls wait, and no other's do.

    Then its bridge dies: who waited goes on, and in the end each package is sent once.
    """
    async with four(timeout_seconds=50.0) as place:
        stuck, free = await ordered(place, 1), await ordered(place, 2)
        one = submit(stuck, stuck.package(1, tee=2))
        two = submit(stuck, stuck.package(2, tee=1, knife=1))
        log, reached = place.store.sandbox.log, asyncio.Event()
        add = log.add

        def noticed(operation: str, *, mutation: bool) -> Entry:
            if mutation:
                reached.set()
            return add(operation, mutation=mutation)

        monkeypatch.setattr(log, "add", noticed)
        await place.fault("FulfillmentCreate", "timeout")
        dying = place.bridges[0]
        hanging = asyncio.create_task(dying.post(SHIP, one))
        async with asyncio.timeout(20):
            await reached.wait()
        behind = asyncio.create_task(place.bridges[1].post(SHIP, two))
        answers = await at_once(
            place, [(SHIP, submit(free, free.package(n, tee=1))) for n in (1, 2, 3)] * 3
        )
        assert all(says_done(a) for a in answers)
        assert not hanging.done()
        assert not behind.done()
        dying.process.kill()
        await place.bury(dying)
        with pytest.raises(Killed):
            await hanging
        waited = await behind
        assert codes(waited) == ["IN_DOUBT"]
        assert effects(place.journal(), stuck.order) == {}
        assert effects(place.journal(), free.order) == {"fulfillmentCreate": 3}
        await place.advance(WINDOW)
        answers = await at_once(place, [(SHIP, one), (SHIP, two)])
        assert all(says_done(a) for a in answers)
        assert effects(place.journal(), stuck.order) == {"fulfillmentCreate": 2}
