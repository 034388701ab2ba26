"""What an order_update asks of an order's lines, as changes to them. Pure.

Only lines that are listed are touched; what is absent is not removed. RetailOps' item is found
by its refnum; an item that RetailOps made itself (an ``order_item_id``, no refnum) is a line to
be added, and is known by that id from then on. A refnum that the order does not have falls back
to the SKU when exactly one line has it, and is added when none has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bridge.actions.currency import exchange
from bridge.actions.money import net_and_gross_units
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderItem

Node = Mapping[str, Any]

SHIPPED_PART: Final = "-shipped"  # the part of a line that was shipped before it was pulled
EXTRAS: Final = frozenset({"tip", "duty", "fee"})  # money that order_pull tells as lines


@dataclass(frozen=True, slots=True)
class SetQuantity:
    """A line shall have this current quantity."""

    line: str
    quantity: int


@dataclass(frozen=True, slots=True)
class AddLine:
    """A further line; ``item`` is RetailOps' order_item_id, the effect's natural id."""

    item: str
    sku: str
    quantity: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class LowerPrice:
    """A line's unit price shall fall by ``amount``, in the customer's currency."""

    line: str
    amount: Decimal


@dataclass(slots=True)
class Wanted:
    """All changes of one call; ``failed`` when a line cannot be done, so nothing is."""

    quantities: list[SetQuantity] = field(default_factory=list)
    additions: list[AddLine] = field(default_factory=list)
    discounts: list[LowerPrice] = field(default_factory=list)
    lines: dict[int, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    failed: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is something to edit."""
        return bool(self.quantities or self.additions or self.discounts)


@dataclass(frozen=True, slots=True)
class Known:
    """The order as it is, and the lines that earlier calls added, by order_item_id."""

    order: Node
    added: Mapping[str, str]
    mode: str
    shop_currency: bool
    refnum: str | None

    @property
    def lines(self) -> Mapping[str, Node]:
        """The order's lines by their numeric id."""
        return {number(line["id"]): line for line in self.order["lineItems"]}

    def with_sku(self, sku: str | None) -> list[Node]:
        """Lines of a SKU that still have units."""
        return [
            line
            for line in self.order["lineItems"]
            if sku and line["sku"] == sku and line["currentQuantity"] > 0
        ]


def number(gid: str) -> str:
    """The number of a GID."""
    return gid.rsplit("/", 1)[-1]


def wanted(items: Sequence[OrderItem], known: Known) -> Wanted:
    """The changes that make the order's lines what the call says."""
    out = Wanted()
    claimed: set[str] = set()
    for position, item in enumerate(items):
        refnum = item.channel_item_refnum or ""
        if refnum in EXTRAS or refnum.endswith(SHIPPED_PART):
            continue
        below = _below_zero(item)
        if below is not None:
            out.events.append(_trouble(item, known, *below))
            out.failed = True
            continue
        line = _find(item, known, claimed)
        if isinstance(line, str):
            out.events.append(_trouble(item, known, line))
            out.failed = True
        elif line is None:
            _add(out, item, known)
        elif line["id"] in claimed:
            # The parts of a line that RetailOps split: taking either for the whole would take
            # units off that are wanted.
            why = f"another row of the call is about line {number(line['id'])} too"
            out.events.append(_trouble(item, known, why))
            out.failed = True
        else:
            claimed.add(line["id"])
            out.lines[position] = line["id"]
            _change(out, item, line, known)
    return out


def _below_zero(item: OrderItem) -> tuple[str, Code] | None:
    """Why a row means nothing. Read as 0, its quantity would take the whole line off."""
    if item.removed:
        return None
    if item.quantity is not None and item.quantity < 0:
        return f"the quantity is {item.quantity}", Code.INVALID_QUANTITY
    if item.unit_price is not None and item.unit_price < 0:
        return "the unit_price is below zero", Code.INVALID_FIELD
    return None


