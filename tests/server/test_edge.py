"""The order of work at the edge, and every refusal: by real HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest
from yarl import URL

from bridge.errors import (
    AccessDenied,
    DeadlineExceeded,
    LedgerBusy,
    LedgerError,
    RequestError,
    Throttled,
    TransportError,
)
from bridge.retailops.events import Code, event
from bridge.server.auth import Authenticator
from bridge.server.edge import THREAD_BYTES
from bridge.server.keys import Limits
from bridge.server.paths import canonical
from tests.server.conftest import body
from tests.server.tiny import KEY_21, KEY_22, SERVED, Done, TinyEngine, answer_of, raising, settings


async def post(client, path, json):
    """POST to a path exactly as written; the client would take ``//x`` for a host."""
    base = str(client.make_url("/")).rstrip("/")
    return await client.session.post(URL(base + path, encoded=True), json=json)


async def told(response) -> list[str]:
    """The codes in an answer's events."""
    return [one["code"] for one in (await response.json())["events"]]


@pytest.mark.parametrize("action", SERVED)
@pytest.mark.parametrize("form", ["/{}_v1", "/{}", "//{}_v1", "///{}//", "/{}_v1/"])
async def test_every_spelling_of_a_path(serve, action, form):
    """With and without _v1, and with the verifier's doubled slash: the action runs."""
    engine = TinyEngine()
    client = await serve(engine)
    response = await post(client, form.format(action), body())
    assert response.status == 200
    assert response.content_type == "application/json"
    assert [one.action for one in engine.calls] == [action]


@pytest.mark.parametrize("prefix", ["/retailops", "retailops/", "/retailops/"])
async def test_behind_a_prefix(serve, prefix):
    """The prefix may be there, doubled slashes and all, or may have been removed by a proxy."""
    client = await serve(prefix=prefix)
    for path in ("/retailops/order_pull_v1", "//retailops//order_pull_v1", "/order_pull"):
        assert (await post(client, path, body())).status == 200
    assert (await client.post("/other/order_pull_v1", json=body())).status == 404
    assert (await client.get("/retailops/health/live")).status == 200


def test_canonical_paths():
    """Only whole segments are a prefix."""
    assert canonical("/retailopsy/order_pull_v1", "/retailops") == "/retailopsy/order_pull_v1"
    assert canonical("", "") == "/"
    assert canonical("/retailops", "/retailops") == "/retailops"


async def test_the_request_reaches_the_engine(serve):
    """Channel by token, the parsed request, the id, and a deadline from the settings."""
    engine = TinyEngine()
    client = await serve(engine, deadline_seconds=15)
    response = await client.post(
        "/order_pull_v1",
        json=body(page_token="abc", action="SDK.order_pull.order_fetch", client_id=0),
        headers={"X-Request-Id": "caller-7"},
    )
    (called,) = engine.calls
    assert called.channel == 21
    assert called.request.page_token == "abc"
    assert called.request_id == response.headers["X-Request-Id"] == "caller-7"
    assert 14 < called.deadline.remaining() <= 15


@pytest.mark.parametrize("given", ["a" * 65, "a b", "é", '"x"'])
async def test_an_unsafe_request_id_is_replaced(serve, given):
    """What a caller sends is not pasted into logs and headers."""
    client = await serve()
    response = await client.post("/order_pull", json=body(), headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] != given
    assert len(response.headers["X-Request-Id"]) == 32


async def test_the_second_channel(serve):
    """The token selects the channel."""
    engine = TinyEngine()
    client = await serve(engine)
    await client.post("/order_pull_v1", json={"integration_auth_token": KEY_22})
    assert engine.calls[0].channel == 22


@pytest.mark.parametrize(
    "token",
    [None, "", "wrong", KEY_21[:-1], KEY_21 + "x", KEY_21.lower(), 21, True, [KEY_21], "\ud800"],
    ids=ascii,
)
async def test_a_wrong_token_is_401(serve, token):
    """Whatever it is, and nothing else of the body is looked at: it may be as wrong as it likes."""
    engine = TinyEngine()
    client = await serve(engine)
    wrong = {"integration_auth_token": token, "orders": "not a list", "channel_info": 3}
    response = await client.post("/order_acknowledge_v1", data=json.dumps(wrong))
    assert response.status == 401
    assert await told(response) == ["UNAUTHORIZED"]
    assert engine.calls == []


