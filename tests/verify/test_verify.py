"""The check against small servers over real HTTP: right ones pass, wrong ones are told why."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pytest_aiohttp.plugin import AiohttpServer

from bridge.retailops.actions import ACTIONS
from bridge.retailops.protocol import parse, read_body
from bridge.server.app import create_app
from bridge.verify.http import asking
from bridge.verify.run import WRONG_KEY, Result, example, verify
from tests.server import tiny
from tests.verify.servers import SmallServer, changed, right

JSON_TYPE = {"Content-Type": "application/json"}


async def run(server: TestServer, slash: str = "", **options: Any) -> dict[str, Result]:
    """Every result by its action."""
    async with asking(str(server.make_url("/")).rstrip("/") + slash) as asker:
        return {result.action: result async for result in verify(asker, **options)}


async def faults(start: AiohttpServer, server: SmallServer, action: str) -> str:
    """What is said about one action of a server."""
    results = await run(await start(server.app()), actions=[action])
    assert results[action].outcome == ("failed" if results[action].faults else "ok")
    return "\n".join(str(fault) for fault in results[action].faults)


async def test_a_right_server_passes_whole(aiohttp_server: AiohttpServer) -> None:
    """All eleven actions, each called once with the good key and once with a wrong one."""
    small = SmallServer()
    results = await run(await aiohttp_server(small.app()))
    assert {name: result.faults for name, result in results.items()} == dict.fromkeys(ACTIONS, ())
    assert {result.outcome for result in results.values()} == {"ok"}
    for name in ACTIONS:
        keys = {b["integration_auth_token"] for path, b in small.calls if f"/{name}_v1" in path}
        assert keys == {"RETAILOPS_SDK", WRONG_KEY}


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_base_url_with_a_slash_gives_two_of_them(
    aiohttp_server: AiohttpServer, slash: str
) -> None:
    """The official verifier asks for `//order_pull_v1`; so do we, so that servers must bear it."""
    small = SmallServer()
    await run(await aiohttp_server(small.app()), slash, actions=["order_pull"])
    assert {path for path, _ in small.calls} == {f"{slash}/order_pull_v1"}


async def test_our_own_edge_passes(aiohttp_server: AiohttpServer) -> None:
    """The bridge's real HTTP edge: what it serves is right, the rest is told as not served."""
    server = await aiohttp_server(create_app(tiny.settings(), engine=tiny.TinyEngine()))
    results = await run(server, "/", key=tiny.KEY_21)
    assert {name: result.faults for name, result in results.items()} == dict.fromkeys(ACTIONS, ())
    served = {name for name, result in results.items() if result.outcome == "ok"}
    assert served == set(tiny.SERVED)


async def test_another_key_is_used(aiohttp_server: AiohttpServer) -> None:
    """--use-auth-key: the channel's own key instead of the verifier's."""
    small = SmallServer(key="k" * 32)
    server = await aiohttp_server(small.app())
    good = await run(server, key="k" * 32)
    assert {result.outcome for result in good.values()} == {"ok"}
    bad = await run(server, actions=["order_pull"])
    assert "status 401, must be 200" in str(bad["order_pull"].faults[0])


async def test_a_server_without_a_key_check_fails(aiohttp_server: AiohttpServer) -> None:
    """A wrong key that is answered like the good one is the gravest mistake of all."""
    said = await faults(aiohttp_server, SmallServer(check_key=False), "order_cancel")
    assert said == "status 200 for a wrong key, must be 401"


async def test_a_403_is_not_a_401(aiohttp_server: AiohttpServer) -> None:
    """RetailOps wants 401 for the key, no other refusal."""

    def forbidden(_: str, body: dict[str, Any]) -> web.Response:
        return web.json_response({}, status=403 if body["integration_auth_token"] != "k" else 200)

    said = await faults(
        aiohttp_server, SmallServer(check_key=False, answer=forbidden), "inventory_push"
    )
    assert "status 403 for a wrong key, must be 401" in said


