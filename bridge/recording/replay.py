"""Runs recorded calls through today's code and mappings, and says what would be different.

Each call runs on an empty ledger of its own, seeded with what the recorded one knew, by the
recorded clock, against the recording instead of a store. Nothing is sent anywhere.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

import aiohttp
from pydantic import SecretStr, ValidationError

from bridge.actions.refnums import find_order
from bridge.actions.table import SERVED, SETTLERS
from bridge.config.models import ChannelSettings, ShopifySettings
from bridge.engine import Channel, Engine
from bridge.engine.model import Learned
from bridge.errors import BridgeError, RequestError
from bridge.ledger import Effect, Ledger, NewStep
from bridge.mapping.module import MappingModule
from bridge.recording import tap
from bridge.recording.cassette import Cassette, CassetteError, Header
from bridge.recording.difference import Difference, differences
from bridge.recording.making import REPLAY_KEY
from bridge.recording.tape import Entry, Leap, Tape, TapeClient
from bridge.retailops.actions import ACTIONS, ActionSpec
from bridge.retailops.protocol import parse
from bridge.retailops.requests import Request
from bridge.shopify.budget import Deadline
from bridge.shopify.client import ShopifyClient
from bridge.shopify.places import KnownPlaces
from bridge.shopify.session import Store
from bridge.wiring import load_mappings

JSON = Any


class Answered(Protocol):
    """What the server's edge makes of a call."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The body."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One recorded call, about to run again."""

    engine: Engine
    spec: ActionSpec
    channel: int
    call: Request
    request_id: str
    deadline: Deadline


Run = Callable[[Job], Awaitable[Answered]]
"""Runs a call as the server does (``bridge.server.edge.run_call``)."""

