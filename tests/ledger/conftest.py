from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.ledger import Ledger
from tests.ledger.support import Clock, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's ledger file is."""
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def clock() -> Clock:
    """The ledger's clock, set by hand."""
    return Clock()


@pytest.fixture
async def ledger(path: Path, clock: Clock) -> AsyncIterator[Ledger]:
    """An open ledger."""
    async with opened(path, clock=clock) as ledger:
        yield ledger
