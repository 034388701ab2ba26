"""The floors of the house: a room imports only rooms that stand above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "bridge"

FREE = {"errors", "places"}  # import nothing of ours, and are there for everyone
FLOORS: dict[str, set[str]] = {
    "errors": set(),
    "places": set(),
    "schema": FREE,
    "config": FREE,
    "retailops": FREE | {"config"},
    "verify": FREE | {"retailops"},
    "mapping": FREE | {"schema"},
    "shopify": FREE | {"schema", "config"},
    "ledger": FREE,
    "engine": FREE | {"config", "retailops", "mapping", "schema", "shopify", "ledger"},
    "sandbox": FREE | {"schema"},
}
FLOORS["actions"] = FLOORS["engine"] | {"engine"}
FLOORS["strangers"] = FLOORS["actions"] | {"actions"}
FLOORS["wiring"] = FLOORS["strangers"] | {"strangers"}
FLOORS["probes"] = FLOORS["actions"] | {"actions"}
FLOORS["recording"] = FLOORS["wiring"] | {"wiring"}
FLOORS["server"] = FLOORS["recording"] | {"recording", "probes"}
FLOORS["testing"] = FLOORS["server"] | {"server", "sandbox"}
FLOORS["pytest_plugin"] = FLOORS["testing"] | {"testing"}
FLOORS["cli"] = FLOORS["server"] | {"server", "sandbox", "verify"}
TOP = {"__init__", "__main__"}


def room(path: Path) -> str:
    """The room that a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every room of ours that a file imports, with the line: also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            module = node.module or ""
            names = [f"bridge.{a.name}" for a in node.names] if module == "bridge" else [module]
        for name in names:
            parts = name.split(".")
            if parts[0] == "bridge" and len(parts) > 1 and not parts[1].startswith("__"):
                yield node.lineno, parts[1]


FILES = sorted(path for path in ROOT.rglob("*.py") if room(path) not in TOP)


def test_every_room_has_its_floor():
    """A new room must be given its place in the house."""
    assert {room(path) for path in FILES} <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_from_above(path):
    """Each import of ours is from the file's own room or one that it may use."""
    allowed = FLOORS[room(path)] | {room(path)}
    wrong = [
        f"{path}:{line}: imports {name}" for line, name in imported(path) if name not in allowed
    ]
    assert wrong == []


def test_the_floors_have_no_circles():
    """No two rooms may use each other, directly or by way of others."""
    done: list[str] = []
    left = dict(FLOORS)
    while left:
        free = [name for name, uses in left.items() if uses <= set(done)]
        assert free, f"a circle among {sorted(left)}"
        done += free
        left = {name: uses for name, uses in left.items() if name not in free}


def test_a_forbidden_import_is_seen(tmp_path):
    """The reader of imports finds them in every form."""
    file = tmp_path / "x.py"
    file.write_text(
        "import bridge.cli.serve\nfrom bridge import ledger, __version__\n"
        "def f():\n    from bridge.sandbox.store import Store\n"
    )
    assert [name for _, name in imported(file)] == ["cli", "ledger", "sandbox"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small(path):
    """At most 500 lines, as the architecture has it; a longer one says why in its first lines."""
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 500 or "500 lines" in "\n".join(lines[:30]), len(lines)


def test_no_graphql_in_python():
    """Operations stand in .graphql files; only the embedded store speaks GraphQL otherwise."""
    for path in FILES:
        if room(path) == "sandbox":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                operation = text.startswith(
                    ("query ", "mutation ", "fragment ", "query{", "{ shop")
                )
                assert not (operation and "{" in text), f"{path}:{node.lineno}"
