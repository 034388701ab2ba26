"""Shopify's Admin GraphQL over HTTP, as pure functions: a request's bytes, a reply's meaning.

``decipher`` is one ordered list; the first row that fits decides. Sources: shopify.dev pages
"GraphQL Admin API", "API limits", "Response status codes", "Idempotent requests", and replies
of live stores, which answered HTTP 200 even to syntax errors and access denials.

    what came                                         becomes
    401                                               AccessDenied: the token is not valid
    402, 403, 404, 423, 430                           AccessDenied: frozen, forbidden, no shop, …
    429                                               Throttled, by Retry-After
    500 and above                                     ShopifyBroken
    any other status but 200                          QueryRejected
    no JSON object (empty, HTML, half, a list)        ShopifyBroken
    THROTTLED                                         Throttled, by the points that are missing
    MAX_COST_EXCEEDED                                 CostExceeded
    IDEMPOTENCY_…, at the top or in userErrors        IdempotencyConflict
    INTERNAL_SERVER_ERROR, TIMEOUT                    ShopifyBroken: a write may have happened
    SHOP_INACTIVE; ACCESS_DENIED for a query's root,
    or with nothing answered                          AccessDenied
    ACCESS_DENIED on a field of something             data, with the refusals in Reply.errors
    other errors, some root of a mutation answered    data, with the errors in Reply.errors
    other errors                                      QueryRejected
    a search warning (Shopify ignored a filter)       QueryRejected
    no data                                           ShopifyBroken
    data                                              Reply

Why a mutation's other roots count: they run one after the other, so an error in one of them
does not undo the others, and what was done must be told.

A token is in ``HttpRequest.headers`` and nowhere else; no message and no ``repr`` shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

from bridge import __version__
from bridge.errors import (
    AccessDenied,
    CostExceeded,
    IdempotencyConflict,
    QueryRejected,
    ShopifyBroken,
    Throttled,
    UserError,
    UserErrors,
)
from bridge.shopify.documents import Operation

USER_AGENT: Final = f"retailops-shopify-bridge/{__version__}"

# A throttled reply without numbers (HTTP 429 without Retry-After) is tried again after this
# long: it is what Shopify's own page on rate limits advises.
DEFAULT_WAIT: Final = 1.0

# Shopify allows this many points a query on every plan; told when MAX_COST_EXCEEDED has no limit.
MAX_QUERY_POINTS: Final = 1000

_REFUSED: Final[Mapping[int, str]] = {
    401: "Shopify does not accept the access token: it is wrong, revoked or of another store",
    402: "the shop is frozen until its owner settles the bill with Shopify",
    403: "Shopify forbids this app to use the shop (HTTP 403): check that it is installed",
    404: "there is no such shop, or no such API version (HTTP 404): check the shop's domain",
    423: "the shop is locked by Shopify: its owner must contact Shopify's support",
    430: "Shopify took the request for an attack and refused it (HTTP 430)",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What leaves for Shopify. Token (headers) and customer data (body) stay out of ``repr``."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """Points as Shopify told them. ``actual`` is None when the query did not run."""

    requested: int
    actual: int | None
    maximum: float
    available: float
    restore_rate: float


@dataclass(frozen=True, slots=True)
class PartialError:
    """An error that came beside data. ``path`` names the place in ``data``, in response names."""

    code: str
    message: str
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What Shopify answered.

    ``data`` is as it came, but for numbers with a fraction, which are Decimal. ``errors`` are
    those that came beside it. ``api_version`` is the one that really answered.
    """

    data: dict[str, Any] = field(repr=False)
    cost: Cost | None
    request_id: str
    errors: tuple[PartialError, ...] = ()
    api_version: str = ""


def build_request(
    operation: Operation, variables: Mapping[str, Any], *, url: str, token: str
) -> HttpRequest:
    """The POST that runs ``operation``. Decimal and datetime values become Shopify's scalars."""
    named = f'{{"operationName":"{operation.name}","query":{_quoted(operation.text)},"variables":'
    return HttpRequest(
        url=url,
        headers={
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            "X-Shopify-Access-Token": token,
        },
        body=named.encode() + encode_json(variables) + b"}",
    )


