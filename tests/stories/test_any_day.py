"""Whatever happens in whatever order: a random day over HTTP, checked against simple bookkeeping.

Shoppers order, people cancel, hold and ship in the admin, the index lags, Shopify fails now and
then, the bridge restarts; RetailOps pulls (following tokens or not), takes what it got (all,
some, twice) and asks for single orders. What must hold is checked after every pull.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.stories.caller import PLAIN, added_up, held_back, orders_of, refnums
from tests.support import World, world

SKUS = (PLAIN, "TEE-TRL-S-CLAY", "TEE-TRL-M-MOSS")
FAULTS = ("drop_reply", "http_502_after", "http_502_before", "throttle", "internal_error")
STEPS = 45


@dataclass
class Day:
    """RetailOps' books, and the dice."""

    w: World
    dice: random.Random
    offered: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    cancel_offered: set[str] = field(default_factory=set)
    cancel_taken: set[str] = field(default_factory=set)
    token: str = ""

    async def pull(self, token: str, **fields: Any) -> None:
        """One pull; what is offered must make sense to RetailOps."""
        answer = await self.w.post("order_pull", page_token=token, **fields)
        assert answer.status == 200, answer.body
        orders = answer.body["orders"]
        came = refnums(orders)
        assert len(came) == len(set(came))
        store = await orders_of(self.w)
        for order in orders:
            refnum = order["channel_order_refnum"]
            if order.get("cancel"):
                assert store[refnum]["cancelled_at"]
                self.cancel_offered.add(refnum)
                if not fields:
                    assert refnum in self.taken
                    assert refnum not in self.cancel_taken, "a cancellation was told again"
            else:
                assert not store[refnum]["cancelled_at"]
                assert added_up(order) == Decimal(store[refnum]["current_total"]["amount"])
                if not fields:
                    assert refnum not in self.taken, "a taken order came back"
        self.offered = came
        self.token = answer.body["next_page_token"]

    async def take(self, wanted: list[str]) -> None:
        """Acknowledge until it is answered."""
        rows = [{"channel_order_refnum": r, "retailops_order_id": int(r) % 997} for r in wanted]
        while True:
            answer = await self.w.post("order_acknowledge", orders=rows)
            if answer.status == 200:
                break
            assert answer.status == 503
        assert not [e for e in answer.events if e["event_type"] == "error"]
        for refnum in wanted:
            if refnum in self.taken and refnum in self.cancel_offered:
                self.cancel_taken.add(refnum)
            self.taken.add(refnum)

    async def step(self) -> None:
        """One thing happens."""
        w, dice = self.w, self.dice
        match dice.choices(
            ["order", "admin", "pull", "next", "take", "repeat", "one", "fault", "restart", "wait"],
            [6, 6, 6, 3, 8, 1, 2, 2, 1, 4],
        )[0]:
            case "order":
                lines = [{"sku": dice.choice(SKUS), "quantity": dice.randint(1, 3)}]
                payment = dice.choice(["paid", "paid", "authorized", "pending"])
                await w.place(lines=lines, payment=payment)
            case "admin":
                await self._admin()
            case "pull":
                await self.pull("")
            case "next":
                await self.pull(self.token)
            case "take":
                some = dice.sample(self.offered, dice.randint(0, len(self.offered)))
                await self.take(some)
            case "repeat" if self.taken:
                await self.take(dice.sample(sorted(self.taken), 1))
            case "one":
                await self.pull("", specific_orders=dice.sample(sorted(await orders_of(w)), 2))
            case "fault":
                operation = dice.choice(["OrderPull", "OrderAcknowledge", "AcknowledgementState"])
                await w.fault(operation, dice.choice(FAULTS))
            case "restart":
                await w.restart()
            case "wait":
                await w.advance(dice.choice([0.5, 1.5, 3, 700]))

    async def _admin(self) -> None:
        """Somebody works in Shopify's admin, on an order that is open."""
        open_orders = [
            o
            for o in (await orders_of(self.w)).values()
            if not o["cancelled_at"]
            and o["fulfillment_status"] == "UNFULFILLED"
            and o["fulfillment_orders"]  # a second after the order; nothing ships before
        ]
        order = self.dice.choice(open_orders)
        action, given = self.dice.choice(
            [("cancel", {}), ("cancel", {}), ("fulfil", {}), ("hold", {"reason": "OTHER"})]
        )
        self.w.store.sandbox.store.happen(order["gid"], action, given)

    async def end(self) -> None:
        """Night: the index catches up, RetailOps pulls until there is nothing more."""
        for _ in range(20):
            await self.w.advance(3600)
            await self.pull("")
            while self.token:
                await self.take(self.offered)
                await self.pull(self.token)
            if not self.offered:
                return
            await self.take(self.offered)
        raise AssertionError("there is always something left")


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_day(tmp_path: Path, seed: int) -> None:
    """None lost, none twice, no cancellation untold; in the end both sides agree."""
    dice = random.Random(seed)
    policy = {"page_size": dice.choice([5, 20, 100]), "sweep_minutes": dice.choice([0, 10])}
    lag = dice.choice([0.0, 2.0, 2.0, 60.0])
    async with world(tmp_path, plan="enterprise", lag=lag, order_pull=policy) as w:
        day = Day(w, dice)
        for _ in range(STEPS):
            await day.step()
        await day.end()
        held = await held_back(w)
        for refnum, order in (await orders_of(w)).items():
            ready = (
                order["financial_status"] in {"PAID", "AUTHORIZED"}
                and order["fulfillment_status"] == "UNFULFILLED"
                and not order["cancelled_at"]
                and not order["test"]
                and all(f["status"] == "OPEN" for f in order["fulfillment_orders"])
                and any(line["requires_shipping"] for line in order["lines"])
            )
            if ready and refnum not in held:
                assert refnum in day.taken, f"{order['kind']} was lost"
            if order["cancelled_at"] and refnum in day.taken:
                assert refnum in day.cancel_taken, f"{order['kind']}: the cancellation was not told"
