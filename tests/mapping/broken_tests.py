"""Test files that are wrong, each with every finding. See ``test_case_files``."""

CASES: dict[str, tuple[str, str, list[tuple[str, str, str, str]]]] = {
    "no TOML": (
        "order_pull",
        "[[case]\n",
        [("1:7+1", "M102", "not TOML: Expected ']]' at the end of an array declaration", "")],
    ),
    "an empty file": (
        "order_pull",
        "",
        [("0:0+1", "M703", "the file has no [[case]]", "write one, or delete the file")],
    ),
    "a comment alone": (
        "order_pull",
        "# later\n",
        [("0:0+1", "M703", "the file has no [[case]]", "write one, or delete the file")],
    ),
    "another section": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.cancel = { absent = true }\n[tables.x]\na = "b"\n',
        [
            (
                "4:2+6",
                "M701",
                'unknown section "tables"',
                "a test file has [[case]] and nothing else",
            )
        ],
    ),
    "one bracket too few": (
        "order_pull",
        '[case]\nname = "it"\nexpect.cancel = true\n',
        [
            (
                "1:2+4",
                "M701",
                "a case is one of a list: [[case]], in two pairs of brackets",
                "",
            )
        ],
    ),
    "cases that are no tables": (
        "order_pull",
        'case = [1, "a"]\n',
        [
            ("1:9+1", "M701", "a case is a table", "[[case]]"),
            ("1:12+3", "M701", "a case is a table", "[[case]]"),
        ],
    ),
    "a misspelt key": (
        "order_pull",
        '[[case]]\nnmae = "it"\nexpect.cancel = { absent = true }\n',
        [
            ("2:1+4", "M701", 'unknown key "nmae"', 'did you mean "name"?'),
            ("1:3+1", "M701", "the case has no name", 'name = "…"'),
        ],
    ),
    "no name": (
        "order_pull",
        "[[case]]\nexpect.cancel = { absent = true }\n",
        [("1:3+1", "M701", "the case has no name", 'name = "…"')],
    ),
    "an empty name": (
        "order_pull",
        '[[case]]\nname = " "\nexpect.cancel = { absent = true }\n',
        [("2:8+3", "M701", "name is a text, and not empty", "")],
    ),
    "two of one name": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        "expect.cancel = { absent = true }\n"
        "[[case]]\n"
        'name = "it"\n'
        "expect.cancel = { absent = true }\n",
        [("5:8+4", "M701", 'two cases are called "it"', "name one")],
    ),
    "nothing expected": (
        "order_pull",
        '[[case]]\nname = "it"\n',
        [
            (
                "1:3+1",
                "M702",
                "the case expects nothing, so it cannot fail",
                'expect = { … }, or expect_error = "…"',
            )
        ],
    ),
    "an empty expectation": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect = {}\n',
        [("3:10+2", "M702", "expect is a table of paths and values, and not empty", "")],
    ),
    "an expectation that is no table": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect = "Standard"\n',
        [("3:10+10", "M702", "expect is a table of paths and values, and not empty", "")],
    ),
    "a table without a matcher": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.gift_message = {}\n',
        [("3:23+2", "M702", "this expects nothing", "absent, contains, count, equals")],
    ),
    "both output and error": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        "expect.cancel = { absent = true }\n"
        'expect_error = "MAPPING_FAILED"\n',
        [
            (
                "4:1+12",
                "M701",
                "a case expects an output or an error, not both",
                "make two cases of it",
            )
        ],
    ),
    "an unknown error": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect_error = "MAPPING_MISING"\n',
        [
            (
                "3:16+16",
                "M701",
                'no mapping fails with "MAPPING_MISING"',
                'did you mean "MAPPING_MISSING"?',
            )
        ],
    ),
    "an error that is no text": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect_error = 401\n',
        [("3:16+3", "M701", "expect_error is a text, and not empty", "")],
    ),
    "a count that is no number": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.order_items = { count = "2" }\n',
        [("3:32+3", "M701", "count is a whole number", "")],
    ),
    "an absence that is no boolean": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.order_items = { absent = 1 }\n',
        [("3:33+1", "M701", "absent is true or false", "")],
    ),
    "a misspelt target": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.gift_mesage = "x"\n',
        [
            (
                "3:8+11",
                "M704",
                'unknown field "gift_mesage" of Order',
                'did you mean "gift_message"?',
            )
        ],
    ),
    "a misspelt target that is to be absent": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect.shipping_address.cty = { absent = true }\n',
        [("3:25+3", "M704", 'unknown field "cty" of Address', 'did you mean "city"?')],
    ),
    "no path": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect."order_items[x]" = 1\n',
        [
            (
                "3:8+14",
                "M704",
                '"order_items[x]" is no path',
                "such as order_items[0].sku, with quotes around it",
            )
        ],
    ),
    "an element of an object": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect."shipping_address[0]" = 1\n',
        [("3:8+19", "M704", "[0] asks Address for an element", "only lists have them")],
    ),
    "a field of a list": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect."order_items.sku" = "A"\n',
        [("3:8+15", "M704", 'a list has no field "sku"', "take one element: [0]")],
    ),
    "a field of a text": (
        "order_pull",
        '[[case]]\nname = "it"\nexpect."gift_message.text" = "A"\n',
        [("3:8+17", "M704", 'a text has no field "text"', "")],
    ),
    "an input that is no table": (
        "order_pull",
        '[[case]]\nname = "it"\ninput = "order"\nexpect.cancel = { absent = true }\n',
        [("3:9+7", "M701", "this is a table of fields", "")],
    ),
    "a misspelt source": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.shipingLines = []\nexpect.cancel = { absent = true }\n',
        [
            (
                "3:7+12",
                "M705",
                'unknown field "shipingLines" of Order',
                'did you mean "shippingLines"?',
            )
        ],
    ),
    "a misspelt source further in": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'input.lineItems = [{ sku = "A" }, { skuu = "B" }]\n'
        "expect.cancel = { absent = true }\n",
        [("3:37+4", "M705", 'unknown field "skuu" of LineItem', 'did you mean "sku"?')],
    ),
    "a list where one object belongs": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.customer = []\nexpect.cancel = { absent = true }\n',
        [("3:7+8", "M705", '"customer" is an object (Customer), this is a list', "")],
    ),
    "an object where a list belongs": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.lineItems = 3\nexpect.cancel = { absent = true }\n',
        [("3:7+9", "M705", '"lineItems" is a list, this is a number', "")],
    ),
    "a table where a text belongs": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.note = { x = 1 }\nexpect.cancel = { absent = true }\n',
        [("3:7+4", "M705", '"note" is one value, this is an object', "")],
    ),
    "no number": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'input.lineItems = [{ originalUnitPriceSet = "ten" }]\n'
        "expect.cancel = { absent = true }\n",
        [("3:22+6", "M705", '"amount": a text that is not a number', "")],
    ),
    "a time without an offset": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        "input.createdAt = 2026-01-01T12:00:00\n"
        "expect.cancel = { absent = true }\n",
        [("3:7+9", "M705", '"createdAt": a time without an offset from UTC', "")],
    ),
    "an enum's value that there is not": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'input.displayFinancialStatus = "PAYED"\n'
        "expect.cancel = { absent = true }\n",
        [
            (
                "3:7+22",
                "M705",
                "OrderDisplayFinancialStatus has no value 'PAYED'",
                'did you mean "PAID"?',
            )
        ],
    ),
    "a setting that there is not": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'settings.order_pull.price_mod = "net"\n'
        "expect.cancel = { absent = true }\n",
        [("3:21+9", "M705", 'unknown setting "price_mod"', "see the reference of settings")],
    ),
    "a setting's value that there is not": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'settings.order_pull.price_mode = "nett"\n'
        "expect.cancel = { absent = true }\n",
        [("3:21+10", "M705", "Input should be 'net' or 'gross'", "see the reference of settings")],
    ),
    "a text for a boolean": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.test = "yes"\nexpect.cancel = { absent = true }\n',
        [("3:7+4", "M705", '"test": a text, not true or false', "")],
    ),
    "a file that is not there": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.file = "none.json"\nexpect.cancel = { absent = true }\n',
        [
            (
                "3:14+11",
                "M706",
                "the input file cannot be read: No such file or directory",
                "the path begins at this file's folder",
            )
        ],
    ),
    "a file without an end": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.file = "/dev/zero"\nexpect.cancel = { absent = true }\n',
        [
            (
                "3:14+11",
                "M706",
                "the input file cannot be read: it is no file",
                "the path begins at this file's folder",
            )
        ],
    ),
    "a file that is no JSON": (
        "order_pull",
        "[[case]]\n"
        'name = "it"\n'
        'input.file = "order_pull.test.toml.json"\n'
        "expect.cancel = { absent = true }\n",
        [
            (
                "3:14+27",
                "M706",
                "the input file cannot be read: Expecting property name enclosed "
                "in double quotes: line 1 column 2 (char 1)",
                "the path begins at this file's folder",
            )
        ],
    ),
    "a field of a file": (
        "order_pull",
        '[[case]]\nname = "it"\ninput.file = "wrong.json"\nexpect.cancel = { absent = true }\n',
        [
            (
                "3:14+12",
                "M705",
                'in the file, at lineItems[0].quantity: "quantity": a text that is not a number',
                "",
            )
        ],
    ),
    "an order for a mapping that looks at none": (
        "order_returned",
        '[[case]]\nname = "it"\norder.name = "#1"\nexpect.notify_customer = false\n',
        [
            (
                "3:1+5",
                "M701",
                'unknown key "order"',
                "it has expect, expect_error, input, name, settings",
            )
        ],
    ),
    "an order's field that there is not": (
        "order_cancel",
        '[[case]]\nname = "it"\norder.nmae = "#1"\nexpect.refund = true\n',
        [("3:7+4", "M705", 'unknown field "nmae" of Order', 'did you mean "name"?')],
    ),
    "a call's field that there is not": (
        "order_cancel",
        '[[case]]\nname = "it"\ninput.order.refnum = "1"\nexpect.refund = true\n',
        [
            (
                "3:13+6",
                "M705",
                'unknown field "refnum" of WritebackOrder',
                "it has channel_order_refnum, grand_total, order_items, "
                "retailops_order_id, shipments, unshipped_items",
            )
        ],
    ),
    "a count that is no whole number": (
        "inventory_push",
        "[[case]]\n"
        'name = "it"\n'
        'input.inventory_updates = [{ sku = "A", quantity_available '
        "= 1 }]\n"
        "input.client_id = 1\n"
        'expect.sku = "A"\n'
        "expect.quantity = { contains = 1, count = 1.5 }\n",
        [("6:43+3", "M701", "count is a whole number", "")],
    ),
}
