"""inventory_push over HTTP: what is odd in a push, and pushes that meet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.retailops.events import Event
from bridge.server.running import serving
from tests.stories.caller import PLAIN, acknowledge, placed, post_to, pull_all, refnums
from tests.support import World, world

CLAY = "TEE-TRL-S-CLAY"


async def stock_of(w: World, sku: str) -> int:
    """What Albany has available of the only variant with this SKU."""
    (item,) = [i for i in (await w.state())["inventory"] if i["sku"] == sku]
    found = {level["location_name"]: level["available"] for level in item["levels"]}
    available: int = found["Albany Warehouse"]
    return available


def row(sku: Any, quantity: Any, **more: Any) -> dict[str, Any]:
    """One row of a push."""
    return {"sku": sku, "quantity_available": quantity, "quantity_detail": [], **more}


async def test_bad_rows_cost_no_good_one(tmp_path: Path) -> None:
    """Every odd row has its event with its SKU; the rows between them are written."""
    async with world(tmp_path) as w:
        assert (await w.post("inventory_push", inventory_updates=[row(PLAIN, 500)])).events == []
        held = 500 - await stock_of(w, PLAIN)
        rows = [
            row("NO-SUCH-SKU", 5),
            row(PLAIN, "61"),  # text is a number too
            row(None, 5),
            row("CNDL-CEDAR", 5),  # two variants
            row("PRINT-ART", 5),  # not tracked
            row("BNDL-CAMP", 5),  # a bundle's stock is its components'
            row(CLAY, "many"),
            {},
            row("TEE-TRL-M-CLAY", None),
        ]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.status == 200
        assert await stock_of(w, PLAIN) == 61 - held
        about = {e["code"]: [a["identifier"] for a in e["associations"]] for e in answer.events}
        assert about["SKU_NOT_FOUND"] == ["NO-SUCH-SKU"]
        assert about["SKU_AMBIGUOUS"] == ["CNDL-CEDAR"]
        assert about["NOT_TRACKED"] == ["PRINT-ART"]
        assert about["BUNDLE_STOCK"] == ["BNDL-CAMP"]
        assert "SKU_MISSING" in about
        written = [i for e in await w.journal("inventorySetQuantities") for i in e["ids"]]
        assert len(written) == 2  # PLAIN twice: what cannot be read is never taken for 0
        assert CLAY in str(answer.events)


async def test_a_sku_twice_in_one_push(tmp_path: Path) -> None:
    """The last row wins, and Shopify is told once."""
    async with world(tmp_path) as w:
        assert (await w.post("inventory_push", inventory_updates=[row(PLAIN, 500)])).events == []
        held = 500 - await stock_of(w, PLAIN)
        rows = [row(PLAIN, 7), row(CLAY, 80), row(PLAIN, 90)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert [(e["event_type"], e["code"]) for e in answer.events] == [("info", "SKU_REPEATED")]
        assert await stock_of(w, PLAIN) == 90 - held
        assert len(await w.journal("inventorySetQuantities")) == 2


async def test_thousands_of_unknown_skus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is told once, and no row is compared with all the others: time grows with the rows."""
    compared = 0
    equal = Event.__eq__

    def counting(one: Event, other: object) -> bool:
        nonlocal compared
        compared += 1
        return equal(one, other)

    monkeypatch.setattr(Event, "__eq__", counting)
    async with world(tmp_path) as w:
        rows = [{"sku": f"NO-SUCH-{n}", "quantity_available": 1} for n in range(2_000)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.codes == ["SKU_NOT_FOUND"] * 2_000
        assert compared < 10_000


async def test_an_empty_detail_never_wipes_stock(tmp_path: Path) -> None:
    """Without a facility map the total counts, whatever the detail says or leaves out."""
    async with world(tmp_path) as w:
        assert (await w.post("inventory_push", inventory_updates=[row(PLAIN, 500)])).events == []
        held = 500 - await stock_of(w, PLAIN)
        for detail in (
            [],
            None,
            [{}],
            [{"quantity_type": "", "facility_name": "", "vendor_name": ""}],
        ):
            update = row(PLAIN, 44, quantity_detail=detail)
            answer = await w.post("inventory_push", inventory_updates=[update])
            assert answer.status == 200
            assert await stock_of(w, PLAIN) == 44 - held, detail


async def test_pushes_at_once_never_overlap(tmp_path: Path) -> None:
    """Six pushes through two bridges on one ledger: one after the other, the last one stays."""
    async with world(tmp_path) as w, serving(w.settings, now=w.clock) as other:
        for url in (w.url, other.url):  # both know the locations now
            await post_to(w, url, "inventory_push", inventory_updates=[row(PLAIN, 300)])
        held = 300 - await stock_of(w, PLAIN)
        await w.spent()
        quantities = range(60, 66)
        answers = await asyncio.gather(
            *(
                post_to(
                    w,
                    (w.url, other.url)[n % 2],
                    "inventory_push",
                    inventory_updates=[row(PLAIN, n)],
                )
                for n in quantities
            )
        )
        assert answers == [{"events": []}] * 6
        operations = [o for o in (await w.spent()).operations if o != "ReservedLines"]
        assert operations == ["VariantsBySku", "ReservedOrders", "InventorySet"] * 6
        written = [
            change["to"]
            for entry in await w.journal("inventorySetQuantities")
            for change in entry["detail"]["changes"]
        ][1:]
        assert sorted(written) == [n - held for n in quantities]
        assert await stock_of(w, PLAIN) == written[-1]


async def test_the_day_of_one_sku(tmp_path: Path) -> None:
    """Sold, pushed, pulled, taken, pushed again: never more for sale than there is."""
    async with world(tmp_path) as w:
        await acknowledge(w, *refnums(await pull_all(w)))
        await w.advance(11 * 60)

        async def push(quantity: int) -> int:
            rows = [row(PLAIN, quantity)]
            assert (await w.post("inventory_push", inventory_updates=rows)).events == []
            return await stock_of(w, PLAIN)

        unready = 30 - await push(30)  # held, unpaid and unsendable orders of the seed
        made = await placed(w, lines=[{"sku": PLAIN, "quantity": 4}])
        assert await stock_of(w, PLAIN) == 26 - unready
        assert await push(30) == 26 - unready  # RetailOps does not know of the sale yet
        assert refnums(await pull_all(w)) == [made["id"]]
        assert await push(30) == 26 - unready  # pulled is not imported
        await acknowledge(w, made["id"])
        assert await push(30) == 26 - unready  # an older push may be on its way
        await w.advance(11 * 60)
        assert await push(26) == 26 - unready  # now RetailOps' number is without it


@pytest.mark.parametrize("fault", ["timeout", "apply_late"])
async def test_a_write_that_hangs_happens_once(tmp_path: Path, fault: str) -> None:
    """No reply, written later or never: sent again under the same key, the units move once."""
    async with world(tmp_path, timeout_seconds=0.8) as w:
        assert (await w.post("inventory_push", inventory_updates=[row(PLAIN, 500)])).events == []
        held = 500 - await stock_of(w, PLAIN)
        await w.fault("InventorySet", fault, delay=1.1)
        answer = await w.post("inventory_push", inventory_updates=[row(PLAIN, 80)])
        assert answer.events == []
        await asyncio.sleep(0.6)  # what is late has come by now
        assert await stock_of(w, PLAIN) == 80 - held
        assert len(await w.journal("inventorySetQuantities")) == 2


async def test_a_write_that_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    """A sale came between: the old write finds another quantity than it was made for."""
    async with world(tmp_path, timeout_seconds=0.8) as w:
        assert (await w.post("inventory_push", inventory_updates=[row(PLAIN, 500)])).events == []
        held = 500 - await stock_of(w, PLAIN)
        await w.fault("InventorySet", "apply_late", delay=2.5)
        for _ in range(4):
            await w.fault("InventorySet", "http_502_before")
        lost = await w.post("inventory_push", inventory_updates=[row(PLAIN, 80)])
        assert lost.codes == ["IN_DOUBT"]
        assert lost.about("IN_DOUBT") == [PLAIN]
        while True:  # the faults that are left
            answer = await w.post("inventory_push", inventory_updates=[row(PLAIN, 60)])
            if not answer.events:
                break
        await asyncio.sleep(1.5)
        assert await stock_of(w, PLAIN) == 60 - held
