"""The seeded orders, part one: money, taxes, discounts, tenders, currencies."""

from __future__ import annotations

from bridge.sandbox.seed_kinds import Play, row
from bridge.sandbox.seed_people import person


def _plain() -> list[Play]:
    return [
        Play(
            "plain_paid",
            {
                **person(0),
                "lines": [row("TEE-TRL-M-MOSS", 2), row("SOCK-MER-L-CLAY")],
                "tax_rate": "0.07",
            },
        ),
        Play(
            "tax_excluded",
            {
                **person(1),
                "lines": [row("JKT-RAIN-L-SLATE"), row("BEAN-WOOL-MOSS", 2)],
                "tax_rate": "0.1025",
                "tax_title": "Illinois Tax",
                "shipping": {"title": "Express Shipping", "price": "14.95", "taxed": True},
            },
        ),
        Play(
            "tax_included_eur",
            {
                **person(12),
                "lines": [row("HDY-FLC-M-CLAY"), row("MUG-ENM-RED", 3)],
                "currency": "EUR",
                "taxes_included": True,
                "tax_rate": "0.19",
                "tax_title": "MwSt",
                "locale": "de-DE",
                "shipping": {"title": "DHL Paket", "price": "8.90", "carrier": "dhl"},
            },
        ),
        Play(
            "tax_included_gbp",
            {
                **person(15),
                "lines": [row("BLK-WOOL-SLATE"), row("SOAP-BAR-MINT", 3)],
                "currency": "GBP",
                "taxes_included": True,
                "tax_rate": "0.2",
                "tax_title": "VAT",
                "locale": "en-GB",
                "shipping": {"title": "Royal Mail Tracked", "price": "6.50"},
            },
        ),
        Play(
            "tax_mixed_rates",
            {
                **person(13),
                "lines": [
                    row("COF-HOUSE-500", 2, tax_rate="0.055", taxable=True),
                    row("PLATE-ENM-BLU", 4),
                ],
                "currency": "EUR",
                "taxes_included": True,
                "tax_rate": "0.2",
                "tax_title": "TVA",
                "locale": "fr-FR",
                "shipping": {"title": "Colissimo", "price": "7.20"},
            },
        ),
        Play(
            "tax_exempt",
            {
                **person(2, company="Harbor School District"),
                "lines": [row("FIRST-AID", 12)],
                "tax_rate": "0.055",
                "tax_exempt": True,
                "note": "Tax exempt, certificate on file",
            },
        ),
        Play(
            "untaxed_food",
            {
                **person(3),
                "lines": [row("COF-DARK-1K", 2), row("BTL-STL-1L-BLK")],
                "tax_rate": "0.087",
            },
        ),
    ]


def _discounts() -> list[Play]:
    return [
        Play(
            "line_discount",
            {
                **person(4),
                "lines": [row("BOOT-HKR-9", discount="30.00"), row("SOCK-MER-M-MOSS", 2)],
                "tax_rate": "0.1035",
            },
        ),
        Play(
            "code_percent",
            {
                **person(5),
                "lines": [row("TENT-2P"), row("SLBAG-REG-MOSS", 2), row("PEG-ALU", 24)],
                "discount": {"code": "TRAIL15", "percent": "15"},
            },
        ),
        Play(
            "code_amount_odd_cents",
            {
                **person(6),
                "lines": [
                    row("SOAP-BAR-CEDAR", 3),
                    row("BALM-LIP-SMOKE", 1),
                    row("CNDL-TIN-PLAIN", 1),
                ],
                "discount": {"code": "TENOFF", "amount": "10.00"},
                "tax_rate": "0.06625",
            },
        ),
        Play(
            "three_units_do_not_divide",
            {
                **person(7),
                "lines": [row("SOAP-BAR-PLAIN", 3, discount="2.00")],
                "tax_rate": "0.06",
            },
        ),
        Play(
            "free_shipping",
            {
                **person(8),
                "lines": [row("PACK-DAY-SAND"), row("BTL-STL-500-GRN")],
                "discount": {"code": "SHIPFREE", "free_shipping": True},
                "tax_rate": "0.0625",
            },
        ),
        Play(
            "line_and_code_discount",
            {
                **person(9),
                "lines": [row("JKT-RAIN-S-MOSS", discount="12.90"), row("GLV-WRK-M", 2)],
                "discount": {"code": "WELCOME10", "percent": "10"},
                "tax_rate": "0.08625",
            },
        ),
        Play(
            "automatic_discount",
            {
                **person(10),
                "lines": [row("MUG-ENM-WHT", 4), row("PLATE-ENM-WHT", 4)],
                "discount": {"percent": "20"},
                "tax_rate": "0.0945",
            },
        ),
        Play(
            "fully_discounted",
            {
                **person(11),
                "lines": [row("BALM-LIP-MINT")],
                "discount": {"code": "SAMPLE", "percent": "100"},
                "shipping": {"title": "Letter", "price": "0.00"},
            },
        ),
    ]


