"""What a job has cost at Shopify, beside what it may cost."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support import Answer, World


@dataclass(frozen=True, slots=True)
class Limit:
    """What a job may cost at most: requests to Shopify, and points as requested.

    ``mutations``: how many of the requests may write; as many as there are, unless said.
    """

    requests: int
    points: int
    mutations: int = 99


@dataclass(frozen=True, slots=True)
class Figure:
    """What a job has cost. ``requested`` is what Shopify reserves, ``actual`` what it charges.

    Without a ``limit`` the figure is for information: nothing was promised.
    """

    job: str
    requests: int
    mutations: int
    requested: int
    actual: int
    throttled: int
    limit: Limit | None

    @property
    def kept(self) -> bool:
        """Whether it stayed within its limit, without being throttled."""
        if self.throttled:
            return False
        return self.limit is None or (
            self.requests <= self.limit.requests
            and self.mutations <= self.limit.mutations
            and max(self.requested, self.actual) <= self.limit.points
        )


class NotDone(Exception):
    """The job was not done, so its cost says nothing."""


def done(answer: Answer, *, expected: bool) -> None:
    """Stop the benchmark when the answer is not what the job is about."""
    if answer.status != 200 or not expected:
        raise NotDone(f"HTTP {answer.status}: {str(answer.body)[:500]}")


async def figure(w: World, job: str, limit: Limit | None = None, *, after: int = 0) -> Figure:
    """What the store was asked; ``after`` leaves out so many requests that came before the job."""
    rows = (await w.requests())[after:]
    return Figure(
        job,
        requests=len(rows),
        mutations=sum(bool(r["mutation"]) for r in rows),
        requested=sum(r["requested_cost"] or 0 for r in rows),
        actual=sum(r["actual_cost"] or 0 for r in rows),
        throttled=sum(bool(r["throttled"]) for r in rows),
        limit=limit,
    )
