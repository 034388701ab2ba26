"""What becomes of one exchange: walked leaf by leaf, scrubbed, and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from bridge.recording.cassette import Interaction
from bridge.recording.fields import Kind
from bridge.recording.scrub import SCRUBBED, Rules
from bridge.recording.transfers import DownloadPart, UploadPart
from bridge.recording.walk import Leaf, as_json, as_text, document, errors_of, every
from bridge.shopify.exchange import Exchange

JSON = Any

KEPT_HEADERS: Final = ("Content-Type", "Retry-After", "X-Shopify-API-Version")
REQUEST_ID: Final = "X-Request-Id"

# What Shopify's token endpoint says when it gives none; nothing else of a refusal is kept.
_REFUSAL: Final = re.compile(
    r"app_not_installed|shop_not_permitted|invalid_client|application_cannot_be_found"
)


class Part(Protocol):
    """One exchange on its way into the file."""

    def walk(self, leaf: Leaf) -> JSON:
        """Go through what it carries; what the leaf makes of it."""
        ...

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        """As it is written, from what the last walk gave."""
        ...


def part_of(exchange: Exchange, rules: Rules) -> Part:
    """The part that an exchange is."""
    if exchange.via == "upload":
        return UploadPart(exchange, rules)
    if exchange.via == "download":
        return DownloadPart(exchange, rules)
    return _TokenPart(exchange) if exchange.via == "token" else _Asking(exchange, rules)


class _Asking:
    """A GraphQL request and its reply."""

    def __init__(self, exchange: Exchange, rules: Rules) -> None:
        self.exchange = exchange
        asked = as_json(exchange.request)
        self._asked = asked if isinstance(asked, dict) else {}
        self._variables = self._asked.get("variables") or {}
        query = str(self._asked.get("query", ""))
        self._document = document(rules.schema, query, rules.namespaces)
        self._reply = as_json(exchange.reply)

    def walk(self, leaf: Leaf) -> JSON:
        """Variables, reply and request id."""
        reply = self._reply
        if isinstance(reply, dict):
            reply = {name: self._top(name, value, leaf) for name, value in reply.items()}
        else:
            reply = None
        request_id = _header(self.exchange, REQUEST_ID)
        return {
            "variables": self._document.variables(self._variables, leaf),
            "reply": reply,
            "id": leaf(Kind.NUMBERED, request_id) if request_id else None,
        }

    def _top(self, name: str, value: JSON, leaf: Leaf) -> JSON:
        if name == "data":
            return self._document.data(value, self._variables, leaf) if value else value
        if name == "extensions":
            return every(value, Kind.KEPT, leaf)
        if name == "errors":
            return errors_of(value, leaf)
        return every(value, None, leaf)

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        """As it is written."""
        exchange = self.exchange
        asked = {
            "operationName": self._asked.get("operationName"),
            "query": self._asked.get("query"),
            "variables": clean["variables"],
        }
        headers = {name: v for name in KEPT_HEADERS if (v := _header(exchange, name))}
        if clean["id"]:
            headers[REQUEST_ID] = clean["id"]
        reply = clean["reply"]
        return Interaction(
            uri=exchange.url,
            headers={"Content-Type": "application/json"},
            body=as_text(asked),
            status=exchange.status or 0,
            reply_headers=headers,
            reply=_unreadable(exchange) if reply is None else as_text(reply),
            failure=exchange.failure,
            sent=exchange.sent,
        )


class _TokenPart:
    """The request for an access token: its secrets are gone before anything else is done."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def walk(self, leaf: Leaf) -> JSON:
        return None

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        exchange = self.exchange
        said = as_json(exchange.reply)
        answer: dict[str, JSON] = {}
        if isinstance(said, dict):
            numbers = {n: v for n, v in said.items() if n == "expires_in" and isinstance(v, int)}
            token = {"access_token": SCRUBBED} if "access_token" in said else {}
            answer = {**token, **numbers}
        if not answer and (code := _REFUSAL.search(exchange.reply.decode("utf-8", "replace"))):
            answer = {"error": code[0]}
        form = f"grant_type=client_credentials&client_id={SCRUBBED}&client_secret={SCRUBBED}"
        return Interaction(
            uri=exchange.url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=form,
            status=exchange.status or 0,
            reply_headers={"Content-Type": "application/json"},
            reply=as_text(answer),
            failure=exchange.failure,
            sent=exchange.sent,
        )


def _header(exchange: Exchange, name: str) -> str:
    wanted = name.lower()
    return next((v for n, v in exchange.headers.items() if n.lower() == wanted), "")


def _unreadable(exchange: Exchange) -> str:
    """In the place of a reply that is no JSON object: nothing in it can be told apart."""
    if not exchange.reply:
        return ""
    if "html" in _header(exchange, "Content-Type"):
        return "<!DOCTYPE html>"
    return '{"data":'
