"""Shopify's search syntax: text into a tree.

Captured: a space means AND and AND binds tighter than OR; a dangling OR or an unclosed leading
parenthesis is ignored; a quoted value is a phrase; an unquoted timestamp is cut at its colons,
the date taken at midnight of the shop's zone and the rest read as another field; ``<`` on a time
works as ``<=``; an unknown field is left out of the search with a warning, so that the result is
wider. Documented: ``-`` negates, a trailing ``*`` is a prefix. Assumed: ``-`` before a parenthesis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, TypeAlias

from bridge.sandbox.errors import NotModelled

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<open>-?\() | (?P<close>\))
      | (?P<term>(?:[^\s()'"]|(?<=[:<>=])(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))+)
      | (?P<text>-?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))
      | (?P<junk>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_FIELD: Final = re.compile(r"(-?)([A-Za-z_][\w.\-$]*|\d+)\s*:(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison. ``field`` is empty for free text; ``op`` like ``=`` or ``>=``."""

    field: str
    op: str
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    inner: Tree


@dataclass(frozen=True, slots=True)
class All:
    """What must hold together. Empty: everything matches."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Of which one must hold."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = Term | Not | All | Some


@dataclass(frozen=True, slots=True)
class Fields:
    """What can be searched in one kind of object.

    ``modelled`` are answered; ``known`` are Shopify's other fields, which the sandbox refuses;
    all else is unknown to Shopify too, and ignored with a warning.
    """

    modelled: frozenset[str]
    known: frozenset[str]
    what: str


@dataclass(slots=True)
class Query:
    """A parsed query with what Shopify would say about it."""

    text: str
    tree: Tree
    used: Tree
    zone: tzinfo
    warnings: list[dict[str, str]] = field(default_factory=list)

    @property
    def by_id_only(self) -> bool:
        """Whether the database can answer it: nothing but ids is asked for (captured)."""
        terms = list(_terms(self.used))
        return bool(terms) and all(term.field == "id" for term in terms)

    def report(self, path: list[str]) -> dict[str, Any]:
        """One entry of ``extensions.search``."""
        return {
            "path": path,
            "query": self.text,
            "parsed": _shown(self.tree, self.zone),
            "warnings": self.warnings,
        }


def parse(text: str, fields: Fields, zone: tzinfo) -> Query:
    """Read a query. Raises NotModelled for a field that only the real Shopify can search."""
    tree = _Parser(text, zone).parse()
    warnings: list[dict[str, str]] = []
    return Query(text, tree, _known(tree, fields, warnings), zone, warnings)


class _Parser:
    def __init__(self, text: str, zone: tzinfo) -> None:
        self.zone = zone
        self.tokens = [m for m in _TOKEN.finditer(text) if m.lastgroup != "junk"]
        self.at = 0

    def parse(self) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.tokens):
            parts.append(self.either())
            if self.kind() == "close":  # one too many: ignored
                self.at += 1
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def kind(self) -> str | None:
        return self.tokens[self.at].lastgroup if self.at < len(self.tokens) else None

    def word(self) -> str:
        return self.tokens[self.at].group().strip() if self.at < len(self.tokens) else ""

    def either(self) -> Tree:
        parts = [self.together()]
        while self.word() == "OR":
            self.at += 1
            parts.append(self.together())
        parts = [part for part in parts if part != All(())]  # a dangling OR
        return parts[0] if len(parts) == 1 else (Some(tuple(parts)) if parts else All(()))

    def together(self) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.tokens) and self.kind() != "close" and self.word() != "OR":
            if self.word() == "AND":
                self.at += 1
                continue
            parts.extend(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> list[Tree]:
        token, text = self.tokens[self.at], self.word()
        self.at += 1
        if text == "NOT":
            following = self.one() if self.kind() not in {None, "close"} else []
            return [Not(following[0]), *following[1:]] if following else []
        if token.lastgroup == "open":
            inner = self.either()
            if self.kind() == "close":
                self.at += 1
            if inner == All(()):
                return []
            return [Not(inner) if text.startswith("-") else inner]
        return self.term(text)

    def term(self, text: str) -> list[Tree]:
        found = _FIELD.fullmatch(text)
        if found is None:
            negated, bare = text.startswith("-"), text.removeprefix("-")
            term = Term("", "=", _unquote(bare), _is_quoted(bare))
            return [Not(term) if negated else term]
        minus, name, rest = found.groups()
        op = next((o for o in (">=", "<=", ">", "<") if rest.startswith(o)), "=")
        value = rest.removeprefix(op) if op != "=" else rest
        more: list[Tree] = []
        if not _is_quoted(value) and ":" in value:
            value, _, tail = value.partition(":")
            more = self.term(tail)
        term = Term(name.lower(), op, _unquote(value), _is_quoted(rest.removeprefix(op)))
        return [Not(term) if minus else term, *more]


def _is_quoted(value: str) -> bool:
    return len(value) >= 2 and value[0] in "'\"" and value[-1] == value[0]


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if _is_quoted(value) else value


def _terms(tree: Tree) -> Iterable[Term]:
    match tree:
        case Term():
            yield tree
        case Not(inner):
            yield from _terms(inner)
        case All(parts) | Some(parts):
            for part in parts:
                yield from _terms(part)


def _known(tree: Tree, fields: Fields, warnings: list[dict[str, str]]) -> Tree:
    """The tree without the terms that Shopify ignores, each of which is warned of."""
    match tree:
        case Term(name):
            if not name or name in fields.modelled:
                return tree
            if name in fields.known or name.startswith("metafields."):
                raise NotModelled(f"the search field {name!r} of {fields.what}")
            warnings.append(
                {
                    "field": name,
                    "message": "Invalid search field for this query.",
                    "code": "invalid_field",
                }
            )
            return All(())
        case Not(inner):
            kept = _known(inner, fields, warnings)
            return All(()) if kept == All(()) else Not(kept)
        case All(parts):
            return All(tuple(_present(_known(part, fields, warnings) for part in parts)))
        case Some(parts):
            some = _present(_known(part, fields, warnings) for part in parts)
            return Some(tuple(some)) if some else All(())


def _present(parts: Iterable[Tree]) -> list[Tree]:
    return [part for part in parts if part != All(())]


_RANGE: Final = {">=": "range_gte", ">": "range_gt", "<=": "range_lte", "<": "range_lte"}
_CUT_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d)?")


def _shown(tree: Tree, zone: tzinfo) -> dict[str, Any]:
    """A tree as ``parsed`` shows it (captured; the form of a negation is assumed)."""
    match tree:
        case Term(name, op, value, quoted):
            way = _RANGE.get(op) or ("match_phrase" if quoted else "match_all")
            if op != "=" and not quoted and _CUT_TIME.fullmatch(value):
                value = moment_of(value, zone, quoted=False).astimezone(zone).isoformat()
            return {"field": name or "default", way: value}
        case Not(inner):
            return {"not": _shown(inner, zone)}
        case All(parts):
            return {"and": [_shown(part, zone) for part in parts]}
        case Some(parts):
            return {"or": [_shown(part, zone) for part in parts]}


def moment_of(text: str, zone: tzinfo, *, quoted: bool) -> datetime:
    """A time in a query. Unquoted it is a date at midnight of the shop's zone (captured).

    Quoted (documented) it is an ISO 8601 date or time, in the shop's zone when it names none.
    Raises NotModelled for what is neither, such as ``now``.
    """
    try:
        moment = datetime.fromisoformat((text if quoted else text[:10]).replace("Z", "+00:00"))
    except ValueError as error:
        raise NotModelled(f"the time {text!r} in a search") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)
