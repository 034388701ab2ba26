"""A parsed query held against documents.

A tree is compiled once and then asked for each document. A long OR of phrases, as the
bridge sends for 250 SKUs, becomes a look-up instead of 250 comparisons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias, TypeVar

from bridge.sandbox.search import All, Not, Some, Term, Tree, moment_of


class Words(tuple[str, ...]):
    """A text as a document keeps it: its words in lower case, in order."""

    __slots__ = ()


Value: TypeAlias = Words | bool | int | Decimal | datetime | frozenset[str] | None
"""What a document knows of one field; of a frozenset one member as a whole must match."""

Values: TypeAlias = Mapping[str, Value]
Matcher: TypeAlias = Callable[[Values], bool]

_WORD: Final = re.compile(r"[0-9A-Za-z_\u00c0-\uffff]+")
_Ordered = TypeVar("_Ordered", datetime, Decimal)


def words(text: str | None) -> Words | None:
    """The words of a text; None when there is none."""
    return Words(_WORD.findall(text.lower())) if text else None


def matcher(tree: Tree, zone: tzinfo) -> Matcher:
    """A function that tells whether a document has what the tree asks for."""
    match tree:
        case Term():
            return _term(tree, zone)
        case Not(inner):
            unwanted = matcher(inner, zone)
            return lambda values: not unwanted(values)
        case All(parts):
            every = [matcher(part, zone) for part in parts]
            return lambda values: all(one(values) for one in every)
        case Some(parts):
            return _some(parts, zone)


def _some(parts: Sequence[Tree], zone: tzinfo) -> Matcher:
    phrases: dict[str, set[Words]] = {}
    loose: list[Matcher] = []
    for part in parts:
        wanted = words(part.value) if isinstance(part, Term) else None
        if isinstance(part, Term) and part.quoted and wanted and part.op == "=":
            phrases.setdefault(part.field or "default", set()).add(wanted)
        # the comparison itself, for fields that hold no text
        loose.append(matcher(part, zone))
    texts = [(name, some, sorted({len(one) for one in some})) for name, some in phrases.items()]
    only_phrases = sum(len(some) for _, some, _ in texts) >= len(parts)

    def found(values: Values) -> bool:
        all_text = only_phrases
        for name, some, sizes in texts:
            have = values.get(name)
            if not isinstance(have, Words):
                all_text = all_text and have is None
                continue
            for size in sizes:
                for at in range(len(have) - size + 1):
                    if have[at : at + size] in some:
                        return True
        return not all_text and any(one(values) for one in loose)

    return found


def _term(term: Term, zone: tzinfo) -> Matcher:
    if term.field == "tag_not":
        unwanted = _term(Term("tag", term.op, term.value, term.quoted), zone)
        return lambda values: not unwanted(values)
    name = term.field or "default"
    wanted_words = words(term.value) or Words()
    wanted = term.value.lower()

    def found(values: Values) -> bool:
        actual = values.get(name)
        result = False
        match actual:
            case bool():
                result = wanted == ("true" if actual else "false")
            case datetime():
                result = _compare(actual, term.op, moment_of(term.value, zone, quoted=term.quoted))
            case int() | Decimal():
                number = _number(term.value)
                result = number is not None and _compare(Decimal(actual), term.op, number)
            case frozenset():
                result = any(_whole(one.lower(), wanted) for one in actual)
            case Words():
                result = _words_match(actual, wanted_words, term)
        return result

    return found


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _whole(actual: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return actual.startswith(wanted[:-1])
    return actual == wanted


def _words_match(have: Words, want: Words, term: Term) -> bool:
    """A phrase in order, loose words anywhere, ``*`` as a prefix of the last one."""
    if not want:
        return False
    if term.quoted:
        size = len(want)
        return any(have[at : at + size] == want for at in range(len(have) - size + 1))
    prefix = term.value.endswith("*")
    last = len(want) - 1
    return all(
        word in have or (prefix and at == last and any(h.startswith(word) for h in have))
        for at, word in enumerate(want)
    )


def _compare(actual: _Ordered, op: str, wanted: _Ordered) -> bool:
    match op:
        case ">=":
            return actual >= wanted
        case ">":
            return actual > wanted
        case "<=":
            return actual <= wanted
        case "<":
            # captured: '<' on a time shows as range_lte
            return actual <= wanted if isinstance(actual, datetime) else actual < wanted
        case _:
            return actual == wanted