def _tenders() -> list[Play]:
    return [
        Play(
            "two_tenders",
            {
                **person(0),
                "lines": [row("COOLER-20"), row("CHAIR-CMP-MOSS", 2)],
                "tax_rate": "0.07",
                "payment": [{"gateway": "paypal", "amount": "100.00"}, {}],
            },
        ),
        Play(
            "gift_card_and_card",
            {
                **person(1),
                "lines": [row("SLBAG-LONG-CLAY")],
                "tax_rate": "0.1025",
                "payment": [{"gateway": "gift_card", "amount": "50.00"}, {}],
            },
        ),
        Play(
            "gift_card_only",
            {
                **person(2),
                "lines": [row("CNDL-TIN-CEDAR", 2)],
                "payment": [{"gateway": "gift_card"}],
            },
        ),
        Play(
            "gift_card_and_authorized_card",
            {
                **person(3),
                "lines": [row("ROPE-30"), row("CARAB-MOSS", 6)],
                "payment": [
                    {"gateway": "gift_card", "amount": "25.00"},
                    {"kind": "AUTHORIZATION"},
                ],
            },
        ),
        Play(
            "store_credit",
            {
                **person(4),
                "lines": [row("KNIFE-FLD-S"), row("LAMP-OIL-500", 2)],
                "tax_rate": "0.1035",
                "payment": [{"gateway": "shopify_store_credit", "amount": "40.00"}, {}],
            },
        ),
        Play(
            "gift_card_bought",
            {
                **person(5),
                "lines": [row("GIFT-50"), row("MUG-ENM-BLK", 2)],
            },
        ),
        Play(
            "gift_card_only_bought",
            {
                **person(6),
                "shipping_address": None,
                "lines": [row("GIFT-100")],
                "note": "Happy birthday!",
            },
        ),
        Play("authorized", {**person(7), "lines": [row("TENT-4P")], "payment": "authorized"}),
        Play(
            "authorized_eur",
            {
                **person(14),
                "lines": [row("JKT-RAIN-XL-CLAY"), row("SOCK-MER-XL-SLATE", 2)],
                "currency": "EUR",
                "taxes_included": True,
                "tax_rate": "0.21",
                "tax_title": "BTW",
                "locale": "nl-NL",
                "payment": "authorized",
            },
        ),
        Play(
            "authorization_expired",
            {
                **person(8),
                "lines": [row("HDY-FLC-L-SLATE")],
                "payment": [{"kind": "AUTHORIZATION", "lapsed": True}],
            },
        ),
        Play(
            "captured_later",
            {**person(9), "lines": [row("TABLE-CMP")], "payment": "authorized"},
            (("capture", {}),),
        ),
        Play(
            "partially_paid",
            {
                **person(10),
                "lines": [row("TENT-2P"), row("CHAIR-CMP-CLAY")],
                "payment": [{"gateway": "manual", "amount": "150.00"}],
            },
        ),
        Play("pending", {**person(11), "lines": [row("AXE-HAND")], "payment": "pending"}),
        Play("unpaid", {**person(0), "lines": [row("FIRST-AID", 2)], "payment": "none"}),
    ]


def _currencies() -> list[Play]:
    return [
        Play(
            "cad",
            {
                **person(16),
                "lines": [row("PANT-RDG-32-MOSS"), row("TEE-TRL-L-SAND", 2)],
                "currency": "CAD",
                "tax_rate": "0.14975",
                "tax_title": "GST/QST",
                "locale": "fr-CA",
            },
        ),
        Play(
            "jpy",
            {
                **person(17),
                "lines": [row("LANTERN-BRASS", price="10299"), row("LAMP-OIL-1L", 2)],
                "currency": "JPY",
                "taxes_included": True,
                "tax_rate": "0.1",
                "tax_title": "JCT",
                "locale": "ja-JP",
                "shipping": {"title": "Yamato", "price": "1850"},
                "discount": {"code": "HARU", "percent": "7"},
            },
        ),
        Play(
            "unsupported_currency_sek",
            {
                **person(18),
                "lines": [row("BLK-WOOL-MOSS")],
                "currency": "SEK",
                "taxes_included": True,
                "tax_rate": "0.25",
                "tax_title": "Moms",
                "locale": "sv-SE",
            },
        ),
        Play(
            "duties",
            {
                **person(19),
                "lines": [row("BOOT-HKR-10"), row("SOCK-MER-L-MOSS", 3)],
                "currency": "AUD",
                "duties": "24.60",
                "tax_rate": "0.1",
                "tax_title": "GST",
                "locale": "en-AU",
                "shipping": {"title": "International Tracked", "price": "32.00"},
            },
        ),
        Play(
            "additional_fee",
            {
                **person(9),
                "lines": [row("TABLE-CMP", 1)],
                "fees": {"Retail delivery fee": "0.29"},
                "tax_rate": "0.08625",
            },
        ),
        Play(
            "tip",
            {**person(10), "lines": [row("COF-HOUSE-250", 4)], "tip": "5.00"},
        ),
        Play(
            "cash_and_cents_eur_discount",
            {
                **person(12),
                "lines": [row("CNDL-TIN-MINT", 3), row("SOAP-BAR-CEDAR", 7), row("BALM-LIP-CEDAR")],
                "currency": "EUR",
                "taxes_included": True,
                "tax_rate": "0.19",
                "tax_title": "MwSt",
                "discount": {"code": "HERBST", "percent": "12.5"},
            },
        ),
    ]


def money() -> list[list[Play]]:
    """The groups of this part."""
    return [_plain(), _discounts(), _tenders(), _currencies()]
