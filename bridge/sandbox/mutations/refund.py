"""``refundCreate``: goods, shipping and money in one call, or any of them.

Captured texts: ``2026-04/orders/refund-create-transactions-validation`` and
``2025-01/orders/refund-create-user-errors-and-quantities``. Documented: the key is mandatory, the
currency too where the customer's differs. Assumed: the words for what no recording shows (currency,
an unknown line or location, shipping, the room of one payment, store credit without a customer).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bridge.sandbox import paying, refunding
from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import Location
from bridge.sandbox.model_fulfillment import Refund
from bridge.sandbox.model_lines import Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import places, rounded, scalar_text
from bridge.sandbox.mutations.pay import NO_ORDER, Row, decimal_of, error
from bridge.sandbox.refunding import Units
from bridge.sandbox.shipping import close_when_done

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_SIGNS = {"USD": "$", "CAD": "$", "AUD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def priced(amount: Decimal, currency: str) -> str:
    """``$999.00``: as the captured message has it; other signs are assumed."""
    text = f"{rounded(amount, currency):.{places(currency)}f}"
    sign = _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}"


@dataclass
class Wanted:
    """What a refund is to give back, read from its input; ``errors`` says what is wrong with it."""

    order: Order
    units: list[Units] = field(default_factory=list)
    shipping: Decimal = Decimal(0)
    over: list[tuple[Transaction, Decimal]] = field(default_factory=list)
    store_credit: Decimal = Decimal(0)
    errors: list[Row] = field(default_factory=list)

    def refuse(self, at: list[str] | None, message: str) -> None:
        """One more thing that is wrong."""
        self.errors.append(error(at, message))

    def read_lines(self, store: Store, rows: Sequence[Mapping[str, Any]]) -> None:
        """``refundLineItems``; a line that is named twice counts once, with both quantities."""
        asked: dict[str, int] = {}
        for n, row in enumerate(rows):
            at = ["refundLineItems", str(n)]
            found = (line for line in self.order.lines if line.id == row["lineItemId"])
            line = next(found, None)
            if line is None:
                self.refuse([*at, "lineItemId"], "Line item does not exist")
                continue
            asked[line.id] = asked.get(line.id, 0) + row["quantity"]
            if row["quantity"] < 1:
                self.refuse([*at, "quantity"], "Quantity must be greater than 0")
            elif asked[line.id] > line.refundable_quantity:
                message = "Quantity cannot refund more items than were purchased"
                self.refuse([*at, "quantity"], message)
            restock = row.get("restockType") or "NO_RESTOCK"
            if restock == "LEGACY_RESTOCK":  # documented: not accepted
                self.refuse([*at, "restockType"], "Restock type is invalid")
            place = None
            if row.get("locationId") and restock != "NO_RESTOCK":
                place = store.find_as(Location, row["locationId"])
                if place is None or not place.is_active:
                    self.refuse([*at, "locationId"], "Location does not exist")
            self.units.append(Units(line, row["quantity"], restock, place))

    def read_shipping(self, given: Mapping[str, Any] | None) -> None:
        """``shipping``: an amount before tax, which goes before ``fullRefund``."""
        if not given:
            return
        most = self.order.current_shipping_price_set.presentment
        if given.get("amount") is not None:
            self.shipping = decimal_of(given["amount"])
        elif given.get("fullRefund"):
            self.shipping = most
        if not 0 <= self.shipping <= most:
            left = priced(most, self.order.currencies.presentment)
            message = f"Shipping amount cannot be greater than the refundable shipping {left}"
            self.refuse(["shipping", "amount"], message)

    def read_transactions(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """``transactions``: the parent decides the gateway, whatever name is given (captured)."""
        parents = {row.id: row for row in self.order.transaction_list}
        for row in rows:
            parent = parents.get(row.get("parentId") or "")
            if row["kind"] != "REFUND":
                kind = row["kind"].lower()
                self.refuse(None, f"Kind {kind} is not a valid transaction")
            elif parent is None or parent.kind not in {"SALE", "CAPTURE"}:
                message = "Transactions require a parent_id associated with the order"
                self.refuse(["transactions"], message)
            else:
                self.add_over(parent, decimal_of(row["amount"]))

    def add_over(self, parent: Transaction, amount: Decimal) -> None:
        """Money over one payment."""
        if not amount > 0:
            self.refuse(["transactions"], "Transactions amount must be greater than zero")
        else:
            self.over.append((parent, amount))

    def read_methods(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """``refundMethods``: store credit for the order's customer."""
        presentment = self.order.currencies.presentment
        for row in rows:
            credit = row.get("storeCreditRefund")
            if credit is None:
                continue
            amount = decimal_of(credit["amount"]["amount"])
            if self.order.customer is None:
                message = "Store credit can only be refunded to an order with a customer"
                self.refuse(["refundMethods"], message)
            elif credit["amount"]["currencyCode"] != presentment:
                self.refuse(["refundMethods"], f"Currency must be {presentment}")
            elif not amount > 0:
                self.refuse(["refundMethods"], "Amount must be greater than zero")
            else:
                self.store_credit += amount

    def check_money(self) -> None:
        """Never more than was received, in all and over each payment."""
        money, left = self.order.currencies, self.order.refundable_set.presentment
        amount = sum((row[1] for row in self.over), self.store_credit)
        if amount > left:
            # Captured, also with allowOverRefunding.
            message = (
                f"Refund amount {priced(amount, money.presentment)} is greater than "
                f"net payment received {priced(left, money.presentment)}"
            )
            self.refuse(None, message)
            return
        sums: dict[str, Decimal] = {}
        for parent, given in self.over:
            sums[parent.id] = sums.get(parent.id, Decimal(0)) + given
            if sums[parent.id] > parent.room:
                room = priced(parent.room, money.presentment)
                message = f"Transactions amount is greater than the refundable {room} of its parent"
                self.refuse(["transactions"], message)


