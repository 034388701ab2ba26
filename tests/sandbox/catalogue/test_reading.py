"""Reading the catalogue: the seed, searches, collections, publications, the taxonomy, the state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from bridge.schema import load_schema
from bridge.schema.cost import requested_cost
from tests.sandbox.catalogue.harness import SHIRT, by_handle, done, set_product
from tests.sandbox.state.harness import Bench

EXTRA = Path(__file__).resolve().parents[2] / "schema" / "extra_documents"


def test_every_seeded_product_reads_in_full(seeded: Bench) -> None:
    """All fields of all products, their options, variants and images, without an error."""
    text = (EXTRA / "Catalogue.graphql").read_text(encoding="utf-8")
    variables: dict[str, Any] = {"identifier": {"handle": "trail-tee"}, "of": {"handle": "sale"}}
    for product in seeded.store.products.values():
        reply = seeded.run(text, {**variables, "id": product.id})
        assert "errors" not in reply, (product.handle, reply["errors"])
        shown = reply["data"]["product"]
        names = [one["name"] for one in shown["options"]]
        for variant in shown["variants"]["nodes"]:
            chosen = variant["selectedOptions"]
            assert [one["name"] for one in chosen] == names
            assert variant["title"] == " / ".join(one["value"] for one in chosen)


def test_seeded_options(seeded: Bench) -> None:
    """The axes of the seed have names; a product with one variant has ``Title``."""
    tee = by_handle(seeded, "trail-tee")
    assert [one.name for one in tee.option_list] == ["Size", "Color"]
    assert [one.name for one in by_handle(seeded, "hand-axe").option_list] == ["Title"]
    assert [one.name for one in by_handle(seeded, "gift-card").option_list] == ["Denominations"]


@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ("handle:trail-tee", ["trail-tee"]),
        ("handle:trail-tee OR handle:hand-axe", ["trail-tee", "hand-axe"]),
        ("vendor:'Ridgeway Forge' AND title:axe", ["hand-axe"]),
        ("product_type:packs", ["day-pack"]),
    ],
)
def test_searches_for_products(seeded: Bench, query: str, handles: list[str]) -> None:
    """By the index, in the order of the ids."""
    text = """query($q: String!) { products(first: 10, query: $q) { nodes { handle } } }"""
    reply = seeded.run(text, {"q": query})
    assert [row["handle"] for row in reply["data"]["products"]["nodes"]] == handles


def test_products_by_id_need_no_index(seeded: Bench) -> None:
    """Captured for orders: nothing but ids is answered by the database."""
    made = [set_product(seeded, {"title": f"New {n}"}) for n in range(3)]
    query = " OR ".join(f"id:{one.legacy_resource_id}" for one in made[:2])
    text = """query($q: String!) {
      products(first: 10, query: $q) { nodes { id } }
      newest: products(first: 1, sortKey: ID, reverse: true) { nodes { id } }
      productVariants(first: 1, sortKey: ID, reverse: true) { nodes { product { id } } }
    }"""
    shown = seeded.run(text, {"q": query})["data"]
    assert [row["id"] for row in shown["products"]["nodes"]] == [one.id for one in made[:2]]
    assert shown["newest"]["nodes"] == [{"id": made[2].id}]
    assert shown["productVariants"]["nodes"] == [{"product": {"id": made[2].id}}]


def test_by_identifier(seeded: Bench) -> None:
    """By handle and id, exactly and at once; two names at once are refused."""
    made = set_product(seeded, {"title": "Brand new"})
    text = """query($p: ProductIdentifierInput!) { productByIdentifier(identifier: $p) { id } }"""
    for given in ({"handle": "brand-new"}, {"id": made.id}):
        assert seeded.run(text, {"p": given})["data"]["productByIdentifier"] == {"id": made.id}
    for given in ({"handle": "Brand-New"}, {"id": "gid://shopify/Product/9"}):
        assert seeded.run(text, {"p": given})["data"]["productByIdentifier"] is None
    for given in ({"handle": "brand-new", "id": made.id}, {}, {"handle": None}):
        (error,) = seeded.run(text, {"p": given})["errors"]
        assert error["code"] == "INVALID_VARIABLE"


def test_collections(seeded: Bench) -> None:
    """By handle and title; a smart one holds what fits it, now."""
    text = """query($q: String!) {
      collections(first: 10, query: $q, sortKey: TITLE) {
        nodes { handle title productsCount { count } products(first: 3) { nodes { handle } } }
      }
    }"""
    for query in ("handle:camping", "title:Camping"):
        (row,) = seeded.run(text, {"q": query})["data"]["collections"]["nodes"]
        assert row["productsCount"]["count"] > 3
    tee = by_handle(seeded, "trail-tee")
    shown = (
        """query($id: ID!) { product(id: $id) { collections(first: 5) { nodes { handle } } } }"""
    )
    assert seeded.run(shown, {"id": tee.id})["data"]["product"]["collections"]["nodes"] == [
        {"handle": "frontpage"}
    ]
    tee.tags = ["Sale"]
    handles = seeded.run(shown, {"id": tee.id})["data"]["product"]["collections"]["nodes"]
    assert [row["handle"] for row in handles] == ["frontpage", "sale"]


PUBLISH = """mutation($id: ID!, $in: [PublicationInput!]!) {
  publishablePublish(id: $id, input: $in) {
    publishable { publishedOnPublication(publicationId: "gid://shopify/Publication/1") }
    userErrors { field message }
  }
}"""
UNPUBLISH = PUBLISH.replace("publishablePublish", "publishableUnpublish")
FIELDS = """
  publishedOnPublication(publicationId: $p)
  published: resourcePublicationsV2(first: 5) { nodes { publication { id } isPublished } }
  staged: resourcePublicationsV2(first: 5, onlyPublished: false) { nodes { isPublished } }
  resourcePublicationsCount { count }
