"""schemathesis against /openapi.json: whatever is sent, no 500 and nothing undescribed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager

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
from tests.support import KEY, world

pytestmark = pytest.mark.slow

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


def run_in_thread(
    start: Callable[[], AbstractAsyncContextManager[str]],
) -> Iterator[str]:
    """Whatever ``start`` serves, on a loop of its own: schemathesis blocks for its answers."""
    up: Future[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        try:
            async with start() as url:
                stop = asyncio.Event()
                up.set_result((url, asyncio.get_running_loop(), stop))
                await stop.wait()
        except BaseException as error:
            if not up.done():
                up.set_exception(error)
            raise

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    url, loop, stop = up.result(60)
    yield url
    loop.call_soon_threadsafe(stop.set)
    thread.join(60)


@pytest.fixture(scope="module")
def edge_url() -> Iterator[str]:
    """The edge alone, its engine answering at once."""

    @asynccontextmanager
    async def start() -> AsyncIterator[str]:
        given = tiny.settings(port=0)
        async with listening(create_app(given, engine=tiny.TinyEngine()), given.server) as url:
            yield url

    yield from run_in_thread(start)


@pytest.fixture(scope="module")
def bridge_url(tmp_path_factory) -> Iterator[str]:
    """The whole bridge with its store. Shopify's largest plan, so that pacing does not wait."""

    @asynccontextmanager
    async def start() -> AsyncIterator[str]:
        folder = tmp_path_factory.mktemp("fuzz")
        async with world(folder, plan="enterprise") as w:
            yield w.url

    yield from run_in_thread(start)


# What GET /openapi.json gives: test_openapi holds the two together.
schema = schemathesis.openapi.from_dict(document(tiny.SERVED))


@schema.parametrize()
@settings(BOUNDED, max_examples=10)
def test_the_whole_bridge(case, bridge_url):
    """Calls that are let in and run: every body that the description allows, and many others."""
    if isinstance(case.body, dict):
        case.body["integration_auth_token"] = KEY
    case.call_and_validate(base_url=bridge_url, checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_the_edge_alone(case, edge_url):
    """Calls that are let in, many more of them."""
    if isinstance(case.body, dict):
        case.body["integration_auth_token"] = tiny.KEY_21
    case.call_and_validate(base_url=edge_url, checks=CHECKS)


@schema.parametrize()
@BOUNDED
def test_with_any_token(case, edge_url):
    """Calls that are refused."""
    case.call_and_validate(base_url=edge_url, checks=CHECKS)
