"""``[select]``: every mistake at its place, before anything is sent."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from graphql import extend_schema, introspection_from_schema, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.actions.order_select import SLOTS
from bridge.config.models import ChannelSettings
from bridge.errors import ConfigError, Finding
from bridge.mapping.module import MappingModule
from bridge.schema import load_schema
from bridge.schema.stored import file_name, store
from bridge.wiring import load_mapping, shipped_mappings
from tests.actions.test_order_offer import channel
from tests.shared import SHARED, needs_shared

MEDIA = "product { media(first: 50) { nodes { alt preview { image { url } } } } }"
DEEP = "product { variants(first: 1) { nodes { " * 5 + "id" + " } } }" * 5

BROKEN = [
    # file, line:column, code, part of the message
    ('[select]\nlin = "sku"', "2:1", "M201", 'no fields can be added to "lin"'),
    ('[select]\nline = 3', "2:8", "M106", "as one text"),
    ('[select]\nline = ""', "2:8", "M106", "no field is named"),
    ('[select]\nline = "product { tags"', "2:22", "M106", "never closed"),
    ('[select]\nline = "sku } mutation { x"', "2:15", "M106", "no list of fields"),
    ('[select]\nline = "product { }"', "2:17", "M106", "inside the braces"),
    ('[select]\nline = "... on LineItem { ...Foo }"', "2:27", "M106", "no fragment ...Foo"),
    ('[select]\norder = "transactions(first: $lines) { id }"', "2:30", "M106", "variable $lines"),
    ('[select]\norder = "metafields__x: name"', "2:10", "M106", "the bridge's own"),
    ('[select]\norder = "__x: name"', "2:10", "M106", "the bridge's own"),
    ('[select]\norder = "metafields: name"', "2:10", "M106", "belongs to [select.metafields]"),
    ('[select]\nline = "' + "product { " * 40 + '"', "2:", "M106", "never closed"),
    ('[select]\nline = "' + "a " * 2001 + '"', "2:8", "M104", "at most 4,000"),
    (
        f'[select]\nline = "{DEEP}"',
        "2:",
        "M104",
        "nested deeper",
    ),
    ('[select]\nmetafields = "x"', "2:14", "M106", "metafields are a table"),
    ('[select.metafields]\norder = "custom.x"', "2:9", "M106", "a name for each"),
    ('[select.metafields]\norder = { "a b" = "custom.x" }', "2:11", "M106", "is no name"),
    ('[select.metafields]\norder = { a = "customx" }', "2:15", "M106", "namespace.key"),
    ('[select.metafields]\norder = { a = 1 }', "2:15", "M106", "namespace.key"),
    ('[select.metafields]\nline = { a = "custom.x" }', "2:1", "M201", 'added to "line"'),
    ('[select]\norder = "name statusPageUrl"', "2:15", "M511", "cannot be told offline"),
    ('[select]\ncustomer = "taags"', "2:13", "M511", 'Customer has a field "taags"'),
    ('[select]\norder = "customer"', "2:10", "M513", "selection of subfields"),
    ('[select]\norder = "note: name"', "2:10", "M513", "conflict"),
    ('[select]\norder = "fulfillments(frst: 1) { id }"', "2:23", "M513", "frst"),
    ('[select]\norder = "... on Wonder { id }"', "2:17", "M513", "Wonder"),
    (
        f'[select]\nline = "{MEDIA}"',
        "1:2",
        "M512",
        "costs 1,",
    ),
    ('[select]\nline = "product { media { nodes { alt } } }"', "2:19", "M513", "media(first: 10)"),
    ('[select]\norder = "events(first: 251) { nodes { id } }"', "2:10", "M511", "offline"),
    ('[select]\norder = "returns(first: 251) { nodes { id } }"', "2:25", "M513", "at most 250"),
    ('select = "order"', "1:10", "M106", "is a table"),
]  # fmt: skip


def load(folder: Path, text: str, own: ChannelSettings | None = None) -> MappingModule:
    """order_pull.toml with a merchant's file over it."""
    file = folder / "order_pull.toml"
    file.write_text(text, "utf-8")
    return load_mapping("order_pull", [shipped_mappings() / "order_pull.toml", file], own)


