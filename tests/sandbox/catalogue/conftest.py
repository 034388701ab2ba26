"""The fixtures of the catalogue's tests."""

from __future__ import annotations

import pytest

from tests.sandbox.state.harness import Bench, bench


@pytest.fixture
def seeded() -> Bench:
    """A freshly seeded store on a clock that stands still."""
    return bench()
