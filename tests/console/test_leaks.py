"""No customer in the console: a marked person goes through all, and the pages are searched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bridge.retailops.actions import ACTIONS
from tests.console.visiting import visitor, watched
from tests.marked import CUSTOMER
from tests.stories.caller import placed, pull
from tests.support import CHANNEL, World

MARKS = ("zebedee", "quackenbush", "zyzzyva", "private.example", "415 555", "04199", "shpat_")

# Rules that cannot be met by what this customer typed: the errors must not quote it.
MAPPING = """
[order]
gift_message = "order.note | plus: 1"
"""


async def marked_order(w: World) -> dict[str, Any]:
    """An order of two shirts with the person in every field that takes text."""
    return await placed(
        w,
        lines=[{"sku": "TEE-TRL-S-MOSS", "quantity": 2, "price": "50.00"}],
        email="zeb.quack@private.example",
        note="Zebedee is at home, ring +1 415 555 2671",
        first_name="Zebedee",
        last_name="Quackenbush",
        shipping_address=CUSTOMER,
        billing_address=CUSTOMER,
        tags=["vip", "friend-of-Quackenbush"],
    )


def looked_for(text: str, where: str) -> None:
    """None of the marks is in a page."""
    for mark in MARKS:
        place = text.casefold().find(mark)
        assert place < 0, f"{where}: {text[max(0, place - 200) : place + 100]}"


async def test_no_customer_and_no_secret_is_on_any_page(tmp_path: Path):
    """Pulled, held back, shipped with a lost reply, cancelled, wrong calls; every page is read."""
    own = tmp_path / "own"
    own.mkdir()
    async with watched(tmp_path, mappings_dir=own) as w, visitor(w) as one:
        order = await marked_order(w)
        (sent,), _ = await pull(w, specific_orders=[order["id"]])
        told = json.dumps(sent).casefold()
        assert all(mark in told for mark in MARKS[:4])  # RetailOps is told: the marks are real
        await w.fault("FulfillmentCreate", "http_502_before")
        box = {
            "retailops_package_id": 5,
            "tracking_number": "1Z999AA10123456784",  # evidence: it is shown
            "carrier_name": "Quackenbush Couriers",
            "package_items": [{"channel_item_refnum": order["lines"][0]["id"], "quantity": 1}],
        }
        shipped = await w.post(
            "order_shipment_submit",
            channel_order_refnum=order["id"],
            shipment={"retailops_shipment_id": 9, "packages": [box]},
            customer={"name": "Zebedee Quackenbush"},
        )
        assert shipped.codes == ["IN_DOUBT"]
        (own / "order_pull.toml").write_text(MAPPING, "utf-8")
        assert await w.bridge.reloader.reload()
        await marked_order(w)
        await w.post("order_pull")
        held = await w.bridge.parts.ledger.held_back(CHANNEL)
        assert {"MAPPING_FAILED", "MAPPING_MISSING"} & {one.code for one in held}
        for action in ACTIONS:  # fields where they do not belong, in every action
            noise = {
                "channel_order_refnum": "Zebedee Quackenbush",
                "note": CUSTOMER,
                "sku": CUSTOMER,
            }
            await w.post(action, **noise, orders="Zyzzyva", order_id="zeb@private.example")
            await w.post(action, integration_auth_token="Zebedee", **noise)
        doubts = await w.bridge.parts.ledger.open_steps()
        assert doubts
        pages = ["", "live", "login", "?settled=Zebedee", "console.css", "console.js"]
        for path in pages:
            seen = await one.get(path)
            looked_for(seen.text + str(dict(seen.headers)), path)
        page = (await one.get()).text
        assert "IN_DOUBT" in page
        assert held[-1].refnum in page
        looked_for(
            (await one.post("resolve", {"token": await one.token(), "step": doubts[0].id})).text,
            "resolve",
        )
