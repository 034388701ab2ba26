"""What the commands about mappings share: which files there are, and the findings in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bridge.actions.table import MAPPINGS
from bridge.config import CONFIG_VARIABLE, Settings
from bridge.config.models import CatalogPolicy, Policies
from bridge.errors import BridgeError, ConfigError, Finding, by_place, foremost
from bridge.mapping.codes import suggestion
from bridge.mapping.module import MappingModule
from bridge.wiring import layers_of, load_mapping, shipped_mappings

WithConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The configuration file; without one, the shipped mappings.",
        envvar=CONFIG_VARIABLE,
    ),
]
WithChannel = Annotated[
    int | None, typer.Option("--channel", help="Only this channel; else all of them.")
]

TEST_ENDING = ".test.toml"


@dataclass(frozen=True, slots=True)
class Place:
    """Where mappings are: the shipped ones alone, or a merchant's folder laid over them.

    ``owner`` names it in what is printed: ``channel 21``, the folder, or ``shipped``.
    """

    owner: str
    policies: Policies
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """One mapping of a place: its files and the compiled module, or what is wrong with it."""

    name: str
    place: Place
    layers: tuple[Path, ...]
    module: MappingModule | None
    findings: tuple[Finding, ...] = ()


def presets() -> Iterator[Place]:
    """The shipped mappings, and each shipped preset."""
    yield Place("shipped", Policies())
    for file in sorted((shipped_mappings() / "presets").glob("*.toml")):
        name, _, chosen = file.stem.partition(".")
        if name in MAPPINGS and chosen and not chosen.endswith(".test"):
            catalog = CatalogPolicy.model_validate({"preset": chosen})
            yield Place(f"preset {chosen}", Policies(catalog=catalog))


def places(settings: Settings | None, folder: Path | None, channel: int | None) -> list[Place]:
    """The merchant's places: of the channels that are meant, or one folder without a channel.

    Raises typer.BadParameter when no channel has this id.
    """
    if folder is not None:
        return [Place(str(folder), Policies(), folder)]
    found = [
        Place(f"channel {one.id}", one, one.mappings_dir)
        for one in (settings.channels if settings is not None else ())
        if channel in (None, one.id)
    ]
    if channel is not None and not found:
        raise typer.BadParameter(f"no channel has the id {channel}")
    return found


def load(name: str, place: Place) -> Loaded:
    """One mapping of a place; never raises for what is wrong in a file."""
    layers = layers_of(name, place.policies, place.folder)
    try:
        module = load_mapping(name, layers, place.policies)
    except ConfigError as error:
        return Loaded(name, place, layers, None, error.findings)
    return Loaded(name, place, layers, module)


def sound(mappings: Sequence[Loaded]) -> Callable[[Place, str], bool]:
    """Whether a mapping could be loaded: the tests of another say nothing."""
    broken = {(one.place.owner, one.name) for one in mappings if one.module is None}
    return lambda place, name: (place.owner, name) not in broken


def has_config(config: Path | None) -> bool:
    """Whether there is a configuration at all: these commands also work without one."""
    return config is not None or bool(os.environ.get(CONFIG_VARIABLE))


def action_name(text: str) -> str:
    """``order_pull``, also with ``.toml``. Raises BridgeError with the nearest name."""
    name = Path(text).name.removesuffix(".toml").removesuffix(".test")
    if name in MAPPINGS:
        return name
    hint = suggestion(name, MAPPINGS) or "there is " + ", ".join(MAPPINGS)
    raise BridgeError(f'no mapping is called "{text}": {hint}')


def action_or_folder(text: str) -> tuple[str | None, Path | None]:
    """What an argument names: a mapping, or a folder of mappings; (None, None) of none."""
    if not text:
        return None, None
    folder = Path(text)
    if folder.is_dir():
        return None, folder
    if len(folder.parts) > 1 and not folder.exists():
        raise BridgeError(f"there is no folder {text}")
    return action_name(text), None


def shown(path: Path | str) -> str:
    """A path as short as it can be: from the working folder, where it lies below it."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def short_text(text: str) -> str:
    """What is printed, with paths below the working folder as a person would write them."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def finding_json(finding: Finding) -> dict[str, object]:
    """A finding for programs."""
    return {
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "length": finding.length,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "hint": finding.hint,
    }


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Sorted by place, each once: two channels may share a file."""
    return sorted(dict.fromkeys(findings), key=by_place)


def printed(findings: Iterable[Finding]) -> Iterator[str]:
    """What is printed of findings; ``--json`` has all of them."""
    for one in foremost(findings):
        yield short_text(str(one))
