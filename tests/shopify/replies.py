"""Answers of Shopify as JSON, and how they are read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from multidict import CIMultiDict

from bridge.shopify.documents import operation
from bridge.shopify.protocol import (
    Reply,
    decipher,
)

QUERY = operation("OrderIdsByName")
WRITE = operation("OrderAcknowledge")
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def cost(requested: int = 10, actual: int | None = 8, available: int = 1990) -> dict[str, Any]:
    """Shopify's cost block."""
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": 2000,
            "currentlyAvailable": available,
            "restoreRate": 100,
        },
    }


def error(code: str = "", message: str = "told so", **more: object) -> dict[str, Any]:
    """One row of ``errors``."""
    extensions = {"code": code} if code else {}
    return {"message": message, "extensions": extensions | more}


def read(
    answer: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    write: bool = False,
) -> Reply:
    """Decipher ``answer`` (JSON, or bytes as they are)."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    given = CIMultiDict({"X-Request-Id": "req-1", **(headers or {})})
    return decipher(status, given, body, operation=WRITE if write else QUERY, now=NOW)


GOOD = {"data": {"orders": {"nodes": []}}, "extensions": {"cost": cost()}}
