"""Everything that a user can name is documented, and what is documented exists."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from bridge import __version__
from bridge.actions.reference import actions_markdown, names_markdown
from bridge.actions.table import MAPPINGS, SERVED
from bridge.cli import COMMANDS, application
from bridge.cli.reference import cli_markdown, renewed
from bridge.config.env import PREFIX, overlay
from bridge.config.load import CONFIG_VARIABLE
from bridge.config.reference import settings_of, tables
from bridge.config.source import Source
from bridge.mapping.build import _CONTROL
from bridge.mapping.codes import CODES as FINDINGS
from bridge.retailops.actions import ACTIONS
from bridge.retailops.events import CODES
from bridge.server.metrics import OUTCOMES, Metrics
from tests.docs.pages import PAGES, ROOT, anchors, name, prose
from tests.test_floors import FLOORS

REFERENCE = ROOT / "docs" / "reference"
ALL = {page: page.read_text("utf-8") for page in PAGES}
EVERYTHING = "\n".join(ALL.values())


def page(path: str) -> str:
    """The text of a page below docs/."""
    return (ROOT / "docs" / path).read_text("utf-8")


# ---- what is made from the code


def test_made_pages_are_up_to_date():
    """`make docs` would change nothing."""
    assert page("reference/actions.md") == actions_markdown()
    assert page("reference/mapping-names.md") == names_markdown()
    assert page("reference/cli.md") == cli_markdown()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_made_lists_are_up_to_date(path):
    """The lists between marks in hand-written pages are what the code says."""
    assert ALL[path] == renewed(ALL[path])


def test_the_readme_and_the_scopes_are_made():
    """The marks are there, so that the test above compares something."""
    assert "<!-- made: served -->" in ALL[ROOT / "README.md"]
    assert "<!-- made: scopes -->" in page("how-to/first-hour.md")


# ---- everything is documented


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_documented(action):
    """A section in the reference, a row in README; a served one in the changelog too."""
    assert f"\n## `{action}`\n" in page("reference/actions.md")
    told = "yes" if action in SERVED else "not yet"
    row = rf"^\| `{action}` \|.*\| {told} \|$"
    assert re.search(row, ALL[ROOT / "README.md"], re.MULTILINE)
    if action in SERVED:
        assert f"`{action}`" in ALL[ROOT / "CHANGELOG.md"]


def commands() -> Iterator[tuple[str, ...]]:
    """Every command by its words, those of groups included."""
    for command, told in COMMANDS.items():
        yield (command,)
        for part in getattr(told, "parts", ()):
            yield (command, part)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_option_of_every_command_is_documented(words):
    """The page has exactly the options and arguments that --help shows."""
    heading = f"{'#' * (len(words) + 1)} `retailops-bridge {' '.join(words)}`\n"
    section = re.split(r"^#", page("reference/cli.md").split(heading)[1], flags=re.MULTILINE)[0]
    command = typer.main.get_command(application(words))
    for word in words:
        command = command.commands[word]
    real = {name for p in command.params for name in (*p.opts, *p.secondary_opts)} - {"--help"}
    shown = CliRunner().invoke(
        application(words), [*words, "--help"], env={"COLUMNS": "300", "NO_COLOR": "1"}
    )
    assert shown.exit_code == 0, shown.output
    assert all(option in shown.output for option in real)
    cells = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert told == {n if n.startswith("-") else n.upper() for n in real}


def test_every_setting_is_documented():
    """Each key of each table has its row in the reference."""
    for heading, model in tables():
        title = f"## `{heading}`" if heading[0] == "[" else "## Top level"
        section = page("reference/config.md").split(title)[1].split("\n## ")[0]
        for key, _ in settings_of(model):
            assert f"\n| `{key}`" in section, f"{heading} {key}"


def test_every_key_and_finding_of_mappings_is_documented():
    """The keys of the language, its findings, and the files with what they fill and use."""
    language = page("reference/mapping.md")
    for key in (*_CONTROL, "unset", "[tables.NAME]"):
        assert re.search(rf"^\|.*`{re.escape(key)}`", language, re.MULTILINE), key
    for code in FINDINGS:
        assert f"\n| `{code}` |" in language
    names = page("reference/mapping-names.md")
    for module, spec in MAPPINGS.items():
        assert (ROOT / "mappings" / f"{module}.toml").is_file()
        section = names.split(f"## `{module}.toml`")[1].split("\n## ")[0]
        for known in (*spec.target.model_fields, *spec.sources()):
            assert re.search(rf"^\| `{known}(\[\])?` \|", section, re.MULTILINE), known


def test_every_event_code_is_documented():
    """A section with its meaning, and with what to do."""
    events = page("reference/events.md")
    for code in CODES:
        section = events.split(f"\n## `{code}`\n")[1].split("\n## ")[0]
        assert "**What to do:**" in section, code


def test_every_metric_and_outcome_is_documented():
    """All families of a fresh registry, and the values of `outcome`."""
    registry = CollectorRegistry()
    Metrics(registry)
    families = list(registry.collect())
    assert families
    for family in families:
        suffix = "_total" if family.type == "counter" else ""
        assert f"\n| `{family.name}{suffix}` |" in page("reference/metrics.md")
    for outcome in OUTCOMES:
        assert f"\n| `{outcome}` |" in page("reference/metrics.md")


def texts(folder: Path) -> Iterator[str]:
    """Every text constant in the Python files of a folder."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_environment_variable_is_documented():
    """The variables that the code names; those of single settings follow the page's rule."""
    named = {t for t in texts(ROOT / "bridge") if re.fullmatch(r"RETAILOPS_[A-Z0-9_]+", t)}
    named -= {"RETAILOPS_SDK"}  # the verifier's key, no variable
    assert {PREFIX, CONFIG_VARIABLE} <= named
    for variable in named:
        assert variable in page("reference/config.md"), variable


