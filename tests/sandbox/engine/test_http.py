"""The store over real HTTP: doors, faults, clock, log."""

import asyncio
import json

import aiohttp
import pytest

from bridge.sandbox.limits import LIMITS
from bridge.sandbox.runner import start_sandbox
from bridge.sandbox.service import StoreSettings
from tests.sandbox.engine.harness import TOKEN, still_clock
from tests.sandbox.engine.test_idempotency import SET, setting, stocked

SHOP = "{ shop { id name } }"
TAG = """mutation OrderTag($id: ID!, $tag: String!) {
  tagsAdd(id: $id, tags: [$tag]) { userErrors { message } }
}"""
TAGS = "query Tags($id: ID!) { order(id: $id) { tags } }"

APPLIED = {"drop_reply", "http_502_after", "garbage", "half_body"}
ALL_FAULTS = sorted(
    APPLIED | {"http_502_before", "throttle", "timeout", "internal_error", "apply_late"}
)


def first_order(http) -> str:
    """The global id of the first order of the seed."""
    return next(iter(http.running.sandbox.store.orders.values())).id


async def tags(http) -> list[str]:
    """The tags of that order now."""
    return (await http.data(TAGS, {"id": first_order(http)}))["order"]["tags"]


async def test_the_endpoint_answers_like_shopify(http):
    """200, JSON, a request id of its own and the version that answered."""
    status, headers, raw = await http.ask(SHOP)
    assert status == 200
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert json.loads(raw)["data"]["shop"]["id"].startswith("gid://shopify/Shop/")
    _, other, _ = await http.ask(SHOP)
    assert other["X-Request-Id"] != headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("asked", "status", "answered"),
    [
        ("2026-07", 200, "2026-07"),
        ("2025-01", 200, "2026-01"),  # falls forward to the oldest supported one
        ("2019-04", 200, "2026-01"),
        ("unstable", 200, "unstable"),
        ("2031-01", 404, None),
        ("2026-13", 404, None),
        ("latest", 404, None),
    ],
)
async def test_versions(http, asked, status, answered):
    """An expired version is answered by the oldest supported one and says so in the header."""
    got, headers, _ = await http.ask(SHOP, version=asked)
    assert (got, headers.get("X-Shopify-API-Version")) == (status, answered)


@pytest.mark.parametrize("token", [None, "", "shpat_other", "shpat_sandbox "])
async def test_a_wrong_token_is_401(http, token):
    """Nothing is answered or logged without the token."""
    headers = {} if token is None else {"X-Shopify-Access-Token": token}
    status, _, raw = await http.ask(SHOP, headers=headers)
    expected = 200 if token == "shpat_sandbox " else 401  # HTTP trims header values
    assert status == expected
    if expected == 401:
        assert "Invalid API key or access token" in json.loads(raw)["errors"]
        assert await http.get("/_sandbox/requests") == []


@pytest.mark.parametrize("body", [None, [], {}, {"query": 1}, {"query": SHOP, "variables": []}])
async def test_a_body_without_a_query_is_400(http, body):
    """The same answer for everything that holds no query."""
    path = "/admin/api/2026-10/graphql.json"
    expected = 200 if body == {"query": SHOP, "variables": []} else 400  # [] counts as none
    status, _ = await http.post(path, body, headers=TOKEN)
    assert status == expected


async def grant(http, **changes):
    """Ask for a token by the client credentials grant."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }
    url = http.running.url + "/admin/oauth/access_token"
    async with http.session.post(url, data=form | changes) as got:
        return got.status, await got.json()


async def test_the_client_credentials_grant(http):
    """A token for a day, by the store's clock; then 401 and a new one."""
    status, reply = await grant(http)
    assert status == 200
    assert reply["expires_in"] == 86_399
    assert "write_orders" in reply["scope"].split(",")
    header = {"X-Shopify-Access-Token": reply["access_token"]}
    assert (await http.ask(SHOP, headers=header))[0] == 200
    await http.post("/_sandbox/clock", {"advance": 86_398})
    assert (await http.ask(SHOP, headers=header))[0] == 200
    await http.post("/_sandbox/clock", {"advance": 1})
    assert (await http.ask(SHOP, headers=header))[0] == 401
    _, again = await grant(http)
    assert again["access_token"] != reply["access_token"]


