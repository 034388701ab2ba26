"""What is no TOML, no mapping, or no expression. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

CASES: dict[str, Broken] = {
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
        [
            (
                "3:13+1",
                "M102",
                "not TOML: Cannot overwrite a value",
                "the key stands twice: keep one",
            )
        ],
    ),
    "no root table": (
        "[tables.x]\na = 'b'\n",
        [("0:0+1", "M401", "the file has no table [order]", "it holds the rules")],
    ),
    "root is no table": (
        "order = 'x'\n",
        [
            (
                "1:1+5",
                "M105",
                "[order] is one table, and not a list or a value",
                "[order], in single brackets",
            )
        ],
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
}
