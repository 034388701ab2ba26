"""Names that are not there: sources, fields, filters, tables. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

CASES: dict[str, Broken] = {
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
        [
            (
                "3:22+5",
                "M303",
                '"table" looks up one value, this is many',
                "table_each looks up each element",
            )
        ],
    ),
    "table_each of one text": (
        HEAD
        + """
tags = "order.name | table_each: 'ship'"
[tables.ship]
a = 'b'""",
        [("3:22+10", "M303", '"table_each" works on a list, this is a text', "")],
    ),
    "table_each without such a table": (
        HEAD
        + """
tags = "order.tags | table_each: 'shop'"
[tables.ship]
a = 'b'""",
        [("3:34+6", "M203", 'unknown table "shop"', 'did you mean "ship"?')],
    ),
    "table_each with more than a name": (
        HEAD
        + """
tags = "order.tags | table_each: 'ship', strict: true"
[tables.ship]
a = 'b'""",
        [
            (
                "3:22+10",
                "M303",
                '"table_each" takes no other argument than the table\'s name',
                "",
            )
        ],
    ),
    "a source that is not there yet": (
        """[order]
refnum = "price.net | default: order.name"
note = "price.net\"""",
        [
            (
                "2:11+5",
                "M206",
                '"price" is not there yet: this rule decides which one is looked up',
                "here there is order",
            )
        ],
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
}
