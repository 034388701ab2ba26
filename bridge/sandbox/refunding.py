"""What refunds give back of goods and shipping, and what Shopify would suggest for them.

``refund`` and ``give_back`` change quantities, fulfillment orders, stock and money together and
check nothing: the mutations do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.sandbox.model import InventoryLevel, Location
from bridge.sandbox.model_fulfillment import Refund, RefundLine, RefundShippingLine, Return
from bridge.sandbox.model_lines import LineItem, ShippingLine
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag, total
from bridge.sandbox.paying import pay_back, shares
from bridge.sandbox.shipping import stock, withdraw

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


@dataclass(frozen=True)
class Units:
    """Units of a line in a refund. ``restock`` RETURN, CANCEL or NO_RESTOCK.

    ``location``: where they go back to; None is where they came from.
    """

    line: LineItem
    quantity: int
    restock: str = "NO_RESTOCK"
    location: Location | None = None


def worth(line: LineItem, units: int) -> tuple[Bag, Bag]:
    """Price and tax of units that leave the line now, by difference.

    So what is left and what went back make up the line exactly.
    """
    before, whole = line.current_quantity, line.quantity
    after = max(before - units, 0)
    return (
        line.net.part(before, whole) - line.net.part(after, whole),
        line.tax.part(before, whole) - line.tax.part(after, whole),
    )


def shipping_worth(order: Order, presentment: Decimal) -> list[tuple[ShippingLine, Bag, Bag]]:
    """Price and tax, by shipping line, of an amount of shipping before tax; oldest line first."""
    rows = []
    for line in order.shipping_line_list:
        left = line.current_discounted_price_set
        give = min(presentment, left.presentment)
        if give <= 0:
            continue
        presentment -= give
        price = left.ratio(give, left.presentment)
        rows.append((line, price, line.current(line.tax).ratio(give, left.presentment)))
    return rows


def overpaid(order: Order) -> Bag:
    """What the customer paid too much, after an edit; else nothing."""
    outstanding = order.total_outstanding_set
    return -outstanding if outstanding.presentment < 0 else order.currencies.zero


def suggested(order: Order, units: Iterable[Units], shipping: Decimal) -> Bag:
    """What is due back for units and shipping: never more than can be given back (documented)."""
    bags = [overpaid(order)]
    parts = [worth(row.line, row.quantity) for row in units]
    parts += [(price, tax) for _, price, tax in shipping_worth(order, shipping)]
    for price, tax in parts:
        bags.append(price)
        if not order.taxes_included:
            bags.append(tax)
    due, most = total(bags, order.currencies), order.refundable_set
    return due if due.presentment <= most.presentment else most


def give_back(
    store: Store,
    order: Order,
    at: datetime,
    *,
    units: Sequence[Units] = (),
    shipping: Decimal = Decimal(0),
    note: str | None = None,
    of_return: Return | None = None,
) -> Refund:
    """A refund of goods and shipping, without money yet."""
    made = Refund(
        number_id=store.new_id("Refund"),
        order=order,
        created_at=at,
        updated_at=at,
        overpaid=overpaid(order),
        refundable=order.refundable_set,
        of_return=of_return,
        note=note,
    )
    order.refund_list.append(made)
    for row in units:
        made.line_items.append(_take_back(store, order, row, at))
    for line, price, tax in shipping_worth(order, shipping):
        made.shipping_lines.append(
            RefundShippingLine(
                number_id=store.new_id("RefundShippingLine"),
                shipping_line=line,
                subtotal_amount_set=price,
                tax_amount_set=tax,
            )
        )
    order.updated_at = at
    store.keep(made)
    return made


def unshipped_of(row: Units) -> int:
    """How many of the units nobody shipped.

    A RETURN takes those that were shipped first (documented: it is for fulfilled ones), CANCEL
    and NO_RESTOCK the others (documented for CANCEL, assumed for NO_RESTOCK).
    """
    open_units = row.line.unfulfilled_quantity
    if row.restock == "RETURN":
        return max(row.quantity - (row.line.current_quantity - open_units), 0)
    return min(row.quantity, open_units)


def _take_back(store: Store, order: Order, row: Units, at: datetime) -> RefundLine:
    line, unshipped, restocked = row.line, unshipped_of(row), row.restock != "NO_RESTOCK"
    price, tax = worth(line, row.quantity)
    if restocked and row.location is not None and row.location is not line.stocked_at:
        _stocked_at(line, row.location, at)
        withdraw(order, line, unshipped, restock=False)
        stock(line, row.location, available=row.quantity)
    else:
        withdraw(order, line, unshipped, restock=restocked)
        stock(line, line.stocked_at, available=row.quantity - unshipped if restocked else 0)
    if line.variant is not None:
        store.index.touch("ProductVariant", line.variant.id)
    return RefundLine(
        number_id=store.new_id("RefundLineItem"),
        line_item=line,
        quantity=row.quantity,
        restock_type=row.restock,
        subtotal_set=price,
        total_tax_set=tax,
        location=(row.location or line.stocked_at) if restocked else None,
        unshipped=unshipped,
    )


def _stocked_at(line: LineItem, place: Location, at: datetime) -> None:
    """Let an item be stocked where its units come back to (assumed)."""
    if line.variant is not None and line.variant.inventory_item.tracked:
        item = line.variant.inventory_item
        if place.number_id not in item.levels:
            item.levels[place.number_id] = InventoryLevel(
                item=item, location=place, created_at=at, updated_at=at
            )


def refund(
    store: Store,
    order: Order,
    at: datetime,
    *,
    lines: Sequence[tuple[int, int, str]] = (),
    shipping: bool = False,
    amount: Bag | None = None,
    note: str | None = None,
    gateway: str | None = None,
) -> Refund:
    """As people do it: goods (position, units, restock type), all shipping, or money alone.

    The money goes back as suggested. ``amount`` replaces what the goods and the shipping are
    worth; zero moves none.
    """
    whole = order.current_shipping_price_set.presentment if shipping else Decimal(0)
    units = [Units(order.lines[n], count, restock) for n, count, restock in lines]
    made = give_back(store, order, at, units=units, shipping=whole, note=note)
    owed = (made.suggested if amount is None else amount).presentment
    over = [(row.parent, row.presentment) for row in shares(order, owed, gateway=gateway)]
    pay_back(store, made, [row for row in over if row[1]], at)
    return made
