"""A corpus of broken mappings: each with every finding, its exact place, code, words and hint."""

from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.mapping.codes import CODES
from bridge.mapping.layers import read
from tests.mapping import (
    broken_certain,
    broken_compared,
    broken_defaults,
    broken_habits,
    broken_lists,
    broken_names,
    broken_text,
    broken_types,
)
from tests.mapping.support import HEAD, Broken, load

SELECT_TESTS = Path(__file__).with_name("test_select.py")  # what is wrong in [select]

# By what is wrong; each the file and all its findings.
CASES: dict[str, Broken] = {
    **broken_text.CASES,
    **broken_names.CASES,
    **broken_types.CASES,
    **broken_habits.CASES,
    **broken_lists.CASES,
    **broken_certain.CASES,
    **broken_compared.CASES,
    **broken_defaults.CASES,
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_broken(tmp_path: Path, text: str, expected: list[tuple[str, str, str, str]]) -> None:
    """A broken mapping stops at load, with all its mistakes at their exact places.

    What is only a warning does not stop it, and is told all the same.
    """
    severities = {CODES[code].severity for _, code, _, _ in expected}
    if "error" in severities:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path, text)
        found = caught.value.findings
    else:
        found = load(tmp_path, text).warnings
    assert {f.severity for f in found} == severities
    assert [
        (f"{f.line}:{f.column}+{f.length}", f.code, f.message, f.hint) for f in found
    ] == expected
    lines = text.split("\n")
    for finding in found:
        assert finding.path == str(tmp_path / "0.toml")
        assert finding.line == 0 or finding.source == (lines[finding.line - 1 :] or [""])[0]


def test_unreadable_files(tmp_path: Path) -> None:
    """A file that is missing, no text, or too deep is one finding without a line."""
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"a = 'caf\xe9'")
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000 + "]" * 5000)
    dotted = tmp_path / "dotted.toml"
    dotted.write_text("a" + ".a" * 5000 + " = 1")
    from_paths = {}
    for path in (tmp_path / "none.toml", latin, deep, dotted):
        with pytest.raises(ConfigError) as caught:
            read([path])
        (finding,) = caught.value.findings
        assert (finding.path, finding.line) == (str(path), 0)
        from_paths[path.name] = (finding.code, finding.message)
    assert from_paths == {
        "none.toml": ("M101", "the file cannot be read: No such file or directory"),
        "latin.toml": ("M101", "the file is not UTF-8 text"),
        "deep.toml": ("M102", "not TOML: nested too deeply"),
        "dotted.toml": ("M102", "not TOML: nested too deeply"),
    }


def test_every_code_is_shown() -> None:
    """Each code of the families M1 to M6 has a broken mapping here."""
    shown = {code for _, findings in CASES.values() for _, code, _, _ in findings}
    beside = [SELECT_TESTS.with_name(f"test_{n}.py") for n in ("select", "plugins", "folders")]
    select = {c for c in CODES for f in beside if f'"{c}"' in f.read_text("utf-8")}
    assert shown | {"M101"} | select == {c for c in CODES if c < "M7"}
    assert len(CASES) >= 120


def test_findings_are_sorted_and_printed_with_a_caret(tmp_path: Path) -> None:
    """The report is sorted by place and shows the source with a caret under the mistake."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, HEAD + '\nnote = "order.nam"\ncount = "order.cont"\n')
    first, second = str(caught.value).split("\n\n")
    assert first.splitlines() == [
        f'{tmp_path}/0.toml:3:15: error[M204] unknown field "nam" of Order',
        "  |",
        '3 | note = "order.nam"',
        '  |               ^^^ did you mean "name"?',
        "  = fields: retailops-bridge fields order     explain: retailops-bridge explain M204",
    ]
    assert ":4:16: error[M204]" in second


def test_an_excerpt_is_short_and_harmless(tmp_path: Path) -> None:
    """A long line is clipped, a tab keeps the caret in its column, a control sign is a dot."""
    text = HEAD + "\n\tnote\t= \"order.nam | append: '" + "x" * 900 + "'\"\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    _, _, source, caret, *_ = str(caught.value).splitlines()
    assert source.startswith('3 | \tnote\t= "order.nam | append')
    assert len(source) < 300
    assert source.endswith("…")
    assert caret == '  | \t    \t         ^^^ did you mean "name"?'
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, HEAD + '\nnote = "' + "x" * 800 + ' | nme: \x7f"\n')
    assert "\x7f" not in str(caught.value)