# ---- what is documented exists


def test_documented_environment_variables_exist():
    """Every setting that a page gives by the environment is one."""
    written = {
        v
        for v in re.findall(rf"{PREFIX}[A-Z0-9_]+", EVERYTHING)
        if v.strip("_") != PREFIX.strip("_")
    }
    assert written
    for variable in written:
        source = Source(None, "")
        overlay({}, {variable: "1"}, source)
        source.fail_if_any()


def test_documented_commands_exist():
    """`retailops-bridge X` in a page is a command, with its part where it is a group."""
    known = {" ".join(words) for words in commands()}
    for path, text in ALL.items():
        for command, part in re.findall(r"retailops-bridge ([a-z][a-z-]+)(?: ([a-z]+))?", text):
            group = getattr(COMMANDS.get(command), "parts", ())
            said = f"{command} {part}" if group and part else command
            assert said in known, f"{name(path)}: retailops-bridge {said}"


def test_documented_settings_exist():
    """`server.port` and `[order_pull]` in a page are a key and a table of the configuration."""
    known: dict[str, set[str]] = {}
    for heading, model in tables():
        for table in re.findall(r"\[+([a-z_.]+)\]+", heading):
            keys = {key for key, _ in settings_of(model)}
            known[table.removeprefix("defaults.").removeprefix("channels.")] = keys
    files = ("py", "toml")  # `server.py`, `order_pull.toml`
    for path, text in ALL.items():
        if path.name in {"mapping-names.md", "actions.md", "tracing.md"}:
            continue  # fields and attributes, of which some are named like a table
        for table, key in re.findall(r"`\[?([a-z]+(?:_[a-z]+)?)\]?[.]([a-z_]+)`", text):
            if table in known and key not in files:
                plain = key.removesuffix("_file")
                assert {key, plain} & known[table], f"{name(path)}: {table}.{key}"


