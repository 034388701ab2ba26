"""``retailops-bridge plan``: each mutation with the mapped values that it was made from."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.terminal import Terminal, write_config
from tests.stories import catalogue, shipments
from tests.stories.shipments import TEE, line, package
from tests.stories.test_catalog_presets import FEEDS
from tests.support import World, world

ORDERS = (
    "order_cancel",
    "order_complete",
    "order_returned",
    "order_settle_payment",
    "order_shipment_submit",
    "order_update",
)


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """An embedded store, and the bridge with which a test prepares it."""
    async with world(tmp_path, lag=0.0) as made:
        yield made


class Planner:
    """The command on a store, with a merchant's mapping files."""

    def __init__(self, w: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        (folder / "mine").mkdir()
        config = write_config(folder, ledger=folder / "ledger.sqlite3", endpoint=w.store.url)
        text = config.read_text("utf-8").replace(
            "[channels.shopify]", 'mappings_dir = "mine"\n[channels.shopify]'
        )
        config.write_text(text, "utf-8")
        self._terminal = Terminal(capsys, config)

    def mine(self, **files: str) -> None:
        """Write mapping files, by their names."""
        for name, text in files.items():
            (self._folder / "mine" / f"{name}.toml").write_text(text, "utf-8")

    def setting(self, text: str) -> None:
        """Add a table of settings to the channel."""
        config = self._terminal.config
        config.write_text(f"{config.read_text('utf-8')}\n{text}\n", "utf-8")

    async def run(self, action: str, body: Mapping[str, Any], *words: str) -> tuple[int, str, str]:
        """The plan of one call: exit code, standard output and error."""
        file = self._folder / "request.json"
        file.write_text(json.dumps({"action": action, **body}), "utf-8")
        return await self._terminal.run("plan", str(file), *words)

    async def text(self, action: str, body: Mapping[str, Any], *words: str) -> str:
        """What it prints of a call that is planned."""
        code, out, err = await self.run(action, body, *words)
        assert (code, err) == (0, "")
        return out

    async def json(self, action: str, body: Mapping[str, Any], *words: str) -> Any:
        """What it tells programs."""
        return json.loads(await self.text(action, body, *words, "--json"))


@pytest.fixture
def planner(w: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Planner:
    """See ``Planner``."""
    return Planner(w, tmp_path, capsys)


def by_path(rendering: Mapping[str, Any]) -> dict[str, Any]:
    """A rendering's values by their paths."""
    return {row["path"]: row for row in rendering["values"]}


def of(order: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The ``order`` of a call."""
    return {"order": {"channel_order_refnum": order["id"], **more}}


def parcel(order: Mapping[str, Any], number: int | None, tracking: str) -> dict[str, Any]:
    """A package with one unit of the order's first line."""
    return package(number, tracking, shipments.item(line(order), 1), carrier="dhl")


def shipping(order: Mapping[str, Any], *packages: Mapping[str, Any]) -> dict[str, Any]:
    """The body of order_shipment_submit."""
    shipment = {"retailops_shipment_id": 9, "packages": list(packages)}
    return {"channel_order_refnum": order["id"], "shipment": shipment}


async def call_for(w: World, action: str) -> dict[str, Any]:
    """A call that makes one mutation out of the action's own mapping, on an order of its own."""
    if action == "order_settle_payment":
        order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 2}], payment="authorized")
        row = {"payment_processing_type": "channel_payment", "amount": 10}
        payment = {"payment_series_id": 1, "payment_transactions": [row], "currency_code": "USD"}
        return {**of(order), "payment": payment}
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 2}])
    if action == "order_cancel":
        return of(order)
    if action == "order_shipment_submit":
        return shipping(order, parcel(order, 71, "1Z1"))
    if action == "order_complete":
        return of(order, shipments=[], unshipped_items=[shipments.unshipped(line(order), 1)])
    w.store.sandbox.store.happen(order["id"], "fulfil", {})
    row = {"channel_item_refnum": line(order), "sku": TEE, "quantity": 1, "reason": "Defective"}
    if action == "order_update":
        return {**of(order, order_items=[]), "rmas": [{"retailops_rma_id": 5, "items": [row]}]}
    given = {"retailops_return_id": 87, "refund_amt": 1, "refund_action": "refund", "items": [row]}
    return {**of(order), "return": given}


