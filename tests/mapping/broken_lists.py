"""Lists, elements, conditions, and what is required. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

CASES: dict[str, Broken] = {
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
