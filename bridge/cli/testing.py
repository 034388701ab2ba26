"""``retailops-bridge test``: the tests beside the mappings, and what they do not cover."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import (
    WithChannel,
    WithConfig,
    action_or_folder,
    finding_json,
    has_config,
    in_order,
    load,
    places,
    printed,
    short_text,
    shown,
    sound,
)
from bridge.cli.mapping_tests import own_reports, shipped_reports
from bridge.cli.opening import print_json, settings_of
from bridge.errors import BridgeError, Finding, foremost
from bridge.mapping.cases import CaseResult, Report
from bridge.mapping.expecting import jsonable
from bridge.strangers import strangers_in
from bridge.wiring import buried

# What is shown of the output of a failing case: a whole order of ten lines.
SHOWN_LINES: Final = 120


def run_tests(
    what: Annotated[
        str, typer.Argument(help="A mapping (order_pull), or a folder of mappings; else all.")
    ] = "",
    *,
    config: WithConfig = None,
    channel: WithChannel = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which rules no test covers.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Run the tests that lie beside the mappings.

    order_pull.test.toml lies beside order_pull.toml.
    The shipped tests run against the shipped mappings, yours against the mapping as it is in
    effect with your file. Exits with 1 when a test fails, when a mapping or a test of yours is
    broken or nobody's, or when there is no test.
    """
    action, folder = action_or_folder(what)
    settings = settings_of(config) if folder is None and has_config(config) else None
    reports: list[Report] = [] if folder is not None else list(shipped_reports(action))
    chosen = places(settings, folder, channel)
    names = [name for name in MAPPINGS if action in (None, name)]
    mappings = [load(name, place) for place in chosen for name in names]
    broken = [finding for one in mappings if one.module is None for finding in one.findings]
    channels = settings.channels if settings is not None else ()
    for place in chosen if action is None else ():
        broken += [*strangers_in(place.folder), *buried(place.folder, channels)]
    findings = in_order(broken)
    for place in chosen:
        known = {one.path for one in reports}
        ran = own_reports(place, action, sound=sound(mappings))
        reports += [r for r in ran if r.path not in known]
    passed = _passed(reports, findings)
    if as_json:
        told = [finding_json(f) for f in findings]
        print_json(
            {"passed": passed, "findings": told, "files": [_told(one) for one in reports]},
        )
    else:
        _show(reports, findings, coverage=coverage)
    if not reports and not findings:
        raise BridgeError(f"no test was found in {what}: write order_pull.test.toml, say")
    if not passed:
        raise typer.Exit(1)


def _passed(reports: Sequence[Report], findings: Sequence[Finding]) -> bool:
    errors = any(finding.severity == "error" for finding in findings)
    return bool(reports) and not errors and all(one.passed for one in reports)


def _show(reports: Sequence[Report], findings: Sequence[Finding], *, coverage: bool) -> None:
    for text in printed(findings):
        typer.echo(f"{text}\n")
    for one in reports:
        for text in printed(one.findings):
            typer.echo(f"{text}\n")
        for result in one.results:
            if not result.passed:
                typer.echo(short_text(failing(result)))
        failed = sum(not r.passed for r in one.results)
        said = f"{failed} of {len(one.results)} failed" if failed else f"{len(one.results)} passed"
        covered = f", {one.rules - len(one.gaps)} of {one.rules} rules covered" if coverage else ""
        typer.echo(f"{shown(one.path)}: {said}{covered}")
        for line in _gap_lines(one) if coverage else ():
            typer.echo(line)
    cases = [r for one in reports for r in one.results]
    failed = sum(not r.passed for r in cases)
    broken = sum(len(one.findings) for one in reports)
    wrong = sum(finding.severity == "error" for finding in findings)
    wanted = sum(r.expectations for r in cases)
    typer.echo(
        f"{len(reports)} file(s), {len(cases)} case(s), {wanted} expectation(s): "
        f"{len(cases) - failed} passed, {failed} failed, {broken} that cannot be run"
        + (f"; {wrong} error(s) in mappings" if wrong else "")
    )


def _gap_lines(report: Report) -> Iterator[str]:
    """What no case covers; beside a merchant's mapping, the shipped rules only by number."""
    folder = Path(report.path).parent
    own = [gap for gap in report.gaps if Path(gap.rule.place.rsplit(":", 2)[0]).parent == folder]
    if not (folder / f"{report.mapping}.toml").is_file():
        own = list(report.gaps)
    for gap in own:
        yield short_text(f"  {gap.rule.place}: {gap.rule.target}: {gap.why}")
    if rest := len(report.gaps) - len(own):
        yield f"  and {rest} rule(s) of the shipped mapping, which has tests of its own"


def failing(result: CaseResult) -> str:
    """A case that failed: where, what was expected, what came, and the whole output."""
    lines = [f"FAILED {result.place}: {result.name}"]
    for text in (*(str(f) for f in foremost(result.findings)), *result.failures):
        lines += [f"  {line}" for line in text.splitlines()]
    if result.output is not None and not result.findings:
        shown_output = json.dumps(jsonable(result.output), indent=2, ensure_ascii=False)
        made = shown_output.splitlines()
        lines.append("  the whole output:")
        lines += [f"    {line}" for line in made[:SHOWN_LINES]]
        lines += [f"    … and {len(made) - SHOWN_LINES} lines"] if len(made) > SHOWN_LINES else []
    return "\n".join(lines) + "\n"


def _told(report: Report) -> dict[str, object]:
    return {
        "mapping": report.mapping,
        "path": report.path,
        "passed": report.passed,
        "findings": [finding_json(f) for f in report.findings],
        "cases": [
            {
                "name": result.name,
                "place": result.place,
                "passed": result.passed,
                "failures": list(result.failures),
                "findings": [finding_json(f) for f in result.findings],
                "output": jsonable(result.output),
                "error": result.error and {"code": result.error.code, "why": result.error.message},
            }
            for result in report.results
        ],
        "rules": report.rules,
        "uncovered": [
            {"target": gap.rule.target, "place": gap.rule.place, "why": gap.why}
            for gap in report.gaps
        ],
    }
