"""A default that can never stand for what it is the default of. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

JOIN = "take one element ([0], first), or join them"
LIST = "this is a list, the target takes a text"

CASES: dict[str, Broken] = {
    "list as a text's default": (
        HEAD + '\nnote = "order.note | default: order.tags"',
        [("3:31+10", "M301", LIST, JOIN)],
    ),
    "list as the second default of a text": (
        HEAD + '\nnote = "order.note | default: order.id | default: order.tags"',
        [("3:51+10", "M301", LIST, JOIN)],
    ),
    "list as the default of what nobody knows": (
        HEAD + '\nnote = "order.raw.x | default: order.tags"',
        [("3:32+10", "M301", LIST, JOIN)],
    ),
    "object as a text's default": (
        HEAD + '\nnote = "order.note | default: order.shippingAddress"',
        [("3:31+21", "M301", "this is an object, the target takes a text", "")],
    ),
    "text as the default of a list that goes into a text": (
        HEAD + "\nnote = \"order.tags | default: 'none'\"",
        [("3:8+30", "M301", "this can be a list, the target takes a text", JOIN)],
    ),
    "text as a list's default": (
        HEAD + "\ntags = \"order.tags | default: 'none'\"",
        [("3:31+6", "M301", "this is a text, the target takes a list", "")],
    ),
    "word as a number's default": (
        HEAD + "\ntotal = \"order.total | default: 'none'\"",
        [("3:33+6", "M302", "a text that is not a number", "")],
    ),
    "boolean as a number's default": (
        HEAD + '\ntotal = "order.total | default: order.test"',
        [("3:33+10", "M302", "this is a boolean, the target takes a number", "")],
    ),
    "default too long": (
        HEAD + "\nnote = \"order.note | default: '" + "x" * 41 + "'\"",
        [("3:31+43", "M302", "string should have at most 40 characters", "")],
    ),
    "default that the target does not know": (
        HEAD
        + """
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.sku"
item_type = "line.title | default: 'shipp'\"""",
        [("7:36+7", "M305", 'the target has no value "shipp"', 'did you mean "ship"?')],
    ),
    "filter behind a list as a text's default": (
        HEAD + '\nnote = "order.note | default: order.tags | upcase"',
        [("3:44+6", "M303", '"upcase" works on a text, this can be a list', "")],
    ),
    "join behind a text as a list's default": (
        HEAD + "\nnote = \"order.tags | default: 'none' | join: ', '\"",
        [("3:40+4", "M303", '"join" works on a list, this can be a text', "")],
    ),
    "table behind a list as a text's default": (
        HEAD
        + """
note = "order.note | default: order.tags | table: 'notes'"
[tables.notes]
x = "y\"""",
        [
            (
                "3:44+5",
                "M303",
                '"table" looks up one value, this is many',
                "table_each looks up each element",
            )
        ],
    ),
    "each of a text as a list's default": (
        HEAD
        + """
[order.items]
each = "order.lineItems | default: ''"
as = "line"
sku = "'x'\"""",
        [("4:8+31", "M304", "each can be a text, not a list", "")],
    ),
}