MINE = {
    "order_cancel": "[cancellation]\nstaff_note = \"order.name | prepend: 'Off: '\"\n",
    "order_complete": "[complete]\nnote = \"order.name | prepend: 'Off: '\"\n",
    "order_returned": "[returned]\nnote = \"return.refund_action | prepend: 'Back: '\"\n",
    "order_settle_payment": "[settle]\ncapture_at = \"'settle'\"\n",
    "order_shipment_submit": '[tables.carrier]\n"DHL" = "DHL of mine"\n',
    "order_update": '[tables.return_reason]\n"Defective" = "defective"\n',
}
"""A merchant's file for each mapping of an order."""

SHOWN = {
    "order_cancel": ("staff_note", "Off: #", "mine/order_cancel.toml:2:14"),
    "order_complete": ("note", "Off: #", "mine/order_complete.toml:2:8"),
    "order_returned": ("note", "Back: refund", "mine/order_returned.toml:2:8"),
    "order_settle_payment": ("capture_at", "settle", "mine/order_settle_payment.toml:2:14"),
    "order_shipment_submit": ("carrier", "DHL of mine", "mappings/order_shipment_submit.toml:"),
    "order_update": ("rmas[0].reason", "defective", "mappings/order_update.toml:"),
}
"""A value that it makes, and where the rule stands: of a table's entry the shipped rule."""


@pytest.mark.parametrize("action", ORDERS)
async def test_every_mutation_of_an_order_has_its_mapped_values(w, planner, action) -> None:
    """The one step is tied to the one rendering: value, expression, place and sources."""
    planner.mine(**{action: MINE[action]})
    told = await planner.json(action, await call_for(w, action))
    (step,) = told["steps"]
    (number,) = step["mapped"]
    rendering = told["mapped"][number]
    assert (rendering["mapping"], rendering["sent"]) == (action, True)
    path, value, place = SHOWN[action]
    row = by_path(rendering)[path]
    assert row["value"].startswith(value)
    assert place in row["place"]
    assert re.search(r"\.toml:\d+:\d+$", row["place"])


async def test_a_table_and_a_blank_say_what_they_read(w, planner) -> None:
    """Text: the merchant's place, the shipped one, the looked up source, what nothing gave."""
    planner.mine(
        order_shipment_submit="[tracking]\nnumber = \"package.tracking_number | prepend: 'N'\"\n"
        '[tables.carrier]\n"DHL" = "DHL of mine"\n'
    )
    body = await call_for(w, "order_shipment_submit")
    out = await planner.text("order_shipment_submit", {**body, "integration_auth_token": "hush"})
    assert "\n  mapped by order_shipment_submit, package 71:\n" in out
    assert '\n  carrier = "DHL of mine"\n      package.carrier_name | strip | upcase | table' in out
    assert '\n        package.carrier_name = "dhl"\n' in out
    assert re.search(r"\n {6}shipped order_shipment_submit\.toml:\d+:11\n", out)
    assert '\n  number = "N1Z1"\n' in out
    assert "mine/order_shipment_submit.toml:2:10\n" in out
    assert out.index("left out, because nothing was there:") < out.index("\n  url\n")
    assert "hush" not in out
    only = await planner.text("order_shipment_submit", body, "--only", "carrier")
    assert "carrier = " in only
    assert "number = " not in only
    assert "\n  url\n" not in only


