"""The calls of the conservation proof as data: an order, and what RetailOps may say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tests.proof.books import Authorisation, Book, Line
from tests.proof.scenarios import KNIFE, TEE

MUG: Final = "MUG-ENM-WHT"
MUG_PRICE: Final = Decimal("16.00")  # the seed's

PRICE: Final = Decimal("20.00")
SHIPPING: Final = Decimal("4.90")

CARD = {"gateway": "shopify_payments"}
HELD = {**CARD, "kind": "AUTHORIZATION"}
PAYMENTS: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "paid": [CARD],
    "gift card": [{"gateway": "gift_card", "amount": "30.00"}, CARD],
    "held": [HELD],
    "held, in parts": [{**HELD, "multi_capturable": True}],
    "held twice": [{**HELD, "amount": "15.00"}, {**HELD, "multi_capturable": True}],
    "partly paid": [{**CARD, "amount": "15.00"}],
}
"""How the shopper pays."""


@dataclass(frozen=True)
class Shopping:
    """What the shopper orders: tees and knives at 20.00, with 4.90 for the shipping."""

    tees: int
    knives: int
    payment: str
    apart: bool = False

    def spec(self) -> dict[str, Any]:
        """For the store."""
        places = ("Reno Overflow" if self.apart else "Albany Warehouse", "Albany Warehouse")
        rows = zip((TEE, KNIFE), (self.tees, self.knives), places, strict=True)
        return {
            "lines": [
                {"sku": sku, "quantity": count, "price": str(PRICE), "location": place}
                for sku, count, place in rows
            ],
            "payment": list(PAYMENTS[self.payment]),
            "shipping": {"title": "Standard", "price": str(SHIPPING)},
            "email": "someone@example.com",  # of a customer: store credit is theirs
        }

    def book(self, order: Mapping[str, Any]) -> Book:
        """For the model."""
        lines = {
            n["id"]: Line(n["id"], n["sku"], PRICE, int(n["quantity"])) for n in order["lines"]
        }
        book = Book(lines, SHIPPING, [])
        left = book.worth
        for tender in PAYMENTS[self.payment]:
            amount = min(left, Decimal(tender.get("amount", left)))
            left -= amount
            if "kind" in tender:
                book.holds.append(Authorisation(amount, bool(tender.get("multi_capturable"))))
            elif tender["gateway"] == "gift_card":
                book.gift += amount
            else:
                book.sold += amount
        return book


@dataclass(frozen=True)
class Box:
    """A package: its number, its units, and which tracking number it has this time."""

    number: int
    tees: int
    knives: int
    tracking: int = 0


@dataclass(frozen=True)
class Ship:
    """order_shipment_submit."""

    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Complete:
    """order_complete; ``unshipped`` None: the list is absent."""

    boxes: tuple[Box, ...]
    unshipped: tuple[int, int] | None


@dataclass(frozen=True)
class Settle:
    """order_settle_payment; series 0: none."""

    series: int
    amount: Decimal


@dataclass(frozen=True)
class GiveBack:
    """order_returned; number 0: none."""

    number: int
    amount: Decimal
    tees: int = 0
    knives: int = 0
    action: str = "refund"
    shipping: Decimal = Decimal(0)


@dataclass(frozen=True)
class Update:
    """order_update: quantities (None: not listed), lines of one's own, an unknown SKU."""

    tees: int | None
    knives: int | None
    own: tuple[tuple[int, int], ...] = ()
    unknown: bool = False


@dataclass(frozen=True)
class Cancel:
    """order_cancel."""


@dataclass(frozen=True)
class Acknowledge:
    """order_acknowledge."""


@dataclass(frozen=True)
class Pull:
    """order_pull of this order."""


@dataclass(frozen=True)
class Stock:
    """inventory_push."""

    quantity: int


@dataclass(frozen=True)
class Stranger:
    """A call about an order that does not exist."""

    action: str


@dataclass(frozen=True)
class Again:
    """One of the calls so far once more, word for word; from the last one back."""

    back: int


@dataclass(frozen=True)
class Meanwhile:
    """What a person does in the admin, of which RetailOps and the model know nothing."""

    what: str


Kind = (
    Ship
    | Complete
    | Settle
    | GiveBack
    | Update
    | Cancel
    | Acknowledge
    | Pull
    | Stock
    | Stranger
    | Again
    | Meanwhile
)


@dataclass(frozen=True)
class Step:
    """A call; ``fault`` strikes its first mutation of each kind."""

    call: Kind
    fault: str | None = None
