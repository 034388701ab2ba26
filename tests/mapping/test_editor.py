"""The JSON Schemas for editors say what the parser says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from bridge.actions.table import MAPPINGS
from bridge.cli import main
from bridge.cli.mapping_schema import schema_text
from bridge.mapping.casefile import CASE_KEYS
from bridge.mapping.keys import CONTROL, SECTIONS
from bridge.wiring import shipped_mappings

FILES = sorted(shipped_mappings().rglob("*.toml"))
REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "mapping.md"


def named(path: Path) -> Path:
    """The schema that the first line of a shipped file names."""
    first = path.read_text("utf-8").split("\n", 1)[0]
    found = re.fullmatch(r"#:schema (\S+)", first)
    assert found, first
    return path.parent / found[1]


def errors(schema: str, text: str) -> list[str]:
    """What the schema says of a file."""
    checker = jsonschema.Draft202012Validator(json.loads(schema))
    return [error.message for error in checker.iter_errors(tomllib.loads(text))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_shipped_file_names_its_schema_and_obeys_it(path) -> None:
    """Mappings, presets and tests, each with the schema of its action."""
    schema = named(path)
    test = ".test" if path.stem.endswith(".test") else ""
    assert schema.name == f"{path.stem.split('.')[0]}{test}.json"
    assert errors(schema.read_text("utf-8"), path.read_text("utf-8")) == []


@pytest.mark.parametrize("name", MAPPINGS)
@pytest.mark.parametrize("tests", [False, True], ids=["mapping", "tests"])
def test_the_shipped_schemas_are_made(name, tests) -> None:
    """`make docs` writes them; the command prints the same, and they are schemas."""
    end = ".test.json" if tests else ".json"
    made = schema_text(name, tests=tests)
    assert (shipped_mappings() / "schemas" / f"{name}{end}").read_text("utf-8") == made
    jsonschema.Draft202012Validator.check_schema(json.loads(made))


@pytest.mark.parametrize(
    "text",
    [
        '[order]\ngift_mesage = "order.note"',
        '[ordr]\ngift_message = "order.note"',
        "[order]\ngift_message = ['order.note']",
        '[order]\nshipping_address = "order.shippingAddress"',
        '[order.shipping_address]\neach = "order.tags"',
        "[order.order_items]\neach = 1",
        "[order.currency_values]\ntax_amt = true",
        'unset = "order.gift_message"',
        "[tables.ship_service]\nExpress = ['2DAY']",
        '[select.metafields]\norder = { gift = "gift_message" }',
    ],
)
def test_a_mapping_that_the_parser_refuses_is_marked(text) -> None:
    """Names and kinds: what an editor can show while it is typed."""
    assert errors(schema_text("order_pull"), text)


@pytest.mark.parametrize(
    "text",
    [
        '[[case]]\nname = "x"',
        "[[case]]\nexpect.a = 1",
        '[[case]]\nname = "x"\nexpect.a = 1\nexpects.a = 1',
        '[[case]]\nname = "x"\nexpect_error = "MAPPING_MISING"',
        "",
    ],
)
def test_a_test_that_is_none_is_marked(text) -> None:
    """A case needs a name, an expectation, and only the keys that there are."""
    assert errors(schema_text("order_pull", tests=True), text)


def test_the_command_prints_it(capsys) -> None:
    """For a merchant's own folder."""
    with pytest.raises(SystemExit) as ended:
        main(["schema", "mapping", "order_cancel"])
    assert not ended.value.code
    assert capsys.readouterr().out == schema_text("order_cancel")


def test_every_word_of_the_language_is_in_schema_and_reference() -> None:
    """Each is declared once (``keys``, ``casefile``), and told in both."""
    made = schema_text("order_pull")
    reference = REFERENCE.read_text("utf-8")
    for word, said in {**CONTROL, **SECTIONS}.items():
        assert json.dumps(said) in made
        assert re.search(rf"^\|.*`\[?{word}", reference, re.MULTILINE), word
    for word, said in CASE_KEYS.items():
        owner = "inventory_push" if word == "variant" else "order_cancel"
        assert json.dumps(said, ensure_ascii=False) in schema_text(owner, tests=True)
        assert f"\n| `{word}` |" in reference