async def test_each_package_has_its_own_values(w, planner) -> None:
    """Also packages without an id, and of the same name; one that comes twice has both rows."""
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 9}])
    bare = [parcel(order, None, "1Z2"), parcel(order, None, "")]
    known = parcel(order, 71, "1Z1")
    same = {**parcel(order, None, "71"), "carrier_name": "ups"}
    body = shipping(order, known, *bare, same, {**known, "carrier_name": "fedex"})
    told = await planner.json("order_shipment_submit", body)
    numbers = {
        s["variables"]["fulfillment"].get("trackingInfo", {}).get("number"): s["mapped"]
        for s in told["steps"]
    }
    assert numbers == {"1Z1": [0, 4], "1Z2": [1], None: [2], "71": [3]}
    assert [one["subject"] for one in told["mapped"]] == [
        "package 71",
        "package 1Z2",
        "a package without id",
        "package 71",
        "package 71",
    ]


async def test_a_completion_keeps_its_mappings_apart(w, planner) -> None:
    """The package's is the step's; what a later round needs is listed after the mutations."""
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 2}])
    shipment = {"retailops_shipment_id": 9, "packages": [parcel(order, 71, "1Z1")]}
    body = of(order, shipments=[shipment], unshipped_items=[])
    told = await planner.json("order_complete", body)
    (step,) = told["steps"]
    found = {one["mapping"]: one["sent"] for one in told["mapped"]}
    assert found == {"order_shipment_submit": True, "order_complete": False}
    assert told["mapped"][step["mapped"][0]]["mapping"] == "order_shipment_submit"
    out = await planner.text("order_complete", body)
    later = out.index("a later one may need it:")
    assert out.index("carrier = ") < later < out.index("close = true")


async def test_what_is_not_sent_is_listed_too(w, planner) -> None:
    """A settlement that is taken already makes no mutation, and its values can still be seen."""
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 1}], payment="paid")
    row = {"payment_processing_type": "channel_payment", "amount": 10}
    body = {**of(order), "payment": {"payment_series_id": 1, "payment_transactions": [row]}}
    out = await planner.text("order_settle_payment", {**body, "version": 1})
    assert "0 mutation(s)" in out
    assert out.index("Mapped, but nothing to send:") < out.index('tenders[0].taken = "capture"')
    assert 'row.payment_processing_type = "channel_payment"' in out
    assert "ALREADY_APPLIED" in out


async def test_of_a_row_that_repeats_the_last_is_sent(w, planner) -> None:
    """Each row of a push is a rendering of its own; the mutation has those that it carries."""
    rows = [
        {"sku": TEE, "quantity_available": 5},
        {"sku": "nobody-has-it", "quantity_available": 3},
        {"sku": TEE, "quantity_available": 41},
        {"sku": shipments.KNIFE, "quantity_available": 42},
    ]
    planner.mine(inventory_push="[stock]\nsafety_stock = \"'2'\"\n")
    told = await planner.json("inventory_push", {"inventory_updates": rows})
    (step,) = told["steps"]
    assert step["mapped"] == [2, 3]
    assert [one["subject"] for one in told["mapped"]][1] == "SKU nobody-has-it"
    sent = by_path(told["mapped"][2])
    assert (sent["quantity"]["value"], sent["safety_stock"]["value"]) == (41, 2)
    assert sent["quantity"]["read"] == [{"path": "update.quantity_available", "value": 41}]
    assert "mine/inventory_push.toml:2:16" in sent["safety_stock"]["place"]


async def test_a_row_that_reads_the_shop_shows_what_it_read(w, planner) -> None:
    """What [select] had looked up is a source like others, and the variant is named."""
    planner.mine(
        inventory_push='[select]\nproduct = "tags"\n'
        '[stock]\nsafety_stock = "variant.product.tags.size"\n'
    )
    body = {"inventory_updates": [{"sku": TEE, "quantity_available": n} for n in (7, 41)]}
    told = await planner.json("inventory_push", body, "--only", "safety_stock")
    (step,) = told["steps"]
    assert step["mapped"] == [1]
    sent = told["mapped"][1]
    assert sent["subject"].startswith(f"SKU {TEE}, gid://shopify/ProductVariant/")
    (row,) = sent["values"]
    assert row["read"] == [{"path": "variant.product.tags.size", "value": row["value"]}]
    assert "mine/inventory_push.toml:4:16" in row["place"]


