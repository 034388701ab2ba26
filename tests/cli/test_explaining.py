"""``explain``, ``fields`` and ``show``: what a merchant reads while writing a mapping."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from bridge.actions.table import MAPPINGS
from bridge.cli.explain import MADE, PAGES, explanations, text_of
from bridge.config.models import Policies
from bridge.mapping.codes import CODES
from bridge.mapping.filters import FILTERS
from bridge.wiring import layers_of, load_mapping, shipped_mappings
from tests.cli.merchant import merchant, run

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_has_its_page_and_every_page_its_code() -> None:
    """M-codes as declared, C-codes as the modules of configuration and recording raise them."""
    raised = {
        code
        for room in ("config", "recording")
        for file in (ROOT / "bridge" / room).glob("*.py")
        for code in re.findall(r'"(C\d{3})"', file.read_text("utf-8"))
    }
    assert len(raised) > 10
    assert set(explanations()) == set(CODES) | raised


def test_every_code_of_the_configuration_has_a_broken_example() -> None:
    """In the tests of configuration and recordings; those of mappings are in tests/mapping."""
    rooms = (ROOT / "tests" / "config", ROOT / "tests" / "recording")
    tests = "".join(f.read_text("utf-8") for room in rooms for f in room.glob("*.py"))
    for code in explanations():
        assert not code.startswith("C") or code in tests, code


@pytest.mark.parametrize("code", explanations())
def test_every_page_says_what_why_and_how(code) -> None:
    """Its meaning, why it matters, what to do, and a difference that shows it."""
    text = explanations()[code]
    assert "**Why it matters.** " in text
    assert "**What to do.** " in text
    diff = text.split("```diff\n")[1].split("\n```")[0].splitlines()
    marks = {line[:2] for line in diff}
    assert {"- ", "+ "} <= marks <= {"- ", "+ ", "  "}


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_the_pages_are_in_the_documentation(name, page) -> None:
    """`make docs` writes them as they are."""
    written = (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert written == f"{MADE}\n\n{text_of(name)}"


def test_explain_prints_one(capsys) -> None:
    """With its severity, in any case; an unknown code is 1 and names the nearest."""
    code, out, _ = run(capsys, "explain", "m601")
    assert code == 0
    assert out.startswith("warning[M601] no expression uses the lookup table\n")
    assert "```diff" in out
    code, out, _ = run(capsys, "explain", "money_mismatch")
    assert (code, out[:22]) == (0, "error[MONEY_MISMATCH] ")
    code, out, err = run(capsys, "explain", "M999")
    assert (code, out) == (1, "")
    assert 'no finding has the code "M999"' in err


# ---- fields


def test_fields_lists_both_sides(capsys) -> None:
    """Shopify's type with its nullability, what is not fetched, limits and what is required."""
    code, out, _ = run(capsys, "fields", "order_pull", "--json")
    told = json.loads(out)
    assert (code, told["root"]) == (0, "order")
    sources = {s["path"]: s for s in told["sources"]}
    assert sources["order.createdAt"]["type"] == "DateTime!"
    assert sources["order.note"] | {"note": ""} == {
        "path": "order.note",
        "type": "String",
        "nullable": True,
        "fetched": True,
        "values": [],
        "note": "",
    }
    assert sources["order.lineItems[].sku"]["type"] == "String"
    assert "PAID" in sources["order.displayFinancialStatus"]["values"]
    assert sources["order.lineItems[].taxLines[].rate"]["fetched"] is True
    assert sources["order.shippingLines[].taxLines[].rate"]["fetched"] is False
    assert len(sources) == len(told["sources"])
    targets = {t["path"]: t for t in told["targets"]}
    assert targets["channel_order_refnum"]["required"] is True
    assert targets["gift_message"]["required"] is False
    assert targets["order_items[].item_type"]["type"] == "`ship` or `advisory` or `instore`"


@pytest.mark.parametrize("name", MAPPINGS)
def test_every_mapping_has_its_fields(capsys, name) -> None:
    """No mapping without sources or targets, as a table too."""
    code, out, _ = run(capsys, "fields", name)
    assert code == 0
    for known in (*MAPPINGS[name].sources(), MAPPINGS[name].root):
        assert known in out


