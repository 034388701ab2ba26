"""A mapping: TOML files in, one compiled module out, rendered for every order and row.

    module = load_module("order_pull", [shipped, merchants], target=Order, sources={"order": …})
    order = module.render({"order": fetched}, enter=prices, subject="order 1001")

The file's table named after the target's class (``Order`` → ``[order]``) holds the rules.
Everything that can be known without data is checked by ``load_module``, all findings at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import structlog
from graphql import get_named_type, is_composite_type
from pydantic import BaseModel

from bridge.errors import ConfigError, Finding, MappingError, by_place
from bridge.mapping.build import Builder
from bridge.mapping.codes import listing, suggestion
from bridge.mapping.evaluate import Frame, guarded
from bridge.mapping.expressions import Compiler
from bridge.mapping.filters import FILTERS, Filter
from bridge.mapping.keys import SECTIONS
from bridge.mapping.layers import Leaf, Node, Origin, Table, read
from bridge.mapping.nodes import Uses
from bridge.mapping.rules import (
    Elements,
    Enter,
    LeafRule,
    ListRule,
    ObjectRule,
    Rule,
    Stop,
    gap,
    salvage,
)
from bridge.mapping.select import NOTHING_SELECTED, Composed, Select, read_select
from bridge.mapping.targets import target_of
from bridge.mapping.work import WORK, Work
from bridge.schema import load_schema
from bridge.schema.shape import METAFIELDS, Shape

log = structlog.get_logger()

# The most arguments that a merchant's own filter may be given.
_EXTRA_ARGUMENTS = 8


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a list: its ``value``, or the ``error`` that it met.

    ``inside`` is the error's path in the element, ``("variants", "[2]", "price")``; ``rest``
    what could be rendered in spite of it, lists with their places kept.
    """

    value: Any
    error: MappingError | None = None
    inside: tuple[str, ...] = ()
    rest: Mapping[str, Any] = field(default_factory=dict)


class MappingModule:
    """A compiled mapping. ``rules`` are its lines, in the order of the merged files.

    ``warnings`` are findings that stop nothing. ``sources`` are the names that its expressions
    may use; ``composed`` is what its ``[select]`` made.
    """

    def __init__(
        self,
        name: str,
        root: str,
        top: ObjectRule,
        rules: Sequence[Rule],
        *,
        warnings: Sequence[Finding] = (),
        sources: Mapping[str, Shape] = MappingProxyType({}),
        composed: Composed = NOTHING_SELECTED,
    ) -> None:
        self.name = name
        self.sources = sources
        self.composed = composed
        self.warnings = tuple(warnings)
        self.rules = tuple(rules)
        self._root = root
        self._top = top

    def __repr__(self) -> str:
        return f"<mapping {self.name}: {len(self.rules)} rules>"

    def render(
        self, scope: Mapping[str, Any], *, enter: Enter | None = None, subject: str = ""
    ) -> dict[str, Any]:
        """The target's fields by name, for one source.

        ``scope`` holds the sources by name, as plain Python values. ``enter(as_name, element)``
        gives further names for each element of an ``each``. ``subject`` is named in errors
        ("order 1001"). Values are as the target takes them: Decimal with the target's places,
        aware datetimes, lists, dicts; empty fields are absent. The target's own rules across
        several fields are not checked here: that is done where the model is made.

        Raises:
            MappingError: MAPPING_MISSING or MAPPING_FAILED, with the target's path and
                file:line:column. The message holds no value of the source.
        """
        with _work() as work:
            try:
                return self._top.render({**scope, WORK: work}, enter or _nothing_more) or {}
            except Stop as stop:
                raise self._error(stop, subject) from None

    def reads(self, source: str) -> bool:
        """Whether any rule names this source."""
        return any(source in rule.reads for rule in self.rules)

    def leaf(self, field: str, scope: Mapping[str, Any], *, subject: str = "") -> object:
        """The value of one rule at the target's top, while the sources of others are not there.

        ``render`` makes it once more, and that is where it is traced.

        Raises:
            MappingError: As ``render``, of this one field.
        """
        part = next((p for name, p in self._top.parts if name == field), None)
        if not isinstance(part, LeafRule):
            return None
        with _work() as work:
            try:
                made = LeafRule.render(part, {**scope, WORK: work}, _nothing_more)
                if made is None and field in self._top.required:
                    raise gap(field, part)
            except Stop as stop:
                stop.path = stop.path or [field]
                raise self._error(stop, subject) from None
        return made

    def elements(
        self, field: str, scope: Mapping[str, Any], *, enter: Enter | None = None
    ) -> tuple[Element, ...] | None:
        """The elements of a list at the target's top, each by itself.

        One that cannot be rendered carries its error and does not stop the others. None when
        no ``each`` of the list finds anything: its path leads nowhere, or to null.

        Raises:
            MappingError: An ``each`` itself fails, or gives something that is no list.
        """
        part = next((p for name, p in self._top.parts if name == field), None)
        if not isinstance(part, ListRule):
            return None
        more = enter or _nothing_more
        made: list[Element] = []
        found = False
        for elements in part.elements:
            with _work() as work:
                try:
                    frames = elements.frames({**scope, WORK: work}, more, len(made))
                except Stop as stop:
                    stop.path.append(field)
                    raise self._error(stop) from None
            found = found or frames is not None
            for index, frame in frames or ():
                element = self._element(elements, frame, more, (f"[{index}]", field))
                if element is not None:
                    made.append(element)
        return tuple(made) if found else None

    def _element(
        self, elements: Elements, frame: Frame, enter: Enter, at: tuple[str, str]
    ) -> Element | None:
        with _work() as work:
            frame = {**frame, WORK: work}  # each element by itself: one cannot use up the others'
            try:
                value = elements.part.render(frame, enter)
            except Stop as stop:
                inside = tuple(reversed(stop.path))
                stop.path += at
                rest = salvage(elements.part, frame, enter)
                left = rest if isinstance(rest, dict) else {}
                return Element(None, self._error(stop), inside, left)
        return None if value is None else Element(value)

    def _error(self, stop: Stop, subject: str = "") -> MappingError:
        path = ".".join([*([self._root] if self._root else []), *reversed(stop.path)])
        path = path.replace(".[", "[")
        message = f"{subject}: {stop.message}" if subject else stop.message
        return MappingError(stop.code, path, stop.rule.place, message)


