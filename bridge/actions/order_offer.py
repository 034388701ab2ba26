"""One Shopify order made into one RetailOps order: scope, mapping, money, validation. Pure.

``offer`` gives the order for the answer or a ``HeldBack`` with the reason; one order that
cannot be sent never costs the page. What the mapping sees beside Shopify's own fields
(``items``, ``price``, ``totals``, ``payments``, ``policy``) is listed by ``sources``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple, get_args

from pydantic import ValidationError

from bridge.actions.money import (
    ZERO,
    Extra,
    LinePrice,
    MoneyMismatch,
    Payment,
    PricedOrder,
    Totals,
    payments,
    price_order,
)
from bridge.actions.readiness import POINT_OF_SALE, to_ship
from bridge.actions.sources import shape_from_model
from bridge.config.models import ChannelSettings, OrderPullPolicy
from bridge.errors import MappingError
from bridge.mapping.module import MappingModule
from bridge.retailops.answers import CurrencyCode, Order
from bridge.retailops.events import Code
from bridge.schema.shape import Shape
from bridge.shopify.documents import Operation, operation

Node = Mapping[str, Any]

CURRENCIES = frozenset(get_args(CurrencyCode))  # RetailOps knows these twelve


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An order that cannot be sent: why, and where the mending begins."""

    order_gid: str
    refnum: str
    code: Code
    reason: str
    place: str = ""


class Item(NamedTuple):
    """One element of ``items``: a line, the part of it that is shipped already, or an extra."""

    refnum: str
    type: str
    quantity: int
    line: Mapping[str, Any]
    price: LinePrice


def sources(pull: Operation | None = None) -> Mapping[str, Shape]:
    """What mappings/order_pull.toml may name, for the lint: Shopify's fields and ours.

    ``pull`` is OrderPull with a merchant's further fields, if there are any.
    """
    page = (pull or operation("OrderPull")).shape(["page"])
    order = page.of if page.of is not None else page
    lines = order.fields["lineItems"]
    line = lines.of if lines.of is not None else lines
    figures = dict.fromkeys(LinePrice._fields, "Decimal")
    price = _object("price", figures, nullable={"discount"})
    item = Shape(
        "object",
        "item",
        nullable=False,
        fields={
            "refnum": _scalar("String"),
            "type": _scalar("String"),
            "quantity": _scalar("Int"),
            "line": line,
            "price": price,
        },
    )
    texts = dict.fromkeys(("processing", "transaction", "label", "gateway"), "String")
    payment = _object("payment", texts | {"amount": "Decimal"})
    totals = dict.fromkeys(Totals.__dataclass_fields__, "Decimal")
    return {
        "order": order,
        "items": Shape("list", "item", nullable=False, of=item),
        "line": line,
        "price": price,
        "totals": _object("totals", totals | {"currency": "String"}),
        "payments": Shape("list", "payment", nullable=False, of=payment),
        "policy": shape_from_model(OrderPullPolicy),
        "refnum": _scalar("String"),
        "cancel": _scalar("Boolean", nullable=True),
    }


def _scalar(type_name: str, *, nullable: bool = False) -> Shape:
    return Shape("scalar", type_name, nullable=nullable)


def _object(name: str, fields: Mapping[str, str], nullable: Set[str] = frozenset()) -> Shape:
    inside = {k: _scalar(v, nullable=k in nullable) for k, v in fields.items()}
    return Shape("object", name, nullable=False, fields=inside)


def operation_of(mapping: MappingModule, name: str) -> Operation:
    """The operation of this name with what the mapping's ``[select]`` adds to it."""
    found: Operation = mapping.composed.operations.get(name) or operation(name)
    return found


def refnum_of(order: Node, settings: ChannelSettings) -> str:
    """The channel_order_refnum by which RetailOps will know the order."""
    return str(order["name"] if settings.order_refnum == "name" else order["legacyResourceId"])


