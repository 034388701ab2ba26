"""``[select]``: what a merchant asks of Shopify beside the bridge's own fields. Pure.

    [select]
    order = "statusPageUrl fulfillments(first: 3) { trackingInfo { number } }"

    [select.metafields]
    order = { gift = "custom.gift_message" }       # then: order.metafields.gift

A key is a *slot*: a place of the source to which fields can be added. Here its text is read, as
GraphQL and as nothing else; putting it into an operation, and judging it by Shopify's schema, is
the business of whoever knows the operation (``Compose``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import Node as GraphQLNode
from graphql.error import GraphQLSyntaxError
from graphql.language import (
    ArgumentNode,
    FieldNode,
    FragmentSpreadNode,
    NameNode,
    SelectionNode,
    SelectionSetNode,
    Source,
    StringValueNode,
    TokenKind,
    VariableNode,
    Visitor,
    visit,
)
from graphql.language.parser import Parser

from bridge.errors import Finding
from bridge.mapping.codes import Problem, listing, suggestion
from bridge.mapping.layers import Leaf, Node, Origin, Table
from bridge.schema.shape import METAFIELD, METAFIELDS, Shape

# Bounds of one text of fields. Shopify's own limit is the price of the query; these only keep a
# parser from being kept busy. Ten nested selections reach from an order to a product's media.
MAX_LENGTH = 4_000
MAX_TOKENS = 1_000
MAX_DEPTH = 10

# The mappings that have it: the others read what RetailOps sends.
_SELECTING = "order_pull and inventory_push"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# Shopify's namespaces and keys: letters, digits, - and _; $app: is the namespace of an app.
METAFIELD_PATTERN: Final = r"((?:\$app:)?[A-Za-z0-9_-]{2,255})\.([A-Za-z0-9_-]{2,64})"
"""``namespace.key``; the editor's JSON Schema has it too."""

_METAFIELD = re.compile(METAFIELD_PATTERN)


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to which fields can be added. ``path`` is how expressions reach it.

    ``type_name`` is Shopify's type; ``has_metafields``: it carries metafields.
    """

    name: str
    type_name: str
    path: str
    has_metafields: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """Fields for one slot. A node's place is counted in ``text``, the string at ``origin``."""

    slot: Slot
    nodes: tuple[SelectionNode, ...]
    origin: Origin
    text: Source | None = None

    def finding(self, node: GraphQLNode, code: str, message: str, hint: str = "") -> Finding | None:
        """A finding at a node, if the node comes from this addition's text."""
        place = (node.alias or node.name).loc if isinstance(node, FieldNode) else node.loc
        if place is None or place.source is not self.text:
            return None
        length = max(1, place.end - place.start)
        return self.origin.inside(Problem(code, place.start - 1, length, message, hint))


@dataclass(frozen=True, slots=True)
class Composed:
    """What became of the additions.

    ``sources`` replace the sources of those names; ``operations`` are what is sent instead, by
    the name of the operation; ``costs`` what each is asked for in points, before and with
    ``[select]``; ``rows``, where that is so, that a request asks for fewer rows with it.
    """

    sources: Mapping[str, Shape] = field(default_factory=dict)
    operations: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def prices(self) -> Iterator[tuple[str, str]]:
        """Each operation with what it costs, in words."""
        for name, (before, now) in self.costs.items():
            less = self.rows.get(name)
            said = f"{now} points with [select], {before} without"
            if less is not None:
                said = f"{now} points for {less[1]} rows with [select], {before} for {less[0]}"
            yield name, said


NOTHING_SELECTED: Final = Composed()

Compose = Callable[[Sequence[Addition], Origin], Composed]
"""``compose(additions, origin of [select])``."""


@dataclass(frozen=True, slots=True)
class Select:
    """What one mapping's ``[select]`` may have.

    ``fragments`` and ``variables`` are those of the bridge's document that its text may use;
    ``own`` are response names that it may not, since the bridge makes its own of them.
    """

    slots: Mapping[str, Slot]
    compose: Compose
    fragments: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    own: re.Pattern[str] | None = None


def read_select(
    node: Node | None, allowed: Select | None, name: str
) -> tuple[Composed, list[Finding]]:
    """What a merged ``[select]`` makes of a mapping's sources, and what is wrong with it."""
    if node is None:
        return Composed(), []
    if not isinstance(node, Table):
        return Composed(), [node.origin.at_value("M106", "[select] is a table of texts")]
    if allowed is None:
        message = f"{name} has no [select]: only {_SELECTING} ask Shopify for more"
        return Composed(), [node.origin.at_key("M106", message)]
    reader = _Reader(allowed)
    reader.table(node)
    if reader.findings or not reader.additions:
        return Composed(), reader.findings
    composed = allowed.compose(reader.additions, node.origin)
    return composed, list(composed.findings)


