"""The pictures of the console in docs/: ``python -m tests.console.pictures`` (needs Chromium).

An hour of a bridge in some seconds: its clock is the embedded store's, and is moved.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from pathlib import Path
from unittest.mock import patch

from bridge.server.console import pages
from tests.browser import running_chromium, tab
from tests.console.visiting import PASSWORD, watched
from tests.stories.caller import PLAIN, placed
from tests.support import World

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


async def an_hour(w: World) -> None:
    """Pulls and pushes of an afternoon, and a shipment whose reply is lost."""
    chance = random.Random(7)
    for second in range(0, 3600, 5):
        if second % 300 == 0:
            await w.post("order_pull")
        if second % 600 == 60:
            stock = [{"sku": PLAIN, "quantity_available": chance.randint(5, 50)}]
            await w.post("inventory_push", inventory_updates=stock)
        if second == 3420:
            order = await placed(w, lines=[{"sku": PLAIN, "quantity": 2, "price": "25.00"}])
            item = {"channel_item_refnum": order["lines"][0]["id"], "quantity": 1}
            box = {"retailops_package_id": 5, "package_items": [item]}
            await w.fault("FulfillmentCreate", "http_502_before")
            await w.post(
                "order_shipment_submit",
                channel_order_refnum=order["id"],
                shipment={"retailops_shipment_id": 9, "packages": [box]},
            )
        await w.advance(5)
        await asyncio.sleep(0.02)  # the console looks at the bucket


async def main() -> None:
    """Take both pictures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(pages, "SAMPLE_SECONDS", 0.01),
        running_chromium() as chromium,
    ):
        async with watched(Path(folder)) as w, tab(chromium) as page:
            await an_hour(w)
            await page.open(f"{w.url}/console/")
            await page.type("#password", PASSWORD)
            await page.press("Enter")
            await page.until("document.title.startsWith('Console')")
            await page.run("document.activeElement.blur()")
            await page.picture(IMAGES / "console-light.png", selector="body", height=1500)
            await page.see(dark=True)
            await page.run("document.querySelector('#doubt details').open = true")
            await page.picture(IMAGES / "console-doubt-dark.png", selector="#doubt")


if __name__ == "__main__":
    asyncio.run(main())
