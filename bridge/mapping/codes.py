"""The findings of a mapping's lint: every code, what it means and what to do.

Families: M1xx file and syntax, M2xx unknown name, M3xx type, M4xx missing decision, M5xx API
version, M6xx suspicious, M7xx definition of a test. A code is never given a second meaning; a new
meaning gets a new code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class CodeDoc:
    """What a code means, and what the person who reads it does about it."""

    meaning: str
    remedy: str
    severity: Literal["error", "warning"] = "error"


CODES: Mapping[str, CodeDoc] = MappingProxyType(
    {
        "M101": CodeDoc("the file cannot be read", "Check the path, its rights, and UTF-8."),
        "M102": CodeDoc("the file is not TOML", "Mend the line; https://toml.io has the rules."),
        "M103": CodeDoc(
            "not one Liquid expression",
            "Write one expression, without braces or tags; put texts in quotes: \"'GROUND'\".",
        ),
        "M104": CodeDoc(
            "the expression is too long or too deep",
            "Shorten it, or register a Python filter for what it does.",
        ),
        "M105": CodeDoc(
            "a value or table that no rule can be",
            "A rule is a string with an expression, a number or a boolean; see the reference.",
        ),
        "M106": CodeDoc(
            "[select] holds something that is no list of fields",
            'Write the names as in GraphQL: order = "poNumber customer { tags }".',
        ),
        "M107": CodeDoc(
            "a filter of an installed package cannot be used",
            "Mend the package or uninstall it; the reference tells what a filter is.",
        ),
        "M201": CodeDoc("unknown target field or section", "Correct the key."),
        "M202": CodeDoc("unknown filter", "Correct the name; the reference lists the filters."),
        "M203": CodeDoc("unknown table", "Add [tables.<name>], or correct the name."),
        "M204": CodeDoc("unknown source name or field", "Correct the path."),
        "M205": CodeDoc("unset names what is not there", "Correct the path, or remove it."),
        "M206": CodeDoc(
            "a rule names a source that is not there yet when it is made",
            "Use the source in the other rules, or take the value from what RetailOps sends.",
        ),
        "M301": CodeDoc(
            "one value where many belong, or the reverse",
            "Take one element ([0], first), or join the list; a table of rules fills an object.",
        ),
        "M302": CodeDoc(
            "a value of the wrong type", "Convert it with a filter, or map another field."
        ),
        "M303": CodeDoc("a filter used wrongly", "Give the filter what the reference says."),
        "M304": CodeDoc("each is not a list", "Name a list of the source."),
        "M305": CodeDoc(
            "a text that is none of those that the other side knows",
            "Correct it, or translate it with a table.",
        ),
        "M401": CodeDoc("a required target field has no rule", "Add a rule for it."),
        "M402": CodeDoc(
            "a required target field from a source that can be null",
            "Say what then: | default: …; or leave the table out: when.",
        ),
        "M501": CodeDoc(
            "Shopify has deprecated the field or the value",
            "Map what Shopify names instead, before it is gone.",
            "warning",
        ),
        "M502": CodeDoc(
            "the pinned API version does not have the field or the value",
            "Set a later api_version, or map another field.",
        ),
        "M510": CodeDoc(
            "[select] names a field that Shopify does not have", "Correct the name, or remove it."
        ),
        "M511": CodeDoc(
            "whether Shopify has a field of [select] cannot be told offline",
            "Fetch the store's whole schema once: retailops-bridge schema fetch.",
        ),
        "M512": CodeDoc(
            "with [select] a query costs more points than Shopify allows",
            "Select less; of order_pull, or lower page_size or lines_per_order.",
        ),
        "M513": CodeDoc(
            "Shopify would refuse the fields of [select]",
            "Do what the message says; Shopify's reference has the field's arguments and type.",
        ),
        "M514": CodeDoc(
            "the store's schema that was fetched cannot be read",
            "Fetch it again: retailops-bridge schema fetch.",
        ),
        "M601": CodeDoc(
            "no expression uses the lookup table", "Use it: | table: '…'; or delete it.", "warning"
        ),
        "M602": CodeDoc(
            "a rule, or a part of it, that can never apply", "Delete it, or correct it.", "warning"
        ),
        "M603": CodeDoc(
            "a lookup table lacks a value that can come",
            "Add the entry, or say what then: | default: ….",
            "warning",
        ),
        "M604": CodeDoc(
            "an entry of a lookup table that can never be found", "Correct its key.", "warning"
        ),
        "M605": CodeDoc(
            "an entry of a lookup table that is quoted twice",
            "Write the text itself: an entry is no expression.",
            "warning",
        ),
        "M606": CodeDoc(
            "a mapping or a test in a subfolder, where nobody reads it",
            "Put it into the folder itself, or let a channel's mappings_dir be the subfolder.",
            "warning",
        ),
        "M701": CodeDoc("a test is not written as tests are", "Correct the key or the value."),
        "M702": CodeDoc(
            "a test expects nothing", "Say what must come out: expect, or expect_error."
        ),
        "M703": CodeDoc("a test file has no test", "Write a [[case]], or delete the file."),
        "M704": CodeDoc(
            "a test expects something at a path that the output cannot have", "Correct the path."
        ),
        "M705": CodeDoc(
            "a test gives an input that can never come", "Correct the name or the value."
        ),
        "M706": CodeDoc("the file of a test's input cannot be read", "Correct its path."),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake inside one expression: ``offset`` and ``length`` in characters of its text."""

    code: str
    offset: int
    length: int
    message: str
    hint: str = ""


class Failed(Exception):
    """A value cannot be had at run time. ``code`` is the event's code."""

    def __init__(self, message: str, code: str = "MAPPING_FAILED") -> None:
        self.message = message
        self.code = code
        super().__init__(message)


def suggestion(name: str, known: Iterable[str]) -> str:
    """``did you mean "…"?`` for the nearest known name, or nothing."""
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f'did you mean "{by_lower[near[0]]}"?' if near else ""


def listing(names: Iterable[str], limit: int = 12) -> str:
    """Names for a message, the first ``limit`` of them."""
    all_names = sorted(names)
    return ", ".join(all_names[:limit]) + (", …" if len(all_names) > limit else "")


def said_type(value: object) -> str:
    """The kind of a value in a merchant's words. Never the value: it may be a customer's."""
    if isinstance(value, bool):
        return "a boolean"
    names = {"str": "a text", "int": "a number", "Decimal": "a number", "float": "a number"}
    names |= {"list": "a list", "dict": "an object", "datetime": "a date", "date": "a date"}
    names |= {"NoneType": "nothing"}
    return names.get(type(value).__name__, f"a {type(value).__name__}")
