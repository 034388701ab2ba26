"""``retailops-bridge check``: every mistake that can be found before RetailOps calls."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from bridge.actions.table import MAPPINGS
from bridge.cli import EXIT_CONFIG
from bridge.cli.check_stages import (
    Stage,
    documents,
    loaded_stage,
    online,
    recordings_stage,
    tests_stage,
)
from bridge.cli.mapping_files import (
    Place,
    WithChannel,
    WithConfig,
    finding_json,
    has_config,
    in_order,
    load,
    places,
    presets,
    printed,
    short_text,
    shown,
    sound,
)
from bridge.cli.opening import print_json, settings_of
from bridge.config import Settings
from bridge.config.load import warnings
from bridge.config.models import ChannelSettings
from bridge.errors import ConfigError

MARKS: Final = {"ok": "ok     ", "warning": "warning", "error": "ERROR  ", "skipped": "skipped"}


def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder of mappings, without a channel.")
    ] = None,
    *,
    config: WithConfig = None,
    channel: WithChannel = None,
    deny_warnings: Annotated[
        bool, typer.Option("--deny-warnings", help="A warning is a mistake too.")
    ] = False,
    ask_store: Annotated[
        bool,
        typer.Option(
            "--online/--offline",
            help="Ask the store too: token, scopes, API version, locations.",
        ),
    ] = False,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(
            "--recordings",
            help="Recorded calls or folders of them, besides the configuration's folder.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Find every mistake in the configuration, the mappings and their tests.

    One line a stage, then what was found, each with file, line and column: of each file the first
    20, errors before warnings, and all of them with --json. Without a
    configuration the shipped mappings are checked. Exits with 78 when anything is wrong.
    """
    stages = list(_stages(folder, config, channel, recordings or [], ask_store=ask_store))
    bad = {"error", "warning"} if deny_warnings else {"error"}
    failed = any(stage.state in bad for stage in stages)
    if as_json:
        print_json({"passed": not failed, "stages": [_told(stage) for stage in stages]})
    else:
        _show(stages)
    if failed:
        raise typer.Exit(EXIT_CONFIG)


def _stages(
    folder: Path | None,
    config: Path | None,
    channel: int | None,
    recordings: Sequence[Path],
    *,
    ask_store: bool,
) -> Iterator[Stage]:
    settings: Settings | None = None
    if folder is None and has_config(config):
        try:
            settings = settings_of(config)
        except ConfigError as error:
            yield Stage("configuration", "", findings=error.findings)
            yield Stage("mappings", "the configuration first", skipped=True)
            return
        found = warnings(settings, config, os.environ)
        yield Stage("configuration", f"{len(settings.channels)} channel(s)", found)
    else:
        yield Stage("configuration", "none is given", skipped=True)
    chosen = places(settings, folder, channel)
    mappings = [load(name, place) for place in chosen or presets() for name in _names(place)]
    yield loaded_stage(mappings, chosen, settings.channels if settings is not None else ())
    yield documents()
    yield tests_stage(sound(mappings), chosen)
    own = settings.recording.folder if settings is not None else None
    if recordings or (own is not None and own.is_dir()):
        yield recordings_stage(recordings, own)
    if ask_store and settings is not None:
        channels = [c for c in settings.channels if channel in (None, c.id)]
        yield from _asked(channels)
    elif ask_store:
        yield Stage("store", "no configuration is given", skipped=True)


def _names(place: Place) -> Sequence[str]:
    """The mappings of a place; a preset is one file only."""
    if place.owner.startswith("preset "):
        return [n for n, spec in MAPPINGS.items() if spec.preset(place.policies) is not None]
    return list(MAPPINGS)


def _asked(channels: Sequence[ChannelSettings]) -> Iterator[Stage]:
    for one in channels:
        yield asyncio.run(online(one))


def _show(stages: Sequence[Stage]) -> None:
    for stage in stages:
        findings = in_order(stage.findings)  # each once, as they are printed
        doubtful = sum(f.severity == "warning" for f in findings)
        errors = len(findings) - doubtful + len(stage.problems)
        found = [f"{errors} error(s)"] if errors else []
        found += [f"{doubtful} warning(s)"] if doubtful else []
        said = "; ".join([*found, *([stage.summary] if stage.summary else [])])
        typer.echo(f"{MARKS[stage.state]} {stage.name}: {said}")
    for stage in stages:
        for text in printed(stage.findings):
            typer.echo(f"\n{text}")
        for problem in stage.problems:
            typer.echo(f"\n{short_text(problem)}")


def _told(stage: Stage) -> dict[str, object]:
    return {
        "stage": stage.name,
        "state": stage.state,
        "summary": stage.summary,
        "findings": [finding_json(f) | {"path": shown(f.path)} for f in in_order(stage.findings)],
        "problems": list(stage.problems),
    }
