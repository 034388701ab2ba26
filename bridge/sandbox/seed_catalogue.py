"""What the seeded shop sells: an outdoor and household shop, about 200 variants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

Axis = tuple[tuple[str, str], ...]

_SIZES: Axis = (("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"), ("XXL", "2XL"))
_COLOURS: Axis = (("MOSS", "Moss"), ("CLAY", "Clay"), ("SLATE", "Slate"), ("SAND", "Sand"))
_WAISTS: Axis = tuple((str(n), f"{n} in") for n in (28, 30, 32, 34, 36, 38))
_SHOES: Axis = tuple((str(n), f"US {n}") for n in range(5, 15))
_GLOVES: Axis = (("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"))
_GLAZES: Axis = (
    ("WHT", "White"),
    ("RED", "Barn red"),
    ("BLU", "Harbor blue"),
    ("GRN", "Fern"),
    ("BLK", "Soot"),
)
_VOLUMES: Axis = (("500", "500 ml"), ("1L", "1 l"))
_BAGS: Axis = (("REG", "Regular"), ("LONG", "Long"))
_WEIGHTS: Axis = (("250", "250 g"), ("500", "500 g"), ("1K", "1 kg"))
_ROASTS: Axis = (("HOUSE", "House"), ("DARK", "Dark"), ("DECAF", "Decaf"))
_SCENTS: Axis = (("CEDAR", "Cedar"), ("SMOKE", "Smoke"), ("MINT", "Mint"), ("PLAIN", "Plain"))
_MAPS: Axis = tuple((f"{n:02d}", f"Sheet {n}") for n in range(1, 25))

_NAMES: tuple[tuple[str, tuple[Axis, ...]], ...] = (
    ("Size", (_SIZES, _SHOES, _GLOVES)),
    ("Color", (_COLOURS, _GLAZES)),
    ("Waist", (_WAISTS,)),
    ("Volume", (_VOLUMES,)),
    ("Length", (_BAGS,)),
    ("Weight", (_WEIGHTS,)),
    ("Roast", (_ROASTS,)),
    ("Scent", (_SCENTS,)),
    ("Sheet", (_MAPS,)),
)
# What an axis is called, by its first row; one that is not listed is of amounts of money.
_OPTION_OF = {row: name for name, axes in _NAMES for axis in axes for row in axis}


@dataclass(frozen=True, slots=True)
class Seeded:
    """One product: its SKU stem, and up to two axes whose combinations are its variants."""

    stem: str
    title: str
    vendor: str
    kind: str
    price: str
    axes: tuple[Axis, ...] = ()
    tracked: bool = True
    ships: bool = True
    gift_card: bool = False
    bundle: bool = False
    taxable: bool = True
    sku: bool = True
    stock: int = 60
    tags: tuple[str, ...] = ()

    def variants(self) -> list[tuple[str | None, str]]:
        """(SKU, title) of every combination; one ``Default Title`` without axes."""
        rows: list[tuple[str, tuple[str, ...]]] = [(self.stem, ())]
        for axis in self.axes:
            rows = [
                (f"{sku}-{code}", (*labels, label)) for sku, labels in rows for code, label in axis
            ]
        return [
            (sku if self.sku else None, " / ".join(labels) or "Default Title")
            for sku, labels in rows
        ]

    @property
    def options(self) -> tuple[str, ...]:
        """The names of its options; empty for a product with one variant."""
        return tuple(_OPTION_OF.get(axis[0], "Denominations") for axis in self.axes)

    @property
    def amount(self) -> Decimal:
        """The price in the shop's currency."""
        return Decimal(self.price)


_PINE, _FORGE, _HEARTH = "Cedar & Pine", "Ridgeway Forge", "Hearth & Hollow"

