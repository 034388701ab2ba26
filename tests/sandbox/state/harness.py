"""A store on a clock that stands still, and documents run over it without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.sandbox.execute import Engine
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.model_orders import Order
from bridge.sandbox.store import Scale, Store
from bridge.sandbox.throttle import PLANS, Bucket

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Bench:
    """A store with its clock and index."""

    clock: Clock
    store: Store
    engine: Engine

    def run(self, text: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Execute a document; the reply's ``data`` and ``errors`` (message and code each)."""
        request = self.engine.read(text, dict(variables or {}), None)
        answer = self.engine.refuse(request) or self.engine.run(
            request, api_version="2026-10", request_id="test"
        )
        errors = [
            {"message": error["message"], "code": error.get("extensions", {}).get("code")}
            for error in answer.body.get("errors", ())
        ]
        return {"data": answer.body.get("data"), **({"errors": errors} if errors else {})}

    def order(self, kind: str) -> Order:
        """The seeded order of a kind."""
        return next(order for order in self.store.orders.values() if order.kind == kind)


def bench(**scale: Any) -> Bench:
    """A freshly seeded store."""
    clock = Clock()
    store = Store(clock, scale=Scale(**scale))
    index = LaggedIndex(clock)
    store.index = index
    # The biggest bucket: these tests are not about points.
    engine = Engine(store, index, Bucket(PLANS["enterprise"], clock))
    return Bench(clock, store, engine)
