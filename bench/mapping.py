"""What a mapping costs: an order of 10 lines rendered, beside the same translation by hand.

    python -m bench.mapping [--rounds 300]

Prints milliseconds for one order, by the mapping and by hand-written Python that converts and
checks as much, measured alternately in the same run, and their ratio. The mapping has 50 rules,
about as many as an order needs. Loading is printed too; it happens once.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.mapping.module import MappingModule, load_module
from bridge.retailops.answers import Order
from bridge.schema.shape import Shape

TARGET_MS = 1.0  # one order of 10 lines: a page of 100 then costs 0.1 s beside Shopify's 1 to 2 s
CENT = Decimal("0.01")
FINE = Decimal("0.0001")

ADDRESS_FIELDS = {
    "first_name": "firstName",
    "last_name": "lastName",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state_match": "provinceCode",
    "postal_code": "zip",
    "country_match": "countryCodeV2",
    "phone_number": "phone",
}


def address_table(name: str, source: str) -> str:
    """The rules of one address."""
    rules = "".join(f'{k} = "order.{source}.{v}"\n' for k, v in ADDRESS_FIELDS.items())
    return f"[order.{name}]\n{rules}"


MAPPING = f"""\
[order]
channel_order_refnum = "order.legacyResourceId"
channel_date_created = "order.createdAt"
currency_code = "order.presentmentCurrencyCode"
ship_service_code = "order.shippingLines[0].title | table: 'ship' | default: 'Standard'"
gift_message = "order.note"
ip_address = "order.clientIp"
tags = "order.tags"

[order.currency_values]
shipping_amt = "totals.shipping"
tax_amt = "totals.tax"
discount_amt = "totals.discount"

[order.customer_info]
full_name = "order.customer.displayName"
email_address = "order.email"
phone_number = "order.phone"

{address_table("billing_address", "billingAddress")}
{address_table("shipping_address", "shippingAddress")}
[order.order_items]
each = "order.lineItems"
as = "line"
when = "line.currentQuantity > 0"
channel_item_refnum = "line.id | split: '/' | last | default: line.id"
sku = "line.sku | default: line.title"
sku_description = "line.name | truncate: 100, ''"
quantity = "line.currentQuantity"
item_type = "price.item_type"
currency_values.unit_price = "price.unit"
currency_values.unit_tax = "price.tax"

[order.payment_transactions]
each = "payments"
as = "payment"
payment_processing_type = "'channel_payment'"
transaction_type = "payment.kind"
payment_type = "payment.gateway"
amount = "payment.amount"

[[order.attributes]]
attribute_type = "'text'"
handle = "'shopify_order_name'"
value = "order.name"

[tables.ship]
"Express" = "2DAY"
"""


def record(type_name: str, **fields: str | Shape) -> Shape:
    """An object of scalars by their type's name, ``!`` for never null: ``net="Decimal!"``."""
    inside = {
        name: Shape("scalar", of.rstrip("!"), nullable=not of.endswith("!"))
        if isinstance(of, str)
        else of
        for name, of in fields.items()
    }
    return Shape("object", type_name, nullable=False, fields=inside)


def listing(of: Shape) -> Shape:
    """A list of such elements."""
    return Shape("list", of.type_name, nullable=True, of=of)


def sources() -> dict[str, Shape]:
    """The shapes of what the mapping reads."""
    address = record("MailingAddress", **dict.fromkeys(ADDRESS_FIELDS.values(), "String"))
    order = record(
        "Order",
        **dict.fromkeys(("name", "note", "clientIp", "email", "phone"), "String"),
        legacyResourceId="UnsignedInt64!",
        createdAt="DateTime!",
        presentmentCurrencyCode="CurrencyCode!",
        tags=TEXTS,
        customer=record("Customer", displayName="String"),
        billingAddress=address,
        shippingAddress=address,
        shippingLines=listing(record("ShippingLine", title="String")),
        lineItems=listing(
            record(
                "LineItem",
                id="ID!",
                currentQuantity="Int!",
                **dict.fromkeys(("sku", "title", "name"), "String"),
            )
        ),
    )
    return {
        "order": order,
        "price": record("Price", unit="Decimal!", tax="Decimal!", item_type="String!"),
        "totals": record("Totals", shipping="Decimal", tax="Decimal", discount="Decimal"),
        "payments": listing(
            record("Payment", kind="String!", gateway="String!", amount="Decimal!")
        ),
    }


TEXTS = Shape(
    kind="list",
    type_name="String",
    nullable=False,
    of=Shape(kind="scalar", type_name="String", nullable=False),
)


def an_order(lines: int) -> dict[str, Any]:
    """One order as it is fetched."""
    address = {field: f"some {field}" for field in ADDRESS_FIELDS.values()}
    return {
        "legacyResourceId": "5123456789012",
        "name": "#1001",
        "note": "Happy birthday",
        "clientIp": "192.0.2.1",
        "email": "ada@example.com",
        "phone": None,
        "createdAt": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "presentmentCurrencyCode": "USD",
        "tags": ["vip"],
        "customer": {"displayName": "Ada L"},
        "billingAddress": address,
        "shippingAddress": address,
        "shippingLines": [{"title": "Express"}],
        "lineItems": [
            {
                "id": f"gid://shopify/LineItem/{n}",
                "sku": f"SKU-{n}",
                "title": "Thing",
                "name": "Thing - red",
                "currentQuantity": 1 + n % 3,
            }
            for n in range(lines)
        ],
    }


