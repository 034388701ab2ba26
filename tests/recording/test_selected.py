"""Recordings of what a merchant's ``[select]`` asks for: the same rules, and they replay."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from graphql import extend_schema, parse

from bridge.config.models import ChannelSettings
from bridge.recording import files
from bridge.recording.making import cassette_of, rules_of
from bridge.recording.replay import Replayer
from bridge.recording.scrub import Rules
from bridge.recording.tap import Recording
from bridge.schema import load_schema
from bridge.server.replaying import run_as_served
from bridge.shopify.exchange import Exchange
from bridge.shopify.inventory import at_locations
from bridge.wiring import load_mapping, shipped_mappings
from tests.actions.test_inventory_store import RENO, update
from tests.recording.test_recorder import recorded
from tests.stories.test_selecting import set_metafield
from tests.stories.test_stock_select import OFF, three, variant_of, write

SELECT = """[select]
product = "tags"
variant = "displayName"
[select.metafields]
variant = { place = "custom.place" }
product = { units = "custom.units" }
[stock]
location = "variant.metafields.place | default: policy.location"
safety_stock = "variant.product.metafields.units | plus: 0 | default: 1"
"""
CHANNEL = ChannelSettings(
    id=21, shop="example.myshopify.com", auth_key="K9" * 16, shopify={"token": "shpat_0123456789ab"}
)


def cleaned(product: str, told: dict[str, object], rules: Rules, folder: Path) -> dict[str, object]:
    """What is written of a look-up's ``product``, asked for as the bridge composes it."""
    file = folder / "inventory_push.toml"
    file.write_text('[select]\nproduct = "tags"\n', "utf-8")
    module = load_mapping("inventory_push", [shipped_mappings() / file.name, file])
    text = at_locations(module.composed.operations["VariantsBySku"], 2).text
    text = text.replace("tags", product)  # also what our part of the schema does not have
    nodes = [{"id": "gid://shopify/ProductVariant/1", "sku": "MUG-1", "product": told}]
    asked = {"operationName": "VariantsBySku", "query": text, "variables": {}}
    one = Recording("inventory_push", 21, "1", {}, datetime(2026, 11, 23, tzinfo=UTC))
    one.take(
        Exchange(
            operation="VariantsBySku",
            url="https://example.myshopify.com/admin/api/2026-10/graphql.json",
            request=json.dumps(asked).encode(),
            status=200,
            headers={},
            reply=json.dumps({"data": {"productVariants": {"nodes": nodes}}}).encode(),
            seconds=0.1,
        )
    )
    made = cassette_of(
        one,
        CHANNEL,
        rules,
        source="live",
        fingerprint="0",
        deadline_seconds=1.0,
        recorded_at=one.started,
    )
    reply = json.loads(made.interactions[0].reply)
    (node,) = reply["data"]["productVariants"]["nodes"]
    assert node["sku"] == "MUG-1"
    found: dict[str, object] = node["product"]
    return found


def test_each_field_by_its_own_rule(tmp_path):
    """Tags and metafields of the catalogue stay; a person's name and what nobody knows go."""
    told = {
        "tags": ["fragile"],
        "metafields__units": {"value": "3"},
        "supplierContact": "Zebedee Quackenbush",
        "rating": 4711,
    }
    product = (
        'tags metafields__units: metafield(namespace: "custom", key: "units") { value }'
        " supplierContact rating"
    )
    rules = rules_of(CHANNEL, ["shpat_0123456789ab"], b"a salt of the tests, no secret")
    whole = extend_schema(
        load_schema(), parse("extend type Product { supplierContact: String, rating: Int }")
    )
    for schema in (load_schema(), whole):
        known = Rules(rules.words, rules.vocabulary, rules.secrets, rules.namespaces, schema)
        found = cleaned(product, told, known, tmp_path)
        assert found["tags"] == ["fragile"]
        assert found["metafields__units"] == {"value": "3"}
        assert "Quackenbush" not in str(found["supplierContact"])
        assert found["supplierContact"]
    assert found["rating"] == 4711  # by the whole schema an Int, as any other
    assert cleaned(product, told, rules, tmp_path)["rating"] != 4711


async def test_a_recorded_push_replays(tmp_path):
    """What the mapping read is there: the same look-ups, quantities and answer come of it."""
    own = write(tmp_path, SELECT)
    async with recorded(tmp_path) as w:
        (channel,) = w.settings.channels
        policies = {"mappings_dir": own, "inventory_push": OFF}
        found = {n: getattr(channel, n) for n in channel.model_fields_set} | policies
        made = ChannelSettings.model_validate(found)
        w.settings = w.settings.model_copy(update={"channels": (made,)})
        await w.restart()
        near, far, _ = three(w)
        store = "gid://shopify/{}/{}".format
        gid = store("ProductVariant", variant_of(w, far).number_id)
        await set_metafield(w, gid, "place", RENO)
        gid = store("Product", variant_of(w, near).product.number_id)
        await set_metafield(w, gid, "units", "4")
        for quantity in (30, 40):  # the second knows where the first has written
            rows = [update(near, quantity), update(far, quantity), update("NO-SUCH", 1)]
            answer = await w.post("inventory_push", inventory_updates=rows)
            assert answer.codes == ["SKU_NOT_FOUND"]
        await w.stop()
        replayer = Replayer(run_as_served, mappings_dir=own)
        both = sorted((tmp_path / "out").rglob("*.yaml"))
        assert len(both) == 2
        for file in both:
            told = await replayer.replay(files.read(file))
            assert told.verdict == "same", [d.as_json() for d in told.differences]
