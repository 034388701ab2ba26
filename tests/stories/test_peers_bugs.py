"""Bugs of other connectors that are not here: those that no other story tells, and the list.

docs/explanation/peers-bugs.md names for each bug the test that would find it.
"""

from __future__ import annotations

import ast
import re
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from bridge.actions.table import SERVED
from bridge.retailops.actions import ACTIONS
from tests.shared import SHARED, needs_shared
from tests.stories.caller import PLAIN, acknowledge, added_up, placed, pull_all
from tests.stories.test_stock import stock_of
from tests.support import World, world

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "peers-bugs.md"

Order = dict[str, Any]


async def pulled(w: World, order: Order) -> Order:
    """The order as order_pull tells it."""
    answer = await w.post("order_pull", specific_orders=[{"channel_refnum": order["id"]}])
    (told,) = answer.body["orders"]
    return dict(told)


def tenders(order: Order) -> list[tuple[str, str, D]]:
    """The payment rows: who took it, what was done, how much."""
    return [
        (p["payment_processing_type"], p["transaction_type"], D(str(p["amount"])))
        for p in order["payment_transactions"]
    ]


async def test_peers_bug_auth_and_charge_both_sent(tmp_path: Path) -> None:
    """100 authorised and captured is one charge of 100; never also the authorisation of it."""
    async with world(tmp_path) as w:
        lines = [{"sku": PLAIN, "quantity": 2, "price": "50.00"}]
        order = await placed(w, lines=lines, shipping=None, payment="authorized")
        assert tenders(await pulled(w, order)) == [("channel_payment", "auth", D(100))]
        w.store.sandbox.store.happen(order["id"], "capture", {})
        assert tenders(await pulled(w, order)) == [("channel_payment", "charge", D(100))]


async def test_peers_bug_store_credit_as_a_discount(tmp_path: Path) -> None:
    """Store credit is a tender: the order is no cheaper for it."""
    async with world(tmp_path) as w:
        order = await placed(
            w,
            lines=[{"sku": PLAIN, "quantity": 1, "price": "50.00"}],
            shipping=None,
            payment=[{"gateway": "shopify_store_credit", "amount": "20.00"}, {}],
        )
        told = await pulled(w, order)
        assert sorted(tenders(told)) == [
            ("channel_payment", "charge", D(30)),
            ("channel_storecredit", "charge", D(20)),
        ]
        assert told["currency_values"]["discount_amt"] == 0
        assert added_up(told) == 50


@pytest.mark.parametrize(
    ("mode", "price", "item"), [("net", D("17.50"), None), ("gross", D("20.00"), D("5.00"))]
)
async def test_peers_bug_discount_counted_twice(
    tmp_path: Path, mode: str, price: D, item: D | None
) -> None:
    """5.00 off two at 20.00: in the price or beside it, never both, never at the order too."""
    async with world(tmp_path, order_pull={"price_mode": mode}) as w:
        lines = [{"sku": PLAIN, "quantity": 2, "price": "20.00", "discount": "5.00"}]
        told = await pulled(w, await placed(w, lines=lines, shipping=None))
        (line,) = told["order_items"]
        money = {k: D(str(v)) for k, v in line["currency_values"].items()}
        assert (money["unit_price"], money.get("discount_amt")) == (price, item)
        assert told["currency_values"]["discount_amt"] == 0
        assert added_up(told) == 35


async def test_peers_bug_2_place_net_price_losing_cents_over_3_units(tmp_path: Path) -> None:
    """3 for 10.00 are 3.34 each and 0.02 of the order's discount: together 10.00."""
    async with world(tmp_path) as w:
        lines = [{"sku": PLAIN, "quantity": 3, "price": "4.00", "discount": "2.00"}]
        told = await pulled(w, await placed(w, lines=lines, shipping=None))
        assert told["order_items"][0]["currency_values"]["unit_price"] == 3.34
        assert told["currency_values"]["discount_amt"] == 0.02
        assert added_up(told) == 10


@pytest.mark.parametrize("currency", ["presentment", "shop"])
async def test_peers_bug_shop_currency_code_with_presentment_amounts(
    tmp_path: Path, currency: str
) -> None:
    """An order in euro at a dollar shop: the code is that of the amounts, whichever are sent."""
    async with world(tmp_path, order_pull={"currency": currency}) as w:
        lines = [{"sku": PLAIN, "quantity": 1, "price": "40.00"}]
        order = await placed(w, lines=lines, shipping=None, currency="EUR", rate="1.25")
        told = await pulled(w, order)
        shown = (told["currency_code"], added_up(told), tenders(told)[0][2])
        assert shown == (("EUR", 40, 40) if currency == "presentment" else ("USD", 50, 50))


