"""Mapping files read and laid over each other: the shipped one, then the merchant's.

Tables merge key by key; everything else (rules, arrays of tables) is replaced whole by the
later layer. ``unset = ["order.gift_message"]`` at the top of a layer removes what the layers
before it say there. Every node remembers the file and the path in it that it comes from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from bridge.errors import ConfigError, Finding
from bridge.mapping.codes import CODES, Problem, listing, suggestion
from bridge.places import TomlPlaces, syntax_error, syntax_hint

# A file of a merchant who maps every field has 20 KB; lookup tables of 10,000 SKUs have 400 KB.
MAX_BYTES = 1_000_000

KeyPath = tuple[str | int, ...]


class File:
    """One layer's file. ``name`` is how findings call it: the path as it was given."""

    def __init__(self, path: Path, text: str) -> None:
        self.name = str(path)
        data = tomllib.loads(text, parse_float=Decimal)
        self.places = TomlPlaces(text)
        self.tree = Table(Origin(self, ()), _entries(data, Origin(self, ())))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node stands: a file and the path of keys in it."""

    file: File
    path: KeyPath

    @property
    def key(self) -> tuple[int, int]:
        """(line, column) of the key."""
        return self.file.places.where(self.path)

    @property
    def value(self) -> tuple[int, int]:
        """(line, column) of the value; of a table, of its name."""
        return self.file.places.value(self.path)

    def below(self, path: KeyPath) -> Origin:
        """What stands further in."""
        return Origin(self.file, (*self.path, *path))

    def at_key(self, code: str, message: str, hint: str = "") -> Finding:
        """A finding at the key, as long as the key's name."""
        name = str(self.path[-1]) if self.path and isinstance(self.path[-1], str) else "x"
        return self._sized(self.key, len(name), code, message, hint)

    def at_value(self, code: str, message: str, hint: str = "") -> Finding:
        """A finding at the value."""
        span = self.file.places.span(self.path)
        return self._sized(self.value, span[1] - span[0] if span else 1, code, message, hint)

    def inside(self, problem: Problem) -> Finding:
        """A finding inside the expression that stands here."""
        place = self.file.places.inside(self.path, problem.offset)
        return self._sized(place, problem.length, problem.code, problem.message, problem.hint)

    def _sized(
        self, place: tuple[int, int], length: int, code: str, message: str, hint: str
    ) -> Finding:
        line, column = place
        source = self.file.places.line(line)
        length = max(1, min(length, len(source) - column + 1))  # what lies on this line
        severity = CODES[code].severity
        return Finding(self.file.name, line, column, code, message, hint, source, length, severity)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is no table: an expression, a number, a boolean, or something wrong."""

    value: object
    origin: Origin


@dataclass(frozen=True, slots=True)
class Array:
    """An array: of tables, or of values."""

    items: tuple[Node, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the merged entries of all layers; ``origin`` is where it stood first.

    ``removed`` are the entries that an ``unset`` took away, and where it says so.
    """

    origin: Origin
    entries: dict[str, Node] = field(default_factory=dict)
    removed: dict[str, Origin] = field(default_factory=dict)


Node = Leaf | Array | Table


def read(paths: Sequence[Path]) -> Table:
    """All layers as one tree.

    Raises:
        ConfigError: M101, M102, M105 (``unset`` is no list of texts), M205.
    """
    findings: list[Finding] = []
    files: list[File] = []
    for path in paths:
        try:
            files.append(read_one(path))
        except ConfigError as error:
            findings += error.findings
    if findings:
        raise ConfigError(findings)
    merged = Table(Origin(files[0], ()))
    for file in files:
        findings += _unset(merged, file.tree.entries.pop("unset", None))
        _merge(merged, file.tree)
    if findings:
        raise ConfigError(findings)
    return merged


def read_one(path: Path) -> File:
    """One file. Raises ConfigError: M101, M102."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8-sig")  # editors on Windows begin a file with a mark
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            [Finding(str(path), 0, 0, "M101", f"the file cannot be read: {reason}")]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            [Finding(str(path), 0, 0, "M101", "the file is not UTF-8 text", "save it as UTF-8")]
        ) from None
    if len(raw) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes"
        raise ConfigError([Finding(str(path), 0, 0, "M104", message)])
    try:
        return File(path, text)
    except tomllib.TOMLDecodeError as error:
        message, line, column = syntax_error(error, text)
        lines = text.replace("\r\n", "\n").split("\n")
        source = lines[line - 1] if line <= len(lines) else ""
        hint = syntax_hint(message, source, column)
        message = f"not TOML: {message}"
        raise ConfigError(
            [Finding(str(path), line, column, "M102", message, hint, source)]
        ) from None
    except RecursionError:
        raise ConfigError(
            [Finding(str(path), 0, 0, "M102", "not TOML: nested too deeply")]
        ) from None


def _entries(table: dict[str, object], origin: Origin) -> dict[str, Node]:
    return {k: _node(v, Origin(origin.file, (*origin.path, k))) for k, v in table.items()}


def _node(value: object, origin: Origin) -> Node:
    if isinstance(value, dict):
        return Table(origin, _entries(value, origin))
    if isinstance(value, list):
        items = [_node(v, Origin(origin.file, (*origin.path, i))) for i, v in enumerate(value)]
        return Array(tuple(items), origin)
    return Leaf(value, origin)


def _merge(base: Table, over: Table) -> None:
    for key, node in over.entries.items():
        below = base.entries.get(key)
        if isinstance(below, Table) and isinstance(node, Table):
            _merge(below, node)
        else:
            base.entries[key] = node


def _unset(base: Table, node: Node | None) -> list[Finding]:
    if node is None:
        return []
    items = node.items if isinstance(node, Array) else (node,)
    findings = []
    for item in items:
        if not isinstance(item, Leaf) or not isinstance(item.value, str) or item is node:
            message = 'unset is a list of paths, such as ["order.gift_message"]'
            findings.append(item.origin.at_value("M105", message))
            continue
        findings += _unset_one(base, item.value, item)
    return findings


def _unset_one(base: Table, path: str, item: Leaf) -> list[Finding]:
    names = path.split(".")
    table = base
    for number, name in enumerate(names):
        node = table.entries.get(name)
        last = number == len(names) - 1
        if node is None or not (last or isinstance(node, Table)):
            at = len(".".join(names[:number])) + bool(number)
            message = f'no layer before this one says anything at "{path}"'
            hint = "this is no table"
            if node is None:
                there = listing(table.entries)
                hint = suggestion(name, table.entries) or (f"there is {there}" if there else "")
                tops = base.entries.items() if number == 0 else ()
                if at_top := [k for k, n in tops if isinstance(n, Table) and name in n.entries]:
                    hint = f'did you mean "{at_top[0]}.{path}"?'
            return [item.origin.inside(Problem("M205", at, len(name), message, hint))]
        if last:
            del table.entries[name]
            table.removed[name] = item.origin
        elif isinstance(node, Table):
            table = node
    return []