def findings(folder: Path, text: str, own: ChannelSettings | None = None):
    """What is wrong with a merchant's file."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, own)
    return caught.value.findings


@pytest.mark.parametrize(("text", "place", "code", "said"), BROKEN)
def test_a_mistake_is_told_at_its_place(tmp_path, text, place, code, said) -> None:
    """One finding, with line and column in the merchant's file, the code, and what is wrong."""
    (found,) = findings(tmp_path, text)
    assert found.path.endswith("order_pull.toml")
    assert f"{found.line}:{found.column}".startswith(place)
    assert found.code == code
    assert said in found.message


def test_a_mistake_hides_no_other(tmp_path) -> None:
    """A wrong field in [select] and an unknown target come together; what would follow does not."""
    text = '[select]\norder = "nam"\n[order]\ngift_mesage = "order.nam"\ngift_message = "order.nam"'
    assert [f.code for f in findings(tmp_path, text)] == ["M511", "M201"]


def test_only_a_mapping_of_shopifys_objects_can_select(tmp_path) -> None:
    """order_returned reads what RetailOps sends: there is nothing to select from."""
    file = tmp_path / "order_returned.toml"
    file.write_text('[select]\norder = "name"', "utf-8")
    said = r"M106.*order_returned has no \[select\]: only order_pull and inventory_push ask"
    with pytest.raises(ConfigError, match=said):
        load_mapping("order_returned", [shipped_mappings() / "order_returned.toml", file])


def test_new_fields_have_their_types_in_expressions(tmp_path) -> None:
    """A name that was selected can be used; one below it that was not is M204 as ever."""
    head = '[select]\nline = "product { tags productType }"\n[order.order_items]\n'
    module = load(tmp_path, head + "sku_description = \"line.product.tags | join: ' '\"")
    assert module.sources["line"].fields["product"].nullable
    (found,) = findings(tmp_path, head + 'sku_description = "line.product.tgs"')
    assert (found.code, found.line, found.column) == ("M204", 4, 33)
    (found,) = findings(tmp_path, head + 'sku_description = "line.product.tags"')
    assert found.code == "M301"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("order.closedAt", 'Shopify has it; fetch it: [select] order = "closedAt"'),
        ("order.fulfillments", 'Shopify has it; fetch it: [select] order = "fulfillments { … }"'),
        (
            "order.metafields.custom.gift",
            'name it in [select.metafields]: order = { gift = "custom.gift" }',
        ),
        ("order.nte", 'did you mean "note"?'),
    ],
)
def test_what_is_not_fetched_is_told_how(tmp_path, path: str, hint: str) -> None:
    """A field that Shopify has and the bridge does not fetch is no typing error."""
    (found,) = findings(tmp_path, f'[order]\ngift_message = "{path}"')
    assert (found.code, found.hint) == ("M204", hint)


def test_the_elements_of_a_connection_stand_in_nodes(tmp_path) -> None:
    """Offline too it is certain that a connection itself has none of its elements' fields."""
    (found,) = findings(tmp_path, '[select]\norder = "lineItems(first: 5) { sku }"')
    assert (found.code, found.line, found.column) == ("M510", 2, 32)
    assert found.hint == "what its elements have stands in nodes { sku }"


def test_metafields_have_names_of_their_own(tmp_path) -> None:
    """A metafield is a text under metafields.NAME; another name there is unknown."""
    head = '[select.metafields]\norder = { gift = "custom.gift_message" }\n[order]\n'
    load(tmp_path, head + 'gift_message = "order.metafields.gift"')
    (found,) = findings(tmp_path, head + 'gift_message = "order.metafields.gft"')
    assert (found.code, found.hint) == ("M204", 'did you mean "gift"?')


def test_without_select_nothing_changes(tmp_path) -> None:
    """The operations are the bridge's own, and the shipped sources."""
    module = load(tmp_path, '[order]\ngift_message = "order.name"')
    assert module.composed.operations == {}
    assert "metafields" not in module.sources["order"].fields


def test_the_price_is_told_and_bounded_by_the_channels_pages(tmp_path) -> None:
    """What is refused with pages of 50 orders is allowed with pages of 5; the costs are shown."""
    text = f'[select]\nline = "{MEDIA}"'
    assert findings(tmp_path, text)[0].code == "M512"
    small = channel(page_size=2, lines_per_order=10)
    before, now = load(tmp_path, text, small).composed.costs["OrderPull"]
    assert before < now <= 1000


PIECES = st.sampled_from(
    [
        *("name", "tags", "customer", "product", "variant", "media", "nodes", "metafield", "sku"),
        *("{", "}", "(", ")", ":", "first: 5", '"x"', "$presentment", "...Money", "... on Order"),
        *(
            "@include(if: true)",
            "# x",
            "\n",
            ",",
            "$",
            "&",
            '"""',
            "fragment",
            "a: name",
            "__typename",
        ),
    ]
)


