"""The tests beside a mapping: ``order_pull.test.toml`` read into cases, mistakes with their place.

    [[case]]
    name   = "express shipping becomes 2DAY"
    input  = { shippingLines = [{ title = "Express" }] }   # or { file = "orders/express.json" }
    expect = { ship_service_code = "2DAY", "order_items[0].quantity" = 1 }

A case that expects nothing is a mistake, and so is a file without a case: neither could fail.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from bridge.errors import ConfigError, Finding
from bridge.mapping.codes import listing, suggestion
from bridge.mapping.expecting import (
    MATCHERS,
    Expectation,
    Matcher,
    flattened,
    parse_path,
    stranger,
)
from bridge.mapping.layers import Array, Leaf, Node, Origin, Table, read_one
from bridge.mapping.targets import Target

CASE_KEYS: Final = {
    "name": "what must hold, in words",
    "input": 'what the mapping gets: a table, or { file = "…" } with a JSON or TOML file',
    "order": "the order in Shopify, for mappings of calls that look at it",
    "variant": "the variant in Shopify that has the row's SKU, for inventory_push",
    "settings": "the action's settings, as in the configuration; what is absent is its default",
    "expect": "what must come out: paths of the output and their values",
    "expect_error": "the code with which this input must fail",
}
"""The keys of a ``[[case]]``."""

IN_SHOPIFY: Final = ("order", "variant")
"""Those of them that only some mappings look at."""

_ALWAYS: Final = tuple(key for key in CASE_KEYS if key not in IN_SHOPIFY)

ERRORS: Final[Mapping[str, str]] = {"M401": "MAPPING_MISSING", "M302": "MAPPING_FAILED"}
"""Findings by the event code that the same mistake has when a value brings it."""

# An order of 250 lines as Shopify answers it has about 1 MB.
MAX_INPUT_BYTES: Final = 8_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One of a case's inputs: its value and where it is written.

    ``strict``: a name that nobody knows is a mistake. In a file it is not: what a store or
    RetailOps sent may hold more than the bridge reads.
    """

    value: object
    origin: Origin
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One test. ``place`` is file:line:column; ``error`` the code it must fail with, or empty."""

    name: str
    place: str
    parts: Mapping[str, Part]
    expectations: tuple[Expectation, ...]
    error: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one file that could be read, and every mistake in it."""

    path: Path
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]


def read_cases(path: Path, target: Target, errors: frozenset[str], *, beside: str = "") -> CaseFile:
    """The cases of a test file.

    ``errors`` are the codes that ``expect_error`` may name; ``beside`` is the one of
    ``IN_SHOPIFY`` that a case may have, since the mapping looks at it.
    """
    try:
        file = read_one(path)
    except ConfigError as error:
        return CaseFile(path, (), error.findings)
    reader = _Reader(path, target, errors | set(ERRORS), case_keys(beside))
    cases = tuple(reader.cases(file.tree))
    return CaseFile(path, cases, tuple(reader.findings))


def case_keys(beside: str) -> dict[str, str]:
    """``CASE_KEYS`` of a mapping that looks at this one of ``IN_SHOPIFY``, or at none."""
    return {key: said for key, said in CASE_KEYS.items() if key in (*_ALWAYS, beside)}


def plain_of(node: Node) -> object:
    """A node's value as TOML has it, numbers with a point as Decimal."""
    if isinstance(node, Table):
        return {key: plain_of(inside) for key, inside in node.entries.items()}
    if isinstance(node, Array):
        return [plain_of(item) for item in node.items]
    return node.value


def _loaded(path: Path) -> object:
    """A JSON or TOML file. Raises OSError, ValueError (of both parsers too), RecursionError."""
    path.stat()  # what is not there at all says so
    if not path.is_file():  # a folder; or a device, whose end never comes
        raise ValueError("it is no file")
    with path.open("rb") as file:
        raw = file.read(MAX_INPUT_BYTES + 1)
    if len(raw) > MAX_INPUT_BYTES:
        raise ValueError(f"it has more than {MAX_INPUT_BYTES:,} bytes")
    text = raw.decode("utf-8-sig")
    if path.suffix == ".toml":
        return tomllib.loads(text, parse_float=Decimal)
    return json.loads(text, parse_float=Decimal)


