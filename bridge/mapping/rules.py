"""The compiled rules of a mapping: a tree like the target, rendered once for every source.

Which places stay empty:

- A rule that gives null, an empty text or an empty list leaves its field out.
- An object is left out when its ``when`` is false, or when none of its rules that read a source
  gave anything. An object that stays, and lacks a field that the target requires, is an error.
- An element of ``[[…]]`` is left out in that case too: a single element without its value. So is
  any object without the field that the target marks as its content.
- A list without elements is left out; one that the target requires is then an empty list, or
  an error when the target asks for at least one element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

from bridge.mapping.codes import Failed, said_type
from bridge.mapping.evaluate import Evaluate, Frame
from bridge.mapping.values import is_empty
from bridge.mapping.work import WORK

Enter = Callable[[str, Any], Mapping[str, Any]]
Part: TypeAlias = Union["LeafRule", "ObjectRule", "ListRule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a mapping: which target it fills, from what, and where that is written.

    ``target`` is a path with ``[]`` for list elements, ``order.order_items[].sku``; ``place`` is
    ``file:line:column`` of the value; ``text`` the expression or literal; ``reads`` the names
    that it begins a path with.
    """

    target: str
    place: str
    text: str
    reads: frozenset[str] = frozenset()


class Stop(Exception):
    """A rule that cannot give its value; ``path`` is filled on the way up, innermost first."""

    def __init__(self, code: str, rule: Rule, message: str) -> None:
        self.code = code
        self.rule = rule
        self.message = message
        self.path: list[str] = []
        super().__init__(message)


def _tell_slow(frame: Frame, rule: Rule) -> None:
    """Slow filters that were just called stand in this rule."""
    work = frame.get(WORK)
    if work is not None and work.slow:
        work.slow_at(rule.place)


@dataclass(frozen=True, slots=True)
class LeafRule:
    """One expression or literal."""

    rule: Rule
    constant: bool
    evaluate: Evaluate
    convert: Callable[[object], object]

    def render(self, frame: Frame, _: Enter) -> object:
        """The converted value."""
        work = frame.get(WORK)
        try:
            value = self.evaluate(frame)
            if value is None or (not value and is_empty(value)):
                return None
            made = self.convert(value)
            if work is not None:
                work.write(made)
        except Failed as failed:
            raise Stop(failed.code, self.rule, failed.message) from None
        finally:
            if work is not None and work.slow:
                work.slow_at(self.rule.place)
        return made


@dataclass(frozen=True, slots=True)
class When:
    """A ``when`` with its place."""

    rule: Rule
    evaluate: Evaluate

    def holds(self, frame: Frame) -> bool:
        """Whether the table that carries it is rendered."""
        try:
            return bool(self.evaluate(frame))
        except Failed as failed:
            raise Stop(failed.code, self.rule, failed.message) from None
        finally:
            _tell_slow(frame, self.rule)


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """A table. ``must``: it is never left out; ``loose``: an element of ``[[…]]``.

    ``required`` are the names that the target wants of an object that is there, ``content`` those
    without which there is none. ``fixed``: no rule of it reads a source; ``constant``: nor does
    its ``when``.
    """

    rule: Rule
    constant: bool
    fixed: bool
    parts: Sequence[tuple[str, Part]]
    required: frozenset[str]
    must: bool
    loose: bool
    when: When | None
    content: frozenset[str]

    def render(self, frame: Frame, enter: Enter) -> dict[str, object] | None:
        """The object by the target's names."""
        if self.when is not None and not self.when.holds(frame):
            return None
        out: dict[str, object] = {}
        found = self.must or self.fixed
        missing: tuple[str, Part] | None = None
        for name, part in self.parts:
            try:
                value = part.render(frame, enter)
            except Stop as stop:
                stop.path.append(name)
                raise
            if value is not None:
                out[name] = value
                found = found or not part.constant
            elif name in self.content:
                return None
            elif missing is None and name in self.required:
                missing = name, part
        if not found or (missing is not None and self.loose):
            return None
        if missing is not None:
            raise gap(*missing)
        return out


def gap(name: str, part: Part) -> Stop:
    """A required field whose rule gave nothing."""
    stop = Stop("MAPPING_MISSING", part.rule, f"required, and {part.rule.text} gave nothing")
    stop.path.append(name)
    return stop


@dataclass(frozen=True, slots=True)
class Elements:
    """What a list consists of: one ``part``, or one for every element of ``each``."""

    part: Part
    rule: Rule
    each: Evaluate | None = None
    name: str = ""

    def render(self, frame: Frame, enter: Enter, out: list[object]) -> None:
        """Append the elements to ``out``."""
        for index, inner in self.frames(frame, enter, len(out)) or ():
            try:
                value = self.part.render(inner, enter)
            except Stop as stop:
                stop.path.append(f"[{index}]")
                raise
            if value is not None:
                out.append(value)

    def frames(
        self, frame: Frame, enter: Enter, before: int = 0
    ) -> Iterator[tuple[int, Frame]] | None:
        """The index and the names of every element; None when ``each`` finds nothing at all.

        ``before`` counts the elements of the list so far: a single one's index.
        """
        if self.each is None:
            return iter([(before, frame)])
        try:
            source = self.each(frame)
        except Failed as failed:
            raise Stop(failed.code, self.rule, failed.message) from None
        finally:
            _tell_slow(frame, self.rule)
        if source is None:
            return None
        if not isinstance(source, (list, tuple)):
            message = f"each is {said_type(source)}, not a list"
            raise Stop("MAPPING_FAILED", self.rule, message)
        return self._inner(source, frame, enter)

    def _inner(
        self, source: Sequence[object], frame: Frame, enter: Enter
    ) -> Iterator[tuple[int, Frame]]:
        work = frame.get(WORK)
        for index, element in enumerate(source):
            if work is not None:
                try:
                    work.spend(None)
                except Failed as failed:
                    raise Stop(failed.code, self.rule, failed.message) from None
            if element is not None:
                yield index, {**frame, self.name: element, **enter(self.name, element)}


@dataclass(frozen=True, slots=True)
class ListRule:
    """A list from ``each``, from ``[[…]]``, or from an array of expressions."""

    rule: Rule
    constant: bool
    elements: Sequence[Elements]
    required: bool
    least: int

    def render(self, frame: Frame, enter: Enter) -> list[object] | None:
        """The list, or None when it has too few elements for the target."""
        out: list[object] = []
        for element in self.elements:
            element.render(frame, enter, out)
        if out:
            return out
        return out if self.required and not self.least else None


def salvage(part: Part, frame: Frame, enter: Enter) -> object:
    """What can be rendered of a part that cannot be rendered whole; None where nothing can.

    It tells whom an error is about, so ``when`` is not asked. Lists keep their places: an
    element's index is its own.
    """
    try:
        if isinstance(part, LeafRule):
            return part.render(frame, enter)
        if isinstance(part, ObjectRule):
            made = {name: salvage(inside, frame, enter) for name, inside in part.parts}
            return {name: value for name, value in made.items() if value is not None}
        out: list[object] = []
        for elements in part.elements:
            for index, inner in elements.frames(frame, enter, len(out)) or ():
                out += [None] * (index - len(out))
                out.append(salvage(elements.part, inner, enter))
    except Stop:
        return None
    return out
