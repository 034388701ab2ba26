"""Imported once by the server process that the bridges are forked from.

It plays a whole call between a store and a bridge, so that a forked child finds everything
imported, parsed and built that a process builds once.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
from pathlib import Path

from tests.proof import child
from tests.support import world


async def _play() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as w:
            order = await w.place()
            await w.advance(5)
            for action, fields in (
                ("order_pull", {}),
                ("order_acknowledge", {"orders": [{"channel_order_refnum": order["id"]}]}),
                ("inventory_push", {"inventory_updates": [{"sku": "", "quantity_available": 1}]}),
                ("order_shipment_submit", {"channel_order_refnum": order["id"]}),
            ):
                await w.post(action, **fields)


def _warm() -> None:
    child.quiet()
    asyncio.run(_play())
    gc.collect()
    gc.freeze()  # the children share these pages


_warm()
