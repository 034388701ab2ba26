"""What an order was paid with, from its specification: the ``payment`` of a placed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.sandbox.model_lines import Gateway, Transaction
from bridge.sandbox.model_orders import Order
from bridge.sandbox.paying import gateway_name

_KNOWN: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "paid": ({},),
    "authorized": ({"kind": "AUTHORIZATION"},),
    "pending": ({"gateway": "bank_deposit", "status": "PENDING"},),
    "none": (),
}
_KEYS = frozenset(
    (
        "gateway",
        "kind",
        "status",
        "amount",
        "card",
        "lapsed",
        "expires_in",
        "multi_capturable",
        "captures",
        "refunds",
        "settles_in",
    )
)
_KINDS = ("SALE", "AUTHORIZATION", "CAPTURE")
_STATUSES = ("SUCCESS", "PENDING", "FAILURE")


def _one_of(value: object, known: tuple[str, ...], where: str) -> str:
    if value not in known:
        raise ValueError(f"{where}: {value!r} is not known; known are {', '.join(known)}")
    return str(value)


def _seconds(value: object, where: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{where}: {value!r} is not a number of seconds from 0")
    return float(value)


def tenders(order: Order, given: str | Sequence[Mapping[str, Any]]) -> list[Transaction]:
    """The transactions of an order that is being placed, without numbers, nothing kept yet.

    ``given``: ``paid``, ``authorized``, ``pending``, ``none``, or a list of tenders. Raises
    ValueError with a sentence for the reader.
    """
    if isinstance(given, str):
        if given not in _KNOWN:
            raise ValueError(f"payment {given!r}: known are {', '.join(_KNOWN)}, or a list")
        order.payment_pending = given == "pending"
        given = _KNOWN[given]
    due = order.total_price_set.presentment
    made: list[Transaction] = []
    for n, tender in enumerate(given):
        where = f"payment[{n}]"
        unknown = sorted(set(tender) - _KEYS)
        if unknown:
            known = ", ".join(sorted(_KEYS))
            raise ValueError(f"{where}: unknown {', '.join(unknown)}; known: {known}")
        amount = amount_of(tender.get("amount", due), f"{where}.amount")
        due -= amount
        if amount:
            made.append(_tender(order, tender, amount, where))
    return made


def amount_of(value: object, where: str) -> Decimal:
    """An amount from JSON; ValueError with the place when it is none."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{where}: {value!r} is not an amount; write it as '12.50'") from None


def _tender(order: Order, tender: Mapping[str, Any], amount: Decimal, where: str) -> Transaction:
    gateway = str(tender.get("gateway", "shopify_payments"))
    lapsed, seconds = bool(tender.get("lapsed")), tender.get("expires_in")
    ends = 0.0 if lapsed else _seconds(seconds, f"{where}.expires_in")

    def status(key: str) -> str:
        return _one_of(tender.get(key, "SUCCESS"), _STATUSES, f"{where}.{key}")

    return Transaction(
        number_id=0,
        order=order,
        kind=_one_of(tender.get("kind", "SALE"), _KINDS, f"{where}.kind"),
        status=status("status"),
        gateway=gateway,
        formatted_gateway=gateway_name(gateway),
        amount_set=order.currencies.bag(amount),
        created_at=order.created_at,
        processed_at=order.created_at,
        test=order.test,
        card_company=tender.get("card", "Visa" if gateway == "shopify_payments" else None),
        multi_capturable=bool(tender.get("multi_capturable", False)),
        lapsed=lapsed,
        authorization_expires_at=(
            None if ends is None else order.created_at + timedelta(seconds=ends)
        ),
        manners=Gateway(
            capture=status("captures"),
            refund=status("refunds"),
            settles_in=_seconds(tender.get("settles_in"), f"{where}.settles_in"),
        ),
    )
