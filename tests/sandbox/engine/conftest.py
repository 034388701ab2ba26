"""The fixtures of the engine's tests."""

import aiohttp
import pytest

from bridge.sandbox.runner import start_sandbox
from tests.sandbox.engine.harness import Direct, Http, direct, still_clock


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
