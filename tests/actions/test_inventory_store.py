"""inventory_push end to end: over HTTP, against the embedded store, with a real ledger file."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import CostExceeded
from bridge.sandbox.context import DEFAULT_SCOPES
from bridge.sandbox.server import StoreSettings
from tests.support import World, world

ALBANY = "Albany Warehouse"
BROOKLYN = "Brooklyn Store"
RENO = "Reno Overflow"
PLAIN = "TEE-TRL-S-MOSS"
TWICE = "CNDL-CEDAR"  # two variants of the seed have it


def available(state: Mapping[str, Any], location: str = ALBANY) -> dict[str, list[int]]:
    """The available quantities of active levels at a location, by SKU (several may share it)."""
    found: dict[str, list[int]] = {}
    for item in state["inventory"]:
        for level in item["levels"]:
            if level["location_name"] == location and level["active"] and item["sku"]:
                found.setdefault(item["sku"], []).append(level["available"])
    return found


def committed_units(state: Mapping[str, Any], location: str | None = None) -> Counter[str]:
    """Open units of orders, worked out from the store's own books.

    With a location: those that its fulfillment orders will take.
    """
    units: Counter[str] = Counter()
    for order in state["orders"]:
        if order["cancelled_at"] or order["test"]:
            continue
        sku_of = {line["id"]: line["sku"] for line in order["lines"]}
        if location is None:
            for line in order["lines"]:
                units[line["sku"]] += min(line["current_quantity"], line["unfulfilled_quantity"])
            continue
        for work in order["fulfillment_orders"]:
            if work["status"] not in {"CLOSED", "CANCELLED"} and work["location"] == location:
                for line in work["lines"]:
                    units[sku_of[line["line"]]] += line["remaining"]
    return units


def update(sku: str, quantity: Any, **more: Any) -> dict[str, Any]:
    """One row of a push."""
    return {"sku": sku, "quantity_available": quantity, **more}


async def stock_of(w: World, sku: str, location: str = ALBANY) -> int:
    """The available quantity of the only variant with this SKU."""
    (found,) = available(await w.state(), location)[sku]
    return found


async def test_1000_skus_on_a_cold_bridge(tmp_path: Path) -> None:
    """At most 350 points and 12 requests, reservation and locations included, none throttled."""
    async with world(tmp_path, variants=1000) as w:
        skus = [f"BULK-{n:06d}" for n in range(1, 1001)]
        rows = [update(sku, n % 90) for n, sku in enumerate(skus)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        spent = await w.spent()
        assert answer.events == []
        assert spent.points <= 350
        assert spent.requests <= 12
        assert spent.throttled == 0
        state = await w.state()
        reserved = committed_units(state)
        stock = available(state)
        for n, sku in enumerate(skus):
            assert stock[sku] == [max(0, n % 90 - reserved[sku])]
        # The same numbers again: nothing to write, and the locations are known.
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        again = await w.spent()
        assert "InventorySet" not in again.operations
        assert "Locations" not in again.operations


async def test_the_whole_seed_less_what_unacknowledged_orders_hold(tmp_path: Path) -> None:
    """Every kind of order reserves its open units; odd variants are told, the others written."""
    async with world(tmp_path) as w:
        before = await w.state()
        reserved = committed_units(before)
        skus = sorted({i["sku"] for i in before["inventory"] if i["sku"]})
        untracked = {i["sku"] for i in before["inventory"] if not i["tracked"]}
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 30) for sku in skus])
        assert set(answer.about("SKU_AMBIGUOUS")) == {TWICE}
        assert set(answer.about("NOT_TRACKED")) == untracked
        refused = set(answer.about("BUNDLE_STOCK"))
        stock = available(await w.state())
        old = available(before)
        for sku in skus:
            if sku in untracked or sku in refused or sku == TWICE:
                assert stock.get(sku, [0]) == old.get(sku, [0])
            else:
                assert stock[sku] == [max(0, 30 - reserved[sku])], sku
        assert sum(reserved[sku] > 0 for sku in skus) > 50
        assert len(answer.events) == 1 + len(untracked) + len(refused)


async def test_an_acknowledged_order_reserves_ten_minutes_longer(tmp_path: Path) -> None:
    """An older push may be on its way; after a restart the ledger still knows since when."""
    async with world(tmp_path) as w:
        made = await w.place(lines=[{"sku": PLAIN, "quantity": 4}])
        held = committed_units(await w.state())[PLAIN]

        async def pushed() -> int:
            answer = await w.post("inventory_push", inventory_updates=[update(PLAIN, 50)])
            assert answer.events == []
            return await stock_of(w, PLAIN)

        assert await pushed() == 50 - held
        taken = [{"channel_order_refnum": made["id"], "retailops_order_id": 9}]
        assert (await w.post("order_acknowledge", orders=taken)).events == []
        assert await pushed() == 50 - held
        await w.restart()
        await w.advance(9 * 60)
        assert await pushed() == 50 - held
        await w.advance(2 * 60)
        assert await pushed() == 50 - held + 4


async def test_reservation_can_be_switched_off(tmp_path: Path) -> None:
    """RetailOps' number is then set as it is, and no order is read."""
    policy = {"reserve_unacknowledged": False, "safety_stock": 3}
    async with world(tmp_path, inventory_push=policy) as w:
        answer = await w.post("inventory_push", inventory_updates=[update(PLAIN, 50)])
        assert answer.events == []
        assert await stock_of(w, PLAIN) == 47
        assert "ReservedOrders" not in (await w.spent()).operations


