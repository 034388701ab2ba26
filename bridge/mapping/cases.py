"""Runs the tests beside a mapping, and counts which of its rules they cover.

The action's own code gives the mapping what it reads: it comes in as ``rehearse``, so that a test
sees the same names (``price``, ``totals``, a row's ``place``) as an order in traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import Finding, MappingError
from bridge.mapping.casefile import Case, CaseFile, Part
from bridge.mapping.expecting import Expectation, Failure, check, said, said_path
from bridge.mapping.module import MappingModule
from bridge.mapping.rules import Rule
from bridge.mapping.samples import Path
from bridge.mapping.trace import Trace, TracedModule, kinds


@dataclass(frozen=True, slots=True)
class Refused:
    """What the action's own code says of an input: an event's code, and why."""

    code: str
    message: str
    place: str = ""


@dataclass(slots=True)
class Given:
    """A case's inputs by part (``input``, ``order``, ``settings``), and what is wrong with them."""

    parts: Mapping[str, Part]
    findings: list[Finding] = field(default_factory=list)

    def value(self, part: str) -> object:
        """A part as it is written; None when the case has none."""
        found = self.parts.get(part)
        return None if found is None else found.value

    def strict(self, part: str) -> bool:
        """Whether an unknown name in this part is a mistake."""
        found = self.parts.get(part)
        return found is None or found.strict

    def report(self, part: str) -> Callable[[Path, str, str], None]:
        """Where to tell what is wrong at a path of a part."""

        def report(path: Path, message: str, hint: str) -> None:
            found = self.parts.get(part)
            if found is None:
                raise LookupError(f"a default of {part} is wrong at {path}: {message}")
            if found.strict:
                at = found.origin.below(path)
                self.findings.append(at.at_key("M705", message, hint))
            else:
                message = f"in the file, at {said_path(path)}: {message}"
                self.findings.append(found.origin.at_value("M705", message, hint))

        return report


Rehearse = Callable[[Given, TracedModule], Refused | None]
"""Brings a case's input to the mapping as the action does; gives the action's own refusal."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How a case ended. ``failures`` are texts of several lines; ``output`` is None of an error."""

    name: str
    place: str
    failures: tuple[str, ...]
    findings: tuple[Finding, ...]
    output: Mapping[str, Any] | None
    error: Refused | None
    expectations: int

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return not self.failures and not self.findings


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule that no passing case covers, and what is missing."""

    rule: Rule
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one test file. ``findings`` are the mistakes in the file itself."""

    mapping: str
    path: str
    results: tuple[CaseResult, ...]
    findings: tuple[Finding, ...]
    rules: int
    gaps: tuple[Gap, ...]

    @property
    def passed(self) -> bool:
        """Whether there was something to run, and all of it held."""
        return bool(self.results) and not self.findings and all(r.passed for r in self.results)


@dataclass(slots=True)
class _Seen:
    """What the passing cases have covered so far."""

    leaves: set[Rule] = field(default_factory=set)
    made: set[Rule] = field(default_factory=set)
    listed: set[Rule] = field(default_factory=set)
    ruled: dict[Rule, set[bool]] = field(default_factory=dict)


def run_cases(file: CaseFile, module: MappingModule, rehearse: Rehearse) -> Report:
    """Run every case of a file against a mapping."""
    seen = _Seen()
    results = tuple(_run(case, module, rehearse, seen) for case in file.cases)
    known = kinds(module)
    gaps = tuple(gap for rule in module.rules if (gap := _gap(rule, known[rule], seen)) is not None)
    return Report(module.name, str(file.path), results, file.findings, len(module.rules), gaps)


