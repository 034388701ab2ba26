"""What happens to the money of an order: captures, voids, sales by hand, refunds of money.

Each function changes transactions and checks nothing: the mutations do. Shop amounts are those of
the day on which the money moves, not of the order (captured: 1.00 USD of an order at 1.3592 was
1.36 on one day and 1.40 on another).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.sandbox.model import Customer, StoreCreditAccount
from bridge.sandbox.model_fulfillment import Refund
from bridge.sandbox.model_lines import Gateway, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.money import Bag, rounded

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Assumed: nobody can know tomorrow's rate, so it moves by a thousandth a day from the order on.
DAILY_DRIFT = Decimal("0.001")

GATEWAYS: Mapping[str, str] = {
    "shopify_payments": "Shopify Payments",
    "gift_card": "Gift card",
    "shopify_store_credit": "Store credit",
    "paypal": "PayPal",
    "manual": "Manual",
    "bank_deposit": "Bank Deposit",
    "cash": "Cash",
}
"""Gateways and their names for people; of another one the name is made from its handle."""

STORE_CREDIT = "shopify_store_credit"


def gateway_name(gateway: str) -> str:
    """``formattedGateway``."""
    return GATEWAYS.get(gateway, gateway.replace("_", " ").title())


def today(order: Order, presentment: Decimal, at: datetime) -> Bag:
    """An amount in the customer's currency, with its shop amount at the rate of the day."""
    money = order.currencies
    rate = money.rate
    if money.shop != money.presentment:
        days = (at.astimezone(UTC).date() - order.created_at.astimezone(UTC).date()).days
        rate *= 1 + DAILY_DRIFT * days
    return Bag(rounded(presentment * rate, money.shop), presentment, money)


def add_transaction(
    store: Store,
    order: Order,
    kind: str,
    amount: Bag,
    at: datetime,
    *,
    gateway: str,
    parent: Transaction | None = None,
    status: str = "SUCCESS",
    error_code: str | None = None,
) -> Transaction:
    """One more transaction of an order; what is pending succeeds when its gateway says."""
    made = Transaction(
        number_id=store.new_id("OrderTransaction"),
        order=order,
        kind=kind,
        status=status,
        gateway=gateway,
        formatted_gateway=parent.formatted_gateway if parent else gateway_name(gateway),
        amount_set=amount,
        created_at=at,
        processed_at=at,
        parent_transaction=parent,
        test=order.test,
        card_company=parent.card_company if parent and kind != "VOID" else None,
        error_code=error_code,
        manners=parent.manners if parent else Gateway(),
    )
    order.transaction_list.append(made)
    store.keep(made)
    settle_later(store, made, at)
    return made


def settle_later(store: Store, made: Transaction, at: datetime) -> None:
    """A pending transaction succeeds in its time."""
    seconds = made.manners.settles_in
    if made.status != "PENDING" or seconds is None:
        return

    def due(then: datetime) -> None:
        if made.status == "PENDING":
            made.status, made.processed_at = "SUCCESS", then
            store.touch(made.order, then)

    store.later(at + timedelta(seconds=seconds), due)


def lapse_later(store: Store, authorization: Transaction) -> None:
    """An authorisation ends when its time comes."""
    if authorization.authorization_expires_at is None:
        return

    def due(at: datetime) -> None:
        if authorization.left:
            authorization.lapsed = True
            store.touch(authorization.order, at)

    store.later(authorization.authorization_expires_at, due)


# ---- taking


def capture(
    store: Store, parent: Transaction, presentment: Decimal, at: datetime, *, final: bool = False
) -> Transaction:
    """Take money of an authorisation; ``final`` gives the rest of it free (documented)."""
    order, status = parent.order, parent.manners.capture
    made = add_transaction(
        store,
        order,
        "CAPTURE",
        today(order, presentment, at),
        at,
        gateway=parent.gateway,
        parent=parent,
        status=status,
        error_code="CARD_DECLINED" if status == "FAILURE" else None,
    )
    if final and status != "FAILURE" and parent.left:
        void(store, parent, at)
    return made


def void(store: Store, parent: Transaction, at: datetime) -> Transaction:
    """Give an authorisation free; captured: a void has the amount 0.0."""
    order = parent.order
    zero = order.currencies.zero
    return add_transaction(store, order, "VOID", zero, at, gateway=parent.gateway, parent=parent)


def mark_as_paid(store: Store, order: Order, at: datetime) -> list[Transaction]:
    """Capture what is authorised, or note down a sale of what is outstanding (documented).

    Captured: the sale's gateway is ``manual``. Of an order that waits for a payment by another
    way, it is that one (assumed).
    """
    held = [row for row in order.transaction_list if row.left]
    if held:
        return [capture(store, row, row.left.presentment, at) for row in held]
    waiting = [row for row in order.transaction_list if row.status == "PENDING"]
    sale = add_transaction(
        store,
        order,
        "SALE",
        today(order, order.total_outstanding_set.presentment, at),
        at,
        gateway=waiting[0].gateway if waiting else "manual",
        parent=waiting[0] if waiting else None,
    )
    order.payment_pending = False
    return [sale]


# ---- giving back


@dataclass(frozen=True)
class Share:
    """What goes back over one payment: ``presentment`` of at most ``room``."""

    parent: Transaction
    presentment: Decimal
    room: Decimal


def shares(order: Order, presentment: Decimal, *, gateway: str | None = None) -> list[Share]:
    """An amount divided over what was paid: gift cards first, then the others as they were paid.

    Every payment that has something left is listed, also when nothing of the amount falls on it.
    """
    rows = []
    left = all_left = order.refundable_set.presentment
    left = min(presentment, left)
    paid = [row for row in order.transaction_list if row.room > 0]
    for parent in sorted(paid, key=lambda row: row.gateway != "gift_card"):
        room = min(parent.room, all_left)
        if room <= 0 or gateway not in {None, parent.gateway}:
            continue
        give = min(max(left, Decimal(0)), room)
        left -= give
        rows.append(Share(parent, give, room))
    return rows


def pay_back(
    store: Store,
    refund: Refund,
    over: Sequence[tuple[Transaction, Decimal]],
    at: datetime,
    *,
    store_credit: Decimal = Decimal(0),
) -> None:
    """Give money back over payments, and as store credit to the order's customer."""
    order = refund.order
    for parent, presentment in over:
        status = parent.manners.refund
        made = add_transaction(
            store,
            order,
            "REFUND",
            today(order, presentment, at),
            at,
            gateway=parent.gateway,
            parent=parent,
            status=status,
            error_code="PROCESSING_ERROR" if status == "FAILURE" else None,
        )
        refund.transaction_list.append(made)
        if parent.gateway == STORE_CREDIT and status == "SUCCESS":
            _credit(store, order, presentment)
    if store_credit:
        amount = today(order, store_credit, at)
        made = add_transaction(store, order, "REFUND", amount, at, gateway=STORE_CREDIT)
        refund.transaction_list.append(made)
        _credit(store, order, store_credit)


def _credit(store: Store, order: Order, presentment: Decimal) -> None:
    if order.customer is not None:
        account = store_credit_account(store, order.customer, order.currencies.presentment)
        account.amount += presentment


def store_credit_account(store: Store, customer: Customer, currency: str) -> StoreCreditAccount:
    """The customer's account in a currency; the first credit opens it (captured)."""
    for account in customer.store_credit:
        if account.currency == currency:
            return account
    account = StoreCreditAccount(
        number_id=store.new_id("StoreCreditAccount"), currency=currency, amount=Decimal(0)
    )
    customer.store_credit.append(account)
    store.keep(account)
    return account
