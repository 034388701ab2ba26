"""What every reader asks of a reply: is it whole, and is there more of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import AccessDenied
from bridge.shopify.protocol import Reply


def whole(reply: Reply) -> Reply:
    """The reply, if Shopify showed everything: what it hides is not what is absent.

    Raises:
        AccessDenied: A part was refused (a scope, or protected data); the words are Shopify's.
    """
    if reply.errors:
        words = "; ".join(dict.fromkeys(e.message for e in reply.errors))
        raise AccessDenied(f"Shopify showed only a part: {words}", request_id=reply.request_id)
    return reply


def next_cursor(connection: Mapping[str, Any]) -> str | None:
    """Where a connection goes on, from its raw ``pageInfo``; None at its end."""
    info = connection["pageInfo"]
    return str(info["endCursor"]) if info["hasNextPage"] else None