def _run(case: Case, module: MappingModule, rehearse: Rehearse, seen: _Seen) -> CaseResult:
    traced = TracedModule(module)
    given = Given(case.parts)
    refused = rehearse(given, traced)
    output, refused = _outcome(traced, refused)
    failures: list[str] = []
    covered: list[Rule] = []
    if given.findings:
        pass  # what comes of an input that is wrong says nothing
    elif case.error:
        failures += _error_failures(case, refused, output)
    elif refused is not None:
        failures.append(_said_refusal(case, refused))
    elif len(traced.outcomes) != 1:
        failures.append(_not_one(case, len(traced.outcomes)))
    else:
        for expectation in case.expectations:
            found = check(expectation, output)
            if isinstance(found, Failure):
                failures.append(_said_failure(found, traced.trace))
            else:
                covered += [rule for path in found for rule in traced.trace.behind(path)]
                if expectation.matcher == "absent":
                    covered += traced.trace.silent(expectation.path)
    if not failures and not given.findings:
        seen.leaves.update(covered)
        seen.made.update(noted.rule for noted in traced.trace.origins)
        seen.listed |= traced.trace.listed
        for rule, outcomes in traced.trace.ruled.items():
            seen.ruled.setdefault(rule, set()).update(outcomes)
    wanted = max(len(case.expectations), 1)
    findings = tuple(given.findings)
    return CaseResult(case.name, case.place, tuple(failures), findings, output, refused, wanted)


def _outcome(
    traced: TracedModule, refused: Refused | None
) -> tuple[Mapping[str, Any] | None, Refused | None]:
    """The output, and the first error: the mapping's own before the action's."""
    for outcome in traced.outcomes:
        if isinstance(outcome, MappingError):
            said_error = f"{outcome.target}: {outcome.message}"
            return None, Refused(outcome.code, said_error, outcome.place)
    output = traced.outcomes[0] if traced.outcomes else None
    return (output if isinstance(output, Mapping) else None), refused


def _gap(rule: Rule, kind: str, seen: _Seen) -> Gap | None:
    if kind == "each":
        return None if rule in seen.listed else Gap(rule, "no case gives it an element")
    if kind == "when":
        missing = {True, False} - seen.ruled.get(rule, set())
        if not missing:
            return None
        words = "true" if missing == {True} else "false" if missing == {False} else "read"
        return Gap(rule, f"it is never {words}")
    if rule in seen.leaves:
        return None
    said_why = "no case expects its value" if rule in seen.made else "no case makes a value of it"
    return Gap(rule, said_why)


def _error_failures(
    case: Case, refused: Refused | None, output: Mapping[str, Any] | None
) -> Sequence[str]:
    at = _line(case.origin.below(("expect_error",)).key, case)
    if refused is None:
        there = "the input is mapped" if output is not None else "there was nothing to map"
        return [f"{at}\n  - expected  the error {case.error}\n  + actual    {there}"]
    if refused.code != case.error:
        return [f"{at}\n  - expected  the error {case.error}\n  + actual    {_said(refused)}"]
    return []


def _said_refusal(case: Case, refused: Refused) -> str:
    return f"{case.place}\n  - expected  an output\n  + actual    {_said(refused)}"


def _not_one(case: Case, count: int) -> str:
    what = f"the input makes {count} outputs" if count else "the action maps nothing of this input"
    return f"{case.place}\n  - expected  one output\n  + actual    {what}"


def _said(refused: Refused) -> str:
    place = f" ({refused.place})" if refused.place else ""
    return f"{refused.code}: {refused.message}{place}"


def _line(place: tuple[int, int], case: Case) -> str:
    return f"{case.origin.file.name}:{place[0]}:{place[1]}"


def _said_failure(failure: Failure, trace: Trace) -> str:
    """file:line, the path, what was wanted, what came, and the rule that gave it."""
    expectation = failure.expectation
    line, column = expectation.origin.key
    lines = [f"{expectation.origin.file.name}:{line}:{column}: {expectation.written}"]
    lines.append(f"  - expected  {_said_wanted(expectation)}")
    lines.append(f"  + actual    {_shortened(said(failure.actual))}")
    lines += [f"    made by   {r.place}: {r.text}" for r in trace.behind(failure.at)[:3]]
    return "\n".join(lines)


def _said_wanted(expectation: Expectation) -> str:
    wanted = _shortened(said(expectation.wanted))
    match expectation.matcher:
        case "contains":
            return f"something that contains {wanted}"
        case "count":
            return f"{wanted} element(s)"
        case "absent":
            return "nothing" if expectation.wanted else "something"
    return wanted


def _shortened(text: str, limit: int = 500) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