async def test_more_orders_than_one_page(tmp_path: Path) -> None:
    """The 250 newest come without search, older unacknowledged ones through it."""
    async with world(tmp_path, orders=300) as w:
        state = await w.state()
        reserved = committed_units(state)
        oldest = min(
            (o for o in state["orders"] if not o["cancelled_at"] and not o["test"]),
            key=lambda o: o["created_at"],
        )
        sku = next(line["sku"] for line in oldest["lines"] if line["unfulfilled_quantity"])
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 500)])
        assert answer.events == []
        assert await stock_of(w, sku) == 500 - reserved[sku]
        assert (await w.spent()).operations.count("ReservedOrders") == 2


async def test_each_facility_at_its_own_location(tmp_path: Path) -> None:
    """Units are taken off where they will be shipped from; no other location is touched."""
    policy = {"facilities": {"East": ALBANY, "Shop": BROOKLYN}}
    async with world(tmp_path, inventory_push=policy) as w:
        await w.advance(5)  # fulfillment orders of all orders are there
        before = await w.state()
        at = {place: committed_units(before, place) for place in (ALBANY, BROOKLYN)}
        total = committed_units(before)
        stocked = available(before, BROOKLYN)
        skus = [
            sku
            for sku in stocked
            if sku != TWICE and at[ALBANY][sku] + at[BROOKLYN][sku] == total[sku]
        ]
        assert any(at[BROOKLYN][sku] for sku in skus)
        details = [
            {"facility_name": "East", "available_quantity": 40, "quantity_type": "internal"},
            {"facility_name": "Shop", "available_quantity": 20, "quantity_type": ""},
            {"facility_name": "Moon", "available_quantity": 60, "quantity_type": "internal"},
        ]
        rows = [update(sku, 120, quantity_detail=details) for sku in skus]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert set(answer.codes) <= {"FACILITY_UNMAPPED", "BUNDLE_STOCK", "NOT_TRACKED"}
        assert answer.codes.count("FACILITY_UNMAPPED") == 1
        odd = {*answer.about("BUNDLE_STOCK"), *answer.about("NOT_TRACKED")}
        after = await w.state()
        for sku in skus:
            if sku not in odd:
                assert available(after)[sku] == [max(0, 40 - at[ALBANY][sku])], sku
                assert available(after, BROOKLYN)[sku] == [max(0, 20 - at[BROOKLYN][sku])], sku
        assert available(after, RENO) == available(before, RENO)


