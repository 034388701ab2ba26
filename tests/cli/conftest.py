"""What every test of a command leaves behind as it was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.terminal import Terminal, made, write_config


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """The commands set up logging for their process, which here is everyone's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.fixture
def terminal(capsys, tmp_path: Path) -> Terminal:
    """Commands on a ledger of their own and a store that nobody serves."""
    path = tmp_path / "ledger.sqlite3"
    asyncio.run(made(path))
    return Terminal(capsys, write_config(tmp_path, ledger=path, endpoint="http://127.0.0.1:9"))
