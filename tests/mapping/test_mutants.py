"""Valid mappings, changed at random: every mutant is equal in effect or reported, never a trace."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.actions.rehearsal import BESIDE, REHEARSALS
from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import Loaded, load, presets
from bridge.errors import ConfigError
from bridge.mapping.casefile import CaseFile, read_cases
from bridge.mapping.cases import run_cases
from bridge.mapping.module import MappingModule
from bridge.mapping.targets import target_of
from bridge.wiring import load_mapping, shipped_mappings

NAMES = sorted(n for n in MAPPINGS if n != "order_pull")  # order_pull has most of them, below

# What a hand does to a file: pieces of the language in the wrong place, and keys of the keyboard.
PIECES = [
    "|", "'", '"', "[", "]", "{{", "}}", "=", ".", ",", ":", "#", "\n", " ", "\\", "\t", "\u00a0",
    "{% x %}", "order", "line", "each", "when", "as", "unset", "[tables]", "[[order.attributes]]",
    "| default: 'x'", "| table: 'x'", "variant", "| table_each: 'x'",
    "| upcase", "| plus: 1", "nil", "true", "0", "-1", "1e9",
    "e", "\U0001f4e6", "\u0301", "..", "[0]", "[-1]", "and", "== blank", "\x00", "'''", '"""',
]  # fmt: skip


@cache
def shipped(name: str) -> tuple[str, CaseFile, Loaded]:
    """A shipped mapping's text, its tests, and what it is."""
    path = shipped_mappings() / f"{name}.toml"
    tests = read_cases(
        path.with_name(f"{name}.test.toml"),
        target_of(MAPPINGS[name].target),
        frozenset({"MAPPING_MISSING", "MAPPING_FAILED", "MONEY_MISMATCH"})
        | {"UNSUPPORTED_CURRENCY", "FEED_UNREADABLE", "FEED_ITEM_INVALID"},
        beside=BESIDE.get(name, ""),
    )
    return path.read_text("utf-8"), tests, load(name, next(presets()))


@st.composite
def mutants(draw: st.DrawFn, text: str) -> str:
    """One to three changes: a piece put in, taken out, doubled, moved, or a line dropped."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(1, 12)))
        match draw(st.integers(0, 4)):
            case 0:
                text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
            case 1:
                text = text[:at] + text[end:]
            case 2:
                text = text[:end] + text[at:]
            case 3:
                text = text[:at] + text[at:end].swapcase()[::-1] + text[end:]
            case _:
                lines = text.split("\n")
                del lines[draw(st.integers(0, len(lines) - 1))]
                text = "\n".join(lines)
    return text


def judged(name: str, text: str, folder: Path) -> MappingModule | None:
    """The mutant loaded over nothing; None when it is reported, with places that are in it."""
    path = folder / f"{name}.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_mapping(name, [path])
    except ConfigError as error:
        findings = error.findings
    assert findings
    for finding in findings:
        assert finding.path == str(path)
        assert finding.message
        assert 0 <= finding.line <= len(text.split("\n")) + 1
        assert finding.line == 0 or finding.column <= len(finding.source) + 2
    return None


# Rules that give nothing in any test: a mutant without them is equal in effect.
SILENT = {"tracking.url", "complete.note"}


def check(name: str, text: str, folder: Path) -> None:
    """Reported; or its rules are the same; or the tests beside it say what is different.

    The tests cover every rule, so that a mutant that has lost a value cannot pass them.
    """
    _, tests, original = shipped(name)
    module = judged(name, text, folder)
    assert original.module is not None
    if module is None:
        return
    report = run_cases(tests, module, REHEARSALS[name])
    assert len(report.results) == len(tests.cases)
    lost = Counter(r.target for r in original.module.rules)
    lost -= Counter(r.target for r in module.rules)
    values = [t for t in lost if t not in SILENT and not t.endswith((".when", ".each"))]
    assert not (values and report.passed), values


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutants_of_order_pull(tmp_path: Path, data: st.DataObject) -> None:
    """The largest mapping: lists, single elements, conditions, tables."""
    check("order_pull", data.draw(mutants(shipped("order_pull")[0])), tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_mutants_of_the_others(tmp_path: Path, name: str) -> None:
    """Every other mapping, with fewer changes."""

    @settings(max_examples=15, deadline=None)
    @given(mutants(shipped(name)[0]))
    def mutate(text: str) -> None:
        check(name, text, tmp_path)

    mutate()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutants_of_test_files(tmp_path: Path, data: st.DataObject) -> None:
    """A changed test file passes, fails or is reported; it never ends in a trace."""
    name = data.draw(st.sampled_from(["order_pull", "inventory_push", "order_returned"]))
    text = (shipped_mappings() / f"{name}.test.toml").read_text("utf-8")
    path = tmp_path / f"{name}.test.toml"
    path.write_bytes(data.draw(mutants(text)).encode("utf-8", "surrogatepass"))
    module = shipped(name)[2].module
    assert module is not None
    target = target_of(MAPPINGS[name].target)
    file = read_cases(path, target, frozenset({"MONEY_MISMATCH", "UNSUPPORTED_CURRENCY"}))
    report = run_cases(file, module, REHEARSALS[name])
    assert report.passed or report.findings or any(not r.passed for r in report.results)
