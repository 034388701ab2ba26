"""The fixtures of the tests about money."""

from __future__ import annotations

import pytest

from tests.sandbox.state.harness import Bench, bench


@pytest.fixture
def shop() -> Bench:
    """A freshly seeded store in US dollars, on a clock that stands still."""
    return bench()


@pytest.fixture
def canada() -> Bench:
    """The same store in Canadian dollars, as the recorded one."""
    made = bench()
    made.store.shop.currency_code = "CAD"
    return made
