"""Editing an order: a session of staged changes, and what its commit makes of them.

Nothing of a session is seen on the order before the commit, which changes all at once. Captured:
the sums (``2026-04/orders/order-edit-money-math``), a fixed discount counts per unit, a percentage
over the line, staged lines have UUIDs. Assumed: further units of a line cost what it costs, with
its discounts and taxes in proportion; a discount never makes a price negative and takes its share
of the tax away; an added line is taxed like the order's first taxed line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from bridge.sandbox.cancelling import fresh_uuid
from bridge.sandbox.model import Location, Node, Variant, gid
from bridge.sandbox.model_lines import DiscountAllocation, LineItem, TaxLine
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag, total

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


@dataclass(frozen=True)
class Discount:
    """A discount that is being added to a line: ``fixed`` per unit, or ``percent`` (10 is 10 %)."""

    uuid: str
    number: int
    description: str | None
    fixed: Decimal | None = None
    percent: Decimal = Decimal(0)

    def off(self, line: LineItem, quantity: int, left: Bag) -> Bag:
        """What it takes off ``quantity`` units of which ``left`` is still to be paid."""
        if self.fixed is None:
            whole = line.original_unit_price_set * quantity
            taken = whole.ratio(self.percent, Decimal(100))
        else:
            taken = line.order.currencies.bag(self.fixed) * quantity
        return taken if taken.presentment <= left.presentment else left

    @property
    def application(self) -> dict[str, str | None]:
        """``CalculatedManualDiscountApplication``."""
        kind = "CalculatedManualDiscountApplication"
        return {"__typename": kind, "id": gid(kind, self.uuid), "description": self.description}

    @property
    def staged_change(self) -> dict[str, str]:
        """``OrderStagedChangeAddLineItemDiscount``."""
        kind = "OrderStagedChangeAddLineItemDiscount"
        return {"id": gid(kind, self.number), "description": self.description or ""}


@dataclass(frozen=True)
class Terms:
    """What ``quantity`` units of a line cost; ``units`` of them are current."""

    units: int
    quantity: int
    original: Bag
    allocations: tuple[DiscountAllocation, ...]
    taxes: tuple[TaxLine, ...]

    @property
    def net(self) -> Bag:
        """After every discount."""
        bags = (row.allocated_amount_set for row in self.allocations)
        return self.original - total(bags, self.original.currencies)

    @property
    def tax(self) -> Bag:
        """All taxes."""
        return total((row.price_set for row in self.taxes), self.original.currencies)

    def current(self, whole: Bag) -> Bag:
        """The share of the current units."""
        return whole.part(self.units, self.quantity)


def restate(line: LineItem, delta: int, discounts: Sequence[Discount]) -> Terms:
    """A line's terms with ``delta`` more (or fewer) current units and further discounts.

    Units that are taken off stay in its quantity, as in its taxes and discounts (captured).
    """
    old, quantity = line.quantity, line.quantity + max(delta, 0)
    allocations = [
        replace(row, allocated_amount_set=row.allocated_amount_set.part(quantity, old))
        for row in line.discount_allocations
    ]
    taxes = [
        replace(row, price_set=row.price_set.part(quantity, old)) for row in line.tax_line_list
    ]
    original = line.original_unit_price_set * quantity
    spent = (row.allocated_amount_set for row in allocations)
    before = left = original - total(spent, original.currencies)
    for discount in discounts:
        taken = discount.off(line, quantity, left)
        left = left - taken
        allocations.append(DiscountAllocation(allocated_amount_set=taken))
    if left != before:
        share = left.presentment, before.presentment
        taxes = [replace(row, price_set=row.price_set.ratio(*share)) for row in taxes]
    units = line.current_quantity + delta
    return Terms(units, quantity, original, tuple(allocations), tuple(taxes))


@dataclass(kw_only=True)
class CalculatedLine:
    """A line in a session. ``key``: the number of its line, or a UUID for one that is added.

    ``begun`` are its current units at the beginning, ``units`` those that it is to have.
    """

    key: str
    line: LineItem
    begun: int
    units: int
    restock: bool = False
    discounts: list[Discount] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The global id."""
        return gid("CalculatedLineItem", self.key)

    @property
    def delta(self) -> int:
        """Units more than before; negative for fewer."""
        return self.units - self.begun

    @property
    def changed(self) -> bool:
        """A commit would change it."""
        return bool(self.delta or self.discounts)

    @property
    def terms(self) -> Terms:
        """What it will cost."""
        return restate(self.line, self.delta, self.discounts)

    # ---- CalculatedLineItem

    @property
    def quantity(self) -> int:
        """The units that it will have."""
        return self.units

    @property
    def editable_quantity(self) -> int:
        """Of these, what is not shipped."""
        return max(self.editable_quantity_before_changes + self.delta, 0)

    @property
    def editable_quantity_before_changes(self) -> int:
        """Units that are not shipped now."""
        return self.line.unfulfilled_quantity

    @property
    def title(self) -> str:
        """The line's title."""
        return self.line.title

    @property
    def sku(self) -> str | None:
        """The line's SKU."""
        return self.line.sku

    @property
    def variant(self) -> Variant | None:
        """The line's variant."""
        return self.line.variant

    @property
    def original_unit_price_set(self) -> Bag:
        """Before discounts."""
        return self.line.original_unit_price_set

    @property
    def discounted_unit_price_set(self) -> Bag:
        """After the line's own discounts, not those over the whole order (documented)."""
        terms = self.terms
        own = (row.allocated_amount_set for row in terms.allocations if not row.across_order)
        net = terms.original - total(own, terms.original.currencies)
        return net.part(1, terms.quantity)

    @property
    def has_staged_line_item_discount(self) -> bool:
        """A discount is being added."""
        return bool(self.discounts)

    @property
    def calculated_discount_allocations(self) -> list[dict[str, object]]:
        """Every discount's share of the units that it will have, those being added last."""
        terms, known = self.terms, len(self.line.discount_allocations)
        applications: list[dict[str, str | None]] = [
            _application(self.key, n, row) for n, row in enumerate(terms.allocations[:known])
        ]
        applications += [discount.application for discount in self.discounts]
        return [
            {
                "allocatedAmountSet": terms.current(row.allocated_amount_set),
                "discountApplication": application,
            }
            for row, application in zip(terms.allocations, applications, strict=True)
        ]


