"""The figures that the bridge promises: requests and points at Shopify, as ``make bench`` has them.

Times are not pinned: they are the machine's.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bench import catalog, naive
from bench.figure import Limit
from bench.points import JOBS
from bridge.shopify.protocol import MAX_QUERY_POINTS

PROMISED = {
    "push": Limit(requests=12, points=350),
    "pull": Limit(requests=1, points=700),
    "long_page": Limit(requests=0, points=MAX_QUERY_POINTS - 1),
    "acknowledge": Limit(requests=2, points=320),
    "ship": Limit(requests=2, points=140, mutations=1),
    "ship_again": Limit(requests=1, points=130, mutations=0),
    "settle": Limit(requests=3, points=50, mutations=1),
    "returned": Limit(requests=3, points=215, mutations=1),
}

# Nothing was promised of these; what they cost is printed, and they must be done to cost it.
PRINTED = {"complete", "complete_short", "update", "cancel"}


# Requests and points of the naive client: 10 SKUs, one package. Its pull checks itself.
NAIVE = {
    "push_naively": (20, 140),
    "ship_naively": (2, 81),
}


def test_every_job_has_its_promise() -> None:
    """A job that is added to the benchmark is pinned too, or said to be printed only."""
    assert set(JOBS) == {*PROMISED, *PRINTED}


@pytest.mark.parametrize("job", sorted(PRINTED))
async def test_what_a_job_without_a_promise_costs(tmp_path: Path, job: str) -> None:
    """It is done, never throttled, and no call of an order's life takes a tenth of the bucket."""
    figure = await JOBS[job](tmp_path)
    assert figure.limit is None
    assert figure.kept
    assert figure.mutations >= 1
    assert 0 < figure.actual <= figure.requested < 200


@pytest.mark.parametrize("job", sorted(PROMISED))
async def test_what_a_job_costs(tmp_path: Path, job: str) -> None:
    """Requested and charged points, requests, none throttled; the job checks that it was done."""
    figure = await JOBS[job](tmp_path)
    assert figure.limit == PROMISED[job]
    assert figure.requests <= PROMISED[job].requests
    assert figure.mutations <= PROMISED[job].mutations
    assert 0 < figure.requested <= PROMISED[job].points
    assert figure.actual <= figure.requested
    assert figure.throttled == 0
    assert figure.kept
    if job == "pull":
        # The price is of what may come, not of what comes: long orders would ask no more.
        assert figure.requested == (await JOBS["long_page"](tmp_path)).requested


# Points a product, look-ups spread over a hundred of them; of a new one beside productSet's own.
A_PRODUCT = {
    "100 products made, productSet's own points aside": 7,
    "100 products: full feed, nothing changed": 7,
    "100 products: full feed, every title changed": 18,
    "100 products: price feed, nothing changed": 1,
    "100 products: price feed, every price changed": 12,
}


async def test_what_a_product_costs(tmp_path: Path) -> None:
    """Within its points, and below the naive client's, which writes whatever has changed."""
    *figures, naive = await catalog.figures(tmp_path)
    assert {f.job for f in figures} == set(A_PRODUCT)
    for figure in figures:
        assert figure.kept, figure
        assert figure.limit is not None
        assert figure.limit.points == A_PRODUCT[figure.job] * catalog.PRODUCTS
        assert figure.actual <= figure.requested <= figure.limit.points
        if "nothing changed" in figure.job:
            assert figure.mutations == 0
            assert figure.requested < naive.requested / 2
    assert (naive.limit, naive.mutations, naive.throttled) == (None, catalog.PRODUCTS, 0)


async def test_what_the_naive_client_costs(tmp_path: Path) -> None:
    """What the bridge's figures stand beside is what a client one by one really costs."""
    jobs = {"push_naively": partial(naive.push, skus=10), "ship_naively": naive.ship}
    for name, job in jobs.items():
        folder = tmp_path / name
        folder.mkdir()
        figure = await job(folder)
        assert figure.throttled == 0
        assert (figure.requests, figure.requested) == NAIVE[name]
