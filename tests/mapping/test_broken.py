"""A corpus of broken mappings: each with every finding, its exact place, code, words and hint."""

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.mapping.codes import CODES
from bridge.mapping.layers import read
from tests.mapping.support import load

HEAD = '[order]\nrefnum = "order.name"'

# name: (the file, [(line:column+length, code, message, hint)])
CASES: dict[str, tuple[str, list[tuple[str, str, str, str]]]] = {
    "not toml": (
        "[order\n",
        [("1:7+1", "M102", "not TOML: Expected ']' at the end of a table declaration", "")],
    ),
    "not toml at the end": (
        "[order]\nrefnum = [1,\n",
        [("3:1+1", "M102", "not TOML: Invalid value", "")],
    ),
    "duplicate key": (
        HEAD
        + """
refnum = 'x'""",
        [("3:13+1", "M102", "not TOML: Cannot overwrite a value", "")],
    ),
    "no root table": (
        "[tables.x]\na = 'b'\n",
        [("0:0+1", "M401", "the file has no table [order]", "it holds the rules")],
    ),
    "root is no table": (
        "order = 'x'\n",
        [("0:0+1", "M401", "the file has no table [order]", "it holds the rules")],
    ),
    "unknown section": (
        HEAD
        + '''
[ordr.address]
city = "order.name"''',
        [("3:2+4", "M201", 'unknown section "ordr"', 'did you mean "order"?')],
    ),
    "unknown target": (
        HEAD
        + '''
nota = "order.note"''',
        [("3:1+4", "M201", 'unknown field "nota" of Order', 'did you mean "note"?')],
    ),
    "unknown target in dotted key": (
        HEAD
        + '''
address.cty = "order.name"
address.country = "'CH'"''',
        [("3:9+3", "M201", 'unknown field "cty" of Address', 'did you mean "city"?')],
    ),
    "unknown target in a list": (
        HEAD
        + '''
[[order.attributes]]
handle = "'ab'"
value = "order.name"
valu = "order.name"''',
        [("6:1+4", "M201", 'unknown field "valu" of Attribute', 'did you mean "value"?')],
    ),
    "empty expression": (
        HEAD
        + '''
note = ""''',
        [("3:9+1", "M103", "an empty expression", "a fixed text stands in quotes: \"'text'\"")],
    ),
    "bare words": (
        HEAD
        + '''
note = "Ground shipping"''',
        [
            (
                "3:16+8",
                "M103",
                "expected end of expression, found another word",
                "a fixed text stands in quotes: \"'text'\"",
            )
        ],
    ),
    "braces": (
        HEAD
        + '''
note = "{{ order.note }}"''',
        [("3:9+1", "M103", "unexpected '{'", "one expression, without braces or tags")],
    ),
    "second output": (
        HEAD
        + '''
note = "order.note }}{{ order.name"''',
        [("3:20+1", "M103", "unexpected '}'", "one expression, without braces or tags")],
    ),
    "a tag": (
        HEAD
        + '''
note = "order.note }}{% for x in order.tags %}{{ x"''',
        [("3:20+1", "M103", "unexpected '}'", "one expression, without braces or tags")],
    ),
    "dangling pipe": (
        HEAD
        + '''
note = "order.note |"''',
        [
            (
                "3:21+1",
                "M103",
                "expected a name, found end of expression",
                "a filter's name belongs here",
            )
        ],
    ),
    "double dot": (
        HEAD
        + '''
note = "order..note"''',
        [("3:14+2", "M103", "expected end of expression, found '..'", "")],
    ),
    "trailing dot": (
        HEAD
        + '''
note = "order."''',
        [("3:15+1", "M103", "expected an identifier, found end of expression", "")],
    ),
    "open quote": (
        HEAD
        + '''
note = "order.note | default: 'x"''',
        [("3:31+1", "M103", 'unexpected "\'"', "a quote that is never closed")],
    ),
    "comparison as value": (
        HEAD
        + '''
gift = "order.count > 1"''',
        [
            (
                "3:21+1",
                "M103",
                "expected end of expression, found '>'",
                "a comparison belongs into when",
            )
        ],
    ),
    "ternary": (
        HEAD
        + '''
note = "'a' if order.test else 'b'"''',
        [("3:13+2", "M103", "disallowed ternary expression", "use a table, or default")],
    ),
    "range": (
        HEAD
        + '''
note = "(1..9)"''',
        [("3:9+1", "M103", "a range is no value here", "")],
    ),
    "empty as value": (
        HEAD
        + '''
note = "empty"''',
        [("3:9+5", "M103", '"empty" is no value here', "")],
    ),
    "dynamic path": (
        HEAD
        + '''
note = "order[order.name]"''',
        [
            (
                "3:14+1",
                "M103",
                "a path is fixed: names, and whole numbers or quoted names in brackets",
                "",
            )
        ],
    ),
    "number too long": (
        HEAD + '\ncount = "' + "9" * 990 + '"',
        [("3:9+992", "M302", "a number of more than 38 digits", "")],
    ),
    "too long": (
        HEAD + "\nnote = \"'" + "x" * 1001 + "'\"",
        [("3:9+1", "M104", "the expression has 1003 characters, at most 1000", "")],
    ),
    "too many tokens": (
        HEAD + '\nnote = "order.note' + " | strip" * 101 + '"',
        [
            (
                "3:9+1",
                "M104",
                "the expression has 205 tokens and 0 operators, at most 200 and 32",
                "",
            )
        ],
    ),
    "too deep": (
        HEAD
        + '\n[order.address]\nwhen = "'
        + " and ".join(["1 == 1"] * 17)
        + '"\ncountry = "\'CH\'"',
        [
            (
                "4:9+1",
                "M104",
                "the expression has 67 tokens and 33 operators, at most 200 and 32",
                "",
            )
        ],
    ),
    "unknown source": (
        HEAD
        + '''
note = "ordr.note"''',
        [("3:9+4", "M204", 'unknown source name "ordr"', 'did you mean "order"?')],
    ),
    "unknown source far from all": (
        HEAD
        + '''
note = "zzz.note"''',
        [("3:9+3", "M204", 'unknown source name "zzz"', "known: order, price")],
    ),
    "unknown field": (
        HEAD
        + '''
note = "order.shippingLines[0].titel | default: 'x'"''',
        [("3:32+5", "M204", 'unknown field "titel" of ShippingLine', 'did you mean "title"?')],
    ),
    "unknown field after escapes": (
        HEAD
        + r'''
note = "order.note | default: \"a\" | append: order.nam"''',
        [("3:53+3", "M204", 'unknown field "nam" of Order', 'did you mean "name"?')],
    ),
    "unknown field on a later line": (
        HEAD
        + """
note = '''
order.note
  | append: order.nam'''""",
        [("5:19+3", "M204", 'unknown field "nam" of Order', 'did you mean "name"?')],
    ),
    "unknown field in a bracket": (
        HEAD
        + '''
note = "order['nam']"''',
        [("3:14+3", "M204", 'unknown field "nam" of Order', 'did you mean "name"?')],
    ),
    "field of a list": (
        HEAD
        + '''
note = "order.lineItems.sku"''',
        [
            (
                "3:25+3",
                "M204",
                'a list of LineItem has no field "sku"',
                "take one element ([0], first), or map it",
            )
        ],
    ),
    "field of a text": (
        HEAD
        + '''
note = "order.name.first"''',
        [("3:20+5", "M204", 'a text (String) has no field "first"', "")],
    ),
    "unknown field in map": (
        HEAD
        + '''
note = "order.lineItems | map: 'skuu' | join"''',
        [("3:32+6", "M204", 'unknown field "skuu" of LineItem', 'did you mean "sku"?')],
    ),
    "unknown filter": (
        HEAD
        + '''
note = "order.note | upcas | strip"''',
        [("3:22+5", "M202", 'unknown filter "upcas"', 'did you mean "upcase"?')],
    ),
    "a clock": (
        HEAD
        + '''
note = "'now' | date: '%Y'"''',
        [("3:8+20", "M302", 'filter "date": a text that is not an ISO 8601 time', "")],
    ),
    "unknown date directive": (
        HEAD
        + '''
note = "order.createdAt | date: '%d %B'"''',
        [("3:33+7", "M303", "date knows no %B; it knows %% %H %M %S %Y %d %j %m %y %z", "")],
    ),
    "too few arguments": (
        HEAD
        + '''
note = "order.note | append"''',
        [("3:22+6", "M303", '"append" takes 1 argument(s), here are 0', "")],
    ),
    "too many arguments": (
        HEAD
        + '''
note = "order.note | upcase: 1"''',
        [("3:22+6", "M303", '"upcase" takes 0 argument(s), here are 1', "")],
    ),
    "unknown keyword": (
        HEAD
        + '''
note = "order.note | default: 'x', allow_nil: true"''',
        [("3:22+7", "M303", '"default" takes no argument "allow_nil"', "")],
    ),
    "filter on a list": (
        HEAD
        + '''
note = "order.tags | upcase"''',
        [("3:22+6", "M303", '"upcase" works on a text, this is a list', "")],
    ),
    "list filter on a text": (
        HEAD
        + '''
note = "order.note | join: ','"''',
        [("3:22+4", "M303", '"join" works on a list, this is a text', "")],
    ),
    "number filter on a boolean": (
        HEAD
        + '''
count = "order.test | plus: 1"''',
        [("3:23+4", "M303", '"plus" works on a number, this is a boolean', "")],
    ),
    "unknown table": (
        HEAD
        + """
note = "order.note | table: 'shp'"
[tables.ship]
a = 'b'""",
        [("3:29+5", "M203", 'unknown table "shp"', 'did you mean "ship"?')],
    ),
    "table without name": (
        HEAD
        + '''
note = "order.note | table"''',
        [("3:22+5", "M303", "\"table\" takes the table's name in quotes: table: 'name'", "")],
    ),
    "table by a path": (
        HEAD
        + """
note = "order.note | table: order.name"
[tables.ship]
a = 'b'""",
        [("3:22+5", "M303", "\"table\" takes the table's name in quotes: table: 'name'", "")],
    ),
    "table with odd argument": (
        HEAD
        + """
note = "order.note | table: 'ship', strict: 'yes'"
[tables.ship]
a = 'b'""",
        [("3:22+5", "M303", '"table" takes no other argument than strict: true', "")],
    ),
    "table of a list": (
        HEAD
        + """
note = "order.tags | table: 'ship'"
[tables.ship]
a = 'b'""",
        [("3:22+5", "M303", '"table" looks up one value, this is many', "")],
    ),
    "table entry is a table": (
        HEAD
        + """
[tables.ship]
a.b = 'c'""",
        [("4:1+1", "M105", "an entry is a text, a number, true or false", "")],
    ),
    "tables is a value": (
        HEAD
        + """
[tables]
ship = 'x'""",
        [("4:1+4", "M105", '"ship" is no table of entries', "")],
    ),
    "date literal": (
        HEAD
        + """
created = 2026-01-01T00:00:00Z""",
        [("3:11+20", "M105", "a rule is an expression in quotes, a number, true or false", "")],
    ),
    "infinite number": (
        HEAD
        + """
total = inf""",
        [("3:9+3", "M105", "a rule is an expression in quotes, a number, true or false", "")],
    ),
    "list into a text": (
        HEAD
        + '''
note = "order.tags"''',
        [
            (
                "3:8+12",
                "M301",
                "this is a list, the target takes a text",
                "take one element ([0], first), or join them",
            )
        ],
    ),
    "object into a text": (
        HEAD
        + '''
note = "order.shippingAddress"''',
        [("3:8+23", "M301", "this is an object, the target takes a text", "")],
    ),
    "text into a list": (
        HEAD
        + '''
tags = "order.note"''',
        [("3:8+12", "M301", "this is a text, the target takes a list", "")],
    ),
    "text into a number": (
        HEAD
        + '''
count = "order.note"''',
        [
            (
                "3:9+12",
                "M302",
                "this is a text, the target takes a whole number",
                "if it is a number, say so: | plus: 0",
            )
        ],
    ),
    "boolean into a number": (
        HEAD
        + '''
total = "order.test"''',
        [("3:9+12", "M302", "this is a boolean, the target takes a number", "")],
    ),
    "number into a boolean": (
        HEAD
        + '''
gift = "order.count"''',
        [("3:8+13", "M302", "this is a number, the target takes a boolean", "")],
    ),
    "number into a time": (
        HEAD
        + '''
created = "order.count"''',
        [("3:11+13", "M302", "this is a number, the target takes a time", "")],
    ),
    "constant of the wrong kind": (
        HEAD
        + '''
count = "'many'"''',
        [("3:9+8", "M302", "a text that is not a number", "")],
    ),
    "constant too long": (
        HEAD + "\nnote = \"'" + "x" * 41 + "'\"",
        [("3:8+45", "M302", "string should have at most 40 characters", "")],
    ),
    "constant too fine": (
        HEAD
        + """
total = 9.999""",
        [("3:9+5", "M302", "more than 2 decimal places; say how to round: | round: 2", "")],
    ),
    "constant not allowed": (
        HEAD
        + '''
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.sku"
item_type = "'shipp'"''',
        [("7:13+9", "M302", "input should be 'ship' or 'advisory'", "")],
    ),
    "table into a text": (
        HEAD
        + '''
[order.note]
x = "order.note"''',
        [("3:8+4", "M301", '"note" is a text, not a table of rules', "")],
    ),
    "text into an object": (
        HEAD
        + '''
address = "order.shippingAddress"''',
        [("3:11+23", "M301", "Address is an object: it takes a table of rules, not one value", "")],
    ),
    "list of objects from one expression": (
        HEAD
        + """
items = "order.lineItems"
""",
        [
            (
                "3:9+17",
                "M301",
                "Item is an object: it takes a table of rules, not one value",
                "",
            )
        ],
    ),
    "array in an array": (
        HEAD
        + """
tags = [["order.note"]]
""",
        [("3:9+14", "M301", '"tags" is a list of a text', "")],
    ),
    "each is an array": (
        HEAD
        + """
[order.items]
each = ["order.lineItems"]
as = "line"
sku = "line.sku"
""",
        [("4:8+19", "M105", "an expression in quotes belongs here", "")],
    ),
    "array into a text": (
        HEAD
        + """
note = ["order.note"]""",
        [("3:8+14", "M301", '"note" takes one value, not a list', "")],
    ),
    "list without each": (
        HEAD
        + '''
[order.items]
sku = "order.name"''',
        [
            (
                "3:8+5",
                "M105",
                'a list needs each = "…" and as = "…", or [[…]] for single elements',
                "",
            )
        ],
    ),
    "each without as": (
        HEAD
        + '''
[order.items]
each = "order.lineItems"
sku = "line.sku"''',
        [("4:1+4", "M105", 'each needs as = "…", the name of one element', "")],
    ),
    "as without each": (
        HEAD
        + '''
[order.items]
as = "line"
sku = "line.sku"''',
        [
            (
                "3:8+5",
                "M105",
                'a list needs each = "…" and as = "…", or [[…]] for single elements',
                "",
            )
        ],
    ),
    "as is no name": (
        HEAD
        + '''
[order.items]
each = "order.lineItems"
as = "my line"
sku = "order.name"''',
        [("5:6+9", "M105", "as is a name: letters, digits and _, and no word of Liquid", "")],
    ),
    "as is taken": (
        HEAD
        + '''
[order.items]
each = "order.lineItems"
as = "order"
sku = "order.sku"''',
        [("5:6+7", "M105", '"order" is already the name of a source', "")],
    ),
    "each is no list": (
        HEAD
        + '''
[order.items]
each = "order.name"
as = "line"
sku = "line.sku"''',
        [("4:8+12", "M304", "each is a text, not a list", "")],
    ),
    "each in an object": (
        HEAD
        + '''
[order.address]
each = "order.lineItems"
as = "x"
country = "'CH'"''',
        [
            ("4:1+4", "M105", '"each" belongs to a list', ""),
            ("5:1+2", "M105", '"as" belongs to a list', ""),
        ],
    ),
    "unknown field of an element": (
        HEAD
        + '''
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.skuu"''',
        [("6:13+4", "M204", 'unknown field "skuu" of LineItem', 'did you mean "sku"?')],
    ),
    "when is no text": (
        HEAD
        + '''
[order.address]
when = true
country = "'CH'"''',
        [("4:8+4", "M105", "when is a condition in quotes", "")],
    ),
    "filter in when": (
        HEAD
        + '''
[order.address]
when = "order.note | size"
country = "'CH'"''',
        [
            (
                "4:20+1",
                "M103",
                "expected end of expression, found '|'",
                "a condition takes no filters",
            )
        ],
    ),
    "not in when": (
        HEAD
        + '''
[order.address]
when = "not order.test"
country = "'CH'"''',
        [("4:9+3", "M103", "disallowed not operator in logical expression", "write: == false")],
    ),
    "unknown name in when": (
        HEAD
        + '''
[order.address]
when = "order.count > 1 and order.tset"
country = "'CH'"''',
        [("4:35+4", "M204", 'unknown field "tset" of Order', 'did you mean "test"?')],
    ),
    "required without a rule": (
        '[order]\nnote = "order.note"\n[order.address]\ncity = "order.name"\n',
        [
            ("1:2+5", "M401", 'required field "refnum" of Order has no rule', "add one"),
            ("3:8+7", "M401", 'required field "country" of Address has no rule', "add one"),
        ],
    ),
    "required and never there": (
        '[order]\nrefnum = "nil"\n',
        [("2:10+5", "M401", "a required field, and this is nothing", "")],
    ),
    "required in a list": (
        HEAD
        + '''
[[order.attributes]]
handle = "'ab'"''',
        [("3:9+1", "M401", 'required field "value" of Attribute has no rule', "add one")],
    ),
    "unset on nothing": (
        'unset = ["order.note"]\n[order]\nrefnum = "order.name"\n',
        [("1:11+5", "M205", 'no layer before this one says anything at "order.note"', "")],
    ),
    "unset is no list of texts": (
        'unset = "order.note"\n[order]\nrefnum = "order.name"\n',
        [("1:9+12", "M105", 'unset is a list of paths, such as ["order.gift_message"]', "")],
    ),
    "many at once": (
        '[order]\nnote = "ordr.note | upcas"\ncount = "order.tags"\ntotals = 1\n',
        [
            ("1:2+5", "M401", 'required field "refnum" of Order has no rule', "add one"),
            ("2:9+4", "M204", 'unknown source name "ordr"', 'did you mean "order"?'),
            ("2:21+5", "M202", 'unknown filter "upcas"', 'did you mean "upcase"?'),
            (
                "3:9+12",
                "M301",
                "this is a list, the target takes a whole number",
                "take one element ([0], first), or join them",
            ),
            ("4:1+6", "M201", 'unknown field "totals" of Order', 'did you mean "total"?'),
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_broken(tmp_path: Path, text: str, expected: list[tuple[str, str, str, str]]) -> None:
    """A broken mapping stops at load, with all its mistakes at their exact places."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    found = caught.value.findings
    assert [
        (f"{f.line}:{f.column}+{f.length}", f.code, f.message, f.hint) for f in found
    ] == expected
    lines = text.split("\n")
    for finding in found:
        assert finding.path == str(tmp_path / "0.toml")
        assert finding.line == 0 or finding.source == (lines[finding.line - 1 :] or [""])[0]


def test_unreadable_files(tmp_path: Path) -> None:
    """A file that is missing, no text, or too deep is one finding without a line."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"a = 'caf\xe9'")
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000 + "]" * 5000)
    dotted = tmp_path / "dotted.toml"
    dotted.write_text("a" + ".a" * 5000 + " = 1")
    from_paths = {}
    for path in (tmp_path / "none.toml", latin, deep, dotted):
        with pytest.raises(ConfigError) as caught:
            read([path])
        (finding,) = caught.value.findings
        assert (finding.path, finding.line) == (str(path), 0)
        from_paths[path.name] = (finding.code, finding.message)
    assert from_paths == {
        "none.toml": ("M101", "the file cannot be read: No such file or directory"),
        "latin.toml": ("M101", "the file is not UTF-8 text"),
        "deep.toml": ("M102", "not TOML: nested too deeply"),
        "dotted.toml": ("M102", "not TOML: nested too deeply"),
    }


def test_every_code_is_shown() -> None:
    """Each documented code has a broken mapping here, and there is no other code."""
    shown = {code for _, findings in CASES.values() for _, code, _, _ in findings}
    assert shown | {"M101"} == set(CODES)


def test_findings_are_sorted_and_printed_with_a_caret(tmp_path: Path) -> None:
    """The report is sorted by place and shows the source with a caret under the mistake."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, HEAD + '\nnote = "order.nam"\ncount = "order.cont"\n')
    first, second = str(caught.value).split("\n\n")
    assert first.splitlines() == [
        f'{tmp_path}/0.toml:3:15: error[M204] unknown field "nam" of Order',
        "  |",
        '3 | note = "order.nam"',
        '  |               ^^^ did you mean "name"?',
    ]
    assert ":4:16: error[M204]" in second