# The bridge has some sixty operations, most of 2 to 8 KiB, and a few more composed ones in use:
# an operation's text is quoted once, not with every request.
@lru_cache(maxsize=128)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def encode_json(value: Mapping[str, Any]) -> bytes:
    """JSON as Shopify takes it, in one line. Raises TypeError for what it has no scalar for."""
    return _ENCODER.encode(value).encode()


@dataclass(frozen=True, slots=True)
class Envelope:
    """A reply that is GraphQL at all, whatever it says: HTTP 200 and a JSON object."""

    answer: dict[str, Any] = field(repr=False)
    cost: Cost | None
    request_id: str
    api_version: str


def decipher(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    operation: Operation,
    now: datetime | None = None,
) -> Reply:
    """The reply's data, or the exception that it means (the table at the top of this module).

    ``headers`` must find names in any case (aiohttp's do). ``now`` is only needed to understand
    a Retry-After that is a date.
    """
    return judge(unwrap(status, headers, body, operation=operation, now=now), operation)


def unwrap(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    operation: Operation,
    now: datetime | None = None,
) -> Envelope:
    """The first half of ``decipher``, down to "no JSON object"; it already knows the cost."""
    request_id = headers.get("X-Request-Id", "")
    _check_status(status, headers, request_id, now)
    answer = _json_object(body, request_id, operation)
    return Envelope(answer, _cost(answer), request_id, headers.get("X-Shopify-API-Version", ""))


def judge(envelope: Envelope, operation: Operation) -> Reply:
    """The second half of ``decipher``: data, or the exception that the answer means."""
    answer, request_id = envelope.answer, envelope.request_id
    errors = _errors(answer)
    data = answer.get("data")
    shown = data if isinstance(data, dict) else {}
    _check_errors(errors, envelope.cost, request_id, operation, shown)
    _check_search(answer, request_id, operation)
    if not isinstance(data, dict):
        raise ShopifyBroken(
            f"Shopify answered {operation.name} with neither data nor an error",
            request_id=request_id,
        )
    if operation.kind == "mutation":
        for payload in data.values():
            for refusal in user_errors(payload):
                _check_idempotency(refusal.code or "", refusal.message, request_id)
    return Reply(
        data=data,
        cost=envelope.cost,
        request_id=request_id,
        errors=partial_errors(answer) if errors else (),
        api_version=envelope.api_version,
    )


def partial_errors(answer: Mapping[str, Any]) -> tuple[PartialError, ...]:
    """The errors beside an answer's data."""
    return tuple(PartialError(e.code, e.message, e.path) for e in _errors(answer))


def user_errors(payload: Mapping[str, Any] | None) -> tuple[UserError, ...]:
    """A mutation payload's ``userErrors``, and whatever else its type calls them.

    ``orderCancel`` tells each error twice, with its code in ``orderCancelUserErrors`` and
    without one in ``userErrors``: the ones with a code come first, and an error is told once.
    """
    if not isinstance(payload, Mapping):
        return ()
    found: dict[tuple[tuple[str, ...], str], UserError] = {}
    rows = [
        row
        for name, value in payload.items()
        if name.lower().endswith("usererrors")
        for row in _rows(value)
    ]
    for row in sorted(rows, key=lambda r: r.get("code") is None):
        field_path = row.get("field")
        at = tuple(str(step) for step in field_path) if isinstance(field_path, list) else ()
        message = str(row.get("message") or "")
        code = row.get("code")
        found.setdefault((at, message), UserError(at, message, None if code is None else str(code)))
    return tuple(found.values())


def raise_user_errors(payload: Mapping[str, Any] | None, *, request_id: str = "") -> None:
    """Raise ``UserErrors`` when the payload has any, or when there is no payload at all."""
    if payload is None:
        raise UserErrors(
            [UserError((), "Shopify gave no result and no reason")], request_id=request_id
        )
    if errors := user_errors(payload):
        raise UserErrors(errors, request_id=request_id)


