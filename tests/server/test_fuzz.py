"""schemathesis against /openapi.json: whatever is sent, no 500 and nothing undescribed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bridge.server.app import create_app
from bridge.server.openapi import document
from bridge.server.running import listening
from tests.server import tiny

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
# A bounded part of the ten minutes of the whole suite: some 20 s on one core.
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def bridge_url() -> Iterator[str]:
    """A bridge on a loop of its own, since schemathesis waits for its answers."""
    up = threading.Event()
    state: dict[str, object] = {}

    async def main() -> None:
        stop = asyncio.Event()
        given = tiny.settings(port=0)
        async with listening(create_app(given, engine=tiny.TinyEngine()), given.server) as state[
            "url"
        ]:
            state["stop"] = (asyncio.get_running_loop(), stop)
            up.set()
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    assert up.wait(30)
    yield str(state["url"])
    loop, stop = state["stop"]
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


# What GET /openapi.json gives: test_openapi holds the two together.
schema = schemathesis.openapi.from_dict(document(tiny.SERVED))


@schema.parametrize()
@BOUNDED
def test_with_the_right_token(case, bridge_url):
    """Calls that are let in: every body that the description allows, and many that it does not."""
    if isinstance(case.body, dict):
        case.body["integration_auth_token"] = tiny.KEY_21
    case.call_and_validate(base_url=bridge_url, checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_with_any_token(case, bridge_url):
    """Calls that are refused."""
    case.call_and_validate(base_url=bridge_url, checks=CHECKS)
