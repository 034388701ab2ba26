"""One Liquid expression: read by python-liquid, evaluated by nothing of it.

python-liquid gives its tokens and its two parsers (filtered expressions for values, boolean
expressions for ``when``). What it hands back becomes Python closures (``nodes``). So no template
exists anywhere, a value that contains Liquid is a text like any other, there are no tags, and
one string is exactly one expression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from liquid import Environment
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, tokenize
from liquid.exceptions import LiquidError
from liquid.expression import Expression as Node
from liquid.stream import TokenStream
from liquid.token import Token

from bridge.mapping.codes import CODES, Problem
from bridge.mapping.filters import Filter
from bridge.mapping.nodes import Build, Expression, Names, Refused, Tables, Uses
from bridge.places import CURLY_QUOTES

# Bounds of one expression. The longest shipped one has under 120 characters and 20 tokens; the
# parsers recurse once for each operator and bracket, so these are bounded too.
MAX_LENGTH = 1_000
MAX_TOKENS = 200
MAX_DEPTH = 32

_DEEPENING = frozenset({"and", "or", "eq", "ne", "ltgt", "lt", "gt", "le", "ge", "contains"}) | {
    "lbracket",
    "lparen",
    "rangeexpression",
}


class Compiler:
    """Compiles the expressions of one mapping: its filters and its tables.

    ``later`` are sources that are not there for every rule.
    """

    def __init__(
        self,
        filters: Mapping[str, Filter],
        tables: Tables,
        *,
        later: frozenset[str] = frozenset(),
        api_version: str = "",
    ) -> None:
        self.uses: Uses = {}
        self._later = later
        self._api_version = api_version
        self._filters = filters
        self._tables = tables
        self._environment = Environment()

    def value(self, source: str, names: Names) -> tuple[Expression | None, list[Problem]]:
        """Compile a value. With any problem there is no expression."""
        return self._compile(source, names, condition=False)

    def condition(self, source: str, names: Names) -> tuple[Expression | None, list[Problem]]:
        """Compile a ``when``: the result is always True or False."""
        return self._compile(source, names, condition=True)

    def _compile(
        self, source: str, names: Names, *, condition: bool
    ) -> tuple[Expression | None, list[Problem]]:
        if len(source) > MAX_LENGTH:
            message = f"the expression has {len(source)} characters, at most {MAX_LENGTH}"
            return None, [Problem("M104", 0, 1, message)]
        try:
            tokens = list(tokenize(source, Token("expression", source, 0, source)))
            deep = sum(t.kind in _DEEPENING for t in tokens)
            if len(tokens) > MAX_TOKENS or deep > MAX_DEPTH:
                message = (
                    f"the expression has {len(tokens)} tokens and {deep} operators,"
                    f" at most {MAX_TOKENS} and {MAX_DEPTH}"
                )
                return None, [Problem("M104", 0, 1, message)]
            stream = TokenStream(iter(tokens))
            node: Node
            if condition:
                node = BooleanExpression.parse(self._environment, stream).expression
            else:
                node = FilteredExpression.parse(self._environment, stream)
        except LiquidError as error:
            return None, [_syntax(error, source)]
        build = Build(
            self._filters,
            self._tables,
            names,
            tokens,
            uses=self.uses,
            later=self._later,
            api_version=self._api_version,
        )
        try:
            compiled = build.condition(node) if condition else build.value(node)
        except Refused as refused:
            build.problems.append(refused.problem)
            return None, build.problems
        wrong = any(CODES[p.code].severity == "error" for p in build.problems)
        read = replace(compiled, reads=frozenset(build.roots))
        return (None if wrong else read), build.problems


_QUOTES = "a fixed text stands in quotes: \"'text'\""

# What to do about it, by a part of what python-liquid says (or of the expression); first match.
_HINTS = (
    *((quote, "quotes are straight ones: '") for quote in CURLY_QUOTES),
    ("{{", "one expression, without braces or tags"),
    ("}}", "one expression, without braces or tags"),
    ("{%", "one expression, without braces or tags"),
    ("found if", "a condition stands in when, and without the word if"),
    ("unexpected '?'", "use a table, or default"),
    ("unexpected '+'", "numbers: | plus: …, texts: | append: …"),
    ("unexpected '*'", "| times: …"),
    ("unexpected '/'", "| divided_by: …"),
    ("unexpected '&'", "write: and"),
    ("operator '&", "write: and"),
    ("operator '!'", "write: == false"),
    ("found '='", "to compare, write =="),
    ("found '('", "what a filter is given stands behind a colon: default: 'x'"),
    ("found string", "what a filter is given stands behind a colon: append: 'x'"),
    ("found '|'", "a condition takes no filters"),
    ("found '=='", "a comparison belongs into when"),
    ("found '>'", "a comparison belongs into when"),
    ("found '<'", "a comparison belongs into when"),
    ("ternary", "use a table, or default"),
    ("disallowed not", "write: == false"),
    ("disallowed parentheses", "write two conditions, or turn them round"),
    ('unexpected "\'"', "a quote that is never closed"),
    ("expected word", "a filter's name belongs here"),
    ("found word", _QUOTES),
)


def _syntax(error: LiquidError, source: str) -> Problem:
    """python-liquid's refusal, in its words where they help, with its place."""
    if not source.strip():
        return Problem("M103", 0, 1, "an empty expression", _QUOTES)
    message = str(error.message or error)
    token = error.token
    at, length = len(source), 1
    if token is not None and token.start_index >= 0:
        at, length = token.start_index, max(1, len(token.value))
    if "found word" in message and source[at + length :].lstrip().startswith(":"):
        return Problem("M103", at, length, "a filter without its bar", "| default: …")
    hint = next((hint for part, hint in _HINTS if part in message or part in source), "")
    for word, said in (
        ("expected word", "expected a name"),
        ("found word", "found another word"),
        ("a primitive expression", "a name, a text or a number"),
    ):
        message = message.replace(word, said)
    return Problem("M103", at, length, message, hint)
