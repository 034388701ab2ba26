"""What compares or counts with the wrong kind of value. See ``test_broken``."""

from tests.mapping.support import Broken

# A mapping whose only attribute has a condition, in line 6.
WHEN = """[order]
refnum = "order.name"
[[order.attributes]]
handle = "'big'"
value = "order.name"
when = """

CASES: dict[str, Broken] = {
    "an amount greater than a text": (
        WHEN + "\"order.total > '20'\"",
        [
            (
                "6:23+4",
                "M302",
                "a number cannot be compared with a text",
                "write 20 without quotes",
            ),
        ],
    ),
    "an amount greater than a word": (
        WHEN + "\"order.total >= 'twenty'\"",
        [
            ("6:24+8", "M302", "a number cannot be compared with a text", ""),
        ],
    ),
    "a time after a text": (
        WHEN + "\"order.createdAt > '2026-01-01'\"",
        [
            ("6:27+12", "M302", "a date cannot be compared with a text", ""),
        ],
    ),
    "a list greater than a number": (
        WHEN + '"order.lineItems > 1"',
        [
            (
                "6:27+1",
                "M302",
                "a list is neither greater nor less than anything",
                "< and > compare numbers, texts and times",
            ),
        ],
    ),
    "a boolean greater than a number": (
        WHEN + '"order.test > 0"',
        [
            (
                "6:22+1",
                "M302",
                "a boolean is neither greater nor less than anything",
                "< and > compare numbers, texts and times",
            ),
        ],
    ),
    "a boolean equals a text": (
        WHEN + "\"order.test == 'true'\"",
        [
            (
                "6:23+6",
                "M602",
                "a boolean never equals a text: this never holds",
                "write true without quotes",
            ),
        ],
    ),
    "a number is not a text": (
        WHEN + "\"order.count != '1'\"",
        [
            (
                "6:24+3",
                "M602",
                "a number never equals a text: this always holds",
                "write 1 without quotes",
            ),
        ],
    ),
    "a text equals a number": (
        WHEN + '"order.note == 5"',
        [
            (
                "6:23+1",
                "M602",
                "a text never equals a number: this never holds",
                "write '5' in quotes",
            ),
        ],
    ),
    "two fields of different kinds": (
        WHEN + '"order.total == order.note"',
        [
            ("6:24+10", "M602", "a number never equals a text: this never holds", ""),
        ],
    ),
    "an amount contains a number": (
        WHEN + '"order.total contains 1"',
        [
            (
                "6:30+1",
                "M302",
                "a number contains nothing",
                "contains asks a text for a part, a list for an element",
            ),
        ],
    ),
    "an address contains a text": (
        WHEN + "\"order.shippingAddress contains 'Bern'\"",
        [
            (
                "6:40+6",
                "M302",
                "an object contains nothing",
                "contains asks a text for a part, a list for an element",
            ),
        ],
    ),
    "a text contains a list": (
        WHEN + '"order.note contains order.tags"',
        [
            (
                "6:29+10",
                "M302",
                "a text does not contain a list",
                "name the list first: list contains text",
            ),
        ],
    ),
    "lines contain a text": (
        WHEN + "\"order.lineItems contains 'A-1'\"",
        [
            ("6:34+5", "M602", "a list of objects never contains a text", ""),
        ],
    ),
    "tags contain a number": (
        WHEN + '"order.tags contains 5"',
        [
            ("6:29+1", "M602", "a list of texts never contains a number", ""),
        ],
    ),
    "a length that is a word": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | truncate: \'short\'"\n',
        [
            ("3:32+7", "M303", '"truncate": a text that is not a number', ""),
        ],
    ),
    "a sum with a word": (
        '[order]\nrefnum = "order.name"\ntotal = "order.total | plus: \'ten\'"\n',
        [
            ("3:30+5", "M303", '"plus": a text that is not a number', ""),
        ],
    ),
    "divided by zero": (
        '[order]\nrefnum = "order.name"\ntotal = "order.total | divided_by: 0"\n',
        [
            ("3:36+1", "M303", '"divided_by": a division by zero', ""),
        ],
    ),
    "half a decimal place": (
        '[order]\nrefnum = "order.name"\ntotal = "order.total | round: 1.5"\n',
        [
            ("3:31+3", "M303", '"round": a number with a fraction, not a whole number', ""),
        ],
    ),
    "a list behind a text": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | append: order.tags"\n',
        [
            ("3:30+10", "M303", '"append" takes one text, this is a list', ""),
        ],
    ),
    "a time is no summand": (
        '[order]\nrefnum = "order.name"\ntotal = "order.total | plus: order.createdAt"\n',
        [
            ("3:30+15", "M303", '"plus" takes a number, this is a date', ""),
        ],
    ),
    "a text is no second list": (
        '[order]\nrefnum = "order.name"\ntags = "order.tags | concat: order.note"\n',
        [
            ("3:30+10", "M303", '"concat" takes a list, this is a text', ""),
        ],
    ),
    "a filter of themes": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | handleize"\n',
        [
            (
                "3:22+9",
                "M202",
                'unknown filter "handleize"',
                "all of them: retailops-bridge fields --filters",
            ),
        ],
    ),
    "an entry quoted like an expression": (
        '[order]\nrefnum = "order.name"\nnote = "order.note | table: \'notes\'"\n'
        '[tables.notes]\nplain = "GROUND"\ntwice = "\'GROUND\'"\n',
        [
            (
                "6:9+10",
                "M605",
                "an entry is a text as it stands: these quotes would be sent too",
                '"GROUND"',
            ),
        ],
    ),
}
