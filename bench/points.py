"""What the named jobs cost at Shopify, over HTTP on both sides: requests and points.

The figures are the embedded store's, whose arithmetic is held against captures of real replies
(tests/schema/test_cost.py). They are the same on every machine; ``tests/stories/test_points.py``
pins them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import life
from bench.figure import Figure, Limit, done, figure
from bridge.shopify.documents import operation
from tests.support import world


async def push(folder: Path) -> Figure:
    """1,000 SKUs pushed to a bridge that knows nothing yet, reservation included."""
    async with world(folder, variants=1000) as w:
        rows: list[Mapping[str, Any]] = [
            {"sku": f"BULK-{n:06d}", "quantity_available": 100 + n % 90, "quantity_detail": []}
            for n in range(1, 1001)
        ]
        answer = await w.post("inventory_push", inventory_updates=rows)
        done(answer, expected=answer.body.get("events") == [])
        return await figure(w, "1,000 SKUs pushed, cold", Limit(requests=12, points=350))


async def pull(folder: Path) -> Figure:
    """100 orders of 10 lines pulled: the first page of a cold bridge, sweep included."""
    # The seed's own orders are older than six hours; of 230 over twelve hours 105 are younger.
    since = datetime.now(UTC) - timedelta(hours=5.5)
    policy = {"page_size": 100, "pull_since": since}
    async with world(folder, orders=230, order_pull=policy) as w:
        answer = await w.post("order_pull", {"page_token": ""})
        lines = [len(o["order_items"]) for o in answer.body.get("orders", [])]
        done(answer, expected=len(lines) == 100 and set(lines) == {10})
        return await figure(w, "100 orders of 10 lines pulled", Limit(requests=1, points=700))


async def long_page(folder: Path) -> Figure:
    """What Shopify would reserve for 100 orders of 50 lines: the estimate, no request."""
    del folder
    variables = {
        "byQuery": True,
        "byIds": False,
        "withCancelled": True,
        "withRecent": True,
        "presentment": True,
        "namespace": "retailops",
        "first": 100,
        "lines": 50,
    }
    cost = operation("OrderPull").cost(variables)
    job = "page of 100 orders of 50 lines, estimate"
    return Figure(job, 0, 0, cost, 0, 0, Limit(requests=0, points=999))


async def acknowledge(folder: Path) -> Figure:
    """25 orders acknowledged: read, marked with tag and metafield."""
    async with world(folder) as w:
        ids = [o["id"] for o in (await w.state())["orders"]][:25]
        rows = [{"channel_order_refnum": i, "retailops_order_id": 7} for i in ids]
        answer = await w.post("order_acknowledge", orders=rows)
        done(answer, expected=answer.body.get("events") == [])
        return await figure(w, "25 orders acknowledged", Limit(requests=2, points=320))


Job = Callable[[Path], Awaitable[Figure]]

JOBS: Mapping[str, Job] = {
    "push": push,
    "pull": pull,
    "long_page": long_page,
    "acknowledge": acknowledge,
    "ship": life.ship,
    "ship_again": life.ship_again,
    "settle": life.settle,
    "complete": life.complete,
    "complete_short": life.complete_short,
    "returned": life.returned,
    "update": life.update,
    "cancel": life.cancel,
}
