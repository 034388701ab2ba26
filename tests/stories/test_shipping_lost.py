"""order_shipment_submit whose replies are lost: settled by looking, and told while nobody can tell.

Told in docs/explanation/stories/shipping.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.retailops.requests import OrderCancelRequest
from bridge.shopify.budget import Deadline
from tests.stories.shipments import (
    KNIFE,
    TEE,
    fulfillments,
    item,
    line,
    outcomes,
    package,
    place,
    shipped,
    submit,
)
from tests.support import CHANNEL, SHOP, world


@pytest.mark.parametrize("fault", ["drop_reply", "http_502_after", "garbage", "half_body"])
async def test_applied_and_its_reply_lost(tmp_path: Path, fault: str) -> None:
    """The fulfillment is found by reading back: told as done, and never made again."""
    async with world(tmp_path, timeout_seconds=1.0) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        box = package(5, "T", item(line(order), 2))
        await w.fault("FulfillmentCreate", fault)
        assert (await submit(w, order, box)).events == []
        await w.advance(60)
        again = await submit(w, order, box, shipment=10)
        assert outcomes(again) == [("info", "ALREADY_APPLIED")]
        assert await shipped(w, order) == [{line(order): 2}]


@pytest.mark.parametrize("fault", ["timeout", "apply_late", "http_502_before"])
async def test_nobody_can_tell_yet(tmp_path: Path, fault: str) -> None:
    """In doubt, the packages behind it not reached; after the window each is shipped once."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 4}])
        boxes = [package(n, f"T{n}", item(line(order), 1)) for n in (1, 2)]
        await w.fault("FulfillmentCreate", fault, delay=30.0)
        answer = await submit(w, order, *boxes)
        assert outcomes(answer) == [("error", "IN_DOUBT"), ("error", "NOT_REACHED")]
        assert outcomes(await submit(w, order, *boxes)) == [("error", "IN_DOUBT")]
        assert await shipped(w, order) == []
        await w.advance(61)
        answer = await submit(w, order, *boxes)
        assert [e for e in answer.events if e["event_type"] == "error"] == []
        assert await shipped(w, order) == [{line(order): 1}, {line(order): 1}]
        numbers = [f["tracking"][0]["number"] for f in await fulfillments(w, order)]
        assert numbers == ["T1", "T2"]


async def test_in_doubt_blocks_only_its_own_order(tmp_path: Path) -> None:
    """Another order's package goes while one is in doubt."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        other = await place(w, lines=[{"sku": KNIFE, "quantity": 2}])
        await w.fault("FulfillmentCreate", "timeout")
        await submit(w, order, package(1, "T1", item(line(order), 1)))
        assert (await submit(w, other, package(2, "T2", item(line(other), 1)))).events == []


async def test_a_plan_for_an_order_in_doubt_says_so(tmp_path: Path) -> None:
    """What would be sent depends on what became of the step; a plan settles nothing."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        await w.fault("FulfillmentCreate", "timeout")
        await submit(w, order, package(1, "T1", item(line(order), 1)))
        parts = w.bridge.parts
        request = OrderCancelRequest.model_validate(
            {"order": {"channel_order_refnum": order["id"]}}
        )
        run = await parts.engine.dry_run(
            CHANNEL, "order_cancel", request, deadline=Deadline.after(30)
        )
        assert [e.code for e in run.events] == ["IN_DOUBT"]
        assert [s.operation.name for s in run.plan.steps] == ["OrderCancel"]
        assert len(await parts.ledger.open_steps(SHOP, order["gid"])) == 1


async def test_a_tracking_update_whose_reply_was_lost(tmp_path: Path) -> None:
    """It only says what shall be true: sent again, and true."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await place(w, lines=[{"sku": TEE, "quantity": 2}])
        await submit(w, order, package(1, "T1", item(line(order), 1)))
        await w.fault("FulfillmentTrackingUpdate", "drop_reply")
        assert (await submit(w, order, package(1, "T2", item(line(order), 1)))).events == []
        [made] = await fulfillments(w, order)
        assert [t["number"] for t in made["tracking"]] == ["T2"]