PRICE: dict[str, dict[str, Any]] = {
    "price": {"unit": Decimal("9.99"), "tax": Decimal("0.7992"), "item_type": "ship"}
}
TOTALS = {"shipping": Decimal("5.75"), "tax": Decimal("0.46"), "discount": Decimal(0)}
PAYMENTS: list[dict[str, Any]] = [
    {"kind": "charge", "gateway": "visa", "amount": Decimal("120.10")}
]
SHIP = {"Express": "2DAY"}


def by_hand(order: dict[str, Any]) -> dict[str, Any]:
    """The same translation, written out in Python, with the same conversions and gaps."""

    def exact(value: Decimal, unit: Decimal) -> Decimal:
        found = value.quantize(unit)
        if found != value:
            raise ValueError("too fine")
        return found

    def filled(pairs: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in pairs.items() if v not in (None, "", [], {})}

    def address(source: dict[str, Any] | None) -> dict[str, Any]:
        if source is None:
            return {}
        return filled({k: source[v] for k, v in ADDRESS_FIELDS.items()})

    ship = order["shippingLines"]
    return filled(
        {
            "channel_order_refnum": str(order["legacyResourceId"]),
            "channel_date_created": order["createdAt"],
            "currency_code": order["presentmentCurrencyCode"],
            "ship_service_code": (SHIP.get(ship[0]["title"]) if ship else None) or "Standard",
            "gift_message": order["note"],
            "ip_address": order["clientIp"],
            "tags": [str(t) for t in order["tags"]],
            "currency_values": {
                "shipping_amt": exact(TOTALS["shipping"], CENT),
                "tax_amt": exact(TOTALS["tax"], FINE),
                "discount_amt": exact(TOTALS["discount"], CENT),
            },
            "customer_info": filled(
                {
                    "full_name": order["customer"]["displayName"],
                    "email_address": order["email"],
                    "phone_number": order["phone"],
                }
            ),
            "billing_address": address(order["billingAddress"]),
            "shipping_address": address(order["shippingAddress"]),
            "order_items": [
                filled(
                    {
                        "channel_item_refnum": line["id"].split("/")[-1],
                        "sku": line["sku"] or line["title"],
                        "sku_description": line["name"][:100],
                        "quantity": int(line["currentQuantity"]),
                        "item_type": PRICE["price"]["item_type"],
                        "currency_values": {
                            "unit_price": exact(PRICE["price"]["unit"], CENT),
                            "unit_tax": exact(PRICE["price"]["tax"], FINE),
                        },
                    }
                )
                for line in order["lineItems"]
                if line["currentQuantity"] > 0
            ],
            "payment_transactions": [
                {
                    "payment_processing_type": "channel_payment",
                    "transaction_type": payment["kind"],
                    "payment_type": payment["gateway"],
                    "amount": exact(payment["amount"], CENT),
                }
                for payment in PAYMENTS
            ],
            "attributes": [
                {"attribute_type": "text", "handle": "shopify_order_name", "value": order["name"]}
            ],
        }
    )


def load() -> tuple[MappingModule, float]:
    """The compiled mapping, and the seconds that it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "order_pull.toml"
        path.write_text(MAPPING, "utf-8")
        begin = time.perf_counter()
        module = load_module("order_pull", [path], target=Order, sources=sources())
        return module, time.perf_counter() - begin


def measure(rounds: int, *ways: Callable[[], object]) -> list[float]:
    """The median milliseconds of each way, taken in turns so that noise meets all alike."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, into in zip(ways, taken, strict=True):
            begin = time.perf_counter()
            way()
            into.append((time.perf_counter() - begin) * 1e3)
    return [statistics.median(values) for values in taken]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=300)
    arguments.add_argument("--lines", type=int, default=10)
    options = arguments.parse_args()
    module, seconds = load()
    order = an_order(options.lines)
    scope = {"order": order, "totals": TOTALS, "payments": PAYMENTS}
    rendered = module.render(scope, enter=lambda name, _: PRICE if name == "line" else {})
    if rendered != by_hand(order):
        raise SystemExit("the mapping and the hand-written translation differ")
    Order(**rendered)
    mapping, hand, model = measure(
        options.rounds,
        lambda: module.render(scope, enter=lambda name, _: PRICE if name == "line" else {}),
        lambda: by_hand(order),
        lambda: Order(**rendered),
    )
    print(f"mapping of {len(module.rules)} rules loaded in {seconds * 1e3:.1f} ms")
    print(f"one order of {options.lines} lines, median of {options.rounds} rounds:")
    print(f"  rendered by the mapping   {mapping:7.3f} ms   (target {TARGET_MS} ms)")
    print(f"  translated by hand        {hand:7.3f} ms   ratio {mapping / hand:.1f}")
    print(f"  the model made of it      {model:7.3f} ms")


if __name__ == "__main__":
    main()
