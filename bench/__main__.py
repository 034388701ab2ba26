"""``python -m bench``, which is ``make bench``: every figure in one run, in some two minutes.

    python -m bench [--json] [--only points|time|mapping|ledger|overhead|start]
    python -m bench soak                 10,000 calls, see bench/soak.py

Exits with 1 when a job costs more at Shopify than it may, a mapping takes longer than it may
(three times what it needs on a small machine), or an idle bridge holds more memory than it may.
Other times are for comparing: each stands beside something measured in the same run, since
milliseconds alone say little about a machine. Where one has a limit, it is printed whether this
machine, as busy as it was, has kept it.
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

from rich.console import Console

from bench import bridge, catalog, ledger, mapping, naive, overhead, processes, shipped, soak, start
from bench.figure import Figure
from bench.jmespath_way import by_jmespath
from bench.points import JOBS
from bench.show import table
from bridge.config.models import LoggingSettings
from bridge.server import logs

Json = dict[str, Any]

PIPE_WIDTH: Final = 120


def points(folder: Path) -> Json:
    """Requests and points of the named jobs."""

    async def run() -> list[Figure]:
        found = []
        for name, job in {**JOBS, **naive.JOBS}.items():
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


def added_time(folder: Path) -> Json:
    """What the bridge adds to a call, and the calls that a core carries."""
    added, rates = asyncio.run(overhead.measure(folder))
    calls = [
        asdict(a) | {"added_p50": a.added_p50, "added_p99": a.added_p99, "kept": a.kept}
        for a in added
    ]
    return {"calls": calls, "rates": [asdict(r) | {"core": r.core} for r in rates]}


def start_up(folder: Path) -> Json:
    """Seconds until the bridge is ready, and its memory."""
    found = asyncio.run(start.measure(folder))
    return asdict(found) | {"kept": found.idle <= start.IDLE_MEBIBYTES}


PARTS: Final[dict[str, Callable[[Path], Json]]] = {
    "points": points,
    "time": own_time,
    "mapping": mapping_time,
    "ledger": ledger_rate,
    "overhead": added_time,
    "start": start_up,
}

NEED_LINUX: Final = frozenset({"overhead", "start"})


def main() -> int:
    """Measure, print, and tell by the exit code whether the limits were kept."""
    if sys.argv[1:2] == ["soak"]:
        return soak.main(sys.argv[2:])
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n")[0])
    arguments.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    arguments.add_argument("--only", choices=list(PARTS), action="append", help="may be repeated")
    options = arguments.parse_args()
    begin = time.perf_counter()
    parts = options.only or [p for p in PARTS if sys.platform == "linux" or p not in NEED_LINUX]
    found: Json = {"load": processes.load()}
    with tempfile.TemporaryDirectory() as name, Path(os.devnull).open("w") as nowhere:
        # Log lines are made and written as in production, but to nowhere.
        logs.configure(LoggingSettings(), stream=nowhere)
        for part in parts:
            folder = Path(name) / part
            folder.mkdir()
            found[part] = PARTS[part](folder)
    found["seconds"] = time.perf_counter() - begin
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)
        console.print(table(found))
        console.print(f"{found['seconds']:.0f} s in all; load at the start {found['load']}.")
    kept = [j["kept"] for j in found.get("points", {}).get("jobs", [])]
    kept += [found[part]["kept"] for part in ("mapping", "start") if part in found]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
