"""The shipped recordings, replayed with no network: by our own reader, and by vcrpy.

vcrpy is the judge of the form: it reads the files with its own serializer, and plays them to
the bridge's real client by way of aiohttp.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import vcr
from pydantic import SecretStr
from vcr.request import Request

from bridge.actions.table import SERVED
from bridge.config.models import ShopifySettings
from bridge.recording import files
from bridge.recording.cassette import FAILURE, SENT, Cassette, Interaction
from bridge.recording.replay import Replayer
from bridge.recording.tape import MANY_POINTS, Asked, Leap, Tape, failure_of
from bridge.server.replaying import run_as_served
from bridge.shopify.client import ShopifyClient
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import ClientCredentials, Store, token_source

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"
FILES = sorted(CASSETTES.rglob("*.yaml"))
NAMES = [str(file.relative_to(CASSETTES)) for file in FILES]


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    """One for all: the mappings are compiled once."""
    return Replayer(run_as_served)


def test_every_action_and_the_error_paths_are_there():
    """At least one recording of each served action; refused, throttled, lost, held, not found."""
    assert {name.partition("/")[0] for name in NAMES} >= set(SERVED)
    said = {name: file.read_text("utf-8") for name, file in zip(NAMES, FILES, strict=True)}
    for word in ("code: 401", "THROTTLED", "TimeoutError", "IN_DOUBT", "ORDER_NOT_FOUND"):
        assert any(word in text for text in said.values()), word
    assert any("ORDER_ON_HOLD" in text for text in said.values())
    assert any('"userErrors": [\n' in text for text in said.values())


def test_all_of_them_say_where_they_are_from():
    """Made from the embedded store, over HTTPS, and labelled so."""
    for file in FILES:
        found = files.read(file)
        assert found.header.source == "sandbox"
        for one in found.interactions:
            file_of = "storage.example.com" if one.is_upload or one.is_download else ""
            assert one.uri.startswith(f"https://{file_of or 'sandbox.myshopify.com'}/")


@pytest.mark.parametrize("name", NAMES)
async def test_today_nothing_differs(name: str, replayer: Replayer) -> None:
    """Same requests, same answer, every recorded request asked for."""
    found = await replayer.replay(files.read(CASSETTES / name))
    assert found.verdict == "same", [d.as_json() for d in found.differences]
    assert found.tape is not None
    assert list(found.tape.unplayed()) == []


# -- vcrpy ----------------------------------------------------------------------------------------


def same_request(now: Request, recorded: Request) -> None:
    """Operation, variables and normalised query; what is no GraphQL by its address alone."""
    if now.uri == recorded.uri and now.uri.endswith("/graphql.json"):
        assert Asked.of(now.body) == Asked.of(recorded.body)


async def fail_as_recorded(response: aiohttp.ClientResponse) -> None:
    """Vcrpy has no form for a request without reply: ours are two headers."""
    if failure := response.headers.get(FAILURE):
        sent = response.headers[SENT] == "true"
        raise failure_of(Interaction("", {}, "", 0, {}, "", failure=failure, sent=sent))


@dataclass
class OverHttp:
    """Makes real clients, each on a real session of aiohttp's. ``cassette`` is the next one."""

    cassette: Cassette | None = None
    sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    async def close(self) -> None:
        """Close the sessions."""
        while self.sessions:
            await self.sessions.pop().close()

    def __call__(
        self, tape: Tape, store: Store, _: aiohttp.ClientSession, leap: Leap
    ) -> ShopifyClient:
        """The client that ``serve`` would make, but for its clock."""
        http = aiohttp.ClientSession(raise_for_status=fail_as_recorded)
        self.sessions.append(http)
        settings = ShopifySettings(token=SecretStr("t"))
        tokens = token_source(settings, http, store)
        assert self.cassette is not None
        if any(i.is_token for i in self.cassette.interactions):
            tokens = ClientCredentials(http, store, "id", SecretStr("secret"), clock=leap)
            if not self.cassette.interactions[0].is_token:
                tokens._token, tokens._renew_at, tokens._expires_at = "t", 1e9, 1e9
        return ShopifyClient(
            http=http,
            store=store,
            tokens=tokens,
            bucket=CostBucket(MANY_POINTS, MANY_POINTS, clock=leap, sleep=leap.sleep),
            timeout_seconds=tape.timeout_seconds,
            clock=leap,
            sleep=leap.sleep,
        )


@pytest.fixture(scope="module")
def over_http() -> OverHttp:
    """One for all, as the replayer."""
    return OverHttp()


@pytest.fixture(scope="module")
def http_replayer(over_http: OverHttp) -> Replayer:
    """Replays with the real client."""
    return Replayer(run_as_served, connect=over_http)


@pytest.mark.parametrize("name", NAMES)
async def test_vcrpy_plays_them(name: str, over_http: OverHttp, http_replayer: Replayer) -> None:
    """record_mode none, all played, no request twice: the same answer over aiohttp."""
    cassette = over_http.cassette = files.read(CASSETTES / name)
    judge = vcr.VCR(record_mode="none", match_on=("method", "uri", "asked"))
    judge.register_matcher("asked", same_request)
    try:
        with judge.use_cassette(str(CASSETTES / name), allow_playback_repeats=False) as tape:
            found = await http_replayer.replay(cassette)
    finally:
        await over_http.close()
    assert tape.all_played
    assert tape.play_count == len(cassette.interactions)
    assert (found.status, found.answer) == (cassette.call.status, cassette.call.answer)


def test_vcrpys_own_serializer_reads_them() -> None:
    """The interactions as vcrpy gives them are the recorded ones."""
    for file in FILES:
        requests, responses = vcr.serialize.deserialize(
            file.read_text("utf-8"), vcr.serializers.yamlserializer
        )
        found: list[tuple[Any, ...]] = [
            (r.uri, (r.body or b"").decode(), a["status"]["code"], a["body"]["string"].decode())
            for r, a in zip(requests, responses, strict=True)
        ]
        ours = files.read(file).interactions
        assert found == [(i.uri, i.body, i.status, i.reply) for i in ours], file