async def test_no_token_is_401(serve):
    """Missing is wrong."""
    client = await serve()
    assert (await client.post("/order_pull_v1", json={})).status == 401


def test_every_key_is_compared(monkeypatch):
    """No early exit: the time does not tell which channel matched, or whether one did."""
    compared = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return a == b

    monkeypatch.setattr("bridge.server.auth.hmac.compare_digest", compare)
    authenticator = Authenticator(settings())
    assert authenticator.channel(KEY_21) == 21
    assert len(compared) == 2
    assert {len(side) for pair in compared for side in pair} == {32}


def test_the_public_key_is_refused_in_production():
    """RETAILOPS_SDK opens no channel, even were it configured past the loader's check."""
    given = settings().model_dump() | {"environment": "production"}
    given["channels"][0]["auth_key"] = "RETAILOPS_SDK"
    production = type(settings()).model_validate(given)
    with pytest.raises(Exception, match="belongs to no channel"):
        Authenticator(production).channel("RETAILOPS_SDK")
    test = production.model_copy(update={"environment": "test"})
    assert Authenticator(test).channel("RETAILOPS_SDK") == 21


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "INVALID_JSON"),
        (b"nonsense", "INVALID_JSON"),
        (b"\xff\xfe{}", "INVALID_JSON"),
        (b'{"a": NaN}', "INVALID_JSON"),
        (b'{"a": 1, "a": 2}', "INVALID_JSON"),
        (b"[]", "NOT_AN_OBJECT"),
        (b"null", "NOT_AN_OBJECT"),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "TOO_DEEP"),
        (b'{"a":' + b"[" * 200_000, "TOO_DEEP"),
    ],
)
async def test_what_is_not_a_json_object_is_400(serve, raw, code):
    """Said in the form of every answer."""
    client = await serve()
    response = await client.post("/order_pull_v1", data=raw)
    assert response.status == 400
    assert response.content_type == "application/json"
    assert await told(response) == [code]


async def test_an_unreadable_field_is_400_with_its_pointer(serve):
    """The place, not the value."""
    client = await serve()
    response = await client.post("/order_acknowledge_v1", json=body(orders="secret text"))
    assert response.status == 400
    (one,) = (await response.json())["events"]
    assert one["code"] == "INVALID_FIELD"
    assert one["diagnostic_data"] == "/orders"
    assert one["message"] == "orders: is not a list"
    assert "secret text" not in await response.text()
    response = await client.post("/order_pull_v1", json=body(specific_orders=[["x"]]))
    (one,) = (await response.json())["events"]
    assert one["message"] == "specific_orders[0]: is not an object"


async def test_a_broken_compression_is_400(serve):
    """A body that is not what its Content-Encoding says; a good one is read."""
    client = await serve()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    good = gzip.compress(json.dumps(body()).encode())
    assert (await client.post("/order_pull_v1", data=good, headers=headers)).status == 200
    response = await client.post("/order_pull_v1", data=b"not gzip at all", headers=headers)
    assert response.status == 400


@pytest.mark.parametrize("chunked", [False, True])
async def test_too_large_is_413(serve, chunked):
    """By the announced length, and by the real one where none is announced."""
    client = await serve(limits=Limits(body_bytes=1000))

    async def parts():
        for _ in range(20):
            yield b" " * 100

    response = await client.post("/order_pull_v1", data=parts() if chunked else b" " * 2000)
    assert response.status == 413
    assert await told(response) == ["TOO_LARGE"]


async def test_a_small_body_that_unpacks_large_is_413(serve):
    """The limit is on what is read, not on what was sent."""
    client = await serve(limits=Limits(body_bytes=10_000))
    packed = gzip.compress(b" " * 10_000_000)
    assert len(packed) < 10_000
    response = await client.post(
        "/order_pull_v1", data=packed, headers={"Content-Encoding": "gzip"}
    )
    assert response.status == 413