PRODUCTS: tuple[Seeded, ...] = (
    Seeded("TEE-TRL", "Trail Tee", _PINE, "Shirts", "28.00", (_SIZES, _COLOURS)),
    Seeded("HDY-FLC", "Fleece Hoodie", _PINE, "Sweaters", "64.00", (_SIZES, _COLOURS[:3])),
    Seeded("JKT-RAIN", "Rain Jacket", _PINE, "Jackets", "129.00", (_SIZES, _COLOURS[:3])),
    Seeded("SOCK-MER", "Merino Socks", _PINE, "Socks", "18.50", (_SIZES[:4], _COLOURS[:3])),
    Seeded("PANT-RDG", "Ridge Pant", _PINE, "Trousers", "79.00", (_WAISTS, _COLOURS[:2])),
    Seeded("BEAN-WOOL", "Wool Beanie", _PINE, "Hats", "24.00", (_COLOURS,)),
    Seeded("GLV-WRK", "Work Gloves", _FORGE, "Gloves", "32.00", (_GLOVES,)),
    Seeded("BOOT-HKR", "Hiker Boot", _PINE, "Shoes", "149.00", (_SHOES,), stock=24),
    Seeded("MUG-ENM", "Enamel Mug", _HEARTH, "Kitchen", "16.00", (_GLAZES,), stock=200),
    Seeded("PLATE-ENM", "Enamel Plate", _HEARTH, "Kitchen", "14.50", (_GLAZES,), stock=120),
    Seeded("BTL-STL", "Steel Bottle", _FORGE, "Kitchen", "29.95", (_VOLUMES, _GLAZES)),
    Seeded("BLK-WOOL", "Camp Blanket", _HEARTH, "Blankets", "98.00", (_COLOURS,), stock=30),
    Seeded("SLBAG", "Sleeping Bag", _PINE, "Camping", "189.00", (_BAGS, _COLOURS[:2]), stock=18),
    Seeded("PACK-DAY", "Day Pack", _PINE, "Packs", "74.00", (_COLOURS,), stock=35),
    Seeded("COF", "Camp Coffee", _HEARTH, "Food", "11.00", (_ROASTS, _WEIGHTS), taxable=False),
    Seeded("SOAP-BAR", "Bar Soap", _HEARTH, "Care", "7.33", (_SCENTS,), stock=300),
    Seeded("CNDL-TIN", "Tin Candle", _HEARTH, "Home", "21.00", (_SCENTS,), stock=80),
    Seeded("MAP-TOPO", "Topographic Map", "Summit Press", "Maps", "12.95", (_MAPS,)),
    Seeded("AXE-HAND", "Hand Axe", _FORGE, "Tools", "89.00", stock=15),
    Seeded("KNIFE-FLD", "Field Knife", _FORGE, "Tools", "54.00", (_GLOVES[:2],), stock=22),
    Seeded("LANTERN-BRASS", "Brass Lantern", _FORGE, "Lighting", "69.00", stock=12),
    Seeded("LAMP-OIL", "Lamp Oil", _FORGE, "Lighting", "9.95", (_VOLUMES,), stock=90),
    Seeded("STOVE-MINI", "Pocket Stove", _FORGE, "Camping", "44.00", stock=40),
    Seeded("TENT-2P", "Two-Person Tent", _PINE, "Camping", "349.00", stock=9),
    Seeded("TENT-4P", "Four-Person Tent", _PINE, "Camping", "499.00", stock=6),
    Seeded("PEG-ALU", "Tent Peg", _PINE, "Camping", "1.35", stock=2000),
    Seeded("ROPE-30", "Climbing Rope 30 m", _FORGE, "Climbing", "119.00", stock=10),
    Seeded("CARAB", "Carabiner", _FORGE, "Climbing", "8.90", (_COLOURS,), stock=400),
    Seeded("CHAIR-CMP", "Camp Chair", _HEARTH, "Camping", "59.00", (_COLOURS[:2],), stock=25),
    Seeded("TABLE-CMP", "Camp Table", _HEARTH, "Camping", "84.00", stock=14),
    Seeded("COOLER-20", "Cooler 20 l", _HEARTH, "Camping", "109.00", stock=11),
    Seeded("FIRST-AID", "First Aid Kit", _PINE, "Care", "34.00", stock=70),
    Seeded("BALM-LIP", "Lip Balm", _HEARTH, "Care", "3.33", (_SCENTS[:3],), stock=500),
    # Two products whose only variants share one SKU.
    Seeded("CNDL-CEDAR", "Cedar Candle", _HEARTH, "Home", "19.00", stock=20),
    Seeded("CNDL-CEDAR", "Cedar Candle (gift wrapped)", _HEARTH, "Home", "23.00", stock=5),
    # No SKU at all.
    Seeded("STICKER", "Sticker, Assorted", _PINE, "Paper", "2.00", sku=False, stock=1000),
    # Not tracked, not shipped, or both.
    Seeded("SHARPEN", "Sharpening Service", _FORGE, "Service", "15.00", tracked=False, ships=False),
    Seeded("PRINT-ART", "Print on Demand", "Summit Press", "Paper", "38.00", tracked=False),
    Seeded(
        "EBOOK-KNOTS",
        "Forty Knots (e-book)",
        "Summit Press",
        "Books",
        "12.00",
        tracked=False,
        ships=False,
    ),
    Seeded(
        "GIFT",
        "Gift Card",
        "Cedar & Pine Supply",
        "Gift cards",
        "25.00",
        ((("25", "$25.00"), ("50", "$50.00"), ("100", "$100.00")),),
        tracked=False,
        ships=False,
        gift_card=True,
        taxable=False,
    ),
    # A bundle: its stock is that of its components.
    Seeded("BNDL-CAMP", "Camp Breakfast Set", _HEARTH, "Bundles", "58.00", bundle=True, stock=0),
)

# Gift cards are priced by their title; coffee by weight.
PRICES = {
    "GIFT-25": "25.00",
    "GIFT-50": "50.00",
    "GIFT-100": "100.00",
    "COF-HOUSE-500": "19.00",
    "COF-DARK-500": "19.00",
    "COF-DECAF-500": "20.00",
    "COF-HOUSE-1K": "34.00",
    "COF-DARK-1K": "34.00",
    "COF-DECAF-1K": "36.00",
    "LAMP-OIL-1L": "17.50",
}

# Stock that is not simply "so many at the first location".
NOT_AT_FIRST = frozenset({"STOVE-MINI"})
INACTIVE_AT_FIRST = frozenset({"LANTERN-BRASS", "TABLE-CMP"})
INACTIVE_IN_STORE = frozenset({"AXE-HAND", "ROPE-30"})