Verdict = Literal["same", "different", "skipped"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One cassette, replayed. ``why`` says why it was skipped."""

    cassette: Cassette
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    why: str = ""
    status: int = 0
    answer: JSON = None
    tape: Tape | None = field(default=None, repr=False)


class ReplayClock:
    """Tells the recorded call the times that it was told; afterwards, and others, the last one."""

    def __init__(self, at: datetime) -> None:
        self.now = at
        self._times: Iterator[datetime] = iter(())

    def start(self, at: datetime, times: Iterator[datetime]) -> None:
        """From here on the recorded times."""
        self.now, self._times = at, times

    def __call__(self) -> datetime:
        """The time now."""
        if tap.current() is not None:
            self.now = next(self._times, self.now)
        return self.now


def channel_of(
    header: Header,
    configured: ChannelSettings | None,
    *,
    mappings_dir: Path | None = None,
    policies: Mapping[str, JSON] = MappingProxyType({}),
) -> ChannelSettings:
    """The channel that a call is replayed on: as configured now, else as recorded.

    In the second case ``mappings_dir`` lays mapping files over the shipped ones, and
    ``policies`` policies over the recorded ones. CassetteError when the recorded policies are
    none of today's.
    """
    shopify = ShopifySettings(token=SecretStr("replayed"))
    if configured is not None:
        changes = {
            "id": header.channel,
            "shop": header.shop,
            "auth_key": SecretStr(REPLAY_KEY),
            "shopify": shopify,
        }
        return configured.model_copy(update=changes)
    try:
        return ChannelSettings.model_validate(
            {
                **header.policies,
                **policies,
                "mappings_dir": mappings_dir,
                "id": header.channel,
                "shop": header.shop,
                "api_version": header.api_version,
                "auth_key": REPLAY_KEY,
                "shopify": shopify,
            }
        )
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise CassetteError(
            f"its policies are not today's: {place}: {fault['msg']}; name a configuration with"
            " --config"
        ) from None


Connect = Callable[[Tape, Store, aiohttp.ClientSession, Leap], ShopifyClient]
"""Makes the client of a replay."""


class Replayer:
    """Replays cassettes, one after the other. Mappings are compiled once a channel.

    ``configured`` replaces the recorded policies and the shipped mappings by a channel's own;
    without it ``mappings_dir`` and ``policies`` are laid over them.
    """

    def __init__(
        self,
        run: Run,
        configured: ChannelSettings | None = None,
        *,
        mappings_dir: Path | None = None,
        policies: Mapping[str, JSON] = MappingProxyType({}),
        connect: Connect = TapeClient,
    ) -> None:
        self._run = run
        self._configured = configured
        self._mappings_dir = mappings_dir
        self._policies = policies
        self._connect = connect
        self._mappings: dict[str, Mapping[str, MappingModule]] = {}

    async def replay(self, cassette: Cassette) -> Replayed:
        """Run one call. Raises CassetteError, and ConfigError for a mapping that is wrong."""
        header = cassette.header
        if header.outcome == "replayed":
            return Replayed(cassette, "skipped", why="it was answered by the ledger alone")
        if header.action not in SERVED:
            return Replayed(cassette, "skipped", why=f"{header.action} is not served")
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="retailops-replay-"))
            return await self._in(Path(folder), cassette)

    async def _in(self, folder: Path, cassette: Cassette) -> Replayed:
        header = cassette.header
        channel = channel_of(
            header, self._configured, mappings_dir=self._mappings_dir, policies=self._policies
        )
        mappings = self._compiled(channel)
        tape, leap = Tape.of(cassette), Leap()
        clock = ReplayClock(header.state.born or header.clock.start)
        ids = _Ids()
        ledger = await Ledger.open(folder / "ledger.sqlite3", clock=clock, new_id=ids)
        try:
            await _seed(ledger, header, clock, ids)
            store = Store.at(channel.shop, channel.api_version)
            async with aiohttp.ClientSession() as http:
                client = self._connect(tape, store, http, leap)
                learned = learned_from(header.state.learned)
                engine = Engine(
                    {channel.id: Channel(channel, client, mappings, learned)},
                    {name: make() for name, make in SERVED.items()},
                    ledger,
                    find_order=find_order,
                    clock=clock,
                    sleep=leap.sleep,
                    settlers=[make() for make in SETTLERS],
                    settle_window=timedelta(seconds=header.settle_seconds),
                )
                clock.start(header.clock.start, header.clock.times())
                status, answer = await self._call(engine, cassette, leap)
        finally:
            await ledger.close()
        found = tuple(_compared(cassette, tape, status, answer))
        verdict: Verdict = "different" if found else "same"
        return Replayed(cassette, verdict, found, status=status, answer=answer, tape=tape)

    def _compiled(self, channel: ChannelSettings) -> Mapping[str, MappingModule]:
        """The mappings; which presets they begin with is a matter of policies."""
        key = channel.model_dump_json(exclude={"id", "shopify", "auth_key"})
        if key not in self._mappings:
            self._mappings[key] = load_mappings(channel)
        return self._mappings[key]

    async def _call(self, engine: Engine, cassette: Cassette, leap: Leap) -> tuple[int, JSON]:
        header = cassette.header
        spec = ACTIONS[header.action]
        deadline = Deadline.after(header.deadline_seconds, leap)
        request = dict(cassette.call.request)
        with tap.recording(_context(header, request)):
            try:
                call = parse(spec, request)
            except RequestError as error:
                raise CassetteError(f"{cassette.name}: its request: {error}") from None
            reply = await self._run(
                Job(engine, spec, header.channel, call, header.request_id, deadline)
            )
        try:
            return int(reply.status), json.loads(reply.body)
        except ValueError as error:
            raise BridgeError(f"{cassette.name}: the answer is no JSON") from error


def _context(header: Header, request: Mapping[str, JSON]) -> tap.Recording:
    """What tells the clock that it is asked by the recorded call; nothing is kept of it."""
    return tap.Recording(
        header.action, header.channel, header.request_id, request, header.clock.start
    )


def _compared(cassette: Cassette, tape: Tape, status: int, answer: JSON) -> Iterator[Difference]:
    """The requests first, in their order, then the answer."""
    for number, entry in enumerate(tape.entries, 1):
        yield from _request(number, entry)
    for extra in tape.extra:
        yield Difference(extra.title, "", "added", now=dict(extra.variables))
    if tape.extra:
        return  # the call ended there: what it was answered says nothing
    if status != cassette.call.status:
        yield Difference("answer", "HTTP status", "changed", cassette.call.status, status)
    yield from differences("answer", cassette.call.answer, answer)


def _request(number: int, entry: Entry) -> Iterator[Difference]:
    asked = entry.asked
    if asked is None:
        if not entry.played:
            yield Difference(f"request {number}, access token", "", "removed")
        return
    where = f"{asked.title}, request {number}"
    if entry.now is None:
        yield Difference(where, "", "removed", recorded=dict(asked.variables))
        return
    yield from differences(where, asked.variables, entry.now.variables)
    if asked.query != entry.now.query:
        was, now = asked.query.splitlines(), entry.now.query.splitlines()
        gone = [line.strip() for line in was if line not in now]
        new = [line.strip() for line in now if line not in was]
        yield Difference(where, "query", "changed", gone or "the order of fields", new)


# -- what was known beforehand --------------------------------------------------------------------


def learned_from(state: Mapping[str, JSON]) -> Learned:
    """What the process had learnt of the store."""
    return Learned(
        sizes={str(n): int(v) for n, v in (state.get("sizes") or {}).items()},
        locations=state.get("locations"),
        locations_at=_time(state.get("locations_at")),
        swept_at=_time(state.get("swept_at")),
        sweep_cursor=state.get("sweep_cursor"),
        sweep_owed=bool(state.get("sweep_owed")),
        suspects={
            str(n): datetime.fromisoformat(v) for n, v in (state.get("suspects") or {}).items()
        },
        places=_places(state.get("places")),
        stocked=tuple(map(str, state.get("stocked") or ())),
    )


def _places(state: Mapping[str, JSON] | None) -> KnownPlaces | None:
    if not state:
        return None
    return KnownPlaces(
        datetime.fromisoformat(state["at"]),
        publications=dict(state.get("publications") or {}),
        collections=dict(state.get("collections") or {}),
        categories=dict(state.get("categories") or {}),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class _Ids:
    """The ledger's ids: random, but for the one that a seeded step had."""

    def __init__(self) -> None:
        self.next = ""

    def __call__(self) -> str:
        given, self.next = self.next, ""
        return given or uuid.uuid4().hex


async def _seed(ledger: Ledger, header: Header, clock: ReplayClock, ids: _Ids) -> None:
    state = header.state
    await ledger.record_effects(
        [
            Effect(
                header.shop,
                e["order_gid"],
                e["kind"],
                e["natural_id"],
                e["detail"],
                datetime.fromisoformat(e["at"]),
            )
            for e in state.effects
        ]
    )
    for h in state.held:
        await ledger.hold_back(
            header.channel,
            h["order_gid"],
            h["refnum"],
            code=h["code"],
            reason=h["reason"],
            place=h["place"],
            at=datetime.fromisoformat(h["at"]),
        )
    for s in state.steps:
        clock.now = datetime.fromisoformat(s["sent_at"])
        ids.next = s["id"]
        step = await ledger.begin_step(
            NewStep(
                execution_id="recorded",
                channel=header.channel,
                shop=header.shop,
                order_gid=s["order_gid"],
                key=s["key"],
                kind=s["kind"],
                natural_id=s["natural_id"],
                operation=s["operation"],
                idempotency_key="",
                pre_image=s["pre_image"],
                expect=s["expect"],
            )
        )
        if s.get("doubt_at"):
            clock.now = datetime.fromisoformat(s["doubt_at"])
            await ledger.doubt_step(step, note="recorded")
