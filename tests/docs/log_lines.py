"""What the bridge writes into its log, as the code has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LEVELS = {"debug", "info", "warning", "error", "exception"}


def calls(folder: Path) -> Iterator[ast.Call]:
    """Each call of ``log.info`` and its like, or of a name that was bound to one of them."""
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        bound = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(map(_is_log, ast.walk(node.value)))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (
                _is_log(node.func)
                or (isinstance(node.func, ast.Name) and node.func.id in bound)
                or (isinstance(node.func, ast.IfExp) and any(map(_is_log, ast.walk(node.func))))
            ):
                yield node


def _is_log(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in LEVELS
        and isinstance(node.value, ast.Name)
        and node.value.id == "log"
    )


def lines(folder: Path) -> dict[str, set[str]]:
    """Each line's event, with the keys that are written beside it."""
    found: dict[str, set[str]] = {}
    for call in calls(folder):
        (event,) = call.args
        if isinstance(event, ast.Constant):
            keys = {keyword.arg for keyword in call.keywords if keyword.arg}
            found.setdefault(str(event.value), set()).update(keys)
    return found
