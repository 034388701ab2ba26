"""Fields that a merchant selects and that our part of Shopify's schema has not: scrubbed, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, extend_schema, introspection_from_schema, parse

from bridge.recording import files
from bridge.recording.replay import Replayer
from bridge.schema import load_schema
from bridge.schema.stored import file_name, store
from bridge.server.replaying import run_as_served
from tests.recording.test_recorder import recorded
from tests.stories.caller import PLAIN, placed
from tests.support import SHOP

MORE = parse(
    """extend type Order { doorman: String  membership: Membership }
    type Membership { holder: String!  level: Int!  since: DateTime!  tiers: [String!]! }"""
)
MAPPING = """
[select]
order = "doorman membership { holder level since tiers }"
[order]
gift_message = "order.doorman"
[[order.attributes]]
attribute_type = "'text'"
handle = "'member'"
value = "order.membership.holder"
"""
MEMBER = {
    "holder": "Zebedee Quackenbush",
    "level": 7,
    "since": "2019-05-04T00:00:00Z",
    "tiers": ["Zebedee's own"],
}


def teach(schema: GraphQLSchema) -> None:
    """Two fields more for the schema of one store, and what they hold."""
    more = extend_schema(schema, MORE).type_map
    order: Any = schema.type_map["Order"]
    schema.type_map["Membership"] = more["Membership"]
    for name, held in (
        ("doorman", "Ask for Quackenbush, ring 415-555-2671"),
        ("membership", MEMBER),
    ):
        field = order.fields[name] = more["Order"].fields[name]
        field.resolve = lambda *_, held=held: held


@pytest.mark.parametrize("schema_kept", [True, False])
async def test_what_only_the_whole_schema_knows_is_scrubbed(
    tmp_path: Path, schema_kept: bool
) -> None:
    """Texts go, in reply and answer alike; a number whose type is known stays, else it goes too.

    Without the store's schema, which may be gone when the recorder begins, nothing of such a
    field is known to be harmless.
    """
    mappings, schemas = tmp_path / "mappings", tmp_path / "schema"
    mappings.mkdir()
    (mappings / "order_pull.toml").write_text(MAPPING, "utf-8")
    async with recorded(tmp_path) as w:
        teach(w.store.sandbox.engine.schema)
        (channel,) = w.settings.channels
        introspected = introspection_from_schema(extend_schema(load_schema(), MORE))
        store(schemas, SHOP, channel.api_version, introspected)
        own = {"mappings_dir": mappings, "schema_dir": schemas}
        w.settings = w.settings.model_copy(update={"channels": (channel.model_copy(update=own),)})
        await w.restart()
        fetched = schemas / file_name(SHOP, channel.api_version)
        if not schema_kept:
            fetched.rename(tmp_path / "elsewhere")
            # Another mapping, and the recorder works out anew how a call is scrubbed.
            (mappings / "order_pull.toml").write_text(f"{MAPPING}# mended\n", "utf-8")
        order = await placed(w, lines=[{"sku": PLAIN}])
        answer = await w.post("order_pull", specific_orders=[{"channel_refnum": order["id"]}])
        assert "Quackenbush" in answer.body["orders"][0]["gift_message"]
        (configured,) = w.settings.channels
    (path,) = (tmp_path / "out").rglob("*.yaml")
    text = path.read_text("utf-8")
    for told in ("zebedee", "quackenbush", "2671"):
        assert told not in text.casefold()
    (node,) = json.loads(files.read(path).interactions[-1].reply)["data"]["named"]
    assert (node["membership"]["level"] == 7) is schema_kept
    assert (node["membership"]["since"] == MEMBER["since"]) is schema_kept
    if not schema_kept:
        return  # a date that is none any more cannot be replayed
    found = await Replayer(run_as_served, configured).replay(files.read(path))
    assert found.verdict == "same", [d.as_json() for d in found.differences]
