"""What ``preview`` and ``plan`` show of a rendering: each value, its rule, and what that read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.cli.mapping_files import shown
from bridge.errors import MappingError
from bridge.mapping.expecting import jsonable, parse_path, said, said_path
from bridge.mapping.reading import readings
from bridge.mapping.trace import Noted
from bridge.wiring import shipped_mappings

# A value in one line of a terminal; a whole order as a source is not meant to be read here.
SHOWN: Final = 160

LEFT_OUT: Final = "left out, because nothing was there:"

Only = Annotated[str, typer.Option("--only", help="Only this field, and what lies below it.")]


def chosen(values: Iterable[Noted], only: str, inside: int = 0) -> list[Noted]:
    """The values at a path or below it; the first ``inside`` steps of theirs may be left away.

    Raises typer.BadParameter for what is no path.
    """
    if not only:
        return list(values)
    path = parse_path(only)
    if path is None:
        raise typer.BadParameter(f"{only!r} is no path; order_items[0].sku is one")
    end = len(path)
    return [one for one in values if path in (one.path[:end], one.path[inside:][:end])]


def value_lines(one: Noted) -> Iterator[str]:
    """A value with its path, and its rule below it; of a place without value the path."""
    value = "" if one.value is None else f" = {short(one.value)}"
    yield f"{said_path(one.path)}{value}"
    yield from rule_lines(one)


def rule_lines(one: Noted) -> Iterator[str]:
    """The expression, its place, and the source values that it read."""
    yield f"    {printable(one.rule.text)}"
    yield f"    {place(one.rule.place)}"
    for reading in readings(one.rule.text, one.frame):
        yield f"      {reading.path} = {short(reading.value)}"


def place(text: str) -> str:
    """file:line:column, the file as short as it can be; of the bridge's own: ``shipped``."""
    name, line, column = text.rsplit(":", 2)
    path, shipped = Path(name), shipped_mappings()
    own = path.is_relative_to(shipped)
    words = f"shipped {path.relative_to(shipped)}" if own else shown(path)
    return f"{words}:{line}:{column}"


def short(value: object) -> str:
    """A value in one line that a terminal can show."""
    text = said(value)
    return printable(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")


def printable(text: str) -> str:
    """A text without what a terminal would take for a command: control characters are escaped."""
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


def row(one: Noted) -> dict[str, object]:
    """A value for programs: ``path``, ``value`` if there is one, and ``rule_row``."""
    found: dict[str, object] = {"path": said_path(one.path)}
    if one.value is not None:
        found["value"] = jsonable(one.value)
    return found | rule_row(one)


def rule_row(one: Noted) -> dict[str, object]:
    """``expression``, ``place``, ``target`` and ``read``: paths with their values."""
    return {
        "expression": one.rule.text,
        "place": one.rule.place,
        "target": one.rule.target,
        "read": [
            {"path": r.path, "value": jsonable(r.value)} for r in readings(one.rule.text, one.frame)
        ],
    }


def error_row(error: MappingError) -> dict[str, object]:
    """Why a mapping gave nothing: ``code``, ``target``, ``place`` and ``message``."""
    return {
        "code": error.code,
        "target": error.target,
        "place": error.place,
        "message": error.message,
    }
