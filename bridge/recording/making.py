"""From a call as it went to its cassette: every part is walked and scrubbed together."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bridge import __version__
from bridge.actions.page_token import resigned
from bridge.actions.table import MAPPINGS
from bridge.config.models import ChannelSettings, Policies, Settings
from bridge.recording.cassette import (
    FORMAT,
    Call,
    Cassette,
    Clock,
    Header,
    Interaction,
    Source,
    State,
)
from bridge.recording.fields import Kind
from bridge.recording.scrub import SCRUBBED, Rules, literals, scrubbed, vocabulary
from bridge.recording.tap import Recording
from bridge.recording.walk import Leaf, document, every, retailops
from bridge.recording.words import Words
from bridge.schema import load_schema
from bridge.shopify.exchange import Exchange
from bridge.wiring import layers_of, schemas_of

JSON = Any

# The auth key of every replay. Page tokens are signed with it anew, so that a recording holds
# nothing that the channel's real key has made.
REPLAY_KEY: Final = "REPLAYREPLAYREPLAYREPLAYREPLAY00"

KEPT_HEADERS: Final = ("Content-Type", "Retry-After", "X-Shopify-API-Version")
REQUEST_ID: Final = "X-Request-Id"

# What Shopify's token endpoint says when it gives none; nothing else of a refusal is kept.
_REFUSAL: Final = re.compile(
    r"app_not_installed|shop_not_permitted|invalid_client|application_cannot_be_found"
)

# Keys of a GraphQL error's extensions that hold no words of a person.
_TOLD: Final = frozenset({"code", "cost", "maxCost", "typeName", "fieldName", "argumentName"})


def mapping_files(channel: ChannelSettings) -> list[Path]:
    """The mapping files of a channel: the shipped ones, then the merchant's."""
    return [file for name in MAPPINGS for file in layers_of(name, channel, channel.mappings_dir)]


def mapping_fingerprint(channel: ChannelSettings) -> str:
    """A short name of all mapping files of a channel: another one, another mapping."""
    digest = hashlib.sha256()
    for file in mapping_files(channel):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def rules_of(channel: ChannelSettings, secrets: Iterable[str], salt: bytes) -> Rules:
    """How the calls of a channel are scrubbed."""
    texts: list[str] = []
    for file in mapping_files(channel):
        texts += literals(tomllib.loads(file.read_text("utf-8")))
    texts += _texts(channel.model_dump(mode="json", include=set(Policies.model_fields)))

    def page_token(text: str) -> str | None:
        return resigned(text, key=channel.auth_key.get_secret_value(), by=REPLAY_KEY)

    return Rules(
        Words(salt),
        vocabulary=vocabulary(texts),
        secrets=tuple(secrets),
        namespaces=frozenset({channel.order_acknowledge.namespace}),
        schema=schemas_of(channel).whole() or load_schema(),
        page_token=page_token,
    )


def source_of(settings: Settings, channel: ChannelSettings) -> Source:
    """Whether a channel speaks with a store of Shopify's or with a stand-in."""
    stand_in = channel.shopify.endpoint is not None
    return "sandbox" if settings.environment == "test" and stand_in else "live"


def _policies(channel: ChannelSettings) -> dict[str, JSON]:
    """The policies that are not the defaults."""
    return channel.model_dump(
        mode="json", include=set(Policies.model_fields), exclude_defaults=True
    )


def _texts(value: JSON) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


def cassette_of(
    one: Recording,
    channel: ChannelSettings,
    rules: Rules,
    *,
    source: Source,
    fingerprint: str,
    deadline_seconds: float,
    settle_seconds: float = 60.0,
    recorded_at: datetime,
) -> Cassette:
    """The cassette of a finished recording."""
    answer = _json(one.answer)
    walks: list[Callable[[Leaf], JSON]] = [
        lambda leaf: retailops(one.request, leaf),
        lambda leaf: retailops(answer, leaf),
        lambda leaf: _state(one, leaf),
    ]
    parts = [_Part.of(exchange, rules) for exchange in one.exchanges]
    walks += [part.walk for part in parts]
    request, said, state, *walked = scrubbed(rules, walks)
    header = Header(
        format=FORMAT,
        bridge_version=__version__,
        api_version=channel.api_version,
        recorded_at=recorded_at,
        source=source,
        action=one.action,
        request_id=one.request_id,
        channel=channel.id,
        shop=channel.shop,
        outcome=one.outcome,
        mapping=fingerprint,
        deadline_seconds=deadline_seconds,
        timeout_seconds=channel.shopify.timeout_seconds,
        settle_seconds=settle_seconds,
        policies=_policies(channel),
        clock=Clock.of(one.started, one.reads),
        state=State.model_validate({**state, "born": one.born}),
    )
    interactions = tuple(part.interaction(clean) for part, clean in zip(parts, walked, strict=True))
    return Cassette(header, Call(request=request, status=one.status, answer=said), interactions)


def _json(raw: bytes) -> JSON:
    try:
        return json.loads(raw)
    except ValueError:
        return None


# -- one exchange ---------------------------------------------------------------------------------


