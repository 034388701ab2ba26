"""How much can be given back, over which tenders, and was it given already? Pure.

The order is RefundState's node; amounts are in the customer's currency. Shared by
order_returned and by whatever else makes refunds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from bridge.actions.currency import presentment
from bridge.actions.money import ZERO
from bridge.shopify.refunds import Part

Node = Mapping[str, Any]


def refundable(order: Node) -> Decimal:
    """What can still be given back in all: received less refunded, as Shopify allows it."""
    if not order["refundable"]:
        return ZERO
    most = presentment(order["netPaymentSet"])
    if order["suggestedRefund"] is not None:
        most = min(most, presentment(order["suggestedRefund"]["maximumRefundableSet"]))
    return max(ZERO, most)


def suggested_shipping(order: Node) -> Decimal:
    """How much shipping, before tax, can still be given back."""
    suggestion = order["suggestedRefund"]
    if suggestion is None:
        return ZERO
    return presentment(suggestion["shipping"]["maximumRefundableSet"])


def spread(order: Node, amount: Decimal) -> tuple[Part, ...]:
    """``amount`` over the tenders in Shopify's order; the parts sum to it, or to all there is.

    First what Shopify suggests for each (a gift card goes first), then, for an amount above the
    suggestion, what each tender still has room for.
    """
    suggestion = order["suggestedRefund"]
    rows = [] if suggestion is None else suggestion["suggestedTransactions"]
    rows = [r for r in rows if r["parentTransaction"] is not None]
    room = [presentment(r["maximumRefundableSet"]) for r in rows]
    parts = [ZERO] * len(rows)
    left = amount
    for limits in ([presentment(r["amountSet"]) for r in rows], room):
        for n, limit in enumerate(limits):
            give = min(left, max(ZERO, min(limit, room[n]) - parts[n]))
            parts[n] += give
            left -= give
    return tuple(
        Part(row["parentTransaction"]["id"], row["gateway"] or "unknown", given)
        for row, given in zip(rows, parts, strict=True)
        if given > 0
    )


def marked(note: str | None, marker: str) -> bool:
    """Whether a note begins with the marker, and not with that of a longer number."""
    return note is not None and re.match(rf"{re.escape(marker)}(?!\d)", note.strip()) is not None


def refund_marked(order: Node, marker: str, *, but: Iterable[str] = ()) -> Node | None:
    """The refund that bears the marker; those of the GIDs ``but`` do not count."""
    known = set(but)
    return next(
        (r for r in order["refunds"] if marked(r["note"], marker) and r["id"] not in known), None
    )
