"""The recipes of docs/how-to/mappings: each is loaded, tested, and does what nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli.mapping_files import Place
from bridge.cli.mapping_tests import own_reports
from bridge.config.models import Policies
from tests.docs.pages import ROOT, Block, blocks, name, prose

PAGES = sorted((ROOT / "docs" / "how-to" / "mappings").glob("*.md"))
FOLDER = "my-mappings"


def files(page: Path) -> list[Block]:
    """The mapping and the tests of a page."""
    return [b for b in blocks(page) if b.words.get("file", "").startswith(FOLDER)]


def run(page: Path, folder: Path, *, mapping: bool):
    """The page's tests, with its mapping or against the shipped one alone."""
    own = folder / ("with" if mapping else "without")
    own.mkdir()
    for block in files(page):
        path = Path(block.words["file"])
        if mapping or path.name.endswith(".test.toml"):
            (own / path.name).write_text(block.text, "utf-8")
    return list(own_reports(Place(name(page), Policies(), own)))


def test_there_are_ten() -> None:
    """The map has a line for each, too: that is another test."""
    assert len(PAGES) == 10


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_tests_of_a_recipe_pass(page, tmp_path) -> None:
    """Every case holds, without a warning, and every rule of the recipe is covered."""
    (report,) = run(page, tmp_path, mapping=True)
    assert report.passed, (report.findings, [r.failures for r in report.results])
    own = str(tmp_path)
    gaps = [gap for gap in report.gaps if gap.rule.place.startswith(own)]
    assert gaps == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_without_the_recipe_its_tests_fail(page, tmp_path) -> None:
    """They are about the recipe: the shipped mapping alone does not pass them."""
    (report,) = run(page, tmp_path, mapping=False)
    assert not report.passed


# An adult reads some 240 words of prose a minute, and types 200 characters; commands run 3 s.
WORDS_A_MINUTE = 240
CHARACTERS_A_MINUTE = 200
MINUTES_A_COMMAND = 3 / 60


def test_the_first_mapping_takes_five_minutes() -> None:
    """From the first word of the tutorial to the changed code in preview: reading and typing."""
    page = ROOT / "docs" / "tutorial" / "first-mapping.md"
    text = page.read_text("utf-8")
    there = "That is all."
    assert there in text
    words = len(prose(page).partition(there)[0].split())
    shown = [b for b in blocks(page) if text.index(b.text) < text.index(there)]
    typed = sum(len(b.text) for b in shown if b.language == "sh" or "file" in b.words)
    commands = sum(b.language == "sh" for b in shown)
    copied = sum(len(b.text) for b in shown if b.words.get("file") == "config.toml")
    minutes = words / WORDS_A_MINUTE
    minutes += (typed - copied) / CHARACTERS_A_MINUTE  # the configuration is copied, not typed
    minutes += commands * MINUTES_A_COMMAND
    assert minutes < 5, minutes
