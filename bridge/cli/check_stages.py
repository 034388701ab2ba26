"""The stages of ``retailops-bridge check``, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import aiohttp
from graphql import validate

from bridge import probes
from bridge.cli.mapping_files import Loaded, Place
from bridge.cli.mapping_tests import own_reports, shipped_reports
from bridge.cli.opening import PATIENCE_SECONDS
from bridge.cli.testing import failing
from bridge.config.models import ChannelSettings
from bridge.errors import BridgeError, Finding
from bridge.recording.age import is_recording as known
from bridge.recording.age import outlived
from bridge.schema import load_schema
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.documents import names, operation
from bridge.strangers import strangers_in
from bridge.wiring import buried


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage and what it found. ``problems`` are errors that stand in no file."""

    name: str
    summary: str
    findings: Sequence[Finding] = ()
    problems: Sequence[str] = ()
    skipped: bool = False

    @property
    def state(self) -> Literal["ok", "warning", "error", "skipped"]:
        """The worst of it."""
        if self.problems or any(f.severity == "error" for f in self.findings):
            return "error"
        if self.skipped:
            return "skipped"
        return "warning" if self.findings else "ok"


def loaded_stage(
    mappings: Sequence[Loaded],
    chosen: Sequence[Place],
    channels: Sequence[ChannelSettings] = (),
) -> Stage:
    """The mappings of every place, and files in their folders that nobody reads.

    ``channels`` are all of the configuration's: the folder of one may lie inside another's.
    """
    findings: list[Finding] = []
    for place in chosen:
        findings += [*strangers_in(place.folder), *buried(place.folder, channels)]
    for one in mappings:
        findings += one.findings if one.module is None else one.module.warnings
    rules = sum(len(one.module.rules) for one in mappings if one.module is not None)
    owners = ", ".join(dict.fromkeys(one.place.owner for one in mappings))
    summary = f"{len(mappings)} mapping(s), {rules} rules ({owners})"
    for one in mappings:
        for name, said in one.module.composed.prices() if one.module else ():
            summary += f"; {one.place.owner}: {name} costs {said}"
    return Stage("mappings", summary, findings)


def documents() -> Stage:
    """Every GraphQL document against the schema."""
    schema = load_schema()
    problems = [
        f"{name}.graphql: {error.message}"
        for name in names()
        for error in validate(schema, operation(name).document)
    ]
    return Stage("GraphQL documents", f"{len(names())} operation(s)", (), problems)


def tests_stage(sound: Callable[[Place, str], bool], chosen: Sequence[Place]) -> Stage:
    """The tests beside the mappings: the shipped ones, and those in the folders."""
    reports = list(shipped_reports())
    for place in chosen:
        reports += own_reports(place, sound=sound)
    results = [r for one in reports for r in one.results]
    findings = [f for one in reports for f in one.findings]
    findings += [f for r in results for f in r.findings]
    problems = [failing(r).rstrip() for r in results if r.failures]
    summary = f"{len(results)} test(s) in {len(reports)} file(s)"
    return Stage("tests", summary, findings, problems)


def recordings_stage(named: Sequence[Path], own: Path | None) -> Stage:
    """Recorded calls: those that are named, and those of the configuration's folder.

    Something else in a folder is nobody's business; a file that is named must be a recording.
    """
    lost = [path for path in named if not path.exists()]
    problems = [f"{path}: no such file or folder" for path in lost]
    folders = [path for path in (*named, *([own] if own is not None else [])) if path.is_dir()]
    paths = [path for path in named if path.is_file()]
    problems += [f"{path}: this is no recording of a call" for path in paths if not known(path)]
    paths += [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    kept = [path for path in dict.fromkeys(paths) if known(path)]
    findings = list(outlived(kept, _now().date()))
    return Stage("recordings", f"{len(kept)} recorded call(s)", findings, problems)


async def online(channel: ChannelSettings) -> Stage:
    """What the store itself says: token, scopes, API version, locations."""
    name = f"store of channel {channel.id}"
    budget = CallBudget(Deadline.after(PATIENCE_SECONDS))
    try:
        async with aiohttp.ClientSession() as http:
            word = await probes.ask(channel, http, budget=budget, now=_now)
    except (BridgeError, ValueError) as error:
        return Stage(name, "", (), [f"{channel.shop}: {error}"])
    version = probes.api_version(channel.api_version, word.facts.versions, _now().date())
    notes = [*probes.scopes(word.facts.scopes), version, *probes.places(channel, word.locations)]
    problems = [f"{channel.shop}: {n.said}; {n.remedy}" for n in notes if n.state == "error"]
    summary = f"{word.facts.name}, {word.facts.plan}; API {version.said}"
    return Stage(name, summary, (), problems)


def _now() -> datetime:
    return datetime.now(UTC)
