"""The figures that the bridge promises: requests and points at Shopify, as ``make bench`` has them.

Times are not pinned: they are the machine's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.points import JOBS, Limit
from bridge.shopify.protocol import MAX_QUERY_POINTS

PROMISED = {
    "push": Limit(requests=12, points=350),
    "pull": Limit(requests=1, points=700),
    "long_page": Limit(requests=0, points=MAX_QUERY_POINTS - 1),
    "acknowledge": Limit(requests=2, points=320),
}


def test_every_job_has_its_promise() -> None:
    """A job that is added to the benchmark is pinned too."""
    assert set(JOBS) == set(PROMISED)


@pytest.mark.parametrize("job", list(JOBS))
async def test_what_a_job_costs(tmp_path: Path, job: str) -> None:
    """Requested and charged points, requests, none throttled; the job checks that it was done."""
    figure = await JOBS[job](tmp_path)
    assert figure.limit == PROMISED[job]
    assert figure.requests <= PROMISED[job].requests
    assert 0 < figure.requested <= PROMISED[job].points
    assert figure.actual <= figure.requested
    assert figure.throttled == 0
    assert figure.kept
    if job == "pull":
        # The price is of what may come, not of what comes: long orders would ask no more.
        assert figure.requested == (await JOBS["long_page"](tmp_path)).requested
