"""bridge/schema/admin.graphql against Shopify's real introspection."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from bridge.schema import API_VERSION, load_schema
from tests.schema.compare import differences
from tests.schema.make_schema import DOCUMENTS, TARGET, make, real_schema
from tests.shared import needs_shared

# All that tells our schema (2026-10) from Shopify's 2026-07. A document or a rule that touches one
# of these must work with both.
DIFFERENT_IN_2026_07 = [
    "enum InventorySetQuantitiesUserErrorCode.ITEM_NOT_STOCKED_AT_LOCATION: only in the real",
    "enum OrderDisplayFulfillmentStatus.FULFILLMENT_NOT_REQUIRED: only in ours",
]


@needs_shared
def test_it_is_a_true_subset_of_its_own_version():
    """Every type, field, argument, default, nullability and enum value is Shopify's 2026-10."""
    assert differences(load_schema(), real_schema(API_VERSION)) == []


@needs_shared
def test_what_differs_in_2026_07_is_known():
    """The other version that we support differs in the listed members and in nothing else."""
    assert differences(load_schema(), real_schema("2026-07")) == DIFFERENT_IN_2026_07


@needs_shared
def test_it_is_what_the_documents_give():
    """The file is neither edited by hand nor older than the documents."""
    assert TARGET.read_text(encoding="utf-8") == make()


@pytest.mark.parametrize(
    "path",
    sorted(p for folder in DOCUMENTS for p in folder.glob("*.graphql")),
    ids=lambda p: p.stem,
)
def test_every_document_is_valid_against_it(path: Path):
    """What the bridge and the tests send can be answered by the embedded store."""
    assert validate(load_schema(), parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (("name: String!", "name: String"), "field Shop.name"),
        (("first: Int", "first: Int!"), "argument"),
        (("reverse: Boolean = false", "reverse: Boolean = true"), "default"),
        (("  EXACT\n", "  EXACT\n  ROUGH\n"), "enum CountPrecision.ROUGH"),
        (("changeFromQuantity: Int\n", "changeFromQuantity: Int!\n"), "input"),
        (("CountPrecision", "CountExactness"), "type CountExactness"),
    ],
)
def test_the_comparison_sees_every_kind_of_difference(changed, finding):
    """A schema that is not a subset is found out, whatever differs."""
    text = TARGET.read_text(encoding="utf-8")
    old, new = changed
    assert old in text
    start = text.index("type Shop ") if "Shop" in finding else 0
    times = -1 if finding.startswith("type") else 1
    other = text[:start] + text[start:].replace(old, new, times)
    found = differences(build_schema(other, assume_valid_sdl=True), load_schema())
    assert any(finding in line for line in found)