def _application(key: str, n: int, row: DiscountAllocation) -> dict[str, str | None]:
    """A discount that the order has already: by code or not."""
    which = "DiscountCode" if row.code else "Automatic"
    kind = f"Calculated{which}DiscountApplication"
    return {"__typename": kind, "id": gid(kind, f"{key}-{n + 1}"), "description": row.code}


@dataclass(kw_only=True)
class EditSession(Node):
    """``CalculatedOrder``; its ``OrderEditSession`` has the same number (captured)."""

    gql_type: ClassVar[str] = "CalculatedOrder"
    order: Order = field(repr=False)
    existing: list[CalculatedLine]
    added: list[CalculatedLine] = field(default_factory=list)

    @property
    def session(self) -> dict[str, str]:
        """``OrderEditSession``."""
        return {"id": gid("OrderEditSession", self.number_id)}

    @property
    def changed(self) -> bool:
        """A commit would change the order."""
        return bool(self.added) or any(row.changed for row in self.existing)

    def line(self, identifier: str) -> CalculatedLine | None:
        """A line by its id."""
        rows = (row for row in [*self.existing, *self.added] if row.id == identifier)
        return next(rows, None)

    # ---- CalculatedOrder

    @property
    def original_order(self) -> Order:
        """The order, without any of it."""
        return self.order

    @property
    def subtotal_line_items_quantity(self) -> int:
        """Units in all."""
        return sum(row.units for row in [*self.existing, *self.added])

    @property
    def subtotal_price_set(self) -> Bag:
        """Lines after discounts, with the units that they will have."""
        rows = [row.terms for row in [*self.existing, *self.added]]
        return total((terms.current(terms.net) for terms in rows), self.order.currencies)

    @property
    def total_price_set(self) -> Bag:
        """What the order will cost, shipping and tax included."""
        order = self.order
        price = order.current_total_price_set + self.subtotal_price_set
        price = price - order.current_subtotal_price_set
        if order.taxes_included:
            return price
        rows = [row.terms for row in [*self.existing, *self.added]]
        taxes = total((terms.current(terms.tax) for terms in rows), order.currencies)
        now = (line.current(line.tax) for line in order.lines)
        return price + taxes - total(now, order.currencies)

    @property
    def total_outstanding_set(self) -> Bag:
        """What will be left to pay; negative when too much was paid."""
        order = self.order
        return order.total_outstanding_set + self.total_price_set - order.current_total_price_set


# ---- sessions


def begin(store: Store, order: Order) -> EditSession:
    """A session of its own: what others staged is not in it."""
    made = EditSession(
        number_id=store.new_id("CalculatedOrder"),
        order=order,
        existing=[
            CalculatedLine(
                key=line.legacy_resource_id,
                line=line,
                begun=line.current_quantity,
                units=line.current_quantity,
            )
            for line in order.lines
        ],
    )
    store.keep(made)
    store.edits[made.id] = made
    return made


def end(store: Store, order: Order) -> None:
    """After a commit no session of the order is left (assumed for the others)."""
    for identifier in [key for key, node in store.edits.items() if node.order is order]:
        del store.edits[identifier], store.nodes[identifier]


def add(
    store: Store, session: EditSession, variant: Variant, units: int, place: Location | None
) -> CalculatedLine:
    """Stage a line of a variant at its price of today."""
    made = CalculatedLine(
        key=fresh_uuid(store, "CalculatedLineItem"),
        line=draft(session.order, variant, units, place),
        begun=units,
        units=units,
    )
    session.added.append(made)
    return made


def draft(order: Order, variant: Variant, units: int, place: Location | None) -> LineItem:
    """A line of a variant that is not on the order yet; committed where there is stock."""
    product, rate = variant.product, order.currencies.rate
    line = LineItem(
        number_id=0,
        order=order,
        title=product.title,
        quantity=units,
        original_unit_price_set=order.currencies.bag(variant.price / rate),
        variant=variant,
        variant_title=None if variant.title == "Default Title" else variant.title,
        sku=variant.sku,
        vendor=product.vendor,
        requires_shipping=variant.inventory_item.requires_shipping,
        is_gift_card=product.is_gift_card,
        taxable=variant.taxable,
        stocked_at=_stock_place(variant, units, place),
    )
    if line.taxable and not order.tax_exempt:
        line.tax_line_list = _taxes(order, line.net)
    return line


def _stock_place(variant: Variant, units: int, place: Location | None) -> Location | None:
    if not variant.inventory_item.tracked:
        return None
    levels = [row for row in variant.inventory_item.levels.values() if row.is_active]
    asked = [row for row in levels if row.location is place]
    enough = [row for row in levels if row.available >= units]
    for row in (*asked, *enough, *levels):
        return row.location
    return None


def _taxes(order: Order, net: Bag) -> list[TaxLine]:
    """The taxes of the order's first taxed line, on another price."""
    like = next((line.tax_line_list for line in order.lines if line.tax_line_list), [])
    inside = 1 + sum((row.rate for row in like), Decimal(0)) if order.taxes_included else Decimal(1)
    return [
        replace(row, price_set=order.currencies.bag(net.presentment * row.rate / inside))
        for row in like
    ]
