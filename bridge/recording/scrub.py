"""Scrubs one call: learns first what in it is personal, then replaces it everywhere.

Two nets, one behind the other. The first is the allow-list of ``fields``: a leaf that is not
known to be harmless is replaced. The second goes through what was kept (SKUs, titles, messages)
for what the first has replaced anywhere in the same call, and for whatever looks like an e-mail
or IP address or a phone number. Secrets of the configuration are searched for everywhere.

Pure: no clock, no file, no randomness but the salt of ``Words``.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import GraphQLSchema

from bridge.recording.fields import Kind
from bridge.recording.walk import Leaf
from bridge.recording.words import EMAIL, IPV4, IPV6, WORD, Words, words_of
from bridge.schema import load_schema

JSON = Any

SCRUBBED: Final = "scrubbed"

# Words that the bridge itself writes into notes and descriptions.
OWN_WORDS: Final = frozenset(
    {"retailops", "shopify", "return", "returned", "refund", "order", "rma", "package", "shipment"}
    | {
        "unshipped",
        "price",
        "gift",
        "card",
        "tip",
        "duties",
        "additional",
        "fees",
        "fee",
        "http",
        "https",
        "www",
        "com",
    }
)

# A number under these kinds is one; under the others it stands where a text might.
_NUMBERS: Final = frozenset({Kind.AS_IS, Kind.KEPT, Kind.QUOTING, Kind.PLACE, Kind.VALUE})

# A message that quotes the beginning of what was typed ends it so.
_CUT: Final = re.compile(r"\s*(?:\.\.\.|…)")

# Words; what is quoted to be recognised is short.
LONGEST_QUOTE: Final = 64

# A value of fewer letters and digits is no name that could be found again in a sentence.
SHORTEST: Final = 3
# A number of fewer digits may be anything.
SHORTEST_NUMBER: Final = 7

# UUIDs with their hyphens, as Shopify's are, or without, as the ledger's.
UUID: Final = re.compile(
    r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\b", re.IGNORECASE
)
TOKEN: Final = re.compile(r"\bshp[a-z]{2,3}_\w+")
# A tracking number: at least six digits, letters in groups of at most four (1Z, JD01, LW…US).
_CODE: Final = re.compile(r"(?=(?:\D*\d){6})(?:[A-Za-z]{1,4}(?![A-Za-z])|\d|[ \-])+")
_VALUE: Final = re.compile(
    r"\s*(?:[+-]?\d{1,15}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?|true|false"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is the same for all calls of a channel.

    ``vocabulary``: words, case-folded, that its settings and mappings name. ``secrets``: its
    keys and tokens. ``namespaces``: of its own metafields. ``page_token`` signs a page token
    anew; None when it is none. ``schema`` is what Shopify's side is known by: ours, or the
    store's whole one if it was fetched, for fields that a mapping selects.
    """

    words: Words
    vocabulary: frozenset[str] = OWN_WORDS
    secrets: tuple[str, ...] = ()
    namespaces: frozenset[str] = frozenset()
    schema: GraphQLSchema = field(default_factory=load_schema)
    page_token: Callable[[str], str | None] = field(default=lambda _: None)


