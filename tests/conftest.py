"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp import web_app

from bridge.sandbox.fields import executable_schema
from bridge.server.running import settle_down


def pytest_collection_finish() -> None:
    """What every test shares is there from now on; the garbage collector need not look at it."""
    executable_schema(protected_data=True)
    settle_down()


@pytest.fixture(autouse=True)
def applications_end() -> Iterator[None]:
    """Let go of the applications that have served: aiohttp keeps 1,024 for their middlewares.

    A process serves one; these tests make thousands, each with a store and a bridge behind it,
    and the garbage collector would go through them all again and again: half of the time.
    """
    yield
    web_app._cached_build_middleware.cache_clear()