def test_documented_codes_exist():
    """Every name in capitals is an event's code, a word of Shopify's schema, or of ours."""
    schema = (ROOT / "bridge/schema/admin.graphql").read_text("utf-8")
    shopify = set(re.findall(r"\b[A-Z][A-Z_]+\b", schema))
    ours = set(CODES) | set(texts(ROOT / "bridge"))
    for path in PAGES:
        if path.name in {"sandbox.md", "sandbox-http.md", "cli.md"}:
            continue  # Shopify's own codes, which its schema does not list; arguments of commands
        for code in re.findall(r"`(?!OTEL_)([A-Z]+_[A-Z_]+[A-Z])`", prose(path)):
            assert code in shopify | ours, f"{name(path)}: {code}"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_resolve(path):
    """A link inside the project leads to a file that is there, and to a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(there), target


def test_every_page_is_on_the_map():
    """docs/index.md links every page, so that none is found by accident only."""
    index = ROOT / "docs/index.md"
    linked = {
        (index.parent / target.partition("#")[0]).resolve()
        for target in re.findall(r"\]\(([^)\s]+)\)", ALL[index])
    }
    assert linked >= {p for p in PAGES if p.is_relative_to(ROOT / "docs")} - {index}


def test_every_room_is_in_the_architecture():
    """The table of rooms has exactly those that the test of the floors knows."""
    architecture = page("explanation/architecture.md").split("## The rooms")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", architecture, re.MULTILINE)
    assert {room for cell in cells for room in re.findall(r"`(\w+)`", cell)} == set(FLOORS)


# ---- changelog and dependencies


def test_the_changelog_keeps_its_form():
    """Keep a Changelog: newest first, this version among them, its kinds of change in order."""
    text = ALL[ROOT / "CHANGELOG.md"]
    versions = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert __version__ in versions
    order = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.+)$", section, re.MULTILINE)
        assert kinds == [kind for kind in order if kind in kinds]


def dependencies() -> Iterator[str]:
    """The libraries that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"].values()
    extras = project["project"]["optional-dependencies"].values()
    named = [d for group in (*groups, *extras) for d in group if isinstance(d, str)]
    for requirement in (
        *project["project"]["dependencies"],
        *named,
        *project["build-system"]["requires"],
    ):
        yield re.split(r"[^A-Za-z0-9_.-]", requirement)[0]


@pytest.mark.parametrize("library", sorted(set(dependencies())))
def test_every_dependency_is_explained(library):
    """Each has a row with a reason; its licence is the one that it comes with."""
    (row,) = re.findall(rf"^\| `{library}` \|(.*)\|$", page("dependencies.md"), re.MULTILINE)
    why, *_, licence = (cell.strip() for cell in row.split("|"))
    assert why
    assert licence
    try:
        installed = importlib.metadata.metadata(library)
    except importlib.metadata.PackageNotFoundError:
        assert library == "hatchling"  # only in the environment that builds the wheel
        return
    told = installed.get("License-Expression") or installed.get("License")
    classified = "License :: OSI Approved :: "  # where an older library says it
    classes = [c for c in installed.get_all("Classifier", []) if c.startswith(classified)]
    assert licence == (told or classes[0].removeprefix(classified))


def test_no_dependency_is_explained_that_is_not_there():
    """No row has outlived its library; uv comes from the Makefile."""
    rows = set(re.findall(r"^\| `([a-z0-9-]+)` \|", page("dependencies.md"), re.MULTILINE))
    assert rows == set(dependencies()) | {"uv"}


# ---- nothing of the machine that a file was written on

FOLDERS = (".ci", "bench", "bridge", "cassettes", "docs", "mappings", "tests")
FILES = sorted(
    file
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*")
    if file.is_file() and "__pycache__" not in file.parts
) + [file for file in sorted(ROOT.iterdir()) if file.is_file()]
# Built from parts, so that this file does not find itself.
MACHINE = re.compile(
    r"(?<![\w.\-/}])/(?:" + "|".join(("work", "farm", "root", "home", "Users")) + r")/"
)
LOCAL_HOST = re.compile(
    r"https?://(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|[\w.-]+\.(?:internal|local|lan|corp)\b)"
)


def test_no_file_names_the_machine_that_it_was_written_on():
    """No absolute path of a checkout or a home, no address of a private network."""
    assert len(FILES) > 100
    for file in FILES:
        if file.name in {".coverage"}:
            continue
        text = file.read_text("utf-8", errors="replace")
        for pattern in (MACHINE, LOCAL_HOST):
            found = pattern.search(text)
            assert found is None, f"{file.relative_to(ROOT)}: {found[0] if found else ''}"


def test_the_lock_file_names_the_public_index_only():
    """A lock made on a machine with a mirror would be of no use elsewhere."""
    text = (ROOT / "uv.lock").read_text("utf-8")
    hosts = set(re.findall(r"https?://([^/\"]+)", text))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