class Scrubber:
    """One call. First ``learn`` is given every leaf, then ``clean`` gives what is written."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._words = rules.words
        self._personal: set[str] = set()  # words of names and addresses
        self._kept: set[str] = set()  # words of what is kept, as numbers of orders
        self._codes: dict[str, str] = {}
        self._numbered: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._places: set[tuple[str, ...]] = set()
        self._index: dict[str, dict[tuple[str, ...], str]] = {}
        self._sizes: dict[str, set[int]] = {}  # of the values that begin with a word
        self._by: Mapping[Kind, Callable[[str], str]] = {
            Kind.AS_IS: str,
            Kind.KEPT: self._searched,
            Kind.QUOTING: self._quoting,
            Kind.PLACE: self._searched,
            Kind.CITY: self._words.text,
            Kind.PERSON: self._words.text,
            Kind.PHONE: self._phone,
            Kind.CODE: self._code,
            Kind.NUMBERED: self._number,
            Kind.ADDRESS: self._address,
        }
        known = sorted({s for s in rules.secrets if s}, key=len, reverse=True)
        secret = "|".join([*map(re.escape, known), TOKEN.pattern])
        self._secrets = re.compile(secret)

    # -- learning -----------------------------------------------------------------------------

    def learn(self, kind: Kind | None, value: JSON) -> JSON:
        """Note what is personal; the value comes back as it is."""
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        if kind is Kind.NUMBERED:
            self._number(text)
        elif _stays(kind, text):
            self._kept.update(words_of(text))
        elif kind is Kind.PLACE:
            self._places.add(tuple(words_of(text)))
        elif kind in {Kind.PERSON, Kind.CITY}:
            self._personal.update(w for w in words_of(text) if not w.isdigit())
            if kind is Kind.PERSON:
                self._note(text, self._words.text(text))
        elif kind is Kind.PHONE:
            self._note(text, self._phone(text))
        elif kind is Kind.CODE:
            made = self._code(text)
            self._codes[text.casefold()] = made
            self._note(text, made)
        elif kind is Kind.ADDRESS:
            self._note(text, self._address(text))
        return value

    def learn_typed(self, kind: Kind | None, value: JSON) -> JSON:
        """The second look, when names and places are known: cities, and what people typed."""
        if kind is Kind.CITY and tuple(words_of(str(value))) not in self._places:
            self._note(str(value), self._words.text(str(value)))
        if kind in {None, Kind.TYPED} and isinstance(value, str):
            words = [w for w in words_of(value) if not self._keep(w)]
            if len(words) > 1:  # a single word, as "red", is told nothing by
                self._note(value, self._typed(value))
        return value

    def _note(self, value: str, stand_in: str) -> None:
        """Have a value found again in what is kept, by its words."""
        if EMAIL.search(value) or IPV4.search(value) or IPV6.search(value):
            return  # found by its form
        words = tuple(words_of(value))
        letters = "".join(words)
        shortest = SHORTEST_NUMBER if letters.isdigit() else SHORTEST
        if len(letters) >= shortest:
            self._index.setdefault(words[0], {})[words] = _trimmed(stand_in)
            self._sizes.setdefault(words[0], set()).add(len(words))

    def _number(self, text: str) -> str:
        place = len(self._numbered) + 1
        return self._numbered.setdefault(text.casefold(), f"00000000-0000-4000-8000-{place:012d}")

    def _address(self, text: str) -> str:
        place = len(self._addresses) + 1
        return self._addresses.setdefault(text, f"https://storage.example.com/{place}")

    # -- cleaning -----------------------------------------------------------------------------

    def clean(self, kind: Kind | None, value: JSON) -> JSON:
        """What is written in the place of a leaf."""
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        if kind is Kind.SECRET:
            return SCRUBBED
        if isinstance(value, int | float):
            return value if kind in _NUMBERS else self._scrambled(kind, value)
        return self._secrets.sub(SCRUBBED, self._by_kind(kind, text))

    def _by_kind(self, kind: Kind | None, text: str) -> str:
        if kind is Kind.VALUE and _VALUE.fullmatch(text):
            return text
        if kind is Kind.PAGE_TOKEN and (token := self._rules.page_token(text)) is not None:
            return token
        replace = self._by.get(kind) if kind is not None else None
        return replace(text) if replace else self._typed(text)

    def _typed(self, text: str) -> str:
        return self._words.text(text, keep=self._keep, known=self._codes)

    def _keep(self, word: str) -> bool:
        known = word in self._rules.vocabulary or word in self._kept
        return known and word not in self._personal

    def _phone(self, text: str) -> str:
        if any(char.isalpha() for char in text):
            return self._words.text(text)
        return self._words.phone(text)

    def _code(self, text: str) -> str:
        """A tracking number; what is no number at all is somebody's words."""
        return self._words.code(text) if _CODE.fullmatch(text) else self._words.text(text)

    def _scrambled(self, kind: Kind | None, value: float) -> float:
        """A number where a text is expected, or of an unknown field: as many digits, others."""
        text = str(value)
        if isinstance(value, int) and kind is not None:
            with contextlib.suppress(ValueError):
                return int(self._by_kind(kind, text))
        text = re.sub(r"\d+", lambda found: self._words.word(found[0]), text)
        return int(text) if isinstance(value, int) else float(text)

    def _searched(self, text: str) -> str:
        """What is kept, without what is personal in this call."""
        text = self._words.sure(text)
        if self._numbered:
            text = UUID.sub(lambda m: self._numbered.get(m[0].casefold(), m[0]), text)
        found = list(WORD.finditer(text))
        folded = [one[0].casefold() for one in found]
        out, end, n = [], 0, 0
        while n < len(found):
            size, stand_in = self._match(folded, n)
            if size:
                out += [text[end : found[n].start()], stand_in]
                end = found[n + size - 1].end()
            n += size or 1
        return "".join(out) + text[end:]

    def _quoting(self, text: str) -> str:
        """What may quote a text, or the beginning of one."""
        text = self._searched(text)
        out, end = [], 0
        for cut in _CUT.finditer(text):
            found = list(WORD.finditer(text, end, cut.start()))[-LONGEST_QUOTE:]
            said = [one[0].casefold() for one in found]
            start = next((n for n in range(len(said)) if self._begins(said[n:])), None)
            at = cut.start() if start is None else found[start].start()
            out += [text[end:at], self._words.text(text[at : cut.start()]), cut[0]]
            end = cut.end()
        return "".join(out) + text[end:]

    def _begins(self, words: list[str]) -> bool:
        """Whether something personal begins with these words, the last of which may be cut."""
        *whole, last = words
        size = len(whole)
        return sum(map(len, words)) >= SHORTEST and any(
            value[:size] == tuple(whole) and len(value) > size and value[size].startswith(last)
            for value in self._index.get(words[0], {} if whole else self._all)
        )

    @property
    def _all(self) -> Iterable[tuple[str, ...]]:
        return (value for values in self._index.values() for value in values)

    def _match(self, words: list[str], at: int) -> tuple[int, str]:
        """The longest personal value that begins at a word: its words, and its stand-in."""
        known = self._index.get(words[at])
        if not known:
            return 0, ""
        # By size and not value by value: thousands of notes may begin with the same word.
        for size in sorted(self._sizes[words[at]], reverse=True):
            said = tuple(words[at : at + size])
            if len(said) == size and said in known:
                return size, known[said]
        return 0, ""