def _check_currency(wanted: Wanted, currency: str | None) -> None:
    money = wanted.order.currencies
    if currency is None and money.shop != money.presentment:
        wanted.refuse(["currency"], "Currency is required for orders in another currency")
    elif currency is not None and currency != money.presentment:
        wanted.refuse(["currency"], f"Currency must be {money.presentment}")


def _read(store: Store, order: Order, given: Mapping[str, Any]) -> Wanted:
    for name in ("refundDuties", "processedAt"):
        if given.get(name):
            raise NotModelled(f"the argument {name} of refundCreate")
    wanted = Wanted(order)
    _check_currency(wanted, given.get("currency"))
    wanted.read_lines(store, given.get("refundLineItems") or ())
    wanted.read_shipping(given.get("shipping"))
    wanted.read_transactions(given.get("transactions") or ())
    wanted.read_methods(given.get("refundMethods") or ())
    if not wanted.errors:
        wanted.check_money()
    if not (wanted.errors or wanted.units or wanted.shipping or wanted.over or wanted.store_credit):
        wanted.refuse(None, "Refund must have line items, shipping or transactions")
    return wanted


def create(_root: object, info: Info, input: Row) -> Row:
    """Give back; refused as a whole when one thing is wrong (captured)."""
    store: Store = info.context.store
    store.settle()
    order = store.find_as(Order, input["orderId"])
    if order is None:
        return {"refund": None, "order": None, "userErrors": [error(["orderId"], NO_ORDER)]}
    wanted = _read(store, order, input)
    if wanted.errors:
        return {"refund": None, "order": order, "userErrors": wanted.errors}
    at = store.clock()
    made = refunding.give_back(
        store, order, at, units=wanted.units, shipping=wanted.shipping, note=input.get("note")
    )
    paying.pay_back(store, made, wanted.over, at, store_credit=wanted.store_credit)
    refunded(store, made, "refundCreate")
    return {"refund": made, "order": order, "userErrors": []}


def refunded(store: Store, made: Refund, mutation: str) -> None:
    """Tell the index and the journal of a refund."""
    order = made.order
    store.touch(order)
    detail: Row = {
        "amount": scalar_text(
            sum((row.amount_set.presentment for row in made.transaction_list), Decimal(0))
        ),
        "currency": order.currencies.presentment,
        "note": made.note,
        "lines": [
            {
                "line": row.line_item.legacy_resource_id,
                "sku": row.line_item.sku,
                "quantity": row.quantity,
                "restock_type": row.restock_type,
            }
            for row in made.line_items
        ],
        "shipping": scalar_text(
            sum((row.subtotal_amount_set.presentment for row in made.shipping_lines), Decimal(0))
        ),
        "transactions": [
            {
                "id": row.legacy_resource_id,
                "status": row.status,
                "amount": scalar_text(row.amount_set.presentment),
                "gateway": row.gateway,
                "parent": row.parent_transaction and row.parent_transaction.legacy_resource_id,
            }
            for row in made.transaction_list
        ],
    }
    ids = [made.id, *(row.id for row in made.transaction_list)]
    store.record(mutation, order=order.id, ids=ids, detail=detail)
    close_when_done(store, order)