@contextmanager
def _work() -> Iterator[Work]:
    """The budget of one rendering; slow filters are told afterwards, each once a place."""
    work = Work()
    try:
        yield work
    finally:
        for (name, place), seconds in work.worst.items():
            log.warning(
                "filter_slow", filter=name, place=place, milliseconds=round(seconds * 1000, 1)
            )


def load_module(
    name: str,
    layers: Sequence[Path],
    *,
    target: type[BaseModel],
    sources: Mapping[str, Shape],
    extra_filters: Mapping[str, Callable[..., Any] | Filter] | None = None,
    root: str | None = None,
    select: Select | None = None,
    later: Mapping[str, Collection[str]] = MappingProxyType({}),
    api_version: str = "",
) -> MappingModule:
    """Read, check and compile a mapping. Later layers go over earlier ones.

    ``sources`` are the names that expressions may use and their shapes; names that ``enter``
    gives belong to them. ``extra_filters`` are a merchant's own: ``filter(value, *arguments)``,
    or such a function with its declaration (``mapping.plugins``).
    ``root`` is the table with the rules, by default the target's class in snake case; ``""``
    puts the target's fields at the top of the file. ``select`` is what ``[select]`` may have;
    without it there is nothing to select from. ``later`` names sources that are found by what
    some fields at the target's top give, and so are not there for these. ``api_version`` is the
    one that the store is asked in; without it, what a version lacks is not looked at.

    Raises:
        ConfigError: Every mistake that can be found without data, each with its place.
    """
    try:
        merged = read(layers)
    except ConfigError as error:
        raise ConfigError(_pointing(error.findings, name)) from None
    findings: list[Finding] = []
    origins: dict[tuple[str, str], Origin] = {}
    tables = _tables(merged.entries.pop("tables", None), findings, origins)
    composed, refused = read_select(merged.entries.pop("select", None), select, name)
    findings += refused
    names: dict[str, Shape | None] = {**sources, **composed.sources}
    if refused and select is not None:  # what would be there cannot be told
        names |= dict.fromkeys(slot.path.split(".")[0] for slot in select.slots.values())
    filters = dict(FILTERS)
    for filter_name, function in (extra_filters or {}).items():
        if isinstance(function, Filter):
            filters[filter_name] = function
            continue
        own = guarded(filter_name, function)
        filters[filter_name] = Filter(
            own, "any", "any", 0, _EXTRA_ARGUMENTS, pure=False, clock=perf_counter
        )
    compiler = Compiler(filters, tables, later=frozenset(later), api_version=api_version)
    builder = Builder(compiler, origins, later)
    if root is None:
        root = re.sub(r"(?<!^)(?=[A-Z])", "_", target.__name__).lower()
    rules = merged
    if root:
        findings += _strangers(merged, root, target_of(target).fields)
        below = merged.entries.get(root)
        if isinstance(below, Table):
            rules = below
        else:
            findings.append(_no_rules(merged, below, root, layers))
            raise ConfigError(_pointing(findings, name))
    top = builder.object(rules, target_of(target), names, root, must=True, control=False)
    findings += _not_fetched(builder.findings, select)
    if any(f.severity == "error" for f in findings):
        raise ConfigError(_pointing(findings, name))
    findings = _pointing([*findings, *_table_warnings(compiler.uses, origins)], name)
    return MappingModule(
        name,
        root,
        top,
        builder.rules,
        warnings=sorted(findings, key=by_place),
        sources={**sources, **composed.sources},
        composed=composed,
    )