async def test_a_sale_between_read_and_write_is_not_lost(tmp_path: Path) -> None:
    """The write is refused as stale, the row is read again, its new order is reserved."""
    async with world(tmp_path) as w:
        held = committed_units(await w.state())[PLAIN]
        sales = iter([2])

        async def sell(_: Mapping[str, Any]) -> None:
            for quantity in sales:
                await w.place(lines=[{"sku": PLAIN, "quantity": quantity}])

        w.hook("after", "ReservedOrders", sell)
        rows = [update(PLAIN, 50), update("TEE-TRL-S-CLAY", 33)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.events == []
        state = await w.state()
        assert available(state)[PLAIN] == [50 - held - 2]
        assert available(state)["TEE-TRL-S-CLAY"] == [33 - committed_units(state)["TEE-TRL-S-CLAY"]]


async def test_what_sells_faster_than_we_write_is_told(tmp_path: Path) -> None:
    """After the engine's rounds the contested SKU is a warning; the SKU beside it is written."""
    async with world(tmp_path) as w:

        async def sell(_: Mapping[str, Any]) -> None:
            await w.place(lines=[{"sku": PLAIN, "quantity": 1}])

        w.hook("after", "ReservedOrders", sell)
        rows = [update(PLAIN, 50), update("TEE-TRL-S-CLAY", 33)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.codes == ["STALE_QUANTITY"]
        assert answer.about("STALE_QUANTITY") == [PLAIN]
        state = await w.state()
        held = committed_units(state)
        assert available(state)["TEE-TRL-S-CLAY"] == [33 - held["TEE-TRL-S-CLAY"]]


async def test_items_are_stocked_where_they_are_not(tmp_path: Path) -> None:
    """All in one request, a key for each, then set; both once, though replies are lost."""
    async with world(tmp_path, inventory_push={"location": RENO}) as w:
        before = await w.state()
        there = available(before, RENO)
        reserved = committed_units(before)
        absent = [
            i["sku"]
            for i in before["inventory"]
            if i["sku"] and i["tracked"] and i["sku"] not in there and i["sku"] != TWICE
        ][:20]
        await w.fault("InventoryActivate", "drop_reply")
        await w.fault("InventorySet", "http_502_after")
        answer = await w.post("inventory_push", inventory_updates=[update(s, 25) for s in absent])
        bundles = set(answer.about("BUNDLE_STOCK"))
        assert set(answer.codes) <= {"BUNDLE_STOCK"}
        stock = available(await w.state(), RENO)
        for sku in absent:
            if sku not in bundles:
                assert stock[sku] == [max(0, 25 - reserved[sku])]
        spent = await w.spent()
        assert spent.operations.count("InventoryActivate") == 2  # the second is the repeat
        activated = [e["ids"][0] for e in await w.journal("inventoryActivate")]
        assert len(activated) == len(set(activated)) == len(absent)


async def test_stocking_can_be_switched_off(tmp_path: Path) -> None:
    """An inactive or absent level is a warning, and is not written."""
    policy = {"location": RENO, "activate": False}
    async with world(tmp_path, inventory_push=policy) as w:
        there = available(await w.state(), RENO)
        sku = next(s for s in available(await w.state()) if s not in there)
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 25)])
        assert answer.codes == ["NOT_STOCKED"]
        assert await w.journal() == []


async def test_a_variant_of_a_moment_ago_is_found_without_the_index(tmp_path: Path) -> None:
    """Search does not know it yet; the newest variants are read once, for all that is missing."""
    async with world(tmp_path, lag=3600) as w:
        store = w.store.sandbox.store
        store.by_sku("TEE-TRL-S-CLAY")[0].inventory_item.sku = "FRESH-1"
        rows = [update("FRESH-1", 12), update("NO-SUCH", 5), update("NOR-THIS", 5)]
        answer = await w.post("inventory_push", inventory_updates=rows)
        assert answer.codes == ["SKU_NOT_FOUND", "SKU_NOT_FOUND"]
        assert answer.about("SKU_NOT_FOUND") == ["NO-SUCH", "NOR-THIS"]
        assert await stock_of(w, "FRESH-1") == 12
        assert (await w.spent()).operations.count("NewestVariants") == 1


@pytest.mark.parametrize(
    "sku", ["it's", 'say "x"', "back\\slash", "(a OR b)", "sku:*", "a' OR sku:'b", "-tag:x", "Å-1"]
)
async def test_no_sku_is_pasted_into_a_search(tmp_path: Path, sku: str) -> None:
    """Whatever the SKU is made of, exactly its variant is written, and Shopify warns of nothing."""
    async with world(tmp_path, lag=0) as w:
        sandbox = w.store.sandbox
        variant = sandbox.store.by_sku("TEE-TRL-S-CLAY")[0]
        variant.inventory_item.sku = sku
        sandbox.index.touch("ProductVariant", variant.id)
        held = committed_units(await w.state())[sku]  # the orders' lines keep the old SKU
        answer = await w.post("inventory_push", inventory_updates=[update(sku, 77)])
        assert answer.events == []
        assert await stock_of(w, sku) == 77 - held
        assert len(await w.journal("inventorySetQuantities")) == 1


