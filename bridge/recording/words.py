"""Stand-ins for what people have typed: the same for the same, of the same shape.

A text is replaced word by word, letters by letters of the same case and digits by digits, so
that cutting, joining or lower-casing it before or after comes to the same. That is what lets a
mapping run over scrubbed orders, and its answer be compared with the scrubbed answer. What is
recognised as an e-mail address, an IP address or a phone number is replaced as a whole:
addresses end in example.com or lie in the ranges that are reserved for documentation.

The stand-ins come from HMAC-SHA256 under a random salt that is never written: without it
nobody can go back, or tell whether a guess was right.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")

# At most 64 characters before the @ (RFC 5321): without a bound a long text of dots takes
# quadratic time.
EMAIL: Final = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,63}")
IPV4: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4}(?![\w:])")

# How the bridge marks its own refunds and returns, to know them again: numbers of RetailOps'.
MARKER: Final = re.compile(r"RetailOps (?:return \d+|unshipped [0-9a-f]{12}|RMA [\w-]+)(?!\w)")

# Eight to fifteen digits (E.164) with what people put between them.
PHONE: Final = re.compile(r"(?<![\w+])\+?\(?\d(?:[ ().\-/]{0,2}\d){6,14}(?!\w)")

# In what is kept, a phone number must look like nothing else: +, brackets, or 3-3-4.
SURE_PHONE: Final = re.compile(
    r"(?<!\w)(?:\+\d(?:[ ().\-/]{0,2}\d){7,14}"
    r"|\(\d{3}\) ?\d{3}[ .\-]\d{4}|\d{3}[.\-]\d{3}[.\-]\d{4})(?!\w)"
)

_TYPED: Final = re.compile(
    "|".join(
        f"(?P<{name}>{pattern.pattern})"
        for name, pattern in (
            ("marker", MARKER),
            ("email", EMAIL),
            ("ipv4", IPV4),
            ("ipv6", IPV6),
            ("phone", PHONE),
            ("word", WORD),
        )
    )
)
_SURE: Final = re.compile(
    "|".join(
        f"(?P<{name}>{pattern.pattern})"
        for name, pattern in (
            ("email", EMAIL),
            ("ipv4", IPV4),
            ("ipv6", IPV6),
            ("phone", SURE_PHONE),
        )
    )
)

_CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"
_VOWELS: Final = "aeiou"

# Carriers are known by how a tracking number begins (1Z, JD01, 9400): four characters.
CODE_KEPT: Final = 4

# A page of orders has some thousand words, most of them again and again.
WORDS_KNOWN: Final = 8192


def words_of(text: str) -> Iterator[str]:
    """The words of a text, case-folded."""
    return (found[0].casefold() for found in WORD.finditer(text))


class Words:
    """The stand-ins under one salt. Pure: the same text has the same stand-in, always."""

    def __init__(self, salt: bytes) -> None:
        if len(salt) < 16:
            raise ValueError("a salt of fewer than 16 bytes can be guessed")
        self._salt = salt
        self._made = lru_cache(maxsize=WORDS_KNOWN)(self._word)

    def text(
        self,
        text: str,
        *,
        keep: Callable[[str], bool] = lambda _: False,
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """The text with a stand-in for every word that ``keep`` (given it case-folded) denies.

        ``known`` are stand-ins that words have already, by the word case-folded.
        """

        def instead(found: re.Match[str]) -> str:
            kind, said = str(found.lastgroup), found[0]
            folded = said.casefold()
            if folded in known:
                return known[folded]
            if kind == "marker":
                return said
            if (kind == "word" or said.isdigit()) and keep(folded):
                return said
            if kind == "word":
                return self.word(said)
            return self._typed(kind, said)

        return _TYPED.sub(instead, text)

    def sure(self, text: str) -> str:
        """The text without what can only be an e-mail or IP address or a phone number."""
        return _SURE.sub(lambda found: self._typed(str(found.lastgroup), found[0]), text)

    def _typed(self, kind: str, said: str) -> str:
        if kind == "email":
            return self.email(said)
        return self.phone(said) if kind == "phone" else self.ip(said)

    def word(self, word: str) -> str:
        """Letters for letters, digits for digits, never the same word."""
        return self._made(word)

    def _word(self, word: str) -> str:
        folded = word.casefold()
        for again in range(256):
            stream = self._stream(f"word{again}", folded, len(word))
            made = "".join(
                _letter(char, byte, n)
                for n, (char, byte) in enumerate(zip(word, stream, strict=True))
            )
            if made != word:
                return made
        raise AssertionError("256 stand-ins were all equal to their word")

    def email(self, address: str) -> str:
        """An address at example.com."""
        stream = self._stream("email", address.casefold(), 10)
        name = "".join(_letter("a", byte, n) for n, byte in enumerate(stream))
        return f"{name}@example.com"

    def ip(self, address: str) -> str:
        """An address of the documentation ranges (RFC 5737, RFC 3849)."""
        stream = self._stream("ip", address.casefold(), 4)
        if ":" in address:
            return f"2001:db8::{stream[0]:x}{stream[1]:02x}:{stream[2]:x}{stream[3]:02x}"
        return f"{('192.0.2', '198.51.100', '203.0.113')[stream[0] % 3]}.{stream[1] % 254 + 1}"

    def phone(self, number: str) -> str:
        """Its digits replaced, but for the first of an international number; signs stay."""
        digits = "".join(char for char in number if char.isdigit())
        kept = 1 if number.lstrip().startswith("+") else 0
        return self._digits("phone", digits, number, kept)

    def code(self, number: str) -> str:
        """A tracking number: the first four characters and all letters stay."""
        return self._digits("code", number.casefold(), number, CODE_KEPT)

    def _digits(self, purpose: str, key: str, text: str, kept: int) -> str:
        stream = self._stream(purpose, key, len(text))
        out, seen = [], 0
        for char, byte in zip(text, stream, strict=True):
            if char.isalnum():
                seen += 1
            out.append(str(byte % 10) if char.isdigit() and seen > kept else char)
        return "".join(out)

    def _stream(self, purpose: str, key: str, length: int) -> bytes:
        out = b""
        while len(out) < length:
            block = f"{purpose}\0{len(out)}\0{key}".encode("utf-8", "surrogatepass")
            out += hmac.new(self._salt, block, hashlib.sha256).digest()
        return out[:length]


def _letter(char: str, byte: int, place: int) -> str:
    """A letter or digit in the place of another: words that can be read aloud."""
    if not char.isalpha():
        return str(byte % 10) if char.isdigit() else char
    letters = _VOWELS if place % 2 else _CONSONANTS
    made = letters[byte % len(letters)]
    return made.upper() if char.isupper() else made