class _Part:
    """One exchange on its way into the file; ``walk`` goes through what it carries."""

    @staticmethod
    def of(exchange: Exchange, rules: Rules) -> _Part:
        return _Part(exchange, rules) if exchange.operation else _TokenPart(exchange)

    def __init__(self, exchange: Exchange, rules: Rules) -> None:
        self.exchange = exchange
        asked = _json(exchange.request)
        self._asked = asked if isinstance(asked, dict) else {}
        self._variables = self._asked.get("variables") or {}
        query = str(self._asked.get("query", ""))
        self._document = document(rules.schema, query, rules.namespaces)
        self._reply = _json(exchange.reply)

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
            return _errors(value, leaf)
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
            body=_text(asked),
            status=exchange.status or 0,
            reply_headers=headers,
            reply=_unreadable(exchange) if reply is None else _text(reply),
            failure=exchange.failure,
            sent=exchange.sent,
        )


class _TokenPart(_Part):
    """The request for an access token: its secrets are gone before anything else is done."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def walk(self, leaf: Leaf) -> JSON:
        return None

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        exchange = self.exchange
        said = _json(exchange.reply)
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
            reply=_text(answer),
            failure=exchange.failure,
            sent=exchange.sent,
        )


def _errors(value: JSON, leaf: Leaf) -> JSON:
    """Errors beside or instead of data: their message, place and code."""
    if isinstance(value, list):
        return [_errors(one, leaf) for one in value]
    if not isinstance(value, Mapping):
        return leaf(Kind.KEPT, value)
    out = {}
    for name, one in value.items():
        if name in {"message", "path", "locations"}:
            out[name] = every(one, Kind.KEPT, leaf)
        elif name == "extensions" and isinstance(one, Mapping):
            out[name] = {key: _extension(key, said, leaf) for key, said in one.items()}
        else:
            out[name] = every(one, None, leaf)
    return out


def _extension(name: str, value: JSON, leaf: Leaf) -> JSON:
    if name == "requestId":
        return leaf(Kind.NUMBERED, value)
    return every(value, Kind.KEPT if name in _TOLD else None, leaf)


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


def _text(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# -- what was known beforehand --------------------------------------------------------------------


def _state(one: Recording, leaf: Leaf) -> JSON:
    learned = dict(one.learned)
    locations = learned.pop("locations", None)
    return {
        "learned": {
            **{name: _plain(value) for name, value in learned.items() if value},
            **({"locations": _locations(locations, leaf)} if locations is not None else {}),
        },
        "effects": [
            {
                "order_gid": e.order_gid,
                "kind": e.kind,
                "natural_id": _known(e.natural_id, leaf),
                "detail": _details(e.detail, leaf),
                "at": e.at.isoformat(),
            }
            for e in one.effects.values()
        ],
        "held": [
            {
                "order_gid": h.order_gid,
                "refnum": leaf(Kind.KEPT, h.refnum),
                "code": h.code,
                "reason": leaf(Kind.KEPT, h.reason),
                "place": h.place,
                "at": h.at.isoformat(),
            }
            for h in one.held
        ],
        "steps": [
            {
                "id": leaf(Kind.NUMBERED, s.id),
                **{n: v for n, v in asdict(s).items() if n in _STEP_IDS},
                "natural_id": _known(s.natural_id, leaf),
                "key": _known(s.key, leaf),
                "state": s.state,
                "sent_at": s.sent_at.isoformat(),
                "doubt_at": s.doubt_at.isoformat() if s.doubt_at else None,
                "pre_image": _details(s.pre_image, leaf),
                "expect": _details(s.expect, leaf),
            }
            for s in one.steps.values()
        ],
    }


_STEP_IDS: Final = frozenset({"order_gid", "kind", "operation"})
_LOCATION_FIELDS: Final = frozenset({"id", "legacyResourceId", "isActive", "fulfillsOnlineOrders"})
_DETAIL_KINDS: Final[Mapping[str, Kind]] = {
    "tracking": Kind.CODE,
    "number": Kind.CODE,
    "url": Kind.TYPED,
}


def _locations(rows: Iterable[Mapping[str, JSON]], leaf: Leaf) -> JSON:
    def field(name: str, value: JSON) -> JSON:
        kind = Kind.AS_IS if name in _LOCATION_FIELDS else Kind.KEPT if name == "name" else None
        return every(_plain(value), kind, leaf)

    return [{name: field(name, value) for name, value in row.items()} for row in rows]


def _details(detail: Mapping[str, JSON], leaf: Leaf) -> JSON:
    """An effect's detail: the ledger holds no customer data, but numbers of packages."""
    out = {}
    for name, value in detail.items():
        kind = _DETAIL_KINDS.get(name, Kind.KEPT)
        if isinstance(value, Mapping):
            out[name] = _details(value, leaf)
        elif isinstance(value, list):
            out[name] = [
                _details(v, leaf) if isinstance(v, Mapping) else leaf(kind, v) for v in value
            ]
        else:
            out[name] = leaf(kind, value)
    return out


def _known(natural_id: str, leaf: Leaf) -> str:
    """``shipment 5 tracking 1Z…@…``: the number of a package without an id of RetailOps'."""
    kept, word, rest = natural_id.partition("tracking ")
    number, at, place = rest.partition("@")
    code = leaf(Kind.CODE, number) if number else ""
    return f"{leaf(Kind.KEPT, kept)}{word}{code}{at}{place}"


def _plain(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
