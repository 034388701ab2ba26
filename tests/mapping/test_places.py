"""The places of keys and values in TOML texts, held against what tomllib reads there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.places import TomlPlaces, syntax_error

ROOT = Path(__file__).resolve().parents[2]

TEXT = """\
# a comment with [brackets] = "and quotes"
bare = 1
"quoted key" = 'literal'   # behind a value
a.b . "c d" = true

[table]
  indented = "x"
list = [
  "one", # first
  { inner = "two" },
]
inline = { x = 1, y.z = "deep" }

[table.sub.'odd.name']
long = \"\"\"
first
  second\"\"\"

[[rows]]
name = "r0"
[rows.more]
k = 1
[[rows]]
name = "r1"
[[rows.inner]]
v = 1
[[rows.inner]]
v = 2
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("bare",), (2, 1), (2, 8)),
        (("quoted key",), (3, 1), (3, 16)),
        (("a",), (4, 1), (4, 1)),
        (("a", "b"), (4, 3), (4, 3)),
        (("a", "b", "c d"), (4, 7), (4, 15)),
        (("table",), (6, 2), (6, 2)),
        (("table", "indented"), (7, 3), (7, 14)),
        (("table", "list"), (8, 1), (8, 8)),
        (("table", "list", 0), (9, 3), (9, 3)),
        (("table", "list", 1), (10, 3), (10, 3)),
        (("table", "list", 1, "inner"), (10, 5), (10, 13)),
        (("table", "inline", "x"), (12, 12), (12, 16)),
        (("table", "inline", "y"), (12, 19), (12, 19)),
        (("table", "inline", "y", "z"), (12, 21), (12, 25)),
        (("table", "sub", "odd.name"), (14, 12), (14, 12)),
        (("table", "sub", "odd.name", "long"), (15, 1), (15, 8)),
        (("rows",), (19, 3), (19, 3)),
        (("rows", 0), (19, 3), (19, 3)),
        (("rows", 0, "name"), (20, 1), (20, 8)),
        (("rows", 0, "more", "k"), (22, 1), (22, 5)),
        (("rows", 1), (23, 3), (23, 3)),
        (("rows", 1, "inner", 0, "v"), (26, 1), (26, 5)),
        (("rows", 1, "inner", 1, "v"), (28, 1), (28, 5)),
        (("rows", 1, "inner", 1, "unknown", "deep"), (27, 8), (27, 8)),
        (("nowhere",), (1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_places(
    path: tuple[str | int, ...], key: tuple[int, int], value: tuple[int, int], end: str
) -> None:
    """Each key and each value is found where a person sees it, with either line end."""
    places = TomlPlaces(TEXT.replace("\n", end))
    assert (places.where(path), places.value(path)) == (key, value)


def test_lines() -> None:
    """A line is given without its end; a line that is not there is empty."""
    places = TomlPlaces("a = 1\r\nb = 2")
    assert [places.line(n) for n in (0, 1, 2, 3)] == ["", "a = 1", "b = 2", ""]


@pytest.mark.parametrize(
    ("value", "offset", "place"),
    [
        ("'abc'", 0, (1, 6)),
        ("'abc'", 2, (1, 8)),
        ("'abc'", 3, (1, 9)),
        ("'abc'", 99, (1, 9)),
        (r'"a\"b\u00e9c\U0001F600d"', 1, (1, 7)),
        (r'"a\"b\u00e9c\U0001F600d"', 2, (1, 9)),
        (r'"a\"b\u00e9c\U0001F600d"', 4, (1, 16)),
        (r'"a\"b\u00e9c\U0001F600d"', 6, (1, 27)),
        ("'''a\nb'''", 2, (2, 1)),
        ("'''\na\r\nb'''", 2, (3, 1)),
        ('"""\\\n   a\\\n\n  b"""', 0, (2, 4)),
        ('"""\\\n   a\\\n\n  b"""', 1, (4, 3)),
        ('"""a\\\\\nb"""', 3, (2, 1)),
        ("''", 0, (1, 6)),
        ("17", 1, (1, 5)),
    ],
)
def test_inside(value: str, offset: int, place: tuple[int, int]) -> None:
    """A character of the parsed string is found in the file, past escapes and joined lines."""
    text = f"x = {value}\n"
    tomllib.loads(text)
    assert TomlPlaces(text).inside(("x",), offset) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = \n", (1, 5)),
        ("a = 1\nb = [1,\n", (3, 1)),
        ("a = 'open", (1, 10)),
        ("a = 1\na = 2\n", (2, 6)),
        ("[a]\n[a]\n", (2, 3)),
    ],
)
def test_syntax_error(text: str, place: tuple[int, int]) -> None:
    """A text that is not TOML: the message without place, the place as numbers."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    message, line, column = syntax_error(caught.value, text)
    assert (line, column) == place
    assert "line" not in message
    assert "end of document" not in message


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value that is no table, with its path, arrays included."""
    found: list[tuple[tuple[str | int, ...], Any]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += leaves(inner, (*path, index))
    else:
        found.append((path, value))
    return found


def check_against_tomllib(text: str) -> int:
    """Every leaf's span, parsed alone, is the leaf; returns how many there were."""
    data = tomllib.loads(text)
    places = TomlPlaces(text)
    found = leaves(data)
    for path, value in found:
        span = places.span(path)
        assert span is not None, path
        assert tomllib.loads(f"x = {text[slice(*span)]}")["x"] == value
        line, column = places.value(path)
        assert places.line(line)[column - 1 :].startswith(
            text[span[0] : span[1]].split("\n", maxsplit=1)[0].rstrip("\r")
        )
        key_line, key_column = places.where(path)
        name = path[-1]
        if isinstance(name, str):
            shown = places.line(key_line)[key_column - 1 :]
            assert shown.startswith((name, '"', "'")), (path, shown)
    return len(found)


def toml_files() -> list[Path]:
    """The TOML files of this checkout."""
    skip = {".venv", "node_modules", "dist", "build"}
    return sorted(p for p in ROOT.rglob("*.toml") if not skip & set(p.relative_to(ROOT).parts))


def test_our_own_files() -> None:
    """The scanner reads every TOML file of the repository as tomllib does."""
    files = toml_files()
    assert ROOT / "pyproject.toml" in files
    for path in files:
        assert check_against_tomllib(path.read_bytes().decode()) > 0, path


BARE = st.text("abcXYZ019_-", min_size=1, max_size=5)
ODD = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=5)
BLANK = st.sampled_from(["", " ", "\t ", "  "])


