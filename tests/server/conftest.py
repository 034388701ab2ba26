"""A real server on 127.0.0.1 for each test that asks for one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from bridge.config.models import LoggingSettings
from bridge.server import logs
from bridge.server.app import create_app
from tests.server.tiny import KEY_21, TinyEngine, settings


@pytest.fixture
def serve(aiohttp_client) -> Callable[..., Any]:
    """Starts a bridge; its arguments are create_app's, and those of [server]."""

    async def start(engine: Any = None, *, pings=(), limits=None, clock=None, **server: Any):
        more = {"clock": clock} if clock else {}
        app = create_app(
            settings(**server),
            engine=engine or TinyEngine(),
            pings=pings,
            limits=limits,
            **more,
        )
        return await aiohttp_client(app)

    return start


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The log, set up as in production and read back line by line."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(
        LoggingSettings(level="debug"), secrets=logs.secrets_of(settings()), stream=stream
    )
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def body(**more: Any) -> dict[str, Any]:
    """A call's body with channel 21's key."""
    return {"integration_auth_token": KEY_21, **more}
