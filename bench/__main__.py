"""``python -m bench``, which is ``make bench``: every figure in one run, under a minute.

    python -m bench [--json] [--only points|time|mapping|ledger]

Exits with 1 when a job costs more at Shopify than it may, or a mapping takes longer than it may
(three times what it needs on a small machine). Other times are for comparing: each stands beside
something measured in the same run, since milliseconds alone say little about a machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from bench import bridge, catalog, ledger, mapping, shipped
from bench.figure import Figure
from bench.jmespath_way import by_jmespath
from bench.points import JOBS
from bridge.config.models import LoggingSettings
from bridge.server import logs

Json = dict[str, Any]

PIPE_WIDTH: Final = 120


def points(folder: Path) -> Json:
    """Requests and points of the named jobs."""

    async def run() -> list[Figure]:
        found = []
        for name, job in JOBS.items():
            inside = folder / name
            inside.mkdir()
            found.append(await job(inside))
        inside = folder / "catalog"
        inside.mkdir()
        return [*found, *await catalog.figures(inside)]

    figures = asyncio.run(run())
    return {"jobs": [asdict(f) | {"kept": f.kept} for f in figures]}


def own_time(folder: Path) -> Json:
    """The bridge's own milliseconds, and those of one order."""
    calls, order = asyncio.run(bridge.measure(folder))
    return {"calls": [asdict(c) for c in calls], "order_of_10_lines_ms": order}


def mapping_time(folder: Path) -> Json:
    """An order of 10 lines through a mapping, by hand and by JMESPath; and a whole check."""
    del folder
    module, load_seconds = mapping.load()
    order = mapping.an_order(10)
    scope = {"order": order, "totals": mapping.TOTALS, "payments": mapping.PAYMENTS}

    def mapped() -> object:
        return module.render(scope, enter=lambda name, _: mapping.PRICE if name == "line" else {})

    by_path = by_jmespath()
    ways = [mapped, lambda: mapping.by_hand(order)]
    ways += [lambda: by_path(order)] if by_path is not None else []
    taken = mapping.measure(200, *ways)
    loaded, checked = shipped.check()
    return {
        "order_of_10_lines_ms": taken[0],
        "by_hand_ms": taken[1],
        "ratio": taken[0] / taken[1],
        "by_jmespath_ms": taken[2] if len(taken) > 2 else None,
        "load_ms": load_seconds * 1e3,
        "rules": len(module.rules),
        "shipped_loaded_ms": loaded * 1e3,
        "shipped_checked_ms": checked * 1e3,
        "kept": taken[0] <= mapping.TARGET_MS and checked <= shipped.TARGET_SECONDS,
    }


def ledger_rate(folder: Path) -> Json:
    """Calls through the ledger, and flushes of the disk below it."""
    flushes = ledger.flushes_a_second(folder)
    rates = []
    for tasks in (1, 8, 32):
        calls, grouped = asyncio.run(ledger.calls_a_second(folder / f"{tasks}.sqlite3", tasks))
        rates.append(
            {
                "at_once": tasks,
                "calls_a_second": calls,
                "calls_a_flush": calls / flushes,
                "operations_a_commit": grouped,
            }
        )
    return {"flushes_a_second": flushes, "rates": rates}


PARTS: Final[dict[str, Callable[[Path], Json]]] = {
    "points": points,
    "time": own_time,
    "mapping": mapping_time,
    "ledger": ledger_rate,
}


def promised(job: Json) -> str:
    """What a job may cost, and whether it did; nothing for a job without a limit."""
    limit = job["limit"]
    if limit is None:
        return ""
    word = "kept" if job["kept"] else "BROKEN"
    return f"; at most {limit['points']} points, {limit['requests']} requests: {word}"


def table(found: Json) -> Table:
    """Everything that was measured, a row each."""
    out = Table(box=box.SIMPLE, title="retailops-shopify-bridge", title_justify="left")
    out.add_column("figure")
    out.add_column("value", justify="right")
    out.add_column("beside it")
    for job in found.get("points", {}).get("jobs", []):
        out.add_row(
            job["job"],
            f"{job['requested']} points requested, {job['actual']} charged",
            f"{job['requests']} requests, {job['mutations']} of them writes, "
            f"{job['throttled']} throttled" + promised(job),
        )
    for call in found.get("time", {}).get("calls", []):
        out.add_row(
            f"{call['call']}: own time",
            f"p50 {call['p50']:.2f} ms, p99 {call['p99']:.2f} ms",
            f"{call['ratio']:.1f} times a bare aiohttp handler",
        )
    if "time" in found:
        milliseconds = found["time"]["order_of_10_lines_ms"]
        out.add_row(
            "one order of 10 lines made", f"{milliseconds:.2f} ms", "shipped mapping, money, proof"
        )
    if "mapping" in found:
        one = found["mapping"]
        path = one["by_jmespath_ms"]
        beside = (
            f", {one['order_of_10_lines_ms'] / path:.1f} times by JMESPath ({path:.2f} ms)"
            if path is not None
            else "; JMESPath is not installed (pip install jmespath)"
        )
        out.add_row(
            f"one order of 10 lines, mapping of {one['rules']} rules",
            f"{one['order_of_10_lines_ms']:.2f} ms",
            f"{one['ratio']:.1f} times by hand ({one['by_hand_ms']:.3f} ms){beside}; "
            f"at most {mapping.TARGET_MS:g} ms: "
            f"{'kept' if one['order_of_10_lines_ms'] <= mapping.TARGET_MS else 'BROKEN'}",
        )
        out.add_row(
            "all shipped mappings checked",
            f"{one['shipped_checked_ms']:.0f} ms",
            f"read, linted and compiled in {one['shipped_loaded_ms']:.0f} ms, then their tests; "
            f"at most {shipped.TARGET_SECONDS:g} s: "
            f"{'kept' if one['shipped_checked_ms'] <= shipped.TARGET_SECONDS * 1e3 else 'BROKEN'}",
        )
    for rate in found.get("ledger", {}).get("rates", []):
        out.add_row(
            f"ledger, {rate['at_once']} calls at once",
            f"{rate['calls_a_second']:,.0f} calls/s",
            f"{rate['calls_a_flush']:.2f} calls a flush of the disk",
        )
    return out


def main() -> int:
    """Measure, print, and tell by the exit code whether the limits were kept."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    arguments.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    arguments.add_argument("--only", choices=list(PARTS), action="append", help="may be repeated")
    options = arguments.parse_args()
    begin = time.perf_counter()
    found: Json = {}
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w") as nowhere:
        # Log lines are made and written as in production, but to nowhere.
        logs.configure(LoggingSettings(), stream=nowhere)
        for part in options.only or PARTS:
            folder = Path(name) / part
            folder.mkdir()
            found[part] = PARTS[part](folder)
    found["seconds"] = time.perf_counter() - begin
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
        console.print(table(found))
        console.print(f"{found['seconds']:.0f} s in all.")
    kept = [j["kept"] for j in found.get("points", {}).get("jobs", [])]
    kept += [found["mapping"]["kept"]] if "mapping" in found else []
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
