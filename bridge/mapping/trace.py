"""A mapping that remembers, while it renders, which rule made which value.

``traced(module)`` is a copy of a compiled mapping. It gives the same values and the same errors,
because the same rules run; around each of them it notes where in the output its value went. Tests
of mappings use it for coverage, and to name the line behind a value that is not as expected;
``preview`` and ``plan`` show each rendering by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from bridge.errors import MappingError
from bridge.mapping.evaluate import Evaluate, Frame
from bridge.mapping.module import Element, MappingModule
from bridge.mapping.rules import (
    Elements,
    Enter,
    LeafRule,
    ListRule,
    ObjectRule,
    Part,
    Rule,
    Stop,
    When,
)

Path = tuple[str | int, ...]

# The index of a list's element, instead of a field's name: it is known only while rendering.
INDEX = None

Kind = Literal["leaf", "each", "when"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Noted:
    """What a rule gave for one place of the output; None: nothing.

    ``frame`` holds the names that the rule could read, with their values.
    """

    path: Path
    rule: Rule
    value: object
    frame: Frame


@dataclass(frozen=True, slots=True)
class Rendering:
    """One rendering by itself: of one row, package, order, or one element of a list.

    ``scope`` is what it was made from. ``output`` is None when it failed: then ``error`` says
    why and ``failed`` which rule it was; nothing of it is in any output. ``made`` are the values
    of the output, ``blanks`` the places for which a rule had nothing. ``element`` is set of an
    element of a list (``MappingModule.elements``), whose paths begin with the list.
    """

    mapping: str
    subject: str
    scope: Mapping[str, Any]
    output: Mapping[str, Any] | None
    made: tuple[Noted, ...] = ()
    blanks: tuple[Noted, ...] = ()
    error: MappingError | None = None
    failed: Noted | None = None
    element: Element | None = None


@dataclass(slots=True)
class Trace:
    """What the rules of one mapping did since it was made.

    ``origins`` are the values that are in the output, ``blanks`` the places where a rule was
    asked and gave nothing. ``ruled`` says which outcomes a ``when`` had, ``listed`` which
    ``each`` found elements. ``failed`` is the rule that ended the rendering that runs now.
    """

    origins: list[Noted] = field(default_factory=list)
    blanks: list[Noted] = field(default_factory=list)
    failed: Noted | None = None
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

    def fail(self, rule: Rule, frame: Frame) -> None:
        """Note the rule that failed: the first, what comes after it is only its error's way up."""
        if self.failed is None:
            self.failed = Noted(tuple(self.at), rule, None, frame)

    def below(self, path: Path) -> list[Rule]:
        """The rules whose values lie at a path of the output, or below it, in their order."""
        return list(dict.fromkeys(n.rule for n in self.origins if n.path[: len(path)] == path))

    def silent(self, path: Path) -> list[Rule]:
        """The rules that were asked for the value at exactly this path, and gave nothing."""
        return [n.rule for n in self.blanks if n.path == path]

    def behind(self, path: Path) -> list[Rule]:
        """As ``below``; where nothing lies there, the rule that fills the place from above."""
        above = (n.rule for n in self.origins if path[: len(n.path)] == n.path)
        return self.below(path) or list(dict.fromkeys(above))


class TracedModule(MappingModule):
    """A mapping with its ``trace``, and its ``renderings`` one by one.

    ``outcomes`` are what each call of ``render`` or ``elements`` gave, errors included.
    """

    def __init__(self, module: MappingModule) -> None:
        self.trace = Trace()
        self.renderings: list[Rendering] = []
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
        since = self._since()
        try:
            made = super().render(scope, enter=enter, subject=subject)
        except MappingError as error:
            self.outcomes.append(error)
            self._refused(subject, scope, error)
            raise
        self.outcomes.append(made)
        self._made(subject, scope, made, since)
        return made

    def elements(
        self, field: str, scope: Mapping[str, Any], *, enter: Enter | None = None
    ) -> tuple[Element, ...] | None:
        """As ``MappingModule.elements``: the outcome holds those that could be made."""
        made: list[object] = []
        self._since()
        self.trace.at.append(field)
        self.trace.outs.append(made)
        try:
            found = super().elements(field, scope, enter=enter)
        except MappingError as error:
            self.outcomes.append(error)
            for rule in self.rules:
                if rule.place == error.place:  # an ``each``: no part of it has run
                    self.trace.fail(rule, scope)
            self._refused(field, scope, error)
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
        since = self._since()
        element = super()._element(elements, frame, enter, at)
        subject = f"{at[1]}{at[0]}"
        if element is None or element.error is not None:
            del self.trace.origins[since[0] :]  # what was salvaged of it is in no output
            if element is not None and element.error is not None:
                self._refused(subject, frame, element.error, element)
        else:
            self.trace.outs[-1].append(element.value)
            self._made(subject, frame, element.value, since, element)
        return element

    def _since(self) -> tuple[int, int]:
        """Where the notes of a rendering begin that is about to run."""
        self.trace.failed = None
        return len(self.trace.origins), len(self.trace.blanks)

    def _made(
        self,
        subject: str,
        scope: Mapping[str, Any],
        output: Mapping[str, Any],
        since: tuple[int, int],
        element: Element | None = None,
    ) -> None:
        made = tuple(self.trace.origins[since[0] :])
        blanks = tuple(self.trace.blanks[since[1] :])
        self.renderings.append(
            Rendering(self.name, subject, scope, output, made, blanks, element=element)
        )

    def _refused(
        self,
        subject: str,
        scope: Mapping[str, Any],
        error: MappingError,
        element: Element | None = None,
    ) -> None:
        failed = self.trace.failed
        self.renderings.append(
            Rendering(self.name, subject, scope, None, error=error, failed=failed, element=element)
        )


@dataclass(frozen=True, slots=True)
class _Leaf(LeafRule):
    """A leaf that notes where its value went."""

    trace: Trace
    step: str | None

    def render(self, frame: Frame, enter: Enter) -> object:
        """The value, noted."""

        def run() -> object:
            try:
                value = LeafRule.render(self, frame, enter)
            except Stop as stop:
                self.trace.fail(stop.rule, frame)
                raise
            noted = self.trace.blanks if value is None else self.trace.origins
            noted.append(Noted(tuple(self.trace.at), self.rule, value, frame))
            return value

        return self.trace.under(self.step, run)


@dataclass(frozen=True, slots=True)
class _Object(ObjectRule):
    """An object whose parts note their values."""

    trace: Trace
    step: str | None

    def render(self, frame: Frame, enter: Enter) -> dict[str, object] | None:
        """The object."""

        def run() -> dict[str, object] | None:
            try:
                return ObjectRule.render(self, frame, enter)
            except Stop as stop:  # of its ``when``, an ``each`` in it, or a field that is missing
                self.trace.fail(stop.rule, frame)
                raise

        return self.trace.under(self.step, run)


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
