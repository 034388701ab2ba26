"""The one table of ``python -m bench``: a row a figure, and what it stands beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich import box
from rich.table import Table

from bench import mapping, overhead, shipped, start

Json = dict[str, Any]
Row = tuple[str, str, str]


def table(found: Json) -> Table:
    """Everything that was measured."""
    out = Table(box=box.SIMPLE, title="retailops-shopify-bridge", title_justify="left")
    out.add_column("figure")
    out.add_column("value", justify="right")
    out.add_column("beside it")
    parts = {
        "points": _points,
        "time": _own_time,
        "mapping": _mapping,
        "ledger": _ledger,
        "overhead": _overhead,
        "start": _start,
    }
    for name, rows in parts.items():
        for row in rows(found[name]) if name in found else ():
            out.add_row(*row)
    return out


def _word(kept: object) -> str:
    return "kept" if kept else "BROKEN"


def _points(found: Json) -> Iterator[Row]:
    for job in found["jobs"]:
        limit = job["limit"]
        promised = (
            f"; at most {limit['points']} points, {limit['requests']} requests: "
            f"{_word(job['kept'])}"
            if limit is not None
            else ""
        )
        yield (
            job["job"],
            f"{job['requested']} points requested, {job['actual']} charged",
            f"{job['requests']} requests, {job['mutations']} of them writes, "
            f"{job['throttled']} throttled{promised}",
        )


def _own_time(found: Json) -> Iterator[Row]:
    for call in found["calls"]:
        yield (
            f"{call['call']}: own time",
            f"p50 {call['p50']:.2f} ms, p99 {call['p99']:.2f} ms",
            f"{call['ratio']:.1f} times a bare aiohttp handler",
        )
    milliseconds = found["order_of_10_lines_ms"]
    yield "one order of 10 lines made", f"{milliseconds:.2f} ms", "shipped mapping, money, proof"


def _mapping(found: Json) -> Iterator[Row]:
    ours, path = found["order_of_10_lines_ms"], found["by_jmespath_ms"]
    beside = (
        f", {ours / path:.1f} times by JMESPath ({path:.2f} ms)"
        if path is not None
        else "; JMESPath is not installed (pip install jmespath)"
    )
    yield (
        f"one order of 10 lines, mapping of {found['rules']} rules",
        f"{ours:.2f} ms",
        f"{found['ratio']:.1f} times by hand ({found['by_hand_ms']:.3f} ms){beside}; "
        f"at most {mapping.TARGET_MS:g} ms: {_word(ours <= mapping.TARGET_MS)}",
    )
    checked = found["shipped_checked_ms"]
    yield (
        "all shipped mappings checked",
        f"{checked:.0f} ms",
        f"read, linted and compiled in {found['shipped_loaded_ms']:.0f} ms, then their tests; "
        f"at most {shipped.TARGET_SECONDS:g} s: {_word(checked <= shipped.TARGET_SECONDS * 1e3)}",
    )


def _ledger(found: Json) -> Iterator[Row]:
    for rate in found["rates"]:
        yield (
            f"ledger, {rate['at_once']} calls at once",
            f"{rate['calls_a_second']:,.0f} calls/s",
            f"{rate['calls_a_flush']:.2f} calls a flush of the disk, of which there are "
            f"{found['flushes_a_second']:,.0f} a second",
        )


def _overhead(found: Json) -> Iterable[Row]:
    for call in found["calls"]:
        limit = (
            f"; at most {overhead.P50_MS:g} and {overhead.P99_MS:g} ms: {_word(call['kept'])}"
            if call["limited"]
            else ""
        )
        yield (
            f"{call['call']}, 50 a second: added",
            f"p50 {call['added_p50']:.2f} ms, p99 {call['added_p99']:.2f} ms",
            f"{call['p50']:.2f} and {call['p99']:.2f} ms; a bare handler that asks the store the "
            f"same {call['bare_p50']:.2f} and {call['bare_p99']:.2f} ms{limit}",
        )
    bare = found["rates"][0]["core"]
    for rate in found["rates"]:
        yield (
            f"order_pull of one order on one core: {rate['server']}",
            f"{rate['core']:,.0f} calls/s",
            f"{rate['cpu_ms']:.2f} ms of processor a call, {rate['core'] / bare:.2f} times a bare "
            f"handler; {rate['calls_a_second']:,.0f} calls/s with the store on the other core",
        )


def _start(found: Json) -> Iterator[Row]:
    ready, idle = found["ready"], found["idle"]
    yield (
        "ready after",
        f"{ready:.2f} s",
        f"{ready / found['bare']:.1f} times a bare aiohttp handler ({found['bare']:.2f} s); "
        f"at most {start.READY_SECONDS:g} s: {_word(ready <= start.READY_SECONDS)}",
    )
    yield (
        "memory, idle and loaded",
        f"{idle:.0f} and {found['loaded']:.0f} MiB",
        f"loaded: {start.LOADED_CALLS} calls, pages of 50 orders and pushes of 250 SKUs; idle at "
        f"most {start.IDLE_MEBIBYTES} MiB: {_word(idle <= start.IDLE_MEBIBYTES)}",
    )
