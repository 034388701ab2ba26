"""When two texts mean the same: descriptions as HTML, metafields by their type, image names.

Shopify stores what it is given in a form of its own (quotes around attributes, decimals with a
point and a digit, JSON without blanks). Compared as texts, every push would find a difference
and write again; compared as what they mean, the second push of a feed writes nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source"}
    | {"track", "wbr"}
)

# What an opening tag ends by itself (HTML Living Standard, "Optional tags"), up to the element
# that holds both.
_BLOCKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol"}
    | {"p", "pre", "section", "table", "ul"}
)
_ENDS: Final = MappingProxyType(
    {
        **dict.fromkeys(_BLOCKS, frozenset({"p"})),
        "li": frozenset({"li", "p"}),
        **dict.fromkeys(("dt", "dd"), frozenset({"dt", "dd", "p"})),
        **dict.fromkeys(("td", "th"), frozenset({"td", "th", "p"})),
        "tr": frozenset({"tr", "td", "th", "p"}),
        "option": frozenset({"option"}),
    }
)
# Tags that stand or fall with what they hold: Shopify adds them to a table.
_IMPLIED: Final = frozenset({"tbody"})

# Tags inside of a line: a blank before or behind one is seen. Beside all others it is not.
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "label"}
    | {"mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u"}
    | {"var"}
)
_BLANKS: Final = re.compile(r"[ \t\n\r\f]+")  # HTML's: a non-breaking space is none of them

# Shopify puts a UUID behind the name of a file whose name is taken.
_TAKEN: Final = re.compile(
    r"_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE
)

# Shopify's for a title without a letter.
NO_HANDLE: Final = "product"

# Longest handle that we make; Shopify takes 255.
HANDLE_LENGTH: Final = 200


class _Tokens(HTMLParser):
    """A document as tags with sorted attributes, and texts with single blanks.

    What is opened is closed where a browser would close it, written or not.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, ...]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An opening tag; attributes in any order are the same."""
        if tag in _IMPLIED:
            return
        while self._open and self._open[-1] in _ENDS.get(tag, ()):
            self._end()
        self.found.append((tag, *sorted(f"{k}={v or ''}" for k, v in attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """``<br/>`` is ``<br>``."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """A closing tag, of what is still open inside too; one that closes nothing is none."""
        if tag in self._open:
            while self._open[-1] != tag:
                self._end()
            self._end()

    def close(self) -> None:
        """The end of the document closes the rest."""
        super().close()
        while self._open:
            self._end()

    def _end(self) -> None:
        self.found.append(("/" + self._open.pop(),))

    def handle_data(self, data: str) -> None:
        """A text, with what a comment has cut off from it."""
        if self.found and self.found[-1][0] == "":
            data = self.found.pop()[1] + data
        self.found.append(("", _BLANKS.sub(" ", data)))


def same_html(one: str, other: str) -> bool:
    """Whether two descriptions are the same document."""
    return one == other or list(_tokens(one)) == list(_tokens(other))


def _tokens(html: str) -> Iterator[tuple[str, ...]]:
    parser = _Tokens()
    parser.feed(html)
    parser.close()
    found = parser.found
    for n, token in enumerate(found):
        if token[0]:
            yield token
            continue
        text = token[1] if n and _inline(found[n - 1]) else token[1].lstrip(" ")
        if n + 1 == len(found) or not _inline(found[n + 1]):
            text = text.rstrip(" ")
        if text:
            yield ("", text)


def _inline(token: tuple[str, ...]) -> bool:
    return token[0].removeprefix("/") in _INLINE


def same_metafield(kind: str, one: str, other: str) -> bool:
    """Whether two values of a metafield of this type are the same."""
    if one == other:
        return True
    normal = _normal(kind)
    try:
        return bool(normal(one) == normal(other))
    except (ValueError, TypeError, InvalidOperation):
        return False


def _normal(kind: str) -> Callable[[str], object]:
    if kind.startswith("list."):
        element = _element(kind.removeprefix("list."))
        return lambda value: [element(one) for one in _elements(value)]
    if kind in _MEASURED:
        return lambda value: _numbers(_json(value))
    if kind in _STRUCTURED:
        return _json
    plain: Mapping[str, Callable[[str], object]] = {"boolean": str.lower, "date_time": _moment}
    return Decimal if kind in _NUMBERS else plain.get(kind, str)


def _element(kind: str) -> Callable[[object], object]:
    """As ``_normal``, of one element of a list of this type."""
    if kind in _NUMBERS:
        return lambda value: Decimal(str(value))
    if kind == "date_time":
        return lambda value: _moment(str(value))
    return _numbers if kind in _MEASURED else lambda value: value


def _elements(value: str) -> list[object]:
    found = _json(value)
    if not isinstance(found, list):
        raise TypeError("not a list")
    return found


def _moment(value: str) -> datetime:
    """A time; without a zone it is in UTC, as Shopify reads it."""
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_NUMBERS: Final = frozenset({"number_integer", "number_decimal"})
_MEASURED: Final = frozenset({"money", "dimension", "volume", "weight", "rating"})
_STRUCTURED: Final = frozenset({"json", "rich_text_field", "link"})


def _json(value: str) -> object:
    """JSON, its numbers by value: 1.0 is 1."""
    return json.loads(value, parse_float=Decimal, parse_int=Decimal)


def _numbers(value: object) -> object:
    """A number in quotes is that number too: Shopify writes the amounts of money so."""
    if isinstance(value, dict):
        pairs = {key: _numbers(inner) for key, inner in value.items()}
        unit = value.get("unit")
        return {**pairs, "unit": _unit(unit)} if isinstance(unit, str) else pairs
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return Decimal(value)
    return value


# Shopify takes the short names of units and gives the long ones back.
_UNITS: Final = {
    "kg": "kilograms",
    "g": "grams",
    "lb": "pounds",
    "oz": "ounces",
    "in": "inches",
    "ft": "feet",
    "yd": "yards",
    "mm": "millimeters",
    "cm": "centimeters",
    "m": "meters",
    "ml": "milliliters",
    "cl": "centiliters",
    "l": "liters",
    "m3": "cubic_meters",
    "us_fl_oz": "fluid_ounces",
    "us_pt": "pints",
    "us_qt": "quarts",
    "us_gal": "gallons",
    "imp_fl_oz": "imperial_fluid_ounces",
    "imp_pt": "imperial_pints",
    "imp_qt": "imperial_quarts",
    "imp_gal": "imperial_gallons",
}


def _unit(name: str) -> str:
    return _UNITS.get(name.casefold(), name.casefold())


def file_name(url: str) -> str:
    """The name by which an image can be known again: no folder, no ending, no UUID of Shopify's."""
    name = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name else name
    stem = _TAKEN.sub("", stem)
    return re.sub(r"[^0-9a-z]+", "_", _ascii(stem.casefold())).strip("_")


def same_name(name: str) -> str:
    """What two spellings of an option or of one of its values have in common: ``S`` is ``s``."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def tidy_handle(handle: str) -> str:
    """A handle of the feed in letters that Shopify takes; other scripts than Latin stay."""
    composed = unicodedata.normalize("NFC", handle.casefold())
    plain = "".join(_ascii(c) or c for c in composed)
    letters = (c if c == "_" or unicodedata.category(c)[0] in "LMN" else "-" for c in plain)
    return re.sub(r"-+", "-", "".join(letters)).strip("-")


def same_handle(wanted: str, have: str) -> bool:
    """Whether a tidy handle is the store's: which signs are kept is Shopify's affair."""
    plain = handle_of(wanted)
    return have in {wanted, plain} or handle_of(have) == plain != NO_HANDLE


def handle_of(title: str) -> str:
    """A title as Shopify would make a handle of it: ``Trail Tee, S`` is ``trail-tee-s``."""
    slug = re.sub(r"[^0-9a-z]+", "-", _ascii(title.casefold())).strip("-")
    return slug[:HANDLE_LENGTH].strip("-") or NO_HANDLE


def _ascii(text: str) -> str:
    """Letters without their accents; what has no such letter is kept as it is not."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
