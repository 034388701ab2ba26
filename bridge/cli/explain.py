"""``retailops-bridge explain CODE``: what a finding means, why it matters, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.errors import BridgeError
from bridge.mapping.codes import CODES, suggestion
from bridge.retailops.events import CODES as EVENTS

PAGES: Final[Mapping[str, str]] = {"mapping": "mapping-errors.md", "config": "config-errors.md"}
"""The files of explanations in ``bridge/cli/findings``, and their names in ``docs/reference``."""

WARNINGS: Final = frozenset({"C415", "C501"})
"""The codes of the configuration that stop nothing."""

MADE: Final = "<!-- Written by `python -m bridge.cli.explain` (`make docs`); a test compares. -->"

_HEADING = re.compile(r"^## `(?P<code>[A-Z]\d{3})` (?P<meaning>.+)$", re.MULTILINE)


def explain(
    code: Annotated[
        str, typer.Argument(help="The code of a finding (M204, C201), or of an event.")
    ],
) -> None:
    """Tell what a finding means, why it matters, and how to mend it."""
    known = explanations()
    wanted = code.strip().strip("[]").upper()
    for event_code, event in EVENTS.items():
        if event_code == wanted:
            typer.echo(f"{event.event_type}[{event_code}] {event.meaning}\n\n{event.remedy}")
            return
    if wanted not in known:
        hint = suggestion(wanted, [*known, *EVENTS]) or f"there is {', '.join(known)}"
        raise BridgeError(f'no finding has the code "{code}": {hint}')
    found = CODES.get(wanted)
    severity = "warning" if wanted in WARNINGS else "error"
    if found is not None:
        severity = found.severity
    typer.echo(f"{severity}[{wanted}] {known[wanted]}")


@cache
def explanations() -> Mapping[str, str]:
    """Every code with its text: the meaning in the first line, then the page."""
    found: dict[str, str] = {}
    for name in PAGES:
        page = text_of(name)
        headings = list(_HEADING.finditer(page))
        ends = [heading.start() for heading in headings[1:]] + [len(page)]
        for heading, end in zip(headings, ends, strict=True):
            body = page[heading.end() : end].strip()
            found[heading["code"]] = f"{heading['meaning']}\n\n{body}"
    return found


def text_of(name: str) -> str:
    """One of the files of explanations."""
    return (resources.files("bridge.cli") / "findings" / f"{name}.md").read_text("utf-8")


def main() -> None:
    """Write the explanations into the source tree's documentation, as they are."""
    folder = Path(__file__).resolve().parents[2] / "docs" / "reference"
    for name, page in PAGES.items():
        (folder / page).write_text(f"{MADE}\n\n{text_of(name)}", "utf-8")


if __name__ == "__main__":
    main()