async def test_a_body_that_does_not_come_is_408(serve):
    """A caller that stops in the middle does not hold a handler for ever."""
    client = await serve(limits=Limits(body_bytes=1000, body_seconds=0.05))
    release = asyncio.Event()

    async def parts():
        yield b"{"
        await release.wait()

    async with asyncio.timeout(10):
        response = await client.post("/order_pull_v1", data=parts())
        assert response.status == 408
        assert await told(response) == ["TRY_AGAIN"]
        release.set()


async def test_another_channel_s_id_is_an_error_event(serve):
    """Two channels with each other's keys: told, and nothing done."""
    engine = TinyEngine()
    client = await serve(engine)
    other = body(channel_info={"id": 22})
    response = await client.post("/order_acknowledge_v1", json=other)
    assert response.status == 200
    (one,) = (await response.json())["events"]
    assert (one["code"], one["event_type"]) == ("CHANNEL_MISMATCH", "error")
    # order_pull has no events: RetailOps would take a 200 for an empty page
    response = await client.post("/order_pull_v1", json=other)
    assert response.status == 400
    assert engine.calls == []


@pytest.mark.parametrize("id_", [0, 21, "21", 99, None], ids=repr)
async def test_an_unknown_channel_id_is_the_token_s(serve, id_):
    """The official examples say 0 and 21."""
    engine = TinyEngine()
    client = await serve(engine)
    response = await client.post("/inventory_push_v1", json=body(channel_info={"id": id_}))
    assert response.status == 200
    assert await told(response) == []
    assert engine.calls[0].channel == 21


async def test_actions_that_later_versions_bring_are_404(serve):
    """Which action, that it is not served yet, and which are."""
    client = await serve()
    for path in ("/order_cancel_v1", "//order_cancel_v1", "/order_cancel"):
        response = await post(client, path, body())
        assert response.status == 404
        said = await response.json()
        assert said["action"] == "order_cancel"
        assert said["served"] == list(SERVED)
        assert "not served by this version" in said["events"][0]["message"]


async def test_unknown_paths_and_methods_are_json(serve):
    """404 and 405 in the form of every answer, with Allow."""
    client = await serve()
    for path in ("/", "/nothing", "/order_pull_v2", "/order_pull_v1/x"):
        response = await client.post(path, json=body())
        assert response.status == 404
        assert await told(response) == ["NOT_SERVED"]
        assert response.headers["X-Request-Id"]
    response = await client.get("/order_pull_v1")
    assert response.status == 405
    assert response.headers["Allow"] == "POST"
    assert await told(response) == ["NOT_SERVED"]


@pytest.mark.parametrize(
    ("error", "code", "after"),
    [
        (LedgerError("the disk is full"), "LEDGER_UNAVAILABLE", "20"),
        (LedgerBusy("locked"), "TRY_AGAIN", "5"),
        (Throttled("slow down", wait=2.2), "SHOPIFY_UNAVAILABLE", "3"),
        (TransportError("no reply", sent=True), "SHOPIFY_UNAVAILABLE", "20"),
        (AccessDenied("scope read_orders"), "SHOPIFY_ACCESS_DENIED", "20"),
        (DeadlineExceeded("no time left"), "NOT_REACHED", "20"),
    ],
)
@pytest.mark.parametrize("action", ["order_pull", "inventory_push"])
async def test_nothing_was_done_is_503(serve, error, code, after, action):
    """What the engine raises of the bridge's own: call again, with the reason."""
    client = await serve(raising(error))
    response = await client.post(f"/{action}_v1", json=body())
    assert response.status == 503
    assert response.headers["Retry-After"] == after
    (one,) = (await response.json())["events"]
    assert one["code"] == code
    assert str(error) in one["message"]


async def test_a_bug_is_told_without_a_trace(serve, log_lines):
    """HTTP 200 and an error event where there are events (something may be done), 503 on reads."""
    client = await serve(raising(ValueError("Ann Miller, 5 Main Street")))
    response = await client.post("/inventory_push_v1", json=body())
    assert response.status == 200
    assert await told(response) == ["INTERNAL_ERROR"]
    text = await response.text()
    assert "Miller" not in text
    assert "Traceback" not in text
    assert response.headers["X-Request-Id"] in text
    response = await client.post("/order_pull_v1", json=body())
    assert response.status == 503
    broke = [line for line in log_lines() if line["event"] == "call_broke"]
    assert len(broke) == 2
    assert "ValueError at" in broke[0]["exception"][0]
    assert "Miller" not in json.dumps(log_lines())