async def test_a_big_push_stays_readable(tmp_path, capsys) -> None:
    """A thousand rows: text shows some and says where the rest is; JSON has every one."""
    async with world(tmp_path, variants=1000, lag=0.0) as w:
        skus = [v.sku for v in w.store.sandbox.store.variants.values() if v.sku]
        unique = [sku for sku in dict.fromkeys(skus) if skus.count(sku) == 1][:1000]
        rows = [{"sku": sku, "quantity_available": 7000 + n} for n, sku in enumerate(unique)]
        assert len(rows) == 1000
        planner = Planner(w, tmp_path, capsys)
        out = await planner.text("inventory_push", {"inventory_updates": rows})
        assert len(out.splitlines()) < 2500
        assert re.search(r"[0-9],[0-9]{3} more mapped values are not shown: --json", out)
        assert "more; --json has all" in out
        told = await planner.json("inventory_push", {"inventory_updates": rows}, "--only", "sku")
        assert len(told["mapped"]) == 1000
        assert {len(one["values"]) for one in told["mapped"]} == {1}


async def test_a_product_shows_the_items_of_the_feed_it_is_made_of(w, planner) -> None:
    """Items of one family are one product's; the second step names where the values stand."""
    feed = {
        "products": [
            catalogue.product("other", catalogue.variant("OTHER-1")),
            {"handle": "hat", "family": "F", "title": "Hat", "variants": [{"sku": "H1"}]},
            {"family": "F", "vendor": "Acme", "tags": ["a"]},
        ]
    }
    told = await planner.json("catalog_push", {"template_output": feed})
    mapped = {s["variables"]["input"]["handle"]: s["mapped"] for s in told["steps"]}
    assert mapped == {"other": [0], "hat": [1, 2]}
    assert [one["subject"] for one in told["mapped"][1:]] == [
        "products[1], F, hat, H1",
        "products[2], F",
    ]
    assert by_path(told["mapped"][2])["products[2].vendor"]["value"] == "Acme"
    await catalogue.push(w, *feed["products"])
    await w.advance(60)
    feed["products"][1] |= {"title": "Cap", "variants": [{"sku": "H1", "price": "3.00"}]}
    out = await planner.text("catalog_push", {"template_output": feed}, "--only", "title")
    assert 'products[1].title = "Cap"\n      product.title\n' in out
    assert "\n  its mapped values stand under 1\n" in out
    assert "Mapped, but nothing to send:\n\n  mapped by catalog_push, products[0], other" in out


@pytest.mark.parametrize("preset", list(FEEDS))
async def test_a_preset_shows_its_own_file(w, planner, preset) -> None:
    """The shipped file of the preset is named, and all of the family's items are tied."""
    planner.setting(f'[channels.catalog]\npreset = "{preset}"')
    told = await planner.json("catalog_push", {"template_output": FEEDS[preset]})
    used = {number for step in told["steps"] for number in step["mapped"]}
    assert used == set(range(len(told["mapped"])))
    rows = [row for one in told["mapped"] for row in one["values"]]
    assert rows
    assert {Path(row["place"].split(":")[0]).name for row in rows} == {
        f"catalog_push.{preset}.toml"
    }


async def test_a_mutation_in_bulk_has_the_values_of_all_its_rows(w, planner) -> None:
    """One step for all products, with their variables; each product's item is tied to it."""
    planner.setting("[channels.catalog]\nbulk_from = 2")
    feed = [catalogue.product(name, catalogue.variant(name)) for name in ("a", "b", "c")]
    told = await planner.json("catalog_push", {"template_output": {"products": feed}})
    (step,) = told["steps"]
    assert [row["input"]["handle"] for row in step["rows"]] == ["a", "b", "c"]
    assert step["mapped"] == [0, 1, 2]
    out = await planner.text("catalog_push", {"template_output": {"products": feed}})
    assert "in bulk for 3 rows" in out
    assert '"handle": "c"' in out


