"""Test files that are wrong: every mistake with its exact place, code, words and hint."""

from __future__ import annotations

import pytest

from bridge.cli.mapping_files import Place
from bridge.cli.mapping_tests import own_reports
from bridge.config.models import Policies
from bridge.mapping.codes import CODES
from tests.mapping.broken_tests import CASES


@pytest.mark.parametrize(("name", "text", "expected"), CASES.values(), ids=CASES)
def test_broken_tests(tmp_path, name, text, expected) -> None:
    """No test file passes that is not understood, and each finding says where to read on."""
    (tmp_path / f"{name}.test.toml").write_text(text, "utf-8")
    (tmp_path / "order_pull.test.toml.json").write_text("{")
    (tmp_path / "wrong.json").write_text('{"lineItems": [{"quantity": "two"}]}')
    (report,) = own_reports(Place("a folder", Policies(), tmp_path))
    assert not report.passed
    found = [*report.findings, *(f for result in report.results for f in result.findings)]
    assert [
        (f"{f.line}:{f.column}+{f.length}", f.code, f.message, f.hint) for f in found
    ] == expected
    for finding in found:
        assert finding.path == str(tmp_path / f"{name}.test.toml")
        assert finding.see == f"explain: retailops-bridge explain {finding.code}"


def test_every_code_of_tests_is_shown() -> None:
    """Each code of the family M7 has a broken test file here."""
    shown = {code for _, _, findings in CASES.values() for _, code, _, _ in findings}
    assert {c for c in CODES if c.startswith("M7")} <= shown