async def test_what_an_action_cannot_read_is_400(serve):
    """An action that looks closer than the models may refuse the request too."""
    client = await serve(raising(RequestError("INVALID_FIELD", "page_token is damaged", "/x")))
    response = await client.post("/order_pull_v1", json=body())
    assert response.status == 400
    assert await told(response) == ["INVALID_FIELD"]


async def test_a_large_body_is_read_beside_other_calls(serve):
    """On a thread: the same request arrives, the same refusals are given."""
    engine = TinyEngine()
    client = await serve(engine)
    updates = [{"sku": f"SKU-{n}", "quantity_available": n} for n in range(10_000)]
    large = json.dumps(body(inventory_updates=updates))
    assert len(large) > THREAD_BYTES
    assert (await client.post("/inventory_push_v1", data=large)).status == 200
    assert len(engine.calls[0].request.inventory_updates) == 10_000
    assert (await client.post("/inventory_push_v1", data=large[:-1])).status == 400


async def test_a_replayed_answer_says_so(serve):
    """Byte for byte, with its header."""
    stored = answer_of("inventory_push", [event(Code.SKU_NOT_FOUND, "no such SKU", sku="A")])

    async def replay(_):
        return Done(stored, "replayed")

    client = await serve(TinyEngine(replay))
    response = await client.post("/inventory_push_v1", json=body())
    assert await response.read() == stored
    assert response.headers["Idempotent-Replayed"] == "true"
    client = await serve()
    response = await client.post("/inventory_push_v1", json=body())
    assert "Idempotent-Replayed" not in response.headers


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "x" * 100])
async def test_a_coding_that_is_not_read_is_415(serve, coding):
    """In the bridge's own words, which name it and those that are read; the next call is served."""
    client = await serve()
    headers = {"Content-Encoding": coding, "X-Request-Id": "packed-1"}
    response = await client.post("/order_pull_v1", data=b"\x0b\x02\x80{}\x03", headers=headers)
    assert (response.status, response.headers["Accept-Encoding"]) == (415, "gzip, deflate")
    assert response.headers["X-Request-Id"] == "packed-1"
    (one,) = (await response.json())["events"]
    assert (one["code"], one["event_type"]) == ("UNKNOWN_CODING", "error")
    assert f"is {coding[:40]}, and the bridge reads gzip, deflate and identity" in one["message"]
    assert (await client.post("/order_pull_v1", json=body())).status == 200


BODY = json.dumps(body()).encode()


def raw_deflate(plain: bytes) -> bytes:
    """Deflate without zlib's header, as some clients send it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


PACKED = {
    "as it is": ("identity", BODY, 200),
    "capitals": ("GZIP", gzip.compress(BODY), 200),
    "two members": ("x-gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), 200),
    "deflate": ("deflate", zlib.compress(BODY), 200),
    "raw deflate": ("deflate", raw_deflate(BODY), 200),
    "nothing": ("gzip", b"", 400),
    "broken off": ("gzip", gzip.compress(BODY)[:-1], 400),
    "more behind it": ("gzip", gzip.compress(BODY) + b"{}", 400),
    "too many members": ("gzip", gzip.compress(b"") * 17, 400),
    "deflate broken off": ("deflate", zlib.compress(BODY)[:-5], 400),
    "more behind deflate": ("deflate", zlib.compress(BODY) + b"{}", 400),
    "large members": ("gzip", gzip.compress(b" " * 501) + gzip.compress(b" " * 500), 413),
    "large deflate": ("deflate", zlib.compress(b" " * 1001), 413),
}


@pytest.mark.parametrize("name", PACKED)
async def test_a_packed_body(serve, name):
    """What is whole is read, in one piece or several; all else is refused in JSON."""
    coding, packed, status = PACKED[name]
    client = await serve(limits=Limits(body_bytes=1000))
    headers = {"Content-Encoding": coding}
    response = await client.post("/order_pull_v1", data=packed, headers=headers)
    assert response.status == status
    assert response.content_type == "application/json"
    if status == 400:
        assert await told(response) == ["INVALID_JSON"]
