"""The page about feeds: what it says that a feed becomes is what it becomes."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from bridge.actions.catalog_feed import read_feed
from bridge.retailops.events import Event
from tests.actions.feeds import FILES, mapping, skus
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "push-a-catalog.md"


def told(event: Event) -> str:
    """An event as the page shows it: the mapping's place without its folders."""
    about = " ".join([event.code, *skus(event)])
    return f"{about}: " + re.sub(r"[^\s(]*/(?=catalog_push)", "", event.message)


def test_every_feed_of_the_page_is_read_as_it_says(tmp_path):
    """Each feed with its preset, or with the mapping that stands behind it, and what is read."""
    page = blocks(PAGE)
    shown: set[str] = set()
    for number, block in enumerate(page):
        if "feed" not in block.words:
            continue
        preset, module = block.words["feed"], None
        if preset == "own":
            own = next(b for b in page[number:] if b.language == "toml")
            file = tmp_path / "catalog_push.toml"
            file.write_text(own.text, "utf-8")
            module = mapping("native", file)
        feed = read_feed(json.loads(block.text, parse_float=Decimal), module or mapping(preset))
        lines = [f"{family.key}: {', '.join(family.skus)}" for family in feed.families]
        lines += [told(event) for event in feed.events]
        result = next(b for b in page[number:] if "read" in b.words)
        assert result.text.splitlines() == lines, result.place
        shown.add(preset)
    assert shown == {*FILES, "own"}


def test_the_page_shows_every_field_that_a_push_usually_has():
    """The feed of the bridge's own shape leaves out only what few shops have."""
    first = next(b for b in blocks(PAGE) if "feed" in b.words)
    (family, _) = read_feed(json.loads(first.text), mapping()).families
    product = family.product
    missing = {n for n in type(product).model_fields if not getattr(product, n)}
    assert missing == {
        *("family", "children", "variants_only", "remove"),
        *("template_suffix", "gift_card", "requires_selling_plan"),
    }
    variant = product.variants[0]
    missing = {n for n in type(variant).model_fields if not getattr(variant, n)}
    assert missing == {"province_code_of_origin", "metafields", "clear"}
    assert [c.field for c in product.variants[1].clear] == ["compareAtPrice"]
