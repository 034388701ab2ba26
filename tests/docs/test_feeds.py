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


# Feeds of two SKUs, by the expression of the page's table that finds their items.
ROW, OTHER = {"sku": "A", "style": "1"}, {"sku": "B", "style": "2"}
SHAPES: dict[str, object] = {
    "feed.styles | concat: feed.skus": {"styles": [{"style": "1"}], "skus": [ROW, OTHER]},
    "feed": [ROW, OTHER],
    "feed | values": {"1": ROW, "2": OTHER},
    "feed | values | flatten": {"tops": [ROW], "mugs": [OTHER]},
    "feed | entries": {"tops": [ROW], "mugs": [OTHER]},
    "feed.product | list": {"product": [ROW, OTHER]},
}
# A value of the feed and what the field that is named gets, by the expression of the page's table.
VALUES: dict[str, list[tuple[str, object, object]]] = {
    "variant.retail | remove: '$' | remove: ',' | default: nil | plus: 0": [
        ("price", {"retail": "$1,234.50"}, Decimal("1234.50")),
        ("price", {"retail": ""}, None),
        ("price", {}, None),
    ],
    "variant.taxed | table: 'yes'": [
        ("taxable", {"taxed": given}, made)
        for given, made in (("Y", True), ("N", False), (1, True), (0, False), ("", None))
    ],
    "variant.wt | split: ' ' | first | default: nil | plus: 0": [
        ("weight.value", {"wt": "2.5 lb"}, Decimal("2.5")),
        ("weight.value", {"wt": ""}, None),
    ],
    "variant.wt | split: ' ' | last | table: 'weight_unit'": [
        ("weight.unit", {"wt": "2.5 lb"}, "POUNDS")
    ],
    "product.colours | list: ';'": [("tags", {"colours": "red; blue"}, ("red", "blue"))],
    "product.care | join: '. '": [("vendor", {"care": ["cold", "no bleach"]}, "cold. no bleach")],
}


def expressions(begin: str) -> list[str]:
    """The expressions in the second column of the table that follows a line of the page."""
    text = PAGE.read_text("utf-8").partition(begin)[2]
    rows = [line for line in text.split("\n\n")[1].splitlines() if line.startswith("|")][2:]
    cells = [re.split(r"(?<!\\)\|", row)[2].replace("\\|", "|") for row in rows]
    found = [span for cell in cells for span in re.findall(r"`([^`]*)`", cell)]
    return [span for span in found if span.startswith(("feed", "variant.", "product."))]


def test_every_shape_of_the_page_is_read(tmp_path):
    """Each expression for `each` finds both SKUs in a feed of its shape."""
    assert expressions("Other shapes, as expressions for `each`:") == list(SHAPES)
    for number, (each, feed) in enumerate(SHAPES.items()):
        item = "product.value" if each.endswith("entries") else "product"
        file = tmp_path / f"{number}.toml"
        file.write_text(
            f'[catalog.products]\neach = "{each}"\nfamily = "{item}.style"\n'
            f'[catalog.products.variants]\neach = "{item} | list"\nwhen = "variant.sku != blank"\n',
            "utf-8",
        )
        found = read_feed(feed, mapping("native", file))
        assert [(f.key, f.skus) for f in found.families] == [
            ("family 1", ("A",)),
            ("family 2", ("B",)),
        ]
        assert found.events == ()


def test_every_value_of_the_page_is_made(tmp_path):
    """Each expression makes of the feed's value what the page says, and nothing of nothing."""
    assert expressions("Values in another form, as expressions:") == list(VALUES)
    rules: dict[str, str] = {row[0][0]: expression for expression, row in VALUES.items()}
    below = "\n".join(f'{k} = "{v}"' for k, v in rules.items() if v.startswith("variant"))
    above = "\n".join(f'{k} = "{v}"' for k, v in rules.items() if v.startswith("product"))
    file = tmp_path / "catalog_push.toml"
    file.write_text(
        f'[catalog.products]\n{above}\n[catalog.products.variants]\neach = "product | list"\n'
        f"{below}\n[tables.yes]\nY = true\nN = false\n1 = true\n0 = false\n",
        "utf-8",
    )
    for field, given, made in (case for row in VALUES.values() for case in row):
        feed = {"products": [{"sku": "A", **given}]}
        found = read_feed(feed, mapping("native", file))
        assert found.events == (), field
        product = found.families[0].product
        value: object = product if field in {"tags", "vendor"} else product.variants[0]
        for name in field.split("."):
            value = getattr(value, name, None)
        assert value == made, field
