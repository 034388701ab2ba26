"""Values that do not fit what they are for. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

CASES: dict[str, Broken] = {
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
        [("7:13+9", "M305", 'the target has no value "shipp"', 'did you mean "ship"?')],
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
}
