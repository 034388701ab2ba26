"""Returns that the shop itself has opened: processing one, with or without money, and closing it.

Documents: ReturnProcess and ReturnClose (10 points each). Neither is idempotent at Shopify;
closing a closed return changes nothing (captured), processing one twice does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bridge.shopify.documents import Operation, operation
from bridge.shopify.refunds import Part, store_credit_method


def return_process() -> Operation:
    """``returnProcess``: the return stays open afterwards."""
    return operation("ReturnProcess")


def return_close() -> Operation:
    """``returnClose``."""
    return operation("ReturnClose")


def process_variables(
    return_gid: str,
    *,
    lines: Mapping[str, int],
    note: str,
    currency: str,
    parts: Sequence[Part] = (),
    shipping: Decimal | None = None,
    store_credit: Decimal | None = None,
    notify: bool = False,
) -> dict[str, Any]:
    """The input of ``returnProcess``; ``lines`` are units by ReturnLineItem GID.

    The money is ``parts`` and ``store_credit``; ``shipping`` says how much of it is for shipping.
    """
    given: dict[str, Any] = {
        "returnId": return_gid,
        "returnLineItems": [{"id": gid, "quantity": count} for gid, count in lines.items()],
        "note": note,
        "notifyCustomer": notify,
    }
    if parts or store_credit is not None:
        issued: dict[str, Any] = {
            "orderTransactions": [
                {
                    "parentId": part.parent,
                    "transactionAmount": {"amount": part.amount, "currencyCode": currency},
                }
                for part in parts
            ]
        }
        if store_credit is not None:
            issued["refundMethods"] = [store_credit_method(store_credit, currency)]
        given["financialTransfer"] = {"issueRefund": issued}
    if shipping is not None:
        given["refundShipping"] = {
            "shippingRefundAmount": {"amount": shipping, "currencyCode": currency}
        }
    return {"input": given}
