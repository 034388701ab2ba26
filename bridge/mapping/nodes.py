"""What python-liquid parsed, checked against the shapes and turned into closures.

The rule for paths: null on a path is null, an unknown name is an error, here when the shape is
known and at run time in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from liquid.builtin.expressions import Filter as FilterNode
from liquid.builtin.expressions import FilteredExpression, Path
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.logical import LogicalAndExpression, LogicalOrExpression
from liquid.builtin.expressions.primitive import (
    Blank,
    Empty,
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    StringLiteral,
    TrueLiteral,
)
from liquid.expression import Expression as Node
from liquid.token import Token

from bridge.mapping import evaluate, shapes
from bridge.mapping.branches import Branch, families
from bridge.mapping.codes import Failed, Problem, listing, suggestion
from bridge.mapping.compared import wrong_argument, wrong_arguments, wrong_comparison
from bridge.mapping.evaluate import Evaluate, Frame, Nothing
from bridge.mapping.filters import LOOKUPS, Filter, date_format_problem, found_in
from bridge.mapping.knowledge import (
    UNKNOWN,
    Choice,
    Known,
    SurePath,
    filtered,
    gaps,
    looked_up,
    never_nothing,
    of_constant,
    of_shape,
    stepped,
    sure_of,
)
from bridge.mapping.values import is_empty, text
from bridge.schema.lifecycle import DEPRECATED, SINCE
from bridge.schema.shape import Shape

Names = Mapping[str, Shape | None]
Tables = Mapping[str, Mapping[str, object]]
Uses = dict[str, list[Mapping[str, Choice] | None]]
"""By the name of a table: of each use, the texts that are looked up; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. ``constant``: it reads no source, so its value is always the same.

    ``known`` is what is certain of its value; of a condition, ``sure`` are the paths that are not
    null where it holds. ``reads`` are the names that its paths begin with. ``branches`` are what
    it can be when it ends in a ``default``.
    """

    evaluate: Evaluate
    shape: Shape | None
    constant: bool
    known: Known = UNKNOWN
    sure: frozenset[SurePath] = frozenset()
    reads: frozenset[str] = frozenset()
    branches: tuple[Branch, ...] = ()


class Refused(Exception):
    """A mistake behind which nothing more of this expression can be judged."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


