"""Recordings that have outlived what they were recorded from: their API version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from bridge.errors import Finding
from bridge.shopify.session import support_window

EXPIRED: Final = "C501"

# The header is written first, and the version is its third line; another form of YAML has it
# somewhere among its first. The rest of a recording may have megabytes.
HEAD_LINES: Final = 40
_VERSION: Final = re.compile(r"  api_version: *(['\"]?)(20\d\d-(?:01|04|07|10))\1 *")


def expired_version(version: str, today: date) -> str:
    """What is to be said of a recording of this version; empty while Shopify supports it."""
    if support_window(version, today).state != "expired":
        return ""
    return f"Shopify no longer supports {version}, with which it was recorded"


def is_recording(path: Path) -> bool:
    """Whether a file begins like a recording."""
    return _version(path) is not None


def outlived(paths: Iterable[Path], today: date) -> Iterator[Finding]:
    """A warning for every recording among these files whose API version has ended."""
    for path in paths:
        found = _version(path)
        if found is None:
            continue
        number, line, match = found
        if said := expired_version(match[2], today):
            yield Finding(
                str(path),
                number,
                match.start(2) + 1,
                EXPIRED,
                said,
                "record the call anew, or remove the file",
                source=line,
                length=len(match[2]),
                severity="warning",
            )


def _version(path: Path) -> tuple[int, str, re.Match[str]] | None:
    """The line with the API version, and its number. None when this is no recording."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in islice(file, HEAD_LINES)]
    except (OSError, UnicodeDecodeError):
        return None
    if lines[:1] != ["bridge:"]:
        return None
    for number, line in enumerate(lines, 1):
        if match := _VERSION.fullmatch(line):
            return number, line, match
    return None