class _Reader:
    """One ``[select]`` at work."""

    def __init__(self, allowed: Select) -> None:
        self._allowed = allowed
        self.additions: list[Addition] = []
        self.findings: list[Finding] = []

    def table(self, table: Table) -> None:
        """All slots, then the metafields."""
        for key, node in table.entries.items():
            if key == "metafields":
                self._metafields(node)
                continue
            slot = self._slot(key, node, self._allowed.slots)
            if slot is not None:
                self._fields(node, slot)

    def _slot(self, key: str, node: Node, known: Mapping[str, Slot]) -> Slot | None:
        slot = known.get(key)
        if slot is None:
            hint = suggestion(key, known) or f"it may be {listing(known)}"
            self.findings.append(
                node.origin.at_key("M201", f'no fields can be added to "{key}"', hint)
            )
        return slot

    def _fields(self, node: Node, slot: Slot) -> None:
        text = node.value if isinstance(node, Leaf) else None
        if not isinstance(text, str):
            message = f'"{slot.name}" takes the names of fields, as one text'
            self.findings.append(node.origin.at_value("M106", message))
            return
        if len(text) > MAX_LENGTH or text.count("{") > MAX_TOKENS:
            message = f"the fields have {len(text):,} characters, at most {MAX_LENGTH:,}"
            self.findings.append(node.origin.at_value("M104", message))
            return
        # In braces of our own, so that the parser can be asked for exactly one selection; the
        # line end keeps a comment at the end of the text from hiding the last of them.
        source = Source("{" + text + "\n}")
        try:
            parser = Parser(source, max_tokens=MAX_TOKENS)
            parser.expect_token(TokenKind.SOF)
            nodes = parser.parse_selection_set().selections
            parser.expect_token(TokenKind.EOF)
        except GraphQLSyntaxError as error:
            self.findings.append(_syntax(node.origin, error, text))
            return
        except RecursionError:
            self.findings.append(node.origin.at_value("M104", "the fields are nested too deeply"))
            return
        addition = Addition(slot, tuple(nodes), node.origin, source)
        found = self._refused(addition)
        self.findings += found
        if not found:
            self.additions.append(addition)

    def _refused(self, addition: Addition) -> list[Finding]:
        """What the text must not have, whatever the schema says of it."""
        check = _Check(self._allowed)
        visit(SelectionSetNode(selections=addition.nodes), check)
        if not addition.nodes:
            return [addition.origin.at_value("M106", "no field is named")]
        made = (addition.finding(node, code, said) for node, code, said in check.found)
        return [finding for finding in made if finding is not None]

    def _metafields(self, node: Node) -> None:
        known = {name: slot for name, slot in self._allowed.slots.items() if slot.has_metafields}
        if not isinstance(node, Table):
            message = 'metafields are a table: order = { gift = "custom.gift_message" }'
            self.findings.append(node.origin.at_value("M106", message))
            return
        for key, below in node.entries.items():
            slot = self._slot(key, below, known)
            if slot is None:
                continue
            if not isinstance(below, Table):
                message = f'{key} = {{ gift = "custom.gift_message" }}: a name for each metafield'
                self.findings.append(below.origin.at_value("M106", message))
                continue
            for name, leaf in below.entries.items():
                self._metafield(slot, name, leaf)

    def _metafield(self, slot: Slot, name: str, node: Node) -> None:
        if not _NAME.fullmatch(name):
            message = f'"{name}" is no name: letters, digits and _'
            self.findings.append(node.origin.at_key("M106", message))
            return
        value = node.value if isinstance(node, Leaf) else None
        found = _METAFIELD.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            message = 'a metafield is written as "namespace.key"'
            self.findings.append(node.origin.at_value("M106", message))
            return
        field_node = FieldNode(
            alias=NameNode(value=f"{METAFIELD}{name}"),
            name=NameNode(value="metafield"),
            arguments=(
                _argument("namespace", found[1]),
                _argument("key", found[2]),
            ),
            directives=(),
            selection_set=SelectionSetNode(selections=(_leaf("value"),)),
        )
        self.additions.append(Addition(slot, (field_node,), node.origin))


class _Check(Visitor):
    """Finds what no text of ``[select]`` may have: (node, code, what is wrong)."""

    def __init__(self, allowed: Select) -> None:
        super().__init__()
        self._allowed = allowed
        self._depth = 0
        self.found: list[tuple[GraphQLNode, str, str]] = []

    def enter_selection_set(self, node: SelectionSetNode, *_: object) -> None:
        """One level deeper."""
        self._depth += 1
        if self._depth == MAX_DEPTH + 1:
            self.found.append((node, "M104", f"nested deeper than {MAX_DEPTH} levels"))
        if not node.selections and self._depth > 1:
            self.found.append((node, "M106", "no field is named inside the braces"))

    def leave_selection_set(self, *_: object) -> None:
        """And back."""
        self._depth -= 1

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Names that are ours or GraphQL's."""
        name = (node.alias or node.name).value
        own = self._allowed.own is not None and self._allowed.own.fullmatch(name)
        if own or (name.startswith((METAFIELD, "__")) and name != "__typename"):
            self.found.append((node, "M106", f'"{name}" is a name of the bridge\'s own'))
        elif name == METAFIELDS and node.alias is not None:
            self.found.append((node, "M106", f'"{name}" belongs to [select.metafields]'))

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """Only the variables that are there for merchants."""
        if node.name.value not in self._allowed.variables:
            there = ", ".join(f"${v}" for v in sorted(self._allowed.variables)) or "none"
            self.found.append((node, "M106", f"no variable ${node.name.value}; there is {there}"))

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        """Only the fragments that are there for merchants."""
        if node.name.value not in self._allowed.fragments:
            there = ", ".join(f"...{f}" for f in sorted(self._allowed.fragments)) or "none"
            message = f"no fragment ...{node.name.value}; there is {there}"
            self.found.append((node, "M106", message))


def _argument(name: str, value: str) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=StringValueNode(value=value, block=False))


def _leaf(name: str) -> FieldNode:
    return FieldNode(name=NameNode(value=name), arguments=(), directives=())


def _syntax(origin: Origin, error: GraphQLSyntaxError, text: str) -> Finding:
    """A syntax error at its place; behind the text's end it is one of braces."""
    at = next(iter(error.positions or ()), 1) - 1
    said = error.message.removeprefix("Syntax Error: ")
    if at >= len(text):
        at = max(0, len(text) - 1)
        many = text.count("}") > text.count("{")
        said = "a brace too many" if many else "a brace is never closed"
    hint = "fields as in GraphQL: name customer { tags }"
    return origin.inside(Problem("M106", at, 1, f"no list of fields: {said}", hint))
