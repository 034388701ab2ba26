"""Checking all shipped mappings: read, linted, compiled, and their tests run."""

from __future__ import annotations

import time

from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import load, presets
from bridge.cli.mapping_tests import shipped_reports
from bridge.schema import load_schema

TARGET_SECONDS = 1.0  # what a person who has saved a file waits for without noticing


class NotSound(Exception):
    """A shipped mapping is wrong, so the time says nothing."""


def check() -> tuple[float, float]:
    """Seconds until all are loaded, and until all are loaded and tested.

    The schema is built before: a process does that once, whatever it does.
    """
    load_schema()
    begin = time.perf_counter()
    for place in presets():
        for name, spec in MAPPINGS.items():
            if place.owner != "shipped" and spec.preset(place.policies) is None:
                continue
            if load(name, place).module is None:
                raise NotSound(name)
    loaded = time.perf_counter() - begin
    if not all(report.passed for report in shipped_reports()):
        raise NotSound("a shipped test fails")
    return loaded, time.perf_counter() - begin
