"""Files of a merchant's folder that nobody reads: what was meant by them must not go unnoticed.

A mapping is read from the folder itself, by its action's name, and from nowhere else. Beside it
may lie what is no mapping: its tests, their inputs, data, notes, the folder of another channel.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from bridge.actions.table import MAPPINGS, SERVED
from bridge.errors import ConfigError, Finding
from bridge.mapping.casefile import plain_of
from bridge.mapping.keys import SECTIONS
from bridge.mapping.layers import read_one

# How far below the folder is looked: a folder for each channel, in it one for each action. And how
# many folders and files: a mappings_dir that is a whole disk by mistake must not hold up the start.
MAX_DEPTH: Final = 3
MAX_ENTRIES: Final = 5_000

# A name with one or two wrong letters; "orders", which data may be called, is order_pull by 0.63.
SLIP: Final = 0.85

_TEST: Final = ".test"

# The main tables of mappings, by what has them; "case" is a test's.
_ROOTS: Final[Mapping[str, str]] = {spec.root: name for name, spec in MAPPINGS.items()}
_WORDS: Final = frozenset({*_ROOTS, *SECTIONS, "case"})


def strangers_in(folder: Path | None) -> Iterator[Finding]:
    """A merchant's mapping that no action reads: a misspelt name must not go unnoticed."""
    if folder is None:
        return
    try:
        files = sorted(folder.iterdir())
        there = [file for file in files if file.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        hint = "create the folder, or leave mappings_dir out"
        yield Finding(str(folder), 0, 0, "M101", "mappings_dir is not a folder", hint)
        return
    except OSError as error:
        said = f"the folder cannot be read: {error.strerror}"
        yield Finding(str(folder), 0, 0, "M101", said, "check its rights")
        return
    for file in files:
        name = file.name.lower()
        if name.endswith(".toml.txt") or (name.endswith(".toml") and file.suffix != ".toml"):
            right = name.removesuffix(".txt")
            hint = f"call it {right}"
            yield Finding(str(file), 0, 0, "M101", f"no action reads {file.name}", hint)
        if file.suffix != ".toml":
            continue
        stem = file.stem.removesuffix(_TEST)
        if stem in MAPPINGS and file not in there:
            what = "a folder" if file.is_dir() else "a link to nothing, or no file that can be read"
            yield Finding(str(file), 0, 0, "M101", f"{file.name} is {what}", "put the file there")
        elif stem not in MAPPINGS:
            said = f"no action reads {file.name}"
            yield Finding(str(file), 0, 0, "M101", said, _meant(file.stem))


def _meant(stem: str) -> str:
    """What a name that no mapping has was probably to be."""
    if stem in SERVED:
        return f"{stem} needs no mapping: there is {', '.join(MAPPINGS)}"
    near = _nearest(stem, 0.6)  # difflib's own: here it is a hint and nothing else
    if not near:
        return f"it may be: {', '.join(MAPPINGS)}"
    return f"did you mean {near}{_TEST if 'test' in stem else ''}.toml?"


def _nearest(stem: str, alike: float) -> str:
    """The mapping that a file's name means, exactly or nearly (``alike``: 1 is exactly), or ""."""
    plain = stem.lower().removesuffix(_TEST)
    near = get_close_matches(plain, MAPPINGS, n=1, cutoff=alike)
    return near[0] if near else ""


def buried_in(folder: Path | None, others: Iterable[Path | None] = ()) -> Iterator[Finding]:
    """Mappings and tests in subfolders, where nobody reads them: warnings (M606).

    ``others`` are folders that are read: those of other channels may lie inside of this one. What a
    test names as its input is read too. A folder whose name begins with a dot is the merchant's own
    business, and a TOML file that is neither called like a mapping nor looks like one is data.
    """
    if folder is None or not folder.is_dir():
        return
    files = list(_below(folder, {other.resolve() for other in others if other is not None}))
    inputs = _inputs(folder) if files else frozenset()
    for file in files:
        if file.resolve() not in inputs:
            yield from _told(folder, file)


def _below(folder: Path, others: Collection[Path]) -> Iterator[Path]:
    """The TOML files in subfolders, by their names; links to folders are not followed."""
    seen = 0
    for root, folders, files in os.walk(folder):
        here = Path(root)
        inside = len(here.relative_to(folder).parts)
        seen += len(folders) + len(files)
        folders[:] = sorted(
            name
            for name in folders
            if inside < MAX_DEPTH
            and not name.startswith((".", "__"))
            and not name.endswith(".toml")  # in the place of a mapping: an error of its own
            and (here / name).resolve() not in others
        )
        if seen > MAX_ENTRIES:
            return
        for name in sorted(files) if inside else ():
            if name.lower().endswith((".toml", ".toml.txt")) and not name.startswith("."):
                yield here / name


def _inputs(folder: Path) -> frozenset[Path]:
    """The files that the folder's tests name as their inputs."""
    found: set[Path] = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            named = node.get("file")
            if isinstance(named, str):
                found.add((folder / named).resolve())
        for inside in node.values() if isinstance(node, dict) else ():
            walk(inside)

    for name in MAPPINGS:
        try:
            cases = read_one(folder / f"{name}{_TEST}.toml").tree.entries.get("case")
        except ConfigError:
            continue  # it is not there, or is told where it is read
        listed = plain_of(cases) if cases is not None else []
        for case in listed if isinstance(listed, list) else [listed]:
            walk(case)
    return frozenset(found)


def _told(folder: Path, file: Path) -> Iterator[Finding]:
    stem = file.name[: file.name.lower().rindex(".toml")]
    test = stem.lower().endswith(_TEST)
    name = _nearest(stem, SLIP)
    if not name:
        words = _words_in(file)
        if not words:
            return
        test = "case" in words
        name = next((_ROOTS[word] for word in words if word in _ROOTS), "")
    own = folder / f"{name}.toml"
    place = folder / f"{name}{_TEST}.toml" if test else own
    message = f"nobody {'runs tests' if test else 'reads a mapping'} in a subfolder"
    if name and not test:
        message += f": {name} is {own if own.is_file() else 'the shipped one alone'}"
    into = f"{'merge it into' if place.is_file() else 'move it to'} {place}"
    if not name:
        into = (
            "put it beside its mapping" if test else "its tables belong into a mapping's own file"
        )
    hint = f"{into}; or let a channel's mappings_dir be {file.parent}"
    see = "explain: retailops-bridge explain M606"
    yield Finding(str(file), 0, 0, "M606", message, hint, severity="warning", see=see)


def _words_in(file: Path) -> tuple[str, ...]:
    """The tables of a mapping or of tests at the top of a file; none of what is something else."""
    try:
        return tuple(word for word in read_one(file).tree.entries if word in _WORDS)
    except ConfigError:
        return ()
