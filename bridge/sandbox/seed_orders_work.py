"""The seeded orders, part two: what is shipped, held, changed, cancelled, sold elsewhere."""

from __future__ import annotations

from bridge.sandbox.seed_catalogue import PRODUCTS
from bridge.sandbox.seed_kinds import Play, row
from bridge.sandbox.seed_people import person

_TAX = "0.08"
_MANY = 120  # beyond one page of lines, whatever page a bridge asks for


def _assortment() -> list[str]:
    """The first SKUs of the catalogue that are tracked and shipped."""
    skus = (
        sku
        for product in PRODUCTS
        if product.tracked and product.ships and not product.bundle
        for sku, _ in product.variants()
        if sku
    )
    return list(dict.fromkeys(skus))[:_MANY]


def _shipping() -> list[Play]:
    return [
        Play(
            "partly_fulfilled",
            {
                **person(0),
                "lines": [row("TEE-TRL-S-CLAY", 3), row("BEAN-WOOL-CLAY", 2)],
                "tax_rate": _TAX,
            },
            (("fulfil", {"quantities": {0: 2}, "tracking": "1Z999AA10123456784"}),),
        ),
        Play(
            "fulfilled",
            {**person(1), "lines": [row("MUG-ENM-GRN", 2)], "tax_rate": _TAX},
            (("fulfil", {"tracking": "1Z999AA10123456791"}), ("close", {})),
        ),
        Play(
            "on_hold",
            {**person(2), "lines": [row("PACK-DAY-MOSS")], "tax_rate": _TAX},
            (("hold", {"reason": "INCORRECT_ADDRESS", "notes": "Street number missing"}),),
        ),
        Play(
            "on_hold_fraud",
            {**person(3), "lines": [row("TENT-4P"), row("COOLER-20")], "risk": "INVESTIGATE"},
            (("hold", {"reason": "HIGH_RISK_OF_FRAUD"}),),
        ),
        Play(
            "two_locations_one_held",
            {**person(4), "lines": [row("STOVE-MINI"), row("KNIFE-FLD-M")], "tax_rate": _TAX},
            (("hold", {"reason": "INVENTORY_OUT_OF_STOCK", "only": 1}),),
        ),
        Play(
            "scheduled",
            {
                **person(5),
                "lines": [row("BLK-WOOL-SAND")],
                "note": "Pre-order",
                "tags": ["pre-order"],
            },
            (("schedule", {"days": 30}),),
        ),
        Play(
            "local_pickup",
            {
                **person(6),
                "shipping_address": None,
                "delivery": "PICK_UP",
                "location": "Brooklyn Store",
                "lines": [row("TEE-TRL-S-MOSS")],
                "tax_rate": "0.08875",
                "shipping": {"title": "Brooklyn Store", "price": "0.00", "category": "pickup"},
            },
        ),
        Play(
            "local_delivery",
            {
                **person(6),
                "delivery": "LOCAL",
                "location": "Brooklyn Store",
                "lines": [row("TEE-TRL-M-SLATE")],
                "tax_rate": "0.08875",
                "shipping": {"title": "Local delivery", "price": "5.00", "category": "local"},
            },
        ),
        Play(
            "point_of_sale",
            {
                **person(7),
                "shipping_address": None,
                "billing_address": None,
                "shipping": None,
                "delivery": "RETAIL",
                "location": "Brooklyn Store",
                "source_name": "pos",
                "source_identifier": "215-1-1043",
                "lines": [row("TEE-TRL-S-SAND"), row("TEE-TRL-L-CLAY")],
                "tax_rate": "0.08875",
                "payment": [{"gateway": "cash"}],
            },
            (("fulfil", {}), ("close", {})),
        ),
        Play(
            "no_shipping_address",
            {
                **person(8),
                "shipping_address": None,
                "lines": [row("GLV-WRK-L")],
                "shipping": None,
                "source_name": "shopify_draft_order",
                "tags": ["phone-order"],
            },
        ),
    ]


