"""Errors as Shopify words them: those of a request, and those that a resolver raises.

Key order follows the captures: run-time errors are ``message, locations, extensions, path``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from graphql import GraphQLError

_GID: Final = re.compile(r"gid://shopify/([A-Z][A-Za-z]*)/([^/?]+)(\?.*)?")


class StoreError(Exception):
    """A top-level GraphQL error raised while a field is resolved.

    ``code`` becomes ``extensions.code``, ``extra`` the other extensions. The field becomes null.
    ``variable`` names an argument whose variable's place is given as a second location, as
    Shopify does for bad input (captured).
    """

    def __init__(self, message: str, code: str, *, variable: bool = False, **extra: object) -> None:
        self.code = code
        self.extra = extra
        self.variable = variable
        super().__init__(message)


class NotModelled(StoreError):
    """Something that Shopify can do and the embedded store does not."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the sandbox does not model {what} (GET /_sandbox/limits lists what it leaves out)",
            "SANDBOX_NOT_MODELLED",
        )


def access_denied(field: str, scope: str) -> StoreError:
    """A field whose scope the token lacks (captured for ``heldByApp``)."""
    required = f"`{scope}` access scope."
    return StoreError(
        f"Access denied for {field} field. Required access: {required}",
        "ACCESS_DENIED",
        documentation="https://shopify.dev/api/usage/access-scopes",
        requiredAccess=required,
    )


def is_gid(value: object) -> bool:
    """Whether ``value`` looks like ``gid://shopify/Type/id``."""
    return isinstance(value, str) and _GID.fullmatch(value) is not None


def gid_kind(value: str) -> str:
    """``Order`` for ``gid://shopify/Order/1``; empty when it is no global id."""
    found = _GID.fullmatch(value)
    return found.group(1) if found else ""


def expect_gid(value: str, *kinds: str, zero_is_wrong: bool = False) -> str:
    """Give ``value`` back when it is a global id of one of ``kinds``.

    Otherwise the run-time error of Shopify (captured): ``Invalid id: gid://…``,
    ``RESOURCE_NOT_FOUND``, root null. With ``zero_is_wrong`` the id 0 counts as wrong, which
    differs by operation (captured: fulfillment orders yes, ``order(id:)`` no).
    """
    found = _GID.fullmatch(value)
    wrong = found is None or (kinds and found.group(1) not in kinds)
    if wrong or (zero_is_wrong and found is not None and found.group(2) == "0"):
        raise StoreError(f"Invalid id: {value}", "RESOURCE_NOT_FOUND")
    return value


def window_error(message: str) -> StoreError:
    """A page asked for in a way that cannot be answered (captured: ``BAD_REQUEST``)."""
    return StoreError(message, "BAD_REQUEST")


def locations_of(error: GraphQLError) -> list[dict[str, int]]:
    """``locations`` of an error, as Shopify writes them."""
    return [{"line": at.line, "column": at.column} for at in error.locations or ()]


def runtime_error(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """A run-time error of graphql-core in Shopify's shape.

    What a resolver raised on purpose keeps its code; anything else is a fault of the sandbox and
    shows as ``INTERNAL_SERVER_ERROR`` with the request id, as Shopify does (documented).
    """
    original = error.original_error
    locations = locations_of(error)
    if isinstance(original, StoreError):
        message = str(original)
        extensions: dict[str, Any] = {"code": original.code, **original.extra}
        if original.variable:
            locations += _variable_place(error)
    elif original is None or isinstance(original, GraphQLError):
        message = error.message
        extensions = dict(error.extensions or {"code": "INTERNAL_SERVER_ERROR"})
    else:
        message = (
            "Internal error. Looks like something went wrong on our end.\n"
            f"Request ID: {request_id} (include this in support requests)."
        )
        extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    out: dict[str, Any] = {"message": message, "locations": locations, "extensions": extensions}
    if error.path is not None:
        out["path"] = list(error.path)
    return out


def _variable_place(error: GraphQLError) -> list[dict[str, int]]:
    """The place where the variable of the failing field's first argument is declared."""
    node = error.nodes[0] if error.nodes else None
    body = error.source.body if error.source else ""
    arguments: Iterable[Any] = getattr(node, "arguments", None) or ()
    for argument in arguments:
        name = getattr(getattr(argument.value, "name", None), "value", None)
        found = re.search(rf"\${name}\s*:", body) if name else None
        if found:
            before = body[: found.start()]
            return [{"line": before.count("\n") + 1, "column": found.start() - before.rfind("\n")}]
    return []
