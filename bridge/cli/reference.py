"""The reference of the commands, written from their own help; and the lists made in other pages.

A list that is made stands between ``<!-- made: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Final, Union, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from bridge.actions.reference import served_table
from bridge.cli import COMMANDS, Command, function_of, functions_of
from bridge.probes import needed_scopes

ROOT: Final = Path(__file__).resolve().parents[2]

_HEAD = """\
# Commands

<!-- Written by `python -m bridge.cli.reference` (`make docs`); a test compares. -->

`retailops-bridge` is installed with the package; in a clone it is `.venv/bin/retailops-bridge`.
`retailops-bridge --help` and `retailops-bridge COMMAND --help` say what this page says, and
`retailops-bridge --version` the version.

| exit code | means |
|---|---|
| 0 | done |
| 1 | something was found or failed; standard error says what |
| 2 | wrong usage |
| 78 | the configuration or a mapping is wrong: file, line and column of every mistake |

"""

_KINDS: Final[Mapping[object, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "path",
    list[Path]: "paths",
    bool: "",
}


def cli_markdown() -> str:
    """The whole page: a section for each command."""
    return (_HEAD + "\n".join(_section(*item) for item in COMMANDS.items())).rstrip("\n") + "\n"


def _section(name: str, command: Command) -> str:
    parts = functions_of(command).items()
    out = _described(f"## `retailops-bridge {name}`", function_of(command))
    for part, function in parts:
        out += _described(f"### `retailops-bridge {name} {part}`", function)
    return "\n".join(out)


def _described(heading: str, function: Callable[..., None]) -> list[str]:
    rows = list(_parameters(function))
    out = [f"{heading}\n", inspect.cleandoc(function.__doc__ or ""), ""]
    if rows:
        out += ["| option | value | default | what it does |", "|---|---|---|---|", *rows, ""]
    return out


def _parameters(function: Callable[..., None]) -> Iterator[str]:
    """One row for each option and argument, in the order of ``--help``, arguments first."""
    hints = get_type_hints(function, include_extras=True)
    given = inspect.signature(function).parameters
    rows = [_row(name, hints[name], given[name].default) for name in given]
    yield from sorted(rows, key=lambda row: row.startswith("| `--"))


def _row(name: str, hint: object, default: object) -> str:
    kind, info = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)
    if not isinstance(info, ArgumentInfo | OptionInfo):
        raise TypeError(f"parameter {name} is neither an option nor an argument of typer")
    said = info.help or ""
    variable = info.envvar
    if isinstance(variable, str):
        said += f" Or the environment's `{variable}`."
    if isinstance(info, ArgumentInfo):
        must = "required" if default is inspect.Parameter.empty else _default(default)
        return f"| `{name.upper()}` | {_kind(kind)} | {must} | {said} |"
    # Inside Annotated typer takes the first name for the default, and puts it right later.
    given = (info.default, *(info.param_decls or ()))
    # "--yes/--no" are the two names of one switch.
    names = [n for g in given if isinstance(g, str) for n in g.split("/") if n.startswith("-")]
    option = ", ".join(f"`{n}`" for n in names or [f"--{name.replace('_', '-')}"])
    if default is inspect.Parameter.empty:
        return f"| {option} | {_kind(kind)} | required | {said} |"
    if kind is bool:
        return f"| {option} |  | off | {said} |"
    return f"| {option} | {_kind(kind)} | {_default(default)} | {said} |"


def _kind(kind: object) -> str:
    if get_origin(kind) in {Union, UnionType}:
        kind = next(part for part in get_args(kind) if part is not NoneType)
    return _KINDS[kind]


def _default(default: object) -> str:
    return "" if default in (None, "") else f"`{default}`"


def scopes_list() -> str:
    """The access scopes that the store's token must have, as Shopify's form takes them."""
    return f"```text\n{','.join(needed_scopes())}\n```\n"


MADE: Final = {"served": served_table, "scopes": scopes_list}
"""The lists that stand in hand-written pages, by the name in their mark."""


def renewed(page: str) -> str:
    """A page with every made list written anew. KeyError for a list that nobody makes."""

    def made(mark: re.Match[str]) -> str:
        return f"<!-- made: {mark['name']} -->\n\n{MADE[mark['name']]()}\n<!-- end -->"

    return re.sub(r"<!-- made: (?P<name>\w+) -->\n.*?<!-- end -->", made, page, flags=re.DOTALL)


def main() -> None:
    """Write the page, and the made lists of all others, into the source tree."""
    docs = ROOT / "docs"
    for page in (ROOT / "README.md", *sorted(docs.rglob("*.md"))):
        text = page.read_text("utf-8")
        if renewed(text) != text:
            page.write_text(renewed(text), "utf-8")
    (docs / "reference" / "cli.md").write_text(cli_markdown(), "utf-8")


if __name__ == "__main__":
    main()