def _find(item: OrderItem, known: Known, claimed: Iterable[str]) -> Node | str | None:
    """The line that is meant, None for a new one, or why it cannot be told."""
    refnum = item.channel_item_refnum
    lines = known.lines
    if refnum is not None and number(refnum) in lines:
        return lines[number(refnum)]
    if item.order_item_id is not None:
        added = known.added.get(str(item.order_item_id))
        if added is not None and number(added) in lines:
            return lines[number(added)]
        if refnum is None:
            return None
    same = [line for line in known.with_sku(item.sku) if line["id"] not in claimed]
    if len(same) > 1:
        return f"{len(same)} lines have the SKU {item.sku}, and no refnum tells which is meant"
    return same[0] if same else None


def _add(out: Wanted, item: OrderItem, known: Known) -> None:
    quantity = item.quantity or 0
    if item.removed or quantity <= 0:
        # Nothing to remove: it is not there.
        out.events.append(
            event(
                Code.ALREADY_APPLIED,
                f"order {known.refnum} has no line {_name(item)}: nothing to remove",
                order_refnum=known.refnum,
                item_id=item.order_item_id,
            )
        )
        return
    if item.sku is None or item.order_item_id is None:
        missing = "sku" if item.sku is None else "order_item_id"
        out.events.append(_trouble(item, known, f"a line to be added needs its {missing}"))
        out.failed = True
        return
    price = item.unit_price if item.unit_price else None
    out.additions.append(AddLine(str(item.order_item_id), item.sku, quantity, price))


def _change(out: Wanted, item: OrderItem, line: Node, known: Known) -> None:
    current = int(line["currentQuantity"])
    target = current if item.quantity is None else item.quantity
    if item.removed:
        target = 0
    shipped = current - min(current, int(line["unfulfilledQuantity"]))
    if target < shipped:
        out.events.append(
            event(
                Code.ALREADY_SHIPPED,
                f"line {_name(item)} of order {known.refnum}: {shipped} are shipped already, so "
                f"it is lowered to {shipped}, not to {target}",
                event_type="warning",
                order_refnum=known.refnum,
                item_refnum=number(line["id"]),
                item_id=item.order_item_id,
            )
        )
        target = shipped
    if target != current:
        out.quantities.append(SetQuantity(line["id"], target))
    # 0 is what RetailOps sends for "not told": nothing is ever given away for it.
    if target and item.unit_price:
        _reprice(out, item, line, known)


def _reprice(out: Wanted, item: OrderItem, line: Node, known: Known) -> None:
    price = item.unit_price or Decimal(0)
    now = unit_price(line, known)
    if price == now:
        return
    if price > now:
        out.events.append(
            event(
                Code.PRICE_RAISED,
                f"line {_name(item)} of order {known.refnum}: the price {now} is not raised to "
                f"{price}, since the customer would owe more; raise it in Shopify if it was agreed",
                order_refnum=known.refnum,
                item_refnum=number(line["id"]),
                item_id=item.order_item_id,
            )
        )
        return
    units = net_and_gross_units(known.order, line, shop_currency=known.shop_currency)
    # In a tax-included shop a discount is taken off the price with its tax.
    amount = (now - price) * units.billed / units.net if units.net else now - price
    rates = exchange(known.order, told=None, shop_currency=known.shop_currency)
    if rates is not None:
        out.discounts.append(LowerPrice(line["id"], rates.from_retailops(amount)))


def unit_price(line: Node, known: Known) -> Decimal:
    """A line's unit price as order_pull tells it."""
    units = net_and_gross_units(known.order, line, shop_currency=known.shop_currency)
    return units.net_unit if known.mode == "net" else units.gross_unit


def _name(item: OrderItem) -> str:
    refnum = item.channel_item_refnum or (
        f"order_item_id {item.order_item_id}" if item.order_item_id else "without a refnum"
    )
    return f"{refnum} (SKU {item.sku})" if item.sku else refnum


def _trouble(item: OrderItem, known: Known, why: str, code: Code = Code.ITEM_NOT_FOUND) -> Event:
    return event(
        code,
        f"line {_name(item)} of order {known.refnum}: {why}; nothing of this update was done",
        event_type="error",
        order_refnum=known.refnum,
        item_refnum=item.channel_item_refnum,
        item_id=item.order_item_id,
        sku=item.sku,
    )