WRONG: dict[str, tuple[str, Any, str]] = {
    "event as object": (
        "order_acknowledge",
        lambda body: body.update(events=body["events"][0]),
        "events: is an object, must be a list",
    ),
    "events null": (
        "inventory_push",
        lambda body: body.update(events=None),
        "events: is null, must be a list or be left out",
    ),
    "events missing": ("catalog_push", lambda body: body.pop("events"), "events: is missing"),
    "events at the top level": (
        "order_acknowledge",
        lambda body: body["events"],
        "JSON, but not an object",
    ),
    "integer code": (
        "order_returned",
        lambda body: body["events"][0].update(code=404),
        "events[0].code: is a whole number, must be text",
    ),
    "integer identifier": (
        "order_returned",
        lambda body: body["events"][0]["associations"][0].update(identifier=5),
        "events[0].associations[0].identifier: is a whole number, must be text",
    ),
    "null string": (
        "order_pull",
        lambda body: body["orders"][0].update(gift_message=None),
        "orders[0].gift_message: is null, must be text or be left out",
    ),
    "wrong enum": (
        "order_cancel",
        lambda body: body.update(status="ok"),
        "status: is none of success, fail",
    ),
    "wrong event type": (
        "order_update",
        lambda body: body.update(
            events=[{"event_type": "notice", "code": "A", "message": "", "associations": []}]
        ),
        "events[0].event_type: is none of error, warning, info",
    ),
    "quantity with a fraction": (
        "order_pull",
        lambda body: body["orders"][0]["order_items"][0].update(quantity=1.5),
        "orders[0].order_items[0].quantity: is a number, must be a whole number",
    ),
    "money as text": (
        "order_pull",
        lambda body: body["orders"][0]["payment_transactions"][0].update(amount="21.63"),
        "orders[0].payment_transactions[0].amount: is text, must be a number",
    ),
    "float artefact": (
        "order_pull",
        lambda body: body["orders"][0]["payment_transactions"][0].update(amount=0.1 + 0.2),
        "orders[0].payment_transactions[0].amount: Decimal input should have no more",
    ),
    "half a yen": (
        "order_pull",
        lambda body: body["orders"][0].update(currency_code="JPY"),
        "is finer than the smallest amount of JPY",
    ),
    "empty ship_service_code": (
        "order_pull",
        lambda body: body["orders"][0].update(ship_service_code=""),
        "orders[0].ship_service_code: is empty",
    ),
    "unknown currency": (
        "order_pull",
        lambda body: body["orders"][0].update(currency_code="SEK"),
        "orders[0].currency_code: is none of AUD",
    ),
    "date without an offset": (
        "order_pull",
        lambda body: body["orders"][0].update(channel_date_created="2026-11-23 10:00:00"),
        "orders[0].channel_date_created: is not a date like",
    ),
    "integer token": (
        "order_pull",
        lambda body: body.update(next_page_token=2),
        "next_page_token: is a whole number, must be text",
    ),
    "101 orders": (
        "order_pull",
        lambda body: body.update(orders=body["orders"] * 101),
        "orders: has 101 elements, at most 100",
    ),
    "short attribute": (
        "order_pull",
        lambda body: body["orders"][0].update(
            attributes=[{"attribute_type": "text", "handle": "x", "value": "ok"}]
        ),
        "orders[0].attributes[0].handle: has fewer than 2 characters",
    ),
    "item without its type": (
        "order_pull",
        lambda body: body["orders"][0]["order_items"][0].pop("item_type"),
        "orders[0].order_items[0].item_type: is missing",
    ),
    "wrong fan-out": (
        "catalog_get_config",
        lambda body: body.update(sku_fanout="all"),
        "sku_fanout: is none of related_skus, no_fanout",
    ),
    "line without refnum": (
        "order_update",
        lambda body: body.update(line_items=[{"order_item_id": 5}]),
        "line_items[0].refnum: is missing",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
async def test_each_mistake_is_found_and_named(aiohttp_server: AiohttpServer, mistake: str) -> None:
    """One wrong thing in a right answer: the fault names the place and what belongs there."""
    action, change, said = WRONG[mistake]

    def only(body: dict[str, Any]) -> Any:
        result = change(body)
        return result if mistake == "events at the top level" else None

    server = SmallServer(answer=changed(only))
    results = await run(await aiohttp_server(server.app()), actions=[action])
    found = [str(fault) for fault in results[action].faults]
    assert len(found) == 1, found
    assert said in found[0]
    assert results[action].outcome == "failed"


async def test_fields_that_we_do_not_know_are_allowed(aiohttp_server: AiohttpServer) -> None:
    """Another server may say more than the schemas name; RetailOps lets it."""
    server = SmallServer(answer=changed(lambda body: body.update(extra={"a": None})))
    assert await faults(aiohttp_server, server, "order_pull") == ""


async def test_an_html_error_page_is_recognised(aiohttp_server: AiohttpServer) -> None:
    """Status, content type and the page's first words, as a person needs them."""

    def page(_: str, __: dict[str, Any]) -> web.Response:
        text = "<html><h1>502 Bad Gateway</h1>" + "x" * 5000
        return web.Response(status=502, text=text, content_type="text/html")

    said = await faults(aiohttp_server, SmallServer(answer=page), "order_pull")
    assert "status 502, must be 200" in said
    assert "content type is text/html, must be application/json" in said
    assert "The answer is not JSON" in said
    assert "<h1>502 Bad Gateway</h1>" in said
    assert len(said) < 400


async def test_json_sent_as_text_is_told(aiohttp_server: AiohttpServer) -> None:
    """The body is right, its content type is not."""

    def plain(action: str, _: dict[str, Any]) -> web.Response:
        return web.Response(text=json.dumps(right(action)))

    said = await faults(aiohttp_server, SmallServer(answer=plain), "order_pull")
    assert said == "content type is text/plain, must be application/json"


async def test_a_refusal_tells_the_servers_own_reason(aiohttp_server: AiohttpServer) -> None:
    """A 503 with events: the first event is shown beside the status."""

    def busy(_: str, __: dict[str, Any]) -> web.Response:
        body = {"events": [{"code": "TRY_AGAIN", "message": "still running"}]}
        return web.json_response(body, status=503)

    said = await faults(aiohttp_server, SmallServer(answer=busy), "order_pull")
    assert said == "status 503, must be 200 (TRY_AGAIN: still running)"


BROKEN: dict[str, tuple[web.Response, str]] = {
    "nothing at all": (web.Response(content_type="application/json"), "it is empty"),
    "JSON that breaks off": (
        web.Response(text='{"events": [', content_type="application/json"),
        "The answer is not JSON",
    ),
    "two JSON values": (
        web.Response(text='{"events": []}{}', content_type="application/json"),
        "The answer is not JSON",
    ),
    "a PHP warning before the JSON": (
        web.Response(text='Warning: x in y.php\n{"events": []}', content_type="application/json"),
        "Warning: x in y.php",
    ),
    "Latin-1": (
        web.Response(body='{"events": [], "a": "é"}'.encode("latin-1"), headers=JSON_TYPE),
        "The answer is not",
    ),
    "NaN": (
        web.Response(text='{"events": [], "a": NaN}', content_type="application/json"),
        "The answer is not",
    ),
    "nested without an end": (
        web.Response(text='{"a":' * 2000, content_type="application/json"),
        "The answer",
    ),
    "JSON in a string": (
        web.Response(text=json.dumps('{"events": []}'), content_type="application/json"),
        "JSON, but not an object",
    ),
    "not really gzip": (
        web.Response(body=b'{"events": []}', headers={**JSON_TYPE, "Content-Encoding": "gzip"}),
        "no answer",
    ),
}


@pytest.mark.parametrize("mistake", BROKEN)
async def test_broken_bodies_are_told_and_never_a_traceback(
    aiohttp_server: AiohttpServer, mistake: str
) -> None:
    """What comes is no JSON object in UTF-8: one fault, which shows how the body begins."""
    made, said = BROKEN[mistake]

    def broken(_: str, __: dict[str, Any]) -> web.Response:
        return web.Response(body=made.body, headers=made.headers)

    found = await faults(aiohttp_server, SmallServer(answer=broken), "inventory_push")
    assert said in found
    assert "\n" not in found


async def test_an_answer_that_breaks_off_is_told(aiohttp_server: AiohttpServer) -> None:
    """The server dies in the middle of its answer."""

    async def die(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={**JSON_TYPE, "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"events": [')
        assert request.transport is not None
        request.transport.close()
        return response

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", die)
    results = await run(await aiohttp_server(app), actions=["order_cancel"])
    assert "no answer" in str(results["order_cancel"].faults[0])


async def test_a_server_that_fails_on_a_wrong_key_is_told(aiohttp_server: AiohttpServer) -> None:
    """A 500 keeps the stranger out, and is still not the 401 that RetailOps expects."""

    def strict(action: str, body: dict[str, Any]) -> web.Response:
        if body["integration_auth_token"] != SmallServer.key:
            return web.Response(status=500, text="oops")
        return web.json_response(right(action))

    said = await faults(
        aiohttp_server, SmallServer(check_key=False, answer=strict), "order_acknowledge"
    )
    assert said == "status 500 for a wrong key, must be 401"


async def test_a_redirect_is_not_followed(aiohttp_server: AiohttpServer) -> None:
    """A redirected POST becomes a GET on its way: RetailOps would not get through."""

    def moved(_: str, __: dict[str, Any]) -> web.Response:
        return web.Response(status=302, headers={"Location": "/health/ready"})

    said = await faults(aiohttp_server, SmallServer(answer=moved), "order_pull")
    assert "status 302, must be 200" in said


async def test_actions_that_are_not_served_yet_are_told_as_such(
    aiohttp_server: AiohttpServer,
) -> None:
    """404 with JSON and absent from /health/ready: verified are the others."""
    small = SmallServer(served=("order_pull", "inventory_push"))
    results = await run(await aiohttp_server(small.app()))
    outcomes = {name: result.outcome for name, result in results.items()}
    assert outcomes.pop("order_pull") == outcomes.pop("inventory_push") == "ok"
    assert set(outcomes.values()) == {"not served"}
    assert len(outcomes) == 9


async def test_an_action_asked_for_by_name_must_be_served(aiohttp_server: AiohttpServer) -> None:
    """`--actions order_cancel` of a bridge without it is a failure."""
    small = SmallServer(served=("order_pull",))
    results = await run(await aiohttp_server(small.app()), actions=["order_cancel"])
    assert results["order_cancel"].outcome == "failed"
    assert "status 404" in str(results["order_cancel"].faults[0])


async def test_a_404_without_a_list_of_what_is_served_is_a_failure(
    aiohttp_server: AiohttpServer,
) -> None:
    """A server that has no /health/ready must serve all eleven."""
    small = SmallServer(served=("order_pull",), health=False)
    results = await run(await aiohttp_server(small.app()))
    assert [name for name, one in results.items() if one.outcome == "ok"] == ["order_pull"]
    assert {one.outcome for one in results.values()} == {"ok", "failed"}


async def test_a_listed_action_that_gives_404_is_a_failure(aiohttp_server: AiohttpServer) -> None:
    """What /health/ready promises must be there."""

    def lost(_: str, __: dict[str, Any]) -> web.Response:
        return web.json_response({"events": []}, status=404)

    small = SmallServer(answer=lost, check_key=False)
    results = await run(await aiohttp_server(small.app()))
    assert {one.outcome for one in results.values()} == {"failed"}


async def test_stop_on_error_stops_at_the_first_failure(aiohttp_server: AiohttpServer) -> None:
    """The second action fails, the third is not called."""
    second = list(ACTIONS)[1]
    small = SmallServer(
        answer=lambda action, _: web.json_response({} if action == second else right(action))
    )
    results = await run(await aiohttp_server(small.app()), stop_on_error=True)
    assert list(results) == list(ACTIONS)[:2]
    assert {path for path, _ in small.calls} == {f"/{name}_v1" for name in list(ACTIONS)[:2]}


async def test_no_server_is_told_and_not_a_crash(unused_tcp_port: int) -> None:
    """A refused connection is a failure of every action that was asked for."""
    async with asking(f"http://127.0.0.1:{unused_tcp_port}") as asker:
        results = [one async for one in verify(asker, actions=["order_pull"])]
    assert results[0].outcome == "failed"
    assert len(results[0].faults) == 1
    assert "cannot connect" in str(results[0].faults[0])


async def test_a_server_that_never_answers_is_told(aiohttp_server: AiohttpServer) -> None:
    """The official verifier waits 15 s; here the time is a setting."""
    never = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", hang)
    server = await aiohttp_server(app)
    async with asking(str(server.make_url("/")), timeout_seconds=0.05) as asker:
        results = [one async for one in verify(asker, actions=["order_pull"])]
    never.set()
    assert str(results[0].faults[0]) == "no answer within 0.05 s"


async def test_an_unknown_action_is_an_error_of_the_caller() -> None:
    """`verify` is asked only for actions that exist."""
    async with asking("http://127.0.0.1:1") as asker:
        with pytest.raises(KeyError):
            await anext(aiter(verify(asker, actions=["order_frobnicate"])))


@pytest.mark.parametrize("action", ACTIONS)
def test_our_own_examples_are_requests_that_we_read(action: str) -> None:
    """Each example parses into its model with nothing left over, and carries no key."""
    request = parse(ACTIONS[action], read_body(json.dumps(example(action)).encode()))
    assert request.model_extra == {}
    assert request.integration_auth_token is None


def test_our_own_examples_can_harm_no_store() -> None:
    """Orders, lines and SKUs that no store has; an empty feed; no page token."""
    assert example("catalog_push")["template_output"] == {}
    assert example("order_pull")["specific_orders"] == []

    def texts(node: Any, name: str = "") -> Any:
        if isinstance(node, dict):
            for key, value in node.items():
                yield from texts(value, key)
        elif isinstance(node, list):
            for value in node:
                yield from texts(value, name)
        else:
            yield name, node

    found = [pair for action in ACTIONS for pair in texts(example(action))]
    names = [v for n, v in found if n in {"channel_order_refnum", "channel_item_refnum"}]
    skus = [v for n, v in found if n == "sku"]
    assert names
    assert skus
    assert all(name.startswith("999999999999") for name in names)
    assert set(skus) == {"BRIDGE-VERIFY-NO-SUCH-SKU"}