def _cost(answer: Mapping[str, Any]) -> Cost | None:
    """The cost block of an answer; None when it has none (static errors) or it is not whole."""
    try:
        block = answer["extensions"]["cost"]
        status = block["throttleStatus"]
        actual = block.get("actualQueryCost")
        return Cost(
            requested=int(block["requestedQueryCost"]),
            actual=None if actual is None else int(actual),
            maximum=float(status["maximumAvailable"]),
            available=float(status["currentlyAvailable"]),
            restore_rate=float(status["restoreRate"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class _Error:
    """One row of ``errors``."""

    code: str
    message: str
    path: tuple[str | int, ...]
    extensions: Mapping[str, Any]
    raw: object


def _check_status(
    status: int, headers: Mapping[str, str], request_id: str, now: datetime | None
) -> None:
    if status == 200:
        return
    if status in _REFUSED:
        raise AccessDenied(_REFUSED[status], request_id=request_id)
    if status == 429:
        wait = _retry_after(headers.get("Retry-After", ""), now)
        raise Throttled(
            f"Shopify asks to wait {wait:g} s (HTTP 429)", wait=wait, request_id=request_id
        )
    if status >= 500:
        raise ShopifyBroken(f"Shopify is out of order (HTTP {status})", request_id=request_id)
    raise QueryRejected(
        f"Shopify answered HTTP {status}, which is no answer to GraphQL", request_id=request_id
    )


def _json_object(body: bytes, request_id: str, operation: Operation) -> dict[str, Any]:
    try:
        answer = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # ValueError: not JSON, or not even UTF-8
        answer = None
    if isinstance(answer, dict):
        return answer
    what = "nothing" if not body.strip() else "something that is not a whole JSON object"
    raise ShopifyBroken(
        f"Shopify answered {operation.name} with {what} ({len(body)} bytes)", request_id=request_id
    )


def _errors(answer: Mapping[str, Any]) -> list[_Error]:
    rows = answer.get("errors")
    if not rows:
        return []
    out = []
    for row in rows if isinstance(rows, list) else [rows]:  # REST's habit: one plain string
        if not isinstance(row, dict):
            out.append(_Error("", str(row), (), {}, row))
            continue
        extensions = row.get("extensions")
        extensions = extensions if isinstance(extensions, dict) else {}
        path = row.get("path")
        out.append(
            _Error(
                code=str(extensions.get("code") or ""),
                message=str(row.get("message") or "no message"),
                path=tuple(path) if isinstance(path, list) else (),
                extensions=extensions,
                raw=row,
            )
        )
    return out


def _check_errors(
    errors: Sequence[_Error],
    cost: Cost | None,
    request_id: str,
    operation: Operation,
    data: Mapping[str, Any],
) -> None:
    """The rows of the table from THROTTLED to QueryRejected; returns when data can be used."""
    for error in errors:
        if error.code == "THROTTLED":
            raise _throttled(cost, request_id)
    for error in errors:
        if error.code == "MAX_COST_EXCEEDED":
            raise _too_dear(error, cost, request_id, operation)
    for error in errors:
        _check_idempotency(error.code, error.message, request_id)
    for error in errors:
        # Staff say that the code may be missing; the sentence then begins with these words.
        if error.code in {"INTERNAL_SERVER_ERROR", "TIMEOUT"} or error.message.startswith(
            "Internal error"
        ):
            told = str(error.extensions.get("requestId") or request_id)
            raise ShopifyBroken(
                f"Shopify failed inside while it ran {operation.name}: {_short(error.message)}",
                request_id=told,
            )
    answered = any(value is not None for value in data.values())
    refused = [e for e in errors if e.code in {"ACCESS_DENIED", "SHOP_INACTIVE"}]
    if any(_whole(e, data, operation) for e in refused):
        raise AccessDenied(
            f"{operation.name}: {'; '.join(_short(e.message) for e in refused)}",
            request_id=request_id,
        )
    others = [e for e in errors if e.code != "ACCESS_DENIED"]
    if others and not (answered and operation.kind == "mutation"):
        raise QueryRejected(
            f"Shopify refused {operation.name}: {'; '.join(_short(e.message) for e in others)}",
            errors=[e.raw for e in errors],
            request_id=request_id,
        )


def _whole(error: _Error, data: Mapping[str, Any], operation: Operation) -> bool:
    """Whether a refusal leaves nothing to work with.

    A query's root that was refused is missing altogether; beside the refused root of a mutation
    another one may have been run, and then that must be told.
    """
    if error.code == "SHOP_INACTIVE":
        return True
    if operation.kind == "query" and error.path and data.get(str(error.path[0])) is None:
        return True
    return all(value is None for value in data.values())


def _throttled(cost: Cost | None, request_id: str) -> Throttled:
    wait = DEFAULT_WAIT
    if cost is not None and cost.restore_rate > 0:
        # The points that are missing, at the rate they come back. Never zero: that would be to
        # ask again at once.
        missing = cost.requested - cost.available
        wait = max(missing / cost.restore_rate, 0.1)
    return Throttled(
        f"the shop's query points are used up for {wait:.1f} s", wait=wait, request_id=request_id
    )


def _too_dear(
    error: _Error, cost: Cost | None, request_id: str, operation: Operation
) -> CostExceeded:
    told, limit = error.extensions.get("cost"), error.extensions.get("maxCost")
    points = told if isinstance(told, int) else cost.requested if cost else 0
    maximum = limit if isinstance(limit, int) else MAX_QUERY_POINTS
    return CostExceeded(
        f"{operation.name} would cost {points} points; one query may cost {maximum}",
        cost=points,
        maximum=maximum,
        request_id=request_id,
    )


def _check_idempotency(code: str, message: str, request_id: str) -> None:
    """Raise when an error speaks of our idempotency key.

    Types with a plain ``UserError`` (inventoryActivate, refundCreate) cannot carry the code;
    there only Shopify's sentence tells.
    """
    if not code:
        text = message.lower()
        if "idempotency key" not in text:
            return
        if "different" in text:
            code = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
        elif "new idempotency key" in text:
            code = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
        elif "in progress" in text or "concurrent" in text:
            code = "IDEMPOTENCY_CONCURRENT_REQUEST"
        else:
            return
    if code.startswith("IDEMPOTENCY_"):
        raise IdempotencyConflict(message, code=code, request_id=request_id)


def _check_search(answer: Mapping[str, Any], request_id: str, operation: Operation) -> None:
    """Shopify ignores a filter that it does not know, so the result is wider than was asked."""
    extensions = answer.get("extensions")
    searches = extensions.get("search") if isinstance(extensions, dict) else None
    warnings = [w for search in _rows(searches) for w in _rows(search.get("warnings"))]
    if warnings:
        told = "; ".join(
            f"'{w.get('field')}': {_short(str(w.get('message') or w.get('code')))}"
            for w in warnings
        )
        raise QueryRejected(
            f"Shopify ignored a part of the search in {operation.name}: {told}",
            errors=warnings,
            request_id=request_id,
        )


def _retry_after(value: str, now: datetime | None) -> float:
    """Seconds to wait; Shopify sends a decimal number, a proxy in between may send a date."""
    try:
        return max(0.1, float(value))
    except ValueError:
        pass
    if now is None:
        return DEFAULT_WAIT
    try:
        return max(0.1, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return DEFAULT_WAIT


def _rows(value: object) -> list[dict[str, Any]]:
    """The objects of a list, if it is one."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _short(message: str) -> str:
    """Shopify's words in one line: it answers a bad variable with the whole of its value."""
    line = " ".join(message.split())
    return line if len(line) <= 300 else f"{line[:300]}…"


def _scalar(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a time without a zone was to be sent to Shopify")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be sent to Shopify")


# Made once: json.dumps and json.loads make one at each call that is not all defaults.
_ENCODER: Final = json.JSONEncoder(default=_scalar, ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_float=Decimal)
