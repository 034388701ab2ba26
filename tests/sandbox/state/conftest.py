"""The fixtures of the store's tests."""

from __future__ import annotations

import pytest

from tests.sandbox.state.harness import Bench, bench


@pytest.fixture
def seeded() -> Bench:
    """A freshly seeded store on a clock that stands still."""
    return bench()


@pytest.fixture(scope="session")
def pristine() -> Bench:
    """One freshly seeded store for all tests that only look."""
    return bench()
