"""Looking SKUs up ends while there is time to write what was found. The clock is the test's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bridge.actions.inventory_push import InventoryPush
from bridge.config.models import InventoryPushPolicy
from bridge.engine import Call
from bridge.retailops.requests import InventoryPushRequest
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.protocol import Reply
from tests.actions.stock import LOCATIONS, NOW, a_call, shipped_mapping


class SlowStore:
    """A store that has every SKU and takes 30 seconds for each look-up."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[str] = []

    async def execute(self, operation: Any, variables: Any, *, budget: CallBudget) -> Reply:
        """Answer a look-up."""
        self.asked.append(operation.name)
        self.now += 30.0
        level = {"id": "l", "isActive": True, "quantities": [{"name": "available", "quantity": 0}]}
        nodes = [
            {
                "id": f"gid://shopify/ProductVariant/{n}",
                "sku": sku,
                "requiresComponents": False,
                "inventoryItem": {
                    "id": f"gid://shopify/InventoryItem/{sku}",
                    "tracked": True,
                    "level0": level,
                },
            }
            for n, sku in enumerate(re.findall(r"'(.*?)'", variables["query"]))
        ]
        page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}
        return Reply({"productVariants": page}, None, "q")


def a_long_call(store: SlowStore, seconds: float) -> Call:
    """A call with this much time, that looks up 10 SKUs at once."""
    policy = InventoryPushPolicy(lookup_size=10, reserve_unacknowledged=False)
    call = a_call(policy)
    channel = replace(
        call.channel,
        client=store,
        mappings={"inventory_push": shipped_mapping()},
    )
    channel.learned.locations = LOCATIONS
    channel.learned.locations_at = NOW
    budget = CallBudget(Deadline(seconds, lambda: store.now), background=True)
    return replace(call, channel=channel, budget=budget)


async def test_a_quarter_of_the_time_is_left_for_writing() -> None:
    """After three look-ups 10 of 100 seconds are left: 30 SKUs are written, 10 are told."""
    store = SlowStore()
    call = a_long_call(store, 100.0)
    rows = [{"sku": f"S{n:02d}", "quantity_available": 5} for n in range(40)]
    request = InventoryPushRequest.model_validate({"inventory_updates": rows})
    action = InventoryPush()
    state = await action.read(call, request, [])
    planned = action.plan(call, request, state, [])
    assert store.asked == ["VariantsBySku"] * 3
    (step,) = planned.steps
    assert len(step.variables["input"]["quantities"]) == 30
    late = [e.associations[0].identifier for e in call.events if e.code == "NOT_REACHED"]
    assert late == [f"S{n:02d}" for n in range(30, 40)]


async def test_with_time_enough_all_are_looked_up() -> None:
    """The last look-up ends before the quarter begins."""
    store = SlowStore()
    call = a_long_call(store, 1000.0)
    rows = [{"sku": f"S{n:02d}", "quantity_available": 5} for n in range(40)]
    request = InventoryPushRequest.model_validate({"inventory_updates": rows})
    state = await InventoryPush().read(call, request, [])
    assert state.unreached == frozenset()
    assert len(store.asked) == 4
