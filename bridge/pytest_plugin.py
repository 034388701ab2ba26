"""The bridge in other people's tests: fixtures for pytest, for whoever installs the package.

pytest loads this in every run, so nothing of the bridge is imported before a fixture asks for
it. docs/how-to/test-your-mapping-in-pytest.md tells how they are used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bridge.testing import Bridge, Loop, Replay, Store


def _testing() -> ModuleType:
    return importlib.import_module("bridge.testing")


@pytest.fixture
def retailops_mappings() -> Path | None:
    """The folder of your mapping files; write a fixture of this name to say which."""
    return None


@pytest.fixture
def retailops_policies() -> Mapping[str, Any]:
    """Policies of the channel, as in [[channels]]; write a fixture of this name to say which."""
    return {}


@pytest.fixture
def _retailops_running() -> Iterator[tuple[Loop, Store]]:
    with _testing().store() as running:
        yield running


@pytest.fixture
def retailops_store(_retailops_running: tuple[Loop, Store]) -> Store:
    """An embedded store with its seed: place orders, look at what was done to them."""
    return _retailops_running[1]


@pytest.fixture
def retailops_bridge(
    _retailops_running: tuple[Loop, Store],
    tmp_path: Path,
    retailops_mappings: Path | None,
    retailops_policies: Mapping[str, Any],
) -> Iterator[Bridge]:
    """A bridge before ``retailops_store``, with your mappings: call it as RetailOps does."""
    loop, store = _retailops_running
    with _testing().bridge(
        loop, store, tmp_path, retailops_mappings, retailops_policies
    ) as running:
        yield running


@pytest.fixture
def retailops_cassette(
    retailops_mappings: Path | None, retailops_policies: Mapping[str, Any]
) -> Callable[[str | Path], list[Replay]]:
    """Replays a recording, or a folder of them, with your mappings: what would differ."""
    made: Callable[[str | Path], list[Replay]] = _testing().replays(
        retailops_mappings, retailops_policies
    )
    return made
