"""PaymentState's and RefundState's nodes as Shopify shows them, for tests of pure plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bridge.ledger import Effect, StepRow

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ORDER = "gid://shopify/Order/1"

Node = dict[str, Any]


def bag(amount: object, currency: str = "USD", shop: object = None) -> Node:
    """A MoneyBag; ``shop`` is the amount in US dollars, the same by default."""
    return {
        "presentmentMoney": {"amount": Decimal(str(amount)), "currencyCode": currency},
        "shopMoney": {
            "amount": Decimal(str(amount if shop is None else shop)),
            "currencyCode": "USD",
        },
    }


def transaction(
    number: int,
    kind: str,
    amount: object,
    *,
    parent: int | None = None,
    status: str = "SUCCESS",
    gateway: str = "shopify_payments",
    multi: bool = False,
    left: object = None,
    expires: datetime | None = None,
    currency: str = "USD",
) -> Node:
    """One transaction; ``left`` is what Shopify says can still be captured of it."""
    return {
        "id": f"gid://shopify/OrderTransaction/{number}",
        "kind": kind,
        "status": status,
        "gateway": gateway,
        "processedAt": NOW.replace(minute=number % 60),
        "manualPaymentGateway": gateway == "manual",
        "multiCapturable": multi,
        "authorizationExpiresAt": expires,
        "amountSet": bag(amount, currency),
        "totalUnsettledSet": None if left is None else bag(left, currency),
        "parentTransaction": parent and {"id": f"gid://shopify/OrderTransaction/{parent}"},
    }


def payment_order(
    transactions: Sequence[Node],
    *,
    total: object = 100,
    capturable: object = None,
    currency: str = "USD",
    **fields: Any,
) -> Node:
    """PaymentState's order; by default Shopify lets all of its authorisations be captured."""
    if capturable is None:
        rows = [t for t in transactions if t["kind"] == "AUTHORIZATION"]
        capturable = sum(
            (Decimal(t["amountSet"]["presentmentMoney"]["amount"]) for t in rows), Decimal(0)
        )
    return {
        "id": ORDER,
        "legacyResourceId": "1",
        "name": "#1001",
        "cancelledAt": None,
        "currencyCode": "USD",
        "presentmentCurrencyCode": currency,
        "displayFinancialStatus": "AUTHORIZED",
        "totalCapturableSet": bag(capturable, currency),
        "currentTotalPriceSet": bag(total, currency),
        "totalPriceSet": bag(total, currency),
        "transactions": list(transactions),
        **fields,
    }


def captured_effect(number: int, amount: object, series: str) -> Effect:
    """What the ledger knows of a capture."""
    detail = {
        "transaction": f"gid://shopify/OrderTransaction/{number}",
        "amount": str(amount),
        "series": series,
    }
    return Effect("s.myshopify.com", ORDER, "capture", f"{series}: {number}", detail, NOW)


def suggestion(*tenders: tuple[object, object], most: object = 100, shipping: object = 0) -> Node:
    """A SuggestedRefund: (suggested, at most) of each tender, in Shopify's order."""
    return {
        "maximumRefundableSet": bag(most),
        "shipping": {"amountSet": bag(0), "maximumRefundableSet": bag(shipping)},
        "suggestedTransactions": [
            {
                "gateway": f"gateway_{n}",
                "amountSet": bag(amount),
                "maximumRefundableSet": bag(room),
                "parentTransaction": {"id": f"gid://shopify/OrderTransaction/{n}"},
            }
            for n, (amount, room) in enumerate(tenders)
        ],
    }


def refund_order(**fields: Any) -> Node:
    """RefundState's order: 100.00 paid by one card, nothing given back."""
    return {
        "id": ORDER,
        "name": "#1001",
        "refundable": True,
        "currencyCode": "USD",
        "presentmentCurrencyCode": "USD",
        "customer": None,
        "totalPriceSet": bag(100),
        "netPaymentSet": bag(100),
        "lineItems": [],
        "refunds": [],
        "returns": [],
        "suggestedRefund": suggestion((0, 100)),
        **fields,
    }


def step_row(
    kind: str, natural_id: str, *, pre_image: Mapping[str, Any], expect: Mapping[str, Any]
) -> StepRow:
    """A step as the ledger gives it back after a crash."""
    return StepRow(
        execution_id="e",
        channel=21,
        shop="s.myshopify.com",
        order_gid=ORDER,
        key="k",
        kind=kind,
        natural_id=natural_id,
        operation="OrderCapture",
        idempotency_key="",
        pre_image=pre_image,
        expect=expect,
        id="1",
        state="doubt",
        sent_at=NOW,
        doubt_at=NOW,
        ended_at=None,
        request_id="",
        note="",
        owner="me",
    )