async def test_a_sku_in_another_case_is_another_sku(tmp_path: Path) -> None:
    """Search is case-insensitive; the exact comparison is ours."""
    async with world(tmp_path) as w:
        answer = await w.post("inventory_push", inventory_updates=[update(PLAIN.lower(), 5)])
        assert answer.about("SKU_NOT_FOUND") == [PLAIN.lower()]
        assert await w.journal() == []


async def test_look_ups_halve_until_shopify_takes_them_and_stay_small(tmp_path: Path) -> None:
    """The size that worked is remembered for the next push."""
    async with world(tmp_path, variants=100) as w:
        sizes: list[int] = []

        def refuse(variables: Mapping[str, Any]) -> None:
            sizes.append(variables["query"].count(" OR ") + 1)
            if sizes[-1] > 30:
                raise CostExceeded("too dear", cost=2000, maximum=1000)

        w.hook("before", "VariantsBySku", refuse)
        rows = [update(f"BULK-{n:06d}", 3) for n in range(1, 101)]
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        assert sizes == [100, 50, 25, 25, 25, 25]
        sizes.clear()
        assert (await w.post("inventory_push", inventory_updates=rows)).events == []
        assert sizes == [25, 25, 25, 25]


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("VariantsBySku", "http_502_before"),
        ("VariantsBySku", "garbage"),
        ("VariantsBySku", "throttle"),
        ("ReservedOrders", "half_body"),
        ("InventorySet", "throttle"),
        ("InventorySet", "drop_reply"),
        ("InventorySet", "http_502_before"),
        ("InventorySet", "http_502_after"),
        ("InventorySet", "internal_error"),
        ("InventorySet", "garbage"),
    ],
)
async def test_a_fault_of_shopify_changes_nothing_in_the_end(
    tmp_path: Path, operation: str, fault: str
) -> None:
    """The quantity is written once, and nothing is told."""
    async with world(tmp_path) as w:
        held = committed_units(await w.state())[PLAIN]
        await w.fault(operation, fault)
        answer = await w.post("inventory_push", inventory_updates=[update(PLAIN, 40)])
        assert answer.events == []
        assert await stock_of(w, PLAIN) == 40 - held
        assert len(await w.journal("inventorySetQuantities")) == 1


async def test_the_last_push_to_arrive_is_the_last_to_write(tmp_path: Path) -> None:
    """Pushes of a channel run in order of arrival, though the first one is slow."""
    async with world(tmp_path) as w:
        held = committed_units(await w.state())[PLAIN]
        begun = asyncio.Event()

        async def slow(_: Mapping[str, Any]) -> None:
            begun.set()
            await asyncio.sleep(0.3)

        w.hook("after", "ReservedOrders", slow)
        first = asyncio.create_task(w.post("inventory_push", inventory_updates=[update(PLAIN, 40)]))
        await begun.wait()
        second = await w.post("inventory_push", inventory_updates=[update(PLAIN, 20)])
        assert (await first).events == second.events == []
        assert await stock_of(w, PLAIN) == 20 - held
        written = [
            change["to"]
            for entry in await w.journal("inventorySetQuantities")
            for change in entry["detail"]["changes"]
        ]
        assert written == [40 - held, 20 - held]


async def test_what_shopify_hides_is_not_taken_for_absent(tmp_path: Path) -> None:
    """Without the scope to read stock nothing is activated or written; the event says why."""
    scopes = tuple(s for s in DEFAULT_SCOPES if not s.endswith("_inventory"))
    async with world(tmp_path, store=StoreSettings(scopes=scopes)) as w:
        answer = await w.post("inventory_push", inventory_updates=[update(PLAIN, 40)])
        assert answer.codes == ["SHOPIFY_ACCESS_DENIED"]
        assert answer.events[0]["event_type"] == "error"
        assert await w.journal() == []


@pytest.mark.parametrize("updates", [None, [], [{}], [{"sku": None}]])
async def test_a_push_of_nothing_asks_the_store_for_nothing(tmp_path: Path, updates: Any) -> None:
    """No look-up, no write; a row without a SKU is told."""
    async with world(tmp_path) as w:
        answer = await w.post("inventory_push", inventory_updates=updates)
        assert answer.status == 200
        assert set(answer.codes) <= {"SKU_MISSING"}
        assert set((await w.spent()).operations) <= {"Locations"}
