"""What is certain before there is data: null, texts, versions, dead rules. See ``test_broken``."""

from tests.mapping.support import HEAD, Broken

CASES: dict[str, Broken] = {
    "an entry of table_each that the target does not take": (
        HEAD
        + """
[order.items]
each = "order.lineItems"
as = "line"
sku = "line.sku"
item_type = "order.tags | table_each: 'kinds' | first"
[tables.kinds]
dropship = "advisry"
""",
        [
            (
                "9:12+9",
                "M305",
                'the target has no value "advisry"',
                'did you mean "advisory"?',
            )
        ],
    ),
    "null into a required field": (
        '[order]\nrefnum = "order.note"',
        [
            (
                "2:10+12",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "null behind a nullable object": (
        '[order]\nrefnum = "order.shippingAddress.city"',
        [
            (
                "2:10+28",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "an index may be past the end": (
        '[order]\nrefnum = "order.tags[0]"',
        [
            (
                "2:10+15",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "the first of an empty list": (
        '[order]\nrefnum = "order.tags | first"',
        [
            (
                "2:10+20",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "a default that is null itself": (
        '[order]\nrefnum = "order.note | default: order.shippingAddress.city"',
        [
            (
                "2:10+50",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "a table gives null without an entry": (
        '[order]\nrefnum = "order.name | table: \'t\'"\n[tables.t]\na = "b"',
        [
            (
                "2:10+25",
                "M402",
                'required field "refnum", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "null into a required field of an element": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.options[0].value"',
        [
            (
                "6:7+23",
                "M402",
                'required field "sku", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "a condition about another path": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'when = "order.note"\n'
        'sku = "line.options[0].value"',
        [
            (
                "7:7+23",
                "M402",
                'required field "sku", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "either path is not both": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'when = "order.note or order.test"\n'
        'sku = "order.note"',
        [
            (
                "7:7+12",
                "M402",
                'required field "sku", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "not equal makes nothing sure": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        "when = \"order.note != 'x'\"\n"
        'sku = "order.note"',
        [
            (
                "7:7+12",
                "M402",
                'required field "sku", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "arithmetic with null is null": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.quantity | times: order.count"',
        [
            (
                "6:7+36",
                "M402",
                'required field "sku", and this can be null',
                "say what then: | default: …",
            )
        ],
    ),
    "a misspelt literal of the target": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        "item_type = \"'Ship'\"",
        [("7:13+8", "M305", 'the target has no value "Ship"', 'did you mean "ship"?')],
    ),
    "a default that the target does not take": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        "item_type = \"order.kind | table: 'k' | default: "
        "'none'\"\n"
        "[tables.k]\n"
        'ship = "ship"',
        [("7:13+43", "M305", 'the target has no value "none"', "it takes advisory, ship")],
    ),
    "a table entry that the target does not take": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        "item_type = \"order.name | table: 'k'\"\n"
        "[tables.k]\n"
        'a = "ship"\n'
        'b = "advisry"',
        [("10:5+9", "M305", 'the target has no value "advisry"', 'did you mean "advisory"?')],
    ),
    "an enum value that the target does not take": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        'item_type = "order.kind"',
        [("7:13+12", "M305", 'the target has no value "gift"', "it takes advisory, ship")],
    ),
    "enum values that the target does not take": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        'item_type = "order.paid"',
        [
            (
                "7:13+12",
                "M305",
                "this can be PAID, PENDING, VOIDED, and the target takes none of them",
                "translate them: | table: '…'",
            )
        ],
    ),
    "an enum changed to values that the target does not take": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.items]\n"
        'each = "order.lineItems"\n'
        'as = "line"\n'
        'sku = "line.sku"\n'
        'item_type = "order.kind | upcase"',
        [
            (
                "7:13+21",
                "M305",
                "this can be ADVISORY, GIFT, SHIP, and the target takes none of them",
                "translate them: | table: '…'",
            )
        ],
    ),
    "compared with a value that the enum does not have": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"order.paid == 'PAYED'\"\n"
        "country = \"'CH'\"",
        [("4:23+7", "M305", 'PaidStatus has no value "PAYED"', 'did you mean "PAID"?')],
    ),
    "the other way round": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"'Paid' != order.paid\"\n"
        "country = \"'CH'\"",
        [("4:9+6", "M305", 'PaidStatus has no value "Paid"', 'did you mean "PAID"?')],
    ),
    "compared with a value far from all": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"order.test and order.paid == 'SOON'\"\n"
        "country = \"'CH'\"",
        [("4:38+6", "M305", 'PaidStatus has no value "SOON"', "it may be PAID, PENDING, VOIDED")],
    ),
    "a deprecated field": (
        '[order]\nrefnum = "order.name"\ntotal = "order.totalCapturable"',
        [
            (
                "3:16+15",
                "M501",
                "the field Order.totalCapturable is deprecated",
                "Use `totalCapturableSet` instead.",
            )
        ],
    ),
    "a deprecated value": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"order.legacy == 'OPEN'\"\n"
        "country = \"'CH'\"",
        [
            (
                "4:25+6",
                "M501",
                "the value FulfillmentStatus.OPEN is deprecated",
                "This is a legacy status and is due to be deprecated.",
            )
        ],
    ),
    "a value of a later version": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"order.work == 'FULFILLMENT_NOT_REQUIRED'\"\n"
        "country = \"'CH'\"",
        [
            (
                "4:23+26",
                "M502",
                "the value "
                "OrderDisplayFulfillmentStatus.FULFILLMENT_NOT_REQUIRED is not "
                "in API version 2026-07",
                "it came with 2026-10",
            )
        ],
    ),
    "an unused table": (
        '[order]\nrefnum = "order.name"\n[tables.ship]\na = "b"',
        [("3:9+4", "M601", 'no expression uses the table "ship"', "| table: 'ship'")],
    ),
    "a second table that is not used": (
        "[order]\n"
        'refnum = "order.name"\n'
        "note = \"order.name | table: 'one'\"\n"
        "[tables.one]\n"
        'a = "b"\n'
        "[tables.oen]\n"
        'a = "b"',
        [("6:9+3", "M601", 'no expression uses the table "oen"', "| table: 'oen'")],
    ),
    "a condition that always holds": (
        '[order]\nrefnum = "order.name"\n[order.address]\nwhen = "true"\ncountry = "\'CH\'"',
        [("4:8+6", "M602", "this condition always holds: leave it out", "")],
    ),
    "a condition that never holds": (
        "[order]\n"
        'refnum = "order.name"\n'
        "[order.address]\n"
        "when = \"'a' == 'b'\"\n"
        "country = \"'CH'\"",
        [("4:8+12", "M602", "this condition never holds: what it guards is dead", "")],
    ),
    "a default that is never used": (
        '[order]\nrefnum = "order.name"\ncreated_text = "order.paid | default: \'PAID\'"',
        [
            (
                "3:30+7",
                "M602",
                "this default is never used: what is before it always has a value",
                "leave it out",
            )
        ],
    ),
    "a default after a number that is always there": (
        '[order]\nrefnum = "order.name"\nnote = "order.name | size | default: 1"',
        [
            (
                "3:29+7",
                "M602",
                "this default is never used: what is before it always has a value",
                "leave it out",
            )
        ],
    ),
    "a table without all values": (
        "[order]\n"
        'refnum = "order.name"\n'
        "note = \"order.paid | table: 'p'\"\n"
        "[tables.p]\n"
        'PAID = "yes"\n'
        'PENDING = "no"',
        [
            (
                "3:22+5",
                "M603",
                "[tables.p] has no entry for VOIDED",
                "add them, or a default behind it",
            )
        ],
    ),
    "a strict table without all values": (
        "[order]\n"
        'refnum = "order.name"\n'
        "note = \"order.paid | table: 'p', strict: true | "
        "default: 'x'\"\n"
        "[tables.p]\n"
        'PAID = "yes"\n'
        'PENDING = "no"',
        [
            (
                "3:22+5",
                "M603",
                "[tables.p] has no entry for VOIDED",
                "add them, or a default behind it",
            ),
            (
                "3:49+7",
                "M602",
                "this default is never used: what is before it always has a value",
                "leave it out",
            ),
        ],
    ),
    "an entry for a value that never comes": (
        "[order]\n"
        'refnum = "order.name"\n'
        "note = \"order.paid | table: 'p'\"\n"
        "[tables.p]\n"
        'PAID = "yes"\n'
        'PENDING = "no"\n'
        'VOIDED = "no"\n'
        'VOID = "no"',
        [
            (
                "8:1+4",
                "M604",
                'nothing that is looked up here is ever "VOID"',
                'did you mean "VOIDED"?',
            )
        ],
    ),
    "an entry in the wrong case": (
        "[order]\n"
        'refnum = "order.name"\n'
        "note = \"order.paid | downcase | table: 'p' | default: '?'\"\n"
        "[tables.p]\n"
        'PAID = "yes"',
        [
            (
                "5:1+4",
                "M604",
                'nothing that is looked up here is ever "PAID"',
                'did you mean "paid"?',
            )
        ],
    ),
}