async def test_peers_bug_one_virtual_order_failing_the_page(tmp_path: Path) -> None:
    """A gift card among shirts: the page comes, with everybody else's orders."""
    async with world(tmp_path, order_pull={"pull_fulfilled": "all"}) as w:
        before = {o["channel_order_refnum"] for o in await pull_all(w)}
        virtual = await placed(
            w,
            lines=[{"sku": PLAIN, "requires_shipping": False}],
            shipping=None,
            shipping_address=None,
        )
        plain = await placed(w, lines=[{"sku": PLAIN}])
        orders = {o["channel_order_refnum"]: o for o in await pull_all(w)}
        assert set(orders) == before | {virtual["id"], plain["id"]}
        assert {i["item_type"] for i in orders[virtual["id"]]["order_items"]} == {"advisory"}
        assert orders[virtual["id"]]["ship_service_code"]


async def test_peers_bug_sku_keyed_lines_with_duplicate_skus(tmp_path: Path) -> None:
    """Two lines of one SKU are two items with refnums and prices of their own."""
    async with world(tmp_path) as w:
        lines = [
            {"sku": PLAIN, "quantity": 1, "price": "50.00"},
            {"sku": PLAIN, "quantity": 2, "price": "30.00"},
        ]
        order = await placed(w, lines=lines, shipping=None)
        told = await pulled(w, order)
        assert [
            (i["channel_item_refnum"], i["quantity"], i["currency_values"]["unit_price"])
            for i in told["order_items"]
        ] == [(order["lines"][0]["id"], 1, 50.0), (order["lines"][1]["id"], 2, 30.0)]


async def test_peers_bug_reservation_dropped_at_pull(tmp_path: Path) -> None:
    """Pulled is not imported: its units stay reserved until it is acknowledged, and longer."""
    async with world(tmp_path) as w:

        async def push() -> int:
            rows = [{"sku": PLAIN, "quantity_available": 500, "quantity_detail": []}]
            assert (await w.post("inventory_push", inventory_updates=rows)).events == []
            return await stock_of(w, PLAIN)

        before = await push()
        order = await placed(w, lines=[{"sku": PLAIN, "quantity": 4}])
        assert await push() == before - 4
        await pull_all(w)
        assert await push() == before - 4
        await acknowledge(w, order["id"])
        assert await push() == before - 4
        await w.advance(11 * 60)
        assert await push() == before


async def test_peers_bug_only_the_last_event_surviving(tmp_path: Path) -> None:
    """Three unknown orders are three events, each naming its own."""
    async with world(tmp_path) as w:
        numbers = ["4242420001", "4242420002", "4242420003"]
        rows = [{"channel_order_refnum": n, "retailops_order_id": 1} for n in numbers]
        answer = await w.post("order_acknowledge", orders=rows)
        assert answer.codes == ["ORDER_NOT_FOUND"] * 3
        assert answer.about("ORDER_NOT_FOUND") == numbers


@pytest.mark.parametrize("action", [a for a in SERVED if ACTIONS[a].has_events])
async def test_peers_bug_events_at_the_top_level(tmp_path: Path, action: str) -> None:
    """Whatever is wrong: an object whose ``events`` is a list, and no event's fields beside it."""
    head = {"channel_order_refnum": "4242420001", "retailops_order_id": 1}
    bodies: dict[str, dict[str, Any]] = {
        "order_acknowledge": {"orders": [head]},
        "catalog_push": {"template_output": {"products": [{"variants": [{"sku": "NO-SUCH"}]}]}},
        "inventory_push": {
            "inventory_updates": [{"sku": "NO-SUCH", "quantity_available": 1}],
        },
        "order_shipment_submit": {**head, "shipment": {"packages": []}},
        "order_returned": {"order": head, "return": {"retailops_return_id": 1}},
        "order_settle_payment": {"order": head, "payment": {"payment_transactions": []}},
    }
    async with world(tmp_path) as w:
        answer = await w.post(action, bodies.get(action, {"order": head}))
        assert answer.status == 200
        assert answer.events
        assert all({"event_type", "code", "message"} <= set(e) for e in answer.events)
        assert not {"event_type", "code", "message", "associations"} & set(answer.body)


# ---- the list


def rows() -> list[tuple[str, str]]:
    """The page's table: the bug, and what stands beside it."""
    found = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [(bug.strip(), tests.strip()) for bug, tests in found if bug not in {"bug", "---"}]


def test_every_bug_has_tests_that_exist() -> None:
    """Each row names tests, by file and function."""
    table = rows()
    assert len(table) == 20
    for bug, told in table:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", told)
        assert named, bug
        for file, function in named:
            tree = ast.parse((ROOT / file).read_text("utf-8"))
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            names = {node.name for node in tree.body if isinstance(node, functions)}
            assert function in names, f"{bug}: {file}::{function}"


@needs_shared
def test_the_list_is_the_designs() -> None:
    """The page has every bug that the design lists, in its words and order."""
    design = (SHARED / "design" / "protocol.md").read_text("utf-8")
    listed = design.split("## Bugs of the peers")[1].split("\n", 1)[1].strip().rstrip(".")
    bugs = [b.strip() for b in listed.split(" · ")]
    assert [bug.lower() for bug, _ in rows()] == [b.lower() for b in bugs]
