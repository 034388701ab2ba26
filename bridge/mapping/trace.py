"""A mapping that remembers, while it renders, which rule made which value.

``traced(module)`` is a copy of a compiled mapping. It gives the same values and the same errors,
because the same rules run; around each of them it notes where in the output its value went. Tests
of mappings use it for coverage, and to name the line behind a value that is not as expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from bridge.errors import MappingError
from bridge.mapping.evaluate import Evaluate, Frame
from bridge.mapping.module import Element, MappingModule
from bridge.mapping.rules import Elements, Enter, LeafRule, ListRule, ObjectRule, Part, Rule, When

Path = tuple[str | int, ...]

# The index of a list's element, instead of a field's name: it is known only while rendering.
INDEX = None

Kind = Literal["leaf", "each", "when"]

T = TypeVar("T")


@dataclass(slots=True)
class Trace:
    """What the rules of one mapping did since it was made.

    ``origins`` are the values that are in the output: their path and the rule that gave them.
    ``blanks`` are the places where a rule was asked and gave nothing. ``frames`` are the names
    that the rule of a place could read. ``ruled`` says which
    outcomes a ``when`` had, ``listed`` which ``each`` found elements.
    """

    origins: list[tuple[Path, Rule]] = field(default_factory=list)
    blanks: list[tuple[Path, Rule]] = field(default_factory=list)
    frames: dict[tuple[Path, Rule], Frame] = field(default_factory=dict)
    ruled: dict[Rule, set[bool]] = field(default_factory=dict)
    listed: set[Rule] = field(default_factory=set)
    at: list[str | int] = field(default_factory=list)
    outs: list[list[object]] = field(default_factory=list)

    def under(self, step: str | None, run: Callable[[], T]) -> T:
        """Run a part at its place. One that gives nothing leaves nothing behind."""
        before = len(self.origins)
        if step is not None or self.outs:
            self.at.append(len(self.outs[-1]) if step is None else step)
        try:
            made = run()
        except BaseException:
            del self.origins[before:]
            raise
        finally:
            if step is not None or self.outs:
                self.at.pop()
        if made is None:
            del self.origins[before:]
        return made

    def below(self, path: Path) -> list[Rule]:
        """The rules whose values lie at a path of the output, or below it, in their order."""
        return list(dict.fromkeys(r for at, r in self.origins if at[: len(path)] == path))

    def silent(self, path: Path) -> list[Rule]:
        """The rules that were asked for the value at exactly this path, and gave nothing."""
        return [rule for at, rule in self.blanks if at == path]

    def behind(self, path: Path) -> list[Rule]:
        """As ``below``; where nothing lies there, the rule that fills the place from above."""
        above = (r for at, r in self.origins if path[: len(at)] == at)
        return self.below(path) or list(dict.fromkeys(above))


class TracedModule(MappingModule):
    """A mapping with its ``trace``. ``outcomes`` are what each rendering gave, errors included."""

    def __init__(self, module: MappingModule) -> None:
        self.trace = Trace()
        self.outcomes: list[dict[str, Any] | MappingError] = []
        super().__init__(
            module.name,
            module._root,
            _object(module._top, self.trace, INDEX),
            module.rules,
            warnings=module.warnings,
            sources=module.sources,
            composed=module.composed,
        )

    def render(
        self, scope: Mapping[str, Any], *, enter: Enter | None = None, subject: str = ""
    ) -> dict[str, Any]:
        """As ``MappingModule.render``."""
        try:
            made = super().render(scope, enter=enter, subject=subject)
        except MappingError as error:
            self.outcomes.append(error)
            raise
        self.outcomes.append(made)
        return made

    def elements(
        self, field: str, scope: Mapping[str, Any], *, enter: Enter | None = None
    ) -> tuple[Element, ...] | None:
        """As ``MappingModule.elements``: the outcome holds those that could be made."""
        made: list[object] = []
        self.trace.at.append(field)
        self.trace.outs.append(made)
        try:
            found = super().elements(field, scope, enter=enter)
        except MappingError as error:
            self.outcomes.append(error)
            raise
        finally:
            self.trace.at.pop()
            self.trace.outs.pop()
        self.outcomes += [e.error for e in found or () if e.error is not None]
        self.outcomes.append({field: made} if made else {})
        return found

    def _element(
        self, elements: Elements, frame: Frame, enter: Enter, at: tuple[str, str]
    ) -> Element | None:
        before = len(self.trace.origins)
        element = super()._element(elements, frame, enter, at)
        if element is not None and element.error is None:
            self.trace.outs[-1].append(element.value)
        else:  # what was salvaged of it is in no output
            del self.trace.origins[before:]
        return element


@dataclass(frozen=True, slots=True)
class _Leaf(LeafRule):
    """A leaf that notes where its value went."""

    trace: Trace
    step: str | None

    def render(self, frame: Frame, enter: Enter) -> object:
        """The value, noted."""

        def run() -> object:
            value = LeafRule.render(self, frame, enter)
            noted = self.trace.blanks if value is None else self.trace.origins
            noted.append((tuple(self.trace.at), self.rule))
            self.trace.frames[noted[-1]] = frame
            return value

        return self.trace.under(self.step, run)


@dataclass(frozen=True, slots=True)
class _Object(ObjectRule):
    """An object whose parts note their values."""

    trace: Trace
    step: str | None

    def render(self, frame: Frame, enter: Enter) -> dict[str, object] | None:
        """The object."""
        return self.trace.under(self.step, lambda: ObjectRule.render(self, frame, enter))


@dataclass(frozen=True, slots=True)
class _List(ListRule):
    """A list whose elements note their values."""

    trace: Trace
    step: str | None

    def render(self, frame: Frame, enter: Enter) -> list[object] | None:
        """The list."""
        return self.trace.under(self.step, lambda: ListRule.render(self, frame, enter))


@dataclass(frozen=True, slots=True)
class _Elements(Elements):
    """Elements that tell their part in which list it is."""

    trace: Trace = field(default_factory=Trace)

    def render(self, frame: Frame, enter: Enter, out: list[object]) -> None:
        """Append the elements to ``out``."""
        self.trace.outs.append(out)
        try:
            Elements.render(self, frame, enter, out)
        finally:
            self.trace.outs.pop()


def _part(part: Part, trace: Trace, step: str | None) -> Part:
    if isinstance(part, LeafRule):
        return _Leaf(**_given(part), trace=trace, step=step)
    if isinstance(part, ObjectRule):
        return _object(part, trace, step)
    given = _given(part) | {"elements": tuple(_elements(e, trace) for e in part.elements)}
    return _List(**given, trace=trace, step=step)


def _object(part: ObjectRule, trace: Trace, step: str | None) -> ObjectRule:
    given = _given(part) | {"parts": tuple((n, _part(p, trace, n)) for n, p in part.parts)}
    if part.when is not None:
        given["when"] = _when(part.when, trace)
    return _Object(**given, trace=trace, step=step)


def _elements(elements: Elements, trace: Trace) -> Elements:
    given = _given(elements) | {"part": _part(elements.part, trace, INDEX)}
    if elements.each is not None:
        given["each"] = _each(elements.each, elements.rule, trace)
    return _Elements(**given, trace=trace)


def _given(rule: object) -> dict[str, Any]:
    """The fields of a rule, to make its traced twin of."""
    known: Any = rule
    return {f.name: getattr(known, f.name) for f in fields(known)}


def _when(when: When, trace: Trace) -> When:
    def run(frame: Frame) -> object:
        holds = bool(when.evaluate(frame))
        trace.ruled.setdefault(when.rule, set()).add(holds)
        return holds

    return replace(when, evaluate=run)


def _each(each: Evaluate, rule: Rule, trace: Trace) -> Evaluate:
    def run(frame: Frame) -> object:
        found = each(frame)
        if isinstance(found, list | tuple) and any(e is not None for e in found):
            trace.listed.add(rule)
        return found

    return run


def kinds(module: MappingModule) -> Mapping[Rule, Kind]:
    """What each rule of a mapping is: a value (``leaf``), an ``each`` or a ``when``."""
    found: dict[Rule, Kind] = {}

    def walk(part: Part) -> None:
        if isinstance(part, LeafRule):
            found[part.rule] = "leaf"
        elif isinstance(part, ObjectRule):
            if part.when is not None:
                found[part.when.rule] = "when"
            for _, inside in part.parts:
                walk(inside)
        else:
            for elements in part.elements:
                if elements.each is not None:
                    found[elements.rule] = "each"
                walk(elements.part)

    walk(module._top)
    return found
