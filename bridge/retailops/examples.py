"""Example calls of every action, with the answers that the embedded store's bridge gives.

One file for each action in ``examples/``: ``{"what it shows": {"request": …, "answer": …}}``. The
requests are without a key. The answers are written by ``python -m tests.retailops.make_examples``,
and a test gives every request to a bridge and compares. All data is the embedded store's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """One call: what it shows, its body without a key, and the body of the answer."""

    title: str
    request: dict[str, Any]
    answer: dict[str, Any]


def examples(action: str) -> tuple[Example, ...]:
    """The examples of an action, in their file's order; the first one goes well."""
    text = (files("bridge.retailops") / "examples" / f"{action}.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return tuple(
        Example(title, call["request"], call.get("answer", {})) for title, call in found.items()
    )