"""
SHOWN = f"""query($id: ID!, $p: ID!) {{ node(id: $id) {{
  ... on Product {{ {FIELDS} publishedAt }} ... on ProductVariant {{ {FIELDS} }}
}} }}"""


def publications(bench: Bench) -> dict[str, str]:
    """Ids by the titles of their catalogs, read as the bridge does."""
    text = """{ publications(first: 10, catalogType: APP) {
      nodes { id catalog { ... on AppCatalog { title } } }
    } }"""
    rows = bench.run(text)["data"]["publications"]["nodes"]
    return {row["catalog"]["title"]: row["id"] for row in rows}


def shown(bench: Bench, identifier: str, publication: str) -> dict[str, Any]:
    """Where a product or variant is published."""
    reply = bench.run(SHOWN, {"id": identifier, "p": publication})
    assert "errors" not in reply, reply["errors"]
    node: dict[str, Any] = reply["data"]["node"]
    return node


def test_publishing(seeded: Bench) -> None:
    """A new product is nowhere; it is published, again without effect, and taken off."""
    names = publications(seeded)
    assert list(names) == ["Online Store", "Point of Sale", "Shop"]
    found = set_product(seeded, {"title": "T"})
    online = names["Online Store"]
    assert shown(seeded, found.id, online)["resourcePublicationsCount"] == {"count": 0}
    variables = {"id": found.id, "in": [{"publicationId": online}]}
    for _ in range(2):
        done(seeded, PUBLISH, variables, "publishablePublish")
    now = shown(seeded, found.id, online)
    assert now["publishedOnPublication"] is True
    assert now["published"]["nodes"] == [{"publication": {"id": online}, "isPublished": True}]
    assert now["publishedAt"] == "2026-11-23T08:00:00Z"
    assert [line["mutation"] for line in seeded.store.journal] == [
        "productSet",
        "publishablePublish",
    ]
    done(seeded, UNPUBLISH, variables, "publishableUnpublish")
    assert shown(seeded, found.id, online)["publishedOnPublication"] is False


def test_a_draft_is_only_staged(seeded: Bench) -> None:
    """Documented: it shows when onlyPublished is false, and is out when it becomes ACTIVE."""
    online = publications(seeded)["Online Store"]
    found = set_product(seeded, {"title": "T", "status": "DRAFT"})
    variables = {"id": found.id, "in": [{"publicationId": online}]}
    done(seeded, PUBLISH, variables, "publishablePublish")
    now = shown(seeded, found.id, online)
    assert (now["published"]["nodes"], now["staged"]["nodes"]) == ([], [{"isPublished": False}])
    found.status = "ACTIVE"
    assert shown(seeded, found.id, online)["staged"]["nodes"] == [{"isPublished": True}]


def test_a_date_to_come(seeded: Bench) -> None:
    """The online store publishes later; the others refuse a date."""
    names = publications(seeded)
    found = set_product(seeded, {"title": "T"})
    date = "2026-11-23T09:00:00Z"
    row = {"publicationId": names["Shop"], "publishDate": date}
    reply = seeded.run(PUBLISH, {"id": found.id, "in": [row]})
    (error,) = reply["data"]["publishablePublish"]["userErrors"]
    assert error["field"] == ["input", "0", "publishDate"]
    row["publicationId"] = names["Online Store"]
    done(seeded, PUBLISH, {"id": found.id, "in": [row]}, "publishablePublish")
    assert shown(seeded, found.id, row["publicationId"])["publishedOnPublication"] is False
    seeded.clock.forward(3600)
    assert shown(seeded, found.id, row["publicationId"])["publishedOnPublication"] is True


def test_a_variant_by_itself(seeded: Bench) -> None:
    """It is where its product is, until it alone is taken off."""
    online = publications(seeded)["Online Store"]
    tee = by_handle(seeded, "trail-tee")
    one, other = tee.variant_list[:2]
    variables = {"id": one.id, "in": [{"publicationId": online}]}
    done(seeded, UNPUBLISH, variables, "publishableUnpublish")
    out = [shown(seeded, row.id, online)["publishedOnPublication"] for row in (tee, one, other)]
    assert out == [True, False, True]
    done(seeded, PUBLISH, variables, "publishablePublish")
    assert shown(seeded, one.id, online)["publishedOnPublication"] is True


def test_publishing_nothing(seeded: Bench) -> None:
    """Captured: the text for an unknown resource."""
    online = publications(seeded)["Online Store"]
    variables = {"id": "gid://shopify/Product/9", "in": [{"publicationId": online}]}
    reply = seeded.run(PUBLISH, variables)["data"]["publishablePublish"]
    error = {"field": ["id"], "message": "Resource does not exist"}
    assert reply == {"publishable": None, "userErrors": [error]}


def test_taxonomy(seeded: Bench) -> None:
    """Roots; by words; by place in the tree."""
    text = """query($s: String, $c: ID, $d: ID, $b: ID) { taxonomy {
      categories(first: 50, search: $s, childrenOf: $c, descendantsOf: $d, siblingsOf: $b) {
        nodes { name }
      }
    } }"""
    camping = "gid://shopify/TaxonomyCategory/sg-4"
    for given, names in (
        ({}, ["Apparel & Accessories", "Home & Garden", "Luggage & Bags", "Sporting Goods"]),
        ({"s": "t-shirts"}, ["T-Shirts"]),
        ({"c": camping}, ["Camping & Hiking"]),
        ({"d": camping}, ["Camping & Hiking", "Tents"]),
        ({"b": "gid://shopify/TaxonomyCategory/aa-1"}, ["Shoes"]),
    ):
        rows = seeded.run(text, given)["data"]["taxonomy"]["categories"]["nodes"]
        assert [row["name"] for row in rows] == names, given


def test_metafields_of_a_variant(seeded: Bench) -> None:
    """Set by metafieldsSet; measures are kept in Shopify's way; ids are unique."""
    one, other = by_handle(seeded, "trail-tee").variant_list[:2]
    text = """mutation($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) {
      metafields { value } userErrors { field code }
    } }"""

    def row(owner: str, kind: str, value: object) -> dict[str, Any]:
        content = value if isinstance(value, str) else json.dumps(value)
        names = {"namespace": "custom", "key": kind.replace(".", "_"), "type": kind}
        return {"ownerId": owner, "value": content, **names}

    rows = [
        row(one.id, "weight", {"value": "2.5", "unit": "kg"}),
        row(one.id, "list.single_line_text_field", ["a", "b"]),
        row(one.id, "money", {"amount": "1.00", "currency_code": "USD"}),
        row(one.id, "id", "V-1"),
    ]
    reply = seeded.run(text, {"m": rows})["data"]["metafieldsSet"]
    assert reply["userErrors"] == []
    assert reply["metafields"][0] == {"value": '{"value":2.5,"unit":"KILOGRAMS"}'}
    for wrong in (
        row(other.id, "id", "V-1"),
        row(one.id, "color", "red"),
        row(one.id, "rating", {"value": "6", "scale_min": "1", "scale_max": "5"}),
        row(one.id, "list.number_integer", ["1", "x"]),
        row(one.id, "product_reference", one.id),
        row(one.id, "url", "example.com"),
        row(one.id, "date", "23.11.2026"),
        row(one.id, "rich_text_field", {"type": "paragraph"}),
        row(one.id, "dimension", {"value": 1, "unit": "parsec"}),
        row(one.id, "list.json", ["{}"]),
    ):
        (error,) = seeded.run(text, {"m": [wrong]})["data"]["metafieldsSet"]["userErrors"]
        assert error["code"] in {"INVALID_VALUE", "INVALID_TYPE", "TAKEN"}, wrong