def basic(text: str) -> str:
    """A basic string."""
    body = "".join(c if c not in '"\\' and c.isprintable() else f"\\U{ord(c):08x}" for c in text)
    return f'"{body}"'


STRINGS = st.one_of(
    ODD.map(basic),
    st.text('ab [{=#,."', max_size=6).map(lambda s: f"'{s}'"),
    st.text("ab\n=#'\"[", max_size=8).filter(lambda s: '"""' not in s).map(lambda s: f'"""{s}x"""'),
    st.text("ab\n\\=#'\"[", max_size=8)
    .filter(lambda s: "'''" not in s)
    .map(lambda s: f"'''\n{s}x'''"),
    st.sampled_from(['"""a""""', "'''''a'''''", '"""\\\n  a"""', '"\\\\"', '"\\""', '""""""']),
)
SCALARS = st.one_of(
    STRINGS,
    st.sampled_from(
        [
            *("1", "-17", "1_000", "0xff", "3.25", "1e3", "true", "inf"),
            *("1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00", "1979-05-27"),
        ]
    ),
)
KEYS = st.lists(
    st.one_of(BARE, ODD.map(basic), BARE.map(lambda k: f"'{k}'")), min_size=1, max_size=3
)


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Arrays over several lines with comments, and inline tables."""
    gap = st.sampled_from(["", " ", "\n", " # c ]\n  "])
    array = st.tuples(st.lists(inner, max_size=3), gap, gap, st.booleans()).map(
        lambda t: (
            f"[{t[1]}"
            + f"{t[2]},{t[1]}".join(t[0])
            + (f"{t[2]}," if t[3] and t[0] else "")
            + f"{t[1]}]"
        )
    )
    table = st.dictionaries(BARE, inner, max_size=3).map(
        lambda d: "{ " + " , ".join(f"{k} = {v}" for k, v in d.items()) + " }"
    )
    return st.one_of(array, table)


VALUES = st.recursive(SCALARS, arrays, max_leaves=6)
PAIRS = st.tuples(KEYS, BLANK, VALUES, st.sampled_from(["", " # [x]\n# y = 1", "\t"])).map(
    lambda t: f"{t[1]}{(t[1] + '.' + t[1]).join(t[0])}{t[1]}={t[1]}{t[2]}{t[3]}"
)
HEADERS = st.tuples(KEYS, st.booleans(), BLANK).map(
    lambda t: ("[[{}]]" if t[1] else "[{}]").format(t[2] + ".".join(t[0]) + t[2])
)
DOCUMENTS = st.tuples(
    st.lists(st.one_of(PAIRS, HEADERS, st.just("")), max_size=12), st.sampled_from(["\n", "\r\n"])
).map(lambda t: t[1].join(line.replace("\n", t[1]) for line in t[0]))


@given(DOCUMENTS)
def test_any_document(text: str) -> None:
    """Whatever tomllib accepts, the scanner places each value exactly where it stands."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    check_against_tomllib(text)


@given(st.one_of(STRINGS), st.integers(0, 12))
def test_inside_any_string(value: str, offset: int) -> None:
    """The place of a character shows that character, or the escape that stands for it."""
    text = f"x = {value}"
    parsed = tomllib.loads(text)["x"]
    places = TomlPlaces(text)
    line, column = places.inside(("x",), offset)
    shown = places.line(line)[column - 1 :]
    if offset < len(parsed) and parsed[offset] != "\n":
        assert shown.startswith((parsed[offset], "\\"))
