"""A small target and small sources, as the tests of the mapping language need them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bridge.mapping.module import MappingModule, load_module
from bridge.schema.shape import Shape

# What every mapping of ``Order`` must say.
HEAD = '[order]\nrefnum = "order.name"'

# The file, and its findings: (line:column+length, code, message, hint).
Broken = tuple[str, list[tuple[str, str, str, str]]]

Money = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Amounts(Strict):
    unit_price: Money | None = None
    unit_tax: Annotated[Decimal, Field(decimal_places=4)] | None = None


class Item(Strict):
    sku: str
    quantity: int = 1
    item_type: Literal["ship", "advisory"] = "ship"
    currency_values: Amounts | None = None


class Address(Strict):
    first_name: str | None = None
    city: str | None = None
    country: str


class Attribute(Strict):
    handle: Annotated[str, Field(min_length=2, max_length=20)]
    value: Annotated[str, Field(min_length=2, max_length=20)]


class Order(Strict):
    refnum: str
    created: AwareDatetime | None = None
    created_text: str | None = None
    total: Money | None = None
    count: int | None = None
    gift: bool | None = None
    note: Annotated[str, Field(max_length=40)] | None = None
    address: Address | None = None
    items: Annotated[tuple[Item, ...], Field(strict=False)] = ()
    attributes: Annotated[tuple[Attribute, ...], Field(strict=False)] = ()
    tags: Annotated[tuple[str, ...], Field(strict=False)] = ()
    extra: dict[str, str] | None = None


def record(type_name: str, **fields: str | Shape) -> Shape:
    """An object of scalars by their type's name; ``!`` behind it: never null.

    ``record("Price", net="Decimal!")``
    """
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


LINE = record(
    "LineItem",
    sku="String!",
    title="String!",
    quantity="Int",
    price="Money",
    taxable="Boolean",
    options=listing(record("Attribute", key="String", value="String")),
)
ORDER = record(
    "Order",
    id="ID",
    legacyResourceId="UnsignedInt64!",
    name="String!",
    note="String",
    createdAt="DateTime",
    total="Money",
    count="Int",
    test="Boolean",
    tags=listing(Shape(kind="scalar", type_name="String", nullable=False)),
    shippingAddress=record("MailingAddress", firstName="String", city="String", country="String"),
    shippingLines=listing(record("ShippingLine", title="String", price="Money")),
    lineItems=listing(LINE),
    raw="JSON",
    paid=Shape("scalar", "PaidStatus", nullable=False, values=("PAID", "PENDING", "VOIDED")),
    work=Shape(
        "scalar",
        "OrderDisplayFulfillmentStatus",
        nullable=True,
        values=("UNFULFILLED", "FULFILLMENT_NOT_REQUIRED"),
    ),
    legacy=Shape("scalar", "FulfillmentStatus", nullable=True, values=("OPEN", "SUCCESS")),
    kind=Shape("scalar", "ItemType", nullable=True, values=("ship", "advisory", "gift")),
    totalCapturable="Money",
)
SOURCES = {"order": ORDER, "price": record("Price", net="Decimal")}


def an_order(**changes: Any) -> dict[str, Any]:
    """An order as the Shopify room hands it over, with some fields changed."""
    return {
        "id": "gid://shopify/Order/1001",
        "legacyResourceId": "1001",
        "name": "#1001",
        "note": None,
        "createdAt": datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
        "total": Decimal("29.97"),
        "count": 3,
        "test": False,
        "tags": ["vip", "web"],
        "shippingAddress": {"firstName": "Ada", "city": "Bern", "country": "CH"},
        "shippingLines": [{"title": "Express", "price": Decimal("5.75")}],
        "lineItems": [
            a_line(sku="A", quantity=3, price=Decimal("9.99")),
            a_line(sku="B", quantity=0, price=Decimal("0.10")),
        ],
        "raw": {"any": {"thing": [1]}},
        "paid": "PAID",
        "work": "UNFULFILLED",
        "legacy": "OPEN",
        "kind": "ship",
        "totalCapturable": Decimal(0),
    } | changes


def a_line(**changes: Any) -> dict[str, Any]:
    """One line of it."""
    line = {"sku": "A", "title": "Thing", "quantity": 1, "price": Decimal("1.00")}
    return line | {"taxable": True, "options": [{"key": "colour", "value": "red"}]} | changes


def load(
    folder: Path,
    *texts: str,
    filters: dict[str, Callable[..., Any]] | None = None,
    target: type[BaseModel] = Order,
) -> MappingModule:
    """The module of these layers, written to ``folder`` as 0.toml, 1.toml and so on."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.toml"
        path.write_bytes(text.encode())
        paths.append(path)
    return load_module(
        "order",
        paths,
        target=target,
        sources=SOURCES,
        later={"price": {"refnum"}},
        extra_filters=filters,
        api_version="2026-07",
    )


def value_of(folder: Path, expression: str, *, field: str = "note", **changes: Any) -> Any:
    """What one expression gives for ``field`` of an order; None when the field is left out."""
    quoted = "'''" + expression + "'''"
    text = f"[order]\nrefnum = \"'x'\"\n{field} = {quoted}\n"
    return load(folder, text).render({"order": an_order(**changes)}).get(field)