class _Reader:
    """One file at work."""

    def __init__(
        self, path: Path, target: Target, errors: frozenset[str], keys: Mapping[str, str]
    ) -> None:
        self._keys = keys
        self._folder = path.parent
        self._target = target
        self._errors = errors
        self._names: set[str] = set()
        self.findings: list[Finding] = []

    def cases(self, tree: Table) -> Iterator[Case]:
        """The cases, in order."""
        for key, node in tree.entries.items():
            if key != "case":
                hint = suggestion(key, ["case"]) or "a test file has [[case]] and nothing else"
                self.findings.append(node.origin.at_key("M701", f'unknown section "{key}"', hint))
        found = tree.entries.get("case")
        items = found.items if isinstance(found, Array) else ()
        if isinstance(found, Table):
            message = "a case is one of a list: [[case]], in two pairs of brackets"
            self.findings.append(found.origin.at_key("M701", message))
        elif not items:
            message = "the file has no [[case]]"
            file = tree.origin.file.name
            hint = "write one, or delete the file"
            self.findings.append(Finding(file, 0, 0, "M703", message, hint))
        for item in items:
            if not isinstance(item, Table):
                self.findings.append(item.origin.at_value("M701", "a case is a table", "[[case]]"))
                continue
            before = len(self.findings)
            case = self._case(item)
            if len(self.findings) == before:
                yield case

    def _case(self, table: Table) -> Case:
        origin = table.origin
        for key, node in table.entries.items():
            if key not in self._keys:
                hint = suggestion(key, self._keys) or f"it has {listing(self._keys)}"
                self.findings.append(node.origin.at_key("M701", f'unknown key "{key}"', hint))
        name = self._text(table, "name") or ""
        if not name:
            if "name" not in table.entries:
                self.findings.append(origin.at_key("M701", "the case has no name", 'name = "…"'))
        elif name in self._names:
            at = table.entries["name"].origin
            self.findings.append(at.at_value("M701", f'two cases are called "{name}"', "name one"))
        self._names.add(name)
        parts = {
            key: part
            for key in ("input", *IN_SHOPIFY, "settings")
            if (part := self._part(table.entries.get(key))) is not None
        }
        expectations = tuple(self._expectations(table.entries.get("expect")))
        error = self._error(table)
        if not expectations and not error and not {"expect", "expect_error"} & set(table.entries):
            message = "the case expects nothing, so it cannot fail"
            hint = 'expect = { … }, or expect_error = "…"'
            self.findings.append(origin.at_key("M702", message, hint))
        line, column = origin.key
        place = f"{origin.file.name}:{line}:{column}"
        return Case(name, place, parts, expectations, error, origin)

    def _text(self, table: Table, key: str) -> str | None:
        node = table.entries.get(key)
        if node is None:
            return None
        if isinstance(node, Leaf) and isinstance(node.value, str) and node.value.strip():
            return node.value
        self.findings.append(node.origin.at_value("M701", f"{key} is a text, and not empty", ""))
        return None

    def _part(self, node: Node | None) -> Part | None:
        if node is None:
            return None
        if not isinstance(node, Table):
            self.findings.append(node.origin.at_value("M701", "this is a table of fields", ""))
            return None
        file = node.entries.get("file")
        if file is None or len(node.entries) > 1:
            return Part(plain_of(node), node.origin)
        named = self._text(node, "file")
        return None if named is None else self._from_file(named, file.origin)

    def _from_file(self, named: str, origin: Origin) -> Part | None:
        try:
            value = _loaded(self._folder / named)
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            message = f"the input file cannot be read: {reason}"
            hint = "the path begins at this file's folder"
            self.findings.append(origin.at_value("M706", message, hint))
            return None
        return Part(value, origin, strict=False)

    def _expectations(self, node: Node | None) -> Iterator[Expectation]:
        if node is None:
            return
        table = plain_of(node)
        if not isinstance(table, dict) or not table:
            message = "expect is a table of paths and values, and not empty"
            self.findings.append(node.origin.at_value("M702", message, ""))
            return
        for keys, value in flattened(table):
            written = ".".join(keys)
            origin = Origin(node.origin.file, (*node.origin.path, *keys))
            path = parse_path(written)
            if path is None:
                message = f'"{written}" is no path'
                hint = "such as order_items[0].sku, with quotes around it"
                self.findings.append(origin.at_key("M704", message, hint))
                continue
            wrong, hint = stranger(path, self._target)
            if wrong:
                self.findings.append(origin.at_key("M704", wrong, hint))
                continue
            yield from self._matchers(written, value, origin)

    def _matchers(self, written: str, value: object, origin: Origin) -> Iterator[Expectation]:
        """A bare value must be equal; a table names one or several of ``MATCHERS``."""
        path = parse_path(written) or ()
        if not isinstance(value, dict):
            yield Expectation(written, path, "equals", value, origin)
            return
        if not value:
            self.findings.append(origin.at_value("M702", "this expects nothing", listing(MATCHERS)))
        kinds: dict[Matcher, type] = {"count": int, "absent": bool}
        for matcher in MATCHERS:
            if matcher not in value:
                continue
            wanted, kind = value[matcher], kinds.get(matcher, object)
            below = Origin(origin.file, (*origin.path, matcher))
            if not isinstance(wanted, kind) or (kind is int and isinstance(wanted, bool)):
                said = "a whole number" if kind is int else "true or false"
                self.findings.append(below.at_value("M701", f"{matcher} is {said}", ""))
                continue
            yield Expectation(written, path, matcher, wanted, below)

    def _error(self, table: Table) -> str:
        code = self._text(table, "expect_error") or ""
        node = table.entries.get("expect_error")
        if not code or node is None:
            return ""
        if "expect" in table.entries:
            message = "a case expects an output or an error, not both"
            self.findings.append(node.origin.at_key("M701", message, "make two cases of it"))
        if code not in self._errors:
            hint = suggestion(code, self._errors) or f"it may be {listing(self._errors)}"
            message = f'no mapping fails with "{code}"'
            self.findings.append(node.origin.at_value("M701", message, hint))
        return ERRORS.get(code, code)
