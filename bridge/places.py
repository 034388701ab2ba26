"""Where things stand in a TOML file: ``tomllib`` gives values without places, errors need both.

``TomlPlaces(text)`` scans a text that ``tomllib`` accepts and remembers, for every key and every
array element, where the key begins and where the value begins and ends. A path is what leads to
the value in the parsed file: strings for keys, integers for array elements, as in pydantic's
``loc``: ``("channels", 0, "shop")``. Lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_JOINED_LINES = re.compile(r"\\[ \t]*\r?\n[ \t\r\n]*")
_SCALAR_END = re.compile(r"[,\]}\n#]")
_SYNTAX_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_DECLARED_TWICE = re.compile(r"Cannot declare \((.*)\) twice")
_QUOTED = re.compile("['\"]([^'\"]*)['\"]")
# What a word processor makes of a quote.
CURLY_QUOTES = (
    "\N{LEFT DOUBLE QUOTATION MARK}",
    "\N{RIGHT DOUBLE QUOTATION MARK}",
    "\N{LEFT SINGLE QUOTATION MARK}",
    "\N{RIGHT SINGLE QUOTATION MARK}",
    "\N{DOUBLE LOW-9 QUOTATION MARK}",
)
_ESCAPE_LENGTH = {"u": 6, "U": 10, "x": 4}  # \uXXXX, \UXXXXXXXX, \xXX (TOML 1.1); others are 2


def syntax_error(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int, int]:
    """What ``tomllib`` says, without the place at its end, and the place: (message, line, column).

    "at end of document" becomes the place behind the last character.
    """
    said = str(error)
    found = _SYNTAX_PLACE.search(said)
    if found is None:
        return said, 1, 1
    message = said[: found.start()]
    if twice := _DECLARED_TWICE.fullmatch(message):
        message = f"[{'.'.join(re.findall(_QUOTED, twice[1]))}] stands twice"
    if found[1]:
        return message, int(found[1]), int(found[2])
    before, _, last = text.rpartition("\n")
    return message, (before.count("\n") + 2) if "\n" in text else 1, len(last) + 1


# What to do about a syntax error: a part of what ``tomllib`` says, how the line goes on at the
# place (any of these; "" always), and the remedy. The first that fits.
_HINTS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("", CURLY_QUOTES, "quotes are straight ones: \" or '"),
    ("stands twice", ("",), "write what is below it under the first one"),
    ("Cannot overwrite", ("",), "the key stands twice: keep one"),
    ("Invalid statement", ("//", "/*", ";", "{", "<!"), "a remark begins with #"),
    ("Expected '='", (":",), "write = instead of :"),
    ("Expected '='", ("[",), 'a name with brackets stands in quotes: "order_items[0].sku"'),
    ("Expected '='", ("",), "behind a name comes =; a name with blanks stands in quotes"),
    ("a statement", (",", ";"), "no comma and no semicolon at the end of a line"),
    ("a statement", ("\r",), "save the file with other line ends: LF or CRLF"),
    ("Unescaped", ("",), 'in double quotes write \\" for a quote and \\\\ for a backslash'),
    ("Illegal character '\\n'", ("",), "the quote at the end of the text is missing"),
    ("key part", ("}",), "no comma before the closing brace"),
)


def syntax_hint(message: str, source: str, column: int) -> str:
    """The remedy for what ``syntax_error`` told of the line ``source``; empty when none is sure.

    It quotes nothing of the line: that may be a secret.
    """
    rest, before = source[column - 1 :], source[: column - 1]
    for part, begins, hint in _HINTS:
        if part in message and rest.startswith(begins):
            return hint
    if "Invalid value" in message and rest[:1].isalpha():
        return "a text stands in quotes"
    if "key part" in message and before.rstrip().endswith(("{", ",")) and not rest.strip():
        return "{ … } stands in one line; else write a table: [order.shipping_address]"
    if "a statement" in message and re.search("=.*[\"']", before):
        return 'the text ended before: a quote inside it must be the other kind, \' in "…"'
    return ""


class TomlPlaces:
    """The places of all keys and values of one TOML text. The text must be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._keys: dict[Path, int] = {(): 0}
        self._values: dict[Path, tuple[int, int]] = {}
        self._arrays: dict[Path, int] = {}  # array of tables -> number of its newest element
        self._lines = [0, *(m.end() for m in re.finditer("\n", text))]
        self._document()

    def where(self, path: Sequence[str | int]) -> tuple[int, int]:
        """(line, column) of the key at ``path``, or of its nearest ancestor that stands there.

        Of a table, the place of its name in the header; of an array element, the place of the
        element. A path that stands nowhere at all is (1, 1).
        """
        known = tuple(path)
        while known not in self._keys:
            known = known[:-1]
        return self._place(self._keys[known])

    def value(self, path: Sequence[str | int]) -> tuple[int, int]:
        """(line, column) where the value at ``path`` begins; of a table, as ``where``."""
        span = self._values.get(tuple(path))
        return self.where(path) if span is None else self._place(span[0])

    def span(self, path: Sequence[str | int]) -> tuple[int, int] | None:
        """(start, end) of the value at ``path`` in the text; None of a table with a header."""
        return self._values.get(tuple(path))

    def inside(self, path: Sequence[str | int], offset: int) -> tuple[int, int]:
        """(line, column) of character ``offset`` of the *parsed* string at ``path``.

        Escapes, line ends and multi-line quotes are stepped over, so that a column within an
        expression becomes the column in the file. A path that is no string: as ``value``.
        """
        span = self._values.get(tuple(path))
        if span is None or self._text[span[0]] not in "\"'":
            return self.value(path)
        text, at = self._text, span[0]
        quote = text[at]
        long = text.startswith(quote * 3, at) and span[1] - at >= 6  # both long quotes
        at += 3 if long else 1
        if long:
            at += text.startswith("\n", at) or 2 * text.startswith("\r\n", at)
        end = span[1] - (3 if long else 1)
        escapes = quote == '"'
        at = self._skip_joined_lines(at, end) if escapes and long else at
        for _ in range(offset):
            if at >= end:
                break
            if escapes and text[at] == "\\":
                at += _ESCAPE_LENGTH.get(text[at + 1], 2)
            else:
                at += 2 if text.startswith("\r\n", at) else 1
            at = self._skip_joined_lines(at, end) if escapes and long else at
        return self._place(min(at, end))

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line end; empty past the last line."""
        if not 1 <= number <= len(self._lines):
            return ""
        start = self._lines[number - 1]
        end = self._text.find("\n", start)
        return self._text[start : len(self._text) if end < 0 else end].rstrip("\r")

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def _skip_joined_lines(self, at: int, end: int) -> int:
        r"""In a long basic string, ``\`` at a line's end swallows all blanks that follow it."""
        while joined := _JOINED_LINES.match(self._text, at, end):
            at = joined.end()
        return at

    # The scanner. tomllib has accepted the text, so that each step knows what must come.

    def _blanks(self, *, newlines: bool) -> None:
        text = self._text
        while self._at < len(text):
            c = text[self._at]
            if c in " \t" or (newlines and c in "\r\n"):
                self._at += 1
            elif c == "#":
                end = text.find("\n", self._at)
                self._at = len(text) if end < 0 else end
            else:
                return

    def _string(self) -> str:
        text, start = self._text, self._at
        quote = text[start]
        long = text.startswith(quote * 3, start)
        at = start + (3 if long else 1)
        close = quote * 3 if long else quote
        while not text.startswith(close, at):
            at += 2 if quote == '"' and text[at] == "\\" else 1
        if long:  # up to two quotes may stand directly before the closing three
            while text.startswith(quote, at + 3):
                at += 1
        self._at = at + len(close)
        return text[start : self._at]

    def _key(self) -> list[tuple[str, int]]:
        """A key, dotted or not: each part with the place where it begins."""
        parts: list[tuple[str, int]] = []
        while True:
            self._blanks(newlines=False)
            start = self._at
            if self._text[start] in "\"'":
                quoted = self._string()
                plain = quoted[0] == "'" or "\\" not in quoted
                part = quoted[1:-1] if plain else str(tomllib.loads(f"x={quoted}")["x"])
            else:
                bare = _BARE_KEY.match(self._text, start)
                part = bare[0] if bare else ""
                self._at += len(part)
            parts.append((part, start))
            self._blanks(newlines=False)
            if self._text[self._at] != ".":
                return parts
            self._at += 1

    def _enter(self, base: Path, key: Sequence[tuple[str, int]]) -> Path:
        """The path that ``key`` leads to from ``base``, through the newest array elements."""
        for part, at in key:
            if base in self._arrays:
                base = (*base, self._arrays[base])
            base = (*base, part)
            self._keys.setdefault(base, at)
        return base

    def _value(self, path: Path) -> None:
        start = self._at
        c = self._text[start]
        if c in "\"'":
            self._string()
        elif c == "[":
            self._array(path)
        elif c == "{":
            self._inline_table(path)
        else:
            found = _SCALAR_END.search(self._text, start)
            stop = found.start() if found else len(self._text)
            self._at = start + len(self._text[start:stop].rstrip())
        self._values[path] = (start, self._at)

    def _array(self, path: Path) -> None:
        self._at += 1
        number = 0
        while True:
            self._blanks(newlines=True)
            if self._text[self._at] == "]":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._keys[*path, number] = self._at
            self._value((*path, number))
            number += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while True:
            self._blanks(newlines=True)
            if self._text[self._at] == "}":
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._pair(path)

    def _pair(self, base: Path) -> None:
        path = self._enter(base, self._key())
        self._at += 1  # the equals sign
        self._blanks(newlines=False)
        self._value(path)

    def _document(self) -> None:
        table: Path = ()
        while True:
            self._blanks(newlines=True)
            if self._at >= len(self._text):
                return
            if self._text.startswith("[[", self._at):
                self._at += 2
                key = self._key()
                self._at += 2
                array = self._enter((), key)
                self._arrays[array] = self._arrays.get(array, -1) + 1
                table = (*array, self._arrays[array])
                self._keys[table] = key[-1][1]
            elif self._text[self._at] == "[":
                self._at += 1
                table = self._enter((), self._key())
                self._at += 1
            else:
                self._pair(table)