async def test_a_hostile_value_is_cut_and_harmless(w, planner) -> None:
    """A megabyte of text and a terminal's commands: short and escaped in text, whole in JSON."""
    text = "\x9b31mRed\x1b[2J\u202e" + "x" * 200_000
    hat = {"handle": "hat", "title": "Hat", "descriptionHtml": text}
    feed = {"products": [{**hat, "variants": [{"sku": "H\x9b1"}]}]}
    out = await planner.text("catalog_push", {"template_output": feed})
    assert len(out) < 10_000
    assert not {"\x9b", "\x1b", "\u202e"} & set(out)
    assert "more; --json has all" in out
    told = await planner.json("catalog_push", {"template_output": feed})
    assert by_path(told["mapped"][0])["products[0].descriptionHtml"]["read"][0]["value"] == text


async def test_a_mapping_that_refuses_the_call_names_its_place(w, planner) -> None:
    """Exit 1; the code, the rule with file:line:column, and what it read."""
    planner.mine(
        order_cancel="[cancellation]\nrestock = \"order.name | table: 'yes', strict: true\"\n"
        '[tables.yes]\n"#1" = true\n'
    )
    body = await call_for(w, "order_cancel")
    code, out, err = await planner.run("order_cancel", body)
    assert (code, err) == (1, "")
    assert "nothing would be sent" in out
    assert re.search(r"\n  MAPPING_[A-Z]+: cancellation\.restock: ", out)
    assert re.search(r"\n {6}order\.name \| table.*\n {6}\S*mine/order_cancel\.toml:2:11\n", out)
    assert '\n        order.name = "#' in out
    code, out, _ = await planner.run("order_cancel", body, "--json")
    told = json.loads(out)
    assert (code, told["refused"]["target"]) == (1, "cancellation.restock")
    assert told["mapped"][0]["refused"]["read"][0]["path"] == "order.name"


async def test_one_refused_package_does_not_hide_the_others(w, planner) -> None:
    """It is told with its place; the other is planned with its values."""
    planner.mine(
        order_shipment_submit="[tracking]\n"
        "notify_customer = \"package.carrier_name | table: 'yes', strict: true\"\n"
        '[tables.yes]\n"dhl" = true\n'
    )
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 2}])
    body = shipping(order, parcel(order, 71, "1"), {**parcel(order, 72, "2"), "carrier_name": "x"})
    told = await planner.json("order_shipment_submit", body)
    assert [s["mapped"] for s in told["steps"]] == [[0]]
    refused = told["mapped"][1]
    assert (refused["subject"], refused["sent"], refused["values"]) == ("package 72", False, [])
    assert "mine/order_shipment_submit.toml:2:19" in refused["refused"]["place"]
    out = await planner.text("order_shipment_submit", body)
    assert "\nrefused by order_shipment_submit, package 72:\n" in out


async def test_an_action_without_mapping_has_nothing_to_show(w, planner) -> None:
    """order_acknowledge: the mutation alone."""
    order = await shipments.place(w, lines=[{"sku": TEE, "quantity": 1}])
    row = {"channel_order_refnum": order["id"], "retailops_order_id": 7001}
    told = await planner.json("order_acknowledge", {"orders": [row]})
    assert ([s["mapped"] for s in told["steps"]], told["mapped"]) == ([[]], [])
    assert "apped" not in await planner.text("order_acknowledge", {"orders": [row]})


async def test_what_is_no_path_is_told_at_once(planner) -> None:
    """Exit 2, before the store is asked."""
    code, _, err = await planner.run("order_cancel", {}, "--only", "a..b")
    assert code == 2
    assert "is no path" in err
