"""Invented shoppers; every mail is at example.com, every phone number reserved for fiction."""

from __future__ import annotations

from typing import Any

_US = ("United States", "US")
_ROWS: tuple[tuple[str, str, str, str, str | None, str | None, str, str, str], ...] = (
    ("Nora", "Whitfield", "18 Larch Street", "Burlington", "Vermont", "VT", "05401", *_US),
    ("Amir", "Haddad", "902 Poplar Ave Apt 4", "Chicago", "Illinois", "IL", "60614", *_US),
    ("Grace", "Okafor", "77 Harbor View", "Portland", "Maine", "ME", "04101", *_US),
    ("Tomás", "Rivera", "3310 Calle Mesa", "Tucson", "Arizona", "AZ", "85705", *_US),
    ("June", "Park", "1501 Pine Street #12", "Seattle", "Washington", "WA", "98101", *_US),
    ("Wesley", "Stone", "46 County Road 9", "Bozeman", "Montana", "MT", "59715", *_US),
    ("Lucia", "Bianchi", "229 Garden St", "Hoboken", "New Jersey", "NJ", "07030", *_US),
    ("Priya", "Raman", "5 Orchard Court", "Ann Arbor", "Michigan", "MI", "48104", *_US),
    ("Daniel", "O'Rourke", "61 Quarry Hill", "Boston", "Massachusetts", "MA", "02116", *_US),
    ("Hana", "Sato", "840 Bryant St", "San Francisco", "California", "CA", "94103", *_US),
    ("Leon", "Dupree", "1120 Magazine St", "New Orleans", "Louisiana", "LA", "70130", *_US),
    ("Maeve", "Collins", "9 Ridge Lane", "Asheville", "North Carolina", "NC", "28801", *_US),
    ("Jonas", "Weber", "Lindenweg 14", "Hamburg", None, None, "20095", "Germany", "DE"),
    ("Claire", "Martin", "8 rue des Tilleuls", "Lyon", None, None, "69002", "France", "FR"),
    (
        "Sanne",
        "de Vries",
        "Prinsengracht 220",
        "Amsterdam",
        None,
        None,
        "1016 HD",
        "Netherlands",
        "NL",
    ),
    (
        "Oliver",
        "Hughes",
        "27 Station Road",
        "Bristol",
        "England",
        "ENG",
        "BS1 5TY",
        "United Kingdom",
        "GB",
    ),
    (
        "Émilie",
        "Tremblay",
        "1450 rue Sherbrooke",
        "Montréal",
        "Quebec",
        "QC",
        "H3G 1K4",
        "Canada",
        "CA",
    ),
    ("Haruto", "Tanaka", "2-11-3 Meguro", "Tokyo", "Tōkyō", "JP-13", "153-0063", "Japan", "JP"),
    ("Astrid", "Lindqvist", "Storgatan 31", "Uppsala", None, None, "753 31", "Sweden", "SE"),
    ("Ruby", "Marsh", "12 Banksia Street", "Hobart", "Tasmania", "TAS", "7000", "Australia", "AU"),
)

_ASCII = str.maketrans("áéÉō'", "aeEo-", " ")


def person(n: int, **changes: str) -> dict[str, Any]:
    """Email, names and the shipping and billing address of shopper ``n``, as order keys."""
    first, last, street, city, province, code, postcode, country, iso = _ROWS[n % len(_ROWS)]
    where: dict[str, str | None] = {
        "first_name": first,
        "last_name": last,
        "address1": street,
        "city": city,
        "province": province,
        "province_code": code,
        "zip": postcode,
        "country": country,
        "country_code": iso,
        "phone": f"+1 202 555 01{n % len(_ROWS):02d}" if iso == "US" else None,
    }
    where.update(changes)
    mail = f"{first}.{last}".lower().translate(_ASCII).replace(" ", "")
    return {
        "email": f"{mail}@example.com",
        "first_name": first,
        "last_name": last,
        "shipping_address": where,
        "billing_address": where,
    }
