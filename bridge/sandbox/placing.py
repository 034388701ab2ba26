"""Placing an order, from a specification in JSON (``POST /_sandbox/orders`` and the seed)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sandbox.model import Address, Customer, InventoryLevel, Location, Variant
from bridge.sandbox.model_lines import (
    DiscountAllocation,
    LineItem,
    LineItemGroup,
    ShippingLine,
    TaxLine,
)
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag, Currencies, rounded, spread
from bridge.sandbox.paying import lapse_later, settle_later
from bridge.sandbox.routing import LINE_KEYS, routing_of
from bridge.sandbox.tenders import amount_of, tenders

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Shop dollars for one unit, roughly those of 2026; an order may bring its own "rate".
RATES = {
    "USD": Decimal(1),
    "EUR": Decimal("1.08"),
    "GBP": Decimal("1.27"),
    "CAD": Decimal("0.73"),
    "AUD": Decimal("0.66"),
    "JPY": Decimal("0.0067"),
    "SEK": Decimal("0.095"),
}

_ORDER_KEYS = frozenset(
    (
        "lines",
        "email",
        "phone",
        "first_name",
        "last_name",
        "shipping_address",
        "billing_address",
        "discount",
        "shipping",
        "payment",
        "currency",
        "rate",
        "taxes_included",
        "tax_rate",
        "tax_title",
        "tags",
        "note",
        "test",
        "source_name",
        "source_identifier",
        "po_number",
        "custom_attributes",
        "duties",
        "duties_included",
        "fees",
        "tip",
        "risk",
        "kind",
        "delivery",
        "location",
        "locale",
        "client_ip",
        "tax_exempt",
        "hold",
        "scheduled",
    )
)
_LINE_KEYS = (
    frozenset(
        (
            "sku",
            "product",
            "quantity",
            "price",
            "title",
            "variant_title",
            "vendor",
            "discount",
            "tax_rate",
            "taxable",
            "requires_shipping",
            "gift_card",
            "attributes",
            "group",
        )
    )
    | LINE_KEYS
)

_HOME = {
    "first_name": "Sam",
    "last_name": "Shopper",
    "address1": "48 Cedar Lane",
    "city": "Portland",
    "province": "Oregon",
    "province_code": "OR",
    "zip": "97209",
    "country": "United States",
    "country_code": "US",
}


def _known(given: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise ValueError(
            f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(allowed))}"
        )


def _quantity(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{where}: {value!r} is not a quantity; it must be a whole number from 1")
    return value


def address(given: Mapping[str, Any] | None, default: Mapping[str, Any] | None) -> Address | None:
    """An address from JSON; ``None`` stays none, an absent one is the default."""
    if given is None:
        return None if default is None else Address(**default)
    try:
        return Address(**given)
    except TypeError as error:
        raise ValueError(f"address: {error}") from None


class _Placing:
    """One order in the making: the specification, checked step by step before anything is kept."""

    def __init__(self, store: Store, spec: Mapping[str, Any], at: datetime) -> None:
        _known(spec, _ORDER_KEYS, "order")
        self.store, self.spec, self.at = store, spec, at
        currency = str(spec.get("currency", store.shop.currency_code))
        if "rate" not in spec and currency not in RATES:
            raise ValueError(f"currency {currency}: no rate is known; give 'rate'")
        rate = amount_of(spec.get("rate", RATES.get(currency)), "rate")
        self.money = Currencies(store.shop.currency_code, currency, rate)
        self.included = bool(spec.get("taxes_included", store.shop.taxes_included))
        self.tax_title = str(spec.get("tax_title", "VAT" if self.included else "Sales tax"))
        self.tax_rate = amount_of(spec.get("tax_rate", 0), "tax_rate")
        self.location = self._location(spec.get("location"))
        self.groups: dict[str, LineItemGroup] = {}
        # What is asked for the whole order goes for every line that does not say otherwise.
        self.everywhere = {key: spec[key] for key in ("hold", "scheduled") if key in spec}

    def _location(self, name: object) -> Location | None:
        if name is None:
            return None
        for location in self.store.locations.values():
            if location.name == name:
                return location
        names = ", ".join(location.name for location in self.store.locations.values())
        raise ValueError(f"location {name!r}: there is none of that name; there are {names}")

    def order(self) -> Order:
        spec, store = self.spec, self.store
        rows = spec.get("lines") or [{"sku": self._any_sku(), "quantity": 1}]
        physical_default = "shipping_address" not in spec
        order = Order(
            number_id=0,
            kind=str(spec.get("kind", "placed")),
            name="",
            number=0,
            currencies=self.money,
            created_at=self.at,
            processed_at=self.at,
            updated_at=self.at,
            email=spec.get("email", "shopper@example.com"),
            phone=spec.get("phone"),
            note=spec.get("note"),
            po_number=spec.get("po_number"),
            client_ip=spec.get("client_ip", "203.0.113.24"),
            customer_locale=spec.get("locale", "en-US"),
            source_name=spec.get("source_name", "web"),
            source_identifier=spec.get("source_identifier"),
            test=bool(spec.get("test", False)),
            tax_exempt=bool(spec.get("tax_exempt", False)),
            taxes_included=self.included,
            duties_included=bool(spec.get("duties_included", False)),
            tags=sorted(spec.get("tags", []), key=str.casefold),
            custom_attributes=list(spec.get("custom_attributes", [])),
            risk_recommendation=spec.get("risk", "ACCEPT"),
            billing_address=address(spec.get("billing_address"), _HOME),
        )
        order.lines = [self._line(order, row, n) for n, row in enumerate(rows)]
        shippable = any(line.requires_shipping for line in order.lines)
        default = _HOME if physical_default and shippable else None
        order.shipping_address = address(spec.get("shipping_address"), default)
        self._shipping(order, shippable)
        self._discount(order)
        self._taxes(order, rows)
        if "duties" in spec:
            order.duties = self.money.bag(amount_of(spec["duties"], "duties"))
        for name, fee in dict(spec.get("fees", {})).items():
            order.additional_fee_list.append((name, self.money.bag(amount_of(fee, f"fees.{name}"))))
        if "tip" in spec:
            order.tip = self.money.bag(amount_of(spec["tip"], "tip"))
        payments = tenders(order, spec.get("payment", "paid"))
        # Nothing was kept up to here; from now on nothing is refused.
        order.number_id = store.new_id("Order")
        order.number = store.new_order_number()
        order.name = f"#{order.number}"
        for line in order.lines:
            line.number_id = store.new_id("LineItem")
            self._commit(line)
            store.keep(line)
        for shipping in order.shipping_line_list:
            shipping.number_id = store.new_id("ShippingLine")
        for payment in payments:
            payment.number_id = store.new_id("OrderTransaction")
            order.transaction_list.append(payment)
            store.keep(payment)
            lapse_later(store, payment)
            settle_later(store, payment, self.at)
        for where in (order.billing_address, order.shipping_address):
            if where is not None:
                where.number_id = store.new_id("MailingAddress")
        for group in self.groups.values():
            group.number_id = store.new_id("LineItemGroup")
            store.keep(group)
        if spec.get("delivery") == "RETAIL":
            order.retail_location = self.location
        order.customer = self._customer(order)
        store.keep(order)
        return order

    def _any_sku(self) -> str:
        for variant in self.store.variants.values():
            if variant.sku and variant.inventory_item.tracked and variant.inventory_quantity > 0:
                return variant.sku
        raise ValueError("lines: give at least one; no variant is in stock")

    def _variant(self, row: Mapping[str, Any]) -> Variant:
        """By SKU; what has none is named by its product's title."""
        if "product" in row:
            for product in self.store.products.values():
                if product.title == row["product"]:
                    return product.variant_list[0]
            raise ValueError(f"line: no product has the title {row['product']!r}")
        for variant in self.store.by_sku(str(row.get("sku"))):
            return variant
        raise ValueError(f"line: no variant has the SKU {row.get('sku')!r}")

    def _line(self, order: Order, row: Mapping[str, Any], n: int) -> LineItem:
        where = f"lines[{n}]"
        _known(row, _LINE_KEYS, where)
        quantity = _quantity(row.get("quantity", 1), f"{where}.quantity")
        custom = "title" in row and row.get("sku") is None
        variant = None if custom else self._variant(row)
        if variant is not None:
            price = rounded(variant.price / self.money.rate, self.money.presentment)
            title, product = variant.product.title, variant.product
            variant_title = None if variant.title == "Default Title" else variant.title
            physical, gift = variant.inventory_item.requires_shipping, product.is_gift_card
            vendor, taxable = product.vendor, variant.taxable
        else:
            price, title, variant_title = Decimal(0), str(row["title"]), None
            physical, gift, vendor, taxable = True, False, None, True
        if "price" in row:
            price = amount_of(row["price"], f"{where}.price")
        line = LineItem(
            number_id=0,
            order=order,
            title=title,
            quantity=quantity,
            original_unit_price_set=self.money.bag(price),
            variant=variant,
            variant_title=row.get("variant_title", variant_title),
            sku=variant.sku if variant is not None else None,
            vendor=row.get("vendor", vendor),
            requires_shipping=bool(row.get("requires_shipping", physical)),
            is_gift_card=bool(row.get("gift_card", gift)),
            taxable=bool(row.get("taxable", taxable)),
            custom_attributes=list(row.get("attributes", [])),
        )
        line.routing = routing_of({**self.everywhere, **row}, where, line, self._location)
        if "discount" in row:
            off = self.money.bag(amount_of(row["discount"], f"{where}.discount"))
            line.discount_allocations.append(DiscountAllocation(allocated_amount_set=off))
        if "group" in row:
            line.line_item_group = self._group(row["group"])
        return line

    def _group(self, sku: str) -> LineItemGroup:
        if sku not in self.groups:
            parent = self._variant({"sku": sku})
            self.groups[sku] = LineItemGroup(
                number_id=0,
                title=parent.product.title,
                quantity=1,
                variant_sku=parent.sku,
                variant_id=parent.id,
                product_id=parent.product.id,
            )
        return self.groups[sku]

    def _shipping(self, order: Order, shippable: bool) -> None:
        default = {"title": "Standard Shipping", "price": "6.90"} if shippable else None
        given = self.spec.get("shipping", default)
        if given is None:
            return
        order.shipping_line_list.append(
            ShippingLine(
                number_id=0,
                order=order,
                title=given.get("title", "Standard Shipping"),
                original_price_set=self.money.bag(
                    amount_of(given.get("price", "6.90"), "shipping.price")
                ),
                code=given.get("code", given.get("title", "Standard Shipping")),
                carrier_identifier=given.get("carrier"),
                delivery_category=given.get("category"),
                source=given.get("source", "shopify"),
            )
        )

    def _discount(self, order: Order) -> None:
        given = self.spec.get("discount")
        if not given:
            return
        code = given.get("code")
        if code:
            order.discount_codes.append(code)
        if given.get("free_shipping"):
            for shipping in order.shipping_line_list:
                shipping.discount_allocations.append(
                    DiscountAllocation(allocated_amount_set=shipping.original_price_set, code=code)
                )
            return
        seen = [line.net.presentment for line in order.lines]
        whole = sum(seen, Decimal(0))
        if "percent" in given:
            percent = amount_of(given["percent"], "discount.percent")
            off = rounded(whole * percent / 100, self.money.presentment)
        else:
            off = min(amount_of(given.get("amount", 0), "discount.amount"), whole)
        for line, share in zip(order.lines, spread(off, seen, self.money.presentment), strict=True):
            if share:
                line.discount_allocations.append(
                    DiscountAllocation(
                        allocated_amount_set=self.money.bag(share), code=code, across_order=True
                    )
                )

    def _tax(self, net: Bag, rate: Decimal) -> TaxLine:
        base = net.presentment
        amount = base * rate / (1 + rate) if self.included else base * rate
        return TaxLine(title=self.tax_title, rate=rate, price_set=self.money.bag(amount))

    def _taxes(self, order: Order, rows: Sequence[Mapping[str, Any]]) -> None:
        for n, (line, row) in enumerate(zip(order.lines, rows, strict=True)):
            rate = amount_of(row.get("tax_rate", self.tax_rate), f"lines[{n}].tax_rate")
            if rate and line.taxable and not order.tax_exempt:
                line.tax_line_list.append(self._tax(line.net, rate))
        given = self.spec.get("shipping") or {}
        taxed = given.get("taxed", self.included)
        for shipping in order.shipping_line_list:
            if taxed and self.tax_rate and not order.tax_exempt:
                shipping.tax_lines.append(self._tax(shipping.discounted_price_set, self.tax_rate))

    def _commit(self, line: LineItem) -> None:
        """Move the units from available to committed, where there is stock (captured)."""
        variant = line.variant
        if variant is None or not variant.inventory_item.tracked:
            return
        for place, units in line.routing.shares:
            self._commit_at(line, variant.inventory_item.levels[place.number_id], units)
        if line.routing.shares:
            return
        levels = [level for level in variant.inventory_item.levels.values() if level.is_active]
        if self.location is not None:
            levels = [level for level in levels if level.location is self.location] or levels
        if not levels:
            return

        def stocked(level: InventoryLevel) -> bool:
            return level.available >= line.quantity

        level = next(filter(stocked, levels), levels[0])
        self._commit_at(line, level, line.quantity)

    def _commit_at(self, line: LineItem, level: InventoryLevel, units: int) -> None:
        level.available -= units
        level.committed += units
        level.updated_at = self.at
        line.stocked_at = line.stocked_at or level.location

    def _customer(self, order: Order) -> Customer | None:
        if order.email is None and order.phone is None:
            return None
        for customer in self.store.customers.values():
            if order.email is not None and customer.email == order.email:
                return customer
        where = order.shipping_address or order.billing_address
        customer = Customer(
            number_id=self.store.new_id("Customer"),
            created_at=self.at,
            updated_at=self.at,
            email=order.email,
            phone=order.phone,
            first_name=self.spec.get("first_name", where.first_name if where else None),
            last_name=self.spec.get("last_name", where.last_name if where else None),
        )
        self.store.keep(customer)
        return customer


def place(store: Store, spec: Mapping[str, Any], *, at: datetime) -> Order:
    """Place an order at ``at``: lines, money, payments, committed stock; no fulfillment orders yet.

    Raises ValueError, with what is wrong and what is possible; nothing has happened then.
    """
    return _Placing(store, spec, at).order()