def _stays(kind: Kind | None, text: str) -> bool:
    """Whether the words of a leaf may stay in free text too: refnums, ids, SKUs."""
    if kind is Kind.VALUE:
        return _VALUE.fullmatch(text) is not None
    return kind is Kind.KEPT or (kind is Kind.AS_IS and text.startswith("gid:"))


def _trimmed(text: str) -> str:
    """From the first word to the last: what stands around them stays where it was found."""
    found = list(WORD.finditer(text))
    return text[found[0].start() : found[-1].end()] if found else text


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts that the merchant wrote, and the bridge's own."""
    return OWN_WORDS | {word for text in texts for word in words_of(text) if len(word) > 1}


def literals(document: Mapping[str, JSON]) -> Iterable[str]:
    """The literal texts of a mapping file: what stands in quotes, and both sides of tables."""
    for name, value in document.items():
        if name == "tables":
            yield from _all_texts(value)
        else:
            for said in _all_texts(value):
                yield from (a or b for a, b in re.findall(r"'([^']*)'|\"([^\"]*)\"", said))


def _all_texts(value: JSON) -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield str(name)
            yield from _all_texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _all_texts(one)
    elif isinstance(value, str):
        yield value


def scrubbed(rules: Rules, walks: Collection[Callable[[Leaf], JSON]]) -> list[JSON]:
    """Every part of one call, cleaned. A walk goes through its part with the leaf it is given."""
    one = Scrubber(rules)
    for leaf in (one.learn, one.learn_typed):
        for walk in walks:
            walk(leaf)
    return [walk(one.clean) for walk in walks]
