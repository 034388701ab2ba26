"""The stages of ``retailops-bridge check``, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Literal

import aiohttp
from graphql import validate

from bridge.actions.locations import Node, find, named
from bridge.cli.mapping_files import Loaded, Place
from bridge.cli.mapping_tests import own_reports, shipped_reports
from bridge.cli.opening import PATIENCE_SECONDS
from bridge.cli.testing import failing
from bridge.config.models import ChannelSettings
from bridge.errors import BridgeError, Finding
from bridge.schema import load_schema
from bridge.server.pings import needed_scopes
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import names, operation
from bridge.shopify.session import missing_scopes, support_window
from bridge.shopify.shop import ShopFacts, bootstrap, locations
from bridge.wiring import strangers_in

# Shopify names the day half a year ahead; a quarter is time to test the next version.
SOON_DAYS: Final = 90


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


def loaded_stage(mappings: Sequence[Loaded], chosen: Sequence[Place]) -> Stage:
    """The mappings of every place, and files in their folders that nobody reads."""
    findings: list[Finding] = []
    for place in chosen:
        findings += strangers_in(place.folder)
    for one in mappings:
        findings += one.findings if one.module is None else one.module.warnings
    rules = sum(len(one.module.rules) for one in mappings if one.module is not None)
    owners = ", ".join(dict.fromkeys(one.place.owner for one in mappings))
    summary = f"{len(mappings)} mapping(s), {rules} rules ({owners})"
    for one in mappings:
        for name, (before, now) in one.module.composed.costs.items() if one.module else ():
            summary += f"; {one.place.owner}: {name} costs {now} points, {before} without [select]"
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


async def online(channel: ChannelSettings) -> Stage:
    """What the store itself says: token, scopes, API version, locations."""
    name = f"store of channel {channel.id}"
    budget = CallBudget(Deadline.after(PATIENCE_SECONDS))
    try:
        async with aiohttp.ClientSession() as http:
            client = ShopifyClient.for_channel(channel, http)
            facts = await bootstrap(client, budget)
            known = await locations(client, budget)
    except (BridgeError, ValueError) as error:
        return Stage(name, "", (), [f"{channel.shop}: {error}"])
    problems = [*_scopes(facts), *_version(channel, facts), *_places(channel, known)]
    closes = support_window(channel.api_version, _today()).closes
    left = (closes - _today()).days
    soon = f", in {left} days: set a later api_version" if 0 < left < SOON_DAYS else ""
    summary = f"{facts.name}, {facts.plan}, API {channel.api_version} until {closes}{soon}"
    problems = [f"{channel.shop}: {problem}" for problem in problems]
    return Stage(name, summary, (), problems)


def _today() -> date:
    return datetime.now(UTC).date()


def _scopes(facts: ShopFacts) -> list[str]:
    lacking = missing_scopes(facts.scopes, needed_scopes())
    return [f"the token lacks the scopes {', '.join(lacking)}"] if lacking else []


def _version(channel: ChannelSettings, facts: ShopFacts) -> list[str]:
    window = support_window(channel.api_version, _today())
    if window.state != "supported":
        words = f"from {window.opens} until {window.closes}"
        return [f"API version {channel.api_version} is {window.state}: it is served {words}"]
    if channel.api_version not in facts.versions:
        offered = ", ".join(facts.versions)
        return [f"the store does not serve API version {channel.api_version}, only {offered}"]
    return []


def _places(channel: ChannelSettings, known: Sequence[Node]) -> list[str]:
    """The locations that the settings name, and the store does not have."""
    push = channel.inventory_push
    wanted = [("inventory_push.location", push.location)] if push.location else []
    wanted += [(f'inventory_push.facilities "{k}"', v) for k, v in push.facilities.items()]
    wanted += [("order_pull.locations", v) for v in channel.order_pull.locations]
    return [
        f'{setting} is "{place}", and the store has no such active location: {named(known)}'
        for setting, place in wanted
        if find(known, place) is None
    ]
