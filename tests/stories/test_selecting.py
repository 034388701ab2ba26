"""``[select]`` over HTTP: fields that the bridge does not fetch by itself reach RetailOps."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from tests.stories.caller import PLAIN, placed, pull, pull_all, refnums
from tests.support import World, world

MAPPING = """
[select]
customer = "tags"
line = "product { productType }"
shipping_line = "discountedPriceSet { ...Money }"

[select.metafields]
order = { gift = "custom.gift_message" }
variant = { supplier_sku = "custom.supplier_sku" }

[order]
gift_message = "order.metafields.gift | default: order.note"

[order.order_items]
sku = "line.variant.metafields.supplier_sku | default: line.sku | default: 'NONE'"
sku_description = "line.product.productType"

[[order.attributes]]
attribute_type = "'text'"
handle = "'shipping_paid'"
value = "order.shippingLines[0].discountedPriceSet.presentmentMoney.amount | append: '!'"
"""


def write(folder: Path, text: str = MAPPING) -> Path:
    """A merchant's folder with an order_pull.toml."""
    own = folder / "mappings"
    own.mkdir()
    (own / "order_pull.toml").write_text(text, "utf-8")
    return own


async def set_metafield(w: World, owner: str, key: str, value: str) -> None:
    """As a person does in Shopify's admin."""
    body = {
        "query": "mutation M($m: [MetafieldsSetInput!]!)"
        " { metafieldsSet(metafields: $m) { userErrors { message } } }",
        "variables": {
            "m": [
                {
                    "ownerId": owner,
                    "namespace": "custom",
                    "key": key,
                    "type": "single_line_text_field",
                    "value": value,
                }
            ]
        },
    }
    url = f"{w.store.url}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": "shpat_sandbox"}
    async with w.http.post(url, json=body, headers=headers) as reply:
        assert (await reply.json())["data"]["metafieldsSet"]["userErrors"] == []


def variant_gid(w: World) -> str:
    """The variant that the orders of this file are about."""
    found = w.store.sandbox.store.variants.items()
    return f"gid://shopify/ProductVariant/{next(id_ for id_, v in found if v.sku == PLAIN)}"


async def test_selected_fields_reach_retailops(tmp_path: Path) -> None:
    """A metafield of the order and of the variant, a product's type, money of a shipping line."""
    async with world(tmp_path, mappings_dir=write(tmp_path)) as w:
        order = await placed(w, lines=[{"sku": PLAIN}], note="plain note")
        refnum = order["id"]
        await set_metafield(w, f"gid://shopify/Order/{refnum}", "gift_message", "Happy birthday")
        await set_metafield(w, variant_gid(w), "supplier_sku", "SUP-1")
        orders, _ = await pull(w, specific_orders=[refnum])
        (made,) = orders
        assert made["gift_message"] == "Happy birthday"
        assert made["order_items"][0]["sku"] == "SUP-1"
        assert made["order_items"][0]["sku_description"]
        assert any(a["handle"] == "shipping_paid" for a in made["attributes"])
        found = await pull_all(w)  # and by the page, where others have neither
        assert refnum in refnums(found)
        assert any(o["order_items"][0]["sku"] != "SUP-1" for o in found)


async def test_lines_that_come_later_carry_them_too(tmp_path: Path) -> None:
    """An order with more lines than come with the page: the rest is read with the same fields."""
    policy = {"lines_per_order": 2}
    async with world(tmp_path, mappings_dir=write(tmp_path), order_pull=policy) as w:
        await set_metafield(w, variant_gid(w), "supplier_sku", "SUP-1")
        order = await placed(w, lines=[{"sku": PLAIN}] * 5)
        orders, _ = await pull(w, specific_orders=[order["id"]])
        assert [i["sku"] for i in orders[0]["order_items"]] == ["SUP-1"] * 5
        assert "OrderLines" in (await w.spent()).operations


async def test_the_cost_is_logged_at_the_start(tmp_path: Path) -> None:
    """One line an operation: the points with and without what was selected."""
    with capture_logs() as logs:
        async with world(tmp_path, mappings_dir=write(tmp_path)):
            pass
    told = {e["operation"]: e for e in logs if e["event"] == "fields_selected"}
    assert set(told) == {"OrderPull", "OrderLines"}
    assert told["OrderPull"]["points"] > told["OrderPull"]["points_without"] == 527


async def test_the_store_charges_what_was_foretold(tmp_path: Path) -> None:
    """The requested cost of a real page is the cost that the start announced, or less."""
    with capture_logs() as logs:
        async with world(tmp_path, mappings_dir=write(tmp_path)) as w:
            await pull(w)
            (first,) = [r for r in await w.requests() if r["operation"] == "OrderPull"][:1]
    told = next(e for e in logs if e.get("operation") == "OrderPull" and "points_without" in e)
    assert first["requested_cost"] == told["points"]


async def test_many_named_orders_stay_below_shopifys_limit(tmp_path: Path) -> None:
    """Orders by id are priced one by one: with dear fields fewer are asked for at once."""
    dear = '[select]\nline = "product { media(first: 20) { nodes { alt } } }"\n'
    policy = {"page_size": 5, "lines_per_order": 50}
    async with world(tmp_path, mappings_dir=write(tmp_path, dear), order_pull=policy) as w:
        wanted = [o["id"] for o in (await w.state())["orders"]][:15]
        orders, _ = await pull(w, specific_orders=wanted)
        assert set(refnums(orders)) <= set(wanted)
        assert len(orders) > 5
        rows = [r for r in await w.requests() if r["operation"] == "OrderPull"]
        assert all(r["requested_cost"] <= 1000 for r in rows)
