"""The client over real HTTP, against a server that misbehaves."""

import asyncio
import json
import logging
import socket
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from pydantic import SecretStr

from bridge.config.models import ChannelSettings, ShopifySettings
from bridge.errors import (
    AccessDenied,
    BridgeError,
    DeadlineExceeded,
    IdempotencyConflict,
    OutcomeUnknown,
    QueryRejected,
    ShopifyBroken,
    Throttled,
    TransportError,
)
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import MAX_SENDS, Exchange, ShopifyClient
from bridge.shopify.documents import operation
from bridge.shopify.pacing import CostBucket
from bridge.shopify.session import StaticToken, Store
from tests.shopify.clients import READ, TOKEN, VARIABLES, WRITE, WRITING, Time, budget, client_for
from tests.shopify.server import (
    DONE,
    GOOD,
    BadShopify,
    Reply,
    answer,
    bad_shopify,
    cost,
    drop,
    half,
    throttled,
)


async def test_a_read_brings_data_and_counts_its_cost() -> None:
    """One request: data, request id, the meter's numbers, the right address and token."""
    time = Time()
    async with bad_shopify(answer(GOOD)) as shop, client_for(shop, time) as client:
        call = budget(time)
        reply = await client.execute(READ, VARIABLES, budget=call)
    assert reply.data == GOOD["data"]
    assert reply.request_id == "req-7"
    assert (call.meter.requests, call.meter.points, call.meter.retries) == (1, 5, 0)
    assert shop.paths == ["/admin/api/2026-10/graphql.json"]
    assert shop.seen[0]["operationName"] == "OrderIdsByName"
    assert shop.seen[0]["variables"] == VARIABLES
    assert shop.headers[0]["X-Shopify-Access-Token"] == TOKEN