def _no_rules(merged: Table, found: Node | None, root: str, layers: Sequence[Path]) -> Finding:
    """The table with the rules is not there, or is none."""
    if found is not None:
        message = f"[{root}] is one table, and not a list or a value"
        return found.origin.at_key("M105", message, f"[{root}], in single brackets")
    message = f"the file has no table [{root}]"
    if gone := merged.removed.get(root):
        return gone.at_value("M401", f"{message}: it is unset here", "it holds the rules")
    return Finding(str(layers[0]), 0, 0, "M401", message, "it holds the rules")


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_UNFETCHED = re.compile(r'unknown field "(\w+)" of (\w+)')


def _not_fetched(findings: Iterable[Finding], select: Select | None) -> Iterator[Finding]:
    """What Shopify has and the bridge does not fetch is one line of ``[select]`` away."""
    slots = {slot.type_name: slot for slot in select.slots.values()} if select is not None else {}
    for finding in findings:
        found = _UNFETCHED.fullmatch(finding.message) if finding.code == "M204" else None
        slot = slots.get(found[2]) if found is not None else None
        if found is None or slot is None:
            yield finding
            continue
        known = getattr(load_schema().get_type(slot.type_name), "fields", {})
        if found[1] == METAFIELDS:
            said = f'name it in [select.metafields]: {slot.name} = {{ gift = "custom.gift" }}'
            yield replace(finding, hint=said) if slot.has_metafields else finding
        elif found[1] in known:
            inside = " { … }" if is_composite_type(get_named_type(known[found[1]].type)) else ""
            said = f'Shopify has it; fetch it: [select] {slot.name} = "{found[1]}{inside}"'
            yield replace(finding, hint=said)
        elif finding.hint.startswith("did you mean"):
            yield finding
        else:
            yield replace(finding, hint=f"{finding.hint}; more of Shopify: [select]")


def _pointing(findings: Iterable[Finding], name: str) -> list[Finding]:
    """The findings, each with where to read on."""
    out = []
    for finding in dict.fromkeys(findings):
        see = f"explain: retailops-bridge explain {finding.code}"
        if finding.code in ("M201", "M204"):
            see = f"fields: retailops-bridge fields {name}     {see}"
        out.append(replace(finding, see=see))
    return out


def _table_warnings(uses: Uses, origins: Mapping[tuple[str, str], Origin]) -> list[Finding]:
    """Tables that nothing uses, and entries that nothing can find."""
    findings = []
    for (table, key), origin in origins.items():
        if not key:
            if table not in uses:
                message = f'no expression uses the table "{table}"'
                findings.append(origin.at_key("M601", message, f"| table: '{table}'"))
            continue
        asked = [choices for choices in uses.get(table, ()) if choices is not None]
        known = {choice for choices in asked for choice in choices}
        if asked and len(asked) == len(uses[table]) and key not in known:
            hint = suggestion(key, known) or f"what is looked up is {listing(known)}"
            message = f'nothing that is looked up here is ever "{key}"'
            findings.append(origin.at_key("M604", message, hint))
    return findings


def _nothing_more(_: str, __: object) -> Mapping[str, Any]:
    return {}


def _strangers(merged: Table, root: str, fields: Collection[str]) -> list[Finding]:
    """Top-level keys that are neither the rules nor a section of the mapping language."""
    known = (root, *SECTIONS)
    findings = []
    for key, node in merged.entries.items():
        if key != root:
            hint = suggestion(key, known) or f"known: {listing(known)}"
            if key in fields:
                hint = f"it belongs below [{root}]"
            findings.append(node.origin.at_key("M201", f'unknown section "{key}"', hint))
    return findings


def _tables(
    node: object, findings: list[Finding], origins: dict[tuple[str, str], Origin]
) -> dict[str, dict[str, object]]:
    """The lookup tables, ``[tables.<name>]``: texts to texts, numbers or booleans.

    ``origins`` learns where each entry stands, and each table under the key ``""``.
    """
    if node is None:
        return {}
    found: dict[str, dict[str, object]] = {}
    for name, table in node.entries.items() if isinstance(node, Table) else ():
        if not isinstance(table, Table):
            findings.append(table.origin.at_key("M105", f'"{name}" is no table of entries'))
            continue
        entries: dict[str, object] = {}
        origins[name, ""] = table.origin
        for key, entry in table.entries.items():
            value = entry.value if isinstance(entry, Leaf) else None
            if isinstance(value, str | int | Decimal | bool):
                entries[key] = value
                origins[name, key] = entry.origin
                if isinstance(value, str) and _QUOTED.fullmatch(value):
                    message = "an entry is a text as it stands: these quotes would be sent too"
                    hint = f'"{value[1:-1]}"'
                    findings.append(entry.origin.at_value("M605", message, hint))
            else:
                message = "an entry is a text, a number, true or false"
                findings.append(entry.origin.at_value("M105", message))
        found[name] = entries
    return found