def test_fields_can_be_searched(capsys) -> None:
    """Only what has the text in its path, type or values."""
    _, out, _ = run(capsys, "fields", "order_pull", "gift", "--json")
    told = json.loads(out)
    assert {t["path"] for t in told["targets"]} > {"gift_message"}
    assert all("gift" in json.dumps(s).lower() for s in (*told["sources"], *told["targets"]))


def test_fields_are_listed_beside_a_broken_mapping_too(capsys, tmp_path) -> None:
    """A finding sends its reader to this list, so the list must not be refused for the finding."""
    config = merchant(tmp_path, order_pull='[order]\ngift_message = "order.nte"\n')
    code, out, err = run(capsys, "fields", "order_pull", "gift_message", "--config", config)
    assert (code, "gift_message" in out, "M204" in err) == (0, True, True)
    code, out, err = run(capsys, "fields", "order_pull", "zzzz")
    assert (code, out) == (1, "")
    assert 'no field with "zzzz"' in err


def test_fields_lists_the_filters(capsys) -> None:
    """Every filter with what it takes and gives."""
    _, out, _ = run(capsys, "fields", "--filters", "--json")
    assert json.loads(out).keys() == FILTERS.keys()
    _, out, _ = run(capsys, "fields", "--filters")
    assert all(name in out for name in (*FILTERS, "table"))


# ---- show


def test_show_names_the_place_of_every_value(capsys, tmp_path) -> None:
    """The merchant's file for what it changes, the shipped one for the rest; unset is gone."""
    text = 'unset = ["order.gift_message"]\n[order]\nip_address = "\'none\'"\n'
    config = merchant(tmp_path, order_pull=text)
    code, out, _ = run(capsys, "show", "order_pull", "--config", config, "--json")
    assert code == 0
    ((owner, lines),) = json.loads(out)["effective"].items()
    known = {line["path"]: line for line in lines}
    assert owner.startswith("channel ")
    assert known["order.ip_address"]["value"] == "'none'"
    assert known["order.ip_address"]["file"].endswith("mine/order_pull.toml")
    assert (known["order.ip_address"]["line"], known["order.ip_address"]["column"]) == (3, 14)
    assert known["order.tags"]["file"] == "mappings/order_pull.toml"
    assert "order.gift_message" not in known
    assert known["order.attributes[1].value"]["value"] == "order.sourceName | truncate: 100"


@pytest.mark.parametrize("name", MAPPINGS)
def test_what_show_prints_is_the_same_mapping(capsys, tmp_path, name) -> None:
    """Saved as a file, it has the same values, and loads."""
    code, out, _ = run(capsys, "show", name)
    assert code == 0
    shipped = (shipped_mappings() / f"{name}.toml").read_text("utf-8")
    assert tomllib.loads(out) == tomllib.loads(shipped)
    saved = tmp_path / f"{name}.toml"
    saved.write_text(out, "utf-8")
    again = load_mapping(name, [saved])
    assert len(again.rules) == len(load_mapping(name, layers_of(name, Policies(), None)).rules)


# ---- [select] of a push


def test_check_and_fields_show_what_selected_fields_cost(capsys, tmp_path) -> None:
    """``check`` in its line of the mappings, ``fields`` below its lists, brackets and all."""
    config = merchant(tmp_path, inventory_push='[select]\nproduct = "tags"\n')
    costs = "VariantsBySku costs 57 points with [select], 46 without"
    _, out, _ = run(capsys, "check", "--config", config)
    assert costs in out
    _, out, _ = run(capsys, "fields", "inventory_push", "product.tags", "--config", config)
    assert "variant.product.tags[]" in out
    assert "[stock]" in out
    assert costs in out


def test_fields_tells_what_is_fetched_of_the_variant(capsys) -> None:
    """Without [select] what the bridge asks for in any case, beside what could be asked for."""
    _, out, _ = run(capsys, "fields", "inventory_push", "variant.", "--json")
    told = {s["path"]: s["fetched"] for s in json.loads(out)["sources"]}
    assert told["variant.inventoryItem.tracked"] is True
    assert told["variant.title"] is False
