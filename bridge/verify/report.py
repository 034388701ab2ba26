"""What a person sees of a verification: a table, and on wish every request and answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.verify.rules import Response
from bridge.verify.run import Result, example

# A wrong field in every order of a page is one mistake, not a hundred lines.
MAX_FAULTS_SHOWN = 8

_STYLES = {"ok": "green", "failed": "bold red", "not served": "yellow"}


def table(results: Sequence[Result]) -> Table:
    """One row an action: outcome, both statuses, milliseconds, and what is wrong."""
    out = Table("Action", "Outcome", "Good key", "Wrong key", "ms", "What is wrong")
    out.columns[4].justify = "right"
    for result in results:
        out.add_row(
            result.action,
            f"[{_STYLES[result.outcome]}]{result.outcome}[/]",
            _status(result.good),
            _status(result.refusal),
            f"{result.good.seconds * 1000:.0f}" if result.good else "",
            escape("\n".join(said(result))),
        )
    return out


def said(result: Result) -> list[str]:
    """One line a fault, at most eight, and how many more there are."""
    lines = [str(fault) for fault in result.faults]
    if len(lines) > MAX_FAULTS_SHOWN:
        more = len(lines) - MAX_FAULTS_SHOWN
        lines = [*lines[:MAX_FAULTS_SHOWN], f"… and {more} more"]
    return lines


def summary(results: Sequence[Result]) -> str:
    """``4 ok, 1 failed, 6 not served: order_cancel, …``."""
    counts = {
        outcome: [one.action for one in results if one.outcome == outcome] for outcome in _STYLES
    }
    text = f"{len(counts['ok'])} ok, {len(counts['failed'])} failed"
    if absent := counts["not served"]:
        text += f", {len(absent)} not served: {', '.join(absent)}"
    return text


def details(console: Console, result: Result) -> None:
    """The request of one action, without a key, and both answers as they came."""
    console.print(f"[bold]{result.action}[/], request")
    console.print(escape(json.dumps(example(result.action), indent=2)), highlight=False)
    for name, response in (("good key", result.good), ("wrong key", result.refusal)):
        if response is not None:
            console.print(f"[bold]{result.action}[/], {name}: status {_status(response)}")
            console.print(escape(_pretty(response.body)), highlight=False)


def _status(response: Response | None) -> str:
    return "" if response is None else str(response.status or "—")


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