BROKEN: list[tuple[str, Reply]] = [
    ("cut before the reply", drop),
    ("half a body", half),
    ("html 502", answer("<html>502</html>", 502)),
    ("html 200", answer("<html>maintenance</html>")),
    ("garbage", answer('{"data": {"orders"')),
    ("empty", answer("")),
    ("503", answer("", 503)),
    (
        "broken inside",
        answer({"errors": [{"message": "x", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}),
    ),
]


@pytest.mark.parametrize("reply", [b[1] for b in BROKEN], ids=[b[0] for b in BROKEN])
async def test_a_read_is_sent_again_after_a_failure(reply: Reply) -> None:
    """Whatever went wrong: a read is repeated, after a pause, and then brings its data."""
    time = Time()
    async with bad_shopify(reply, answer(GOOD)) as shop, client_for(shop, time) as client:
        call = budget(time)
        result = await client.execute(READ, VARIABLES, budget=call)
    assert result.data == GOOD["data"]
    assert (call.meter.requests, call.meter.retries) == (2, 1)
    assert time.slept == [0.25], "half of the first half second, by the test's chance"
    assert call.meter.waited_seconds == pytest.approx(0.25)


@pytest.mark.parametrize("reply", [b[1] for b in BROKEN], ids=[b[0] for b in BROKEN])
async def test_a_write_is_never_sent_again_after_bytes_left(reply: Reply) -> None:
    """The same failures for a write: one request, and OutcomeUnknown naming the operation."""
    time = Time()
    async with bad_shopify(reply, answer(DONE)) as shop, client_for(shop, time) as client:
        with pytest.raises(OutcomeUnknown, match=r"^OrderAcknowledge: ") as caught:
            await client.execute(WRITE, WRITING, budget=budget(time))
    assert len(shop.seen) == 1
    assert caught.value.step == "OrderAcknowledge"


async def test_a_read_gives_up_in_the_end() -> None:
    """A store that stays out of order: MAX_SENDS requests, then the last error as it was."""
    time = Time()
    async with bad_shopify(answer("", 503)) as shop, client_for(shop, time) as client:
        with pytest.raises(ShopifyBroken, match="HTTP 503"):
            await client.execute(READ, VARIABLES, budget=budget(time))
    assert len(shop.seen) == MAX_SENDS
    assert time.slept == [0.25, 0.5, 1.0, 2.0], "full jitter of a doubling ceiling"


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
async def test_a_refused_connection_is_tried_again(op: Any) -> None:
    """Nobody listens: nothing was done, so even a write is repeated, and then a TransportError."""
    time = Time()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shop = BadShopify([], url=f"http://127.0.0.1:{port}")
    async with client_for(shop, time) as client:
        call = budget(time)
        with pytest.raises(TransportError, match="cannot be reached") as caught:
            await client.execute(op, VARIABLES if op is READ else WRITING, budget=call)
        assert caught.value.sent is False
        assert call.meter.requests == MAX_SENDS
        assert client.bucket.available() == 2000, "the points came back"


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
async def test_throttled_then_well(op: Any) -> None:
    """THROTTLED: nothing was done; wait what is missing plus jitter, then send again."""
    time = Time()
    good = GOOD if op is READ else DONE | {"extensions": cost(20, 20)}
    async with (
        bad_shopify(throttled(0, 50), answer(good)) as shop,
        client_for(shop, time) as client,
    ):
        call = budget(time)
        await client.execute(op, VARIABLES if op is READ else WRITING, budget=call)
    assert (call.meter.throttled, call.meter.retries, len(shop.seen)) == (1, 1, 2)
    assert time.slept[0] == pytest.approx(0.5 + 0.15), "50 points at 100 a second, and 0.15"


async def test_the_real_price_is_learnt() -> None:
    """Shopify asks for more than our arithmetic said: the next one reserves Shopify's price."""
    time = Time()
    dear = {"data": {"orders": {}}, "extensions": cost(1200, 5, 1000)}
    async with bad_shopify(answer(dear)) as shop, client_for(shop, time) as client:
        first, second = budget(time), budget(time)
        await client.execute(READ, VARIABLES, budget=first)
        await client.execute(READ, VARIABLES, budget=second)
    assert first.meter.waited_seconds == 0
    assert second.meter.waited_seconds == pytest.approx(2.0), "1,000 points there, 1,200 needed"


async def test_http_429_waits_as_told() -> None:
    """Retry-After is obeyed, by a write too."""
    time = Time()
    busy = answer("", 429, **{"Retry-After": "3.0"})
    async with bad_shopify(busy, answer(DONE)) as shop, client_for(shop, time) as client:
        call = budget(time)
        await client.execute(WRITE, WRITING, budget=call)
    assert (call.meter.throttled, len(shop.seen)) == (1, 2)
    assert sum(time.slept) >= 3.0


async def test_throttled_beyond_the_deadline_is_raised() -> None:
    """The points come back too late for this call: Throttled, without waiting for nothing."""
    time = Time()
    async with bad_shopify(throttled(0, 1000)) as shop, client_for(shop, time) as client:
        with pytest.raises(Throttled):
            await client.execute(READ, VARIABLES, budget=budget(time, 5.0))
    assert len(shop.seen) == 1
    assert time.slept == []


async def test_a_slow_store_is_not_waited_for() -> None:
    """No reply within the time of one request: a read is repeated, a write is in doubt."""
    time = Time()
    stuck = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        await stuck.wait()
        return web.Response()

    async with (
        bad_shopify(never, answer(GOOD), never) as shop,
        client_for(shop, time, patience=0.1) as client,
    ):
        await client.execute(READ, VARIABLES, budget=budget(time))
        with pytest.raises(OutcomeUnknown, match="no whole reply"):
            await client.execute(WRITE, WRITING, budget=budget(time))
        stuck.set()
    assert len(shop.seen) == 3


async def test_nothing_begins_after_the_deadline() -> None:
    """A call whose time is over sends nothing, and says so."""
    time = Time()
    async with bad_shopify(answer(GOOD)) as shop, client_for(shop, time) as client:
        call = budget(time, 1.0)
        time.now += 2.0
        with pytest.raises(DeadlineExceeded):
            await client.execute(READ, VARIABLES, budget=call)
        assert client.bucket.available() == 2000
    assert shop.seen == []


FINAL: list[tuple[Reply, type[BridgeError]]] = [
    (
        answer({"errors": [{"message": "no", "extensions": {"code": "undefinedField"}}]}),
        QueryRejected,
    ),
    (
        answer({"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]}),
        AccessDenied,
    ),
    (answer("", 402), AccessDenied),
    (answer("", 401), AccessDenied),
    (
        answer(
            {
                "data": {
                    "x": {
                        "userErrors": [{"message": "m", "code": "IDEMPOTENCY_CONCURRENT_REQUEST"}]
                    }
                }
            }
        ),
        IdempotencyConflict,
    ),
]


@pytest.mark.parametrize(("reply", "kind"), FINAL, ids=["document", "scope", "402", "401", "key"])
async def test_what_sending_again_cannot_cure(reply: Reply, kind: type[BridgeError]) -> None:
    """Refusals are raised at once, after a single request."""
    time = Time()
    async with bad_shopify(reply) as shop, client_for(shop, time) as client:
        with pytest.raises(kind):
            await client.execute(WRITE, WRITING, budget=budget(time))
    assert (len(shop.seen), time.slept) == (1, [])


class OneRenewal:
    """A token source whose first token has been revoked."""

    def __init__(self) -> None:
        self.current = "old"
        self.renewals = 0

    def held(self) -> str:
        """The current one."""
        return self.current

    async def token(self) -> str:
        """The current one."""
        return self.current

    async def renew(self, stale: str) -> bool:
        """Another one, once."""
        assert stale == "old"
        self.renewals += 1
        self.current = "new"
        return True


@pytest.mark.parametrize("op", [READ, WRITE], ids=["read", "write"])
async def test_a_401_renews_the_token_once(op: Any) -> None:
    """401 means that nothing was done: one renewal, then the same request with the new token."""
    time, tokens = Time(), OneRenewal()
    good = GOOD if op is READ else DONE
    async with (
        bad_shopify(answer("", 401), answer(good)) as shop,
        client_for(shop, time, tokens=tokens) as client,
    ):
        await client.execute(op, VARIABLES if op is READ else WRITING, budget=budget(time))
    assert [h["X-Shopify-Access-Token"] for h in shop.headers] == ["old", "new"]
    assert tokens.renewals == 1


async def test_a_401_after_the_renewal_is_final() -> None:
    """The new token is refused as well: AccessDenied, and no endless renewing."""
    time, tokens = Time(), OneRenewal()
    async with (
        bad_shopify(answer("", 401)) as shop,
        client_for(shop, time, tokens=tokens) as client,
    ):
        with pytest.raises(AccessDenied):
            await client.execute(WRITE, WRITING, budget=budget(time))
    assert (len(shop.seen), tokens.renewals) == (2, 1)


class NoToken:
    """A token source that never comes back."""

    def held(self) -> str:
        """Nothing yet."""
        return ""

    async def token(self) -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        return ""

    async def renew(self, stale: str) -> bool:
        """Never."""
        return stale == ""


async def test_a_token_is_not_waited_for_beyond_the_deadline() -> None:
    """Shopify's token service hangs: the call ends in time, and says that nothing was done."""
    time = Time()
    async with (
        bad_shopify(answer(DONE)) as shop,
        client_for(shop, time, tokens=NoToken()) as client,
    ):
        with pytest.raises(DeadlineExceeded, match=r"access token of example.*nothing of it"):
            await client.execute(WRITE, WRITING, budget=budget(time, 0.05))
    assert shop.seen == []


async def test_another_api_version_is_told_once() -> None:
    """Shopify falls forward silently when a version expires: one warning, and no error."""
    time = Time()
    with structlog.testing.capture_logs() as logs:
        async with (
            bad_shopify(answer(GOOD, version="2027-01")) as shop,
            client_for(shop, time) as client,
        ):
            for _ in range(3):
                await client.execute(READ, VARIABLES, budget=budget(time))
            assert client.answered_version == "2027-01"
    told = [line for line in logs if line["event"] == "shopify_api_version"]
    assert [(line["asked"], line["answered"]) for line in told] == [("2026-10", "2027-01")]


async def test_the_right_version_is_not_worth_a_word() -> None:
    """No warning when the version that was asked for answers."""
    time = Time()
    with structlog.testing.capture_logs() as logs:
        async with bad_shopify(answer(GOOD)) as shop, client_for(shop, time) as client:
            await client.execute(READ, VARIABLES, budget=budget(time))
    assert [line for line in logs if line["log_level"] != "debug"] == []


async def test_who_observes_sees_bytes_but_no_token() -> None:
    """Each exchange is handed over as it was, failures included; never the token."""
    time = Time()
    seen: list[Exchange] = []
    async with (
        bad_shopify(drop, answer(GOOD)) as shop,
        client_for(shop, time, seen=seen) as client,
    ):
        await client.execute(READ, VARIABLES, budget=budget(time))
    assert [e.status for e in seen] == [None, 200]
    assert seen[0].failure == "ServerDisconnectedError"
    assert json.loads(seen[1].reply) == GOOD
    assert json.loads(seen[1].request)["variables"] == VARIABLES
    assert all(TOKEN not in str([e, e.request, dict(e.headers)]) for e in seen)


async def test_neither_log_nor_error_shows_token_or_variables(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Everything that is said about failing requests, searched for what must not be in it."""
    caplog.set_level(logging.DEBUG)
    time = Time()
    said: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for reply in [*(b[1] for b in BROKEN), *(f[0] for f in FINAL), throttled(0, 1000)]:
            async with bad_shopify(reply) as shop, client_for(shop, time) as client:
                try:
                    await client.execute(
                        WRITE, WRITING | {"tags": ["Jane Doe"]}, budget=budget(time, 5)
                    )
                except BridgeError as error:
                    chain: BaseException | None = error
                    while chain is not None:
                        said.append(f"{chain!r} {chain} {vars(chain)}")
                        chain = chain.__cause__ or chain.__context__
    said += [str(line) for line in logs] + [caplog.text]
    assert len(logs) >= len(BROKEN)
    assert all(TOKEN not in line and "Jane Doe" not in line for line in said)


async def test_the_idempotency_key_is_a_variable() -> None:
    """The key goes where @idempotent reads it."""
    time = Time()
    op = operation("InventoryActivate")
    done = {"data": {"inventoryActivate": {"userErrors": []}}}
    async with bad_shopify(answer(done)) as shop, client_for(shop, time) as client:
        await client.execute(
            op,
            {"inventoryItemId": "1", "locationId": "2"},
            budget=budget(time),
            idempotency_key="key-1",
        )
    assert shop.seen[0]["variables"]["idempotencyKey"] == "key-1"
    assert "@idempotent(key: $idempotencyKey)" in shop.seen[0]["query"]


async def test_many_tasks_share_one_bucket() -> None:
    """Forty tasks, one client: only the first goes alone, then all; every answer comes."""
    together = most = 0

    async def counting(request: web.Request) -> web.StreamResponse:
        nonlocal together, most
        together += 1
        most = max(most, together)
        if len(shop.seen) == 1:
            assert together == 1
        await asyncio.sleep(0.02)
        together -= 1
        return await answer(GOOD)(request)

    async with bad_shopify(counting) as shop, aiohttp.ClientSession() as http:
        client = ShopifyClient(
            http=http,
            store=Store.at("example", "2026-10", endpoint=shop.url),
            tokens=StaticToken(SecretStr(TOKEN)),
            bucket=CostBucket(2000, 100),
        )
        call = CallBudget(Deadline.after(30))
        await asyncio.gather(*(client.execute(READ, VARIABLES, budget=call) for _ in range(40)))
    assert (call.meter.requests, call.meter.points, call.meter.throttled) == (40, 200, 0)
    assert most > 10


async def test_a_channels_settings_make_a_client() -> None:
    """The configuration's shop, version, token and endpoint are the ones that are used."""
    async with (
        bad_shopify(answer(GOOD, version="2026-07")) as shop,
        aiohttp.ClientSession() as http,
    ):
        channel = ChannelSettings(
            id=21,
            shop="https://Example.myshopify.com/",
            api_version="2026-07",
            auth_key=SecretStr("x" * 32),
            shopify=ShopifySettings(token=SecretStr(TOKEN), endpoint=shop.url, restore_rate=200.0),
        )
        client = ShopifyClient.for_channel(channel, http)
        assert client.bucket.maximum == 4000
        await client.execute(READ, VARIABLES, budget=CallBudget(Deadline.after(10)))
    assert client.store.domain == "example.myshopify.com"
    assert shop.paths == ["/admin/api/2026-07/graphql.json"]
    assert shop.headers[0]["X-Shopify-Access-Token"] == TOKEN