def _goods() -> list[Play]:
    return [
        Play(
            "digital_only",
            {**person(9), "shipping_address": None, "lines": [row("EBOOK-KNOTS")]},
        ),
        Play(
            "digital_and_physical",
            {**person(10), "lines": [row("EBOOK-KNOTS"), row("ROPE-30")]},
        ),
        Play(
            "no_sku",
            {
                **person(11),
                "lines": [row("TEE-TRL-S-SLATE"), {"product": "Sticker, Assorted", "quantity": 2}],
            },
        ),
        Play(
            "custom_line",
            {
                **person(0),
                "source_name": "shopify_draft_order",
                "lines": [
                    {
                        "title": "Engraving, two initials",
                        "price": "12.00",
                        "quantity": 1,
                        "requires_shipping": False,
                    },
                    row("KNIFE-FLD-S"),
                    {"title": "Wooden gift box", "price": "9.50", "quantity": 1},
                ],
            },
        ),
        Play(
            "duplicate_sku_lines",
            {
                **person(1),
                "lines": [
                    row("MUG-ENM-BLU", 2, attributes=[{"key": "Engraving", "value": "Mum"}]),
                    row("MUG-ENM-BLU", 1, attributes=[{"key": "Engraving", "value": "Dad"}]),
                    row("MUG-ENM-BLU", 1),
                ],
            },
        ),
        Play(
            "sku_of_two_variants",
            {**person(2), "lines": [row("CNDL-CEDAR", 2)]},
        ),
        Play(
            "bundle",
            {
                **person(3),
                "lines": [
                    row("MUG-ENM-RED", 2, price="12.40", group="BNDL-CAMP"),
                    row("PLATE-ENM-RED", 2, price="11.10", group="BNDL-CAMP"),
                    row("COF-HOUSE-250", 1, price="11.00", group="BNDL-CAMP"),
                    row("LAMP-OIL-500"),
                ],
            },
        ),
        Play(
            "untracked",
            {**person(4), "lines": [row("PRINT-ART", 2), row("SHARPEN")]},
        ),
        Play(
            "hundred_and_twenty_lines",
            {
                **person(5, company="Bozeman Outfitters"),
                "lines": [*(row(sku, 1 + n % 3) for n, sku in enumerate(_assortment()))],
                "discount": {"code": "BULK5", "percent": "5"},
                "tax_rate": "0.04",
            },
        ),
        Play(
            "b2b_purchase_order",
            {
                **person(6, company="Hoboken Climbing Gym LLC"),
                "po_number": "PO-2026-1187",
                "lines": [row("CARAB-SLATE", 40), row("ROPE-30", 2)],
                "tax_exempt": True,
                "payment": "pending",
                "tags": ["B2B", "net-30"],
                "custom_attributes": [{"key": "Cost centre", "value": "4410"}],
            },
        ),
        Play(
            "test_order",
            {**person(7), "lines": [row("SOAP-BAR-SMOKE")], "test": True},
        ),
        Play(
            "gift_with_notes",
            {
                **person(8),
                "lines": [row("CNDL-TIN-SMOKE"), row("BLK-WOOL-CLAY")],
                "note": "Please gift wrap.\nNo invoice in the box.",
                "tags": ["gift", "VIP"],
                "custom_attributes": [
                    {"key": "Gift message", "value": "With love, D."},
                    {"key": "Delivery date", "value": None},
                ],
            },
        ),
    ]


def _changes() -> list[Play]:
    return [
        Play(
            "edited_removed",
            {
                **person(9),
                "lines": [row("TEE-TRL-XL-SLATE", 3), row("SOCK-MER-S-CLAY")],
                "tax_rate": _TAX,
            },
            (
                ("reduce", {"position": 0, "units": 2}),
                ("refund", {"amount": "60.48", "note": "Two shirts taken off"}),
            ),
        ),
        Play(
            "edited_added",
            {**person(10), "lines": [row("TEE-TRL-M-SLATE")]},
            (("add", {"sku": "BEAN-WOOL-SLATE", "units": 1}),),
        ),
        Play(
            "edited_line_to_zero",
            {
                **person(11),
                "lines": [row("GLV-WRK-S"), row("BEAN-WOOL-SAND")],
                "payment": "authorized",
            },
            (("reduce", {"position": 0, "units": 1}),),
        ),
        Play(
            "partly_refunded",
            {
                **person(0),
                "lines": [row("CNDL-TIN-CEDAR", 3), row("SOAP-BAR-MINT", 3)],
                "discount": {"code": "TENOFF", "amount": "10.00"},
                "tax_rate": "0.07",
            },
            (
                (
                    "refund",
                    {"lines": [(0, 1, "CANCEL"), (1, 2, "NO_RESTOCK")], "note": "Short of stock"},
                ),
            ),
        ),
        Play(
            "refunded_money_only",
            {**person(1), "lines": [row("COOLER-20")], "tax_rate": "0.1025"},
            (("refund", {"amount": "10.00", "note": "For the late delivery"}),),
        ),
        Play(
            "refunded_shipping",
            {**person(2), "lines": [row("MAP-TOPO-03", 2)], "tax_rate": "0.055"},
            (("refund", {"shipping": True, "note": "Sent slower than promised"}),),
        ),
        Play(
            "shipped_and_returned",
            {
                **person(3),
                "lines": [row("BOOT-HKR-8"), row("SOCK-MER-M-CLAY", 2)],
                "tax_rate": "0.087",
            },
            (
                ("fulfil", {"tracking": "1Z999AA10123456802"}),
                ("refund", {"lines": [(0, 1, "RETURN")], "note": "Too small"}),
            ),
        ),
        Play(
            "return_requested",
            {**person(4), "lines": [row("JKT-RAIN-M-SLATE")]},
            (
                ("fulfil", {"tracking": "1Z999AA10123456819"}),
                ("return", {"lines": [(0, 1, "SIZE_TOO_LARGE")]}),
            ),
        ),
        Play(
            "cancelled_refunded",
            {**person(5), "lines": [row("CHAIR-CMP-MOSS")], "tax_rate": _TAX},
            (("cancel", {"reason": "CUSTOMER", "note": "Changed their mind"}),),
        ),
        Play(
            "cancelled_voided",
            {**person(6), "lines": [row("MAP-TOPO-05")], "payment": "authorized"},
            (("cancel", {"reason": "FRAUD"}),),
        ),
        Play(
            "cancelled_unpaid",
            {**person(7), "lines": [row("MAP-TOPO-06", 2)], "payment": "pending"},
            (("cancel", {"reason": "DECLINED"}),),
        ),
    ]


def work() -> list[list[Play]]:
    """The groups of this part."""
    return [_shipping(), _goods(), _changes()]