@pytest.mark.parametrize(
    "changes", [{"client_secret": "no"}, {"client_id": "no"}, {"grant_type": "refresh_token"}]
)
async def test_a_grant_that_is_refused(http, changes):
    """HTTP 400 with an error code, no token."""
    status, reply = await grant(http, **changes)
    assert status == 400
    assert set(reply) == {"error", "error_description"}


@pytest.mark.parametrize("fault", ALL_FAULTS)
async def test_every_fault_strikes_once_and_does_what_it_says(http, fault):
    """What the client sees, and whether the write was applied."""
    spec = {"operation": "tagsAdd", "nth": 1, "fault": fault, "delay": 30}
    status, planned = await http.post("/_sandbox/faults", spec)
    assert status == 201
    assert planned["fault"] == fault
    given = {"id": first_order(http), "tag": "struck"}
    seen: object
    try:
        code, _, raw = await http.ask(TAG, given)
        seen = (code, raw)
    except (aiohttp.ClientError, TimeoutError) as error:
        seen = type(error)
    match fault:
        case "drop_reply":
            assert seen is aiohttp.ServerDisconnectedError
        case "half_body":
            assert seen is aiohttp.ClientPayloadError
        case "timeout" | "apply_late":
            assert seen is TimeoutError
        case "http_502_before" | "http_502_after":
            assert seen[0] == 502
        case "garbage":
            assert seen[0] == 200
            assert seen[1].startswith(b"<!DOCTYPE html>")
        case "throttle":
            assert json.loads(seen[1])["errors"][0]["extensions"]["code"] == "THROTTLED"
        case "internal_error":
            body = json.loads(seen[1])
            assert set(body) == {"errors"}
            assert body["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
            assert body["errors"][0]["extensions"]["requestId"]
    assert ("struck" in await tags(http)) is (fault in APPLIED)
    (entry,) = [e for e in await http.get("/_sandbox/requests") if e["mutation"]]
    assert entry["fault"] == fault
    assert entry["status"] == (
        seen[0]
        if fault != "half_body" and isinstance(seen, tuple)
        else (200 if fault == "half_body" else None)
    )
    await http.data(TAG, given | {"tag": "next"})
    assert "next" in await tags(http)
    assert await http.get("/_sandbox/faults") == []


async def test_apply_late_applies_when_its_time_has_come(http):
    """Never answered, applied after the delay by the store's clock, once."""
    await http.post(
        "/_sandbox/faults", {"operation": "OrderTag", "fault": "apply_late", "delay": 90}
    )
    with pytest.raises(TimeoutError):
        await http.ask(TAG, {"id": first_order(http), "tag": "late"})
    await http.post("/_sandbox/clock", {"advance": 89})
    assert "late" not in await tags(http)
    await http.post("/_sandbox/clock", {"advance": 1})
    assert "late" in await tags(http)
    assert len(await http.get("/_sandbox/journal")) == 1


async def test_apply_late_holds_its_idempotency_key(http):
    """Until it is applied a repeat is told that it runs; afterwards the repeat gets its result."""
    store = http.running.sandbox
    shop = type("Shop", (), {"store": store.store})
    given = setting(shop, 55)
    await http.post(
        "/_sandbox/faults",
        {"operation": "inventorySetQuantities", "fault": "apply_late", "delay": 30},
    )
    with pytest.raises(TimeoutError):
        await http.ask(SET, given)
    payload = (await http.data(SET, given))["inventorySetQuantities"]
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
    assert stocked(shop)[1].available != 55
    await http.post("/_sandbox/clock", {"advance": 30})
    payload = (await http.data(SET, given))["inventorySetQuantities"]
    assert payload["userErrors"] == []
    assert stocked(shop)[1].available == 55
    assert len(await http.get("/_sandbox/journal")) == 1


async def test_an_internal_error_spends_the_key(http):
    """The same key then gives IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED; a new one runs."""
    shop = type("Shop", (), {"store": http.running.sandbox.store})
    await http.post("/_sandbox/faults", {"operation": "S", "fault": "internal_error"})
    await http.ask(SET, setting(shop, 55))
    payload = (await http.data(SET, setting(shop, 55)))["inventorySetQuantities"]
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
    assert await http.get("/_sandbox/journal") == []
    payload = (await http.data(SET, setting(shop, 55, key="k-2")))["inventorySetQuantities"]
    assert payload["userErrors"] == []


async def test_nth_counts_from_the_posting_on(http):
    """The third matching request is struck; others are not counted."""
    given = {"id": first_order(http), "tag": "a"}
    await http.data(TAG, given)
    await http.post("/_sandbox/faults", {"operation": "OrderTag", "nth": 3, "fault": "throttle"})
    codes = []
    for _ in range(5):
        await http.data(SHOP)
        _, _, raw = await http.ask(TAG, given)
        codes.append("errors" in json.loads(raw))
    assert codes == [False, False, True, False, False]


@pytest.mark.parametrize(
    "spec",
    [
        {"fault": "throttle"},
        {"operation": "x", "fault": "nope"},
        {"operation": "x", "fault": "throttle", "nth": 0},
        {"operation": "x", "fault": "apply_late", "delay": -1},
        {"operation": "x", "fault": "throttle", "often": 3},
        [],
    ],
)
async def test_faults_that_make_no_sense_are_refused(http, spec):
    """400 with a sentence, and nothing is planned."""
    status, reply = await http.post("/_sandbox/faults", spec)
    assert status == 400
    assert reply["error"]
    assert await http.get("/_sandbox/faults") == []


async def test_the_clock(http):
    """Moves by seconds or to a time, never back, and says what time it is."""
    assert (await http.get("/_sandbox/clock"))["now"] == "2026-11-23T12:00:00.250000Z"
    _, now = await http.post("/_sandbox/clock", {"advance": 60})
    assert now == {"now": "2026-11-23T12:01:00.250000Z"}
    _, now = await http.post("/_sandbox/clock", {"set": "2026-11-24T00:00:00Z"})
    assert now == {"now": "2026-11-24T00:00:00Z"}
    for bad in ({"advance": -1}, {"set": "2026-11-01T00:00:00Z"}, {"set": "noon"}, {"go": 1}):
        status, reply = await http.post("/_sandbox/clock", bad)
        assert status == 400
        assert reply["error"]
    _, now = await http.post("/_sandbox/clock", {})
    assert now == {"now": "2026-11-24T00:00:00Z"}


async def test_the_log_of_requests(http):
    """Every request in order: name, kind, costs, throttled, status."""
    await http.data(SHOP)
    await http.data(TAG, {"id": first_order(http), "tag": "a"})
    await http.ask("{ nope }")
    http.running.sandbox.engine.bucket.take(1980)
    await http.ask("query Big { orders(first: 250) { nodes { customer { id } } } }")
    await http.ask("query Big { orders(first: 250) { nodes { customer { id } } } }")
    entries = await http.get("/_sandbox/requests")
    names = ("n", "operation", "mutation", "requested_cost", "throttled", "status")
    assert [tuple(e[name] for name in names) for e in entries] == [
        (1, "shop", False, 1, False, 200),
        (2, "OrderTag", True, 10, False, 200),
        (3, "nope", False, None, False, 200),
        (4, "Big", False, 24, True, 200),
        (5, "Big", False, 24, True, 200),
    ]
    assert [e["actual_cost"] for e in entries] == [1, 10, None, None, None]
    assert [e["errors"] for e in entries][2:] == [["undefinedField"], ["THROTTLED"], ["THROTTLED"]]


async def test_placing_an_order(http):
    """201 with the order; a wrong specification is 400 and nothing happens."""
    store = http.running.sandbox.store
    sku = next(v.sku for v in store.variants.values() if v.sku)
    status, order = await http.post("/_sandbox/orders", {"lines": [{"sku": sku, "quantity": 2}]})
    assert status == 201
    assert order["name"].startswith("#")
    state = await http.get("/_sandbox/state")
    assert order["id"] in json.dumps(state["orders"])
    before = len(store.orders)
    status, reply = await http.post("/_sandbox/orders", {"lines": [{"sku": "no-such-sku"}]})
    assert status == 400
    assert reply["error"]
    assert len(store.orders) == before


async def test_reset_brings_the_seed_back(http):
    """Writes, faults, keys, log and late requests are forgotten; the clock goes on."""
    fresh = await http.get("/_sandbox/state")
    shop = type("Shop", (), {"store": http.running.sandbox.store})
    await http.data(TAG, {"id": first_order(http), "tag": "a"})
    await http.data(SET, setting(shop, 55))
    await http.post("/_sandbox/faults", {"operation": "shop", "fault": "throttle"})
    status, _ = await http.post("/_sandbox/reset", {})
    assert status == 200
    assert await http.get("/_sandbox/journal") == []
    assert await http.get("/_sandbox/requests") == []
    assert await http.get("/_sandbox/faults") == []
    again = await http.get("/_sandbox/state")
    assert [o["name"] for o in again["orders"]] == [o["name"] for o in fresh["orders"]]
    payload = (await http.data(SET, setting(shop, 56)))["inventorySetQuantities"]
    assert payload["userErrors"] == []
    _, _, raw = await http.ask(SHOP)
    assert json.loads(raw)["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 2000


async def test_the_limits_are_told(http):
    """What the store leaves out is listed, each with its area."""
    told = await http.get("/_sandbox/limits")
    assert [(entry["area"], entry["limit"]) for entry in told] == list(LIMITS)
    assert any("orderCreate" in entry["limit"] for entry in told)


async def test_closing_cuts_off_what_hangs():
    """A request that is never answered does not keep the store from stopping."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        url = running.url + "/_sandbox/faults"
        await (await session.post(url, json={"operation": "shop", "fault": "timeout"})).read()
        hanging = asyncio.create_task(
            session.post(
                running.url + "/admin/api/2026-10/graphql.json",
                json={"query": SHOP},
                headers=TOKEN,
            )
        )
        await asyncio.sleep(0.1)
        async with asyncio.timeout(3):
            await running.stop()
        with pytest.raises(aiohttp.ClientError):
            await hanging


async def test_plans_and_scopes_are_settings():
    """The flags of the command reach the store; an unknown plan is refused."""
    running = await start_sandbox(plan="plus", scopes=("read_orders",), clock=still_clock())
    async with aiohttp.ClientSession() as session:
        url = running.url + "/admin/api/2026-10/graphql.json"
        async with session.post(url, json={"query": SHOP}, headers=TOKEN) as got:
            status = (await got.json())["extensions"]["cost"]["throttleStatus"]
    await running.stop()
    assert (status["maximumAvailable"], status["restoreRate"]) == (20_000, 1000)
    assert running.sandbox.engine.scopes == {"read_orders"}
    with pytest.raises(ValueError, match="plan must be one of standard, advanced"):
        StoreSettings(plan="gold")


async def test_a_taken_port_is_an_error():
    """Starting twice on one port fails and leaves nothing behind."""
    running = await start_sandbox(clock=still_clock())
    port = int(running.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="address already in use"):
        await start_sandbox(port=port, clock=still_clock())
    await running.stop()