@settings(
    deadline=None,  # a busy machine
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(st.lists(PIECES, max_size=12).map(" ".join), st.text(max_size=40)),
    st.sampled_from(sorted(SLOTS)),
)
def test_any_text_is_composed_or_told(tmp_path, text, slot) -> None:
    """No text in [select] breaks the lint: it gives operations, or findings with a place."""
    written = json.dumps(text, ensure_ascii=True).replace("\x7f", "")
    wrong: tuple[Finding, ...] = ()
    try:
        made = load(tmp_path, f"[select]\n{slot} = {written}\n")
        assert made.composed.costs["OrderPull"][1] <= 1000
    except ConfigError as error:
        wrong = error.findings
    assert all(f.line or f.code == "M102" for f in wrong)
    assert all(f.code[:2] in ("M1", "M5") for f in wrong)


# -- the store's whole schema ---------------------------------------------------------------------


def whole(own: ChannelSettings) -> None:
    """A fetched schema that knows one field more than ours."""
    more = extend_schema(load_schema(), parse("extend type Order { statusPageUrl: String! }"))
    store(own.schema_dir, own.shop, own.api_version, introspection_from_schema(more))


def test_a_fetched_schema_tells_what_ours_cannot(tmp_path) -> None:
    """With the store's schema beside the configuration the field is known, typed and priced."""
    own = channel().model_copy(update={"schema_dir": tmp_path / "schema"})
    text = '[select]\norder = "statusPageUrl"\n[order]\ngift_message = "order.statusPageUrl"'
    assert findings(tmp_path, text, own)[0].code == "M511"
    whole(own)
    module = load(tmp_path, text, own)
    assert not module.sources["order"].fields["statusPageUrl"].nullable
    assert module.composed.operations["OrderPull"].cost({"first": 1, "byQuery": True}) > 0


def test_with_a_fetched_schema_a_wrong_name_is_certain(tmp_path) -> None:
    """Then it is not "cannot be told" but "has no such field", with the nearest name."""
    own = channel().model_copy(update={"schema_dir": tmp_path / "schema"})
    whole(own)
    (found,) = findings(tmp_path, '[select]\norder = "statusPageURI"', own)
    assert (found.code, found.hint) == ("M510", 'did you mean "statusPageUrl"?')


@needs_shared
def test_with_shopifys_own_schema(tmp_path) -> None:
    """The real schema of 2026-10: fields far from ours are known and typed, wrong ones refused."""
    own = channel().model_copy(update={"schema_dir": tmp_path / "schema"})
    with gzip.open(SHARED / "shopify" / "admin_2026-10.json.gz") as file:
        store(own.schema_dir, own.shop, own.api_version, json.load(file)["data"])
    head = """[select]
order = "statusPageUrl purchasingEntity { ... on PurchasingCompany { company { name } } }"
customer = "numberOfOrders amountSpent { amount }"
[order]
"""
    rule = 'gift_message = "order.purchasingEntity.company.name | default: order.statusPageUrl"'
    module = load(tmp_path, head + rule, own)
    customer = module.sources["order"].fields["customer"]
    assert customer.fields["numberOfOrders"].type_name == "UnsignedInt64"
    assert customer.fields["amountSpent"].fields["amount"].type_name == "Decimal"
    (found,) = findings(tmp_path, '[select]\ncustomer = "numberOfOrderz"', own)
    assert (found.code, found.hint) == ("M510", 'did you mean "numberOfOrders"?')
    (found,) = findings(tmp_path, '[select]\norder = "localizedFields { nodes { key } }"', own)
    assert (found.code, found.line, found.column) == ("M513", 2, 10)
    assert "say how many, localizedFields(first: 10)" in found.message


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"__schema": {}})])
def test_a_schema_file_that_is_none_is_told(tmp_path, content) -> None:
    """A broken file names itself and the command that mends it."""
    own = channel().model_copy(update={"schema_dir": tmp_path / "schema"})
    (tmp_path / "schema").mkdir()
    file = tmp_path / "schema" / file_name(own.shop, own.api_version)
    file.write_text(content, "utf-8")
    (found,) = findings(tmp_path, '[select]\norder = "statusPageUrl"', own)
    assert (found.code, found.path) == ("M514", str(file))
    assert "schema fetch" in found.hint
