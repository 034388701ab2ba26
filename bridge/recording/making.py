"""From a call as it went to its cassette: every part is walked and scrubbed together."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bridge import __version__
from bridge.actions.effects import TRACKING
from bridge.actions.page_token import resigned
from bridge.actions.shipment_plan import tracking_hash
from bridge.actions.table import MAPPINGS
from bridge.config.models import ChannelSettings, Policies, Settings
from bridge.recording.cassette import (
    FORMAT,
    Call,
    Cassette,
    Clock,
    Header,
    Source,
    State,
)
from bridge.recording.fields import Kind
from bridge.recording.parts import part_of
from bridge.recording.scrub import Rules, literals, scrubbed, vocabulary
from bridge.recording.tap import Recording
from bridge.recording.walk import Leaf, as_json, every, retailops
from bridge.recording.words import Words
from bridge.schema import load_schema
from bridge.wiring import layers_of, schemas_of

JSON = Any

# The auth key of every replay. Page tokens are signed with it anew, so that a recording holds
# nothing that the channel's real key has made.
REPLAY_KEY: Final = "REPLAYREPLAYREPLAYREPLAYREPLAY00"


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
    answer = as_json(one.answer)
    walks: list[Callable[[Leaf], JSON]] = [
        lambda leaf: retailops(one.request, leaf),
        lambda leaf: retailops(answer, leaf),
        lambda leaf: _state(one, leaf),
        lambda leaf: _trackings(one, leaf),
    ]
    parts = [part_of(exchange, rules) for exchange in one.exchanges]
    walks += [part.walk for part in parts]
    request, said, state, hashes, *walked = scrubbed(rules, walks)
    said, state = _renamed(said, hashes), _renamed(state, hashes)
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
                "reason": leaf(Kind.QUOTING, h.reason),
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


def _trackings(one: Recording, leaf: Leaf) -> dict[str, str]:
    """The hashes that name tracking updates, each with that of the scrubbed tracking.

    They are made of what is scrubbed. So today's code makes the second one in a replay, and the
    first one would let a tracking number be guessed.
    """
    details = [
        *(e.detail for e in one.effects.values() if e.kind == TRACKING),
        *(s.expect for s in one.steps.values() if s.kind == TRACKING),
        *(s.expect for s in one.begun if s.kind == TRACKING),
    ]
    return {tracking_hash(d): tracking_hash(_details(d, leaf)) for d in details}


def _renamed(value: JSON, hashes: Mapping[str, str]) -> JSON:
    """The same with other hashes, in the names of steps and in events that quote them."""
    if isinstance(value, Mapping):
        return {name: _renamed(one, hashes) for name, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, hashes) for one in value]
    if isinstance(value, str):
        for old, new in hashes.items():
            value = value.replace(old, new)
    return value


def _plain(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value