def offer(
    order: Node, settings: ChannelSettings, mapping: MappingModule, *, cancel: bool
) -> Order | HeldBack:
    """The order as RetailOps takes it, or why it is held back."""
    refnum = refnum_of(order, settings)
    gid = str(order["id"])
    policy = settings.order_pull
    shop_currency = policy.currency == "shop"
    currency = order["currencyCode" if shop_currency else "presentmentCurrencyCode"]
    if currency not in CURRENCIES:
        return HeldBack(
            gid,
            refnum,
            Code.UNSUPPORTED_CURRENCY,
            f"RetailOps has no currency {currency}: set currency = 'shop' in [order_pull] to "
            "send shop money",
        )
    try:
        if cancel:
            # Its lines are gone and nothing is owed: RetailOps needs the refnum and the word.
            priced = PricedOrder(currency, {}, (), Totals(ZERO, ZERO, ZERO, ZERO))
        else:
            priced = price_order(order, mode=policy.price_mode, shop_currency=shop_currency)
        rendered = mapping.render(
            scope(order, priced, settings, mapping, cancel=cancel),
            enter=_enter,
            subject=f"order {refnum}",
        )
        made = Order.model_validate(rendered)
        _prove(made, priced.totals)
    except MoneyMismatch as error:
        return HeldBack(gid, refnum, Code.MONEY_MISMATCH, str(error))
    except MappingError as error:
        return HeldBack(gid, refnum, Code(error.code), error.message, error.place)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(x) for x in first["loc"])
        return HeldBack(gid, refnum, Code.MAPPING_FAILED, f"{where}: {first['msg']}")
    return made


def scope(
    order: Node,
    priced: PricedOrder,
    settings: ChannelSettings,
    mapping: MappingModule,
    *,
    cancel: bool,
) -> dict[str, Any]:
    """What the expressions of mappings/order_pull.toml may name."""
    policy = settings.order_pull
    no_line = dict.fromkeys(mapping.sources["line"].fields)
    return {
        "order": order,
        "items": [_named(item) for item in items(order, priced, policy, no_line)],
        "totals": {**_fields(priced.totals), "currency": priced.currency},
        "payments": [] if cancel else [_fields(p) for p in payments(order)],
        "policy": policy.model_dump(),
        "refnum": refnum_of(order, settings),
        "cancel": True if cancel else None,
    }


def items(
    order: Node, priced: PricedOrder, policy: OrderPullPolicy, no_line: Node
) -> Iterator[Item]:
    """The order's lines as RetailOps shall treat them; ``no_line`` has a line's names, all null.

    A line that is partly shipped comes as two items, so that nothing is shipped twice; the
    shipped part keeps the line's refnum with ``-shipped``.
    """
    point_of_sale = order["sourceName"] == POINT_OF_SALE
    for line in order["lineItems"]:
        quantity = int(line["currentQuantity"])
        if quantity <= 0 or line["id"] not in priced.lines:
            continue
        refnum = line["id"].rsplit("/", 1)[-1]
        price = priced.lines[line["id"]]
        left = to_ship(line)
        if left:
            yield Item(refnum, "ship", left, line, price)
        if quantity > left:
            done = "instore" if point_of_sale and line["requiresShipping"] else "advisory"
            suffix = "-shipped" if left else ""
            rest = price._replace(discount=ZERO) if left else price
            yield Item(refnum + suffix, done, quantity - left, line, rest)
    for extra in priced.extras:
        yield _extra_item(extra, policy, no_line)


def _extra_item(extra: Extra, policy: OrderPullPolicy, no_line: Node) -> Item:
    """An advisory line that Shopify does not have: every other field of a line is null."""
    sku = {"tip": policy.tip_sku, "duty": policy.duty_sku, "fee": policy.fee_sku}[extra.kind]
    price = LinePrice(extra.amount, ZERO, ZERO, extra.amount, extra.amount)
    told = {"sku": sku, "name": extra.title, "title": extra.title, "customAttributes": []}
    return Item(extra.kind, "advisory", 1, {**no_line, **told}, price)


_NAMES: Final = {kind: tuple(field.name for field in fields(kind)) for kind in (Totals, Payment)}


def _fields(record: Totals | Payment) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _NAMES[type(record)]}


def _named(item: Item) -> dict[str, Any]:
    return {
        "refnum": item.refnum,
        "type": item.type,
        "quantity": item.quantity,
        "line": item.line,
        # Net prices carry no item discount: the field is left out rather than sent as 0.
        "price": {**item.price._asdict(), "discount": item.price.discount or None},
    }


def _enter(name: str, element: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inside ``items``: ``line`` and ``price`` as names of their own."""
    if name != "item":
        return {}
    return {"line": element["line"], "price": element["price"]}


def _prove(made: Order, totals: Totals) -> None:
    """The invariant once more, on what is sent: a merchant's mapping may have changed money."""
    told = ZERO
    for item in made.order_items:
        money = item.currency_values
        if money is not None:
            told += item.quantity * ((money.unit_price or ZERO) + (money.unit_tax or ZERO))
            told -= money.discount_amt or ZERO
    values = made.currency_values
    if values is not None:
        told += (values.tax_amt or ZERO) + (values.shipping_amt or ZERO)
        told -= values.discount_amt or ZERO
    if told != totals.due:
        raise MoneyMismatch(
            f"the mapped order adds up to {told}, the customer owes {totals.due}: a rule in "
            "order_pull.toml changes an amount or leaves a line out"
        )