class Build:
    """Turns the nodes of one expression into closures, collecting problems on the way."""

    def __init__(
        self,
        filters: Mapping[str, Filter],
        tables: Tables,
        names: Names,
        tokens: list[Token],
        *,
        uses: Uses,
        later: frozenset[str],
        api_version: str,
    ) -> None:
        self.roots: set[str] = set()
        self._later = later
        self._uses = uses
        self._api_version = api_version
        self._filters = filters
        self._tables = tables
        self._names = names
        self._tokens = tokens
        self.problems: list[Problem] = []

    # Values

    def value(self, node: Node) -> Expression:
        """A value with its filters."""
        if isinstance(node, FilteredExpression):
            built = self._primitive(node.left)
            for filter_node in node.filters or ():
                built = self._filtered(built, filter_node)
            return built
        return self._primitive(node)

    def _primitive(self, node: Node) -> Expression:
        if isinstance(node, Path):
            return self._path(node)
        if isinstance(node, StringLiteral):
            return _constant(node.value, shapes.TEXT)
        if isinstance(node, IntegerLiteral):
            return _constant(node.value, shapes.NUMBER)
        if isinstance(node, FloatLiteral):  # from the text: the node's own value is a float
            return _constant(Decimal(node.token.value), shapes.NUMBER)
        if isinstance(node, TrueLiteral | FalseLiteral):
            return _constant(node.value, shapes.BOOLEAN)
        if isinstance(node, Nil):
            return _constant(None, None)
        kind = "a range" if "Range" in type(node).__name__ else f'"{node.token.value}"'
        at, length = node.token.start_index, len(node.token.value)
        raise Refused(Problem("M103", at, max(1, length), f"{kind} is no value here"))

    def _path(self, node: Path) -> Expression:
        places = self._segment_places(node.token)
        segments: list[str | int] = []
        for place, segment in zip(places, node.path, strict=False):
            if isinstance(segment, Path):
                message = "a path is fixed: names, and whole numbers or quoted names in brackets"
                raise Refused(Problem("M103", place[0], place[1], message))
            segments.append(segment)
        root = segments[0]
        self.roots.add(str(root))
        if root not in self._names and root in self._later:
            message = f'"{root}" is not there yet: this rule decides which one is looked up'
            self._problem("M206", places[0], message, f"here there is {listing(self._names)}")
            return Expression(evaluate.no_value, None, constant=False)
        if root not in self._names:
            hint = suggestion(str(root), self._names) or f"known: {listing(self._names)}"
            self._problem("M204", places[0], f'unknown source name "{root}"', hint)
            return Expression(evaluate.no_value, None, constant=False)
        shape = self._names[str(root)]
        free = shape == shapes.ANY
        nullable = None if shape is None or free else shape.nullable
        for place, segment in zip(places[1:], segments[1:], strict=False):
            inside = shape
            shape, wrong, hint = shapes.step(shape, segment)
            free = free or shape == shapes.ANY
            nullable = stepped(nullable, shape, segment)
            if not wrong and inside is not None:
                self._lifecycle(f"{inside.type_name}.{segment}", place, "field")
            if wrong:
                self._problem("M204", place, wrong, hint)
                break
        walk = evaluate.walk_any if free else evaluate.walk
        known = of_shape(shape, nullable=nullable)
        return Expression(walk(str(root), tuple(segments[1:])), shape, False, known)

    def _lifecycle(self, name: str, place: tuple[int, int], what: str) -> None:
        """Tell of a field or an enum's value that comes or goes with an API version."""
        said = f"the {what} {name}"
        if name in DEPRECATED:
            self._problem("M501", place, f"{said} is deprecated", DEPRECATED[name])
        since = SINCE.get(name, "")
        if self._api_version and since > self._api_version:
            message = f"{said} is not in API version {self._api_version}"
            self._problem("M502", place, message, f"it came with {since}")

    def _segment_places(self, first: Token) -> list[tuple[int, int]]:
        """(offset, length) of every segment of the path that begins at ``first``."""
        start = next(i for i, t in enumerate(self._tokens) if t.start_index == first.start_index)
        places: list[tuple[int, int]] = []
        due = True  # the next token is a segment: at the beginning and behind each dot
        for token in self._tokens[start:]:
            if token.kind == "dot":
                due = True
                continue
            if not due and token.kind not in ("identindex", "identstring", "lbracket"):
                break
            places.append((token.start_index, len(token.value)))
            due = False
            if token.kind == "lbracket":  # a path inside a path, which is refused
                break
        return places

    # Filters

    def _filtered(self, left: Expression, node: FilterNode) -> Expression:
        place = (node.token.start_index, len(node.name))
        if node.name == "table":
            return self._table(left, node, place)
        if node.name == "table_each":
            return self._table_each(left, node, place)
        spec = self._filters.get(node.name)
        if spec is None:
            hint = suggestion(node.name, [*self._filters, *LOOKUPS])
            hint = hint or "all of them: retailops-bridge fields --filters"
            self._problem("M202", place, f'unknown filter "{node.name}"', hint)
            return Expression(evaluate.no_value, None, constant=False)
        positional, keywords = self._arguments(node)
        if not spec.least <= len(positional) <= spec.most:
            wanted = str(spec.least) if spec.least == spec.most else f"{spec.least} to {spec.most}"
            message = f'"{node.name}" takes {wanted} argument(s), here are {len(positional)}'
            raise Refused(Problem("M303", place[0], place[1], message))
        for name in keywords:
            if name not in spec.keywords:
                message = f'"{node.name}" takes no argument "{name}"'
                raise Refused(Problem("M303", place[0], place[1], message))
        self._check_left(left, spec, node.name, place)
        self._check_arguments(left, spec, node, positional)
        shape = self._result(left, spec, node, positional)
        constant = (
            left.constant
            and spec.pure
            and all(a.constant for a in [*positional, *keywords.values()])
        )
        run = evaluate.call(
            node.name,
            spec.on_any() if left.shape == shapes.ANY else spec,
            left.evaluate,
            [a.evaluate for a in positional],
            {name: a.evaluate for name, a in keywords.items()},
        )
        if node.name == "default":
            if never_nothing(left.known, left.shape) and not left.constant:
                message = "this default is never used: what is before it always has a value"
                self._problem("M602", place, message, "leave it out")
            known = left.known.or_else(positional[0].known, empty=True)
            before = left.branches or (_branch(left),)
            other = _branch(positional[0], self._span(node.args[0].value))
            return Expression(run, shape, constant, known, branches=(*before, other))
        known = filtered(left.known, [a.known for a in positional], node.name, pure=spec.pure)
        return Expression(run, shape, constant, known)

    def _arguments(self, node: FilterNode) -> tuple[list[Expression], dict[str, Expression]]:
        positional: list[Expression] = []
        keywords: dict[str, Expression] = {}
        for argument in node.args:
            built = self._primitive(argument.value)
            if isinstance(argument, KeywordArgument):
                keywords[argument.name] = built
            else:
                positional.append(built)
        return positional, keywords

    def _check_arguments(
        self, left: Expression, spec: Filter, node: FilterNode, positional: list[Expression]
    ) -> None:
        for argument, given in zip(node.args, positional, strict=False):
            if wrong := wrong_argument(spec, node.name, given.shape):
                self._problem("M303", self._span(argument.value), wrong)
                return
        # Of a constant the whole value is worked out, where the rule is built; of a date's
        # format, its text is looked at below.
        if left.constant or node.name == "date" or not all(a.constant for a in positional):
            return
        if positional and (wrong := wrong_arguments(spec, [a.evaluate({}) for a in positional])):
            self._problem("M303", self._span(node.args[0].value), f'"{node.name}": {wrong}')

    def _span(self, node: Node) -> tuple[int, int]:
        """(offset, length) of a literal or a path."""
        start = node.token.start_index
        if isinstance(node, StringLiteral):
            return start, len(node.value) + 2
        if isinstance(node, Path):
            at, length = self._segment_places(node.token)[-1]
            return start, at + length - start
        return start, len(node.token.value)

    def _check_left(
        self, left: Expression, spec: Filter, name: str, place: tuple[int, int]
    ) -> None:
        for found in families(left.shape, left.branches):
            fits = {
                "any": True,
                "number": found in ("number", "text"),
                "text": found not in ("list", "object"),
                "list": found == "list",
                "date": found in ("date", "text"),
            }[spec.takes]
            if not fits:
                said = f"this {'can be' if left.branches else 'is'} {shapes.FAMILY_NAMES[found]}"
                self._problem("M303", place, f'"{name}" works on a {spec.takes}, {said}')

    def _result(
        self, left: Expression, spec: Filter, node: FilterNode, positional: list[Expression]
    ) -> Shape | None:
        element = left.shape.of if left.shape is not None and left.shape.kind == "list" else None
        inner: Shape | None = None
        if spec.field and positional and isinstance(node.args[0].value, StringLiteral):
            literal = node.args[0].value
            inner, wrong, hint = shapes.step(element, literal.value)
            if wrong:
                self._problem(
                    "M204", (literal.token.start_index, len(literal.value) + 2), wrong, hint
                )
        if node.name == "date" and isinstance(node.args[0].value, StringLiteral):
            literal = node.args[0].value
            if wrong := date_format_problem(literal.value):
                self._problem("M303", (literal.token.start_index, len(literal.value) + 2), wrong)
        if spec.gives == "default":
            return (
                positional[0].shape
                if left.shape is None and left.constant
                else shapes.either(left.shape, positional[0].shape)
            )
        if spec.gives == "argument":
            return positional[0].shape
        if left.shape == shapes.ANY and spec.gives in ("same", "element", "field", "any"):
            return shapes.ANY
        if spec.gives == "field":
            if inner is None:
                return None
            return Shape(kind="list", type_name=inner.type_name, nullable=True, of=inner)
        return {
            "number": shapes.NUMBER,
            "text": shapes.TEXT,
            "texts": shapes.TEXTS,
            "boolean": shapes.BOOLEAN,
            "same": left.shape,
            "element": element,
        }.get(spec.gives)

    def _table(self, left: Expression, node: FilterNode, place: tuple[int, int]) -> Expression:
        """``table: 'name'`` and ``table: 'name', strict: true``: both arguments are literals."""
        name, keywords = self._table_named(node, place)
        strict = keywords.pop("strict", _constant(False, shapes.BOOLEAN))
        if keywords or not strict.constant or shapes.family(strict.shape) != "boolean":
            message = '"table" takes no other argument than strict: true'
            raise Refused(Problem("M303", place[0], place[1], message))
        entries = self._entries(node, name)
        if entries is None:
            return Expression(evaluate.no_value, None, constant=False)
        if many := {"list", "object"}.intersection(families(left.shape, left.branches)):
            hint = "table_each looks up each element" if "list" in many else ""
            self._problem("M303", place, '"table" looks up one value, this is many', hint)
        must = bool(strict.evaluate({}))
        evaluate_left = left.evaluate

        def look_up(frame: Frame) -> object:
            value = evaluate_left(frame)
            if value is None:
                return None
            found = entries.get(text(value))
            if found is None and must and not is_empty(value):
                raise Failed(f"[tables.{name}] has no entry for this value", "MAPPING_MISSING")
            return found

        shape = _shape_of_entries(entries)
        self._uses.setdefault(name, []).append(left.known.choices)
        gap = None
        if missing := gaps(left.known, entries):
            message = f"[tables.{name}] has no entry for {listing(missing, limit=6)}"
            gap = Problem("M603", place[0], place[1], message, "add them, or a default behind it")
        if gap is not None and must:
            self.problems.append(gap)
        known = looked_up(left.known, name, entries, strict=must, gap=None if must else gap)
        return Expression(look_up, shape, left.constant, known)

    def _table_each(self, left: Expression, node: FilterNode, place: tuple[int, int]) -> Expression:
        """``table_each: 'name'``: the entries that a list's elements have."""
        name, keywords = self._table_named(node, place)
        if keywords:
            message = '"table_each" takes no other argument than the table\'s name'
            raise Refused(Problem("M303", place[0], place[1], message))
        entries = self._entries(node, name)
        if entries is None:
            return Expression(evaluate.no_value, None, constant=False)
        if shapes.family(left.shape) not in ("list", None):
            said = shapes.FAMILY_NAMES[shapes.family(left.shape) or "text"]
            self._problem("M303", place, f'"table_each" works on a list, this is {said}')
        of = left.shape.of if left.shape is not None else None
        values = dict.fromkeys(of.values, Choice()) if of is not None and of.values else None
        self._uses.setdefault(name, []).append(values)
        run = evaluate.call(
            node.name,
            Filter(partial(found_in, entries=entries), "list", "any"),
            left.evaluate,
            [],
            {},
        )
        shape = _shape_of_entries(entries)
        listed = None if shape is None else Shape("list", shape.type_name, nullable=True, of=shape)
        known = looked_up(UNKNOWN, name, entries, strict=False, gap=None)
        return Expression(run, listed, left.constant, replace(known, nullable=None))

    def _table_named(
        self, node: FilterNode, place: tuple[int, int]
    ) -> tuple[str, dict[str, Expression]]:
        """The table that a filter names, and its other arguments."""
        positional, keywords = self._arguments(node)
        first = node.args[0].value if node.args else None
        if len(positional) != 1 or not isinstance(first, StringLiteral):
            message = f"\"{node.name}\" takes the table's name in quotes: {node.name}: 'name'"
            raise Refused(Problem("M303", place[0], place[1], message))
        return str(first.value), keywords

    def _entries(self, node: FilterNode, name: str) -> Mapping[str, object] | None:
        """The entries of a table; None, told, when there is no such."""
        table = self._tables.get(name)
        if table is None:
            hint = suggestion(name, self._tables) or f"add [tables.{name}]"
            at = (node.args[0].value.token.start_index, len(name) + 2)
            self._problem("M203", at, f'unknown table "{name}"', hint)
        return table

    # Conditions

    def condition(self, node: Node) -> Expression:
        """A condition, or a part of one: the value's truth."""
        built = self._boolean(node)
        run = evaluate.truth(built.evaluate)
        return Expression(run, shapes.BOOLEAN, built.constant, sure=sure_of(node))

    def _boolean(self, node: Node) -> Expression:
        if isinstance(node, LogicalAndExpression | LogicalOrExpression):
            one, other = self.condition(node.left), self.condition(node.right)
            join = evaluate.both if isinstance(node, LogicalAndExpression) else evaluate.one_of
            run = join(one.evaluate, other.evaluate)
            return Expression(run, shapes.BOOLEAN, one.constant and other.constant)
        operation = type(node).__name__
        if operation not in evaluate.COMPARISONS:
            return self._primitive(node)
        left, right = node.children()
        equality = operation in ("EqExpression", "NeExpression")
        one, other = (self._operand(n, may_be_nothing=equality) for n in (left, right))
        if equality:
            self._check_compared(one, other, right)
            self._check_compared(other, one, left)
        written = [e.evaluate({}) for e in (one, other) if e.constant]
        wrong = wrong_comparison(operation, one.shape, other.shape, *written[:1])
        if wrong is not None:
            code, message, hint = wrong
            self._problem(code, self._span(right), message, hint)
        run = evaluate.compare(operation, one.evaluate, other.evaluate)
        return Expression(run, shapes.BOOLEAN, one.constant and other.constant)

    def _check_compared(self, source: Expression, literal: Expression, node: Node) -> None:
        """An enum compared with a text: the text must be one of its values."""
        values = source.shape.values if source.shape is not None else ()
        if not values or not literal.constant or not isinstance(node, StringLiteral):
            return
        place = (node.token.start_index, len(node.value) + 2)
        name = source.shape.type_name if source.shape is not None else ""
        if node.value not in values:
            hint = suggestion(node.value, values) or f"it may be {listing(values)}"
            self._problem("M305", place, f'{name} has no value "{node.value}"', hint)
        self._lifecycle(f"{name}.{node.value}", place, "value")

    def _operand(self, node: Node, *, may_be_nothing: bool) -> Expression:
        if may_be_nothing and isinstance(node, Empty):
            return _constant(Nothing.EMPTY, None)
        if may_be_nothing and isinstance(node, Blank):
            return _constant(Nothing.BLANK, None)
        return self._boolean(node)

    def _problem(self, code: str, place: tuple[int, int], message: str, hint: str = "") -> None:
        self.problems.append(Problem(code, place[0], max(1, place[1]), message, hint))


def _branch(of: Expression, place: tuple[int, int] | None = None) -> Branch:
    return Branch(of.shape, of.evaluate if of.constant else None, place)


def _constant(value: object, shape: Shape | None) -> Expression:
    return Expression(evaluate.constant(value), shape, True, of_constant(value))


def _shape_of_entries(entries: Mapping[str, object]) -> Shape | None:
    """The shape that all entries of a table have; None when there is no such."""
    found = {literal_shape(value) for value in entries.values()}
    return found.pop() if len(found) == 1 else None


def literal_shape(value: object) -> Shape | None:
    """The shape of a TOML literal; None of what no rule can be."""
    if isinstance(value, bool):
        return shapes.BOOLEAN
    if isinstance(value, int | Decimal):
        return shapes.NUMBER
    return shapes.TEXT if isinstance(value, str) else None