def test_state_of_a_product(seeded: Bench) -> None:
    """Everything that a mutation can set is in ``/_sandbox/state``."""
    found = set_product(seeded, {**SHIRT, "vendor": "Else", "tags": ["b", "a"]})
    state = seeded.store.state()
    shown_ = next(row for row in state["products"] if row["gid"] == found.id)
    assert (shown_["vendor"], shown_["tags"], shown_["handle"]) == (
        "Else",
        ["a", "b"],
        "linen-shirt",
    )
    assert shown_["options"] == [
        {"name": "Size", "values": ["S", "M"]},
        {"name": "Color", "values": ["Red", "Blue"]},
    ]
    assert shown_["variants"][0]["options"] == {"Size": "S", "Color": "Red"}
    assert {"collections", "publications", "files", "redirects"} <= set(state)
    assert json.dumps(state)


def test_paging_through_variants(seeded: Bench) -> None:
    """A product's variants page by page, in their order."""
    tee = by_handle(seeded, "trail-tee")
    text = """query($id: ID!, $after: String) { product(id: $id) {
      variants(first: 8, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    } }"""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = seeded.run(text, {"id": tee.id, "after": after})["data"]["product"]["variants"]
        seen += [row["id"] for row in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == [variant.id for variant in tee.variant_list]


def test_the_price_of_a_full_read(seeded: Bench) -> None:
    """What the store charges is what the schema's arithmetic says."""
    text = "query($id: ID!) { product(id: $id) { variants(first: 250) { nodes { id } } } }"
    price = requested_cost(load_schema(), parse(text), {"id": "x"})
    request = seeded.engine.read(text, {"id": by_handle(seeded, "trail-tee").id}, None)
    assert request.cost == price == 14
