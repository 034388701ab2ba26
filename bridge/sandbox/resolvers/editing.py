"""What goes on at orders: jobs, and edits that are being prepared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sandbox.info import Info


def _job(_root: object, info: Info, id: str) -> object:
    """A job; one that nobody knows reports that it is done (captured)."""
    store = info.context.store
    store.settle()
    return store.jobs.get(id) or {"id": id, "done": True, "query": {}}


RESOLVERS: dict[str, dict[str, Callable[..., Any]]] = {"QueryRoot": {"job": _job}}
