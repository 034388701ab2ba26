"""``[select]`` of inventory_push: the variant as a source, its fields, its price, its mistakes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bridge.actions.inventory_select import FEWEST
from bridge.config.models import ChannelSettings
from bridge.errors import ConfigError
from bridge.mapping.module import MappingModule
from bridge.shopify.inventory import at_locations
from bridge.wiring import load_mapping, shipped_mappings
from tests.actions.stock import a_call

TAGS = '[select]\nproduct = "tags"\n'
# Lists inside lists for each variant: 250 of them would cost more than Shopify takes.
DEAR = (
    '[select]\nproduct = "variants(first: 100) { nodes { media(first: 100) { nodes { alt } } } }"\n'
)
# And here not even ten can be asked for.
IMAGES = "media(first: 250) { nodes { alt preview { image { url } } } }"
TOO_DEAR = f'[select]\nproduct = "variants(first: 250) {{ nodes {{ {IMAGES} }} }}"\n'

BROKEN = [
    ('[select]\nline = "sku"', "2:1", "M201", 'no fields can be added to "line"'),
    ('[select]\nvariant = "level0: title"', "2:12", "M106", "the bridge's own"),
    ('[select]\nproduct = "level: title"', "2:12", "M106", "the bridge's own"),
    ('[select]\nvariant = "sku: title"', "2:12", "M513", "conflict"),
    ('[select]\nvariant = "title @include(if: $location)"', "2:31", "M106", "variable $location"),
    ('[select]\nproduct = "tgas"', "2:12", "M511", "cannot be told offline"),
    (TOO_DEAR, "1:2", "M512", f"points for {FEWEST} rows (without them 46 for 250)"),
    ('[stock]\nsku = "variant.sku"', "2:8", "M206", '"variant" is not there yet'),
    ('[stock]\nquantity = "variant.level.id"', "2:21", "M204", 'unknown field "level"'),
    ('[stock]\nsafety_stock = "variant.product.tags"', "2:25", "M204", 'unknown field "product"'),
    (TAGS + '[stock]\nsafety_stock = "variant.product.tags"', "4:16", "M301", "a list"),
]  # fmt: skip


def load(folder: Path, text: str, own: ChannelSettings | None = None) -> MappingModule:
    """inventory_push.toml with a merchant's file over it."""
    file = folder / "inventory_push.toml"
    file.write_text(text, "utf-8")
    return load_mapping("inventory_push", [shipped_mappings() / "inventory_push.toml", file], own)


@pytest.mark.parametrize(("text", "place", "code", "said"), BROKEN)
def test_a_mistake_is_told_at_its_place(tmp_path, text, place, code, said) -> None:
    """One finding, with line and column in the merchant's file, the code, and what is wrong."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    found = [f for f in caught.value.findings if f.path.endswith("inventory_push.toml")]
    assert [(f.code, f"{f.line}:{f.column}") for f in found] == [(code, place)]
    assert said in found[0].message


def test_the_shipped_mapping_asks_for_nothing_more(tmp_path) -> None:
    """It names no variant, so its SKUs are looked up once it is rendered, as ever."""
    module = load(tmp_path, "")
    assert not module.reads("variant")
    assert module.composed.operations == {}
    assert load(tmp_path, '[stock]\nsafety_stock = "variant.sku | size"').reads("variant")


def test_the_price_is_told_for_both_look_ups(tmp_path) -> None:
    """Tags are 11 points more for 250 variants; at two facilities both figures are larger."""
    assert load(tmp_path, TAGS).composed.costs == {
        "VariantsBySku": (46, 57),
        "NewestVariants": (46, 57),
    }
    own = a_call().channel.settings
    facilities = {"East": "Main", "West": "Other", "South": "Main"}
    policy = own.inventory_push.model_copy(update={"facilities": facilities})
    module = load(tmp_path, TAGS, own.model_copy(update={"inventory_push": policy}))
    assert module.composed.costs["VariantsBySku"] == (68, 79)


def test_dear_fields_make_the_requests_smaller(tmp_path) -> None:
    """As many rows as 1,000 points allow and no more; the words say both sizes."""
    composed = load(tmp_path, DEAR).composed
    before, rows = composed.rows["VariantsBySku"]
    assert before == 250
    assert FEWEST < rows < 250
    made = at_locations(composed.operations["VariantsBySku"], 1)
    assert made.cost({"first": rows}) == composed.costs["VariantsBySku"][1] <= 1000
    assert made.cost({"first": rows + 1}) > 1000
    said = dict(composed.prices())["VariantsBySku"]
    assert said.endswith(f"points for {rows} rows with [select], 46 for 250")


def test_table_each_looks_up_what_a_list_has(tmp_path) -> None:
    """Entries in the list's order, unknown elements and nulls left out, null stays null."""
    text = (
        "[stock]\nsku = \"update.sku | split: '-' | table_each: 'part' | join: '+'\"\n"
        "safety_stock = \"update.sku | split: '-' | table_each: 'units' | sum\"\n"
        '[tables.part]\nA = "one"\nC = "three"\n[tables.units]\nA = 2\nB = 1.5\nC = 0\n'
    )
    module = load(tmp_path, text)
    scope = {"update": {"sku": "C-X-A"}, "policy": {}}
    assert module.leaf("sku", scope) == "three+one"
    assert module.leaf("safety_stock", scope) == Decimal(2)
