"""Did you mean …: the nearest name that exists."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def suggestion(name: str, names: Sequence[str]) -> str:
    """``did you mean 'port'?``, else the names that there are."""
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known here: " + ", ".join(sorted(names))
