"""The fixtures of the engine's tests."""

import aiohttp
import pytest

from bridge.sandbox.fields import executable_schema
from bridge.sandbox.runner import start_sandbox
from tests.sandbox.engine.harness import Direct, Http, direct, still_clock


@pytest.fixture
def own_schema():
    """For a test that changes resolvers: the store's schema is made for it alone."""
    executable_schema.cache_clear()
    yield
    executable_schema.cache_clear()


@pytest.fixture
def shop() -> Direct:
    """A freshly seeded store without HTTP, on a clock that stands still."""
    return direct()


@pytest.fixture
async def http():
    """A freshly seeded store on a free port, on a clock that stands still."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        yield Http(running, session)
    await running.stop()
