"""From the merged tables of the files to compiled rules: every check that needs no data.

Nothing stops at the first mistake: a place that is wrong yields a finding and no rule, and the
rest is still looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import partial

from bridge.errors import Finding
from bridge.mapping import evaluate
from bridge.mapping.branches import families
from bridge.mapping.codes import Failed, Problem, listing, suggestion
from bridge.mapping.evaluate import Frame
from bridge.mapping.expressions import Compiler
from bridge.mapping.keys import CONTROL
from bridge.mapping.knowledge import narrowed
from bridge.mapping.layers import Array, Leaf, Node, Origin, Table
from bridge.mapping.nodes import Expression, Names, literal_shape
from bridge.mapping.rules import Elements, LeafRule, ListRule, ObjectRule, Part, Rule, When
from bridge.mapping.shapes import ANY, FAMILY_NAMES, family
from bridge.mapping.targets import Convert, Field, Target
from bridge.mapping.values import is_empty
from bridge.schema.shape import Shape

At = Callable[[str, str, str], Finding]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"true", "false", "nil", "null", "empty", "blank", "and", "or", "contains"}) | {
    *("not", "in", "offset", "limit", "reversed", "cols", "continue"),
    *("with", "for", "as", "if", "else", "required"),
}  # words of Liquid's expressions: no name may be one
_CONTROL = tuple(CONTROL)
_NO_FRAME: Frame = {}


class Builder:
    """Builds the rules of one mapping; ``findings`` and ``rules`` grow while it does.

    ``entries`` says where the entries of lookup tables stand, by table and key. ``later``: the
    fields at the top for which a source is not there yet.
    """

    def __init__(
        self,
        compiler: Compiler,
        entries: Mapping[tuple[str, str], Origin] | None = None,
        later: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._compiler = compiler
        self._entries = entries or {}
        self._later = later or {}
        self.findings: list[Finding] = []
        self.rules: list[Rule] = []

    def object(
        self,
        table: Table,
        target: Target,
        names: Names,
        path: str,
        *,
        must: bool = False,
        loose: bool = False,
        control: bool = True,
    ) -> ObjectRule:
        """The rules of a table for an object (or for a table of free keys).

        ``control`` is False where ``each`` / ``as`` / ``when`` are no words of this table.
        """
        when = None
        if control:
            when, names = self._when(table.entries.get("when"), names, path)
        parts: list[tuple[str, Part]] = []
        for key, node in table.entries.items():
            if control and key in _CONTROL:
                if key != "when":
                    self._bad(node.origin.at_key, "M105", f'"{key}" belongs to a list')
                continue
            field = self._field(target, key, node)
            if field is None:
                continue
            inner = f"{path}.{key}" if path else key
            known = names if control else self._known_by(key, names)
            part = self._part(node, field, known, inner, there=must and not loose)
            if part is not None:
                parts.append((key, part))
        for name, field in target.fields.items():
            if field.required and name not in table.entries:
                message = f'required field "{name}" of {target.name} has no rule'
                if gone := table.removed.get(name):
                    hint = "leave it out of unset, or write another rule for it"
                    self._bad(gone.at_value, "M401", f"{message}: it is unset here", hint)
                else:
                    self._bad(table.origin.at_key, "M401", message, "add one")
        fixed = all(part.constant for _, part in parts)
        return ObjectRule(
            Rule(path, _place(table.origin), "a table"),
            fixed and when is None,
            fixed,
            tuple(parts),
            frozenset(n for n, f in target.fields.items() if f.required),
            must,
            loose,
            when,
            frozenset(n for n, f in target.fields.items() if f.content),
        )

    def _known_by(self, key: str, names: Names) -> Names:
        """The names that are there when a field at the top is made."""
        late = {name for name, fields in self._later.items() if key in fields}
        return {n: shape for n, shape in names.items() if n not in late} if late else names

    def _field(self, target: Target, key: str, node: Node) -> Field | None:
        if target.kind == "map" and target.of is not None:
            return Field(key, target.of, required=False)
        field = target.fields.get(key)
        if field is None:
            hint = suggestion(key, target.fields) or f"it has {listing(target.fields)}"
            self._bad(node.origin.at_key, "M201", f'unknown field "{key}" of {target.name}', hint)
        return field

    def _part(
        self, node: Node, field: Field, names: Names, path: str, *, there: bool
    ) -> Part | None:
        target = field.target
        if isinstance(node, Leaf):
            must = field if field.required else None
            return self._leaf(node, target, names, path, required=must, there=there)
        if target.kind == "list":
            return self._list(node, field, names, path)
        if isinstance(node, Array):
            tables = bool(node.items) and isinstance(node.items[0], Table)
            hint = "a table: in single brackets" if tables else ""
            message = f'"{field.name}" takes one value, not a list'
            self._bad(node.origin.at_value, "M301", message, hint)
            return None
        if target.kind == "single":
            message = f'"{field.name}" is {target.name}, not a table of rules'
            self._bad(node.origin.at_key, "M301", message)
            return None
        return self.object(node, target, names, path, must=field.required)

    # Lists

    def _list(self, node: Array | Table, field: Field, names: Names, path: str) -> Part | None:
        target = field.target.of or field.target
        elements: list[Elements] = []
        before = len(self.findings)
        for item in (node,) if isinstance(node, Table) else node.items:
            if isinstance(item, Table) and target.kind in ("object", "map"):
                loose = item is not node
                built = self._elements(item, target, names, f"{path}[]", loose=loose)
            elif isinstance(item, Leaf):
                leaf = self._leaf(item, target, names, f"{path}[]")
                built = None if leaf is None else Elements(leaf, leaf.rule)
            else:
                built = None
                message = f'"{field.name}" is a list of {target.name}'
                self._bad(item.origin.at_value, "M301", message)
            if built is not None:
                elements.append(built)
        if len(self.findings) > before:
            return None
        rule = Rule(path, _place(node.origin), "the list")
        constant = all(e.each is None and e.part.constant for e in elements)
        return ListRule(rule, constant, tuple(elements), field.required, field.target.least)

    def _elements(
        self, table: Table, target: Target, names: Names, path: str, *, loose: bool
    ) -> Elements | None:
        each, as_name = table.entries.get("each"), table.entries.get("as")
        bare = Table(
            table.origin,
            {k: v for k, v in table.entries.items() if k not in ("each", "as")},
            table.removed,
        )
        if each is None:
            if as_name is not None or not loose:
                missing = 'a list needs each = "…" and as = "…", or [[…]] for single elements'
                self._bad(table.origin.at_key, "M105", missing)
                return None
            part = self.object(bare, target, names, path, loose=True)
            return Elements(part, part.rule)
        found = self._each(each, names)
        name = self._name(as_name, each, names)
        if name is None:  # every name of an element would be unknown: one finding is enough
            return None
        shape = found.shape if found is not None else None
        inner = {**names, name: shape.of if shape is not None and shape != ANY else shape}
        inner = {**inner, **narrowed({name: inner[name]}, [(name,)])}  # a null is no element
        part = self.object(bare, target, inner, path, must=not loose, loose=loose)
        if found is None or not isinstance(each, Leaf):
            return None
        rule = self._note(each, f"{path}.each", found)
        return Elements(part, rule, found.evaluate, name)

    def _each(self, node: Node, names: Names) -> Expression | None:
        found = self._expression(node, names)
        for kind in families(found.shape, found.branches) if found is not None else ():
            if kind != "list":
                said = f"each {'can be' if found and found.branches else 'is'} {FAMILY_NAMES[kind]}"
                self._bad(node.origin.at_value, "M304", f"{said}, not a list")
                return None
        return found

    def _name(self, node: Node | None, each: Node, names: Names) -> str | None:
        if node is None:
            self._bad(each.origin.at_key, "M105", 'each needs as = "…", the name of one element')
            return None
        value = node.value if isinstance(node, Leaf) else None
        if not isinstance(value, str) or not _NAME.fullmatch(value) or value in _WORDS:
            message = "as is a name: letters, digits and _, and no word of Liquid"
            self._bad(node.origin.at_value, "M105", message)
            return None
        if value in names:
            self._bad(node.origin.at_value, "M105", f'"{value}" is already the name of a source')
            return None
        return value

    def _when(self, node: Node | None, names: Names, path: str) -> tuple[When | None, Names]:
        """The condition, and the names as they are where it holds."""
        if node is None:
            return None, names
        if not isinstance(node, Leaf) or not isinstance(node.value, str):
            self._bad(node.origin.at_value, "M105", "when is a condition in quotes")
            return None, names
        found, problems = self._compiler.condition(node.value, names)
        self.findings += [node.origin.inside(p) for p in problems]
        if found is None:
            return None, names
        if found.constant:
            always = bool(found.evaluate(_NO_FRAME))
            said = "always holds: leave it out" if always else "never holds: what it guards is dead"
            self._bad(node.origin.at_value, "M602", f"this condition {said}")
        when = When(self._note(node, f"{path}.when", found), found.evaluate)
        return when, narrowed(names, found.sure)

    # Leaves

    def _expression(self, node: Node, names: Names) -> Expression | None:
        if not isinstance(node, Leaf) or not isinstance(node.value, str):
            self._bad(node.origin.at_value, "M105", "an expression in quotes belongs here")
            return None
        found, problems = self._compiler.value(node.value, names)
        self.findings += [node.origin.inside(p) for p in problems]
        return found

    def _leaf(
        self,
        node: Leaf,
        target: Target,
        names: Names,
        path: str,
        *,
        required: Field | None = None,
        there: bool = False,
    ) -> LeafRule | None:
        """One rule. ``required`` is its field, if that must be; ``there``: in any case."""
        convert = target.convert or _many(target)
        if convert is None:
            of = target.of or target
            message = f"{of.name} is an object: it takes a table of rules, not one value"
            self._bad(node.origin.at_value, "M301", message)
            return None
        value = node.value
        if isinstance(value, str):
            found = self._expression(node, names)
        elif literal_shape(value) is None or (isinstance(value, Decimal) and not value.is_finite()):
            message = "a rule is an expression in quotes, a number, true or false"
            self._bad(node.origin.at_value, "M105", message)
            found = None
        else:
            found = Expression(evaluate.constant(value), literal_shape(value), constant=True)
        if found is None:
            return None
        if found.constant:
            self._check_constant(node, found, target, required=required is not None)
        else:
            before = len(self.findings)
            self._check_family(node.origin.at_value, found.shape, target)
            self._check_choices(node, found, target)
            if len(self.findings) == before:
                self._check_branches(node, found, target)
            if required is not None and there and found.known.nullable:
                self._bad(
                    node.origin.at_value,
                    "M402",
                    f'required field "{required.name}", and this can be null',
                    "say what then: | default: …",
                )
        self.findings += [node.origin.inside(p) for p in found.known.pending]
        return LeafRule(self._note(node, path, found), found.constant, found.evaluate, convert)

    def _check_constant(
        self, node: Leaf, found: Expression, target: Target, *, required: bool
    ) -> None:
        convert = target.convert or _many(target)
        try:
            value = found.evaluate(_NO_FRAME)
            if is_empty(value):
                if required:
                    self._bad(node.origin.at_value, "M401", "a required field, and this is nothing")
            elif target.choices and isinstance(value, str) and value not in target.choices:
                self._unknown_choice(node.origin.at_value, value, target)
            elif convert is not None:
                convert(value)
        except Failed as failed:
            self._bad(node.origin.at_value, "M302", failed.message)

    def _check_choices(self, node: Leaf, found: Expression, target: Target) -> None:
        """Every text that this can give must be one that the target takes."""
        if not target.choices or found.known.choices is None:
            return
        direct = []
        for value, choice in found.known.choices.items():
            if not value or value in target.choices:
                continue
            entry = self._entries.get((choice.table, choice.key))
            if entry is None:
                direct.append(value)
            else:
                self._unknown_choice(entry.at_value, value, target)
        if len(direct) == 1:
            self._unknown_choice(node.origin.at_value, direct[0], target)
        elif direct:
            message = f"this can be {listing(direct, limit=6)}, and the target takes none of them"
            self._bad(node.origin.at_value, "M305", message, "translate them: | table: '…'")

    def _unknown_choice(self, at: At, value: str, target: Target) -> None:
        hint = suggestion(value, target.choices) or f"it takes {listing(target.choices)}"
        self._bad(at, "M305", f'the target has no value "{value}"', hint)

    def _check_branches(self, node: Leaf, found: Expression, target: Target) -> None:
        """What is before a default and what is behind it must both be what the target takes.

        A text may be a number, a date or a boolean: that is left to run time.
        """
        convert = target.convert or _many(target)
        single = target.family not in ("list", "object")
        for branch in found.branches:
            at: At = node.origin.at_value
            if branch.place is not None:
                at = partial(_within, node.origin, branch.place)
            value = branch.fixed(_NO_FRAME) if branch.fixed is not None else None
            if branch.fixed is not None and is_empty(value):
                continue
            if branch.fixed is None or not single:
                if family(branch.shape) != "text" or not single:
                    verb = "is" if branch.place is not None else "can be"
                    self._check_family(at, branch.shape, target, verb)
            elif target.choices and isinstance(value, str) and value not in target.choices:
                self._unknown_choice(at, value, target)
            elif convert is not None:
                try:
                    convert(value)
                except Failed as failed:
                    self._bad(at, "M302", failed.message)

    def _check_family(self, at: At, shape: Shape | None, target: Target, verb: str = "is") -> None:
        gives, takes = family(shape), target.family
        if gives is None or takes is None or gives == takes:
            return
        said = f"{FAMILY_NAMES[gives]}, the target takes {target.name}"
        if gives in ("list", "object") or takes in ("list", "object"):
            hint = "take one element ([0], first), or join them" if gives == "list" else ""
            self._bad(at, "M301", f"this {verb} {said}", hint)
        elif takes != "text" and (gives, takes) != ("text", "date"):
            sayable = (gives, takes) == ("text", "number")
            hint = "if it is a number, say so: | plus: 0" if sayable else ""
            self._bad(at, "M302", f"this {verb} {said}", hint)

    def _note(self, node: Leaf, path: str, made: Expression) -> Rule:
        value = node.value
        text = value if isinstance(value, str) else str(value).lower()
        rule = Rule(path, _place(node.origin), text, made.reads)
        self.rules.append(rule)
        return rule

    def _bad(self, at: At, code: str, message: str, hint: str = "") -> None:
        self.findings.append(at(code, message, hint))


def _many(target: Target) -> Convert | None:
    """The converter of a list or of a table of free keys that one expression can fill."""
    one = target.of.convert if target.of is not None else None
    if one is None:
        return None

    def convert(value: object) -> object:
        if target.kind == "map":
            if not isinstance(value, Mapping):
                raise Failed("not an object")
            return {str(k): one(v) for k, v in value.items() if not is_empty(v)} or None
        if not isinstance(value, list | tuple):
            raise Failed("not a list")
        return [one(v) for v in value if not is_empty(v)] or None

    return convert


def _within(origin: Origin, place: tuple[int, int], code: str, message: str, hint: str) -> Finding:
    """A finding at a part of the expression that stands here."""
    return origin.inside(Problem(code, *place, message, hint))


def _place(origin: Origin) -> str:
    line, column = origin.value
    return f"{origin.file.name}:{line}:{column}"
