"""What the log says of a call, and what it never says."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from bridge.config.models import LoggingSettings
from bridge.errors import TransportError
from bridge.retailops.events import Code, event
from bridge.server import logs
from bridge.shopify.budget import Meter
from tests.server.conftest import body
from tests.server.tiny import KEY_21, Done, TinyEngine, answer_of, raising

PRIVATE = (
    "ann.miller@example.com",
    "Ann Miller",
    "5 Main Street",
    "+1 555 0100",
    KEY_21,
    "shpat_0123456789abcdef",
    "shpat_token21",
    "a-secret-made-up-by-nobody",
)


async def test_one_line_a_call(serve, log_lines):
    """Who, what, how it ended and what it cost; nothing else."""

    async def then(_):
        told = [event(Code.SKU_NOT_FOUND, "x", sku="A"), event(Code.SKU_NOT_FOUND, "x", sku="B")]
        meter = Meter(requests=3, points=120, throttled=1, retries=2, waited_seconds=0.5)
        return Done(answer_of("inventory_push", told), "partial", told, meter)

    client = await serve(TinyEngine(then))
    await client.post("/inventory_push_v1", json=body(), headers={"X-Request-Id": "r1"})
    (line,) = log_lines()
    assert line.pop("ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "call",
        "level": "info",
        "request_id": "r1",
        "action": "inventory_push",
        "channel": 21,
        "outcome": "partial",
        "status": 200,
        "events": {"SKU_NOT_FOUND": 2},
        "shopify_requests": 3,
        "points": 120,
        "throttled": 1,
        "retries": 2,
        "waited_ms": 500.0,
    }


@pytest.mark.parametrize("outcome", ["good", "bug", "refused", "unauthorized", "bad"])
async def test_nothing_private_reaches_the_log(serve, log_lines, outcome):
    """Tokens, names, addresses: sent in every field and in errors; none is logged."""
    text = ", ".join(PRIVATE)
    engines = {
        "bug": raising(ValueError(text)),
        "refused": raising(TransportError(f"no reply to {PRIVATE[0]} {PRIVATE[5]}", sent=True)),
    }
    client = await serve(engines.get(outcome))
    sent = body(
        orders=[{"channel_order_refnum": text, "note": text}],
        action=text,
        customer={"email": PRIVATE[0], "address1": PRIVATE[2]},
    )
    if outcome == "unauthorized":
        sent["integration_auth_token"] = "a-secret-made-up-by-nobody"
    if outcome == "bad":
        sent["orders"] = text
    headers = {"User-Agent": text, "Authorization": f"Bearer {PRIVATE[7]}"}
    await client.post(f"/order_acknowledge_v1?q={PRIVATE[0]}", json=sent, headers=headers)
    await client.post(f"/{PRIVATE[0]}", json=sent)
    written = json.dumps(log_lines())
    assert '"event": "call"' in written
    for private in PRIVATE:
        assert private not in written


def test_a_careless_line_is_cleaned(log_lines):
    """Keys off the list lose their values; texts on it lose tokens and e-mail addresses."""
    log = structlog.get_logger()
    careless = f"mail to {PRIVATE[0]} with {PRIVATE[5]}"
    log.warning(
        careless,
        email=PRIVATE[0],
        customer={"name": PRIVATE[1]},
        cause=f"key {KEY_21}, token shpat_token21, Bearer {PRIVATE[7]}",
        reason={"nested": [PRIVATE[0]]},
        refnum="1001",
        order=object(),
    )
    (line,) = log_lines()
    assert line["dropped"] == ["customer", "email"]
    assert line["event"] == "mail to [e-mail] with [token]"
    assert line["cause"] == "key [secret], token [secret], [token]"
    assert line["reason"] == {"nested": ["[e-mail]"]}
    assert line["refnum"] == "1001"
    assert line["order"] == "<object>"


def test_exceptions_by_type_and_place(log_lines):
    """The chain of causes, with the messages of the bridge's own errors only."""
    try:
        try:
            {}[PRIVATE[1]]
        except KeyError as error:
            raise TransportError("no reply from the store", sent=False) from error
    except TransportError:
        structlog.get_logger().exception("broke")
    (line,) = log_lines()
    first, second = line["exception"]
    assert first.startswith("TransportError: no reply from the store at test_logs.py:")
    assert second.startswith("KeyError at test_logs.py:")
    assert PRIVATE[1] not in json.dumps(line)


def test_other_libraries_go_the_same_way(log_lines):
    """The records of aiohttp and asyncio: JSON, first line only, cleaned."""
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", PRIVATE[1])
    logging.getLogger("aiohttp.server").warning("from %s", PRIVATE[0])
    first, second = log_lines()
    assert (first["event"], first["logger"]) == ("Task exception was never retrieved", "asyncio")
    assert second["event"] == "from [e-mail]"


def test_level_and_console():
    """The configured level holds; the console form is for people and cleaned alike."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure(LoggingSettings(level="warning", format="console"), stream=stream)
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("loud", reason=PRIVATE[0])
    finally:
        structlog.reset_defaults()
        root.handlers, root.level = handlers, level
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
    assert "[e-mail]" in stream.getvalue()
