"""Runs the test files beside mappings: the shipped ones, and a merchant's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bridge.actions.rehearsal import BESIDE, ERRORS, REHEARSALS
from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import TEST_ENDING, Loaded, Place, load, presets
from bridge.errors import ConfigError, Finding
from bridge.mapping.casefile import read_cases
from bridge.mapping.cases import Report, run_cases
from bridge.mapping.targets import target_of
from bridge.wiring import is_there


def _any(_: Place, __: str) -> bool:
    return True


def shipped_reports(only: str | None = None) -> Iterator[Report]:
    """The tests of the shipped mappings and presets, each against the shipped file alone."""
    for place in presets():
        for name in MAPPINGS:
            if only in (None, name) and (place.owner == "shipped" or _chosen(name, place)):
                loaded = load(name, place)
                yield report(loaded, _beside(loaded.layers[0]))


def own_reports(
    place: Place, only: str | None = None, *, sound: Callable[[Place, str], bool] = _any
) -> Iterator[Report]:
    """The tests in a merchant's folder, each against the mapping as it is in effect there.

    Those of a mapping that is not ``sound`` are left out.
    """
    if place.folder is None:
        return
    for name in MAPPINGS:
        path = place.folder / f"{name}{TEST_ENDING}"
        if only in (None, name) and is_there(path) and sound(place, name):
            yield report(load(name, place), path)


def report(loaded: Loaded, path: Path) -> Report:
    """The results of one test file. Raises ConfigError when its mapping cannot be loaded."""
    if loaded.module is None:
        raise ConfigError(loaded.findings)
    name = loaded.name
    target = target_of(MAPPINGS[name].target)
    file = read_cases(path, target, ERRORS, beside=BESIDE.get(name, ""))
    made = run_cases(file, loaded.module, REHEARSALS[name])
    results = [replace(r, findings=tuple(map(_pointing, r.findings))) for r in made.results]
    findings = tuple(map(_pointing, made.findings))
    return replace(made, results=tuple(results), findings=findings)


def _pointing(finding: Finding) -> Finding:
    return replace(finding, see=f"explain: retailops-bridge explain {finding.code}")


def _beside(mapping: Path) -> Path:
    return mapping.with_name(f"{mapping.stem}{TEST_ENDING}")


def _chosen(name: str, place: Place) -> bool:
    return MAPPINGS[name].preset(place.policies) is not None
